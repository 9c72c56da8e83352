"""What is learnt from a site, against plain loops over its pixels and dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.detect.calibration import (
    Fit,
    Scale,
    calibrate,
    date_scatter,
    distances,
    held_out,
    restlessness,
    usual_scatter,
)
from pipeline.detect.series import Series, days_of, looks_of, timeline_of
from pipeline.detect.stretch import BREAK_SIGMA, Stack, Timeline, fit_history, newest_stretch
from pipeline.raster.harmonics import RIDGE, fitted, uncertainty
from tests.unit.series_factory import Land

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPTIONS = load_config().monitor
N_BASELINE = 60
MIN_LOOKS = OPTIONS.min_baseline_looks


def site(seed: int = 1, n_bands: int = 1) -> tuple[Stack, Timeline]:
    """A few pixels of several bands with common gaps, and their dates."""
    parts = [Land(3, 4, seed=seed + k, gaps=0.0).values() for k in range(n_bands)]
    values = np.stack(parts, axis=1).reshape(90, n_bands, 12)
    values[np.random.default_rng(seed).random((90, 1, 12)).repeat(n_bands, 1) < 0.3] = np.nan
    stack = looks_of(values)
    return stack, timeline_of(days_of(Land(3, 4, seed=seed).dates), N_BASELINE, OPTIONS, stack)


def curve_by_hand(
    design: NDArray[np.float32], series: NDArray[np.float32], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients of one pixel (time, band) and the inverse of its normal matrix."""
    rows = design.T[kept].astype(float)
    prior = np.diag([1e-6, *[RIDGE] * (len(design) - 1)])
    inverse = np.linalg.inv(rows.T @ rows + prior)
    return inverse @ rows.T @ series[kept].astype(float), inverse


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.integers(1, 3))
def test_distances_are_those_of_the_loop(seed: int, n_bands: int) -> None:
    stack, timeline = site(seed, n_bands)
    baseline = fit_history(stack, timeline, MIN_LOOKS)
    draw = np.random.default_rng(seed)
    half = draw.standard_normal((n_bands, n_bands)).astype(np.float32)
    scale = Scale(np.full(n_bands, 0.019, np.float32), half)
    unrest = (1 + draw.random(90)).astype(np.float32)
    fit = Fit.of(baseline, timeline)
    found = distances(stack, timeline.design, fit, scale=scale, unrest=unrest)
    for pixel in range(12):
        kept, noise = baseline.kept[:, pixel], np.maximum(baseline.noise[:, pixel], 0.019)
        series = stack.values[:N_BASELINE, :, pixel]
        curve, inverse = curve_by_hand(timeline.history, series, kept)
        for date in range(90):
            row = timeline.design[:, date].astype(float)
            left = (stack.values[date, :, pixel] - row @ curve) * stack.seen[date, pixel]
            doubt = np.sqrt(1 + row @ inverse @ row) * unrest[date]
            wanted = (half @ (left / noise) if n_bands > 1 else left / noise) / doubt
            np.testing.assert_allclose(found[date, :, pixel], wanted, rtol=1e-4, atol=2e-4)


def test_held_out_looks_never_saw_their_own_part() -> None:
    """A spike moves its own distance by all of itself, and that of no date of its part."""
    stack, timeline = site()
    history = stack.dates(slice(N_BASELINE))
    baseline, _ = fitted(timeline.history, history.values, history.seen)
    plain = held_out(history, timeline, baseline)
    date = int(np.flatnonzero(baseline.kept[:, 0])[5])
    moved = history.values.copy()
    moved[date, 0, 0] += np.float32(1)
    other = held_out(Stack(moved, history.seen), timeline, baseline)
    change = (other - plain)[:, 0, 0]
    _, inverse = curve_by_hand(timeline.history, history.values[..., 0], baseline.kept[:, 0])
    assert 0.5 < change[date] < 1
    near = np.flatnonzero(history.seen[:, 0] & (np.abs(np.arange(N_BASELINE) - date) <= 1))
    np.testing.assert_allclose(change[near[near != date]], 0, atol=1e-6)
    assert (np.abs(change) > 1e-4).sum() > 10
    assert inverse.shape == (5, 5)


def test_scatter_is_the_median_of_the_lesser_distance() -> None:
    now = np.array([[3.0, -4.0, 0.5, 9.0]], np.float32)
    last = np.array([[3.0, 0.0, 0.0, 9.0]], np.float32)
    seen = np.array([True, True, True, False])
    assert date_scatter(now, last, seen) == pytest.approx(0.5 / np.sqrt(2))
    assert date_scatter(now, last, np.zeros(4, dtype=bool)) == 0


