"""Radar, two periods: did the ground's backscatter change, by how much, and what would be seen?

Here belongs the comparison of two periods of the same months. Speckle, scatter and common mode
belong to ``raster``, the date of a change to ``detect.radar_onset``. Looks of several orbits
are no series: the caller keeps them apart (``sensors.sentinel1.one_orbit``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.detect.radar_detector import RadarDetector
from pipeline.errors import InputError
from pipeline.model.radar import RadarChange
from pipeline.raster.ground_tail import GroundTail
from pipeline.raster.season import same_season
from pipeline.raster.speckle import DB_PER_NEPER, without_fringe
from pipeline.raster.survey import bulk_inflation
from pipeline.raster.tails import detectable, sum_tail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.config import RadarOptions
    from pipeline.model.change import Period
    from pipeline.model.cube import DateCube
    from pipeline.raster.speckle import Looks
    from pipeline.raster.survey import Survey


_PLACEBO_LOOKS: Final = 2  # that a placebo's later period holds: more than one strange date


class RadarPair(RadarDetector):
    """The pair detector of radar: pooled over a window, over dates and over polarisations."""

    def compare(self, cube: DateCube, before: Period, after: Period) -> RadarChange:
        """Compare two periods, the first in the months of the second only.

        Args:
            cube: linear power of one orbit, (time, polarisation, y, x), in its order of time.
            before: the ground as it was.
            after: the ground as it is.

        Raises:
            InputError: if the number of looks is not above 0, too little ground is stable, a
                period holds no date, or the first none of the second's months.
        """
        later = np.array([instant in after for instant in cube.instants])
        earlier = np.array([instant in before for instant in cube.instants]) & ~later
        earlier &= same_season(cube.instants, later, self.options.season_days)
        return self.compare_dates(cube, earlier, later)

    def compare_dates(
        self, cube: DateCube, before: NDArray[np.bool_], after: NDArray[np.bool_]
    ) -> RadarChange:
        """As ``compare``, for dates given one by one, (time,).

        Raises:
            InputError: if the number of looks is not above 0, too little ground is stable, or
                either period has no date.
        """
        if not before.any() or not after.any():
            what = f"{int(before.sum())} dates before and {int(after.sum())} after to compare"
            raise InputError(what, remedy="take periods that hold looks in the same months")
        return self._judge(self._surveyed(cube, before, after), cube.instants)

    def _judge(self, surveyed: Survey, instants: Sequence[datetime]) -> RadarChange:
        """Every block against the bulk of the sample."""
        options, series = self.options, surveyed.series
        rules = _Rules.of(surveyed, instants, options)
        maps = _Maps.empty(surveyed)
        for rows, looks in surveyed.blocks():
            maps.fill(rows, _Compared.of(looks, surveyed), rules)
        called = maps.seen & (maps.p_value <= options.false_alarm_share)
        left_out = surveyed.common.stands_out
        return RadarChange(
            magnitude_db=maps.magnitude_db,
            p_value=maps.p_value,
            changed=without_fringe(maps.strength, called, options.edge_share),
            seen=maps.seen,
            limit_db=maps.limit_db,
            common_db=surveyed.common.shift_db,
            common_mode=left_out,
            before=series.before & ~left_out,
            after=series.after & ~left_out,
            inflation=rules.inflation,
            least_share=self._least_share(surveyed, rules.ground, instants),
        )


@dataclass(frozen=True)
class _Rules:
    """What all pixels of two periods are judged by.

    Attributes:
        options: the settings.
        inflation: how much the quiet ground moved between the periods.
        ground: what the tail of the law is worth on this ground.
    """

    options: RadarOptions
    inflation: float
    ground: GroundTail

    @classmethod
    def of(cls, surveyed: Survey, instants: Sequence[datetime], options: RadarOptions) -> _Rules:
        """Inflation from the sample, the tail from a placebo within the first period."""
        found = _Compared.of(surveyed.sample, surveyed)
        ground = _placebo_tail(surveyed, instants, options)
        return cls(options, _inflation(found, options), ground)


def _placebo_tail(
    surveyed: Survey, instants: Sequence[datetime], options: RadarOptions
) -> GroundTail:
    """How often the same test finds a change within the first period, where none had come.

    It is parted where it pauses longest: between two seasons, as the periods themselves are.
    """
    held = [instants[date] for date in surveyed.dates[surveyed.before]]
    places = range(options.min_baseline_looks, len(held) - _PLACEBO_LOOKS + 1)
    if not places:
        return GroundTail()
    parting = max(places, key=lambda place: held[place] - held[place - 1])
    placebo = surveyed.placebo(parting)
    return GroundTail.of(_p_by_law(_Compared.of(placebo.sample, placebo), options))


def _inflation(found: _Compared, options: RadarOptions) -> float:
    """What a sample's bulk says, of the locations that can be judged."""
    judged = found.judged(options)
    return bulk_inflation(
        found.statistic[judged], found.dof[judged], len(found.step), options.bulk_share
    )


