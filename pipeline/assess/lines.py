"""The evidence as lines that can be asked: differences from controls on an axis of days.

Here belongs the step from what was measured to what ``slide`` reads, and how well a window of it
was seen. Windows and their meaning belong to ``weigh``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assess.plan import day_of
from pipeline.assess.slide import Line
from pipeline.model.assessment import Coverage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.assess.slide import Question
    from pipeline.config import AssessOptions
    from pipeline.model.signal import Evidence, Signal


@dataclass(frozen=True, eq=False)
class Drawn:
    """A signal as a line.

    Attributes:
        signal: what was measured.
        line: its differences at the looks that gave a number.
        n_behind: clear looks behind each of them, int64, (look,).
        listed_days: every acquisition that was listed, in days, ascending, (acquisition,).
    """

    signal: Signal
    line: Line
    n_behind: NDArray[np.int64]
    listed_days: NDArray[np.float64]

    @property
    def is_composite(self) -> bool:
        """Whether a value pools several looks, so that one value is more than one look."""
        return bool(len(self.n_behind)) and bool(np.median(self.n_behind) > 1)

    def coverage(self, question: Question, options: AssessOptions) -> Coverage:
        """How well the window and the rest were seen."""
        days, (start, end) = self.line.days, question.window
        low, high = question.guarded
        inside = (days >= start) & (days <= end)
        outside = (days < low) | (days > high)
        listed = (self.listed_days >= start) & (self.listed_days <= end)
        reference = outside
        if question.reference is not None:
            first, last = question.reference
            reference = outside & (days >= first) & (days <= last)
        return Coverage(
            n_scenes=int(listed.sum()),
            n_clear=int(self.n_behind[inside].sum()),
            n_baseline=int(self.n_behind[outside].sum()),
            n_needed=options.min_window_looks,
            n_reference=int(self.n_behind[reference].sum()),
        )


def drawn(evidence: Evidence) -> tuple[Drawn, ...]:
    """All signals as lines, in their own order."""
    return tuple(_draw(signal) for signal in evidence.signals)


def _draw(signal: Signal) -> Drawn:
    """One signal as a line."""
    days = np.array([day_of(instant) for instant in signal.instants])
    usable = np.isfinite(signal.differences) & (signal.n_behind > 0)
    line = Line(days[usable], signal.differences[usable], signal.resolution)
    listed = np.sort(np.array([day_of(instant) for instant in signal.listed]))
    return Drawn(signal, line, signal.n_behind[usable], listed)
