"""How much ground varies beside its speckle, estimated where and when nothing is known to change.

Here belong the scene's noise and each location's own, the memory of the looks, and the sum of
squares made with them. The tails of that sum belong to ``raster.tails``, windows to
``raster.speckle``.

Speckle is known from the number of looks. On top of it lie neighbours that share looks, rain on
leaves, wind on water, a crop: a location's own baseline tells, but a dozen dates tell little. So
its variance is drawn to that of the scene by as much as the locations are alike (Smyth,
Statistical Applications in Genetics and Molecular Biology 3, 2004), which leaves a variance with
known degrees of freedom; and the scene's is never less than the speckle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.raster.speckle import Looks, Period

N_SAMPLE: Final = 1 << 14
"""Locations that stand for a scene: its noise is then known to about two per cent."""
_MIN_SAMPLE: Final = 100  # with fewer locations nothing is borrowed from the scene
_MOST_DOF: Final = 1e4  # locations that are quite alike
_MOST_MEMORY: Final = 0.9
_LEAST_CLOSENESS: Final = 0.1  # two looks with a long memory tell next to nothing
_MOST_CORRELATION: Final = 0.99  # so that a band given twice does not make a matrix of rank one
_NEWTON_STEPS: Final = 12  # from below, where the start is, each doubles the digits


@dataclass(frozen=True)
class Scatter:
    """The noise of a scene, in the logarithm of power.

    Attributes:
        whitening: turns bands into independent ones of unit variance, one unmasked pixel at one
            date being the unit, float32, (band, band).
        dof: how many degrees of freedom the scene lends each location's variance.
        memory: correlation of one look's deviation with that of the next, 0 or more.
    """

    whitening: NDArray[np.float32]
    dof: float
    memory: float

    @property
    def n_bands(self) -> int:
        """How many bands are pooled."""
        return len(self.whitening)

    def local_variance(self, looks: Looks) -> LocalVariance:
        """Each location's variance in units of the scene's, from its whitened baseline looks."""
        total, n_free = _residual_squares(looks)
        free = n_free * self.n_bands
        # Looks that remember one another lie too close to their own mean.
        n_dates = np.maximum(n_free + 1, 2)
        closeness = 1 - (memory_factor(n_dates, self.memory) - 1) / (n_dates - 1)
        variance = self.dof + total.sum(axis=0) / np.maximum(closeness, _LEAST_CLOSENESS)
        dof = self.dof + free
        return LocalVariance(variance / np.where(dof > 0, dof, 1), dof)

    def spread(self, period: Period) -> NDArray[np.float64]:
        """Variance of a period's mean in a whitened band, before each location's own factor."""
        table = memory_factor(np.arange(int(period.n_looks.max(initial=0)) + 1), self.memory)
        spread: NDArray[np.float64] = period.spread * table[period.n_looks]
        return spread

    def statistic(self, before: Period, after: Period, own: LocalVariance) -> NDArray[np.float64]:
        """Sum over bands of the squared standardised step, (location,); 0 where not known."""
        squares = ((after.mean - before.mean) ** 2).sum(axis=0, dtype=np.float64)
        variance = (self.spread(before) + self.spread(after)) * own.variance
        np.divide(squares, variance, out=squares, where=variance > 0)
        return np.where(variance > 0, squares, 0)

    def deviation(self) -> NDArray[np.float64]:
        """Standard deviation of one pixel at one date in each band, (band,)."""
        mixing = np.linalg.inv(self.whitening.astype(np.float64))
        deviation: NDArray[np.float64] = np.sqrt((mixing**2).sum(axis=1))
        return deviation


@dataclass(frozen=True)
class LocalVariance:
    """A location's own variance.

    Attributes:
        variance: in units of the scene's, (location,); 0 where nothing tells it.
        dof: its degrees of freedom, float64, (location,); 0 likewise.
    """

    variance: NDArray[np.float64]
    dof: NDArray[np.float64]


def memory_factor(n_looks: NDArray[Any], memory: float) -> NDArray[np.float64]:
    """How much more the mean of n looks varies than if they did not remember; 1 for one look.

    For a memory that fades by the same factor from look to look.
    """
    n = np.maximum(n_looks, 1).astype(np.float64)
    rest = 1 - memory
    factor: NDArray[np.float64] = 1 + 2 * memory / rest * (1 - (1 - memory**n) / (n * rest))
    return factor


def fit_scatter(looks: Looks, speckle: float) -> Scatter:
    """The noise of a scene from the baseline looks of a sample of its locations.

    Args:
        looks: baseline dates only, common mode taken off.
        speckle: variance of one pixel's log power.
    """
    n_bands = looks.sums.shape[1]
    total, n_free = _residual_squares(looks)
    usable = (n_free >= 1) & (total > 0).all(axis=0)
    if not usable.any():
        return Scatter(np.eye(n_bands, dtype=np.float32) / np.float32(speckle**0.5), 0.0, 0.0)
    looks, total, n_free = looks.within(usable), total[:, usable], n_free[usable]
    levels = [shared_variance(band / n_free, n_free)[0] for band in total]
    deviation = np.sqrt(np.maximum(levels, speckle))
    unit = looks.mixed(np.diag(1 / deviation).astype(np.float32))
    mixing = np.linalg.cholesky(_correlation(unit)) * deviation[:, None]
    whitening = np.linalg.inv(mixing).astype(np.float32)
    white = looks.mixed(whitening)
    squares = _residual_squares(white)[0].sum(axis=0)
    dof = shared_variance(squares / (n_free * n_bands), n_free * n_bands)[1]
    return Scatter(whitening, dof, _memory(white))


def _residuals(looks: Looks) -> NDArray[np.float32]:
    """Deviations from a location's own mean, each scaled to a single pixel's; 0 where unseen."""
    # The least squares mean under weights of W squared over Q.
    seen = looks.weights > 0
    squares = np.where(seen, looks.squares, np.float32(1))
    exactness = looks.weights**2 / squares
    share = exactness / np.maximum(exactness.sum(axis=0), np.float32(1e-9))
    means = looks.means()
    means = means - np.einsum("tbn,tn->bn", means, share)
    return np.asarray(means * np.sqrt(exactness)[:, None])


def _residual_squares(looks: Looks) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum of squared residuals (band, location) and its degrees of freedom (location,)."""
    residuals = _residuals(looks)
    total = np.einsum("tbn,tbn->bn", residuals, residuals).astype(np.float64)
    n_free = np.maximum((looks.weights > 0).sum(axis=0) - 1, 0).astype(np.float64)
    return total, n_free


