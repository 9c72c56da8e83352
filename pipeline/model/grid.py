"""Where pixels lie: a coordinate system, an affine transform and a shape.

Here belongs arithmetic on one grid (bounds, snapping, sub-grids). Warping pixels from one grid
to another belongs to ``prepare``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple


class Bounds(NamedTuple):
    """A box in the units of some CRS."""

    left: float
    bottom: float
    right: float
    top: float


class Window(NamedTuple):
    """A block of whole pixels inside a grid."""

    row: int
    col: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices, for indexing a ``(..., y, x)`` array."""
        return (
            slice(self.row, self.row + self.height),
            slice(self.col, self.col + self.width),
        )


@dataclass(frozen=True)
class Grid:
    """A north-up grid of square pixels.

    Attributes:
        crs: the coordinate system as ``EPSG:nnnn``; its unit is the metre.
        left: x of the outer left edge, in metres.
        top: y of the outer top edge, in metres.
        gsd_m: edge of a pixel, in metres.
        height: number of rows.
        width: number of columns.
    """

    crs: str
    left: float
    top: float
    gsd_m: float
    height: int
    width: int

    def __post_init__(self) -> None:
        """Refuse a grid without pixels.

        Raises:
            ValueError: if the shape or the pixel size is not positive.
        """
        if min(self.height, self.width) < 1 or self.gsd_m <= 0:
            raise ValueError(f"a grid needs pixels, not {self.height} x {self.width}")

    @classmethod
    def around(cls, bounds: Bounds, gsd_m: float, crs: str) -> Grid:
        """The smallest grid that covers the bounds, its edges on multiples of the pixel size.

        Example:
            >>> Grid.around(Bounds(12, 18, 41, 41), 10, "EPSG:32652").shape
            (4, 4)
        """
        left = math.floor(bounds.left / gsd_m) * gsd_m
        top = math.ceil(bounds.top / gsd_m) * gsd_m
        width = math.ceil((bounds.right - left) / gsd_m)
        height = math.ceil((top - bounds.bottom) / gsd_m)
        return cls(crs, left, top, gsd_m, height, width)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.height, self.width

    @property
    def bounds(self) -> Bounds:
        """Outer edges, in metres."""
        bottom = self.top - self.height * self.gsd_m
        return Bounds(self.left, bottom, self.left + self.width * self.gsd_m, self.top)

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine coefficients in rasterio's order (a, b, c, d, e, f)."""
        return (self.gsd_m, 0.0, self.left, 0.0, -self.gsd_m, self.top)

    @property
    def pixel_area_m2(self) -> float:
        """Area of one pixel, in square metres."""
        return self.gsd_m * self.gsd_m

    def window(self, bounds: Bounds) -> Window:
        """The pixels that touch the bounds, cut at the edges of this grid.

        Raises:
            ValueError: if the bounds lie outside.
        """
        # 1e-6 of a pixel absorbs what floating point adds to an edge that lies on the grid.
        col0 = max(0, math.floor((bounds.left - self.left) / self.gsd_m + 1e-6))
        row0 = max(0, math.floor((self.top - bounds.top) / self.gsd_m + 1e-6))
        col1 = min(self.width, math.ceil((bounds.right - self.left) / self.gsd_m - 1e-6))
        row1 = min(self.height, math.ceil((self.top - bounds.bottom) / self.gsd_m - 1e-6))
        if col1 <= col0 or row1 <= row0:
            raise ValueError(f"bounds {tuple(bounds)} lie outside the grid {tuple(self.bounds)}")
        return Window(row0, col0, row1 - row0, col1 - col0)

    def sub(self, window: Window) -> Grid:
        """The grid of a window of this one."""
        return Grid(
            self.crs,
            self.left + window.col * self.gsd_m,
            self.top - window.row * self.gsd_m,
            self.gsd_m,
            window.height,
            window.width,
        )
