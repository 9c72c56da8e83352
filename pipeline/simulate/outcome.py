"""What really happened in a simulated world, claim by claim: the truth that a variant plants.

Here belong outcomes, the variants by name and what is asked of one claim. What each claim stands
for belongs to ``claimed``; how an outcome changes light, heat and ground to the module of each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pipeline.errors import ConfigError
from pipeline.simulate.claimed import CLAIMS, NULLS

if TYPE_CHECKING:
    from datetime import date

    from pipeline.simulate.claimed import Span


class Outcome(StrEnum):
    """What became of one claim in the simulated world."""

    HAPPENED = "happened"
    """What the claim predicts is there: for a claim that predicts nothing, nothing is."""
    ABSENT = "absent"
    """It is not; for a claim that predicts nothing, what would refute it is planted."""
    ELSEWHERE = "elsewhere"
    """The same happened, at the same time, at another place."""
    CLOUDED = "clouded"
    """It happened, and every optical and night look of its window is clouded."""
    WRONG_MONTH = "wrong-month"
    """The same happened, some months later."""


REHEARSED: Final = (("K000-13", Outcome.ABSENT), ("K001-03", Outcome.ABSENT))
"""What did not happen in the committed tiles. No light was diverted in 2017, since K001-08 says
that none was to be seen; no roof was built in the city quarter, whose Sentinel-2 tiles are older
than the claims' truth."""
_REFUTED: Final = (
    *((claim, Outcome.ABSENT) for claim in NULLS),
    # The dip of 2010 makes that year darker than the one before.
    ("K002-10", Outcome.ABSENT),
)
STEP_REFLECTANCE: Final = 0.1
STEP_LOG: Final = 0.1
"""The common step: reflectance added, and natural logarithm added to light and radar power."""


@dataclass(frozen=True)
class Truth:
    """The outcome of every claim, and whether all measurements step.

    Attributes:
        name: the variant that it was made from.
        outcomes: pairs of a claim and its outcome; those not named happened.
        step_on: the day from which every place is brighter by the common step; None for never.
    """

    name: str = "rehearsal"
    outcomes: tuple[tuple[str, Outcome], ...] = REHEARSED
    step_on: date | None = None

    def of(self, claim_id: str) -> Outcome:
        """What became of a claim.

        Raises:
            KeyError: if it is not one of ``CLAIMS``.
        """
        CLAIMS[claim_id]
        return dict(self.outcomes).get(claim_id, Outcome.HAPPENED)

    def has(self, claim_id: str) -> bool:
        """Whether it happened where and when it was claimed, seen or not."""
        return self.of(claim_id) in (Outcome.HAPPENED, Outcome.CLOUDED)

    def is_late(self, claim_id: str) -> bool:
        """Whether it happened in another month."""
        return self.of(claim_id) is Outcome.WRONG_MONTH

    def is_elsewhere(self, claim_id: str) -> bool:
        """Whether it happened at another place."""
        return self.of(claim_id) is Outcome.ELSEWHERE

    def asked(self, *wanted: str) -> Truth:
        """The same with other outcomes, each written as ``claim=outcome``.

        Raises:
            ConfigError: if a claim or an outcome is not known.
        """
        pairs = dict(map(_asked, wanted))
        name = "+".join((self.name, *sorted(f"{claim}={pairs[claim]}" for claim in pairs)))
        outcomes = {**dict(self.outcomes), **pairs}
        return replace(self, name=name, outcomes=tuple(outcomes.items())) if pairs else self

    @property
    def overcast(self) -> tuple[Span, ...]:
        """The spans, both days included, in which no look from above is clear."""
        hidden = (claim for claim in CLAIMS if self.of(claim) is Outcome.CLOUDED)
        return tuple(CLAIMS[claim].window for claim in hidden)

    def is_stepped(self, day: date) -> bool:
        """Whether a day lies behind the common step."""
        return self.step_on is not None and day >= self.step_on


def _asked(wanted: str) -> tuple[str, Outcome]:
    """One ``claim=outcome``.

    Raises:
        ConfigError: if a claim or an outcome is not known.
    """
    claim, _, word = wanted.partition("=")
    if claim not in CLAIMS or word not in set(Outcome):
        what = f"write CLAIM=OUTCOME, an outcome being one of {', '.join(Outcome)}"
        remedy = f"choose a claim of {', '.join(CLAIMS)}"
        raise ConfigError(what, where=f"simulate.outcome {wanted}", remedy=remedy)
    return claim, Outcome(word)


def truth_of(variant: str, step_on: date | None = None) -> Truth:
    """A truth by name.

    Claims that predict nothing are left alone by all variants but ``clouded`` and ``refuted``: what
    would refute one of them would pass for the change that another one predicts.

    Args:
        variant: ``rehearsal``; an outcome, of all claims that predict a change; ``refuted``, in
            which what predicts nothing is refuted; or ``stepped``, in which nothing happened and
            every place steps.
        step_on: the day of the step; the closure of 2016 if not given.

    Raises:
        ConfigError: if there is no such variant.
    """
    if variant == REHEARSAL_TRUTH.name:
        return REHEARSAL_TRUTH
    if variant == "stepped":
        day = step_on or CLAIMS["K001-09"].window[0]
        return Truth(variant, _all(Outcome.ABSENT), day)
    if variant == "refuted":
        return Truth(variant, (*REHEARSED[:1], *_REFUTED))
    if variant not in set(Outcome):
        remedy = f"choose one of {', '.join(VARIANTS)}"
        raise ConfigError("no such truth", where=f"simulate.truth {variant}", remedy=remedy)
    return Truth(variant, _all(Outcome(variant)))


def _all(outcome: Outcome) -> tuple[tuple[str, Outcome], ...]:
    """One outcome for every claim; what predicts nothing is not refuted by it."""
    kept = () if outcome is Outcome.CLOUDED else NULLS
    return tuple((claim, outcome) for claim in CLAIMS if claim not in kept)


REHEARSAL_TRUTH: Final = Truth()
VARIANTS: Final = (REHEARSAL_TRUTH.name, *Outcome, "refuted", "stepped")