def shared_variance(
    variance: NDArray[np.float64], n_free: NDArray[np.float64]
) -> tuple[float, float]:
    """The level that locations' variances share, and the degrees of freedom it is worth.

    Smyth's moments of the logarithm, which a few locations that changed hardly move.

    Args:
        variance: estimates above zero, (location,).
        n_free: their degrees of freedom, 1 or more, (location,).
    """
    # Few kinds of degrees of freedom, many locations.
    kinds, kind = np.unique(n_free / 2, return_inverse=True)
    logs = np.log(variance) + (np.log(kinds) - special.digamma(kinds))[kind]
    if logs.size < _MIN_SAMPLE:
        return float(np.exp(logs.mean())), 0.0
    excess = float(logs.var() - special.polygamma(1, kinds)[kind].mean())
    dof = min(2 * _inverse_trigamma(excess), _MOST_DOF) if excess > 0 else _MOST_DOF
    level = np.exp(logs.mean() + special.digamma(dof / 2) - np.log(dof / 2))
    return float(level), float(dof)


def _inverse_trigamma(value: float) -> float:
    """The argument at which trigamma has a value above 0, by Newton on its reciprocal."""
    root = 0.5 + 1 / value
    for _ in range(_NEWTON_STEPS):
        here = float(special.polygamma(1, root))
        root += here * (1 - here / value) / float(special.polygamma(2, root))
    return root


def _correlation(unit: Looks) -> NDArray[np.float64]:
    """Correlation of the bands' residuals, every location weighing the same, (band, band)."""
    residuals = _residuals(unit)
    size = np.sqrt(np.einsum("tbn,tbn->bn", residuals, residuals))
    residuals = residuals / np.maximum(size, np.float32(1e-9))
    correlation: NDArray[np.float64] = np.einsum("tbn,tcn->bc", residuals, residuals).astype(float)
    correlation *= _MOST_CORRELATION / residuals.shape[2]
    np.fill_diagonal(correlation, 1)
    return correlation


def _memory(white: Looks) -> float:
    """Correlation of residuals that follow one another, freed from the pull of their own mean."""
    residuals = _residuals(white)
    n_dates = (white.weights > 0).sum(axis=0)
    size = np.einsum("tbn,tbn->n", residuals, residuals)
    scale = 1 / np.maximum(size, np.float32(1e-9))
    follows = np.einsum("tbn,tbn->n", residuals[1:], residuals[:-1]) * scale
    correlation = float(follows.mean()) + float((1 / np.maximum(n_dates, 1)).mean())
    return min(max(correlation, 0.0), _MOST_MEMORY)
