"""One plan against the evidence: every window that was planned, asked of every line that fits it.

Here belongs the walk from a plan to the tests of its claim, with their numbers. Which verdict they
lead to belongs to ``verdict``, the arithmetic to ``slide``, ``null`` and ``strength``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.assess.null import Shifted, critical, family_test, p_as_strong, p_value
from pipeline.assess.plan import day_of
from pipeline.assess.slide import Question, Span
from pipeline.assess.state_space import state_space_interval
from pipeline.assess.strength import Z_95, likelihood_ratios, power_of, smallest_seen
from pipeline.model.assessment import Effect, WindowTest
from pipeline.model.change import Status
from pipeline.model.claim import Direction
from pipeline.model.reason import Reason, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.assess.bench import Bench
    from pipeline.assess.lines import Drawn
    from pipeline.assess.slide import Answer
    from pipeline.config import AssessOptions
    from pipeline.model.claim import Alternative, Prediction
    from pipeline.model.plan import Plan, PlannedWindow
    from pipeline.model.reason import Said

LEVEL: Final = 0.05
"""Level of the intervals and of a single test."""
ENOUGH_SHIFTS: Final = 39
"""Windows of its own that a p-value of half the level needs; with fewer, those of the controls are
asked as well."""
LEAST_SHIFTS: Final = 19
"""Windows that a p-value of the level itself needs: with fewer, nothing could pass, and nothing
says how far a window departs by chance."""
LEAST_SCALE: Final = 0.5
"""The shifted windows may narrow the error of the model to this share of it. Where most of them do
not move at all, as shares of rare pixels do not, they say nothing of how small an error can be."""
AS_FAR: Final = 0.5
"""A control that moves the same way, beyond chance and this share as far, shares a departure."""
STANDING: Final = (Status.CONFIRMED, Status.FINISHED)


@dataclass(frozen=True)
class Weighed:
    """A plan with what was measured.

    Attributes:
        plan: what was asked.
        tests: every window on every line that fits it, judged or not.
        family_p: chance that any of the tests that predict a change would move as far as the
            strongest of them did, the way it predicts; None without one.
        is_shared: by the tests in their order, whether a control moved the same way.
        strongest: position of the test that ``family_p`` is of.
    """

    plan: Plan
    tests: tuple[WindowTest, ...]
    family_p: float | None
    is_shared: tuple[bool, ...]
    strongest: int | None = None

    def place_of(self, test: WindowTest) -> int:
        """Position of one of the tests; two that ask the same are equal, and still two.

        Raises:
            ValueError: if it is none of them.
        """
        for place, one in enumerate(self.tests):
            if one is test:
                return place
        raise ValueError(f"a test of {test.zone_id} is not one of this claim's")

    def with_state_space(self, place: int, interval: tuple[float, float]) -> Weighed:
        """The same with the interval of a state-space model beside one test's own."""
        test = self.tests[place]
        if test.effect is None:
            return self
        widened = replace(test, effect=replace(test.effect, state_space_interval=interval))
        return replace(self, tests=(*self.tests[:place], widened, *self.tests[place + 1 :]))


@dataclass(frozen=True, eq=False)
class _Asked:
    """A planned window on one line."""

    number: int
    planned: PlannedWindow
    prediction: Prediction
    question: Question


@dataclass(frozen=True, eq=False)
class _Measured:
    """A window with its null.

    Attributes:
        answer: what its line says.
        others: the window at other times and, where they are few, in the controls, (place,).
        is_pooled: whether the controls had to be asked as well.
    """

    answer: Answer
    others: NDArray[np.float64]
    is_pooled: bool

    @property
    def z(self) -> float:
        """Departure of the window, in standard errors of the model."""
        return float(self.answer.here.z[0])

    @property
    def scale(self) -> float:
        """What makes 1.96 standard errors the departure that one window in twenty has."""
        return max(critical(self.others, LEVEL) / Z_95, LEAST_SCALE)

    def shifted(self, direction: Direction) -> Shifted:
        """How far the window moved as predicted, in standard errors, here and elsewhere.

        The errors are those of the model. Scaled ones would follow the very windows that they are
        then held against, and the strongest of many would be one whose scale came out small.
        """
        strength = _as_predicted(direction, np.array([self.z]))
        return Shifted(float(strength[0]), _as_predicted(direction, self.answer.elsewhere.z))


