"""Iteratively re-weighted multivariate alteration detection (IR-MAD) as arithmetic on pixels.

Here belong the checks of a pair of arrays, the iteration, and the way from seen pixels to an
image and back. What a change is called belongs to ``detect``.

Source: Nielsen, "The regularized iteratively reweighted MAD method", IEEE Transactions on Image
Processing 16(2), 2007. One thing differs, so that the result rests on the bulk of the image: the
statistic is divided by its own median, over that of chi-square, before it becomes a weight.
Without that the weights can collapse onto one uniform surface, say water.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from scipy import special
from threadpoolctl import threadpool_limits

from pipeline.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Scalar = TypeVar("_Scalar", bound=np.generic)
Number = np.floating | np.integer

_BLOCK_PX = 4096  # 4096 px x 13 rows of float32 = 208 KB: stays in the second-level cache
_SAMPLE_PX = 1 << 15  # pixels that the median of the statistic is taken from
_PIXELS_PER_BAND = 20  # fewer than this many pixels a band do not carry a covariance matrix
_MIN_VARIANCE = 1e-7  # of a difference of variates with unit variance: float32 ends here
_LEAST_STATISTIC = 0.01  # where even the largest is below, only rounding differs
_EIGEN_FLOOR = 1e-6  # relative to the largest: bands more collinear than this count as one


@dataclass(frozen=True)
class MadFit:
    """What the iteration ended with.

    Attributes:
        statistic: sum of the squared standardised variates (chi-square if the noise is equal
            everywhere), float32, (pixel,).
        correlations: canonical correlations, descending.
        n_iterations: passes over the pixels that changed the weights.
        is_converged: whether the correlations had settled.
        means: of the bands of both dates over unchanged ground, (2 bands,).
        spreads: their standard deviations there, (2 bands,).
    """

    statistic: NDArray[np.float32]
    correlations: tuple[float, ...]
    n_iterations: int
    is_converged: bool
    means: NDArray[np.float64]
    spreads: NDArray[np.float64]

    @property
    def unrelated(self) -> float:
        """Root of the mean statistic of two places of the scene that have nothing in common.

        A canonical variate and another place's differ by a variance of 2, and are divided by
        2 (1 - r).
        """
        apart = np.maximum(1 - np.array(self.correlations), _MIN_VARIANCE)
        return float(np.sqrt((1 / apart).sum()))


class _Variates(NamedTuple):
    """A projection whose columns give standardised MAD variates.

    Attributes:
        projection: float32, (2 bands + 1, bands); its last row is the offset.
        correlations: float64, (bands,).
        means: of the weighted pixels, float64, (2 bands,).
        spreads: their standard deviations, float64, (2 bands,).
    """

    projection: NDArray[np.float32]
    correlations: NDArray[np.float64]
    means: NDArray[np.float64]
    spreads: NDArray[np.float64]


def fit_mad(pixels: NDArray[np.float32], max_iterations: int, tolerance: float) -> MadFit:
    """Iterate until the canonical correlations settle.

    Args:
        pixels: bands of the first date, bands of the second, then a row of ones; every band
            with mean 0 and variance 1; (2 bands + 1, pixel).
        max_iterations: re-weightings at most.
        tolerance: the iteration ends when no canonical correlation moves by this much.

    Raises:
        InputError: if the dates do not differ by more than rounding.
    """
    # A product of a few rows ends before a second thread of the library has woken up.
    with threadpool_limits(1, user_api="blas"):
        variates, n_iterations, is_converged = _iterated(pixels, max_iterations, tolerance)
        statistic = np.empty(pixels.shape[1], dtype=np.float32)
        for at, block in zip(range(0, statistic.size, _BLOCK_PX), _blocks(pixels), strict=True):
            statistic[at : at + _BLOCK_PX] = _statistic(block, variates)
    if not statistic.max() > _LEAST_STATISTIC:
        what = "the two dates are the same image, but for gain and offset at most"
        raise InputError(what, remedy="give two different dates")
    correlations = tuple(float(value) for value in variates.correlations)
    return MadFit(
        statistic, correlations, n_iterations, is_converged, variates.means, variates.spreads
    )


def _iterated(
    pixels: NDArray[np.float32], max_iterations: int, tolerance: float
) -> tuple[_Variates, int, bool]:
    """The last variates, how many re-weightings led there, and whether they had settled."""
    n_bands = len(pixels) // 2
    sample = np.ascontiguousarray(pixels[:, :: max(1, pixels.shape[1] // _SAMPLE_PX)])
    variates = _variates(_gram(pixels))
    n_iterations, is_converged = 0, False
    while n_iterations < max_iterations and not is_converged:
        scale = _median_ratio(sample, variates, n_bands)
        update = _variates(_weighted_gram(pixels, variates, scale))
        shift = np.abs(update.correlations - variates.correlations).max()
        variates, is_converged = update, bool(shift < tolerance)
        n_iterations += 1
    return variates, n_iterations, is_converged


def chi2_survival(statistic: NDArray[np.float32], dof: int) -> NDArray[np.float32]:
    """Chance that a chi-square variable exceeds the statistic, float32, same shape."""
    return half_chi2_survival(statistic * np.float32(0.5), dof)


def half_chi2_survival(half: NDArray[np.float32], dof: int) -> NDArray[np.float32]:
    """Chance that a chi-square variable exceeds twice the value, float32; the value is spent.

    Even dof: exp(-x/2) times the sum of (x/2)^k / k! for k below dof/2, which is many times
    faster than the incomplete gamma function that odd dof need.
    """
    if dof % 2:
        tail: NDArray[np.float32] = special.chdtrc(dof, 2 * half).astype(np.float32)
        return tail
    np.minimum(half, np.float32(80), out=half)
    series = np.ones_like(half)
    for k in range(dof // 2 - 1, 0, -1):
        series *= half if k == 1 else half * np.float32(1 / k)
        series += np.float32(1)
    np.negative(half, out=half)
    series *= np.exp(half, out=half)
    return np.asarray(series, dtype=np.float32)


def usable(
    before: NDArray[Number],
    after: NDArray[Number],
    seen: NDArray[np.bool_],
    *,
    least_bands: int = 2,
) -> NDArray[np.bool_]:
    """Seen pixels that are finite in every band.

    Raises:
        InputError: if the arrays do not match or too few pixels are left.
    """
    if before.ndim != 3 or before.shape != after.shape or before.shape[1:] != seen.shape:  # noqa: PLR2004
        raise InputError(
            f"the dates do not match: {before.shape} and {after.shape}, seen {seen.shape}",
            remedy="bring both to the same bands on the same grid",
        )
    if len(before) < least_bands:
        raise InputError("a single band was given", remedy="give at least two bands")
    usable: NDArray[np.bool_] = seen.copy()
    for band in (*before, *after):
        usable &= np.isfinite(band)
    needed = _PIXELS_PER_BAND * 2 * len(before)
    if (n_seen := int(usable.sum())) < needed:
        remedy = "give a larger overlap, or a mask that leaves more pixels"
        raise InputError(f"{n_seen} pixels seen on both dates, {needed} needed", remedy=remedy)
    return usable


def standardised(
    before: NDArray[Number], after: NDArray[Number], seen: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Seen pixels with mean 0 and variance 1, and a row of ones, (2 bands + 1, pixel).

    Raises:
        InputError: if a band holds one value only.
    """
    n_bands = len(before)
    pixels = np.empty((2 * n_bands + 1, int(seen.sum())), dtype=np.float32)
    pixels[-1] = 1
    for row, band in enumerate([*before, *after]):
        values = band.reshape(-1) if seen.all() else band[seen]
        mean = values.mean(dtype=np.float64)
        np.subtract(values, mean, out=pixels[row], casting="same_kind")
        spread = float(np.sqrt(np.square(pixels[row]).mean(dtype=np.float64)))
        if not spread > abs(mean) * 1e-7:
            date = "first" if row < n_bands else "second"
            where = f"band {row % n_bands + 1} of the {date} date"
            raise InputError("the band is constant", where=where, remedy="leave the band out")
        pixels[row] *= np.float32(1 / spread)
    return pixels


