"""A depot that empties: its yard becomes as even, and as bright, as bare paving.

Here belongs the unevenness of a zone's paved ground. Single vehicles are smaller than a pixel; a
yard full of them is uneven, each pixel holding another part of roofs, shadows and gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.model.sign import Missing, Sign
from pipeline.signs.surfaces import Surfaces, brightness, surfaces_of
from pipeline.signs.weighing import Question, series_of
from pipeline.signs.zone_rows import (
    SEEN_SHARE,
    Row,
    apart,
    choose,
    controls_in,
    silent_row,
    weighed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.sign import SignSeries

    Flags = NDArray[np.bool_]

UNIT: Final = "standard deviation over mean of the brightness of the seen paved ground"
NOTE: Final = (
    "a fall means that the yard became more even, as an emptied one does; fresh paving, dust and "
    "wet ground even it out, too"
)
MIN_PIXELS: Final = 20
"""Pixels below which a standard deviation is known worse than to a sixth (1 over the root of
2 (n - 1))."""


def depot_emptied(
    cube: DateCube,
    masks: Sequence[ZoneMask],
    in_baseline: Flags,
    *,
    surfaces: Surfaces | None = None,
) -> tuple[SignSeries, ...]:
    """How uneven each zone's paved ground is, look by look, beside that of other zones.

    A coefficient of variation, so a factor on all numbers leaves it as it is. It falls when
    a yard is emptied, towards what bare paving shows; that it stays low is what ``onset_of``
    asks. Season and sun move it, hence the seasonal baseline.

    Companions: ``brightness_ratio``, natural logarithm of the zone's mean brightness over the
    mean of all other paved ground of the grid.

    Args:
        cube: reflectance with red and near infrared.
        masks: all zones of the grid; those that share no ground are peers.
        in_baseline: which dates are the normal state, bool, (time,).
        surfaces: kinds of ground; from the baseline if not given.

    Returns:
        One series a zone in the order of the masks, controls included.
    """
    paved = (surfaces or surfaces_of(cube, in_baseline)).paved
    light, seen = brightness(cube), cube.clear & paved
    total = np.where(seen, light, 0).sum(axis=(1, 2), dtype=np.float64)
    paving = _Paving(light, cube.clear, paved, total, seen.sum(axis=(1, 2)))
    question = Question(
        Sign.DEPOT_EMPTIED,
        UNIT,
        cube.instants,
        in_baseline,
        n_harmonics=2,
        note=NOTE,
        is_simulated=cube.is_simulated,
        step_pixels=0,
        source=cube.sensor,
        trusted=controls_in(masks),
    )
    rows = {mask.zone_id: _row(paving, mask) for mask in masks}
    return series_of(question, rows, {mask.zone_id: apart(masks, mask) for mask in masks})


@dataclass(frozen=True)
class _Paving:
    """The paved ground of the whole grid.

    Attributes:
        light: brightness, (time, y, x).
        clear: where it was seen, likewise.
        paved: which pixels are paved, (y, x).
        total: sum of the brightness of all that was seen of them, (time,).
        count: how many that are, (time,).
    """

    light: NDArray[np.float32]
    clear: Flags
    paved: Flags
    total: NDArray[np.float64]
    count: NDArray[np.int64]


def _row(paving: _Paving, mask: ZoneMask) -> Row:
    """One zone."""
    rows, cols = mask.window.slices
    chosen, seen = choose(mask, paving.paved), paving.clear[:, rows, cols]
    if chosen.n_pixels < MIN_PIXELS:
        why = f"it holds fewer than {MIN_PIXELS} pixels of paving"
        return silent_row(mask.zone_id, len(seen), chosen.n_pixels, why)
    count = weighed(seen, chosen.weight)
    safe = np.maximum(count, 1e-9)
    inside = np.where(seen, paving.light[:, rows, cols], 0).astype(np.float64)
    mean = weighed(inside, chosen.weight) / safe
    off = np.where(seen, inside - mean[:, None, None], 0)
    spread = np.sqrt(weighed(off**2, chosen.weight) / safe)
    usable = (count >= SEEN_SHARE * chosen.n_pixels) & (mean > 0)
    values = np.full(len(mean), np.nan)
    np.divide(spread, mean, out=values, where=usable)
    reasons = tuple(None if known else Missing.UNSEEN for known in usable)
    companions = {"brightness_ratio": _ratio(paving, mean, count, usable)}
    return Row(mask.zone_id, values, reasons, chosen.n_pixels, companions=companions)


def _ratio(
    paving: _Paving, mean: NDArray[np.float64], count: NDArray[np.float64], usable: Flags
) -> NDArray[np.float64]:
    """Logarithm of a zone's mean over that of all other paving, (time,); NaN where unknown."""
    others = (paving.total - mean * count) / np.maximum(paving.count - count, 1e-9)
    known = usable & (others > 0)
    ratio = np.full(len(mean), np.nan)
    ratio[known] = np.log(mean[known] / others[known])
    return ratio
