"""Several tiles of one overpass on the pixels: nothing counted twice, nothing made up."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio.crs
from rasterio.warp import transform as warp_points
from shapely.geometry import box

from pipeline.config import load_config
from pipeline.model.grid import Bounds, Grid
from pipeline.model.look import PixelKind
from pipeline.model.scene import FetchedScene, Scene
from pipeline.prepare import Prepared, prepare
from pipeline.prepare.cube import overpasses
from pipeline.prepare.tile import warp_nearest
from pipeline.search import one_per_overpass
from tests.unit.scene_factory import (
    BANDS,
    CRS,
    GRID,
    MemoryChips,
    lonlat,
    make_bands,
    make_scene,
    make_site,
    make_zone,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube

OPTIONS = load_config().prepare
ROW_EDGE_M = 4_200_000.0
"""The northing at which 52SBG ends; 52SBH reaches 9,780 m below it."""
SITE_GRID = Grid(CRS, 290_000.0, 4_202_000.0, 10.0, 1_400, 10)
"""14 km high, so that neither tile holds all of it."""


def tile_bands(grid: Grid, keep: slice, dn: int) -> dict[str, NDArray[Any]]:
    """Bands that hold data in some rows of the 10 m grid only."""
    bands = make_bands(dn=dn, grid=grid)
    for band, pixels in bands.items():
        factor = grid.height // pixels.shape[0]
        rows = np.zeros(grid.height, np.bool_)
        rows[keep] = True
        pixels[~rows[::factor]] = 0
        bands[band] = pixels
    return bands


def two_tiles() -> tuple[MemoryChips, list[FetchedScene]]:
    """52SBG (numbers of 1000) and 52SBH (2000) over a site that reaches out of both."""
    chips = MemoryChips()
    south = round((SITE_GRID.top - ROW_EDGE_M) / 10)
    north = round((SITE_GRID.top - 4_190_220.0) / 10)
    fetched = [
        chips.put(make_scene("52SBG", acquisition_key="k"),
                  tile_bands(SITE_GRID, slice(south, None), 1000), SITE_GRID),
        chips.put(make_scene("52SBH", acquisition_key="k"),
                  tile_bands(SITE_GRID, slice(0, north), 2000), SITE_GRID),
    ]  # fmt: skip
    return chips, fetched


def run(chips: MemoryChips, fetched: list[FetchedScene], grid: Grid = SITE_GRID) -> Prepared:
    inner = box(*grid.bounds).buffer(-1)
    site = make_site(make_zone("all", inner), bounds=grid.bounds)
    return prepare(site, fetched, chips, OPTIONS)


def test_overlapping_tiles_are_one_date_and_no_pixel_counts_twice() -> None:
    chips, fetched = two_tiles()
    prepared = run(chips, fetched)
    cube = prepared.cube
    assert (cube.scene_ids, len(cube.instants)) == (("52SBG",), 1)
    assert prepared.looks[0].scene_ids == ("52SBG", "52SBH")
    assert cube.clear.all()
    area_px = float(cube.clear[0].sum())
    assert abs(area_px - SITE_GRID.height * SITE_GRID.width) <= 1
    red = cube.values[0, 2, :, 0]
    edge = round((SITE_GRID.top - ROW_EDGE_M) / 10)
    assert red[:edge] == pytest.approx(0.202, abs=1e-6)
    assert red[edge:] == pytest.approx(0.102, abs=1e-6)  # the first tile wins where both have data
    assert prepared.failures == ()


def test_the_order_of_the_tiles_is_their_preference() -> None:
    chips, fetched = two_tiles()
    cube = run(chips, fetched[::-1]).cube
    north = round((SITE_GRID.top - 4_190_220.0) / 10)
    assert cube.scene_ids == ("52SBH",)
    assert cube.values[0, 2, :north, 0] == pytest.approx(0.202, abs=1e-6)
    assert cube.values[0, 2, north:, 0] == pytest.approx(0.102, abs=1e-6)


def test_search_and_merging_agree_whatever_the_order_of_the_items() -> None:
    site = make_site(bounds=Bounds(*SITE_GRID.bounds))
    chips, fetched = two_tiles()
    older = chips.put(
        make_scene("52SBG_OLD", acquisition_key="k", processing_baseline="02.00"),
        tile_bands(SITE_GRID, slice(0, None), 5000), SITE_GRID,
    )  # fmt: skip
    outlines = {
        "52SBG": box(199_980, 4_090_200, 309_780, ROW_EDGE_M),
        "52SBH": box(199_980, 4_190_220, 309_780, 4_300_020),
    }
    by_id = {
        one.scene.id: replace(
            one, scene=replace(one.scene, footprint=lonlat(outlines[one.scene.id[:5]]))
        )
        for one in (*fetched, older)
    }
    answers = []
    for order in itertools.permutations(by_id.values()):
        kept = one_per_overpass(site, [one.scene for one in order])
        answers.append(run(chips, [by_id[scene.id] for scene in kept]).cube.values)
    assert len(answers) == 6
    assert all(np.array_equal(answers[0], other) for other in answers)
    assert answers[0].max() < 0.3  # the older processing of a tile has no part in it


def test_what_no_tile_covers_is_unseen_and_never_zero() -> None:
    chips, fetched = two_tiles()
    prepared = run(chips, fetched[:1])
    cube, edge = prepared.cube, round((SITE_GRID.top - ROW_EDGE_M) / 10)
    assert not cube.clear[0, :edge].any()
    assert cube.kinds is not None
    assert (cube.kinds[0, :edge] == PixelKind.UNSEEN).all()
    assert cube.clear[0, edge:].all()
    assert prepared.looks[0].clear_share == pytest.approx(1 - edge / SITE_GRID.height, abs=1e-3)


def test_a_tile_that_fails_is_told_and_the_other_goes_on() -> None:
    chips, fetched = two_tiles()
    chips.broken.add(("52SBG", "nir"))
    prepared = run(chips, fetched)
    assert [(f.scene_id, f.band) for f in prepared.failures] == [("52SBG", "nir")]
    north = round((SITE_GRID.top - 4_190_220.0) / 10)
    assert prepared.cube.scene_ids == ("52SBH",)
    assert prepared.cube.clear[0, :north].all()
    assert not prepared.cube.clear[0, north:].any()
    assert not prepared.cube.values[0, :, north:].any()


def test_tiles_without_a_key_are_overpasses_of_their_own() -> None:
    scenes = [FetchedScene(make_scene(name, day), {}) for name, day in (("b", 1), ("a", 0))]
    assert [[one.scene.id for one in tiles] for tiles in overpasses(scenes)] == [["a"], ["b"]]


NEIGHBOUR = "EPSG:32651"


def in_zone_51(grid: Grid) -> Grid:
    """A 10 m grid of the neighbouring zone that covers all of a grid of zone 52."""
    left, bottom, right, top = grid.bounds
    xs, ys = warp_points(
        rasterio.crs.CRS.from_string(CRS), rasterio.crs.CRS.from_string(NEIGHBOUR),
        [left, right, left, right], [bottom, bottom, top, top],
    )  # fmt: skip
    around = Grid.around(Bounds(min(xs), min(ys), max(xs), max(ys)), 20.0, NEIGHBOUR)
    return Grid(NEIGHBOUR, around.left, around.top, 10.0, around.height * 2, around.width * 2)


def checkered(grid: Grid) -> dict[str, NDArray[Any]]:
    """Numbers that tell every column apart, with one class code among cloud."""
    bands = make_bands(grid=grid)
    bands["red"] = np.tile(np.arange(1, grid.width + 1, dtype=np.uint16), (grid.height, 1))
    bands["scl"] = np.tile(np.array([4, 9], np.uint8), (grid.height // 2, grid.width // 4 + 1))
    bands["scl"] = bands["scl"][:, : grid.width // 2]
    return bands


def test_a_tile_of_another_zone_is_warped_by_nearest_neighbour_and_says_so() -> None:
    chips, other = MemoryChips(), in_zone_51(GRID)
    bands = checkered(other)
    here = chips.put(make_scene("here"), make_bands(), GRID)
    there = chips.put(make_scene("there", 1, epsg=32651), bands, other)
    prepared = run(chips, [here, there], GRID)
    assert prepared.cube.scene_ids == ("here", "there")
    assert "warped from EPSG:32651 to EPSG:32652 by nearest" in prepared.radiometry["there"]
    assert "warped" not in prepared.radiometry["here"]
    values = prepared.cube.values[1, 2][prepared.cube.clear[1]] * 1e4
    assert np.allclose(values, np.rint(values), atol=1e-2)  # none lies between two delivered ones
    assert prepared.cube.kinds is not None
    assert set(np.unique(prepared.cube.kinds[1])) <= {
        PixelKind.UNSEEN, PixelKind.CLEAR, PixelKind.CLOUD
    }  # fmt: skip


def test_the_nearest_pixel_against_its_definition() -> None:
    other, rng = in_zone_51(GRID), np.random.default_rng(3)
    pixels = rng.integers(1, 4000, other.shape).astype(np.uint16)
    warped = warp_nearest(pixels, other, GRID)
    wrong = 0
    for row in range(GRID.height):
        for col in range(GRID.width):
            x, y = GRID.left + (col + 0.5) * 10, GRID.top - (row + 0.5) * 10
            (east,), (north,) = warp_points(
                rasterio.crs.CRS.from_string(CRS), rasterio.crs.CRS.from_string(NEIGHBOUR), [x], [y]
            )
            at = int((other.top - north) // 10), int((east - other.left) // 10)
            wrong += int(warped[row, col] != pixels[at])
    # GDAL approximates the projection to an eighth of a pixel.
    assert wrong <= 0.05 * warped.size


def test_two_zones_are_merged_on_the_grid_of_the_site() -> None:
    chips, other = MemoryChips(), in_zone_51(GRID)
    half = make_bands()
    middle = 14
    for pixels in half.values():
        pixels[:, middle * pixels.shape[1] // GRID.width :] = 0
    first = chips.put(make_scene("52", acquisition_key="k"), half, GRID)
    second = chips.put(
        make_scene("51", acquisition_key="k", epsg=32651), make_bands(dn=3000, grid=other), other
    )
    prepared = run(chips, [first, second], GRID)
    cube = prepared.cube
    assert cube.grid == GRID
    assert cube.clear.all()
    assert cube.values[0, 2, :, :middle] == pytest.approx(0.152, abs=1e-6)
    assert cube.values[0, 2, :, middle:] == pytest.approx(0.302, abs=1e-6)
    assert prepared.looks[0].scene_ids == ("52", "51")
    assert prepared.radiometry["52"].count("warped") == 1


def kinds_of(cube: DateCube) -> NDArray[np.uint8]:
    assert cube.kinds is not None
    first: NDArray[np.uint8] = cube.kinds[0]
    return first


@pytest.mark.parametrize(
    ("scl", "kind"),
    [(0, 0), (1, 5), (2, 5), (3, 4), (4, 1), (5, 1), (6, 1), (7, 1), (8, 3), (9, 3), (10, 3),
     (11, 2), (99, 5)],
)  # fmt: skip
def test_classes_are_kept_apart(scl: int, kind: int) -> None:
    chips, bands = MemoryChips(), make_bands()
    bands["scl"][:5] = scl
    prepared = run(chips, [chips.put(make_scene(), bands, GRID)], GRID)
    assert (kinds_of(prepared.cube)[:10] == kind).all()
    (look,) = prepared.looks
    shares = {1: look.clear_share, 2: look.snow_share, 3: look.cloud_share, 4: look.shadow_share}
    for code, share in shares.items():
        expected = 0.5 * (kind == code) + 0.5 * (code == PixelKind.CLEAR)
        assert share == pytest.approx(expected, abs=0.02)


def scene_of(one: FetchedScene) -> Scene:
    return one.scene


def test_a_mosaic_of_one_simulated_tile_is_simulated() -> None:
    chips, fetched = two_tiles()
    fetched[1] = replace(fetched[1], scene=replace(scene_of(fetched[1]), is_simulated=True))
    assert run(chips, fetched).cube.is_simulated
    assert set(BANDS) <= set(run(chips, fetched).cube.bands)
