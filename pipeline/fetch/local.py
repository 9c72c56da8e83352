"""Cutting a chip out of a raster on this machine.

Here belongs the reading of local assets. Addresses that need a network belong to ``remote``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import CorruptAssetError, FetchError
from pipeline.fetch.window import check_numbers, check_stated, cut_out
from pipeline.store.chips import Delivery
from pipeline.store.files import sha256_of
from pipeline.store.georeference import grid_of
from pipeline.store.rasters import open_raster, read_window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.grid import Grid
    from pipeline.model.scene import Asset
    from pipeline.store.rasters import Driver


@dataclass(frozen=True)
class Delivered:
    """Pixels that arrived.

    Attributes:
        pixels: the numbers as delivered, (y, x).
        grid: where they lie.
        delivery: how they came.
    """

    pixels: NDArray[Any]
    grid: Grid
    delivery: Delivery


def read_local(asset: Asset, wanted: Grid) -> Delivered:
    """Cut a chip out of a local file, after proving its checksum if the catalogue states one.

    Raises:
        FetchError: if there is no such file.
        CorruptAssetError: if it is not what the catalogue promised.
    """
    path = Path(asset.href)
    if not path.is_file():
        raise FetchError("the catalogue names a file that is not there", where=path.name)
    if asset.sha256 is not None and sha256_of(path) != asset.sha256.lower():
        remedy = "deliver the file again"
        raise CorruptAssetError(
            "the file does not have its checksum", where=path.name, remedy=remedy
        )
    version = version_of(asset)
    with open_raster(path, driver=_driver(path)) as dataset:
        if dataset.count != 1:
            raise CorruptAssetError(f"{dataset.count} bands where one is promised", where=path.name)
        check_numbers(np.dtype(dataset.dtypes[0]))
        raster = grid_of(dataset)
        check_stated(raster, asset)
        cut = cut_out(raster, wanted)
        pixels = cut.place(read_window(dataset, cut.source)[0], asset.nodata)
    nbytes, unproven = path.stat().st_size, asset.sha256 is None
    delivery = Delivery(version, nbytes, cut.covered_share, unverifiable=unproven)
    return Delivered(pixels, cut.grid, delivery)


def version_of(asset: Asset) -> str:
    """What tells two versions of a local file apart that has no checksum: size and time.

    Empty where the checksum does it, and for a file that is gone.
    """
    try:
        stat = Path(asset.href).stat()
    except (OSError, ValueError):
        return ""
    return "" if asset.sha256 is not None else f"{stat.st_size}-{stat.st_mtime_ns}"


def _driver(path: Path) -> Driver:
    """The format that the name promises."""
    return "JP2OpenJPEG" if path.suffix.lower() in (".jp2", ".j2k") else "GTiff"
