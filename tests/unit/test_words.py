"""Sentences: what they must tell, what they must never say, the same in both languages."""

from __future__ import annotations

import re
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.assessment import Modifier, Ratios, Verdict
from pipeline.model.claim import Direction, Observable
from pipeline.model.reason import Reason, Said, said
from pipeline.words import (
    ENGLISH,
    KOREAN,
    TONGUES,
    Tongue,
    claim_sentence,
    lint,
    zone_sentence,
)
from pipeline.words.numbers import amount, chance, factor, percent, times
from tests.unit.findings_factory import make_findings
from tests.unit.words_factory import (
    GRAIN,
    IMAGE,
    LOG_LIGHT,
    OTHER,
    SITE,
    STEP,
    UNITS,
    answer,
    claim,
    effect,
    every_reason,
)


def places(pattern: str) -> set[str]:
    """The names of the places of a pattern."""
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda one: one.code)
def test_a_language_has_a_word_for_everything(tongue: Tongue) -> None:
    assert set(tongue.verdicts) == set(Verdict)
    assert set(tongue.observables) == set(Observable)
    assert set(tongue.reasons) == set(Reason)
    assert set(tongue.pattern) == set(ENGLISH.pattern)
    assert tongue.support[-1][0] == 0


def test_both_languages_tell_the_same_numbers() -> None:
    for name, pattern in ENGLISH.pattern.items():
        assert places(KOREAN.pattern[name]) == places(pattern), name
    for reason, text in ENGLISH.reasons.items():
        assert places(KOREAN.reasons[reason]) == places(text), reason


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda one: one.code)
@pytest.mark.parametrize("why", every_reason(), ids=lambda one: one.reason.name)
@pytest.mark.parametrize("verdict", Verdict)
def test_no_answer_says_more_than_a_measurement_can(
    tongue: Tongue, why: Said, verdict: Verdict
) -> None:
    for found in (None, effect(), effect(-0.002, 1e-4, 0.02), effect(0.0, 0.5, 3.0)):
        for unit in UNITS:
            marks = (Modifier.POSITION_UNKNOWN, Modifier.POST_HOC, Modifier.SIMULATED)
            told = claim_sentence(
                claim(IMAGE, OTHER),
                answer(verdict, why, found=found, unit=unit, modifiers=marks),
                SITE,
                tongue,
            )
            assert lint(told) == ()
            assert "{" not in told
            assert "nan" not in told.lower().split()


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda one: one.code)
def test_what_must_be_told_is_told(tongue: Tongue) -> None:
    told = claim_sentence(claim(IMAGE, OTHER), answer(found=effect()), SITE, tongue)
    for needed in (
        "9", "12", "2020-10-15", "2020-11-04", "3.0 %", "2.0 %", "4.0 %", "0.012", "240", "1.4 %",
        "0.030", "0.080", "2020-10-25", "2020-11-25", "Yonhap", "KBS", "Daily NK", "grain drying",
        "Nick Hansen", "Electronics zone",
    ):  # fmt: skip
        assert needed in told, needed


def test_a_date_conflict_is_named_and_an_agreed_date_is_not() -> None:
    both = claim_sentence(claim(IMAGE, OTHER), answer(), SITE, ENGLISH)
    one = claim_sentence(claim(IMAGE), answer(), SITE, ENGLISH)
    assert "Sources differ on the time" in both
    assert "Sources differ" not in one
    assert "Asserted time: 2020-10-25 (image; Yonhap, KBS)" in one


def test_the_leading_rival_is_the_first_that_the_method_does_not_rule_out() -> None:
    swapped = claim(alternatives=(STEP, GRAIN))
    assert "explanation is grain drying" in claim_sentence(swapped, answer(), SITE, ENGLISH)
    alone = claim(alternatives=(STEP,))
    assert "No other explanation was named" in claim_sentence(alone, answer(), SITE, ENGLISH)


