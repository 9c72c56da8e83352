"""The rule of looks against a plain loop, and its calibration against laws that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detect.runs import (
    LEAST_THRESHOLD,
    NEVER,
    Line,
    Rule,
    calibrated,
    crossing,
    first_confirmed,
    magnitudes,
    run_reach,
    tail_threshold,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

RULE = Rule(n_strong=3, strong=3.0, n_weak=6, weak=1.8)


def confirmed_by_hand(series: NDArray[np.float32], seen: NDArray[np.bool_], rule: Rule) -> int:
    """One pixel, look by look, as the rule reads in words; series is (time, band)."""
    total, length, n_strong = np.zeros(series.shape[1]), 0, 0
    for date in np.flatnonzero(seen):
        look = series[date].astype(float)
        size = float(np.linalg.norm(look))
        norm = float(np.linalg.norm(total))
        along = float(look @ total) / norm if length and norm else -np.inf
        if length and along >= rule.weak:
            reach, total, length = along, total + look, length + 1
        elif size >= rule.weak:
            reach, total, length, n_strong = size, look, 1, 0
        else:
            total, length, n_strong = np.zeros(series.shape[1]), 0, 0
            continue
        n_strong = n_strong + 1 if reach >= rule.strong else 0
        if n_strong >= rule.n_strong or length >= rule.n_weak:
            return int(date)
    return -1


def one(series: list[float], rule: Rule = RULE) -> int:
    """The date that confirms a single-band pixel; NaN is unseen."""
    values = np.array(series, dtype=np.float32)[:, None, None]
    seen = np.isfinite(values[:, 0])
    return int(first_confirmed(np.nan_to_num(values), seen, rule)[0])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(0, 999), st.floats(0, 4))
def test_the_rule_is_the_loop(n_bands: int, seed: int, shift: float) -> None:
    draw = np.random.default_rng(seed)
    far = draw.standard_normal((40, n_bands, 25)).astype(np.float32)
    far[20:] += np.float32(shift)
    seen = draw.random((40, 25)) > 0.3
    found = first_confirmed(far * seen[:, None], seen, RULE)
    wanted = [confirmed_by_hand(far[..., pixel], seen[:, pixel], RULE) for pixel in range(25)]
    np.testing.assert_array_equal(found, wanted)


def test_three_strong_looks_confirm_and_two_do_not() -> None:
    assert one([0, 4, 4, 4, 0]) == 3
    assert one([0, 4, 4, 0, 4, 4, 0]) == -1


def test_six_weak_looks_confirm_and_five_do_not() -> None:
    assert one([0, 2, 2, 2, 2, 2, 2]) == 6
    assert one([0, 2, 2, 2, 2, 2, 0]) == -1


def test_unseen_dates_neither_count_nor_break() -> None:
    gap = float("nan")
    assert one([0, 4, gap, gap, 4, gap, 4]) == 6
    assert one([4, gap, gap, gap, 4, gap]) == -1


def test_cloud_and_shadow_in_turn_confirm_nothing() -> None:
    assert one([9, -9, 9, -9, 9, -9, 9, -9]) == -1


def test_one_look_another_way_starts_its_own_run() -> None:
    assert one([9, 9, -9, -9, -9]) == 4


def test_a_turn_of_direction_between_bands_breaks_a_run() -> None:
    far = np.zeros((6, 2, 1), dtype=np.float32)
    far[[0, 2, 4], 0], far[[1, 3, 5], 1] = 9, 9
    seen = np.ones((6, 1), dtype=bool)
    assert first_confirmed(far, seen, RULE)[0] == -1


def test_a_long_run_does_not_overflow() -> None:
    never = Rule(NEVER, 3.0, NEVER, 1.8)
    assert one([2.0] * 700, never) == NEVER - 1
    assert one([2.0] * 200, never) == -1


def test_magnitudes_are_lengths_over_bands() -> None:
    far = np.array([[[3.0], [4.0]], [[0.0], [-2.0]]], dtype=np.float32)
    np.testing.assert_array_equal(magnitudes(far), [[5.0], [2.0]])
    np.testing.assert_array_equal(magnitudes(far[:, 1:]), [[4.0], [2.0]])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 3), st.integers(0, 999))
def test_the_reach_is_that_of_the_best_run(n_looks: int, n_bands: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    far = draw.standard_normal((15, n_bands, 6)).astype(np.float32)
    seen = draw.random((15, 6)) > 0.4
    for pixel, found in enumerate(run_reach(Line.of(far * seen[:, None], seen), n_looks)):
        looks = far[seen[:, pixel], :, pixel].astype(float)
        starts = range(len(looks) - n_looks + 1)
        wanted = max((reach_by_hand(looks[i : i + n_looks]) for i in starts), default=0.0)
        assert found == pytest.approx(max(wanted, 0), rel=1e-4, abs=1e-6)


def reach_by_hand(looks: NDArray[np.float64]) -> float:
    """The highest threshold at which these looks (time, band) form one run."""
    reach, total = float(np.linalg.norm(looks[0])), looks[0]
    for look in looks[1:]:
        reach = min(reach, float(look @ total / np.linalg.norm(total)))
        total = total + look
    return reach


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(0, 999))
def test_in_one_band_the_rule_confirms_exactly_up_to_the_reach(n_looks: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    far = draw.standard_normal((30, 1, 8)).astype(np.float32)
    seen = draw.random((30, 8)) > 0.3
    far *= seen[:, None]
    for pixel, reach in enumerate(run_reach(Line.of(far, seen), n_looks)):
        for factor in (0.999, 1.001) if reach > 0 else ():
            threshold = float(reach) * factor
            rule = Rule(n_looks, threshold, NEVER, threshold)
            hit = first_confirmed(far[..., [pixel]], seen[:, [pixel]], rule)[0] >= 0
            assert hit == (factor < 1)


def test_more_looks_than_dates_reach_nowhere() -> None:
    line = Line.of(np.ones((2, 1, 3), np.float32), np.ones((2, 3), bool))
    assert (run_reach(line, 4) == 0).all()


def test_crossing_finds_where_a_share_falls() -> None:
    found = crossing(lambda c: float(np.exp(-c)), 0.05, (1.5, 60.0))
    assert found == pytest.approx(-np.log(0.05), rel=0.01)


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-6, 1e-3), st.floats(0.5, 3))
def test_an_exponential_tail_is_carried_on_exactly(share: float, width: float) -> None:
    found = tail_threshold(lambda c: float(np.exp(-(c - 1) / width)), share, 200.0)
    assert found == pytest.approx(1 - width * np.log(share), rel=0.03)


def test_changes_in_the_far_tail_do_not_move_the_threshold() -> None:
    def clean(threshold: float) -> float:
        return float(np.exp(-threshold))

    def mixed(threshold: float) -> float:
        return clean(threshold) * 0.998 + (0.002 if threshold < 40 else 0.0)

    assert tail_threshold(mixed, 2e-4, 60.0) < 2 * tail_threshold(clean, 2e-4, 60.0)


@pytest.mark.parametrize("n_bands", [1, 4])
def test_calibrated_rules_hold_on_fresh_noise(n_bands: int) -> None:
    share = 0.004
    draw = np.random.default_rng(12)

    def noise() -> NDArray[np.float32]:
        return draw.standard_normal((60, n_bands, 8000)).astype(np.float32)

    seen = np.ones((60, 8000), dtype=bool)
    rule = calibrated(noise(), seen, (3, 8), share)
    found = np.mean(first_confirmed(noise(), seen, rule) >= 0)
    assert share / 10 <= found <= share
    assert rule.weak >= LEAST_THRESHOLD
    assert rule.strong > rule.weak


def test_noise_with_memory_raises_the_thresholds() -> None:
    draw = np.random.default_rng(2)
    white = draw.standard_normal((60, 1, 4000)).astype(np.float32)
    red = white.copy()
    for date in range(1, 60):
        red[date] = 0.6 * red[date - 1] + 0.8 * white[date]
    seen = np.ones((60, 4000), dtype=bool)
    plain, wary = (calibrated(one, seen, (3, 8), 0.001) for one in (white, red))
    assert wary.strong > plain.strong + 0.4
    assert wary.weak > plain.weak


def test_a_floor_raises_what_lies_below_it_and_nothing_else() -> None:
    assert Rule(3, 4.0, 8, 1.5).at_least(2.3) == Rule(3, 4.0, 8, 2.3)
    assert Rule(3, 2.0, 8, 1.5).at_least(2.3) == Rule(3, 2.3, 8, 2.3)
    assert Rule(3, 4.0, 8, 2.5).at_least(2.3) == Rule(3, 4.0, 8, 2.5)
