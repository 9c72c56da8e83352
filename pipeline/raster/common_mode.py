"""What moved all ground at once: rain, frost, a thaw, a calibration.

Here belongs the common level of each date and the dates whose level stands out. Taking it off a
series belongs to the caller.

A median follows a zone that changed: with three pixels in ten raised far, it lies where seven in
ten of the rest lie below it. So the level is sought where the pixels are densest, the shortest
interval that holds half of them, and from there by means that weigh what lies far less and less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.raster.speckle import DB_PER_NEPER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.raster.speckle import Looks

MIN_GROUND: Final = 100
"""Pixels; what is common to fewer may be the change itself, and they say little of the noise."""
_FAR: Final = 3.0  # noise deviations from which a value has no say: Tukey's biweight
_N_QUANTILES: Final = 1024  # that stand for the values
_N_STEPS: Final = 30  # of the weighted mean towards its fixed point, at most
_CLOSE_ENOUGH: Final = 1e-5  # noise deviations that a last step moves


@dataclass(frozen=True)
class CommonMode:
    """The level that all ground shares, date by date, against the baseline.

    Attributes:
        shift: natural logarithm of power, float32, (time, band); 0 where too little was seen.
        stands_out: whether the ground as a whole was so bright or dark in any band that the
            date says more about the weather than about the site, bool, (time,).
    """

    shift: NDArray[np.float32]
    stands_out: NDArray[np.bool_]

    @property
    def shift_db(self) -> NDArray[np.float32]:
        """The shift in decibels, (time, band)."""
        return np.asarray(self.shift * DB_PER_NEPER, dtype=np.float32)


def common_mode(
    looks: Looks, before: NDArray[np.bool_], spread: float, limit_db: float
) -> CommonMode:
    """The common level of each date.

    Args:
        looks: of ground that stands for all, a sample or the controls.
        before: the baseline dates; their median level is 0.
        spread: standard deviation of a single unchanged look, in natural logarithms.
        limit_db: a date whose level is further from 0 stands out.
    """
    means, seen = looks.means(), looks.weights > 0
    n_dates, n_bands = means.shape[:2]
    shift = np.zeros((n_dates, n_bands), dtype=np.float32)
    enough = seen.sum(axis=1) >= MIN_GROUND
    for date in np.flatnonzero(enough):
        for band in range(n_bands):
            shift[date, band] = dense_level(means[date, band, seen[date]], spread)
    known = before & enough
    shift -= np.median(shift[known], axis=0) if known.any() else np.float32(0)
    shift[~enough] = 0
    loudest_db = np.abs(shift).max(axis=1) * DB_PER_NEPER
    return CommonMode(shift, np.asarray(loudest_db > limit_db))


def dense_level(values: NDArray[np.float32], spread: float) -> float:
    """The level where values are densest, (location,).

    Args:
        values: at least one.
        spread: standard deviation of those that share the level.
    """
    ordered = np.sort(values).astype(np.float64)
    ordered = ordered[((np.arange(_N_QUANTILES) + 0.5) * ordered.size / _N_QUANTILES).astype(int)]
    half = _N_QUANTILES // 2
    first = int(np.argmin(ordered[half:] - ordered[:-half]))
    level = float(ordered[first] + ordered[first + half]) / 2
    for _ in range(_N_STEPS):
        away = (ordered - level) / (_FAR * spread)
        weight = np.where(np.abs(away) < 1, (1 - away**2) ** 2, 0)
        if not weight.any():
            break
        last, level = level, float(weight @ ordered / weight.sum())
        if abs(level - last) < _CLOSE_ENOUGH * spread:
            break
    return level
