"""A window and the same window elsewhere: plain-loop oracles, and what may not be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assess.season import harmonics_of, season_rows
from pipeline.assess.slide import Line, Question, Span, ask
from tests.unit import assess_oracle as oracle

if TYPE_CHECKING:
    from numpy.typing import NDArray

OFFSETS = np.arange(-900.0, 901.0, 45.0)


def regular(seed: int = 1, n: int = 300, step: float = 5.0, resolution: float = 1e-3) -> Line:
    """White noise of standard deviation 0.01."""
    rng = np.random.default_rng(seed)
    return Line(np.arange(n, dtype=np.float64) * step, rng.normal(0, 0.01, n), resolution)


def asked(line: Line, start: float = 700, end: float = 745, **changes: object) -> Question:
    """A window of 45 days against all the rest."""
    bare = Question(line, Span(start, end), None, 30, (), 3, 3)
    return replace(bare, **changes)  # type: ignore[arg-type]


def usable(question: Question, offsets: NDArray[np.float64]) -> list[bool]:
    """At which offsets the window can be asked."""
    return [bool(one) for one in np.isfinite(ask(question, offsets).elsewhere.z)]


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Windows, references and breaks on looks at uneven times, dense or sparse."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n, reach = draw(st.sampled_from([(45, 1200.0), (70, 1800.0), (14, 5000.0)]))
    days = np.sort(rng.choice(int(reach * 8), n, replace=False)) / 8
    walk = np.cumsum(rng.normal(0, 0.01, n)) * draw(st.sampled_from([0.0, 0.3]))
    values = walk + rng.normal(0, 0.01, n) + 0.05 * np.cos(days / 58)
    start = draw(st.floats(0, reach))
    window = Span(start, start + draw(st.floats(5, 300)))
    first = start - draw(st.floats(100, 500))
    reference = draw(st.sampled_from([None, Span(first, start - 20)]))
    edges = draw(st.lists(st.floats(0, reach), max_size=3))
    least = draw(st.integers(1, 3))
    guard = draw(st.floats(0, 60))
    line = Line(days, values, draw(st.sampled_from([0.0, 1e-3, 0.5])))
    return Question(line, window, reference, guard, tuple(sorted(edges)), least, least)


@settings(max_examples=60, deadline=None)
@given(question=questions())
def test_differences_errors_and_places_agree_with_plain_loops(question: Question) -> None:
    found = ask(question, OFFSETS)
    phi = found.here.phi
    assert phi == pytest.approx(oracle.memory(question), abs=1e-9)
    days, values = question.line.days.tolist(), question.line.values.tolist()
    expected = [oracle.contrast(question, (days, values), 0.0, phi)]
    expected += [oracle.moved(question, offset, phi) for offset in OFFSETS.tolist()]
    differences = np.concatenate([found.here.differences, found.elsewhere.differences])
    errors = np.concatenate([found.here.errors, found.elsewhere.errors])
    assert np.isfinite(differences).tolist() == [one is not None for one in expected]
    for difference, error, one in zip(differences, errors, expected, strict=True):
        if one is not None:
            assert (difference, error) == pytest.approx(one, rel=1e-6, abs=1e-9)


def test_moved_windows_stay_inside_and_clear_of_the_asked_one() -> None:
    offsets = np.array([-701.0, -700.0, -76.0, -75.0, 0.0, 75.0, 76.0, 750.0, 751.0])
    expected = [False, True, True, False, False, False, True, True, False]
    assert usable(asked(regular()), offsets) == expected


def test_no_moved_window_holds_a_break() -> None:
    offsets = np.array([-400.0, -346.0, -345.0, -301.0, -300.0, -299.0])
    question = asked(regular(), breaks=(400.0,))
    assert usable(question, offsets) == [True, True, False, False, True, True]


def test_a_reference_keeps_its_distance_and_takes_no_break_between() -> None:
    """The reference moves along; the asked window may be the start of something that lasts."""
    question = asked(regular(), reference=Span(400, 650))
    assert usable(question, np.array([-401.0, -400.0, 0.0, 100.0])) == [False, True, False, False]
    assert usable(question, np.array([375.0, 376.0, 377.0, 750.0])) == [False, True, True, True]
    early = asked(regular(), reference=Span(600, 650))
    assert usable(early, np.array([-600.0, -80.0, -74.0])) == [True, True, False]
    assert usable(replace(early, breaks=(300.0,)), np.array([-310.0, -300.0])) == [False, True]


def test_a_window_longer_than_half_of_the_series_has_no_other_place() -> None:
    found = ask(asked(regular(), 300, 1100), OFFSETS)
    assert np.isfinite(found.here.z[0])
    assert not np.isfinite(found.elsewhere.z).any()


@pytest.mark.parametrize(("start", "end"), [(0.0, 40.0), (1455.0, 1495.0), (-50.0, 30.0)])
def test_windows_at_the_ends_are_asked(start: float, end: float) -> None:
    found = ask(asked(regular(), start, end), OFFSETS)
    assert np.isfinite(found.here.z[0])
    assert np.isfinite(found.elsewhere.z).sum() > 15


@pytest.mark.parametrize("n", [0, 1, 5])
def test_too_few_looks_give_nothing_and_no_warning(n: int) -> None:
    found = ask(asked(regular(n=n), 0, 4), OFFSETS)
    assert np.isnan(found.here.z[0])
    assert np.isnan(found.elsewhere.z).all()
    assert found.elsewhere.z.shape == OFFSETS.shape


def test_a_series_all_of_whose_looks_lie_in_the_window_gives_nothing() -> None:
    found = ask(asked(regular(n=20), -10, 200), OFFSETS)
    assert np.isnan(found.here.z[0])
    assert np.isnan(found.elsewhere.z).all()


def test_a_flat_series_has_the_error_of_its_resolution() -> None:
    coarse = ask(asked(Line(np.arange(0.0, 1500.0, 5.0), np.full(300, 0.3), 0.01)), OFFSETS)
    assert coarse.here.differences[0] == pytest.approx(0, abs=1e-12)
    assert coarse.here.errors[0] == pytest.approx(0.005 * np.sqrt(1 / 10 + 1 / 278), rel=1e-9)
    unknown = ask(asked(Line(np.arange(0.0, 1500.0, 5.0), np.full(300, 0.3), 0.0)), OFFSETS)
    assert unknown.here.errors[0] > 0


def test_what_stands_in_the_window_does_not_enter_what_it_is_held_against() -> None:
    line = regular()
    inside = (line.days >= 690) & (line.days <= 760)
    loud = Line(line.days, line.values + 5.0 * inside, line.resolution)
    quiet, found = ask(asked(line), OFFSETS), ask(asked(loud), OFFSETS)
    assert found.elsewhere.z == pytest.approx(quiet.elsewhere.z, abs=1e-9, nan_ok=True)
    assert found.here.errors == pytest.approx(quiet.here.errors, rel=1e-9)
    assert found.here.differences[0] - quiet.here.differences[0] == pytest.approx(5, abs=1e-9)


def test_a_step_at_a_known_break_or_at_the_window_does_not_pass_for_noise() -> None:
    line = regular()
    for day, question in ((300.0, asked(line, breaks=(300.0,))), (720.0, asked(line))):
        stepped = Line(line.days, line.values + 3.0 * (line.days >= day), line.resolution)
        moved = replace(question, line=stepped, reference=Span(320, 660))
        bare = replace(moved, line=line)
        assert ask(moved, OFFSETS).here.phi == ask(bare, OFFSETS).here.phi
        assert ask(moved, OFFSETS).here.errors == pytest.approx(ask(bare, OFFSETS).here.errors)


def test_a_season_that_comes_every_year_is_no_difference() -> None:
    line = regular()
    season = season_rows(line.days) @ np.array([1.0, -0.5, 0.7, 0.2])
    moved = Line(line.days, line.values + season, line.resolution)
    plain, found = ask(asked(line), OFFSETS), ask(asked(moved), OFFSETS)
    assert found.here.differences == pytest.approx(plain.here.differences, abs=1e-6)
    assert found.elsewhere.z == pytest.approx(plain.elsewhere.z, abs=1e-3, nan_ok=True)


def test_yearly_values_have_no_season() -> None:
    """Leap years move the first of July by a day: that is no season to be fitted."""
    days = np.array([365.0 * year + (year + 3) // 4 + 181 for year in range(20)])
    assert harmonics_of(days) == 0
    assert season_rows(days, 0).shape == (20, 0)
    assert harmonics_of(np.arange(0, 3000, 30.0)) == 2
    assert harmonics_of(np.array([])) == 0
    values = np.random.default_rng(5).normal(size=20)
    question = Question(Line(days, values, 0.01), Span(3600, 3950), None, 30, (), 1, 1)
    found = ask(question, np.arange(-7300.0, 7301.0, 365.0))
    inside = (days >= 3600) & (days <= 3950)
    assert found.here.differences[0] == pytest.approx(
        values[inside].mean() - values[~inside].mean()
    )
    assert np.isfinite(found.elsewhere.z).sum() >= 15


def test_a_gap_of_years_is_no_memory_and_no_error() -> None:
    line = regular()
    far = Line(np.where(line.days > 900, line.days + 20_000, line.days), line.values, 1e-3)
    found, plain = ask(asked(far), OFFSETS), ask(asked(line), OFFSETS)
    assert found.here.errors == pytest.approx(plain.here.errors, rel=0.1)


def test_units_and_the_origin_of_days_do_not_matter() -> None:
    line = regular(7)
    scaled = Line(line.days, 40 * line.values + 7, 40 * line.resolution)
    plain, found = ask(asked(line), OFFSETS), ask(asked(scaled), OFFSETS)
    assert found.elsewhere.z == pytest.approx(plain.elsewhere.z, abs=1e-7, nan_ok=True)
    year = 4 * 365.2425
    later = Line(line.days + year, line.values, line.resolution)
    moved = ask(asked(later, 700 + year, 745 + year), OFFSETS)
    assert moved.here.z == pytest.approx(plain.here.z, abs=1e-6)
