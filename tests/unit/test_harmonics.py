"""The seasonal fit against least squares in plain loops and planted curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.raster.harmonics import (
    DAYS_PER_YEAR,
    PRODUCT_SIZE,
    RIDGE,
    blanked,
    count,
    cut_limit,
    fitted,
    inverted,
    leverage,
    median_magnitude,
    normal_matrix,
    product,
    residuals,
    seasonal_design,
    solved,
    uncertainty,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAYS = np.cumsum(np.random.default_rng(5).integers(4, 16, 80)).astype(float)
DESIGN = seasonal_design(DAYS, 2)


def drawn(
    n_pixels: int = 12, n_bands: int = 2, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Values with exact zeros where they were not seen."""
    draw = np.random.default_rng(seed)
    seen = draw.random((len(DAYS), n_pixels)) > 0.3
    values = draw.normal(0.3, 0.1, (len(DAYS), n_bands, n_pixels)).astype(np.float32)
    return blanked(values, seen[:, None]), seen


def least_squares(
    design: NDArray[np.float32], series: NDArray[np.float32], seen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """One pixel by the textbook: the ridge as further rows of the design."""
    ridge = np.sqrt(np.diag([1e-6, *[RIDGE] * (len(design) - 1)]))
    rows = np.vstack([design.T[seen].astype(float), ridge])
    target = np.concatenate([series[seen].astype(float), np.zeros(len(design))])
    return np.asarray(np.linalg.lstsq(rows, target, rcond=None)[0])


def test_the_design_repeats_after_a_year_and_has_no_trend() -> None:
    days = np.array([0.0, 100.0, 250.0])
    first, later = seasonal_design(days, 2), seasonal_design(days + 3 * DAYS_PER_YEAR, 2)
    assert first.shape == (5, 3)
    np.testing.assert_allclose(first, later, atol=1e-5)
    np.testing.assert_array_equal(first[0], 1)


@pytest.mark.parametrize("n_harmonics", [0, 1, 2, 3])
def test_coefficients_are_those_of_least_squares(n_harmonics: int) -> None:
    values, seen = drawn()
    design = seasonal_design(DAYS, n_harmonics)
    coefficients = solved(design, values, seen)
    for pixel in range(seen.shape[1]):
        for band in range(values.shape[1]):
            wanted = least_squares(design, values[:, band, pixel], seen[:, pixel])
            np.testing.assert_allclose(coefficients[:, band, pixel], wanted, atol=2e-6)


def test_large_numbers_do_not_cost_the_fit_its_precision() -> None:
    values, seen = drawn(n_bands=1)
    numbers = blanked(values * 10_000 + 30_000, seen[:, None])
    coefficients = solved(DESIGN, numbers, seen)
    for pixel in range(seen.shape[1]):
        wanted = least_squares(DESIGN, numbers[:, 0, pixel], seen[:, pixel])
        np.testing.assert_allclose(coefficients[:, 0, pixel], wanted, atol=0.2)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 99))
