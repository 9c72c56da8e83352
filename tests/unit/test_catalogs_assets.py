"""Assets by the tables of the sensors, other addresses, and what is promised of the file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogs.items import scene_from_item
from pipeline.errors import SearchError
from tests.unit.item_factory import make_asset, make_item

BASE = "https://catalog.example/v1/collections/c/items/"
Json = dict[str, Any]
GRID: Json = {"proj:shape": [10, 20], "proj:transform": [30, 0, 300000, 0, -30, 4200000]}
TIFF: Json = {"href": "x.tif", "type": "image/tiff; application=geotiff"}


def scene_with(assets: Json, collection: str = "landsat-c2-l2", about: Json | None = None) -> Any:  # noqa: ANN401 - short in the tests
    """A scene with these assets; ``about`` replaces or adds properties."""
    item = make_item()
    item["properties"] |= {"gsd": None, "platform": "landsat-8"} | (about or {})
    item |= {"assets": assets, "collection": collection}
    return scene_from_item(item, base=BASE)


def red_with(**extra: Any) -> Any:  # noqa: ANN401 - JSON
    return scene_with({"red": make_asset("red", **extra)}).assets["red"]


@pytest.mark.parametrize(
    ("key", "band"),
    [
        ("qa_pixel", "qa_pixel"),
        ("QA_PIXEL.TIF", "qa_pixel"),
        ("qa_radsat", "qa_radsat"),
        ("lwir11", "lwir11"),
        ("lwir", "lwir11"),
        ("ST_B10.TIF", "lwir11"),
        ("ST_B6.TIF", "lwir11"),
        ("qa", "st_qa"),
        ("ST_QA.TIF", "st_qa"),
        ("swir22", "swir22"),
    ],
)
def test_assets_of_landsat_by_their_keys(key: str, band: str) -> None:
    (asset,) = scene_with({key: TIFF}).assets.values()
    assert (asset.band, asset.key, asset.gsd_m) == (band, key, 30)


@pytest.mark.parametrize(
    "key", ["cloud_qa", "qa_aerosol", "atmos_opacity", "SR_QA_AEROSOL.TIF", "emis", "mtl.json"]
)
def test_assets_of_landsat_that_are_no_band(key: str) -> None:
    assert scene_with({key: TIFF}).assets == {}


@pytest.mark.parametrize(
    ("collection", "gsd_m"), [("sentinel-1-rtc", 10), ("OPERA_L2_RTC-S1_V1_1", 30)]
)
@pytest.mark.parametrize("key", ["vv", "VV", "vh"])
def test_assets_of_radar_by_their_keys(collection: str, gsd_m: float, key: str) -> None:
    (asset,) = scene_with({key: TIFF}, collection).assets.values()
    assert (asset.band, asset.gsd_m) == (key.lower(), gsd_m)


def test_keys_mean_nothing_in_a_collection_that_is_not_known() -> None:
    assert scene_with({"vv": TIFF, "qa_pixel": TIFF}, "cop-dem-glo-30").assets == {}
    assert scene_with({"qa_pixel": TIFF}, "sentinel-1-rtc").assets == {}


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/jpg", "image/jpeg; q=1"])
def test_pictures_are_never_bands(kind: str) -> None:
    assert scene_with({"lwir11": {"href": "x.jpeg", "type": kind}}).assets == {}


def test_bands_that_are_numbered_in_the_item() -> None:
    bands = [{"common_name": "blue", "gsd": 30}, {"common_name": "red", "gsd": 15}]
    assets = {"SR_B2.TIF": TIFF | {"eo:bands": [0]}, "SR_B4.TIF": TIFF | {"eo:bands": [1]}}
    scene = scene_with(assets, about={"eo:bands": bands})
    assert {band: (a.key, a.gsd_m) for band, a in scene.assets.items()} == {
        "blue": ("SR_B2.TIF", 30),
        "red": ("SR_B4.TIF", 15),
    }


@pytest.mark.parametrize("index", [2, -1, True, 1.0, "1", None])
def test_a_number_that_no_band_has_is_no_band(index: object) -> None:
    bands = [{"common_name": "blue", "gsd": 30}, {"common_name": "red", "gsd": 30}]
    scene = scene_with({"SR.TIF": TIFF | {"eo:bands": [index]}}, about={"eo:bands": bands})
    assert scene.assets == {}


def test_nodata_is_the_item_s_and_else_the_documented_one() -> None:
    stated = TIFF | {"raster:bands": [{"nodata": 5}]}
    scene = scene_with({"qa": TIFF, "lwir11": stated, "qa_radsat": TIFF})
    found = {band: asset.nodata for band, asset in scene.assets.items()}
    assert found == {"st_qa": -9999, "lwir11": 5, "qa_radsat": None}


def test_other_addresses_are_kept_if_they_are_followed() -> None:
    listed = {
        "s3": {"href": "s3://usgs-landsat/B4.TIF"},
        "same": {"href": "red.tif"},
        "https": {"href": "https://mirror.example/B4.TIF?x=1"},
        "twice": {"href": "s3://usgs-landsat/B4.TIF"},
        "file": {"href": "file:///etc/passwd"},
        "vsi": {"href": "/vsicurl/http://h/x"},
        "relative": {"href": "../B4.TIF"},
        "line": {"href": "https://h/a\nb"},
        "bracket": {"href": "https://[h/b"},
        "none": {},
        "text": "https://h/c",
    }
    asset = red_with(alternate=listed)
    assert asset.alternates == ("s3://usgs-landsat/B4.TIF", "https://mirror.example/B4.TIF?x=1")
    assert asset.href == BASE + "red.tif"
    itself = {"href": "s3://b/B4.TIF", "alternate": {"s3": {"href": "s3://b/B4.TIF"}}}
    assert red_with(**itself).alternates == ()


def test_what_the_item_promises_of_a_file() -> None:
    asset = red_with(**GRID)
    assert asset.shape == (10, 20)
    assert asset.transform == (30, 0, 300000, 0, -30, 4200000)
    nine = red_with(**GRID | {"proj:transform": [*GRID["proj:transform"], 0, 0, 1]})
    assert nine == asset


def test_what_an_item_promises_of_all_its_files_holds_at_its_pixel_size() -> None:
    fine = make_asset("red", gsd=15)
    scene = scene_with({"red": make_asset("red", gsd=30), "qa_pixel": TIFF}, about=GRID)
    assert {(a.shape, a.transform[0]) for a in scene.assets.values()} == {((10, 20), 30)}
    asset = scene_with({"red": fine}, about=GRID).assets["red"]
    assert (asset.shape, asset.transform) == (None, None)
    own = scene_with({"red": fine | {"proj:shape": [20, 40]}}, about=GRID).assets["red"]
    assert own.shape == (20, 40)


@pytest.mark.parametrize(
    "shape", [None, "10", [10], [10, 20, 3], [0, 5], [1.5, 2], [-1, 2], ["a", "b"], {}]
)
@pytest.mark.parametrize(
    "transform",
    [None, "30", [30], [30, 0, 0, 0, -30], [30, 0, "x", 0, -30, 1], [30, 0, 0, 0, -30, 0, 7], {}],
)
def test_what_is_no_promise_is_none(shape: object, transform: object) -> None:
    asset = red_with(**{"proj:shape": shape, "proj:transform": transform, "gsd": 30})
    assert (asset.shape, asset.transform) == (None, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
PLACES = st.sampled_from(["proj:shape", "proj:transform", "alternate", "eo:bands", "raster:bands"])


@given(place=PLACES, rubbish=JSON, on_item=st.booleans())
def test_rubbish_is_read_or_refused_and_never_more(
    place: str,
    rubbish: object,
    on_item: bool,  # noqa: FBT001 - drawn
) -> None:
    asset = make_asset("red", gsd=30) | ({} if on_item else {place: rubbish})
    try:
        scene = scene_with({"red": asset, "qa": TIFF}, about={place: rubbish} if on_item else {})
    except SearchError:
        return
    for one in scene.assets.values():
        assert one.shape is None or min(one.shape) > 0
        assert one.transform is None or len(one.transform) == 6


@pytest.mark.parametrize("kind", [None, "Collection", "Catalog", "FeatureCollection"])
def test_what_is_no_item_is_refused_by_its_kind(kind: str | None) -> None:
    with pytest.raises(SearchError, match=f"it is a {kind or 'document without a type'}"):
        scene_from_item(make_item() | {"type": kind}, base=BASE)


@pytest.mark.parametrize("day", ["2019-12-01"])
def test_a_bare_day_counts_from_its_start(day: str) -> None:
    assert (
        scene_with({}, about={"datetime": day}).instant.isoformat() == "2019-12-01T00:00:00+00:00"
    )


@pytest.mark.parametrize("text", ["2019-12-01T15:13:51", "20191201", "2019-W48-7"])
def test_other_times_without_a_zone_are_refused(text: str) -> None:
    with pytest.raises(SearchError, match="has no time zone"):
        scene_with({}, about={"datetime": text})


def test_only_landsat_goes_without_a_stated_crs() -> None:
    assert scene_with({}, about={"proj:epsg": None}).epsg == 32652
    with pytest.raises(SearchError, match="coordinate system"):
        scene_with({}, "sentinel-1-rtc", about={"proj:epsg": None})
