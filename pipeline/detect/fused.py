"""IR-MAD and a difference that forgives one pixel of misregistration, fused and smoothed.

Here belongs the second pair detector: for change larger than a few pixels on dates that do not
lie exactly on one another (city growth on 10 m pixels). IR-MAD alone, which keeps single pixels
apart, belongs to ``irmad``; the iteration both rest on belongs to ``raster.mad``.

The two measures err differently: IR-MAD on edges that moved by a part of a pixel, the difference
on ground whose bands moved together (season, haze). Their geometric mean is large only where both
are. Its logarithm is a mean of many pixels and close to normal, so that median and median
deviation give the null.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

from pipeline.model.change import ChangeMap
from pipeline.raster.mad import fit_mad, placed, standardised, usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PairOptions
    from pipeline.raster.mad import Number

_NORMAL_MAD = float(special.ndtri(0.75))  # median absolute deviation of a standard normal
_TINY = 1e-6  # keeps the logarithm of a measure that is exactly zero finite


class FusedPair:
    """The pair detector for regions; magnitude is in robust deviations of its logarithm."""

    def __init__(self, options: PairOptions) -> None:
        """Hold the options."""
        self.options = options

    def compare(
        self, before: NDArray[Number], after: NDArray[Number], seen: NDArray[np.bool_]
    ) -> ChangeMap:
        """Compare two dates.

        Args:
            before: any unit, (band, y, x), at least two bands.
            after: the same bands, shape and order; the unit may differ.
            seen: pixels to use, (y, x); those with a non-finite value are left out as well.

        Raises:
            InputError: if the arrays do not match, too few pixels are seen, or a band is constant.
        """
        seen = usable(before, after, seen)
        pixels = standardised(before, after, seen)
        sigma = self.options.smoothing_px
        mad = _smoothed(placed(self._mad(pixels), seen, fill=0), seen, sigma)
        moved = _smoothed(beyond_neighbours(pixels[:-1], seen), seen, sigma)
        return self._judge(np.log(mad + _TINY) / 2 + np.log(moved + _TINY) / 2, seen)

    def _mad(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """IR-MAD's magnitude, its few largest values pulled in so that none floods its place."""
        fit = fit_mad(pixels, self.options.n_iterations, self.options.tolerance)
        top = np.quantile(fit.statistic, 1 - self.options.winsor_share)
        return np.sqrt(np.minimum(fit.statistic, np.float32(top)))

    def _judge(self, log_strength: NDArray[np.float32], seen: NDArray[np.bool_]) -> ChangeMap:
        """Deviations from the bulk, their normal tail, and the call at the quiet share."""
        values = log_strength[seen]
        middle = np.median(values)
        spread = float(np.median(np.abs(values - middle))) / _NORMAL_MAD
        deviation = ((values - middle) / np.float32(max(spread, _TINY))).astype(np.float32)
        threshold = -float(special.ndtri(self.options.quiet_share))
        return ChangeMap(
            magnitude=placed(deviation, seen, fill=0),
            p_value=placed(special.ndtr(-deviation).astype(np.float32), seen, fill=1),
            changed=placed(deviation >= np.float32(threshold), seen, fill=False),
            seen=seen,
            threshold=threshold,
        )


def beyond_neighbours(pixels: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How far each date lies outside the range of the other's 3 x 3 neighbours, (y, x).

    A date shifted by up to a pixel stays inside that range and counts as no difference.

    Args:
        pixels: standardised bands of the first date, then of the second, (2 bands, pixel).
        seen: where the pixels lie, (y, x).
    """
    n_bands = len(pixels) // 2
    squares = np.zeros((2, *seen.shape), dtype=np.float32)
    for one, two in zip(pixels[:n_bands], pixels[n_bands:], strict=True):
        squares[0] += _outside(one, two, seen) ** 2
        squares[1] += _outside(two, one, seen) ** 2
    total: NDArray[np.float32] = np.sqrt(squares).sum(axis=0)
    return total


def _outside(
    one: NDArray[np.float32], two: NDArray[np.float32], seen: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Distance of a band from the range of the other's seen neighbours, (y, x)."""
    lowest = ndimage.minimum_filter(placed(one, seen, fill=math.inf), size=3)
    highest = ndimage.maximum_filter(placed(one, seen, fill=-math.inf), size=3)
    image = placed(two, seen, fill=0)
    distance = np.maximum(np.maximum(image - highest, lowest - image), np.float32(0))
    return np.asarray(np.where(seen, distance, np.float32(0)))


def _smoothed(
    image: NDArray[np.float32], seen: NDArray[np.bool_], sigma_px: float
) -> NDArray[np.float32]:
    """Gaussian mean over the seen neighbours; 0 where nothing is seen, (y, x)."""
    weight = ndimage.gaussian_filter(seen.astype(np.float32), sigma_px)
    total = ndimage.gaussian_filter(np.where(seen, image, np.float32(0)), sigma_px)
    return np.asarray(np.where(seen, total / np.maximum(weight, _TINY), np.float32(0)))
