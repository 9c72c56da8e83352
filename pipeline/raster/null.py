"""The null of a change statistic, estimated from all pixels without a label, and splits on it.

Here belong the fit of a null to the bulk of a statistic, its p-values, and the split of a
histogram. What the statistic is belongs to ``detect``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special
from skimage.filters import threshold_otsu
from threadpoolctl import threadpool_limits

from pipeline.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_N_SAMPLE = 512  # quantiles that stand for the pixels in the fit
_SORTED_PX = 1 << 18  # pixels at most, about, that the quantiles are taken from
_N_NODES = 2048  # of the p-value table
_N_BINS = 512  # of the histogram that is split
_TINY = 1e-300
_UNEVENNESS_LIMITS = (0.01, 2.0)
_HERMITE_NODES, _HERMITE_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_MIX = _HERMITE_WEIGHTS / _HERMITE_WEIGHTS.sum()


@dataclass(frozen=True)
class EmpiricalNull:
    """A sum of squares over ground that did not change, where the noise is uneven.

    Were the noise the same everywhere, a sum of ``dof`` standardised squares would be chi-square.
    Its variance differs from pixel to pixel; taken as log-normal over the image, the sum is a
    log-normal scale mixture of chi-square variables, here by Gauss-Hermite quadrature.

    Attributes:
        dof: how many squares are summed.
        scale: median noise variance, in units of what the squares were standardised with.
        unevenness: standard deviation of the logarithm of the noise variance; 0: equal.
    """

    dof: float
    scale: float
    unevenness: float

    @property
    def _scales(self) -> NDArray[np.float64]:
        """Noise variance at the quadrature nodes, (node,)."""
        scales: NDArray[np.float64] = self.scale * np.exp(self.unevenness * _HERMITE_NODES)
        return scales

    def survival(self, statistic: NDArray[np.float64]) -> NDArray[np.float64]:
        """Chance of a statistic at least as large on unchanged ground, (pixel,)."""
        ratio = np.maximum(statistic, 0)[:, None] / self._scales
        # einsum: a product this small only waits for the threads of the library.
        tails = special.chdtrc(self.dof, ratio)
        tail: NDArray[np.float64] = np.einsum("ij,j->i", tails, _MIX)
        return tail

    def density(self, statistic: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability density at the statistic, (pixel,)."""
        half = np.maximum(statistic, _TINY)[:, None] / (2 * self._scales)
        power = self.dof / 2
        log_kernel = (power - 1) * np.log(half) - half - special.gammaln(power)
        mix = _MIX / (2 * self._scales)
        density: NDArray[np.float64] = np.einsum("ij,j->i", np.exp(log_kernel), mix)
        return density

    def p_value(self, statistic: NDArray[np.float32]) -> NDArray[np.float32]:
        """The survival read from a fine table, which is many times faster; same shape."""
        # The fourth root spreads the nodes so that small and huge values are both resolved.
        top = max(float(statistic.max()), self.scale) ** 0.25
        table = self.survival(np.linspace(0, top, _N_NODES) ** 4).astype(np.float32)
        at = np.sqrt(np.sqrt(np.maximum(statistic, np.float32(0))))
        at *= np.float32((_N_NODES - 1) / top)
        low = np.minimum(at.astype(np.int32), _N_NODES - 2)
        at -= low
        at *= np.diff(table)[low]
        at += table[low]
        return np.asarray(np.maximum(at, np.float32(0)), dtype=np.float32)

    def quantile(self, p_value: float) -> float:
        """The statistic that unchanged ground exceeds with this chance."""
        top = self.scale * self.dof
        while self.survival(np.array([top]))[0] > p_value:
            top *= 2
        root: float = optimize.brentq(
            lambda value: float(self.survival(np.array([value]))[0]) - p_value, 0, top
        )
        return float(root)


def fit_null(statistic: NDArray[np.float32], dof: float, bulk_share: float) -> EmpiricalNull:
    """Fit scale and unevenness to the lower part of the pixels by truncated maximum likelihood.

    Args:
        statistic: sums of squares of all seen pixels, any shape.
        dof: how many squares are summed.
        bulk_share: the lower share of the pixels that the fit looks at; change lies above it
            and has no say.

    Raises:
        InputError: if the bulk is so uniform that it has no distribution.
    """
    # A sorted array is several times faster to have than that many quantiles one by one.
    values = statistic.reshape(-1)
    ordered = np.sort(values[:: max(1, values.size // _SORTED_PX)])
    shares = np.append((np.arange(_N_SAMPLE) + 0.5) / _N_SAMPLE, 1) * bulk_share
    quantiles = ordered[(shares * (ordered.size - 1)).round().astype(np.int64)].astype(np.float64)
    sample, cut = quantiles[:-1], quantiles[-1:]
    if sample[_N_SAMPLE // 2] <= 0 or sample[_N_SAMPLE // 2] == sample[-1]:
        raise InputError(
            "a third of the pixels or more are exactly alike on both dates",
            remedy="mask filled or saturated pixels, or declare their value as nodata",
        )
    middle = math.log(float(np.median(sample)) / dof)
    # Two unknowns: threads of the library would only wait for one another.
    with threadpool_limits(1, user_api="blas"):
        best = optimize.minimize(
            _truncated_loss,
            [middle, 0.5],
            args=(sample, cut, dof),
            method="L-BFGS-B",
            bounds=[(middle - 3, middle + 3), _UNEVENNESS_LIMITS],
        )
    return EmpiricalNull(dof, math.exp(float(best.x[0])), float(best.x[1]))


def _truncated_loss(
    free: NDArray[np.float64],
    sample: NDArray[np.float64],
    cut: NDArray[np.float64],
    dof: float,
) -> float:
    """Mean negative log-likelihood of a sample known to lie below the cut."""
    null = EmpiricalNull(dof, math.exp(float(free[0])), float(free[1]))
    below = max(1 - float(null.survival(cut)[0]), _TINY)
    return math.log(below) - float(np.log(null.density(sample) + _TINY).mean())


def winsorised_otsu(magnitude: NDArray[np.float32], top_share: float) -> float:
    """Otsu's split of a histogram whose few largest values are pulled in first.

    A handful of extreme pixels (clouds, glint) would otherwise drag the split to themselves.

    Args:
        magnitude: of all seen pixels, any shape.
        top_share: the share of largest values that is set to the smallest of them.
    """
    top = np.quantile(magnitude, 1 - top_share)
    split: float = threshold_otsu(  # type: ignore[no-untyped-call]
        np.minimum(magnitude, np.float32(top)), nbins=_N_BINS
    )
    return float(split)
