"""Radar, a series: has backscatter taken a lasting step, and between which dates?

Here belongs the test of every date at which a series may be split in two, and the bracket of the
likeliest. Speckle, scatter, common mode and the tail of the largest of many tests belong to
``raster``, the comparison of two given periods to ``detect.radar``.

All dates before a split are held against all after it. Give dates of the same months, or whole
years: what the seasons do to all ground alike is taken off, what they do to one field is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.detect.radar_detector import RadarDetector
from pipeline.errors import InputError
from pipeline.model.radar import RadarOnset
from pipeline.raster.ground_tail import GroundTail
from pipeline.raster.scatter import LocalVariance
from pipeline.raster.speckle import DB_PER_NEPER, WINDOW_SPREAD, without_fringe
from pipeline.raster.split import every_split, own_split, without_loudest
from pipeline.raster.survey import bulk_inflation
from pipeline.raster.tails import SplitTail, sum_tail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.config import RadarOptions
    from pipeline.model.cube import DateCube
    from pipeline.raster.speckle import Looks
    from pipeline.raster.survey import Survey


_PLACEBO_LOOKS: Final = 2  # that a placebo must last: more than one strange date


class RadarSteps(RadarDetector):
    """The series detector of radar: one lasting step a pixel, dated by a bracket."""

    def date_steps(self, cube: DateCube, n_baseline: int) -> RadarOnset:
        """Find the step of every pixel.

        Args:
            cube: linear power of one orbit, (time, polarisation, y, x).
            n_baseline: leading dates on which nothing had happened; the scatter is theirs.

        Raises:
            InputError: if the number of looks is not above 0, too little ground is stable, or the
                baseline is empty or holds every date.
        """
        n_dates = len(cube.instants)
        if not 0 < n_baseline < n_dates:
            what = f"a baseline of {n_baseline} of {n_dates} dates leaves nothing to compare"
            raise InputError(what, remedy="leave at least one date before and one after its end")
        before = np.arange(n_dates) < n_baseline
        return self._judge(self._surveyed(cube, before, ~before), cube.instants, n_baseline)

    def _judge(self, surveyed: Survey, instants: Sequence[datetime], n_baseline: int) -> RadarOnset:
        """Every block against the bulk of the sample at every split."""
        rules = _Rules.of(surveyed, self.options)
        maps = _Maps.empty(surveyed)
        for rows, looks in surveyed.blocks():
            maps.fill(rows, _Walk.of(looks, rules), rules)
        changed = without_fringe(maps.strength, maps.called, self.options.edge_share)
        return RadarOnset(
            magnitude_db=maps.magnitude_db,
            noise_db=maps.noise_db,
            limit_db=maps.limit_db,
            p_value=maps.p_value,
            changed=changed,
            seen=maps.seen,
            last_without=np.where(changed, maps.last_without, np.int16(-1)),
            first_with=np.where(changed, maps.first_with, np.int16(-1)),
            common_db=surveyed.common.shift_db,
            common_mode=surveyed.common.stands_out,
            n_baseline=n_baseline,
            least_share=self._least_share(surveyed, rules.ground, instants),
        )


@dataclass(frozen=True)
class _Rules:
    """What all pixels of a series are judged by.

    Attributes:
        surveyed: the series.
        options: the settings.
        splits: how many used dates lie before each possible onset, ascending, (split,).
        inflation: how much the quiet ground moved across each, (split,).
        tail: of the largest statistic, by the law.
        ground: what such a tail is worth on this ground.
    """

    surveyed: Survey
    options: RadarOptions
    splits: NDArray[np.int64]
    inflation: NDArray[np.float64]
    tail: SplitTail
    ground: GroundTail

    @classmethod
    def of(cls, surveyed: Survey, options: RadarOptions) -> _Rules:
        """The rules of a series, its tail from placebos within the baseline."""
        return replace(cls.by_law(surveyed, options), ground=_placebo_tail(surveyed, options))

    @classmethod
    def by_law(cls, surveyed: Survey, options: RadarOptions) -> _Rules:
        """The rules of a series, its inflation from the sample."""
        n_dates, n_first = surveyed.dates.size, int(surveyed.before.sum())
        splits = np.arange(max(n_first, 1), n_dates - options.min_lasting_looks + 1)
        scatter = surveyed.scatter
        tail = SplitTail.over(splits, n_dates, scatter.n_bands)
        quiet = cls(surveyed, options, splits, np.ones(splits.size), tail, GroundTail())
        walk = _Walk.of(surveyed.sample, quiet)
        inflation = [
            bulk_inflation(row[known], walk.own.dof[known], scatter.n_bands, options.bulk_share)
            for row, known in zip(walk.statistic, walk.statistic >= 0, strict=True)
        ]
        return replace(quiet, inflation=np.array(inflation))

    def p_value(
        self, statistic: NDArray[np.floating[Any]], dof: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Chance of a larger maximum on unchanged ground; same shape."""
        return self.ground(self.tail(statistic, dof))


