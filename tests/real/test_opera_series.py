"""The real series of one burst: one orbit, 22 dates, and a day on which everything is brighter."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shapely import to_geojson
from shapely.geometry import box

from pipeline.model.grid import Grid, Window
from pipeline.raster.radiometry import to_physical
from pipeline.sensors import SENSORS, decide_radiometry
from pipeline.sensors.opera import granule_of
from pipeline.sensors.sentinel1 import Orbit, has_echo, one_orbit
from tests.real.folder_of_items import fetched, median_db, pixels_at, put_item, site_of
from tests.unit.item_factory import REAL
from tests.unit.scene_factory import lonlat

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real
FOLDER = REAL / "opera_rtc_s1_series" / "T137-292319-IW2"
COLLECTION = SENSORS["opera-rtc"].collections[0]
GRID = Grid("EPSG:32611", 244920.0, 3816660.0, 30.0, 100, 100)
WINDOW = Window(30, 20, 40, 50)
BRIGHT = date(2023, 1, 1)


def granules() -> dict[str, dict[str, Path]]:
    """The files of each date, by the name of the product and by polarisation."""
    if not FOLDER.is_dir():
        pytest.skip(f"no recorded series at {FOLDER}; set ZONEWATCH_REAL")
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for path in sorted(FOLDER.glob("*.tif")):
        name, _, polarisation = path.stem.rpartition("_")
        found[name][polarisation] = path
    return dict(found)


def item_of(name: str) -> dict[str, Any]:
    """An item as a catalogue of OPERA could write it: it states neither orbit nor satellite."""
    granule = granule_of(name)
    assert granule is not None
    footprint = lonlat(box(*GRID.bounds), GRID.crs)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": COLLECTION,
        "geometry": json.loads(to_geojson(footprint)),
        "bbox": list(footprint.bounds),
        "properties": {"datetime": granule.instant.isoformat(), "proj:epsg": 32611},
        "assets": {},
    }


def test_the_whole_series_goes_through_the_fetch(tmp_path: Path) -> None:
    files = granules()
    for name, paths in files.items():
        put_item(tmp_path / "catalogue", item_of(name), paths)
    site = site_of(GRID, WINDOW)
    done, chips = fetched(tmp_path / "catalogue", site, COLLECTION, ("vv", "vh"))
    scenes = [one.scene for one in done]
    assert len(scenes) == len(files) == 22
    assert [one.failures for one in done] == [()] * 22
    assert one_orbit(scenes) == Orbit(137)
    assert {scene.platform for scene in scenes} == {"sentinel-1a", "sentinel-1b"}
    assert len({scene.acquisition_key for scene in scenes}) == 22
    for one in done:
        for band, chip in one.chips.items():
            source = pixels_at(files[one.scene.id][band.upper()], WINDOW)
            assert np.array_equal(chips.read(chip), source)
            assert chip.grid == Grid("EPSG:32611", 245520.0, 3815760.0, 30.0, 40, 50)
            power = to_physical(source, decide_radiometry(one.scene, one.scene.assets[band]))
            assert np.array_equal(power, source)
            assert has_echo(power).all()


def test_the_new_year_s_day_on_which_everything_is_brighter() -> None:
    medians = {}
    for name, paths in granules().items():
        granule = granule_of(name)
        assert granule is not None
        medians[granule.instant.date()] = median_db(pixels_at(paths["VV"]))
    days = sorted(medians)
    before, after = days[days.index(BRIGHT) - 1], days[days.index(BRIGHT) + 1]
    assert medians[BRIGHT] - medians[before] == pytest.approx(1.8, abs=0.05)
    assert medians[BRIGHT] - medians[after] > 1.5
    others = [median for day, median in medians.items() if day != BRIGHT]
    assert max(others) - min(others) < 1


def test_a_product_whose_mask_did_not_come_says_so(tmp_path: Path) -> None:
    name, paths = next(iter(granules().items()))
    put_item(tmp_path / "catalogue", item_of(name), paths)
    site, opera = site_of(GRID, WINDOW), SENSORS["opera-rtc"]
    (done,), _ = fetched(tmp_path / "catalogue", site, COLLECTION, opera.required)
    assert done.failures == ()
    assert "layover and shadow" in opera.seeing.note_of(done.scene)
    (asked,), _ = fetched(tmp_path / "catalogue", site, COLLECTION, ("vv", "mask"))
    assert [(failure.band, failure.kind) for failure in asked.failures] == [
        ("mask", "MissingBandError")
    ]


def test_a_site_that_sticks_out_of_a_burst_has_no_zeros_there(tmp_path: Path) -> None:
    name, paths = next(iter(granules().items()))
    item = item_of(name)
    put_item(tmp_path / "catalogue", item, paths)
    wide = Window(0, -10, 30, 30)
    (done,), chips = fetched(tmp_path / "catalogue", site_of(GRID, wide), COLLECTION, ("vv",))
    pixels = chips.read(done.chips["vv"])
    assert np.isnan(pixels[:, :10]).all()
    assert np.array_equal(pixels[:, 10:], pixels_at(paths["VV"], Window(0, 0, 30, 20)))


def test_the_speckle_of_the_series_is_what_the_noise_figure_says() -> None:
    looks = []
    for paths in granules().values():
        power = pixels_at(paths["VV"])[:98, :98].astype(float)
        tiles = power.reshape(14, 7, 14, 7).transpose(0, 2, 1, 3).reshape(196, 49)
        looks.append(tiles.mean(axis=1) ** 2 / tiles.var(axis=1, ddof=1))
    assert np.percentile(np.concatenate(looks), 95) == pytest.approx(5.5, abs=0.3)
