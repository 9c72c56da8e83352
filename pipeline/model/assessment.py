"""What the measurements do to a claim.

Here belong verdicts and the numbers behind them as plain values. Weighing belongs to ``assess``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.model.claim import AssertedTime


class Verdict(StrEnum):
    """The four answers; there is no other."""

    CORROBORATED = "corroborated"
    NOT_CORROBORATED = "not_corroborated"
    CONTRADICTED = "contradicted"
    NOT_OBSERVABLE = "not_observable"


class Modifier(StrEnum):
    """What must be read with a verdict."""

    DATE_DISPUTED = "date_disputed"
    DERIVED_FROM_IMAGERY = "derived_from_imagery"
    SINGLE_SENSOR = "single_sensor"
    ALTERNATIVE_OPEN = "alternative_open"
    COMPATIBLE_WITH_NULL = "compatible_with_null"
    POSITION_UNKNOWN = "position_unknown"
    POST_HOC = "post_hoc"
    SIMULATED = "simulated"


@dataclass(frozen=True)
class Coverage:
    """How well one zone was seen around one asserted time.

    Attributes:
        n_scenes: acquisitions inside the window.
        n_clear: of these, the ones in which enough of the zone was clear.
        n_baseline: clear looks before the window that the comparison rests on.
        n_needed: clear looks in the window that the rule asks for.
    """

    n_scenes: int
    n_clear: int
    n_baseline: int
    n_needed: int


@dataclass(frozen=True)
class Effect:
    """How far a zone moved inside a window, against its own history and its controls.

    Attributes:
        share: departing share of the zone in the window less that of the controls, less the same
            difference outside the window.
        interval: 95 % confidence interval of the share.
        p_value: chance of a shift at least as large at another time, from window shifts.
        n_shifts: how many other windows the p-value rests on.
        minimum_detectable: smallest share that would have been seen with 80 % probability.
        predicted: share that the claim predicts at least; None if it states no size.
        power: probability to have seen the predicted share; None if it states no size.
    """

    share: float
    interval: tuple[float, float]
    p_value: float
    n_shifts: int
    minimum_detectable: float
    predicted: float | None = None
    power: float | None = None


@dataclass(frozen=True)
class WindowTest:
    """One claim tested in one zone at one asserted time.

    Attributes:
        zone_id: the zone, or the cell that stands for a zone of unknown place.
        time: the asserted time.
        coverage: how well it was seen.
        effect: what was measured; None if it was not observable.
        detection_ids: confirmed changes that stand in the window.
    """

    zone_id: str
    time: AssertedTime
    coverage: Coverage
    effect: Effect | None
    detection_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """One claim, weighed.

    Attributes:
        claim_id: the claim.
        verdict: one of the four answers.
        modifiers: what must be read with it.
        reason: why, in one sentence whose subject is the measurement.
        sentence: the whole answer in words, fit for print.
        tests: every zone and asserted time that was looked at.
        n_tests: size of the family of tests.
        is_rehearsal: whether simulated scenes stand behind it, so that it is no evidence.
    """

    claim_id: str
    verdict: Verdict
    modifiers: tuple[Modifier, ...]
    reason: str
    sentence: str
    tests: tuple[WindowTest, ...]
    n_tests: int
    is_rehearsal: bool
