"""The series detector on simulated ground: what is planted is found, what is not stays silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.detect import monitor_cube
from pipeline.detect.monitor import HarmonicMonitor
from pipeline.errors import InputError, NothingSeenError
from tests.unit.series_factory import BANDS, Land, cube_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.change import SeriesChanges
    from pipeline.model.cube import DateCube

OPTIONS = load_config().monitor
N_BASELINE = 60
ONSET = 70
BLOCK = (slice(10, 20), slice(5, 15))


def outside() -> NDArray[np.bool_]:
    """The pixels of the default land that no block covers."""
    mask = np.ones((30, 30), dtype=bool)
    mask[BLOCK] = False
    return mask


def stepped(land: Land, step: float, first: int = ONSET, last: int = 10_000) -> NDArray[np.float32]:
    """The land with a block shifted from one date to another, both included."""
    values = land.values()
    values[(slice(first, last + 1), *BLOCK)] += np.float32(step)
    return values


def four_bands(land: Land) -> NDArray[np.float32]:
    """Four bands with common gaps and correlated noise, (time, band, y, x)."""
    parts = [replace(land, seed=land.seed + 10 * k, gaps=0.0).values() for k in range(4)]
    values = np.stack(parts, axis=1)
    draw = np.random.default_rng(land.seed + 5)
    values += np.float32(0.01) * draw.standard_normal((land.n_dates, 1, 30, 30)).astype(np.float32)
    hidden = draw.random((land.n_dates, 30, 30)) < land.gaps
    values[np.broadcast_to(hidden[:, None], values.shape)] = np.nan
    return values


def detect(values: NDArray[np.float32], land: Land) -> tuple[SeriesChanges, DateCube]:
    """The record of a cube of (time, band, y, x) values."""
    cube = cube_of(values, land.dates)
    options = OPTIONS.model_copy(update={"bands": cube.bands})
    return HarmonicMonitor(options).detect(cube, N_BASELINE), cube


@pytest.mark.parametrize("step", [-0.12, 0.12])
@pytest.mark.parametrize(
    "land", [Land(), Land(gaps=0.5, seed=3), Land(step_days=6, n_dates=120, seed=4)]
)
def test_a_planted_step_is_found_and_nothing_else(land: Land, step: float) -> None:
    found = monitor_cube(stepped(land, step), land.dates, N_BASELINE)
    assert found.dtype == np.int16
    assert (found[BLOCK] >= ONSET).mean() >= 0.99
    assert np.median(found[BLOCK]) <= ONSET + 8
    assert (found[outside()] >= 0).mean() <= 0.005


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_unchanged_ground_stays_silent(seed: int) -> None:
    land = Land(60, 60, seed=seed)
    assert (monitor_cube(land.values(), land.dates, N_BASELINE) >= 0).mean() <= 0.003


def test_missed_clouds_stay_silent() -> None:
    land = Land(60, 60)
    values = land.values()
    values[np.random.default_rng(1).random(values.shape) < 0.03] += np.float32(0.4)
    assert (monitor_cube(values, land.dates, N_BASELINE) >= 0).mean() <= 0.005


def test_noise_with_memory_stays_silent() -> None:
    land = Land(60, 60, noise=0.0)
    draw = np.random.default_rng(3)
    memory = draw.standard_normal((land.n_dates, 60, 60))
    for index in range(1, land.n_dates):
        memory[index] = 0.4 * memory[index - 1] + 0.92 * memory[index]
    values = land.values() + (0.02 * memory).astype(np.float32)
    assert (monitor_cube(values, land.dates, N_BASELINE) >= 0).mean() <= 0.01


def test_a_step_inside_the_history_neither_alarms_nor_blinds() -> None:
    land = Land(n_dates=110, step_days=12)
    values = stepped(land, -0.12, first=90)
    values[:25] += np.float32(0.1)
    found = monitor_cube(values, land.dates, 80)
    assert (found[outside()] >= 0).mean() <= 0.005
    assert (found[BLOCK] >= 92).mean() >= 0.97


def test_a_trend_that_ends_with_the_history_stays_silent() -> None:
    land = Land(60, 60)
    years = (land.dates - land.dates[0]) / np.timedelta64(365, "D")
    drift = 0.02 * np.minimum(years, years[N_BASELINE])
    values = land.values() + drift[:, None, None].astype(np.float32)
    assert (monitor_cube(values, land.dates, N_BASELINE) >= 0).mean() <= 0.02


@settings(max_examples=6, deadline=None)
@given(st.sampled_from([1e-3, 0.5, 100.0, 1e4]), st.sampled_from([-1.0, 0.0, 2.0]))
def test_the_unit_does_not_matter(factor: float, offset: float) -> None:
    land = Land()
    values = stepped(land, -0.1)
    plain = monitor_cube(values, land.dates, N_BASELINE)
    moved = monitor_cube((values + np.float32(offset)) * np.float32(factor), land.dates, N_BASELINE)
    assert (plain != moved).mean() <= 0.003


def test_the_input_is_left_as_it_was() -> None:
    land = Land(10, 10)
    values = land.values()
    values.setflags(write=False)
    before = values.copy()
    monitor_cube(values, land.dates, N_BASELINE)
    np.testing.assert_array_equal(values, before)


def test_the_same_cube_gives_the_same_answer_in_any_layout() -> None:
    land = Land()
    values = stepped(land, -0.1)
    plain = monitor_cube(values, land.dates, N_BASELINE)
    np.testing.assert_array_equal(
        monitor_cube(np.asfortranarray(values), land.dates, N_BASELINE), plain
    )
    np.testing.assert_array_equal(
        monitor_cube(values.astype(np.float64), land.dates, N_BASELINE), plain
    )


def test_a_site_of_one_pixel_and_one_that_changes_as_a_whole() -> None:
    land = Land(1, 1, gaps=0.0)
    values = land.values()
    assert monitor_cube(values, land.dates, N_BASELINE)[0, 0] == -1
    values[ONSET:] -= np.float32(0.2)
    assert ONSET + 2 <= monitor_cube(values, land.dates, N_BASELINE)[0, 0] <= ONSET + 4
    whole = Land().values()
    whole[ONSET:] -= np.float32(0.2)
    assert (monitor_cube(whole, Land().dates, N_BASELINE) >= ONSET + 2).mean() > 0.99


def test_dates_on_which_the_whole_site_is_hazy_confirm_nothing() -> None:
    land = Land()
    values = land.values()
    draw = np.random.default_rng(9)
    for hazy in (70, 71, 72, 80, 81):
        values[hazy] += np.float32(draw.uniform(0.08, 0.3)) + (
            0.03 * draw.standard_normal((30, 30))
        ).astype(np.float32)
    assert (monitor_cube(values, land.dates, N_BASELINE) >= 0).mean() <= 0.02


def test_constant_pixels_and_blind_pixels_do_no_harm() -> None:
    land = Land()
    values = stepped(land, -0.12)
    values[:, 0] = 0.25
    values[:, 1] = np.nan
    values[:, 2, :5] = np.inf
    found = monitor_cube(values, land.dates, N_BASELINE)
    assert (found[:2] == -1).all()
    assert (found[2, :5] == -1).all()
    assert (found[BLOCK] >= ONSET).mean() >= 0.99


def test_too_few_looks_in_the_baseline_are_not_monitored() -> None:
    land = Land(gaps=0.0)
    values = stepped(land, -0.2)
    values[OPTIONS.min_baseline_looks - 1 : N_BASELINE, :15] = np.nan
    changes, _ = detect(values[:, None], land)
    assert not changes.monitored[:15].any()
    assert changes.monitored[15:].all()
    assert not changes.departs[:, :15].any()
    assert (changes.confirmed_index[:15] == -1).all()


def test_nothing_seen_is_an_error_and_not_an_empty_map() -> None:
    land = Land(5, 5)
    with pytest.raises(NothingSeenError, match="clear looks"):
        monitor_cube(np.full((90, 5, 5), np.nan, np.float32), land.dates, N_BASELINE)


def test_a_baseline_without_monitoring_finds_nothing() -> None:
    land = Land()
    assert (monitor_cube(land.values(), land.dates, land.n_dates) == -1).all()


def altered(**changes: object) -> dict[str, Any]:
    """Arguments of monitor_cube with something wrong in them."""
    land = Land(4, 4)
    return {"values": land.values(), "dates": land.dates, "n_baseline": N_BASELINE, **changes}


DAYS = Land(4, 4).dates


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": np.zeros((90, 4), np.float32)},
        {"values": np.zeros((90, 0, 4), np.float32)},
        {"values": np.zeros((90, 4, 4), complex)},
        {"dates": DAYS[:-1]},
        {"dates": DAYS[::-1]},
        {"dates": np.sort(np.concatenate([DAYS[:-1], DAYS[:1]]))},
        {"dates": [*DAYS[:-1], np.datetime64("NaT")]},
        {"dates": ["yesterday"] * 90},
        {"n_baseline": 0},
        {"n_baseline": -3},
        {"n_baseline": 91},
    ],
)
def test_wrong_input_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        monitor_cube(**altered(**wrong))


def test_dates_of_every_kind_mean_the_same() -> None:
    land = Land()
    values = stepped(land, -0.1)
    plain = monitor_cube(values, land.dates, N_BASELINE)
    days: list[date] = land.dates.astype("datetime64[D]").tolist()
    aware = [datetime(d.year, d.month, d.day, tzinfo=UTC) for d in days]
    for same in (days, aware, land.dates.astype("datetime64[ns]")):
        np.testing.assert_array_equal(monitor_cube(values, same, N_BASELINE), plain)


def test_a_missing_band_is_named() -> None:
    land = Land()
    cube = cube_of(land.values()[:, None], land.dates)
    with pytest.raises(InputError, match="nir"):
        HarmonicMonitor(OPTIONS).detect(cube, N_BASELINE)


def test_the_record_of_one_band_agrees_with_the_short_answer() -> None:
    land = Land(seed=6)
    values = stepped(land, -0.06)
    changes, _ = detect(values[:, None], land)
    short = monitor_cube(values, land.dates, N_BASELINE)
    np.testing.assert_array_equal(changes.confirmed_index, short)
    assert (short >= 0).sum() > 50


def test_the_record_is_consistent_with_itself() -> None:
    land = Land(seed=7)
    changes, cube = detect(stepped(land, -0.12, last=80)[:, None], land)
    np.testing.assert_array_equal(changes.seen, cube.clear)
    assert not (changes.departs & ~changes.seen).any()
    assert not changes.changed[:N_BASELINE].any()
    found = changes.confirmed_index >= 0
    np.testing.assert_array_equal(changes.changed.any(axis=0), found)
    np.testing.assert_array_equal(changes.magnitude > 0, found)
    starts = changes.changed & ~np.roll(changes.changed, 1, axis=0)
    assert (changes.departs & changes.seen)[starts].all()
    assert changes.n_baseline == N_BASELINE
    assert changes.n_looks == OPTIONS.n_looks
    for index in zip(*np.nonzero(found), strict=True):
        confirming = changes.confirmed_index[index]
        assert changes.run_length[(confirming, *index)] >= OPTIONS.n_looks
        assert changes.changed[(confirming, *index)]


def test_a_confirmed_change_is_dated_back_and_carried_through_unseen_dates() -> None:
    land = Land(gaps=0.0)
    values = stepped(land, -0.2)
    values[(slice(73, 77), *BLOCK)] = np.nan
    changes, _ = detect(values[:, None], land)
    block = changes.changed[(slice(None), *BLOCK)]
    assert block[ONSET:].mean() > 0.99
    assert block[:ONSET].mean() < 0.01
    assert (changes.confirmed_index[BLOCK] == ONSET + 2).mean() > 0.95
    assert not changes.departs[(slice(73, 77), *BLOCK)].any()


@pytest.mark.parametrize("n_looks", [5, 8])
def test_a_temporary_change_is_confirmed_and_ends_at_the_first_quiet_look(n_looks: int) -> None:
    land = Land(gaps=0.0, seed=8)
    end = ONSET + n_looks
    changes, _ = detect(stepped(land, 0.2, last=end - 1)[:, None], land)
    block = changes.changed[(slice(None), *BLOCK)]
    assert (changes.confirmed_index[BLOCK] >= 0).mean() > 0.99
    assert block[ONSET:end].mean() > 0.98
    assert block[end : end + 2].mean() < 0.2
    assert block[end + 6 :].mean() < 0.05


def test_a_weak_change_that_lasts_is_confirmed() -> None:
    land = Land(gaps=0.1, seed=9, n_dates=120)
    shift = 2.4 * land.noise
    changes, _ = detect(stepped(land, shift)[:, None], land)
    assert changes.threshold * land.noise > 0.9 * shift
    assert (changes.confirmed_index[BLOCK] >= 0).mean() > 0.85
    assert (changes.confirmed_index[outside()] >= 0).mean() < 0.01


def test_two_looks_never_confirm() -> None:
    land = Land(gaps=0.0)
    values = stepped(land, 0.5, last=ONSET + 1)
    assert (monitor_cube(values, land.dates, N_BASELINE) >= 0).mean() <= 0.005


def test_bands_are_pooled() -> None:
    land = Land(seed=20)
    values = four_bands(land)
    quiet, _ = detect(values.copy(), land)
    assert (quiet.confirmed_index >= 0).mean() < 0.01
    for band, shift in enumerate((0.05, 0.05, 0.05, -0.05)):
        values[(slice(ONSET, None), band, *BLOCK)] += np.float32(shift)
    pooled, _ = detect(values, land)
    alone, _ = detect(values[:, :1], land)
    assert (pooled.confirmed_index[BLOCK] >= 0).mean() > 0.95
    assert np.median(pooled.magnitude[BLOCK]) > 1.3 * np.median(alone.magnitude[BLOCK])


def test_the_choice_of_bands_is_followed() -> None:
    land = Land(seed=21)
    values = four_bands(land)
    values[(slice(ONSET, None), 3, *BLOCK)] += np.float32(0.3)
    cube = cube_of(values, land.dates)
    for bands, is_found in ((BANDS[:3], False), (BANDS[3:], True)):
        options = OPTIONS.model_copy(update={"bands": bands})
        found = HarmonicMonitor(options).detect(cube, N_BASELINE).confirmed_index
        assert bool((found[BLOCK] >= 0).mean() > 0.9) is is_found


def test_snow_and_cloud_are_never_read() -> None:
    land = Land()
    cube = cube_of(four_bands(land), land.dates)
    wild = np.where(cube.clear[:, None], cube.values, np.float32(1e6))
    options = OPTIONS
    plain = HarmonicMonitor(options).detect(cube, N_BASELINE)
    other = HarmonicMonitor(options).detect(replace(cube, values=wild), N_BASELINE)
    np.testing.assert_array_equal(plain.changed, other.changed)
    np.testing.assert_array_equal(plain.departs, other.departs)


def test_the_time_of_day_does_not_matter() -> None:
    land = Land(gaps=0.0)
    cube = cube_of(stepped(land, -0.2)[:, None], land.dates)
    shifted = tuple(one + timedelta(hours=3) for one in cube.instants)
    options = OPTIONS.model_copy(update={"bands": ("blue",)})
    plain, later = (
        HarmonicMonitor(options).detect(replace(cube, instants=when), N_BASELINE).confirmed_index
        for when in (cube.instants, shifted)
    )
    np.testing.assert_array_equal(plain, later)


def test_the_vegetation_index_is_made_from_red_and_near_infrared() -> None:
    """Green that fades while red and near infrared keep their sum is told by the index alone."""
    land = Land()
    values = four_bands(land)
    late = len(land.dates) * 3 // 4
    values[late:, 2, :4, :4] += 0.08
    values[late:, 3, :4, :4] -= 0.08
    cube = cube_of(values, land.dates)
    options = OPTIONS.model_copy(update={"bands": ("ndvi",)})
    found = HarmonicMonitor(options).detect(cube, late - 5)
    assert (found.confirmed_index[:4, :4] >= late).mean() > 0.9
    assert (found.confirmed_index[6:, 6:] < 0).mean() > 0.95


def test_an_index_without_its_bands_is_refused() -> None:
    land = Land()
    cube = cube_of(four_bands(land)[:, :2], land.dates)
    options = OPTIONS.model_copy(update={"bands": ("ndvi",)})
    with pytest.raises(InputError, match="nir, red"):
        HarmonicMonitor(options).detect(cube, 20)
