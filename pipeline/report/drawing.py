"""Outlines, labels and bars in the view box of a figure: from metres to its units.

Here belongs plane geometry for drawing. A view box counts pixels of the sensor from the upper left
corner of its window; which shapes are drawn is decided by ``figures``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer
from shapely import force_2d, get_parts, transform

from pipeline.model.grid import Window
from pipeline.report.canvas import Label, ScaleBar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.model.grid import Grid

SCALES_M = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
LONGEST_BAR = 0.3
"""A scale bar is at most this share of the width of its figure."""
CHARACTER = 0.56
"""Width of a character in units of the size of the text, on average."""


def to_pixels(geometry: BaseGeometry, grid: Grid) -> BaseGeometry:
    """A geometry in longitude and latitude as one in pixels of a grid, y downward."""
    there = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)

    def move(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = there.transform(lonlat[:, 0], lonlat[:, 1])
        return np.column_stack([x - grid.left, grid.top - y]) / grid.gsd_m

    moved: BaseGeometry = transform(force_2d(geometry), move)
    return moved


def outline_path(geometry: BaseGeometry, window: Window) -> str:
    """The rings of polygons in pixels of the grid as SVG path data inside a window."""
    rings = (
        ring
        for part in get_parts(geometry)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    )
    return "".join(_ring(np.asarray(ring.coords), window) for ring in rings)


def _ring(points: NDArray[np.float64], window: Window) -> str:
    """One closed ring."""
    shifted = points[:-1] - (window.col, window.row)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shifted) + "Z"


def mask_path(mask: NDArray[np.bool_], own: Window, window: Window) -> str:
    """The outer edges of the pixels of a mask as SVG path data inside a window.

    Every edge between a set and an unset pixel becomes one straight run, so that neighbours melt
    into one shape without a line between them.
    """
    padded = np.pad(mask, 1).astype(np.int8)
    runs = [
        *_runs(np.diff(padded, axis=0)[:, 1:-1], is_row=True),
        *_runs(np.diff(padded, axis=1)[1:-1].T, is_row=False),
    ]
    row0, col0 = own.row - window.row, own.col - window.col
    return "".join(f"M{x + col0} {y + row0}{'h' if is_row else 'v'}{n}" for y, x, n, is_row in runs)


def _runs(edges: NDArray[np.int8], *, is_row: bool) -> list[tuple[int, int, int, bool]]:
    """Straight runs of edges as (y, x, length, whether it runs along a row)."""
    found = []
    for line, values in enumerate(edges != 0):
        turns = np.flatnonzero(np.diff(np.pad(values.astype(np.int8), 1)))
        for start, stop in zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True):
            y, x = (line, start) if is_row else (start, line)
            found.append((y, x, stop - start, is_row))
    return found


def fill_path(mask: NDArray[np.bool_], own: Window, window: Window) -> str:
    """The pixels of a mask as SVG path data to be filled, a rectangle a run."""
    row0, col0 = own.row - window.row, own.col - window.col
    path = []
    for line, values in enumerate(mask):
        turns = np.flatnonzero(np.diff(np.pad(values.astype(np.int8), 1)))
        for start, stop in zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True):
            width = stop - start
            path.append(f"M{start + col0} {line + row0}h{width}v1h-{width}z")
    return "".join(path)


def scale_bar(width: int, gsd_m: float) -> ScaleBar:
    """The longest round distance that takes less than a third of a width."""
    fitting = [step for step in SCALES_M if step / gsd_m <= LONGEST_BAR * width]
    metres = fitting[-1] if fitting else SCALES_M[0]
    label = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"  # noqa: PLR2004 - SI prefix
    return ScaleBar(metres / gsd_m, label)


def around(window: Window, margin: int, shape: tuple[int, int]) -> Window:
    """A window with a margin, cut at the edges of the grid."""
    row0, col0 = max(0, window.row - margin), max(0, window.col - margin)
    row1 = min(shape[0], window.row + window.height + margin)
    col1 = min(shape[1], window.col + window.width + margin)
    return Window(row0, col0, row1 - row0, col1 - col0)


def place_labels(wanted: Sequence[Label], unit: float, width: float) -> tuple[Label, ...]:
    """Keep the name of every label that covers no other; the rest keep their numbers.

    Args:
        wanted: labels with their names, the most important first.
        unit: size of the text, in view-box units.
        width: of the view box.
    """
    taken = [_box(label, unit, with_name=False) for label in wanted]
    placed = []
    for index, label in enumerate(wanted):
        box = _box(label, unit, with_name=True)
        others = taken[:index] + taken[index + 1 :]
        inside = box[0] >= 0 and box[2] <= width
        if inside and not any(_touch(box, other) for other in others):
            taken[index] = box
            placed.append(label)
        else:
            placed.append(Label(label.number, "", label.x, label.y, label.target))
    return tuple(placed)


def _box(label: Label, unit: float, *, with_name: bool) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a label; the number is a disc, the name stands right of it."""
    reach = (len(label.name) * CHARACTER + 0.5) * unit if with_name else 0.0
    return (label.x - unit, label.y - unit, label.x + unit + reach, label.y + unit)


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    """Whether two boxes overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
