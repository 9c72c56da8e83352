"""VIIRS Black Marble: night lights by day (VNP46A2), month (VNP46A3) and year (VNP46A4).

Here belongs what NASA says about the product: names, codes, scalings, the tile grid, and which
numbers count as a measurement of their own time. Opening the files belongs to ``store``.

Sources, in words: the Black Marble user guide (version 1.2, 2021) for fields, flags, fill values
and the scale of 0.1 of collection 1; the product pages of the LAADS archive for collection 2,
whose radiance is floating point so that gas flares do not saturate; the STAC collection that
stactools made of VNP46A2 for the bits of the cloud mask; Roman et al. 2018 (Remote Sensing of
Environment 210, 113-143) for the algorithm. Public code that reads collection 2 finds its daily
files under the group name that collection 1 used for months and years, and a fill of -999.9, so
both group names are looked for. No file of collection 2 has been at hand: its rules come from
documents and from that code.

A tile is 10 x 10 degrees of 2400 x 2400 pixels of 15 arc-seconds (463 x 366 m at 38 degrees
north); h counts from 180 degrees west, v from 90 degrees north. The day in the name is a UTC day.
The satellite passes near 01:30 local time: over Korea that is about 16:30 UTC of the day before,
so the file of one UTC day holds the night of the next civil day.

The gap-filled layer repeats older nights where this one was cloudy. It is never read.
"""

from __future__ import annotations

import re
from calendar import isleap
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.errors import CorruptAssetError
from pipeline.model.change import Period
from pipeline.model.degrees import DegreeGrid
from pipeline.model.look import LookLabel, Noise
from pipeline.model.time import civil_day_span_utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SENSOR: Final = "black-marble"
TILE_PX: Final = 2400
TILE_DEG: Final = 10
STEP_DEG: Final = TILE_DEG / TILE_PX

_GRIDS = "HDFEOS/GRIDS"
GROUPS: Final = (
    f"{_GRIDS}/VNP_Grid_DNB/Data Fields",
    f"{_GRIDS}/VIIRS_Grid_DNB_2d/Data Fields",
)
"""Daily files of collection 1 use the first; months, years and collection 2 the second."""

RADIANCE: Final = "DNB_BRDF-Corrected_NTL"
MOON: Final = "DNB_Lunar_Irradiance"
LATEST: Final = "Latest_High_Quality_Retrieval"
QUALITY: Final = "Mandatory_Quality_Flag"
CLOUD: Final = "QF_Cloud_Mask"
SNOW: Final = "Snow_Flag"
GAP_FILLED: Final = "Gap_Filled_DNB_BRDF-Corrected_NTL"
"""Named so that it can be told apart; nothing reads it."""
DAILY_FIELDS: Final = (RADIANCE, MOON, LATEST, QUALITY, CLOUD, SNOW)

ANGLES: Final = ("AllAngle", "NearNadir", "OffNadir")
COMPOSITES: Final = tuple(
    f"{angle}_Composite_Snow_{state}" for angle in ANGLES for state in ("Free", "Covered")
)
"""The composites of a month or a year; the first must be there."""
SUFFIXES: Final = ("", "_Num", "_Quality", "_Std")

NOISE: Final = Noise(
    0.5,
    "upper bound from the design of the instrument: a signal-to-noise ratio of at least 6 at a "
    "radiance of 3 nW/cm2/sr at nadir; errors of the moon and atmosphere corrections come on top",
)
OVERPASS_H: Final = 1.5
"""Local time of a night overpass, in hours; a wide swath spreads it by about an hour."""


class Scaling(NamedTuple):
    """How stored numbers become physical ones.

    Attributes:
        scale: factor.
        offset: summand after scaling.
        fill: the stored number that means nothing is there.
        top: the largest stored number that can stand for a measurement; None if there is none.
    """

    scale: float
    offset: float
    fill: float
    top: float | None


INTEGER: Final = Scaling(0.1, 0.0, 65535, 65534)
"""Radiance and irradiance of collection 1, unsigned 16 bit: 6553.4 nW/cm2/sr at most."""
FLOATING: Final = Scaling(1.0, 0.0, -999.9, None)
"""Radiance and irradiance of collection 2."""
FLAG_FILL: Final = 255
COUNT_FILL: Final = 65535

_NAME = re.compile(
    r"(VNP46A[234])\.A(\d{4})(\d{3})\.h(\d\d)v(\d\d)\.(\d{3})\.(\d{13})\.(?:h5|hdf5|H5)"
)


