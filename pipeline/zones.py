"""Count change by zone and date: sums of pixels, each weighed by how much of it lies inside.

Here belongs arithmetic on arrays and zone masks. Burning zones to a grid belongs to ``prepare``;
what the counts mean belongs to ``history`` and ``assess``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.change import SeriesChanges, ZoneSeries
from pipeline.model.cube import INSIDE_SHARE
from pipeline.model.look import PixelKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.grid import Window


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


def mask_excess(cube: DateCube, masks: Sequence[ZoneMask]) -> dict[str, float]:
    """Share of each zone under cloud and shadow classes less that of the controls, over the dates.

    Classifiers take bright roofs for cloud, so a zone of roofs is seen less often than a field
    beside it; a number well above zero says that its looks are a choice, not a sample. On a date
    with no data at all in the zone or in the controls there is nothing to compare.

    Returns:
        By zone id, in -1..1; NaN where nothing can be compared; empty for a cube without kinds.
    """
    if cube.kinds is None:
        return {}
    hidden = (cube.kinds == PixelKind.CLOUD) | (cube.kinds == PixelKind.SHADOW)
    held = cube.kinds != PixelKind.UNSEEN
    counts = {mask.zone_id: _hidden_and_held(hidden, held, mask) for mask in masks}
    controls = [counts[mask.zone_id] for mask in masks if mask.is_control]
    nothing = np.zeros((2, len(cube.instants)))
    of_controls = _share(sum(controls, start=nothing))
    return {zone: _mean(_share(count) - of_controls) for zone, count in counts.items()}


def _hidden_and_held(
    hidden: NDArray[np.bool_], held: NDArray[np.bool_], mask: ZoneMask
) -> NDArray[np.float64]:
    """Hidden pixels and pixels with data of a zone, (2, time)."""
    rows, cols = mask.window.slices
    return np.stack([_weigh(flags[:, rows, cols], mask.fraction) for flags in (hidden, held)])


def _share(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hidden over held, (time,); NaN where nothing is held."""
    share = np.full(counts.shape[1], np.nan)
    np.divide(counts[0], counts[1], out=share, where=counts[1] > 0)
    return share


def _mean(values: NDArray[np.float64]) -> float:
    """The mean of what is a number, or NaN of nothing."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


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
        snow_px=_snow(cube, mask, can_tell=changes.steps is None),
        noise=_median(changes.noise[rows, cols][watched > INSIDE_SHARE]),
        step_limit=_step_limit(changes, mask.window, watched > INSIDE_SHARE),
    )


def _snow(cube: DateCube, mask: ZoneMask, *, can_tell: bool) -> NDArray[np.float64]:
    """Pixels of snow by date, (time,); NaN of a sensor whose looks do not tell it."""
    if not can_tell:
        return np.full(len(cube.instants), np.nan)
    rows, cols = mask.window.slices
    return _weigh(cube.snow[:, rows, cols], mask.fraction)


def _step_limit(changes: SeriesChanges, window: Window, watched: NDArray[np.bool_]) -> float:
    """The median of the smallest steps that would have been called; NaN without steps."""
    if changes.steps is None:
        return float("nan")
    return _median(changes.steps.limit[window.slices][watched])


def _weigh(flags: NDArray[np.bool_], weight: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum of the weights where a flag is set, by date: (time, y, x) and (y, x) to (time,).

    Date by date, because a matrix product would first copy all flags as floating point numbers.
    """
    return np.array([weight[flag].sum(dtype=np.float64) for flag in flags])


def _median(values: NDArray[np.float32]) -> float:
    """The median, or NaN of nothing."""
    return float(np.median(values)) if values.size else float("nan")
