"""A catalogue of files on a web server: the same answer as from the folder, or an error."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.catalogs import StaticCatalog, WebCatalog, open_catalog
from pipeline.config import load_config
from pipeline.errors import SearchError
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from tests.faults.server import Served, serve
from tests.unit.item_factory import BOTTOM, LEFT, RIGHT, TOP, make_item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.model.scene import Scene

PLACE = Bounds(LEFT, BOTTOM, RIGHT, TOP)
YEAR = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 12, 31, tzinfo=UTC))
OPTIONS = load_config().search.model_copy(update={"timeout_s": 3.0, "attempts": 2})
WANTED, OTHER = "sentinel-2-l2a", "modis"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two collections with two items each."""
    write(tmp_path / "catalog.json", "Catalog", "./s2/c.json", "modis/c.json")
    for name, collection in (("s2", WANTED), ("modis", OTHER)):
        write(tmp_path / name / "c.json", "Collection", "a.json", "b.json", id=collection)
        for day, item in enumerate("ab", 1):
            document = make_item(f"{name}-{item}", f"2020-08-0{day}T02:20:00Z")
            document["collection"] = collection
            (tmp_path / name / f"{item}.json").write_text(json.dumps(document))
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with serve(folder) as server:
        yield server


def write(path: Path, kind: str, *hrefs: str, **extra: Any) -> None:  # noqa: ANN401 - JSON
    path.parent.mkdir(exist_ok=True)
    links = [{"rel": "item", "href": href} for href in hrefs] + [{"rel": "self", "href": "x"}]
    path.write_text(json.dumps({"type": kind, "id": "root", "links": links} | extra))


def listed(url: str, **changes: Any) -> tuple[Scene, ...]:  # noqa: ANN401 - any option
    return open_catalog(url).search(PLACE, YEAR, OPTIONS.model_copy(update=changes))


def test_the_web_gives_what_the_folder_gives(folder: Path, served: Served) -> None:
    here = StaticCatalog(folder / "catalog.json").search(PLACE, YEAR, OPTIONS)
    there = listed(f"{served.url}/whole/catalog.json?key=CANARY")
    assert [scene.id for scene in there] == [scene.id for scene in here] == ["s2-a", "s2-b"]
    assert there[0].assets["red"].href == f"{served.url}/whole/s2/red.tif"
    assert not any("modis/a" in path for path, _ in served.requests)
    assert len(served.requests) == 5


def test_time_is_asked_for(served: Served) -> None:
    catalog = WebCatalog(f"{served.url}/whole/catalog.json")
    day = Period(datetime(2020, 8, 2, tzinfo=UTC), datetime(2020, 8, 3, tzinfo=UTC))
    assert [scene.id for scene in catalog.search(PLACE, day, OPTIONS)] == ["s2-b"]
    assert catalog.name == f"{served.url}/whole/catalog.json"


def test_no_wanted_collection_names_what_there_is(served: Served) -> None:
    with pytest.raises(SearchError, match="it has modis, sentinel-2-l2a"):
        listed(f"{served.url}/whole/catalog.json", collections=("landsat",))


@pytest.mark.parametrize(
    ("href", "match"),
    [
        ("https://elsewhere.example/c.json", "leads away from"),
        ("http://127.0.0.2/c.json", "leads away from"),
        ("file:///etc/passwd", "leads away from"),
        ("../catalog.json", "circle"),
        ("gone.json", "cannot be read"),
        ("a.json", "circle or name it twice"),
    ],
)
def test_links_that_are_not_followed(folder: Path, served: Served, href: str, match: str) -> None:
    write(folder / "s2" / "c.json", "Collection", "a.json", href, id=WANTED)
    with pytest.raises(SearchError, match=match):
        listed(f"{served.url}/whole/catalog.json")
    assert len(served.requests) <= 5


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[]", "not a STAC document"),
        ("<html>", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ('{"type": "Catalog"}', "no links"),
        ('{"type": "Feature", "id": "a"}', "not a usable STAC item"),
    ],
)
def test_documents_that_are_no_catalogue(
    folder: Path, served: Served, text: str, match: str
) -> None:
    (folder / "s2" / "c.json").write_text(text)
    with pytest.raises(SearchError, match=match):
        listed(f"{served.url}/whole/catalog.json")


@pytest.mark.parametrize("fault", ["500", "404", "403", "html", "whole-cut", "whole-drip"])
def test_a_server_that_fails_is_an_error_and_not_a_short_list(served: Served, fault: str) -> None:
    with pytest.raises(SearchError) as caught:
        listed(f"{served.url}/{fault}/catalog.json?key=CANARY", timeout_s=0.5, attempts=1)
    assert "CANARY" not in str(caught.value)


def test_more_than_allowed_is_refused(folder: Path, served: Served) -> None:
    names = [f"{name}.json" for name in "abxyz"]
    for name in names[2:]:
        (folder / "s2" / name).write_bytes((folder / "s2" / "a.json").read_bytes())
    write(folder / "s2" / "c.json", "Collection", *names, id=WANTED)
    with pytest.raises(SearchError, match="more than 4 items"):
        listed(f"{served.url}/whole/catalog.json", max_items=4)


def test_a_chain_without_end_is_refused(folder: Path, served: Served) -> None:
    for n in range(30):
        write(folder / f"{n}.json", "Catalog", f"{n + 1}.json")
    with pytest.raises(SearchError, match="more documents than items"):
        listed(f"{served.url}/whole/0.json", max_items=3)