def test_the_sweep_inverts(n_terms: int, n_pixels: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    half = draw.standard_normal((n_pixels, n_terms, n_terms + 2))
    matrix = half @ half.transpose(0, 2, 1) + 0.1 * np.eye(n_terms)
    found = inverted(matrix.transpose(1, 2, 0).copy()).transpose(2, 0, 1)
    np.testing.assert_allclose(found, np.linalg.inv(matrix), rtol=1e-6, atol=1e-8)


def test_a_pixel_that_was_never_seen_stays_finite() -> None:
    values, seen = drawn()
    seen[:, 3] = False
    values = blanked(values, seen[:, None])
    coefficients, inverse = solved(DESIGN, values, seen), uncertainty(DESIGN, seen)
    assert np.isfinite(inverse).all()
    np.testing.assert_array_equal(coefficients[..., 3], 0)
    assert np.isfinite(fitted(DESIGN, values, seen)[0].noise).all()


def test_leverage_is_the_variance_of_the_curve() -> None:
    _, seen = drawn()
    inverse = uncertainty(DESIGN, seen)
    found = leverage(DESIGN, inverse)
    for pixel in range(seen.shape[1]):
        exact = np.linalg.inv(normal_matrix(DESIGN, seen)[..., pixel])
        wanted = [row @ exact @ row for row in DESIGN.T.astype(float)]
        np.testing.assert_allclose(found[:, pixel], wanted, rtol=1e-4)


def test_doubt_grows_where_the_year_was_not_seen() -> None:
    season = (DAYS % DAYS_PER_YEAR) < 200
    seen = np.repeat(season[:, None], 3, axis=1)
    inverse = uncertainty(DESIGN, seen)
    doubt = leverage(DESIGN, inverse)[:, 0]
    winter = (DAYS % DAYS_PER_YEAR) > 260
    assert doubt[winter].min() > 5 * np.median(doubt[season])


def test_residuals_are_zero_where_nothing_was_seen() -> None:
    values, seen = drawn()
    coefficients = solved(DESIGN, values, seen)
    left = residuals(DESIGN, coefficients, values, seen)
    assert (left.transpose(0, 2, 1)[~seen] == 0).all()
    curve = np.einsum("pt,pbn->tbn", DESIGN, coefficients)
    np.testing.assert_allclose(left, (values - curve) * seen[:, None], atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 80), st.integers(0, 99))
def test_the_median_is_the_lower_middle_of_what_was_seen(n_seen: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    seen = np.zeros((80, 1), dtype=bool)
    seen[draw.permutation(80)[:n_seen]] = True
    left = blanked(draw.standard_normal((80, 1, 1)).astype(np.float32), seen[:, None])
    ordered = sorted(abs(left[:, 0, 0][seen[:, 0]]))
    wanted = ordered[(n_seen - 1) // 2] if n_seen else 0
    assert median_magnitude(np.abs(left), count(seen))[0, 0] == wanted


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf, 7.0])
def test_what_was_not_seen_is_blanked_whatever_it_holds(nothing: float) -> None:
    values = np.array([[1.5, nothing, -2.0]], dtype=np.float32)
    np.testing.assert_array_equal(
        blanked(values, np.array([[True, False, True]])), [[1.5, 0.0, -2.0]]
    )


def test_the_product_in_pieces_is_the_product() -> None:
    draw = np.random.default_rng(3)
    left = draw.standard_normal((15, 90)).astype(np.float32)
    right = draw.standard_normal((90, 3 * PRODUCT_SIZE // left.size + 7)).astype(np.float32)
    np.testing.assert_allclose(product(left, right), left @ right, rtol=1e-5, atol=1e-5)


def test_missed_clouds_leave_the_fit_in_all_bands_at_once() -> None:
    values, seen = drawn(n_pixels=40)
    cloudy = seen & (np.random.default_rng(8).random(seen.shape) < 0.05)
    values[:, 0] += np.float32(1.5) * cloudy
    baseline, _ = fitted(DESIGN, values, seen)
    assert not (baseline.kept & cloudy).any()
    assert not (baseline.kept & ~seen).any()
    assert baseline.kept.sum() > 0.95 * (seen & ~cloudy).sum()


def test_planted_curves_and_noise_come_back() -> None:
    draw = np.random.default_rng(4)
    planted = draw.normal(0, 0.1, (5, 2, 500)).astype(np.float32)
    seen = draw.random((len(DAYS), 500)) > 0.2
    curve = np.einsum("pt,pbn->tbn", DESIGN, planted)
    noisy = curve + 0.02 * draw.standard_normal(curve.shape)
    values = blanked(noisy.astype(np.float32), seen[:, None])
    baseline, _ = fitted(DESIGN, values, seen)
    assert np.abs(baseline.coefficients - planted).mean() < 0.004
    assert baseline.noise.mean() == pytest.approx(0.02, rel=0.05)


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-3, 1e4))
def test_the_fit_follows_the_unit(factor: float) -> None:
    values, seen = drawn()
    one, _ = fitted(DESIGN, values, seen)
    other, _ = fitted(DESIGN, values * np.float32(factor), seen)
    np.testing.assert_allclose(other.noise, one.noise * factor, rtol=5e-3)


