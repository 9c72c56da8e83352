"""The record of radar's steps against plain loops, and what zones and objects make of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import ObjectOptions, RadarOptions, load_config
from pipeline.detect.radar_onset import RadarSteps
from pipeline.detect.radar_record import recorded_steps
from pipeline.history import replay
from pipeline.model.change import DECIBEL, Status
from pipeline.model.grid import Window
from pipeline.model.radar import RadarOnset
from pipeline.zones import measure_zones
from tests.unit.changes_factory import mask
from tests.unit.radar_factory import BLOCK, OPTIONS, make_cube, make_power, raised

if TYPE_CHECKING:
    from pipeline.model.change import SeriesChanges
    from pipeline.model.cube import DateCube

N_DATES, N_BASELINE, SHAPE = 14, 6, (5, 6)


def made_up(seed: int) -> tuple[RadarOnset, DateCube]:
    """Any steps, clouds, unseen pixels and common-mode dates that a detector may answer with."""
    rng = np.random.default_rng(seed)
    clear = rng.random((N_DATES, *SHAPE)) < 0.8
    clear[rng.integers(N_DATES)] = False
    seen = rng.random(SHAPE) < 0.9
    changed = seen & (rng.random(SHAPE) < 0.6)
    last = rng.integers(N_BASELINE - 2, N_DATES - 5, SHAPE).astype(np.int16)
    first = (last + rng.integers(1, 4, SHAPE)).astype(np.int16)
    onset = RadarOnset(
        magnitude_db=rng.normal(0, 4, (2, *SHAPE)).astype(np.float32),
        noise_db=rng.uniform(0.5, 1, SHAPE).astype(np.float32),
        limit_db=np.where(seen, rng.uniform(2, 3, (2, *SHAPE)), np.inf).astype(np.float32),
        p_value=np.ones(SHAPE, np.float32),
        changed=changed,
        seen=seen,
        last_without=np.where(changed, last, np.int16(-1)),
        first_with=np.where(changed, first, np.int16(-1)),
        common_db=rng.normal(0, 1, (N_DATES, 2)).astype(np.float32),
        common_mode=rng.random(N_DATES) < 0.15,
        n_baseline=N_BASELINE,
    )
    return onset, make_cube(make_power((N_DATES, 2, *SHAPE)), clear)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_record_against_plain_loops(seed: int) -> None:
    onset, cube = made_up(seed)
    found = recorded_steps(onset, cube, OPTIONS)
    assert found.steps is not None
    for y, x in np.ndindex(SHAPE):
        run = 0
        for date in range(N_DATES):
            is_open = bool(cube.clear[date, y, x] and onset.seen[y, x])
            took_part = not onset.common_mode[date]
            stands = bool(onset.changed[y, x]) and date >= int(onset.first_with[y, x])
            is_decided = not onset.changed[y, x] or date <= onset.last_without[y, x] or stands
            seen = is_open and took_part and bool(is_decided)
            run += int(stands and seen)
            assert found.seen[date, y, x] == seen
            assert found.changed[date, y, x] == stands
            assert found.departs[date, y, x] == (stands and seen)
            assert found.run_length[date, y, x] == run
        loudest = max(onset.magnitude_db[:, y, x], key=abs)
        assert found.magnitude[y, x] == (loudest if onset.changed[y, x] else 0)
        assert found.steps.limit[y, x] == onset.limit_db[:, y, x].max()
        assert found.monitored[y, x] == onset.seen[y, x]
    assert found.steps.off_season.tolist() == [not day.any() for day in cube.clear]
    assert found.left_out.tolist() == (onset.common_mode | found.steps.off_season).tolist()


def test_numbers_that_radar_does_not_have_are_not_made_up() -> None:
    onset, cube = made_up(1)
    found = recorded_steps(onset, cube, OPTIONS)
    assert np.isnan(found.threshold)
    assert found.magnitude_unit == DECIBEL
    assert found.n_looks == OPTIONS.min_lasting_looks
    (series,) = measure_zones(found, cube, [mask("all", Window(0, 0, *SHAPE))])
    assert np.isnan(series.snow_px).all()
    assert 2 < series.step_limit < 3


def judged(power: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> SeriesChanges:
    cube = make_cube(power)
    return recorded_steps(RadarSteps(OPTIONS, 5).date_steps(cube, 20), cube, OPTIONS)


@pytest.mark.parametrize("decibel", [4.0, -5.0])
def test_a_planted_block_is_one_object_with_a_signed_step_and_a_bracket(decibel: float) -> None:
    power = raised(make_power((32, 2, 40, 40)), 25, decibel)
    cube, found = make_cube(power), judged(power)
    zones = [mask("yard", Window(0, 0, 40, 25)), mask("field", Window(0, 25, 40, 15))]
    (one,) = replay(found, cube, zones, ObjectOptions(min_pixels=4))
    assert one.zone_id == "yard"
    assert one.status is Status.CONFIRMED
    assert one.reversal is None
    assert one.magnitude == pytest.approx(decibel, abs=0.8)
    assert one.magnitude in dict(one.by_band).values()
    assert one.magnitude_unit == DECIBEL
    last, first = one.onset.last_without, one.onset.first_with
    assert last is not None
    assert last < cube.instants[25] <= first
    planted = np.zeros((40, 40), dtype=bool)
    planted[BLOCK] = True
    inside = planted[one.window.slices] & one.mask
    assert inside.sum() >= 0.9 * planted.sum()
    assert one.n_pixels <= 1.1 * planted.sum()


def test_an_object_s_bracket_is_as_wide_as_those_of_its_pixels() -> None:
    onset, cube = made_up(3)
    clear = np.ones_like(cube.clear)
    changed = np.ones(SHAPE, dtype=bool)
    wide = replace(
        onset,
        changed=changed,
        seen=changed.copy(),
        last_without=np.full(SHAPE, 6, np.int16),
        first_with=np.full(SHAPE, 9, np.int16),
        common_mode=np.zeros(N_DATES, dtype=bool),
    )
    cube = make_cube(cube.values, clear)
    found = recorded_steps(wide, cube, OPTIONS)
    zones = [mask("all", Window(0, 0, *SHAPE))]
    (one,) = replay(found, cube, zones, ObjectOptions(min_pixels=4))
    assert one.onset.last_without == cube.instants[6]
    assert one.onset.first_with == cube.instants[9]
    assert one.n_looks == N_DATES - 9


def test_weather_between_the_looks_widens_the_bracket() -> None:
    power = raised(make_power((32, 2, 40, 40)), 25, 5.0)
    power[24] *= np.float32(2)
    cube = make_cube(power)
    found = judged(power)
    zones = [mask("all", Window(0, 0, 40, 40))]
    (one,) = replay(found, cube, zones, ObjectOptions(min_pixels=4))
    assert one.onset.last_without is not None
    assert one.onset.last_without <= cube.instants[23]
    assert one.onset.first_with == cube.instants[25]


@pytest.mark.parametrize(
    ("n_baseline", "n_after", "first"), [(30, 3, 30), (30, 12, 39), (12, 6, 15)]
)
def test_a_step_at_the_limit_is_found_as_often_as_stated_even_at_the_last_date(
    n_baseline: int, n_after: int, first: int
) -> None:
    options: RadarOptions = load_config().radar
    power = make_power((n_baseline + n_after, 2, 120, 120), seed=7)
    quiet = RadarSteps(options, 5).date_steps(make_cube(power.copy()), n_baseline)
    limit = float(np.median(quiet.limit_db[0]))
    corners = [(row, col) for row in range(6, 110, 14) for col in range(6, 110, 14)]
    for row, col in corners:
        power[first:, 0, row : row + 4, col : col + 4] *= np.float32(10 ** (limit / 10))
    found = RadarSteps(options, 5).date_steps(make_cube(power), n_baseline)
    inner = [found.changed[row + 1 : row + 3, col + 1 : col + 3].mean() for row, col in corners]
    assert float(np.mean(inner)) >= options.limit_power
    assert limit < 3.5


def test_a_step_well_below_the_limit_is_seldom_found() -> None:
    power = make_power((33, 2, 120, 120), seed=8)
    quiet = RadarSteps(OPTIONS, 5).date_steps(make_cube(power.copy()), 30)
    power[30:, 0, 20:100, 20:100] *= np.float32(10 ** (float(np.median(quiet.limit_db)) / 20))
    control = np.zeros((120, 120), dtype=bool)
    control[:, 104:] = True
    found = RadarSteps(OPTIONS, 5, control).date_steps(make_cube(power), 30)
    assert found.changed[30:90, 30:90].mean() < 0.2


def test_more_looks_lower_the_noise_of_nothing_but_the_limit() -> None:
    power = make_power((60, 2, 60, 60))
    short = RadarSteps(OPTIONS, 5).date_steps(make_cube(power[:13]), 10)
    long = RadarSteps(OPTIONS, 5).date_steps(make_cube(power), 57)
    assert np.median(long.limit_db) < np.median(short.limit_db)
    assert np.median(long.noise_db) == pytest.approx(np.median(short.noise_db), rel=0.1)
    # Speckle of five looks under a window that weighs its centre double: 4.34 dB times the root
    # of trigamma(5) and of (6 / 16) squared.
    assert np.median(long.noise_db) == pytest.approx(4.343 * np.sqrt(0.2213) * 6 / 16, rel=0.1)


def test_too_few_looks_after_the_baseline_leave_nothing_monitored_and_no_limit() -> None:
    cube = make_cube(make_power((12, 2, 20, 20)))
    found = recorded_steps(RadarSteps(OPTIONS, 5).date_steps(cube, 10), cube, OPTIONS)
    assert not found.monitored.any()
    assert not found.seen.any()
    (series,) = measure_zones(found, cube, [mask("all", Window(0, 0, 20, 20))])
    assert np.isnan(series.step_limit)
    assert (
        replay(found, cube, [mask("all", Window(0, 0, 20, 20))], ObjectOptions(min_pixels=4)) == ()
    )
