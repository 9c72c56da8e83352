"""A seasonal curve for every pixel at once: harmonics of the year by least squares.

Here belongs the fit on plain arrays: design, normal equations, robust passes, leverage. What
counts as a change belongs to ``detect``. Axes: values (time, band, pixel), seen (time, pixel),
design (term, time). What is not seen is 0 in values and is told by the mask, so that every sum
over time is a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

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
"""Multiplications in one call of the matrix library; from twice as many on it starts threads."""
NARROW = 255
"""Flags that are counted in one byte."""


@dataclass(frozen=True)
class Baseline:
    """The curve of each pixel and what it rests on.

    Attributes:
        coefficients: float32, (term, band, pixel).
        noise: standard deviation of the kept looks about the curve, float32, (band, pixel).
        kept: looks that the curve rests on, bool, (time, pixel).
    """

    coefficients: Float32
    noise: Float32
    kept: Mask

    def pixels(self, chosen: Mask | NDArray[np.intp]) -> Baseline:
        """The curves of some of the pixels."""
        return Baseline(*(_picked(value, chosen) for value in vars(self).values()))


def joined(parts: Sequence[Baseline]) -> Baseline:
    """The curves of parts of the pixels, one part after another."""
    if len(parts) == 1:
        return parts[0]
    fields = zip(*(vars(part).values() for part in parts), strict=True)
    return Baseline(*(np.concatenate(one, axis=-1) for one in fields))


def _picked(values: NDArray[Any], chosen: Mask | NDArray[np.intp]) -> NDArray[Any]:
    """Some of the pixels of an array whose last axis they are."""
    places = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    return values.take(places, axis=-1)


def product(left: Float32, right: Float32) -> Float32:
    """The matrix product, in pieces so small that the library below starts no threads.

    Its threads would fight with those that work on other blocks.
    """
    n_columns = right.shape[1]
    out = np.empty((len(left), n_columns), dtype=np.float32)
    step = max(64, PRODUCT_SIZE // max(left.size, 1))
    whole = n_columns - n_columns % step
    if whole:
        pieces = (-1, whole // step, step)
        np.matmul(
            left,
            right[:, :whole].reshape(len(right), *pieces[1:]).transpose(1, 0, 2),
            out=out[:, :whole].reshape(pieces).transpose(1, 0, 2),
        )
    np.matmul(left, right[:, whole:], out=out[:, whole:])
    return out


def blanked(values: Float32, seen: Mask) -> Float32:
    """The values with exact zeros where nothing was seen, whatever stood there, NaN included.

    Masked bit by bit: a choice per value takes several times as long.
    """
    bits = np.negative(seen.view(np.int8)).astype(np.int32)
    masked = np.bitwise_and(values.view(np.int32), bits, order="C")
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


@cache
def _pairs(n_terms: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Both terms of every distinct pair."""
    return np.tril_indices(n_terms)


def _products(design: Float32) -> tuple[Float32, NDArray[np.intp], NDArray[np.intp]]:
    """Every distinct product of two terms, (pair, time), and the two terms of each pair."""
    i, j = _pairs(len(design))
    return design[i] * design[j], i, j


def normal_matrix(design: Float32, kept: Mask) -> NDArray[np.float64]:
    """The normal matrix of each pixel with its ridge, (term, term, pixel)."""
    n_terms = len(design)
    matrix = np.empty((n_terms, n_terms, kept.shape[1]))
    for k, row in enumerate(_normal_rows(design, kept.astype(np.float32))):
        matrix[k, : k + 1] = row
        matrix[: k + 1, k] = row
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


def uncertainty(design: Float32, kept: Mask) -> Float32:
    """Covariance of the coefficients in units of the noise variance, (pair of terms, pixel).

    Each pair stands once, in the order of the lower triangle.
    """
    inverse = inverted(normal_matrix(design, kept))
    return inverse[_pairs(len(design))].astype(np.float32)


def solved(design: Float32, values: Float32, kept: Mask) -> Float32:
    """Coefficients (term, band, pixel) of the least squares over the kept looks.

    Args:
        design: (term, time).
        values: (time, band, pixel); what is not kept counts for nothing.
        kept: (time, pixel).
    """
    weights = kept.astype(np.float32)
    return _weighed(design, values * weights[:, None], weights)


def _weighed(design: Float32, values: Float32, weights: Float32) -> Float32:
    """Coefficients (term, band, pixel) of values that are 0 where their weight is.

    The normal equations are parted into a unit triangle and a diagonal, all pixels at once,
    without pivots: the matrices are positive. Only the lower half of each is touched.
    """
    rows = _normal_rows(design, weights)
    n_terms, (n_dates, *columns) = len(rows), values.shape
    found = product(design, values.reshape(n_dates, -1)).astype(np.float64)
    found = found.reshape(n_terms, *columns)
    factors = []
    for k, row in enumerate(rows):
        below = np.stack([later[k] for later in rows[k + 1 :]]) if row is not rows[-1] else row[:0]
        factor = below * (1 / row[k])
        for step, later in enumerate(rows[k + 1 :], start=1):
            later[k + 1 :] -= factor[step - 1] * below[:step]
        found[k + 1 :] -= factor[:, None] * found[k]
        factors.append(factor)
    for k in range(n_terms - 1, -1, -1):
        found[k] /= rows[k][k]
        for factor, later in zip(factors[k], found[k + 1 :], strict=True):
            found[k] -= factor * later
    return found.astype(np.float32)


