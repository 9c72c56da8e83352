"""The cell grid against an oracle in plain loops, and the names that zones may bear."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from shapely.geometry import MultiPolygon, Point, Polygon, box

from pipeline.model.site import GeometryStatus, ZoneKind
from pipeline.sites import load_site
from pipeline.sites.cells import CellGrid, compute_cells
from pipeline.sites.checked import shown
from pipeline.sites.metres import Metres
from pipeline.sites.names import find_name_fault, is_cell_id
from tests.unit.sites_factory import (
    BOUNDARY,
    assert_fault,
    collection,
    feature,
    only_fault,
    sound_zones,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

METRES = Metres("EPSG:32652")
TO_METRES = Transformer.from_crs("OGC:CRS84", "EPSG:32652", always_xy=True)


def area_in_box(corners: list[tuple[float, float]], limits: tuple[float, ...]) -> float:
    """Area of a convex polygon inside an upright box: clip side by side, then the shoelace."""
    left, bottom, right, top = limits
    for axis, limit, sign in ((0, left, 1), (0, right, -1), (1, bottom, 1), (1, top, -1)):
        clipped: list[tuple[float, float]] = []
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
            d0 = ((x0, y0)[axis] - limit) * sign
            d1 = ((x1, y1)[axis] - limit) * sign
            if d0 >= 0:
                clipped.append((x0, y0))
            if d0 * d1 < 0:
                share = d0 / (d0 - d1)
                clipped.append((x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
        corners = clipped
    pairs = zip(corners, corners[1:] + corners[:1], strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def oracle_ids(corners: list[tuple[float, float]], size: int) -> list[str]:
    """The ids of the cells, from the definition."""
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    lefts = [x for x in range(0, 900_000, size) if min(xs) + 1 < x + size and x < max(xs) - 1]
    tops = [y + size for y in range(4_000_000, 4_400_000, size)]
    tops = [y for y in reversed(tops) if min(ys) + 1 < y and y - size < max(ys) - 1]
    found = []
    for row, top in enumerate(tops):
        for col, left in enumerate(lefts):
            if area_in_box(corners, (left, top - size, left + size, top)) >= 400:
                found.append(f"cell-r{row:02d}-c{col:02d}")
    return found


triangles = st.tuples(*[st.integers(0, 3000) for _ in range(6)])


@settings(max_examples=40, deadline=None)
@given(triangles, st.sampled_from([200, 250, 500]))
def test_the_cells_are_those_of_the_oracle(numbers: tuple[int, ...], size: int) -> None:
    corners = [(290_000.3 + numbers[at], 4_200_000.7 + numbers[at + 1]) for at in range(0, 6, 2)]
    triangle = Polygon(corners)
    if triangle.area < 2000:
        corners = [(290_000.3, 4_200_000.7), (291_000.3, 4_200_000.7), (290_500.3, 4_201_000.7)]
        triangle = Polygon(corners)
    cells = compute_cells(triangle, size, METRES)
    assert [cell.id for cell in cells] == oracle_ids(corners, size)


def test_a_boundary_on_the_grid_gives_whole_cells_only() -> None:
    """2 x 2 km at a multiple of 250 m are 8 x 8 cells, although degrees blur the edges."""
    blurred = METRES.project(METRES.unproject(box(190_000, 4_098_000, 192_000, 4_100_000)))
    cells = compute_cells(blurred, 250, METRES)
    assert [cell.id for cell in cells] == [
        f"cell-r{row:02d}-c{col:02d}" for row in range(8) for col in range(8)
    ]


def test_a_cell_lies_where_its_name_says() -> None:
    boundary = box(290_000, 4_200_000, 290_750, 4_200_500)
    cells = {cell.id: cell for cell in compute_cells(boundary, 250, METRES)}
    assert list(cells) == [f"cell-r{row:02d}-c{col:02d}" for row in range(2) for col in range(3)]
    north_east = cells["cell-r00-c02"]
    assert isinstance(north_east.geometry, Polygon)
    corners = [
        TO_METRES.transform(pair[0], pair[1]) for pair in north_east.geometry.exterior.coords
    ]
    xs, ys = zip(*corners, strict=True)
    assert (min(xs), min(ys)) == pytest.approx((290_500, 4_200_250), abs=1e-3)
    assert (max(xs), max(ys)) == pytest.approx((290_750, 4_200_500), abs=1e-3)
    assert (north_east.kind, north_east.status) == (ZoneKind.CELL, GeometryStatus.COMPUTED)
    assert north_east.position_evidence.startswith("computed")
    assert north_east.position_accuracy_m == 0


def test_cells_have_the_size_they_say_on_the_ellipsoid() -> None:
    boundary = box(290_000, 4_200_000, 290_500, 4_200_500)
    for cell in compute_cells(boundary, 250, METRES):
        area_m2, _ = Geod(ellps="WGS84").geometry_area_perimeter(cell.geometry)
        # Away from its central meridian a UTM zone stretches lengths by 0.14 per mille here.
        assert area_m2 == pytest.approx(250**2, rel=1e-3)


def test_an_island_gets_its_own_cells_and_the_sea_between_none() -> None:
    west, east = box(0, 0, 250, 250), box(1000, 0, 1250, 250)
    islands = MultiPolygon([west, east])
    shifted = [cell.id for cell in compute_cells(islands, 250, METRES)]
    assert shifted == ["cell-r00-c00", "cell-r00-c04"]


def test_names_widen_with_the_grid() -> None:
    grid = CellGrid.over(box(0, 0, 250 * 101, 250 * 1001), 250)
    assert (grid.n_rows, grid.n_cols) == (1001, 101)
    assert grid.cell_id(7, 100) == "cell-r0007-c100"


def test_cells_are_the_same_whatever_the_zones(tmp_path: Path) -> None:
    first = load_site(write(tmp_path)).zones[4:]
    more = collection(*sound_zones(), feature("whole", BOUNDARY))
    assert load_site(write(tmp_path, zones=more)).zones[5:] == first
    assert len(first) > 20


def test_projecting_bends_straight_degrees() -> None:
    """A parallel is no straight line in metres: its middle sags by L^2 tan(lat) / 8R."""
    parallel = box(126.6, 37.9, 126.9, 37.95)
    length = 0.3 * math.pi / 180 * 6_371_000 * math.cos(math.radians(37.9))
    sag = length**2 * math.tan(math.radians(37.9)) / (8 * 6_371_000)
    corners = [TO_METRES.transform(lon, 37.9) for lon in (126.6, 126.9)]
    middle = ((corners[0][0] + corners[1][0]) / 2, (corners[0][1] + corners[1][1]) / 2)
    inside = METRES.project(parallel)
    assert isinstance(inside, Polygon)
    assert inside.exterior.distance(Point(middle)) == pytest.approx(sag, rel=0.05)
    assert sag > 10


GOOD = ["north-vacant", "a", "0", "9-lives", "x" * 63, "con-crete", "na-2", "com10"]
BAD = [
    "",
    "-a",
    "x" * 64,
    "x" * 300,
    "A",
    "a b",
    "a_b",
    "a.b",
    "a/b",
    "../../x",
    "..",
    "a\\b",
    "a\n",
    "a\0",
    "gate\u202e",
    "\u0430bc",  # a Cyrillic letter that looks like "a"
    "e\u0301",
    "\uff41",
    "caf\u00e9",
    "con",
    "nul",
    "com1",
    "na",
    "no",
    "none",
    "nan",
    "true",
]


@pytest.mark.parametrize("name", GOOD)
def test_good_ids_pass(name: str) -> None:
    assert find_name_fault(name) is None


@pytest.mark.parametrize("name", BAD)
def test_bad_ids_are_refused_in_printable_words(tmp_path: Path, name: str) -> None:
    zones = collection(*sound_zones(), feature(name, BOUNDARY, label="guest"))
    fault = only_fault(write(tmp_path, zones=zones))
    reserved = name in {"con", "nul", "com1", "na", "no", "none", "nan", "true"}
    assert_fault(fault, "features[4]", "is a reserved" if reserved else "is not 1 to 63", "rename")
    assert str(fault).isprintable()
    assert str(fault).isascii()


@given(st.text(max_size=80))
def test_whatever_passes_is_a_plain_slug(name: str) -> None:
    normal = unicodedata.normalize("NFC", name)
    if find_name_fault(name) is None:
        assert normal.isascii()
        assert not normal.startswith("-")
        assert set(normal) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert 1 <= len(normal) <= 63
    else:
        assert shown(name).isascii()


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{4,62}", fullmatch=True))
def test_every_longer_slug_passes(name: str) -> None:
    if name != "false":
        assert find_name_fault(name) is None


@pytest.mark.parametrize(("name", "is_cell"), [("cell-r00-c00", True), ("cell-r1-c222", True)])
def test_cell_ids_are_known(name: str, *, is_cell: bool) -> None:
    assert is_cell_id(name) is is_cell
    assert not is_cell_id(name + "-x")
    assert not is_cell_id(re.sub("c", "k", name))
