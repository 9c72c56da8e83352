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


def product(left: Float32, right: Float32, out: Float32 | None = None) -> Float32:
    """The matrix product, in pieces so small that the library below starts no threads.

    Its threads would fight with those that work on other blocks.
    """
    n_columns = right.shape[1]
    if out is None:
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
    _put_normal(matrix, design, kept.astype(np.float32))
    return matrix


def _put_normal(matrix: NDArray[np.float64], design: Float32, weights: Float32) -> None:
    """Write the normal matrices of looks weighted 0 or 1 into (term, term, pixel)."""
    products, i, j = _products(design)
    sums = product(products, weights)
    matrix[i, j] = sums
    matrix[j, i] = sums
    diagonal = np.arange(1, len(design))
    matrix[diagonal, diagonal] += RIDGE
    matrix[0, 0] += 1e-6


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
    return _solution(design, weights, _moments(design, values * weights[:, None]))


def _moments(design: Float32, values: Float32) -> Float32:
    """Sums of values (time, band, pixel) along every term, (term, band, pixel)."""
    sums = product(design, values.reshape(len(values), -1))
    return sums.reshape(len(design), *values.shape[1:])


def _solution(design: Float32, weights: Float32, moments: NDArray[np.floating]) -> Float32:
    """Coefficients (term, band, pixel) that belong to moments of looks weighted 0 or 1.

    The normal equations with the moments beside them are eliminated term by term, all pixels at
    once, without pivots: the matrices are positive.
    """
    n_terms, n_bands, n_pixels = moments.shape
    system = np.empty((n_terms, n_terms + n_bands, n_pixels))
    _put_normal(system[:, :n_terms], design, weights)
    system[:, n_terms:] = moments
    for k in range(n_terms):
        system[k, k + 1 :] /= system[k, k]
        below = system[k + 1 :, k, None]
        system[k + 1 :, k + 1 :] -= below * system[k, k + 1 :]
    found = system[:, n_terms:]
    for k in range(n_terms - 1, 0, -1):
        found[:k] -= system[:k, k, None] * found[k]
    return found.astype(np.float32)


def residuals(
    design: Float32,
    coefficients: Float32,
    values: Float32,
    seen: Mask | Float32,
    *,
    out: Float32 | None = None,
) -> Float32:
    """Seen values less the curve, (time, band, pixel); 0 where not seen, by flag or by weight."""
    flat = coefficients.reshape(len(coefficients), -1)
    into = None if out is None else out.reshape(len(out), -1)
    left = product(design.T, flat, into).reshape(values.shape)
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
    total = _few_counted(flags[:NARROW])
    for start in range(NARROW, len(flags), NARROW):
        total += _few_counted(flags[start : start + NARROW])
    return total


def _few_counted(flags: Mask) -> NDArray[np.intp]:
    """The same of so few that one byte holds the count."""
    total: NDArray[np.uint8] = np.add.reduce(flags.view(np.uint8), axis=0, dtype=np.uint8)
    return total.astype(np.intp)


def median_magnitude(sizes: Float32, n_seen: NDArray[np.intp]) -> Float32:
    """Median over time of the seen sizes (time, band, pixel), (band, pixel); 0 if none is seen.

    What is not seen is 0 and so comes first in order. Of an even count it is the lower middle.
    """
    n_dates = len(sizes)
    ordered = np.sort(np.ascontiguousarray(sizes.transpose(1, 2, 0)), axis=-1)
    middle = n_dates - n_seen + np.maximum(n_seen - 1, 0) // 2
    at = np.minimum(middle, n_dates - 1)[None, :, None]
    at = np.broadcast_to(at, (len(ordered), *at.shape[1:]))
    return np.take_along_axis(ordered, at, -1)[..., 0]


def cut_limit(sizes: Float32, n_seen: NDArray[np.intp], n_terms: int) -> Float32:
    """Residuals larger than this are not kept, (band, pixel): three robust deviations."""
    return _cut_factor(n_seen, n_terms) * median_magnitude(sizes, n_seen)


def _cut_factor(n_seen: NDArray[np.intp], n_terms: int) -> Float32:
    """The cut in units of the median magnitude, (pixel,): a fit leaves less than there was."""
    spare = np.maximum(n_seen - n_terms, 1) / np.maximum(n_seen, 1)
    return (CUT_SIGMA * MAD_TO_SIGMA / np.sqrt(spare)).astype(np.float32)


def _has_outliers(sizes: Float32, n_seen: NDArray[np.intp], n_terms: int) -> Mask:
    """Whether a pixel has a residual beyond its cut, in any band, (pixel,).

    The largest residual lies within the cut if the median reaches a certain part of it, and
    that is told by counting instead of sorting.
    """
    part = sizes.max(axis=0) / _cut_factor(n_seen, n_terms)
    n_beyond = count(sizes >= part)
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
    n_terms, n_seen, weights = len(design), count(seen), seen.astype(np.float32)
    coefficients = _solution(design, weights, _moments(design, values))
    left = residuals(design, coefficients, values, weights)
    sizes = np.abs(left)
    rough = np.flatnonzero(_has_outliers(sizes, n_seen, n_terms))
    if not rough.size:
        return Baseline(coefficients, _noise(left, n_seen - n_terms), seen), left
    date, place = _outliers(sizes.take(rough, axis=-1), n_seen[rough], n_terms)
    kept, lost = seen.copy(), rough[place]
    kept[date, lost] = False
    without = weights.take(rough, axis=-1)
    without[date, place] = 0
    moved = _gathered(design[:, date], left[date, :, lost].T, place, len(rough))
    coefficients[..., rough] -= _solution(design, without, moved)
    left = residuals(design, coefficients, values, weights, out=left)
    far = left[date, :, lost]
    left[date, :, lost] = 0
    noise = _noise(left, count(kept) - n_terms)
    left[date, :, lost] = far
    return Baseline(coefficients, noise, kept), left


def _outliers(
    sizes: Float32, n_seen: NDArray[np.intp], n_terms: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Dates and pixels of the residuals beyond the cut in any band, from their sizes."""
    beyond = sizes > cut_limit(sizes, n_seen, n_terms)
    out = beyond[:, 0] if beyond.shape[1] == 1 else beyond.any(axis=1)
    return np.divmod(np.flatnonzero(out), out.shape[1])


def _gathered(
    terms: Float32, looks: Float32, pixel: NDArray[np.intp], n_pixels: int
) -> NDArray[np.float64]:
    """Moments (term, band, pixel) of single looks.

    By so much the moments of a curve's residuals change when it loses these looks: the curve
    moves by the solution for them.

    Args:
        terms: the design on the date of each look, (term, look).
        looks: residuals, (band, look).
        pixel: of each look.
        n_pixels: pixels there are.
    """
    sums = [
        [np.bincount(pixel, weights=term * look, minlength=n_pixels) for look in looks]
        for term in terms
    ]
    return np.array(sums)


def _noise(left: Float32, n_spare: NDArray[np.intp]) -> Float32:
    """Standard deviation of residuals (time, band, pixel), (band, pixel)."""
    total = np.einsum("tbn,tbn->bn", left, left)
    noise: Float32 = np.sqrt(total / np.maximum(n_spare, 1)).astype(np.float32)
    return noise
