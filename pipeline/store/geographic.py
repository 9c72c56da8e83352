"""Local GeoTIFFs on a grid in degrees: where their pixels lie.

Here belongs the geographic counterpart of ``rasters.grid_of``. Opening a file belongs to
``rasters``, what the pixels mean to ``sensors``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import CorruptAssetError
from pipeline.model.degrees import DegreeGrid
from pipeline.store.rasters import grid_of

if TYPE_CHECKING:
    from pipeline.model.grid import Grid
    from pipeline.store.rasters import Dataset

WGS84_EPSG = 4326


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
