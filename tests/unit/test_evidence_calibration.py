"""The fast version of the calibration: fewer draws and wider bars than ``dev bench evidence``."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.evidence import (
    family_rate,
    held_rate,
    passing,
    rates_of,
    seeds_of,
    single_rates,
)
from benchmarks.evidence_lines import Source
from benchmarks.evidence_real import Placebo
from benchmarks.evidence_simulated import EFFECT_SD, LASTING, Noise, Single
from benchmarks.evidence_speed import CADENCE_DAYS, full_size, weigh_all

N = 100


@pytest.mark.parametrize(
    ("memory", "gaps", "reference"),
    [
        (0.80, "none", None),
        (0.95, "cloud", LASTING),
        (0.95, "monsoon", None),
        (0.98, "cloud", None),
    ],
)
def test_single_windows_hold_their_level(
    memory: float, gaps: str, reference: tuple[float, float] | None
) -> None:
    found = single_rates(Noise(memory, gaps), reference, range(N))
    assert found.n > N / 2
    assert 0.0 <= found.type_i <= 0.13
    assert found.coverage == pytest.approx(1 - found.type_i, abs=0.02)
    assert 0.65 <= found.power <= 0.95
    assert found.likely <= 0.10


def test_families_hold_their_level_and_see_what_is_there() -> None:
    noise = Noise(0.8, "cloud")
    assert family_rate(noise, 0.0, range(30)) <= 0.27
    assert family_rate(noise, EFFECT_SD, range(15)) >= 0.6


def test_the_second_model_holds_nothing_too() -> None:
    assert held_rate(Noise(0.95, "cloud"), range(12)) >= 0.75


def test_no_two_rows_share_a_draw() -> None:
    assert not set(seeds_of(0, 50)) & set(seeds_of(1, 50))
    assert len(seeds_of(3, 50)) == 50


def test_draws_can_be_made_again() -> None:
    noise = Noise(0.9, "monsoon")
    assert single_rates(noise, None, range(5)) == single_rates(noise, None, range(5))


def test_noise_has_the_memory_and_the_spread_that_it_is_given() -> None:
    daily = Noise(0.95, "none").daily(np.random.default_rng(1), 60)
    assert daily.std() == pytest.approx(1, abs=0.05)
    assert np.mean(daily[:, 1:] * daily[:, :-1]) == pytest.approx(0.95, abs=0.08)
    assert daily[:, 0].std() == pytest.approx(1, abs=0.3)


def test_rates_are_counted_as_they_are_named() -> None:
    found = rates_of(
        [Single(0.05, 2.0, 1.0, 2.8, 10.0), Single(0.051, 1.9, 1.0, 2.8, 9.9),
         Single(0.5, -1.0, 1.0, 2.8, 0.1), Single(0.9, 0.0, 1.0, 1.0, 0.1)]
    )  # fmt: skip
    assert (found.n, found.type_i, found.coverage) == (4, 0.25, 0.75)
    assert (found.power, found.likely) == (0.5, 0.25)
    shares = [Placebo(0.05, 1.0, is_lasting=False), Placebo(0.06, 1.0, is_lasting=True)]
    assert passing(shares) == "0.500 of 2"
    assert passing([]) == "none judged"


def test_a_level_leaves_out_the_place_itself_and_what_was_not_seen() -> None:
    values = {"a": np.array([1.0, 1.0]), "b": np.array([3.0, np.nan]), "zone": np.zeros(2)}
    source = Source("s", np.array([0.0, 5.0]), values, frozenset({"a", "b"}))
    assert source.level("zone").tolist() == [2.0, 1.0]
    assert source.level("a")[0] == 3.0
    assert np.isnan(source.level("a")[1])


def test_the_full_table_is_judged_on_every_sensor() -> None:
    sources = full_size()
    assert [source.sensor for source in sources] == list(CADENCE_DAYS)
    assert weigh_all(sources, 2) > 120
