"""Where the pixels of a geographic grid lie: steps in degrees, rows that shrink towards the poles.

Here belongs arithmetic on one grid in longitude and latitude (WGS 84). Grids in metres belong to
``grid``; how much of a pixel an outline covers belongs to ``raster``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.grid import Bounds, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEMI_MAJOR_M = 6_378_137.0
"""Equatorial radius of the WGS 84 ellipsoid, in metres."""
FLATTENING = 1 / 298.257223563

_EDGE = 1e-6
"""A millionth of a pixel absorbs what floating point adds to an edge that lies on the grid."""


@dataclass(frozen=True)
class DegreeGrid:
    """A north-up grid in longitude and latitude, WGS 84.

    Attributes:
        left_deg: longitude of the outer left edge.
        top_deg: latitude of the outer top edge.
        step_x_deg: width of a pixel, in degrees of longitude.
        step_y_deg: height of a pixel, in degrees of latitude.
        height: number of rows.
        width: number of columns.
    """

    left_deg: float
    top_deg: float
    step_x_deg: float
    step_y_deg: float
    height: int
    width: int

    def __post_init__(self) -> None:
        """Refuse a grid without pixels, or one that is larger than the Earth.

        Raises:
            ValueError: if the shape or a step is not positive, or an edge lies beyond a pole or
                the grid is wider than a full circle, each with one pixel to spare.
        """
        steps = (self.step_x_deg, self.step_y_deg)
        if min(self.height, self.width) < 1 or not all(0 < step < math.inf for step in steps):
            raise ValueError(f"a grid needs pixels, not {self.height} x {self.width} of {steps}")
        reach = max(abs(self.top_deg), abs(self.bounds.bottom))
        too_far = not reach <= 90 + self.step_y_deg or not abs(self.left_deg) <= 360  # noqa: PLR2004 - degrees
        if too_far or self.width * self.step_x_deg > 360 + self.step_x_deg:
            raise ValueError(f"a grid with edges {tuple(self.bounds)} is larger than the Earth")

    @classmethod
    def around(cls, bounds: Bounds, step_x_deg: float, step_y_deg: float) -> DegreeGrid:
        """The smallest grid that covers the bounds, its edges on multiples of the steps.

        Multiples are counted from 180 degrees west and 90 degrees north, as Black Marble does.

        Example:
            >>> DegreeGrid.around(Bounds(0.1, 0.2, 1.3, 0.9), 0.5, 0.5).shape
            (2, 3)
        """
        col0 = math.floor((bounds.left + 180) / step_x_deg + _EDGE)
        row0 = math.floor((90 - bounds.top) / step_y_deg + _EDGE)
        col1 = math.ceil((bounds.right + 180) / step_x_deg - _EDGE)
        row1 = math.ceil((90 - bounds.bottom) / step_y_deg - _EDGE)
        left, top = col0 * step_x_deg - 180, 90 - row0 * step_y_deg
        size = max(1, row1 - row0), max(1, col1 - col0)
        return cls(left, top, step_x_deg, step_y_deg, *size)

    @property
    def crs(self) -> str:
        """The coordinate system, as ``EPSG:nnnn``."""
        return "EPSG:4326"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.height, self.width

    @property
    def bounds(self) -> Bounds:
        """Outer edges, in degrees."""
        bottom = self.top_deg - self.height * self.step_y_deg
        right = self.left_deg + self.width * self.step_x_deg
        return Bounds(self.left_deg, bottom, right, self.top_deg)

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine coefficients in rasterio's order (a, b, c, d, e, f)."""
        return (self.step_x_deg, 0.0, self.left_deg, 0.0, -self.step_y_deg, self.top_deg)

    @property
    def x_edges(self) -> NDArray[np.float64]:
        """Longitudes of the edges of the columns, rising, (width + 1,)."""
        return np.asarray(self.left_deg + np.arange(self.width + 1) * self.step_x_deg, np.float64)

    @property
    def y_edges(self) -> NDArray[np.float64]:
        """Latitudes of the edges of the rows, falling, (height + 1,)."""
        return np.asarray(self.top_deg - np.arange(self.height + 1) * self.step_y_deg, np.float64)

    def cell(self, lon: float, lat: float) -> tuple[int, int]:
        """Row and column of the pixel that holds a point, both counted from 0.

        A point on an edge belongs to the pixel south or east of it.

        Raises:
            ValueError: if the point lies outside.

        Example:
            >>> DegreeGrid(120, 40, 10 / 2400, 10 / 2400, 2400, 2400).cell(126.62, 37.93)
            (496, 1588)
        """
        col = math.floor((lon - self.left_deg) / self.step_x_deg + _EDGE)
        row = math.floor((self.top_deg - lat) / self.step_y_deg + _EDGE)
        if not (0 <= row < self.height and 0 <= col < self.width):
            raise ValueError(f"the point {lon}, {lat} lies outside {tuple(self.bounds)}")
        return row, col

    def window(self, bounds: Bounds) -> Window:
        """The pixels that touch the bounds, cut at the edges of this grid.

        Raises:
            ValueError: if the bounds lie outside.
        """
        col0 = max(0, math.floor((bounds.left - self.left_deg) / self.step_x_deg + _EDGE))
        row0 = max(0, math.floor((self.top_deg - bounds.top) / self.step_y_deg + _EDGE))
        cols = math.ceil((bounds.right - self.left_deg) / self.step_x_deg - _EDGE)
        rows = math.ceil((self.top_deg - bounds.bottom) / self.step_y_deg - _EDGE)
        height, width = min(self.height, rows) - row0, min(self.width, cols) - col0
        if height < 1 or width < 1:
            raise ValueError(f"bounds {tuple(bounds)} lie outside the grid {tuple(self.bounds)}")
        return Window(row0, col0, height, width)

    def sub(self, window: Window) -> DegreeGrid:
        """The grid of a window of this one."""
        left = self.left_deg + window.col * self.step_x_deg
        top = self.top_deg - window.row * self.step_y_deg
        size = window.height, window.width
        return DegreeGrid(left, top, self.step_x_deg, self.step_y_deg, *size)

    def pixel_areas_m2(self) -> NDArray[np.float64]:
        """Area of one pixel of each row on the ellipsoid, in square metres, (height,).

        The exact area between two parallels and two meridians (Snyder 1987, Map Projections: A
        Working Manual, equations 3-12 and 3-13 for the authalic sphere).
        """
        sine = np.sin(np.radians(np.clip(self.y_edges, -90.0, 90.0)))
        e2 = FLATTENING * (2 - FLATTENING)
        e = math.sqrt(e2)
        below = sine / (1 - e2 * sine**2) + np.arctanh(e * sine) / e
        factor = SEMI_MAJOR_M**2 * (1 - e2) / 2 * math.radians(self.step_x_deg)
        areas: NDArray[np.float64] = -np.diff(below) * factor
        return areas
