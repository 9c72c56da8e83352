"""The season of a series outside a window, by least squares on running sums.

Here belongs what is fitted to the looks of a series: two harmonics of the year, and a level for
each group of looks. Sums of any run of looks are a difference of two running ones, so that a fit
costs the same for a short run and a long one. Windows and their places belong to ``slide``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

YEAR_DAYS: Final = 365.2425
N_HARMONICS: Final = 2
RIDGE: Final = 1e-9
"""Share of its trace that is added to a matrix of the season: looks at one time of the year only
then have no season, instead of any."""


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

    def thinned(self) -> Runs:
        """One place for all, if all are alike."""
        alike = (self.first == self.first[:1]).all() and (self.end == self.end[:1]).all()
        return Runs(self.first[:1], self.end[:1]) if alike else self


@dataclass(frozen=True, eq=False)
class Sums:
    """Running sums of a series, of the rows of its season, and of the products of all of them.

    Attributes:
        table: sums up to but not with each look: of the rows, then of the value, then of the
            products of each with itself and each later one, (look + 1, column).
    """

    table: NDArray[np.float64]

    @property
    def n_rows(self) -> int:
        """Rows of the season; ``k`` rows and a value have ``(k + 1)(k + 4) / 2`` columns."""
        return round((np.sqrt(9 + 8 * self.table.shape[1]) - 5) / 2)

    def without(self, first: int, end: int) -> Sums:
        """The sums of the series without the looks from one to the one before another."""
        gone = self.table[end] - self.table[first]
        return Sums(np.concatenate([self.table[: first + 1], self.table[end + 1 :] - gone]))

    def of(self, runs: Runs) -> NDArray[np.float64]:
        """Sums of rows and value over runs, (place, row + 1)."""
        width = self.n_rows + 1
        return np.asarray(self.table[runs.end, :width] - self.table[runs.first, :width])

    def scatter(self, groups: Sequence[Runs]) -> NDArray[np.float64]:
        """Products of rows and value about the means of each group, (place, row + 1, row + 1)."""
        width = self.n_rows + 1
        upper = np.triu_indices(width)
        total = np.zeros((len(groups[0].first), len(upper[0])))
        for group in groups:
            runs = group.thinned()
            found = self.table[runs.end] - self.table[runs.first]
            sums, count = found[:, :width], np.maximum(runs.n, 1)[:, None]
            total += found[:, width:] - sums[:, upper[0]] * (sums[:, upper[1]] / count)
        at = np.empty((width, width), dtype=np.intp)
        at[upper] = at.T[upper] = np.arange(len(upper[0]))
        return np.asarray(total[:, at])


def sums_of(days: NDArray[np.float64], values: NDArray[np.float64]) -> Sums:
    """The running sums of a series about its own mean.

    Args:
        days: time of each look, ascending, at least one, (look,).
        values: (look,).
    """
    rows = season_rows(days, harmonics_of(days))
    each = np.column_stack([rows, values - values.mean()])
    one, other = np.triu_indices(each.shape[1])
    columns = np.concatenate([each, each[:, one] * each[:, other]], axis=1)
    return Sums(np.concatenate([np.zeros((1, columns.shape[1])), np.cumsum(columns, axis=0)]))


@dataclass(frozen=True, eq=False)
class Fit:
    """The season of a series outside a window, and what it leaves, by place.

    Attributes:
        season: weights of the rows, (place, row).
        sigma: standard deviation of what is left, (place,).
    """

    season: NDArray[np.float64]
    sigma: NDArray[np.float64]


def fit(sums: Sums, groups: Sequence[Runs], resolution: float) -> Fit:
    """Least squares of the rows of the season on groups of looks, each with its own level.

    Args:
        sums: of the series.
        groups: which looks are fitted.
        resolution: smallest difference that the series can show: half of it is the least scatter.
    """
    held, n_rows = sums.scatter(groups), sums.n_rows
    products, mixed = held[:, :n_rows, :n_rows], held[:, :n_rows, n_rows]
    ridge = RIDGE * (1 + np.trace(products, axis1=1, axis2=2))
    matrix = products + ridge[:, None, None] * np.eye(n_rows)
    season = np.linalg.solve(matrix, mixed[..., None])[..., 0]
    left = np.maximum(held[:, n_rows, n_rows] - (season * mixed).sum(axis=1), 0)
    n_looks = np.sum([group.n for group in groups], axis=0)
    n_levels = np.sum([group.n > 0 for group in groups], axis=0)
    sigma = np.sqrt(left / np.maximum(n_looks - n_levels - n_rows, 1))
    return Fit(season, np.maximum(sigma, resolution / 2))
