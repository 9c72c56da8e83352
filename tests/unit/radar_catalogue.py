"""A made-up static catalogue of Sentinel-1 RTC over the rehearsal site, SIMULATED.

Two orbits see even ground with texture and gamma speckle. One block of one zone steps by 4 dB, and
on one day everything is brighter. The ground has neither crops nor seasons: this proves that the
pass goes through and keeps its stated rate, not how well it finds elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import shapely
from scipy import ndimage

from pipeline.model.grid import Bounds, Grid
from tests.unit.landsat_catalogue import MARK, projected, site
from tests.unit.scene_factory import CRS, lonlat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SITE, ZONE = "kaesong-rehearsal", "north-vacant"
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
    bounds = projected(site().boundary).buffer(100).bounds
    return Grid.around(Bounds(*bounds), 10.0, CRS)


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
            _write_scene(folder / f"t{track.number}-{number:02d}", track, number)
    return folder


def _write_scene(folder: Path, track: Track, number: int) -> None:
    """One item with its files."""
    folder.mkdir(parents=True)
    place = {"height": grid().height, "width": grid().width, "crs": CRS, "count": 1}
    transform = rasterio.Affine(*grid().transform)
    assets = {}
    for band, pixels in power_of(track, number).items():
        path = folder / f"{band}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", dtype="float32", nodata=-32768, transform=transform, **place
        ) as file:
            file.write(pixels, 1)
        assets[band] = {"href": path.name, "type": "image/tiff; application=geotiff"}
    (folder / "item.json").write_text(json.dumps(_item(track, number, assets)), encoding="utf-8")


def _item(track: Track, number: int, assets: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The document of one scene, as the Planetary Computer spells it."""
    outline = lonlat(shapely.box(*grid().bounds).buffer(3000))
    when = track.when(number)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"S1A_IW_GRDH_1SDV_{when:%Y%m%dT%H%M%S}_T{track.number:03d}_rtc",
        "collection": "sentinel-1-rtc",
        "geometry": json.loads(shapely.to_geojson(outline)),
        "bbox": list(outline.bounds),
        "properties": {
            **MARK,
            "datetime": when.isoformat(),
            "platform": "sentinel-1a",
            "proj:epsg": 32652,
            "sat:relative_orbit": track.number,
            "sat:orbit_state": track.state,
        },
        "assets": assets,
        "links": [],
    }
