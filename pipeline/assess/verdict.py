"""The rule that turns coverage and effect into one of four answers.

Here belongs the decision, coverage first. What the numbers are belongs to ``shift`` and
``evidence``; how the answer is worded belongs to ``words``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.stats import norm

from pipeline.assess.shift import Z_95
from pipeline.model.assessment import Effect, Modifier, Verdict
from pipeline.model.claim import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.assess.shift import Contrast
    from pipeline.config import AssessOptions
    from pipeline.model.assessment import Coverage, WindowTest
    from pipeline.model.claim import Claim, Prediction

MIN_RATIO = 1.0
"""Predicted effect over its standard error below which a window cannot speak (power 0.17)."""


@dataclass(frozen=True)
class Ruling:
    """A verdict and why.

    Attributes:
        verdict: one of the four answers.
        reason: why, in one sentence.
    """

    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Family:
    """The windows of one claim that could be judged, as one family of tests.

    Attributes:
        tests: the windows, at least one, each with an effect.
        family_p: p-value of the strongest of them, all counted.
        is_whole: whether every window that was asked could be judged.
        sees_passing: whether a change that came and went would have been seen.
    """

    tests: tuple[WindowTest, ...]
    family_p: float
    is_whole: bool
    sees_passing: bool = True

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The measured effects, in the order of the tests."""
        return tuple(test.effect for test in self.tests if test.effect is not None)

    def rises(self, options: AssessOptions) -> bool:
        """Whether the strongest window stands out upwards."""
        return self.family_p <= options.max_p_value and max(e.share for e in self.effects) > 0


def power_of(predicted: float, error: float) -> float:
    """Probability that an effect of the predicted size passes a two-sided 5 % test.

    Example:
        >>> round(power_of(2.8, 1.0), 2)
        0.8
    """
    ratio = predicted / error
    return float(norm.cdf(ratio - Z_95) + norm.cdf(-ratio - Z_95))


def effect_of(found: Contrast, p_value: float, n_shifts: int, predicted: float | None) -> Effect:
    """The numbers of one window as the noun that is published."""
    return Effect(
        share=found.difference,
        interval=found.interval,
        p_value=p_value,
        n_shifts=n_shifts,
        minimum_detectable=found.minimum_detectable,
        predicted=predicted,
        power=None if predicted is None else power_of(predicted, found.error),
    )


def coverage_gap(coverage: Coverage, options: AssessOptions) -> str:
    """Why a window cannot be judged; empty if it can."""
    if not coverage.n_scenes:
        return "no acquisition lies in the window"
    if coverage.n_clear < coverage.n_needed:
        return f"{coverage.n_clear} clear looks lie in the window, {coverage.n_needed} are needed"
    if coverage.n_baseline < options.min_baseline_looks:
        needed = options.min_baseline_looks
        return f"{coverage.n_baseline} clear looks lie outside the window, {needed} are needed"
    return ""


def rule(family: Family, prediction: Prediction, options: AssessOptions) -> Ruling:
    """The verdict over all windows of a claim that could be judged.

    Args:
        family: the judged windows.
        prediction: what the claim predicts.
        options: the levels.
    """
    powers = [effect.power for effect in family.effects if effect.power is not None]
    if powers and max(powers) < power_of(MIN_RATIO, 1.0):
        return Ruling(
            Verdict.NOT_OBSERVABLE,
            "the predicted change is smaller than the scatter of the zone's own history",
        )
    if prediction.direction is Direction.NO_CHANGE:
        return _null_ruling(rises=family.rises(options))
    if family.rises(options) and any(test.detection_ids for test in family.tests):
        return Ruling(
            Verdict.CORROBORATED,
            "the share rose as predicted, beyond other windows and controls, and a change stands "
            "in the window for as many looks as the rule asks",
        )
    certain = family.is_whole and family.sees_passing and len(powers) == len(family.effects)
    if certain and min(powers) >= options.min_power and _excluded(family.effects):
        return Ruling(
            Verdict.CONTRADICTED,
            "a change of the predicted size would have been seen and was not measured",
        )
    return Ruling(Verdict.NOT_CORROBORATED, "the measurements neither support nor oppose it")


def _null_ruling(*, rises: bool) -> Ruling:
    """A claim that predicts nothing to be seen is never supported by seeing nothing."""
    if rises:
        return Ruling(Verdict.NOT_CORROBORATED, "a rise was measured where the claim predicts none")
    return Ruling(
        Verdict.NOT_CORROBORATED,
        "no rise was measured, which is what the claim predicts and also what its opposite allows",
    )


def _excluded(effects: Sequence[Effect]) -> bool:
    """Whether every interval ends below half of the predicted size."""
    return all(
        effect.predicted is not None and effect.interval[1] < effect.predicted / 2
        for effect in effects
    )


def modifiers_of(
    claim: Claim, ruling: Ruling, *, position_unknown: bool, is_simulated: bool
) -> tuple[Modifier, ...]:
    """What must be read with a verdict, in the order of the enumeration."""
    judged = ruling.verdict is not Verdict.NOT_OBSERVABLE
    predicts_nothing = any(p.direction is Direction.NO_CHANGE for p in claim.predictions[:1])
    holds = {
        Modifier.DATE_DISPUTED: claim.is_date_disputed,
        Modifier.DERIVED_FROM_IMAGERY: claim.is_from_imagery,
        Modifier.SINGLE_SENSOR: judged,
        Modifier.ALTERNATIVE_OPEN: judged and bool(claim.alternatives),
        Modifier.COMPATIBLE_WITH_NULL: judged and predicts_nothing and "no rise" in ruling.reason,
        Modifier.POSITION_UNKNOWN: position_unknown,
        Modifier.SIMULATED: is_simulated,
    }
    return tuple(modifier for modifier, applies in holds.items() if applies)
