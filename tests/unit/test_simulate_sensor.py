"""The simulated instrument against plain loops."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.simulate.ground import FINE_M, PAD_CELLS
from pipeline.simulate.materials import Material
from pipeline.simulate.scl import CLEAR, CLOUD_HIGH, CLOUD_MEDIUM, SNOW_OR_ICE, classify
from pipeline.simulate.sensor import (
    OFFSET_SINCE,
    Unrest,
    correction_error,
    instrument_noise,
    misregistration_m,
    next_unrest,
    pair_mean,
    to_numbers,
    to_pixels,
)
from pipeline.simulate.sky import make_sky
from pipeline.simulate.weather import Weather
from tests.unit.simulate_factory import FRESH_SEED, scenes_of

DAY = date(2020, 10, 24)
SHAPE = (8, 6)
FINE_SHAPE = (2 * SHAPE[0] + 2 * PAD_CELLS, 2 * SHAPE[1] + 2 * PAD_CELLS)
shifts = st.floats(-4, 4)


@given(shifts, shifts)
def test_even_ground_stays_even_whatever_the_shift(down: float, across: float) -> None:
    pixels = to_pixels(np.full((2, *FINE_SHAPE), 0.3), SHAPE, (down, across))
    assert pixels.shape == (2, *SHAPE)
    assert np.allclose(pixels, 0.3)


def normal_cdf(value: float) -> float:
    return 0.5 * (1 + math.erf(value / math.sqrt(2)))


def oracle_pixel(fine: list[list[float]], centre_m: tuple[float, float]) -> float:
    """A 10 m box smeared by a 4 m Gaussian, summed cell by cell over the whole fine grid."""
    total = weights = 0.0
    for i, line in enumerate(fine):
        for j, value in enumerate(line):
            weight = 1.0
            for index, centre in zip((i, j), centre_m, strict=True):
                away = (index + 0.5) * FINE_M - centre
                weight *= normal_cdf((away + 5) / 4) - normal_cdf((away - 5) / 4)
            total, weights = total + weight * value, weights + weight
    return total / weights


@pytest.mark.parametrize("shift", [(0.0, 0.0), (3.7, -2.1), (-4.0, 4.0)])
def test_a_pixel_is_a_smeared_box_off_by_the_shift(shift: tuple[float, float]) -> None:
    fine = np.random.default_rng(4).random(FINE_SHAPE)
    pixels = to_pixels(fine[None], SHAPE, shift)[0]
    for row, col in ((0, 0), (3, 4), (7, 5)):
        centre = tuple(
            PAD_CELLS * FINE_M + (index + 0.5) * 10 + off
            for index, off in zip((row, col), shift, strict=True)
        )
        expected = oracle_pixel(fine.tolist(), (centre[0], centre[1]))
        assert pixels[row, col] == pytest.approx(expected, abs=2e-4)


def test_pair_means_are_means_of_four() -> None:
    layers = np.arange(2 * 4 * 6, dtype=float).reshape(2, 4, 6)
    blocks = pair_mean(layers)
    assert blocks.shape == (2, 2, 3)
    for band, row, col in ((0, 0, 0), (1, 1, 2), (0, 1, 1)):
        four = [layers[band, 2 * row + i, 2 * col + j] for i in (0, 1) for j in (0, 1)]
        assert blocks[band, row, col] == sum(four) / 4


@given(st.integers(0, 10**6), st.dates(date(2019, 1, 1), date(2022, 12, 31)))
def test_scenes_lie_off_by_at_most_four_tenths_of_a_pixel(seed: int, day: date) -> None:
    shift = misregistration_m(seed, day)
    assert max(map(abs, shift)) <= 4.0
    assert shift == misregistration_m(seed, day)


def test_scenes_do_lie_off() -> None:
    shifts_m = [misregistration_m(FRESH_SEED, DAY + timedelta(days=n)) for n in range(60)]
    assert np.std(shifts_m) > 0.4
    assert len(set(shifts_m)) == 60


@given(st.floats(-0.1, 1.5))
def test_numbers_give_the_reflectance_back_on_both_sides_of_the_offset_step(value: float) -> None:
    before, after = (
        int(to_numbers(np.array([[value]]), day)[0, 0])
        for day in (OFFSET_SINCE - timedelta(days=1), OFFSET_SINCE)
    )
    assert before >= 1
    assert abs(after * 0.0001 - 0.1 - value) <= 0.0002 + 1e-9 or value < -0.0999
    if value >= 0.0004:
        assert abs(before * 0.0001 - value) <= 0.0002 + 1e-9
        assert after - before == 1000


def test_zero_is_left_to_nodata() -> None:
    assert to_numbers(np.array([[-3.0, 0.0, 99.0]]), DAY).tolist() == [[1, 1, 20_000]]


def correlation(one: Unrest, other: Unrest) -> float:
    return float(np.corrcoef(one.grey.ravel(), other.grey.ravel())[0, 1])


def test_unrest_is_remembered_for_days_and_forgotten_in_months() -> None:
    first = next_unrest(FRESH_SEED, DAY, (80, 80), None)
    soon = next_unrest(FRESH_SEED, DAY + timedelta(days=5), (80, 80), first)
    late = next_unrest(FRESH_SEED, DAY + timedelta(days=60), (80, 80), first)
    assert correlation(first, soon) > 0.4
    assert abs(correlation(first, late)) < 0.2
    assert soon.grey.std() == pytest.approx(1, abs=0.2)
    assert soon.by_band.shape == (5, 80, 80)


def test_detector_noise_grows_with_light_and_has_heavy_tails() -> None:
    dark, bright = (
        instrument_noise(FRESH_SEED, DAY, np.full((5, 120, 120), level)) for level in (0.02, 0.35)
    )
    assert bright.std() > 1.4 * dark.std()
    assert (np.abs(dark) > 4 * dark.std()).mean() > 2e-4  # a Gaussian has 6e-5


def test_the_correction_errs_by_a_few_percent_at_most() -> None:
    gains = np.array([correction_error(FRESH_SEED, DAY + timedelta(days=n)) for n in range(200)])
    assert 0.9 < gains.min() < gains.max() < 1.25
    assert np.corrcoef(gains[:, 0], gains[:, 3])[0, 1] > 0.3


def closed_and_open(cover: float) -> tuple[np.ndarray, np.ndarray]:
    sky = make_sky(5, Weather(DAY, 0.2, 0.0, cover, 0.0), (60, 60))
    ground = np.full((5, 60, 60), 0.15)
    return classify(5, DAY, ground, sky), sky.opacity


def test_thick_cloud_is_flagged() -> None:
    label, opacity = closed_and_open(1.0)
    thick = pair_mean(opacity) > 0.6
    assert thick.any()
    assert np.isin(label[thick], (CLOUD_MEDIUM, CLOUD_HIGH)).all()


def test_a_clear_bare_ground_is_clear() -> None:
    sky = make_sky(5, Weather(DAY, 0.2, 0.0, 0.0, 0.0), (60, 60))
    sky.cirrus[:] = 0
    label = classify(5, DAY, np.full((5, 60, 60), 0.15), sky)
    assert np.isin(label, CLEAR).mean() > 0.98


def test_snow_is_called_snow() -> None:
    sky = make_sky(5, Weather(DAY, 0.2, 0.0, 0.0, 0.0), (60, 60))
    sky.cirrus[:] = 0
    look = np.full((5, 60, 60), 0.7)
    look[4] = 0.1
    assert (classify(5, DAY, look, sky) == SNOW_OR_ICE).mean() > 0.98


def test_the_classification_errs_both_ways() -> None:
    """Open ground that is called cloud, and hidden ground that is called clear."""
    days = tuple(date(2020, 9, 19) + timedelta(days=5 * n) for n in range(8))
    missed = fooled = 0
    for scene in scenes_of(20201008, days):
        clear = np.isin(scene.scl, CLEAR).repeat(2, 0).repeat(2, 1)
        missed += int((clear & ~scene.is_open).sum())
        fooled += int((np.isin(scene.scl, (8, 9)).repeat(2, 0).repeat(2, 1) & scene.is_open).sum())
    total = len(days) * 40_000
    assert 0.002 < missed / total < 0.15
    assert 0.0002 < fooled / total < 0.15


def test_materials_are_few_enough_for_a_byte() -> None:
    assert max(Material) < 256
