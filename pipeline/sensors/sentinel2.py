"""Sentinel-2 Level-2A: its bands, its scene classification, and how its numbers are read.

Here belongs what ESA and the catalogues say about the product. Sources, in words: the
Sentinel-2 user handbook and the Level-2A product definition for bands, pixel sizes and the
quantification value of 10,000; the Sen2Cor description for the twelve classes of the scene
classification; ESA's notice on processing baseline 04.00, in force from 25 January 2022, for
the offset of -1,000 digital numbers that lets reflectance below zero be stored; the
documentation and issue tracker of Earth Search for the flag ``earthsearch:boa_offset_applied``.
"""

from __future__ import annotations

import math
import re
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.errors import RadiometryError
from pipeline.model.look import PixelKind
from pipeline.raster.masks import has_class
from pipeline.raster.radiometry import Radiometry, to_physical
from pipeline.sensors.sensor import CLASSES, Band, Misreading, Noise, Seeing, Sensor, Watch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.scene import Asset, Scene


QUANTIFICATION_SCALE: Final = 1e-4
"""Digital numbers are reflectance times 10,000."""
BASELINE_04_OFFSET: Final = -0.1
"""-1,000 digital numbers, in reflectance."""
_FIRST_OFFSET_BASELINE: Final = (4, 0)

NOISE: Final = Noise(
    0.005,
    0.05,
    "the specification that the comparison of atmospheric corrections (ACIX) holds such "
    "reflectances against: an accuracy, so an upper bound for what varies between two dates",
)


def _band(name: str, gsd_m: float, centre_nm: float) -> Band:
    """A band of reflectance; its offset is decided item by item, so none is documented here."""
    return Band(name, gsd_m, centre_nm, scale=QUANTIFICATION_SCALE, nodata=(0,), noise=NOISE)


SCL: Final = "scl"
BANDS: Final = MappingProxyType(
    {
        "coastal": _band("B01", 60, 443),
        "blue": _band("B02", 10, 490),
        "green": _band("B03", 10, 560),
        "red": _band("B04", 10, 665),
        "rededge071": _band("B05", 20, 705),
        "rededge075": _band("B06", 20, 740),
        "rededge078": _band("B07", 20, 783),
        "nir": _band("B08", 10, 842),
        "nir08": _band("B8A", 20, 865),
        "nir09": _band("B09", 60, 945),
        "swir16": _band("B11", 20, 1610),
        "swir22": _band("B12", 20, 2190),
        SCL: Band("SCL", 20, unit=CLASSES, nodata=(0,), keys=("scl", "scl_20m", "scl-jp2")),
    }
)
"""By common name. ``nir`` is B08 and nothing else; the narrow B8A is ``nir08``."""

REQUIRED_BANDS: Final = ("blue", "green", "red", "nir")
OPTIONAL_BANDS: Final = ("swir16",)
GSD_M: Final = 10.0


class SceneClass(IntEnum):
    """Sen2Cor's scene classification."""

    NO_DATA = 0
    SATURATED_OR_DEFECTIVE = 1
    DARK_AREA = 2
    CLOUD_SHADOW = 3
    VEGETATION = 4
    NOT_VEGETATED = 5
    WATER = 6
    UNCLASSIFIED = 7
    CLOUD_MEDIUM = 8
    CLOUD_HIGH = 9
    THIN_CIRRUS = 10
    SNOW_OR_ICE = 11


def decide_radiometry(scene: Scene, asset: Asset) -> Radiometry:
    """Decide scale and offset of one asset, and say why.

    The rule, first match wins:

    1. A baseline before 04.00 has no offset, whatever the item says.
    2. ``boa_offset_applied`` true: the numbers are already corrected, so 0. Earth Search's
       ``sentinel-2-l2a`` states an offset of -0.1 beside it, which must not be applied again.
    3. The item states an offset other than 0: that one (Collection 1 of Earth Search, CDSE).
    4. Baseline 04.00 or later, and the item either states no offset (Planetary Computer) or says
       that it is not applied: -0.1.
    5. The item states 0: 0.

    Raises:
        RadiometryError: if neither offset nor baseline is stated, so that nothing can be decided.
    """
    scale = QUANTIFICATION_SCALE if asset.scale is None else asset.scale
    offset, decided_by = _decide_offset(scene, asset)
    return Radiometry(scale, offset, decided_by)


