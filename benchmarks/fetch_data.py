"""A catalogue of tiled COGs for the contest of readers: simulated numbers, real file layout.

Here belongs the making of files, items and the site over them, and what a perfect reader would
have to move. Real tiles have 10,980 x 10,980 pixels; these are smaller with the same blocks,
overviews, compression and, by the noise in them, about the same bytes a pixel.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import shapely
from pyproj import Transformer
from shapely.geometry import box, mapping

from pipeline.model.grid import Bounds, Grid
from pipeline.model.site import Site

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

CRS = "EPSG:32652"
COLLECTION = "sentinel-2-l2a"
BANDS = ("blue", "green", "red", "nir", "scl")
FIRST = datetime(2023, 1, 3, 2, 20, tzinfo=UTC)
BLOCK_PX = 512
TILE = Grid(CRS, 300_000.0, 4_200_000.0, 10.0, 2048, 2048)
SITE_BOUNDS = Bounds(304_360.0, 4_191_900.0, 305_860.0, 4_194_400.0)
"""1.5 x 2.5 km, over two neighbouring blocks of the 10 m bands and one of the 20 m band."""


@dataclass(frozen=True)
class Layout:
    """The size of a catalogue.

    Attributes:
        n_dates: how many scenes.
        tile: the 10 m grid of all of them.
        n_files: how many dates have files of their own; later ones share them in turn.
    """

    n_dates: int = 20
    tile: Grid = TILE
    n_files: int = 20


def lonlat(bounds: Bounds) -> BaseGeometry:
    """A metric box as an outline in longitude and latitude."""
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    outline: BaseGeometry = shapely.transform(
        box(*bounds), lambda xy: np.column_stack(back.transform(*xy.T))
    )
    return outline


def contest_site() -> Site:
    """The site of the contest."""
    end = FIRST.date()
    return Site("contest", "Contest", "UTC", CRS, lonlat(SITE_BOUNDS), end, (), is_simulated=True)


def grid_of_band(tile: Grid, band: str) -> Grid:
    """The grid of a band: 20 m for the classification."""
    if band != "scl":
        return tile
    return Grid(tile.crs, tile.left, tile.top, 20.0, tile.height // 2, tile.width // 2)


def write_files(folder: Path, layout: Layout) -> None:
    """Write one COG per date and band; each pixel of each file is another number."""
    for order, band in enumerate(BANDS):
        grid = grid_of_band(layout.tile, band)
        ground = _ground(grid, order, is_classes=band == "scl")
        for index in range(layout.n_files):
            pixels = np.roll(ground, (37 * index, 101 * index), axis=(0, 1))
            write_tiled(folder / f"{index:03d}_{band}.tif", pixels, grid)


def _ground(grid: Grid, seed: int, *, is_classes: bool) -> NDArray[Any]:
    """Fields with sensor noise, or patches of scene classes, (y, x)."""
    draw = np.random.default_rng(seed)
    patch_px = 16
    shape = (grid.height // patch_px, grid.width // patch_px)
    patches = np.kron(draw.integers(0, 12, shape), np.ones((patch_px, patch_px), np.int64))
    if is_classes:
        rare = draw.random(grid.shape) < 0.03  # noqa: PLR2004 - single pixels of other classes
        return np.where(rare, draw.integers(1, 12, grid.shape), patches).astype(np.uint8)
    noise = draw.normal(0.0, 40.0, grid.shape)
    return (900 + 120 * (seed + 1) * patches / 4 + noise).clip(1, 20_000).astype(np.uint16)


def write_tiled(path: Path, pixels: NDArray[Any], grid: Grid) -> None:
    """Write a COG as the archives lay them out: deflate, predictor, overviews."""
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {
        "driver": "COG",
        "compress": "deflate",
        "predictor": "yes",
        "blocksize": BLOCK_PX,
        "overview_resampling": "nearest",
        "num_threads": 2,
        "count": 1,
        "height": grid.height,
        "width": grid.width,
        "dtype": pixels.dtype,
        "crs": grid.crs,
        "transform": rasterio.Affine(*grid.transform),
        "nodata": 0,
    }
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(pixels, 1)


def write_items(path: Path, url: str, layout: Layout) -> Path:
    """Write the item collection; its files lie at the URL."""
    items = [make_item(index, url, layout) for index in range(layout.n_dates)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}), encoding="utf-8")
    return path


def make_item(index: int, url: str, layout: Layout) -> dict[str, Any]:
    """One item, with all that a reader can be spared to ask for."""
    outline = lonlat(layout.tile.bounds)
    instant = FIRST + timedelta(days=index)
    file = index % layout.n_files
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
        ],
        "id": f"CONTEST_{instant:%Y%m%d}",
        "collection": COLLECTION,
        "geometry": mapping(outline),
        "bbox": list(outline.bounds),
        "properties": {
            "datetime": f"{instant:%Y-%m-%dT%H:%M:%SZ}",
            "platform": "sentinel-2a",
            "proj:epsg": int(CRS.removeprefix("EPSG:")),
            "zonewatch:simulated": True,
        },
        "assets": {
            band: _asset(band, f"{url}/{file:03d}_{band}.tif", grid_of_band(layout.tile, band))
            for band in BANDS
        },
        "links": [],
    }


def _asset(band: str, href: str, grid: Grid) -> dict[str, Any]:
    """One asset."""
    dtype = "uint8" if band == "scl" else "uint16"
    about: dict[str, Any] = {
        "href": href,
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data"],
        "gsd": int(grid.gsd_m),
        "proj:shape": list(grid.shape),
        "proj:transform": list(grid.transform),
        "raster:bands": [{"nodata": 0, "data_type": dtype}],
    }
    return about if band == "scl" else about | {"eo:bands": [{"name": band, "common_name": band}]}


def least_bytes(folder: Path, bounds: Bounds) -> int:
    """Bytes that nobody can do without: headers, and the blocks that touch the bounds."""
    return sum(_least(path, bounds) for path in sorted(folder.glob("*.tif")))


def _least(path: Path, bounds: Bounds) -> int:
    """The same for one file: what lies before its first block, and the blocks."""
    with rasterio.open(path) as dataset:
        left, top, step = dataset.transform.c, dataset.transform.f, dataset.transform.a
        block = step * dataset.block_shapes[0][0]
        cols = range(int((bounds.left - left) // block), int((bounds.right - left) // block) + 1)
        rows = range(int((top - bounds.top) // block), int((top - bounds.bottom) // block) + 1)
        sizes = [
            int(dataset.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", 1))
            for row in rows
            for col in cols
        ]
        levels: list[int | None] = [None, *range(len(dataset.overviews(1)))]
        starts = [
            int(dataset.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", 1, ovr=level)) for level in levels
        ]
    return min(starts) + sum(sizes)
