"""Places outside the frame that only night lights see: towns that serve as comparators.

Here belong their outlines and the window of the light grids. What burns in them belongs to
``lamps``; the zones inside the frame belong to ``layout``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from shapely.geometry import Polygon, box

SITE_LON_DEG: Final = 125.5285
SITE_LAT_DEG: Final = 36.9862
"""The middle of the invented park."""
CITY: Final = "kaesong-city-wide"
TOWN: Final = "light-town-east"


class Town(NamedTuple):
    """A comparator outside the frame.

    Attributes:
        id: of its zone.
        label: in words.
        lon_deg: longitude of its middle.
        lat_deg: latitude of its middle.
        radiance: peak of its light, in nW/cm2/sr.
    """

    id: str
    label: str
    lon_deg: float
    lat_deg: float
    radiance: float

    @property
    def outline(self) -> Polygon:
        """About 5 km by 5 km, in longitude and latitude."""
        lon, lat = self.lon_deg, self.lat_deg
        west, east = round(lon - 0.028, 6), round(lon + 0.028, 6)
        return box(west, round(lat - 0.0225, 6), east, round(lat + 0.0225, 6))


TOWNS: Final = (
    Town(CITY, "Kaesong city at large (invented)", 125.425, 37.045, 14.0),
    Town("light-town-north", "Northern town, night light only (invented)", 125.560, 37.052, 9.0),
    Town(TOWN, "Eastern town, night light only (invented)", 125.645, 36.985, 11.0),
    Town("light-town-south", "Southern town, night light only (invented)", 125.470, 36.912, 7.0),
)
LIGHT_FRAME_DEG: Final = (125.35, 36.875, 125.70, 37.10)
"""West, south, east and north of the light grids, near lines of 1/120 degree."""
