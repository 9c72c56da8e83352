"""How much of each pixel an outline covers: from a finer mask, or exactly.

Here belong the counting of sub-pixels and the cutting of pixels by an outline. Burning the
outline onto the finer grid needs a geometry library and belongs to ``prepare``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry


def block_share(fine: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """The share of non-zero sub-pixels in each block of ``factor`` x ``factor``.

    Args:
        fine: (y * factor, x * factor), 0 outside.
        factor: sub-pixels along an edge.

    Returns:
        float32 in 0..1, (y, x).

    Raises:
        ValueError: if the shape is no multiple of the factor.

    Example:
        >>> block_share(np.array([[1, 0, 1, 1], [0, 0, 1, 1]]), 2).tolist()
        [[0.25, 1.0]]
    """
    height, width = fine.shape
    if height % factor or width % factor:
        raise ValueError(f"{fine.shape} is no multiple of {factor}")
    blocks = (fine != 0).reshape(height // factor, factor, width // factor, factor)
    counts: NDArray[np.int64] = blocks.sum(axis=(1, 3))
    return (counts / (factor * factor)).astype(np.float32)


def exact_share(
    outline: BaseGeometry, x_edges: NDArray[np.float64], y_edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The share of each pixel inside an outline, by cutting the pixels that its edge crosses.

    A site is a handful of pixels of a coarse sensor, so that steps of 1/64 would show. On a grid
    in degrees the share is counted in degrees; inside a pixel of 15 arc-seconds a degree of
    longitude changes its length by less than one part in ten thousand up to 60 degrees north.

    Args:
        outline: in the units of the edges.
        x_edges: rising, (width + 1,).
        y_edges: falling, (height + 1,).

    Returns:
        float64 in 0..1, (height, width).

    Example:
        >>> exact_share(shapely.box(0, 0, 1.5, 1), np.arange(3.0), np.array([1.0, 0.0])).tolist()
        [[1.0, 0.5]]
    """
    cells = shapely.box(
        x_edges[None, :-1], y_edges[1:, None], x_edges[None, 1:], y_edges[:-1, None]
    )
    shapely.prepare(outline)
    share: NDArray[np.float64] = np.asarray(shapely.covers(outline, cells), dtype=np.float64)
    crossed = np.asarray(shapely.intersects(outline, cells)) & (share == 0)
    parts = shapely.intersection(cells[crossed], outline)
    share[crossed] = shapely.area(parts) / shapely.area(cells[crossed])
    return share
