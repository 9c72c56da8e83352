"""What was listed before and is not any more: said with its ids, in every way in which it goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogs.listing import available
from pipeline.config import load_config
from pipeline.errors import EmptySearchError, NoCollectionError, SearchError, StoreError
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from pipeline.search import list_scenes, named_before, said_of_before, some_of
from pipeline.store.layout import WorkFolder
from pipeline.store.listed import ListedBefore, as_listed, scenes_held
from tests.unit.scene_factory import START, make_scene, make_site

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config import SearchOptions
    from pipeline.model.provenance import ListedScene
    from pipeline.model.scene import Scene

SITE = make_site()
PERIOD = Period(START, START + timedelta(days=30))
OPTIONS = load_config().search
NEW, OLD = OPTIONS.collections
BOX = Bounds(*SITE.boundary.bounds)


class ListCatalog:
    """A catalogue that answers with a list."""

    name = "list"

    def __init__(self, scenes: tuple[Scene, ...]) -> None:
        """Hold the answer."""
        self.scenes = scenes

    def search(self, _: Bounds, period: Period, __: SearchOptions) -> tuple[Scene, ...]:
        """Answer."""
        return tuple(scene for scene in self.scenes if scene.instant in period)


def on(day: int, name: str = "", collection: str = NEW) -> Scene:
    return make_scene(name or f"s{day}", day, collection=collection, acquisition_key=f"k{day}")


def said(now: list[Scene], before: list[Scene], period: Period = PERIOD) -> list[str]:
    earlier = [as_listed(scene) for scene in before]
    listing = list_scenes(SITE, ListCatalog(tuple(now)), period, OPTIONS, earlier=earlier)
    assert {(one.scene_id, one.band) for one in listing.remarks} <= {("", "")}
    return [one.words for one in listing.remarks]


def test_f21_scenes_that_are_gone_are_counted_and_named() -> None:
    (words,) = said([on(1), on(7)], [on(day) for day in range(1, 8)])
    assert words == (
        "5 scenes that an earlier listing of the same source, collection, site and period named"
        " are not listed any more: s2, s3, s4 and 2 more"
    )
    (one,) = said([on(1)], [on(1), on(2)])
    assert one.startswith("1 scene that")
    assert one.endswith(": s2")


def test_f21_as_many_others_do_not_hide_what_is_gone() -> None:
    (words,) = said([on(3), on(4)], [on(1), on(2)])
    assert words.endswith("s1, s2")


def test_nothing_is_said_where_nothing_is_gone() -> None:
    assert said([on(1), on(2)], []) == []
    assert said([on(1), on(2)], [on(1)]) == []
    assert said([on(1), on(2)], [on(2), on(1)]) == []


def test_what_lies_outside_the_period_is_not_missed() -> None:
    days = Period(START, START + timedelta(days=3))
    assert said([on(1)], [on(1), on(20)], days) == []
    (words,) = said([on(1)], [on(1), on(3), on(20)], days)
    assert words.endswith(": s3")


def test_a_collection_that_is_not_wanted_is_not_missed() -> None:
    assert said([on(1)], [on(1), on(2, collection="landsat-c2-l2")]) == []


def test_items_of_no_collection_are_missed_in_every_search() -> None:
    (words,) = said([on(1, collection="")], [on(1, collection=""), on(2, collection="")])
    assert words.endswith(": s2")


def test_an_overpass_under_another_id_is_told_apart_from_one_that_is_gone() -> None:
    now = [on(1, "s1_N0500"), on(2, "s2_N0500")]
    (words,) = said(now, [on(1), on(2), on(3)])
    assert words.endswith(": s1, s2, s3 (2 of them listed under another id of the same overpass)")


def test_f21_a_collection_that_gives_way_to_another_is_named() -> None:
    """The first wanted collection was renamed or emptied, so that the second one answers."""
    now = [on(day, f"old{day}", OLD) for day in (1, 2)]
    (words,) = said(now, [on(1), on(2), on(3)])
    assert words.startswith(f"3 scenes of collection {NEW} that an earlier listing")
    assert f"which is of {OLD}: s1, s2, s3" in words
    assert words.endswith("(2 of them listed under another id of the same overpass)")


def test_what_gave_way_to_another_scene_is_listed_still() -> None:
    both = [on(1, "a"), on(1, "b")]
    assert said(both, both) == []


@given(
    now=st.sets(st.integers(0, 29), min_size=1),
    before=st.sets(st.integers(0, 59)),
    n_days=st.integers(30, 60),
)
def test_the_remark_is_the_difference_of_two_sets(
    now: set[int], before: set[int], n_days: int
) -> None:
    period = Period(START, START + timedelta(days=n_days - 0.5))
    gone = sorted(before - now & {*range(60)})
    gone = [day for day in gone if day < n_days]
    found = said([on(day) for day in sorted(now)], [on(day) for day in sorted(before)], period)
    assert len(found) == bool(gone)
    if gone:
        assert found[0].startswith(f"{len(gone)} scene")
        assert found[0].endswith(f": {some_of([f's{day}' for day in gone])}")


EMPTY = EmptySearchError("no scene", where="list", remedy="widen the period")


def test_f21_an_empty_listing_says_what_was_there_and_what_is_held() -> None:
    named = [as_listed(on(day)) for day in range(1, 6)]
    told = said_of_before(EMPTY, named, ["s1", "s2"])
    assert type(told) is EmptySearchError
    assert told.exit_code == 2
    for words in ("no scene; yet", "named 5 scenes (s1, s2, s3 and 2 more)",
                  "chips of 2 scenes are held from before (s1, s2) and stay",
                  "renamed a collection", "widen the period"):  # fmt: skip
        assert words in str(told)
    assert "\n" not in str(told)


def test_chips_of_before_the_memory_are_told_alone() -> None:
    told = str(said_of_before(EMPTY, [], ["s1"]))
    assert "no scene; yet chips of 1 scene are held" in told
    assert "earlier listing" not in told


def test_an_empty_listing_of_a_place_that_is_new_stays_as_it_was() -> None:
    assert said_of_before(EMPTY, [], []) is EMPTY


def test_a_renamed_collection_is_an_error_of_its_own() -> None:
    with pytest.raises(NoCollectionError, match="has none of the collections a") as caught:
        available(("a",), ("b",), "list")
    assert isinstance(caught.value, SearchError)
    told = said_of_before(caught.value, [as_listed(on(1))], [])
    assert type(told) is NoCollectionError
    assert told.exit_code == 3
    assert "named 1 scene (s1)" in str(told)
    assert "it has b" in str(told)


def memory(folder: Path, source: str = "https://c.example/v1", box: Bounds = BOX) -> ListedBefore:
    return ListedBefore(WorkFolder(folder, "yard"), source, box)


def test_what_was_listed_is_remembered_once_and_in_order(tmp_path: Path) -> None:
    kept = memory(tmp_path)
    assert kept.read() == ()
    kept.add((), [on(2), on(1)])
    written = kept.path.stat().st_mtime_ns
    assert [one.id for one in kept.read()] == ["s1", "s2"]
    kept.add(kept.read(), [on(1)])
    assert kept.path.stat().st_mtime_ns == written
    kept.add(kept.read(), [on(3)])
    assert [one.id for one in kept.read()] == ["s1", "s2", "s3"]
    assert kept.read()[0] == as_listed(on(1))


def test_a_memory_is_of_one_source_and_one_outline(tmp_path: Path) -> None:
    kept = memory(tmp_path)
    kept.add((), [on(1)])
    assert memory(tmp_path, "https://c.example/v2").read() == ()
    assert memory(tmp_path, box=Bounds(0, 0, 1, 1)).read() == ()
    assert memory(tmp_path, "https://c.example/v1?key=CANARY").read() == kept.read()
    text = kept.path.read_text(encoding="utf-8") + kept.path.name
    assert "c.example" not in text


def test_two_folders_of_one_name_are_two_sources(tmp_path: Path) -> None:
    memory(tmp_path, str(tmp_path / "a" / "tiles")).add((), [on(1)])
    assert memory(tmp_path, str(tmp_path / "b" / "tiles")).read() == ()


@pytest.mark.parametrize(
    "text", ["", "[", "[[1]]", "[null]", "[" * 9999, '[["soon", "c", "i", "k"]]', "3"]
)
def test_a_damaged_memory_is_said_and_not_taken_for_none(tmp_path: Path, text: str) -> None:
    kept = memory(tmp_path)
    kept.add((), [on(1)])
    kept.path.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match="delete the file"):
        kept.read()


def test_the_newest_word_on_a_scene_counts() -> None:
    one = as_listed(on(1))
    moved = replace(one, instant=one.instant + timedelta(minutes=1))
    named: tuple[ListedScene, ...] = named_before([one, moved], PERIOD, OPTIONS.collections)
    assert named == (moved,)


def test_nothing_is_held_in_an_empty_store(tmp_path: Path) -> None:
    assert scenes_held(WorkFolder(tmp_path, "yard"), PERIOD, OPTIONS.collections) == ()
