"""Landsat and radar scenes for tests, with chips in memory.

Here belongs what more than one test module of the other gridded sensors needs; Sentinel-2 has
``scene_factory``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from shapely.geometry import box

from pipeline.model.grid import Grid
from pipeline.model.scene import Asset, Scene
from tests.unit.scene_factory import CRS, lonlat, make_scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID_30 = Grid(CRS, 190_020.0, 4_100_010.0, 30.0, 40, 40)
REFLECTANCES = ("blue", "green", "red", "nir08", "swir16", "swir22")
THERMAL = ("lwir11", "st_qa")
CLEAR_QA, WATER_QA, CLOUD_QA, SHADOW_QA, SNOW_QA, FILL_QA = 21824, 21952, 22280, 23888, 30048, 1
LEVELS = {"blue": 0.06, "green": 0.09, "red": 0.10, "nir08": 0.26, "swir16": 0.2, "swir22": 0.14}


def landsat_scene(
    name: str = "l8",
    day: int = 0,
    *,
    without: tuple[str, ...] = (),
    **changes: Any,  # noqa: ANN401 - any field
) -> Scene:
    """A scene of Landsat 8 with all its bands stated, less some."""
    bands = [*REFLECTANCES, *THERMAL, "qa_pixel", "qa_radsat"]
    assets = {
        band: Asset(band, f"/nowhere/{name}/{band}.tif", band, 30.0)
        for band in bands
        if band not in without
    }
    values: dict[str, Any] = {
        "collection": "landsat-c2-l2",
        "platform": "landsat-8",
        "assets": assets,
        "processing_baseline": None,
        "footprint": lonlat(box(*GRID_30.bounds).buffer(5000)),
    }
    return make_scene(name, day, **(values | changes))


def to_dn(reflectance: NDArray[Any] | float) -> NDArray[np.uint16]:
    """Reflectance as Collection 2 stores it; 0 is never written."""
    return np.clip(np.rint((np.asarray(reflectance) + 0.2) / 2.75e-5), 1, 65535).astype(np.uint16)


def landsat_bands(qa: int = CLEAR_QA, grid: Grid = GRID_30) -> dict[str, NDArray[Any]]:
    """All bands, each of one value: reflectances, 300 K give or take 4 K, nothing saturated."""
    shape = grid.shape
    bands: dict[str, NDArray[Any]] = {
        band: np.full(shape, to_dn(level), np.uint16) for band, level in LEVELS.items()
    }
    bands["lwir11"] = np.full(shape, round((300 - 149) / 0.00341802), np.uint16)
    bands["st_qa"] = np.full(shape, 400, np.int16)
    bands["qa_pixel"] = np.full(shape, qa, np.uint16)
    bands["qa_radsat"] = np.zeros(shape, np.uint16)
    return bands


def radar_scene(
    name: str,
    day: int = 0,
    *,
    orbit: tuple[int | None, str | None] = (127, "descending"),
    bands: tuple[str, ...] = ("vv", "vh"),
    **changes: Any,  # noqa: ANN401 - any field
) -> Scene:
    """A scene of Sentinel-1 RTC."""
    assets = {band: Asset(band, f"/nowhere/{name}/{band}.tif", band, 10.0) for band in bands}
    values: dict[str, Any] = {
        "collection": "sentinel-1-rtc",
        "platform": "sentinel-1a",
        "assets": assets,
        "relative_orbit": orbit[0],
        "orbit_state": orbit[1],
        "processing_baseline": None,
    }
    return make_scene(name, day, **(values | changes))


def speckled(
    rng: np.random.Generator, shape: tuple[int, int], level: float = 0.05, looks: float = 4.4
) -> NDArray[np.float32]:
    """Linear power of even ground: a gamma distribution with the looks of the product."""
    return (level * rng.gamma(looks, 1 / looks, shape)).astype(np.float32)
