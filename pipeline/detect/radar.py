"""Radar, two periods: did the ground's backscatter change, by how much, and what would be seen?

Here belongs the comparison of two periods of the same months. Speckle, scatter and common mode
belong to ``raster``, the date of a change to ``detect.radar_onset``. Looks of several orbits
are no series: the caller keeps them apart (``sensors.sentinel1.one_orbit``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.errors import InputError
from pipeline.model.radar import RadarChange
from pipeline.raster.season import same_season
from pipeline.raster.speckle import DB_PER_NEPER, without_fringe
from pipeline.raster.survey import Series, bulk_inflation, survey
from pipeline.raster.tails import detectable, sum_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import RadarOptions
    from pipeline.model.change import Period
    from pipeline.model.cube import DateCube
    from pipeline.raster.speckle import Looks
    from pipeline.raster.survey import Survey

_TINY: Final = float(np.finfo(np.float32).tiny)


class RadarPair:
    """The pair detector of radar: pooled over a window, over dates and over polarisations."""

    def __init__(
        self, options: RadarOptions, n_looks: float, stable: NDArray[np.bool_] | None = None
    ) -> None:
        """Hold the options.

        Args:
            options: the settings.
            n_looks: equivalent number of looks of a pixel, above 0.
            stable: ground that stands for all, the controls for instance, (y, x), at least 100
                pixels; without it all ground does, and a change of more than half of it would be
                taken for weather. A series of fewer pixels has no common mode.
        """
        self.options = options
        self.n_looks = n_looks
        self.stable = stable

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
        series = Series(cube.values, cube.clear, before, after, self.stable)
        surveyed = survey(series, self.n_looks, self.options.common_mode_db)
        return self._judge(surveyed)

    def _judge(self, surveyed: Survey) -> RadarChange:
        """Every block against the bulk of the sample."""
        options, series = self.options, surveyed.series
        inflation = self._inflation(surveyed)
        maps = _Maps.empty(surveyed)
        for rows, looks in surveyed.blocks():
            maps.fill(rows, _Compared.of(looks, surveyed), inflation, options)
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
            inflation=inflation,
        )

    def _inflation(self, surveyed: Survey) -> float:
        """What the sample's bulk says, of the locations that can be judged."""
        found = _Compared.of(surveyed.sample, surveyed)
        judged = found.judged(self.options)
        return bulk_inflation(
            found.statistic[judged], found.dof[judged], len(found.step), self.options.bulk_share
        )


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

    def fill(self, rows: slice, found: _Compared, inflation: float, options: RadarOptions) -> None:
        """Put a block of rows in its place."""
        judged, width = found.judged(options), self.seen.shape[1]
        dof = np.where(judged, found.dof, 1)
        statistic = np.where(judged, found.statistic, 0) / inflation
        p_value = np.maximum(sum_tail(statistic, len(found.step), dof), _TINY)
        step_db = np.linalg.inv(self.whitening) @ found.step * DB_PER_NEPER
        limit = self._limit_db(found, dof, inflation, options)
        self.seen[rows] = judged.reshape(-1, width)
        self.strength[rows] = np.sqrt(statistic).reshape(-1, width)
        self.p_value[rows] = np.where(judged, p_value, 1).reshape(-1, width)
        shape = (len(found.step), -1, width)
        self.magnitude_db[:, rows] = np.where(judged, step_db, 0).reshape(shape)
        self.limit_db[:, rows] = np.where(judged, limit, np.inf).reshape(shape)

    def _limit_db(
        self,
        found: _Compared,
        dof: NDArray[np.float64],
        inflation: float,
        options: RadarOptions,
    ) -> NDArray[np.float64]:
        """The smallest step found in each band alone, (band, location)."""
        n_bands = len(found.step)
        apart = detectable(options.false_alarm_share, options.limit_power, n_bands, dof)
        noise = np.sqrt(found.variance * inflation)
        per_neper = np.sqrt((self.whitening**2).sum(axis=0))
        limit: NDArray[np.float64] = DB_PER_NEPER * apart * noise / per_neper[:, None]
        return limit
