"""Items that somebody recorded and files that lie beside them, made into a catalogue in a folder.

Here belongs what the tests of real files share: a folder catalogue, a site inside an image, and
a fetch through the ordinary stage.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio

from pipeline.catalogs import open_catalog
from pipeline.config import load_config
from pipeline.fetch import fetch
from pipeline.model.change import Period
from pipeline.search import search
from pipeline.store.chips import ChipStore
from pipeline.store.rasters import open_raster, read_window
from tests.unit.scene_factory import make_site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.grid import Grid, Window
    from pipeline.model.scene import FetchedScene
    from pipeline.model.site import Site

EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


def pixels_at(path: Path, window: Window | None = None) -> NDArray[Any]:
    """The numbers of a file, (y, x), through the one door."""
    with open_raster(path) as dataset:
        pixels: NDArray[Any] = read_window(dataset, window)[0]
    return pixels


def put_item(folder: Path, item: dict[str, Any], files: Mapping[str, Path]) -> None:
    """Write an item whose assets are these files, linked from the folder, and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    assets = {}
    for key, path in files.items():
        name = f"{item['id']}-{path.name}"
        (folder / name).write_bytes(path.read_bytes())
        assets[key] = item["assets"].get(key, {}) | {"href": name}
    text = json.dumps(item | {"assets": assets, "links": []})
    (folder / f"{item['id']}-{item['collection']}.json").write_text(text, encoding="utf-8")


def put_on_square_pixels(source: Path, target: Path, grid: Grid) -> Path:
    """The same numbers on a grid of square pixels: decimated files have oblong ones."""
    with rasterio.open(source) as old:
        profile = old.profile | {
            "crs": grid.crs,
            "transform": rasterio.Affine(*grid.transform),
        }
        pixels = old.read(1)
    with rasterio.open(target, "w", **profile) as new:
        new.write(pixels, 1)
    return target


def site_of(grid: Grid, window: Window) -> Site:
    """A site that fills a window of an image, but for a metre at its edges."""
    left = grid.left + window.col * grid.gsd_m
    top = grid.top - window.row * grid.gsd_m
    right, bottom = left + window.width * grid.gsd_m, top - window.height * grid.gsd_m
    bounds = type(grid.bounds)(left + 1, bottom + 1, right - 1, top - 1)
    return make_site(bounds=bounds, crs=grid.crs)


def fetched(
    folder: Path, site: Site, collection: str, bands: tuple[str, ...]
) -> tuple[tuple[FetchedScene, ...], ChipStore]:
    """Search and fetch as the command line does it."""
    config = load_config()
    options = config.search.model_copy(update={"collections": (collection,)})
    scenes = search(site, open_catalog(folder), EVER, options)
    chips = ChipStore(folder.parent / "chips")
    wanted = config.fetch.model_copy(update={"bands": bands, "optional_bands": ()})
    return fetch(site, scenes, chips, wanted), chips


def median_db(power: NDArray[Any]) -> float:
    """Median of a power, in decibels."""
    return float(10 * np.log10(np.nanmedian(power)))
