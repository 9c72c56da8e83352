"""The numbers behind a claim: nulls, scaled errors, families, shared moves, and their corners."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assess.bench import bench_of
from pipeline.assess.lines import drawn
from pipeline.assess.null import critical, p_value
from pipeline.assess.plan import plans_of
from pipeline.assess.slide import Span
from pipeline.assess.strength import Z_95, likelihood_ratios, power_of
from pipeline.assess.weigh import LEAST_SCALE, LEAST_SHIFTS, second_opinion, weigh
from pipeline.model.change import Bracket, Status
from pipeline.model.claim import Alternative, Direction, Observable
from pipeline.model.signal import Evidence, StandingChange
from tests.unit.assess_factory import (
    BUMP,
    CLAIM,
    CLAIM_DAY,
    CONTROLS,
    HAPPENED,
    INSTANTS,
    N_LOOKS,
    OPTIONS,
    SITE,
    clouded,
    during,
    evidence,
    predicting,
    said,
    seeds_of,
    signals_of,
    values_of,
)

if TYPE_CHECKING:
    from pipeline.assess.bench import Bench
    from pipeline.assess.weigh import Weighed
    from pipeline.model.assessment import Effect
    from pipeline.model.claim import Claim
    from pipeline.model.signal import Signal

EARLY = 40
"""Looks of a short line: some 200 days."""


def bench_for(of: Evidence) -> Bench:
    """A bench over all lines."""
    return bench_of(drawn(of), of.changes, OPTIONS)


def asked(claim: Claim = CLAIM, of: Evidence | None = None) -> Weighed:
    """What the lines say of a claim."""
    (plan,) = plans_of(seeds_of(claim), SITE, OPTIONS)
    return weigh(plan, bench_for(of or evidence()))


def effect_of(found: Weighed) -> Effect:
    """The effect of the first test."""
    effect = found.tests[0].effect
    assert effect is not None
    return effect


def at(claim: Claim, zone: str) -> Claim:
    """The same claim of another zone."""
    return replace(claim, zone_ids=(zone,))


def short(of: Evidence, first: int, last: int, *places: str) -> Evidence:
    """The same with fewer looks, at some places or all."""

    def cut(one: Signal) -> Signal:
        if places and one.place not in places:
            return one
        part = slice(first, last)
        return replace(
            one, instants=one.instants[part], values=one.values[part].copy(),
            levels=one.levels[part].copy(), listed=one.listed[part],
            n_behind=one.n_behind[part].copy(),
        )  # fmt: skip

    return replace(of, signals=tuple(cut(one) for one in of.signals))


def test_all_numbers_of_an_effect_belong_together() -> None:
    claim = replace(CLAIM, alternatives=(Alternative("grain", "rows", expected=0.03),))
    bench = bench_for(evidence())
    (plan,) = plans_of(seeds_of(claim), SITE, OPTIONS)
    effect = effect_of(weigh(plan, bench))
    yard = next(n for n, one in enumerate(bench.lines) if one.signal.place == "yard")
    (answer,) = [found for key, found in bench.answers.items() if key.line == yard]
    others = answer.elsewhere.z[np.isfinite(answer.elsewhere.z)]
    scale = critical(others, 0.05) / Z_95
    assert effect.n_shifts == len(others) > 200
    assert effect.difference == answer.here.differences[0]
    assert effect.error == pytest.approx(answer.here.errors[0] * scale)
    assert effect.p_value == p_value(float(answer.here.z[0]), others) == 1 / (1 + len(others))
    low, high = effect.interval
    assert (low + high) / 2 == pytest.approx(effect.difference)
    assert high - low == pytest.approx(2 * Z_95 * effect.error)
    assert effect.smallest_seen == pytest.approx(2.801585 * effect.error)
    assert effect.memory_days == pytest.approx(
        -1 / math.log(answer.here.phi) if answer.here.phi else 0
    )
    assert effect.power == power_of(BUMP, effect.error)
    nothing = likelihood_ratios(effect.difference, effect.error, BUMP)
    rival = likelihood_ratios(effect.difference, effect.error, BUMP, other=0.03)
    assert effect.against_nothing == nothing
    assert effect.against == (("grain", rival),)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 500), size=st.floats(-0.05, 0.05))
def test_the_interval_leaves_out_nothing_exactly_where_p_is_small(seed: int, size: float) -> None:
    """The interval is the shift test turned round."""
    effect = effect_of(asked(CLAIM, evidence(size, seed=seed)))
    low, high = effect.interval
    assert (low > 0 or high < 0) == (effect.p_value <= 0.05)
    assert effect.p_value >= 1 / (1 + effect.n_shifts)


def test_the_size_is_stated_or_follows_from_an_area() -> None:
    of_area = predicting(expected=None, min_area_m2=500.0)
    assert effect_of(asked(of_area)).expected == pytest.approx(0.05)
    down = predicting(expected=None, min_area_m2=500.0, direction=Direction.DECREASE)
    assert effect_of(asked(down)).expected == pytest.approx(-0.05)
    all_of_it = predicting(expected=None, min_area_m2=1e9)
    assert effect_of(asked(all_of_it)).expected == 1.0
    assert effect_of(asked(predicting(expected=0.3, min_area_m2=500.0))).expected == 0.3
    nothing = effect_of(asked(predicting(expected=None)))
    assert (nothing.expected, nothing.power, nothing.against_nothing) == (None, None, None)


def test_an_open_sign_has_its_likelihood_on_both_sides() -> None:
    for direction in (Direction.CHANGE, Direction.NO_CHANGE):
        up = effect_of(asked(predicting(direction=direction)))
        assert up.against_nothing == likelihood_ratios(
            up.difference, up.error, BUMP, is_signed=False
        )
    fallen = effect_of(asked(predicting(direction=Direction.CHANGE), evidence(-BUMP)))
    assert fallen.against_nothing is not None
    assert fallen.against_nothing.low > 10


def test_a_line_that_never_moves_has_the_error_of_its_resolution_not_none() -> None:
    still = dict.fromkeys(values_of(1), np.full(N_LOOKS, 0.25))
    found = asked(CLAIM, Evidence(signals_of(still)))
    effect = effect_of(found)
    plain = 0.5e-4 * math.sqrt(1 / found.tests[0].coverage.n_clear)
    assert effect.difference == pytest.approx(0, abs=1e-12)
    assert effect.error >= LEAST_SCALE * plain
    assert effect.power == pytest.approx(1.0)
    assert effect.p_value == 1.0


def test_a_line_with_few_windows_of_its_own_is_held_against_its_controls_too() -> None:
    day = (INSTANTS[100]).date()
    of = short(evidence(), 80, 80 + EARLY, "yard")
    claim = replace(CLAIM, times=(said(day),))
    few, many = effect_of(asked(claim, of)), effect_of(asked(claim))
    own = asked(claim, short(of, 0, 0, *CONTROLS))
    assert own.tests[0].gap.startswith("of 19 other windows needed")
    assert few.n_shifts > 3 * many.n_shifts / 2
    assert asked(claim, of).family_p is not None


def test_with_too_few_windows_nothing_is_judged() -> None:
    """Below nineteen no p-value reaches one in twenty, and no interval has an end."""
    of = short(evidence(), 120, 220)
    alone = replace(of, signals=tuple(one for one in of.signals if one.place == "yard"))
    middle = INSTANTS[170].date()
    found = asked(replace(CLAIM, times=(said(middle),)), alone)
    assert found.tests[0].effect is not None
    long = predicting(replace(CLAIM, times=(said(middle),)), window_days=(-60, 60))
    (test,) = asked(long, alone).tests
    assert test.effect is None
    n_shifts = int(test.gap.split()[-1])
    assert n_shifts < LEAST_SHIFTS
    assert test.gap == f"of 19 other windows needed to hold it against there are {n_shifts}"
    assert asked(long, alone).family_p is None


def test_too_few_looks_to_compare_with_are_said() -> None:
    claim = predicting(reference_days=(-400, -31))
    hidden = during(datetime(2019, 6, 1, tzinfo=UTC), datetime(2020, 9, 24, tzinfo=UTC))
    (test,) = asked(claim, clouded(evidence(), hidden)).tests
    assert test.gap == "of 3 clear looks needed to compare it with there are 0"
    (seen,) = asked(claim).tests
    assert seen.coverage.n_reference == pytest.approx(360 / 5, abs=1)
    assert seen.effect is not None
    assert seen.effect.difference == pytest.approx(BUMP, abs=0.02)


def test_few_looks_outside_are_said() -> None:
    first = next(n for n, one in enumerate(INSTANTS) if one.date() >= date(2020, 10, 10))
    (test,) = asked(CLAIM, short(evidence(), first - 5, first + 8)).tests
    assert test.gap.startswith("of 20 clear looks needed outside the window")


def test_what_a_sensor_cannot_see_at_all_is_said_as_it_is() -> None:
    of = evidence()
    blind = tuple(replace(one, not_observable="too small for it") for one in of.signals)
    assert asked(CLAIM, replace(of, signals=blind)).tests[0].gap == "too small for it"


def test_a_family_counts_what_moved_as_predicted() -> None:
    rise, fall = asked(CLAIM), asked(predicting(direction=Direction.DECREASE))
    either = asked(predicting(direction=Direction.CHANGE))
    assert rise.family_p == either.family_p == 1 / (1 + effect_of(rise).n_shifts)
    assert fall.family_p is not None
    assert fall.family_p > 0.9
    assert effect_of(fall).p_value == effect_of(rise).p_value


def test_the_strongest_of_a_family_is_the_one_that_moved_as_predicted() -> None:
    values = values_of(4)
    values["quiet"] = values["quiet"] - 3 * BUMP * during(*HAPPENED)
    found = asked(replace(CLAIM, zone_ids=("quiet", "yard")), Evidence(signals_of(values)))
    assert found.strongest is not None
    assert found.tests[found.strongest].zone_id == "yard"
    assert found.family_p is not None
    assert found.family_p < 0.02


def test_more_zones_make_no_claim_stronger() -> None:
    weak = evidence(0.03)
    alone = asked(CLAIM, weak).family_p
    more = asked(replace(CLAIM, zone_ids=("yard", "quiet", "lost")), weak)
    assert alone is not None
    assert more.family_p is not None
    assert more.family_p >= alone
    assert len(more.tests) == 4


def test_a_claim_of_nothing_has_no_family() -> None:
    found = asked(predicting(direction=Direction.NO_CHANGE))
    assert (found.family_p, found.strongest) == (None, None)


@pytest.mark.parametrize(
    ("moves", "shared"),
    [(0.0, False), (0.2, False), (1.0, True), (2.0, True), (-2.0, True), (-0.2, False)],
)
def test_what_a_control_does_too_is_shared(moves: float, *, shared: bool) -> None:
    """A control that falls makes all places rise beside it, and the other controls say so."""
    values = values_of(4)
    values[CONTROLS[0]] = values[CONTROLS[0]] + moves * BUMP * during(*HAPPENED)
    found = asked(CLAIM, Evidence(signals_of(values)))
    assert found.is_shared == (shared,)


def test_a_control_that_only_scatters_shares_nothing() -> None:
    """It lies as far off as one look of its own does on any day."""
    values, inside = values_of(4), during(*HAPPENED)
    rough = np.where(inside, 0.05, np.random.default_rng(1).normal(0, 0.1, N_LOOKS))
    values[CONTROLS[0]] = values[CONTROLS[0]] + rough
    assert asked(CLAIM, Evidence(signals_of(values))).is_shared == (False,)


def test_confirmed_objects_in_the_window_are_named() -> None:
    def change(name: str, first: date, last: date | None, **other: object) -> StandingChange:
        def moment(day: date) -> datetime:
            return datetime(day.year, day.month, day.day, tzinfo=UTC)

        onset = Bracket(moment(first) - timedelta(days=5), moment(first))
        back = None if last is None else Bracket(moment(last), moment(last) + timedelta(days=5))
        one = StandingChange(name, "yard", onset, back, Status.CONFIRMED, 100.0, "sentinel-2")
        return replace(one, **other)  # type: ignore[arg-type]

    changes = (
        change("in", date(2020, 10, 20), None),
        change("over", date(2019, 1, 1), date(2020, 10, 20)),
        change("before", date(2019, 1, 1), date(2020, 9, 1)),
        change("after", date(2020, 12, 1), None),
        change("elsewhere", date(2020, 10, 20), None, zone_id="quiet"),
        change("radar", date(2020, 10, 20), None, sensor="sentinel-1"),
        change("candidate", date(2020, 10, 20), None, status=Status.PROVISIONAL),
    )
    found = asked(CLAIM, replace(evidence(), changes=changes))
    assert found.tests[0].detection_ids == ("in", "over")


def test_a_claim_asks_only_lines_that_measure_what_it_predicts_where_it_says() -> None:
    other = tuple(replace(one, observable=Observable.VEGETATION) for one in evidence().signals)
    radar = signals_of(values_of(3), "sentinel-1")
    found = asked(CLAIM, Evidence((*other, *radar, *evidence().signals)))
    (test,) = found.tests
    expected = ("yard", "sentinel-2", Observable.SURFACE_CHANGE)
    assert (test.zone_id, test.sensor, test.observable) == expected
    assert (test.is_primary, test.unit) == (True, "share of pixels")


def test_breaks_of_known_changes_are_kept_out_but_not_of_their_own_claim() -> None:
    """A lasting step at a known change would else pass for the noise of all other claims."""
    known = replace(CLAIM, id="T-00", times=(said(date(2019, 6, 1)),), is_positive_control=True)
    values = values_of(4)
    late = during(datetime(2019, 5, 31, 15, tzinfo=UTC), INSTANTS[-1])
    values["yard"] = values["yard"] + 0.3 * late
    of = Evidence(signals_of(values))
    _, plan = plans_of(seeds_of(known, CLAIM), SITE, OPTIONS)
    told, plain = effect_of(weigh(plan, bench_for(of))), effect_of(asked(CLAIM))
    untold = effect_of(asked(CLAIM, of))
    assert told.error == pytest.approx(plain.error, rel=0.2)
    assert untold.error > 3 * plain.error
    lasting = predicting(known, window_days=(0, 200), reference_days=(-365, -31))
    (own,) = plans_of(seeds_of(lasting), SITE, OPTIONS)
    found = effect_of(weigh(own, bench_for(of)))
    assert found.difference == pytest.approx(0.3, abs=0.03)
    assert found.interval[0] > 0


def test_the_break_that_a_claim_speaks_of_is_no_break_for_it() -> None:
    """Its own day would else cut its window from the looks that it is held against."""
    known = replace(CLAIM, is_positive_control=True)
    assert effect_of(asked(known)) == effect_of(asked(CLAIM))


def test_windows_end_where_a_line_ends() -> None:
    bench = bench_for(evidence())
    since = replace(said(date(2022, 11, 1)), end=date(2024, 1, 1))
    (plan,) = plans_of(seeds_of(replace(CLAIM, times=(since,))), SITE, OPTIONS)
    weigh(plan, bench)
    (windows,) = {key.window for key in bench.answers}
    last = float(bench.lines[0].listed_days[-1])
    assert windows == Span(windows.start, last)


def test_lines_are_asked_no_closer_than_their_looks() -> None:
    every, sparse = evidence(), evidence()
    months = tuple(
        replace(
            one, instants=one.instants[::6], values=one.values[::6].copy(),
            levels=one.levels[::6].copy(), listed=one.listed[::6],
            n_behind=np.full(len(one.instants[::6]), 4),
        )
        for one in sparse.signals
    )  # fmt: skip
    bench = bench_for(Evidence((*every.signals, *months)))
    assert bench.strides[0] == 1
    assert bench.strides[-1] == 6
    middle = len(bench.offsets) // 2
    assert bench.offsets[middle] == 0
    assert np.flatnonzero(bench.places(len(bench.lines) - 1))[0] % 6 == middle % 6
    monthly = asked(CLAIM, Evidence(months))
    assert effect_of(monthly).n_shifts < effect_of(asked(CLAIM)).n_shifts / 3


def test_answers_are_kept_and_the_controls_asked_once() -> None:
    bench = bench_for(evidence())
    plans = plans_of(seeds_of(CLAIM, at(CLAIM, "quiet")), SITE, OPTIONS)
    for plan in plans:
        weigh(plan, bench)
    assert len(bench.answers) == 2 + len(CONTROLS)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 300), data=st.data())
def test_fewer_looks_in_a_window_do_not_raise_its_power(seed: int, data: st.DataObject) -> None:
    """What is measured outside stays as it is, and with it the noise and the null.

    The mean of a window weighs its looks alike. Where they come in clumps, one look less in a
    clump can make it a little better: by no more than the tolerance, for looks of one revisit.
    """
    claim = predicting(expected=0.012, window_days=(-25, 25))
    inside = during(datetime(2020, 9, 30, tzinfo=UTC), datetime(2020, 11, 20, tzinfo=UTC))
    looks = np.flatnonzero(inside)
    gone = data.draw(st.sets(st.sampled_from(looks.tolist()), min_size=1, max_size=len(looks) - 4))
    hidden = np.isin(np.arange(N_LOOKS), sorted(gone))
    of = evidence(seed=seed)
    all_of, fewer = effect_of(asked(claim, of)), asked(claim, clouded(of, hidden, ("yard",)))
    assert all_of.power is not None
    left = effect_of(fewer).power
    assert left is not None
    assert left <= all_of.power + 0.02
    if len(gone) >= len(looks) / 2:
        assert left < all_of.power + 1e-9


def test_the_second_opinion_is_asked_of_the_same_window() -> None:
    (plan,) = plans_of(seeds_of(replace(CLAIM, zone_ids=("quiet", "yard"))), SITE, OPTIONS)
    bench = bench_for(evidence())
    found = weigh(plan, bench)
    assert [test.zone_id for test in found.tests] == ["yard", "quiet"]
    yard, quiet = (second_opinion(found, place, bench) for place in (0, 1))
    assert quiet[0] < 0 < quiet[1]
    assert 0 < yard[0] < BUMP < yard[1]
    widened = found.with_state_space(1, quiet)
    assert widened.tests[0] is found.tests[0]
    effect = widened.tests[1].effect
    assert effect is not None
    assert effect.state_space_interval == quiet
    assert widened.place_of(widened.tests[1]) == 1
    with pytest.raises(ValueError, match="quiet"):
        widened.place_of(found.tests[1])
    unseen = asked(replace(CLAIM, times=(said(date(2009, 1, 1)),)))
    assert unseen.with_state_space(0, yard) is unseen


def test_equal_tests_are_still_two() -> None:
    doubled = replace(CLAIM, times=(said(CLAIM_DAY), said(CLAIM_DAY)))
    found = asked(doubled)
    assert [found.place_of(test) for test in found.tests] == [0, 1]
