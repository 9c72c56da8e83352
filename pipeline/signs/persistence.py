"""Which pixels lie off their own seasonal baseline for several looks in a row.

Here belongs the test of pixels on one layer of numbers; which layer, and what a departure of it
means, belongs to the signs. Axes: (time, y, x).

Each look is held against the curve of the pixel's baseline in units of what a new look may
scatter: looks that the curve rests on lie nearer to it than new ones (by their leverage h the
factors are the roots of 1 - h and 1 + h), so that the end of the baseline is no step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

from pipeline.raster.harmonics import fitted, leverage, residuals, seasonal_design
from pipeline.signs.surfaces import MIN_LOOKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

N_LOOKS: Final = 3
"""Clear looks in a row that make a departure last: the strong rule of the series detector."""
LOOK_ALPHA: Final = 0.01
"""Two-sided chance that one look of unchanged ground departs, by Student's quantile."""
N_HARMONICS: Final = 2
"""Pairs of the seasonal curve of a pixel, as in the series detector."""
LEAST_NOISE: Final = 0.5
"""A pixel is not believed to be calmer than this share of the median pixel beside it."""


@dataclass(frozen=True)
class Lasting:
    """Where pixels lie off their baseline and stay there, bool, (time, y, x).

    Attributes:
        above: higher than expected, for several seen looks in a row.
        below: lower than expected, likewise.
        known: where the baseline holds enough looks to tell, bool, (y, x).
    """

    above: Flags
    below: Flags
    known: Flags

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in vars(self).values():
            array.setflags(write=False)


def lasting(
    layer: NDArray[np.float32],
    seen: Flags,
    days: NDArray[np.float64],
    in_baseline: Flags,
) -> Lasting:
    """Departures that last at least ``N_LOOKS`` looks; the looks of a run all count.

    The last looks of a series cannot last yet, so a change shows from ``N_LOOKS`` looks on.

    Args:
        layer: numbers, (time, y, x); read only where seen.
        seen: (time, y, x).
        days: of each look, (time,).
        in_baseline: which looks are the normal state, (time,).
    """
    shape = layer.shape
    flat = np.where(seen, layer, np.float32(0)).reshape(len(layer), 1, -1)
    seen_flat = seen.reshape(len(seen), -1)
    in_fit = seen_flat & in_baseline[:, None]
    design = seasonal_design(days, N_HARMONICS)
    base = fitted(design, flat, in_fit)
    known = base.kept.sum(axis=0) >= MIN_LOOKS
    noise = _noise(base.noise[0], known)
    left = residuals(design, base.coefficients, flat, seen_flat)[:, 0]
    weight = leverage(design, base.inverse)
    scatter = noise * np.sqrt(np.where(base.kept, np.maximum(1 - weight, 0.1), 1 + weight))
    dof = np.maximum(base.kept.sum(axis=0) - len(design), 1)
    far = special.stdtrit(dof, 1 - LOOK_ALPHA / 2).astype(np.float32) * scatter
    above, below = (
        in_runs((sign * left > far) & seen_flat & known, seen_flat, N_LOOKS).reshape(shape)
        for sign in (1, -1)
    )
    return Lasting(above, below, known.reshape(shape[1:]))


def _noise(noise: NDArray[np.float32], known: Flags) -> NDArray[np.float32]:
    """Noise of each pixel, never far below that of the others, (pixel,)."""
    usual = float(np.median(noise[known])) if known.any() else 0.0
    return np.maximum(noise, np.float32(max(LEAST_NOISE * usual, 1e-6)))


def in_runs(departs: Flags, seen: Flags, n_looks: int) -> Flags:
    """Departing looks that stand in a run of at least ``n_looks`` seen ones, (time, pixel).

    An unseen look neither adds to a run nor ends it.

    Example:
        >>> row = np.array([[1], [1], [0], [1], [0]], dtype=bool)
        >>> in_runs(row, np.array([[1], [1], [0], [1], [1]], dtype=bool), 3)[:, 0].tolist()
        [True, True, False, True, False]
    """
    length = np.zeros(departs.shape, dtype=np.int32)
    so_far = np.zeros(departs.shape[1:], dtype=np.int32)
    for look in range(len(departs)):
        so_far = np.where(seen[look], np.where(departs[look], so_far + 1, 0), so_far)
        length[look] = so_far
    found = np.zeros(departs.shape, dtype=np.bool_)
    is_long = np.zeros(departs.shape[1:], dtype=np.bool_)
    for look in reversed(range(len(departs))):
        here = departs[look] & seen[look]
        is_long = np.where(seen[look], here & (is_long | (length[look] >= n_looks)), is_long)
        found[look] = here & is_long
    return found
