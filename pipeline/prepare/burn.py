"""Burn outlines onto a grid, once, as the share of each pixel that they cover.

Here belongs the step from longitude and latitude to pixels. What is counted with the shares
belongs to ``zones``; the counting of sub-pixels itself to ``raster``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer
from rasterio.features import rasterize
from rasterio.transform import Affine

from pipeline.errors import SiteError
from pipeline.model.cube import ZoneMask
from pipeline.model.grid import Bounds
from pipeline.model.site import ZoneKind
from pipeline.raster.coverage import block_share

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.model.grid import Grid, Window
    from pipeline.model.site import Site, Zone

SUPERSAMPLING = 8
"""Sub-pixels along the edge of a pixel when zones are burnt: shares come in steps of 1/64."""


class Burner:
    """Burns outlines onto one grid."""

    def __init__(self, grid: Grid) -> None:
        """Take the grid and its projection."""
        self._grid = grid
        self._transformer = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)

    def zones(self, site: Site) -> tuple[ZoneMask, ...]:
        """Every zone whose place is known, in the order of the site.

        Raises:
            SiteError: if a zone covers no pixel of the grid.
        """
        return tuple(self._zone(zone, zone.geometry) for zone in site.zones if zone.geometry)

    def boundary(self, site: Site) -> NDArray[np.float32]:
        """The share of each pixel of the whole grid inside the site, float32, (y, x).

        Raises:
            SiteError: if the boundary covers no pixel of the grid.
        """
        window, share = self._burn(site.boundary, "boundary")
        whole = np.zeros(self._grid.shape, np.float32)
        whole[window.slices] = share
        return whole

    def _zone(self, zone: Zone, outline: BaseGeometry) -> ZoneMask:
        """One zone."""
        window, fraction = self._burn(outline, f"zone {zone.id}")
        return ZoneMask(zone.id, window, fraction, zone.kind is ZoneKind.CONTROL)

    def _project(self, lonlat: NDArray[Any]) -> NDArray[np.float64]:
        """Points from longitude and latitude to the CRS of the grid, (n, 2)."""
        return np.column_stack(self._transformer.transform(lonlat[:, 0], lonlat[:, 1]))

    def _burn(self, lonlat: BaseGeometry, name: str) -> tuple[Window, NDArray[np.float32]]:
        """The window of an outline and the share of each of its pixels that it covers."""
        remedy = "check it with `zonewatch sites check`"
        outline = shapely.transform(lonlat, self._project)
        try:
            window = self._grid.window(Bounds(*outline.bounds))
        except ValueError as error:
            what = "it lies outside the pixels of the site"
            raise SiteError(what, where=name, remedy=remedy) from error
        share = burn(outline, self._grid.sub(window))
        if not share.any():
            raise SiteError("it is too narrow to cover any pixel", where=name, remedy=remedy)
        return window, share


def burn(outline: BaseGeometry, grid: Grid) -> NDArray[np.float32]:
    """The share of each pixel that an outline covers, counted over the centres of 8 x 8 parts.

    Args:
        outline: in the CRS of the grid.
        grid: the pixels.

    Returns:
        float32 in 0..1, (y, x).
    """
    step = grid.gsd_m / SUPERSAMPLING
    fine = rasterize(
        [(outline, 1)],
        out_shape=(grid.height * SUPERSAMPLING, grid.width * SUPERSAMPLING),
        transform=Affine(step, 0, grid.left, 0, -step, grid.top),
        dtype=np.uint8,
    )
    return block_share(fine, SUPERSAMPLING)
