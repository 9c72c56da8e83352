"""One scene per overpass, by a rule that does not care for the order of the listing."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from pipeline.config import SearchOptions, load_config
from pipeline.errors import EmptySearchError, SearchError
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from pipeline.search import list_scenes, one_per_overpass, search, superseded
from tests.unit.scene_factory import GRID, START, lonlat, make_scene, make_site

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.model.scene import Scene

SITE = make_site()
PERIOD = Period(START, START + timedelta(days=365))
OPTIONS = load_config().search
LEFT, BOTTOM, RIGHT, TOP = GRID.bounds
WHOLE = lonlat(box(LEFT - 500, BOTTOM - 500, RIGHT + 500, TOP + 500))
WEST = lonlat(box(LEFT - 500, BOTTOM - 500, LEFT + 100, TOP + 500))
EAST = lonlat(box(LEFT + 100, BOTTOM - 500, RIGHT + 500, TOP + 500))
MIDDLE = lonlat(box(LEFT + 50, BOTTOM - 500, LEFT + 200, TOP + 500))
NOT_HERE = lonlat(box(LEFT - 900, BOTTOM - 500, LEFT - 500, TOP + 500))


@dataclass
class ListCatalog:
    """A catalogue that answers with a list, and notes what it was asked."""

    scenes: tuple[Scene, ...]
    name: str = "list"
    asked: Bounds | None = None

    def search(self, bounds: Bounds, period: Period, options: SearchOptions) -> tuple[Scene, ...]:
        """Answer."""
        assert (period, options) == (PERIOD, OPTIONS)
        self.asked = bounds
        return self.scenes


def kept_of(*scenes: Scene) -> list[str]:
    answers = {
        tuple(scene.id for scene in one_per_overpass(SITE, order))
        for order in itertools.permutations(scenes)
    }
    assert len(answers) == 1
    return list(answers.pop())


def test_scenes_come_by_instant_and_id() -> None:
    catalog = ListCatalog(tuple(make_scene(f"s{day}", day) for day in (3, 1, 2)))
    assert [scene.id for scene in search(SITE, catalog, PERIOD, OPTIONS)] == ["s1", "s2", "s3"]
    assert catalog.asked == Bounds(*SITE.boundary.bounds)


def test_an_empty_answer_names_site_source_period_and_remedy() -> None:
    with pytest.raises(EmptySearchError) as caught:
        search(SITE, ListCatalog((), name="https://c.example"), PERIOD, OPTIONS)
    assert caught.value.exit_code == 2
    for word in ("test-site", "https://c.example", "2020-01-01", "2020-12-31", "Remedy", "widen"):
        assert word in str(caught.value)


def test_an_incomplete_listing_is_not_an_empty_one() -> None:
    class Broken(ListCatalog):
        def search(self, *_: object) -> tuple[Scene, ...]:
            raise SearchError("the listing is incomplete")

    with pytest.raises(SearchError) as caught:
        search(SITE, Broken(()), PERIOD, OPTIONS)
    assert caught.value.exit_code == 3


PREFERRED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "whole before newest": (
        {"footprint": WHOLE, "processing_baseline": "02.14"},
        {"footprint": WEST, "processing_baseline": "05.11"},
    ),
    "newest baseline": ({"processing_baseline": "05.00"}, {"processing_baseline": "04.00"}),
    "by number, not by letter": (
        {"processing_baseline": "10.00"},
        {"processing_baseline": "09.99"},
    ),
    "any baseline before none": ({"processing_baseline": "02.00"}, {"processing_baseline": None}),
    "more of the site": ({"footprint": EAST}, {"footprint": EAST.intersection(MIDDLE)}),
    "some of the site before none": ({"footprint": WEST}, {"footprint": NOT_HERE}),
}


@pytest.mark.parametrize(("better", "worse"), PREFERRED.values(), ids=PREFERRED)
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_the_rule(better: dict[str, Any], worse: dict[str, Any], names: tuple[str, str]) -> None:
    good = make_scene(names[0], acquisition_key="k", **better)
    bad = make_scene(names[1], acquisition_key="k", **worse)
    assert kept_of(good, bad) == [names[0]]


def test_all_else_equal_the_last_id_is_kept() -> None:
    assert kept_of(*(make_scene(name, acquisition_key="k") for name in "cab")) == ["c"]


def test_two_tiles_some_seconds_apart_are_one_overpass() -> None:
    tile = make_scene("tile-b", instant=START + timedelta(seconds=14), acquisition_key="k")
    assert kept_of(make_scene("tile-a", acquisition_key="k"), tile) == ["tile-b"]


def test_one_instant_is_one_overpass_whatever_the_keys() -> None:
    assert kept_of(make_scene("a", acquisition_key="k"), make_scene("b", acquisition_key="l")) == [
        "b"
    ]


def test_two_overpasses_of_one_day_both_stay() -> None:
    later = make_scene("b", instant=START + timedelta(minutes=20), acquisition_key="l")
    assert kept_of(make_scene("a", acquisition_key="k"), later) == ["a", "b"]


LANDSAT_7: dict[str, Any] = {"platform": "landsat-7", "footprint": WHOLE}
LANDSAT_5: dict[str, Any] = {"platform": "landsat-5", "footprint": WHOLE}
HOURS_LATER = START + timedelta(hours=3)


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_on_one_day_landsat_5_goes_before_landsat_7(names: tuple[str, str]) -> None:
    good = make_scene(names[0], **LANDSAT_5, instant=HOURS_LATER)
    assert kept_of(good, make_scene(names[1], **LANDSAT_7)) == [names[0]]
    assert kept_of(good, make_scene(names[1], 1, **LANDSAT_7)) == [names[0], names[1]]


def test_landsat_7_is_kept_where_it_alone_shows_the_whole_site() -> None:
    part = make_scene("a", **LANDSAT_5 | {"footprint": WEST}, instant=HOURS_LATER)
    assert kept_of(part, make_scene("b", **LANDSAT_7)) == ["b"]


def test_other_satellites_do_not_yield_to_each_other_on_one_day() -> None:
    eight = make_scene("b", instant=HOURS_LATER, platform="landsat-8")
    assert kept_of(make_scene("a", **LANDSAT_7), eight, make_scene("c", 2)) == ["a", "b", "c"]


def test_scenes_without_a_key_are_never_one_overpass_by_that() -> None:
    assert kept_of(make_scene("a", 1), make_scene("b", 2)) == ["a", "b"]


SCENES = st.lists(
    st.builds(
        lambda name, key, day, baseline, place: make_scene(
            name,
            day,
            acquisition_key=key,
            processing_baseline=baseline,
            footprint=place,
        ),
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from(["", "k", "l", "m"]),
        st.integers(0, 3),
        st.sampled_from([None, "02.14", "05.00", "05.11"]),
        st.sampled_from([WHOLE, WEST, EAST]),
    ),
    max_size=8,
)


@given(scenes=SCENES, shuffle=st.randoms(use_true_random=False))
def test_the_order_of_the_listing_does_not_matter(
    scenes: list[Scene], shuffle: st.DataObject
) -> None:
    mixed = list(scenes)
    shuffler: Callable[[list[Scene]], None] = shuffle.shuffle  # type: ignore[attr-defined]
    shuffler(mixed)

    def names(kept: tuple[Scene, ...]) -> list[tuple[object, ...]]:
        return [(s.id, s.instant, s.processing_baseline, s.footprint.wkt) for s in kept]

    assert names(one_per_overpass(SITE, mixed)) == names(one_per_overpass(SITE, scenes))


@given(scenes=SCENES)
def test_what_is_kept_has_one_acquisition_per_key_and_instant_and_nothing_is_lost(
    scenes: list[Scene],
) -> None:
    kept = one_per_overpass(SITE, scenes)
    groups = [
        list(group)
        for _, group in itertools.groupby(kept, lambda scene: scene.acquisition_key or scene.id)
    ]
    keys = [group[0].acquisition_key for group in groups if group[0].acquisition_key]
    instants = [group[0].instant for group in groups]
    assert len(set(keys)) == len(keys)
    assert instants == sorted(set(instants))
    for group in groups:
        covered = group[0].footprint
        for tile in group[1:]:
            assert not covered.covers(SITE.boundary)
            assert (tile.footprint - covered).intersection(SITE.boundary).area > 0
            covered = covered.union(tile.footprint)
    assert len(kept) + len(superseded(SITE, scenes)) == len(scenes)
    assert bool(kept) == bool(scenes)


SOUTH_OF = 4_200_000.0
TILES = {
    # Lower and upper edges of the MGRS tiles; they overlap by 9,780 m.
    "52SBG": lonlat(box(199_980, 4_090_200, 309_780, SOUTH_OF)),
    "52SBH": lonlat(box(199_980, 4_190_220, 309_780, 4_300_020)),
}


def tile_scene(tile: str, number: int, baseline: str = "05.11") -> Scene:
    name = f"S2A_{tile}_{number}"
    return make_scene(
        name, 0, acquisition_key="k", footprint=TILES[tile], processing_baseline=baseline
    )


def test_the_tile_that_holds_the_whole_site_is_taken_alone_in_every_order() -> None:
    """The site lies at the lower edge of the northern tile, with a strip in the southern one."""
    site = make_site(bounds=Bounds(290_000, 4_199_000, 291_500, 4_201_500))
    scenes = [tile_scene("52SBG", 0), tile_scene("52SBH", 0), tile_scene("52SBH", 1, "04.00")]
    for order in itertools.permutations(scenes):
        assert [scene.id for scene in one_per_overpass(site, order)] == ["S2A_52SBH_0"]
        assert {scene.id for scene in superseded(site, order)} == {"S2A_52SBG_0", "S2A_52SBH_1"}


def test_tiles_are_put_together_only_where_none_holds_the_whole_site() -> None:
    """A site of 12 km reaches out of both: all that add to it stay, the preferred one first."""
    site = make_site(bounds=Bounds(290_000, 4_189_000, 291_500, 4_201_000))
    scenes = [tile_scene("52SBH", 0), tile_scene("52SBG", 0), tile_scene("52SBG", 1, "04.00")]
    for order in itertools.permutations(scenes):
        names = [scene.id for scene in one_per_overpass(site, order)]
        assert names == ["S2A_52SBG_0", "S2A_52SBH_0"]  # the southern one covers more of it
        assert [scene.id for scene in superseded(site, order)] == ["S2A_52SBG_1"]


def test_what_gave_way_is_listed() -> None:
    scenes = (make_scene("a", acquisition_key="k"), make_scene("b", acquisition_key="k"))
    listing = list_scenes(SITE, ListCatalog(scenes), PERIOD, OPTIONS)
    assert [scene.id for scene in listing.scenes] == ["b"]
    assert [scene.id for scene in listing.superseded] == ["a"]
