"""The shape of a region of pixels in numbers and one word.

Here belongs plain geometry on masks. Which pixels make a region belongs to ``history``, where it
lies to ``place``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.spatial import ConvexHull, QhullError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINE, ROW, BLOCK, PATCH = "line", "row", "block", "patch"
"""Long and no wider than a road; long and wider; compact with straight sides; anything else."""
MAX_LINE_PX: Final = 2.5
"""A line is narrower: a road or a wall of one pixel, and half a pixel of blur on both sides."""
MIN_ELONGATION: Final = 3.0
"""A line or a row is this many times longer than wide."""
MIN_FILL: Final = 0.7
"""Share of its smallest rectangle that a block fills: a circle fills 0.79, an L whose arms are a
third as wide as long 0.56."""


@dataclass(frozen=True)
class Shape:
    """The smallest rectangle about a region, in any direction.

    Attributes:
        length_m: its longer side.
        width_m: its shorter side.
        bearing_deg: direction of the longer side, clockwise from grid north, in 0..180.
        fill: share of the rectangle that the region covers, in 0..1.
        gsd_m: edge of a pixel; lengths are no more exact than this.
    """

    length_m: float
    width_m: float
    bearing_deg: float
    fill: float
    gsd_m: float

    @property
    def word(self) -> str:
        """``line``, ``row``, ``block`` or ``patch``."""
        if self.length_m >= MIN_ELONGATION * self.width_m:
            return LINE if self.width_m <= MAX_LINE_PX * self.gsd_m else ROW
        return BLOCK if self.fill >= MIN_FILL else PATCH


def shape_of(mask: NDArray[np.bool_], gsd_m: float) -> Shape:
    """The smallest rectangle about the pixels of a region.

    One side of the smallest rectangle lies along a side of the convex hull (Freeman and Shapira
    1975), so the hull's sides are tried one by one.

    Args:
        mask: the region, (y, x); rows run south.
        gsd_m: edge of a pixel.

    Raises:
        ValueError: if the region is empty.

    Example:
        >>> shape = shape_of(np.ones((2, 12), bool), 10.0)
        >>> shape.word, round(shape.length_m), round(shape.width_m), round(shape.bearing_deg)
        ('line', 120, 20, 90)
    """
    if not mask.any():
        raise ValueError("a region without pixels has no shape")
    hull = _hull(_corners(mask))
    sides = np.diff(np.vstack([hull, hull[:1]]), axis=0)
    angles = np.arctan2(sides[:, 1], sides[:, 0])
    along = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    across = np.stack([-np.sin(angles), np.cos(angles)], axis=-1)
    extents = np.stack([np.ptp(hull @ axes.T, axis=0) for axes in (along, across)])
    # Of rectangles of one size the shortest, so that a mirror image gets the same.
    best = int(np.lexsort((extents.max(axis=0).round(6), extents.prod(axis=0).round(6)))[0])
    one, other = (float(extent) for extent in extents[:, best])
    axis = along[best] if one >= other else across[best]
    bearing = math.degrees(math.atan2(axis[0], axis[1])) % 180
    fill = round(float(mask.sum() / (one * other)), 9)
    # Rounded, so that a region and its mirror image fall on the same side of a limit.
    length_m, width_m = (round(side * gsd_m, 6) for side in (max(one, other), min(one, other)))
    return Shape(length_m, width_m, bearing, fill, gsd_m)


def _corners(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The corners of all pixels of a region as (east, north), in pixels."""
    rows, cols = np.nonzero(mask)
    places = [(cols + east, -(rows + south)) for east in (0, 1) for south in (0, 1)]
    return np.unique(np.concatenate([np.stack(place, axis=-1) for place in places]), axis=0) * 1.0


def _hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The convex hull, (corner, 2); corners of pixels never lie on one line."""
    try:
        hull: NDArray[np.float64] = points[ConvexHull(points).vertices]
    except QhullError:  # pragma: no cover - a pixel has four corners
        return points
    return hull
