"""Simulated Sentinel-1 looks as STAC items in the manner of RTC.

Here belong ids, properties and assets. Pixels belong to ``radar``.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final

from pipeline.simulate.options import REHEARSAL
from pipeline.simulate.radar import EPOCH, LAST, ORBIT, radar_days, simulate_radar
from pipeline.simulate.stac import (
    Shelf,
    SimulatedAsset,
    SimulatedItem,
    write_collection,
    write_item,
)

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from pipeline.simulate.eras import Past
    from pipeline.simulate.options import ArchiveOptions
    from pipeline.simulate.radar import RadarLook

SHELF: Final = Shelf(
    "sentinel-1-rtc", "SIMULATED Sentinel-1 RTC of an invented site", REHEARSAL.grid
)
_NODATA = -32768.0


def _instant(day: date) -> datetime:
    """The pass, some seconds after 09:30 UTC."""
    return datetime.combine(day, time(9, 30, day.toordinal() * 5 % 60), UTC)


def _item(look: RadarLook) -> SimulatedItem:
    """A look as an item."""
    instant = _instant(look.day)
    name = f"S1A_IW_GRDH_1SDV_{instant:%Y%m%dT%H%M%S}_T{ORBIT:03d}_REHEARSAL_rtc"
    properties = {
        "platform": "sentinel-1a",
        "gsd": 10,
        "sar:instrument_mode": "IW",
        "sar:frequency_band": "C",
        "sar:polarizations": ["VV", "VH"],
        "sat:relative_orbit": ORBIT,
        "sat:orbit_state": "ascending",
    }
    assets = {
        polarisation: SimulatedAsset(polarisation, power, _NODATA, is_smooth=False)
        for polarisation, power in look.power.items()
    }
    return SimulatedItem(name, SHELF.id, instant, SHELF.grid, properties, assets)


def write_radar(root: Path, past: Past, options: ArchiveOptions) -> int:
    """Write the looks of some years and their collection; give back how many.

    Raises:
        StoreError: if a file cannot be written.
    """
    listed = []
    for look in simulate_radar(past, radar_days(*options.span(EPOCH, LAST))):
        item = _item(look)
        write_item(root, item)
        listed.append((item.id, item.instant))
    write_collection(root, SHELF, listed)
    return len(listed)
