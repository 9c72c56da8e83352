"""p-values, their families and critical values: oracles, bounds, and what order may not change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assess.null import Shifted, critical, family_test, p_value
from tests.unit import assess_oracle as oracle

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z = st.one_of(st.floats(-6, 6), st.sampled_from([0.0, 1.0, -1.0, 2.0]))
OTHERS = st.lists(st.one_of(Z, st.just(math.nan)), max_size=60).map(np.array)


@given(z=Z, others=OTHERS)
def test_p_agrees_with_plain_loops_and_is_never_below_one_over_all(
    z: float, others: NDArray[np.float64]
) -> None:
    p, n = p_value(z, others), int(np.isfinite(others).sum())
    assert p == pytest.approx(oracle.p_value(z, others.tolist()), abs=1e-9)
    assert 1 / (1 + n) <= p <= 1
    assert p_value(-z, others) == p


def test_a_tie_counts_against_the_window() -> None:
    assert p_value(2.0, np.array([2.0, -2.0, 1.0])) == 0.75


@given(z=Z, others=OTHERS, level=st.sampled_from([0.01, 0.05, 0.1, 0.5]))
def test_the_critical_value_is_where_p_falls_to_the_level(
    z: float, others: NDArray[np.float64], level: float
) -> None:
    assert (abs(z) >= critical(others, level)) == (p_value(z, others) <= level + 1e-12)


@pytest.mark.parametrize(("n", "is_finite"), [(0, False), (18, False), (19, True), (39, True)])
def test_nineteen_other_windows_are_needed_for_one_in_twenty(n: int, *, is_finite: bool) -> None:
    assert math.isfinite(critical(np.linspace(-2, 2, n), 0.05)) is is_finite


@st.composite
def families(draw: st.DrawFn) -> tuple[list[Shifted], list[str]]:
    """Windows of some groups at common places, some of them without an answer."""
    n_windows, n_places = draw(st.integers(1, 6)), draw(st.integers(1, 50))
    rng = np.random.default_rng(draw(st.integers(0, 9_999)))
    gaps = draw(st.sampled_from([0.0, 0.1, 0.6, 1.0]))
    others = rng.normal(size=(n_windows, n_places)).round(1)
    others[rng.random(others.shape) < gaps] = np.nan
    windows = [Shifted(draw(Z), row) for row in others]
    return windows, [draw(st.sampled_from(["one", "two", "three"])) for _ in windows]


@settings(max_examples=150)
@given(drawn=families())
def test_a_family_agrees_with_plain_loops(drawn: tuple[list[Shifted], list[str]]) -> None:
    windows, groups = drawn
    found = family_test(windows, groups)
    strengths, others = (
        [one.strength for one in windows],
        [one.elsewhere.tolist() for one in windows],
    )
    assert found.family_p == pytest.approx(oracle.family_p(strengths, others, groups), abs=1e-9)
    alone = [oracle.as_strong(*one) for one in zip(strengths, others, strict=True)]
    assert found.p_values == pytest.approx(alone, abs=1e-9)
    assert list(found.n_shifts) == [int(np.isfinite(row).sum()) for row in others]


@settings(max_examples=150)
@given(drawn=families(), data=st.data())
def test_the_order_of_windows_does_not_matter(
    drawn: tuple[list[Shifted], list[str]], data: st.DataObject
) -> None:
    windows, groups = drawn
    order = data.draw(st.permutations(range(len(windows))))
    turned = family_test([windows[n] for n in order], [groups[n] for n in order])
    assert turned.family_p == family_test(windows, groups).family_p


def shifted(z: float, seed: int, n: int = 199) -> Shifted:
    """A window on noise."""
    return Shifted(z, np.random.default_rng(seed).normal(size=n))


def test_windows_of_a_group_pay_for_one_another_less_than_by_their_number() -> None:
    """What moves together is counted once: the same window twice costs nothing."""
    one = shifted(2.5, 1)
    alone = family_test([one], ["a"]).family_p
    assert family_test([one, one], ["a", "a"]).family_p == alone
    assert family_test([one, one], ["a", "b"]).family_p == alone
    assert family_test([one, shifted(0.1, 2)], ["a", "b"]).family_p == pytest.approx(2 * alone)
    wide = Shifted(0.1, shifted(0.1, 4).elsewhere * 3)
    assert family_test([one, wide], ["a", "a"]).family_p > alone


def test_windows_that_share_too_few_places_are_paid_for_by_their_number() -> None:
    early, late = shifted(3.5, 1), shifted(0.5, 2)
    early.elsewhere[:110] = np.nan
    late.elsewhere[100:] = np.nan
    found = family_test([early, late], ["a", "a"])
    assert found.family_p == pytest.approx(2 * min(found.p_values))
    assert found.n_shifts == (89, 100)


def test_exactly_half_of_the_places_is_enough_to_be_one_family() -> None:
    one, other = shifted(3.5, 1, 100), shifted(0.5, 2, 100)
    other.elsewhere[50:] = np.nan
    assert family_test([one, other], ["a", "a"]).family_p == pytest.approx(1 / 51)
    other.elsewhere[49] = np.nan
    assert family_test([one, other], ["a", "a"]).family_p == pytest.approx(2 / 101)


def test_the_strongest_is_named_in_whatever_group() -> None:
    windows = [shifted(0.1, 1), shifted(4.0, 2), shifted(-9.0, 3), shifted(2.0, 4)]
    assert family_test(windows, ["a", "a", "b", "b"]).strongest == 1
    assert family_test(windows[2:], ["b", "b"]).strongest == 1
    assert family_test([windows[3], windows[0]], ["b", "a"]).strongest == 0


def test_a_window_that_moved_the_other_way_is_no_evidence() -> None:
    found = family_test([shifted(-9.0, 1)], ["a"])
    assert found.family_p == found.p_values[0] == 1.0


@given(drawn=families())
def test_no_family_is_stronger_than_its_strongest_window(
    drawn: tuple[list[Shifted], list[str]],
) -> None:
    """Where all places serve all windows."""
    windows, groups = drawn
    whole = [Shifted(one.strength, np.nan_to_num(one.elsewhere)) for one in windows]
    found = family_test(whole, groups)
    assert found.family_p >= min(found.p_values) - 1e-12
    assert found.family_p <= 1
