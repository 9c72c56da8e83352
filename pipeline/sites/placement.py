"""Where outlines lie: the boundary on the globe, the zones in the boundary.

Here belongs every check that needs metres. What an outline is by itself belongs to ``outlines``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry import box

from pipeline.sites.cells import MIN_ZONE_AREA_M2, CellGrid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from pipeline.errors import SiteError
    from pipeline.sites.checked import Place
    from pipeline.sites.metres import Metres

MAX_SITE_AREA_M2 = 2_500e6
MAX_CELLS = 20_000
MAX_SHARE_OUTSIDE = 0.5

MAX_OFF_AREA_DEG = 2.0
"""How far outside the area of use of its CRS a site may lie: a UTM zone serves its neighbour's
edge well enough for areas and distances."""

HALF_THE_GLOBE_DEG = 180.0
"""A box wider than this is one that was drawn across the 180th meridian: searched as it stands, it
would bring in every scene between there and there, the long way round."""

FRAME_SLACK_M = 1.0
"""How far a zone may stick out of the frame, for rounding's sake."""

BEYOND = "the zone reaches beyond the frame, the upright box around the site boundary"
BEYOND_REMEDY = "cut the zone at the frame, or widen boundary.geojson"
SWAP_REMEDY = "write longitude first, then latitude"


def boundary_faults(boundary: BaseGeometry, metres: Metres, place: Place) -> Iterator[SiteError]:
    """What is wrong with the place and the size of a site's boundary."""
    west, _, east, _ = boundary.bounds
    if east - west > HALF_THE_GLOBE_DEG:
        what = "the boundary reaches around the globe: it seems to cross the 180th meridian"
        yield place.fault(what, "make one AOI folder on each side of the meridian")
        return
    if not _fits(boundary, metres.crs):
        if _fits(swapped(boundary), metres.crs):
            yield place.fault("the boundary looks swapped (latitude, longitude)", SWAP_REMEDY)
        else:
            what = f"the boundary lies outside the area of use of {metres.crs}"
            yield place.fault(what, "set crs in site.toml to the UTM zone of the site")
        return
    area_m2 = metres.project(boundary).area
    if area_m2 > MAX_SITE_AREA_M2:
        what = f"the boundary encloses {area_m2 / 1e6:,.1f} km2, more than 2,500 km2"
        yield place.fault(what, "split the site into several AOI folders")
    if area_m2 < MIN_ZONE_AREA_M2:
        yield place.fault(f"the boundary encloses only {area_m2:.0f} m2", "draw it larger")


def cell_faults(boundary: BaseGeometry, size_m: float, place: Place) -> Iterator[SiteError]:
    """Whether a boundary in metres would be cut into too many cells."""
    grid = CellGrid.over(boundary, size_m)
    n_cells = grid.n_rows * grid.n_cols
    if n_cells > MAX_CELLS:
        what = f"cell_size_m = {size_m:g} makes {n_cells:,} cells, more than {MAX_CELLS:,}"
        yield place.fault(what, "raise cell_size_m in site.toml")


def zone_faults(
    zone: BaseGeometry, boundary: BaseGeometry, metres: Metres, place: Place
) -> Iterator[SiteError]:
    """What is wrong with the place and the size of a zone (both in longitude and latitude).

    A zone must hold four pixels, lie at least half inside the boundary and wholly inside its
    frame, the upright box around the boundary in metres: pixels are read for the frame only.
    Zones may overlap: the whole of a complex holds its parts.
    """
    if not zone.intersects(boundary):
        yield _outside_fault(zone, boundary, place)
        return
    if _is_vast(zone, boundary):
        yield place.fault(BEYOND, BEYOND_REMEDY)
        return
    outline, limit = metres.project(zone), metres.project(boundary)
    if outline.area < MIN_ZONE_AREA_M2:
        what = f"the zone covers {outline.area:.0f} m2, less than four pixels of 10 m (400 m2)"
        yield place.fault(what, "draw it larger, or name the ground it stands in")
    share_outside = 1 - outline.intersection(limit).area / outline.area
    if share_outside > MAX_SHARE_OUTSIDE:
        what = f"{share_outside:.0%} of the zone lies outside the site boundary"
        yield place.fault(what, "move the zone, or widen boundary.geojson")
    elif not box(*limit.bounds).buffer(FRAME_SLACK_M).covers(outline):
        yield place.fault(BEYOND, BEYOND_REMEDY)


def comparator_faults(
    zone: BaseGeometry, boundary: BaseGeometry, metres: Metres, place: Place
) -> Iterator[SiteError]:
    """What is wrong with a comparator outside the site (both in longitude and latitude)."""
    if zone.intersects(boundary):
        what = "outside_site is true, and yet the outline touches the site boundary"
        yield place.fault(what, "set outside_site to false, or correct the outline")
        return
    if not _fits(zone, metres.crs):
        what = f"the outline lies outside the area of use of {metres.crs}"
        yield place.fault(what, "check it; longitude comes first, then latitude")
        return
    area_m2 = metres.project(zone).area
    if not MIN_ZONE_AREA_M2 <= area_m2 <= MAX_SITE_AREA_M2:
        what = f"the comparator covers {area_m2:.0f} m2"
        yield place.fault(what, "draw it between 400 m2 and 2,500 km2")


def swapped(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry with its two axes exchanged."""
    return shapely.transform(geometry, lambda pairs: np.asarray(pairs)[:, ::-1])


def _outside_fault(zone: BaseGeometry, boundary: BaseGeometry, place: Place) -> SiteError:
    """A zone that misses the boundary, with a guess at the reason."""
    if swapped(zone).intersects(boundary):
        return place.fault("the zone looks swapped (latitude, longitude)", SWAP_REMEDY)
    remedy = "move the zone, widen boundary.geojson, or give the zone an AOI folder of its own"
    return place.fault("the zone lies outside the site boundary", remedy)


def _is_vast(zone: BaseGeometry, boundary: BaseGeometry) -> bool:
    """Whether a zone reaches so far that metres of the site's CRS may mean nothing there."""
    left, bottom, right, top = boundary.bounds
    around = box(left, bottom, right, top).buffer(max(right - left, top - bottom))
    return not around.covers(zone)


def _fits(boundary: BaseGeometry, crs: str) -> bool:
    """Whether a boundary lies within, or close to, the area of use of a CRS."""
    area = CRS.from_user_input(crs).area_of_use
    if area is None:
        return True
    west, south, east, north = area.bounds
    if east < west:  # across the antimeridian: only the latitudes can be judged
        west, east = -180.0, 180.0
    limits = box(west, south, east, north)
    return bool(limits.buffer(MAX_OFF_AREA_DEG).covers(boundary))
