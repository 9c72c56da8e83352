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
FADING: Final = np.exp(-1 / np.maximum(MEMORY_DAYS, 1e-9))
"""Correlation of looks one day apart, for each of them."""
MIN_GAP_DAYS: Final = 1.0
"""Looks closer than this count as so far apart where memory is judged. What tells two looks of one
day apart is the measuring, which an AR(1) process knows nothing of: it would take a single pair
for a sign that there is no memory at all."""


@dataclass(frozen=True, eq=False)
class Links:
    """Neighbouring looks of a series and how well each memory would foretell one by the other.

    Attributes:
        weight: one over the share ``u`` of its variance that a look does not foretell of the
            next, (memory, look - 1).
        shared: their resemblance times that, likewise.
        log_unlike: the logarithm of ``u``, likewise.
    """

    weight: NDArray[np.float64]
    shared: NDArray[np.float64]
    log_unlike: NDArray[np.float64]

    def memory_a_day(self, values: NDArray[np.float64], linked: NDArray[np.bool_]) -> float:
        """The memory under which looks are most likely, given the looks before them.

        The Gaussian likelihood of an AR(1) process at uneven times (Jones 1980, Technometrics 22,
        389-395), with its variance profiled out, at each of ``MEMORY_DAYS``. The square of what one
        look leaves of the next, over ``u``, is written out: ``u`` is one less the squared
        resemblance.

        Args:
            values: departures from the mean, NaN at looks that do not count, (look,).
            linked: whether a look is judged by the one before it, (look,); never the first.

        Returns:
            Correlation of looks one day apart, 0 or more and below 1.
        """
        counts = np.isfinite(values)
        n_looks = int(counts.sum())
        if not linked.any() or not np.any(values[counts]):
            return 0.0
        known = np.where(counts, values, 0.0)
        pair = linked[1:].astype(np.float64)
        before, after = known[:-1] * pair, known[1:] * pair
        firsts = (known[counts & ~linked] ** 2).sum()
        squares = self.weight @ (after**2 + before**2) - 2 * self.shared @ (after * before)
        squares += firsts - (before**2).sum()
        unlikely = n_looks * np.log(squares) + self.log_unlike @ pair
        return float(FADING[np.argmin(unlikely)])


def links(days: NDArray[np.float64]) -> Links:
    """Prepare the judging of memory for looks at given days.

    Args:
        days: time of each look, ascending, (look,).
    """
    alike = FADING[:, None] ** np.maximum(np.diff(days), MIN_GAP_DAYS)
    unlike = 1 - alike**2
    return Links(1 / unlike, alike / unlike, np.log(unlike))


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
        pairs = pairs - self.before[i] * self._onward_to(i, j)
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
        earlier = self.before[last] + 1 - self._decay(i, last) * self.before[i]
        product = earlier * self._decay(last, k) * self._onward_to(k, m)
        return np.where((j > i) & (m > k), product, 0.0)

    def without(self, first: int, end: int) -> Resemblance:
        """The sums without the looks from one to the one before another."""
        if end <= first:
            return self
        days = np.concatenate([self.days[:first], self.days[end:]])
        i, j = np.array([first]), np.array([end])
        early = self.before[end - 1] + 1 - self._decay(i, j - 1) * self.before[first]
        after = self.before[end:-1] - early * self.phi ** (self.days[end:] - self.days[end - 1])
        late = self._onward_to(i, j) * self.phi ** (self.days[first] - self.days[:first])
        before = np.concatenate([self.before[:first], after, [0.0]])
        onward = np.concatenate([self.onward[:first] - late, self.onward[end:]])
        return Resemblance(days, self.phi, before, onward, _running(before))

    def _onward_to(self, i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.float64]:
        """What the looks from ``i`` to ``j - 1`` resemble the look ``i`` altogether."""
        return np.asarray(self.onward[i] - self._decay(i, j) * self.onward[j])

    def _decay(self, i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.float64]:
        """Resemblance of looks ``i`` and ``j``; beyond the last look it counts as that one."""
        top = len(self.days) - 1
        gaps = np.abs(self.days[np.minimum(j, top)] - self.days[np.minimum(i, top)])
        return np.asarray(self.phi**gaps)


def _running(before: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums up to but not with each look."""
    return np.concatenate([[0.0], np.cumsum(before[:-1])])


def resemblance(days: NDArray[np.float64], phi: float) -> Resemblance:
    """Prepare the sums for looks at given days.

    Args:
        days: time of each look, strictly ascending, at least one, (look,).
        phi: memory of a day, 0 or more and below 1.
    """
    kept = (phi ** np.diff(days)).tolist()
    before = np.array([*accumulate(kept, lambda held, keep: keep * (held + 1), initial=0.0), 0.0])
    onward = [*accumulate(reversed(kept), lambda held, keep: 1 + keep * held, initial=1.0)]
    return Resemblance(days, phi, before, np.array([*onward[::-1], 0.0]), _running(before))
