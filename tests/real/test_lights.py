"""Real crops of night lights and temperature, and the recorded item of a Black Marble tile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from shapely import box, from_geojson

from pipeline.fetch.lights import read_light_folder
from pipeline.model.coarse import Quantity
from pipeline.model.degrees import DegreeGrid
from pipeline.model.site import SITE_PLACE
from pipeline.prepare.coarse import prepare_coarse
from pipeline.raster.outline_mean import outline_mean, outline_radiance
from pipeline.sensors import blackmarble as bm
from pipeline.store.coarse_chips import CoarseStore
from tests.unit.coarse_factory import TOWN, bring, comparator
from tests.unit.item_factory import REAL
from tests.unit.lights_factory import make_site

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from pipeline.model.coarse import CoarseLook

pytestmark = pytest.mark.real

ISLANDS = box(6.4630, -0.0120, 7.4620, 1.7015)
SAO_TOME_TOWN = box(6.70, 0.31, 6.76, 0.37)
PRESERVE = box(-120.49, 34.45, -120.37, 34.57)


def read(name: str, outline: BaseGeometry, sensor: str | None = None) -> tuple[CoarseLook, ...]:
    folder: Path = REAL / name
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}; set ZONEWATCH_REAL")
    looks, failures = read_light_folder(make_site(outline, timezone="UTC"), folder, sensor)
    assert failures == ()
    return looks


def test_the_month_of_the_dnb() -> None:
    """January 2014 on 15 arc-seconds; what lies outside the islands is dropped."""
    outline = box(6.4630, 0.0050, 7.4620, 1.7015)
    (look,) = read("viirs_dmsp_stp", outline, "dnb-monthly")
    assert look.quantity is Quantity.RADIANCE
    assert (look.period.start.year, look.period.start.month, look.period.end.day) == (2014, 1, 31)
    assert look.grid.shape == (408, 241)
    assert isinstance(look.grid, DegreeGrid)
    assert look.grid.step_x_deg == pytest.approx(1 / 240)
    held = np.isfinite(look.values)
    assert held.sum() == 4681
    # Without the count of looks, the 300 exact zeros may be pixels that nobody saw.
    assert look.seen.sum() == 4681 - 300
    assert float(np.nanmin(look.values)) == pytest.approx(-0.15)
    assert float(np.nanmax(look.values)) == pytest.approx(14.94)
    town, all_land = outline_radiance(look, SAO_TOME_TOWN), outline_radiance(look, outline)
    assert town.mean is not None
    assert all_land.mean is not None
    assert town.mean > 10 * all_land.mean
    assert all_land.seen_share < 0.06


def test_the_noise_figure_of_the_month_is_what_its_unlit_pixels_show() -> None:
    (look,) = read("viirs_dmsp_stp", box(6.4630, 0.0050, 7.4620, 1.7015), "dnb-monthly")
    held = look.values[np.isfinite(look.values)]
    spread = 1.4826 * float(np.median(np.abs(held - np.median(held))))
    assert look.noise.sigma == pytest.approx(spread, abs=0.005)


def test_the_year_of_the_ols() -> None:
    (look,) = read("viirs_dmsp_stp", ISLANDS, "dmsp-ols")
    assert look.quantity is Quantity.DN
    assert look.label.product == "satellite-not-stated"
    assert look.period.start.year == look.period.end.year == 1992
    assert look.grid.shape == (206, 120)
    assert look.seen.sum() == np.isfinite(look.values).sum() == 1178
    assert (float(np.nanmin(look.values)), float(np.nanmax(look.values))) == (0, 16)
    assert not look.saturated.any()


def test_six_dates_of_temperature() -> None:
    looks = read("ecostress_lst_series", PRESERVE)
    assert [look.period.start.strftime("%Y-%m-%d") for look in looks] == [
        "2023-02-19",
        "2023-04-01",
        "2023-04-05",
        "2023-06-29",
        "2023-09-23",
        "2023-10-14",
    ]
    assert len({look.grid for look in looks}) > 1
    assert {look.label.variant for look in looks} == {"10SGD"}
    means = [outline_mean(look, PRESERVE) for look in looks]
    assert all(mean.mean is not None and 285 < mean.mean < 310 for mean in means)
    assert all(0.4 < mean.seen_share < 0.8 for mean in means)
    areas = [mean.area_m2 for mean in means]
    assert max(areas) / min(areas) == pytest.approx(1, abs=2e-5)


def test_the_recorded_item_of_a_daily_tile() -> None:
    """Our grid, scale, fill and bits are those that stactools wrote into the item."""
    path = REAL / "stac_items/viirs/VNP46A2.A2022097.h11v05.001.2022105104455.json"
    if not path.is_file():
        pytest.skip(f"no item {path}; set ZONEWATCH_REAL")
    item = json.loads(path.read_text(encoding="utf-8"))
    granule = bm.parse_name(f"{item['id']}.h5")
    properties, assets = item["properties"], item["assets"]
    assert granule.day.isoformat() == properties["start_datetime"][:10]
    assert (granule.h, granule.v) == (
        properties["viirs:horizontal-tile"],
        properties["viirs:vertical-tile"],
    )
    assert list(granule.grid.shape) == properties["proj:shape"]
    assert granule.grid.transform == pytest.approx(properties["proj:transform"])
    footprint = from_geojson(json.dumps(item["geometry"]))
    assert tuple(granule.grid.bounds) == pytest.approx(footprint.bounds)
    assert {*bm.DAILY_FIELDS, bm.GAP_FILLED, "hdf5"} == set(assets)
    for name in (bm.RADIANCE, bm.MOON):
        band = assets[name]["raster:bands"][0]
        scaling = bm.check_scaling(
            name, np.dtype(band["data_type"]), {"scale_factor": band["scale"]}, where="item"
        )
        assert scaling.fill == band["nodata"]
        bm.check_units(name, band["unit"], where="item")
    bits = {one["name"]: one for one in assets[bm.CLOUD]["classification:bitfields"]}
    cloud = bits["cloud"]
    for one in cloud["classes"]:
        code = np.array([one["value"] << cloud["offset"]], np.uint16)
        assert bm.cloud_class(code)[0] == one["value"]
    for name, seen in (("day_night", False), ("cirrus", False), ("snow_ice", True)):
        mask = np.array([1 << bits[name]["offset"]], np.uint16)
        lit, good = np.ones(1, np.float32), np.zeros(1, np.uint8)
        assert bm.seen_tonight(lit, good, mask)[0] == seen


@pytest.mark.parametrize(
    ("name", "outline", "far", "sensor"),
    [
        ("viirs_dmsp_stp", SAO_TOME_TOWN, box(6.55, 0.20, 6.60, 0.25), "dnb-monthly"),
        ("viirs_dmsp_stp", SAO_TOME_TOWN, box(6.55, 0.20, 6.60, 0.25), "dmsp-ols"),
        (
            "ecostress_lst_series",
            box(-120.45, 34.47, -120.42, 34.50),
            box(-120.41, 34.52, -120.40, 34.53),
            "ecostress",
        ),
    ],
)
def test_real_files_are_kept_and_come_back_number_by_number(
    *, tmp_path: Path, name: str, outline: BaseGeometry, far: BaseGeometry, sensor: str
) -> None:
    """What the store gives is what the folder gives, over the site and over a comparator."""
    direct = read(name, outline, sensor)
    site = make_site(outline, timezone="UTC", zones=(comparator(bounds=far.bounds),))
    files = bring(REAL / name, tmp_path, site, sensor)
    assert all(len(one.held) == 2 and not one.failures for one in files)
    assert not any(one.is_new for one in bring(REAL / name, tmp_path, site, sensor))
    held = prepare_coarse(site, CoarseStore(tmp_path))
    assert held.failures == ()
    kept = [one.look for one in held.of(SITE_PLACE)]
    assert len(kept) == len(held.of(TOWN)) == len(direct)
    for one, other in zip(direct, kept, strict=True):
        assert (one.grid, one.period, one.label) == (other.grid, other.period, other.label)
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.seen, other.seen)
    for placed in held.of(TOWN):
        assert outline_mean(placed.look, far).n_pixels > 20
