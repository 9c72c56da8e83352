"""Monthly VIIRS DNB composites and annual DMSP-OLS stable lights, as GeoTIFF.

Here belongs what the Earth Observation Group says about both: names, units, codes and ranges, and
which numbers count as a measurement. Opening the files belongs to ``store``.

Sources, in words: the README of the version 1 VIIRS DNB composites for names (``vcmcfg`` leaves
out what stray light touched, ``vcmslcfg`` corrects it), the unit nW/cm2/sr, the grid of 15
arc-seconds from 75 degrees north to 65 south, and the warning that a zero without a count of
cloud-free looks does not mean that no light was seen; the README of version 4 of the DMSP-OLS
stable lights for digital numbers 0 to 63, the code 255 for pixels without a cloud-free look, and
the grid of 30 arc-seconds. The package Rnightlights renames country crops of both; its crops hold
-3.4e38 or minus infinity outside the country.

DMSP satellites carry no calibration on board and differ by several numbers in years that two of
them saw, so that each satellite is a series of its own. A stable-lights pixel is an average of
nights: near 63 part of them were saturated already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.errors import CorruptAssetError
from pipeline.model.coarse import LookLabel, Noise
from pipeline.model.time import civil_day_span_utc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.change import Period

DNB_MONTHLY: Final = "dnb-monthly"
DMSP_OLS: Final = "dmsp-ols"
LIGHT: Final = "light"
N_LOOKS: Final = "cf_cvg"
"""The layers, by what they are called at rest."""
NODATA: Final = "nodata"
"""What a GeoTIFF calls the number that means nothing."""
STEP_DEG: Final = {DNB_MONTHLY: 1 / 240, DMSP_OLS: 1 / 120}
"""Pixels of 15 and of 30 arc-seconds."""
STEP_TOLERANCE: Final = 1e-4
"""Published files state their step to eight digits or so."""

DN_TOP: Final = 63
DN_NOT_SEEN: Final = 255
NODATA_BELOW: Final = -1e30
"""Crops mark what lies outside with -3.4e38 or minus infinity."""
MAX_RADIANCE: Final = 1e6
"""nW/cm2/sr; the brightest gas flares reach some ten thousand."""

NOISE: Final = {
    DNB_MONTHLY: Noise(
        0.06,
        "measured: robust spread of the mostly unlit pixels of January 2014 over Sao Tome; over "
        "snow and in months of few looks it is larger",
    ),
    DMSP_OLS: Noise(
        0.29,
        "lower bound: rounding to whole numbers alone (1 over the root of 12); steps between "
        "satellites and years of several numbers come on top",
    ),
}

_DNB = re.compile(
    r"SVDNB_(?P<craft>npp|j01)_(?P<first>\d{8})-(?P<last>\d{8})_[0-9A-Za-z]+_"
    r"(?P<variant>vcmcfg|vcmslcfg)_(?P<version>v\d+)_c\d+\."
    r"(?P<layer>avg_rade9h?|cf_cvg)\.tiff?"
)
_DNB_CROP = re.compile(
    r"NL_[A-Z]{3}_VIIRS\.M_(?P<month>\d{6})_(?P<variant>VCMCFG|VCMSLCFG)_[\w.-]+\.tiff?"
)
_DMSP = re.compile(
    r"(?P<craft>F\d\d)(?P<year>\d{4})\.(?P<version>v4[a-z]?)_web\."
    r"(?P<layer>stable_lights\.avg_vis|cf_cvg)\.tiff?"
)
_DMSP_CROP = re.compile(r"NL_[A-Z]{3}_OLS\.Y_(?P<year>\d{4})_STABLE_LIGHTS_[\w.-]+\.tiff?")


@dataclass(frozen=True)
class NightFile:
    """What the name of a file says.

    Attributes:
        label: the series it belongs to.
        first: first day of its period.
        last: last day of its period.
        is_count: whether it holds the count of cloud-free looks and no light.
        count_name: the name of the count that goes with it; empty if none can.
    """

    label: LookLabel
    first: date
    last: date
    is_count: bool = False
    count_name: str = ""

    @property
    def period(self) -> Period:
        """All days, UTC."""
        return civil_day_span_utc(self.first, self.last, "UTC")


def parse_name(name: str) -> NightFile | None:
    """Read the name of a file; None if it is none of these products.

    Raises:
        CorruptAssetError: if it is one, with days that the calendar does not have.

    Example:
        >>> parse_name("F101992.v4b_web.stable_lights.avg_vis.tif").label.product
        'F10'
    """
    for pattern, read in _READERS:
        match = pattern.fullmatch(name)
        if match is not None:
            try:
                return read(match)
            except ValueError as error:
                what = "the name holds no days of the calendar"
                raise CorruptAssetError(what, where=name) from error
    return None


def _dnb(match: re.Match[str]) -> NightFile:
    """A composite as the Earth Observation Group names it."""
    first, last = _day(match["first"]), _day(match["last"])
    if last != _month_end(first) or first.day != 1:
        raise ValueError(f"{first} to {last} is no month")
    label = LookLabel(DNB_MONTHLY, match["craft"], match["variant"], match["version"])
    count = match.string.replace(match["layer"], "cf_cvg")
    is_count = match["layer"] == "cf_cvg"
    return NightFile(label, first, last, is_count, "" if is_count else count)


def _dnb_crop(match: re.Match[str]) -> NightFile:
    """A crop of a composite by Rnightlights; it names no satellite, all were Suomi NPP."""
    first = _day(match["month"] + "01")
    label = LookLabel(DNB_MONTHLY, "npp", match["variant"].lower(), "crop")
    return NightFile(label, first, _month_end(first))


def _dmsp(match: re.Match[str]) -> NightFile:
    """A year as the Earth Observation Group names it."""
    year, is_count = int(match["year"]), match["layer"] == "cf_cvg"
    label = LookLabel(DMSP_OLS, match["craft"], "stable_lights", match["version"])
    count = match.string.replace(match["layer"], "cf_cvg")
    first, last = date(year, 1, 1), date(year, 12, 31)
    return NightFile(label, first, last, is_count, "" if is_count else count)


def _dmsp_crop(match: re.Match[str]) -> NightFile:
    """A crop of a year by Rnightlights, which does not say which satellite saw it."""
    year = int(match["year"])
    label = LookLabel(DMSP_OLS, "satellite-not-stated", "stable_lights", "crop")
    return NightFile(label, date(year, 1, 1), date(year, 12, 31))


_READERS: Final = ((_DNB, _dnb), (_DNB_CROP, _dnb_crop), (_DMSP, _dmsp), (_DMSP_CROP, _dmsp_crop))


def _day(digits: str) -> date:
    """A day of eight digits."""
    return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).date()


def _month_end(first: date) -> date:
    """The last day of the month that a day lies in."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def light_names(count_name: str) -> tuple[str, ...]:
    """The names of the light that a count of looks may belong to.

    Example:
        >>> light_names("F101992.v4b_web.cf_cvg.tif")
        ('F101992.v4b_web.stable_lights.avg_vis.tif',)
    """
    is_dmsp = _DMSP.fullmatch(count_name) is not None
    layers = ("stable_lights.avg_vis",) if is_dmsp else ("avg_rade9h", "avg_rade9")
    return tuple(count_name.replace("cf_cvg", layer) for layer in layers)