def _decide_offset(scene: Scene, asset: Asset) -> tuple[float, str]:
    """The offset and the words for it."""
    baseline, stated = parse_baseline(scene.processing_baseline), asset.offset
    named = f"baseline {scene.processing_baseline}" if baseline else "no baseline stated"
    if baseline is not None and baseline < _FIRST_OFFSET_BASELINE:
        return 0.0, f"{named} is older than 04.00 and has no offset"
    if scene.boa_offset_applied:
        return 0.0, f"{named}, the item says that the offset is already applied"
    if stated:
        return stated, f"{named}, the item states the offset"
    if baseline is not None and (stated is None or scene.boa_offset_applied is False):
        return BASELINE_04_OFFSET, f"{named} has the offset, and it is not applied"
    if stated is not None:
        return 0.0, f"{named}, the item states that there is no offset"
    remedy = "search a catalogue that states s2:processing_baseline or the offset"
    what = "neither processing baseline nor offset is stated, so the numbers mean nothing"
    raise RadiometryError(what, where=f"{scene.id} {asset.band}", remedy=remedy)


def parse_baseline(text: str | None) -> tuple[int, int] | None:
    """Major and minor number of a processing baseline; None if there is none to read.

    Example:
        >>> parse_baseline("04.00"), parse_baseline("N0511"), parse_baseline(None)
        ((4, 0), (5, 11), None)
    """
    match = re.fullmatch(r"N?(\d\d?)\.?(\d\d)", text.strip()) if text else None
    return (int(match.group(1)), int(match.group(2))) if match else None


def to_reflectance(dn: NDArray[Any], radiometry: Radiometry) -> NDArray[np.float32]:
    """Surface reflectance, float32, the shape of the numbers; below zero is kept.

    Args:
        dn: digital numbers as delivered.
        radiometry: scale and offset.
    """
    return to_physical(dn, radiometry)


def kinds_of(
    classes: NDArray[Any], nodata: tuple[float, ...], options: PrepareOptions
) -> NDArray[np.uint8]:
    """What every pixel shows by the scene classification, codes of ``PixelKind``.

    Which class counts as what is a setting. Water counts as clear ground there.
    """
    kinds = np.full(classes.shape, PixelKind.OTHER, np.uint8)
    # The last one that claims a class has it: clear goes before snow, and no data before all.
    for wanted, kind in (
        (options.shadow_classes, PixelKind.SHADOW),
        (options.cloud_classes, PixelKind.CLOUD),
        (options.snow_classes, PixelKind.SNOW),
        (options.clear_classes, PixelKind.CLEAR),
        ({int(number) for number in nodata}, PixelKind.UNSEEN),
    ):
        kinds[has_class(classes, wanted)] = kind
    return kinds


def misreadings(offset: float) -> tuple[Misreading, ...]:
    """What a wrong choice of offset does: the other reading of the same numbers.

    A scene read without the offset of baseline 04.00 may stand 0.1 too high, one read with it
    0.1 too low. The opposite is not documented, so haze over a scene that was read with the
    offset is never one.
    """
    words = "the offset of baseline 04.00 (0.1 reflectance)"
    if math.isclose(offset, 0, abs_tol=1e-8):
        return (Misreading(1, -BASELINE_04_OFFSET, words),)
    if math.isclose(offset, BASELINE_04_OFFSET, rel_tol=1e-5):
        return (Misreading(1, BASELINE_04_OFFSET, words),)
    return ()


WATCH: Final = Watch(
    misreadings,
    "compare processing baseline and boa_offset_applied of the item with its numbers, or take "
    "the scene from another catalogue",
)

SENSOR: Final = Sensor(
    id="sentinel-2",
    label="Sentinel-2 A to C, MSI, Level-2A",
    collections=("sentinel-2-c1-l2a", "sentinel-2-l2a"),
    bands=BANDS,
    required=(*REQUIRED_BANDS, SCL),
    optional=OPTIONAL_BANDS,
    mask=SCL,
    gsd_m=GSD_M,
    unit="reflectance",
    decide=decide_radiometry,
    seeing=Seeing(kinds_of),
    watch=WATCH,
    shift_bands=("green", "nir"),
)
