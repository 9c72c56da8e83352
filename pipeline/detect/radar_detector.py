"""What the radar detectors share: settings, looks, the ground that stands for all, the survey.

Here belongs what both do before they judge. The two periods belong to ``detect.radar``, the dated
step to ``detect.radar_onset``. Looks of several orbits are no series: the caller keeps them apart
(``sensors.sentinel1.one_orbit``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pipeline.raster.survey import Series, survey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.config import RadarOptions
    from pipeline.model.cube import DateCube
    from pipeline.raster.ground_tail import GroundTail
    from pipeline.raster.survey import Survey

_YEAR_DAYS: Final = 365.0


class RadarDetector:
    """A detector of one orbit's backscatter."""

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

    def _surveyed(
        self, cube: DateCube, before: NDArray[np.bool_], after: NDArray[np.bool_]
    ) -> Survey:
        """What all ground of a cube shares, for baseline dates and those held against them.

        Raises:
            InputError: if the number of looks is not above 0, or too little ground is stable.
        """
        series = Series(cube.values, cube.clear, before, after, self.stable)
        return survey(series, self.n_looks, self.options.common_mode_db)

    def _least_share(
        self, surveyed: Survey, ground: GroundTail, instants: Sequence[datetime]
    ) -> float:
        """The smallest false-alarm share that the baseline vouches for; 1 for none.

        Years differ by more than weeks do: a baseline that has not seen its months twice vouches
        for nothing that happens beyond them.
        """
        held = [instants[date] for date in surveyed.dates]
        if not surveyed.before.any():
            return 1.0
        first = [one for one, is_first in zip(held, surveyed.before, strict=True) if is_first]
        year = timedelta(days=_YEAR_DAYS - self.options.season_days)
        is_short = max(first) - min(first) < year <= max(held) - min(held)
        return 1.0 if is_short else ground.least_share
