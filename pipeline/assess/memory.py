"""How strongly looks at one place resemble one another, and what that does to a mean.

Here belongs arithmetic on the times of looks and one number, the memory of a day: two looks that
lie ``g`` days apart correlate by ``phi ** g`` (an AR(1) process seen at uneven times). Windows and
their means belong to ``slide``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEMORY_DAYS: Final = np.concatenate([[0.0], np.geomspace(0.5, 150.0, 30)])
"""Times in which a resemblance fades to 1/e that are tried: none, and half a day to five months.

A longer memory cannot be told from a step within the windows that claims ask about.
"""


def memory_a_day(
    days: NDArray[np.float64], values: NDArray[np.float64], follows: NDArray[np.bool_]
) -> float:
    """The memory under which neighbouring looks are most likely, by maximum likelihood.

    The Gaussian likelihood of an AR(1) process at uneven times (Jones 1980, Technometrics 22,
    389-395), with its variance profiled out, at each of ``MEMORY_DAYS``.

    Args:
        days: time of each look, ascending, (look,).
        values: departures from the mean, (look,).
        follows: whether a look is judged by the one before it; not across a known break, (look,).

    Returns:
        Correlation of looks one day apart, 0 or more and below 1.
    """
    linked = follows[1:]
    gaps, before, after = np.diff(days)[linked], values[:-1][linked], values[1:][linked]
    if not len(gaps) or not np.any(values):
        return 0.0
    fading = np.exp(-1 / np.maximum(MEMORY_DAYS, 1e-9))
    alike = fading[:, None] ** gaps
    unlike = 1 - alike**2
    firsts = np.concatenate([values[:1], values[1:][~linked]])
    squares = ((after - alike * before) ** 2 / unlike).sum(axis=1) + (firsts**2).sum()
    unlikely = len(values) * np.log(squares) + np.log(unlike).sum(axis=1)
    return float(fading[np.argmin(unlikely)])


@dataclass(frozen=True, eq=False)
class Resemblance:
    """Sums of the resemblance of all pairs of looks in any run of looks, at no cost a run.

    A run is looks ``i`` to ``j - 1``. With ``B_l``, what the looks before ``l`` resemble it
    altogether, and ``D_i``, what the look ``i`` and all later ones resemble it, the double sum over
    a run needs only the running sum of ``B`` and both ends.

    Attributes:
        days: time of each look, ascending, (look,).
        phi: memory of a day.
        before: ``B``, (look + 1,), its last entry 0.
        onward: ``D``, (look + 1,), its last entry 0.
        running: sum of ``before`` up to but not with each look, (look + 1,).
    """

    days: NDArray[np.float64]
    phi: float
    before: NDArray[np.float64]
    onward: NDArray[np.float64]
    running: NDArray[np.float64]

    def within(self, i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.float64]:
        """Sum of the resemblance over all pairs of looks of each run, (run,); 0 of an empty one."""
        pairs = self.running[j] - self.running[i]
        pairs = pairs - self._at(self.before, i) * self._onward_to(i, j)
        return np.where(j > i, (j - i) + 2 * pairs, 0.0)

    def between(
        self,
        i: NDArray[np.intp],
        j: NDArray[np.intp],
        k: NDArray[np.intp],
        m: NDArray[np.intp],
    ) -> NDArray[np.float64]:
        """Sum of the resemblance of each look of one run with each of a later run, (run,)."""
        last = np.maximum(j - 1, 0)
        kept = self._decay(i, last)
        earlier = self._at(self.before, last) + 1 - kept * self._at(self.before, i)
        product = earlier * self._decay(last, k) * self._onward_to(k, m)
        return np.where((j > i) & (m > k), product, 0.0)

    def _onward_to(self, i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.float64]:
        """What the looks from ``i`` to ``j - 1`` resemble the look ``i`` altogether."""
        return np.asarray(self.onward[i] - self._decay(i, j) * self.onward[j])

    def _decay(self, i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.float64]:
        """Resemblance of looks ``i`` and ``j``; beyond the last look it counts as that one."""
        top = len(self.days) - 1
        gaps = np.abs(self.days[np.minimum(j, top)] - self.days[np.minimum(i, top)])
        return np.asarray(self.phi**gaps)

    @staticmethod
    def _at(values: NDArray[np.float64], i: NDArray[np.intp]) -> NDArray[np.float64]:
        """Values at looks."""
        return values[i]


def resemblance(days: NDArray[np.float64], phi: float) -> Resemblance:
    """Prepare the sums for looks at given days.

    Args:
        days: time of each look, strictly ascending, at least one, (look,).
        phi: memory of a day, 0 or more and below 1.
    """
    kept = (phi ** np.diff(days)).tolist()
    before = [*accumulate(kept, lambda held, keep: keep * (held + 1), initial=0.0), 0.0]
    onward = [*accumulate(reversed(kept), lambda held, keep: 1 + keep * held, initial=1.0)]
    running = np.concatenate([[0.0], np.cumsum(before[:-1])])
    return Resemblance(days, phi, np.array(before), np.array([*onward[::-1], 0.0]), running)
