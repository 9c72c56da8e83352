"""The log-ratio of two dates of one band: radar amplitude or power, or any brightness.

Here belongs the pair detector for a single band. Several bands belong to ``fused``, a radar
series to a method of its own.

Speckle multiplies, so its logarithm has the same variance on dark and bright ground, and a gain
between the dates is an offset of the ratio, which its median takes away. How many looks were
averaged before is not known; means over two scales serve fine and coarse speckle alike.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from pipeline.errors import InputError
from pipeline.model.change import ChangeMap
from pipeline.raster.change_level import Bulk, change_level, regions
from pipeline.raster.ground_share import GroundChance, away_from
from pipeline.raster.mad import placed, usable
from pipeline.raster.smoothing import smoothed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PairOptions
    from pipeline.raster.mad import Number

_SCALES = (1.0, 2.0)  # of the smoothing
_SIDES = 2  # brighter and darker
_GROWTH = 2  # where speckle is all there is, a call is about twice its peak or more
_FLOOR = 1e-3  # of the mean: keeps the logarithm of black ground finite


class LogRatio:
    """The pair detector for one band; magnitude is in robust deviations of the log-ratio."""

    def __init__(self, options: PairOptions) -> None:
        """Hold the options."""
        self.options = options

    def compare(
        self, before: NDArray[Number], after: NDArray[Number], seen: NDArray[np.bool_]
    ) -> ChangeMap:
        """Compare two dates.

        Args:
            before: amplitude, power or brightness, not decibels; (1, y, x).
            after: the same; the gain may differ.
            seen: pixels to use, (y, x); those with a non-finite value are left out as well.

        Raises:
            InputError: if the arrays do not match, hold more than one band or negative values,
                too few pixels are seen, or the dates are alike.
        """
        seen = usable(before, after, seen, least_bands=1)
        if len(before) > 1:
            remedy = "give one band, or use the detector for several"
            raise InputError(f"{len(before)} bands were given", remedy=remedy)
        first, second = (self._log_levels(date[0], seen) for date in (before, after))
        ratio = second - first
        bulk = Bulk.of(ratio)
        deviation = (ratio - np.float32(bulk.middle)) / np.float32(bulk.spread)
        return self._judge(deviation, _unrelated(first, second, deviation) / bulk.spread, seen)

    def _log_levels(self, date: NDArray[Number], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Mean over the scales of the logarithm of the local mean, (pixel,).

        Raises:
            InputError: if a value is negative or all are the same.
        """
        image = np.asarray(date, dtype=np.float32)
        lowest, highest = float(image[seen].min()), float(image[seen].max())
        if lowest < 0:
            remedy = "turn decibels into power first: 10 ** (dB / 10)"
            raise InputError("the band holds negative values, which have no ratio", remedy=remedy)
        if lowest == highest:
            raise InputError("the band is constant", remedy="give another band")
        image = image / image[seen].mean()
        levels = [
            smoothed(image, seen, scale * self.options.smoothing_px)[seen] for scale in _SCALES
        ]
        logs = [np.log(np.maximum(level, np.float32(_FLOOR))) for level in levels]
        return np.asarray(sum(logs) / np.float32(len(logs)), dtype=np.float32)

    def _judge(
        self, deviation: NDArray[np.float32], unrelated: float, seen: NDArray[np.bool_]
    ) -> ChangeMap:
        """The call on either side of the bulk, and how much ground lies as far from it."""
        strength = np.abs(deviation)
        granted = self.options.quiet_share / _SIDES / _GROWTH
        level = change_level(strength, Bulk(0, 1), unrelated, granted)
        image = placed(strength, seen, fill=0)
        reach_px = math.ceil(self.options.smoothing_px)
        changed = regions(image, seen, level, reach_px)
        by_law = (2 * special.ndtr(-strength)).astype(np.float32)
        away = away_from(changed, 2 * reach_px)[seen]
        chance = GroundChance.of(strength, by_law, called=changed[seen], away=away)
        return ChangeMap(
            magnitude=image,
            p_value=placed(chance.p_value, seen, fill=1),
            changed=changed,
            seen=seen,
            threshold=level,
            p_bound=chance.bound,
        )


def _unrelated(
    first: NDArray[np.float32], second: NDArray[np.float32], deviation: NDArray[np.float32]
) -> float:
    """Standard deviation of the log-ratio between two different places of unchanged ground."""
    weights = np.exp(-np.square(deviation, dtype=np.float64) / 2)
    weights /= weights.sum()
    variances = [weights @ np.square(date - weights @ date) for date in (first, second)]
    return math.sqrt(sum(map(float, variances)))
