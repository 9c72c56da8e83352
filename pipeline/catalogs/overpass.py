"""Which items are one look at the ground: satellite, ground track, and a key for the overpass.

Here belongs what the properties and the id of an item say of the satellite's way, in the
spelling of each archive. Which of several items of one overpass is kept belongs to ``search``;
which orbits may stand in one series belongs to ``sensors``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.catalogs.assets import number_in
from pipeline.sensors.opera import granule_of

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.catalogs.assets import Document

_CRAFT = re.compile(r"(landsat|sentinel)[-_ ]*(\d[a-d]?)", re.IGNORECASE)
_DATATAKE = re.compile(r"(GS2[A-D]_\d{8}T\d{6}_\d+)(_N\d\d\.\d\d)?", re.IGNORECASE)
_WRS2 = re.compile(r"WRS2-(\d{3})\d{3}", re.IGNORECASE)


def platform_of(properties: Document, name: str = "") -> str:
    """The satellite in one spelling, such as ``sentinel-2a`` or ``landsat-8``; empty if unsaid.

    Args:
        properties: of the item.
        name: id of the item; those of OPERA name the satellite.

    Example:
        >>> platform_of({"platform": "Sentinel-2A"}), platform_of({"eo:platform": "LANDSAT_8"})
        ('sentinel-2a', 'landsat-8')
    """
    text = str(properties.get("platform") or properties.get("eo:platform") or "").strip().lower()
    match = _CRAFT.fullmatch(text)
    if match:
        return f"{match.group(1)}-{match.group(2)}"
    granule = granule_of(name)
    return granule.platform if granule and not text else text


def relative_orbit(properties: Document, name: str = "") -> int | None:
    """Number of the ground track; None if neither the properties nor the id say it."""
    number = number_in(properties.get("sat:relative_orbit"))
    if number is not None and number == int(number) and number > 0:
        return int(number)
    granule = granule_of(name)
    return granule.relative_orbit if granule else None


def orbit_state(properties: Document) -> str | None:
    """``ascending`` or ``descending``; None for anything else."""
    text = str(properties.get("sat:orbit_state") or "").lower()
    return text if text in ("ascending", "descending") else None


def overpass_key(properties: Document, name: str, instant: datetime) -> str:
    """What two items of one overpass share, whatever their tile, processor and catalogue.

    - Sentinel-2: the datatake. It bears the processing baseline at its end, which is cut off, so
      that a scene processed anew stays the same overpass.
    - Landsat: satellite, WRS-2 path and day. The row is left out as a tile is with Sentinel-2:
      the rows of one path are cut from one strip and overlap, so two rows that both show the
      site are one look at it. Landsat 8 and 9 fly the same path eight days apart.
    - Sentinel-1: satellite and absolute orbit, because an orbit is cut into slices and bursts.
    - All others: satellite and second.
    """
    platform = platform_of(properties, name)
    stated = properties.get("s2:datatake_id") or properties.get("eopf:datatake_id")
    datatake = _DATATAKE.fullmatch(str(stated or ""))
    if datatake:
        return datatake.group(1).upper()
    path = _wrs2_path(properties) if platform.startswith("landsat") else None
    if path is not None:
        return f"{platform}/path-{path:03d}/{instant:%Y%m%d}"
    return _radar_key(properties, name, platform) or f"{platform}/{instant:%Y%m%dT%H%M%S}"


def _wrs2_path(properties: Document) -> int | None:
    """The path of the second Worldwide Reference System; None if it is not stated."""
    stated = number_in(properties.get("landsat:wrs_path"))
    if stated is not None and str(properties.get("landsat:wrs_type") or "2") == "2":
        return int(stated)
    match = _WRS2.fullmatch(str(properties.get("grid:code") or ""))
    return int(match.group(1)) if match else None


def _radar_key(properties: Document, name: str, platform: str) -> str | None:
    """Key of an overpass of Sentinel-1; None if the item does not say which it is."""
    absolute = number_in(properties.get("sat:absolute_orbit"))
    if platform.startswith("sentinel-1") and absolute is not None:
        return f"{platform}/orbit-{int(absolute):06d}"
    granule = granule_of(name)
    if granule is None:
        return None
    return f"{granule.platform}/track-{granule.relative_orbit:03d}/{granule.instant:%Y%m%d}"
