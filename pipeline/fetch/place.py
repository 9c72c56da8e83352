"""Which pixels of a coarse file are wanted: the site, its placed zones, and what is asked beside.

Here belongs the choice of a window. Reading it belongs to ``black_marble`` and ``light_rasters``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely
from pyproj import Transformer

from pipeline.errors import WrongPlaceError
from pipeline.model.degrees import DegreeGrid
from pipeline.model.grid import Bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from pipeline.model.grid import Grid, Window
    from pipeline.model.site import Site


@dataclass(frozen=True)
class Place:
    """A site, and the box around it that is read.

    Attributes:
        site: the place.
        wanted: box in longitude and latitude around the site, its placed zones and comparators.
    """

    site: Site
    wanted: Bounds

    @classmethod
    def of(cls, site: Site, also: Sequence[BaseGeometry] = ()) -> Place:
        """The box around a site and other outlines in longitude and latitude."""
        zones = (zone.geometry for zone in site.zones if zone.geometry is not None)
        boxes = shapely.total_bounds([site.boundary, *zones, *also])
        return cls(site, Bounds(*(float(edge) for edge in boxes)))

    def window(self, grid: DegreeGrid | Grid, where: str) -> Window:
        """The pixels of a grid to read; comparators beyond its edge are cut off, the site never.

        Raises:
            WrongPlaceError: if the grid does not hold the whole site.
        """
        site, wanted = Bounds(*self.site.boundary.bounds), self.wanted
        if not isinstance(grid, DegreeGrid):
            site, wanted = _in_metres(site, grid), _in_metres(wanted, grid)
        edge = grid.bounds
        slack = 1e-6 * (edge.right - edge.left)
        across = edge.left - slack <= site.left and site.right <= edge.right + slack
        if not (across and edge.bottom - slack <= site.bottom and site.top <= edge.top + slack):
            box = ", ".join(f"{value:g}" for value in edge)
            what = f"the site does not lie inside its pixels ({box})"
            raise WrongPlaceError(what, where=where, remedy="deliver the file that holds the site")
        return grid.window(wanted)


def _in_metres(lonlat: Bounds, grid: Grid) -> Bounds:
    """A box in the CRS of a metric grid, around a box in degrees."""
    transformer = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    return Bounds(*transformer.transform_bounds(*lonlat))