@dataclass(frozen=True)
class Granule:
    """What the name of a file says.

    Attributes:
        product: ``VNP46A2``, ``VNP46A3`` or ``VNP46A4``.
        day: the UTC day, or the first of the month or year.
        h: column of the tile.
        v: row of the tile.
        collection: ``001`` or ``002``.
        produced: when the file was made, as digits, so that later ones compare larger.
    """

    product: str
    day: date
    h: int
    v: int
    collection: str
    produced: str

    @property
    def tile(self) -> str:
        """The name of the tile."""
        return f"h{self.h:02d}v{self.v:02d}"

    @property
    def is_daily(self) -> bool:
        """Whether it is one night and no composite."""
        return self.product == "VNP46A2"

    @property
    def grid(self) -> DegreeGrid:
        """The pixels of the whole tile."""
        return tile_grid(self.h, self.v)

    def label(self, variant: str) -> LookLabel:
        """The series that a layer of this file belongs to."""
        return LookLabel(SENSOR, self.product, variant, self.collection)

    def period(self, timezone: str) -> Period:
        """When the light was seen: the overpass of a night, or all days of the composite."""
        if self.is_daily:
            instant = overpass(self.day, timezone)
            return Period(instant, instant)
        months = 1 if self.product == "VNP46A3" else 12
        after = self.day.month - 1 + months
        end = self.day.replace(year=self.day.year + after // 12, month=after % 12 + 1)
        return civil_day_span_utc(self.day, end - timedelta(days=1), "UTC")


def parse_name(name: str) -> Granule:
    """Read the name of a file.

    Raises:
        CorruptAssetError: if it is not the name of such a file.

    Example:
        >>> parse_name("VNP46A2.A2016041.h30v05.001.2020112010203.h5").tile
        'h30v05'
    """
    match = _NAME.fullmatch(name)
    if match is None:
        what = "the name is not that of a VNP46A2, VNP46A3 or VNP46A4 file"
        raise CorruptAssetError(what, where=name, remedy="keep the name that the archive gave it")
    product, year, day, h, v, collection, produced = match.groups()
    granule = Granule(product, _day(name, year, day), int(h), int(v), collection, produced)
    starts = {"VNP46A3": granule.day.day == 1, "VNP46A4": day == "001"}
    if not starts.get(product, True):
        raise CorruptAssetError("a composite starts in the middle of its period", where=name)
    if granule.h >= 360 // TILE_DEG or granule.v >= 180 // TILE_DEG:
        raise CorruptAssetError(f"there is no tile {granule.tile}", where=name)
    return granule


def _day(name: str, year: str, day: str) -> date:
    """The UTC day of a year and the number of a day in it.

    Raises:
        CorruptAssetError: if the year does not have that day.
    """
    # strptime would take day 366 of a common year for the first of the next.
    if 1 <= int(day) <= 365 + isleap(int(year)) and int(year) > 0:
        return date(int(year), 1, 1) + timedelta(days=int(day) - 1)
    raise CorruptAssetError("the name holds no day of the calendar", where=name)


def tile_grid(h: int, v: int) -> DegreeGrid:
    """The pixels of a tile.

    Example:
        >>> tuple(tile_grid(30, 5).bounds)
        (120, 30.0, 130.0, 40)
    """
    left, top = h * TILE_DEG - 180, 90 - v * TILE_DEG
    return DegreeGrid(left, top, STEP_DEG, STEP_DEG, TILE_PX, TILE_PX)


def overpass(utc_day: date, timezone: str) -> datetime:
    """The instant within a UTC day at which it is 01:30 at the site.

    Example:
        >>> from datetime import date
        >>> overpass(date(2020, 11, 24), "Asia/Pyongyang").isoformat()
        '2020-11-24T16:30:00+00:00'
    """
    noon = datetime.combine(utc_day, time(12), tzinfo=UTC)
    ahead = noon.astimezone(ZoneInfo(timezone)).utcoffset() or timedelta()
    since_midnight = (timedelta(hours=OVERPASS_H) - ahead) % timedelta(days=1)
    return datetime.combine(utc_day, time.min, tzinfo=UTC) + since_midnight


def civil_day_of(overpass_utc: datetime, timezone: str) -> date:
    """The civil day at the site of an overpass, by which claims are dated.

    Example:
        >>> civil_day_of(datetime(2020, 11, 24, 16, 30, tzinfo=UTC), "Asia/Pyongyang").isoformat()
        '2020-11-25'
    """
    return overpass_utc.astimezone(ZoneInfo(timezone)).date()


def check_scaling(
    name: str, dtype: np.dtype[Any], numbers: Mapping[str, float], *, where: str
) -> Scaling:
    """How the numbers of a radiance or irradiance field are to be read.

    What the file states must be what is documented for its type: a factor that is off by ten
    would pass for a change of light.

    Args:
        name: of the field.
        dtype: as stored.
        numbers: the attributes of the field that are one number.
        where: the file.

    Raises:
        CorruptAssetError: if type, scale, offset or fill are not as documented.
    """
    wanted = {"u2": INTEGER, "f4": FLOATING}.get(dtype.str[1:])
    if wanted is None:
        raise CorruptAssetError(f"{name} is stored as {dtype}, which is undocumented", where=where)
    # A whole number means nothing without its factor; a floating one is the radiance itself.
    scale = numbers.get("scale_factor", 1.0)
    offset = numbers.get("add_offset", numbers.get("offset", 0.0))
    stated = (scale, offset, numbers.get("_FillValue", wanted.fill))
    if not np.allclose(stated, wanted[:3], rtol=1e-6, atol=1e-9):
        what = f"{name} states scale, offset and fill {stated}, documented are {wanted[:3]}"
        raise CorruptAssetError(what, where=where, remedy="check the file against its user guide")
    return wanted


def check_units(name: str, units: str | None, *, where: str) -> None:
    """Refuse a field in another unit than the documented nW/cm2/sr.

    Raises:
        CorruptAssetError: if the file states another unit. One that states none passes: type,
            scale and fill have to fit all the same.
    """
    if units is None:
        return
    word = re.sub(r"[^a-z0-9]", "", units.lower().replace("watts", "w").replace("watt", "w"))
    documented = {"nwcm2sr", "nwcm2sr1"} if name != MOON else {"nwcm2", "nwcm2sr", "nwcm2sr1"}
    if word not in documented:
        what = f"{name} is in {units!r}, documented is nW/(cm2 sr)"
        raise CorruptAssetError(what, where=where, remedy="check the file against its user guide")


def to_radiance(stored: NDArray[Any], scaling: Scaling) -> NDArray[np.float32]:
    """Radiance in nW/cm2/sr, float32, NaN where nothing is there; below zero is kept.

    Args:
        stored: numbers as delivered, any shape.
        scaling: how to read them.
    """
    missing = np.isclose(stored, scaling.fill, rtol=1e-6) | ~np.isfinite(stored)
    values = stored.astype(np.float32) * np.float32(scaling.scale) + np.float32(scaling.offset)
    return np.where(missing, np.float32(np.nan), values).astype(np.float32)


def is_saturated(stored: NDArray[Any], scaling: Scaling) -> NDArray[np.bool_]:
    """Whether a number stands at the top of its range, bool, the shape of the numbers."""
    if scaling.top is None:
        return np.zeros(stored.shape, dtype=np.bool_)
    return np.asarray(stored == scaling.top)


def cloud_class(mask: NDArray[Any]) -> NDArray[np.uint8]:
    """Bits 6 and 7 of the cloud mask: 0 confident clear to 3 confident cloudy; 255 unknown."""
    classes = (mask.astype(np.int64) >> 6) & 3
    return np.where(mask == COUNT_FILL, FLAG_FILL, classes).astype(np.uint8)


def seen_tonight(
    radiance: NDArray[np.float32], quality: NDArray[Any], mask: NDArray[Any]
) -> NDArray[np.bool_]:
    """Which pixels of a daily file were retrieved that night, bool, (y, x).

    The main algorithm must have succeeded (quality 0 persistent, 1 ephemeral; 2 is an outlier or
    cloud), at night (bit 0), under a sky that is confidently or probably clear (bits 6 and 7),
    without cirrus (bit 9). Snow is kept: it is a state of the ground, told by its own layer.

    Args:
        radiance: NaN where nothing was retrieved.
        quality: the mandatory flag.
        mask: the cloud mask.
    """
    bits = mask.astype(np.int64)
    is_night, no_cirrus = (bits & 1) == 0, ((bits >> 9) & 1) == 0
    clear = np.isin(cloud_class(mask), (0, 1)) & is_night & no_cirrus
    return np.asarray(np.isfinite(radiance) & np.isin(quality, (0, 1)) & clear)


def seen_in_composite(
    radiance: NDArray[np.float32], quality: NDArray[Any], n_looks: NDArray[Any]
) -> NDArray[np.bool_]:
    """Which pixels of a composite rest on looks of its own period, bool, (y, x).

    Quality 0 means more than three looks, 1 means one to three, 2 that the number was filled
    from other years, which is no evidence.

    Args:
        radiance: NaN where nothing is there.
        quality: the flag of the composite.
        n_looks: how many looks went in.
    """
    counted = (n_looks > 0) & (n_looks != COUNT_FILL)
    return np.asarray(np.isfinite(radiance) & np.isin(quality, (0, 1)) & counted)
