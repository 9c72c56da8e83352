"""Grids and windows against the arithmetic of a plain ruler."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.grid import Bounds, Grid, Window

metres = st.floats(-1e6, 1e7).map(lambda value: round(value, 2))
sizes = st.floats(1, 5_000).map(lambda value: round(value, 2))
CRS = "EPSG:32652"


@given(
    left=metres, bottom=metres, width=sizes, height=sizes, gsd=st.sampled_from([10.0, 20.0, 30.0])
)
def test_a_grid_around_bounds_covers_them_with_less_than_a_pixel_to_spare(
    *, left: float, bottom: float, width: float, height: float, gsd: float
) -> None:
    bounds = Bounds(left, bottom, left + width, bottom + height)
    grid = Grid.around(bounds, gsd, CRS)
    edge = grid.bounds
    assert edge.left <= bounds.left < edge.left + gsd
    assert edge.top - gsd < bounds.top <= edge.top
    assert edge.right >= bounds.right > edge.right - gsd - 1e-6
    assert edge.bottom <= bounds.bottom < edge.bottom + gsd + 1e-6
    assert grid.left % gsd == pytest.approx(0, abs=1e-6)


@given(
    row=st.integers(0, 40),
    col=st.integers(0, 40),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
)
def test_the_window_of_a_sub_grid_is_the_window(
    *, row: int, col: int, height: int, width: int
) -> None:
    grid = Grid(CRS, 199_980.0, 4_300_020.0, 10.0, 50, 50)
    window = Window(row, col, height, width)
    assert grid.window(grid.sub(window).bounds) == window


def test_a_window_is_cut_at_the_edge_and_refused_outside() -> None:
    grid = Grid(CRS, 0.0, 100.0, 10.0, 10, 10)
    assert grid.window(Bounds(-50, 55, 15, 200)) == Window(0, 0, 5, 2)
    with pytest.raises(ValueError, match="outside"):
        grid.window(Bounds(100, 0, 200, 50))


def test_a_sliver_of_rounding_adds_no_pixel() -> None:
    grid = Grid(CRS, 0.0, 100.0, 10.0, 10, 10)
    assert grid.window(Bounds(10 - 1e-7, 80 - 1e-7, 20 + 1e-7, 90 + 1e-7)) == Window(1, 1, 1, 1)


@pytest.mark.parametrize(("height", "gsd"), [(0, 10.0), (5, 0.0), (5, -1.0)])
def test_a_grid_without_pixels_is_refused(height: int, gsd: float) -> None:
    with pytest.raises(ValueError, match="needs pixels"):
        Grid(CRS, 0.0, 0.0, gsd, height, 5)


def test_area_and_transform() -> None:
    grid = Grid(CRS, 5.0, 7.0, 20.0, 2, 3)
    assert grid.pixel_area_m2 == 400
    assert grid.transform == (20.0, 0.0, 5.0, 0.0, -20.0, 7.0)
    assert grid.shape == (2, 3)
    assert Window(1, 2, 3, 4).slices == (slice(1, 4), slice(2, 6))
