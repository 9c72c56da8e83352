"""Sentinel-2 under other truths: what changes is what was told otherwise, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.simulate.outcome import truth_of
from pipeline.simulate.scenes import build_surface, simulate_scenes
from tests.unit.simulate_factory import options_for, passes, scenes_of

if TYPE_CHECKING:
    from pipeline.simulate.scenes import SimulatedScene

SEED = 20201008
DAYS = passes(date(2020, 10, 24), 3)


@cache
def world(variant: str, *outcomes: str) -> tuple[SimulatedScene, ...]:
    options = replace(options_for(*DAYS), truth=truth_of(variant).asked(*outcomes))
    return tuple(simulate_scenes(build_surface(SEED, options), options))


def test_the_committed_truth_is_the_usual_one() -> None:
    for one, other in zip(world("rehearsal"), scenes_of(SEED, DAYS), strict=True):
        for band, numbers in one.numbers.items():
            np.testing.assert_array_equal(numbers, other.numbers[band])


def test_without_goods_only_their_yards_differ() -> None:
    for one, other in zip(world("rehearsal"), world("rehearsal", "K000-12=absent"), strict=True):
        np.testing.assert_array_equal(one.is_open, other.is_open)
        differs = one.numbers["red"] != other.numbers["red"]
        assert differs.mean() < 0.02
        if one.is_open.mean() > 0.9:
            assert differs.any()


def test_a_clouded_window_has_no_open_ground() -> None:
    for scene in world("rehearsal", "K000-12=clouded"):
        assert scene.is_open.mean() < 0.01
        assert scene.cloud_cover_pct > 99


def test_the_common_step_adds_a_tenth_to_every_band() -> None:
    for one, other in zip(world("absent"), world("stepped"), strict=True):
        for band in ("blue", "red", "nir", "swir16"):
            gap = other.numbers[band].astype(int) - one.numbers[band].astype(int)
            assert np.median(gap) == pytest.approx(1000, abs=8)
