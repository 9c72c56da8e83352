"""The limit as a map: the least contrast at which the smallest object is found about each pixel.

Here belongs the map alone; it looks at every place, where the table of zones draws some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.limit.blobs import blob_of, fits
from pipeline.model.limit import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.config import LimitOptions


@dataclass
class Chart:
    """A map in the making, contrast by contrast, the weakest first.

    Attributes:
        least: least contrast from which on all stronger ones were found, (y, x); NaN for none.
        was_tried: whether anything could be planted about a pixel, (y, x).
        blob: the smallest object that is reported.
        probability: share of plantings that must be found.
        reach: edge of the neighbourhood, in pixels.
    """

    least: NDArray[np.float32]
    was_tried: NDArray[np.bool_]
    blob: NDArray[np.bool_]
    probability: float
    reach: int

    @classmethod
    def blank(cls, shape: tuple[int, int], options: LimitOptions, min_pixels: int) -> Chart:
        """Before the first contrast."""
        nothing = np.full(shape, np.nan, dtype=np.float32)
        size = options.neighbourhood_px
        return cls(
            nothing, np.zeros(shape, bool), blob_of(min_pixels), options.probability, size
        )  # fmt: skip

    def add(
        self, contrast: float, free: NDArray[np.bool_], standing: Sequence[NDArray[np.bool_]]
    ) -> None:
        """Take in a contrast.

        Args:
            contrast: stronger than all before.
            free: pixels that were planted on, (y, x).
            standing: whether a pixel then stands changed, (time, y, x), one an onset.
        """
        places = fits(free, self.blob)
        found = np.mean([self._together(one) for one in standing], axis=0) * places
        number, hits = self._around(places.astype(np.float64)), self._around(found)
        # A neighbourhood holds whole places: half of one and less is rounding.
        tried = number * self.reach**2 > 1 / 2
        share = np.divide(hits, number, out=np.zeros_like(hits), where=tried)
        is_found = tried & (share >= self.probability - 1e-9)
        self.was_tried |= tried
        self.least[tried & ~is_found] = np.nan
        self.least[is_found & np.isnan(self.least)] = contrast

    def _together(self, standing: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether all of a blob at each place stands changed on some date, (y, x)."""
        together: NDArray[np.bool_] = np.logical_or.reduce(
            [fits(one, self.blob) for one in standing]
        )
        return together

    def _around(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean over the neighbourhood of each pixel, nothing beyond the edge, (y, x)."""
        # A blob is counted where its middle lies, not its corner.
        row, col = ((size - 1) // 2 for size in self.blob.shape)
        middle = np.roll(values, (row, col), axis=(0, 1))
        mean: NDArray[np.float64] = ndimage.uniform_filter(middle, self.reach, mode="constant")
        return mean

    def drawn(self) -> NDArray[np.float32]:
        """The map, (y, x): NaN where nothing was planted, ``NOT_FOUND`` where none was found."""
        missed = self.was_tried & np.isnan(self.least)
        return np.where(missed, np.float32(NOT_FOUND), self.least)