def _normal_rows(design: Float32, weights: Float32) -> list[NDArray[np.float64]]:
    """Normal matrices of looks weighted 0 or 1: the rows of their lower halves, (term, pixel)."""
    products, i, j = _products(design)
    sums = product(products, weights).astype(np.float64)
    sums[i == j] += np.array([1e-6, *[RIDGE] * (len(design) - 1)])[:, None]
    starts = np.flatnonzero(j == 0)
    return [sums[start : start + k + 1] for k, start in enumerate(starts)]


def residuals(
    design: Float32, coefficients: Float32, values: Float32, seen: Mask | Float32
) -> Float32:
    """Seen values less the curve, (time, band, pixel); 0 where not seen, by flag or weight."""
    flat = coefficients.reshape(len(coefficients), -1)
    left = product(design.T, flat).reshape(values.shape)
    np.subtract(values, left, out=left)
    left *= seen[:, None]
    return left


def leverage(design: Float32, covariance: Float32) -> Float32:
    """Variance of the curve at each date in units of the noise variance, (time, pixel).

    Args:
        design: (term, time).
        covariance: of the coefficients, (pair of terms, pixel).
    """
    products, i, j = _products(design)
    twice = np.where(i == j, 1, 2).astype(np.float32)[:, None]
    return np.maximum(product((products * twice).T, covariance), 0)


def count(flags: Mask) -> NDArray[np.intp]:
    """How many flags stand along the first axis; numpy's own count takes ten times as long."""
    parts = [
        np.add.reduce(flags[start : start + NARROW].view(np.uint8), axis=0, dtype=np.uint8)
        for start in range(0, len(flags), NARROW)
    ]
    return np.asarray(sum((part.astype(np.intp) for part in parts), np.intp(0)))


def median_magnitude(left: Float32, seen: Mask) -> Float32:
    """Median size of the seen residuals over time, (band, pixel); 0 if nothing is seen.

    What is not seen is 0 and so comes first in order. Of an even count it is the lower middle.
    """
    sizes = np.abs(left).transpose(1, 2, 0)
    ordered = np.sort(np.ascontiguousarray(sizes), axis=-1)
    n_seen = count(seen)
    middle = len(seen) - n_seen + np.maximum(n_seen - 1, 0) // 2
    at = np.minimum(middle, len(seen) - 1)[None, :, None]
    at = np.broadcast_to(at, (len(ordered), *at.shape[1:]))
    return np.take_along_axis(ordered, at, -1)[..., 0]


def cut_limit(left: Float32, seen: Mask, n_terms: int) -> Float32:
    """Residuals further out than this are not kept, (band, pixel): three robust deviations."""
    return _cut_factor(count(seen), n_terms) * median_magnitude(left, seen)


def _cut_factor(n_seen: NDArray[np.intp], n_terms: int) -> Float32:
    """The cut in units of the median magnitude, (pixel,): a fit leaves less than there was."""
    spare = np.maximum(n_seen - n_terms, 1) / np.maximum(n_seen, 1)
    return (CUT_SIGMA * MAD_TO_SIGMA / np.sqrt(spare)).astype(np.float32)


def _has_outliers(squares: Float32, n_seen: NDArray[np.intp], n_terms: int) -> Mask:
    """Whether a pixel has a residual beyond its cut, in any band, (pixel,).

    The largest residual lies within the cut if the median reaches a certain part of it, and
    that is told by counting instead of sorting.
    """
    part = np.square(1 / _cut_factor(n_seen, n_terms))
    largest = squares.max(axis=0)
    n_beyond = count(squares >= largest * part)
    return np.asarray((n_beyond < n_seen - np.maximum(n_seen - 1, 0) // 2).any(axis=0))


def fitted(design: Float32, values: Float32, seen: Mask) -> tuple[Baseline, Float32]:
    """Fit each pixel twice: to all its looks, then to those that lie near the first curve.

    The cut is taken at three robust standard deviations (median absolute residual), in any
    band, so that a missed cloud leaves all bands at once.

    Args:
        design: (term, time).
        values: (time, band, pixel), 0 where not seen.
        seen: (time, pixel).

    Returns:
        The curves, and all seen values less their curve, (time, band, pixel).
    """
    n_terms, n_kept = len(design), count(seen)
    weights = seen.astype(np.float32)
    coefficients = _weighed(design, values, weights)
    left = residuals(design, coefficients, values, weights)
    squares = np.square(left)
    noise = squares.sum(axis=0) / np.maximum(n_kept - n_terms, 1)
    kept, rough = seen, np.flatnonzero(_has_outliers(squares, n_kept, n_terms))
    if rough.size:
        kept = seen.copy()
        part = _refitted(design, *(_picked(one, rough) for one in (values, left, seen)))
        coefficients[..., rough], left[..., rough], noise[:, rough], kept[:, rough] = part
    return Baseline(coefficients, np.sqrt(noise).astype(np.float32), kept), left


def _refitted(
    design: Float32, values: Float32, left: Float32, seen: Mask
) -> tuple[Float32, Float32, Float32, Mask]:
    """The fit without outliers: coefficients, residuals, noise variance and kept looks."""
    limit = cut_limit(left, seen, len(design))
    kept = seen & (np.abs(left) <= limit).all(axis=1)
    coefficients = solved(design, values, kept)
    left = residuals(design, coefficients, values, seen)
    spare = np.maximum(count(kept) - len(design), 1)
    noise = np.square(left * kept[:, None]).sum(axis=0) / spare
    return coefficients, left, noise.astype(np.float32), kept
