"""Pairs on which nothing changed, and pairs with a planted change, all simulated.

Here belong the disturbances that are no change of the ground: noise, gains, haze, a shift, another
mixture of the bands, a season. The scene is made up, or a real date that the caller gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_BANDS = 6
QUIET_NOISE, LOUD_NOISE = 0.05, 0.5  # of a band's standard deviation
NUISANCES = (
    "quiet noise",
    "loud noise",
    "uneven noise",
    "gain and offset",
    "haze ramp",
    "half a pixel",
    "one pixel",
    "bands mixed",
    "season",
)


def scene(size: int, seed: int) -> NDArray[np.float32]:
    """Six correlated bands of smooth and fine patterns, (band, y, x)."""
    draw = np.random.default_rng(seed)
    hidden = np.stack(
        [ndimage.gaussian_filter(draw.standard_normal((size, size)), s) for s in (1, 2, 4, 8)]
    )
    hidden /= hidden.std(axis=(1, 2), keepdims=True)
    bands = np.tensordot(draw.uniform(-1, 1, (N_BANDS, 4)), hidden, 1)
    return np.asarray(300 * bands + 1500, dtype=np.float32)


def disturbed(
    ground: NDArray[np.float32], nuisance: str, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two dates of the same ground, apart by one of ``NUISANCES`` and by noise."""
    draw = np.random.default_rng(seed)
    level = LOUD_NOISE if nuisance == "loud noise" else QUIET_NOISE
    spread = level * ground.std(axis=(1, 2), keepdims=True)
    if nuisance == "uneven noise":
        patches = ndimage.gaussian_filter(draw.standard_normal(ground.shape[1:]), 8)
        spread = spread * np.exp(patches / patches.std() / 2)
    views = [
        date + spread * draw.standard_normal(ground.shape)
        for date in (ground, _altered(ground, nuisance, draw))
    ]
    return views[0].astype(np.float32), views[1].astype(np.float32)


def _altered(
    ground: NDArray[np.float32], nuisance: str, draw: np.random.Generator
) -> NDArray[np.float32]:
    """The second date before its noise."""
    spread = ground.std(axis=(1, 2), keepdims=True)
    level = (ground - ground.mean(axis=(1, 2), keepdims=True)) / spread
    n_bands, height, width = ground.shape
    if nuisance == "gain and offset":
        gain = draw.uniform(0.5, 2, (n_bands, 1, 1))
        return np.asarray(gain * ground + draw.uniform(-2, 2, (n_bands, 1, 1)) * spread)
    if nuisance == "haze ramp":
        ramp = np.add.outer(np.linspace(0, 1, height), np.linspace(0, 1, width)) / 2
        return np.asarray(
            ground + 1.5 * np.linspace(1, 0.3, n_bands)[:, None, None] * spread * ramp
        )
    if nuisance in ("half a pixel", "one pixel"):
        off = (1.0, 0.0) if nuisance == "one pixel" else (0.5, -0.5)
        return np.stack([ndimage.shift(band, off, order=3, mode="nearest") for band in ground])
    if nuisance == "bands mixed":
        mix = np.eye(n_bands) + 0.2 * draw.standard_normal((n_bands, n_bands))
        return np.asarray(np.tensordot(mix, level, 1) * spread)
    if nuisance == "season":
        green = 1 / (1 + np.exp(2 * (level[2] - level[3])))
        turn = np.resize([0.1, 0.1, -0.4, 0.8, -0.4, -0.5], n_bands)[:, None, None]
        return np.asarray(ground + turn * spread * green)
    return ground


def planted(
    ground: NDArray[np.float32], share: float, noise: float, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Two noisy dates; in blocks of the second lies the ground of another place. And the truth."""
    draw = np.random.default_rng(seed)
    truth = np.zeros(ground.shape[1:], dtype=bool)
    after, longest = ground.copy(), 14 if share < 0.05 else 40  # noqa: PLR2004 - rare is small
    while truth.mean() < share:
        size = draw.integers(4, longest, 2)
        row, col, from_row, from_col = (
            int(draw.integers(0, truth.shape[axis] - size[axis])) for axis in (0, 1, 0, 1)
        )
        block = (slice(row, row + size[0]), slice(col, col + size[1]))
        other = (slice(from_row, from_row + size[0]), slice(from_col, from_col + size[1]))
        after[:, *block] = ground[:, *other]
        truth[block] = True
    spread = noise * ground.std(axis=(1, 2), keepdims=True)
    before, after = (
        (date + spread * draw.standard_normal(date.shape)).astype(np.float32)
        for date in (ground, after)
    )
    return before, after, truth
