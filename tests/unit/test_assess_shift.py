"""The statistics of a window: oracles in plain loops, bounds, and planted effects."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline.assess.shift import (
    Contrast,
    ShareSeries,
    WindowQuestion,
    contrast,
    family_test,
    memory_a_day,
    shifted_z,
)


def series(seed: int, n: int = 120, step: float = 5.0, bump: float = 0.0) -> ShareSeries:
    """White noise of standard deviation 0.01, with a bump from day 300 to day 330."""
    rng = np.random.default_rng(seed)
    days = np.arange(n, dtype=np.float64) * step
    values = rng.normal(0, 0.01, n)
    values[(days >= 300) & (days <= 330)] += bump
    return ShareSeries(days, values, 1e-4)


def ask(of: ShareSeries, start: float = 300, end: float = 330, guard: float = 20) -> WindowQuestion:
    return WindowQuestion(of, start, end, guard, 3)


def slow_contrast(question: WindowQuestion) -> tuple[float, float]:
    """The same numbers in plain loops."""
    days, values = question.series.days.tolist(), question.series.values.tolist()
    inside = [i for i, d in enumerate(days) if question.start <= d <= question.end]
    low, high = question.start - question.guard, question.end + question.guard
    outside = [i for i, d in enumerate(days) if not low <= d <= high]
    mean_in = sum(values[i] for i in inside) / len(inside)
    mean_out = sum(values[i] for i in outside) / len(outside)
    sigma = math.sqrt(sum((values[i] - mean_out) ** 2 for i in outside) / len(outside))
    sigma = max(sigma, question.series.resolution / 2)
    spread = np.array([values[i] - mean_out for i in outside])
    phi = memory_a_day(np.array([days[i] for i in outside]), spread)
    variance = 0.0
    for group in (inside, outside):
        total = sum(phi ** abs(days[i] - days[j]) for i in group for j in group)
        variance += total / len(group) ** 2
    return mean_in - mean_out, sigma * math.sqrt(variance)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), start=st.floats(0, 500), width=st.floats(10, 60))
def test_contrast_agrees_with_plain_loops(seed: int, start: float, width: float) -> None:
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(0, 600, 70))
    of = ShareSeries(days, np.cumsum(rng.normal(0, 0.01, 70)) * 0.3, 1e-3)
    question = ask(of, start, start + width)
    if not question.window.any():
        with pytest.raises(ValueError, match="inside and outside"):
            contrast(question)
        return
    found = contrast(question)
    difference, error = slow_contrast(question)
    assert found.difference == pytest.approx(difference, abs=1e-9)
    assert found.error == pytest.approx(error, abs=1e-9)


def test_a_flat_series_has_the_error_of_half_a_pixel_not_zero() -> None:
    flat = ShareSeries(np.arange(60, dtype=np.float64) * 5, np.zeros(60), 0.01)
    found = contrast(ask(flat, 100, 130))
    assert found.error > 0
    assert found.difference == 0


def test_memory_of_white_noise_is_small_and_of_a_slow_walk_large() -> None:
    rng = np.random.default_rng(1)
    days = np.arange(400.0)
    white = rng.normal(size=400)
    slow = np.zeros(400)
    for day in range(1, 400):
        slow[day] = 0.95 * slow[day - 1] + rng.normal()
    assert memory_a_day(days, white) < 0.2
    assert 0.85 < memory_a_day(days, slow - slow.mean()) <= 0.99
    assert memory_a_day(days[:2], white[:2]) == 0


def test_shifts_that_touch_the_question_or_leave_the_series_are_not_asked() -> None:
    question = ask(series(3))
    offsets = np.array([-400.0, -300.0, -50.0, 0.0, 49.0, 60.0, 264.0, 270.0])
    asked = np.isfinite(shifted_z(question, offsets))
    assert asked.tolist() == [False, True, False, False, False, True, True, False]


def test_p_is_never_below_one_over_the_number_of_shifts() -> None:
    result = family_test([ask(series(5, bump=0.5))], 5)
    assert result.p_values[0] == pytest.approx(1 / (1 + result.n_shifts[0]))
    assert result.family_p == pytest.approx(result.p_values[0])


def test_a_bump_is_found_and_its_interval_holds_it() -> None:
    found = contrast(ask(series(7, bump=0.05)))
    low, high = found.interval
    assert low < 0.05 < high
    assert low > 0
    assert family_test([ask(series(7, bump=0.05))], 5).family_p < 0.02


def test_a_dip_is_not_a_rise() -> None:
    assert family_test([ask(series(9, bump=-0.05))], 5).family_p > 0.5


def test_asking_more_windows_never_makes_the_family_stronger() -> None:
    strong = ask(series(11, bump=0.02))
    alone = family_test([strong], 5).family_p
    others = [ask(series(seed)) for seed in range(20, 28)]
    assert family_test([strong, *others], 5).family_p >= alone


def test_windows_without_common_shifts_fall_back_to_bonferroni() -> None:
    early = ShareSeries(np.arange(40, dtype=np.float64) * 5, np.zeros(40), 1e-3)
    late = ShareSeries(np.arange(40, dtype=np.float64) * 5 + 2_000, np.zeros(40), 1e-3)
    questions = [ask(early, 90, 105, 5), ask(late, 2_180, 2_195, 5)]
    result = family_test(questions, 5)
    assert result.family_p <= 1


def test_false_alarms_hold_without_memory_and_with_it() -> None:
    """Nothing happens in 200 series; about one in twenty may pass 5 %, memory or not."""
    rng = np.random.default_rng(20201125)
    for memory in (0.0, 0.8):
        passed = 0
        for _ in range(200):
            drawn = rng.choice(np.arange(0, 1400, 5), 130, replace=False)
            days = np.union1d(drawn, [700, 715, 735]).astype(float)
            daily = rng.normal(size=1400)
            for day in range(1, 1400):
                daily[day] = memory * daily[day - 1] + math.sqrt(1 - memory**2) * daily[day]
            of = ShareSeries(days, 0.01 * daily[days.astype(int)], 1e-4)
            passed += family_test([ask(of, 700, 745, 30)], 5).family_p <= 0.05
        assert 1 <= passed <= 20


@given(difference=st.floats(-1, 1), error=st.floats(1e-6, 1))
def test_the_numbers_of_a_contrast_belong_together(difference: float, error: float) -> None:
    found = Contrast(difference, error)
    low, high = found.interval
    assert high - low == pytest.approx(2 * 1.959964 * error)
    assert found.minimum_detectable == pytest.approx(2.801585 * error)
    assert found.z == pytest.approx(difference / error)
