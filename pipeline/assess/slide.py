"""One window of a series, and the same window at every other time: differences and their errors.

Here belongs the arithmetic of one series: how far a window departs, and how uncertain that is. The
season stands in ``season``, how looks resemble one another in ``memory``; what the differences
mean belongs to ``null`` and ``strength``.

A series is a zone less its controls. A window is compared with a reference: looks at stated days
before it, or all other looks of the same regime. The season (two harmonics) is fitted on the looks
outside the window and its guard, with a level of its own on each side and between known breaks, so
that a lasting step does not pass for a season. Every place of the window has its own fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.assess.memory import links, resemblance
from pipeline.assess.season import (
    LEAST_SCATTER,
    Outside,
    Runs,
    fit,
    harmonics_of,
    season_rows,
    sums_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.assess.memory import Links, Resemblance
    from pipeline.assess.season import Sums


@dataclass(frozen=True, eq=False)
class Line:
    """One observable of one place less its controls, at the looks that gave a number.

    What every window of it needs is prepared once, at the first question.

    Attributes:
        days: time of each look, in days, strictly ascending, float64, (look,).
        values: the difference, float64, (look,).
        resolution: smallest difference that the place can show.
    """

    days: NDArray[np.float64]
    values: NDArray[np.float64]
    resolution: float
    _alike: dict[float, Resemblance] = field(default_factory=dict, repr=False)

    @cached_property
    def sums(self) -> Sums:
        """Its running sums."""
        return sums_of(self.days, self.values)

    @cached_property
    def links(self) -> Links:
        """Its neighbouring looks."""
        return links(self.days)

    @cached_property
    def rows(self) -> NDArray[np.float64]:
        """The rows of its season, (look, row)."""
        return season_rows(self.days, harmonics_of(self.days))

    def alike(self, phi: float) -> Resemblance:
        """How its looks resemble one another under a memory."""
        if phi not in self._alike:
            self._alike[phi] = resemblance(self.days, phi)
        return self._alike[phi]


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
    line = question.line
    if len(line.days) < question.min_reference + question.min_looks:
        return Answer(_nothing(1), _nothing(len(offsets)))
    phi = _memory(question)
    looks = _Looks(line.days, line.sums, line.alike(phi))
    here = _contrasts(question, looks, np.zeros(1))
    moved = question
    if question.reference is not None:
        moved = replace(moved, breaks=tuple(sorted({*question.breaks, question.window.start})))
    rest = looks.without(*question.guarded)
    if len(rest.days) < question.min_reference + question.min_looks:
        return Answer(here, _nothing(len(offsets), phi))
    usable = _admissible(moved, rest.days, offsets)
    found = _contrasts(moved, rest, offsets[usable])
    return Answer(here, found).spread_over(usable)


def _nothing(n_places: int, phi: float = 0.0) -> Contrasts:
    """A window that cannot be asked anywhere."""
    return Contrasts(np.full(n_places, np.nan), np.full(n_places, np.nan), phi)


def _admissible(
    moved: Question, days: NDArray[np.float64], offsets: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Where a moved window stays in the series, clear of the asked one and within one regime."""
    starts, ends = moved.hull.start + offsets, moved.hull.end + offsets
    inside = (starts >= days[0]) & (ends <= days[-1])
    apart = (starts > moved.guarded.end) | (ends < moved.guarded.start)
    breaks = np.array(moved.breaks)[:, None]
    return np.asarray(inside & apart & ~((starts < breaks) & (breaks <= ends)).any(axis=0))


@dataclass(frozen=True, eq=False)
class _Looks:
    """The looks of a series that take part, with what is prepared of them."""

    days: NDArray[np.float64]
    sums: Sums
    alike: Resemblance

    def without(self, start: float, end: float) -> _Looks:
        """The looks outside two days, both of them left out."""
        first = int(np.searchsorted(self.days, start, side="left"))
        last = max(first, int(np.searchsorted(self.days, end, side="right")))
        alike = self.alike.without(first, last)
        return _Looks(alike.days, self.sums.without(first, last), alike)


