"""The recorded answers of three catalogues, read as they were delivered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pystac
import pytest
from shapely import get_parts

from pipeline.catalogs.items import scene_from_item
from pipeline.errors import SearchError
from pipeline.sensors.sentinel2 import REQUIRED_BANDS, SCL, decide_radiometry
from tests.unit.item_factory import REAL, make_item

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.model.scene import Scene

pytestmark = pytest.mark.real
FOLDER = REAL / "stac_items"
COLLECTIONS = ("sentinel-2-c1-l2a", "sentinel-2-l2a")
BASE = "https://catalog.example/v1/collections/c/items/"


def items_in(path: Path) -> list[dict[str, Any]]:
    """The Sentinel-2 items of one recorded document that hold assets."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if "response" in document:
        document = document["response"]["body"]
    features = document.get("features", [document]) if isinstance(document, dict) else document
    wanted = [item for item in features if item.get("collection") in COLLECTIONS]
    return [item for item in wanted if item.get("assets")]


def recorded(catalog: str) -> list[tuple[dict[str, Any], Scene]]:
    """Every Sentinel-2 item of a catalogue, each beside its scene."""
    if not FOLDER.is_dir():
        pytest.skip(f"no recorded items at {FOLDER}; set ZONEWATCH_REAL")
    items = [item for path in sorted((FOLDER / catalog).glob("*.json")) for item in items_in(path)]
    assert items
    return [(item, scene_from_item(item, base=BASE)) for item in items]


def offsets_of(scene: Scene) -> set[float]:
    """The offsets of the bands that the pass needs."""
    return {decide_radiometry(scene, scene.assets[band]).offset for band in REQUIRED_BANDS}


@pytest.mark.parametrize(
    ("catalog", "n_least"), [("earth_search_v1", 14), ("planetary_computer", 6)]
)
def test_every_recorded_item_has_what_the_pass_needs(catalog: str, n_least: int) -> None:
    scenes = recorded(catalog)
    assert len(scenes) >= n_least
    for item, scene in scenes:
        assert {*REQUIRED_BANDS, SCL, "swir16"} <= set(scene.assets)
        assert {scene.assets[band].gsd_m for band in REQUIRED_BANDS} == {10}
        assert {scene.assets[band].gsd_m for band in (SCL, "swir16")} == {20}
        assert "B08" in scene.assets["nir"].href
        assert scene.assets["nir"].href.endswith(".tif")
        # The parts one by one, because one tile lies on both sides of the date line.
        meridian = 6 * (scene.epsg % 100) - 183
        centres = [part.centroid.x for part in get_parts(scene.footprint)]
        assert any(abs(x - meridian) < 20 for x in centres)
        assert scene.processing_baseline == item["properties"]["s2:processing_baseline"]
        assert scene.acquisition_key.startswith(("GS2A_", "GS2B_", "GS2C_"))
        assert not scene.is_simulated


@pytest.mark.parametrize("catalog", ["earth_search_v1", "planetary_computer"])
def test_pystac_and_plain_documents_give_the_same_scene(catalog: str) -> None:
    for item, scene in recorded(catalog):
        parsed = scene_from_item(pystac.Item.from_dict(item, migrate=False), base=BASE)
        for band in (*REQUIRED_BANDS, SCL):
            assert parsed.assets[band] == scene.assets[band]
        assert (parsed.id, parsed.epsg, parsed.instant) == (scene.id, scene.epsg, scene.instant)


def test_offsets_of_the_three_ways_to_deliver() -> None:
    by_collection: dict[str, set[float]] = {}
    for _, scene in recorded("earth_search_v1"):
        by_collection.setdefault(scene.collection, set()).update(offsets_of(scene))
    assert by_collection == {"sentinel-2-c1-l2a": {-0.1}, "sentinel-2-l2a": {0.0}}
    assert all(offsets_of(scene) == {-0.1} for _, scene in recorded("planetary_computer"))


def test_earth_search_states_an_offset_that_must_not_be_applied_again() -> None:
    scenes = [s for _, s in recorded("earth_search_v1") if s.collection == "sentinel-2-l2a"]
    assert scenes
    for scene in scenes:
        assert scene.assets["red"].offset == -0.1
        assert scene.boa_offset_applied is True


def test_checksums_are_there_where_the_catalogue_states_them() -> None:
    for item, scene in recorded("earth_search_v1"):
        stated = item["assets"]["red"].get("file:checksum")
        assert scene.assets["red"].sha256 == (stated[4:] if stated else None)


def test_one_overpass_in_two_collections_shares_a_key() -> None:
    keys: dict[str, set[str]] = {}
    for _, scene in recorded("earth_search_v1"):
        keys.setdefault(scene.acquisition_key, set()).add(scene.collection)
    assert any(len(collections) == 2 for collections in keys.values())


def test_tiles_of_one_pass_at_the_planetary_computer_share_a_key() -> None:
    scenes = [scene for _, scene in recorded("planetary_computer")]
    tiles = [s for s in scenes if s.acquisition_key == "GS2B_20240419T095549_037185"]
    assert {scene.epsg for scene in tiles} == {32646, 32647}
    assert len(tiles) == 4


def test_an_item_as_the_collection_of_cdse_describes_it() -> None:
    path = FOLDER / "cdse" / "stac_collection_sentinel-2-l2a.json"
    if not path.is_file():
        pytest.skip(f"no recorded collection at {path}; set ZONEWATCH_REAL")
    described = json.loads(path.read_text(encoding="utf-8"))["item_assets"]
    item = make_item()
    del item["properties"]["proj:epsg"]
    item["properties"] |= {"processing:version": "05.11", "grid:code": "MGRS-52SBH"}
    item["assets"] = {
        key: asset | {"href": f"s3://eodata/x/{key}.jp2"} for key, asset in described.items()
    }
    scene = scene_from_item(item, base=BASE)
    assert {b: scene.assets[b].key for b in (*REQUIRED_BANDS, SCL, "swir16", "nir08")} == {
        "blue": "B02_10m",
        "green": "B03_10m",
        "red": "B04_10m",
        "nir": "B08_10m",
        "scl": "SCL_20m",
        "swir16": "B11_20m",
        "nir08": "B8A_20m",
    }
    assert scene.assets["red"].href == "s3://eodata/x/B04_10m.jp2"
    assert (scene.assets["red"].scale, scene.epsg) == (1e-4, 32652)
    assert offsets_of(scene) == {-0.1}


def test_items_stripped_to_a_time_are_refused() -> None:
    name = "sentinel-2-c1-l2a__POST_search_fields_exchange_with_next.json"
    path = FOLDER / "earth_search_v1" / name
    if not path.is_file():
        pytest.skip(f"no recorded exchange at {path}; set ZONEWATCH_REAL")
    body = json.loads(path.read_text(encoding="utf-8"))["response"]["body"]
    for item in body["features"]:
        with pytest.raises(SearchError, match=item["id"]):
            scene_from_item(item, base=BASE)
