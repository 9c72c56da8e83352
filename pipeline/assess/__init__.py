"""Weigh dated claims against what was measured of their places; coverage always first.

Here belongs the walk from all claims to their assessments. It reads no file and no pixel: evidence
comes in as lines, an assessment goes out. What will be asked stands in ``plan``, the numbers in
``weigh`` (over ``slide``, ``null``, ``strength``), the rule in ``verdict``, the words in ``words``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from scipy.stats import false_discovery_control

from pipeline.assess.bench import bench_of
from pipeline.assess.lines import drawn
from pipeline.assess.plan import plans_of
from pipeline.assess.verdict import (
    Case,
    Ruling,
    Standing,
    borne_out,
    modifiers_of,
    rule,
    withheld,
)
from pipeline.assess.weigh import second_opinion, weigh
from pipeline.model.assessment import Assessment, Verdict, powers_of
from pipeline.model.claim import Testability
from pipeline.model.reason import Reason, said
from pipeline.words import ENGLISH, KOREAN, claim_sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.assess.bench import Bench
    from pipeline.assess.weigh import Weighed
    from pipeline.config import AssessOptions
    from pipeline.model.claim import Claim, Seeds
    from pipeline.model.plan import Registration
    from pipeline.model.reason import Said
    from pipeline.model.signal import Evidence
    from pipeline.model.site import Site

__all__ = ["NOTHING_REGISTERED", "assess", "plans_of"]

NOTHING_REGISTERED: Final = MappingProxyType[str, "Registration"]({})
DECIDED = frozenset({Verdict.CORROBORATED, Verdict.CONTRADICTED})


@dataclass(frozen=True)
class _Ruled:
    """A case with its ruling."""

    case: Case
    ruling: Ruling


def assess(
    seeds: Seeds,
    site: Site,
    evidence: Evidence,
    options: AssessOptions,
    *,
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
    cases = map(Case, seeds.claims, weighed, _q_values(weighed))
    ruled = [_ruled(case, bench) for case in cases]
    failed = _failed_controls(ruled, options.min_power)
    return tuple(
        _assessment(
            _withheld(one, failed),
            Standing(
                is_placeless=_is_placeless(one.case.claim, site),
                is_post_hoc=_is_post_hoc(one.case.claim, registered),
                is_simulated=evidence.is_simulated or site.is_simulated,
            ),
            site,
        )
        for one in ruled
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


def _ruled(case: Case, bench: Bench) -> _Ruled:
    """The ruling on one claim; a decided one is held against a second model of the noise."""
    why = _untestable(case.claim, case.weighed, bench)
    if why:
        return _Ruled(case, Ruling(Verdict.NOT_OBSERVABLE, why))
    ruling = rule(case, bench.options)
    if ruling.verdict not in DECIDED or ruling.deciding is None:
        return _Ruled(case, ruling)
    place = case.weighed.place_of(ruling.deciding)
    interval = second_opinion(case.weighed, place, bench)
    kept = case.weighed.with_state_space(place, interval)
    decided = replace(ruling, deciding=kept.tests[place])
    return _Ruled(replace(case, weighed=kept), borne_out(decided, interval))


def _untestable(claim: Claim, weighed: Weighed, bench: Bench) -> Said | None:
    """Why nothing in the evidence can speak to a claim; None if something can."""
    if claim.testability is Testability.NONE or not claim.predictions:
        return said(Reason.NOTHING_TO_SEE)
    if claim.testability is Testability.SUB_METRE:
        return said(Reason.TOO_FINE)
    if weighed.tests:
        return None
    held = {(one.signal.sensor, one.signal.observable) for one in bench.lines}
    wanted = {(s, p.observable) for p in claim.predictions for s in p.sensors}
    if not weighed.plan.places or held & wanted:
        return said(Reason.NO_PLACE)
    needed = sorted({f"{observable} by {sensor}" for sensor, observable in wanted})
    return said(Reason.NOT_MEASURED, needed=" or ".join(needed) or "another sensor")


def _failed_controls(ruled: Sequence[_Ruled], min_power: float) -> tuple[str, ...]:
    """Positive controls that could be tested, with the power that the rule asks for, and were not.

    One that was looked at with too little power to be found says nothing of the method.
    """
    missed = {Verdict.NOT_CORROBORATED, Verdict.CONTRADICTED}
    return tuple(
        one.case.claim.id
        for one in ruled
        if one.case.claim.is_positive_control
        and one.ruling.verdict in missed
        and max(powers_of(one.case.weighed.tests), default=0.0) >= min_power
    )


def _withheld(one: _Ruled, failed: Sequence[str]) -> _Ruled:
    """A case whose answer is withheld if the method failed on what is known."""
    if not failed or one.case.claim.is_positive_control:
        return one
    return replace(one, ruling=withheld(failed))


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


def _assessment(one: _Ruled, standing: Standing, site: Site) -> Assessment:
    """Put verdict, modifiers and words together."""
    case, ruling = one.case, one.ruling
    tests, deciding = case.weighed.tests, ruling.deciding
    bare = Assessment(
        claim_id=case.claim.id,
        verdict=ruling.verdict,
        modifiers=modifiers_of(case, ruling, standing),
        why=ruling.why,
        sentence="",
        tests=tests,
        n_tests=sum(test.unseen is None for test in tests),
        is_rehearsal=standing.is_simulated,
        family_p=case.weighed.family_p,
        q_value=case.q_value,
        plan_sha256=case.weighed.plan.sha256,
        deciding=None if deciding is None else case.weighed.place_of(deciding),
    )
    return replace(
        bare,
        sentence=claim_sentence(case.claim, bare, site, ENGLISH),
        sentence_ko=claim_sentence(case.claim, bare, site, KOREAN),
    )