def _p_by_law(found: _Compared, options: RadarOptions) -> NDArray[np.float64]:
    """The law's p-values of the locations that can be judged."""
    judged = found.judged(options)
    statistic = found.statistic[judged] / _inflation(found, options)
    return sum_tail(statistic, len(found.step), found.dof[judged])


@dataclass(frozen=True)
class _Compared:
    """Two periods of whitened looks, location by location.

    Attributes:
        step: mean after less mean before, whitened, float32, (band, location).
        variance: of a band of the step, float64, (location,).
        dof: degrees of freedom of that variance, float64, (location,).
        n_looks: looks before and after, int32, (2, location).
    """

    step: NDArray[np.float32]
    variance: NDArray[np.float64]
    dof: NDArray[np.float64]
    n_looks: NDArray[np.int32]

    @classmethod
    def of(cls, looks: Looks, surveyed: Survey) -> _Compared:
        """The periods that the survey tells apart."""
        scatter = surveyed.scatter
        history = looks.at(surveyed.before)
        before, after = history.period(), looks.at(~surveyed.before).period()
        own = scatter.local_variance(history)
        variance = (scatter.spread(before) + scatter.spread(after)) * own.variance
        n_looks = np.stack([before.n_looks, after.n_looks])
        return cls(after.mean - before.mean, variance, own.dof, n_looks)

    @property
    def statistic(self) -> NDArray[np.float64]:
        """Sum of squared standardised steps, (location,); 0 where nothing was seen."""
        squares = (self.step**2).sum(axis=0, dtype=np.float64)
        np.divide(squares, self.variance, out=squares, where=self.variance > 0)
        return np.asarray(squares)

    def judged(self, options: RadarOptions) -> NDArray[np.bool_]:
        """Where both periods have enough looks and the variance is known, (location,)."""
        enough = (self.n_looks[0] >= options.min_baseline_looks) & (self.n_looks[1] > 0)
        return np.asarray(enough & (self.dof > 0) & (self.variance > 0))


@dataclass
class _Maps:
    """The answer as it fills, block by block; fields as in ``RadarChange``."""

    strength: NDArray[np.float32]
    p_value: NDArray[np.float32]
    seen: NDArray[np.bool_]
    magnitude_db: NDArray[np.float32]
    limit_db: NDArray[np.float32]
    whitening: NDArray[np.float64]

    @classmethod
    def empty(cls, surveyed: Survey) -> _Maps:
        """Nothing seen yet."""
        shape, whitening = surveyed.series.shape, surveyed.scatter.whitening.astype(np.float64)
        deep = (len(whitening), *shape)
        return cls(
            strength=np.zeros(shape, dtype=np.float32),
            p_value=np.ones(shape, dtype=np.float32),
            seen=np.zeros(shape, dtype=bool),
            magnitude_db=np.zeros(deep, dtype=np.float32),
            limit_db=np.full(deep, np.inf, dtype=np.float32),
            whitening=whitening,
        )

    def fill(self, rows: slice, found: _Compared, rules: _Rules) -> None:
        """Put a block of rows in its place."""
        judged, width = found.judged(rules.options), self.seen.shape[1]
        dof = np.where(judged, found.dof, 1)
        statistic = np.where(judged, found.statistic, 0) / rules.inflation
        p_value = rules.ground(sum_tail(statistic, len(found.step), dof))
        step_db = np.linalg.inv(self.whitening) @ found.step * DB_PER_NEPER
        limit = self._limit_db(found, dof, rules)
        self.seen[rows] = judged.reshape(-1, width)
        self.strength[rows] = np.sqrt(statistic).reshape(-1, width)
        self.p_value[rows] = np.where(judged, p_value, 1).reshape(-1, width)
        shape = (len(found.step), -1, width)
        self.magnitude_db[:, rows] = np.where(judged, step_db, 0).reshape(shape)
        self.limit_db[:, rows] = np.where(judged, limit, np.inf).reshape(shape)

    def _limit_db(
        self, found: _Compared, dof: NDArray[np.float64], rules: _Rules
    ) -> NDArray[np.float64]:
        """The smallest step found in each band alone, (band, location)."""
        called = rules.ground.by_law(rules.options.false_alarm_share)
        apart = detectable(called, rules.options.limit_power, len(found.step), dof)
        noise = np.sqrt(found.variance * rules.inflation)
        per_neper = np.sqrt((self.whitening**2).sum(axis=0))
        limit: NDArray[np.float64] = DB_PER_NEPER * apart * noise / per_neper[:, None]
        return limit
