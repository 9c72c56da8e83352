"""Detectors: arrays in, change out; one file a method, one protocol for each kind of question.

Here belong methods and the protocols they fit. Choosing dates and zones belongs to the
stages around; no detector knows another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pipeline.detect.monitor import monitor_cube

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.model.change import ChangeMap, Period, SeriesChanges
    from pipeline.model.cube import DateCube
    from pipeline.model.radar import RadarChange, RadarOnset

__all__ = ["PairDetector", "PeriodDetector", "SeriesDetector", "StepDetector", "monitor_cube"]


class SeriesDetector(Protocol):
    """Finds change in a series of dates."""

    def detect(self, cube: DateCube, n_baseline: int) -> SeriesChanges:
        """What changed at every pixel and date, given how many leading dates are normal."""
        ...


class PairDetector(Protocol):
    """Finds change between two dates."""

    def compare(
        self, before: NDArray[np.float32], after: NDArray[np.float32], seen: NDArray[np.bool_]
    ) -> ChangeMap:
        """What changed between two images (band, y, x), where both were seen (y, x)."""
        ...


class PeriodDetector(Protocol):
    """Finds change between two periods of radar looks of one orbit."""

    def compare(self, cube: DateCube, before: Period, after: Period) -> RadarChange:
        """What changed; the first period counts in the months of the second only."""
        ...


class StepDetector(Protocol):
    """Finds the date of a lasting step in radar looks of one orbit."""

    def date_steps(self, cube: DateCube, n_baseline: int) -> RadarOnset:
        """Which pixels took a step and when, given how many leading dates are normal."""
        ...
