"""Enemies of outlines: rings, numbers, axes, and where a zone lies in its site."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry import MultiPoint, MultiPolygon, Polygon, box, mapping

from pipeline.sites import check_site, load_site, placement
from pipeline.sites.checked import Place
from pipeline.sites.metres import Metres
from pipeline.sites.outlines import read_outline
from pipeline.sites.placement import boundary_faults, swapped, zone_faults
from tests.unit.sites_factory import (
    BESIDE,
    BOUNDARY,
    Json,
    assert_fault,
    collection,
    feature,
    only_fault,
    rectangle,
    sound_zones,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

METRES = Metres("EPSG:32652")
TO_LONLAT = Transformer.from_crs("EPSG:32652", "OGC:CRS84", always_xy=True)
NAN, INF = math.nan, math.inf


def ring(*corners: list[Any]) -> Json:
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


def square_m(left: float, bottom: float, edge_m: float) -> Json:
    """A GeoJSON square given in metres of UTM zone 52 N."""
    corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    points = [TO_LONLAT.transform(left + x * edge_m, bottom + y * edge_m) for x, y in corners]
    return ring(*[list(point) for point in points])


A, B, C, D = [126.605, 37.922], [126.61, 37.922], [126.61, 37.925], [126.605, 37.925]
LINE = {"type": "LineString", "coordinates": [A, B]}
FAN = [[126.605 + 1e-7 * step, 37.922 + 1e-9 * step**1.5] for step in range(20_000)]
AXES = "longitude first, then latitude"

OUTLINES: dict[str, tuple[Json, str, str]] = {
    "bow-tie": (ring(A, C, B, D), "Self-intersection[126.6075 37.9235], longitude", "no line"),
    "flat": (ring(A, B, A), "crosses itself or encloses nothing (", "no line"),
    "hole outside": (
        {"type": "Polygon", "coordinates": [[A, B, C, D, A], BESIDE["coordinates"][0]]},
        "Hole lies outside shell",
        "no line",
    ),
    "point": ({"type": "Point", "coordinates": A}, "'Point', not a Polygon or Multi", "draw it"),
    "line": (LINE, "'LineString', not a Polygon or MultiPolygon", "draw it"),
    "mixed": (
        {"type": "GeometryCollection", "geometries": [BESIDE, LINE]},
        "'GeometryCollection', not a Polygon",
        "draw it",
    ),
    "typeless": ({"coordinates": [[A, B, C, A]]}, "None, not a Polygon", "draw it"),
    "empty": ({"type": "Polygon", "coordinates": []}, "geometry is empty", "remove the feature"),
    "empty multi": ({"type": "MultiPolygon", "coordinates": [[]]}, "is empty", "remove"),
    "absent": ({"type": "MultiPolygon"}, "is empty", "remove"),
    "flat list": ({"type": "Polygon", "coordinates": [A, B, C]}, "not lists of rings", "anew"),
    "numbers": ({"type": "Polygon", "coordinates": [1, 2]}, "not lists of rings", "anew"),
    "text": ({"type": "MultiPolygon", "coordinates": ["a"]}, "not lists of rings", "anew"),
    "3D": (ring([*A, 5.0], [*B, 5.0], [*C, 5.0]), "3D outlines are not accepted", "two dimen"),
    "one number": (ring([126.6], B, C), "not exactly two numbers", "two dimensions"),
    "open": ({"type": "Polygon", "coordinates": [[A, B, C, D]]}, "not closed", "as its last"),
    "short": ({"type": "Polygon", "coordinates": [[A, B, A]]}, "fewer than four", "as its last"),
    "nan": (ring(A, [NAN, 37.92], C), "no finite number: [nan, 37.92]", "correct that"),
    "nan first": (ring([NAN, 37.92], B, C), "no finite number: [nan, 37.92]", "correct that"),
    "infinite": (ring(A, [126.6, INF], C), "no finite number: [126.6, inf]", "correct that"),
    "null": (ring(A, [None, 37.92], C), "no finite number: [None, 37.92]", "correct that"),
    "words": (ring(A, ["126.6", 37.92], C), "no finite number: ['126.6', 37.92]", "correct"),
    "truth": (ring(A, [True, 37.92], C), "no finite number: [True, 37.92]", "correct that"),
    "swapped": (ring(A[::-1], B[::-1], C[::-1]), "(37.922, 126.605) looks swapped", AXES),
    "metres": (
        ring([292000.0, 4200000.0], [292500.0, 4200000.0], [292500.0, 4200500.0]),
        "not in degrees; the CRS looks wrong",
        "WGS 84 (OGC:CRS84)",
    ),
    "many": (ring(*FAN, B), "20,002 positions, more than 20,000", "simplify"),
}


@pytest.mark.parametrize("case", OUTLINES)
def test_an_unsound_outline_is_refused_with_its_zone(tmp_path: Path, case: str) -> None:
    geometry, what, remedy = OUTLINES[case]
    zones = collection(*sound_zones(), feature("guest", geometry))
    assert_fault(only_fault(write(tmp_path, zones=zones)), "feature guest", what, remedy)


@pytest.mark.parametrize("case", sorted(set(OUTLINES) - {"many"}))
def test_an_unsound_boundary_is_refused_too(tmp_path: Path, case: str) -> None:
    geometry, what, remedy = OUTLINES[case]
    what = what.replace(" or MultiPolygon", "").replace(" or Multi", "")
    if geometry.get("type") == "MultiPolygon":
        what, remedy = "'MultiPolygon', not a Polygon", "draw it as a Polygon"
    folder = write(tmp_path, boundary=collection(feature("limit", geometry)))
    assert_fault(only_fault(folder), "feature limit", what, remedy)


def test_a_boundary_without_geometry_is_refused(tmp_path: Path) -> None:
    fault = only_fault(write(tmp_path, boundary=collection(feature("limit", None))))
    assert_fault(fault, "feature limit", "no geometry where a Polygon is needed", "draw")


def test_numbers_too_large_for_a_float_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    path = folder / "zones.geojson"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("126.605", "9" * 5000, 1), encoding="utf-8")
    assert_fault(only_fault(folder), "feature plant", "no finite number", "correct that")


CRS_NAMES = {
    "urn:ogc:def:crs:OGC:1.3:CRS84": True,
    "urn:ogc:def:crs:EPSG::4326": True,
    "EPSG:4326": True,
    "urn:ogc:def:crs:EPSG::32652": False,
    "EPSG:5186": False,
    "": False,
}


@pytest.mark.parametrize("name", CRS_NAMES)
@pytest.mark.parametrize("file", ["boundary", "zones"])
def test_only_wgs84_passes_as_crs_member(tmp_path: Path, file: str, name: str) -> None:
    crs = {"crs": {"type": "name", "properties": {"name": name}}}
    boundary = collection(feature("limit", BOUNDARY)) | (crs if file == "boundary" else {})
    zones = collection(*sound_zones()) | (crs if file == "zones" else {})
    folder = write(tmp_path, boundary=boundary, zones=zones)
    if CRS_NAMES[name]:
        assert check_site(folder) == ()
    else:
        what = f"the crs member says {name!r}, not WGS 84"
        assert_fault(only_fault(folder), f"{file}.geojson", what, "OGC:CRS84")


@pytest.mark.parametrize("crs", [{"type": "link"}, "EPSG:32652", 7, [], {"properties": []}])
def test_a_crs_member_of_another_form_is_refused(tmp_path: Path, crs: object) -> None:
    folder = write(tmp_path, zones=collection(*sound_zones()) | {"crs": crs})
    assert_fault(only_fault(folder), "zones.geojson", "the crs member says", "OGC:CRS84")


PLACES: dict[str, tuple[Json, str, str]] = {
    "beside": (BESIDE, "lies outside the site boundary", "an AOI folder of its own"),
    "antipode": (rectangle(-54, -38, -53, -37), "lies outside the site boundary", "move"),
    "mostly out": (
        rectangle(126.618, 37.922, 126.628, 37.925),
        "80% of the zone lies outside the site boundary",
        "widen boundary.geojson",
    ),
    "sticking out": (
        rectangle(126.610, 37.922, 126.622, 37.925),
        "reaches beyond the frame",
        "cut the zone",
    ),
    "world": (rectangle(-180, -90, 180, 90), "reaches beyond the frame", "cut the zone"),
    "three pixels": (square_m(289_900, 4_200_000, 17), "289 m2, less than four", "larger"),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_misplaced_zone_is_refused(tmp_path: Path, case: str) -> None:
    geometry, what, remedy = PLACES[case]
    zones = collection(*sound_zones(), feature("guest", geometry))
    assert_fault(only_fault(write(tmp_path, zones=zones)), "feature guest", what, remedy)


def test_four_pixels_are_enough(tmp_path: Path) -> None:
    zones = collection(*sound_zones(), feature("guest", square_m(289_900, 4_200_000, 20.01)))
    assert check_site(write(tmp_path, zones=zones)) == ()


BOUNDARIES: dict[str, tuple[Json, str, str]] = {
    "elsewhere": (rectangle(25, 46, 25.02, 46.02), "outside the area of use of EPSG:32652", "crs"),
    "huge": (rectangle(126.5, 37.5, 127.1, 38.0), "km2, more than 2,500 km2", "several"),
    "cells": (rectangle(126.5, 37.7, 126.9, 38.1), "cells, more than 20,000", "cell_size_m"),
    "tiny": (square_m(289_900, 4_200_000, 15), "encloses only 225 m2", "larger"),
}


@pytest.mark.parametrize("case", BOUNDARIES)
def test_a_boundary_out_of_bounds_is_refused(tmp_path: Path, case: str) -> None:
    geometry, what, remedy = BOUNDARIES[case]
    boundary = collection(feature("limit", geometry))
    assert_fault(only_fault(write(tmp_path, boundary=boundary)), "feature limit", what, remedy)


def test_a_swap_that_stays_on_the_globe_is_recognised() -> None:
    """Off Romania both orders are valid degrees: only the CRS tells them apart."""
    place = Place(path=None, index=0)  # type: ignore[arg-type]
    right = Polygon([(25, 46), (25.02, 46), (25.02, 46.02), (25, 46.02)])
    assert not list(boundary_faults(right, Metres("EPSG:32635"), place))
    (fault,) = boundary_faults(swapped(right), Metres("EPSG:32635"), place)
    assert "looks swapped" in fault.what
    (fault,) = zone_faults(swapped(right), right, Metres("EPSG:32635"), place)
    assert "looks swapped" in fault.what


def test_the_antimeridian_does_not_refuse_a_pacific_site() -> None:
    place = Place(path=None, index=0)  # type: ignore[arg-type]
    samoa = Polygon([(-172, -14), (-171.9, -14), (-171.9, -13.9), (-172, -13.9)])
    assert not list(boundary_faults(samoa, Metres("EPSG:3832"), place))


@pytest.mark.parametrize(
    "outline",
    [
        MultiPolygon([box(179.98, -17, 180, -16.98), box(-180, -17, -179.98, -16.98)]),
        Polygon([(179.98, -17), (-179.98, -17), (-179.98, -16.98), (179.98, -16.98)]),
    ],
    ids=["split", "the long way round"],
)
def test_a_boundary_across_the_antimeridian_is_refused(outline: Polygon) -> None:
    place = Place(path=None, index=0)  # type: ignore[arg-type]
    (fault,) = boundary_faults(outline, Metres("EPSG:3832"), place)
    assert "180th meridian" in fault.what
    assert "each side" in fault.remedy


def test_a_crs_without_a_known_area_of_use_judges_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Placeless:
        area_of_use = None

        @staticmethod
        def from_user_input(_name: str) -> Placeless:
            return Placeless()

    monkeypatch.setattr(placement, "CRS", Placeless)
    place = Place(path=None, index=0)  # type: ignore[arg-type]
    anywhere = Polygon([(126.6, 37.92), (126.61, 37.92), (126.61, 37.93)])
    assert not list(boundary_faults(anywhere, METRES, place))


points = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 1000)), min_size=4, max_size=25, unique=True
)


@st.composite
def hulls(draw: st.DrawFn) -> Polygon:
    """Convex outlines of some size inside the boundary of the sound folder."""
    corners = [(126.6 + x * 1e-5, 37.92 + y * 1e-5) for x, y in draw(points)]
    hull = MultiPoint(corners).convex_hull
    if not isinstance(hull, Polygon) or METRES.project(hull).area < 500:
        hull = Polygon([(126.6, 37.92), (126.61, 37.92), (126.61, 37.925)])
    return hull if draw(st.booleans()) else hull.reverse()


@settings(max_examples=40, deadline=None)
@given(hulls())
def test_any_convex_outline_inside_passes_and_keeps_its_ground(hull: Polygon) -> None:
    geometry = {"type": "Polygon", "coordinates": [[list(c) for c in hull.exterior.coords]]}
    read = read_outline(geometry, Place(path=None, index=0), ("Polygon",))  # type: ignore[arg-type]
    assert read.faults == ()
    assert isinstance(read.value, Polygon)
    assert read.value.exterior.is_ccw
    assert read.value.equals(hull)


@settings(max_examples=40, deadline=None)
@given(hulls())
def test_any_swapped_outline_looks_swapped(hull: Polygon) -> None:
    geometry = {"type": "Polygon", "coordinates": [[[y, x] for x, y in hull.exterior.coords]]}
    read = read_outline(geometry, Place(path=None, index=0), ("Polygon",))  # type: ignore[arg-type]
    assert read.value is None
    assert "looks swapped" in read.faults[0].what


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None)
@given(json_values, st.sampled_from(["Polygon", "MultiPolygon"]))
def test_no_tree_of_values_breaks_the_reader(tree: object, kind: str) -> None:
    geometry = {"type": kind, "coordinates": tree}
    place = Place(path=None, index=0)  # type: ignore[arg-type]
    read = read_outline(geometry, place, ("Polygon", "MultiPolygon"))
    assert (read.value is None) == bool(read.faults)
    assert all(fault.remedy for fault in read.faults)


def test_a_zone_of_two_parts_stays_two_parts(tmp_path: Path) -> None:
    parts = MultiPolygon(
        [Polygon([A, B, C]), Polygon([(126.612, 37.922), (126.615, 37.922), (126.615, 37.924)])]
    )
    geometry = dict(mapping(parts))
    zones = collection(*sound_zones(), feature("pair", geometry))
    pair = load_site(write(tmp_path, zones=zones)).zone("pair").geometry
    assert pair is not None
    assert pair.equals(parts)


@given(
    west=st.floats(-180, 180),
    south=st.floats(-90, 90),
    size=st.tuples(st.floats(0, 2), st.floats(0, 2)),
    crs=st.sampled_from(["UTM", "EPSG:3832", "EPSG:3995", "EPSG:3031"]),
)
@example(west=179.99, south=-17.0, size=(0.02, 0.02), crs="EPSG:3832")
@example(west=-5.0, south=89.99, size=(2.0, 0.01), crs="EPSG:3995")
@example(west=126.6, south=37.9, size=(0.0, 0.02), crs="UTM")
@example(west=126.6, south=37.9, size=(0.02, 0.0), crs="UTM")
@settings(max_examples=200, deadline=None)
def test_f17_any_box_on_the_globe_is_refused_or_can_be_searched_and_measured(
    west: float, south: float, size: tuple[float, float], crs: str
) -> None:
    """Over the 180th meridian, at the poles, without area: no such box goes through."""
    east, north = west + size[0], min(south + size[1], 90.0)
    east = east - 360 if east > 180 else east
    if crs == "UTM":
        crs = f"EPSG:{(32600 if south >= 0 else 32700) + min(int((west + 180) // 6), 59) + 1}"
    drawn = ring([west, south], [east, south], [east, north], [west, north])
    place = Place(path=None, index=0)  # type: ignore[arg-type]
    outline = read_outline(drawn, place, ("Polygon",))
    if outline.value is None or list(boundary_faults(outline.value, Metres(crs), place)):
        return
    left, bottom, right, top = outline.value.bounds
    assert -180 <= left < right <= 180
    assert -90 <= bottom < top <= 90
    assert right - left <= 180
    assert 400 <= Metres(crs).project(outline.value).area <= 2_500e6
