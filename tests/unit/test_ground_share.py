"""P-values from the pair's own ground: plain loops, guarantees, and the check of a law."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.raster.ground_share import GroundChance, away_from, is_borne_out, share_beyond

SEEDS = st.integers(0, 9999)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, n=st.integers(1, 60), called_share=st.floats(0, 1))
def test_every_share_against_plain_loops(seed: int, n: int, called_share: float) -> None:
    draw = np.random.default_rng(seed)
    statistic = draw.integers(0, 9, n).astype(np.float32)
    called = draw.random(n) < called_share
    weights = [0.5 if one else 1.0 for one in called]
    for place, found in enumerate(share_beyond(statistic, called)):
        beyond = sum(
            weight
            for weight, other in zip(weights, statistic, strict=True)
            if other >= statistic[place]
        )
        assert found == pytest.approx(beyond / sum(weights), rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, n_called=st.integers(0, 900), level=st.floats(0.002, 0.3))
def test_whatever_is_called_unchanged_ground_is_flagged_at_most_twice_as_often(
    seed: int, n_called: int, level: float
) -> None:
    statistic = np.random.default_rng(seed).standard_cauchy(1000).astype(np.float32)
    called = statistic >= np.sort(statistic)[1000 - n_called - 1] + 1e-6
    flagged = (share_beyond(statistic, called) <= level).mean()
    assert flagged <= 2 * level
    # Nothing called: exactly as often, to a pixel.
    quiet = share_beyond(statistic, np.zeros(1000, dtype=bool))
    assert (quiet <= level).mean() == pytest.approx(level, abs=1.01e-3)


@pytest.mark.parametrize("unchanged_of_called", [0.25, 0.5, 1.0])
def test_flagged_stays_within_two_from_a_quarter_to_all_of_the_call(
    unchanged_of_called: float,
) -> None:
    draw = np.random.default_rng(3)
    statistic = draw.exponential(size=200_000).astype(np.float32)
    called = statistic > np.quantile(statistic, 0.96)
    is_change = called & (draw.random(statistic.size) >= unchanged_of_called)
    p_value = share_beyond(statistic, called)
    for level in (0.05, 0.01, 0.001):
        flagged = (p_value[~is_change] <= level).mean()
        assert 0.45 * level <= flagged <= 2.05 * level


def test_a_law_is_borne_out_or_not() -> None:
    p_value = np.random.default_rng(1).random(50_000).astype(np.float32)
    assert is_borne_out(p_value)
    assert is_borne_out(np.sqrt(p_value))
    # What a call took away from beyond 1 % is no fault of the law.
    assert is_borne_out(p_value[p_value > 0.01])
    # Right at 5 % and beyond it three times too often.
    heavy = np.where(p_value < 0.003, p_value / 3, p_value).astype(np.float32)
    assert not is_borne_out(heavy)
    assert not is_borne_out(p_value[:100])
    assert not is_borne_out(p_value[:0])


def test_a_law_that_holds_is_left_alone_and_one_that_does_not_is_replaced() -> None:
    draw = np.random.default_rng(2)
    by_law = draw.random(40_000).astype(np.float32)
    called = by_law < 0.01
    near = by_law < 0.02
    kept = GroundChance.of(-by_law, by_law, called=called, away=~near)
    assert kept.p_value is by_law
    assert kept.bound == 0
    shares = GroundChance.of(-(by_law**3), by_law**3, called=called, away=~near)
    assert shares.bound == pytest.approx(0.005, rel=0.15)
    assert (np.diff(shares.p_value[np.argsort(by_law)]) >= 0).all()
    assert (shares.p_value <= 0.5).mean() == pytest.approx(0.5, abs=0.01)


def test_what_lies_away_from_a_call_is_beyond_its_reach() -> None:
    called = np.zeros((21, 21), dtype=bool)
    called[10, 10] = True
    away = away_from(called, 4)
    rows, cols = np.nonzero(~away)
    assert np.hypot(rows - 10, cols - 10).max() <= 4.3
    assert (~away).sum() >= 45
    assert away_from(np.zeros((5, 5), dtype=bool), 2).all()
