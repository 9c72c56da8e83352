"""The grid of square cells over a site: results before any zone is drawn.

Here belongs the arithmetic that makes cells and their ids. They are computed, never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

import shapely
from shapely.geometry import box

from pipeline.model.site import GeometryStatus, Zone, ZoneKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from pipeline.sites.metres import Metres

MIN_ZONE_AREA_M2 = 400.0
"""Four pixels of 10 m: of less ground than this nothing can be said."""

SNAP_M = 1.0
"""How far a boundary may overshoot a cell's edge before it opens another row or column; it
absorbs what rounding to seven decimals of a degree and reprojection do to an edge on the grid."""


@dataclass(frozen=True)
class CellGrid:
    """Rows and columns of square cells, edges on multiples of their size.

    Attributes:
        size_m: edge of a cell, in metres.
        left: x of the west edge, in metres.
        top: y of the north edge, in metres.
        n_rows: number of rows, counted from the north.
        n_cols: number of columns, counted from the west.
    """

    size_m: float
    left: float
    top: float
    n_rows: int
    n_cols: int

    @classmethod
    def over(cls, boundary: BaseGeometry, size_m: float) -> CellGrid:
        """The smallest grid over the bounds of a boundary given in metres."""
        left, bottom, right, top = boundary.bounds
        col0, col1 = floor((left + SNAP_M) / size_m), ceil((right - SNAP_M) / size_m)
        row0, row1 = floor((bottom + SNAP_M) / size_m), ceil((top - SNAP_M) / size_m)
        return cls(size_m, col0 * size_m, row1 * size_m, row1 - row0, col1 - col0)

    def cell_id(self, row: int, col: int) -> str:
        """The id of a cell, with as many digits as the largest number needs, two at least.

        Example:
            >>> CellGrid(250, 0, 0, 9, 120).cell_id(3, 7)
            'cell-r03-c007'
        """
        n_row_digits = max(2, len(str(self.n_rows - 1)))
        n_col_digits = max(2, len(str(self.n_cols - 1)))
        return f"cell-r{row:0{n_row_digits}d}-c{col:0{n_col_digits}d}"

    def square(self, row: int, col: int) -> BaseGeometry:
        """The square of a cell, in metres."""
        left, top = self.left + col * self.size_m, self.top - row * self.size_m
        return box(left, top - self.size_m, left + self.size_m, top)


def compute_cells(boundary: BaseGeometry, size_m: float, metres: Metres) -> tuple[Zone, ...]:
    """The cells of which at least 400 m2 lie inside a boundary given in metres, row by row."""
    grid = CellGrid.over(boundary, size_m)
    shapely.prepare(boundary)
    return tuple(
        _cell(grid, row, col, metres)
        for row, col, square in _squares(grid)
        if square.intersection(boundary).area >= MIN_ZONE_AREA_M2
    )


def _squares(grid: CellGrid) -> Iterator[tuple[int, int, BaseGeometry]]:
    """Row, column and square of every cell, row by row."""
    for row in range(grid.n_rows):
        for col in range(grid.n_cols):
            yield row, col, grid.square(row, col)


def _cell(grid: CellGrid, row: int, col: int, metres: Metres) -> Zone:
    """One cell as a zone."""
    return Zone(
        id=grid.cell_id(row, col),
        label=f"Cell, row {row} from the north, column {col} from the west",
        kind=ZoneKind.CELL,
        status=GeometryStatus.COMPUTED,
        geometry=metres.unproject(grid.square(row, col)),
        position_evidence=f"computed: a square of the {grid.size_m:g} m grid in {metres.crs}",
        position_accuracy_m=0.0,
    )
