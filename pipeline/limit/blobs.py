"""Where a change is planted: compact blobs of so many pixels, at drawn places of a zone.

Here belongs the geometry of blobs and the draw. What they are made of belongs to ``plants``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Plot:
    """The places at which one blob fits into a zone.

    Attributes:
        blob: its pixels, bool, (height, width).
        rows: row of its upper left corner, (place,).
        cols: column of it, (place,).
    """

    blob: NDArray[np.bool_]
    rows: NDArray[np.intp]
    cols: NDArray[np.intp]

    def chosen(self, which: NDArray[np.intp]) -> Plot:
        """Some of the places."""
        return Plot(self.blob, self.rows[which], self.cols[which])

    def scenes(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The flags (time, y, x) of the blob alone at every place, (place, time, height, width).

        What lies around it is cut off, as it does not change there.
        """
        height, width = self.blob.shape
        rows = self.rows[:, None, None] + np.arange(height)[:, None]
        cols = self.cols[:, None, None] + np.arange(width)
        cut: NDArray[np.bool_] = np.moveaxis(flags[:, rows, cols], 0, 1) & self.blob
        return cut


def blob_of(n_pixels: int) -> NDArray[np.bool_]:
    """A compact blob: rows of a rectangle as square as can be, the last row not always full.

    Example:
        >>> blob_of(3).astype(int).tolist(), blob_of(12).shape
        ([[1, 1], [1, 0]], (3, 4))
    """
    width = math.ceil(math.sqrt(n_pixels))
    height = math.ceil(n_pixels / width)
    return np.arange(height * width).reshape(height, width) < n_pixels


def plots_of(free: NDArray[np.bool_], n_pixels: int) -> tuple[Plot, ...]:
    """Every place at which a blob lies wholly on free pixels, upright and lying.

    Args:
        free: pixels that may be planted on, (y, x).
        n_pixels: size of the blob.
    """
    upright = blob_of(n_pixels)
    both = [upright] if (upright.T.shape == upright.shape) else [upright, upright.T]
    return tuple(Plot(blob, *np.nonzero(fits(free, blob))) for blob in both)


def fits(free: NDArray[np.bool_], blob: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a blob with its upper left corner on a pixel lies wholly on free ones, (y, x)."""
    height, width = (n - one + 1 for n, one in zip(free.shape, blob.shape, strict=True))
    fit = np.zeros(free.shape, dtype=bool)
    if height > 0 and width > 0:
        fit[:height, :width] = True
        for row, col in zip(*np.nonzero(blob), strict=True):
            fit[:height, :width] &= free[row : row + height, col : col + width]
    return fit


def drawn(
    plots: tuple[Plot, ...], n_onsets: int, n_plantings: int, rng: np.random.Generator
) -> list[tuple[int, Plot]]:
    """Plantings drawn without repetition from all places and onsets; all, if there are fewer.

    Returns:
        Groups of plantings: number of the onset, and the places.
    """
    n_places = sum(len(plot.rows) for plot in plots)
    pool = n_places * n_onsets
    chosen = np.sort(rng.choice(pool, min(n_plantings, pool), replace=False)) if pool else None
    if chosen is None:
        return []
    onset, place = np.divmod(chosen, n_places)
    groups, first = [], 0
    for plot in plots:
        mine = (place >= first) & (place < first + len(plot.rows))
        for number in range(n_onsets):
            which = place[mine & (onset == number)] - first
            if which.size:
                groups.append((number, plot.chosen(which)))
        first += len(plot.rows)
    return groups
