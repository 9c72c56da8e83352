"""A real Landsat 8 scene, decimated: its bits, its temperatures, and its way through the fetch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipeline.catalogs.items import scene_from_item
from pipeline.model.grid import Grid, Window
from pipeline.raster.radiometry import to_physical
from pipeline.sensors import decide_radiometry
from pipeline.sensors.landsat_bits import LandClass, QaBit, classes_of, has_bit
from tests.real.folder_of_items import (
    fetched,
    pixels_at,
    put_item,
    put_on_square_pixels,
    site_of,
)
from tests.unit.item_factory import REAL

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.scene import Scene

pytestmark = pytest.mark.real
FOLDER = REAL / "landsat_c2_l2"
NAME = "LC08_L2SP_008059_20191201_20200825_02_T1"
SR_FILES = {f"{name}.TIF": name for name in ("SR_B3", "SR_B4", "SR_B5", "SR_B6", "QA_PIXEL")}
ST_FILES = {f"{name}.TIF": name for name in ("ST_B10", "ST_QA", "QA_PIXEL")}
SR_BANDS = ("green", "red", "nir08", "swir16", "qa_pixel")
ST_BANDS = ("lwir11", "st_qa", "qa_pixel")

SQUARE = Grid("EPSG:32618", 450000.0, 200010.0, 30.0, 512, 512)
"""Where the numbers are put for the fetch: inside the footprint of the scene."""
WINDOW = Window(100, 360, 80, 90)


def document(kind: str) -> dict[str, Any]:
    """The recorded item of reflectance (SR) or temperature (ST)."""
    path = FOLDER / f"{NAME}_{kind}_stac.json"
    if not path.is_file():
        pytest.skip(f"no recorded item at {path}; set ZONEWATCH_REAL")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def scene(kind: str) -> Scene:
    return scene_from_item(document(kind), base=str(FOLDER / "item.json"))


def stored(name: str, window: Window | None = None) -> NDArray[Any]:
    path = FOLDER / f"{NAME}_{name}.TIF"
    if not path.is_file():
        pytest.skip(f"no such file: {path}; set ZONEWATCH_REAL")
    return pixels_at(path, window)


def physical(kind: str, band: str, name: str) -> NDArray[np.float32]:
    """A band of the scene, scaled as its item and the documentation say."""
    one = scene(kind)
    return to_physical(stored(name), decide_radiometry(one, one.assets[band]))


def test_the_share_of_clear_pixels() -> None:
    qa = stored("QA_PIXEL")
    fill = has_bit(qa, QaBit.FILL)
    assert fill.mean() == pytest.approx(0.31, abs=0.002)
    assert has_bit(qa, QaBit.CLEAR)[~fill].mean() == pytest.approx(0.158, abs=5e-4)


def test_the_classes_part_what_the_clear_bit_holds_together() -> None:
    qa = stored("QA_PIXEL")
    classes = classes_of(qa)
    share = {one: float((classes == one).mean()) for one in LandClass}
    assert sum(share.values()) == pytest.approx(1)
    assert share[LandClass.FILL] == pytest.approx(has_bit(qa, QaBit.FILL).mean())
    assert share[LandClass.CLOUD] > 0.5
    assert share[LandClass.SHADOW] > 0.02
    assert (share[LandClass.SNOW], share[LandClass.UNDECIDED]) == (0, 0)
    clear, cirrus = has_bit(qa, QaBit.CLEAR), has_bit(qa, QaBit.CIRRUS)
    held = {LandClass(int(code)) for code in np.unique(classes[clear & ~cirrus])}
    assert held == {LandClass.CLEAR, LandClass.WATER, LandClass.SHADOW}
    # The clear bit stays set under cirrus, too.
    assert set(classes[clear & cirrus].tolist()) == {LandClass.CLOUD}


def test_the_temperatures_of_the_clear_pixels() -> None:
    qa = stored("QA_PIXEL")
    kelvin = physical("ST", "lwir11", "ST_B10")
    clear = has_bit(qa, QaBit.CLEAR) & ~has_bit(qa, QaBit.FILL)
    assert np.nanpercentile(kelvin[clear], (5, 50, 95)).round(1).tolist() == [296.1, 308.1, 313.0]
    assert int(np.isnan(kelvin[clear]).sum()) == 28
    assert np.nanmin(kelvin) > 150


def test_the_uncertainty_of_the_temperatures() -> None:
    qa = stored("QA_PIXEL")
    sigma_k = physical("ST", "st_qa", "ST_QA")
    assert np.isnan(sigma_k[has_bit(qa, QaBit.FILL)]).all()
    clear = has_bit(qa, QaBit.CLEAR)
    assert np.nanmedian(sigma_k[clear]) == pytest.approx(4.55, abs=0.02)


def test_the_reflectances_are_those_of_the_metadata_file() -> None:
    path = FOLDER / f"{NAME}_MTL.json"
    record = json.loads(path.read_text(encoding="utf-8"))["LANDSAT_METADATA_FILE"]
    stated = record["LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"]
    one = scene("SR")
    for band, number in (("green", 3), ("red", 4), ("nir08", 5), ("swir16", 6)):
        radiometry = decide_radiometry(one, one.assets[band])
        assert radiometry.scale == float(stated[f"REFLECTANCE_MULT_BAND_{number}"])
        assert radiometry.offset == float(stated[f"REFLECTANCE_ADD_BAND_{number}"])
    thermal = record["LEVEL2_SURFACE_TEMPERATURE_PARAMETERS"]
    kelvin = decide_radiometry(scene("ST"), scene("ST").assets["lwir11"])
    assert (kelvin.scale, kelvin.offset) == (
        float(thermal["TEMPERATURE_MULT_BAND_ST_B10"]),
        float(thermal["TEMPERATURE_ADD_BAND_ST_B10"]),
    )
    assert record["PROJECTION_ATTRIBUTES"]["UTM_ZONE"] == str(one.epsg - 32600)


def test_forests_are_dark_in_red_and_bright_in_the_near_infrared() -> None:
    clear = classes_of(stored("QA_PIXEL")) == LandClass.CLEAR
    red, nir = physical("SR", "red", "SR_B4"), physical("SR", "nir08", "SR_B5")
    assert 0 < np.nanmedian(red[clear]) < 0.08
    assert 0.25 < np.nanmedian(nir[clear]) < 0.5
    assert np.isnan(red[stored("SR_B4") == 0]).all()


def test_fill_in_either_file_is_a_gap() -> None:
    qa, red = stored("QA_PIXEL"), stored("SR_B4")
    gap = (classes_of(qa) == LandClass.FILL) | (red == 0)
    # The files were decimated one by one, so their edges differ by a pixel.
    assert int((gap & (red != 0)).sum()) == 1043
    assert gap.mean() == pytest.approx(0.31, abs=0.002)


@pytest.mark.parametrize(
    ("kind", "files", "bands"), [("SR", SR_FILES, SR_BANDS), ("ST", ST_FILES, ST_BANDS)]
)
def test_the_files_go_through_the_fetch(
    kind: str, files: dict[str, str], bands: tuple[str, ...], tmp_path: Path
) -> None:
    item = document(kind)
    moved = {
        key: put_on_square_pixels(FOLDER / f"{NAME}_{name}.TIF", tmp_path / f"{name}.TIF", SQUARE)
        for key, name in files.items()
    }
    put_item(tmp_path / "catalogue", item, moved)
    site = site_of(SQUARE, WINDOW)
    (done,), chips = fetched(tmp_path / "catalogue", site, item["collection"], bands)
    assert done.failures == ()
    assert tuple(done.chips) == bands
    for (key, name), chip in zip(
        ((key, files[key]) for band in bands for key in files if key == key_of(done.scene, band)),
        done.chips.values(),
        strict=True,
    ):
        assert chip.grid == Grid("EPSG:32618", 460800.0, 197010.0, 30.0, 80, 90), key
        assert np.array_equal(chips.read(chip), stored(name, WINDOW))


def key_of(one: Scene, band: str) -> str:
    """What the item calls the asset of a band."""
    return one.assets[band].key


def test_decimated_files_with_oblong_pixels_are_refused_and_not_warped(tmp_path: Path) -> None:
    item = document("SR")
    put_item(
        tmp_path / "catalogue",
        item,
        {key: FOLDER / f"{NAME}_{name}.TIF" for key, name in SR_FILES.items()},
    )
    site = site_of(SQUARE, WINDOW)
    (done,), _ = fetched(tmp_path / "catalogue", site, "landsat-c2l2-sr", SR_BANDS)
    assert done.chips == {}
    assert [failure.band for failure in done.failures] == list(SR_BANDS)
    assert {failure.kind for failure in done.failures} == {"CorruptAssetError"}
    assert all("square pixels" in failure.reason for failure in done.failures)