def _runs(days: NDArray[np.float64], span: Span, offsets: NDArray[np.float64]) -> Runs:
    """The looks of a span, both ends included, moved by each offset."""
    first = np.searchsorted(days, span.start + offsets, side="left")
    return Runs(first, np.maximum(first, np.searchsorted(days, span.end + offsets, side="right")))


def _outside(breaks: Sequence[float], days: NDArray[np.float64], guard: Runs) -> Outside:
    """The looks outside window and guard, known breaks between them."""
    inner = np.searchsorted(days, breaks)
    return Outside(np.concatenate([[0], inner, [len(days)]]).astype(np.intp), guard)


def _reference(
    question: Question, days: NDArray[np.float64], offsets: NDArray[np.float64], guard: Runs
) -> tuple[Runs, Runs]:
    """The looks a window is compared with: before it and after it."""
    nothing = np.zeros_like(guard.first)
    if question.reference is not None:
        runs = _runs(days, question.reference, offsets)
    else:
        breaks = np.searchsorted(days, question.breaks)
        edges = np.concatenate([[0], breaks, [len(days)]])
        window = np.searchsorted(days, question.window.start + offsets)
        regime = np.searchsorted(breaks, window, side="right")
        runs = Runs(edges[regime], edges[regime + 1])
    return runs.cut(nothing, guard.first), runs.cut(guard.end, nothing + len(days))


def _contrasts(question: Question, looks: _Looks, offsets: NDArray[np.float64]) -> Contrasts:
    """Differences and errors of a window at every offset."""
    days, sums = looks.days, looks.sums
    window = _runs(days, question.window, offsets)
    guard = _runs(days, question.guarded, offsets)
    found = fit(sums, _outside(question.breaks, days, guard), question.line.resolution)
    before, after = _reference(question, days, offsets, guard)
    means = _mean(sums, found.season, (window,)) - _mean(sums, found.season, (before, after))
    errors = found.sigma * np.sqrt(_variance(looks.alike, window, before, after))
    enough = (window.n >= question.min_looks) & (before.n + after.n >= question.min_reference)
    kept = [np.where(enough, values, np.nan) for values in (means, errors)]
    return Contrasts(kept[0], kept[1], looks.alike.phi)


def _mean(sums: Sums, season: NDArray[np.float64], runs: Sequence[Runs]) -> NDArray[np.float64]:
    """Mean of runs taken together, less the season, (place,)."""
    n = np.maximum(np.sum([run.n for run in runs], axis=0), 1)
    total = np.sum([sums.of(run) for run in runs], axis=0)
    return np.asarray((total[:, -1] - (total[:, :-1] * season).sum(axis=1)) / n)


def _variance(alike: Resemblance, window: Runs, before: Runs, after: Runs) -> NDArray[np.float64]:
    """Variance of the difference of two means, for looks of variance 1, (place,)."""
    m, n = np.maximum(window.n, 1), np.maximum(before.n + after.n, 1)
    own = alike.within(*window) / m**2
    rest = alike.within(*before) + alike.within(*after) + 2 * alike.between(*before, *after)
    shared = alike.between(*before, *window) + alike.between(*window, *after)
    return np.asarray(np.maximum(own + rest / n**2 - 2 * shared / (m * n), 1e-12))


def _memory(question: Question) -> float:
    """Memory of a day of the looks outside the asked window, season and levels taken out."""
    line = question.line
    guard = _runs(line.days, question.guarded, np.zeros(1))
    outside = _outside(question.breaks, line.days, guard)
    found = fit(line.sums, outside, 0.0)
    if found.sigma[0] <= LEAST_SCATTER:
        return 0.0
    left = line.values - line.rows @ found.season[0]
    kept, linked = np.full(len(left), np.nan), np.zeros(len(left), dtype=bool)
    for part in outside.groups(0):
        kept[part] = left[part] - left[part].mean()
        linked[part.start + 1 : part.stop] = True
    return line.links.memory_a_day(kept, linked)
