"""Shifts of a fraction of a pixel: planted, measured, and moved back only where that helps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from pipeline.config import load_config
from pipeline.model.look import Look, PixelKind, Shift
from pipeline.prepare.coregister import coregister, helps, make_reference
from pipeline.prepare.cube import Stack
from pipeline.raster.shift import measure_shift, move_back
from pipeline.simulate.ground import PAD_CELLS
from pipeline.simulate.options import SimulateOptions
from pipeline.simulate.scenes import build_surface
from pipeline.simulate.sensor import to_pixels
from pipeline.simulate.weather import simulate_weather

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPTIONS = load_config().prepare
PLACES = (1, 3)
"""Green and near infrared."""
START = datetime(2019, 4, 1, 2, tzinfo=UTC)
PLANTED = [(0.0, 0.0), (0.1, -0.2), (0.33, 0.27), (-0.4, 0.15), (0.0, 0.38), (-0.25, -0.35)]
ALL_SEEN = np.ones((200, 200), np.bool_)


@cache
def fine_layers() -> NDArray[np.float64]:
    """Simulated ground at 5 m on a dry summer day, four bands."""
    assert PAD_CELLS > 0
    surface = build_surface(11, SimulateOptions())
    record = simulate_weather(11)
    day = min(
        (day for day in record if day.month == 6 and day.year == 2019),
        key=lambda day: record[day].wetness,
    )
    layers: NDArray[np.float64] = surface.look(record[day], 1).reflectance[:4]
    return layers


def seen_off(east_px: float, south_px: float, seed: int = 0) -> NDArray[np.float32]:
    """The ground through the simulated optics, its content off by so much, with noise.

    The simulated sensor looks that far the other way, so its content moves back.
    """
    pixels = to_pixels(fine_layers(), (200, 200), (-10 * south_px, -10 * east_px))
    noise = np.random.default_rng(seed).normal(0, 0.004, pixels.shape)
    return (pixels + noise).astype(np.float32)


def half_cloud(seed: int) -> NDArray[np.bool_]:
    """Blobs over half of the frame."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(200, 200)), 12)
    clear: NDArray[np.bool_] = field > np.median(field)
    return clear


@pytest.mark.parametrize(("east_px", "south_px"), PLANTED)
@pytest.mark.parametrize("is_cloudy", [False, True])
def test_planted_shifts_are_recovered(east_px: float, south_px: float, *, is_cloudy: bool) -> None:
    seen = half_cloud(3) if is_cloudy else ALL_SEEN
    image = seen_off(east_px, south_px, seed=1) * 1.1 + np.float32(0.02)
    image[:, ~seen] = 0.9
    shift = measure_shift(image, seen, seen_off(0, 0))
    assert shift is not None
    assert shift.east_px == pytest.approx(east_px, abs=0.15)
    assert shift.south_px == pytest.approx(south_px, abs=0.15)
    if np.hypot(east_px, south_px) > 0.3:
        assert shift.gain > OPTIONS.min_shift_gain


def test_the_mask_does_not_pull_a_long_shift_towards_zero() -> None:
    shift = measure_shift(seen_off(1.4, -1.3, seed=1), half_cloud(3), seen_off(0, 0))
    assert shift is not None
    assert (shift.east_px, shift.south_px) == pytest.approx((1.4, -1.3), abs=0.06)


def test_a_date_that_lies_right_gains_nothing() -> None:
    shift = measure_shift(seen_off(0, 0, seed=4), ALL_SEEN, seen_off(0, 0))
    assert shift is not None
    assert shift.length_px < 0.05
    assert shift.gain < 0.02


def test_moving_back_brings_the_pixels_nearer() -> None:
    image, still = seen_off(0.35, -0.3, seed=2), seen_off(0, 0)
    shift = measure_shift(image, ALL_SEEN, still)
    assert shift is not None
    moved, fit = move_back(image, ALL_SEEN, shift, still)
    before, after = (np.abs(one - still)[:, fit].mean() for one in (image, moved))
    assert after < 0.8 * before


def test_masks_are_never_interpolated_and_lose_their_rim() -> None:
    seen = half_cloud(5)
    image = np.where(seen, seen_off(0.3, 0.3), np.float32(9))
    moved, fit = move_back(image, seen, Shift(0.3, 0.3, 0.2), seen_off(0, 0))
    for row, col in zip(*np.nonzero(fit), strict=True):
        assert seen[row - 1 : row + 2, col - 1 : col + 2].all()
    assert moved[:, fit].max() < 2  # nothing of the cloud has bled in


@pytest.mark.parametrize("n_seen", [0, 399])
def test_too_little_to_see_gives_no_shift(n_seen: int) -> None:
    seen = np.zeros(40_000, np.bool_)
    seen[:n_seen] = True
    assert measure_shift(seen_off(0, 0), seen.reshape(200, 200), seen_off(0, 0)) is None


def test_a_flat_scene_gives_no_shift() -> None:
    flat = np.full((4, 200, 200), 0.1, np.float32)
    assert measure_shift(flat, ALL_SEEN, seen_off(0, 0)) is None
    assert measure_shift(seen_off(0, 0), ALL_SEEN, flat) is None


