"""Speckle: backscatter in logarithms, gathered over a small window, with its known variance.

Here belongs what is true of any multi-looked intensity: the logarithm of a power of L looks
varies by trigamma(L) whatever the power is, and a weighted mean of such logarithms by its weights.
How much more than speckle the ground varies belongs to ``raster.scatter``.

A pixel is held against its own mean before its neighbours are asked, so that a window over an
edge, or one of which a part is masked on some dates, compares like with like. The mean of
logarithms costs a tenth of the exactness that a mean of powers has at five looks; in return a
ship or a lorry weighs as its decibels and not as its power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import special
from scipy.ndimage import maximum_filter

from pipeline.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

DB_PER_NEPER: Final = 10 / math.log(10)
"""Decibels of a power that grows by a factor of e."""
RADIUS: Final = 1
"""Pixels that a window reaches beyond its centre."""
_CENTRE: Final = 2.0
"""Weight of the centre along one axis, where its neighbours have 1. The centre leads, so that a
pixel just outside a changed block keeps a quarter of the change and one just inside three; plain
means leave a third and two."""
WINDOW_SPREAD: Final = ((_CENTRE**2 + 2) / (_CENTRE + 2) ** 2) ** 2
"""Variance of the weighted mean of a whole window over that of a pixel."""
_BLOCK_VALUES: Final = 1 << 20  # pixels times layers: 4 MB an array, several arrays at once


def speckle_variance(n_looks: float) -> float:
    """Variance of the natural logarithm of a power of ``n_looks`` looks: trigamma.

    Raises:
        InputError: if the number of looks is not above 0.

    Example:
        >>> round(speckle_variance(5), 4)
        0.2213
    """
    if not n_looks > 0:
        raise InputError(f"{n_looks} equivalent looks", remedy="take it from the sensor's table")
    return float(special.polygamma(1, n_looks))


@dataclass(frozen=True)
class Looks:
    """Windows through time; the location axis runs over the centres.

    Attributes:
        sums: weighted sum of a window's log deviations from its pixels' own means, float32,
            (time, band, location); 0 where the centre is unseen.
        weights: sum of the weights of its seen pixels, float32, (time, location); 0 likewise.
        squares: sum of the squared weights, float32, (time, location).
    """

    sums: NDArray[np.float32]
    weights: NDArray[np.float32]
    squares: NDArray[np.float32]

    def at(self, dates: NDArray[Any]) -> Looks:
        """Some of the dates, by index or mask."""
        return Looks(self.sums[dates], self.weights[dates], self.squares[dates])

    def within(self, locations: NDArray[Any] | slice) -> Looks:
        """Some of the locations."""
        sums = self.sums[:, :, locations]
        return Looks(sums, self.weights[:, locations], self.squares[:, locations])

    def less(self, shift: NDArray[np.float32]) -> Looks:
        """The same looks with a level taken off each date, shift (time, band)."""
        sums = self.sums - shift[:, :, None] * self.weights[:, None]
        return Looks(sums, self.weights, self.squares)

    def mixed(self, matrix: NDArray[np.float32]) -> Looks:
        """The bands replaced by combinations of them, matrix (band, band)."""
        return Looks(np.matmul(matrix, self.sums), self.weights, self.squares)

    def means(self) -> NDArray[np.float32]:
        """Mean log deviation at each date, (time, band, location); 0 where unseen."""
        means: NDArray[np.float32] = self.sums / _divisor(self.weights)[:, None]
        return means

    def period(self) -> Period:
        """All dates as one."""
        return Period.of(
            self.sums.sum(axis=0),
            self.weights.sum(axis=0),
            self.squares.sum(axis=0),
            (self.weights > 0).sum(axis=0, dtype=np.int32),
        )


@dataclass(frozen=True)
class Period:
    """Several dates taken together.

    Attributes:
        mean: mean log deviation, float32, (band, location).
        spread: variance of that mean over the variance of a single pixel's log, were dates and
            pixels independent, float32, (location,); 0 where nothing was seen.
        n_looks: dates on which the centre was seen, int32, (location,).
    """

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    n_looks: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        sums: NDArray[np.float32],
        weights: NDArray[np.float32],
        squares: NDArray[np.float32],
        n_looks: NDArray[np.int32],
    ) -> Period:
        """From the totals over its dates; fields as in ``Looks``."""
        weight = np.where(n_looks > 0, weights, np.float32(1)).astype(np.float32)
        spread = np.where(n_looks > 0, squares / weight**2, np.float32(0))
        return cls(np.asarray(sums / weight, dtype=np.float32), spread.astype(np.float32), n_looks)


def _divisor(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """The weight where there is any, else 1."""
    return np.where(weight > 0, weight, np.float32(1))


def window_looks(
    power: NDArray[np.float32],
    clear: NDArray[np.bool_],
    before: NDArray[np.bool_],
    shift: NDArray[np.float32],
) -> Looks:
    """The windows around every pixel of a block.

    Args:
        power: linear power, (time, band, y, x); what is not finite and above zero in every band
            counts as unseen.
        clear: whether a pixel may be used, (time, y, x).
        before: the dates that a pixel's own mean is taken over, (time,); a pixel that was seen on
            none of them has nothing to be held against and is unseen throughout.
        shift: level that is taken off each date's logarithms first, (time, band).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(power)
    seen = clear & np.isfinite(logs).all(axis=1)
    seen &= seen[before].any(axis=0)
    whole = bool(seen.size) and bool(seen.all())
    logs -= shift[:, :, None, None]
    if not whole:
        logs[~np.broadcast_to(seen[:, None], logs.shape)] = 0
    n_seen = np.maximum(seen[before].sum(axis=0, dtype=np.float32), 1)
    logs -= logs[before].sum(axis=0) / n_seen
    return _windowed(logs, seen, whole=whole)


