"""Small rasters for tests, written past our own door, so that they may be wrong in any way."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.grid import Grid


def pixels_of(grid: Grid, seed: int = 0, dtype: str = "uint16") -> NDArray[Any]:
    """Pixels without zeros, (y, x)."""
    return np.random.default_rng(seed).integers(1, 200, grid.shape).astype(dtype)


def write_tiff(path: Path, pixels: NDArray[Any], grid: Grid, **profile: Any) -> None:  # noqa: ANN401 - GDAL's options
    """A tiled GeoTIFF, (y, x) or (band, y, x)."""
    cube = pixels if pixels.ndim == 3 else pixels[None]
    options = {
        "driver": "GTiff", "count": cube.shape[0], "dtype": cube.dtype, "crs": grid.crs,
        "height": cube.shape[1], "width": cube.shape[2], "tiled": True, "compress": "deflate",
        "blockxsize": 64, "blockysize": 64, "transform": rasterio.Affine(*grid.transform),
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", **(options | profile)) as dataset:
            dataset.write(cube)
