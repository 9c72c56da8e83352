"""Power, the smallest change seen, likelihood ratios, equivalence: against scipy and each other."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm

from pipeline.assess.strength import (
    SPREADS,
    Z_80,
    Z_95,
    is_equivalent,
    likelihood_ratios,
    power_of,
    smallest_seen,
)

SIZE = st.floats(-5, 5)
ERROR = st.floats(0.05, 5)


@given(size=SIZE, error=ERROR)
def test_power_is_the_chance_to_pass_on_either_side(size: float, error: float) -> None:
    reach = norm.ppf(0.975)
    expected = norm.sf(reach, abs(size) / error) + norm.cdf(-reach, abs(size) / error)
    assert power_of(size, error) == pytest.approx(float(expected), abs=1e-6)
    assert power_of(-size, error) == power_of(size, error)


@given(size=SIZE, one=ERROR, other=ERROR)
def test_a_larger_error_never_raises_power(size: float, one: float, other: float) -> None:
    assert power_of(size, max(one, other)) <= power_of(size, min(one, other)) + 1e-12


@given(error=ERROR)
def test_the_smallest_change_seen_has_a_power_of_four_fifths(error: float) -> None:
    assert power_of(smallest_seen(error), error) == pytest.approx(0.8, abs=1e-3)
    assert smallest_seen(error) == pytest.approx((Z_95 + Z_80) * error)


@given(difference=SIZE, error=ERROR, expected=SIZE, other=SIZE)
def test_ratios_agree_with_the_densities(
    difference: float, error: float, expected: float, other: float
) -> None:
    found = likelihood_ratios(difference, error, expected, other=other)
    logs = []
    for share in SPREADS:
        claimed = math.sqrt(error**2 + (share * expected) ** 2)
        rival = math.sqrt(error**2 + (share * other) ** 2)
        logs.append(
            float(norm.logpdf(difference, expected, claimed))
            - float(norm.logpdf(difference, other, rival))
        )
    assume(max(map(abs, logs)) < 600)
    assert math.log(found.low) == pytest.approx(min(logs), abs=1e-9)
    assert math.log(found.high) == pytest.approx(max(logs), abs=1e-9)


@given(difference=SIZE, error=ERROR, expected=SIZE)
def test_where_the_sign_is_open_both_are_equally_likely(
    difference: float, error: float, expected: float
) -> None:
    found = likelihood_ratios(difference, error, expected, is_signed=False)
    mirrored = likelihood_ratios(-difference, error, expected, is_signed=False)
    logs = []
    for share in SPREADS:
        claimed = math.sqrt(error**2 + (share * expected) ** 2)
        up, down = (norm.pdf(difference, sign * expected, claimed) for sign in (1, -1))
        assume(up + down > 1e-250)
        nothing = float(norm.logpdf(difference, 0, error))
        logs.append(math.log((up + down) / 2) - nothing)
    assume(max(map(abs, logs)) < 600)
    assert math.log(found.low) == pytest.approx(min(logs), abs=1e-6)
    assert math.log(found.high) == pytest.approx(max(logs), abs=1e-6)
    assert mirrored.low == pytest.approx(found.low)


def test_an_open_sign_costs_half_of_the_likelihood_and_keeps_the_other_side() -> None:
    signed = likelihood_ratios(3.0, 1.0, 3.0)
    openly = likelihood_ratios(3.0, 1.0, 3.0, is_signed=False)
    assert openly.low == pytest.approx(signed.low / 2, rel=0.01)
    assert likelihood_ratios(-3.0, 1.0, 3.0).high < 0.2
    assert likelihood_ratios(-3.0, 1.0, 3.0, is_signed=False).low > 10


def test_the_table_of_the_method_is_reproduced() -> None:
    """Expected size over error, departure in errors, ratio at a spread of a third."""
    for ratio, z, expected in ((0.1, 2, 1.22), (1.0, 3, 14), (2.8, 0, 0.09), (2.8, 3, 65)):
        found = likelihood_ratios(z, 1.0, ratio)
        assert found.low <= expected * 1.1
        assert found.high >= expected * 0.9


def test_no_ratio_leaves_what_a_number_can_hold() -> None:
    found = likelihood_ratios(1e6, 1e-3, 1.0)
    assert likelihood_ratios(-1e6, 1e-3, 1.0).low > 0
    assert math.isfinite(found.high)


@pytest.mark.parametrize(
    ("difference", "error", "passes"),
    [(0.0, 0.5, True), (0.0, 0.7, False), (0.5, 0.3, True), (0.6, 0.3, False), (-0.6, 0.3, False)],
)
def test_equivalence_asks_both_sides(difference: float, error: float, *, passes: bool) -> None:
    assert is_equivalent(difference, error, 1.0, 1.644854) is passes
    assert is_equivalent(difference, error, -1.0, 1.644854) is passes