def light_values(
    stored: NDArray[Any], sensor: str, nodata: float | None, *, where: str
) -> NDArray[np.float32]:
    """The numbers of a file, float32, NaN where none is there; radiance below zero is kept.

    Args:
        stored: as delivered, (y, x).
        sensor: ``dnb-monthly`` or ``dmsp-ols``.
        nodata: what the file calls nothing; None if it does not say.
        where: the file.

    Raises:
        CorruptAssetError: if a number lies beyond what the product can hold.
    """
    values = stored.astype(np.float32)
    missing = ~np.isfinite(values) | (values < NODATA_BELOW)
    if nodata is not None:
        missing |= values == np.float32(nodata)
    if sensor == DMSP_OLS:
        missing |= values == DN_NOT_SEEN
    low, high = (0.0, DN_TOP) if sensor == DMSP_OLS else (-MAX_RADIANCE, MAX_RADIANCE)
    kept = values[~missing]
    if kept.size and not (low <= kept.min() and kept.max() <= high):
        what = f"it holds {kept.min():g} to {kept.max():g}, the product {low:g} to {high:g}"
        raise CorruptAssetError(what, where=where, remedy="check the unit and the product")
    return np.where(missing, np.float32(np.nan), values).astype(np.float32)


def light_seen(
    values: NDArray[np.float32], sensor: str, n_looks: NDArray[Any] | None
) -> NDArray[np.bool_]:
    """Which pixels were seen without cloud in the period, bool, (y, x).

    Without a count, a monthly radiance of exactly zero may be a pixel that was never seen, and
    is taken for one. The annual numbers have a code of their own for that.

    Args:
        values: NaN where none is there.
        sensor: ``dnb-monthly`` or ``dmsp-ols``.
        n_looks: count of cloud-free looks; None if it is not given.
    """
    finite = np.isfinite(values)
    if n_looks is not None:
        return finite & (np.nan_to_num(n_looks.astype(np.float64), nan=0.0) > 0)
    return finite & (values != 0) if sensor == DNB_MONTHLY else finite


def is_saturated(values: NDArray[np.float32], sensor: str) -> NDArray[np.bool_]:
    """Whether a number stands at the top of its range; the DNB does not saturate on towns."""
    return (values >= DN_TOP) & (sensor == DMSP_OLS)
