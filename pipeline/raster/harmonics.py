"""A seasonal curve for every pixel at once: harmonics of the year by least squares.

Here belongs the fit on plain arrays: design, normal equations, robust passes, leverage. What
counts as a change belongs to ``detect``. Axes: values (time, band, pixel), seen (time, pixel),
design (term, time). What is not seen is 0 in values and is told by the mask, so that every sum
over time is a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float32: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.bool_]

DAYS_PER_YEAR = 365.2425
MAD_TO_SIGMA = 1.4826
CUT_SIGMA = 3.0
"""Looks further out than this are left out of the fit: missed clouds and shadows."""
RIDGE = 0.04
"""Prior precision of a harmonic: an amplitude of five noise standard deviations is usual."""

PRODUCT_SIZE = 2**19
"""Multiplications in one call of the matrix library."""


@dataclass(frozen=True)
class Baseline:
    """The curve of each pixel and how well it is known.

    Attributes:
        coefficients: float32, (term, band, pixel).
        inverse: inverse of the normal matrix, float32, (term, term, pixel).
        noise: standard deviation of the kept looks about the curve, float32, (band, pixel).
        kept: looks that the curve rests on, bool, (time, pixel).
    """

    coefficients: Float32
    inverse: Float32
    noise: Float32
    kept: Mask

    def pixels(self, chosen: Mask) -> Baseline:
        """The curves of some of the pixels."""
        return Baseline(*(value[..., chosen] for value in vars(self).values()))


def product(left: Float32, right: Float32) -> Float32:
    """The matrix product, in pieces so small that the library below starts no threads.

    Its threads would fight with those that work on other blocks.
    """
    out = np.empty((len(left), right.shape[1]), dtype=np.float32)
    step = max(64, PRODUCT_SIZE // max(left.size, 1))
    for start in range(0, right.shape[1], step):
        np.matmul(left, right[:, start : start + step], out=out[:, start : start + step])
    return out


def blanked(values: Float32, seen: Mask) -> Float32:
    """The values with exact zeros where nothing was seen, whatever stood there, NaN included.

    Masked bit by bit: a choice per value takes several times as long.
    """
    bits = -(seen.view(np.int8).astype(np.int32))
    masked = np.bitwise_and(np.ascontiguousarray(values).view(np.int32), bits)
    return masked.view(np.float32)


def seasonal_design(days: NDArray[np.float64], n_harmonics: int) -> Float32:
    """A constant and sine-cosine pairs of the year, (1 + 2 n_harmonics, time).

    Args:
        days: days since any one origin.
        n_harmonics: pairs; the k-th runs k times a year. There is no trend: carried beyond
            the baseline a trend raises false alarms many times over.
    """
    angle = 2 * np.pi * days / DAYS_PER_YEAR
    rows = [np.ones_like(angle)]
    for k in range(1, n_harmonics + 1):
        rows += [np.cos(k * angle), np.sin(k * angle)]
    return np.stack(rows).astype(np.float32)


def _products(design: Float32) -> tuple[Float32, NDArray[np.intp], NDArray[np.intp]]:
    """Every distinct product of two terms, (pair, time), and the two terms of each pair."""
    i, j = np.tril_indices(len(design))
    return design[i] * design[j], i, j


def normal_matrix(design: Float32, seen: Mask) -> NDArray[np.float64]:
    """The normal matrix of each pixel with its ridge, (term, term, pixel)."""
    products, i, j = _products(design)
    sums = product(products, seen.astype(np.float32))
    matrix = np.empty((len(design), len(design), seen.shape[1]))
    matrix[i, j] = sums
    matrix[j, i] = sums
    diagonal = np.arange(len(design))
    matrix[diagonal[1:], diagonal[1:]] += RIDGE
    matrix[0, 0] += 1e-6
    return matrix


def inverted(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of each symmetric positive matrix (term, term, pixel), found in place.

    Gauss-Jordan sweeps, one term at a time, all pixels at once (Goodnight 1979).
    """
    for k in range(len(matrix)):
        pivot = 1 / matrix[k, k]
        column = matrix[:, k].copy()
        row = column * pivot
        matrix -= column[:, None] * row[None]
        matrix[:, k] = row
        matrix[k] = row
        matrix[k, k] = -pivot
    np.negative(matrix, out=matrix)
    return matrix


def solved(design: Float32, values: Float32, kept: Mask) -> tuple[Float32, Float32]:
    """Coefficients (term, band, pixel) and inverse normal matrices from the kept looks."""
    inverse = inverted(normal_matrix(design, kept)).astype(np.float32)
    weighted = values * kept[:, None]
    moments = product(design, weighted.reshape(len(weighted), -1)).reshape(-1, *values.shape[1:])
    coefficients = np.zeros_like(moments)
    for k, moment in enumerate(moments):
        coefficients += inverse[:, k, None] * moment
    return coefficients, inverse


def residuals(design: Float32, coefficients: Float32, values: Float32, seen: Mask) -> Float32:
    """Seen values less the curve, (time, band, pixel); 0 where not seen."""
    flat = coefficients.reshape(len(coefficients), -1)
    left = product(design.T, flat).reshape(values.shape)
    np.subtract(values, left, out=left)
    left *= seen[:, None]
    return left


def leverage(design: Float32, inverse: Float32) -> Float32:
    """Variance of the curve at each date in units of the noise variance, (time, pixel)."""
    products, i, j = _products(design)
    twice = np.where(i == j, 1, 2).astype(np.float32)[:, None]
    return np.maximum(product((products * twice).T, inverse[i, j]), 0)


def median_magnitude(left: Float32, seen: Mask) -> Float32:
    """Median size of the seen residuals over time, (band, pixel); 0 if nothing is seen.

    What is not seen is 0 and so comes first in order. Of an even count it is the lower middle.
    """
    sizes = np.abs(left).transpose(1, 2, 0)
    ordered = np.sort(np.ascontiguousarray(sizes), axis=-1)
    n_seen = np.count_nonzero(seen, axis=0)
    middle = len(seen) - n_seen + np.maximum(n_seen - 1, 0) // 2
    at = np.minimum(middle, len(seen) - 1)[None, :, None]
    return np.take_along_axis(ordered, np.broadcast_to(at, (len(ordered), *at.shape[1:])), -1)[
        ..., 0
    ]


def fitted(design: Float32, values: Float32, seen: Mask) -> Baseline:
    """Fit each pixel twice: to all its looks, then to those that lie near the first curve.

    The cut is taken at three robust standard deviations (median absolute residual), in any
    band, so that a missed cloud leaves all bands at once.
    """
    coefficients, _ = solved(design, values, seen)
    left = residuals(design, coefficients, values, seen)
    spare = np.maximum(seen.sum(axis=0) - len(design), 1) / np.maximum(seen.sum(axis=0), 1)
    limit = CUT_SIGMA * MAD_TO_SIGMA * median_magnitude(left, seen) / np.sqrt(spare)
    kept = seen & (np.abs(left) <= limit.astype(np.float32)).all(axis=1)
    coefficients, inverse = solved(design, values, kept)
    left = residuals(design, coefficients, values, kept)
    spare = np.maximum(kept.sum(axis=0) - len(design), 1)
    noise = np.sqrt(np.einsum("tbn,tbn->bn", left, left) / spare)
    return Baseline(coefficients, inverse, noise.astype(np.float32), kept)
