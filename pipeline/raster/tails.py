"""Tails: how rare a value is where nothing changed, far out and without a simulation.

Here belong the tail of a sum of squares over an estimated variance, the tail of the largest of
many such sums over the dates at which a series may be split, and the change that is found with
a given power. What the squares are made of belongs to ``raster.scatter``.

Tails are survival functions throughout: one less a distribution function ends at 1e-16.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

_N_NODES: Final = 512
_TOP: Final = 60.0  # standard deviations; beyond it the overshoot is as at it
_CLOSED_FORM_DOF: Final = 2
_FARTHEST: Final = 1e4  # standard deviations within which the bound of a tail is sought
_HALVINGS: Final = 60


def sum_tail(
    statistic: NDArray[np.floating[Any]], n_bands: int, dof: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Chance of a larger sum of ``n_bands`` squares over a variance known to ``dof`` degrees.

    The sum over ``n_bands`` follows F(n_bands, dof). For two bands its tail is a power.

    Args:
        statistic: sums of squares, any shape.
        n_bands: squares that are summed.
        dof: degrees of freedom of the variance, the shape of the statistic.
    """
    value = np.asarray(statistic, dtype=np.float64)
    if n_bands == _CLOSED_FORM_DOF:
        tail: NDArray[np.float64] = np.exp(-dof / 2 * np.log1p(value / dof))
    else:
        tail = special.fdtrc(n_bands, dof, value / n_bands)
    return tail


def radius_density(
    radius: NDArray[np.float64], n_bands: int, dof: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Density of the root of the sum of squares; same shape."""
    half, rest = n_bands / 2, dof / 2
    log_density = (
        math.log(2)
        + (n_bands - 1) * np.log(np.maximum(radius, 1e-300))
        - half * np.log(dof)
        - special.betaln(half, rest)
        - (half + rest) * np.log1p(radius**2 / dof)
    )
    density: NDArray[np.float64] = np.exp(log_density)
    return density


def overshoot(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much rarer a walk of single steps crosses a bound than a continuous one does.

    The approximation of Siegmund and Yakir (The Statistics of Gene Mapping, 2007): exact to a per
    cent or so for steps of any size, 1 for small ones.
    """
    half = np.maximum(distance, 1e-6) / 2
    area = special.ndtr(half)
    density = np.exp(-(half**2) / 2) / math.sqrt(2 * math.pi)
    factor: NDArray[np.float64] = (area - 0.5) / half / (half * area + density)
    return factor


@dataclass(frozen=True)
class SplitTail:
    """The largest sum of squares over all dates at which a series may be split in two.

    Between neighbouring splits the root of the sum walks like the length of a Brownian bridge over
    its own standard deviation. The chance that it exceeds a bound anywhere is the chance at one
    split plus the expected number of upward crossings from split to split (Siegmund, Sequential
    Analysis, 1985; James, James and Siegmund, Biometrika 1987), with their correction for steps.
    The variance's own uncertainty enters through the exact density of the root.

    Attributes:
        n_bands: squares that are summed.
        crossings: crossings expected at a distance, in standard deviations, float64, (node,).
    """

    n_bands: int
    crossings: NDArray[np.float64]

    @classmethod
    def over(cls, splits: NDArray[np.int64], n_dates: int, n_bands: int) -> SplitTail:
        """The tail for given splits, ascending: how many dates lie before each."""
        low, high = splits[:-1].astype(np.float64), splits[1:].astype(np.float64)
        gaps = np.log(high * (n_dates - low) / (low * (n_dates - high)))
        nodes = np.linspace(0, _TOP, _N_NODES)
        return cls(n_bands, overshoot(nodes[:, None] * np.sqrt(gaps)) @ gaps)

    def __call__(
        self, statistic: NDArray[np.floating[Any]], dof: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Chance of a larger maximum where nothing changed; at most 1, same shape."""
        radius = np.sqrt(np.asarray(statistic, dtype=np.float64))
        # Given the root, the variance is most likely this much off what was estimated.
        distance = radius * np.sqrt((dof + self.n_bands) / (dof + radius**2))
        walk = np.interp(distance, np.linspace(0, _TOP, _N_NODES), self.crossings)
        density = radius_density(radius, self.n_bands, dof)
        tail = sum_tail(statistic, self.n_bands, dof) + radius * density / 2 * walk
        return np.asarray(np.minimum(tail, 1))

    def detectable(
        self, tail_share: float, power: float, dof: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The step in one band that is found at its own split, in standard deviations; as ``dof``.

        Args:
            tail_share: the p-value up to which the largest of all splits is called.
            power: the chance that it is called.
            dof: degrees of freedom of the variance.
        """
        kinds, places = np.unique(dof, return_inverse=True)
        low, high = np.zeros_like(kinds), np.full_like(kinds, _FARTHEST)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            is_rare = self(middle**2, kinds) <= tail_share
            low, high = np.where(is_rare, low, middle), np.where(is_rare, middle, high)
        smallest = within_power(high**2, power, self.n_bands, kinds)
        return smallest[places].reshape(dof.shape)


def within_power(
    bound: NDArray[np.float64], power: float, n_bands: int, dof: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The change in one band whose sum of squares passes a bound with some power.

    Args:
        bound: on the sum of squares, over a variance known to ``dof`` degrees.
        power: the chance that it is passed.
        n_bands: squares that are summed; the change shows in one.
        dof: degrees of freedom of the variance, the shape of the bound.

    Returns:
        In standard deviations, the shape of the bound.
    """
    offset = special.ncfdtrinc(n_bands, dof, 1 - power, bound / n_bands)
    smallest: NDArray[np.float64] = np.sqrt(offset)
    return smallest


def detectable(
    tail_share: float, power: float, n_bands: int, dof: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The change in one band that is found with some power, in standard deviations; as ``dof``.

    Args:
        tail_share: the p-value up to which a change is called.
        power: the chance that it is called.
        n_bands: squares that are summed; the change shows in one.
        dof: degrees of freedom of the variance.
    """
    kinds, places = np.unique(dof, return_inverse=True)
    bound = n_bands * special.fdtri(n_bands, kinds, 1 - tail_share)
    return within_power(bound, power, n_bands, kinds)[places].reshape(dof.shape)
