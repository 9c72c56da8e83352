"""Which changed pixels make one region, through time, and whether it is large enough to report.

Here belongs the rule itself, on plain arrays. What a region is called and when it began belongs to
``history``; planting changes to see whether the rule finds them, to ``limit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Pixels touch along edges and corners on one date, and only themselves from date to date, so that
# two changes that follow one another at different places of a yard stay two.
TOUCHING = np.zeros((3, 3, 3), dtype=bool)
TOUCHING[1] = True
TOUCHING[:, 1, 1] = True

_APART = np.zeros((3, 3, 3, 3), dtype=bool)
_APART[1] = TOUCHING


def labelled(standing: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number of the region of every pixel and date, 1 and up, 0 for none.

    Args:
        standing: whether a pixel stands changed, (time, y, x).
    """
    labels: NDArray[np.int32] = ndimage.label(standing, structure=TOUCHING)[0]
    return labels


def are_reported(
    standing: NDArray[np.bool_], confirmed: NDArray[np.bool_], min_pixels: int
) -> NDArray[np.bool_]:
    """Whether each of many small scenes holds a region that would be reported, (scene,).

    A region is reported if enough pixels are ever part of it, and one of them was confirmed.

    Args:
        standing: whether a pixel stands changed, (scene, time, y, x).
        confirmed: whether it does by the rule of looks and is not only waiting for one, likewise.
        min_pixels: the minimum mapping unit.
    """
    found = np.zeros(len(standing), dtype=bool)
    able = np.flatnonzero(confirmed.any(axis=(1, 2, 3)) & (_ever(standing) >= min_pixels))
    if able.size:
        # Numbering the regions is what takes time: not where none can be reported, nor when.
        dates = np.flatnonzero(standing[able].any(axis=(0, 2, 3)))
        span = slice(dates[0], dates[-1] + 1)
        found[able] = _holds_reported(standing[able, span], confirmed[able, span], min_pixels)
    return found


def _ever(standing: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many pixels of each scene stand changed on some date, (scene,)."""
    n_pixels: NDArray[np.int64] = standing.any(axis=1).sum(axis=(1, 2))
    return n_pixels


def _holds_reported(
    standing: NDArray[np.bool_], confirmed: NDArray[np.bool_], min_pixels: int
) -> NDArray[np.bool_]:
    """``are_reported`` for scenes that all may be."""
    labels, n_labels = ndimage.label(standing, structure=_APART)
    n_scenes, n_dates = labels.shape[:2]
    flat = labels.reshape(n_scenes, n_dates, labels.shape[2] * labels.shape[3])
    scene, _, pixel = np.nonzero(flat)
    label = flat[flat > 0].astype(np.int64)
    once = np.unique(label * flat.shape[2] + pixel) // flat.shape[2]
    is_large = np.bincount(once, minlength=n_labels + 1) >= min_pixels
    is_sure = np.zeros(n_labels + 1, dtype=bool)
    is_sure[labels[confirmed & standing]] = True
    found = np.zeros(n_scenes, dtype=bool)
    found[scene[(is_large & is_sure)[label]]] = True
    return found
