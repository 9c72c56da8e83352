"""IR-MAD and a standardised difference, both smoothed, fused into one strength.

Here belongs the pair detector for regions on two dates of several bands: the one that
``zonewatch pair`` uses. IR-MAD alone, which keeps single pixels apart, belongs to ``irmad``; one
band to ``ratio``. The iteration belongs to ``raster.mad``, putting the dates on one another to
``raster.registration``, the level of change to ``raster.change_level``.

The two measures err differently: IR-MAD on bands that hold little but noise, the difference on
ground whose bands moved together (season, haze). Their geometric mean is large only where both
are. Its logarithm is a mean over many pixels and close to normal.

A p-value is that of the pixel's own IR-MAD statistic: by a law fitted to the bulk where the ground
bears it out, among all ground of the pair where it does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.change import ChangeMap
from pipeline.raster.change_level import Bulk, change_level, regions
from pipeline.raster.ground_share import GroundChance, away_from
from pipeline.raster.mad import MadFit, fit_mad, placed, standardised, usable
from pipeline.raster.null import fit_null
from pipeline.raster.registration import Offset, register
from pipeline.raster.smoothing import smoothed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PairOptions
    from pipeline.raster.mad import Number

_CALLED_APART = 3.0  # a call leaves about as much mixed ground on either side of its edge
_TINY = 1e-6  # keeps the logarithm of a measure that is exactly zero finite


@dataclass(frozen=True)
class FusedFit:
    """How a comparison went.

    Attributes:
        offset: how far the second date lay off the first, and was moved back.
        mad: how the iteration ended.
    """

    offset: Offset
    mad: MadFit


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
        return self.explain(before, after, seen)[0]

    def explain(
        self, before: NDArray[Number], after: NDArray[Number], seen: NDArray[np.bool_]
    ) -> tuple[ChangeMap, FusedFit]:
        """As ``compare``, together with how it went."""
        seen = usable(before, after, seen)
        first, second = (np.asarray(date, dtype=np.float32) for date in (before, after))
        second, seen, offset = register(first, second, seen)
        pixels = standardised(first, second, usable(first, second, seen))
        mad = fit_mad(pixels, self.options.n_iterations, self.options.tolerance)
        apart = standard_difference(pixels, mad)
        strength = np.sqrt(self._smoothed(np.sqrt(mad.statistic), seen))
        strength *= np.sqrt(self._smoothed(apart, seen))
        unrelated = math.sqrt(mad.unrelated * math.sqrt(2 * len(first)))
        return self._judge(strength, unrelated, mad, seen), FusedFit(offset, mad)

    def _smoothed(
        self, measure: NDArray[np.float32], seen: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Mean over the neighbours, the largest values pulled in so that none floods its place."""
        top = np.quantile(measure, 1 - self.options.winsor_share)
        image = placed(np.minimum(measure, np.float32(top)), seen, fill=0)
        return smoothed(image, seen, self.options.smoothing_px) + np.float32(_TINY)

    def _judge(
        self,
        strength: NDArray[np.float32],
        unrelated: float,
        mad: MadFit,
        seen: NDArray[np.bool_],
    ) -> ChangeMap:
        """Deviations from the bulk, the call, and p-values of the single pixels."""
        logs = np.log(strength[seen])
        bulk = Bulk.of(logs)
        level = change_level(logs, bulk, math.log(unrelated), self.options.quiet_share)
        ground, reach_px = math.exp(bulk.middle), math.ceil(self.options.smoothing_px)
        changed = regions(strength - np.float32(ground), seen, math.exp(level) - ground, reach_px)
        deviation = (logs - np.float32(bulk.middle)) / np.float32(bulk.spread)
        chance = self._chance(mad, changed, seen)
        return ChangeMap(
            magnitude=placed(deviation.astype(np.float32), seen, fill=0),
            p_value=placed(chance.p_value, seen, fill=1),
            changed=changed,
            seen=seen,
            threshold=(level - bulk.middle) / bulk.spread,
            p_bound=chance.bound,
        )

    def _chance(
        self, mad: MadFit, changed: NDArray[np.bool_], seen: NDArray[np.bool_]
    ) -> GroundChance:
        """Chance of a pixel's IR-MAD statistic on unchanged ground, (pixel,).

        The law is fitted to the pixels below the share that calls and the mixed ground around
        them may hold, which is what pins its tail down where little changed.
        """
        options = self.options
        below = 1 - max(_CALLED_APART * float(changed[seen].mean()), options.winsor_share)
        null = fit_null(mad.statistic, len(mad.correlations), max(below, options.bulk_share))
        away = away_from(changed, 2 * math.ceil(options.smoothing_px))[seen]
        by_law = null.p_value(mad.statistic)
        return GroundChance.of(mad.statistic, by_law, called=changed[seen], away=away)


def standard_difference(pixels: NDArray[np.float32], mad: MadFit) -> NDArray[np.float32]:
    """Distance of the dates, each band in standard deviations of unchanged ground, (pixel,).

    Args:
        pixels: bands of the first date, then of the second, then any further row.
        mad: what the iteration holds to be unchanged ground.
    """
    n_bands = len(mad.correlations)
    total = np.zeros(pixels.shape[1], dtype=np.float32)
    offsets = (mad.means / mad.spreads).astype(np.float32)
    gains = (1 / mad.spreads).astype(np.float32)
    for row in range(n_bands):
        other = row + n_bands
        change = pixels[other] * gains[other] - pixels[row] * gains[row]
        change -= offsets[other] - offsets[row]
        change *= change
        total += change
    return np.sqrt(total)
