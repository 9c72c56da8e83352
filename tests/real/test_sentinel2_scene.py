"""A real Sentinel-2 scene over desert, decimated, read through its own item."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipeline.model.grid import Grid, Window
from pipeline.raster.radiometry import to_physical
from pipeline.sensors import decide_radiometry
from pipeline.sensors.sentinel2 import SceneClass
from tests.real.folder_of_items import fetched, pixels_at, put_item, site_of
from tests.unit.item_factory import REAL

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real
FOLDER = REAL / "s2_l2a_cog_29RKH"
FILES = {
    "blue": "B02",
    "green": "B03",
    "red": "B04",
    "nir": "B08",
    "swir16": "B11",
    "scl": "SCL",
}
BANDS = tuple(FILES)
GRID = Grid("EPSG:32629", 199980.0, 2800020.0, 100.0, 1098, 1098)
WINDOW = Window(500, 600, 40, 60)
DECIMATED_BY = 10


def document() -> dict[str, Any]:
    """The recorded item."""
    path = FOLDER / "S2A_29RKH_20200219_0_L2A.json"
    if not path.is_file():
        pytest.skip(f"no recorded item at {path}; set ZONEWATCH_REAL")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def files() -> dict[str, Path]:
    return {band: FOLDER / f"{name}.tif" for band, name in FILES.items()}


def decimated(item: dict[str, Any]) -> dict[str, Any]:
    """The item with the pixel sizes of the decimated files."""
    item = deepcopy(item)
    for asset in item["assets"].values():
        if "proj:transform" not in asset:
            continue
        a, b, c, d, e, f = asset["proj:transform"]
        asset["proj:transform"] = [a * DECIMATED_BY, b, c, d, e * DECIMATED_BY, f]
        asset["proj:shape"] = [n // DECIMATED_BY for n in asset["proj:shape"]]
        for band in asset.get("raster:bands", []):
            band["spatial_resolution"] *= DECIMATED_BY
    return item


def test_the_scene_through_search_fetch_and_scaling(tmp_path: Path) -> None:
    put_item(tmp_path / "catalogue", decimated(document()), files())
    site = site_of(GRID, WINDOW)
    (done,), chips = fetched(tmp_path / "catalogue", site, "sentinel-2-l2a", BANDS)
    assert done.failures == ()
    assert (done.scene.processing_baseline, done.scene.boa_offset_applied) == ("02.14", False)
    for band, chip in done.chips.items():
        # The lattice of the decimated file lies 20 m beside that of its pixel size.
        row = round((GRID.top - chip.grid.top) / chip.grid.gsd_m)
        col = round((chip.grid.left - GRID.left) / chip.grid.gsd_m)
        window = Window(row, col, *chip.grid.shape)
        assert abs(row * chip.grid.gsd_m - WINDOW.row * GRID.gsd_m) <= chip.grid.gsd_m
        assert np.array_equal(chips.read(chip), pixels_at(files()[band], window))
        asset = done.scene.assets[band]
        assert asset.transform is not None
        assert asset.shape == pixels_at(files()[band]).shape
        assert asset.transform[0] == asset.gsd_m == chip.grid.gsd_m


def test_desert_is_bright_and_no_offset_was_taken_off(tmp_path: Path) -> None:
    put_item(tmp_path / "catalogue", decimated(document()), files())
    site = site_of(GRID, WINDOW)
    (done,), chips = fetched(tmp_path / "catalogue", site, "sentinel-2-l2a", BANDS)
    medians = {}
    for band in ("blue", "red", "nir", "swir16"):
        radiometry = decide_radiometry(done.scene, done.scene.assets[band])
        assert radiometry.offset == 0
        assert "older than 04.00" in radiometry.decided_by
        medians[band] = float(np.median(to_physical(chips.read(done.chips[band]), radiometry)))
    assert 0.05 < medians["blue"] < medians["red"] < medians["nir"] < medians["swir16"] < 0.7
    known = {int(code) for code in SceneClass}
    assert set(np.unique(chips.read(done.chips["scl"])).tolist()) <= known


def test_an_item_that_promises_ten_metres_for_files_of_a_hundred_is_refused(
    tmp_path: Path,
) -> None:
    put_item(tmp_path / "catalogue", document(), files())
    site = site_of(GRID, WINDOW)
    (done,), _ = fetched(tmp_path / "catalogue", site, "sentinel-2-l2a", BANDS)
    assert done.chips == {}
    assert {failure.kind for failure in done.failures} == {"CorruptAssetError"}
    assert len(done.failures) == len(BANDS)
