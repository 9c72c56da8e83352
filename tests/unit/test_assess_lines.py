"""Signals as lines: which looks count, and how well a window of them was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.assess.lines import Drawn, drawn
from pipeline.assess.plan import day_of
from pipeline.assess.slide import Question, Span
from pipeline.model.signal import Evidence, Signal
from tests.unit.assess_factory import INSTANTS, N_LOOKS, OPTIONS, evidence


def signal(**changes: object) -> Signal:
    """The yard, changed."""
    return replace(evidence().signals[0], **changes)  # type: ignore[arg-type]


def draw(one: Signal) -> Drawn:
    """One signal as a line."""
    (line,) = drawn(Evidence((one,)))
    return line


def test_a_look_counts_with_a_number_controls_and_something_behind_it() -> None:
    values, levels = np.ones(N_LOOKS), np.full(N_LOOKS, 0.25)
    behind = np.ones(N_LOOKS, dtype=np.int64)
    values[3], levels[5], behind[7] = np.nan, np.nan, 0
    line = draw(signal(values=values, levels=levels, n_behind=behind))
    kept = [n for n in range(N_LOOKS) if n not in {3, 5, 7}]
    assert line.line.days.tolist() == [day_of(INSTANTS[n]) for n in kept]
    assert (line.line.values == 0.75).all()
    assert len(line.listed_days) == N_LOOKS
    assert line.line.resolution == 1e-4


def test_listed_acquisitions_are_sorted_whatever_their_order() -> None:
    line = draw(signal(listed=tuple(reversed(INSTANTS))))
    assert (np.diff(line.listed_days) > 0).all()


@pytest.mark.parametrize(("behind", "composite"), [(1, False), (2, True), (9, True)])
def test_a_value_of_several_looks_is_a_composite(behind: int, *, composite: bool) -> None:
    line = draw(signal(n_behind=np.full(N_LOOKS, behind)))
    assert line.is_composite is composite
    assert draw(signal(n_behind=np.zeros(N_LOOKS, dtype=np.int64))).is_composite is False


def test_coverage_counts_what_lies_in_the_window_around_it_and_in_the_reference() -> None:
    values = np.ones(N_LOOKS)
    values[101] = np.nan
    line = draw(signal(values=values, n_behind=np.full(N_LOOKS, 2)))
    day = [day_of(instant) for instant in INSTANTS]
    bare = Question(line.line, Span(day[100], day[103]), None, 10.0, (), 3, 3)
    found = line.coverage(bare, OPTIONS)
    assert (found.n_scenes, found.n_clear, found.n_needed) == (4, 6, OPTIONS.min_window_looks)
    assert found.n_baseline == found.n_reference == 2 * (N_LOOKS - 8)
    told = replace(bare, reference=Span(day[90], day[99]))
    assert line.coverage(told, OPTIONS).n_reference == 2 * 8
    assert line.coverage(told, OPTIONS).n_baseline == found.n_baseline