def _windowed(deviations: NDArray[np.float32], seen: NDArray[np.bool_], *, whole: bool) -> Looks:
    """Gather what was seen, all of it or not, around every pixel of which a centre was seen."""
    if not whole:
        deviations *= seen[:, None]
    # One date stands for all where nothing is masked: the weights are the same.
    looked = seen[:1].astype(np.float32) if whole else seen.astype(np.float32)
    weights = _gathered(looked, _CENTRE) * looked
    squares = _gathered(looked, _CENTRE**2) * looked
    sums = _gathered(deviations, _CENTRE)
    if not whole:
        sums *= looked[:, None]
    n_dates, n_bands, height, width = deviations.shape
    flat = (n_dates, height * width)
    return Looks(
        sums.reshape(n_dates, n_bands, height * width),
        np.broadcast_to(weights.reshape(len(looked), height * width), flat),
        np.broadcast_to(squares.reshape(len(looked), height * width), flat),
    )


def _gathered(values: NDArray[np.float32], centre: float) -> NDArray[np.float32]:
    """Sum over the window, along the last two axes: weights 1, ``centre``, 1; nothing beyond."""
    for before, after in (
        (np.s_[..., :-1], np.s_[..., 1:]),
        (np.s_[..., :-1, :], np.s_[..., 1:, :]),
    ):
        total = np.float32(centre) * values
        total[after] += values[before]
        total[before] += values[after]
        values = total
    return values


def row_blocks(height: int, width: int, n_layers: int) -> Iterator[tuple[slice, slice]]:
    """Blocks of rows whose windows and layers fit the cache: those to answer for, those to read."""
    step = max(_BLOCK_VALUES // (width * n_layers), 1)
    for start in range(0, height, step):
        stop = min(start + step, height)
        yield slice(start, stop), slice(max(start - RADIUS, 0), min(stop + RADIUS, height))


def without_fringe(
    strength: NDArray[np.float32], called: NDArray[np.bool_], share: float
) -> NDArray[np.bool_]:
    """Calls that a stronger one next to them does not explain, bool, (y, x).

    A window just outside a changed block holds part of it. Such a pixel is no more than a share
    of the strength found two pixels further in, where the window lies inside.

    Args:
        strength: how far a window stands out, in noise deviations, (y, x).
        called: whether that is too far for chance, (y, x).
        share: of the strongest call nearby that a call must reach.
    """
    reach = 2 * (2 * RADIUS) + 1
    strongest = maximum_filter(np.where(called, strength, np.float32(0)), size=reach)
    kept: NDArray[np.bool_] = called & (strength >= np.float32(share) * strongest)
    return kept
