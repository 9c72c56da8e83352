"""Landsat 4 to 9, Collection 2 Level 2: reflectance, temperature, saturation, and its orbits.

Here belongs what the USGS says about the product, and which of two Landsats is the better look.
The bits of QA_PIXEL have their own module.
Sources, in words: the Landsat 4-7 and 8-9 Collection 2 Level-2 science product guides for
scales, offsets and fill; the tables of QA_PIXEL and QA_RADSAT in the same guides for the bits;
the USGS pages on the failed scan line corrector of Landsat 7 for the day from which its scenes
have gaps; the Collection 2 metadata format for the UTM zone, which is the northern one on both
halves of the globe. The values agree with the items that the catalogues were recorded with and
with the metadata file of a real scene.

Unlike Sentinel-2 there is no offset to guess: the numbers of one collection have one scale. An
item that states another one describes another product, and is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.errors import RadiometryError
from pipeline.sensors.landsat_bits import QA_PIXEL, kinds_of
from pipeline.sensors.sensor import (
    CLASSES,
    Band,
    Misreading,
    Noise,
    Seeing,
    Sensor,
    Watch,
    decide_documented,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.scene import Asset, Scene
    from pipeline.raster.radiometry import Radiometry

GSD_M: Final = 30.0
QA_RADSAT: Final = "qa_radsat"

REFLECTANCE_SCALE: Final = 2.75e-5
REFLECTANCE_OFFSET: Final = -0.2
TEMPERATURE_SCALE: Final = 0.00341802
TEMPERATURE_OFFSET_K: Final = 149.0

REFLECTANCE_NOISE: Final = Noise(
    0.005,
    0.05,
    "the specification that the comparison of atmospheric corrections (ACIX) holds LaSRC and "
    "LEDAPS against: an accuracy, so an upper bound for what varies between two dates",
)
TEMPERATURE_NOISE: Final = Noise(
    0.4,
    0.0,
    "the requirement on the thermal bands of Landsat 8 and 9 at 300 K, between pixels of one "
    "scene; how far the whole scene may be off stands in st_qa, some kelvin",
)

TEMPERATURE_NATIVE_M: Final = MappingProxyType(
    {"LC08": 100.0, "LC09": 100.0, "LE07": 60.0, "LT05": 120.0, "LT04": 120.0}
)
"""Edge of the pixel that measured a temperature, in metres, by the first letters of a product."""

OLI_BANDS: Final = MappingProxyType(
    {
        "coastal": "SR_B1",
        "blue": "SR_B2",
        "green": "SR_B3",
        "red": "SR_B4",
        "nir08": "SR_B5",
        "swir16": "SR_B6",
        "swir22": "SR_B7",
        "lwir11": "ST_B10",
    }
)
"""Names on Landsat 8 and 9."""
TM_BANDS: Final = MappingProxyType(
    {
        "blue": "SR_B1",
        "green": "SR_B2",
        "red": "SR_B3",
        "nir08": "SR_B4",
        "swir16": "SR_B5",
        "swir22": "SR_B7",
        "lwir11": "ST_B6",
    }
)
"""Names on Landsat 4, 5 and 7."""


def _reflectance(common_name: str, centre_nm: float) -> Band:
    """A band of surface reflectance; its asset is known by its common name."""
    on_tm = f", {TM_BANDS[common_name]} (TM, ETM+)" if common_name in TM_BANDS else ""
    return Band(
        f"{OLI_BANDS[common_name]} (OLI){on_tm}",
        GSD_M,
        centre_nm,
        scale=REFLECTANCE_SCALE,
        offset=REFLECTANCE_OFFSET,
        nodata=(0,),
        noise=REFLECTANCE_NOISE,
        keys=(common_name,),
    )


BANDS: Final = MappingProxyType(
    {
        "coastal": _reflectance("coastal", 443),
        "blue": _reflectance("blue", 482),
        "green": _reflectance("green", 561),
        "red": _reflectance("red", 655),
        "nir08": _reflectance("nir08", 865),
        "swir16": _reflectance("swir16", 1609),
        "swir22": _reflectance("swir22", 2201),
        "lwir11": Band(
            "ST_B10 (TIRS), ST_B6 (TM, ETM+)",
            GSD_M,
            10_895,
            unit="kelvin",
            scale=TEMPERATURE_SCALE,
            offset=TEMPERATURE_OFFSET_K,
            nodata=(0,),
            noise=TEMPERATURE_NOISE,
            keys=("lwir11", "lwir", "st_b10", "st_b6"),
        ),
        "st_qa": Band(
            "ST_QA", GSD_M, unit="kelvin", scale=0.01, nodata=(-9999,), keys=("qa", "st_qa")
        ),
        QA_PIXEL: Band("QA_PIXEL", GSD_M, unit=CLASSES, nodata=(1,), keys=("qa_pixel",)),
        QA_RADSAT: Band("QA_RADSAT", GSD_M, unit=CLASSES, keys=("qa_radsat",)),
    }
)
"""By common name; centre wavelengths are those of Landsat 8. ``lwir11`` is the surface
temperature of every Landsat, resampled from 60 to 120 m to the grid of the other bands."""

_INSTRUMENTS: Final = {
    "landsat-4": TM_BANDS,
    "landsat-5": TM_BANDS,
    "landsat-7": TM_BANDS,
    "landsat-8": OLI_BANDS,
    "landsat-9": OLI_BANDS,
}


def instrument_band(platform: str, band: str) -> str:
    """The product's name of a band on one satellite.

    Raises:
        RadiometryError: if the satellite is not known or does not have the band.

    Example:
        >>> instrument_band("landsat-5", "red"), instrument_band("landsat-9", "red")
        ('SR_B3', 'SR_B4')
    """
    try:
        return _INSTRUMENTS[platform][band]
    except KeyError:
        what = f"{platform or 'an unnamed satellite'} has no band {band}"
        remedy = f"choose from {', '.join(_INSTRUMENTS)} and {', '.join(OLI_BANDS)}"
        raise RadiometryError(what, where=band, remedy=remedy) from None


def is_saturated(radsat: NDArray[Any], platform: str, band: str) -> NDArray[np.bool_]:
    """Where a band was too bright for its instrument, bool, the shape of the input.

    Args:
        radsat: QA_RADSAT as delivered; bit 0 is for band 1 and so on.
        platform: the satellite.
        band: common name.

    Raises:
        RadiometryError: if QA_RADSAT says nothing about that band of that satellite.
    """
    number = int(instrument_band(platform, band).rpartition("B")[2])
    if number > max(int(name[-1]) for name in TM_BANDS.values()):
        what = "QA_RADSAT says nothing about the thermal bands of Landsat 8 and 9"
        raise RadiometryError(what, where=band, remedy="leave the band out")
    found: NDArray[np.bool_] = (radsat >> (number - 1)) & 1 == 1
    return found


def is_spoilt(radsat: NDArray[Any], platform: str, band: str) -> NDArray[np.bool_]:
    """Where a band of a scene is saturated, as far as QA_RADSAT can say it.

    It says nothing of the temperatures of Landsat 8 and 9, whose thermal bands do not saturate
    on the ground, nor of the uncertainty of any: those are never spoilt.

    Raises:
        RadiometryError: if the satellite is not known.
    """
    is_silent = band == "st_qa" or (band == "lwir11" and _INSTRUMENTS.get(platform) is OLI_BANDS)
    if is_silent:
        return np.zeros(radsat.shape, np.bool_)
    return is_saturated(radsat, platform, band)


SLC_OFF_SINCE: Final = datetime(2003, 5, 31, tzinfo=UTC)
"""The scan line corrector of Landsat 7 failed in the evening of this day."""


def is_slc_off(scene: Scene) -> bool:
    """Whether about a fifth of the scene is gaps between scan lines."""
    return scene.platform == "landsat-7" and scene.instant >= SLC_OFF_SINCE


def note_of(scene: Scene) -> str:
    """What must be known of what a scene does not show; empty for most."""
    if is_slc_off(scene):
        return "scan line corrector off: the gaps between the scan lines, about a fifth, are unseen"
    return ""


def day_key(scene: Scene) -> str | None:
    """What a look of Landsat 5 and one of Landsat 7 on one day share; None for all others."""
    if scene.platform in ("landsat-5", "landsat-7"):
        return f"landsat-5-or-7/{scene.instant:%Y%m%d}"
    return None


_PRODUCT: Final = re.compile(
    r"L[COTEM]0[4-9]_L\w{3}_(\d{3})(\d{3})_(\d{8})(?:_\d{8})?_(\d\d)_(?:T1|T2|RT)\w*"
)


HALVES: Final = MappingProxyType(
    {
        "landsat-c2l2-sr": ("SR", "surface reflectance", tuple(OLI_BANDS)[:-1]),
        "landsat-c2l2-st": ("ST", "surface temperature", ("lwir11", "st_qa")),
    }
)
"""Collections of catalogues after the way of the USGS, which list one product as two items: the
end of their ids, what they hold, and the bands that the other one lacks. Both hold the masks."""

_HALF_END: Final = re.compile(r"_(SR|ST)$")


def product_of(scene_id: str) -> str:
    """The id of a product, from that of the item of one of its halves.

    Example:
        >>> product_of("LC08_L2SP_008059_20191201_20200825_02_T1_ST")
        'LC08_L2SP_008059_20191201_20200825_02_T1'
    """
    return _HALF_END.sub("", scene_id)


def has_temperature(product: str) -> bool:
    """Whether a product has a temperature at all: those of level L2SR are made without one.

    Source: the Landsat Collection 2 Level-2 science product guides, on processing levels.
    """
    return "_L2SR_" not in product


def decide_radiometry(scene: Scene, asset: Asset) -> Radiometry:
    """Decide scale and offset of one asset, and say why.

    The item's numbers where they agree with the documentation of Collection 2, the documented
    ones where it states none.

    Raises:
        RadiometryError: if the item contradicts the documentation, is of another collection
            by its id, or the band holds bits.
    """
    product = _PRODUCT.match(scene.id)
    if product and product.group(4) != "02":
        what = f"it is of Collection {product.group(4)}, whose numbers are scaled otherwise"
        remedy = "search Collection 2"
        raise RadiometryError(what, where=f"{scene.id} {asset.band}", remedy=remedy)
    return decide_documented(BANDS, scene, asset)


COLLECTION_1_SCALE: Final = 1e-4
"""Digital numbers of Collection 1 were reflectance times 10,000, without an offset."""


def misreadings(offset: float) -> tuple[Misreading, ...]:
    """What numbers do that are not scaled as Collection 2 scales them.

    Scale and offset are the same for all scenes, so a date can only be wrong as a whole: its
    numbers have the offset in them already and got it once more, or they are those of Collection
    1, or (read without it) they still lack it.
    """
    if np.isclose(offset, REFLECTANCE_OFFSET):
        ratio = REFLECTANCE_SCALE / COLLECTION_1_SCALE
        return (
            Misreading(1, offset, "the offset of Collection 2 (-0.2 reflectance), taken twice"),
            Misreading(ratio, offset, "the scale and offset of Collection 2, put on Collection 1"),
        )
    if np.isclose(offset, 0):
        words = "the offset of Collection 2 (-0.2 reflectance), left out"
        return (Misreading(1, -REFLECTANCE_OFFSET, words),)
    return ()


WATCH: Final = Watch(
    misreadings,
    "compare the collection of the item and the scale and offset that it states with its numbers, "
    "or take the scene from another catalogue",
)

_POLAR_SOUTH_DEG: Final = -63.0


def utm_epsg(longitude_deg: float, latitude_deg: float) -> int:
    """The CRS of a scene from its centre, for items that do not state it.

    The USGS keeps scenes in the northern UTM zone of their centre, on both halves of the globe,
    and those of the Antarctic in a polar projection. The file has the last word: the fetch
    refuses one that lies in another CRS.

    Raises:
        ValueError: if the scene lies where no UTM zone is used.

    Example:
        >>> utm_epsg(-75.08, 1.44), utm_epsg(148.7, -43.2)
        (32618, 32655)
    """
    if not latitude_deg > _POLAR_SOUTH_DEG:
        raise ValueError("scenes of the Antarctic do not lie in a UTM zone")
    return 32601 + int((longitude_deg + 180) // 6) % 60


SENSOR: Final = Sensor(
    id="landsat",
    label="Landsat 4 to 9, Collection 2 Level 2",
    collections=("landsat-c2-l2", "landsat-c2l2-sr", "landsat-c2l2-st"),
    bands=BANDS,
    required=("blue", "green", "red", "nir08", "swir16", "swir22", QA_PIXEL),
    optional=("lwir11", "st_qa", QA_RADSAT),
    mask=QA_PIXEL,
    gsd_m=GSD_M,
    unit="reflectance",
    decide=decide_radiometry,
    seeing=Seeing(kinds_of, flags=QA_RADSAT, is_spoilt=is_spoilt, note_of=note_of),
    watch=WATCH,
    roles=MappingProxyType({"nir": "nir08"}),
    layers=MappingProxyType({"thermal": ("lwir11", "st_qa")}),
    shift_bands=("green", "nir08"),
)