def test_light_is_told_as_a_factor() -> None:
    darker = replace(effect(-1.83), interval=(-2.0, -1.6), smallest_seen=0.18)
    told = claim_sentence(claim(), answer(found=darker, unit=LOG_LIGHT), SITE, ENGLISH)
    assert "at 16 % of its level" in told
    assert "14 % to 20 %" in told
    assert "a factor of 1.20" in told


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        (Ratios(12, 300), "12 times more expected under the claim"),
        (Ratios(0.001, 0.02), "50 times more expected if nothing changed"),
        (Ratios(0.4, 3.0), None),
        (Ratios(2e7, 1e9), "more than 1,000,000 times"),
    ],
)
def test_a_ratio_is_told_from_its_weak_end(ratios: Ratios, expected: str | None) -> None:
    found = replace(effect(), against_nothing=ratios)
    told = claim_sentence(claim(), answer(found=found), SITE, ENGLISH)
    assert (expected in told) if expected else ("times more expected" not in told)


def test_a_claim_of_nothing_has_no_ratio_of_its_own() -> None:
    silent = answer(found=effect(0.0, 1e-4, 0.01))
    silent = replace(silent, tests=(replace(silent.tests[0], direction=Direction.NO_CHANGE),))
    assert "times more" not in claim_sentence(claim(), silent, SITE, ENGLISH)


def test_an_unseen_claim_tells_its_best_coverage() -> None:
    unseen = answer(Verdict.NOT_OBSERVABLE, said(Reason.FEW_LOOKS, n_clear=2, n_needed=3))
    told = claim_sentence(claim(), unseen, SITE, ENGLISH)
    assert told.startswith("Not observable: of 3 clear looks needed in the window there are 2.")
    assert "9 clear looks of 12 by Sentinel-2 in Electronics zone" in told
    bare = replace(unseen, tests=())
    assert "No window was tested" in claim_sentence(claim(), bare, SITE, ENGLISH)


def test_a_rehearsal_says_so_first() -> None:
    for tongue in TONGUES:
        told = claim_sentence(claim(), answer(modifiers=(Modifier.SIMULATED,)), SITE, tongue)
        assert told.startswith(("SIMULATED", "모의 자료"))


@pytest.mark.parametrize(
    "text",
    [
        "This proves it", "It has been proven", "The image confirms the report", "This shows that",
        "There was no activity", "Despite clouds, a rise", "a significant rise",
        "이는 주장을 입증한다", "활동이 없었다", "유의한 변화",
        "It is unlikely, with moderate confidence.",
    ],
)  # fmt: skip
def test_the_lint_finds_what_must_not_be_said(text: str) -> None:
    assert lint(text)


@pytest.mark.parametrize(
    "text",
    [
        "a confirmed change appeared",
        "no change larger than 1.2 % was measured in 9 clear looks",
        "a significant rise (95 % interval 1 to 2; p = 0.01 from 40 shifted windows)",
        "12 times more likely under the claim",
        "It is unlikely. The coverage gives moderate confidence.",
    ],
)
def test_the_lint_lets_measurements_speak(text: str) -> None:
    assert lint(text) == ()


@given(st.floats(-1, 1))
def test_a_share_reads_back_within_its_digits(share: float) -> None:
    told = percent(share)
    assert re.fullmatch(r"-?\d+(\.\d+)? %", told)
    assert abs(float(told.removesuffix(" %")) / 100 - share) <= max(0.005, abs(share) * 0.06)


@given(st.floats(1e-12, 1.0))
def test_a_chance_is_never_told_as_nothing(p_value: float) -> None:
    assert float(chance(p_value)) > 0


@given(st.floats(-20, 20))
def test_a_factor_is_at_least_one(value: float) -> None:
    assert float(factor(value)) >= 1


def test_units_and_ratios() -> None:
    assert amount(1.26, UNITS[2]) == "1.3 K"
    assert times(0.5) == "0.5"
    assert times(12_345) == "12,000"


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda one: one.code)
def test_a_zone_tells_its_looks_its_change_and_what_would_have_been_seen(tongue: Tongue) -> None:
    findings = make_findings()
    for zone in findings.named_zones:
        told = zone_sentence(findings, zone, tongue)
        assert told.startswith(("SIMULATED", "모의 자료"))
        assert lint(told) == ()
        assert "{" not in told
        if zone.id in findings.series_of:
            limit = findings.limit_of(zone.id)
            n_looks = findings.looks_at(zone.id)[findings.changes.n_baseline :].sum()
            assert f"{limit.area_m2:,.0f} m2" in told
            assert str(n_looks) in told
        else:
            assert tongue.pattern["unplaced"] in told
    changed = zone_sentence(findings, findings.site.zone("north-vacant"), tongue)
    (found,) = findings.detections_in("north-vacant")
    assert f"{found.area_m2:,.0f} m2" in changed
