"""Steps that a whole date makes against its pixels' own history.

Here belongs arithmetic on series of pixels, in whatever unit: reflectance, kelvin, or power in
decibel. Which step is an error of processing and which one is weather is for the caller to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.look import LevelStep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Refuse = Callable[[int, LevelStep], bool]

YEAR_DAYS = 365.25
YEAR_APART_DAYS = 0.02
"""A neighbour of another year counts as so many days of the season farther off, per day."""
NORMAL_MAD = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""
MIN_HISTORY_LOOKS = 3
"""Looks at a pixel that its history must hold."""
OPENING_FACTOR = 3
"""While the history is short, a date is held against so many times its length from the start."""


@dataclass(frozen=True)
class StepRule:
    """What a step is measured against, and when it is one.

    Attributes:
        n_neighbours: dates nearest in season that make the history of a pixel.
        n_history: earlier dates from which on nothing later is looked at.
        min_looks: a series with fewer dates that can be judged is not judged.
        min_pixels: a date on which fewer pixels can be compared is not judged.
        floor: smallest tolerance, in the unit of the values.
        n_deviations: tolerance in robust standard deviations of the series' own steps.
        common_share: share of pixels that must move the same way for a common step.
    """

    n_neighbours: int
    n_history: int
    min_looks: int
    min_pixels: int
    floor: float
    n_deviations: float
    common_share: float


@dataclass(frozen=True)
class _Move:
    """What one date does against its history, by band (band,)."""

    step: NDArray[np.float64]
    spread_ratio: NDArray[np.float64]
    same_way: NDArray[np.float64]
    history: NDArray[np.float64]
    n_pixels: int


@dataclass(frozen=True)
class _Series:
    """Values (time, band, pixel), where they were seen (time, pixel), and their days (time,)."""

    values: NDArray[np.float32]
    seen: NDArray[np.bool_]
    days: NDArray[np.int64]
    rule: StepRule

    def move(self, date: int, pool: Sequence[int]) -> _Move | None:
        """One date against its neighbours of a pool; None if too few pixels can be compared."""
        near = self._nearest(date, pool)
        seen = self.seen[near]
        both = self.seen[date] & (seen.sum(axis=0) >= MIN_HISTORY_LOOKS)
        n_pixels = int(np.count_nonzero(both))
        if n_pixels < self.rule.min_pixels:
            return None
        history = _median_over(self.values[near][:, :, both], seen[:, both])
        now = self.values[date][:, both]
        return _moved(now, history)

    def _nearest(self, date: int, pool: Sequence[int]) -> list[int]:
        """The dates of a pool that are nearest in season, those of other years a little later."""
        gap_days = np.abs(self.days - self.days[date])
        season_days = np.abs((gap_days + YEAR_DAYS / 2) % YEAR_DAYS - YEAR_DAYS / 2)
        distance = season_days + YEAR_APART_DAYS * gap_days
        return sorted(pool, key=lambda other: (distance[other], other))[: self.rule.n_neighbours]


def _median_over(values: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Median over time of what was seen, (band, pixel); every pixel was seen at least once."""
    order = np.sort(np.where(seen[:, None], values, np.float32(np.inf)), axis=0)
    count = seen.sum(axis=0)
    low, high = ((np.maximum(count - 1, 0)) // 2, count // 2)
    pixels = np.arange(values.shape[2])
    median: NDArray[np.float32] = (order[low, :, pixels] + order[high, :, pixels]).T / 2
    return median


def _moved(now: NDArray[np.float32], history: NDArray[np.float32]) -> _Move:
    """The move of pixels (band, pixel) against their history."""
    off = now - history
    step = np.median(off, axis=1).astype(np.float64)
    same = (np.sign(off) == np.sign(step)[:, None]).mean(axis=1)
    spread, before = _spread(now), _spread(history)
    ratio = np.full(step.shape, np.nan)
    np.divide(spread, before, out=ratio, where=before > 0)
    level = np.median(history, axis=1).astype(np.float64)
    return _Move(step, ratio, same, level, now.shape[1])


def _spread(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Half the distance between the 16 % and the 84 % quantile over pixels, (band,)."""
    low, high = np.quantile(values, (0.16, 0.84), axis=1)
    half: NDArray[np.float64] = (high - low) / 2
    return half


def common_steps(
    values: NDArray[np.float32],
    seen: NDArray[np.bool_],
    days: Sequence[int],
    rule: StepRule,
    *,
    refuse: Refuse = lambda _date, _step: False,
) -> tuple[LevelStep | None, ...]:
    """How far every date stands off its own pixels' history.

    Dates are judged in order of time. Each is held against the median of the dates before it that
    are nearest in season; while there are few of these, against the opening of the series on both
    sides of it. So no verdict changes when later dates come, once that opening is complete. A
    refused date is no history for those after it.

    Args:
        values: (time, band, pixel).
        seen: (time, pixel).
        days: ordinal of each date, ascending.
        rule: what a step is measured against.
        refuse: told of a date and its step, says whether the date is kept out of the history.

    Returns:
        One a date; None where it cannot be judged.
    """
    series = _Series(values, seen, np.asarray(days, dtype=np.int64), rule)
    looks = [int(d) for d in np.flatnonzero(seen.sum(axis=1) >= rule.min_pixels)]
    if len(looks) < rule.min_looks:
        return (None,) * len(seen)
    return _Judge(series, looks, refuse).judged()


class _Judge:
    """Goes through the dates in order, and remembers which ones it can rely on."""

    def __init__(self, series: _Series, looks: list[int], refuse: Refuse) -> None:
        """Measure the opening of the series, whose scatter is the first tolerance."""
        self._series, self._looks, self._refuse = series, looks, refuse
        self._opening = looks[: OPENING_FACTOR * series.rule.n_history]
        self._refused: set[int] = set()
        self._accepted: list[int] = []
        self._steps: list[NDArray[np.float64]] = []
        first = (self._move(date) for date in looks[: series.rule.n_history])
        self._first_steps = [move.step for move in first if move is not None]

    def judged(self) -> tuple[LevelStep | None, ...]:
        """Every date."""
        steps: list[LevelStep | None] = [None] * len(self._series.seen)
        for date in self._looks:
            move = self._move(date)
            if move is None:
                continue
            steps[date] = step = self._level(move)
            if self._refuse(date, step):
                self._refused.add(date)
            else:
                self._accepted.append(date)
                self._steps.append(move.step)
        return tuple(steps)

    def _move(self, date: int) -> _Move | None:
        """A date against what can be relied on so far."""
        if len(self._accepted) >= self._series.rule.n_history:
            return self._series.move(date, self._accepted)
        pool = [other for other in self._opening if other != date and other not in self._refused]
        return self._series.move(date, pool)

    def _level(self, move: _Move) -> LevelStep:
        """A move, with the tolerance of its time."""
        rule = self._series.rule
        enough = len(self._steps) >= rule.n_history
        steps = np.array((self._steps if enough else self._first_steps) or [0 * move.step])
        scatter = NORMAL_MAD * np.median(np.abs(steps - np.median(steps, axis=0)), axis=0)
        tolerance = np.maximum(rule.floor, rule.n_deviations * scatter)
        beyond = (np.abs(move.step) > tolerance) & (move.same_way >= rule.common_share)
        return LevelStep(
            by_band=tuple(map(float, move.step)),
            tolerance=tuple(map(float, tolerance)),
            spread_ratio=tuple(map(float, move.spread_ratio)),
            same_way_share=tuple(map(float, move.same_way)),
            n_pixels=move.n_pixels,
            is_common=bool(beyond.any()),
            history=tuple(map(float, move.history)),
        )


def to_decibel(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear power as ``10 log10``; NaN where there is none, so mask those pixels.

    Speckle multiplies, so its steps are even on this scale and skewed on the linear one.

    Example:
        >>> to_decibel(np.array([1.0, 0.1, 0.0], np.float32)).tolist()
        [0.0, -10.0, nan]
    """
    decibel = np.full(power.shape, np.nan, np.float32)
    np.log10(power, out=decibel, where=power > 0)
    decibel *= 10
    return decibel
