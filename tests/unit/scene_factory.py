"""Scenes, sites and chips for tests, made from a few words each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import box

from pipeline.errors import StoreError
from pipeline.model.grid import Bounds, Grid
from pipeline.model.scene import Asset, Chip, FetchedScene, Scene
from pipeline.model.site import GeometryStatus, Site, Zone, ZoneKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

CRS = "EPSG:32652"
GRID = Grid(CRS, 190000.0, 4100000.0, 10.0, 20, 30)
START = datetime(2020, 1, 1, 2, 20, tzinfo=UTC)
BANDS = ("blue", "green", "red", "nir")


def lonlat(metric: BaseGeometry, crs: str = CRS) -> BaseGeometry:
    """An outline in metres as longitude and latitude."""
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return shapely.transform(metric, lambda xy: np.column_stack(back.transform(*xy.T)))


def make_zone(name: str, metric: BaseGeometry | None, kind: ZoneKind = ZoneKind.PLOT) -> Zone:
    outline = None if metric is None else lonlat(metric)
    status = GeometryStatus.UNKNOWN if metric is None else GeometryStatus.INVENTED
    return Zone(name, name, kind, status, outline)


def make_site(*zones: Zone, bounds: Bounds = GRID.bounds, crs: str = CRS) -> Site:
    boundary = lonlat(box(*bounds), crs)
    return Site("test-site", "Test", "UTC", crs, boundary, date(2020, 6, 30), zones)


def make_scene(name: str = "scene", day: int = 0, **changes: Any) -> Scene:  # noqa: ANN401 - any field
    """A scene over the test grid on a day counted from the start, all bands stated."""
    assets = {
        band: Asset(band, f"/nowhere/{name}/{band}.tif", band, 10.0, nodata=0.0)
        for band in (*BANDS, "scl")
    }
    values: dict[str, Any] = {
        "id": name,
        "collection": "sentinel-2-l2a",
        "instant": START + timedelta(days=day),
        "platform": "sentinel-2a",
        "epsg": 32652,
        "footprint": lonlat(box(*GRID.bounds).buffer(5000)),
        "assets": assets,
        "processing_baseline": "02.14",
    }
    return Scene(**(values | changes))


@dataclass
class MemoryChips:
    """Chips that lie in memory; one may be said to be broken."""

    pixels: dict[tuple[str, str], NDArray[Any]] = field(default_factory=dict)
    broken: set[tuple[str, str]] = field(default_factory=set)

    def put(self, scene: Scene, bands: Mapping[str, NDArray[Any]], grid: Grid) -> FetchedScene:
        """Store the bands of a scene; a band of half the shape lies on the 20 m grid."""
        chips = {}
        for band, pixels in bands.items():
            factor = grid.height // pixels.shape[0]
            size = grid.gsd_m * factor
            own = Grid(grid.crs, grid.left, grid.top, size, *pixels.shape)
            self.pixels[scene.id, band] = pixels
            chips[band] = Chip(scene.id, band, Path("none"), own, "0" * 64)
        return FetchedScene(scene, chips)

    def read(self, chip: Chip) -> NDArray[Any]:
        """The pixels, or the error that an altered file gives."""
        key = chip.scene_id, chip.band
        if key in self.broken:
            raise StoreError("the chip was altered", where=f"{key}")
        return self.pixels[key]


def make_bands(dn: int = 1500, scl: int = 4, grid: Grid = GRID) -> dict[str, NDArray[Any]]:
    """All required bands of one value, each band 10 higher than the last, SCL at 20 m."""
    bands: dict[str, NDArray[Any]] = {
        band: np.full(grid.shape, dn + 10 * index, np.uint16) for index, band in enumerate(BANDS)
    }
    bands["scl"] = np.full((grid.height // 2, grid.width // 2), scl, np.uint8)
    return bands
