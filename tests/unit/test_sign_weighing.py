"""Controls, baseline and smallest change of the signs against plain loops."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.model.cube import ZoneMask
from pipeline.model.grid import Window
from pipeline.model.sign import Missing, Sign
from pipeline.signs.weighing import MIN_PEERS, Question, controls_of, curve_of, series_of
from pipeline.signs.zone_rows import (
    MIN_PIXELS,
    Row,
    apart,
    choose,
    controls_in,
    mean_row,
    share_row,
    silent_row,
    weighed,
    without,
)
from tests.unit.signs_factory import START


def question(n_looks: int = 30, n_baseline: int = 20, **parts: object) -> Question:
    made = Question(
        Sign.DEPOT_EMPTIED,
        "made up",
        tuple(START + timedelta(days=20 * k) for k in range(n_looks)),
        np.arange(n_looks) < n_baseline,
        step_pixels=0,
    )
    return replace(made, **parts)  # type: ignore[arg-type]  # fields of the noun


def row(place: str, values: object, n_pixels: float = 100) -> Row:
    numbers = np.array(values, dtype=float)
    reasons = tuple(None if math.isfinite(one) else Missing.UNSEEN for one in numbers)
    return Row(place, numbers, reasons, n_pixels)


def rows_of(draw: np.random.Generator, n: int = 6, n_looks: int = 30) -> dict[str, Row]:
    shared = draw.standard_normal(n_looks)
    made = {}
    for k in range(n):
        values = k + shared + 0.1 * draw.standard_normal(n_looks)
        values[draw.random(n_looks) < 0.15] = np.nan
        made[f"z{k}"] = row(f"z{k}", values)
    return made


def peers_of(rows: dict[str, Row]) -> dict[str, list[str]]:
    return {place: [one for one in rows if one != place] for place in rows}


@given(seed=st.integers(0, 2**16))
def test_the_level_of_the_controls_agrees_with_plain_loops(seed: int) -> None:
    rows, asked = list(rows_of(np.random.default_rng(seed)).values()), question()
    found = controls_of(asked, rows, [curve_of(asked, one.values) for one in rows])
    means = []
    for one in rows:
        kept = [v for k, v in enumerate(one.values) if k < 20 and math.isfinite(v)]
        means.append(sum(kept) / len(kept))
    for look in range(30):
        moved = [
            one.values[look] - mean
            for one, mean in zip(rows, means, strict=True)
            if math.isfinite(one.values[look])
        ]
        if len(moved) < MIN_PEERS:
            assert math.isnan(found.level[look])
        else:
            expected = median(moved) + sum(means) / len(means)
            assert found.level[look] == pytest.approx(expected, abs=1e-6)


@given(seed=st.integers(0, 2**16))
def test_the_baseline_agrees_with_plain_loops(seed: int) -> None:
    rows, asked = rows_of(np.random.default_rng(seed)), question()
    found = series_of(asked, rows, peers_of(rows))
    squares, dof, own = 0.0, 0, {}
    for one in found:
        kept = [v for k, v in enumerate(one.differences) if k < 20 and math.isfinite(v)]
        mean = sum(kept) / len(kept)
        own[one.place] = mean, sum((v - mean) ** 2 for v in kept), len(kept) - 1
        squares, dof = squares + own[one.place][1], dof + own[one.place][2]
    for one in found:
        mean, alone, alone_dof = own[one.place]
        is_pooled = squares / dof > alone / alone_dof
        spread = math.sqrt(squares / dof if is_pooled else alone / alone_dof)
        base = one.baseline
        assert base is not None
        assert base.is_pooled == is_pooled
        assert base.expected == pytest.approx(np.full(30, mean), abs=1e-5)
        assert base.spread == pytest.approx(spread, rel=1e-4)
        free = dof if is_pooled else alone_dof
        reach = stats.t.ppf(0.975, free) + stats.t.ppf(0.8, free)
        least = reach * spread * math.sqrt(1 + 1 / (alone_dof + 1))
        assert base.smallest_changes.min() == pytest.approx(least, rel=1e-4)


def test_a_step_of_one_place_is_its_own_and_no_peers() -> None:
    rows = rows_of(np.random.default_rng(4))
    values = rows["z2"].values.copy()
    values[20:] += 2.0
    rows["z2"] = row("z2", values)
    found = {one.place: one for one in series_of(question(), rows, peers_of(rows))}
    for place, one in found.items():
        late = one.departures[20:]
        step = float(np.nanmean(late))
        assert step == pytest.approx(2.0 if place == "z2" else 0.0, abs=0.2)
    assert np.nanmin(found["z2"].scores[20:]) > 4


def test_a_step_that_all_share_is_none() -> None:
    rows = rows_of(np.random.default_rng(5))
    moved = {
        place: row(place, one.values + np.where(np.arange(30) >= 20, 3.0, 0.0))
        for place, one in rows.items()
    }
    plain = series_of(question(), rows, peers_of(rows))
    for one, other in zip(plain, series_of(question(), moved, peers_of(moved)), strict=True):
        np.testing.assert_allclose(one.departures, other.departures, atol=1e-5)


def test_looks_on_which_the_peers_disagree_are_less_exact() -> None:
    rows = rows_of(np.random.default_rng(6), n=12)
    wild = {
        place: row(place, one.values + np.where(np.arange(30) == 25, (-1) ** k, 0.0))
        for k, (place, one) in enumerate(rows.items())
    }
    for one in series_of(question(), wild, peers_of(wild)):
        assert one.baseline is not None
        assert one.baseline.errors[25] > 3 * np.median(one.baseline.errors)
        assert not abs(one.scores[25]) > 3


def test_few_peers_do_not_speak_unless_they_are_controls() -> None:
    rows = {place: one for place, one in rows_of(np.random.default_rng(7)).items() if place < "z3"}
    peers = {"z0": ["z1", "z2"]}
    (alone,) = series_of(question(), rows, peers)
    assert "enough to compare" in alone.not_observable
    assert set(alone.missing) <= {Missing.UNSEEN, Missing.CONTROLS_UNSEEN}
    assert np.isfinite(alone.values).any()
    (trusted,) = series_of(question(trusted=frozenset({"z1"})), rows, peers)
    assert trusted.not_observable == ""
    late = np.where(np.arange(30) >= 20, 5.0, 0.0)
    (same,) = series_of(
        question(trusted=frozenset({"z1"})),
        rows | {"z2": row("z2", rows["z2"].values + late)},
        peers,
    )
    np.testing.assert_allclose(same.controls, trusted.controls)


def test_a_place_without_numbers_says_why_and_harms_no_other() -> None:
    rows = rows_of(np.random.default_rng(8))
    plain = series_of(question(), rows, peers_of(rows))
    more = rows | {"bare": silent_row("bare", 30, 0, "it holds no roof")}
    *others, silent = series_of(question(), more, peers_of(more))
    assert silent.not_observable == "it holds no roof"
    assert silent.baseline is None
    for one, other in zip(plain, others, strict=True):
        np.testing.assert_array_equal(one.departures, other.departures)


def test_one_look_of_baseline_tells_no_spread() -> None:
    rows = rows_of(np.random.default_rng(9))
    for one in series_of(question(n_baseline=1), rows, peers_of(rows)):
        assert "too few looks" in one.not_observable or "not one look" in one.not_observable
    for one in series_of(question(n_baseline=0), rows, peers_of(rows)):
        assert "not one look" in one.not_observable


def test_a_season_is_expected_where_the_baseline_holds_it() -> None:
    asked = question(n_looks=80, n_baseline=50, n_harmonics=1)
    wave = np.sin(2 * np.pi * asked.days / 365.2425)
    curve = curve_of(asked, 7 + 2 * wave)
    assert curve.expected == pytest.approx(7 + 2 * wave, abs=0.05)
    flat = curve_of(replace(asked, n_harmonics=0), 7 + 2 * wave)
    assert np.ptp(flat.expected) < 1e-6


def test_a_season_that_the_baseline_never_saw_has_no_expectation() -> None:
    asked = question(n_looks=80, n_baseline=50, n_harmonics=2)
    day = asked.days % 365.2425
    summer = (day > 80) & (day < 300)
    draw = np.random.default_rng(2)
    rows = {
        f"z{k}": row(f"z{k}", np.where(summer & asked.in_baseline, np.nan, draw.random(80)))
        for k in range(5)
    }
    (one,) = series_of(replace(asked, trusted=frozenset({"z1"})), rows, {"z0": ["z1"]})
    assert one.not_observable == ""
    middle = ~asked.in_baseline & (day > 150) & (day < 230)
    winter = ~asked.in_baseline & ~summer
    assert middle.any()
    assert not one.usable[middle].any()
    assert one.usable[winter].all()


def test_the_smallest_step_is_a_pixel_or_the_noise() -> None:
    one = row("z", [0.0], n_pixels=50)
    assert question(step_pixels=1).resolution(one) == pytest.approx(0.02)
    assert question(step_pixels=4).resolution(one) == pytest.approx(0.08)
    assert question(noise=0.4).resolution(one) == pytest.approx(0.4 / math.sqrt(50))
    assert question(least_step=0.3).resolution(one) == pytest.approx(0.3)
    native = replace(one, effective_pixels=4.0)
    assert question(noise=0.4).resolution(native) == pytest.approx(0.2)


@given(seed=st.integers(0, 2**16))
def test_shares_and_means_agree_with_plain_loops(seed: int) -> None:
    draw = np.random.default_rng(seed)
    fraction = draw.random((5, 7)).astype(np.float32)
    mask = ZoneMask("odd", Window(2, 3, 5, 7), fraction)
    pixels = draw.random((9, 12)) < 0.8
    flags, seen = draw.random((6, 5, 7)) < 0.5, draw.random((6, 5, 7)) < 0.6
    layer = draw.random((6, 5, 7)).astype(np.float32)
    chosen = choose(mask, pixels)
    share = share_row(chosen, flags, seen, too_few="none")
    mean = mean_row(chosen, layer, seen, too_few="none")
    size = sum(float(fraction[y, x]) for y in range(5) for x in range(7) if pixels[y + 2, x + 3])
    assert chosen.n_pixels == pytest.approx(size, rel=1e-5)
    for look in range(6):
        part = total = held = 0.0
        for y in range(5):
            for x in range(7):
                weight = float(fraction[y, x]) * bool(pixels[y + 2, x + 3]) * bool(seen[look, y, x])
                held += weight
                part += weight * bool(flags[look, y, x])
                total += weight * float(layer[look, y, x])
        if size < MIN_PIXELS:
            assert share.not_observable == "none"
        elif held < 0.5 * size:
            assert share.missing[look] is Missing.UNSEEN
            assert math.isnan(share.values[look])
        else:
            assert share.values[look] == pytest.approx(part / held)
            assert mean.values[look] == pytest.approx(total / held)


def test_what_is_missing_keeps_its_first_reason() -> None:
    one = row("z", [1.0, math.nan, 2.0])
    less = without(one, np.array([True, True, False]), Missing.SNOW)
    assert less.missing == (Missing.SNOW, Missing.UNSEEN, None)
    assert np.isnan(less.values[:2]).all()
    assert less.values[2] == 2


def test_nothing_weighs_nothing() -> None:
    assert weighed(np.ones((3, 2, 2), dtype=bool), np.zeros((2, 2), np.float32)).tolist() == [0] * 3


def test_zones_that_share_ground_are_no_peers() -> None:
    full, half = np.ones((4, 4), np.float32), np.full((4, 4), 0.5, np.float32)
    whole = ZoneMask("whole", Window(0, 0, 8, 8), np.ones((8, 8), np.float32))
    left = ZoneMask("left", Window(0, 0, 4, 4), full, is_control=True)
    beside = ZoneMask("beside", Window(0, 4, 4, 4), full)
    border = ZoneMask("border", Window(0, 0, 4, 4), half)
    other = ZoneMask("other", Window(0, 0, 4, 4), half)
    masks = [whole, left, beside]
    assert apart(masks, whole) == ()
    assert apart(masks, left) == ("beside",)
    assert apart([border, other], border) == ("other",)
    assert controls_in(masks) == {"left"}