def _blocks(pixels: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Views of as many pixels as fit into the cache."""
    return [pixels[:, at : at + _BLOCK_PX] for at in range(0, pixels.shape[1], _BLOCK_PX)]


def _statistic(block: NDArray[np.float32], variates: _Variates) -> NDArray[np.float32]:
    """Sum of squared variates, (pixel,)."""
    projected = variates.projection.T @ block
    return np.asarray(np.einsum("ij,ij->j", projected, projected))


def _median_ratio(sample: NDArray[np.float32], variates: _Variates, n_bands: int) -> np.float32:
    """The median of the statistic over that of chi-square."""
    median = float(np.median(_statistic(sample, variates)))
    return np.float32(max(median / special.chdtri(n_bands, 0.5), _MIN_VARIANCE))


def _gram(pixels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Products of all rows, in float64, (rows, rows)."""
    total = np.zeros((len(pixels), len(pixels)))
    for block in _blocks(pixels):
        double = block.astype(np.float64)
        total += double @ double.T
    return total


def _weighted_gram(
    pixels: NDArray[np.float32], variates: _Variates, scale: np.float32
) -> NDArray[np.float64]:
    """Products of all rows, each pixel weighted by its chance of being unchanged.

    They are summed in float64, since nearly collinear bands magnify the rounding of a sum ten
    thousand times; everything else stays in float32.
    """
    total = np.zeros((len(pixels), len(pixels)))
    n_bands = len(pixels) // 2
    # The scale, and the half that the tail asks for, cost nothing once inside the projection.
    halving = variates.projection.T / np.sqrt(2 * scale)
    projected = np.empty((n_bands, _BLOCK_PX), dtype=np.float32)
    weighted = np.empty((len(pixels), _BLOCK_PX), dtype=np.float32)
    for block in _blocks(pixels):
        size = block.shape[1]
        if size != projected.shape[1]:
            projected, weighted = projected[:, :size].copy(), weighted[:, :size].copy()
        np.matmul(halving, block, out=projected)
        half = np.einsum("ij,ij->j", projected, projected)
        np.multiply(block, half_chi2_survival(half, n_bands), out=weighted)
        total += weighted.astype(np.float64) @ block.astype(np.float64).T
    return total


def _variates(gram: NDArray[np.float64]) -> _Variates:
    """Canonical variates of weighted products, differenced and standardised.

    The difference of a pair of canonical variates of unit variance and correlation r has the
    variance 2 (1 - r).
    """
    n_bands = len(gram) // 2
    mean = gram[-1, :-1] / gram[-1, -1]
    covariance = gram[:-1, :-1] / gram[-1, -1] - np.outer(mean, mean)
    whiten_before = _whitening(covariance[:n_bands, :n_bands])
    whiten_after = _whitening(covariance[n_bands:, n_bands:])
    left, correlations, right = np.linalg.svd(
        whiten_before @ covariance[:n_bands, n_bands:] @ whiten_after
    )
    spread = np.sqrt(np.maximum(2 * (1 - correlations), _MIN_VARIANCE))
    weights = np.vstack([whiten_before @ left, -(whiten_after @ right.T)]) / spread
    projection = np.vstack([weights, -(mean @ weights)])
    deviations = np.sqrt(np.maximum(np.diag(covariance), _MIN_VARIANCE))
    return _Variates(projection.astype(np.float32), correlations, mean, deviations)


def _whitening(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse square root; directions without variance are held at a floor, not blown up."""
    values, vectors = np.linalg.eigh(covariance)
    floored = np.maximum(values, values[-1] * _EIGEN_FLOOR)
    root: NDArray[np.float64] = (vectors / np.sqrt(floored)) @ vectors.T
    return root


def placed(values: NDArray[_Scalar], seen: NDArray[np.bool_], *, fill: float) -> NDArray[_Scalar]:
    """Values of seen pixels in their places, the fill elsewhere, (y, x)."""
    image = np.full(seen.shape, fill, dtype=values.dtype)
    image[seen] = values
    return image
