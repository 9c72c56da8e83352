"""The measured limit: against single blobs really planted, against toy detectors, and itself."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binomtest

from pipeline import trial
from pipeline.detect.monitor import HarmonicMonitor
from pipeline.futures import Futures
from pipeline.history import replay
from pipeline.limit import (
    Field,
    Measured,
    Watched,
    dates_of,
    free_of,
    measure_limits,
    onsets_of,
    wilson,
)
from pipeline.limit import Trial as Plantings
from pipeline.limit.blobs import drawn, plots_of
from pipeline.limit.plants import Ground, planted
from pipeline.model.change import Status
from pipeline.model.grid import Window
from pipeline.model.limit import NOT_FOUND, Plant
from tests.unit.limit_factory import CONFIG, N_BASELINE, ground_cube, zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.config import LimitOptions
    from pipeline.detect.calibration import Calibration
    from pipeline.limit import Watch
    from pipeline.model.change import SeriesChanges
    from pipeline.model.cube import DateCube
    from pipeline.model.limit import ZoneLimit

MIN_PIXELS = CONFIG.objects.min_pixels
OPTIONS = CONFIG.limit.model_copy(
    update={"contrasts": (0.006, 0.03, 0.2), "sizes_px": (1, 6, 12), "n_plantings": 60}
)
REPORTED = (Status.CONFIRMED, Status.FINISHED)
CUBE = ground_cube()
MONITOR = HarmonicMonitor(CONFIG.monitor)
ZONE = zone()


@cache
def learnt() -> Calibration:
    return MONITOR.learn(CUBE, N_BASELINE)


@cache
def futures() -> Futures:
    return Futures.of(CUBE, N_BASELINE, CONFIG.monitor, learnt())


@cache
def changes() -> SeriesChanges:
    return MONITOR.detect(CUBE, N_BASELINE, learnt())


def field(options: LimitOptions = OPTIONS) -> Field:
    config = CONFIG.model_copy(update={"limit": options})
    return trial.field_of(CUBE, changes(), (ZONE,), config)


def with_blob(contrast: float, onset: int, blob: NDArray[np.bool_], plant: Plant) -> DateCube:
    """The scenes with one blob and nothing else."""
    everywhere = planted(CUBE, Ground.of(CUBE, N_BASELINE), plant, contrast, onset=onset)
    return replace(CUBE, values=np.where(blob, everywhere.values, CUBE.values))


def is_reported(scenes: DateCube, calibration: Calibration | None, blob: NDArray[np.bool_]) -> bool:
    """Whether the pass itself reports an object on a blob."""
    found = MONITOR.detect(scenes, N_BASELINE, calibration)
    return any(
        one.status in REPORTED and (blob[one.window.slices] & one.mask).any()
        for one in replay(found, scenes, (ZONE,), CONFIG.objects)
    )


def plantings(
    plant: Plant, contrast: float, n_pixels: int, n: int
) -> tuple[list[bool], list[tuple[int, NDArray[np.bool_]]]]:
    """What the shortcut says of some plantings, and the plantings as onset and blob."""
    ground, where = Ground.of(CUBE, N_BASELINE), field()
    onsets = onsets_of(where, OPTIONS)
    rows, cols = ZONE.window.slices
    everywhere = where.free & ground.has_room(plant, contrast)
    late = planted(dates_of(where), ground, plant, contrast, onset=0)
    outcomes = futures().watch(late, [one - N_BASELINE for one in onsets], everywhere)
    free = everywhere[rows, cols]
    made = Plantings(plant, contrast, outcomes, MIN_PIXELS).within(ZONE)
    found = made.finds(free, n_pixels, n, np.random.default_rng(5))
    groups = drawn(plots_of(free, n_pixels), len(onsets), n, np.random.default_rng(5))
    blobs = []
    for number, plot in groups:
        for row, col in zip(plot.rows, plot.cols, strict=True):
            blob = np.zeros(CUBE.grid.shape, dtype=bool)
            inside = blob[rows, cols]
            height, width = plot.blob.shape
            inside[row : row + height, col : col + width] = plot.blob
            blobs.append((onsets[number], blob))
    return found.tolist(), blobs


CASES = [
    (Plant.BRIGHTER, 0.017, 4),
    (Plant.BRIGHTER, 0.013, 9),
    (Plant.DARKER, 0.015, 6),
    (Plant.GREEN_LOST, 0.013, 9),
]


@pytest.mark.parametrize(("plant", "contrast", "n_pixels"), CASES)
def test_single_blobs_really_planted_give_the_same_one_by_one(
    plant: Plant, contrast: float, n_pixels: int
) -> None:
    found, blobs = plantings(plant, contrast, n_pixels, 24)
    by_pass = [
        is_reported(with_blob(contrast, onset, blob, plant), learnt(), blob)
        for onset, blob in blobs
    ]
    assert found == by_pass
    assert 0 < sum(found) < len(found)  # neither all nor none: the comparison says something


def test_the_share_found_is_that_of_the_pass_with_its_own_calibration() -> None:
    """Calibrated anew on the planted scenes, as a run would be: equal within sampling error."""
    plant, contrast, n_pixels = CASES[0]
    found, blobs = plantings(plant, contrast, n_pixels, 40)
    n_by_pass = sum(
        is_reported(with_blob(contrast, onset, blob, plant), None, blob) for onset, blob in blobs
    )
    interval = binomtest(n_by_pass, len(blobs)).proportion_ci(0.99, method="wilson")
    assert interval.low <= np.mean(found) <= interval.high


@cache
def measured() -> Measured:
    return measure_limits(field(), detector(), OPTIONS, min_pixels=MIN_PIXELS)


def detector() -> Watch:
    return futures().watch


def yard() -> ZoneLimit:
    (one,) = measured().zones
    return one


def test_strong_changes_are_found_and_faint_ones_are_not() -> None:
    faint, _, strong = yard().of(Plant.BRIGHTER)
    assert strong.n_pixels == MIN_PIXELS
    assert strong.share > 0.95
    assert faint.n_pixels is None
    assert faint.share < 0.2
    least = yard().least(Plant.BRIGHTER)
    assert least is not None
    assert least.contrast in {0.03, 0.2}


def test_the_interval_holds_the_share() -> None:
    for one in yard().soundings:
        assert one.low <= round(one.share, 4) <= one.high or not one.n_planted
        assert one.n_planted <= OPTIONS.n_plantings
        assert one.low == round(wilson(one.n_found, one.n_planted)[0], 4)


def test_the_same_seed_gives_the_same_and_another_one_does_not() -> None:
    again = measure_limits(field(), detector(), OPTIONS, min_pixels=MIN_PIXELS)
    assert again.zones == measured().zones
    assert all(
        np.array_equal(again.chart[plant], measured().chart[plant], equal_nan=True)
        for plant in Plant
    )
    other = OPTIONS.model_copy(update={"seed": OPTIONS.seed + 1})
    assert measure_limits(field(), detector(), other, min_pixels=MIN_PIXELS).zones != again.zones


def test_other_zones_change_nothing_in_a_zone() -> None:
    more = zone("second", Window(0, 0, 10, 10))
    looks = {"yard": field().looks["yard"], "second": 3}
    both = replace(field(), masks=(more, ZONE), looks=looks)
    _, same = measure_limits(both, detector(), OPTIONS, min_pixels=MIN_PIXELS).zones
    assert same == yard()


def test_planting_takes_what_really_changed_out() -> None:
    standing = np.zeros((3, 5, 6), dtype=bool)
    standing[1, 2, 3] = True
    free = free_of(standing, np.ones((5, 6), dtype=bool))
    assert np.argwhere(~free).tolist() == [[r, c] for r in (1, 2, 3) for c in (2, 3, 4)]
    assert not free_of(standing, np.zeros((5, 6), dtype=bool)).any()


def never(late: DateCube, onsets: Sequence[int], _: NDArray[np.bool_]) -> list[Watched]:
    nothing = np.zeros_like(late.clear)
    return [Watched(nothing, nothing)] * len(onsets)


def always(late: DateCube, onsets: Sequence[int], _: NDArray[np.bool_]) -> list[Watched]:
    everything = np.ones_like(late.clear)
    return [Watched(everything, everything)] * len(onsets)


def test_a_blind_detector_finds_nothing_and_says_so() -> None:
    made = measure_limits(field(), never, OPTIONS, min_pixels=MIN_PIXELS)
    (one,) = made.zones
    assert all(sounding.n_pixels is None and not sounding.n_found for sounding in one.soundings)
    assert one.least(Plant.BRIGHTER) is None
    chart = made.chart[Plant.BRIGHTER]
    assert set(chart[np.isfinite(chart)].tolist()) == {NOT_FOUND}


def test_a_detector_that_cries_always_finds_the_smallest_object_at_once() -> None:
    made = measure_limits(field(), always, OPTIONS, min_pixels=MIN_PIXELS)
    least = made.zones[0].least(Plant.BRIGHTER)
    assert least is not None
    assert (least.contrast, least.n_pixels) == (0.006, MIN_PIXELS)
    chart = made.chart[Plant.BRIGHTER]
    assert (chart[np.isfinite(chart)] == np.float32(0.006)).all()
    assert np.isfinite(chart[field().free]).mean() > 0.9


def test_a_zone_too_small_to_plant_in_has_no_limit() -> None:
    small = replace(field(), masks=(zone("small", Window(5, 5, 2, 2)),), looks={"small": 9})
    made = measure_limits(small, always, OPTIONS, min_pixels=MIN_PIXELS)
    assert all(not one.n_planted for one in made.zones[0].soundings)  # one place, few onsets
    assert made.zones[0].least(Plant.BRIGHTER) is None
    assert made.zones[0].n_pixels == 4


def test_onsets_leave_dates_to_be_confirmed_in() -> None:
    onsets = onsets_of(field(), OPTIONS)
    assert N_BASELINE <= onsets[0] <= onsets[-1] <= 90 - OPTIONS.min_dates_after
    assert len(onsets) == OPTIONS.n_onsets
    short = OPTIONS.model_copy(update={"min_dates_after": 200})
    assert onsets_of(field(), short) == (N_BASELINE,)


def test_the_step_is_called_for_every_contrast_of_every_kind() -> None:
    calls: list[int] = []
    measure_limits(field(), never, OPTIONS, min_pixels=MIN_PIXELS, step=lambda: calls.append(1))
    assert len(calls) == len(Plant) * len(OPTIONS.contrasts)


def test_nothing_is_known_of_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(161, 200)
    assert low < 161 / 200 < high
    assert (round(low, 3), round(high, 3)) == (0.745, 0.854)  # Wilson 1927, z = 1.96


def test_looks_are_those_that_a_report_counts() -> None:
    rows, cols = ZONE.window.slices
    share = CUBE.clear[N_BASELINE:, rows, cols].mean(axis=(1, 2))
    assert field().looks["yard"] == np.count_nonzero(share >= CONFIG.assess.min_zone_clear_share)
