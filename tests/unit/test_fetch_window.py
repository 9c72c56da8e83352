"""Which pixels of a raster become the chip: checked one by one against their coordinates."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry import box

from pipeline.errors import CorruptAssetError
from pipeline.fetch.window import cut_out, wanted_grid
from pipeline.model.grid import Bounds, Grid
from pipeline.model.scene import Asset, Scene
from pipeline.model.site import Site
from pipeline.store.chips import lattice_of
from tests.unit.scene_factory import CRS, lonlat, make_scene, make_site

SCENE = make_scene()


def asset(gsd_m: float) -> Asset:
    return Asset("B04", "/nowhere.tif", "red", gsd_m)


def grid_for(bounds: Bounds, gsd_m: float, scene: Scene = SCENE) -> Grid:
    return wanted_grid(make_site(bounds=bounds), scene, asset(gsd_m))


BOUNDS = st.builds(
    lambda x, y, w, h: Bounds(x, y, x + w, y + h),
    st.floats(250_000, 750_000),
    st.floats(3_000_000, 5_000_000),
    st.floats(30, 5000),
    st.floats(30, 5000),
)


@settings(deadline=None, max_examples=60)
@given(BOUNDS, st.sampled_from([10.0, 20.0, 30.0, 60.0]))
def test_the_window_covers_the_site_on_the_lattice_and_hardly_more(
    bounds: Bounds, gsd_m: float
) -> None:
    grid, step = grid_for(bounds, gsd_m), lattice_of(gsd_m)
    outer = grid.bounds
    assert grid.crs == CRS
    assert all(edge % step == 0 for edge in outer)
    # A straight edge in metres bends in longitude and latitude, the more the longer it is.
    slack = 0.5 + 1.0
    assert outer.left <= bounds.left + slack
    assert outer.bottom <= bounds.bottom + slack
    assert outer.right >= bounds.right - slack
    assert outer.top >= bounds.top - slack
    assert outer.left > bounds.left - step - slack
    assert outer.right < bounds.right + step + slack


@settings(deadline=None, max_examples=40)
@given(BOUNDS)
def test_grids_of_10_and_20_metres_nest(bounds: Bounds) -> None:
    fine, coarse = grid_for(bounds, 10.0), grid_for(bounds, 20.0)
    assert (fine.left, fine.top) == (coarse.left, coarse.top)
    assert fine.shape == (2 * coarse.height, 2 * coarse.width)


@pytest.mark.parametrize("decimals", [5, 6, 7, 9])
def test_a_frame_on_the_lattice_is_taken_as_it_is(decimals: int) -> None:
    """The rehearsal site: 2 km square, coordinates rounded as a file rounds them."""
    frame = Bounds(190000.0, 4098000.0, 192000.0, 4100000.0)
    rounded = shapely.transform(lonlat(box(*frame)), lambda xy: np.round(xy, decimals))
    tolerance_deg = 0.5 / 111_320
    assume_exact = 10.0**-decimals / 2 < tolerance_deg
    site = Site("s", "S", "UTC", CRS, rounded, date(2020, 1, 1), ())
    grid = wanted_grid(site, SCENE, asset(10.0))
    if assume_exact:
        assert grid == Grid(CRS, 190000.0, 4100000.0, 10.0, 200, 200)
    else:
        assert grid.height in (200, 202, 204)


def test_another_zone_gives_its_own_window() -> None:
    bounds = Bounds(190000.0, 4098000.0, 192000.0, 4100000.0)
    grid = grid_for(bounds, 10.0, replace(SCENE, epsg=32651))
    assert grid.crs == "EPSG:32651"
    over = Transformer.from_crs(CRS, "EPSG:32651", always_xy=True)
    for x, y in [(190000, 4098000), (192000, 4100000), (190000, 4100000), (192000, 4098000)]:
        left, bottom, right, top = grid.bounds
        u, v = over.transform(x, y)
        assert left - 1 <= u <= right + 1
        assert bottom - 1 <= v <= top + 1


@pytest.mark.parametrize("epsg", [0, -1, 999999, 4978, 4326])
def test_a_crs_that_is_none_is_refused(epsg: int) -> None:
    with pytest.raises(CorruptAssetError):
        grid_for(Bounds(190000, 4098000, 192000, 4100000), 10.0, replace(SCENE, epsg=epsg))


@pytest.mark.parametrize("gsd_m", [0.0, -10.0, math.nan, math.inf, 1e-9, 1e9])
def test_a_pixel_size_that_cannot_be_is_refused(gsd_m: float) -> None:
    with pytest.raises(CorruptAssetError, match="cannot be"):
        grid_for(Bounds(190000, 4098000, 192000, 4100000), gsd_m)


def test_a_site_smaller_than_a_pixel_has_a_window() -> None:
    grid = grid_for(Bounds(190010.0, 4099990.0, 190010.2, 4099990.1), 10.0)
    assert grid == Grid(CRS, 190000.0, 4100000.0, 10.0, 2, 2)


def test_a_chip_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(CorruptAssetError, match="beyond"):
        grid_for(Bounds(190000, 4000000, 290000, 4100000), 0.5)


RASTERS = st.builds(
    Grid,
    st.just(CRS),
    st.integers(-30, 30).map(lambda n: 190_000.0 + 10 * n),
    st.integers(-30, 30).map(lambda n: 4_100_000.0 + 10 * n),
    st.just(10.0),
    st.integers(1, 40),
    st.integers(1, 40),
)
WANTED = Grid(CRS, 190000.0, 4100000.0, 10.0, 20, 30)


def by_coordinates(pixels: np.ndarray, raster: Grid, chip: Grid, fill: int) -> np.ndarray:
    """Every pixel of the chip looked up by the coordinates of its middle."""
    out = np.full(chip.shape, fill, pixels.dtype)
    for row in range(chip.height):
        for col in range(chip.width):
            x, y = chip.left + (col + 0.5) * 10, chip.top - (row + 0.5) * 10
            i, j = math.floor((raster.top - y) / 10), math.floor((x - raster.left) / 10)
            if 0 <= i < raster.height and 0 <= j < raster.width:
                out[row, col] = pixels[i, j]
    return out


@settings(deadline=None, max_examples=200)
@given(RASTERS, st.sampled_from([None, 0.0, 7.0, 999.0]))
def test_every_pixel_of_the_chip_is_the_one_at_its_place(
    raster: Grid, nodata: float | None
) -> None:
    pixels = np.arange(1, raster.height * raster.width + 1, dtype=np.uint16).reshape(raster.shape)
    overlap = box(*raster.bounds).intersection(box(*WANTED.bounds)).area
    if overlap == 0:
        with pytest.raises(CorruptAssetError, match="does not reach"):
            cut_out(raster, WANTED)
        return
    cut = cut_out(raster, WANTED)
    chip = cut.place(pixels[cut.source.slices], nodata)
    assert cut.grid == WANTED
    assert np.array_equal(chip, by_coordinates(pixels, raster, WANTED, int(nodata or 0)))
    assert cut.covered_share == pytest.approx(overlap / box(*WANTED.bounds).area)


@pytest.mark.parametrize("nodata", [None, math.nan, -32768.0, 0.0])
def test_around_a_raster_of_floats_there_is_nodata_and_no_zero_of_ours(
    nodata: float | None,
) -> None:
    raster = replace(WANTED, left=WANTED.left + 100)
    cut = cut_out(raster, WANTED)
    chip = cut.place(np.full((cut.source.height, cut.source.width), 0.1, np.float32), nodata)
    beside = chip[:, :10]
    if nodata is None or math.isnan(nodata):
        assert np.isnan(beside).all()
    else:
        assert (beside == nodata).all()
    assert (chip[:, 10:] == np.float32(0.1)).all()


@given(st.floats(0.2, 19.8), st.floats(0.2, 19.8))
def test_a_raster_with_its_own_offset_keeps_it(x: float, y: float) -> None:
    """No pixel moves: the chip begins on a pixel edge of the raster, half a step away at most."""
    assume(min(x % 10, 10 - x % 10) > 0.15)
    assume(min(y % 10, 10 - y % 10) > 0.15)
    raster = Grid(CRS, 189_000.0 + x, 4_101_000.0 + y, 10.0, 300, 300)
    cut = cut_out(raster, WANTED)
    assert (cut.grid.left - raster.left) / 10 == pytest.approx(cut.source.col)
    assert (raster.top - cut.grid.top) / 10 == pytest.approx(cut.source.row)
    assert abs(cut.grid.left - WANTED.left) <= 10
    assert abs(cut.grid.top - WANTED.top) <= 10
    assert cut.grid.shape == WANTED.shape
    coarse = Grid(CRS, raster.left, raster.top, 20.0, 150, 150)
    outer = cut_out(coarse, Grid(CRS, WANTED.left, WANTED.top, 20.0, 10, 15)).grid
    assert (outer.left, outer.top) == pytest.approx((cut.grid.left, cut.grid.top))


@pytest.mark.parametrize(
    ("raster", "match"),
    [
        (replace(WANTED, crs="EPSG:32651"), "the raster is in EPSG:32651"),
        (replace(WANTED, gsd_m=20.0), "at 20 m"),
        (replace(WANTED, gsd_m=10.01), "at 10.01 m"),
    ],
)
def test_a_raster_that_is_not_the_promised_one_is_refused(raster: Grid, match: str) -> None:
    with pytest.raises(CorruptAssetError, match=match):
        cut_out(raster, WANTED)


def test_a_nodata_number_that_does_not_fit_becomes_zero() -> None:
    raster = replace(WANTED, left=WANTED.left + 100)
    block = np.ones((20, 20), np.uint8)
    for nodata in (-1.0, 256.0, math.nan):
        chip = cut_out(raster, WANTED).place(block, nodata)
        assert not chip[:, :10].any()
        assert chip[:, 10:].all()
