"""From claims to verdicts: what happened, what did not, what could not be seen, in any order."""

from __future__ import annotations

import locale
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assess import assess
from pipeline.model.assessment import Modifier, Verdict
from pipeline.model.claim import Direction, Observable, Testability
from pipeline.model.plan import Registration
from pipeline.model.reason import Reason
from pipeline.model.signal import Evidence
from pipeline.model.time import OPEN_END
from pipeline.words import lint
from tests.unit.assess_factory import (
    BUMP,
    CLAIM,
    CLAIM_DAY,
    CONTROLS,
    HAPPENED,
    INSTANTS,
    N_LOOKS,
    OPTIONS,
    PREDICTION,
    SITE,
    clouded,
    during,
    evidence,
    predicting,
    said,
    seeds_of,
    signals_of,
    values_of,
    weighed,
)

if TYPE_CHECKING:
    from pipeline.model.assessment import Assessment
    from pipeline.model.claim import Claim

SEEDS = st.integers(0, 400)
AROUND = during(datetime(2020, 10, 14, 15, tzinfo=UTC), datetime(2020, 11, 4, 15, tzinfo=UTC))
"""The looks in the window of the claim."""
NULL = predicting(direction=Direction.NO_CHANGE)
KNOWN = replace(CLAIM, id="T-00", is_positive_control=True)


def all_weighed(of: Evidence, *claims: Claim) -> tuple[Assessment, ...]:
    """Some claims together."""
    return assess(seeds_of(*claims), SITE, of, OPTIONS)


def test_what_happened_where_it_was_said_is_corroborated() -> None:
    one = weighed(CLAIM)
    assert one.verdict is Verdict.CORROBORATED
    assert one.modifiers == (Modifier.SINGLE_SENSOR,)
    (test,) = one.tests
    assert test.effect is not None
    assert test.effect.difference == pytest.approx(BUMP, abs=0.01)
    low, high = test.effect.interval
    assert low < BUMP < high
    assert test.effect.state_space_interval is not None
    assert 0 < test.effect.state_space_interval[0] < BUMP < test.effect.state_space_interval[1]
    assert (one.n_tests, len(one.plan_sha256)) == (1, 64)
    assert one.family_p == one.q_value == pytest.approx(1 / (1 + test.effect.n_shifts))


@settings(max_examples=12, deadline=None)
@given(seed=SEEDS)
def test_what_did_not_happen_or_happened_elsewhere_is_never_corroborated_beyond_chance(
    seed: int,
) -> None:
    """Each of the conditions alone would let one in twenty pass; together far fewer do."""
    quiet = weighed(CLAIM, evidence(0.0, seed=seed))
    assert quiet.verdict in {Verdict.CONTRADICTED, Verdict.NOT_CORROBORATED}
    elsewhere = weighed(replace(CLAIM, zone_ids=("quiet",)), evidence(seed=seed))
    assert elsewhere.verdict is not Verdict.CORROBORATED


@settings(max_examples=12, deadline=None)
@given(seed=SEEDS, size=st.floats(0.005, 2))
def test_a_step_of_the_wrong_sign_is_never_corroborated(seed: int, size: float) -> None:
    one = weighed(CLAIM, evidence(-size, seed=seed))
    assert one.verdict is not Verdict.CORROBORATED
    down = predicting(direction=Direction.DECREASE, expected=-BUMP)
    assert weighed(down, evidence(size, seed=seed)).verdict is not Verdict.CORROBORATED


def test_a_fall_is_found_where_a_fall_was_said_and_either_where_the_sign_is_open() -> None:
    fallen = evidence(-BUMP)
    down = predicting(direction=Direction.DECREASE, expected=-BUMP)
    openly = predicting(direction=Direction.CHANGE)
    assert weighed(down, fallen).verdict is Verdict.CORROBORATED
    assert weighed(openly, fallen).verdict is Verdict.CORROBORATED
    assert weighed(openly).verdict is Verdict.CORROBORATED
    assert weighed(CLAIM, fallen).verdict is Verdict.CONTRADICTED


def test_what_did_not_happen_is_contradicted_when_it_would_have_been_seen() -> None:
    one = weighed(CLAIM, evidence(0.0))
    assert one.verdict is Verdict.CONTRADICTED
    assert one.tests[0].effect is not None
    assert one.tests[0].effect.state_space_interval is not None


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, common=st.sampled_from([-0.1, 0.1]), bump=st.sampled_from([0.0, BUMP]))
def test_a_step_of_zones_and_controls_alike_changes_no_label(
    seed: int, common: float, bump: float
) -> None:
    claims = (CLAIM, predicting(direction=Direction.DECREASE), NULL)
    plain = all_weighed(evidence(bump, seed=seed), *claims)
    stepped = all_weighed(evidence(bump, common=common, seed=seed), *claims)
    assert [one.verdict for one in stepped] == [one.verdict for one in plain]


