"""Grids in degrees against plain loops, numerical integration and the facts of the site."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon, affinity, box
from shapely.geometry.base import BaseGeometry  # noqa: TC002 - hypothesis reads it at run time

from pipeline.model.degrees import FLATTENING, SEMI_MAJOR_M, DegreeGrid
from pipeline.model.grid import Bounds, Window
from pipeline.raster.coverage import exact_share

STEP = 10 / 2400


@st.composite
def grids(draw: st.DrawFn) -> DegreeGrid:
    step_x, step_y = (draw(st.sampled_from([STEP, 1 / 120, 0.0005422, 0.25])) for _ in "xy")
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    left = draw(st.floats(-180, 170))
    top = draw(st.floats(-80, 85))
    return DegreeGrid(left, top, step_x, step_y, height, width)


inner = st.floats(0.01, 0.99)


def cell_by_loop(grid: DegreeGrid, lon: float, lat: float) -> tuple[int, int] | None:
    for row in range(grid.height):
        for col in range(grid.width):
            west = grid.left_deg + col * grid.step_x_deg
            north = grid.top_deg - row * grid.step_y_deg
            across = west <= lon < west + grid.step_x_deg
            if across and north - grid.step_y_deg < lat <= north:
                return row, col
    return None


@given(grid=grids(), row=st.integers(0, 11), col=st.integers(0, 11), x=inner, y=inner)
def test_the_cell_of_a_point_is_that_of_a_plain_loop(
    *, grid: DegreeGrid, row: int, col: int, x: float, y: float
) -> None:
    lon = grid.left_deg + (col + x) * grid.step_x_deg
    lat = grid.top_deg - (row + y) * grid.step_y_deg
    expected = cell_by_loop(grid, lon, lat)
    if row >= grid.height or col >= grid.width:
        assert expected is None
        with pytest.raises(ValueError, match="lies outside"):
            grid.cell(lon, lat)
    else:
        assert grid.cell(lon, lat) == expected == (row, col)


@given(grid=grids(), data=st.data())
def test_the_window_of_a_sub_grid_is_the_window(grid: DegreeGrid, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, grid.height - 1))
    col = data.draw(st.integers(0, grid.width - 1))
    size = (
        data.draw(st.integers(1, grid.height - row)),
        data.draw(st.integers(1, grid.width - col)),
    )
    window = Window(row, col, *size)
    assert grid.window(grid.sub(window).bounds) == window


@given(grid=grids(), x=st.floats(-0.9, 1.9), y=st.floats(-0.9, 1.9), size=st.floats(0.05, 1))
def test_a_window_holds_the_cells_that_bounds_touch(
    *, grid: DegreeGrid, x: float, y: float, size: float
) -> None:
    edge = grid.bounds
    wide, high = edge.right - edge.left, edge.top - edge.bottom
    left, top = edge.left + x * wide, edge.top - y * high
    bounds = Bounds(left, top - size * high, left + size * wide, top)
    shape = box(*bounds).buffer(-1e-5 * min(grid.step_x_deg, grid.step_y_deg))
    touched = exact_share(shape, grid.x_edges, grid.y_edges) > 0
    if not touched.any():
        return
    expected = np.zeros(grid.shape, bool)
    expected[grid.window(bounds).slices] = True
    assert not (touched & ~expected).any()
    rows, cols = np.nonzero(touched)
    window = grid.window(bounds)
    assert window.height - (rows.max() - rows.min() + 1) <= 1
    assert window.width - (cols.max() - cols.min() + 1) <= 1


@given(left=st.floats(-179, 170), top=st.floats(-60, 80), wide=st.floats(0.001, 0.2))
def test_a_grid_around_bounds_covers_them_with_less_than_a_pixel_to_spare(
    *, left: float, top: float, wide: float
) -> None:
    bounds = Bounds(left, top - wide, left + wide, top)
    edge = DegreeGrid.around(bounds, STEP, STEP).bounds
    slack = 2e-6 * STEP
    assert edge.left - slack <= bounds.left < edge.left + STEP + slack
    assert edge.right + slack >= bounds.right > edge.right - STEP - slack
    assert edge.top + slack >= bounds.top > edge.top - STEP - slack
    assert edge.bottom - slack <= bounds.bottom < edge.bottom + STEP + slack
    assert (edge.left + 180) / STEP == pytest.approx(round((edge.left + 180) / STEP), abs=1e-6)


def area_by_steps(south: float, north: float, wide_deg: float) -> float:
    """The surface integral over the ellipsoid in small steps of latitude."""
    e2, steps = FLATTENING * (2 - FLATTENING), 2000
    total = 0.0
    for number in range(steps):
        lat = math.radians(south + (number + 0.5) / steps * (north - south))
        root = math.sqrt(1 - e2 * math.sin(lat) ** 2)
        meridian = SEMI_MAJOR_M * (1 - e2) / root**3
        total += meridian * SEMI_MAJOR_M / root * math.cos(lat)
    return total * math.radians(north - south) / steps * math.radians(wide_deg)


@pytest.mark.parametrize("top", [0.5, 37.948, -33.0, 60.0, 89.5])
def test_the_area_of_a_row_is_the_integral_over_it(top: float) -> None:
    grid = DegreeGrid(126, top, 0.3, 0.25, 3, 1)
    expected = [area_by_steps(top - 0.25 * (n + 1), top - 0.25 * n, 0.3) for n in range(3)]
    assert grid.pixel_areas_m2() == pytest.approx(expected, rel=1e-6)


def test_the_pixels_of_the_earth_cover_the_earth() -> None:
    grid = DegreeGrid(-180, 90, 1, 1, 180, 360)
    total_km2 = float(grid.pixel_areas_m2().sum()) * 360 / 1e6
    assert total_km2 == pytest.approx(510_065_621.7, rel=1e-9)


def test_the_facts_of_the_site() -> None:
    """A3: 463 x 366 m, about 19 pixels in 3.3 km2, row 496; its column 1589 counts from 1."""
    grid = DegreeGrid(120, 40, STEP, STEP, 2400, 2400)
    row, col = grid.cell(126.62, 37.93)
    assert (row, col) == (496, 1588)
    assert grid.y_edges[row] >= 37.93 > grid.y_edges[row + 1]
    assert grid.x_edges[col] <= 126.62 < grid.x_edges[col + 1]
    area_m2 = float(grid.pixel_areas_m2()[row])
    assert area_m2 == pytest.approx(462.6 * 366.3, rel=0.002)
    assert 3.3e6 / area_m2 == pytest.approx(19.5, abs=0.1)


@st.composite
def outlines(draw: st.DrawFn) -> BaseGeometry:
    """A convex or crooked outline, now and then with a hole, in units of 8 x 8 pixels."""
    number = draw(st.integers(3, 9))
    radii = [draw(st.floats(0.3, 3.8)) for _ in range(number)]
    turns = [2 * math.pi * step / number for step in range(number)]
    corners = [
        (4 + r * math.cos(t), 4 + r * math.sin(t)) for r, t in zip(radii, turns, strict=True)
    ]
    outline: BaseGeometry = Polygon(corners).buffer(0)
    hole = box(4.2, 4.2, 4.2 + draw(st.floats(0.05, 2.0)), 5.1)
    return outline.difference(hole) if draw(st.booleans()) else outline


@given(outline=outlines(), x=st.floats(-1, 1), y=st.floats(-1, 1))
def test_shares_are_those_of_a_plain_loop_and_conserve_area(
    outline: BaseGeometry, x: float, y: float
) -> None:
    grid = DegreeGrid(126.5, 38.0, STEP, STEP, 12, 12)
    moved = affinity.affine_transform(
        outline, (STEP, 0, 0, -STEP, 126.5 + (2 + x) * STEP, 38.0 - (2 + y) * STEP)
    )
    share = exact_share(moved, grid.x_edges, grid.y_edges)
    for row in range(12):
        for col in range(12):
            west, north = grid.x_edges[col], grid.y_edges[row]
            cell = box(west, grid.y_edges[row + 1], grid.x_edges[col + 1], north)
            assert share[row, col] == pytest.approx(
                cell.intersection(moved).area / cell.area, abs=1e-9
            )
    assert share.sum() * STEP * STEP == pytest.approx(moved.area, rel=1e-9, abs=1e-15)
    assert share.min() >= 0
    assert share.max() <= 1 + 1e-12


@pytest.mark.parametrize(
    "wrong",
    [
        (0, 0, 0.1, 0.1, 0, 5),
        (0, 0, 0.1, 0.1, 5, 0),
        (0, 0, 0.0, 0.1, 5, 5),
        (0, 0, 0.1, -0.1, 5, 5),
        (0, 0, math.nan, 0.1, 5, 5),
        (0, 91, 0.1, 0.1, 5, 5),
        (0, -89, 0.1, 0.1, 20, 5),
        (0, 0, 0.1, 0.1, 5, 3700),
        (math.nan, 0, 0.1, 0.1, 5, 5),
    ],
)
def test_a_grid_without_pixels_or_larger_than_the_earth_is_refused(
    wrong: tuple[float, float, float, float, int, int],
) -> None:
    with pytest.raises(ValueError, match=r"needs pixels|larger than the Earth"):
        DegreeGrid(*wrong)


def test_a_window_outside_is_refused_and_a_sliver_adds_nothing() -> None:
    grid = DegreeGrid(120, 40, STEP, STEP, 2400, 2400)
    with pytest.raises(ValueError, match="lie outside"):
        grid.window(Bounds(119, 39, 119.9, 39.5))
    one = grid.sub(Window(496, 1588, 1, 1)).bounds
    slack = STEP * 1e-7
    wider = Bounds(one.left - slack, one.bottom - slack, one.right + slack, one.top + slack)
    assert grid.window(wider) == Window(496, 1588, 1, 1)
    assert grid.sub(Window(496, 1588, 2, 3)).transform[:3] == (STEP, 0.0, one.left)
