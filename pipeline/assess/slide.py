"""One window of a series, and the same window at every other time: differences and their errors.

Here belongs the arithmetic of one series: what its season is outside a window, how far the window
departs, how uncertain that is. What the differences mean belongs to ``null`` and ``strength``.

A series is a zone less its controls. A window is compared with a reference: looks at stated days
before it, or all other looks of the same regime. The season (two harmonics) is fitted on the looks
outside the window and its guard, with a level of its own on each side and between known breaks, so
that a lasting step does not pass for a season. Every place of the window has its own fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pipeline.assess.memory import memory_a_day, resemblance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.assess.memory import Resemblance

YEAR_DAYS: Final = 365.2425
N_HARMONICS: Final = 2
RIDGE: Final = 1e-9
"""Share of its trace that is added to a matrix of the season: looks at one time of the year only
then have no season, instead of any."""


@dataclass(frozen=True, eq=False)
class Line:
    """One observable of one place less its controls, at the looks that gave a number.

    Attributes:
        days: time of each look, in days, strictly ascending, float64, (look,).
        values: the difference, float64, (look,).
        resolution: smallest difference that the place can show.
    """

    days: NDArray[np.float64]
    values: NDArray[np.float64]
    resolution: float

    def without(self, start: float, end: float) -> Line:
        """The looks outside two days, both of them left out."""
        kept = (self.days < start) | (self.days > end)
        return Line(self.days[kept], self.values[kept], self.resolution)


class Span(NamedTuple):
    """Days from one to another, both included."""

    start: float
    end: float


@dataclass(frozen=True)
class Question:
    """A window asked of a series.

    Attributes:
        line: the series.
        window: the days asked.
        reference: the days it is compared with, which lie outside window and guard; None for all
            looks between the breaks around it.
        guard_days: days on both sides of the window that belong neither to it nor to the fit.
        breaks: days at which the level is known to change for another reason, ascending.
        min_looks: looks that a window needs.
        min_reference: looks that the reference needs.
    """

    line: Line
    window: Span
    reference: Span | None
    guard_days: float
    breaks: tuple[float, ...]
    min_looks: int
    min_reference: int

    @property
    def guarded(self) -> Span:
        """The window with its guard."""
        return Span(self.window.start - self.guard_days, self.window.end + self.guard_days)

    @property
    def hull(self) -> Span:
        """The window with its reference."""
        spans = [self.window, *([self.reference] if self.reference else [])]
        return Span(min(span.start for span in spans), max(span.end for span in spans))


@dataclass(frozen=True, eq=False)
class Contrasts:
    """The same window at several places of a series, (place,) each; NaN where it cannot be asked.

    Attributes:
        differences: mean of the window less that of the reference, season taken out.
        errors: standard errors of the differences.
        phi: memory of a day.
    """

    differences: NDArray[np.float64]
    errors: NDArray[np.float64]
    phi: float

    @property
    def z(self) -> NDArray[np.float64]:
        """The differences in standard errors, (place,)."""
        return self.differences / self.errors


@dataclass(frozen=True, eq=False)
class Answer:
    """What a series says of a window.

    Attributes:
        here: the window where it was asked, one place; NaN if it cannot be asked there.
        elsewhere: the window at the offsets that were given.
    """

    here: Contrasts
    elsewhere: Contrasts

    def spread_over(self, kept: NDArray[np.bool_]) -> Answer:
        """The same on an axis of more places, of which those kept were asked, (place,)."""
        found = self.elsewhere
        wide = np.full((2, len(kept)), np.nan)
        wide[:, kept] = found.differences, found.errors
        return Answer(self.here, Contrasts(wide[0], wide[1], found.phi))


def ask(question: Question, offsets: NDArray[np.float64]) -> Answer:
    """The window where it was asked, and moved by each offset in days.

    For the moved ones the asked window and its guard are cut out first, so that what stands there
    does not enter what they are compared with. A window that is compared with stated days may be
    the start of a lasting change: then its first day is a break for all other places. A moved
    window is NaN where it or its reference leaves the series, touches the asked window, holds a
    break between its ends, or holds too few looks.
    """
    phi = _memory(question)
    here = _contrasts(question, np.zeros(1), phi)
    cut = replace(question, line=question.line.without(*question.guarded))
    if question.reference is not None:
        cut = replace(cut, breaks=tuple(sorted({*question.breaks, question.window.start})))
    if len(cut.line.days) < question.min_reference + question.min_looks:
        nothing = np.full(len(offsets), np.nan)
        return Answer(here, Contrasts(nothing, nothing, phi))
    found, usable = _contrasts(cut, offsets, phi), _admissible(cut, offsets)
    differences = np.where(usable, found.differences, np.nan)
    return Answer(here, Contrasts(differences, np.where(usable, found.errors, np.nan), phi))


def _admissible(cut: Question, offsets: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where a moved window stays in the series, clear of the asked one and within one regime."""
    starts, ends = cut.hull.start + offsets, cut.hull.end + offsets
    inside = (starts >= cut.line.days[0]) & (ends <= cut.line.days[-1])
    apart = (starts > cut.guarded.end) | (ends < cut.guarded.start)
    days = np.array(cut.breaks)[:, None]
    return np.asarray(inside & apart & ~((starts < days) & (days <= ends)).any(axis=0))