def test_a_change_that_a_control_shares_is_not_corroborated() -> None:
    values = values_of(4)
    for name in CONTROLS[:1]:
        values[name] = values[name] + 3 * BUMP * during(*HAPPENED)
    values["yard"] = values["yard"] + BUMP * during(*HAPPENED)
    one = weighed(CLAIM, Evidence(signals_of(values)))
    assert one.verdict is Verdict.NOT_CORROBORATED
    assert one.reason == "a change was measured, and a control moved as far"


@pytest.mark.parametrize("bump", [0.0, BUMP, -BUMP])
@pytest.mark.parametrize("keep", [0, 1, 2])
def test_clouds_are_never_read_as_nothing_happened(bump: float, keep: int) -> None:
    hidden = AROUND.copy()
    hidden[np.flatnonzero(AROUND)[:keep]] = False
    of = clouded(evidence(bump), hidden)
    for claim in (CLAIM, NULL, predicting(direction=Direction.CHANGE)):
        one = weighed(claim, of)
        assert one.verdict is Verdict.NOT_OBSERVABLE
        assert one.reason == f"of 3 clear looks needed in the window there are {keep}"
        assert one.tests[0].effect is None
        assert (one.n_tests, one.family_p, one.q_value) == (0, None, None)


def test_clouds_over_every_control_leave_nothing_to_compare_with() -> None:
    one = weighed(CLAIM, clouded(evidence(), AROUND, CONTROLS))
    levels = [signal for signal in evidence().signals if signal.place == "yard"]
    hidden = [replace(levels[0], levels=np.where(AROUND, np.nan, levels[0].levels))]
    alone = weighed(CLAIM, Evidence(tuple(hidden)))
    assert one.verdict is Verdict.CORROBORATED
    assert alone.verdict is Verdict.NOT_OBSERVABLE


def test_a_control_that_was_never_seen_does_not_stop_the_weighing() -> None:
    everything = np.ones(N_LOOKS, dtype=bool)
    assert weighed(CLAIM, clouded(evidence(), everything, CONTROLS[:1])).tests[0].effect is not None
    nothing = clouded(evidence(), everything)
    assert weighed(CLAIM, nothing).verdict is Verdict.NOT_OBSERVABLE


@pytest.mark.parametrize("expected", [1e-5, -1e-5])
def test_a_size_below_the_scatter_is_not_observable(expected: float) -> None:
    for direction in Direction:
        one = weighed(predicting(expected=expected, direction=direction))
        assert one.verdict is Verdict.NOT_OBSERVABLE
        assert "smaller than the scatter" in one.reason


@pytest.mark.parametrize("testability", [Testability.NONE, Testability.SUB_METRE])
def test_what_no_pixel_could_show_is_not_observable(testability: Testability) -> None:
    one = weighed(replace(CLAIM, testability=testability))
    assert one.verdict is Verdict.NOT_OBSERVABLE
    assert not one.tests
    finer = testability is Testability.SUB_METRE
    assert one.reason == (
        "what it predicts is finer than the pixels of open sensors"
        if finer
        else "it predicts nothing that a satellite could see"
    )


def test_a_claim_without_a_prediction_predicts_nothing_to_see() -> None:
    assert "nothing that a satellite" in weighed(replace(CLAIM, predictions=())).reason


def test_another_sensor_is_named() -> None:
    light = predicting(observable=Observable.NIGHT_LIGHT, sensors=("viirs-dnb",))
    one = weighed(light)
    assert one.verdict is Verdict.NOT_OBSERVABLE
    assert one.reason == "it needs night-light by viirs-dnb, which was not measured"
    none = predicting(sensors=())
    assert weighed(none).reason == "it needs another sensor, which was not measured"


@pytest.mark.parametrize("zone_ids", [(), ("elsewhere",)])
def test_a_claim_without_a_place_here_is_not_observable(zone_ids: tuple[str, ...]) -> None:
    one = weighed(replace(CLAIM, zone_ids=zone_ids))
    assert one.verdict is Verdict.NOT_OBSERVABLE
    assert one.reason == "none of its zones has a place in this site"


@pytest.mark.parametrize("day", [date(2009, 9, 1), date(2031, 1, 1)])
def test_before_the_first_and_after_the_last_look_nothing_was_seen(day: date) -> None:
    one = weighed(replace(CLAIM, times=(said(day),)))
    assert one.verdict is Verdict.NOT_OBSERVABLE
    assert one.reason == "no acquisition lies in the window"


