"""The season of a series outside a window, by least squares on running sums.

Here belongs what is fitted to the looks of a series: two harmonics of the year, and a level for
each group of looks. Sums of any run of looks are a difference of two running ones, so that a fit
costs the same for a short run and a long one. Windows and their places belong to ``slide``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

YEAR_DAYS: Final = 365.2425
N_HARMONICS: Final = 2
RIDGE: Final = 1e-9
"""Share of its trace that is added to a matrix of the season: looks at one time of the year only
then have no season, instead of any."""
LEAST_SCATTER: Final = 1e-12
"""Scatter of a series without any, whose resolution is not known either."""


def harmonics_of(days: NDArray[np.float64]) -> int:
    """How many harmonics of the year a series can tell from noise: two, or none.

    Fewer looks a year than a season has weights leave them to the accidents of the calendar: of
    one value a year, always of the same civil day, leap years alone would make a season.

    Args:
        days: time of each look, ascending, (look,).
    """
    if len(days) == 0:
        return 0
    years = max(1.0, float(days[-1] - days[0]) / YEAR_DAYS)
    return N_HARMONICS if len(days) > (2 * N_HARMONICS + 1) * years else 0


def season_rows(days: NDArray[np.float64], n_harmonics: int = N_HARMONICS) -> NDArray[np.float64]:
    """Cosines and sines of the year and of its parts at each look, (look, 2 x harmonics)."""
    turns = 2 * np.pi * np.outer(days / YEAR_DAYS, np.arange(1, n_harmonics + 1))
    return np.concatenate([np.cos(turns), np.sin(turns)], axis=1)


class Runs(NamedTuple):
    """A run of looks for each place: first index and the one after the last, (place,) each."""

    first: NDArray[np.intp]
    end: NDArray[np.intp]

    @property
    def n(self) -> NDArray[np.intp]:
        """How many looks, (place,)."""
        return self.end - self.first

    def cut(self, low: NDArray[np.intp], high: NDArray[np.intp]) -> Runs:
        """The part between two indices."""
        first = np.clip(self.first, low, high)
        return Runs(first, np.clip(self.end, first, np.maximum(first, high)))


class Outside(NamedTuple):
    """The looks outside a window and its guard, at each place of it.

    Attributes:
        edges: first look of each regime, and the number of all looks, (regime + 1,).
        guard: the looks of window and guard, (place,).
    """

    edges: NDArray[np.intp]
    guard: Runs

    def groups(self, place: int) -> list[slice]:
        """The looks that have a level of their own at one place, regime by regime and by side."""
        first, end = int(self.guard.first[place]), int(self.guard.end[place])
        found = []
        for low, high in pairwise(self.edges.tolist()):
            found += [slice(low, min(high, first)), slice(max(low, end), high)]
        return [group for group in found if group.start < group.stop]


@cache
def _upper(width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the upper triangle of a square."""
    return np.triu_indices(width)


@dataclass(frozen=True, eq=False)
class Sums:
    """Running sums of a series, of the rows of its season, and of the products of all of them.

    Attributes:
        table: sums up to but not with each look: of the rows, then of the value, then of the
            products of each with itself and each later one, (look + 1, column).
        n_rows: rows of the season.
    """

    table: NDArray[np.float64]
    n_rows: int

    def without(self, first: int, end: int) -> Sums:
        """The sums of the series without the looks from one to the one before another."""
        gone = self.table[end] - self.table[first]
        kept = [self.table[: first + 1], self.table[end + 1 :] - gone]
        return Sums(np.concatenate(kept), self.n_rows)

    def of(self, runs: Runs) -> NDArray[np.float64]:
        """Sums of rows and value over runs, (place, row + 1)."""
        width = self.n_rows + 1
        return np.asarray(self.table[runs.end, :width] - self.table[runs.first, :width])

    def scatter(self, outside: Outside) -> Scatter:
        """Products of rows and value, each group of looks about its own means."""
        (edges, guard), width = outside, self.n_rows + 1
        regimes = self._about(Runs(edges[:-1], edges[1:]))
        upto = np.concatenate([np.zeros((1, regimes.shape[1])), np.cumsum(regimes, axis=0)])
        early = np.maximum(np.searchsorted(edges, guard.first, side="left") - 1, 0)
        late = np.minimum(np.searchsorted(edges, guard.end, side="right"), len(edges) - 1)
        total = upto[early] + self._about(Runs(edges[early], guard.first))
        total += upto[-1] - upto[late] + self._about(Runs(guard.end, edges[late]))
        upper = _upper(width)
        at = np.empty((width, width), dtype=np.intp)
        at[upper] = at.T[upper] = np.arange(len(upper[0]))
        n_looks = edges[-1] - guard.n
        return Scatter(np.asarray(total[:, at]), n_looks - np.round(total[:, -1]))

    def _about(self, runs: Runs) -> NDArray[np.float64]:
        """Products about the means of runs, and whether there are looks, (place, column)."""
        width = self.n_rows + 1
        one, other = _upper(width)
        found = self.table[runs.end] - self.table[runs.first]
        means = found[:, :width] / np.maximum(runs.n, 1)[:, None]
        products = found[:, width:] - found[:, one] * means[:, other]
        return np.column_stack([products, runs.n > 0])


class Scatter(NamedTuple):
    """How rows and value scatter about the levels of groups of looks.

    Attributes:
        products: of each row and the value with each other, (place, row + 1, row + 1).
        freedom: looks less levels, (place,).
    """

    products: NDArray[np.float64]
    freedom: NDArray[np.float64]


def sums_of(days: NDArray[np.float64], values: NDArray[np.float64]) -> Sums:
    """The running sums of a series about its own mean.

    Args:
        days: time of each look, ascending, at least one, (look,).
        values: (look,).
    """
    rows = season_rows(days, harmonics_of(days))
    each = np.column_stack([rows, values - values.mean()])
    one, other = _upper(each.shape[1])
    columns = np.concatenate([each, each[:, one] * each[:, other]], axis=1)
    running = np.concatenate([np.zeros((1, columns.shape[1])), np.cumsum(columns, axis=0)])
    return Sums(running, rows.shape[1])


@dataclass(frozen=True, eq=False)
class Fit:
    """The season of a series outside a window, and what it leaves, by place.

    Attributes:
        season: weights of the rows, (place, row).
        sigma: standard deviation of what is left, (place,).
    """

    season: NDArray[np.float64]
    sigma: NDArray[np.float64]


def fit(sums: Sums, outside: Outside, resolution: float) -> Fit:
    """Least squares of the rows of the season outside a window, each group with its own level.

    Args:
        sums: of the series.
        outside: which looks are fitted.
        resolution: smallest difference that the series can show: half of it is the least scatter.
    """
    (held, freedom), n_rows = sums.scatter(outside), sums.n_rows
    products, mixed = held[:, :n_rows, :n_rows], held[:, :n_rows, n_rows]
    ridge = RIDGE * (1 + np.trace(products, axis1=1, axis2=2))
    matrix = products + ridge[:, None, None] * np.eye(n_rows)
    season = np.linalg.solve(matrix, mixed[..., None])[..., 0]
    left = np.maximum(held[:, n_rows, n_rows] - (season * mixed).sum(axis=1), 0)
    sigma = np.sqrt(left / np.maximum(freedom - n_rows, 1))
    return Fit(season, np.maximum(sigma, max(resolution / 2, LEAST_SCATTER)))