def test_bands_that_disagree_measure_nothing() -> None:
    """What moves one band alone is no shift of the ground: a missed cloud, a weak pattern."""
    image = seen_off(0.3, 0.2, seed=1)
    image[3] = seen_off(-0.1, 0.2, seed=2)[3]
    still = seen_off(0, 0)
    assert measure_shift(image[[1, 3]], ALL_SEEN, still[[1, 3]]) is not None
    assert measure_shift(image[[1, 3]], ALL_SEEN, still[[1, 3]], max_discord_px=0.6) is not None
    assert measure_shift(image[[1, 3]], ALL_SEEN, still[[1, 3]], max_discord_px=0.2) is None
    alone = measure_shift(image[[3]], ALL_SEEN, still[[3]], max_discord_px=0.0)
    assert alone is not None


def clear_share(share: float, seed: int) -> NDArray[np.bool_]:
    """Blobs over all but a share of the frame."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(200, 200)), 12)
    clear: NDArray[np.bool_] = field > np.quantile(field, 1 - share)
    return clear


@pytest.mark.parametrize(("share", "is_measured"), [(0.25, False), (0.35, True), (0.9, True)])
def test_a_date_too_clouded_to_judge_its_level_has_no_shift(
    share: float, *, is_measured: bool
) -> None:
    stack = make_stack(*(seen_off(0, 0, seed=seed) for seed in range(4)))
    stack.kinds[3, ~clear_share(share, 7)] = PixelKind.CLOUD
    coregister(stack, START + timedelta(days=9), OPTIONS, PLACES)
    assert (stack.looks[3].shift is not None) is is_measured
    assert all(look.shift is not None for look in stack.looks[:3])


def test_a_sensor_without_bands_for_it_has_no_shifts() -> None:
    stack = make_stack(*(seen_off(0, 0, seed=seed) for seed in range(4)))
    coregister(stack, START + timedelta(days=9), OPTIONS, ())
    assert all(look.shift is None for look in stack.looks)


def make_stack(*images: NDArray[np.float32]) -> Stack:
    looks = [Look(f"s{n}", START + timedelta(days=n), 1, 0, used=True) for n in range(len(images))]
    kinds = np.full((len(images), 200, 200), PixelKind.CLEAR, np.uint8)
    return Stack(np.stack(images), kinds, looks, np.zeros((len(images), 4)), [False] * len(images))


def test_every_date_is_measured_and_nothing_moves_unless_asked() -> None:
    images = [seen_off(*planted, seed=n) for n, planted in enumerate(((0, 0), (0, 0), (0.35, 0.2)))]
    stack = make_stack(*images)
    coregister(stack, START + timedelta(days=9), OPTIONS, PLACES)
    assert not OPTIONS.apply_shifts
    assert np.array_equal(stack.values, np.stack(images))
    shift = stack.looks[2].shift
    assert shift is not None
    assert not shift.is_applied
    assert shift.east_px == pytest.approx(0.35, abs=0.15)
    assert all(look.shift is not None for look in stack.looks)


def test_a_shift_is_applied_where_it_helps_and_only_there() -> None:
    images = [seen_off(*planted, seed=n) for n, planted in enumerate(((0, 0), (0, 0), (0.4, 0.3)))]
    stack = make_stack(*images)
    asked = OPTIONS.model_copy(update={"apply_shifts": True})
    coregister(stack, START + timedelta(days=9), asked, PLACES)
    assert [look.shift.is_applied for look in stack.looks if look.shift] == [False, False, True]
    assert np.array_equal(stack.values[:2], np.stack(images[:2]))
    inner = stack.kinds[2] == PixelKind.CLEAR
    assert 0 < (~inner).sum() <= 4 * 200
    assert not stack.values[2][:, ~inner].any()


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (Shift(0.3, 0.0, 0.5), True),
        (Shift(0.1, 0.0, 0.5), False),
        (Shift(2.5, 0.0, 0.5), False),
        (Shift(0.3, 0.0, 0.01), False),
    ],
)
def test_when_a_shift_helps(shift: Shift, *, expected: bool) -> None:
    assert helps(shift, OPTIONS.model_copy(update={"apply_shifts": True})) is expected
    assert not helps(shift, OPTIONS)


def test_the_reference_is_made_of_the_baseline_and_has_no_holes() -> None:
    stack = make_stack(*(np.full((4, 200, 200), v, np.float32) for v in (0.1, 0.2, 0.3, 0.9)))
    stack.kinds[:, 0, 0] = PixelKind.CLOUD
    stack.kinds[2, 0, 1] = PixelKind.CLOUD
    reference = make_reference(stack, START + timedelta(days=2), 10)
    assert reference is not None
    assert reference[0, 5, 5] == pytest.approx(0.2)
    assert reference[0, 0, 1] == pytest.approx(0.15)
    assert reference[0, 0, 0] == pytest.approx(0.2)
    assert make_reference(make_stack(*stack.values[:2]), START, 10) is None
