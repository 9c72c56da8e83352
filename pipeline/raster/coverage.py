"""How much of each pixel an outline covers, from a mask on a finer grid.

Here belongs the counting of sub-pixels. Burning the outline onto the finer grid needs a
geometry library and belongs to ``prepare``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
