"""The rule, case by case: every answer and every reason, each guard on its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipeline.assess.verdict import (
    Case,
    Ruling,
    Standing,
    borne_out,
    modifiers_of,
    open_rival,
    rule,
    withheld,
)
from pipeline.assess.weigh import Weighed
from pipeline.model.assessment import Coverage, Effect, Modifier, Ratios, Verdict, WindowTest
from pipeline.model.claim import Alternative, Direction
from pipeline.model.plan import Plan
from pipeline.model.reason import Reason, Said
from tests.unit.assess_factory import CLAIM, OPTIONS, PREDICTION, predicting, said
from tests.unit.findings_factory import told

NO_STANDING = Standing(is_placeless=False, is_post_hoc=False, is_simulated=False)
NOTHING_SEEN_AS_CLAIMED, UNDECIDED = Reason.NULL_AS_PREDICTED, Reason.UNDECIDED
SMALL = "the predicted change is smaller than the scatter of the place's own history"


def effect(difference: float = 4.0, expected: float | None = 4.0, **changes: object) -> Effect:
    """A difference in errors of one, four times what is needed for nothing."""
    sized = expected is not None
    bare = Effect(
        difference=difference,
        error=1.0,
        interval=(difference - 1.96, difference + 1.96),
        p_value=0.002,
        n_shifts=500,
        smallest_seen=2.8,
        memory_days=3.0,
        expected=expected,
        power=0.97 if sized else None,
        against_nothing=Ratios(10.0, 90.0) if sized else None,
    )
    return replace(bare, **changes)  # type: ignore[arg-type]


ABSENT = effect(0.1, against_nothing=Ratios(0.001, 0.1))
"""Would have been seen, and was not."""


def window(
    one: Effect | None, direction: Direction = Direction.INCREASE, gap: str = "", **changes: object
) -> WindowTest:
    """A test of one window."""
    coverage = Coverage(6, 5 if one else 1, 200, 3)
    bare = WindowTest(
        "yard",
        said(),
        coverage,
        one,
        sensor="sentinel-2",
        direction=direction,
        unseen=told(gap) if gap else None,
    )
    return replace(bare, **changes)  # type: ignore[arg-type]


def case(
    *tests: WindowTest,
    family_p: float | None = 0.05,
    q_value: float | None = 0.1,
    shared: tuple[bool, ...] | None = None,
    strongest: int | None = None,
    alternatives: tuple[Alternative, ...] = (),
    primary: Direction = Direction.INCREASE,
) -> Case:
    """A claim with its tests."""
    predictions = (replace(PREDICTION, direction=primary),)
    plan = Plan("T-01", ("yard",), predictions, alternatives, (), (), (), "2")
    found = Weighed(plan, tests, family_p, shared or (False,) * len(tests), strongest)
    return Case(replace(CLAIM, alternatives=alternatives), found, q_value)


def ruled(*tests: WindowTest, **changes: object) -> Ruling:
    """The ruling on a case."""
    return rule(case(*tests, **changes), OPTIONS)  # type: ignore[arg-type]


def test_all_conditions_on_their_edge_corroborate() -> None:
    one = window(effect())
    found = ruled(one)
    assert found.verdict is Verdict.CORROBORATED
    assert found.reason == (
        "the measurements moved as predicted, beyond other windows, controls and chance"
    )
    assert found.deciding is one
    fall = window(effect(-4.0, -4.0), Direction.DECREASE)
    assert ruled(fall).verdict is Verdict.CORROBORATED
    for size in (4.0, -4.0):
        openly = window(effect(size), Direction.CHANGE)
        assert ruled(openly).verdict is Verdict.CORROBORATED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shared": (True,)}, "a change was measured, and a control moved as far"),
        ({"q_value": 0.101}, "a change was measured that the number of claims may explain"),
        (
            {"alternatives": (Alternative("grain-drying", "rows"),)},
            "a change was measured as predicted, and grain drying would look alike",
        ),
        ({"family_p": 0.0501}, UNDECIDED),
        ({"family_p": None}, UNDECIDED),
    ],
)
def test_each_condition_alone_keeps_from_corroborating(
    changes: dict[str, object], reason: str
) -> None:
    found = ruled(window(effect()), **changes)
    assert (found.verdict, found.reason) == (Verdict.NOT_CORROBORATED, reason)
    assert found.has_rival is ("alternatives" in changes)


def test_a_size_is_needed_and_it_must_be_ten_times_likelier_at_every_spread() -> None:
    unsized = ruled(window(effect(expected=None)))
    assert unsized.verdict is Verdict.NOT_CORROBORATED
    assert (
        unsized.reason == "a change was measured, and the claim states no size to hold it against"
    )
    unlikely = ruled(window(effect(against_nothing=Ratios(9.99, 1e6))))
    assert unlikely.verdict is Verdict.NOT_CORROBORATED
    assert unlikely.reason == (
        "a change was measured that is not ten times more likely under the claim than without"
    )


def test_a_wrong_sign_is_never_corroborated() -> None:
    for one in (
        window(effect(-4.0)),
        window(effect(4.0, -4.0), Direction.DECREASE),
        window(effect(0.0)),
    ):
        assert ruled(one, family_p=0.001).verdict is not Verdict.CORROBORATED


def test_the_window_behind_the_family_decides_and_not_a_louder_one_against_it() -> None:
    loud, led = window(effect(-9.0)), window(effect())
    assert ruled(loud, led, strongest=1).deciding is led
    assert ruled(loud, led, strongest=1).verdict is Verdict.CORROBORATED
    assert ruled(loud, led, strongest=1, shared=(False, True)).verdict is Verdict.NOT_CORROBORATED
    assert ruled(loud, led, strongest=1, shared=(True, False)).verdict is Verdict.CORROBORATED
    assert ruled(loud, led).verdict is Verdict.NOT_CORROBORATED


def test_alternatives_are_open_unless_the_method_or_the_numbers_rule_them_out() -> None:
    grain = Alternative("grain-drying", "rows", expected=1.0)
    snow = Alternative("fresh-snow", "white", excluded_by="controls")
    apart = window(effect(against=(("grain-drying", Ratios(3.0, 9.0)),)))
    near = window(effect(against=(("grain-drying", Ratios(2.99, 9.0)),)))
    claim = replace(CLAIM, alternatives=(snow, grain))
    assert open_rival(claim, apart) == ""
    assert open_rival(claim, near) == "grain drying"
    assert open_rival(claim, window(effect())) == "grain drying"
    assert open_rival(claim, window(None)) == "grain drying"
    assert open_rival(replace(CLAIM, alternatives=(snow,)), near) == ""


def test_what_would_have_been_seen_and_is_not_contradicts() -> None:
    one = window(ABSENT)
    found = ruled(one, family_p=0.6)
    assert found.verdict is Verdict.CONTRADICTED
    assert (
        found.reason == "a change of the predicted size would have been seen and was not measured"
    )
    assert found.deciding is one


@pytest.mark.parametrize(
    "other",
    [
        window(replace(ABSENT, power=0.799)),
        window(replace(ABSENT, against_nothing=Ratios(0.001, 0.101))),
        window(effect(0.1, None)),
        window(None, gap="1 clear looks lie in the window, 3 are needed"),
    ],
)
def test_every_window_must_speak_against_a_claim(other: WindowTest) -> None:
    found = ruled(window(ABSENT), other, family_p=0.6)
    assert (found.verdict, found.reason) == (Verdict.NOT_CORROBORATED, UNDECIDED)


def test_a_power_on_its_edge_is_enough_to_contradict() -> None:
    assert ruled(window(replace(ABSENT, power=0.8)), family_p=1.0).verdict is Verdict.CONTRADICTED


@pytest.mark.parametrize(
    ("difference", "expected", "verdict"),
    [
        (-3.0, 4.0, Verdict.CONTRADICTED),
        (-1.9, 4.0, Verdict.NOT_CORROBORATED),
        (3.0, -4.0, Verdict.CONTRADICTED),
        (1.9, -4.0, Verdict.NOT_CORROBORATED),
        (-3.0, -4.0, Verdict.NOT_CORROBORATED),
    ],
)
def test_the_other_sign_contradicts_where_the_interval_leaves_out_nothing(
    difference: float, expected: float, verdict: Verdict
) -> None:
    direction = Direction.INCREASE if expected > 0 else Direction.DECREASE
    one = window(effect(difference, expected, against_nothing=Ratios(0.01, 0.2)), direction)
    assert ruled(one, family_p=0.5).verdict is verdict


def test_where_the_sign_is_open_no_sign_contradicts() -> None:
    one = window(effect(-3.0, against_nothing=Ratios(0.01, 0.2)), Direction.CHANGE)
    assert ruled(one, family_p=0.5).verdict is Verdict.NOT_CORROBORATED


def test_a_size_that_no_window_can_show_is_not_observable_before_all_else() -> None:
    tiny = effect(4.0, power=0.16)
    for direction in Direction:
        found = ruled(window(tiny, direction), family_p=0.001)
        assert (found.verdict, found.reason) == (Verdict.NOT_OBSERVABLE, SMALL)
        assert found.deciding is None
    assert ruled(window(tiny), window(effect()), family_p=0.01).verdict is Verdict.CORROBORATED
    assert ruled(window(replace(tiny, power=0.171))).verdict is Verdict.CORROBORATED
    mixed = ruled(window(tiny), window(effect(0.1, None)), family_p=0.5)
    assert mixed.verdict is Verdict.NOT_CORROBORATED


def test_without_a_judged_window_the_best_seen_says_why() -> None:
    blind = window(None, gap="no acquisition lies in the window")
    cloudy = window(None, gap="2 clear looks lie in the window, 3 are needed")
    cloudy = replace(cloudy, coverage=Coverage(6, 2, 200, 3))
    found = ruled(blind, cloudy)
    assert (found.verdict, found.reason) == (Verdict.NOT_OBSERVABLE, cloudy.gap)
    nothing = ruled()
    assert nothing.verdict is Verdict.NOT_OBSERVABLE
    assert nothing.reason == "nothing that it predicts was measured there"


def test_nothing_predicted_and_nothing_seen_is_no_support() -> None:
    one = window(effect(0.1, expected=4.0), Direction.NO_CHANGE)
    found = ruled(one, family_p=None, q_value=None, primary=Direction.NO_CHANGE)
    assert (found.verdict, found.reason) == (Verdict.NOT_CORROBORATED, NOTHING_SEEN_AS_CLAIMED)
    assert found.is_null
    assert found.deciding is one
    weak = effect(2.5, against_nothing=Ratios(1.0, 5.0))
    near = window(weak, Direction.NO_CHANGE)
    for tests in ((near,), (one, near), (window(effect(0.1, None), Direction.NO_CHANGE),)):
        undecided = ruled(*tests, family_p=None, primary=Direction.NO_CHANGE)
        assert (undecided.verdict, undecided.reason) == (Verdict.NOT_CORROBORATED, UNDECIDED)
        assert not undecided.is_null


def test_a_change_where_none_is_predicted_contradicts_unless_it_is_weak_or_shared() -> None:
    one = window(effect(p_value=0.02), Direction.NO_CHANGE)
    found = ruled(one, primary=Direction.NO_CHANGE)
    assert found.verdict is Verdict.CONTRADICTED
    assert found.reason == "a change was measured where the claim predicts none"
    quiet = window(effect(2.5), Direction.NO_CHANGE)
    assert ruled(one, quiet, primary=Direction.NO_CHANGE).verdict is Verdict.CONTRADICTED
    for tests, shared in (
        ((one,), (True,)),
        ((one, quiet, quiet), (False,) * 3),
        ((window(effect(against_nothing=Ratios(9.9, 90)), Direction.NO_CHANGE),), (False,)),
        ((window(effect(9.0, None), Direction.NO_CHANGE),), (False,)),
    ):
        undecided = ruled(*tests, shared=shared, primary=Direction.NO_CHANGE)
        assert (undecided.verdict, undecided.reason) == (Verdict.NOT_CORROBORATED, UNDECIDED)


def test_the_primary_prediction_says_which_rule_holds() -> None:
    nothing, change = window(effect(0.1), Direction.NO_CHANGE), window(effect())
    assert ruled(nothing, change, primary=Direction.INCREASE).verdict is Verdict.CORROBORATED
    null = ruled(nothing, change, primary=Direction.NO_CHANGE)
    assert null.reason == NOTHING_SEEN_AS_CLAIMED
    unseen = window(None, Direction.NO_CHANGE, gap="no acquisition lies in the window")
    assert ruled(unseen, change, primary=Direction.NO_CHANGE).verdict is Verdict.CORROBORATED
    absent = ruled(unseen, window(ABSENT), family_p=0.7, primary=Direction.NO_CHANGE)
    assert absent.verdict is Verdict.CONTRADICTED


SAID_OTHERWISE = Said(Reason.OTHER_NOISE)


@pytest.mark.parametrize(
    ("verdict", "test", "interval", "holds"),
    [
        (Verdict.CORROBORATED, window(effect()), (0.1, 9.0), True),
        (Verdict.CORROBORATED, window(effect()), (-0.1, 9.0), False),
        (Verdict.CORROBORATED, window(effect(-4.0)), (-9.0, -0.1), True),
        (Verdict.CORROBORATED, window(effect(-4.0)), (0.1, 9.0), False),
        (Verdict.CONTRADICTED, window(ABSENT), (-3.9, 3.9), True),
        (Verdict.CONTRADICTED, window(ABSENT), (-3.9, 4.0), False),
        (Verdict.CONTRADICTED, window(ABSENT), (-4.0, 3.9), True),
        (Verdict.CONTRADICTED, window(ABSENT, Direction.CHANGE), (-4.0, 3.9), False),
        (Verdict.CONTRADICTED, window(effect(), Direction.NO_CHANGE), (0.1, 9.0), True),
        (Verdict.CONTRADICTED, window(effect(), Direction.NO_CHANGE), (-0.1, 9.0), False),
    ],
)
def test_a_second_model_must_bear_a_decision_out(
    verdict: Verdict, test: WindowTest, interval: tuple[float, float], *, holds: bool
) -> None:
    found = borne_out(Ruling(verdict, told("so"), test, has_rival=True), interval)
    if holds:
        assert found == Ruling(verdict, told("so"), test, has_rival=True)
    else:
        assert found == Ruling(Verdict.NOT_CORROBORATED, SAID_OTHERWISE, test, has_rival=True)


def test_a_second_model_has_nothing_to_say_without_numbers() -> None:
    for one in (
        Ruling(Verdict.CORROBORATED, told("so")),
        Ruling(Verdict.CORROBORATED, told("so"), window(None)),
    ):
        assert borne_out(one, (-1.0, 1.0)) is one


def test_withheld_answers_name_what_was_not_recovered() -> None:
    found = withheld(("K002-02", "K004-07"))
    assert found.verdict is Verdict.NOT_OBSERVABLE
    assert found.reason.endswith("did not recover the known change K002-02, K004-07")


def names(of: Case, ruling: Ruling, standing: Standing = NO_STANDING) -> set[Modifier]:
    """The modifiers of a ruling."""
    return set(modifiers_of(of, ruling, standing))


def test_modifiers_say_what_must_be_read_with_a_verdict() -> None:
    plain = case(window(effect()))
    ruled = rule(plain, OPTIONS)
    assert names(plain, ruled) == {Modifier.SINGLE_SENSOR}
    radar = case(window(effect()), window(effect(), sensor="sentinel-1"))
    assert names(radar, ruled) == set()
    unseen = case(window(effect()), window(None, gap="none", sensor="sentinel-1"))
    assert names(unseen, ruled) == {Modifier.SINGLE_SENSOR}
    nothing = Ruling(Verdict.NOT_OBSERVABLE, told("no acquisition lies in the window"))
    assert names(plain, nothing) == set()
    null = Ruling(Verdict.NOT_CORROBORATED, told("none"), window(effect()), is_null=True)
    assert names(plain, null) == {Modifier.SINGLE_SENSOR, Modifier.COMPATIBLE_WITH_NULL}
    everything = Standing(is_placeless=True, is_post_hoc=True, is_simulated=True)
    assert names(radar, ruled, everything) == {
        Modifier.POSITION_UNKNOWN, Modifier.POST_HOC, Modifier.SIMULATED,
    }  # fmt: skip


def test_an_open_alternative_is_a_modifier_of_what_was_judged() -> None:
    grain = (Alternative("grain", "rows"),)
    plain = case(window(effect()), alternatives=grain)
    ruled = rule(plain, OPTIONS)
    assert Modifier.ALTERNATIVE_OPEN in names(plain, ruled)
    assert Modifier.ALTERNATIVE_OPEN in names(plain, replace(ruled, has_rival=False))
    assert Modifier.ALTERNATIVE_OPEN in names(case(window(effect())), ruled)
    unseen = Ruling(Verdict.NOT_OBSERVABLE, told("none"), has_rival=True)
    assert Modifier.ALTERNATIVE_OPEN not in names(plain, unseen)


def test_who_says_it_and_when_is_a_modifier_too() -> None:
    two = (said(), said(date(2020, 11, 25), "Daily NK"))
    held = case(window(effect()))
    claim = replace(predicting(), times=two, is_from_imagery=True)
    ruled = rule(held, OPTIONS)
    assert names(replace(held, claim=claim), ruled) == {
        Modifier.DATE_DISPUTED, Modifier.DERIVED_FROM_IMAGERY, Modifier.SINGLE_SENSOR,
    }  # fmt: skip
