"""Count change by zone and date: sums of pixels, each weighed by how much of it lies inside.

Here belongs arithmetic on arrays and zone masks. Burning zones to a grid belongs to ``prepare``;
what the counts mean belongs to ``history`` and ``assess``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.change import SeriesChanges, ZoneSeries
from pipeline.model.cube import INSIDE_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube, ZoneMask


def measure_zones(
    changes: SeriesChanges, cube: DateCube, masks: Sequence[ZoneMask]
) -> tuple[ZoneSeries, ...]:
    """Every zone, date by date.

    Args:
        changes: what the detector said of the cube.
        cube: the cube itself, for its snow.
        masks: the zones on the grid of the cube.

    Returns:
        One series a mask, in the order of the masks.
    """
    return tuple(_measure(changes, cube, mask) for mask in masks)


def _measure(changes: SeriesChanges, cube: DateCube, mask: ZoneMask) -> ZoneSeries:
    """One zone; pixels without a baseline can neither depart nor be counted as seen."""
    rows, cols = mask.window.slices
    watched = mask.fraction * changes.monitored[rows, cols]
    return ZoneSeries(
        zone_id=mask.zone_id,
        is_control=mask.is_control,
        n_pixels=mask.n_pixels,
        seen_px=_weigh(changes.seen[:, rows, cols], watched),
        departing_px=_weigh(changes.departs[:, rows, cols], watched),
        changed_px=_weigh(changes.changed[:, rows, cols], watched),
        snow_px=_weigh(cube.snow[:, rows, cols], mask.fraction),
        noise=_median(changes.noise[rows, cols][watched > INSIDE_SHARE]),
    )


def _weigh(flags: NDArray[np.bool_], weight: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum of the weights where a flag is set, by date: (time, y, x) and (y, x) to (time,).

    Date by date, because a matrix product would first copy all flags as floating point numbers.
    """
    return np.array([weight[flag].sum(dtype=np.float64) for flag in flags])


def _median(values: NDArray[np.float32]) -> float:
    """The median, or NaN of nothing."""
    return float(np.median(values)) if values.size else float("nan")
