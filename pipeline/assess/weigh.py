"""One plan against the evidence: every window that was planned, asked of every line that fits it.

Here belongs the walk from a plan to the tests of its claim, with their numbers. Which verdict they
lead to belongs to ``verdict``, the arithmetic to ``slide``, ``null`` and ``strength``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pipeline.assess.null import critical, family_test, p_value
from pipeline.assess.plan import day_of
from pipeline.assess.slide import Question, Span, ask
from pipeline.assess.state_space import state_space_interval
from pipeline.assess.strength import Z_95, likelihood_ratios, power_of, smallest_seen
from pipeline.model.assessment import Effect, WindowTest
from pipeline.model.change import Status
from pipeline.model.claim import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.assess.lines import Drawn
    from pipeline.assess.slide import Answer
    from pipeline.config import AssessOptions
    from pipeline.model.assessment import Ratios
    from pipeline.model.claim import Prediction
    from pipeline.model.plan import Plan, PlannedWindow
    from pipeline.model.signal import StandingChange

LEVEL: Final = 0.05
"""Level of the intervals and of a single test."""
ENOUGH_SHIFTS: Final = 39
"""Windows of its own that a p-value of half the level needs; with fewer, those of the controls are
asked as well."""
STANDING: Final = (Status.CONFIRMED, Status.FINISHED)


class _Key(NamedTuple):
    """What tells two questions apart."""

    line: int
    window: Span
    reference: Span | None


@dataclass(frozen=True, eq=False)
class Bench:
    """Where plans are weighed: the lines, the objects, the levels, and answers given before.

    Attributes:
        lines: the evidence as lines.
        changes: confirmed objects.
        options: the levels.
        offsets: how far windows are moved, in days, (place,).
        answers: what was asked before, so that the controls are asked once for each window.
    """

    lines: tuple[Drawn, ...]
    changes: tuple[StandingChange, ...]
    options: AssessOptions
    offsets: NDArray[np.float64]
    answers: dict[_Key, Answer] = field(default_factory=dict)

    def ask(self, number: int, question: Question) -> Answer:
        """What a line says of a window, asked once."""
        key = _Key(number, question.window, question.reference)
        if key not in self.answers:
            kept = self.places(number)
            answer = ask(question, self.offsets[kept])
            self.answers[key] = answer.spread_over(kept)
        return self.answers[key]

    def places(self, number: int) -> NDArray[np.bool_]:
        """The offsets at which a line is asked, bool, (place,).

        They lie no closer than its acquisitions: windows that hold the same looks are one window,
        and a p-value that counted them twice would promise more than it knows.
        """
        gaps = np.diff(self.lines[number].listed_days)
        cadence = float(np.median(gaps)) if len(gaps) else 0.0
        stride = max(1, round(cadence / self.options.shift_step_days))
        steps = np.arange(len(self.offsets)) - len(self.offsets) // 2
        return np.asarray(steps % stride == 0)

    def peers(self, number: int) -> tuple[int, ...]:
        """The controls that share the looks of a line, without itself."""
        group, place = self.lines[number].signal.group, self.lines[number].signal.place
        return tuple(
            other
            for other, one in enumerate(self.lines)
            if one.signal.is_control and one.signal.group == group and one.signal.place != place
        )


def bench_of(
    lines: tuple[Drawn, ...], changes: tuple[StandingChange, ...], options: AssessOptions
) -> Bench:
    """A bench whose windows reach from one end of the longest line to the other."""
    spans = [one.line.days[-1] - one.line.days[0] for one in lines if len(one.line.days)]
    n_steps = math.ceil(max(spans, default=0.0) / options.shift_step_days)
    offsets = np.arange(-n_steps, n_steps + 1) * float(options.shift_step_days)
    return Bench(lines, changes, options, offsets)


@dataclass(frozen=True)
class Weighed:
    """A plan with what was measured.

    Attributes:
        plan: what was asked.
        tests: every window on every line that fits it, judged or not.
        family_p: p-value of the strongest of the tests that predict a change; None without one.
        is_shared: by the tests in their order, whether a control moved as far the same way.
    """

    plan: Plan
    tests: tuple[WindowTest, ...]
    family_p: float | None
    is_shared: tuple[bool, ...]

    def with_state_space(self, test: WindowTest, interval: tuple[float, float]) -> Weighed:
        """The same with the interval of a state-space model beside one test's own."""
        if test.effect is None:
            return self
        widened = replace(test, effect=replace(test.effect, state_space_interval=interval))
        return replace(self, tests=tuple(widened if one is test else one for one in self.tests))


@dataclass(frozen=True, eq=False)
class _Asked:
    """A planned window on one line."""

    number: int
    planned: PlannedWindow
    prediction: Prediction
    question: Question


def weigh(plan: Plan, bench: Bench) -> Weighed:
    """Ask everything that a plan asks."""
    asked = tuple(_questions(plan, bench))
    tests = [_test(one, bench) for one in asked]
    judged = [place for place, test in enumerate(tests) if not test.gap]
    shared = [False] * len(tests)
    for place in judged:
        tests[place], shared[place] = _judged(asked[place], tests[place], plan, bench)
    change = [place for place in judged if tests[place].direction is not Direction.NO_CHANGE]
    family_p = _family([asked[place] for place in change], bench) if change else None
    return Weighed(plan, tuple(tests), family_p, tuple(shared))


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
    window = Span(_day(planned.start_utc), _day(planned.end_utc))
    reference = None
    if planned.reference_start_utc:
        reference = Span(_day(planned.reference_start_utc), _day(planned.reference_end_utc))
    least = 1 if one.is_composite else options.min_window_looks
    bare = Question(one.line, window, reference, options.guard_days, (), least, least)
    low = min(bare.hull.start, bare.guarded.start)
    high = max(bare.hull.end, bare.guarded.end)
    breaks = sorted({_day(text) for text in plan.breaks_utc})
    return replace(bare, breaks=tuple(day for day in breaks if not low <= day <= high))


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
    return replace(test, gap=_gap(asked, test, bench))


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


