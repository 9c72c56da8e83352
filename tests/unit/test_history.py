"""Objects through time: brackets, status, reversal, zones, and the same answer every time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import ObjectOptions
from pipeline.history import replay
from pipeline.model.change import Status
from pipeline.model.grid import Window
from tests.unit.changes_factory import Stage, instant, mask

if TYPE_CHECKING:
    from pipeline.model.change import Detection

OPTIONS = ObjectOptions(min_pixels=4)
EVERYTHING = mask("site", Window(0, 0, 12, 16))


def found(stage: Stage, **kwargs: int) -> tuple[Detection, ...]:
    options = OPTIONS.model_copy(update=kwargs)
    return replay(stage.answer(), stage.cube(), [EVERYTHING], options)


def test_nothing_changed_gives_nothing() -> None:
    assert found(Stage()) == ()


def test_a_standing_change_is_confirmed_with_its_bracket_and_size() -> None:
    (one,) = found(Stage().change(9, 19, Window(2, 3, 4, 5)))
    assert one.status is Status.CONFIRMED
    assert (one.onset.last_without, one.onset.first_with) == (instant(8), instant(9))
    assert one.reversal is None
    assert (one.n_pixels, one.area_m2) == (20, 2000.0)
    assert one.area_error_m2 == (4 + 5 + 4 + 5) / 2 * 100
    assert one.window == Window(2, 3, 4, 5)
    assert one.scene_ids == ("S2-008", "S2-009", "S2-010", "S2-011")


def test_the_bracket_skips_dates_on_which_the_place_was_not_seen() -> None:
    stage = Stage().change(9, 19, Window(2, 3, 4, 5)).cloud(8).cloud(9).cloud(7, Window(2, 3, 4, 5))
    (one,) = found(stage)
    assert (one.onset.last_without, one.onset.first_with) == (instant(6), instant(10))


def test_a_cloud_elsewhere_does_not_widen_the_bracket() -> None:
    (one,) = found(Stage().change(9, 19, Window(2, 3, 4, 5)).cloud(8, Window(8, 0, 4, 16)))
    assert one.onset.last_without == instant(8)


def test_goods_that_are_gone_again_are_finished_with_a_reversal_bracket() -> None:
    (one,) = found(Stage().change(9, 13, Window(2, 3, 4, 5)).cloud(14))
    assert one.status is Status.FINISHED
    assert one.reversal is not None
    assert (one.reversal.last_without, one.reversal.first_with) == (instant(13), instant(15))
    assert one.n_looks == 5


def test_two_looks_at_the_end_are_provisional_and_one_is_first() -> None:
    (two,) = found(Stage().change(18, 19, Window(2, 3, 4, 5)))
    (one,) = found(Stage().change(19, 19, Window(2, 3, 4, 5)))
    assert (two.status, one.status) == (Status.PROVISIONAL, Status.FIRST)
    assert two.onset.first_with == instant(18)
    assert one.onset.last_without == instant(18)


def test_two_looks_in_the_middle_that_went_back_are_nothing() -> None:
    assert found(Stage().change(9, 10, Window(2, 3, 4, 5))) == ()


def test_a_change_smaller_than_the_mapping_unit_is_left_out() -> None:
    stage = Stage().change(9, 19, Window(2, 3, 1, 3))
    assert found(stage) == ()
    assert len(found(stage, min_pixels=3)) == 1


def test_neighbours_in_space_are_one_and_far_ones_are_two() -> None:
    corner = Stage().change(9, 19, Window(2, 2, 2, 2)).change(9, 19, Window(4, 4, 2, 2))
    apart = Stage().change(9, 19, Window(2, 2, 2, 2)).change(9, 19, Window(5, 5, 2, 2))
    assert [one.n_pixels for one in found(corner)] == [8]
    assert [one.n_pixels for one in found(apart)] == [4, 4]


def test_the_same_yard_filled_twice_is_two_changes() -> None:
    stage = Stage(n_dates=30)
    stage.change(8, 12, Window(2, 2, 3, 3)).change(20, 24, Window(2, 2, 3, 3))
    first, second = found(stage)
    assert (first.onset.first_with, second.onset.first_with) == (instant(8), instant(20))


def test_a_change_is_cut_at_the_border_of_two_zones() -> None:
    stage = Stage().change(9, 19, Window(2, 4, 4, 8))
    west, east = mask("west", Window(0, 0, 12, 8)), mask("east", Window(0, 8, 12, 8))
    parts = replay(stage.answer(), stage.cube(), [east, west], OPTIONS)
    assert [(one.zone_id, one.n_pixels) for one in parts] == [("east", 16), ("west", 16)]
    assert parts[0].mask[:, :4].sum() == 0


def test_a_sliver_across_the_border_is_not_a_change_of_the_neighbour() -> None:
    stage = Stage().change(9, 19, Window(2, 2, 3, 7))
    west, east = mask("west", Window(0, 0, 12, 8)), mask("east", Window(0, 8, 12, 8))
    parts = replay(stage.answer(), stage.cube(), [west, east], OPTIONS)
    assert [one.zone_id for one in parts] == ["west"]


def test_pixels_mostly_outside_a_zone_do_not_count_for_it() -> None:
    stage = Stage().change(9, 19, Window(2, 2, 4, 4))
    half = mask("half", Window(0, 0, 12, 16))
    fraction = half.fraction.copy()
    fraction[:, :4] = 0.5
    (one,) = replay(stage.answer(), stage.cube(), [replace(half, fraction=fraction)], OPTIONS)
    assert one.n_pixels == 8


def test_a_change_that_grows_is_dated_to_half_its_size() -> None:
    stage = Stage(n_dates=24)
    for column in range(8):
        stage.change(8 + column, 23, Window(2, 2 + column, 4, 1))
    (one,) = found(stage)
    assert one.n_pixels == 32
    assert one.onset.first_with == instant(11)


@settings(max_examples=30)
@given(
    first=st.integers(5, 12),
    lasts=st.integers(3, 8),
    row=st.integers(0, 8),
    col=st.integers(0, 10),
    clouds=st.sets(st.integers(0, 23), max_size=8),
)
def test_the_bracket_always_holds_the_truth(
    *, first: int, lasts: int, row: int, col: int, clouds: set[int]
) -> None:
    """Whatever the clouds, the planted day lies after last_without and not after first_with."""
    stage = Stage(n_dates=24).change(first, first + lasts - 1, Window(row, col, 4, 5))
    for date in clouds:
        stage.cloud(date)
    looks = [d for d in range(first, first + lasts) if d not in clouds]
    detections = [one for one in found(stage) if one.status in (Status.CONFIRMED, Status.FINISHED)]
    if len(looks) < 3:
        assert not detections
        return
    (one,) = detections
    assert one.onset.first_with == instant(looks[0])
    earlier = [d for d in range(first) if d not in clouds]
    assert one.onset.last_without == (instant(earlier[-1]) if earlier else None)
    assert one.n_looks == len(looks)


def test_the_order_of_the_zones_is_the_order_of_the_answer() -> None:
    stage = Stage().change(9, 19, Window(1, 1, 3, 3)).change(7, 19, Window(7, 10, 3, 3))
    ids = [("b", Window(0, 0, 12, 8)), ("a", Window(0, 8, 12, 8))]
    parts = replay(stage.answer(), stage.cube(), [mask(*one) for one in ids], OPTIONS)
    assert [one.zone_id for one in parts] == ["b", "a"]


def test_a_pixel_never_seen_carries_no_open_run() -> None:
    stage = Stage()
    for date in range(20):
        stage.cloud(date, Window(0, 0, 6, 16))
    assert found(stage.change(15, 19, Window(1, 1, 3, 3))) == ()


def test_masks_are_read_only() -> None:
    (one,) = found(Stage().change(9, 19, Window(2, 3, 4, 5)))
    with pytest.raises(ValueError, match="read-only"):
        one.mask[0, 0] = np.False_
