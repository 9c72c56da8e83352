"""Rows of lasting change: the share of a zone's pixels that left their baseline and stayed away.

Here belongs what the signs of roofs and plots share: pixels held against their own season, and
counted by zone. Which pixels and which layer belongs to the sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.signs.surfaces import brightness, ranked
from pipeline.signs.zone_rows import MIN_PIXELS, Chosen, Row, share_row, silent_row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube

    Flags = NDArray[np.bool_]

DARKEST: Final = 1e-3
"""Reflectance below this has no logarithm worth the name; Sentinel-2 counts in 0.0001."""


def days_of(instants: Sequence[datetime]) -> NDArray[np.float64]:
    """Days since the first look, float64, (look,)."""
    return np.array([(one - instants[0]).total_seconds() / 86_400 for one in instants])


def relative(
    layer: NDArray[np.float32], seen: Flags, ground: Flags, in_baseline: Flags
) -> NDArray[np.float32]:
    """How far each pixel lies above its own usual number, less the same of all such ground.

    What moves all of that ground alike on one day (haze, sun, a correction that is off) is taken
    off. In logarithms a factor on all numbers of a date leaves the result as it is.

    Args:
        layer: numbers, (time, y, x).
        seen: which of them count, likewise.
        ground: the pixels whose common level is taken off, bool, (y, x).
        in_baseline: which dates say what is usual, bool, (time,).

    Returns:
        float32, (time, y, x); 0 where not seen or never seen in the baseline.
    """
    usual = ranked(layer[in_baseline], seen[in_baseline], 0.5)
    known = np.isfinite(usual)
    counts = seen & known
    moved = np.where(counts, layer - np.where(known, usual, 0), np.float32(0))
    for look in range(len(moved)):
        here = ground & counts[look]
        if here.any():
            moved[look] -= np.median(moved[look][here])
    return np.where(counts, moved, np.float32(0)).astype(np.float32)


def log_brightness(cube: DateCube) -> NDArray[np.float32]:
    """Natural logarithm of the brightness, (time, y, x)."""
    return np.log(np.maximum(brightness(cube), np.float32(DARKEST)))


def lasting_row(
    chosen: Chosen,
    seen: Flags,
    judge: Callable[[Flags], tuple[Flags, Flags]],
    *,
    too_few: str,
) -> Row:
    """The share of the chosen pixels of a zone that has changed for good.

    Args:
        chosen: the pixels.
        seen: on the window of the zone, (time, height, width).
        judge: tells, on that window and given what was seen, where change lasts (time, height,
            width) and which pixels can be judged (height, width).
        too_few: what to say of a zone with hardly any pixel that can be judged.
    """
    if chosen.n_pixels < MIN_PIXELS:
        return silent_row(chosen.mask.zone_id, len(seen), chosen.n_pixels, too_few)
    changed, known = judge(seen)
    judged = Chosen(chosen.mask, chosen.weight * known)
    return share_row(judged, changed, seen, too_few=too_few)
