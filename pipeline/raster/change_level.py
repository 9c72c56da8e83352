"""Where change begins: a level that parts a map of change strengths, and the edges of regions.

Here belongs the split of a strength whose unchanged values are close to normal, and how far a
region found in a smoothed map reaches. What the strength is belongs to ``detect``; the null of a
sum of squares, and Otsu's split, to ``null``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, special

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NORMAL_MAD = float(special.ndtri(0.75))  # median absolute deviation of a standard normal
_TINY = 1e-6
_BINS_PER_SPREAD = 8  # of the histogram in which an empty place is looked for
_BIN_SMOOTHING = 2.0  # bins: a quarter of a spread
_FARTHEST = 100.0  # spreads beyond the level: where the histogram ends at the latest
_LEAST_RISE = 2.0  # a second heap is at least this many times denser than the gap before it


@dataclass(frozen=True)
class Bulk:
    """The bulk of a strength: unchanged ground, as long as change is the smaller part.

    Attributes:
        middle: the median.
        spread: median absolute deviation, scaled to the standard deviation of a normal.
    """

    middle: float
    spread: float

    @classmethod
    def of(cls, values: NDArray[np.float32]) -> Bulk:
        """The bulk of all seen values, any shape."""
        middle = float(np.median(values))
        spread = float(np.median(np.abs(values - np.float32(middle)))) / _NORMAL_MAD
        return cls(middle, max(spread, _TINY))


def change_level(
    values: NDArray[np.float32], bulk: Bulk, unrelated: float, quiet_share: float
) -> float:
    """The strength from which ground is called changed.

    Ground has changed when its two dates are as unlike as two different places of the scene would
    be. That level is held between two quantiles of the bulk, both of which leave unchanged ground
    the same share: the normal one, below which strengths are common on unchanged ground, and the
    one that holds for every law with a single peak (Vysochanskij and Petunin, Theory of Probability
    and Mathematical Statistics 21, 1980: at most 4/9 k^-2 lies beyond k standard deviations), above
    which they are not to be had by chance. If a second heap of values stands apart between the two,
    the gap before it is the level.

    Args:
        values: of all seen pixels, any shape.
        bulk: of the values.
        unrelated: the strength that two unrelated places would have.
        quiet_share: of unchanged ground, in (0, 1).
    """
    common = bulk.middle - bulk.spread * float(special.ndtri(quiet_share))
    beyond_chance = bulk.middle + bulk.spread * 2 / (3 * math.sqrt(quiet_share))
    level = min(max(unrelated, common), beyond_chance)
    n_granted = quiet_share * values.size
    if level <= common or np.count_nonzero(values > common) <= n_granted:
        return level
    return _gap(values, bulk.spread, (common, level), n_granted)


def _gap(
    values: NDArray[np.float32], spread: float, between: tuple[float, float], n_granted: float
) -> float:
    """The emptiest place between two strengths if a heap rises beyond it, else the upper one.

    A heap holds more pixels than unchanged ground is granted there, and is twice as dense as the
    gap before it.
    """
    low, level = between
    step = spread / _BINS_PER_SPREAD
    top = min(float(values.max()), level + _FARTHEST * spread)
    # It begins below what is asked about, lest the edge of the histogram look like a gap.
    counts, edges = np.histogram(values, np.arange(low - spread, top + 2 * step, step))
    density = ndimage.gaussian_filter1d(counts.astype(np.float64), _BIN_SMOOTHING, mode="nearest")
    centres = (edges[1:] + edges[:-1]) / 2
    later = np.maximum.accumulate(density[::-1])[::-1]
    is_between = (centres >= low) & (centres <= level)
    rise = np.where(is_between, later / (density + 1), 0)
    at = int(rise.argmax())
    is_heap = rise[at] >= _LEAST_RISE and np.count_nonzero(values > centres[at]) >= n_granted
    return float(centres[at]) if is_heap else level


def regions(
    height: NDArray[np.float32], seen: NDArray[np.bool_], least: float, reach_px: int
) -> NDArray[np.bool_]:
    """Pixels of regions that reach a height somewhere near, (y, x).

    A smoothed step has half its height where the step is. So a pixel belongs to a region if the
    highest place within reach is high enough, and the pixel at least half as high as that.

    Args:
        height: above unchanged ground, (y, x); whatever was not seen is left out.
        seen: (y, x).
        least: the height that makes a region.
        reach_px: how far the smoothing carries.
    """
    masked = np.where(seen, height, np.float32(0))
    highest = ndimage.maximum_filter(masked, footprint=disc(reach_px))
    inside: NDArray[np.bool_] = seen & (highest >= np.float32(least)) & (masked >= highest / 2)
    return inside


def disc(radius_px: int) -> NDArray[np.bool_]:
    """All pixels whose centre lies within a radius, half a pixel of diagonal added."""
    along = np.arange(-radius_px, radius_px + 1)
    round_: NDArray[np.bool_] = along[:, None] ** 2 + along**2 <= radius_px**2 + 0.5
    return round_
