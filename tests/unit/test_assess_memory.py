"""Resemblance of looks: sums of pairs against plain loops, and the memory that is found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assess.memory import FADING, MEMORY_DAYS, links, resemblance
from pipeline.assess.strength import power_of
from tests.unit.assess_oracle import pair_sum

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAYS = st.lists(st.integers(0, 40_000), min_size=2, max_size=40, unique=True).map(
    lambda days: np.sort(np.array(days, dtype=np.float64)) / 13
)
PHI = st.sampled_from([0.0, 0.3, 0.9, 0.999, float(FADING[-1])])


@st.composite
def runs(draw: st.DrawFn) -> tuple[NDArray[np.float64], float, list[int]]:
    """Days, a memory, and four indices in order."""
    days = draw(DAYS)
    places = st.lists(st.integers(0, len(days)), min_size=4, max_size=4)
    return days, draw(PHI), sorted(draw(places))


@settings(max_examples=80)
@given(drawn=runs())
def test_sums_of_pairs_agree_with_plain_loops(
    drawn: tuple[NDArray[np.float64], float, list[int]],
) -> None:
    days, phi, (i, j, k, m) = drawn
    alike, listed = resemblance(days, phi), days.tolist()
    within = alike.within(np.array([i, k]), np.array([j, m]))
    between = alike.between(*(np.array([place]) for place in (i, j, k, m)))
    assert within[0] == pytest.approx(pair_sum(listed, phi, range(i, j), range(i, j)), abs=1e-9)
    assert within[1] == pytest.approx(pair_sum(listed, phi, range(k, m), range(k, m)), abs=1e-9)
    assert between[0] == pytest.approx(pair_sum(listed, phi, range(i, j), range(k, m)), abs=1e-9)


@settings(max_examples=80)
@given(drawn=runs())
def test_looks_cut_out_are_as_if_they_had_never_been(
    drawn: tuple[NDArray[np.float64], float, list[int]],
) -> None:
    days, phi, (first, end, *_) = drawn
    if end - first >= len(days):
        end = first
    cut = resemblance(days, phi).without(first, end)
    anew = resemblance(np.concatenate([days[:first], days[end:]]), phi)
    for name in ("days", "before", "onward", "running"):
        assert getattr(cut, name) == pytest.approx(getattr(anew, name), abs=1e-9)


def ar(rng: np.random.Generator, days: NDArray[np.float64], phi: float) -> NDArray[np.float64]:
    """An AR(1) process at given days."""
    values = rng.normal(size=len(days))
    for look in range(1, len(days)):
        alike = phi ** (days[look] - days[look - 1])
        values[look] = alike * values[look - 1] + math.sqrt(1 - alike**2) * values[look]
    return values


def found(days: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """The memory of a series in one piece."""
    return links(days).memory_a_day(values, np.arange(len(days)) > 0)


@pytest.mark.parametrize("phi", [0.0, 0.8, 0.95, 0.98])
def test_a_planted_memory_is_found_at_uneven_times(phi: float) -> None:
    rng = np.random.default_rng(1)
    days = np.cumsum(rng.integers(1, 12, 800)).astype(float)
    assert found(days, ar(rng, days, phi)) == pytest.approx(phi, abs=0.1 if phi < 0.9 else 0.02)


def test_a_pair_of_one_hour_does_not_hide_the_memory() -> None:
    """Two satellites an hour apart differ by what measuring costs."""
    rng = np.random.default_rng(2)
    days = np.cumsum(rng.integers(3, 9, 300)).astype(float)
    values = ar(rng, days, 0.95)
    twice = np.sort(np.append(days, days[150] + 1 / 24))
    doubled = np.insert(values, 151, values[150] + 0.8)
    assert found(days, values) > 0.9
    assert found(twice, doubled) > 0.9


def test_a_break_between_two_looks_is_no_link() -> None:
    days = np.arange(0, 1000, 5.0)
    rng = np.random.default_rng(3)
    values = rng.normal(size=200) + np.where(days < 500, -5.0, 5.0)
    values[days < 500] -= values[days < 500].mean()
    values[days >= 500] -= values[days >= 500].mean()
    values[100] += 40.0
    values[99] += 40.0
    linked = np.arange(200) > 0
    apart = linked & (np.arange(200) != 100)
    assert links(days).memory_a_day(values, linked) > links(days).memory_a_day(values, apart)


def test_looks_that_do_not_count_are_left_out() -> None:
    rng = np.random.default_rng(4)
    days = np.arange(0, 1500, 5.0)
    values = ar(rng, days, 0.9)
    kept = values.copy()
    kept[100:120] = np.nan
    linked = (np.arange(300) > 0) & np.isfinite(kept) & (np.arange(300) != 120)
    there = np.isfinite(kept)
    shorter = np.concatenate([np.arange(100) > 0, np.arange(180) > 0])
    gone = links(days[there]).memory_a_day(kept[there], shorter)
    assert links(days).memory_a_day(kept, linked) == gone == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [math.nan, 1.0, math.nan]])
def test_without_anything_to_judge_there_is_no_memory(values: list[float]) -> None:
    linked = np.array([False, False, values[0] == 0])
    assert links(np.array([0.0, 5.0, 9.0])).memory_a_day(np.array(values), linked) == 0.0


def test_one_look_has_no_memory() -> None:
    assert links(np.array([3.0])).memory_a_day(np.array([1.0]), np.array([False])) == 0.0


def test_memories_that_are_tried_begin_with_none_and_stay_below_one() -> None:
    assert FADING[0] == 0.0
    assert (np.diff(FADING) > 0).all()
    assert FADING[-1] < 1
    assert MEMORY_DAYS[1] == 0.5


@pytest.mark.parametrize(("phi", "most"), [(0.0, 0.0), (0.8, 0.0), (0.95, 0.035), (0.98, 0.02)])
def test_one_look_less_raises_power_by_little_and_only_where_looks_come_in_clumps(
    phi: float, most: float
) -> None:
    """A mean weighs its looks alike: where memory is long it may do without one of a clump."""
    alike = phi ** np.abs(np.subtract.outer(np.arange(0, 45, 5), np.arange(0, 45, 5)))
    worst = 0.0
    for chosen in range(1, 2**9):
        looks = [n for n in range(9) if chosen >> n & 1]
        if len(looks) > 3:
            before = math.sqrt(alike[np.ix_(looks, looks)].mean())
            for gone in looks:
                left = [n for n in looks if n != gone]
                after = math.sqrt(alike[np.ix_(left, left)].mean())
                worst = max(worst, *(power_of(size, after) - power_of(size, before)
                                     for size in (before, 2 * before, 3 * before)))  # fmt: skip
    assert worst <= most + 1e-12
