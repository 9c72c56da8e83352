"""What must not matter to a detector: unit and origin of a band, order, dates without a look.

Beside these stand the properties that are tested with their detector: order, repetition and blind
dates of one band in ``test_watch``, of radar periods in ``test_radar_pair`` and of radar steps in
``test_radar_steps``; gains in ``test_radar_pair``, ``test_radar_steps``, ``test_ratio`` and
``test_irmad``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.detect.fused import FusedPair, standard_difference
from pipeline.detect.irmad import IrMad
from pipeline.detect.monitor import HarmonicMonitor
from pipeline.detect.ratio import LogRatio
from pipeline.model.change import ChangeMap
from pipeline.raster.mad import fit_mad, standardised
from tests.unit.limit_factory import N_BASELINE, ground_cube
from tests.unit.pair_factory import OPTIONS, make_pair, plant

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pipeline.detect import PairDetector
    from pipeline.model.change import SeriesChanges
    from pipeline.model.cube import DateCube

    Part = tuple[slice, slice]

BANDS = ("red", "nir")
"""Without the index, whose value follows the unit and the origin of its bands."""
MONITOR = HarmonicMonitor(load_config().monitor.model_copy(update={"bands": BANDS}))
PAIR = OPTIONS.model_copy(update={"n_iterations": 60, "tolerance": 1e-9})
"""Iterated to the end: where an iteration is broken off early is left out of the question."""
BLOCK = (slice(6, 14), slice(8, 18))
ONSET = 72
EVERYWHERE = (slice(None), slice(None))


@cache
def scenes() -> DateCube:
    """Two bands in which a block darkens behind the baseline."""
    cube = ground_cube(seed=9, size=24)
    places = [cube.bands.index(band) for band in BANDS]
    values = cube.values[:, places].copy()
    values[(slice(ONSET, None), slice(None), *BLOCK)] -= np.float32(0.06)
    return replace(cube, values=values, bands=BANDS)


@cache
def plain() -> SeriesChanges:
    return MONITOR.detect(scenes(), N_BASELINE)


def test_the_block_is_found_and_little_else() -> None:
    found = plain().confirmed_index >= 0
    assert found[BLOCK].mean() > 0.95
    found[BLOCK] = False
    assert found.mean() < 0.01


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.sampled_from([1e-3, 0.3, 7.0, 1e4]), min_size=2, max_size=2),
    st.lists(st.floats(-2, 2), min_size=2, max_size=2),
)
def test_unit_and_origin_of_each_band_do_not_matter_to_the_monitor(
    gains: list[float], offsets: list[float]
) -> None:
    gain, offset = (np.array(one, dtype=np.float32)[:, None, None] for one in (gains, offsets))
    cube = scenes()
    moved = MONITOR.detect(replace(cube, values=(cube.values + offset) * gain), N_BASELINE)
    # Single precision of a value far from zero: a look at the threshold may fall to either side.
    assert (moved.confirmed_index != plain().confirmed_index).mean() <= 0.005
    assert (moved.departs != plain().departs).mean() <= 0.002


def with_blind_dates(cube: DateCube, after: list[int]) -> tuple[DateCube, NDArray[np.intp]]:
    """Further dates, a day and a half behind some, on which nothing is seen; where the old lie."""
    extra = sorted({cube.instants[date] + timedelta(hours=36) for date in after})
    extra = [one for one in extra if one not in cube.instants]
    instants = (*cube.instants, *extra)
    order = sorted(range(len(instants)), key=instants.__getitem__)
    blind = np.full((len(extra), *cube.values.shape[1:]), 0.7, dtype=np.float32)
    unseen = np.zeros((len(extra), *cube.grid.shape), dtype=bool)
    wider = replace(
        cube,
        values=np.concatenate([cube.values, blind])[order],
        clear=np.concatenate([cube.clear, unseen])[order],
        snow=np.concatenate([cube.snow, unseen])[order],
        instants=tuple(instants[one] for one in order),
        scene_ids=tuple(f"s{one}" for one in range(len(order))),
    )
    return wider, np.flatnonzero(np.array(order) < len(cube.instants))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 89), min_size=1, max_size=12))
def test_dates_in_cloud_leave_the_whole_record_as_it_was(after: list[int]) -> None:
    wider, held = with_blind_dates(scenes(), after)
    found = MONITOR.detect(wider, int(held[N_BASELINE]))
    np.testing.assert_array_equal(found.departs[held], plain().departs)
    np.testing.assert_array_equal(found.changed[held], plain().changed)
    np.testing.assert_array_equal(found.run_length[held], plain().run_length)
    assert not np.delete(found.seen, held, axis=0).any()
    assert found.magnitude == pytest.approx(plain().magnitude, rel=1e-5)


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(24)), st.permutations(range(24)))
def test_where_a_pixel_lies_does_not_matter_once_the_site_is_learnt(
    rows: list[int], cols: list[int]
) -> None:
    cube, learnt = scenes(), MONITOR.learn(scenes(), N_BASELINE)
    turn = np.ix_(rows, cols)
    moved = replace(
        cube,
        values=cube.values[:, :, turn[0], turn[1]],
        clear=cube.clear[:, turn[0], turn[1]],
    )
    found = MONITOR.detect(moved, N_BASELINE, learnt)
    np.testing.assert_array_equal(found.confirmed_index, plain().confirmed_index[turn])


DETECTORS: dict[str, Callable[[], PairDetector]] = {
    "fused": lambda: FusedPair(PAIR),
    "IR-MAD": lambda: IrMad(PAIR),
    "ratio": lambda: LogRatio(PAIR),
}


def dates_of(name: str, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two dates with three planted blocks; one band of positive values for the ratio."""
    before, after = make_pair(seed)
    plant(after, 2)
    if name != "ratio":
        return before, after
    low = min(before[:1].min(), after[:1].min())
    return before[:1] - low + 1, after[:1] - low + 1


