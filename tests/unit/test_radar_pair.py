"""The radar comparison of two periods: its numbers, its rate, what it finds, what it leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pipeline.detect.radar import RadarPair
from pipeline.errors import InputError
from pipeline.model.change import Period
from pipeline.raster.season import same_season
from pipeline.raster.speckle import DB_PER_NEPER
from pipeline.raster.survey import Series, survey
from tests.unit.radar_factory import BLOCK, FIRST, OPTIONS, leading, make_cube, make_power, raised
from tests.unit.radar_oracle import split, windows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.radar import RadarChange

SMALL = (10, 2, 12, 13)
WIDE = (20, 2, 40, 44)


def compared(
    power: NDArray[np.float32], n_baseline: int, clear: NDArray[np.bool_] | None = None
) -> RadarChange:
    before = leading(n_baseline, len(power))
    return RadarPair(OPTIONS, 5).compare_dates(make_cube(power, clear), before, ~before)


@pytest.mark.parametrize("n_bands", [1, 2])
def test_every_number_against_plain_loops(n_bands: int) -> None:
    power = make_power(SMALL)[:, :n_bands]
    clear = np.random.default_rng(3).random((10, 12, 13)) > 0.25
    clear[:, 4, 4] = False
    power[2, 0, 7, 7], power[8, 0, 1, 1] = np.nan, 0
    before = leading(6, 10)
    found = RadarPair(OPTIONS, 5).compare_dates(make_cube(power, clear), before, ~before)
    surveyed = survey(Series(power, clear, before, ~before), 5, OPTIONS.common_mode_db)
    for (y, x), looks in windows_of(surveyed).items():
        wanted = split(surveyed, looks, int(surveyed.before.sum()))
        enough = wanted is not None and wanted.n_before >= OPTIONS.min_baseline_looks
        assert found.seen[y, x] == enough
        if wanted is None or not enough:
            assert found.p_value[y, x] == 1
            assert not found.magnitude_db[:, y, x].any()
            assert np.isinf(found.limit_db[:, y, x]).all()
            continue
        step = found.magnitude_db[:, y, x] / DB_PER_NEPER
        assert step == pytest.approx(wanted.step, abs=1e-6)
        assert found.p_value[y, x] == pytest.approx(wanted.p_value(found.inflation), abs=1e-6)
    assert 60 < found.seen.sum() < 156


@pytest.mark.parametrize(("n_looks", "n_dates"), [(4.0, 10), (5.0, 20), (12.0, 40), (20.0, 60)])
def test_unchanged_speckle_is_called_as_often_as_stated(n_looks: float, n_dates: int) -> None:
    power = make_power((n_dates, 2, 200, 200), n_looks, seed=n_dates)
    before = leading(n_dates // 2, n_dates)
    found = RadarPair(OPTIONS, n_looks).compare_dates(make_cube(power), before, ~before)
    for nominal in (0.05, 0.01, 0.001):
        share = float((found.p_value <= nominal).mean())
        assert nominal / 2 < share < nominal * 2
    assert found.inflation < 1.2
    assert found.changed.sum() <= 20
    assert not found.common_mode.any()


@pytest.mark.parametrize("memory", [0.4, 0.7])
def test_ground_that_remembers_is_called_as_often_as_stated(memory: float) -> None:
    draw = np.random.default_rng(8)
    shape = (40, 2, 150, 150)
    weather = np.zeros(shape)
    for date in range(40):
        fresh = 7 * ndimage.gaussian_filter(draw.standard_normal(shape[1:]), (0, 2, 2))
        weather[date] = (
            fresh if date == 0 else memory * weather[date - 1] + fresh * np.sqrt(1 - memory**2)
        )
    power = (make_power(shape, seed=9) * np.exp(0.1 * weather)).astype(np.float32)
    found = compared(power, 24)
    for nominal in (0.05, 0.01):
        assert nominal / 2 < float((found.p_value <= nominal).mean()) < nominal * 2


def test_a_season_wetter_than_any_before_is_not_a_change_of_every_pixel() -> None:
    draw = np.random.default_rng(4)
    power = make_power((18, 2, 120, 120), seed=4)
    mood = 3 * ndimage.gaussian_filter(draw.standard_normal((2, 120, 120)), (0, 2, 2))
    power[10:] *= np.exp(mood * 0.3).astype(np.float32)
    found = compared(power, 10)
    assert found.inflation > 1.3
    assert float((found.p_value <= 0.01).mean()) < 0.02


def test_a_raised_block_is_found_to_its_edge_and_no_further() -> None:
    found = compared(raised(make_power(WIDE), 12, 3.0), 12)
    truth = np.zeros((40, 44), dtype=bool)
    truth[BLOCK] = True
    assert found.changed[truth].mean() >= 0.94  # a corner keeps nine sixteenths of its change
    assert not found.changed[~truth].any()
    inner = found.magnitude_db[:, 12:18, 14:20]
    assert inner.mean(axis=(1, 2)) == pytest.approx([3, 3], abs=0.6)
    assert found.p_value[15, 17] < 1e-15


def test_a_change_in_one_polarisation_alone_is_found() -> None:
    power = make_power(WIDE)
    power[12:, 1, BLOCK[0], BLOCK[1]] *= 0.4
    found = compared(power, 12)
    inside = found.changed[BLOCK]
    assert inside.mean() > 0.9
    vv, vh = found.magnitude_db[:, 12:18, 14:20].mean(axis=(1, 2))
    assert vv == pytest.approx(0, abs=0.6)
    assert vh == pytest.approx(10 * np.log10(0.4), abs=0.6)


def test_the_stated_limit_is_found_four_times_in_five() -> None:
    shape = (16, 2, 150, 150)
    limit = float(np.median(compared(make_power(shape, seed=2), 10).limit_db[0]))
    power = make_power(shape, seed=5)
    power[10:, 0, 20:46, 20:46] *= np.float32(10 ** (limit / 10))
    found = compared(power, 10)
    share = float((found.p_value[21:45, 21:45] <= OPTIONS.false_alarm_share).mean())
    assert share == pytest.approx(OPTIONS.limit_power, abs=0.1)


def test_a_huge_change_has_a_small_chance_and_not_none() -> None:
    found = compared(raised(make_power((60, 2, 40, 44), 20), 40, 30.0), 40)
    assert found.p_value[BLOCK].max() < 1e-12
    assert found.p_value.min() > 0
    assert found.p_value.dtype == np.float32


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=2), st.integers(0, 5))
def test_gains_of_bands_and_of_pixels_change_nothing(gains: list[float], seed: int) -> None:
    power = raised(make_power(WIDE, seed=seed), 12, 2.0)
    texture = np.random.default_rng(seed).uniform(0.1, 10, WIDE[1:])
    scaled = (power * np.array(gains)[:, None, None] * texture).astype(np.float32)
    first, second = compared(power, 12), compared(scaled, 12)
    assert second.magnitude_db == pytest.approx(first.magnitude_db, abs=1e-4)
    assert np.log(second.p_value) == pytest.approx(np.log(first.p_value), rel=1e-3, abs=1e-3)
    assert second.limit_db == pytest.approx(first.limit_db, rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(8)), st.permutations(range(12)))
def test_the_order_of_dates_within_a_period_changes_nothing(
    later: list[int], earlier: list[int]
) -> None:
    power = raised(make_power(WIDE), 12, 2.0)
    first = compared(power, 12)
    turned = compared(power[[*reversed(range(12)), *(12 + date for date in later)]], 12)
    assert turned.magnitude_db == pytest.approx(first.magnitude_db, abs=1e-4)
    assert np.log(turned.p_value) == pytest.approx(np.log(first.p_value), rel=1e-3, abs=1e-3)
    # How the baseline remembers depends on its order; what it was does not.
    mixed = compared(power[[*earlier, *range(12, 20)]], 12)
    assert mixed.magnitude_db == pytest.approx(first.magnitude_db, abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=6))
def test_dates_on_which_nothing_was_seen_change_nothing(places: list[int]) -> None:
    power = raised(make_power(WIDE), 12, 2.0)
    first = compared(power, 12)
    full = np.insert(power, places, np.float32(0), axis=0)
    clear = np.insert(np.ones((20, 40, 44), dtype=bool), places, values=False, axis=0)
    before = np.insert(leading(12, 20), places, [place < 12 for place in places])
    found = RadarPair(OPTIONS, 5).compare_dates(make_cube(full, clear), before, ~before)
    assert np.array_equal(found.p_value, first.p_value)
    assert np.array_equal(found.magnitude_db, first.magnitude_db)
    assert np.array_equal(found.changed, first.changed)


def test_what_was_not_seen_is_not_judged() -> None:
    clear = np.ones((20, 40, 44), dtype=bool)
    clear[:12, :5] = False
    clear[12:, 35:] = False
    clear[3:12, :, 40:] = False
    found = compared(make_power(WIDE), 12, clear)
    expected = np.ones((40, 44), dtype=bool)
    expected[:5] = expected[35:] = expected[:, 40:] = False
    assert np.array_equal(found.seen, expected)
    assert (found.p_value[~expected] == 1).all()
    assert not found.changed.any()


def test_a_series_without_any_look_says_so() -> None:
    found = compared(make_power(WIDE), 12, np.zeros((20, 40, 44), dtype=bool))
    assert not found.seen.any()
    assert (found.p_value == 1).all()
    assert not found.common_mode.any()


def test_masks_that_come_and_go_over_texture_make_no_change() -> None:
    power = make_power((20, 2, 150, 150), seed=6)
    clear = np.random.default_rng(6).random((20, 150, 150)) > 0.3
    found = compared(power, 12, clear)
    share = float((found.p_value[found.seen] <= 0.01).mean())
    assert 0.005 < share < 0.02


def test_a_wet_day_is_left_out_and_a_change_of_one_zone_stays() -> None:
    power = raised(make_power(WIDE), 12, 3.0)
    power[15] *= np.float32(10**0.2)
    power[4] *= np.float32(10**-0.06)
    found = compared(power, 12)
    assert np.flatnonzero(found.common_mode).tolist() == [15]
    assert not found.after[15]
    assert found.common_db[15] == pytest.approx([2, 2], abs=0.2)
    assert found.common_db[4] == pytest.approx([-0.6, -0.6], abs=0.2)
    assert found.changed[BLOCK].mean() >= 0.94
    assert found.changed.sum() <= 100


def test_controls_tell_weather_from_a_change_of_most_of_the_ground() -> None:
    power = raised(make_power(WIDE), 12, 0.9, (slice(0, 40), slice(0, 30)))
    stable = np.zeros((40, 44), dtype=bool)
    stable[:, 32:] = True
    before = leading(12, 20)
    cube = make_cube(power)
    told = RadarPair(OPTIONS, 5, stable).compare_dates(cube, before, ~before)
    assert told.magnitude_db[:, :, 2:28].mean() == pytest.approx(0.9, abs=0.1)
    assert abs(float(told.magnitude_db[:, :, 34:].mean())) < 0.1
    fooled = RadarPair(OPTIONS, 5).compare_dates(cube, before, ~before)
    assert abs(float(fooled.magnitude_db[:, :, 2:28].mean())) < 0.4


def test_only_the_same_months_of_the_first_period_count() -> None:
    days = (10, 100, 200, 300, 375, 465, 560, 740, 745)
    instants = [FIRST + timedelta(days=day) for day in days]
    wanted = np.array([day >= 740 for day in days])
    near = same_season(instants, wanted, 31)
    assert [day for day, one in zip(days, near, strict=True) if one] == [10, 375, 740, 745]


@given(st.integers(0, 4000), st.integers(0, 4000), st.floats(1, 180))
def test_the_season_is_a_circle(first: int, second: int, season_days: float) -> None:
    instants = [FIRST + timedelta(days=first), FIRST + timedelta(days=second)]
    forth = same_season(instants, np.array([True, False]), season_days)
    back = same_season(instants, np.array([False, True]), season_days)
    assert forth[0]
    assert back[1]
    assert forth[1] == back[0]
    apart = min(abs(first - second - 365.2425 * k) for k in range(-12, 13))
    assert forth[1] == (apart <= season_days)


def test_a_frozen_winter_is_held_against_frozen_winters() -> None:
    instants = [datetime(2019, 1, 1, tzinfo=UTC) + timedelta(days=12 * k) for k in range(92)]
    frozen = np.array([instant.month in (12, 1, 2) for instant in instants])
    power = make_power((92, 2, 40, 44))
    power[frozen, :, :20] *= np.float32(0.5)
    cube = make_cube(power, instants=instants)
    before = Period(instants[0], datetime(2020, 12, 1, tzinfo=UTC))
    after = Period(datetime(2020, 12, 5, tzinfo=UTC), datetime(2021, 2, 28, tzinfo=UTC))
    found = RadarPair(OPTIONS.model_copy(update={"season_days": 10}), 5).compare(
        cube, before, after
    )
    assert found.before.sum() >= 10
    assert all(
        frozen[date] or date in (27, 28, 57, 58, 59) for date in np.flatnonzero(found.before)
    )
    assert not found.changed.any()


@pytest.mark.parametrize("n_looks", [0, -1, float("nan")])
def test_a_number_of_looks_that_cannot_be_is_refused(n_looks: float) -> None:
    before = leading(12, 20)
    with pytest.raises(InputError, match="equivalent looks"):
        RadarPair(OPTIONS, n_looks).compare_dates(make_cube(make_power(WIDE)), before, ~before)


def test_periods_without_a_date_are_refused() -> None:
    cube = make_cube(make_power(WIDE))
    late = Period(datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
    summer = Period(FIRST + timedelta(days=180), FIRST + timedelta(days=210))
    with pytest.raises(InputError, match="0 after"):
        RadarPair(OPTIONS, 5).compare(cube, Period(FIRST, FIRST + timedelta(days=90)), late)
    with pytest.raises(InputError, match="0 dates before"):
        RadarPair(OPTIONS, 5).compare(cube, Period(FIRST, FIRST + timedelta(days=60)), summer)


@pytest.mark.parametrize(
    ("stable", "what"),
    [
        (np.zeros((40, 44), dtype=bool), "0 pixels of stable"),
        (np.ones((4, 4), dtype=bool), r"\(4, 4\)"),
    ],
)
def test_controls_that_cannot_be_are_refused(stable: NDArray[np.bool_], what: str) -> None:
    before = leading(12, 20)
    cube = make_cube(make_power(WIDE))
    with pytest.raises(InputError, match=what):
        RadarPair(OPTIONS, 5, stable).compare_dates(cube, before, ~before)


def test_the_answer_cannot_be_written_to() -> None:
    found = compared(make_power(WIDE), 12)
    with pytest.raises(ValueError, match="read-only"):
        found.p_value[0, 0] = 0


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    power = raised(make_power(WIDE), 12, 2.0)
    whole = compared(power, 12)
    monkeypatch.setattr("pipeline.raster.speckle._BLOCK_VALUES", 20 * 2 * 44 * 7)
    parts = compared(power, 12)
    assert np.array_equal(parts.p_value, whole.p_value)
    assert np.array_equal(parts.limit_db, whole.limit_db)
