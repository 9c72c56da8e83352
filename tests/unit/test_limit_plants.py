"""What is planted is what is said: by how much, from when, and where there is room for it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.limit.plants import MOST_SCALED, Ground, planted
from pipeline.model.limit import Plant
from tests.unit.limit_factory import N_BASELINE, ground_cube

CUBE = ground_cube()
GROUND = Ground.of(CUBE, N_BASELINE)
RED, NIR = 2, 3
ONSET = 70


def test_the_ground_is_the_mean_of_the_clear_looks() -> None:
    for row, col in ((0, 0), (7, 11)):
        clear = CUBE.clear[:N_BASELINE, row, col]
        red = CUBE.values[:N_BASELINE, RED, row, col][clear].mean()
        assert np.isclose(GROUND.red[row, col], red, rtol=1e-5)


def test_ground_that_was_never_seen_has_room_for_nothing() -> None:
    clear = CUBE.clear.copy()
    clear[:N_BASELINE, 3, 4] = False
    ground = Ground.of(replace(CUBE, clear=clear), N_BASELINE)
    assert np.isnan(ground.red[3, 4])
    assert not any(ground.has_room(plant, 0.001)[3, 4] for plant in Plant)


@pytest.mark.parametrize("plant", Plant)
def test_nothing_moves_before_the_onset(plant: Plant) -> None:
    before = CUBE.values.copy()
    late = planted(CUBE, GROUND, plant, 0.05, onset=ONSET)
    assert np.array_equal(late.values[:ONSET], CUBE.values[:ONSET])
    assert not np.array_equal(late.values[ONSET:], CUBE.values[ONSET:])
    assert np.array_equal(CUBE.values, before)  # the scenes themselves stay as they were


def test_brighter_is_a_step_in_all_bands() -> None:
    late = planted(CUBE, GROUND, Plant.BRIGHTER, 0.07, onset=ONSET)
    assert np.allclose(late.values[ONSET:] - CUBE.values[ONSET:], 0.07, atol=1e-6)
    assert GROUND.has_room(Plant.BRIGHTER, 0.9).all()


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 0.3))
def test_darker_takes_the_contrast_from_the_mean_and_keeps_the_colour(contrast: float) -> None:
    late = planted(CUBE, GROUND, Plant.DARKER, contrast, onset=0)
    after, room = Ground.of(late, N_BASELINE), GROUND.has_room(Plant.DARKER, contrast)
    lost = GROUND.brightness - after.brightness
    assert np.allclose(lost[room], contrast, atol=1e-4)
    assert np.allclose((after.nir / after.red)[room], (GROUND.nir / GROUND.red)[room], rtol=1e-3)
    assert (after.brightness >= (1 - MOST_SCALED) * GROUND.brightness - 1e-5).all()


@settings(max_examples=20, deadline=None)
@given(st.floats(0.005, 0.3))
def test_no_look_loses_more_green_than_it_has(contrast: float) -> None:
    late = planted(CUBE, GROUND, Plant.GREEN_LOST, contrast, onset=ONSET).values[ONSET:]
    early = CUBE.values[ONSET:]
    rise, fall = late[:, RED] - early[:, RED], early[:, NIR] - late[:, NIR]
    had = np.maximum((early[:, NIR] - early[:, RED]) / 2, 0)
    assert np.allclose(rise, np.minimum(had, contrast), atol=1e-6)
    assert np.allclose(rise, fall, atol=1e-6)
    assert np.array_equal(late[:, :RED], early[:, :RED])


def test_room_shrinks_as_contrasts_grow() -> None:
    for plant in Plant:
        rooms = [GROUND.has_room(plant, contrast) for contrast in (0.02, 0.1, 0.3)]
        assert all((b <= a).all() for a, b in itertools.pairwise(rooms))
    assert not GROUND.has_room(Plant.GREEN_LOST, 0.5).any()


def test_a_cube_without_near_infrared_is_refused() -> None:
    visible = replace(CUBE, values=CUBE.values[:, :3], bands=CUBE.bands[:3])
    with pytest.raises(InputError, match="without nir"):
        Ground.of(visible, N_BASELINE)
