"""Every recorded document, one by one: scenes, or a refusal that says why; none is passed over."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pystac
import pytest

from pipeline.catalogs.items import scene_from_item
from pipeline.errors import RadiometryError, SearchError
from pipeline.sensors import SENSORS, decide_radiometry, sensor_of
from pipeline.sensors.landsat import utm_epsg
from pipeline.sensors.sentinel1 import Orbit, by_orbit, one_orbit
from tests.unit.item_factory import REAL

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.model.scene import Scene

pytestmark = pytest.mark.real
FOLDER = REAL / "stac_items"
BASE = "https://catalog.example/v1/collections/c/items/"

S2, C1, L1C = "sentinel-2-l2a", "sentinel-2-c1-l2a", "sentinel-2-l1c"
GRD, RTC, DEM = "sentinel-1-grd", "sentinel-1-rtc", "cop-dem-glo-30"
NO_TYPE, COLLECTION, CATALOG = "a document without a type", "a Collection", "a Catalog"
NO_ASSETS, NO_CRS = "does not list its assets", "does not state its coordinate system"

EXPECTED: dict[str, dict[str, int]] = {
    "cdse/odata_search_response_eodag.json": {NO_TYPE: 1},
    "cdse/stac_collection_sentinel-2-l2a.json": {COLLECTION: 1},
    "cdse/stac_root_exchange.json": {CATALOG: 1},
    "earth_search_v1/POST_search_filter_1_exchange.json": {GRD: 3, C1: 3, S2: 2, L1C: 2},
    "earth_search_v1/POST_search_filter_2_exchange.json": {C1: 3, S2: 4, L1C: 3},
    "earth_search_v1/POST_search_matched_1_exchange.json": {DEM: 1},
    "earth_search_v1/POST_search_multicoll_0_exchange.json": {S2: 1, "landsat-c2-l2": 1},
    "earth_search_v1/POST_search_multicoll_1_exchange.json": {},
    "earth_search_v1/POST_search_save_1_exchange.json": {DEM: 10},
    "earth_search_v1/collection_404_exchange.json": {NO_TYPE: 1},
    "earth_search_v1/collections_exchange.json": {NO_TYPE: 1},
    "earth_search_v1/landsat-c2-l2__LC09_L2SR_081122_20221130_assets-stripped.json": {
        "landsat-c2-l2": 1
    },
    "earth_search_v1/root_exchange.json": {CATALOG: 1},
    "earth_search_v1/sentinel-1-grd__dev_item-s1-1.json": {NO_CRS: 1},
    "earth_search_v1/sentinel-2-c1-l2a__POST_search_fields_exchange_with_next.json": {
        NO_ASSETS: 10
    },
    "earth_search_v1/sentinel-2-c1-l2a__S2B_T01WCR_20250427T000611_L2A.json": {C1: 1},
    "earth_search_v1/sentinel-2-c1-l2a__S2B_T38XNF_20250422T091553_L2A.json": {C1: 1},
    "earth_search_v1/sentinel-2-c1-l2a__collection.json": {COLLECTION: 1},
    "earth_search_v1/sentinel-2-c1-l2a__itemcollection_T13TDE_10items.json": {C1: 10},
    "earth_search_v1/sentinel-2-l1c__search_response_eodag.json": {L1C: 1},
    "earth_search_v1/sentinel-2-l2a__S2A_32TPS_20230602_0_L2A.json": {S2: 1},
    "planetary_computer/landsat-c2-l2__4items.json": {"landsat-c2-l2": 4},
    "planetary_computer/landsat-c2-l2__collection_or_item_obstore.json": {COLLECTION: 1},
    "planetary_computer/sentinel-1-grd__GET_items_exchange_with_next.json": {NO_CRS: 1},
    "planetary_computer/sentinel-1-rtc__4items.json": {RTC: 4},
    "planetary_computer/sentinel-1-rtc__GET_items_exchange_with_next.json": {RTC: 1},
    "planetary_computer/sentinel-2-l2a__4items.json": {S2: 4},
    "planetary_computer/sentinel-2-l2a__search_page1_with_next.json": {S2: 1},
    "planetary_computer/sentinel-2-l2a__search_page2.json": {S2: 1},
    "planetary_computer/stac_root_exchange.json": {CATALOG: 1},
    "usgs_landsatlook/LC08_L2SP_008059_20191201_20200825_02_T1_SR_stac.json": {
        "landsat-c2l2-sr": 1
    },
    "usgs_landsatlook/LC08_L2SP_008059_20191201_20200825_02_T1_ST_stac.json": {
        "landsat-c2l2-st": 1
    },
    "viirs/VNP46A2.A2022097.h11v05.001.2022105104455.json": {"viirs-46a2-001": 1},
    "viirs/VNP46A2_collection.json": {COLLECTION: 1},
}
"""Per document, how many scenes of which collection, or how many refusals with which words."""
REFUSALS = (NO_TYPE, COLLECTION, CATALOG, NO_ASSETS, NO_CRS)


def entries(path: Path) -> list[Any]:
    """What a document holds: its items, or itself if it holds none."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(document, dict) and "response" in document:
        document = document["response"]["body"]
    found = document.get("features", [document]) if isinstance(document, dict) else document
    return list(found)


