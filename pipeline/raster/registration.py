"""How far a second date lies off the first, to a fraction of a pixel, and putting it in place.

Here belongs arithmetic on two dates of any season. Series with a clear reference, where the level
of the pixels can be compared, belong to ``shift``.

Two dates of a pair may be years and seasons apart: fields turn from bright to dark, and a match of
pixel values would follow the fields. Edges stay where they are, whichever side is the bright one.
So the strength of the edges is matched, over few pixels only, where a peak by chance is unlikely.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import fft, ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

REACH_PX = 3
"""Offsets up to this are looked for; products of one sensor lie closer than that."""
LEAST_PX = 0.1
"""A smaller offset is left as it is: interpolation would cost more than it mends."""
_PASSES = 3
_SETTLED_PX = 0.05
_MARGIN_PX = 2  # a gradient and a cubic spline reach this far over what was not seen


class Offset(NamedTuple):
    """How far the second date lies off the first, pixels along rows (south) and columns (east)."""

    south_px: float
    east_px: float

    @property
    def length_px(self) -> float:
        """How far in all."""
        return math.hypot(self.south_px, self.east_px)


NONE = Offset(0.0, 0.0)


def register(
    first: NDArray[np.float32], second: NDArray[np.float32], seen: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], Offset]:
    """Put the second date where the first lies, if it lies off by a tenth of a pixel or more.

    Args:
        first: (band, y, x).
        second: the same bands and shape.
        seen: pixels that are seen on both dates, (y, x).

    Returns:
        The second date in its place (cubic splines), where it is still seen, and how far it lay
        off; the date as it was and no offset where nothing points to one.
    """
    edges = fft.rfft2(edge_strength(first, seen))
    offset, placed = NONE, second
    for _ in range(_PASSES):
        step = _peak(edges, edge_strength(placed, seen))
        offset = Offset(offset.south_px + step.south_px, offset.east_px + step.east_px)
        if max(map(abs, offset)) > REACH_PX:
            return second, seen, NONE
        if step.length_px < _SETTLED_PX:
            break
        placed = _moved(second, seen, offset)
    if offset.length_px < LEAST_PX:
        return second, seen, NONE
    reach = ndimage.generate_binary_structure(2, 2)
    kept = ndimage.binary_erosion(
        seen, reach, iterations=_MARGIN_PX + math.ceil(offset.length_px), border_value=1
    )
    return placed, kept, offset


def edge_strength(image: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Square root of the gradient, summed over standardised bands, with mean 0; (y, x).

    The root keeps a few glaring roofs from being all that is matched. 0 near what was not seen.
    """
    total = np.zeros(seen.shape, dtype=np.float32)
    for band in image:
        values = band[seen]
        spread = float(values.std())
        if spread > 0:
            level = np.where(seen, (band - values.mean()) / spread, 0).astype(np.float32)
            total += np.sqrt(np.hypot(ndimage.sobel(level, 0), ndimage.sobel(level, 1)))
    inner = ndimage.binary_erosion(seen, iterations=_MARGIN_PX)
    centre = total[inner].mean() if inner.any() else np.float32(0)
    return np.asarray(np.where(inner, total - centre, 0), dtype=np.float32)


def _peak(edges: NDArray[np.complex64], other: NDArray[np.float32]) -> Offset:
    """Where the correlation with other edges is largest, by a parabola along both axes."""
    correlation = fft.irfft2(np.conj(edges) * fft.rfft2(other), s=other.shape)
    reach = REACH_PX + 1
    near = np.roll(correlation, (reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
    inner = near[1:-1, 1:-1]
    row, col = (int(at) + 1 for at in np.unravel_index(int(inner.argmax()), inner.shape))
    if near.shape != (2 * reach + 1, 2 * reach + 1) or not near[row, col] > 0:
        return NONE
    south = row - reach + _vertex(near[row - 1 : row + 2, col])
    return Offset(south, col - reach + _vertex(near[row, col - 1 : col + 2]))


def _vertex(three: NDArray[np.float64]) -> float:
    """Where the parabola through three neighbours peaks, from the middle one."""
    left, middle, right = map(float, three)
    bend = left - 2 * middle + right
    return max(-1.0, min(1.0, (left - right) / (2 * bend))) if bend < 0 else 0.0


def _moved(
    image: NDArray[np.float32], seen: NDArray[np.bool_], offset: Offset
) -> NDArray[np.float32]:
    """The image moved back by its offset; what was not seen takes the mean of the band first."""
    back = (-offset.south_px, -offset.east_px)
    bands = [
        ndimage.shift(np.where(seen, band, band[seen].mean()), back, order=3, mode="nearest")
        for band in image
    ]
    return np.stack(bands).astype(np.float32)
