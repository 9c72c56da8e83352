"""The map of the limit on grids small enough to do by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.limit.chart import Chart
from pipeline.model.limit import NOT_FOUND
from tests.unit.limit_factory import CONFIG

OPTIONS = CONFIG.limit.model_copy(update={"neighbourhood_px": 3})
FREE = np.ones((8, 9), dtype=bool)
ALL = [np.ones((2, 8, 9), dtype=bool)]
NONE = [np.zeros((2, 8, 9), dtype=bool)]


def blank() -> Chart:
    return Chart.blank((8, 9), OPTIONS, 4)


def test_the_map_holds_the_least_contrast_from_which_on_all_are_found() -> None:
    chart = blank()
    chart.add(0.02, FREE, ALL)  # a lucky draw
    chart.add(0.04, FREE, NONE)
    chart.add(0.08, FREE, ALL)
    chart.add(0.16, FREE, ALL)
    assert (chart.drawn() == np.float32(0.08)).all()


def test_what_is_never_found_is_told_from_what_was_never_planted() -> None:
    chart = blank()
    free = FREE.copy()
    free[:, 5:] = False
    chart.add(0.1, free, NONE)
    drawn = chart.drawn()
    assert (drawn[:, :4] == np.float32(NOT_FOUND)).all()
    assert np.isnan(drawn[:, 8]).all()


def test_a_contrast_that_the_ground_has_no_room_for_leaves_the_map_as_it_was() -> None:
    chart = blank()
    chart.add(0.1, FREE, ALL)
    chart.add(0.5, np.zeros_like(FREE), NONE)
    assert (chart.drawn() == np.float32(0.1)).all()


@pytest.mark.parametrize(("n_found", "is_found"), [(3, False), (4, True)])
def test_onsets_count_as_shares(n_found: int, *, is_found: bool) -> None:
    chart = blank()
    chart.add(0.1, FREE, ALL * n_found + NONE * (5 - n_found))
    assert (chart.drawn() == np.float32(0.1 if is_found else NOT_FOUND)).all()


def test_a_hole_is_seen_about_it_and_not_far_from_it() -> None:
    standing = ALL[0].copy()
    standing[:, 3:5, 3:5] = False
    chart = blank()
    chart.add(0.1, FREE, [standing])
    drawn = chart.drawn()
    assert drawn[4, 4] == np.float32(NOT_FOUND)
    assert drawn[0, 8] == drawn[7, 8] == np.float32(0.1)


def test_pixels_that_never_stand_together_are_no_object() -> None:
    standing = np.zeros((2, 8, 9), dtype=bool)
    standing[0, :, ::2] = standing[1, :, 1::2] = True
    chart = blank()
    chart.add(0.1, FREE, [standing])
    assert (chart.drawn() == np.float32(NOT_FOUND)).all()