def test_restlessness_is_at_least_one_and_in_units_of_the_usual_date() -> None:
    scatter = np.array([0.0, 0.5, 1.0, 2.0, 5.0], np.float32)
    usual = usual_scatter(scatter[:4])
    assert usual == 1.0
    np.testing.assert_array_equal(restlessness(scatter, usual), [1, 1, 1, 2, 5])
    assert usual_scatter(np.zeros(3, np.float32)) == float("inf")
    np.testing.assert_array_equal(restlessness(scatter, float("inf")), 1)


def test_a_restless_date_is_told_whatever_the_size_of_the_site() -> None:
    for side in (4, 70):
        land = Land(side, side)
        values = land.values()
        values[75] += np.float32(0.3)
        sample = Series.of_band(values, land.dates).sample()
        timeline = timeline_of(days_of(land.dates), N_BASELINE, OPTIONS, sample)
        learnt = calibrate(sample, timeline, OPTIONS, timeline.n_monitored)
        assert learnt.restlessness[75] > 5
        assert np.median(learnt.restlessness) < 1.5
        assert learnt.witness.last.shape == (1, learnt.witness.chosen.size)


def test_the_sample_lies_where_it_says() -> None:
    for height, width in ((1, 1), (7, 300), (130, 90)):
        land = Land(height, width, n_dates=3, gaps=0.0)
        values = land.values()
        series = Series.of_band(values, land.dates)
        places = series.sample_places()
        np.testing.assert_array_equal(
            series.sample().values[:, 0], values.reshape(3, -1)[:, places]
        )
        assert 0 < len(places) <= 4096


def stepped(step: float, at: int, seed: int) -> tuple[Stack, Timeline]:
    """The site with a step inside the baseline."""
    stack, timeline = site(seed)
    values = stack.values.copy()
    values[:at] += np.float32(step) * stack.seen[:at, None]
    return Stack(values[:N_BASELINE], stack.seen[:N_BASELINE]), timeline


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.integers(5, 40), st.sampled_from([0.0, 0.05, 0.2]))
def test_the_step_search_is_the_loop(seed: int, at: int, step: float) -> None:
    history, timeline = stepped(step, at, seed)
    baseline, left = fitted(timeline.history, history.values, history.seen)
    found = newest_stretch(Stack(left.copy(), history.seen), baseline.noise, timeline, MIN_LOOKS)
    able = np.flatnonzero(timeline.days[:N_BASELINE] <= timeline.days[N_BASELINE - 1] - 365.2425)
    splits = np.unique(able[1:][np.linspace(0, len(able) - 2, 16).astype(int)])
    for pixel in range(12):
        clipped = np.clip(left[:, 0, pixel] / baseline.noise[0, pixel], -3, 3).astype(float)
        seen, best, strongest = history.seen[:, pixel], 0, BREAK_SIGMA
        for split in splits:
            late, early = clipped[split:][seen[split:]], clipped[:split][seen[:split]]
            if len(late) < MIN_LOOKS or len(early) < MIN_LOOKS / 2:
                continue
            error = np.sqrt(1 / len(late) + 1 / len(early))
            strength = abs(late.mean() - early.mean()) / error
            if strength > strongest:
                best, strongest = split, strength
        assert found[pixel] == best


def test_looks_before_a_step_do_not_touch_the_fit() -> None:
    history, timeline = stepped(0.3, 20, 7)
    baseline = fit_history(history, timeline, MIN_LOOKS)
    whole, left = fitted(timeline.history, history.values, history.seen)
    start = newest_stretch(Stack(left, history.seen), whole.noise, timeline, MIN_LOOKS)
    assert (start > 0).mean() > 0.7
    assert not (baseline.kept & (np.arange(N_BASELINE)[:, None] < start)).any()
    for pixel in range(12):
        series, kept = history.values[..., pixel], baseline.kept[:, pixel]
        curve, inverse = curve_by_hand(timeline.history, series, kept)
        np.testing.assert_allclose(baseline.coefficients[..., pixel], curve, atol=5e-6)
        packed = uncertainty(timeline.history, baseline.kept)[:, pixel]
        np.testing.assert_allclose(packed, inverse[np.tril_indices(5)], rtol=1e-3, atol=1e-5)