def _as_predicted(direction: Direction, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Departures the way that is predicted; either way where the sign is open."""
    signed = {Direction.INCREASE: z, Direction.DECREASE: -z}
    return signed.get(direction, np.abs(z))


def weigh(plan: Plan, bench: Bench) -> Weighed:
    """Ask everything that a plan asks."""
    asked = tuple(_questions(plan, bench))
    tests = [_test(one, bench) for one in asked]
    shared = [False] * len(tests)
    measured: dict[int, _Measured] = {}
    for place, one in enumerate(asked):
        if tests[place].gap:
            continue
        found = _measured(one, bench)
        gap = _unmeasured(found, tests[place])
        if gap:
            tests[place] = replace(tests[place], unseen=gap)
            continue
        measured[place] = found
        effect = _strengthened(
            _effect(one, found, bench), one.prediction.direction, _rivals(one, plan)
        )
        tests[place] = replace(tests[place], effect=effect)
        shared[place] = _is_shared(one, found, bench)
    family_p, strongest = _family(asked, measured, bench)
    return Weighed(plan, tuple(tests), family_p, tuple(shared), strongest)


def _questions(plan: Plan, bench: Bench) -> Iterator[_Asked]:
    """Every planned window for every line that measures what it predicts at its places."""
    for planned in plan.windows:
        prediction = plan.predictions[planned.prediction]
        for number, one in enumerate(bench.lines):
            signal = one.signal
            fits = signal.sensor in prediction.sensors and signal.place in plan.places
            if fits and signal.observable is prediction.observable:
                question = _question(planned, one, plan, bench.options)
                yield _Asked(number, planned, prediction, question)


def _question(planned: PlannedWindow, one: Drawn, plan: Plan, options: AssessOptions) -> Question:
    """A planned window as the arithmetic asks for it.

    A break within its own window, reference and guards is what the claim itself speaks of.
    """
    window = _seen(Span(_day(planned.start_utc), _day(planned.end_utc)), one)
    reference = None
    if planned.reference_start_utc:
        span = Span(_day(planned.reference_start_utc), _day(planned.reference_end_utc))
        reference = _seen(span, one)
    least = 1 if one.is_composite else options.min_window_looks
    bare = Question(one.line, window, reference, options.guard_days, (), least, least)
    low = min(bare.hull.start, bare.guarded.start)
    high = max(bare.hull.end, bare.guarded.end)
    breaks = sorted({_day(text) for text in plan.breaks_utc})
    return replace(bare, breaks=tuple(day for day in breaks if not low <= day <= high))


def _seen(span: Span, one: Drawn) -> Span:
    """The days of a span in which a line has acquisitions, if there are any.

    What lies before the first and after the last of them, such as the open end of a time, would
    only keep the window from being asked elsewhere.
    """
    listed = one.listed_days
    if not len(listed) or span.end < listed[0] or span.start > listed[-1]:
        return span
    return Span(max(span.start, float(listed[0])), min(span.end, float(listed[-1])))


def _day(text: str) -> float:
    """An instant in ISO 8601 as days."""
    return day_of(datetime.fromisoformat(text))


def _test(asked: _Asked, bench: Bench) -> WindowTest:
    """A window with its coverage, and why it cannot be judged if it cannot."""
    one, planned = bench.lines[asked.number], asked.planned
    coverage = one.coverage(asked.question, bench.options)
    test = WindowTest(
        zone_id=one.signal.place,
        time=planned.time,
        coverage=coverage,
        effect=None,
        detection_ids=_standing(asked, bench),
        sensor=one.signal.sensor,
        series=one.signal.series,
        observable=one.signal.observable,
        unit=one.signal.unit,
        direction=asked.prediction.direction,
        is_primary=planned.prediction == 0,
        start_utc=planned.start_utc,
        end_utc=planned.end_utc,
    )
    return replace(test, unseen=_gap(asked, test, bench))


def _standing(asked: _Asked, bench: Bench) -> tuple[str, ...]:
    """Confirmed objects of the sensor that stand at the place inside the window."""
    signal = bench.lines[asked.number].signal
    start = datetime.fromisoformat(asked.planned.start_utc)
    end = datetime.fromisoformat(asked.planned.end_utc)
    return tuple(
        one.id
        for one in bench.changes
        if (one.zone_id, one.sensor) == (signal.place, signal.sensor)
        and one.status in STANDING
        and one.onset.first_with <= end
        and (one.reversal is None or (one.reversal.last_without or start) >= start)
    )


def _gap(asked: _Asked, test: WindowTest, bench: Bench) -> Said | None:
    """Why a window cannot be judged; None if it can."""
    signal, cover = bench.lines[asked.number].signal, test.coverage
    if signal.not_observable:
        return said(Reason.SILENT_LINE, why=signal.not_observable)
    if not cover.n_scenes:
        return said(Reason.NO_ACQUISITION)
    if cover.n_clear < cover.n_needed:
        return said(Reason.FEW_LOOKS, n_clear=cover.n_clear, n_needed=cover.n_needed)
    needed = bench.options.min_baseline_looks
    if cover.n_baseline < needed:
        return said(Reason.FEW_OTHERS, n_clear=cover.n_baseline, n_needed=needed)
    return None


def _unmeasured(found: _Measured, test: WindowTest) -> Said | None:
    """Why a well-seen window cannot be judged; None if it can."""
    cover, n_shifts = test.coverage, len(found.others)
    if not math.isfinite(found.z):
        return said(Reason.FEW_REFERENCE, n_clear=cover.n_reference, n_needed=cover.n_needed)
    if n_shifts < LEAST_SHIFTS:
        return said(Reason.FEW_SHIFTS, n_shifts=n_shifts, n_needed=LEAST_SHIFTS)
    return None


def _measured(asked: _Asked, bench: Bench) -> _Measured:
    """A window with its null: itself at other times and, where they are few, the controls."""
    answer = bench.ask(asked.number, asked.question)
    own = answer.elsewhere.z
    if np.isfinite(own).sum() >= ENOUGH_SHIFTS:
        return _Measured(answer, own[np.isfinite(own)], is_pooled=False)
    peers = [_of_peer(number, asked, bench) for number in bench.peers(asked.number)]
    every = np.concatenate([own, *(part.z for one in peers for part in (one.here, one.elsewhere))])
    return _Measured(answer, every[np.isfinite(every)], is_pooled=True)


def _of_peer(number: int, asked: _Asked, bench: Bench) -> Answer:
    """What a control says of the same window."""
    return bench.ask(number, replace(asked.question, line=bench.lines[number].line))


def _effect(asked: _Asked, found: _Measured, bench: Bench) -> Effect:
    """A window in numbers."""
    here = found.answer.here
    difference, error = float(here.differences[0]), float(here.errors[0]) * found.scale
    return Effect(
        difference=difference,
        error=error,
        interval=(difference - Z_95 * error, difference + Z_95 * error),
        p_value=p_value(found.z, found.others),
        n_shifts=len(found.others),
        smallest_seen=smallest_seen(error),
        memory_days=-1 / math.log(here.phi) if here.phi > 0 else 0.0,
        expected=_expected(asked, bench),
    )


def _is_shared(asked: _Asked, found: _Measured, bench: Bench) -> bool:
    """Whether a control moved the same way: as strongly, or beyond chance and half as far."""
    sign, difference = math.copysign(1, found.z), abs(float(found.answer.here.differences[0]))
    for number in bench.peers(asked.number):
        here = _of_peer(number, asked, bench).here
        z, moved = float(here.z[0]) * sign, float(here.differences[0]) * sign
        if z >= abs(found.z) or (z >= Z_95 and moved >= AS_FAR * difference):
            return True
    return False


def _expected(asked: _Asked, bench: Bench) -> float | None:
    """The size that a prediction states, in the unit of its line, signed."""
    prediction, signal = asked.prediction, bench.lines[asked.number].signal
    if prediction.expected is not None or prediction.min_area_m2 is None:
        return prediction.expected
    share = min(1.0, prediction.min_area_m2 / signal.area_m2)
    return -share if prediction.direction is Direction.DECREASE else share


def _rivals(asked: _Asked, plan: Plan) -> tuple[Alternative, ...]:
    """The alternatives whose sizes are in the unit of a test: a stated size is the primary's."""
    if asked.planned.prediction == 0:
        return plan.alternatives
    return tuple(one for one in plan.alternatives if one.is_alike)


def _strengthened(
    effect: Effect, direction: Direction, alternatives: Sequence[Alternative]
) -> Effect:
    """An effect with power and likelihood ratios, where a size is expected."""
    if effect.expected is None:
        return effect
    difference, error, expected = effect.difference, effect.error, effect.expected
    is_signed = direction in {Direction.INCREASE, Direction.DECREASE}
    nothing = likelihood_ratios(difference, error, expected, is_signed=is_signed)
    sizes = {one.id: expected if one.is_alike else one.expected for one in alternatives}
    rivals = tuple(
        (name, likelihood_ratios(difference, error, expected, other=size, is_signed=is_signed))
        for name, size in sizes.items()
        if size is not None
    )
    power = power_of(expected, error)
    return replace(effect, power=power, against_nothing=nothing, against=rivals)


def _family(
    asked: Sequence[_Asked], measured: Mapping[int, _Measured], bench: Bench
) -> tuple[float | None, int | None]:
    """p-value of the strongest of the windows that predict a change, and its position."""
    change = [n for n in measured if asked[n].prediction.direction is not Direction.NO_CHANGE]
    if not change:
        return None, None
    windows = [measured[n].shifted(asked[n].prediction.direction) for n in change]
    if any(measured[n].is_pooled for n in change):
        found = [
            p_as_strong(
                window.strength,
                _as_predicted(asked[n].prediction.direction, measured[n].others),
            )
            for n, window in zip(change, windows, strict=True)
        ]
        best = int(np.argmin(found))
        return min(1.0, len(found) * found[best]), change[best]
    groups = [
        f"{bench.lines[asked[n].number].signal.group} {asked[n].question.window}" for n in change
    ]
    result = family_test(windows, groups)
    return result.family_p, change[result.strongest]


def second_opinion(weighed: Weighed, place: int, bench: Bench) -> tuple[float, float]:
    """The 95 % interval of a test by a state-space model, which takes some tenths of a second."""
    asked = tuple(_questions(weighed.plan, bench))[place]
    return state_space_interval(asked.question)
