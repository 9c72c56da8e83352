"""The second model of the noise: planted sizes, levels beside the window, and fits that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from pipeline.assess.slide import Line, Question, Span
from pipeline.assess.state_space import MAX_STEPS, state_space_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = Span(700, 760)


def line(size: float = 0.0, seed: int = 3, step: float = 5.0, n: int = 300) -> Line:
    """White noise of 0.1 about a season, with a size in the window and half of the looks gone."""
    rng = np.random.default_rng(seed)
    days = np.arange(n, dtype=np.float64) * step
    values = rng.normal(0, 0.1, n) + 0.5 * np.cos(2 * np.pi * days / 365.2425)
    values += size * ((days >= WINDOW.start) & (days <= WINDOW.end))
    kept = rng.random(n) < 0.5
    return Line(days[kept], values[kept], 1e-3)


def asked(of: Line, reference: Span | None = None, breaks: tuple[float, ...] = ()) -> Question:
    """The window, with a guard of 30 days."""
    return Question(of, WINDOW, reference, 30, breaks, 3, 3)


def stepped(of: Line, day: float, size: float) -> Line:
    """The same with a lasting step."""
    values: NDArray[np.float64] = of.values + size * (of.days >= day)
    return Line(of.days, values, of.resolution)


@pytest.mark.parametrize("size", [-1.0, 0.0, 1.0])
def test_a_planted_size_lies_in_a_narrow_interval(size: float) -> None:
    low, high = state_space_interval(asked(line(size)))
    assert low < size < high
    assert high - low < 0.4


def test_a_step_at_a_known_break_is_no_part_of_the_window() -> None:
    low, high = state_space_interval(asked(stepped(line(1.0), 400, 5.0), breaks=(400.0,)))
    assert low < 1 < high
    assert high - low < 0.4


@pytest.mark.parametrize("reference", [Span(300, 660), Span(800, 1200)])
def test_a_window_is_held_against_its_reference_on_whichever_side(reference: Span) -> None:
    """What lasts after the window is no part of a reference before it, and the other way round."""
    of = stepped(line(1.0), 765, 3.0)
    low, high = state_space_interval(asked(of, reference))
    expected = 1.0 if reference.end < WINDOW.start else -2.0
    assert low < expected < high
    assert high - low < 0.4


def test_units_do_not_matter_to_the_fit() -> None:
    of = line(1.0)
    plain = state_space_interval(asked(of))
    found = state_space_interval(asked(Line(of.days, 1e-4 * of.values, 1e-7)))
    assert np.array(found) * 1e4 == pytest.approx(np.array(plain), rel=1e-3)


def test_a_long_line_is_averaged_into_wider_steps() -> None:
    of = line(1.0, step=0.5, n=3 * MAX_STEPS)
    low, high = state_space_interval(asked(of))
    assert low < 1 < high


@pytest.mark.parametrize("error", [np.linalg.LinAlgError, ValueError])
def test_a_fit_that_fails_has_no_end(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error("no end")

    monkeypatch.setattr(SARIMAX, "fit", fail)
    assert state_space_interval(asked(line())) == (-np.inf, np.inf)


def test_a_fit_that_does_not_arrive_has_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    arrive = SARIMAX.fit

    def give_up(model: SARIMAX, **asked: object) -> object:
        return arrive(model, maxiter=1, **asked)

    monkeypatch.setattr(SARIMAX, "fit", give_up)
    rough = line()
    walk = np.cumsum(np.random.default_rng(1).normal(size=len(rough.days)))
    of = Line(rough.days, rough.values + walk, rough.resolution)
    assert state_space_interval(asked(of)) == (-np.inf, np.inf)


def test_a_flat_line_does_not_stop_the_weighing() -> None:
    of = line()
    low, high = state_space_interval(asked(Line(of.days, np.zeros(len(of.days)), 1e-3)))
    assert low <= 0 <= high
