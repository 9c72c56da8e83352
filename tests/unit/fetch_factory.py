"""A site, and a catalogue folder of small COGs over it, for tests of the fetch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config import load_config
from pipeline.model.grid import Grid
from pipeline.model.scene import Asset
from pipeline.network.access import Access
from pipeline.store.chips import ChipStore
from tests.unit.raster_factory import write_tiff
from tests.unit.scene_factory import CRS, GRID, make_scene, make_site

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.config import FetchOptions
    from pipeline.model.scene import Scene

SITE = make_site()
"""It covers GRID: 30 x 20 pixels of 10 m."""
TILE = Grid(CRS, 189000.0, 4102000.0, 10.0, 400, 360)
"""The satellite's own tile around it."""
LOOPBACK = Access.of_source("http://127.0.0.1")
"""What a user allows who names a catalogue on this machine."""
BANDS = ("blue", "green", "red", "nir", "scl")
OPTIONS = load_config().fetch.model_copy(
    update={"bands": BANDS, "optional_bands": (), "timeout_s": 20.0, "attempts": 3}
)


def options(**changes: Any) -> FetchOptions:  # noqa: ANN401 - any option
    return OPTIONS.model_copy(update=changes)


def tile_of(band: str) -> Grid:
    """The tile of a band: 20 m for the classification, 10 m for all others."""
    if band != "scl":
        return TILE
    return Grid(CRS, TILE.left, TILE.top, 20.0, TILE.height // 2, TILE.width // 2)


def chip_grid(band: str) -> Grid:
    """What the chip of a band must cover."""
    if band != "scl":
        return GRID
    return Grid(CRS, GRID.left, GRID.top, 20.0, GRID.height // 2, GRID.width // 2)


@dataclass
class Catalogue:
    """A folder of assets whose pixels are remembered."""

    folder: Path
    pixels: dict[str, NDArray[Any]] = field(default_factory=dict)

    def put(self, name: str, grid: Grid, seed: int = 0, **profile: Any) -> Path:  # noqa: ANN401 - GDAL's
        """Write a raster without zeros; every pixel has a number of its own nearly."""
        values = np.random.default_rng(seed).integers(1, 60_000, grid.shape).astype(np.uint16)
        if grid.gsd_m == 20:
            values = (values % 11 + 1).astype(np.uint8)
        self.pixels[name] = values
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.tif"
        write_tiff(path, values, grid, **({"nodata": 0} | profile))
        return path

    def scene(self, name: str = "S2A_52SXX", base: str = "", day: int = 0) -> Scene:
        """A scene with all bands, as local paths or below an address."""
        assets = {}
        for seed, band in enumerate(BANDS):
            file = f"{name}-{band}"
            path = self.put(file, tile_of(band), seed + 100 * day)
            href = f"{base}/{path.name}" if base else str(path)
            assets[band] = Asset(band, href, band, tile_of(band).gsd_m, nodata=0.0)
        return make_scene(name, day, assets=assets)

    def expected(self, name: str, grid: Grid, chip: Grid) -> NDArray[Any]:
        """The pixels of a chip, found one by one by their coordinates; 0 outside the raster."""
        source = self.pixels[name]
        out = np.zeros(chip.shape, source.dtype)
        for row in range(chip.height):
            for col in range(chip.width):
                x = chip.left + (col + 0.5) * chip.gsd_m
                y = chip.top - (row + 0.5) * chip.gsd_m
                at = int((grid.top - y) // grid.gsd_m), int((x - grid.left) // grid.gsd_m)
                if 0 <= at[0] < grid.height and 0 <= at[1] < grid.width:
                    out[row, col] = source[at]
        return out


def one_band(scene: Scene, **changes: Any) -> Scene:  # noqa: ANN401 - any field of the asset
    """The scene with a changed red band."""
    red = replace(scene.assets["red"], **changes)
    return replace(scene, assets={**scene.assets, "red": red})


def store_at(folder: Path) -> ChipStore:
    return ChipStore(folder / "chips")
