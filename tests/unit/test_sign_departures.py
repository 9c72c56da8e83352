"""What departs in finished series, against plain loops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.model.activity import SignReading
from pipeline.model.sign import Missing, Sign, SignBaseline, SignSeries
from pipeline.signs import onset_of
from pipeline.signs.departures import (
    RUN_ALPHA,
    lasting_departures,
    read_series,
    single_limits,
)
from tests.unit.signs_factory import START

BEYOND = float(stats.norm.ppf(1 - 0.01 / 2))


def scored(
    scores: list[float | None], *, place: str = "z0", dof: float = 1000, sign: Sign | None = None
) -> SignSeries:
    """A series of such scores, a look a day; None is a look without a number."""
    n = len(scores)
    values = np.array([np.nan if one is None else 0.1 * one for one in scores])
    base = SignBaseline(
        np.zeros(n), np.full(n, 0.1), 0.1, dof, 20, is_pooled=False,
        smallest_changes=np.full(n, 0.3),
    )  # fmt: skip
    return SignSeries(
        sign=sign or Sign.ROOF_CHANGE,
        place=place,
        unit="share",
        instants=tuple(START + timedelta(days=k) for k in range(n)),
        values=values,
        controls=np.zeros(n),
        missing=tuple(Missing.UNSEEN if one is None else None for one in scores),
        resolution=0.01,
        effective_pixels=10,
        baseline=base,
    )


def day(number: int) -> object:
    return START + timedelta(days=number)


def test_a_run_after_the_baseline_lasts_and_has_its_bracket_and_end() -> None:
    one = scored([0, 0, 0, 5, None, 5, 6, 0, 0])
    (run,), held = lasting_departures(one, START + timedelta(days=2))
    assert (run.onset.last_without, run.onset.first_with) == (day(2), day(3))
    assert run.end is not None
    assert (run.end.last_without, run.end.first_with) == (day(6), day(7))
    assert (run.direction, run.n_looks) == (1, 3)
    assert run.size == pytest.approx(0.5)
    assert np.flatnonzero(held).tolist() == [3, 5, 6]


def test_a_run_that_stands_has_no_end_and_one_at_the_start_no_look_without() -> None:
    one = scored([-5, -5, -5])
    (run,), _ = lasting_departures(one, START)
    assert run.onset.last_without is None
    assert run.end is None
    assert run.direction == -1


def test_both_sides_do_not_make_one_run() -> None:
    runs, held = lasting_departures(scored([5, 5, -5, -5, 5]), START)
    assert not runs
    assert not held.any()
    runs, _ = lasting_departures(scored([5, 5, 5, -5, -5, -5]), START)
    assert [one.direction for one in runs] == [1, -1]


def test_a_run_of_the_baseline_is_not_told_and_one_across_its_end_keeps_its_onset() -> None:
    runs, _ = lasting_departures(scored([5, 5, 5, 0, 0, 0]), START + timedelta(days=3))
    assert not runs
    (run,), _ = lasting_departures(scored([0, 5, 5, 5, 5, 5]), START + timedelta(days=3))
    assert run.onset.first_with == day(1)
    runs, _ = lasting_departures(scored([0, 5, 5, 5, 5]), START + timedelta(days=3))
    assert not runs


@given(
    scores=st.lists(
        st.one_of(st.none(), st.sampled_from([-6.0, -1.0, 0.0, 1.0, 6.0])), max_size=40
    ),
    end=st.integers(0, 40),
)
def test_runs_are_those_of_a_plain_loop(scores: list[float | None], end: int) -> None:
    expected: list[tuple[list[int], int]] = []
    run: list[int] = []
    side = 0
    for number, score in [*enumerate(scores), (len(scores), 0.0)]:
        if score is None:
            continue
        here = 0 if abs(score) <= BEYOND else int(np.sign(score))
        if here != side or not here:
            if side and sum(k >= end for k in run) >= 3:
                expected.append((run, side))
            run = []
        side = here
        if here:
            run = [*run, number]
    found, held = lasting_departures(scored(scores), START + timedelta(days=end))
    assert [(one.n_looks, one.direction) for one in found] == [
        (len(looks), side) for looks, side in expected
    ]
    assert np.flatnonzero(held).tolist() == [k for looks, _ in expected for k in looks]
    for one, (looks, _) in zip(found, expected, strict=True):
        assert one.onset.first_with == day(looks[0])


@given(scores=st.lists(st.sampled_from([-6.0, 0.0, 6.0]), min_size=3, max_size=30))
def test_the_first_run_is_the_onset_that_the_signs_tell(scores: list[float]) -> None:
    one = scored(list(scores))
    found, _ = lasting_departures(one, START)
    for side in (1, -1):
        first = next((run.onset for run in found if run.direction == side), None)
        assert first == onset_of(one, side)


def test_one_look_stands_out_beyond_its_share_of_the_family() -> None:
    one = scored([0, 0, 0, 0])
    for family in (1, 7, 400):
        expected = 0.1 * stats.norm.ppf(1 - RUN_ALPHA / (2 * family))
        assert single_limits(one, family)[0] == pytest.approx(expected, rel=0.01)


def test_few_degrees_of_freedom_put_the_limit_farther_out() -> None:
    limits = [single_limits(scored([0.0], dof=dof), 100)[0] for dof in (1, 3, 10, 1000)]
    assert limits == sorted(limits, reverse=True)
    # Errors are widened for 5 % already: the limit is Student's own, in units of the spread.
    wide = stats.t.ppf(1 - RUN_ALPHA / 200, 3) * stats.norm.ppf(0.975) / stats.t.ppf(0.975, 3)
    assert limits[1] == pytest.approx(0.1 * wide)


def test_the_family_is_all_looks_of_a_sign_after_the_baseline() -> None:
    series = [scored([0, 0, 3.2, 0], place=f"z{k}") for k in range(30)]
    since = START + timedelta(days=2)
    (alone,) = read_series(series[:1], since)
    assert np.flatnonzero(alone.single).tolist() == [2]
    many = read_series(series, since)
    assert not any(one.single.any() for one in many)
    other = scored([0, 0, 3.2, 0], sign=Sign.PLOT_CLEARING)
    assert read_series([*series, other], since)[-1].single.any()


def test_a_look_of_the_baseline_or_of_a_lasting_run_does_not_stand_out_alone() -> None:
    (one,) = read_series([scored([9, 0, 9, 9, 9, 0, 9])], START + timedelta(days=1))
    assert np.flatnonzero(one.single).tolist() == [6]
    assert np.flatnonzero(one.in_lasting).tolist() == [2, 3, 4]
    assert one.departs
    assert one.n_looks == 6


def test_normal_scores_stand_out_as_rarely_as_stated() -> None:
    draw = np.random.default_rng(5)
    runs = 400
    called = 0
    for _ in range(runs):
        series = [scored(draw.standard_normal(20).tolist(), place=f"z{k}") for k in range(8)]
        called += any(one.single.any() for one in read_series(series, START))
    low, high = stats.binom.ppf([0.001, 0.999], runs, RUN_ALPHA)
    assert low <= called <= high


def test_a_sign_that_is_not_observable_departs_nowhere_and_says_why() -> None:
    blind = replace(scored([5.0, 5.0, 5.0]), baseline=None, not_observable="it has no roof")
    (one,) = read_series([blind], START)
    assert not one.departs
    assert not one.is_observable
    assert one.why_silent == "it has no roof"
    assert np.isnan(one.limits).all()


def test_a_sign_without_a_look_after_the_baseline_says_so() -> None:
    (one,) = read_series([scored([0, 0, None])], START + timedelta(days=2))
    assert not one.is_observable
    assert one.why_silent == "no look after the baseline gives a number"


def test_no_series_gives_no_reading() -> None:
    assert read_series([], START) == ()


def test_a_reading_of_another_length_is_refused() -> None:
    (one,) = read_series([scored([0.0, 0.0])], START)
    with pytest.raises(ValueError, match="every look"):
        SignReading(one.series, one.monitored[:1], (), one.in_lasting, one.single, one.limits)
    with pytest.raises(ValueError, match="read-only"):
        one.limits[0] = 1
