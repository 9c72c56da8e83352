"""Where things stand in the invented park: its own frame of axes, its zones, its blocks.

Here belong rectangles and names. What covers them belongs to ``blocks``, pixels to ``ground``.
Nothing here is taken from the real site but the ids of its zones and the manner of its parts.

Lengths are metres. The park has axes of its own, u to its east and v to its south, with the
origin in the middle of the core and turned by ``TURN_DEG`` against the map, so that no wall
runs along a pixel edge.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from pyproj import Transformer
from shapely.geometry import Polygon

from pipeline.simulate.options import CORE_LEFT_M, CORE_SIZE_M, CORE_TOP_M, CRS

if TYPE_CHECKING:
    from pipeline.simulate.fields import Floats

TURN_DEG = 7.0
_COS, _SIN = math.cos(math.radians(TURN_DEG)), math.sin(math.radians(TURN_DEG))
_MIDDLE_X, _MIDDLE_Y = CORE_LEFT_M + CORE_SIZE_M / 2, CORE_TOP_M - CORE_SIZE_M / 2


class Rect(NamedTuple):
    """A rectangle along the axes of the park, in metres."""

    u0: float
    v0: float
    u1: float
    v1: float

    def inset(self, margin_m: float) -> Rect:
        """The rectangle without a rim of that width."""
        return Rect(self.u0 + margin_m, self.v0 + margin_m, self.u1 - margin_m, self.v1 - margin_m)

    def part(self, u_m: float, v_m: float, width_m: float, depth_m: float) -> Rect:
        """A rectangle placed from this one's north-west corner."""
        u0, v0 = self.u0 + u_m, self.v0 + v_m
        return Rect(u0, v0, u0 + width_m, v0 + depth_m)


class ZonePlan(NamedTuple):
    """A zone of the invented site."""

    id: str
    label: str
    kind: str
    rect: Rect


PARK = Rect(-640, -622, 640, 602)
COLUMNS = ((-630, -330), (-310, -10), (10, 310), (330, 630))
ROWS = ((-614, -450), (-430, -170), (-150, 110), (130, 390), (410, 594))
STREET_U = (-640, -320, 0, 320, 640)
STREET_V = (-622, -440, -160, 120, 400, 602)
RAILWAY_U = (892, 902)


def block(row: int, column: int) -> Rect:
    """A block between four streets, counted from the north-west."""
    (u0, u1), (v0, v1) = COLUMNS[column], ROWS[row]
    return Rect(u0, v0, u1, v1)


PARCELS = {
    (row, column): Rect(u0, v0, u1, v1)
    for row, (v0, v1) in enumerate(pairwise(STREET_V))
    for column, (u0, u1) in enumerate(pairwise(STREET_U))
}
"""The park cut along the middle of its streets: each block with its half of them."""


def lots(rect: Rect, n_rows: int) -> tuple[Rect, ...]:
    """A block cut into two columns and the given rows of lots, with green strips of 8 m."""
    width = (rect.u1 - rect.u0 - 8) / 2
    depth = (rect.v1 - rect.v0 - 8 * (n_rows - 1)) / n_rows
    return tuple(
        rect.part(column * (width + 8), row * (depth + 8), width, depth)
        for row in range(n_rows)
        for column in range(2)
    )


ZONES = (
    ZonePlan("whole-complex", "Whole complex (invented)", "production", PARK),
    ZonePlan("west-gate", "West gate (invented)", "gate", Rect(-860, -330, -690, -240)),
    ZonePlan("east-gate", "East gate (invented)", "gate", Rect(680, -110, 850, -10)),
    ZonePlan("panmun-station", "Panmun station (invented)", "support", Rect(740, 80, 910, 220)),
    ZonePlan("support-centre", "Support centre (invented)", "support", block(1, 1)),
    ZonePlan("north-vacant", "North vacant plots (invented)", "plot", block(0, 1)),
    ZonePlan("bus-depot", "Bus depot (invented)", "depot", block(1, 2)),
    ZonePlan("south-belt", "Southern belt (invented)", "production", Rect(-310, 130, 310, 390)),
    ZonePlan("electronics", "Electronics zone (invented)", "production", block(3, 0)),
    ZonePlan("textile", "Textile zone (invented)", "production", block(3, 3)),
    ZonePlan("centre-factory", "Central factory (invented)", "production", block(2, 1)),
    ZonePlan("south-west-plot", "South-western plot (invented)", "plot", block(4, 0)),
    ZonePlan("dongwon", "Dongwon lot (invented)", "production", block(2, 3)),
    ZonePlan("inzi", "Inzi lot (invented)", "production", block(2, 0)),
    ZonePlan("bucheon-hosan", "Bucheon and Hosan lots (invented)", "production", block(1, 0)),
    ZonePlan("substation", "Pyonghwa substation (invented)", "support", block(1, 3)),
    ZonePlan(
        "south-extension", "Southern extension (invented)", "extension", Rect(-200, 625, 220, 745)
    ),
    ZonePlan(
        "south-west-extension",
        "South-western extension (invented)",
        "extension",
        Rect(-890, 480, -690, 700),
    ),
    ZonePlan("ah1-road", "Road AH1 (invented)", "road", Rect(690, 300, 740, 780)),
    ZonePlan(
        "kaesong-city",
        "Kaesong city comparator (invented)",
        "control",
        Rect(-870, -860, -680, -560),
    ),
    ZonePlan(
        "daeseong-dong",
        "Daeseong-dong comparator (invented)",
        "control",
        Rect(765, 520, 880, 720),
    ),
    ZonePlan(
        "control-farmland", "Farmland control (invented)", "control", Rect(-640, 630, -250, 760)
    ),
    ZonePlan("control-forest", "Forest control (invented)", "control", Rect(330, -860, 800, -690)),
)


def zone_rect(zone_id: str) -> Rect:
    """The rectangle of a zone.

    Raises:
        KeyError: if there is no such zone.
    """
    return {zone.id: zone.rect for zone in ZONES}[zone_id]


def park_axes(x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
    """Map coordinates (EPSG:32652) as park coordinates (u, v)."""
    east, south = x_m - _MIDDLE_X, _MIDDLE_Y - y_m
    return _COS * east + _SIN * south, _COS * south - _SIN * east


def map_point(u_m: float, v_m: float) -> tuple[float, float]:
    """Park coordinates as map coordinates (EPSG:32652)."""
    east, south = _COS * u_m - _SIN * v_m, _SIN * u_m + _COS * v_m
    return _MIDDLE_X + east, _MIDDLE_Y - south


def map_polygon(rect: Rect) -> Polygon:
    """A rectangle of the park as a polygon on the map, counter-clockwise."""
    u0, v0, u1, v1 = rect
    return Polygon([map_point(u, v) for u, v in ((u0, v1), (u1, v1), (u1, v0), (u0, v0))])


def lonlat(polygon: Polygon) -> Polygon:
    """A polygon on the map as longitude and latitude, rounded to about 1 mm."""
    turn = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
    corners = (turn(x, y) for x, y in polygon.exterior.coords)
    return Polygon([(round(lon, 8), round(lat, 8)) for lon, lat in corners])
