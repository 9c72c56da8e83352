"""The rule that turns coverage and effects into one of four answers.

Here belongs the decision, coverage first. The numbers belong to ``weigh``, the words of an answer
to ``words``. Levels are those of the table of decisions (README of the seeds explains the words):

- ``not_observable`` if no window could be judged, or every predicted effect is smaller than what
  it would be measured with (power below 0.17);
- ``corroborated`` if the strongest of the windows that moved as predicted did so beyond other
  windows (the whole family counted) and beyond what the number of claims explains, at least ten
  times more likely under the claim than under "nothing changed" for every spread of the expected
  size, not shared by a control, and with no named alternative that foretells it nearly as well;
- ``contradicted`` if every window could be judged, and in each a change of the expected size would
  have been seen with power 0.8 and is at least ten times less likely than none;
- ``not_corroborated`` for all else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.assess.strength import is_equivalent, power_of
from pipeline.model.assessment import Modifier, Verdict
from pipeline.model.claim import Direction
from pipeline.model.reason import Reason, said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.assess.weigh import Weighed
    from pipeline.config import AssessOptions
    from pipeline.model.assessment import Effect, WindowTest
    from pipeline.model.claim import Claim
    from pipeline.model.reason import Said

MIN_RATIO: Final = 1.0
"""Predicted effect over its standard error below which a window cannot speak (power 0.17)."""
ONE_SIDED_95: Final = 1.644854
NEAR: Final = 3.0
"""An account is open if the measurement is not this many times more likely under the claim."""


@dataclass(frozen=True)
class Ruling:
    """A verdict and why.

    Attributes:
        verdict: one of the four answers.
        why: the reason with its numbers.
        deciding: the test that it rests on; None if none decides.
        is_null: whether nothing was predicted and nothing of that size was there.
        has_rival: whether a named alternative foretells the measurement nearly as well.
    """

    verdict: Verdict
    why: Said
    deciding: WindowTest | None = None
    is_null: bool = False
    has_rival: bool = False

    @property
    def reason(self) -> str:
        """The reason in English."""
        return str(self.why)


@dataclass(frozen=True)
class Case:
    """A claim with everything that its verdict rests on.

    Attributes:
        claim: the claim.
        weighed: its windows, judged or not.
        q_value: false discovery rate of its family among all claims; None if it has none.
    """

    claim: Claim
    weighed: Weighed
    q_value: float | None


def rule(case: Case, options: AssessOptions) -> Ruling:
    """The verdict over all windows of a claim."""
    weighed = case.weighed
    judged = [test for test in weighed.tests if not test.gap and test.effect is not None]
    if not judged:
        return Ruling(Verdict.NOT_OBSERVABLE, _why_unseen(weighed.tests))
    sized = [test for test in judged if _power(test) is not None]
    if len(sized) == len(judged) and all(_is_too_small(test) for test in sized):
        return Ruling(Verdict.NOT_OBSERVABLE, said(Reason.TOO_SMALL))
    nulls = [test for test in judged if _predicts_nothing(test)]
    change = [test for test in judged if not _predicts_nothing(test)]
    if not change or (nulls and _primary_direction(weighed) is Direction.NO_CHANGE):
        return _null_ruling(weighed, nulls, options)
    return _change_ruling(case, change, options)


def _why_unseen(tests: Sequence[WindowTest]) -> Said:
    """Why not even the best-seen window could be judged."""
    best = max(tests, key=lambda test: test.coverage.n_clear, default=None)
    return (best and best.unseen) or said(Reason.NOTHING_THERE)


def _power(test: WindowTest) -> float | None:
    """Power of a test at the expected size."""
    return None if test.effect is None else test.effect.power


def _is_too_small(test: WindowTest) -> bool:
    """Whether the expected size is below what it is measured with."""
    power = _power(test)
    return power is not None and power < power_of(MIN_RATIO, 1.0)


def _predicts_nothing(test: WindowTest) -> bool:
    """Whether nothing is to be seen."""
    return test.direction is Direction.NO_CHANGE


def _is_signed(test: WindowTest) -> bool:
    """Whether the prediction has a sign."""
    return test.direction in {Direction.INCREASE, Direction.DECREASE}


def _primary_direction(weighed: Weighed) -> Direction:
    """What the primary prediction of a claim says."""
    return weighed.plan.predictions[0].direction


def _change_ruling(case: Case, change: Sequence[WindowTest], options: AssessOptions) -> Ruling:
    """A claim that predicts a change: supported, opposed, or neither."""
    weighed, strongest = case.weighed, max(change, key=_departure)
    leading = strongest if weighed.strongest is None else weighed.tests[weighed.strongest]
    calls = weighed.family_p is not None and weighed.family_p <= options.max_p_value
    if calls and _is_as_predicted(leading):
        return _supported(case, leading, options)
    whole = [test for test in weighed.tests if not _predicts_nothing(test)]
    if len(change) == len(whole) and all(_is_opposed(test, options) for test in change):
        return Ruling(Verdict.CONTRADICTED, said(Reason.ABSENT), strongest)
    return Ruling(Verdict.NOT_CORROBORATED, said(Reason.UNDECIDED), strongest)


def _departure(test: WindowTest) -> float:
    """How far a test departs, in standard errors."""
    return 0.0 if test.effect is None else abs(test.effect.difference) / test.effect.error


def _is_as_predicted(test: WindowTest) -> bool:
    """Whether a test moved the way that is predicted."""
    difference = 0.0 if test.effect is None else test.effect.difference
    signs = {Direction.INCREASE: difference > 0, Direction.DECREASE: difference < 0}
    return signs.get(test.direction, True)


def _supported(case: Case, test: WindowTest, options: AssessOptions) -> Ruling:
    """A window stands out as predicted; what else has to hold, in the order of the reasons."""
    place, q_value = case.weighed.place_of(test), case.q_value
    ratios = None if test.effect is None else test.effect.against_nothing
    rival = open_rival(case.claim, test)
    failed = {
        said(Reason.SHARED): case.weighed.is_shared[place],
        said(Reason.NO_SIZE): ratios is None,
        said(Reason.WEAK): ratios is not None and ratios.low < options.min_likelihood_ratio,
        said(Reason.MANY_CLAIMS): q_value is not None and q_value > options.max_q_value,
        said(Reason.RIVAL, rival=rival): bool(rival),
    }
    for why, holds in failed.items():
        if holds:
            return Ruling(Verdict.NOT_CORROBORATED, why, test, has_rival=bool(rival))
    return Ruling(Verdict.CORROBORATED, said(Reason.AS_PREDICTED), test)


def open_rival(claim: Claim, test: WindowTest) -> str:
    """A named alternative that foretells a test nearly as well; empty if there is none.

    One whose size is not stated is open unless the method rules it out.
    """
    effect = test.effect
    against = {} if effect is None else dict(effect.against)
    for one in claim.alternatives:
        ratios = against.get(one.id)
        if not one.excluded_by and (ratios is None or ratios.low < NEAR):
            return one.id.replace("-", " ")
    return ""


def _is_opposed(test: WindowTest, options: AssessOptions) -> bool:
    """Whether a change of the expected size would have been seen and is not what was measured."""
    effect = test.effect
    if effect is None or effect.power is None or effect.against_nothing is None:
        return False
    unlikely = effect.against_nothing.high <= 1 / options.min_likelihood_ratio
    return effect.power >= options.min_power and (unlikely or _is_reversed(test, effect))


def _is_reversed(test: WindowTest, effect: Effect) -> bool:
    """Whether the interval leaves out half of the expected size, and the sign is the other one."""
    if not _is_signed(test):
        return False
    half = (effect.expected or 0.0) / 2
    low, high = effect.interval
    return high < min(half, 0.0) if half > 0 else low > max(half, 0.0)


def _null_ruling(weighed: Weighed, judged: Sequence[WindowTest], options: AssessOptions) -> Ruling:
    """A claim that predicts nothing to be seen is never supported by seeing nothing."""
    strongest = max(judged, key=_departure)
    effects = [test.effect for test in judged if test.effect is not None]
    if all(effect.expected is not None and _is_absent(effect) for effect in effects):
        why = said(Reason.NULL_AS_PREDICTED)
        return Ruling(Verdict.NOT_CORROBORATED, why, strongest, is_null=True)
    shared = weighed.is_shared[weighed.place_of(strongest)]
    if not shared and _is_there(strongest, len(judged), options):
        return Ruling(Verdict.CONTRADICTED, said(Reason.PRESENT_UNPREDICTED), strongest)
    return Ruling(Verdict.NOT_CORROBORATED, said(Reason.UNDECIDED), strongest)


def _is_absent(effect: Effect) -> bool:
    """Whether nothing as large as the size in question was there."""
    bound = abs(effect.expected or 0.0)
    return is_equivalent(effect.difference, effect.error, bound, ONE_SIDED_95)


def _is_there(test: WindowTest, n_tests: int, options: AssessOptions) -> bool:
    """Whether a change of the size in question was there, in a claim that predicts none."""
    effect = test.effect
    if effect is None or effect.against_nothing is None:
        return False
    likely = effect.against_nothing.low >= options.min_likelihood_ratio
    return likely and n_tests * effect.p_value <= options.max_p_value


@dataclass(frozen=True)
class Standing:
    """What holds of a claim beside its numbers.

    Attributes:
        is_placeless: whether any of its zones is known by a search area only.
        is_post_hoc: whether its plan was changed after a look at the data.
        is_simulated: whether any of the evidence is made up.
    """

    is_placeless: bool
    is_post_hoc: bool
    is_simulated: bool


def modifiers_of(case: Case, ruling: Ruling, standing: Standing) -> tuple[Modifier, ...]:
    """What must be read with a verdict, in the order of the enumeration."""
    claim = case.claim
    sensors = {test.sensor for test in case.weighed.tests if not test.gap}
    judged = ruling.verdict is not Verdict.NOT_OBSERVABLE
    rival = ruling.has_rival or (ruling.deciding and open_rival(claim, ruling.deciding))
    holds = {
        Modifier.DATE_DISPUTED: claim.is_date_disputed,
        Modifier.DERIVED_FROM_IMAGERY: claim.is_from_imagery,
        Modifier.SINGLE_SENSOR: judged and len(sensors) == 1,
        Modifier.ALTERNATIVE_OPEN: judged and bool(rival),
        Modifier.COMPATIBLE_WITH_NULL: ruling.is_null,
        Modifier.POSITION_UNKNOWN: standing.is_placeless,
        Modifier.POST_HOC: standing.is_post_hoc,
        Modifier.SIMULATED: standing.is_simulated,
    }
    return tuple(modifier for modifier, applies in holds.items() if applies)


def withheld(failed: Sequence[str]) -> Ruling:
    """The answer to every other claim once a positive control was tested and not found."""
    names = ", ".join(failed)
    return Ruling(Verdict.NOT_OBSERVABLE, said(Reason.WITHHELD, controls=names))


def borne_out(ruling: Ruling, interval: tuple[float, float]) -> Ruling:
    """A ruling held against the interval of another model of the noise.

    Args:
        ruling: a verdict of ``corroborated`` or ``contradicted``.
        interval: 95 % interval of the deciding effect by that model.
    """
    test, effect = ruling.deciding, None if ruling.deciding is None else ruling.deciding.effect
    if test is None or effect is None:
        return ruling
    low, high = interval
    if ruling.verdict is Verdict.CORROBORATED:
        agrees = low > 0 if effect.difference > 0 else high < 0
    elif _predicts_nothing(test):
        agrees = not low <= 0 <= high
    else:
        size = effect.expected or 0.0
        sizes = (size,) if _is_signed(test) else (size, -size)
        agrees = not any(low <= one <= high for one in sizes)
    if agrees:
        return ruling
    why = said(Reason.OTHER_NOISE)
    return Ruling(Verdict.NOT_CORROBORATED, why, test, has_rival=ruling.has_rival)