def _placebo_tail(surveyed: Survey, options: RadarOptions) -> GroundTail:
    """How often the same test finds a step within the baseline, where none had come.

    The first half of the baseline, or as much as is judged at all, is held against what follows.
    Placebos need last no longer than two looks: so they reach the latest of the seasons.
    """
    n_baseline = int(surveyed.before.sum())
    n_first = max(options.min_baseline_looks, n_baseline // 2)
    if n_baseline - n_first < _PLACEBO_LOOKS:
        return GroundTail()
    shorter = options.model_copy(update={"min_lasting_looks": _PLACEBO_LOOKS})
    rules = _Rules.by_law(surveyed.placebo(n_first), shorter)
    walk = _Walk.of(rules.surveyed.sample, rules)
    largest = walk.statistic.max(axis=0)
    judged = largest >= 0
    return GroundTail.of(rules.tail(largest[judged], walk.own.dof[judged]))


@dataclass(frozen=True)
class _Walk:
    """Every split of whitened looks, location by location.

    Attributes:
        statistic: sum of squared standardised steps, float32, (split, location); -1 where the
            series cannot be split: too few looks on a side, or none on the first date after.
        own: each location's own variance.
        looks: the looks.
    """

    statistic: NDArray[np.float32]
    own: LocalVariance
    looks: Looks

    @classmethod
    def of(cls, looks: Looks, rules: _Rules) -> _Walk:
        """The statistic at every split, from sums up to each date."""
        surveyed, options = rules.surveyed, rules.options
        scatter = surveyed.scatter
        own, seen = scatter.local_variance(looks.at(surveyed.before)), looks.weights > 0
        known = (own.dof > 0) & (own.variance > 0)
        statistic = np.full((rules.splits.size, own.dof.size), -1, dtype=np.float32)
        for row, (before, after) in enumerate(every_split(looks, rules.splits)):
            usable = known & seen[rules.splits[row]]
            usable &= before.n_looks >= options.min_baseline_looks
            usable &= after.n_looks >= options.min_lasting_looks
            squares = scatter.statistic(before, after, own) / rules.inflation[row]
            statistic[row] = np.where(usable, squares, -1)
        return cls(statistic, own, looks)

    @property
    def best(self) -> NDArray[np.int64]:
        """The split with the largest statistic, (location,)."""
        return np.asarray(self.statistic.argmax(axis=0))


@dataclass
class _Maps:
    """The answer as it fills, block by block; most fields as in ``RadarOnset``.

    Attributes:
        strength: root of the largest statistic, (y, x).
        called: whether it is too large for chance and lasts, (y, x).
        mixing_db: turns a whitened step into decibels, (band, band).
    """

    strength: NDArray[np.float32]
    called: NDArray[np.bool_]
    p_value: NDArray[np.float32]
    seen: NDArray[np.bool_]
    magnitude_db: NDArray[np.float32]
    noise_db: NDArray[np.float32]
    limit_db: NDArray[np.float32]
    last_without: NDArray[np.int16]
    first_with: NDArray[np.int16]
    mixing_db: NDArray[np.float64]

    @classmethod
    def empty(cls, surveyed: Survey) -> _Maps:
        """Nothing seen yet."""
        shape = surveyed.series.shape
        mixing = np.linalg.inv(surveyed.scatter.whitening.astype(np.float64))
        return cls(
            strength=np.zeros(shape, dtype=np.float32),
            called=np.zeros(shape, dtype=bool),
            p_value=np.ones(shape, dtype=np.float32),
            seen=np.zeros(shape, dtype=bool),
            magnitude_db=np.zeros((len(mixing), *shape), dtype=np.float32),
            noise_db=np.zeros(shape, dtype=np.float32),
            limit_db=np.full((len(mixing), *shape), np.inf, dtype=np.float32),
            last_without=np.full(shape, -1, dtype=np.int16),
            first_with=np.full(shape, -1, dtype=np.int16),
            mixing_db=mixing * DB_PER_NEPER,
        )

    def fill(self, rows: slice, walk: _Walk, rules: _Rules) -> None:
        """Put a block of rows in its place."""
        if not rules.splits.size:
            return
        width = self.seen.shape[1]
        best = walk.best
        statistic = np.take_along_axis(walk.statistic, best[None], axis=0)[0]
        seen = statistic >= 0
        statistic = np.maximum(statistic, 0)
        p_value = rules.p_value(statistic, np.where(seen, walk.own.dof, 1))
        called = seen & (p_value <= rules.options.false_alarm_share)
        before, after = own_split(walk.looks, rules.splits[best])
        step_db = self.mixing_db @ (after.mean - before.mean)
        called[called] = _lasts(walk, rules, called)
        last, first = _brackets(walk, rules, called)
        self.seen[rows] = seen.reshape(-1, width)
        self.called[rows] = called.reshape(-1, width)
        self.strength[rows] = np.sqrt(statistic).reshape(-1, width)
        self.p_value[rows] = np.where(seen, p_value, 1).reshape(-1, width)
        self.magnitude_db[:, rows] = np.where(seen, step_db, 0).reshape(len(step_db), -1, width)
        self._state(rows, walk, rules, seen)
        place = np.flatnonzero(called)
        self.last_without[rows].reshape(-1)[place] = last
        self.first_with[rows].reshape(-1)[place] = first

    def _state(self, rows: slice, walk: _Walk, rules: _Rules, seen: NDArray[np.bool_]) -> None:
        """State what a block of rows could not have shown."""
        noise, limit = _noise_db(walk, rules), _limit_db(walk, rules)
        width = self.seen.shape[1]
        self.noise_db[rows] = np.where(seen, noise, 0).reshape(-1, width)
        shape = (len(limit), -1, width)
        self.limit_db[:, rows] = np.where(seen, limit, np.inf).reshape(shape)


def _noise_db(walk: _Walk, rules: _Rules) -> NDArray[np.float64]:
    """Standard deviation of one look of a whole window, mean over bands, (location,)."""
    pixel = float(rules.surveyed.scatter.deviation().mean())
    noise: NDArray[np.float64] = np.sqrt(walk.own.variance * WINDOW_SPREAD)
    return DB_PER_NEPER * pixel * noise


def _limit_db(walk: _Walk, rules: _Rules) -> NDArray[np.float64]:
    """The smallest step found in each band alone at the last split, (band, location).

    As a step must stand without its loudest look, it is held as found with one look less.
    """
    options, scatter = rules.options, rules.surveyed.scatter
    last = len(rules.splits) - 1 - (walk.statistic[::-1] >= 0).argmax(axis=0)
    before, after = own_split(walk.looks, rules.splits[last])
    fewer = after.n_looks / np.maximum(after.n_looks - 1, 1)
    variance = (scatter.spread(before) + scatter.spread(after) * fewer) * walk.own.variance
    dof = np.maximum(walk.own.dof, 1)
    called = rules.ground.by_law(options.false_alarm_share)
    apart = rules.tail.detectable(called, options.limit_power, dof)
    noise = apart * np.sqrt(variance * rules.inflation[last])
    per_neper = np.sqrt((scatter.whitening.astype(np.float64) ** 2).sum(axis=0))
    limit: NDArray[np.float64] = DB_PER_NEPER * noise / per_neper[:, None]
    return limit


def _lasts(walk: _Walk, rules: _Rules, called: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each called step stands without the look that speaks most for it, (called,).

    A ship or a downpour on a single date moves a mean of many. A lasting step keeps most of what
    it had, so it need only be as rare then as the root of what calls it, on either side.
    """
    looks, best = walk.looks.within(called), walk.best[called]
    own = LocalVariance(walk.own.variance[called], walk.own.dof[called])
    stands = np.ones(best.size, dtype=bool)
    for before, after in without_loudest(looks, rules.splits[best]):
        statistic = rules.surveyed.scatter.statistic(before, after, own) / rules.inflation[best]
        tail = rules.ground(sum_tail(statistic, len(before.mean), own.dof))
        stands &= (tail <= math.sqrt(rules.options.false_alarm_share)) & (after.n_looks > 0)
    return stands


def _brackets(
    walk: _Walk, rules: _Rules, called: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Last date without and first with, as dates of the cube, (called,) each.

    All splits whose statistic is close enough to the largest are held for possible: the drop from
    the largest to the true split exceeds x with a chance of 1 - (1 - exp(-x / 2)) ** 2 (Yao,
    Biometrika 1987), for a clear step between many dates; the fewer dates, the wider it is.
    """
    drop = -2 * math.log(1 - math.sqrt(rules.options.bracket_share))
    statistic, seen = walk.statistic[:, called], walk.looks.weights[:, called] > 0
    possible = (statistic >= 0) & (statistic >= statistic.max(axis=0) - np.float32(drop))
    first_split = rules.splits[possible.argmax(axis=0)]
    last_split = rules.splits[len(possible) - 1 - possible[::-1].argmax(axis=0)]
    # The baseline looks that every judged location has lie before any split.
    index = np.arange(len(seen))[:, None]
    earlier = np.where(seen & (index < first_split), index, 0).max(axis=0)
    dates = rules.surveyed.dates
    return dates[earlier], dates[last_split]
