"""The signs on real pixels: a town that grew, temperatures, night lights, one Landsat scene."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shapely import box

from pipeline.fetch.lights import read_light_folder
from pipeline.model.coarse_chip import PlacedLook
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.grid import Grid, Window
from pipeline.model.look import PixelKind
from pipeline.model.site import SITE_PLACE
from pipeline.sensors.landsat import TEMPERATURE_OFFSET_K, TEMPERATURE_SCALE
from pipeline.sensors.landsat_bits import LandClass, classes_of
from pipeline.signs import LightOptions, built_up_growth, night_light_step, temperature_contrast
from pipeline.signs.built_up import built_up_index
from pipeline.store.rasters import open_raster, read_window
from tests.real.folder_of_items import pixels_at
from tests.unit.item_factory import REAL
from tests.unit.lights_factory import make_site

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.real
PUCALLPA = REAL / "pucallpa_landsat_1985_2020"
LANDSAT = REAL / "landsat_c2_l2"
NAME = "LC08_L2SP_008059_20191201_20200825_02_T1"
YEARS = tuple(range(1985, 2021, 5))


def bands_at(path: Path) -> NDArray[Any]:
    """All bands of a file, (band, y, x), through the one door."""
    with open_raster(path) as dataset:
        pixels: NDArray[Any] = read_window(dataset, None)
    return pixels


@cache
def pucallpa() -> DateCube:
    """Eight composites, display-stretched to bytes: short-wave, near infrared, red, green."""
    if not PUCALLPA.is_dir():
        pytest.skip(f"no series at {PUCALLPA}; set ZONEWATCH_REAL")
    pixels = np.stack([bands_at(PUCALLPA / f"{year}.tif") for year in YEARS])
    clear: NDArray[np.bool_] = np.all(pixels > 0, axis=1)
    return DateCube(
        values=(pixels / 255.0).astype(np.float32),
        clear=clear,
        snow=np.zeros_like(clear),
        instants=tuple(datetime(year, 7, 1, tzinfo=UTC) for year in YEARS),
        scene_ids=tuple(str(year) for year in YEARS),
        bands=("swir16", "nir", "red", "green"),
        grid=Grid("EPSG:32718", 0.0, 0.0, 30.0, *clear.shape[1:]),
    )


def square(name: str, row: int, col: int, side: int, *, is_control: bool = False) -> ZoneMask:
    share = np.ones((side, side), np.float32)
    return ZoneMask(name, Window(row, col, side, side), share, is_control)


def test_the_town_of_pucallpa_is_seen_to_grow() -> None:
    """Its numbers are stretched for display year by year, so only the direction is held."""
    cube = pucallpa()
    index = built_up_index(cube)
    height, width = cube.grid.shape
    # The ground that is most built in 2020 and least in 1985 by the index itself is no test: the
    # zones are all squares of a plain raster, the greenest ones of both ends serve as controls.
    squares = [(row, col) for row in range(0, height - 40, 40) for col in range(0, width - 40, 40)]
    means = np.array(
        [index[:, row : row + 40, col : col + 40].mean(axis=(1, 2)) for row, col in squares]
    )
    green = set(np.argsort(means.max(axis=1))[:12].tolist())
    masks = [
        square(f"q{k}", row, col, 40, is_control=k in green) for k, (row, col) in enumerate(squares)
    ]
    found = built_up_growth(cube, masks, np.arange(8) < 3, 7)
    shares = np.array([one.values for k, one in enumerate(found) if k not in green])
    controls = np.array([one.values for k, one in enumerate(found) if k in green])
    usable = [one for k, one in enumerate(found) if k not in green and not one.not_observable]
    assert len(usable) > 50
    grown = (shares[:, 6:].mean(axis=1) - shares[:, :2].mean(axis=1)) > 0.2
    shrunk = (shares[:, :2].mean(axis=1) - shares[:, 6:].mean(axis=1)) > 0.2
    assert grown.sum() >= 5
    assert grown.sum() > 2 * shrunk.sum()
    assert np.nanmean(controls) < 0.1


def test_one_landsat_scene_gives_temperatures_or_says_why() -> None:
    if not LANDSAT.is_dir():
        pytest.skip(f"no scene at {LANDSAT}; set ZONEWATCH_REAL")
    qa, stored, error = (
        pixels_at(LANDSAT / f"{NAME}_{name}.TIF") for name in ("QA_PIXEL", "ST_B10", "ST_QA")
    )
    classes = classes_of(qa)
    clear = ((classes == LandClass.CLEAR) & (stored > 0))[None]
    kelvin = stored * TEMPERATURE_SCALE + TEMPERATURE_OFFSET_K
    clouded = np.isin(classes, [LandClass.CLOUD, LandClass.SHADOW])
    start = datetime(2019, 12, 1, 15, tzinfo=UTC)
    cube = DateCube(
        values=np.stack([kelvin, error * 0.01])[None].astype(np.float32),
        clear=clear,
        snow=np.zeros_like(clear),
        instants=(start,),
        scene_ids=(NAME,),
        bands=("lwir11", "st_qa"),
        grid=Grid("EPSG:32618", 450_000.0, 200_010.0, 30.0, 512, 512),
        kinds=np.where(clouded, PixelKind.CLOUD, PixelKind.CLEAR)[None].astype(np.uint8),
        sensor="landsat",
        unit="kelvin",
    )
    masks = [square(f"q{r}-{c}", r, c, 8) for r in range(0, 504, 8) for c in range(0, 504, 8)]
    kinds = {mask.zone_id: "land" for mask in masks}
    found = temperature_contrast(cube, masks[::7], np.zeros(1, dtype=bool), kinds)
    values = np.array([one.values[0] for one in found])
    reasons = {reason for one in found for reason in one.missing}
    assert len(reasons) >= 2
    known = values[np.isfinite(values)]
    assert known.size == 0 or (known.min() > 285 and known.max() < 325)
    assert all(one.not_observable for one in found)


def test_the_month_of_the_dnb_gives_a_look_and_no_baseline() -> None:
    folder = REAL / "viirs_dmsp_stp"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}; set ZONEWATCH_REAL")
    islands = box(6.4630, 0.0050, 7.4620, 1.7015)
    looks, _ = read_light_folder(make_site(islands, timezone="UTC"), folder, "dnb-monthly")
    town, other = box(6.70, 0.31, 6.76, 0.37), box(6.62, 0.20, 6.68, 0.26)
    outlines = {SITE_PLACE: town, "other": other, "hut": box(6.700, 0.310, 6.704, 0.314)}
    placed = [PlacedLook(place, look) for look in looks for place in (SITE_PLACE, "other")]
    end = looks[0].period.end + timedelta(days=1)
    found = {
        one.place: one for one in night_light_step(placed, outlines, ["other"], LightOptions(end))
    }
    site = found[SITE_PLACE]
    assert site.companions["radiance"][0] > found["other"].companions["radiance"][0]
    assert site.values[0] == pytest.approx(np.log(site.companions["radiance"][0]), rel=1e-5)
    assert "too few looks" in site.not_observable
    assert "native pixels" in found["hut"].not_observable


def test_temperatures_of_ecostress_are_no_night_light() -> None:
    folder = REAL / "ecostress_lst_series"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}; set ZONEWATCH_REAL")
    preserve = box(-120.49, 34.45, -120.37, 34.57)
    looks, failures = read_light_folder(make_site(preserve, timezone="UTC"), folder)
    assert failures == ()
    placed = [PlacedLook(SITE_PLACE, look) for look in looks]
    end = datetime(2023, 6, 1, tzinfo=UTC)
    assert night_light_step(placed, {SITE_PLACE: preserve}, [], LightOptions(end)) == ()
