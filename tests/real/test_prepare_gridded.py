"""Real radar and real Landsat numbers through ``prepare``.

The radar series is one of 22 dates. Of Landsat there is one scene: its series is made of that
scene over and over with noise and a season, so what it proves is that the guard knows real ground
and real masks, not that it copes with real weather.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipeline.config import load_config
from pipeline.model.grid import Grid, Window
from pipeline.model.look import PixelKind
from pipeline.prepare import Prepared, prepare, prepare_orbits
from pipeline.sensors import SENSORS
from pipeline.sensors.landsat_bits import LandClass, classes_of
from tests.real.folder_of_items import fetched, pixels_at, put_item, site_of
from tests.real.test_landsat_scene import stored
from tests.real.test_opera_series import COLLECTION, GRID, granules, item_of
from tests.unit.gridded_factory import landsat_scene
from tests.unit.scene_factory import MemoryChips, make_site

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.look import Look

pytestmark = pytest.mark.real
OPTIONS = load_config().prepare
OPERA = SENSORS["opera-rtc"]
RADAR_WINDOW = Window(10, 10, 80, 80)

# Four of the six reflectances are at hand.
BANDS = {"green": "SR_B3", "red": "SR_B4", "nir08": "SR_B5", "swir16": "SR_B6"}
LANDSAT = replace(SENSORS["landsat"], required=(*BANDS, "qa_pixel"))
CUT = Window(140, 255, 100, 100)
"""Around the clearest place of a clouded scene: clear, cloud, and shadow."""
PLACE = Grid("EPSG:32618", 460_800.0, 197_010.0, 30.0, 100, 100)
N_DATES, GAP_DAYS = 36, 16


def day_of(look: Look) -> str:
    return f"{look.instant:%Y%m%d}"


def test_the_radar_series_is_one_orbit_and_keeps_the_bright_new_year_s_day(tmp_path: Path) -> None:
    files = granules()
    for name, paths in files.items():
        put_item(tmp_path / "catalogue", item_of(name), paths)
    site = site_of(GRID, RADAR_WINDOW)
    done, chips = fetched(tmp_path / "catalogue", site, COLLECTION, ("vv", "vh"))
    found = prepare_orbits(site, done, chips, OPTIONS, sensor=OPERA)
    assert list(found.by_orbit) == ["137"]
    prepared = found.by_orbit["137"]
    cube = prepared.cube
    assert (found.failures, prepared.failures) == ((), ())
    assert (cube.unit, cube.orbit, cube.bands) == ("gamma0, linear power", "137", ("vv", "vh"))
    assert len(cube.instants) == 22
    assert cube.clear.all()
    for date, name in enumerate(cube.scene_ids):
        for place, band in enumerate(("VV", "VH")):
            source = pixels_at(files[name][band], RADAR_WINDOW)
            assert np.array_equal(cube.values[date, place], source)
    assert [day_of(look) for look in prepared.looks if look.is_common_mode] == ["20230101"]
    jump = next(look.step for look in prepared.looks if day_of(look) == "20230101")
    assert jump is not None
    assert 1.0 < jump.by_band[0] < 2.5
    assert not any(look.is_suspect for look in prepared.looks)
    assert all("layover and shadow are not told" in look.radiometry for look in prepared.looks)


@cache
def landsat_numbers() -> dict[str, NDArray[Any]]:
    """The stored numbers of the real scene, cut to the site."""
    names = BANDS | {"qa_pixel": "QA_PIXEL", "lwir11": "ST_B10", "st_qa": "ST_QA"}
    return {band: stored(name, CUT) for band, name in names.items()}


def as_stored(truth: NDArray[np.float64], how: str) -> NDArray[np.uint16]:
    """Reflectance as one processing or another would have stored it."""
    numbers = {
        "collection 2": (truth + 0.2) / 2.75e-5,
        "offset twice": truth / 2.75e-5,
        "collection 1": truth * 1e4,
        "bright": (truth + 0.4) / 2.75e-5,
    }[how]
    return np.clip(np.rint(numbers), 1, 65535).astype(np.uint16)


def series_with(date: int, how: str) -> Prepared:
    """A series in which one date is stored otherwise."""
    chips, real, rng = MemoryChips(), landsat_numbers(), np.random.default_rng(date)
    scenes = []
    for number in range(N_DATES):
        bands = dict(real)
        season = np.sin(2 * np.pi * GAP_DAYS * number / 365)
        for band in BANDS:
            truth = real[band].astype(float) * 2.75e-5 - 0.2
            truth += (0.03 if band == "nir08" else -0.005) * season + rng.normal(0, 0.004)
            truth += rng.normal(0, 0.005, truth.shape)
            numbers = as_stored(truth, how if number == date else "collection 2")
            bands[band] = np.where(real[band] == 0, 0, numbers).astype(np.uint16)
        scene = landsat_scene(f"s{number:02d}", GAP_DAYS * number,
                              without=("blue", "swir22", "qa_radsat"))  # fmt: skip
        scenes.append(chips.put(scene, bands, PLACE))
    site = make_site(bounds=PLACE.bounds, crs=PLACE.crs)
    return prepare(site, scenes, chips, OPTIONS, sensor=LANDSAT)


def test_real_bits_become_kinds_and_real_gaps_stay_gaps() -> None:
    prepared, real = series_with(0, "collection 2"), landsat_numbers()
    kinds = prepared.cube.kinds
    assert kinds is not None
    classes = classes_of(real["qa_pixel"])
    gap = (classes == LandClass.FILL) | np.any([real[band] == 0 for band in BANDS], axis=0)
    is_ground = (classes == LandClass.CLEAR) | (classes == LandClass.WATER)
    assert np.array_equal(kinds[0] == PixelKind.UNSEEN, gap)
    assert np.array_equal(prepared.cube.clear[0], is_ground & ~gap)
    assert np.array_equal(kinds[0] == PixelKind.CLOUD, (classes == LandClass.CLOUD) & ~gap)
    thermal = prepared.layers["thermal"]
    kelvin = thermal.values[0, 0][thermal.clear[0]]
    assert kelvin.size > 500
    assert 290 < float(np.median(kelvin)) < 315
    assert 0.5 < float(np.median(thermal.values[0, 1][thermal.clear[0]])) < 10


@pytest.mark.parametrize("date", [1, 35])
@pytest.mark.parametrize(
    ("how", "words"),
    [("offset twice", "taken twice"), ("collection 1", "put on Collection 1")],
)
def test_planted_misreadings_of_real_ground_are_caught(date: int, how: str, words: str) -> None:
    prepared = series_with(date, how)
    assert [look.scene_id for look in prepared.looks if look.is_suspect] == [f"s{date:02d}"]
    assert all(words in failure.reason for failure in prepared.failures)


@pytest.mark.parametrize("how", ["collection 2", "bright"])
def test_nothing_else_of_real_ground_is_kept_out(how: str) -> None:
    prepared = series_with(24, how)
    assert len(prepared.cube.instants) == N_DATES
    common = [look.scene_id for look in prepared.looks if look.is_common_mode]
    assert common == ["s24"] * (how == "bright")