class _Runs(NamedTuple):
    """A run of looks for each place: first index and the one after the last, (place,) each."""

    first: NDArray[np.intp]
    end: NDArray[np.intp]

    @property
    def n(self) -> NDArray[np.intp]:
        """How many looks, (place,)."""
        return self.end - self.first


@dataclass(frozen=True, eq=False)
class _Sums:
    """Running sums of a series and its season's rows, so that any run is a difference of two.

    Attributes:
        level: of the values, (look + 1,).
        square: of their squares, (look + 1,).
        rows: of the rows of the season, (look + 1, row).
        products: of the products of rows, (look + 1, row, row).
        mixed: of rows times values, (look + 1, row).
    """

    level: NDArray[np.float64]
    square: NDArray[np.float64]
    rows: NDArray[np.float64]
    products: NDArray[np.float64]
    mixed: NDArray[np.float64]


def season_rows(days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine and sine of the year and of its half at each look, (look, 4)."""
    turns = 2 * np.pi * np.outer(days / YEAR_DAYS, np.arange(1, N_HARMONICS + 1))
    return np.concatenate([np.cos(turns), np.sin(turns)], axis=1)


def _sums(line: Line) -> _Sums:
    """The running sums of a series about its own mean."""
    values, rows = line.values - line.values.mean(), season_rows(line.days)

    def run(table: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([np.zeros((1, *table.shape[1:])), np.cumsum(table, axis=0)])

    products = run(rows[:, :, None] * rows[:, None, :])
    return _Sums(run(values), run(values**2), run(rows), products, run(rows * values[:, None]))


@dataclass(frozen=True, eq=False)
class _Within:
    """Squares and products about the mean of each group of looks, summed over groups, (place,)."""

    n: NDArray[np.float64]
    n_groups: NDArray[np.float64]
    square: NDArray[np.float64]
    products: NDArray[np.float64]
    mixed: NDArray[np.float64]


def _within(sums: _Sums, groups: Sequence[_Runs]) -> _Within:
    """Sum squares and products over groups, each about its own mean."""
    n_places, n_rows = len(groups[0].first), sums.rows.shape[1]
    n, n_groups, square = np.zeros((3, n_places))
    products, mixed = np.zeros((n_places, n_rows, n_rows)), np.zeros((n_places, n_rows))
    for runs in groups:
        count = np.maximum(runs.n, 1)
        level = sums.level[runs.end] - sums.level[runs.first]
        rows = sums.rows[runs.end] - sums.rows[runs.first]
        n += runs.n
        n_groups += runs.n > 0
        square += sums.square[runs.end] - sums.square[runs.first] - level**2 / count
        mixed += sums.mixed[runs.end] - sums.mixed[runs.first] - rows * (level / count)[:, None]
        products += sums.products[runs.end] - sums.products[runs.first]
        products -= rows[:, :, None] * rows[:, None, :] / count[:, None, None]
    return _Within(n, n_groups, square, products, mixed)


def _runs(days: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]) -> _Runs:
    """The looks between days, both included, for each place."""
    first = np.searchsorted(days, start, side="left")
    return _Runs(first, np.maximum(first, np.searchsorted(days, end, side="right")))


def _cut(runs: _Runs, low: NDArray[np.intp], high: NDArray[np.intp]) -> _Runs:
    """The part of runs between two indices."""
    first = np.clip(runs.first, low, high)
    return _Runs(first, np.clip(runs.end, first, np.maximum(first, high)))


def _groups(question: Question, guard: _Runs) -> list[_Runs]:
    """The looks outside window and guard, by regime and side of the window."""
    n = len(question.line.days)
    edges = [0, *np.searchsorted(question.line.days, question.breaks).tolist(), n]
    groups = []
    for low, high in pairwise(edges):
        whole = _Runs(np.full_like(guard.first, low), np.full_like(guard.first, high))
        groups.append(_cut(whole, np.zeros_like(guard.first), guard.first))
        groups.append(_cut(whole, guard.end, np.full_like(guard.first, n)))
    return groups


def _reference(
    question: Question, offsets: NDArray[np.float64], window: _Runs, guard: _Runs
) -> tuple[_Runs, _Runs]:
    """The looks a window is compared with: before it and after it."""
    days = question.line.days
    if question.reference is not None:
        runs = _runs(days, question.reference.start + offsets, question.reference.end + offsets)
        nothing = np.full_like(guard.end, len(days))
        before = _cut(runs, np.zeros_like(guard.first), guard.first)
        after = _cut(runs, guard.end, nothing)
        return before, after
    breaks = np.searchsorted(days, question.breaks)
    edges = np.concatenate([[0], breaks, [len(days)]])
    regime = np.searchsorted(breaks, window.first, side="right")
    return (
        _Runs(np.minimum(edges[regime], guard.first), guard.first),
        _Runs(guard.end, np.maximum(edges[regime + 1], guard.end)),
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """The season of a series outside a window, and what it leaves, by place.

    Attributes:
        season: weights of the rows, (place, row).
        sigma: standard deviation of what is left, (place,).
    """

    season: NDArray[np.float64]
    sigma: NDArray[np.float64]


def _fit(sums: _Sums, groups: Sequence[_Runs], resolution: float) -> _Fit:
    """Least squares of the rows of the season on groups of looks, each with its own level."""
    held = _within(sums, groups)
    n_rows = held.mixed.shape[1]
    ridge = RIDGE * (1 + np.trace(held.products, axis1=1, axis2=2))
    matrix = held.products + ridge[:, None, None] * np.eye(n_rows)
    season = np.linalg.solve(matrix, held.mixed[..., None])[..., 0]
    left = np.maximum(held.square - (season * held.mixed).sum(axis=1), 0)
    dof = np.maximum(held.n - held.n_groups - n_rows, 1)
    return _Fit(season, np.maximum(np.sqrt(left / dof), resolution / 2))


def _contrasts(question: Question, offsets: NDArray[np.float64], phi: float) -> Contrasts:
    """Differences and errors of a window at every offset, on the question's own series."""
    days, sums = question.line.days, _sums(question.line)
    window = _runs(days, question.window.start + offsets, question.window.end + offsets)
    guard = _runs(days, question.guarded.start + offsets, question.guarded.end + offsets)
    fit = _fit(sums, _groups(question, guard), question.line.resolution)
    before, after = _reference(question, offsets, window, guard)
    means = _mean(sums, fit.season, (window,)) - _mean(sums, fit.season, (before, after))
    errors = fit.sigma * np.sqrt(_variance(resemblance(days, phi), window, before, after))
    enough = (window.n >= question.min_looks) & (before.n + after.n >= question.min_reference)
    return Contrasts(np.where(enough, means, np.nan), np.where(enough, errors, np.nan), phi)


def _mean(sums: _Sums, season: NDArray[np.float64], runs: Sequence[_Runs]) -> NDArray[np.float64]:
    """Mean of runs taken together, less the season, (place,)."""
    n = np.maximum(sum(run.n for run in runs), 1)
    level = sum(sums.level[run.end] - sums.level[run.first] for run in runs)
    rows = sum(sums.rows[run.end] - sums.rows[run.first] for run in runs)
    return np.asarray((level - (rows * season).sum(axis=1)) / n)


def _variance(
    alike: Resemblance, window: _Runs, before: _Runs, after: _Runs
) -> NDArray[np.float64]:
    """Variance of the difference of two means, for looks of variance 1, (place,)."""
    m, n = np.maximum(window.n, 1), np.maximum(before.n + after.n, 1)
    own = alike.within(*window) / m**2
    rest = alike.within(*before) + alike.within(*after) + 2 * alike.between(*before, *after)
    shared = alike.between(*before, *window) + alike.between(*window, *after)
    return np.asarray(np.maximum(own + rest / n**2 - 2 * shared / (m * n), 1e-12))


def _memory(question: Question) -> float:
    """Memory of a day of the looks outside the asked window, season and levels taken out."""
    line, here = question.line, np.zeros(1)
    guard = _runs(line.days, here + question.guarded.start, here + question.guarded.end)
    groups = _groups(question, guard)
    left = line.values - season_rows(line.days) @ _fit(_sums(line), groups, 0.0).season[0]
    kept, follows = np.zeros((2, len(left)), dtype=bool)
    for runs in groups:
        part = slice(int(runs.first[0]), int(runs.end[0]))
        if part.stop > part.start:
            left[part] -= left[part].mean()
            kept[part] = True
            follows[part.start + 1 : part.stop] = True
    return memory_a_day(line.days[kept], left[kept], follows[kept])
