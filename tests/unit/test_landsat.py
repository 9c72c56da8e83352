"""Landsat: its bits against plain loops, its gaps, its names, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.config import load_config
from pipeline.errors import RadiometryError
from pipeline.model.look import PixelKind
from pipeline.model.scene import Asset
from pipeline.raster.radiometry import to_physical
from pipeline.sensors.landsat import (
    OLI_BANDS,
    SLC_OFF_SINCE,
    TM_BANDS,
    day_key,
    decide_radiometry,
    instrument_band,
    is_saturated,
    is_slc_off,
    is_spoilt,
    note_of,
    utm_epsg,
)
from pipeline.sensors.landsat_bits import (
    LandClass,
    QaBit,
    QaConfidence,
    classes_of,
    confidence,
    has_bit,
    kinds_of,
)
from tests.unit.scene_factory import make_scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

QA = arrays(np.uint16, (3, 5))


def class_by_hand(number: int) -> LandClass:
    """The class of one number of QA_PIXEL, digit by digit from its binary text."""
    digits = f"{number:016b}"[::-1]
    if digits[0] == "1":
        return LandClass.FILL
    if "1" in digits[1:4]:
        return LandClass.CLOUD
    if digits[4] == "1":
        return LandClass.SHADOW
    if digits[5] == "1":
        return LandClass.SNOW
    if digits[7] == "1":
        return LandClass.WATER
    return LandClass.CLEAR if digits[6] == "1" else LandClass.UNDECIDED


@given(QA)
def test_classes_against_plain_loops(qa: NDArray[np.uint16]) -> None:
    original = qa.copy()
    classes = classes_of(qa)
    assert classes.shape == qa.shape
    assert classes.dtype == np.uint8
    for row, col in np.ndindex(qa.shape):
        assert classes[row, col] == class_by_hand(int(qa[row, col]))
    assert np.array_equal(qa, original)


@given(QA)
def test_bits_and_confidences_against_plain_loops(qa: NDArray[np.uint16]) -> None:
    for row, col in np.ndindex(qa.shape):
        digits = f"{int(qa[row, col]):016b}"[::-1]
        for bit in QaBit:
            assert has_bit(qa, bit)[row, col] == (digits[int(bit)] == "1")
        for pair in QaConfidence:
            low, high = int(digits[int(pair)]), int(digits[int(pair) + 1])
            assert confidence(qa, pair)[row, col] == low + 2 * high


@pytest.mark.parametrize(
    ("number", "land_class"),
    [
        (1, LandClass.FILL),
        (21824, LandClass.CLEAR),
        (21952, LandClass.WATER),
        (21762, LandClass.CLOUD),
        (22280, LandClass.CLOUD),
        (54596, LandClass.CLOUD),
        (23888, LandClass.SHADOW),
        (30048, LandClass.SNOW),
        (0, LandClass.UNDECIDED),
    ],
)
def test_numbers_as_the_guide_lists_them(number: int, land_class: LandClass) -> None:
    assert classes_of(np.array([number], np.uint16))[0] == land_class


def test_snow_is_neither_cloud_nor_clear() -> None:
    snow = np.array([1 << QaBit.SNOW | 1 << QaBit.CLEAR], np.uint16)
    assert classes_of(snow)[0] == LandClass.SNOW
    under_cloud = snow | np.uint16(1 << QaBit.CLOUD)
    assert classes_of(under_cloud)[0] == LandClass.CLOUD


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.bool_])
def test_bits_that_were_made_floats_are_refused(dtype: Any) -> None:  # noqa: ANN401 - a NumPy type
    with pytest.raises(RadiometryError, match="bits cannot be"):
        classes_of(np.zeros((2, 2), dtype))


KIND_OF = {
    LandClass.FILL: PixelKind.UNSEEN,
    LandClass.CLEAR: PixelKind.CLEAR,
    LandClass.WATER: PixelKind.CLEAR,
    LandClass.SNOW: PixelKind.SNOW,
    LandClass.SHADOW: PixelKind.SHADOW,
    LandClass.CLOUD: PixelKind.CLOUD,
    LandClass.UNDECIDED: PixelKind.OTHER,
}


@given(QA)
def test_kinds_against_plain_loops(qa: NDArray[np.uint16]) -> None:
    kinds = kinds_of(qa, (1,), load_config().prepare)
    assert kinds.dtype == np.uint8
    for at in np.ndindex(qa.shape):
        assert kinds[at] == KIND_OF[class_by_hand(int(qa[at]))]


def test_a_gap_between_scan_lines_is_never_a_reflectance() -> None:
    lines = np.array([[9000, 9100], [0, 0], [9050, 8900]], np.uint16)
    scene = landsat("landsat-7")
    values = to_physical(lines, decide_radiometry(scene, Asset("red", "/x.tif", "red", 30.0)))
    assert np.isnan(values[1]).all()
    assert np.nanmin(values) > 0.04


def landsat(platform: str = "landsat-8", name: str = "scene", **changes: Any) -> Any:  # noqa: ANN401 - any field
    return make_scene(name, platform=platform, collection="landsat-c2-l2", **changes)


@pytest.mark.parametrize(
    ("platform", "days", "expected"),
    [
        ("landsat-7", -1, False),
        ("landsat-7", 0, True),
        ("landsat-7", 5000, True),
        ("landsat-5", 5000, False),
        ("landsat-8", 5000, False),
    ],
)
def test_the_scan_line_corrector(platform: str, days: int, expected: bool) -> None:  # noqa: FBT001 - a table
    assert is_slc_off(landsat(platform, instant=SLC_OFF_SINCE + timedelta(days=days))) is expected


def test_only_landsat_5_and_7_share_a_day() -> None:
    when = datetime(2005, 6, 1, 2, tzinfo=UTC)
    keys = [day_key(landsat(f"landsat-{n}", instant=when)) for n in (5, 7, 8, 9)]
    assert keys == ["landsat-5-or-7/20050601", "landsat-5-or-7/20050601", None, None]
    assert day_key(make_scene()) is None


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("landsat-5", "SR_B1 SR_B2 SR_B3 SR_B4 SR_B5 SR_B7 ST_B6"),
        ("landsat-7", "SR_B1 SR_B2 SR_B3 SR_B4 SR_B5 SR_B7 ST_B6"),
        ("landsat-8", "SR_B2 SR_B3 SR_B4 SR_B5 SR_B6 SR_B7 ST_B10"),
        ("landsat-9", "SR_B2 SR_B3 SR_B4 SR_B5 SR_B6 SR_B7 ST_B10"),
    ],
)
def test_the_names_of_the_bands_on_each_satellite(platform: str, names: str) -> None:
    common = ("blue", "green", "red", "nir08", "swir16", "swir22", "lwir11")
    assert " ".join(instrument_band(platform, band) for band in common) == names


@pytest.mark.parametrize(
    ("platform", "band"), [("landsat-5", "coastal"), ("sentinel-2a", "red"), ("", "red")]
)
def test_a_band_that_a_satellite_does_not_have(platform: str, band: str) -> None:
    with pytest.raises(RadiometryError, match="has no band"):
        instrument_band(platform, band)


@given(radsat=arrays(np.uint16, 6), pick=st.sampled_from(sorted(TM_BANDS)))
def test_saturation_against_plain_loops(radsat: NDArray[np.uint16], pick: str) -> None:
    for platform, names in (("landsat-5", TM_BANDS), ("landsat-8", OLI_BANDS)):
        if names[pick] == "ST_B10":
            continue
        place = int(names[pick][-1]) - 1
        found = is_saturated(radsat, platform, pick)
        for number, is_set in zip(radsat.tolist(), found.tolist(), strict=True):
            assert is_set == (number // 2**place % 2 == 1)


def test_saturation_is_not_told_of_the_thermal_band_of_landsat_8() -> None:
    with pytest.raises(RadiometryError, match="thermal"):
        is_saturated(np.zeros(2, np.uint16), "landsat-8", "lwir11")


@pytest.mark.parametrize(
    ("band", "stored", "expected"),
    [
        ("red", 7273, 0.0),
        ("red", 43636, 1.0),
        ("swir22", 7000, -0.0075),
        ("lwir11", 44000, 299.39288),
        ("st_qa", 455, 4.55),
    ],
)
def test_numbers_as_the_guide_scales_them(band: str, stored: int, expected: float) -> None:
    radiometry = decide_radiometry(landsat(), Asset(band, "/x.tif", band, 30.0))
    value = to_physical(np.array([stored], np.int32), radiometry)[0]
    assert value == pytest.approx(expected, abs=2e-5 * max(1, expected))
    assert radiometry.unit == ("kelvin" if band in ("lwir11", "st_qa") else "reflectance")


def test_the_scale_of_collection_1_is_refused() -> None:
    stated = Asset("red", "/x.tif", "red", 30.0, scale=1e-4)
    with pytest.raises(RadiometryError, match=r"scale of 0\.0001, the documentation 2\.75e-05"):
        decide_radiometry(landsat(), stated)


@pytest.mark.parametrize(
    ("name", "is_refused"),
    [
        ("LC08_L1TP_116034_20170813_20170814_01_T1", True),
        ("LT05_L2SP_116034_20040801_01_T1", True),
        ("LC08_L2SP_116034_20170813_20200903_02_T1", False),
        ("LC09_L2SP_116034_20240417_02_T1", False),
        ("a name of somebody", False),
    ],
)
def test_an_id_of_another_collection_is_refused(name: str, is_refused: bool) -> None:  # noqa: FBT001 - a table
    asset = Asset("red", "/x.tif", "red", 30.0)
    if is_refused:
        with pytest.raises(RadiometryError, match="Collection 01"):
            decide_radiometry(landsat(name=name), asset)
    else:
        assert decide_radiometry(landsat(name=name), asset).offset == -0.2


@pytest.mark.parametrize(
    ("longitude", "latitude", "epsg"),
    [(126.6, 37.9, 32652), (125.99, 37.9, 32651), (-180, 10, 32601), (179.9, -40, 32660)],
)
def test_the_zone_of_a_centre(longitude: float, latitude: float, epsg: int) -> None:
    assert utm_epsg(longitude, latitude) == epsg


@pytest.mark.parametrize("latitude", [-63.1, -90.0, float("nan")])
def test_the_antarctic_has_no_zone(latitude: float) -> None:
    with pytest.raises(ValueError, match="Antarctic"):
        utm_epsg(0, latitude)


@pytest.mark.parametrize("platform", ["landsat-4", "landsat-5", "landsat-7", "landsat-8"])
def test_what_flags_can_spoil(platform: str) -> None:
    every = np.full(3, 0xFFFF, np.uint16)
    assert is_spoilt(every, platform, "red").all()
    assert not is_spoilt(every, platform, "st_qa").any()
    assert is_spoilt(every, platform, "lwir11").all() == (platform != "landsat-8")
    with pytest.raises(RadiometryError, match="landsat-0"):
        is_spoilt(every, "landsat-0", "lwir11")


def test_only_gaps_are_noted() -> None:
    after = SLC_OFF_SINCE + timedelta(days=1)
    assert "unseen" in note_of(landsat("landsat-7", instant=after))
    assert not note_of(landsat("landsat-8", instant=after))
    assert not note_of(landsat("landsat-7", instant=SLC_OFF_SINCE - timedelta(days=1)))