def test_a_time_that_is_still_open_is_asked_up_to_the_last_look() -> None:
    start = date(2022, 11, 1)
    since = replace(said(start), end=OPEN_END, edtf="2022-11-01/..")
    (test,) = weighed(replace(CLAIM, times=(since,))).tests
    assert test.gap == ""
    assert test.effect is not None
    assert test.effect.n_shifts > 100
    long_ago = replace(said(date(2019, 1, 1)), end=OPEN_END)
    one = weighed(replace(CLAIM, times=(long_ago,)))
    assert one.reason == "of 19 other windows needed to hold it against there are 3"


def test_all_asserted_times_are_tested_and_the_conflict_is_shown() -> None:
    times = (said(date(2020, 11, 25), "Daily NK"), said(CLAIM_DAY, "Yonhap"))
    one = weighed(replace(CLAIM, times=times))
    assert Modifier.DATE_DISPUTED in one.modifiers
    assert [test.time.edtf for test in one.tests] == ["2020-11-25", "2020-10-25"]
    assert one.verdict is Verdict.CORROBORATED
    assert one.n_tests == 2
    assert all(voice in one.sentence for voice in ("Daily NK", "Yonhap"))


def test_a_zone_of_unknown_place_is_searched_in_its_cells() -> None:
    one = weighed(replace(CLAIM, zone_ids=("lost",)))
    assert {test.zone_id for test in one.tests} == {"cell-0", "cell-1"}
    assert one.verdict is Verdict.CORROBORATED
    assert Modifier.POSITION_UNKNOWN in one.modifiers


def test_a_claim_that_predicts_nothing_is_never_corroborated() -> None:
    quiet, loud, fallen = (weighed(NULL, evidence(bump)) for bump in (0.0, BUMP, -BUMP))
    assert quiet.verdict is Verdict.NOT_CORROBORATED
    assert quiet.reason == Reason.NULL_AS_PREDICTED
    assert Modifier.COMPATIBLE_WITH_NULL in quiet.modifiers
    for one in (loud, fallen):
        assert one.verdict is Verdict.CONTRADICTED
        assert Modifier.COMPATIBLE_WITH_NULL not in one.modifiers
    assert quiet.family_p is None


def test_simulated_lines_make_a_rehearsal() -> None:
    one = weighed(CLAIM, replace(evidence(), is_simulated=True))
    assert one.is_rehearsal
    assert one.modifiers[-1] is Modifier.SIMULATED
    plain = assess(seeds_of(CLAIM), replace(SITE, is_simulated=True), evidence(), OPTIONS)
    assert plain[0].is_rehearsal


def test_a_plan_that_was_changed_after_a_look_is_post_hoc() -> None:
    for is_post_hoc in (True, False):
        held = {"T-01": Registration("f" * 64, is_post_hoc)}
        (one,) = assess(seeds_of(CLAIM), SITE, evidence(), OPTIONS, registered=held)
        assert (Modifier.POST_HOC in one.modifiers) is is_post_hoc


def test_known_changes_must_be_recovered_before_anything_else_is_said() -> None:
    found = all_weighed(evidence(), KNOWN, CLAIM)
    assert [one.verdict for one in found] == [Verdict.CORROBORATED] * 2
    missed = replace(KNOWN, zone_ids=("quiet",))
    lost, withheld = all_weighed(evidence(), missed, CLAIM)
    assert lost.verdict in {Verdict.CONTRADICTED, Verdict.NOT_CORROBORATED}
    assert withheld.verdict is Verdict.NOT_OBSERVABLE
    assert withheld.reason == "withheld: the method did not recover the known change T-00"
    assert Modifier.SINGLE_SENSOR not in withheld.modifiers


def test_a_known_change_that_cannot_be_tested_withholds_nothing() -> None:
    unseen = replace(KNOWN, times=(said(date(2009, 1, 1)),))
    first, second = all_weighed(evidence(), unseen, CLAIM)
    assert first.verdict is Verdict.NOT_OBSERVABLE
    assert second.verdict is Verdict.CORROBORATED


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, n=st.integers(1, 6))
def test_unrelated_claims_can_only_raise_q(seed: int, n: int) -> None:
    of = evidence(seed=seed)
    rng = np.random.default_rng(seed)
    others = [
        replace(
            predicting(expected=None),
            id=f"T-1{number}",
            zone_ids=("quiet",),
            times=(said(date(2019, 3, 1) + timedelta(days=int(rng.integers(900)))),),
        )
        for number in range(n)
    ]
    alone, *_ = all_weighed(of, CLAIM)
    first, *rest = all_weighed(of, CLAIM, *others)
    assert first.family_p == alone.family_p
    assert alone.q_value is not None
    for one in (first, *rest):
        assert one.q_value is not None
        assert one.family_p is not None
        assert one.q_value >= one.family_p - 1e-12
    assert first.q_value is not None
    assert first.q_value >= alone.q_value


