"""OPERA RTC-S1: Sentinel-1 backscatter burst by burst, its names and its mask.

Here belongs what NASA's OPERA project says about its product. Sources, in words: the product
specification of OPERA RTC-S1 (JPL D-108758) and the guide of the Alaska Satellite Facility for
unit (gamma0, linear power), posting (30 m), names of files and codes of the mask; the real
series of one burst that the tests read for NaN as fill and for the speckle. What all radar
shares belongs to ``sentinel1``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.errors import RadiometryError
from pipeline.model.look import PixelKind
from pipeline.sensors.sensor import CLASSES, Band, Noise, Seeing, Sensor, decide_documented
from pipeline.sensors.sentinel1 import SENSOR as SENTINEL_1
from pipeline.sensors.sentinel1 import UNIT, WATCH, has_echo, power_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.scene import Asset, Scene
    from pipeline.raster.radiometry import Radiometry

GSD_M: Final = 30.0
MASK: Final = "mask"
EQUIVALENT_LOOKS: Final = 5.5

NOISE: Final = Noise(
    10 ** (-22 / 10),
    1 / math.sqrt(EQUIVALENT_LOOKS),
    "speckle at 5.5 looks: mean squared over variance in windows of 7 x 7 pixels of the recorded "
    "series, at its 95th percentile (VV 5.5, VH 5.8), so of one burst only; and ESA's noise "
    "floor of -22 dB",
)

BANDS: Final = MappingProxyType(
    {name: power_band(name.upper(), GSD_M, (), NOISE) for name in ("vv", "vh", "hh", "hv")}
    | {MASK: Band("mask", GSD_M, unit=CLASSES, nodata=(255,), keys=(MASK,))}
)
"""By polarisation; fill is NaN."""


class MaskCode(IntEnum):
    """What the mask says of a pixel."""

    VALID = 0
    SHADOW = 1
    LAYOVER = 2
    LAYOVER_AND_SHADOW = 3
    FILL = 255


def is_valid(mask: NDArray[Any]) -> NDArray[np.bool_]:
    """Where the radar saw the ground once and not from two places, bool, the shape of the input.

    Raises:
        RadiometryError: if there is a code that the product does not know.
    """
    strange = sorted(set(np.unique(mask).tolist()) - {int(code) for code in MaskCode})
    if strange:
        what = f"the mask holds codes that are not known: {strange[:5]}"
        raise RadiometryError(what, where=MASK, remedy="check that it is a mask of OPERA RTC-S1")
    found: NDArray[np.bool_] = mask == MaskCode.VALID
    return found


def kinds_of(
    mask: NDArray[Any], _nodata: tuple[float, ...], _options: PrepareOptions
) -> NDArray[np.uint8]:
    """What every pixel shows by the mask, codes of ``PixelKind``; layover and shadow are of no use.

    Raises:
        RadiometryError: if there is a code that the product does not know.
    """
    kinds = np.where(is_valid(mask), PixelKind.CLEAR, PixelKind.OTHER).astype(np.uint8)
    kinds[mask == MaskCode.FILL] = PixelKind.UNSEEN
    return kinds


def note_of(scene: Scene) -> str:
    """What must be known of what a scene does not show; empty where its mask came with it."""
    return "" if MASK in scene.assets else "no mask: layover and shadow are not told from ground"


_NAME: Final = re.compile(
    r"OPERA_L2_RTC-S1_T(?P<track>\d{3})-(?P<burst>\d{6})-(?P<swath>IW[123])"
    r"_(?P<start>\d{8}T\d{6})Z_(?P<made>\d{8}T\d{6})Z_(?P<craft>S1[A-D])_30_v\d+\.\d+\w*(?:\.tif)?"
)


@dataclass(frozen=True)
class Granule:
    """What the name of a product says.

    Attributes:
        relative_orbit: number of the ground track.
        burst: id of the burst, such as ``T137-292319-IW2``.
        instant: when it was taken, UTC.
        made: when it was processed, UTC.
        platform: the satellite.
    """

    relative_orbit: int
    burst: str
    instant: datetime
    made: datetime
    platform: str


def granule_of(name: str) -> Granule | None:
    """What the name of a product or of one of its files says; None if it is no such name.

    Example:
        >>> name = "OPERA_L2_RTC-S1_T137-292319-IW2_20211119T015858Z_20250830T120333Z_S1A_30_v1.0"
        >>> granule_of(name).relative_orbit, granule_of(name).platform
        (137, 'sentinel-1a')
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    start, made = (_instant(match[key]) for key in ("start", "made"))
    burst = f"T{match['track']}-{match['burst']}-{match['swath']}"
    platform = f"sentinel-{match['craft'][1:].lower()}"
    return Granule(int(match["track"]), burst, start, made, platform)


def _instant(text: str) -> datetime:
    """A compact time of a name, UTC."""
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def decide_radiometry(scene: Scene, asset: Asset) -> Radiometry:
    """Scale 1 and offset 0, unless the item contradicts that.

    Raises:
        RadiometryError: if the item states a scale or an offset, or the band is the mask.
    """
    return decide_documented(BANDS, scene, asset)


SENSOR: Final = Sensor(
    id="opera-rtc",
    label="OPERA RTC-S1, Sentinel-1 gamma0 by burst",
    collections=("OPERA_L2_RTC-S1_V1_1", "OPERA_L2_RTC-S1_V1", "opera-s1-rtc-v1"),
    bands=BANDS,
    required=("vv",),
    optional=("vh", MASK),
    mask=MASK,
    gsd_m=GSD_M,
    unit=UNIT,
    decide=decide_radiometry,
    seeing=Seeing(kinds_of, has_echo, note_of=note_of),
    watch=WATCH,
    is_by_orbit=True,
    equivalent_looks=EQUIVALENT_LOOKS,
    satellite=SENTINEL_1.id,
)
"""The mask is no required band, because archives deliver it apart; one that an item lists has to
come, or the scene is left out."""
