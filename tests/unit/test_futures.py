"""Futures of one history, held against the detector run anew on every one of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import trial
from pipeline.detect.monitor import HarmonicMonitor
from pipeline.futures import Futures
from pipeline.limit import Watched, dates_of, measure_limits, onsets_of
from pipeline.limit.plants import Ground, planted
from pipeline.model.limit import Plant
from tests.unit.limit_factory import CONFIG, N_BASELINE, ground_cube, zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.detect.calibration import Calibration
    from pipeline.limit import Field
    from pipeline.model.cube import DateCube

MONITOR = HarmonicMonitor(CONFIG.monitor)
OPTIONS = CONFIG.limit.model_copy(
    update={"contrasts": (0.012, 0.02, 0.05), "sizes_px": (4, 9), "n_plantings": 40, "n_onsets": 4}
)
YARD = zone()


@cache
def scenes(seed: int) -> DateCube:
    """Ground of which a corner really changed, and a spot is hidden once the baseline is over."""
    cube = ground_cube(seed, size=26)
    values, clear = cube.values.copy(), cube.clear.copy()
    values[70:, :, :5, :5] += 0.1
    clear[N_BASELINE:, 20:22, 20:22] = False
    return replace(cube, values=values, clear=clear)


@cache
def learnt(seed: int) -> Calibration:
    return MONITOR.learn(scenes(seed), N_BASELINE)


@cache
def field(seed: int) -> Field:
    changes = MONITOR.detect(scenes(seed), N_BASELINE, learnt(seed))
    return trial.field_of(scenes(seed), changes, (YARD,), CONFIG)


@cache
def futures(seed: int) -> Futures:
    return Futures.of(scenes(seed), N_BASELINE, CONFIG.monitor, learnt(seed))


def anew(seed: int, late: DateCube, onset: int) -> Watched:
    """The whole detector on all dates, of which those from an onset on are others."""
    cube = scenes(seed)
    values = np.concatenate([cube.values[: N_BASELINE + onset], late.values[onset:]])
    changed = replace(cube, values=values)
    return trial.watched(MONITOR.detect(changed, N_BASELINE, learnt(seed)))


def watched_anew(
    seed: int, late: DateCube, onsets: Sequence[int], where: NDArray[np.bool_]
) -> list[Watched]:
    """As ``Futures.watch``."""
    return [
        Watched(one.standing & where, one.confirmed & where)
        for one in (anew(seed, late, onset) for onset in onsets)
    ]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2),
    st.sampled_from(list(Plant)),
    st.floats(0.001, 0.3),
    st.lists(st.integers(0, 29), min_size=1, max_size=3),
)
def test_every_pixel_and_date_is_as_the_detector_says_anew(
    seed: int, plant: Plant, contrast: float, onsets: list[int]
) -> None:
    free = field(seed).free
    ground = Ground.of(scenes(seed), N_BASELINE)
    late = planted(dates_of(field(seed)), ground, plant, contrast, onset=0)
    quick = futures(seed).watch(late, onsets, free)
    for one, other in zip(quick, watched_anew(seed, late, onsets, free), strict=True):
        assert np.array_equal(one.standing, other.standing)
        assert np.array_equal(one.confirmed, other.confirmed)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 29))
def test_a_future_may_be_anything(seed: int, onset: int) -> None:
    """Dates that are no step: each with a level of its own."""
    draw, late = np.random.default_rng(seed), dates_of(field(0))
    level = draw.normal(0, 0.04, (len(late.instants), 1, 1, 1)).astype(np.float32)
    late = replace(late, values=late.values + level)
    (quick,) = futures(0).watch(late, [onset], field(0).free)
    (plain,) = watched_anew(0, late, [onset], field(0).free)
    assert np.array_equal(quick.standing, plain.standing)
    assert np.array_equal(quick.confirmed, plain.confirmed)


def test_the_limits_are_those_of_running_the_detector_on_every_planting() -> None:
    def plain(late: DateCube, onsets: Sequence[int], where: NDArray[np.bool_]) -> list[Watched]:
        return watched_anew(1, late, onsets, where)

    quick, slow = (
        measure_limits(field(1), watch, OPTIONS, min_pixels=4)
        for watch in (futures(1).watch, plain)
    )
    assert quick.zones == slow.zones
    assert quick.onsets == slow.onsets == onsets_of(field(1), OPTIONS)
    assert any(one.n_found for one in quick.zones[0].soundings)
    for plant in Plant:
        assert np.array_equal(quick.chart[plant], slow.chart[plant], equal_nan=True)


def test_the_future_that_came_holds_nothing_on_free_ground() -> None:
    (same,) = futures(0).watch(dates_of(field(0)), [0], field(0).free)
    assert not same.standing.any()
    assert not field(0).free[:5, :5].any()  # what really changed is not asked about


def test_pixels_that_are_not_asked_about_come_out_unchanged() -> None:
    ground = Ground.of(scenes(0), N_BASELINE)
    late = planted(dates_of(field(0)), ground, Plant.BRIGHTER, 0.3, onset=0)
    where = np.zeros_like(field(0).free)
    where[10, 11] = True
    (one,) = futures(0).watch(late, [2], where)
    assert np.argwhere(one.confirmed.any(axis=0)).tolist() == [[10, 11]]
    (none,) = futures(0).watch(late, [2], np.zeros_like(where))
    assert not none.standing.any()


def test_ground_that_is_hidden_from_the_onset_on_never_stands() -> None:
    late = planted(
        dates_of(field(0)), Ground.of(scenes(0), N_BASELINE), Plant.BRIGHTER, 0.3, onset=0
    )
    (one,) = futures(0).watch(late, [0], field(0).monitored)
    assert not one.standing[:, 20:22, 20:22].any()
    assert one.confirmed[-1, 10:18, 10:18].all()


@pytest.mark.parametrize("dates", [slice(0, N_BASELINE), slice(N_BASELINE, None)])
def test_the_scenes_stay_as_they_were(dates: slice) -> None:
    before = scenes(0).values[dates].copy()
    futures(0).watch(dates_of(field(0)), [1], field(0).free)
    assert np.array_equal(scenes(0).values[dates], before)
