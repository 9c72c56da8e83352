"""What a listing means: which collection, and which scenes touch a place and a period."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from pipeline.catalogs.listing import available, inside
from pipeline.errors import SearchError
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from tests.unit.scene_factory import START, make_scene

PLACE = Bounds(10.0, 10.0, 20.0, 20.0)
WEEK = Period(START, START + timedelta(days=7))


@given(
    wanted=st.lists(st.sampled_from("abcdef"), unique=True), held=st.sets(st.sampled_from("abcxyz"))
)
def test_collections_come_in_the_order_in_which_they_are_wanted(
    wanted: list[str], held: set[str]
) -> None:
    both = [name for name in wanted if name in held]
    if both:
        assert list(available(wanted, held, "c")) == both
    else:
        with pytest.raises(SearchError):
            available(wanted, held, "c")


def test_what_a_catalogue_holds_is_named_but_not_at_length() -> None:
    held = {f"collection-{index:04}" for index in range(5000)}
    with pytest.raises(SearchError, match="it has collection-0000, collection-0001") as caught:
        available(["sentinel-2-l2a"], held, "https://c.example")
    assert len(str(caught.value)) < 1000


def test_a_catalogue_without_collections_says_so() -> None:
    with pytest.raises(SearchError, match="no collection at all"):
        available(["sentinel-2-l2a"], (), "c")


@pytest.mark.parametrize(
    ("footprint", "is_in"),
    [
        (box(0, 0, 30, 30), True),
        (box(12, 12, 13, 13), True),
        (box(0, 0, 10, 10), True),  # touches a corner
        (box(0, 0, 9.99, 30), False),
        (box(20.01, 0, 30, 30), False),
    ],
)
def test_a_scene_is_in_if_it_touches_the_place(footprint: object, is_in: bool) -> None:  # noqa: FBT001 - a table
    assert len(inside([make_scene(footprint=footprint)], PLACE, WEEK)) == is_in


@given(days=st.lists(st.integers(-3, 10), max_size=8), shuffle=st.randoms(use_true_random=False))
def test_scenes_come_once_each_by_time_whatever_the_order(
    days: list[int], shuffle: st.DataObject
) -> None:
    scenes = [make_scene(f"s{day}", day, footprint=box(*PLACE)) for day in days]
    shuffle.shuffle(scenes)  # type: ignore[attr-defined]
    found = inside(scenes, PLACE, WEEK)
    assert [scene.id for scene in found] == [
        f"s{day}" for day in sorted(set(days)) if 0 <= day <= 7
    ]


def test_one_id_in_two_collections_is_two_scenes() -> None:
    scenes = [make_scene("s", collection=name, footprint=box(*PLACE)) for name in "ba"]
    assert [scene.collection for scene in inside(scenes, PLACE, WEEK)] == ["a", "b"]
