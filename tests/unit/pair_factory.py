"""Pairs of dates with a planted truth: correlated bands, a linear gain between the dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from pipeline.config import load_config

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PairOptions

OPTIONS: PairOptions = load_config().pair


def make_pair(
    seed: int, *, n_bands: int = 6, size: int = 120, noise: float = 0.2, uneven: float = 0.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two noisy views of one scene, (band, y, x); nothing changes between them.

    ``uneven`` spreads the noise: standard deviation of the logarithm of its variance by pixel.
    """
    draw = np.random.default_rng(seed)
    hidden = np.stack([gaussian_filter(draw.standard_normal((size, size)), s) for s in (1, 2, 4)])
    hidden /= hidden.std(axis=(1, 2), keepdims=True)
    scene = np.tensordot(draw.uniform(-1, 1, (n_bands, 3)), hidden, 1)
    level = noise * np.exp(uneven / 2 * draw.standard_normal((size, size)))
    views = [scene + level * draw.standard_normal(scene.shape) for _ in range(2)]
    gain, offset = draw.uniform(0.5, 2, (n_bands, 1, 1)), draw.uniform(-3, 3, (n_bands, 1, 1))
    return views[0].astype(np.float32), (gain * views[1] + offset).astype(np.float32)


def plant(after: NDArray[np.float32], strength: float) -> NDArray[np.bool_]:
    """Change three blocks of a date in place; the truth, (y, x)."""
    truth = np.zeros(after.shape[1:], dtype=bool)
    for row, col, edge in ((10, 15, 12), (60, 20, 20), (40, 80, 16)):
        truth[row : row + edge, col : col + edge] = True
    spread = after.std(axis=(1, 2), keepdims=True)
    signs = np.where(np.arange(len(after)) % 2, -1, 1)[:, None, None]
    after += (strength * signs * spread * truth).astype(np.float32)
    return truth
