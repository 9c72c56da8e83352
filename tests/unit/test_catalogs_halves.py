"""Products that are listed in two halves: one scene each, whatever is missing or comes first."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.catalogs import StacApiCatalog, StaticCatalog
from pipeline.catalogs.halves import groups_of, joined
from pipeline.config import load_config
from pipeline.fetch import fetch_scene
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from pipeline.sensors import SENSORS
from pipeline.sensors.landsat import HALVES
from pipeline.store.chips import ChipStore
from tests.faults.stac_stub import stac_stub
from tests.unit.fetch_factory import SITE, options
from tests.unit.item_factory import BOTTOM, LEFT, REAL, RIGHT, TOP, make_item
from tests.unit.scene_factory import make_scene

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.model.scene import Scene

SR, ST = HALVES
PRODUCT = "LC08_L2SP_116033_20201101_20201106_02_T1"
SR_BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22", "qa_pixel", "qa_radsat")
ST_BANDS = ("lwir11", "st_qa", "qa_pixel", "qa_radsat")
LANDSAT = SENSORS["landsat"]
WANTED = load_config().search.model_copy(update={"collections": LANDSAT.collections})
PLACE = Bounds(LEFT, BOTTOM, RIGHT, TOP)
YEAR = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 12, 31, tzinfo=UTC))


def half(collection: str, product: str = PRODUCT, *, has_end: bool = True, **more: Any) -> Scene:  # noqa: ANN401 - any field
    end, bands = ("_SR", SR_BANDS) if collection == SR else ("_ST", ST_BANDS)
    plain = make_scene("x").assets["red"]
    assets = {band: replace(plain, key=f"{band}{end}", band=band) for band in bands}
    fields: dict[str, Any] = {"assets": assets, "platform": "landsat-8"} | more
    return make_scene(product + end * has_end, collection=collection, **fields)


@pytest.mark.parametrize("has_end", [True, False])
def test_two_halves_are_one_scene_whatever_their_order(*, has_end: bool) -> None:
    parts = [half(SR, has_end=has_end), half(ST, has_end=has_end)]
    found = {str(joined(order, HALVES)) for order in itertools.permutations(parts)}
    assert len(found) == 1
    (one,) = joined(parts, HALVES)
    assert (one.id, one.collection, one.missed) == (PRODUCT, SR, {})
    assert set(one.assets) == {*SR_BANDS, *ST_BANDS}
    assert set(LANDSAT.required) | set(LANDSAT.optional) == set(one.assets)
    assert one.assets["qa_pixel"].key == "qa_pixel_SR"


@pytest.mark.parametrize(
    ("there", "gone", "bands"),
    [(SR, ST, {"lwir11", "st_qa"}),
     (ST, SR, {"coastal", "blue", "green", "red", "nir08", "swir16", "swir22"})],
)  # fmt: skip
def test_a_half_that_is_not_listed_is_missed_band_by_band(
    there: str, gone: str, bands: set[str]
) -> None:
    (one,) = joined([half(there)], HALVES)
    assert set(one.missed) == bands
    assert all(gone in reason for reason in one.missed.values())
    assert one.id == PRODUCT


def test_a_product_that_is_made_without_temperature_misses_none() -> None:
    (one,) = joined([half(SR, PRODUCT.replace("L2SP", "L2SR"))], HALVES)
    assert one.missed == {}


def test_products_are_not_mixed() -> None:
    other = PRODUCT.replace("20201106", "20210317")
    found = joined([half(SR), half(ST, other)], HALVES)
    assert {one.id: max(one.missed) for one in found} == {PRODUCT: "st_qa", other: "swir22"}


@pytest.mark.parametrize(
    "changes",
    [{"epsg": 32651}, {"platform": "landsat-9"}, {"instant": datetime(2020, 1, 1, tzinfo=UTC)}],
)
def test_halves_that_contradict_each_other_stay_apart(changes: dict[str, Any]) -> None:
    found = joined([half(SR), half(ST, **changes)], HALVES)
    assert len(found) == 2
    assert all("has another time" in reason for one in found for reason in one.missed.values())
    assert {"lwir11", "red"} <= {band for one in found for band in one.missed}


def test_other_scenes_and_single_halves_pass_as_they_are() -> None:
    others = (make_scene("a"), half(SR))
    assert joined(others, (SR,)) == others
    assert joined((make_scene("a"),), HALVES) == (make_scene("a"),)
    assert groups_of((ST, "b", SR)) == ((SR, ST), ("b",))
    assert groups_of((ST, "b")) == ((ST,), ("b",))


def test_every_band_of_a_missing_half_is_a_failure_of_the_fetch(tmp_path: Path) -> None:
    (one,) = joined([half(SR)], HALVES)
    bands = options(bands=LANDSAT.required, optional_bands=LANDSAT.optional)
    done = fetch_scene(SITE, one, ChipStore(tmp_path), bands)
    missed = {f.band: f for f in done.failures if f.kind == "MissingBandError"}
    assert set(missed) == {"lwir11", "st_qa"}
    assert "lists no item of surface temperature" in missed["lwir11"].reason
    (other,) = joined([half(ST)], HALVES)
    failed = fetch_scene(SITE, other, ChipStore(tmp_path), bands).failures
    gone = {f.band for f in failed if f.kind == "MissingBandError"}
    assert gone == set(LANDSAT.required) - {"qa_pixel"}


def item(kind: str, n: int) -> dict[str, Any]:
    """An item of one half, after the way of the USGS."""
    keys = SR_BANDS if kind == "SR" else ST_BANDS
    product = PRODUCT.replace("20201101", f"202011{n:02}")
    document: dict[str, Any] = make_item(f"{product}_{kind}", f"2020-11-{n:02}T02:05:00Z")
    document["collection"] = SR if kind == "SR" else ST
    document["properties"] |= {"platform": "landsat-8", "gsd": 30}
    document["assets"] = {key: {"href": f"https://a.example/{kind}/{key}.tif"} for key in keys}
    return document


def products(scenes: tuple[Scene, ...]) -> list[tuple[str, bool, bool, int]]:
    """By day: whether there is reflectance, temperature, and how many bands are missed."""
    return [(s.id[17:25], "red" in s.assets, "lwir11" in s.assets, len(s.missed)) for s in scenes]


LISTED = [item("SR", 1), item("ST", 1), item("SR", 3), item("ST", 5)]
EXPECTED = [("20201101", True, True, 0), ("20201103", True, False, 2), ("20201105", False, True, 7)]


def test_a_folder_of_halves_gives_whole_scenes(tmp_path: Path) -> None:
    for document in LISTED:
        (tmp_path / f"{document['id']}.json").write_text(json.dumps(document), encoding="utf-8")
    assert products(StaticCatalog(tmp_path).search(PLACE, YEAR, WANTED)) == EXPECTED


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_api_is_asked_for_both_halves(method: str) -> None:
    with stac_stub("halves", method) as served:
        served.collections = {
            name: [one for one in LISTED if one["collection"] == name] for name in (SR, ST)
        }
        assert products(StacApiCatalog(served.url).search(PLACE, YEAR, WANTED)) == EXPECTED
        served.collections.pop(ST)
        found = StacApiCatalog(served.url).search(PLACE, YEAR, WANTED)
    assert products(found) == [("20201101", True, False, 2), ("20201103", True, False, 2)]
    assert found[1].instant - found[0].instant == timedelta(days=2)


@pytest.mark.real
@pytest.mark.parametrize("folder", ["landsat_c2_l2", "stac_items/usgs_landsatlook"])
def test_the_recorded_halves_of_a_real_product_are_one_scene(folder: str) -> None:
    if not (REAL / folder).is_dir():
        pytest.skip(f"no recorded items at {REAL / folder}; set ZONEWATCH_REAL")
    period = Period(datetime(2019, 12, 1, tzinfo=UTC), datetime(2019, 12, 2, tzinfo=UTC))
    place = Bounds(-75.2, 1.0, -75.0, 1.5)
    (one,) = StaticCatalog(REAL / folder).search(place, period, WANTED)
    assert one.id == "LC08_L2SP_008059_20191201_20200825_02_T1"
    assert (one.collection, one.platform, one.epsg, one.missed) == (SR, "landsat-8", 32618, {})
    assert {*LANDSAT.required, *LANDSAT.optional} <= set(one.assets)
    assert one.assets["lwir11"].href.endswith("_ST_B10.TIF")
    assert one.assets["red"].href.endswith("_SR_B4.TIF")
