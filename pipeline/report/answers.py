"""The claims of the page: each with its verdict, who asserts which date, and what was measured.

Here belongs the choice of what a claim's row says. Weighing a claim belongs to ``assess``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model.assessment import Verdict
from pipeline.report import wording
from pipeline.report.content import ClaimRow, SourceGroup, TestRow, VerdictCount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.model.assessment import Assessment, WindowTest
    from pipeline.model.claim import Claim, Seeds, Source
    from pipeline.model.findings import Findings

MOST_TESTS = 60
"""A claim with more windows lists the strongest; all of them stand in assessments.csv."""
DIGITS_OF_HASH = 12


def counts(assessments: Sequence[Assessment]) -> tuple[VerdictCount, ...]:
    """How many claims got which verdict, all four of them."""
    return tuple(
        VerdictCount(chip, sum(one.verdict is verdict for one in assessments))
        for verdict, chip in wording.VERDICTS.items()
    )


def source_groups(findings: Findings) -> tuple[SourceGroup, ...]:
    """The weighed claims of a pass by article, in the order of the seeds folder."""
    if findings.seeds is None:
        return ()
    labels = {zone.id: zone.label for zone in findings.named_zones}
    return by_source(findings.seeds, findings.assessments, labels)


def by_source(
    seeds: Seeds, assessments: Sequence[Assessment], labels: Mapping[str, str]
) -> tuple[SourceGroup, ...]:
    """Weighed claims by article, in the order of the seeds folder.

    Args:
        seeds: articles and claims.
        assessments: the answers; a claim without one is left out.
        labels: names of the zones that have a section on the page, by id.
    """
    answers = {one.claim_id: one for one in assessments}
    return tuple(
        _group(source, [claim for claim in claims if claim.id in answers], answers, labels)
        for source in seeds.sources
        if (claims := [claim for claim in seeds.claims if claim.source_id == source.id])
    )


def _group(
    source: Source,
    claims: Sequence[Claim],
    answers: Mapping[str, Assessment],
    labels: Mapping[str, str],
) -> SourceGroup:
    """The claims of one article."""
    mine = [answers[claim.id] for claim in claims]
    return SourceGroup(
        publisher=source.publisher,
        title=source.title,
        published=source.published,
        note=source.note,
        sha256=source.sha256[:DIGITS_OF_HASH],
        is_open=any(one.verdict is not Verdict.NOT_OBSERVABLE for one in mine),
        counts=tuple(one for one in counts(mine) if one.count),
        claims=tuple(claim_row(claim, answers[claim.id], labels) for claim in claims),
    )


def claim_row(claim: Claim, answer: Assessment, labels: Mapping[str, str]) -> ClaimRow:
    """One claim.

    Args:
        claim: the claim.
        answer: its assessment.
        labels: names of the zones that have a section on the page, by id.
    """
    tests = sorted(answer.tests, key=_strength)[:MOST_TESTS]
    return ClaimRow(
        id=claim.id,
        anchor=f"claim-{claim.id}",
        statement=claim.statement,
        speaker=f"{claim.speaker} (remove {claim.remove}, {claim.reliability})",
        place=claim.place,
        chip=wording.VERDICTS[answer.verdict],
        modifiers=tuple(wording.modifier(value) for value in answer.modifiers),
        sentence=answer.sentence,
        reason=answer.reason,
        times=tuple((wording.asserted(t), ", ".join(t.asserted_by)) for t in claim.times),
        coverage=_coverage(answer.tests),
        effect=_effect(answer),
        tests=tuple(_test_row(test, labels) for test in tests),
        n_tests=answer.n_tests,
        alternatives=tuple(
            _alternative(one.id, one.predicts, one.raised_by) for one in claim.alternatives
        ),
        note=claim.note,
    )


def _alternative(name: str, predicts: str, raised_by: str) -> str:
    """Another explanation in words."""
    raised = f" (raised by {raised_by})" if raised_by else ""
    return f"{name.replace('-', ' ')}{raised}: {predicts}"


def _strength(test: WindowTest) -> tuple[bool, float]:
    """Tests with an effect first, the one that departs most in its own errors first."""
    effect = test.effect
    return (effect is None, 0.0 if effect is None else -abs(effect.difference) / effect.error)


def _coverage(tests: Sequence[WindowTest]) -> str:
    """Clear looks of the best-seen window; empty if no window was looked at."""
    if not tests:
        return ""
    best = max(tests, key=lambda test: test.coverage.n_clear).coverage
    return f"{best.n_clear} of {best.n_scenes} looks clear, {best.n_needed} needed"


def _effect(answer: Assessment) -> str:
    """The strongest measured share, or the share that would have been seen; empty for neither."""
    judged = [test for test in answer.tests if test.effect is not None]
    if not judged:
        return ""
    top = min(judged, key=_strength)
    if top.effect is None:
        return ""
    moved = wording.amount(top.effect.difference, top.unit)
    if answer.verdict is Verdict.CORROBORATED:
        return f"{moved} away from controls and own history"
    return f"{moved}; {wording.amount(top.effect.smallest_seen, top.unit)} would have been seen"


def _measures(test: WindowTest) -> str:
    """What is measured, and by which sensor."""
    named = test.observable.value.replace("-", " ")
    return f"{named} by {test.sensor}" if test.sensor else named


def _test_row(test: WindowTest, held: Mapping[str, str]) -> TestRow:
    """One zone at one asserted time."""
    cover, effect = test.coverage, test.effect
    words = (test.gap, "", "", "")
    if effect is not None:
        low, high = (wording.amount(end, test.unit) for end in effect.interval)
        words = (
            wording.amount(effect.difference, test.unit),
            f"{low} to {high}",
            wording.chance(effect.p_value, effect.n_shifts),
            wording.amount(effect.smallest_seen, test.unit),
        )
    return TestRow(
        f"{held.get(test.zone_id, test.zone_id)}: {_measures(test)}",
        f"zone-{test.zone_id}" if test.zone_id in held else "",
        f"{wording.asserted(test.time)}: {', '.join(test.time.asserted_by)}",
        f"{cover.n_clear} of {cover.n_scenes} (needs {cover.n_needed}); {cover.n_baseline} outside",
        *words,
    )