def test_many_claims_of_nothing_take_the_label_of_a_weak_one() -> None:
    weak = predicting(expected=0.04)
    of = evidence(0.04)
    alone = weighed(weak, of)
    assert alone.verdict is Verdict.CORROBORATED
    first_day = date(2019, 2, 1)
    others = [
        replace(
            predicting(expected=None),
            id=f"T-{number}",
            zone_ids=("quiet",),
            times=(said(first_day + timedelta(days=4 * number)),),
        )
        for number in range(100, 160)
    ]
    first, *_ = all_weighed(of, weak, *others)
    assert first.verdict is Verdict.NOT_CORROBORATED
    assert first.reason == "a change was measured that the number of claims may explain"


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_the_order_of_lines_zones_and_claims_does_not_matter(data: st.DataObject) -> None:
    of, claims = evidence(), (CLAIM, replace(NULL, id="T-02"), replace(CLAIM, id="T-03",
                              zone_ids=("lost", "quiet")))  # fmt: skip
    plain = all_weighed(of, *claims)
    order = data.draw(st.permutations(range(len(of.signals))))
    turned = replace(of, signals=tuple(of.signals[n] for n in order))
    site = replace(SITE, zones=tuple(data.draw(st.permutations(SITE.zones))))
    said_in = data.draw(st.permutations(range(len(claims))))
    found = assess(seeds_of(*(claims[n] for n in said_in)), site, turned, OPTIONS)
    for number, one in zip(said_in, found, strict=True):
        other = plain[number]
        assert (one.verdict, one.reason, one.family_p, one.q_value, one.modifiers) == (
            other.verdict, other.reason, other.family_p, other.q_value, other.modifiers,
        )  # fmt: skip
        assert {repr(test) for test in one.tests} == {repr(test) for test in other.tests}


@pytest.mark.parametrize("zone", ["America/St_Johns", "Pacific/Kiritimati", "UTC"])
def test_the_host_s_time_zone_and_locale_do_not_matter(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = all_weighed(evidence(), CLAIM, NULL)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    held = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "C")
        assert all_weighed(evidence(), CLAIM, NULL) == plain
    finally:
        locale.setlocale(locale.LC_ALL, held)
        monkeypatch.undo()
        time.tzset()


def test_two_sensors_are_one_family_and_no_single_sensor() -> None:
    of = Evidence(evidence().signals + signals_of(values_of(9, BUMP), "landsat-8"))
    claim = predicting(sensors=("sentinel-2", "landsat-8"))
    one = weighed(claim, of)
    assert one.verdict is Verdict.CORROBORATED
    assert Modifier.SINGLE_SENSOR not in one.modifiers
    assert one.n_tests == 2
    alone = [weighed(predicting(sensors=(name,)), of) for name in ("sentinel-2", "landsat-8")]
    p_values = sorted(single.family_p or 1.0 for single in alone)
    assert one.family_p == pytest.approx(min(2 * p_values[0], p_values[1]))


def test_no_line_and_no_claim_are_no_error() -> None:
    assert all_weighed(Evidence(())) == ()
    assert weighed(CLAIM, Evidence(())).verdict is Verdict.NOT_OBSERVABLE


def test_without_a_size_nothing_is_decided() -> None:
    unsized = predicting(expected=None)
    loud, quiet = weighed(unsized), weighed(unsized, evidence(0.0))
    assert loud.reason == "a change was measured, and the claim states no size to hold it against"
    assert (quiet.verdict, quiet.reason) == (Verdict.NOT_CORROBORATED, Reason.UNDECIDED)


@pytest.mark.parametrize("bump", [0.0, BUMP])
def test_no_sentence_holds_a_banned_word(bump: float) -> None:
    claims = (CLAIM, NULL, replace(CLAIM, zone_ids=("lost",)), replace(CLAIM, zone_ids=()))
    for claim in claims:
        one = weighed(claim, evidence(bump))
        assert not lint(one.sentence + one.reason)


def test_the_looks_of_the_factory_are_those_that_it_speaks_of() -> None:
    assert INSTANTS[-1] > datetime(2022, 12, 1, tzinfo=UTC)
    assert 3 <= int((AROUND & during(*HAPPENED)).sum()) <= 7
    assert PREDICTION.expected == BUMP
