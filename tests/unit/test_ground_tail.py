"""The tail of placebos: laws that hold are left alone, tails that are too heavy are learned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detect.radar import RadarPair
from pipeline.detect.radar_onset import RadarSteps
from pipeline.raster.ground_tail import GroundTail
from pipeline.raster.survey import Series, survey
from tests.unit.radar_factory import OPTIONS, leading, make_cube, make_power, raised

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAILS = st.builds(
    GroundTail,
    bound=st.floats(1e-4, 0.02),
    scale=st.floats(1, 4),
    n_independent=st.floats(4, 1000),
    is_law=st.booleans(),
)
P_VALUES = st.floats(1e-30, 1)


def drawn(scale: float, n: int, seed: int = 1) -> NDArray[np.float64]:
    """P-values by a law whose truth falls off as a power of them."""
    return np.asarray(np.exp(-scale * np.random.default_rng(seed).exponential(size=n)))


@given(TAILS, P_VALUES, P_VALUES)
def test_no_p_value_gets_smaller_and_their_order_stays(
    tail: GroundTail, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    found = tail(np.array([low, high]))
    assert (found >= np.array([low, high]) * (1 - 1e-9)).all()
    assert found[0] <= found[1] * (1 + 1e-9)
    assert found.max() <= 1


@given(TAILS, st.floats(1e-6, 0.5))
def test_the_law_s_p_value_of_a_share_is_where_that_share_begins(
    tail: GroundTail, share: float
) -> None:
    by_law = tail.by_law(share)
    found = float(tail(np.array([by_law]))[0])
    # Few placebos never make a share this rare: then nothing is called.
    is_floor = by_law <= 2 * float(np.finfo(np.float32).tiny)
    assert found >= share * (1 - 1e-6) if is_floor else found == pytest.approx(share, rel=1e-6)


def test_the_tail_against_its_formula() -> None:
    tail = GroundTail(0.01, 2.0, 50.0, is_law=False)
    assert tail(np.array([0.01]))[0] == pytest.approx(0.02)
    out = math.log(0.01 / 1e-5)
    assert tail(np.array([1e-5]))[0] == pytest.approx(0.02 * (1 + out / 100) ** -50)


@pytest.mark.parametrize("scale", [1.5, 2.5])
def test_a_tail_that_is_too_heavy_is_learned(scale: float) -> None:
    tail = GroundTail.of(drawn(scale, 40_000))
    assert not tail.is_law
    found = tail(drawn(scale, 400_000, seed=2))
    for nominal in (0.05, 0.01, 1e-3, 1e-4):
        assert nominal / 2 < float((found <= nominal).mean()) < nominal * 1.5


def test_the_law_is_left_alone_where_it_holds_and_where_it_is_too_careful() -> None:
    kept = [GroundTail.of(drawn(1.0, 20_000, seed)).is_law for seed in range(40)]
    assert np.mean(kept) >= 0.85
    p_value = drawn(0.5, 20_000)
    careful = GroundTail.of(p_value)
    assert careful.is_law
    assert np.array_equal(careful(p_value), p_value)


def test_few_placebos_vouch_for_nothing_and_many_for_rarer_things() -> None:
    shares = [GroundTail.of(drawn(1.0, n)).least_share for n in (10, 100, 1000, 10_000, 100_000)]
    assert shares[:2] == [1, 1]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 1e-4 < shares[2]


def test_placebos_that_share_pixels_count_once() -> None:
    alone = GroundTail.of(drawn(2.0, 20_000))
    doubled = GroundTail.of(np.repeat(drawn(2.0, 20_000), 2))
    assert doubled.scale == pytest.approx(alone.scale, rel=0.02)
    # Twice as many, and each stands for half along both directions of the ground.
    assert doubled.n_independent == pytest.approx(alone.n_independent / 2, rel=0.1)


def restless(seed: int) -> NDArray[np.float32]:
    """24 dates of speckle over fields, a tenth of which stand otherwise every four dates."""
    rng = np.random.default_rng(seed)
    power = make_power((24, 2, 160, 160), 5, seed)
    moves = rng.standard_normal((6, 1, 80, 80)) * (rng.random((80, 80)) < 0.1)
    fields = moves.repeat(2, axis=2).repeat(2, axis=3).repeat(4, axis=0)
    return np.asarray(power * np.exp(0.6 * fields), dtype=np.float32)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_restless_ground_is_called_about_as_often_as_stated(seed: int) -> None:
    # The law alone calls 5, 3 and 2 % where 1, 0.1 and 0.01 % are stated.
    cube, before = make_cube(restless(seed)), leading(16, 24)
    steps = RadarSteps(OPTIONS, 5).date_steps(cube, 16)
    pair = RadarPair(OPTIONS, 5).compare_dates(cube, before, ~before)
    for found in (steps, pair):
        assert 0.003 < float((found.p_value <= 0.01).mean()) < 0.02
        assert float((found.p_value <= 1e-3).mean()) < 2.5e-3
        assert float((found.p_value <= 1e-4).mean()) < 1e-3
        assert 1e-4 < found.least_share < 1e-3


def test_a_lasting_step_among_restless_fields_is_still_found() -> None:
    block = (slice(40, 70), slice(40, 70))
    found = RadarSteps(OPTIONS, 5).date_steps(make_cube(raised(restless(2), 18, 8.0, block)), 16)
    assert found.changed[block].mean() > 0.9
    # What is stated as the limit grows with the tail.
    quiet = RadarSteps(OPTIONS, 5).date_steps(make_cube(make_power((24, 2, 60, 60))), 16)
    assert np.median(found.limit_db[0]) > 2 * np.median(quiet.limit_db[0])


def test_a_short_baseline_vouches_for_nothing() -> None:
    power = make_power((14, 2, 60, 60))
    assert RadarSteps(OPTIONS, 5).date_steps(make_cube(power), 5).least_share == 1
    assert RadarSteps(OPTIONS, 5).date_steps(make_cube(power), 8).least_share < 0.02


def test_weeks_do_not_vouch_for_years() -> None:
    power = make_power((40, 2, 60, 60))
    assert RadarSteps(OPTIONS, 5).date_steps(make_cube(power), 10).least_share == 1
    assert RadarSteps(OPTIONS, 5).date_steps(make_cube(power), 30).least_share < 0.02
    before = leading(10, 40)
    assert RadarPair(OPTIONS, 5).compare_dates(make_cube(power), before, ~before).least_share == 1


def test_a_placebo_knows_the_baseline_alone() -> None:
    power = make_power((12, 2, 30, 30))
    before = leading(8, 12)
    surveyed = survey(Series(power, np.ones((12, 30, 30), bool), before, ~before), 5, 1.0)
    placebo = surveyed.placebo(5)
    assert placebo.dates.tolist() == list(range(8))
    assert placebo.before.tolist() == [True] * 5 + [False] * 3
    assert np.array_equal(placebo.sample.sums, surveyed.sample.sums[:8])
