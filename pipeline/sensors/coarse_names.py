"""What the names of coarse files say, whichever product they are of.

Here belongs the one answer to "what is this file": series, time, companions, and what two versions
of it share. How each product spells its names belongs to the module of the product.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from pipeline.errors import CorruptAssetError
from pipeline.model.change import Period
from pipeline.model.gaps import Cadence
from pipeline.sensors import blackmarble, ecostress, nightlights

if TYPE_CHECKING:
    from pipeline.model.coarse import LookLabel

LIGHT_SENSORS: Final = (blackmarble.SENSOR, nightlights.DNB_MONTHLY, nightlights.DMSP_OLS)
COARSE_SENSORS: Final = (*LIGHT_SENSORS, ecostress.SENSOR)
HDF5_ENDINGS: Final = frozenset({".h5", ".hdf5"})
TIFF_ENDINGS: Final = frozenset({".tif", ".tiff"})


@dataclass(frozen=True)
class CoarseName:
    """What the name of a file says.

    Attributes:
        name: the name.
        label: the series it belongs to; the variant is empty where the file holds several.
        period: when it was seen.
        cadence: how often the product comes.
        acquisition: what two versions of it share, in words.
        main: names of the files that it goes with; empty if it holds the numbers itself.
        companions: names of the files that may come along, by what they are called as a layer.
    """

    name: str
    label: LookLabel
    period: Period
    cadence: Cadence
    acquisition: str
    main: tuple[str, ...] = ()
    companions: tuple[tuple[str, str], ...] = ()


def name_of(name: str, timezone: str) -> CoarseName:
    """Read the name of a file.

    Args:
        name: without a folder.
        timezone: IANA name of the zone in which the site's nights are counted.

    Raises:
        CorruptAssetError: if it is the name of no product, or holds no day of the calendar.

    Example:
        >>> name_of("F101992.v4b_web.stable_lights.avg_vis.tif", "UTC").acquisition
        'dmsp-ols F10 stable_lights 1992-01-01'
    """
    if PurePath(name).suffix.lower() in HDF5_ENDINGS:
        return _black_marble(name, timezone)
    light = nightlights.parse_name(name)
    if light is not None:
        return _night_light(name, light)
    heat = ecostress.parse_name(name)
    if heat is not None:
        return _temperature(name, heat)
    what = "the name is none of a monthly DNB, DMSP-OLS or ECOSTRESS file"
    raise CorruptAssetError(what, where=name, remedy="keep the name that the archive gave it")


def _black_marble(name: str, timezone: str) -> CoarseName:
    """A tile of a night, a month or a year."""
    granule = blackmarble.parse_name(name)
    cadences = {"VNP46A2": Cadence.DAILY, "VNP46A3": Cadence.MONTHLY}
    words = f"{granule.product} {granule.tile} {granule.day.isoformat()}"
    cadence = cadences.get(granule.product, Cadence.YEARLY)
    return CoarseName(name, granule.label(""), granule.period(timezone), cadence, words)


def _night_light(name: str, named: nightlights.NightFile) -> CoarseName:
    """A month or a year of light, or the count of looks that goes with it."""
    label = named.label
    words = f"{label.sensor} {label.product} {label.variant} {named.first.isoformat()}"
    is_month = label.sensor == nightlights.DNB_MONTHLY
    cadence = Cadence.MONTHLY if is_month else Cadence.YEARLY
    found = CoarseName(name, label, named.period, cadence, words)
    if named.is_count:
        return replace(found, main=nightlights.light_names(name))
    count = ((nightlights.N_LOOKS, named.count_name),) if named.count_name else ()
    return replace(found, companions=count)


def _temperature(name: str, named: ecostress.Granule) -> CoarseName:
    """A scene of temperature, or a layer that goes with it."""
    period = Period(named.instant, named.instant)
    words = f"{named.label.product} {named.tile} {named.orbit:05d} {named.scene:03d}"
    found = CoarseName(name, named.label, period, Cadence.IRREGULAR, words)
    if named.layer != ecostress.LST:
        return replace(found, main=(ecostress.companion(name, ecostress.LST),))
    pairs = tuple((layer, ecostress.companion(name, layer)) for layer in ecostress.LAYERS)
    return replace(found, companions=pairs)