def test_some_pixels_of_a_baseline_are_those_pixels() -> None:
    values, seen = drawn()
    whole, _ = fitted(DESIGN, values, seen)
    chosen = np.arange(seen.shape[1]) % 3 == 0
    part = whole.pixels(chosen)
    np.testing.assert_array_equal(part.coefficients, whole.coefficients[..., chosen])
    np.testing.assert_array_equal(part.noise, whole.noise[:, chosen])
    np.testing.assert_array_equal(part.kept, whole.kept[:, chosen])


def fitted_by_hand(
    series: NDArray[np.float32], seen: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One pixel (time, band), in words: fit, leave out what lies far out, fit again."""
    curve = np.stack([least_squares(DESIGN, band, seen) for band in series.T], axis=1)
    left = series - DESIGN.T @ curve
    kept, spare = seen.copy(), (seen.sum() - len(DESIGN)) / seen.sum()
    for band in left.T:
        sizes = np.sort(np.abs(band[seen]))
        limit = 3 * 1.4826 * sizes[(len(sizes) - 1) // 2] / np.sqrt(spare)
        kept &= np.abs(band) <= limit
    curve = np.stack([least_squares(DESIGN, band, kept) for band in series.T], axis=1)
    return curve, kept


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.integers(1, 3), st.sampled_from([0.0, 0.05, 0.3]))
def test_the_robust_fit_is_the_one_in_words(seed: int, n_bands: int, share: float) -> None:
    values, seen = drawn(n_pixels=20, n_bands=n_bands, seed=seed)
    cloudy = seen & (np.random.default_rng(seed).random(seen.shape) < share)
    values[:, 0] += np.float32(0.8) * cloudy
    baseline, left = fitted(DESIGN, values, seen)
    for pixel in range(20):
        curve, kept = fitted_by_hand(values[..., pixel], seen[:, pixel])
        np.testing.assert_array_equal(baseline.kept[:, pixel], kept)
        np.testing.assert_allclose(baseline.coefficients[..., pixel], curve, atol=5e-6)
        wanted = (values[..., pixel] - DESIGN.T @ curve) * seen[:, pixel, None]
        np.testing.assert_allclose(left[..., pixel], wanted, atol=5e-6)
        spare = max(kept.sum() - len(DESIGN), 1)
        noise = np.sqrt((wanted[kept] ** 2).sum(axis=0) / spare)
        np.testing.assert_allclose(baseline.noise[:, pixel], noise, rtol=1e-4)


def test_what_was_seen_is_left_as_it_was_by_the_fit() -> None:
    values, seen = drawn(n_pixels=40)
    values[3] += np.float32(2) * seen[3]
    before = values.copy(), seen.copy()
    baseline, _ = fitted(DESIGN, values, seen)
    assert (baseline.kept != seen).any()
    np.testing.assert_array_equal(values, before[0])
    np.testing.assert_array_equal(seen, before[1])


@pytest.mark.parametrize("n_flags", [0, 1, 255, 256, 700])
def test_flags_are_counted_beyond_a_byte(n_flags: int) -> None:
    flags = np.ones((n_flags, 2, 3), dtype=bool)
    flags[::3, 0] = False
    np.testing.assert_array_equal(count(flags), flags.sum(axis=0))


def test_the_cut_lies_at_three_robust_deviations() -> None:
    draw = np.random.default_rng(2)
    left = draw.standard_normal((3001, 1, 4)).astype(np.float32)
    limit = cut_limit(np.abs(left), np.full(4, 3001), 5)
    np.testing.assert_allclose(limit, 3, atol=0.2)
