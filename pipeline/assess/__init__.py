"""Weigh dated claims against what was measured of their places; coverage always first.

Here belongs the walk from all claims to their assessments. It reads no file and no pixel: evidence
comes in as lines, an assessment goes out. What will be asked stands in ``plan``, the numbers in
``weigh`` (over ``slide``, ``null``, ``strength``), the rule in ``verdict``, the words in ``words``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scipy.stats import false_discovery_control

from pipeline.assess import words
from pipeline.assess.lines import drawn
from pipeline.assess.plan import plans_of
from pipeline.assess.verdict import Ruling, Standing, borne_out, modifiers_of, rule, withheld
from pipeline.assess.weigh import Weighed, bench_of, second_opinion, weigh
from pipeline.model.assessment import Assessment, Verdict
from pipeline.model.claim import Testability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.assess.weigh import Bench
    from pipeline.config import AssessOptions
    from pipeline.model.claim import Claim, Seeds
    from pipeline.model.plan import Registration
    from pipeline.model.signal import Evidence
    from pipeline.model.site import Site

__all__ = ["assess", "plans_of"]

NOTHING_REGISTERED: Mapping[str, Registration] = MappingProxyType({})
DECIDED = frozenset({Verdict.CORROBORATED, Verdict.CONTRADICTED})


@dataclass(frozen=True)
class _Case:
    """One claim with what was measured and what follows from it."""

    claim: Claim
    weighed: Weighed
    q_value: float | None
    ruling: Ruling


def assess(
    seeds: Seeds,
    site: Site,
    evidence: Evidence,
    options: AssessOptions,
    registered: Mapping[str, Registration] = NOTHING_REGISTERED,
) -> tuple[Assessment, ...]:
    """Every claim, weighed, in the order of the seeds.

    Args:
        seeds: the claims.
        site: whose zones they name.
        evidence: all lines of all sensors.
        options: the levels.
        registered: when each plan was fixed, by claim; a claim that is not in it counts as fixed
            before the data were looked at.
    """
    bench = bench_of(drawn(evidence), evidence.changes, options)
    weighed = [weigh(plan, bench) for plan in plans_of(seeds, site, options)]
    cases = [
        _case(claim, one, q_value, bench)
        for claim, one, q_value in zip(seeds.claims, weighed, _q_values(weighed), strict=True)
    ]
    failed = failed_controls(cases)
    return tuple(
        _assessment(
            _withheld(case, failed),
            Standing(
                is_placeless=_is_placeless(case.claim, site),
                is_post_hoc=_is_post_hoc(case.claim, registered),
                is_simulated=evidence.is_simulated or site.is_simulated,
            ),
        )
        for case in cases
    )


def _q_values(weighed: Sequence[Weighed]) -> list[float | None]:
    """Benjamini and Hochberg's adjusted p-values of all families; None for a claim without one."""
    places = [place for place, one in enumerate(weighed) if one.family_p is not None]
    found: list[float | None] = [None] * len(weighed)
    if places:
        adjusted = false_discovery_control([weighed[place].family_p for place in places])
        for place, q_value in zip(places, adjusted.tolist(), strict=True):
            found[place] = q_value
    return found


def _case(claim: Claim, weighed: Weighed, q_value: float | None, bench: Bench) -> _Case:
    """The ruling on one claim; a decided one is held against a second model of the noise."""
    why = _untestable(claim, weighed, bench)
    if why:
        return _Case(claim, weighed, q_value, Ruling(Verdict.NOT_OBSERVABLE, why))
    ruling = rule(claim, weighed, q_value, bench.options)
    if ruling.verdict not in DECIDED or ruling.deciding is None:
        return _Case(claim, weighed, q_value, ruling)
    interval = second_opinion(weighed, ruling.deciding, bench)
    kept = weighed.with_state_space(ruling.deciding, interval)
    return _Case(claim, kept, q_value, borne_out(ruling, interval))


def _untestable(claim: Claim, weighed: Weighed, bench: Bench) -> str:
    """Why nothing in the evidence can speak to a claim; empty if something can."""
    if claim.testability is Testability.NONE or not claim.predictions:
        return "it predicts nothing that a satellite could see"
    if claim.testability is Testability.SUB_METRE:
        return "what it predicts is finer than the pixels of open sensors"
    if weighed.tests:
        return ""
    held = {(one.signal.sensor, one.signal.observable) for one in bench.lines}
    wanted = {(s, p.observable) for p in claim.predictions for s in p.sensors}
    if not weighed.plan.places or held & wanted:
        return "none of its zones has a place in this site"
    needed = sorted({f"{observable} by {sensor}" for sensor, observable in wanted})
    return f"it needs {' or '.join(needed) or 'another sensor'}, which was not measured"


def failed_controls(cases: Sequence[_Case]) -> tuple[str, ...]:
    """Positive controls that could be tested and were not found."""
    missed = {Verdict.NOT_CORROBORATED, Verdict.CONTRADICTED}
    return tuple(
        case.claim.id
        for case in cases
        if case.claim.is_positive_control and case.ruling.verdict in missed
    )


def _withheld(case: _Case, failed: Sequence[str]) -> _Case:
    """A case whose answer is withheld if the method failed on what is known."""
    if not failed or case.claim.is_positive_control:
        return case
    return replace(case, ruling=withheld(failed))


def _is_placeless(claim: Claim, site: Site) -> bool:
    """Whether any zone of the claim is known by its search area only."""
    return any(
        zone.id in claim.zone_ids and not zone.is_placed and zone.outline_outside is None
        for zone in site.zones
    )


def _is_post_hoc(claim: Claim, registered: Mapping[str, Registration]) -> bool:
    """Whether the plan of a claim was changed after a look at the data."""
    held = registered.get(claim.id)
    return held is not None and held.is_post_hoc


def _assessment(case: _Case, standing: Standing) -> Assessment:
    """Put verdict, modifiers and words together."""
    weighed, ruling = case.weighed, case.ruling
    said = words.answer(case.claim, weighed, ruling, case.q_value, standing)
    return Assessment(
        claim_id=case.claim.id,
        verdict=ruling.verdict,
        modifiers=modifiers_of(case.claim, weighed, ruling, standing),
        reason=ruling.reason,
        sentence=said,
        tests=weighed.tests,
        n_tests=sum(not test.gap for test in weighed.tests),
        is_rehearsal=standing.is_simulated,
        family_p=weighed.family_p,
        q_value=case.q_value,
        plan_sha256=weighed.plan.sha256,
    )