def _gap(asked: _Asked, test: WindowTest, bench: Bench) -> str:
    """Why a window cannot be judged; empty if it can."""
    signal, cover = bench.lines[asked.number].signal, test.coverage
    if signal.not_observable:
        return signal.not_observable
    if not cover.n_scenes:
        return "no acquisition lies in the window"
    if cover.n_clear < cover.n_needed:
        return f"{cover.n_clear} clear looks lie in the window, {cover.n_needed} are needed"
    needed = bench.options.min_baseline_looks
    if cover.n_baseline < needed:
        return f"{cover.n_baseline} clear looks lie outside the window, {needed} are needed"
    if not np.isfinite(bench.ask(asked.number, asked.question).here.z[0]):
        return f"{cover.n_reference} clear looks lie in the days that it is compared with"
    return ""


def _null(asked: _Asked, bench: Bench) -> tuple[NDArray[np.float64], bool]:
    """The window at other times, and whether the controls had to be asked as well, (place,)."""
    own = bench.ask(asked.number, asked.question).elsewhere.z
    own = own[np.isfinite(own)]
    if len(own) >= ENOUGH_SHIFTS:
        return own, False
    others = [_of_peer(number, asked, bench) for number in bench.peers(asked.number)]
    z = [np.concatenate([one.here.z, one.elsewhere.z]) for one in others]
    every = np.concatenate([own, *z])
    return every[np.isfinite(every)], True


def _of_peer(number: int, asked: _Asked, bench: Bench) -> Answer:
    """What a control says of the same window."""
    return bench.ask(number, replace(asked.question, line=bench.lines[number].line))


def _judged(asked: _Asked, test: WindowTest, plan: Plan, bench: Bench) -> tuple[WindowTest, bool]:
    """A test with its numbers, and whether a control moved as far the same way."""
    here = bench.ask(asked.number, asked.question).here
    others, _ = _null(asked, bench)
    threshold = critical(others, LEVEL)
    # One standard error is what makes 1.96 of them the departure that one window in twenty has.
    scale = threshold / Z_95 if math.isfinite(threshold) and threshold > 0 else 1.0
    difference, error = float(here.differences[0]), float(here.errors[0]) * scale
    effect = Effect(
        difference=difference,
        error=error,
        interval=(difference - Z_95 * error, difference + Z_95 * error),
        p_value=p_value(float(here.z[0]), others),
        n_shifts=len(others),
        smallest_seen=smallest_seen(error),
        memory_days=-1 / math.log(here.phi) if here.phi > 0 else 0.0,
        expected=_expected(asked, bench),
    )
    peers = [_of_peer(number, asked, bench).here.z[0] for number in bench.peers(asked.number)]
    own = float(here.z[0])
    shared = any(one * math.copysign(1, own) >= abs(own) for one in peers if math.isfinite(one))
    return replace(test, effect=_strengthened(effect, plan)), shared


def _expected(asked: _Asked, bench: Bench) -> float | None:
    """The size that a prediction states, in the unit of its line, signed."""
    prediction, signal = asked.prediction, bench.lines[asked.number].signal
    if prediction.expected is not None or prediction.min_area_m2 is None:
        return prediction.expected
    share = min(1.0, prediction.min_area_m2 / signal.area_m2)
    return -share if prediction.direction is Direction.DECREASE else share


def _strengthened(effect: Effect, plan: Plan) -> Effect:
    """An effect with power and likelihood ratios, where a size is expected."""
    if effect.expected is None:
        return effect
    difference, error, expected = effect.difference, effect.error, effect.expected
    rivals: Sequence[tuple[str, Ratios]] = tuple(
        (one.id, likelihood_ratios(difference, error, expected, other=one.expected))
        for one in plan.alternatives
        if one.expected is not None
    )
    return replace(
        effect,
        power=power_of(expected, error),
        against_nothing=likelihood_ratios(difference, error, expected),
        against=tuple(rivals),
    )


def _family(asked: Sequence[_Asked], bench: Bench) -> float:
    """p-value of the strongest of the windows that predict a change."""
    answers = [bench.ask(one.number, one.question) for one in asked]
    if any(_null(one, bench)[1] for one in asked):
        alone = [
            p_value(float(answer.here.z[0]), _null(one, bench)[0])
            for one, answer in zip(asked, answers, strict=True)
        ]
        return min(1.0, len(alone) * min(alone))
    groups = [bench.lines[one.number].signal.group for one in asked]
    return family_test(answers, groups).family_p


def second_opinion(weighed: Weighed, test: WindowTest, bench: Bench) -> tuple[float, float]:
    """The 95 % interval of a test by a state-space model, which takes some tenths of a second."""
    place = weighed.tests.index(test)
    asked = tuple(_questions(weighed.plan, bench))[place]
    return state_space_interval(asked.question)
