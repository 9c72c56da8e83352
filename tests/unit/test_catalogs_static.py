"""A catalogue in a folder: what is found, and what must not be followed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pystac
import pytest

from pipeline.catalogs import Catalog, StaticCatalog, open_catalog
from pipeline.config import load_config
from pipeline.errors import InputError, SearchError
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from tests.unit.item_factory import BOTTOM, LEFT, RIGHT, TOP, make_item

if TYPE_CHECKING:
    from pipeline.model.scene import Scene

OPTIONS = load_config().search
PLACE = Bounds(LEFT, BOTTOM, RIGHT, TOP)
YEAR = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 12, 31, tzinfo=UTC))


def write(path: Path, document: Any) -> Path:  # noqa: ANN401 - JSON
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def link(rel: str, href: str) -> dict[str, str]:
    return {"rel": rel, "href": href}


def catalog_of(folder: Path, *hrefs: str, rel: str = "item") -> Path:
    links = [link("root", "./catalog.json"), *(link(rel, href) for href in hrefs)]
    return write(folder / "catalog.json", {"type": "Catalog", "id": "c", "links": links})


def listed(source: Path, **changes: Any) -> tuple[Scene, ...]:  # noqa: ANN401 - any option
    options = OPTIONS.model_copy(update=changes)
    return open_catalog(source).search(PLACE, YEAR, options)


def test_a_tree_written_by_pystac_is_read_whole(tmp_path: Path) -> None:
    catalog = pystac.Catalog("c", "test")
    child = pystac.Collection.from_dict(
        {
            "type": "Collection",
            "stac_version": "1.0.0",
            "id": "sentinel-2-l2a",
            "description": "x",
            "license": "other",
            "extent": {
                "spatial": {"bbox": [[0, 0, 1, 1]]},
                "temporal": {"interval": [[None, None]]},
            },
            "links": [],
        }
    )
    catalog.add_child(child)
    for day in (5, 1, 3):
        child.add_item(pystac.Item.from_dict(make_item(f"S{day}", f"2020-08-0{day}T02:20:00Z")))
    catalog.normalize_and_save(str(tmp_path), pystac.CatalogType.SELF_CONTAINED)
    scenes = listed(tmp_path / "catalog.json")
    assert [scene.id for scene in scenes] == ["S1", "S3", "S5"]
    assert listed(tmp_path) == scenes


def test_local_assets_become_paths_beside_their_item(tmp_path: Path) -> None:
    catalog_of(tmp_path, "./items/a.json")
    write(tmp_path / "items" / "a.json", make_item("A"))
    (scene,) = listed(tmp_path)
    assert scene.assets["red"].href == str(tmp_path / "items" / "red.tif")


def test_a_folder_of_items_without_a_catalogue(tmp_path: Path) -> None:
    write(tmp_path / "b.json", make_item("B"))
    write(tmp_path / "deep" / "a.json", make_item("A"))
    write(tmp_path / "other.json", {"type": "Something"})
    assert [scene.id for scene in listed(tmp_path)] == ["A", "B"]


def test_place_and_period_both_ends_included(tmp_path: Path) -> None:
    stamps = {"first": YEAR.start, "last": YEAR.end}
    for name, instant in stamps.items():
        write(tmp_path / f"{name}.json", make_item(name, instant.isoformat()))
    write(tmp_path / "late.json", make_item("late", "2021-01-01T00:00:00Z"))
    away = make_item("away")
    away["geometry"]["coordinates"] = [[[0, 0], [1, 0], [1, 1], [0, 0]]]
    write(tmp_path / "away.json", away)
    assert [scene.id for scene in listed(tmp_path)] == ["first", "last"]


def test_the_first_wanted_collection_that_holds_any_is_used(tmp_path: Path) -> None:
    for name in ("old", "new", "landsat"):
        write(tmp_path / f"{name}.json", make_item(name) | {"collection": name})
    assert [s.id for s in listed(tmp_path, collections=("none", "new", "old"))] == ["new"]
    assert [s.id for s in listed(tmp_path, collections=("old", "new"))] == ["old"]


def test_a_collection_without_scenes_here_gives_way_to_the_next(tmp_path: Path) -> None:
    write(tmp_path / "a.json", make_item("A", "1999-01-01T00:00:00Z") | {"collection": "one"})
    write(tmp_path / "b.json", make_item("B") | {"collection": "two"})
    assert [s.id for s in listed(tmp_path, collections=("one", "two"))] == ["B"]


def test_no_wanted_collection_names_what_there_is(tmp_path: Path) -> None:
    write(tmp_path / "a.json", make_item() | {"collection": "modis"})
    with pytest.raises(SearchError, match=r"Remedy: .*it has modis"):
        listed(tmp_path)


def test_items_without_a_collection_are_taken(tmp_path: Path) -> None:
    item = make_item()
    del item["collection"]
    write(tmp_path / "a.json", item)
    assert len(listed(tmp_path)) == 1


def test_an_empty_answer_is_an_answer(tmp_path: Path) -> None:
    write(tmp_path / "a.json", make_item("A", "1999-01-01T00:00:00Z"))
    assert listed(tmp_path) == ()


@pytest.mark.parametrize(
    "href", ["../outside.json", "/etc/passwd", "a/../../outside.json", "linked.json"]
)
def test_links_stay_inside_the_folder(tmp_path: Path, href: str) -> None:
    write(tmp_path / "outside.json", make_item())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "linked.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(SearchError, match="leads out of the folder"):
        listed(catalog_of(tmp_path / "in", href))


@pytest.mark.parametrize("href", ["https://catalog.example/item.json", "file:///etc/passwd"])
def test_links_do_not_go_onto_the_network(tmp_path: Path, href: str) -> None:
    with pytest.raises(SearchError, match="leads out of the folder"):
        listed(catalog_of(tmp_path, href))


@pytest.mark.parametrize("href", ["../../secret.tif", "/etc/passwd"])
def test_assets_stay_inside_the_folder(tmp_path: Path, href: str) -> None:
    item = make_item()
    item["assets"]["red"]["href"] = href
    write(tmp_path / "in" / "a.json", item)
    with pytest.raises(SearchError, match="leads out of the folder"):
        listed(tmp_path / "in")


def test_an_asset_that_is_a_link_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.tif").write_bytes(b"secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "red.tif").symlink_to(tmp_path / "secret.tif")
    write(tmp_path / "in" / "a.json", make_item())
    with pytest.raises(SearchError, match="leads out of the folder"):
        listed(tmp_path / "in")


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    catalog_of(tmp_path, "child/catalog.json", rel="child")
    write(
        tmp_path / "child" / "catalog.json",
        {"type": "Catalog", "id": "d", "links": [link("child", "../catalog.json")]},
    )
    with pytest.raises(SearchError, match="circle"):
        listed(tmp_path)


def test_more_items_than_allowed_are_refused(tmp_path: Path) -> None:
    for index in range(4):
        write(tmp_path / f"{index}.json", make_item(f"S{index}"))
    assert len(listed(tmp_path, max_items=4)) == 4
    with pytest.raises(SearchError, match=r"more than 3 items.*max_items"):
        listed(tmp_path, max_items=3)


def test_endless_catalogues_without_items_are_refused(tmp_path: Path) -> None:
    names = [f"{index}.json" for index in range(20)]
    catalog_of(tmp_path, *names, rel="child")
    for name in names:
        write(tmp_path / name, {"type": "Catalog", "id": name, "links": []})
    with pytest.raises(SearchError, match="more documents"):
        listed(tmp_path, max_items=3)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", "null", '{"type": "Catalog"}', "[" * 100_000, "\ufeff{}", "<html>"]
)
def test_what_is_no_catalogue_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SearchError, match=r"catalog\.json: "):
        listed(path)


def test_s06_a_document_without_end_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_text(json.dumps(make_item("A")), encoding="utf-8")
    assert listed(tmp_path)
    monkeypatch.setattr("pipeline.catalogs.static.MAX_DOCUMENT_BYTES", 100)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(SearchError, match="too large for STAC"):
        listed(tmp_path)


def test_a_missing_item_is_an_error_and_not_a_short_list(tmp_path: Path) -> None:
    write(tmp_path / "a.json", make_item())
    with pytest.raises(SearchError, match=r"b\.json: .*FileNotFoundError"):
        listed(catalog_of(tmp_path, "a.json", "b.json"))


def test_an_empty_folder_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="no catalogue"):
        listed(tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        "/nowhere/at/all",
        "ftp://user:secret@catalog.example?sig=secret",
        "http://catalog.example/catalog.json?sig=secret",
        "http://catalog.example/v1?sig=secret",
        "https://user:secret@catalog.example/v1",
        "https://catalog.example:port/v1?sig=secret",
        "http://8.8.8.8/v1",
        "https://2130706433/v1",
    ],
)
def test_sources_that_cannot_be_opened(source: str) -> None:
    with pytest.raises(InputError) as caught:
        open_catalog(source)
    assert caught.value.exit_code == 2
    assert "secret" not in str(caught.value)


def test_both_catalogues_fit_the_protocol(tmp_path: Path) -> None:
    catalogs: tuple[Catalog, ...] = (
        StaticCatalog(tmp_path),
        open_catalog("https://catalog.example/v1?key=secret"),
    )
    assert [catalog.name for catalog in catalogs] == [str(tmp_path), "https://catalog.example/v1"]