def read(name: str) -> list[Scene]:
    """The scenes of a recorded document."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"no recorded document at {path}; set ZONEWATCH_REAL")
    return [scene_from_item(entry, base=BASE) for entry in entries(path)]


def ending(entry: Any) -> str:  # noqa: ANN401 - JSON
    """The collection of the scene that an entry becomes, or why it is refused."""
    try:
        return scene_from_item(entry, base=BASE).collection
    except SearchError as refused:
        words = str(refused)
        return next((known for known in REFUSALS if known in words and "Remedy" in words), words)


def test_no_document_is_missing_from_the_table() -> None:
    if not FOLDER.is_dir():
        pytest.skip(f"no recorded documents at {FOLDER}; set ZONEWATCH_REAL")
    assert {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_document_ends_as_scenes_or_as_a_refusal(name: str) -> None:
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"no recorded document at {path}; set ZONEWATCH_REAL")
    assert Counter(map(ending, entries(path))) == EXPECTED[name]


@pytest.mark.parametrize(
    "name", [n for n, ends in EXPECTED.items() if not {*ends} & {*REFUSALS, "viirs-46a2-001"}]
)
def test_scenes_have_what_their_sensor_requires_and_all_others_have_no_meaning(name: str) -> None:
    for scene in read(name):
        sensor = sensor_of(scene.collection)
        if sensor is None:
            for asset in scene.assets.values():
                with pytest.raises(RadiometryError, match="no sensor is known"):
                    decide_radiometry(scene, asset)
        elif "stripped" in name:
            assert scene.assets == {}
        elif scene.collection != "landsat-c2l2-st":
            assert set(sensor.required) <= set(scene.assets)
            assert {scene.assets[band].gsd_m for band in sensor.required if band != "scl"} == {
                sensor.gsd_m
            }


LANDSAT = {
    "earth_search_v1/POST_search_multicoll_0_exchange.json": "s3://usgs-landsat/",
    "planetary_computer/landsat-c2-l2__4items.json": "https://landsateuwest.blob.core.windows.net/",
}


@pytest.mark.parametrize("name", LANDSAT)
def test_landsat_of_two_catalogues(name: str) -> None:
    scenes = [scene for scene in read(name) if scene.collection == "landsat-c2-l2"]
    assert scenes
    for scene in scenes:
        assert {*SENSORS["landsat"].required, *SENSORS["landsat"].optional} <= set(scene.assets)
        for band, ending_of_name in (("red", "SR_B4"), ("lwir11", "ST_B10"), ("st_qa", "ST_QA")):
            asset = scene.assets[band]
            assert asset.href.endswith(f"_{ending_of_name}.TIF")
            assert asset.href.startswith(LANDSAT[name])
            assert "documentation confirms" in decide_radiometry(scene, asset).decided_by
        assert decide_radiometry(scene, scene.assets["lwir11"]).unit == "kelvin"
        assert scene.assets["qa_pixel"].shape == scene.assets["red"].shape
        assert utm_epsg(scene.footprint.centroid.x, scene.footprint.centroid.y) == scene.epsg
        assert scene.platform in ("landsat-8", "landsat-9")


def test_four_rows_of_one_pass_share_a_key() -> None:
    scenes = read("planetary_computer/landsat-c2-l2__4items.json")
    assert {scene.acquisition_key for scene in scenes} == {"landsat-9/path-089/20240417"}


def test_reflectance_and_temperature_of_the_usgs_are_one_overpass() -> None:
    both = [
        read(f"usgs_landsatlook/LC08_L2SP_008059_20191201_20200825_02_T1_{kind}_stac.json")[0]
        for kind in ("SR", "ST")
    ]
    assert {(s.acquisition_key, s.epsg, s.platform) for s in both} == {
        ("landsat-8/path-008/20191201", 32618, "landsat-8")
    }
    assert set(both[0].assets) >= set(SENSORS["landsat"].required)
    assert set(both[1].assets) == {"lwir11", "st_qa", "qa_pixel", "qa_radsat"}
    assert decide_radiometry(both[1], both[1].assets["lwir11"]).offset == 149.0
    assert all(scene.assets["qa_pixel"].href.endswith("QA_PIXEL.TIF") for scene in both)


def test_radar_states_its_orbit_and_its_fill() -> None:
    four = read("planetary_computer/sentinel-1-rtc__4items.json")
    (later,) = read("planetary_computer/sentinel-1-rtc__GET_items_exchange_with_next.json")
    assert one_orbit(four) == Orbit(51, "descending")
    assert {scene.acquisition_key for scene in four} == {"sentinel-1a/orbit-053498"}
    assert {orbit: len(group) for orbit, group in by_orbit([*four, later]).items()} == {
        Orbit(51, "descending"): 4,
        Orbit(80, "descending"): 1,
    }
    for scene in (*four, later):
        assert set(scene.assets) == {"vv", "vh"}
        vv = scene.assets["vv"]
        assert decide_radiometry(scene, vv).nodata == (-32768.0,)
        assert vv.transform is not None
        assert (vv.transform[0], vv.sha256) == (10, None)
        assert vv.shape is not None


def test_files_are_promised_wherever_the_catalogue_promises_them() -> None:
    silent = set()
    for name, ends in EXPECTED.items():
        for scene in () if set(ends) & set(REFUSALS) else read(name):
            bands = set(getattr(sensor_of(scene.collection), "required", ())) & set(scene.assets)
            if any(scene.assets[band].shape is None for band in bands):
                silent.add(name)
    assert silent == {name for name in EXPECTED if name.startswith("usgs")}


@pytest.mark.parametrize("name", [*LANDSAT, "planetary_computer/sentinel-1-rtc__4items.json"])
def test_pystac_and_plain_documents_give_the_same_scene(name: str) -> None:
    for entry, scene in zip(entries(FOLDER / name), read(name), strict=True):
        parsed = scene_from_item(pystac.Item.from_dict(entry, migrate=False), base=BASE)
        assert parsed == scene
