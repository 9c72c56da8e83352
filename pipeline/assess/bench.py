"""Where plans are weighed: the lines, how far their windows are moved, and answers given before.

Here belongs what is prepared once for all claims. What a plan asks belongs to ``weigh``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.assess.slide import ask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.assess.lines import Drawn
    from pipeline.assess.slide import Answer, Question, Span
    from pipeline.config import AssessOptions
    from pipeline.model.signal import StandingChange


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
        strides: by line, how many steps of the offsets lie between two places at which it is asked.
        answers: what was asked before, so that the controls are asked once for each window.
    """

    lines: tuple[Drawn, ...]
    changes: tuple[StandingChange, ...]
    options: AssessOptions
    offsets: NDArray[np.float64]
    strides: tuple[int, ...]
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
        """The offsets at which a line is asked, bool, (place,)."""
        steps = np.arange(len(self.offsets)) - len(self.offsets) // 2
        return np.asarray(steps % self.strides[number] == 0)

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
    strides = tuple(_stride(one.listed_days, options.shift_step_days) for one in lines)
    return Bench(lines, changes, options, offsets, strides)


def _stride(listed_days: NDArray[np.float64], step_days: int) -> int:
    """How many steps apart a line is asked: no closer than its acquisitions.

    Windows that hold the same looks are one window, and a p-value that counted them twice would
    promise more than it knows.
    """
    gaps = np.diff(listed_days)
    cadence = float(np.median(gaps)) if len(gaps) else 0.0
    return max(1, round(cadence / step_days))
