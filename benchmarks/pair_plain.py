"""IR-MAD as one would write it first, in float64 on whole arrays: the yardstick of speed.

Here belongs that, and the seeded pair of the peers it is timed on. Nothing of the pipeline uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, stats
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHANGED_SHARE = 0.05
N_BANDS = 6


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


def peer_pair(
    size: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """The pair of the peers' generator: six correlated bands, a mixture between the dates, noise.

    5 % of the pixels change, in square patches whose spectrum is shifted. The draws come in the
    order of ``../shared/peers/make_pair.py``, so at 1000 pixels it is that very pair.

    Returns:
        Both dates, (band, y, x), and the truth, (y, x).
    """
    draw = np.random.default_rng(7)
    hidden = np.stack(
        [gaussian_filter(draw.standard_normal((size, size)), s) for s in (2, 4, 8, 3)]
    )
    hidden /= hidden.std(axis=(1, 2), keepdims=True)
    shape = (N_BANDS, size, size)
    mix = draw.uniform(0.2, 1, (N_BANDS, 4)) * draw.choice([-1, 1], (N_BANDS, 4))
    level = np.array([800, 1000, 1100, 2600, 2200, 1500])[:, None, None]
    before = np.tensordot(mix, hidden, 1) * 300 + level + draw.standard_normal(shape) * 40
    gain = np.eye(N_BANDS) * draw.uniform(0.8, 1.2, N_BANDS)
    gain = gain + 0.05 * draw.standard_normal((N_BANDS, N_BANDS))
    after = np.tensordot(gain, before, 1) + draw.uniform(-200, 200, N_BANDS)[:, None, None]
    after += draw.standard_normal(shape) * 60
    truth = np.zeros((size, size), dtype=bool)
    while truth.mean() < CHANGED_SHARE:
        row, col = draw.integers(0, size - 20, 2)
        edge = draw.integers(6, 20)
        truth[row : row + edge, col : col + edge] = True
    signs = draw.choice([-1, 1], (N_BANDS, 1))
    after[:, truth] += signs * draw.uniform(150, 450, (N_BANDS, 1))
    return before.astype(np.float32), after.astype(np.float32), truth
