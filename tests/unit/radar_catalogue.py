"""A made-up static catalogue of Sentinel-1 RTC over the rehearsal site, SIMULATED.

Two orbits see even ground with texture and gamma speckle. One block of one zone steps by 4 dB, and
on one day everything is brighter. The ground has neither crops nor seasons: this proves that the
pass goes through and keeps its stated rate, not how well it finds elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from tests.unit.static_catalogue import (
    SITE,
    ZONE,
    grid_around,
    projected,
    properties,
    site,
    write_item,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.grid import Grid

__all__ = ["SITE", "ZONE"]
STEP_DB, WET_DB, EDGE_PX = 4.0, 2.5, 12
ONSET = datetime(2020, 10, 10, tzinfo=UTC)
"""Between two looks of both orbits."""
LEVELS = {"vv": 0.1, "vh": 0.02}
N_LOOKS = 4.4


@dataclass(frozen=True)
class Track:
    """The looks of one orbit.

    Attributes:
        number: of the ground track.
        state: its direction.
        first: its first look.
        n_scenes: how many there are.
        gap_days: days between them.
    """

    number: int
    state: str
    first: datetime
    n_scenes: int
    gap_days: int

    def when(self, number: int) -> datetime:
        """The instant of a look."""
        return self.first + timedelta(days=self.gap_days * number)


LONG = Track(127, "ascending", datetime(2019, 1, 3, 9, 30, tzinfo=UTC), 66, 12)
SHORT = Track(32, "descending", datetime(2019, 1, 6, 21, 20, tzinfo=UTC), 30, 24)
WET = LONG.when(60)
"""A day on which all ground is brighter, behind the step."""


def grid() -> Grid:
    return grid_around(100, 10.0)


def block() -> NDArray[np.bool_]:
    """The pixels that step: a square around a point well inside the zone."""
    outline = site().zone(ZONE).geometry
    assert outline is not None
    middle = projected(outline).representative_point()
    row, col = int((grid().top - middle.y) / 10), int((middle.x - grid().left) / 10)
    planted = np.zeros(grid().shape, dtype=bool)
    half = EDGE_PX // 2
    planted[row - half : row + half, col - half : col + half] = True
    return planted


def power_of(track: Track, number: int) -> dict[str, NDArray[np.float32]]:
    """Both polarisations of one look."""
    shape, when = grid().shape, track.when(number)
    rng = np.random.default_rng([track.number, number])
    texture = np.exp(
        ndimage.gaussian_filter(np.random.default_rng(track.number).normal(size=shape), 2)
    )
    gain = np.where(block() & (when > ONSET), 10 ** (STEP_DB / 10), 1.0)
    gain = gain * (10 ** (WET_DB / 10) if when == WET else 1)
    return {
        band: (level * texture * gain * rng.gamma(N_LOOKS, 1 / N_LOOKS, shape)).astype(np.float32)
        for band, level in LEVELS.items()
    }


def write_catalogue(folder: Path, tracks: Sequence[Track] = (LONG, SHORT)) -> Path:
    """The whole catalogue; what ``--source`` names."""
    for track in tracks:
        for number in range(track.n_scenes):
            name, bands = f"t{track.number}-{number:02d}", power_of(track, number)
            write_item(folder / name, bands, grid(), _document(track, number), nodata=-32768)
    return folder


def _document(track: Track, number: int) -> dict[str, Any]:
    """What one scene says of itself, as the Planetary Computer spells it."""
    when = track.when(number)
    orbit = {"sat:relative_orbit": track.number, "sat:orbit_state": track.state}
    return {
        "id": f"S1A_IW_GRDH_1SDV_{when:%Y%m%dT%H%M%S}_T{track.number:03d}_rtc",
        "collection": "sentinel-1-rtc",
        "properties": properties(when, platform="sentinel-1a", **orbit),
    }
