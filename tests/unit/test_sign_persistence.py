"""Lasting departures of pixels: against plain loops, on nothing, and on planted steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.signs.lasting_row import relative
from pipeline.signs.persistence import LOOK_ALPHA, N_LOOKS, in_runs, lasting
from pipeline.signs.surfaces import ranked


@given(seed=st.integers(0, 2**16), n=st.integers(1, 4))
def test_runs_agree_with_plain_loops(seed: int, n: int) -> None:
    draw = np.random.default_rng(seed)
    seen, departs = draw.random((15, 6)) < 0.7, draw.random((15, 6)) < 0.6
    found = in_runs(departs, seen, n)
    for pixel in range(6):
        looks = [k for k in range(15) if seen[k, pixel]]
        expected: set[int] = set()
        run: list[int] = []
        for look in [*looks, -1]:
            if look >= 0 and departs[look, pixel]:
                run.append(look)
                continue
            expected |= set(run) if len(run) >= n else set()
            run = []
        assert set(np.flatnonzero(found[:, pixel]).tolist()) == expected


def unchanged(seed: int, n_dates: int = 120, n_pixels: int = 1500) -> np.ndarray:
    draw = np.random.default_rng(seed)
    days = np.arange(n_dates) * 10.0
    size, phase = draw.uniform(0, 0.1, n_pixels), draw.uniform(0, 6.28, n_pixels)
    wave = size * np.sin(2 * np.pi * days[:, None] / 365.2425 + phase)
    noise = 0.02 * draw.standard_normal((n_dates, n_pixels))
    return (0.3 + wave + noise).astype(np.float32)[:, None]


DAYS = 10 * np.arange(120, dtype=np.float64)
BASELINE = np.arange(120) < 70


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_unchanged_ground_lasts_as_rarely_before_the_end_of_the_baseline_as_after(
    seed: int,
) -> None:
    layer = unchanged(seed)
    seen = np.random.default_rng(seed).random(layer.shape) < 0.8
    found = lasting(layer, seen, DAYS, BASELINE)
    assert found.known.mean() > 0.99
    share = (found.above | found.below).mean(axis=(1, 2))
    assert share[~BASELINE].mean() < LOOK_ALPHA / 10
    assert abs(share[BASELINE].mean() - share[~BASELINE].mean()) < LOOK_ALPHA / 10


def test_a_step_lasts_from_its_first_look_to_its_last() -> None:
    layer = unchanged(5)
    layer[90:110, :, :200] += 0.2
    layer[90:110, :, 200:400] -= 0.2
    found = lasting(layer, np.ones(layer.shape, dtype=bool), DAYS, BASELINE)
    assert found.above[90:110, 0, :200].mean() > 0.99
    assert found.below[90:110, 0, 200:400].mean() > 0.99
    assert found.above[:88, 0, :200].mean() < 0.01
    assert found.above[112:, 0, :200].mean() < 0.01
    assert not (found.above & found.below).any()


def test_fewer_looks_than_a_run_do_not_last() -> None:
    layer = unchanged(6)
    layer[90 : 90 + N_LOOKS - 1] += 0.5
    found = lasting(layer, np.ones(layer.shape, dtype=bool), DAYS, BASELINE)
    assert found.above[85:95].mean() < 0.02


def test_too_few_baseline_looks_are_not_known() -> None:
    layer = unchanged(7)
    layer[90:] += 0.5
    seen = np.ones(layer.shape, dtype=bool)
    seen[11:70, :, :700] = False
    found = lasting(layer, seen, DAYS, BASELINE)
    assert not found.known[0, :700].any()
    assert found.known[0, 700:].all()
    assert not found.above[:, 0, :700].any()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), where=st.integers(0, 120))
def test_what_was_not_seen_never_counts(seed: int, where: int) -> None:
    layer = unchanged(seed, n_pixels=40)
    seen = np.random.default_rng(seed).random(layer.shape) < 0.7
    plain = lasting(layer, seen, DAYS, BASELINE)
    spoilt = np.where(seen, layer, np.float32(99.0))
    other = lasting(spoilt, seen, DAYS, BASELINE)
    np.testing.assert_array_equal(plain.above, other.above)
    # A date on which nothing is seen, put anywhere, changes nothing either.
    more = [np.insert(one, where, 0, axis=0) for one in (layer, seen)]
    days = np.insert(DAYS, where, DAYS[min(where, 119)] - 5)
    base = np.insert(BASELINE, where, where < 70)
    third = lasting(more[0], more[1].astype(bool), days, base)
    rest = np.delete(third.above, where, axis=0)
    np.testing.assert_array_equal(plain.above, rest)
    assert not third.above[where].any()


@given(seed=st.integers(0, 2**16), share=st.sampled_from([0.0, 0.1, 0.5]))
def test_ranks_agree_with_plain_sorting(seed: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    layer, seen = draw.random((9, 3, 4)).astype(np.float32), draw.random((9, 3, 4)) < 0.6
    found = ranked(layer, seen, share)
    for y in range(3):
        for x in range(4):
            values = sorted(layer[seen[:, y, x], y, x].tolist(), reverse=True)
            if not values:
                assert np.isnan(found[y, x])
            else:
                assert found[y, x] == pytest.approx(values[int(share * len(values))])


def test_no_dates_have_no_rank() -> None:
    empty = np.zeros((0, 2, 3), np.float32)
    assert np.isnan(ranked(empty, empty.astype(bool), 0.5)).all()


def test_what_all_ground_does_on_a_day_is_taken_off() -> None:
    layer = unchanged(8)
    seen, ground = np.ones(layer.shape, dtype=bool), np.ones(layer.shape[1:], dtype=bool)
    hazy = layer + np.random.default_rng(1).normal(0, 0.1, (120, 1, 1)).astype(np.float32)
    one, other = (relative(each, seen, ground, BASELINE) for each in (layer, hazy))
    assert np.abs(one - one.mean(axis=0) - (other - other.mean(axis=0))).max() < 0.1
    assert np.std(hazy - hazy.mean(axis=0)) > 0.09
    assert np.std(other - other.mean(axis=0)) < 0.07
    assert not relative(layer, ~seen, ground, BASELINE).any()
