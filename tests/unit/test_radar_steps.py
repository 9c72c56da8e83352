"""The lasting step in a radar series: its numbers, its rate, its date, and what is no step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detect.radar_onset import RadarSteps, _Rules
from pipeline.errors import InputError
from pipeline.raster.speckle import DB_PER_NEPER
from pipeline.raster.survey import Series, survey
from tests.unit.radar_factory import BLOCK, OPTIONS, leading, make_cube, make_power, raised
from tests.unit.radar_oracle import Split, Window, split, windows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.radar import RadarOnset

WIDE = (24, 2, 40, 44)
TRUTH = np.zeros((40, 44), dtype=bool)
TRUTH[BLOCK] = True


def dated(
    power: NDArray[np.float32],
    n_baseline: int = 8,
    clear: NDArray[np.bool_] | None = None,
    n_looks: float = 5,
) -> RadarOnset:
    return RadarSteps(OPTIONS, n_looks).date_steps(make_cube(power, clear), n_baseline)


def best_split(rules: _Rules, looks: list[Window | None]) -> tuple[float, Split, list[int]]:
    """Largest statistic, its split, and the splits that are about as likely."""
    found: dict[int, tuple[float, Split]] = {}
    for n_first, inflation in zip(rules.splits.tolist(), rules.inflation, strict=True):
        one = split(rules.surveyed, looks, n_first)
        if one is None or looks[n_first] is None:
            continue
        if one.n_before < OPTIONS.min_baseline_looks or one.n_after < OPTIONS.min_lasting_looks:
            continue
        found[n_first] = one.statistic / inflation, one
    if not found:
        return -1.0, Split(0, 0, np.zeros(2), 0, 0), []
    largest = max(value for value, _ in found.values())
    drop = -2 * np.log(1 - OPTIONS.bracket_share**0.5)
    likely = [n_first for n_first, (value, _) in found.items() if value >= largest - drop]
    return largest, next(one for value, one in found.values() if value == largest), likely


def test_every_number_against_plain_loops() -> None:
    power = raised(make_power((14, 2, 12, 13)), 9, 4.0, (slice(3, 9), slice(3, 9)))
    power[7] *= np.float32(1.6)
    clear = np.random.default_rng(3).random((14, 12, 13)) > 0.2
    found = dated(power, 6, clear)
    assert np.flatnonzero(found.common_mode).tolist() == [7]
    before = leading(6, 14)
    surveyed = survey(Series(power, clear, before, ~before), 5, OPTIONS.common_mode_db)
    rules = _Rules.of(surveyed, OPTIONS)
    for (y, x), looks in windows_of(surveyed).items():
        largest, one, likely = best_split(rules, looks)
        assert found.seen[y, x] == bool(likely)
        if not likely:
            assert found.p_value[y, x] == 1
            continue
        assert found.magnitude_db[:, y, x] / DB_PER_NEPER == pytest.approx(one.step, abs=1e-6)
        wanted = rules.tail(np.array([largest]), np.array([one.dof]))[0]
        assert found.p_value[y, x] == pytest.approx(wanted, abs=1e-6)
        if found.changed[y, x]:
            seen = [place for place, look in enumerate(looks) if look and place < likely[0]]
            assert found.last_without[y, x] == surveyed.dates[seen[-1]]
            assert found.first_with[y, x] == surveyed.dates[likely[-1]]
    assert found.changed.sum() >= 10


@pytest.mark.parametrize(
    ("n_looks", "n_dates", "n_baseline"),
    [(4.0, 10, 5), (5.0, 20, 8), (10.0, 30, 20), (20.0, 60, 20)],
)
def test_unchanged_speckle_is_called_as_often_as_stated(
    n_looks: float, n_dates: int, n_baseline: int
) -> None:
    power = make_power((n_dates, 2, 200, 200), n_looks, seed=n_dates)
    found = dated(power, n_baseline, n_looks=n_looks)
    for nominal in (0.05, 0.01, 0.001):
        share = float((found.p_value <= nominal).mean())
        assert nominal / 2 < share < nominal * 2
    assert found.changed.sum() <= 20


@pytest.mark.parametrize("first", [9, 12, 18, 21])
@pytest.mark.parametrize("decibel", [4.0, -4.0])
def test_a_planted_step_is_found_to_its_edge_and_dated(first: int, decibel: float) -> None:
    found = dated(raised(make_power(WIDE, 10), first, decibel), n_looks=10)
    assert found.changed[TRUTH].mean() >= 0.94
    assert not found.changed[~TRUTH].any()
    inside = found.changed & TRUTH
    held = (found.last_without[inside] < first) & (found.first_with[inside] >= first)
    assert held.mean() >= 0.98
    width = found.first_with[inside] - found.last_without[inside]
    assert np.median(width) == 1
    assert (found.first_with[~found.changed] == -1).all()
    assert (found.last_without[~found.changed] == -1).all()
    core = found.magnitude_db[:, 12:18, 14:20].mean(axis=(1, 2))
    assert core == pytest.approx([decibel, decibel], abs=0.7)


def test_the_bracket_of_a_faint_step_is_wider_and_holds_it() -> None:
    power = raised(make_power((40, 2, 150, 150), seed=3), 22, 1.6, (slice(10, 60), slice(10, 60)))
    found = dated(power, 12)
    inside = found.changed[12:58, 12:58]
    last, first = found.last_without[12:58, 12:58][inside], found.first_with[12:58, 12:58][inside]
    assert inside.sum() > 500
    assert ((last < 22) & (first >= 22)).mean() >= OPTIONS.bracket_share - 0.02
    assert 1 < (first - last).mean() < 8


def test_more_dates_than_a_byte_counts() -> None:
    power = raised(make_power((300, 1, 20, 20), seed=7), 220, 3.0, (slice(5, 10), slice(5, 10)))
    found = dated(power, 60)
    core = (slice(6, 9), slice(6, 9))
    assert found.changed[core].all()
    assert (found.last_without[core] < 220).all()
    assert (found.first_with[core] >= 220).all()
    assert (found.first_with[core] - found.last_without[core] <= 12).all()
    assert found.p_value.min() > 0


@pytest.mark.parametrize("date", [8, 9, 15, 21, 23])
@pytest.mark.parametrize("factor", [4.0, 30.0, 0.02])
def test_a_single_strange_look_is_no_step(date: int, factor: float) -> None:
    power = make_power(WIDE)
    power[date, :, BLOCK[0], BLOCK[1]] *= np.float32(factor)
    found = dated(power)
    assert found.changed.sum() <= 6
    assert found.seen.all()


def test_a_step_in_the_last_two_looks_has_not_lasted() -> None:
    found = dated(raised(make_power(WIDE, 20), 22, 8.0), n_looks=20)
    later = dated(raised(make_power(WIDE, 20), 21, 8.0), n_looks=20)
    assert (found.first_with <= 21).all()
    assert later.changed[TRUTH].mean() >= 0.94


def test_a_wet_day_is_no_step_and_hides_none() -> None:
    power = raised(make_power(WIDE), 16, 4.0)
    power[15] *= np.float32(10**0.18)
    found = dated(power)
    assert np.flatnonzero(found.common_mode).tolist() == [15]
    assert found.changed[TRUTH].mean() >= 0.94
    assert not found.changed[~TRUTH].any()
    assert np.median(found.last_without[found.changed]) == 14
    assert np.median(found.first_with[found.changed]) == 16


def test_a_lasting_change_of_four_tenths_of_the_ground_is_not_taken_for_weather() -> None:
    block = (slice(0, 40), slice(0, 18))
    found = dated(raised(make_power(WIDE), 12, 4.0, block))
    assert not found.common_mode.any()
    assert np.abs(found.common_db[12:]).max() < 0.3
    assert found.changed[:, :17].mean() > 0.95
    assert found.changed[:, 19:].mean() < 0.001


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=2), st.integers(0, 5))
def test_gains_of_bands_and_of_pixels_change_nothing(gains: list[float], seed: int) -> None:
    power = raised(make_power(WIDE, seed=seed), 14, 3.0)
    texture = np.random.default_rng(seed).uniform(0.1, 10, WIDE[1:])
    scaled = (power * np.array(gains)[:, None, None] * texture).astype(np.float32)
    first, second = dated(power), dated(scaled)
    assert np.log(second.p_value) == pytest.approx(np.log(first.p_value), rel=1e-3, abs=1e-3)
    assert (second.first_with == first.first_with).mean() > 0.999


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 24), min_size=1, max_size=6))
def test_dates_on_which_nothing_was_seen_change_nothing(places: list[int]) -> None:
    power = raised(make_power(WIDE), 14, 4.0)
    first = dated(power)
    full = np.insert(power, places, np.float32(0), axis=0)
    clear = np.insert(np.ones((24, 40, 44), dtype=bool), places, values=False, axis=0)
    found = dated(full, 8 + sum(place < 8 for place in places), clear)
    assert np.array_equal(found.p_value, first.p_value)
    seen = np.flatnonzero(clear[:, 0, 0])
    changed = first.changed
    assert np.array_equal(found.first_with[changed], seen[first.first_with[changed]])
    assert np.array_equal(found.last_without[changed], seen[first.last_without[changed]])


def test_what_was_seen_too_seldom_is_not_judged() -> None:
    clear = np.ones((24, 40, 44), dtype=bool)
    clear[3:, :4] = False
    clear[10:, 36:] = False
    found = dated(make_power(WIDE), clear=clear)
    assert not found.seen[:4].any()
    assert not found.seen[36:].any()
    assert found.seen[4:36].all()
    assert (found.p_value[~found.seen] == 1).all()


def test_a_series_too_short_to_last_judges_nothing() -> None:
    found = dated(make_power((10, 2, 20, 20)), 8)
    assert not found.seen.any()
    assert (found.p_value == 1).all()
    assert (found.first_with == -1).all()


def test_a_series_without_any_look_says_so() -> None:
    found = dated(make_power(WIDE), clear=np.zeros((24, 40, 44), dtype=bool))
    assert not found.seen.any()
    assert not found.changed.any()


def test_one_pixel_alone_is_judged_by_its_own_history() -> None:
    power = make_power((60, 1, 1, 1), 40)
    assert not dated(power, 20, n_looks=40).changed.any()
    found = dated(
        power * np.where(np.arange(60) < 40, 1, 0.5).astype("f4").reshape(-1, 1, 1, 1), 20
    )
    assert found.changed.all()
    assert not found.common_mode.any()
    assert found.last_without[0, 0] == 39
    assert found.first_with[0, 0] == 40


@pytest.mark.parametrize("n_baseline", [0, 24, 30, -1])
def test_a_baseline_that_leaves_nothing_is_refused(n_baseline: int) -> None:
    with pytest.raises(InputError, match="leaves nothing to compare"):
        dated(make_power(WIDE), n_baseline)


def test_a_number_of_looks_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="equivalent looks"):
        dated(make_power(WIDE), n_looks=0)


def test_the_answer_cannot_be_written_to() -> None:
    found = dated(make_power(WIDE))
    with pytest.raises(ValueError, match="read-only"):
        found.first_with[0, 0] = 0


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    power = raised(make_power(WIDE), 12, 3.0)
    whole = dated(power)
    monkeypatch.setattr("pipeline.raster.speckle._BLOCK_VALUES", 24 * 2 * 44 * 7)
    parts = dated(power)
    assert np.array_equal(parts.p_value, whole.p_value)
    assert np.array_equal(parts.first_with, whole.first_with)