def assert_alike(one: ChangeMap, two: ChangeMap, part: Part = EVERYWHERE) -> None:
    """The same strength within a hundredth at all but a few pixels, and the same calls."""
    apart = np.abs(one.magnitude - two.magnitude)[part]
    assert (apart > 0.01 * (1 + np.abs(one.magnitude[part]))).mean() <= 0.005
    assert np.quantile(apart, 0.5) <= 0.01
    assert (one.changed != two.changed).mean() <= 0.005


@pytest.mark.parametrize("name", DETECTORS)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), edges=st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_a_frame_without_a_look_changes_nothing_inside(
    name: str, seed: int, edges: list[int]
) -> None:
    """The pair's likeness of a date in cloud: pixels more, not one of them seen."""
    before, after = dates_of(name, seed)
    top, bottom, left, right = edges
    margins = ((0, 0), (top, bottom), (left, right))
    wide = [np.pad(date, margins, constant_values=9.0) for date in (before, after)]
    seen = np.pad(np.ones(before.shape[1:], dtype=bool), margins[1:])
    inner = np.ix_(*(range(one, one + 120) for one in (top, left)))
    one = DETECTORS[name]().compare(before, after, np.ones(before.shape[1:], dtype=bool))
    two = DETECTORS[name]().compare(wide[0], wide[1], seen)
    # Smoothing mirrors the ground at the edge of a frame and weighs it where it ends inside one.
    core = (slice(8, -8), slice(8, -8))
    cut = ChangeMap(
        two.magnitude[inner], two.p_value[inner], two.changed[inner], two.seen[inner], two.threshold
    )
    assert_alike(one, cut, core)
    assert not two.changed[~seen].any()
    assert (two.p_value[~seen] == 1).all()


@pytest.mark.parametrize("name", DETECTORS)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_which_date_comes_first_does_not_matter(name: str, seed: int) -> None:
    before, after = dates_of(name, seed)
    seen = np.ones(before.shape[1:], dtype=bool)
    one, two = (
        DETECTORS[name]().compare(first, second, seen)
        for first, second in ((before, after), (after, before))
    )
    assert_alike(one, two)


@pytest.mark.parametrize("name", ["fused", "IR-MAD"])
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), which=st.sampled_from(["before", "after", "both"]))
def test_gain_and_offset_of_each_band_of_each_date_do_not_matter(
    name: str, seed: int, which: str
) -> None:
    before, after = dates_of(name, seed)
    draw = np.random.default_rng(seed)
    moved = [
        (date * draw.uniform(0.05, 50, (6, 1, 1)) + draw.uniform(-9, 9, (6, 1, 1)))
        if which in (side, "both")
        else date
        for side, date in (("before", before), ("after", after))
    ]
    seen = np.ones(before.shape[1:], dtype=bool)
    first, second = (date.astype(np.float32) for date in moved)
    one = DETECTORS[name]().compare(before, after, seen)
    two = DETECTORS[name]().compare(first, second, seen)
    assert_alike(one, two)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), n_bands=st.integers(2, 6), strength=st.floats(0, 4))
def test_the_standardised_difference_against_plain_loops(
    seed: int, n_bands: int, strength: float
) -> None:
    """To 1e-6 of what is subtracted: single precision keeps no more of a difference."""
    before, after = make_pair(seed, n_bands=n_bands, size=30)
    plant(after, strength)
    pixels = standardised(before, after, np.ones((30, 30), dtype=bool))
    mad = fit_mad(pixels, PAIR.n_iterations, PAIR.tolerance)
    found = standard_difference(pixels, mad)
    for at in range(0, found.size, 13):
        total, size = 0.0, 0.0
        for band in range(n_bands):
            sides = [
                (float(pixels[row, at]), float(mad.means[row]), float(mad.spreads[row]))
                for row in (band, band + n_bands)
            ]
            one, two = ((value - mean) / spread for value, mean, spread in sides)
            total += (two - one) ** 2
            size += sum((abs(value) + abs(mean)) / spread for value, mean, spread in sides)
        assert abs(float(found[at]) - total**0.5) <= 1e-6 * (1 + size)
