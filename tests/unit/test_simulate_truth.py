"""What happened in a simulated world: outcomes, variants, and the work of the complex."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.request import ROOT
from pipeline.simulate.changes import planted_changes
from pipeline.simulate.claimed import CLAIMS, NULLS, POSITIVE_CONTROLS
from pipeline.simulate.eras import building_days
from pipeline.simulate.operation import Operation
from pipeline.simulate.outcome import REHEARSAL_TRUTH, VARIANTS, Outcome, truth_of
from pipeline.simulate.places import CITY
from pipeline.simulate.weather import fine_days, simulate_climate, simulate_weather

SEEDS = tomllib.loads((ROOT / "seeds/kaesong/claims.toml").read_text(encoding="utf-8"))["claims"]
TESTABLE = {one["id"]: one for one in SEEDS if one["testability"] in ("T1", "T2")}


def test_every_testable_claim_is_rehearsed_and_no_other() -> None:
    assert set(CLAIMS) == set(TESTABLE)
    assert len(CLAIMS) == 25


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_a_claim_is_planted_in_a_zone_and_a_window_that_it_names(claim_id: str) -> None:
    claimed, stated = CLAIMS[claim_id], TESTABLE[claim_id]
    if claimed.zone_id != CITY:
        assert claimed.zone_id in stated["zones"]
    first, last = claimed.window
    assert first < last
    years = {int(text[:4]) for one in stated["times"] for text in one["edtf"].split("/") if text}
    assert any(first.year <= year <= last.year for year in years)
    assert claimed.compared_with[1] < last


def test_claims_that_predict_nothing_are_those_of_the_seeds() -> None:
    flat = {
        claim_id
        for claim_id, one in TESTABLE.items()
        if one["predictions"][0]["direction"] == "no-change"
    }
    assert set(NULLS) == flat


def test_the_positive_controls_happened_in_the_committed_truth() -> None:
    assert set(POSITIVE_CONTROLS) <= set(CLAIMS)
    assert all(REHEARSAL_TRUTH.of(one) is Outcome.HAPPENED for one in POSITIVE_CONTROLS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_says_what_became_of_every_claim(variant: str) -> None:
    told = truth_of(variant)
    outcomes = {claim: told.of(claim) for claim in CLAIMS}
    changes = {outcomes[claim] for claim in CLAIMS if claim not in NULLS}
    if variant in set(Outcome):
        assert changes == {Outcome(variant)}
    if variant not in ("clouded", "refuted"):
        assert {outcomes[one] for one in NULLS} == {Outcome.HAPPENED}
    assert (told.step_on is not None) == (variant == "stepped")


def test_one_claim_may_be_told_otherwise() -> None:
    told = truth_of("rehearsal").asked("K003-02=absent", "K001-09=wrong-month")
    assert not told.has("K003-02")
    assert told.is_late("K001-09")
    assert told.has("K004-07")
    assert told.name == "rehearsal+K001-09=wrong-month+K003-02=absent"
    assert truth_of("rehearsal").asked() is REHEARSAL_TRUTH


@pytest.mark.parametrize("word", ["K003-02", "K003-02=perhaps", "K999-01=absent", "=absent", ""])
def test_an_unknown_claim_or_outcome_is_refused_with_the_known_ones(word: str) -> None:
    with pytest.raises(ConfigError, match="CLAIM=OUTCOME"):
        truth_of("rehearsal").asked(word)


def test_an_unknown_variant_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="wrong-month"):
        truth_of("perhaps")


def level(variant: str, day: date, *outcomes: str) -> float:
    return Operation(truth_of(variant).asked(*outcomes)).light(day)


def test_the_shutdown_the_reopening_and_the_closure_as_reported() -> None:
    before, low = level("rehearsal", date(2013, 3, 15)), level("rehearsal", date(2013, 6, 15))
    assert 0.06 < low / before < 0.12
    assert level("rehearsal", date(2013, 4, 26)) > 3 * low
    step, ramp = level("rehearsal", date(2013, 9, 17)), level("rehearsal", date(2013, 12, 15))
    assert 0.6 * before < step < ramp < before
    assert level("rehearsal", date(2016, 2, 10)) > 0.8
    assert level("rehearsal", date(2016, 2, 11)) < 0.05


def test_without_the_shutdown_nothing_falls() -> None:
    days = [date(2013, 3, 1) + timedelta(days=k) for k in range(300)]
    levels = [level("rehearsal", day, "K003-02=absent", "K004-09=happened") for day in days]
    assert min(levels) > 0.85


def test_what_comes_late_is_not_there_in_time() -> None:
    assert level("rehearsal", date(2013, 6, 15), "K003-02=wrong-month") > 0.85
    assert level("rehearsal", date(2013, 8, 15), "K003-02=wrong-month") < 0.1
    assert level("rehearsal", date(2013, 11, 15), "K004-07=wrong-month") < 0.1
    assert level("rehearsal", date(2016, 5, 15), "K001-09=wrong-month") > 0.8


def test_what_happens_elsewhere_happens_to_the_town() -> None:
    work = Operation(truth_of("rehearsal").asked("K003-02=elsewhere"))
    assert work.light(date(2013, 6, 15)) > 0.85
    assert work.town_factor(date(2013, 6, 15)) == pytest.approx(0.1)
    assert Operation(truth_of("rehearsal")).town_factor(date(2013, 6, 15)) == 1


def test_sewing_warms_one_zone_without_light() -> None:
    work, day = Operation(truth_of("rehearsal")), date(2017, 7, 1)
    assert work.heat(day, "textile") == 1
    assert work.heat(day, "electronics") < 0.05
    assert work.light(day) < 0.05
    assert Operation(truth_of("absent")).heat(day, "textile") == pytest.approx(
        Operation(truth_of("absent")).heat(day, "inzi")
    )


@pytest.mark.parametrize(
    ("claim", "day", "other"),
    [
        ("K001-03", date(2017, 7, 1), "K001-03=happened"),
        ("K001-08", date(2017, 7, 1), "K001-08=absent"),
        ("K001-04", date(2017, 7, 1), "K001-04=absent"),
        ("K002-07", date(2010, 8, 1), "K002-07=absent"),
        ("K004-08", date(2015, 1, 1), "K004-08=absent"),
        ("K004-09", date(2013, 12, 15), "K004-09=absent"),
        ("K002-04", date(2011, 7, 1), "K002-04=absent"),
        ("K002-05", date(2011, 5, 1), "K002-05=absent"),
        ("K002-08", date(2011, 5, 1), "K002-08=absent"),
        ("K002-10", date(2010, 7, 1), "K002-10=absent"),
        ("K000-09", date(2018, 7, 1), "K000-09=absent"),
        ("K001-09", date(2016, 7, 1), "K001-09=absent"),
    ],
)
def test_each_claim_of_light_makes_a_difference(claim: str, day: date, other: str) -> None:
    assert claim in CLAIMS
    assert abs(level("rehearsal", day) - level("rehearsal", day, other)) > 0.01


@given(
    st.dates(date(2000, 1, 1), date(2024, 12, 31)),
    st.sampled_from(VARIANTS),
    st.sampled_from(sorted(CLAIMS)),
    st.sampled_from(list(Outcome)),
)
def test_levels_stay_in_bounds_in_every_world(
    day: date, variant: str, claim: str, outcome: Outcome
) -> None:
    work = Operation(truth_of(variant).asked(f"{claim}={outcome}"))
    assert 0 <= work.level(day) <= 1.2
    assert work.level(day) <= work.light(day) <= 1.6
    assert 0 < work.city_factor(day) <= 1
    assert 0 < work.town_factor(day) < 3
    for zone in ("textile", "electronics", ""):
        assert 0 <= work.heat(day, zone) <= 2


def test_the_city_is_darker_on_the_days_of_the_lockdown_only() -> None:
    work = Operation(truth_of("rehearsal"))
    dark = [
        day
        for day in (date(2020, 6, 1) + timedelta(days=k) for k in range(150))
        if work.city_factor(day) < 1
    ]
    assert (dark[0], dark[-1], len(dark)) == (date(2020, 7, 24), date(2020, 8, 14), 22)


def test_blocks_rise_as_the_captions_say() -> None:
    told, other = building_days(truth_of("rehearsal")), building_days(truth_of("absent"))
    assert min(told.values()) == date(2004, 10, 15)
    assert sum(day <= date(2006, 1, 1) for day in told.values()) == 2
    assert max(told.values()) <= date(2009, 8, 31)
    assert min(other.values()) > date(2006, 3, 31)
    assert sum(day <= date(2009, 9, 30) for day in other.values()) == 0


def ids(*outcomes: str) -> set[str]:
    changes = planted_changes(20201008, truth_of("rehearsal").asked(*outcomes))
    return {change.id for change in changes}


def test_goods_and_the_hall_follow_their_claims() -> None:
    usual = ids()
    goods = {one for one in usual if "row" in one or "stack" in one} - {"bus-depot-rows"}
    assert len(goods) == 5
    assert ids("K000-12=absent") == usual - goods
    moved = ids("K000-12=elsewhere") - usual
    assert len(moved) == 5
    assert all(one.startswith("centre-factory") for one in moved)
    assert ids("K000-13=happened") - usual == {"kaesong-city-new-hall"}
    assert ids("K000-13=elsewhere") - usual == {"panmun-station-new-hall"}


def test_goods_of_the_wrong_month_stand_two_months_earlier() -> None:
    seed, late = 20201008, truth_of("rehearsal").asked("K000-12=wrong-month")
    was = {change.id: change for change in planted_changes(seed)}
    for change in planted_changes(seed, late):
        if change.kind == "goods_rows" and change.zone_id != "bus-depot":
            assert was[change.id].first_day - change.first_day == timedelta(days=62)


@pytest.mark.parametrize("seed", [20201008, 5])
def test_the_climate_holds_the_weather_of_sentinel_2_unchanged(seed: int) -> None:
    climate, weather = simulate_climate(seed), simulate_weather(seed)
    assert all(climate[day] == one for day, one in weather.items())
    days = sorted(climate)
    assert (days[0], days[-1]) == (date(2000, 1, 1), date(2024, 12, 31))
    assert len(days) == (days[-1] - days[0]).days + 1


def test_overcast_spans_hide_the_sky_and_change_nothing_else() -> None:
    told = truth_of("rehearsal").asked("K003-02=clouded", "K000-12=clouded")
    plain, hidden = simulate_climate(7), simulate_climate(7, told.overcast)
    for day, one in plain.items():
        inside = any(first <= day <= last for first, last in told.overcast)
        other = hidden[day]
        assert other.cloud_cover == (1.0 if inside else one.cloud_cover)
        assert (one.wetness, one.snow_depth, one.haze) == (
            other.wetness,
            other.snow_depth,
            other.haze,
        )


def test_fine_days_are_clear_and_older_than_sentinel_2_tiles() -> None:
    climate = simulate_climate(11)
    assert all(climate[day].cloud_cover == 0 for day in fine_days())
    assert max(fine_days()) < date(2018, 11, 1)


def test_every_winter_has_snow_and_summers_are_cloudier() -> None:
    climate = simulate_climate(12)
    for year in (*range(2000, 2018), 2024):
        january = (climate[date(year, 1, 1) + timedelta(days=k)] for k in range(40))
        assert max(one.snow_depth for one in january) > 1
    by_month = {
        month: np.mean([one.cloud_cover for day, one in climate.items() if day.month == month])
        for month in (1, 7, 10)
    }
    assert by_month[7] > by_month[1] + 0.2
    assert by_month[7] > by_month[10] + 0.2
