"""From a GeoJSON geometry to a sound polygon in longitude and latitude.

Here belongs what can be said of one outline by itself: its type, its numbers, its rings. Where
it lies in the site belongs to ``placement``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import MultiPolygon, Polygon

from pipeline.sites.checked import Checked, Place, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

MAX_VERTICES = 20_000
MIN_RING_POSITIONS = 4
MAX_LON_DEG = 180.0
MAX_LAT_DEG = 90.0
N_AXES = 2

Fault = tuple[str, str]
"""What is wrong with an outline, and the remedy."""


def read_outline(geometry: object, place: Place, allowed: tuple[str, ...]) -> Checked[BaseGeometry]:
    """A valid polygon, outer rings counter-clockwise, of a GeoJSON geometry.

    Args:
        geometry: the value of a feature's ``geometry``.
        place: where it stands.
        allowed: geometry types that will do there.
    """
    fault = _type_fault(geometry, allowed)
    if fault is None and isinstance(geometry, dict):
        polygons = _polygons(geometry)
        fault = _structure_fault(polygons) or _number_fault(polygons) or _ring_fault(polygons)
        if fault is None:
            outline = _build(polygons)
            fault = _shape_fault(outline)
            if fault is None:
                return Checked(outline)
    return Checked(None, () if fault is None else (place.fault(*fault),))


def _type_fault(geometry: object, allowed: tuple[str, ...]) -> Fault | None:
    """Refuse what is no polygon."""
    wanted = " or ".join(allowed)
    if not isinstance(geometry, dict):
        return f"has no geometry where a {wanted} is needed", "draw its outline"
    kind = geometry.get("type")
    if kind not in allowed:
        return f"the geometry is {shown(kind)}, not a {wanted}", f"draw it as a {wanted}"
    return None


def _polygons(geometry: dict[str, Any]) -> list[Any]:
    """The coordinates as a list of polygons, whatever the geometry's type."""
    coordinates = geometry.get("coordinates")
    if geometry["type"] == "Polygon":
        return [coordinates] if coordinates else []
    return coordinates if isinstance(coordinates, list) else []


def _structure_fault(polygons: list[Any]) -> Fault | None:
    """Refuse coordinates that are not rings of positions in two dimensions."""
    if not polygons or not all(polygons):
        return "the geometry is empty", "draw its outline, or remove the feature"
    for ring in _rings(polygons):
        if not isinstance(ring, list) or not all(isinstance(pair, list) for pair in ring):
            return "the coordinates are not lists of rings of positions", "export it anew"
        if any(len(pair) != N_AXES for pair in ring):
            what = "a position has not exactly two numbers (3D outlines are not accepted)"
            return what, "export it in two dimensions, longitude and latitude only"
    return None


def _ring_fault(polygons: list[Any]) -> Fault | None:
    """Refuse rings of numbers that enclose nothing or stay open."""
    for ring in _rings(polygons):
        if len(ring) < MIN_RING_POSITIONS or ring[0] != ring[-1]:
            what = "a ring has fewer than four positions or is not closed"
            return what, "repeat the first position of each ring as its last"
    return None


def _rings(polygons: list[Any]) -> Iterator[Any]:
    """Every ring; a polygon that is no list stands for itself, to be refused."""
    for polygon in polygons:
        if isinstance(polygon, list):
            yield from polygon
        else:
            yield polygon


def _number_fault(polygons: list[Any]) -> Fault | None:
    """Refuse too many positions, and numbers that are no longitude and latitude."""
    pairs = [pair for ring in _rings(polygons) for pair in ring]
    if len(pairs) > MAX_VERTICES:
        what = f"the outline has {len(pairs):,} positions, more than {MAX_VERTICES:,}"
        return what, "simplify it; a pixel is 10 m wide"
    for pair in pairs:
        if not all(isinstance(number, float) and math.isfinite(number) for number in pair):
            return f"a position holds no finite number: {shown(pair)}", "correct that position"
    return next(filter(None, (_range_fault(*pair) for pair in pairs)), None)


def _range_fault(lon: float, lat: float) -> Fault | None:
    """Refuse a position that is off the globe, and guess why it is."""
    if abs(lon) <= MAX_LON_DEG and abs(lat) <= MAX_LAT_DEG:
        return None
    where = f"position ({lon:g}, {lat:g})"
    if abs(lat) <= MAX_LON_DEG and abs(lon) <= MAX_LAT_DEG:
        what = f"{where} looks swapped: the second number is no latitude"
        return what, "write longitude first, then latitude"
    what = f"{where} is not in degrees; the CRS looks wrong"
    return what, "export the file in longitude and latitude, WGS 84 (OGC:CRS84)"


def _build(polygons: list[list[Any]]) -> BaseGeometry:
    """The geometry, outer rings counter-clockwise as GeoJSON asks for."""
    parts = [Polygon(shell, holes) for shell, *holes in polygons]
    outline: BaseGeometry = parts[0] if len(parts) == 1 else MultiPolygon(parts)
    return shapely.orient_polygons(outline)


def _shape_fault(outline: BaseGeometry) -> Fault | None:
    """Refuse rings that cross, touch or enclose nothing, and say where."""
    if outline.is_valid and outline.area > 0:
        return None
    reason = shapely.is_valid_reason(outline) if not outline.is_valid else "no area"
    what = f"the outline crosses itself or encloses nothing ({reason}, longitude latitude)"
    return what, "move the positions there so that no line of the outline meets another"
