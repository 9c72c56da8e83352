"""Where the pixels of an open local raster lie, in metres or in degrees.

Here belongs reading a georeference, and refusing one that no stage of ours could use. Opening a
file belongs to ``rasters``, what the pixels mean to ``sensors``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import CorruptAssetError
from pipeline.model.degrees import DegreeGrid
from pipeline.model.grid import Grid

if TYPE_CHECKING:
    import rasterio

    from pipeline.store.rasters import Dataset

WGS84_EPSG = 4326


def grid_of(dataset: Dataset) -> Grid:
    """Where the pixels of an open raster lie.

    Raises:
        CorruptAssetError: if it has no metric CRS of the EPSG register, is rotated or upside
            down, or its pixels are not square.
    """
    where, transform = Path(dataset.name).name, dataset.transform
    square = math.isclose(transform.a, -transform.e, rel_tol=1e-6) and transform.a > 0
    if not square or transform.b or transform.d:
        what = "the raster does not have square pixels with north up"
        raise CorruptAssetError(what, where=where, remedy="warp it to a north-up grid")
    epsg = _metric_epsg(dataset.crs) if dataset.crs else None
    if epsg is None:
        what = "the raster has no metric CRS of the EPSG register"
        raise CorruptAssetError(what, where=where, remedy="assign or warp it to a UTM zone")
    left, top, gsd_m = (float(value) for value in (transform.c, transform.f, transform.a))
    return Grid(f"EPSG:{epsg}", left, top, gsd_m, dataset.height, dataset.width)


@lru_cache(maxsize=64)
def _metric_epsg(crs: rasterio.CRS) -> int | None:
    """The EPSG number of a metric CRS; None for any other.

    To look it up takes longer than to open a chip.
    """
    if not crs.is_projected or crs.linear_units_factor[1] != 1:
        return None
    number: int | None = crs.to_epsg()
    return number


def degree_grid_of(dataset: Dataset) -> DegreeGrid:
    """Where the pixels of an open raster in longitude and latitude lie.

    Raises:
        CorruptAssetError: if it is not in WGS 84 degrees, is rotated, upside down, or larger
            than the Earth.
    """
    where, step = Path(dataset.name).name, dataset.transform
    if dataset.crs is None or dataset.crs.to_epsg() != WGS84_EPSG:
        what = "the raster is not in longitude and latitude on WGS 84"
        raise CorruptAssetError(what, where=where, remedy="deliver the file as published")
    if step.a <= 0 or step.e >= 0 or step.b or step.d:
        what = "the raster does not have its north up"
        raise CorruptAssetError(what, where=where, remedy="deliver the file as published")
    left, top, step_x, step_y = (float(value) for value in (step.c, step.f, step.a, -step.e))
    try:
        return DegreeGrid(left, top, step_x, step_y, dataset.height, dataset.width)
    except ValueError as error:
        raise CorruptAssetError(str(error), where=where) from error


def any_grid_of(dataset: Dataset) -> DegreeGrid | Grid:
    """Where the pixels of an open raster lie, in degrees or in metres as the file has it.

    Raises:
        CorruptAssetError: as ``degree_grid_of`` or ``grid_of`` does.
    """
    is_geographic = dataset.crs is not None and dataset.crs.is_geographic
    return degree_grid_of(dataset) if is_geographic else grid_of(dataset)
