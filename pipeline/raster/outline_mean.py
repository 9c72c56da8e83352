"""Means and sums of a coarse look over an outline, weighted by how much of a pixel lies inside.

Here belongs the arithmetic of coarse pixels over a place. Zones are smaller than such a pixel and
cannot be told apart, so the place is a whole site or a comparator of that size; finding change in
a series of such means belongs to ``assess``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from pipeline.model.coarse import OutlineMean, Quantity
from pipeline.model.degrees import DegreeGrid
from pipeline.model.grid import Bounds
from pipeline.raster.coverage import exact_share

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.model.coarse import CoarseLook
    from pipeline.model.grid import Grid
    from pipeline.model.site import Site


def site_radiance(look: CoarseLook, site: Site) -> OutlineMean:
    """The light of a whole site in one look.

    Raises:
        ValueError: if the look is not of radiance, or the site reaches beyond its pixels.
    """
    return outline_radiance(look, site.boundary)


def outline_radiance(look: CoarseLook, outline: BaseGeometry) -> OutlineMean:
    """The light of any outline in longitude and latitude, such as a comparator town.

    Raises:
        ValueError: if the look is not of radiance, or the outline reaches beyond its pixels.
    """
    if look.quantity is not Quantity.RADIANCE:
        raise ValueError(f"{look.label} holds {look.quantity}, not radiance")
    return outline_mean(look, outline)


def outline_mean(look: CoarseLook, outline: BaseGeometry) -> OutlineMean:
    """What a look says of an outline, in the unit of the look.

    Args:
        look: light or heat.
        outline: in longitude and latitude.

    Raises:
        ValueError: if the outline is empty or reaches beyond the pixels of the look.
    """
    share = _share(look.grid, outline)
    area_m2 = share * _areas_m2(look.grid)
    seen_m2 = np.where(look.seen, area_m2, 0.0)
    values = np.where(look.seen, look.values, 0.0).astype(np.float64)
    inside, seen = float(area_m2.sum()), float(seen_m2.sum())
    return OutlineMean(
        mean=float((seen_m2 * values).sum()) / seen if seen else None,
        seen_sum=float((share * values).sum()) if seen else None,
        seen_share=seen / inside,
        saturated_share=float(seen_m2[look.saturated].sum()) / seen if seen else 0.0,
        n_pixels=float(share.sum()),
        area_m2=inside,
    )


def _areas_m2(grid: DegreeGrid | Grid) -> NDArray[np.float64]:
    """Area of every pixel, in square metres; broadcasts to (y, x)."""
    if isinstance(grid, DegreeGrid):
        return grid.pixel_areas_m2()[:, None]
    return np.full((1, 1), grid.pixel_area_m2)


def _share(grid: DegreeGrid | Grid, lonlat: BaseGeometry) -> NDArray[np.float64]:
    """The covered share of every pixel.

    Raises:
        ValueError: if the outline is empty or reaches beyond the grid.
    """
    outline = lonlat if isinstance(grid, DegreeGrid) else _projected(lonlat, grid.crs)
    edge, inner = grid.bounds, Bounds(*outline.bounds)
    slack = 1e-6 * max(edge.right - edge.left, edge.top - edge.bottom)
    inside = shapely.box(*edge).buffer(slack).contains(shapely.box(*inner))
    if outline.is_empty or not outline.area or not inside:
        raise ValueError(f"an outline with bounds {inner} is not inside the pixels {edge}")
    x_edges, y_edges = _edges(grid)
    return exact_share(outline, x_edges, y_edges)


def _edges(grid: DegreeGrid | Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges of the columns, rising, and of the rows, falling."""
    if isinstance(grid, DegreeGrid):
        return grid.x_edges, grid.y_edges
    columns = np.arange(grid.width + 1, dtype=np.float64)
    rows = np.arange(grid.height + 1, dtype=np.float64)
    return grid.left + columns * grid.gsd_m, grid.top - rows * grid.gsd_m


def _projected(lonlat: BaseGeometry, crs: str) -> BaseGeometry:
    """An outline in the CRS of a metric grid."""
    transformer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)

    def project(points: NDArray[Any]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return shapely.transform(lonlat, project)
