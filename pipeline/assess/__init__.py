"""Weigh dated claims against what one sensor measured of their zones; coverage always first.

Here belongs the walk from a claim to its assessment. It reads no file and no pixel: evidence
comes in as series by zone, an assessment goes out. Which numbers are computed stands in
``shift``, the rule in ``verdict``, the words in ``words``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.assess import words
from pipeline.assess.evidence import (
    DEPARTURES,
    LASTING_STEPS,
    Evidence,
    coverage_of,
    day_of,
    share_series,
)
from pipeline.assess.shift import WindowQuestion, contrast, family_test
from pipeline.assess.verdict import (
    Family,
    Ruling,
    coverage_gap,
    effect_of,
    modifiers_of,
    rule,
)
from pipeline.model.assessment import Assessment, Verdict, WindowTest
from pipeline.model.change import Period, Status
from pipeline.model.claim import Testability
from pipeline.model.time import civil_day_span_utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.assess.shift import ShareSeries
    from pipeline.config import AssessOptions
    from pipeline.model.claim import AssertedTime, Claim, Prediction, Seeds
    from pipeline.model.site import Site

__all__ = ["DEPARTURES", "LASTING_STEPS", "Evidence", "assess"]

STANDING = (Status.CONFIRMED, Status.FINISHED)


@dataclass(frozen=True)
class _Asked:
    """One window of one claim, with all that is needed to judge it."""

    test: WindowTest
    span: Period
    series: ShareSeries


@dataclass(frozen=True)
class _Case:
    """One claim before the court: the claim, the site, the evidence and the levels."""

    claim: Claim
    site: Site
    evidence: Evidence
    options: AssessOptions


def assess(
    seeds: Seeds, site: Site, evidence: Evidence, options: AssessOptions
) -> tuple[Assessment, ...]:
    """Every claim, weighed, in the order of the seeds."""
    return tuple(_assess(_Case(claim, site, evidence, options)) for claim in seeds.claims)


def _assess(case: _Case) -> Assessment:
    """One claim: first whether it could be seen at all, then what was seen."""
    prediction = _testable(case)
    if isinstance(prediction, str):
        return _unseen(case, prediction, ())
    zone_ids = _zones(case)
    if not zone_ids:
        return _unseen(case, "none of its zones has a place in this site", ())
    asked = tuple(_ask(case, prediction, zone_ids))
    gaps = [coverage_gap(one.test.coverage, case.options) for one in asked]
    judged = [one for one, gap in zip(asked, gaps, strict=True) if not gap]
    if not judged:
        return _unseen(case, _best_gap(asked, gaps), tuple(one.test for one in asked))
    return _judge(case, prediction, judged, asked)


def _testable(case: _Case) -> Prediction | str:
    """The first prediction that the evidence can speak to, or why there is none."""
    claim, sensor = case.claim, case.evidence.sensor
    if claim.testability is Testability.NONE or not claim.predictions:
        return "it predicts nothing that a satellite could see"
    if claim.testability is Testability.SUB_METRE:
        return f"what it predicts is finer than the {case.evidence.gsd_m:.0f} m pixel"
    for prediction in claim.predictions:
        if sensor in prediction.sensors and prediction.observable in case.evidence.kind.observables:
            return prediction
    unmeasured = sorted({one.observable for one in claim.predictions if sensor in one.sensors})
    if unmeasured:
        return f"it needs {' or '.join(unmeasured)}, which this run does not measure"
    needed = sorted({name for one in claim.predictions for name in one.sensors} - {sensor})
    return f"it needs {' or '.join(needed) or 'another sensor'}, which this run does not hold"


def _zones(case: _Case) -> tuple[str, ...]:
    """The zones with a series that stand for the claim: its own, or the cells searched for them."""
    ids: dict[str, None] = {}
    held = {zone.id: zone for zone in case.site.zones}
    for zone_id in case.claim.zone_ids:
        zone = held.get(zone_id)
        places = () if zone is None else ((zone.id,) if zone.is_placed else zone.search_cells)
        ids.update(dict.fromkeys(place for place in places if place in case.evidence.series))
    return tuple(ids)


def _is_place_unknown(case: _Case) -> bool:
    """Whether any zone of the claim is known by its search area only."""
    return any(z.id in case.claim.zone_ids and not z.is_placed for z in case.site.zones)


def _ask(case: _Case, prediction: Prediction, zone_ids: Sequence[str]) -> Iterator[_Asked]:
    """Every asserted time in every zone."""
    times = _dated(case.claim)
    for zone_id in zone_ids:
        least = case.options.min_zone_clear_share
        series = share_series(case.evidence, zone_id, prediction.observable, least)
        for time in times:
            span = _span(case, time)
            coverage = coverage_of(case.evidence, series, span, case.options)
            found = _standing(case.evidence, zone_id, span)
            yield _Asked(WindowTest(zone_id, time, coverage, None, found), span, series)


def _dated(claim: Claim) -> tuple[AssertedTime, ...]:
    """The asserted times of what is claimed; the day of a report only where nothing else is."""
    return tuple(time for time in claim.times if time.kind != "report") or claim.times


def _span(case: _Case, time: AssertedTime) -> Period:
    """The asserted civil days as instants, padded on both sides."""
    days = civil_day_span_utc(time.start, time.end, case.site.timezone)
    pad = timedelta(days=case.options.pad_days)
    return Period(days.start - pad, days.end + pad)


def _standing(evidence: Evidence, zone_id: str, span: Period) -> tuple[str, ...]:
    """Confirmed changes of a zone that stand inside a window."""
    return tuple(
        one.id
        for one in evidence.detections
        if one.zone_id == zone_id
        and one.status in STANDING
        and one.onset.first_with <= span.end
        and (one.reversal is None or (one.reversal.last_without or span.start) >= span.start)
    )


def _best_gap(asked: Sequence[_Asked], gaps: Sequence[str]) -> str:
    """Why not even the best-seen window could be judged."""
    best = max(range(len(asked)), key=lambda place: asked[place].test.coverage.n_clear)
    return gaps[best]


def _judge(
    case: _Case, prediction: Prediction, judged: Sequence[_Asked], asked: Sequence[_Asked]
) -> Assessment:
    """Compute the effects of all judged windows as one family and rule."""
    questions = [_question(case, one) for one in judged]
    result = family_test(questions, case.options.shift_step_days)
    tests = []
    for place, (one, question) in enumerate(zip(judged, questions, strict=True)):
        predicted = _predicted_share(case, prediction, one.test.zone_id)
        found = contrast(question)
        effect = effect_of(found, result.p_values[place], result.n_shifts[place], predicted)
        tests.append(replace(one.test, effect=effect))
    family = Family(
        tuple(tests),
        result.family_p,
        is_whole=len(judged) == len(asked),
        sees_passing=case.evidence.kind.sees_passing,
    )
    ruling = rule(family, prediction, case.options)
    unjudged = tuple(one.test for one in asked if one not in judged)
    return _assessment(case, ruling, family.tests + unjudged, _story(case, family))


def _question(case: _Case, one: _Asked) -> WindowQuestion:
    """A window as the statistics ask for it."""
    guard, least = case.options.guard_days, case.options.min_window_looks
    return WindowQuestion(one.series, day_of(one.span.start), day_of(one.span.end), guard, least)


def _predicted_share(case: _Case, prediction: Prediction, zone_id: str) -> float | None:
    """The predicted area as a share of the zone."""
    if prediction.min_area_m2 is None:
        return None
    area_m2 = case.evidence.series[zone_id].n_pixels * case.evidence.gsd_m**2
    return min(1.0, prediction.min_area_m2 / area_m2)


def _story(case: _Case, family: Family) -> str:
    """The strongest window in words, and the size of the family."""
    strongest = max(family.tests, key=lambda test: test.effect.share if test.effect else 0.0)
    if strongest.effect is None:
        return ""
    evidence, family_p = case.evidence, family.family_p
    text = words.measured(
        strongest,
        strongest.effect,
        sensor=evidence.sensor,
        share=evidence.kind.share,
        family_p=family_p,
        step_limit_db=evidence.series[strongest.zone_id].step_limit,
    )
    n_tests = len(family.tests)
    counted = "1 window was tested." if n_tests == 1 else f"{n_tests} windows were tested."
    return f"{text} {counted}"


def _unseen(case: _Case, why: str, tests: tuple[WindowTest, ...]) -> Assessment:
    """The claim could not have been seen."""
    return _assessment(case, Ruling(Verdict.NOT_OBSERVABLE, why), tests, "")


def _assessment(
    case: _Case, ruling: Ruling, tests: tuple[WindowTest, ...], story: str
) -> Assessment:
    """Put verdict, modifiers and words together."""
    unknown = _is_place_unknown(case)
    simulated = case.evidence.is_simulated
    label = ruling.verdict.value.replace("_", " ").capitalize()
    place = "The position of its zone is not established." if unknown else ""
    said, other = words.asserted(case.claim), words.alternatives(case.claim)
    return Assessment(
        claim_id=case.claim.id,
        verdict=ruling.verdict,
        modifiers=modifiers_of(
            case.claim, ruling, position_unknown=unknown, is_simulated=simulated
        ),
        reason=ruling.reason,
        sentence=words.joined([f"{label}: {ruling.reason}.", story, said, place, other]),
        tests=tests,
        n_tests=len(tests),
        is_rehearsal=simulated,
    )
