"""The fitted null against samples whose law is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from pipeline.errors import InputError
from pipeline.raster.null import EmpiricalNull, fit_null, winsorised_otsu

if TYPE_CHECKING:
    from numpy.typing import NDArray


def sample_of(null: EmpiricalNull, n: int, seed: int) -> NDArray[np.float32]:
    """Sums of squares as the null describes them, drawn square by square."""
    draw = np.random.default_rng(seed)
    variance = null.scale * np.exp(null.unevenness * draw.standard_normal(n))
    squares = draw.standard_normal((int(null.dof), n)) ** 2
    return np.asarray((squares.sum(axis=0) * variance).astype(np.float32))


@settings(max_examples=15, deadline=None)
@given(
    dof=st.integers(1, 12), scale=st.floats(1e-4, 1e4), uneven=st.floats(0.05, 1.2),
    seed=st.integers(0, 999),
)  # fmt: skip
def test_the_survival_is_the_share_of_a_drawn_sample_that_lies_beyond(
    dof: int, scale: float, uneven: float, seed: int
) -> None:
    null = EmpiricalNull(dof, scale, uneven)
    drawn = sample_of(null, 200_000, seed)
    for p_value in (0.5, 0.05, 0.01):
        beyond = (drawn > null.quantile(p_value)).mean()
        assert beyond == pytest.approx(p_value, rel=0.1)


@pytest.mark.parametrize("dof", [1, 2, 5, 6])
def test_even_noise_gives_chi_square(dof: int) -> None:
    null = EmpiricalNull(dof, 1.0, 1e-6)
    statistic = np.linspace(0.01, 40, 200)
    assert np.allclose(null.survival(statistic), stats.chi2.sf(statistic, dof), atol=1e-9)
    assert np.allclose(null.density(statistic), stats.chi2.pdf(statistic, dof), atol=1e-9)


def test_the_density_is_the_slope_of_the_survival() -> None:
    null = EmpiricalNull(4, 2.0, 0.7)
    for low, high in ((0.1, 3.0), (3.0, 30.0)):
        area, _ = integrate.quad(lambda x: float(null.density(np.array([x]))[0]), low, high)
        drop = null.survival(np.array([low]))[0] - null.survival(np.array([high]))[0]
        assert area == pytest.approx(drop, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(uneven=st.floats(0.05, 1.0), scale=st.floats(0.5, 50), change=st.floats(0, 0.2))
def test_change_above_the_bulk_does_not_bend_the_null(
    uneven: float, scale: float, change: float
) -> None:
    truth = EmpiricalNull(6, scale, uneven)
    statistic = sample_of(truth, 60_000, 7)
    is_null = np.arange(statistic.size) >= change * statistic.size
    statistic[~is_null] *= 60
    p_value = fit_null(statistic, 6, 0.65).p_value(statistic)[is_null]
    for nominal in (0.05, 0.01):
        assert nominal / 2 <= (p_value < nominal).mean() <= 2 * nominal


@settings(max_examples=25, deadline=None)
@given(power=st.floats(-6, 6), uneven=st.floats(0.05, 1.5))
def test_the_table_of_p_values_is_the_survival(power: float, uneven: float) -> None:
    null = EmpiricalNull(6, 10**power, uneven)
    statistic = sample_of(null, 4000, 3)
    exact = null.survival(statistic.astype(np.float64))
    quick = null.p_value(statistic)
    assert np.allclose(quick, exact, atol=2e-4, rtol=0.02)
    assert quick.dtype == np.float32
    assert 0 <= quick.min() <= quick.max() <= 1


def test_p_values_fall_as_the_statistic_rises() -> None:
    null = EmpiricalNull(6, 1.0, 0.5)
    statistic = np.geomspace(1e-6, 1e8, 5000).astype(np.float32)
    assert (np.diff(null.p_value(statistic)) <= 0).all()


@pytest.mark.parametrize("statistic", [np.zeros(500), np.full(500, 3.0)])
def test_a_statistic_without_spread_has_no_null(statistic: NDArray[np.float64]) -> None:
    with pytest.raises(InputError, match="alike on both dates"):
        fit_null(statistic.astype(np.float32), 6, 0.65)


def test_the_split_parts_two_heaps_whatever_a_few_clouds_do() -> None:
    draw = np.random.default_rng(2)
    heaps = np.concatenate([draw.normal(3, 0.5, 9000), draw.normal(9, 0.5, 1000)])
    clouds = np.full(50, 5000.0)
    split = winsorised_otsu(np.concatenate([heaps, clouds]).astype(np.float32), 0.01)
    assert 4.5 < split < 7.5
