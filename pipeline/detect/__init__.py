"""Detectors: arrays in, change out; one file a method, one protocol each for series and pairs.

Here belong methods and the two protocols they fit. Choosing dates and zones belongs to the
stages around; no detector knows another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pipeline.detect.monitor import monitor_cube

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.model.change import ChangeMap, SeriesChanges
    from pipeline.model.cube import DateCube

__all__ = ["PairDetector", "SeriesDetector", "monitor_cube"]


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
