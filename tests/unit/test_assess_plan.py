"""Plans: which days and places are asked, before anyone looks at the data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pipeline.assess.plan import EPOCH, day_of, plans_of
from pipeline.model.claim import AssertedTime, Claim, Testability
from pipeline.model.time import OPEN_END
from tests.unit.assess_factory import CLAIM, OPTIONS, PREDICTION, SITE, predicting, said, seeds_of

if TYPE_CHECKING:
    from pipeline.model.plan import Plan


def plan_of(claim: Claim) -> Plan:
    """The plan of one claim."""
    (plan,) = plans_of(seeds_of(claim), SITE, OPTIONS)
    return plan


def test_days_are_counted_from_an_instant_whatever_the_zone_it_is_told_in() -> None:
    assert day_of(EPOCH) == 0.0
    assert day_of(datetime.fromisoformat("2000-01-02T09:00:00+09:00")) == 1.0
    assert day_of(datetime(1999, 12, 31, 12, tzinfo=UTC)) == -0.5


def test_a_window_is_the_civil_days_of_the_site_with_a_margin() -> None:
    (window,) = plan_of(CLAIM).windows
    assert window.start_utc == "2020-10-14T15:00:00+00:00"
    end = datetime.fromisoformat(window.end_utc)
    assert abs(end - datetime(2020, 11, 4, 15, tzinfo=UTC)) <= timedelta(seconds=1)
    assert (window.reference_start_utc, window.reference_end_utc) == ("", "")


def test_stated_days_are_counted_from_the_first_asserted_one() -> None:
    asked = predicting(window_days=(-5, 10), reference_days=(-365, -31))
    (window,) = plan_of(asked).windows
    assert window.start_utc == "2020-10-19T15:00:00+00:00"
    assert window.end_utc == "2020-11-04T15:00:00+00:00"
    assert window.reference_start_utc == "2019-10-25T15:00:00+00:00"
    assert window.reference_end_utc == "2020-09-24T15:00:00+00:00"


def test_every_prediction_is_asked_at_every_time_the_primary_first() -> None:
    second = replace(PREDICTION, window_days=(0, 5))
    times = (said(), said(date(2020, 11, 25)))
    plan = plan_of(replace(CLAIM, predictions=(PREDICTION, second), times=times))
    found = [(window.prediction, window.time.edtf) for window in plan.windows]
    assert found == [(n, day) for n in (0, 1) for day in ("2020-10-25", "2020-11-25")]


def test_the_day_of_a_report_is_asked_only_where_nothing_else_is_known() -> None:
    report = said(date(2020, 11, 28), "Daily NK", "report")
    both = plan_of(replace(CLAIM, times=(said(), report)))
    assert [window.time.kind for window in both.windows] == ["image"]
    alone = plan_of(replace(CLAIM, times=(report,)))
    assert [window.time.kind for window in alone.windows] == ["report"]


@pytest.mark.parametrize("testability", [Testability.NONE, Testability.SUB_METRE])
def test_what_nothing_can_test_has_no_windows(testability: Testability) -> None:
    assert plan_of(replace(CLAIM, testability=testability)).windows == ()
    assert len(plan_of(replace(CLAIM, testability=Testability.STRONG)).windows) == 1


def test_an_open_time_can_be_planned() -> None:
    since = AssertedTime("2020-11/..", date(2020, 11, 1), OPEN_END, "event", ("Daily",))
    (window,) = plan_of(replace(CLAIM, times=(since,))).windows
    assert window.end_utc.startswith("9999-")


def test_places_are_those_of_the_site_and_the_cells_of_a_lost_zone() -> None:
    claim = replace(CLAIM, zone_ids=("lost", "nowhere", "yard", "cell-0"))
    assert plan_of(claim).places == ("cell-0", "cell-1", "yard")
    outside = replace(SITE.zones[2], outline_outside=SITE.zones[0].geometry)
    site = replace(SITE, zones=(*SITE.zones[:2], outside, *SITE.zones[3:]))
    (plan,) = plans_of(seeds_of(claim), site, OPTIONS)
    assert plan.places == ("lost", "yard", "cell-0")


def test_breaks_are_the_known_changes_for_every_claim_whatever_their_order() -> None:
    """Clocks in Pyongyang were half an hour behind from 2015 to 2018."""
    first = replace(CLAIM, id="T-10", times=(said(date(2016, 2, 10)),), is_positive_control=True)
    second = replace(CLAIM, id="T-11", times=(said(date(2013, 4, 9)),), is_positive_control=True)
    plans = plans_of(seeds_of(CLAIM, first, second), SITE, OPTIONS)
    turned = plans_of(seeds_of(second, first, CLAIM), SITE, OPTIONS)
    assert {plan.breaks_utc for plan in (*plans, *turned)} == {
        ("2013-04-08T15:00:00+00:00", "2016-02-09T15:30:00+00:00")
    }
    assert plans[0].sha256 == turned[2].sha256


def test_whatever_decides_an_answer_changes_the_hash() -> None:
    plain = plan_of(CLAIM).sha256
    level = OPTIONS.model_copy(update={"max_p_value": 0.04})
    (other,) = plans_of(seeds_of(CLAIM), SITE, level)
    changed = (
        other.sha256,
        plan_of(replace(CLAIM, zone_ids=("quiet",))).sha256,
        plan_of(predicting(expected=0.07)).sha256,
        plan_of(replace(CLAIM, times=(said(date(2020, 10, 26)),))).sha256,
    )
    assert len({plain, *changed}) == 5
    assert plan_of(replace(CLAIM, note="a word more")).sha256 == plain
    assert dict(plan_of(CLAIM).levels)["max_p_value"] == OPTIONS.max_p_value
