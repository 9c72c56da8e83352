"""The claims of a site weighed on all its sensors, ready to be written down.

Here belongs the noun that ``join`` builds and that ``publish``, ``report`` and ``terminal`` read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.model.assessment import Verdict, powers_of

if TYPE_CHECKING:
    from pipeline.model.assessment import Assessment
    from pipeline.model.claim import Claim, Seeds
    from pipeline.model.comparison import Comparison
    from pipeline.model.signal import Evidence
    from pipeline.model.site import Site


@dataclass(frozen=True)
class Passed:
    """The pass of one sensor.

    Attributes:
        sensor: its id.
        run_id: the run, hex; empty if there is none.
        why: why there is none.
        n_failures: assets that did not become data.
    """

    sensor: str
    run_id: str
    why: str
    n_failures: int = 0


@dataclass(frozen=True)
class ControlState:
    """What became of the positive controls.

    Attributes:
        found: claims of known changes that the method recovered.
        missed: such claims that could be tested and were not.
        untested: such claims that could not be tested, or with too little power.
    """

    found: tuple[str, ...]
    missed: tuple[str, ...]
    untested: tuple[str, ...]


@dataclass(frozen=True)
class Joined:
    """Everything that was weighed.

    Attributes:
        assessment_id: hash over runs, claims, site, levels and versions, hex.
        source: name of the catalogue, free of machine paths and credentials.
        settings_sha256: hash of the settings as they took effect, hex.
        site: the site.
        seeds: what has been said about it.
        passed: the passes, one a sensor.
        evidence: all lines of all of them.
        assessments: the claims, weighed, in the order of the seeds.
        comparison: changes without a claim, and events beside changes.
        min_power: power from which a known change that was not found speaks against the method.
        refused: claims that were left out, a line each.
    """

    assessment_id: str
    source: str
    settings_sha256: str
    site: Site
    seeds: Seeds
    passed: tuple[Passed, ...]
    evidence: Evidence
    assessments: tuple[Assessment, ...]
    comparison: Comparison
    min_power: float
    refused: tuple[str, ...] = ()

    @property
    def is_simulated(self) -> bool:
        """Whether any of it is made up."""
        return self.evidence.is_simulated or self.site.is_simulated

    @property
    def claim_of(self) -> dict[str, Claim]:
        """Claims by id."""
        return {claim.id: claim for claim in self.seeds.claims}

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many claims got which answer."""
        counts = dict.fromkeys(Verdict, 0)
        for one in self.assessments:
            counts[one.verdict] += 1
        return counts

    @property
    def controls(self) -> ControlState:
        """What became of the positive controls."""
        known = {claim.id for claim in self.seeds.claims if claim.is_positive_control}
        verdicts = {one.claim_id: one.verdict for one in self.assessments if one.claim_id in known}
        strong = {
            one.claim_id
            for one in self.assessments
            if max(powers_of(one.tests), default=0.0) >= self.min_power
        }
        found = {name for name, one in verdicts.items() if one is Verdict.CORROBORATED}
        unseen = {name for name, one in verdicts.items() if one is Verdict.NOT_OBSERVABLE}
        missed = (set(verdicts) - found - unseen) & strong
        rest = set(verdicts) - found - missed
        return ControlState(tuple(sorted(found)), tuple(sorted(missed)), tuple(sorted(rest)))
