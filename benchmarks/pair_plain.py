"""IR-MAD as one would write it first, in float64 on whole arrays: the yardstick of speed.

Here belongs that, and the seeded pair it is timed on. Nothing of the pipeline uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, stats
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHANGED_SHARE = 0.05


def plain_irmad(
    before: NDArray[np.float32], after: NDArray[np.float32], n_iterations: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Chi-square statistic (pixel,) and canonical correlations (band,)."""
    n_bands = len(before)
    pixels = np.concatenate([before, after]).reshape(2 * n_bands, -1).astype(np.float64)
    weights = np.ones(pixels.shape[1])
    chi2, correlations = weights, np.zeros(n_bands)
    for _ in range(n_iterations):
        mean = np.average(pixels, axis=1, weights=weights)
        cov = np.cov(pixels, aweights=weights, bias=True)
        sxx, syy, sxy = cov[:n_bands, :n_bands], cov[n_bands:, n_bands:], cov[:n_bands, n_bands:]
        squared, left = linalg.eigh(sxy @ np.linalg.solve(syy, sxy.T), sxx)
        correlations = np.sqrt(squared[::-1])
        left = left[:, ::-1]
        right = np.linalg.solve(syy, sxy.T @ left) / correlations
        centred = pixels - mean[:, None]
        variates = left.T @ centred[:n_bands] - right.T @ centred[n_bands:]
        chi2 = (variates**2 / (2 * (1 - correlations))[:, None]).sum(axis=0)
        weights = 1 - stats.chi2.cdf(chi2, n_bands)
    return chi2, correlations


def seeded_pair(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Six correlated bands, a linear map between the dates, noise, 5 % of blocks changed."""
    draw = np.random.default_rng(7)
    hidden = np.stack(
        [gaussian_filter(draw.standard_normal((size, size)), s) for s in (2, 4, 8, 3)]
    )
    hidden /= hidden.std(axis=(1, 2), keepdims=True)
    before = 300 * np.tensordot(draw.uniform(-1, 1, (6, 4)), hidden, 1) + 1500
    gain = np.diag(draw.uniform(0.8, 1.2, 6)) + 0.05 * draw.standard_normal((6, 6))
    after = np.tensordot(gain, before, 1) + 60 * draw.standard_normal(before.shape)
    before += 40 * draw.standard_normal(before.shape)
    blocks = draw.random((size // 10, size // 10)) < CHANGED_SHARE
    changed = np.kron(blocks, np.ones((10, 10), dtype=bool))
    after[:, changed] += draw.uniform(150, 450, (6, 1))
    return before.astype(np.float32), after.astype(np.float32)
