"""Is a window unlike other windows of the same series? Effect, interval and shifted-window null.

Here belongs arithmetic on one or several series of shares. Which zone and which window is asked,
and what the answer is called, belongs to the modules beside.

The variance of a difference of two means counts how strongly neighbouring looks resemble one
another across gaps (memory ``phi`` a day): s2 = sigma2 (1/m2 sum phi^|ti-tj| over the window
+ 1/n2 sum phi^|tk-tl| over the rest). The null slides the window to every other place of the
series, so that the p-value does not lean on that model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Z_95 = 1.959964
"""Half-width of a 95 % interval, in standard deviations."""

Z_80 = 0.841621
"""Standard deviations above a threshold that are passed with probability 0.8."""

MAX_MEMORY = 0.99
"""Memory a day is not believed beyond this: looks 70 days apart would still be half the same."""


@dataclass(frozen=True)
class Contrast:
    """A window against the rest of its series.

    Attributes:
        difference: mean inside less mean outside.
        error: its standard error.
    """

    difference: float
    error: float

    @property
    def z(self) -> float:
        """The difference in standard errors."""
        return self.difference / self.error

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference."""
        reach = Z_95 * self.error
        return self.difference - reach, self.difference + reach

    @property
    def minimum_detectable(self) -> float:
        """Smallest difference seen with probability 0.8 at 5 %, two-sided (EPA Tech Notes 7)."""
        return (Z_95 + Z_80) * self.error


@dataclass(frozen=True)
class ShareSeries:
    """A zone's share less that of its controls, at the looks in which both were clear.

    Attributes:
        days: time of each look, in days, ascending, float64, (look,).
        values: the share, float64, (look,).
        resolution: smallest share that the zone can show (one pixel).
    """

    days: NDArray[np.float64]
    values: NDArray[np.float64]
    resolution: float

    def inside(self, start: float, end: float) -> NDArray[np.bool_]:
        """Looks between two days, both included, bool, (look,)."""
        return (self.days >= start) & (self.days <= end)


@dataclass(frozen=True)
class WindowQuestion:
    """A span of days asked of a series.

    Attributes:
        series: the series.
        start: first day of the window.
        end: last day of the window.
        guard: days on both sides that belong neither to the window nor to the rest.
        min_looks: looks that a shifted window needs.
    """

    series: ShareSeries
    start: float
    end: float
    guard: float
    min_looks: int

    @property
    def window(self) -> NDArray[np.bool_]:
        """Looks inside, bool, (look,)."""
        return self.series.inside(self.start, self.end)

    @property
    def rest(self) -> NDArray[np.bool_]:
        """Looks that the window is compared with, bool, (look,)."""
        return ~self.series.inside(self.start - self.guard, self.end + self.guard)


def memory_a_day(days: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Correlation of looks one day apart, from neighbouring looks and their median gap.

    Args:
        days: time of each look, (look,).
        values: the series about its mean, (look,).

    Returns:
        A number from 0 to ``MAX_MEMORY``.
    """
    power = float(np.mean(values**2))
    if len(values) < 3 or power == 0:  # noqa: PLR2004 - two neighbours need three looks
        return 0.0
    correlation = float(np.mean(values[1:] * values[:-1])) / power
    gap = float(np.median(np.diff(days)))
    return float(np.clip(max(correlation, 0.0) ** (1 / gap), 0.0, MAX_MEMORY))


def contrast(question: WindowQuestion) -> Contrast:
    """The window against the rest.

    Raises:
        ValueError: if the window or the rest holds no look.
    """
    if not question.window.any() or not question.rest.any():
        raise ValueError("a contrast needs looks inside and outside")
    differences, errors = _contrasts(question, question.window[None])
    return Contrast(float(differences[0]), float(errors[0]))


def shifted_z(question: WindowQuestion, offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Studentised difference of the same window moved by each offset, float64, (offset,).

    NaN where the moved window touches the asked one or its guard, leaves the series, or holds
    too few looks.
    """
    series = question.series
    windows = np.array(
        [series.inside(question.start + move, question.end + move) for move in offsets]
    ).reshape(len(offsets), len(series.days))
    clear_of_it = np.abs(offsets) > (question.end - question.start) + question.guard
    within = (question.start + offsets >= series.days[0]) & (
        question.end + offsets <= series.days[-1]
    )
    usable = clear_of_it & within & (windows.sum(axis=1) >= question.min_looks)
    result = np.full(len(offsets), np.nan)
    if usable.any():
        differences, errors = _contrasts(question, windows[usable] & question.rest)
        result[usable] = differences / errors
    return result


def _contrasts(
    question: WindowQuestion, windows: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Difference and standard error of many windows, each (window,), from (window, look)."""
    series, rest = question.series, question.rest
    spread = series.values[rest] - series.values[rest].mean()
    sigma = max(float(np.sqrt(np.mean(spread**2))), series.resolution / 2)
    gaps = np.abs(series.days[:, None] - series.days[None, :])
    alike = memory_a_day(series.days[rest], spread) ** gaps
    inside = windows.astype(np.float64)
    outside = (rest & ~windows).astype(np.float64)
    means = [
        (group @ series.values) / np.maximum(group.sum(axis=1), 1) for group in (inside, outside)
    ]
    variance = sum(
        np.einsum("ij,jk,ik->i", group, alike, group, optimize=True)
        / np.maximum(group.sum(axis=1), 1) ** 2
        for group in (inside, outside)
    )
    return means[0] - means[1], sigma * np.sqrt(variance)


@dataclass(frozen=True)
class FamilyResult:
    """p-values of several windows asked together.

    Attributes:
        p_values: of each window alone, in the order asked.
        n_shifts: shifted windows behind each.
        family_p: of the strongest of them, given that all were asked.
    """

    p_values: tuple[float, ...]
    n_shifts: tuple[int, ...]
    family_p: float


def family_test(questions: Sequence[WindowQuestion], step: float) -> FamilyResult:
    """p-values from shifted windows, and one for the whole family by the largest z (max-T).

    Every p-value is at least 1 / (1 + number of shifts). Shifts at which not all windows can be
    asked do not enter the family; where fewer than half of the shifts remain, the smallest
    p-value times the number of windows (Bonferroni) stands in.
    """
    days = np.concatenate([question.series.days for question in questions])
    reach = float(days.max() - days.min())
    offsets = np.arange(-reach, reach + step, step)
    shifted = np.array([shifted_z(question, offsets) for question in questions])
    asked = np.array([contrast(question).z for question in questions])
    counts = np.isfinite(shifted).sum(axis=1)
    beyond = (shifted >= asked[:, None]).sum(axis=1)
    p_values = (1 + beyond) / (1 + counts)
    together = shifted[:, np.isfinite(shifted).all(axis=0)]
    if 2 * together.shape[1] >= counts.max():
        family = (1 + (together.max(axis=0) >= asked.max()).sum()) / (1 + together.shape[1])
    else:
        family = min(1.0, len(questions) * float(p_values.min()))
    return FamilyResult(tuple(p_values.tolist()), tuple(counts.tolist()), float(family))
