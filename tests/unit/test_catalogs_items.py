"""Items in every spelling that catalogues use, and items that nobody should swallow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pystac
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogs.items import absolute_href, scene_from_item, sha256_from_multihash
from pipeline.errors import SearchError
from tests.unit.item_factory import make_asset, make_item

BASE = "https://catalog.example/v1/collections/c/items/"


def scene_of(**properties: Any) -> Any:  # noqa: ANN401 - short in the tests
    return scene_from_item(make_item(**properties), base=BASE)


def scene_with(key: str, asset: dict[str, Any]) -> Any:  # noqa: ANN401 - short in the tests
    item = make_item()
    item["assets"] = {key: asset}
    return scene_from_item(item, base=BASE)


def test_the_plain_fields() -> None:
    scene = scene_of(**{"eo:cloud_cover": 12.5, "s2:processing_baseline": "02.14"})
    assert (scene.id, scene.collection) == ("S2A_TEST", "sentinel-2-l2a")
    assert scene.instant == datetime(2020, 8, 5, 2, 20, tzinfo=UTC)
    assert (scene.epsg, scene.cloud_cover_pct, scene.processing_baseline) == (32652, 12.5, "02.14")
    assert scene.boa_offset_applied is None
    assert scene.is_simulated is False
    assert set(scene.assets) == {"red", "scl"}


def test_a_pystac_item_reads_like_its_document() -> None:
    document = make_item()
    assert scene_from_item(pystac.Item.from_dict(document), base=BASE) == scene_from_item(
        document, base=BASE
    )


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2020-08-05T02:20:00Z", 2),
        ("2020-08-05T11:20:00+09:00", 2),
        ("2020-08-05T02:20:00.123456789Z", 2),
    ],
)
def test_times_are_utc_in_every_spelling(text: str, hour: int) -> None:
    instant = scene_of(datetime=text).instant
    assert (instant.hour, instant.tzinfo) == (hour, UTC)


def test_a_range_counts_from_its_start() -> None:
    scene = scene_of(datetime=None, start_datetime="2020-08-05T02:20:00Z")
    assert scene.instant.day == 5


@pytest.mark.parametrize(
    "code",
    [
        {"proj:epsg": 32652},
        {"proj:epsg": None, "proj:code": "EPSG:32652"},
        {"proj:epsg": None, "grid:code": "MGRS-52SBH"},
        {"proj:epsg": None, "s2:mgrs_tile": "52SBH"},
    ],
)
def test_the_crs_in_every_spelling(code: dict[str, object]) -> None:
    assert scene_of(**code).epsg == 32652


def test_the_southern_hemisphere_has_its_own_zones() -> None:
    assert scene_of(**{"proj:epsg": None, "grid:code": "MGRS-52LBH"}).epsg == 32752


def test_the_crs_may_stand_on_the_asset_only() -> None:
    item = make_item()
    del item["properties"]["proj:epsg"]
    item["assets"]["red"]["proj:code"] = "EPSG:32651"
    assert scene_from_item(item, base=BASE).epsg == 32651


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"raster:bands": [{"scale": 1e-4, "offset": -0.1, "nodata": 0}]}, (1e-4, -0.1, 0)),
        ({"raster:scale": 1e-4, "raster:offset": -0.1, "nodata": 0}, (1e-4, -0.1, 0)),
        ({"raster:bands": [{"scale": "0.0001", "nodata": "nan"}]}, (1e-4, None, 0)),
        ({}, (None, None, 0)),
    ],
)
def test_numbers_in_every_spelling(stated: dict[str, Any], expected: tuple[object, ...]) -> None:
    asset = scene_with("red", make_asset("red", **stated)).assets["red"]
    assert (asset.scale, asset.offset, asset.nodata) == expected


def test_bands_in_the_spelling_of_stac_1_1() -> None:
    band = {"name": "B08", "eo:common_name": "nir", "raster:offset": -0.1, "nodata": 0}
    asset = scene_with("B08_10m", {"href": "x.tif", "gsd": 10, "bands": [band]}).assets["nir"]
    assert (asset.key, asset.offset, asset.nodata) == ("B08_10m", -0.1, 0)


@pytest.mark.parametrize(
    ("stated", "gsd_m"),
    [
        ({"gsd": 20}, 20),
        ({"gsd": 10, "raster:bands": [{"spatial_resolution": 20}]}, 20),
        ({"proj:transform": [60, 0, 0, 0, -60, 0]}, 60),
        ({}, 10),
    ],
)
def test_the_pixel_size_in_every_spelling(stated: dict[str, Any], gsd_m: float) -> None:
    assert scene_with("red", make_asset("red", **stated)).assets["red"].gsd_m == gsd_m


def test_of_several_assets_of_a_band_the_finest_that_is_no_jpeg_2000_is_taken() -> None:
    item = make_item()
    item["assets"] = {
        "red-jp2": make_asset("red", gsd=10, type="image/jp2"),
        "red_20m": make_asset("red", gsd=20),
        "red_10m": make_asset("red", gsd=10),
        "visual": {"href": "tci.tif", "eo:bands": [{"common_name": "red"}] * 3},
        "thumbnail": make_asset("red", gsd=10, type="image/jpeg"),
    }
    assert scene_from_item(item, base=BASE).assets["red"].key == "red_10m"


def test_a_coarser_asset_goes_before_jpeg_2000() -> None:
    item = make_item()
    item["assets"] = {
        "a": make_asset("red", gsd=10, type="image/jp2"),
        "b": make_asset("red", gsd=20),
    }
    assert scene_from_item(item, base=BASE).assets["red"].key == "b"


def test_a_footprint_that_crosses_itself_is_repaired() -> None:
    item = make_item()
    item["geometry"]["coordinates"] = [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]
    footprint = scene_from_item(item, base=BASE).footprint
    assert footprint.is_valid
    assert footprint.area == 2


def test_a_band_that_is_there_as_jpeg_2000_only_is_kept() -> None:
    asset = make_asset("red", type="image/jp2") | {"href": "s3://bucket/B04.jp2"}
    assert scene_with("B04_10m", asset).assets["red"].href == "s3://bucket/B04.jp2"


@pytest.mark.parametrize("key", ["scl", "SCL", "SCL_20m", "scl-jp2"])
def test_the_scene_classification_is_known_by_its_key(key: str) -> None:
    assert set(scene_with(key, {"href": "x.tif", "gsd": 20}).assets) == {"scl"}


def test_two_tiles_and_two_processings_of_one_pass_share_a_key() -> None:
    first = scene_of(**{"s2:datatake_id": "GS2A_20200805T021601_026752_N02.14"})
    second = scene_of(
        datetime="2020-08-05T02:20:13Z",
        **{"s2:datatake_id": "GS2A_20200805T021601_026752_N05.00"},
    )
    other = scene_of(**{"s2:datatake_id": "GS2A_20200805T021601_026753_N02.14"})
    assert first.acquisition_key == second.acquisition_key != other.acquisition_key


def test_without_a_datatake_platform_and_second_are_the_key() -> None:
    keys = {
        scene_of(datetime=f"2020-08-05T02:20:00.{fraction}Z", platform=platform).acquisition_key
        for fraction, platform in (("1", "Sentinel-2A"), ("9", "sentinel-2a"))
    }
    assert keys == {"sentinel-2a/20200805T022000"}


@pytest.mark.parametrize("text", ["yes", 1, "true", None, False])
def test_only_the_truth_marks_a_scene_as_simulated(text: object) -> None:
    assert scene_of(**{"zonewatch:simulated": True}).is_simulated
    assert not scene_of(**{"zonewatch:simulated": text}).is_simulated


@pytest.mark.parametrize("flag", [True, False])
def test_the_offset_flag_is_kept(flag: bool) -> None:  # noqa: FBT001 - parametrised
    assert scene_of(**{"earthsearch:boa_offset_applied": flag}).boa_offset_applied is flag


@pytest.mark.parametrize(
    "checksum",
    [
        None,
        5,
        "",
        "1220abcd",
        "d41d8cd98f00b204e9800998ecf8427e",
        "1114" + "ab" * 20,
        "1320" + "ab" * 32,
        "1221" + "ab" * 32,
    ],
)
def test_what_is_no_sha256_multihash_is_no_checksum(checksum: object) -> None:
    assert sha256_from_multihash(checksum) is None


def test_a_multihash_becomes_the_hash() -> None:
    asset = make_asset("red", **{"file:checksum": "1220" + "AB" * 32})
    assert scene_with("red", asset).assets["red"].sha256 == "ab" * 32


@pytest.mark.parametrize(
    ("href", "base", "expected"),
    [
        ("b.tif", BASE, BASE + "b.tif"),
        ("/b.tif", BASE, "https://catalog.example/b.tif"),
        ("../b.tif", "/data/items/item.json", "/data/b.tif"),
        ("/data/b.tif", "/data/item.json", "/data/b.tif"),
        ("https://h/b.tif?sig=1", "/data/item.json", "https://h/b.tif?sig=1"),
    ],
)
def test_addresses_become_absolute(href: str, base: str, expected: str) -> None:
    assert absolute_href(href, base) == expected


@pytest.mark.parametrize(
    "href",
    [
        "file:///etc/passwd",
        "ftp://h/x",
        "/vsicurl/http://h/x",
        "//h/x",
        "GTIFF_DIR:1:/etc/x",
        "a\x00b",
        "",
        "a\nb",
    ],
)
@pytest.mark.parametrize("base", [BASE, "/data/item.json"])
def test_addresses_that_no_catalogue_may_name(href: str, base: str) -> None:
    with pytest.raises(SearchError, match="not followed"):
        absolute_href(href, base)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "x" * 5000, "\x00"])
def test_an_id_is_only_a_name(name: str) -> None:
    assert scene_from_item(make_item(name), base=BASE).id == name


BROKEN = {
    "no id": {"id": None},
    "blank id": {"id": "  "},
    "no properties": {"properties": None},
    "list of properties": {"properties": []},
    "no place": {"geometry": None, "bbox": None},
    "strange place": {"geometry": {"type": "Banana", "coordinates": []}},
    "empty place": {"geometry": {"type": "Polygon", "coordinates": []}},
    "no assets": {"assets": None},
    "list of assets": {"assets": [1]},
    "no href": {"assets": {"red": {"eo:bands": [{"common_name": "red"}]}}},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_a_broken_item_is_refused_by_name(change: dict[str, object]) -> None:
    with pytest.raises(SearchError, match=r"^item .*not a usable STAC item") as caught:
        scene_from_item(make_item() | change, base=BASE)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "properties",
    [
        {"datetime": "yesterday"},
        {"datetime": None},
        {"datetime": 5},
        {"datetime": "2020-08-05T02:20:00"},
        {"proj:epsg": None},
        {"proj:epsg": "-1"},
    ],
)
def test_a_scene_needs_time_and_crs(properties: dict[str, object]) -> None:
    with pytest.raises(SearchError, match="not a usable STAC item"):
        scene_of(**properties)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
PARTS = st.sampled_from(["id", "geometry", "bbox", "properties", "assets", "collection"])


@given(part=PARTS, rubbish=JSON)
def test_rubbish_in_one_part_is_read_or_refused_and_never_more(part: str, rubbish: object) -> None:
    item = make_item() | {part: rubbish}
    try:
        scene = scene_from_item(item, base=BASE)
    except SearchError:
        return
    assert scene.id
    assert not scene.footprint.is_empty


@given(
    key=st.sampled_from(["raster:bands", "eo:bands", "gsd", "type", "proj:transform"]), rubbish=JSON
)
def test_rubbish_in_an_asset_is_read_or_refused_and_never_more(key: str, rubbish: object) -> None:
    try:
        scene = scene_with("red", make_asset("red", gsd=10) | {key: rubbish})
    except SearchError:
        return
    assert all(asset.gsd_m > 0 for asset in scene.assets.values())
