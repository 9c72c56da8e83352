"""Which pixels of a coarse file are wanted: the site, its placed zones, and comparators outside.

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
from pipeline.model.site import SITE_PLACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from pipeline.model.grid import Grid, Window
    from pipeline.model.site import Site


@dataclass(frozen=True)
class Place:
    """A site or a comparator, and the box around it that is read.

    Attributes:
        id: ``SITE_PLACE``, or the id of the comparator's zone.
        must: box in longitude and latitude that has to lie inside the pixels of a file.
        wanted: box in longitude and latitude that is read, cut where the pixels end.
        timezone: IANA name of the zone in which the site's nights are counted.
        is_simulated: whether the site is made up.
    """

    id: str
    must: Bounds
    wanted: Bounds
    timezone: str
    is_simulated: bool

    @classmethod
    def of(cls, site: Site, also: Sequence[BaseGeometry] = ()) -> Place:
        """The box around a site, its placed zones, and other outlines read along."""
        zones = (zone.geometry for zone in site.zones if zone.geometry is not None)
        wanted = _box((site.boundary, *zones, *also))
        must = _box((site.boundary,))
        return cls(SITE_PLACE, must, wanted, site.timezone, site.is_simulated)

    def window(self, grid: DegreeGrid | Grid, where: str) -> Window:
        """The pixels of a grid to read; what is only read along is cut off at its edge.

        Raises:
            WrongPlaceError: if the grid does not hold all that must be there.
        """
        must, wanted = self.must, self.wanted
        if not isinstance(grid, DegreeGrid):
            must, wanted = _in_metres(must, grid), _in_metres(wanted, grid)
        edge = grid.bounds
        slack = 1e-6 * (edge.right - edge.left)
        across = edge.left - slack <= must.left and must.right <= edge.right + slack
        if not (across and edge.bottom - slack <= must.bottom and must.top <= edge.top + slack):
            box = ", ".join(f"{value:g}" for value in edge)
            what = f"{self.id} does not lie inside its pixels ({box})"
            raise WrongPlaceError(what, where=where, remedy="deliver the file that holds the site")
        return grid.window(wanted)


def places_of(site: Site) -> tuple[Place, ...]:
    """The site, and each of its comparators as a place of its own: they may lie far apart."""
    found = [Place.of(site)]
    for zone in site.comparators:
        box = _box((zone.outline_outside,))
        found.append(Place(zone.id, box, box, site.timezone, site.is_simulated))
    return tuple(found)


def _box(outlines: Sequence[BaseGeometry | None]) -> Bounds:
    """The box around outlines."""
    return Bounds(*(float(edge) for edge in shapely.total_bounds(list(outlines))))


def _in_metres(lonlat: Bounds, grid: Grid) -> Bounds:
    """A box in the CRS of a metric grid, around a box in degrees."""
    transformer = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    return Bounds(*transformer.transform_bounds(*lonlat))
