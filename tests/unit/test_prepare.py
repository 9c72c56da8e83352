"""From digital numbers to a cube: oracles in plain loops, and every way to be left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely.geometry import MultiPolygon, Point, Polygon, box

from pipeline.config import load_config
from pipeline.errors import NothingSeenError, SiteError
from pipeline.model.grid import Grid
from pipeline.model.scene import AssetFailure, FetchedScene
from pipeline.model.site import ZoneKind
from pipeline.prepare import Prepared, prepare
from pipeline.prepare.burn import SUPERSAMPLING, burn
from pipeline.raster.coverage import block_share
from pipeline.raster.masks import has_class, repeat_pixels, weighted_share
from tests.unit.scene_factory import (
    BANDS,
    CRS,
    GRID,
    START,
    MemoryChips,
    lonlat,
    make_bands,
    make_scene,
    make_site,
    make_zone,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.model.scene import Scene

    Bands: TypeAlias = dict[str, NDArray[Any]]

OPTIONS = load_config().prepare
LEFT, BOTTOM, RIGHT, TOP = GRID.bounds


class Stage:
    """A site, chips in memory, and the scenes put there."""

    def __init__(self, *zones: Any) -> None:  # noqa: ANN401 - zones
        """Begin with no scene."""
        self.chips, self.site = MemoryChips(), make_site(*zones)
        self.fetched: list[FetchedScene] = []

    def put(self, scene: Scene, bands: Bands | None = None, grid: Grid = GRID) -> None:
        """Add a scene, some of its bands replaced."""
        self.fetched.append(self.chips.put(scene, make_bands(grid=grid) | (bands or {}), grid))

    def prepare(self) -> Prepared:
        """Run the stage."""
        return prepare(self.site, self.fetched, self.chips, OPTIONS)


def test_values_clear_and_snow_against_plain_loops() -> None:
    stage, rng = Stage(), np.random.default_rng(5)
    bands = {band: rng.integers(0, 4000, GRID.shape).astype(np.uint16) for band in BANDS}
    for band in BANDS:
        bands[band][rng.random(GRID.shape) < 0.05] = 0
    bands["scl"] = rng.integers(0, 12, (10, 15)).astype(np.uint8)
    stage.put(make_scene(processing_baseline="05.11"), bands)
    cube = stage.prepare().cube
    for row in range(GRID.height):
        for col in range(GRID.width):
            scl = int(bands["scl"][row // 2, col // 2])
            has_data = all(bands[band][row, col] != 0 for band in BANDS)
            assert cube.clear[0, row, col] == (has_data and scl in {4, 5, 6, 7})
            assert cube.snow[0, row, col] == (has_data and scl == 11)
            for index, band in enumerate(BANDS):
                seen = has_data and scl in {4, 5, 6, 7, 11}
                expected = int(bands[band][row, col]) * 1e-4 - 0.1 if seen else 0.0
                assert cube.values[0, index, row, col] == pytest.approx(expected, abs=2e-6)


def test_the_axes_of_the_cube() -> None:
    stage = Stage()
    for day in (2, 0, 1):
        stage.put(make_scene(f"s{day}", day))
    cube = stage.prepare().cube
    assert cube.scene_ids == ("s0", "s1", "s2")
    assert cube.instants == tuple(START + timedelta(days=day) for day in range(3))
    assert (cube.bands, cube.grid) == (BANDS, GRID)
    assert cube.values.dtype == np.float32
    assert not cube.values.flags.writeable
    assert not cube.is_simulated


def test_one_simulated_scene_taints_the_cube() -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    stage.put(make_scene("s1", 1, is_simulated=True))
    assert stage.prepare().cube.is_simulated


def test_coarser_bands_are_repeated_and_never_blended() -> None:
    stage = Stage()
    swir = np.arange(1000, 1150, dtype=np.uint16).reshape(10, 15)
    stage.put(add_swir(make_scene()), {"swir16": swir})
    cube = stage.prepare().cube
    assert cube.bands == (*BANDS, "swir16")
    for row in range(GRID.height):
        for col in range(GRID.width):
            expected = int(swir[row // 2, col // 2]) * 1e-4
            assert cube.values[0, 4, row, col] == pytest.approx(expected, abs=1e-6)


def test_an_optional_band_that_one_scene_lacks_is_left_out() -> None:
    stage = Stage()
    stage.put(add_swir(make_scene("s0", 0)), {"swir16": np.full((10, 15), 900, np.uint16)})
    stage.put(make_scene("s1", 1))
    assert stage.prepare().cube.bands == BANDS


def add_swir(scene: Scene) -> Scene:
    swir = replace(scene.assets["red"], key="swir16", band="swir16", gsd_m=20.0)
    return replace(scene, assets={**scene.assets, "swir16": swir})


def test_the_stated_nodata_counts_beside_zero() -> None:
    stage = Stage()
    scene = make_scene()
    assets = {band: replace(asset, nodata=65535.0) for band, asset in scene.assets.items()}
    red = make_bands()["red"]
    red[0, 0], red[0, 1] = 65535, 0
    stage.put(replace(scene, assets=assets), {"red": red})
    clear = stage.prepare().cube.clear[0]
    assert not clear[0, :2].any()
    assert clear.sum() == GRID.height * GRID.width - 2


def test_an_incomplete_scene_is_left_out_and_its_failure_is_told_once() -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    stage.put(make_scene("s1", 1))
    chips = {band: chip for band, chip in stage.fetched[1].chips.items() if band != "nir"}
    told = (AssetFailure("s1", "nir", "FetchError", "cut"),)
    stage.fetched[1] = replace(stage.fetched[1], chips=chips, failures=told)
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("s0",)
    assert prepared.failures == told


def test_a_failure_of_a_whole_scene_stands_for_all_its_bands() -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    told = AssetFailure("s1", "", "FetchError", "the scene is gone")
    stage.fetched.append(FetchedScene(make_scene("s1", 1), {}, (told,)))
    assert stage.prepare().failures == (told,)


@pytest.mark.parametrize("band", [*BANDS, "scl"])
def test_a_missing_band_that_nobody_told_of_is_told(band: str) -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    stage.put(make_scene("s1", 1))
    chips = {name: chip for name, chip in stage.fetched[1].chips.items() if name != band}
    stage.fetched[1] = replace(stage.fetched[1], chips=chips)
    (failure,) = stage.prepare().failures
    assert (failure.scene_id, failure.band, failure.kind) == ("s1", band, "MissingBandError")
    assert "s1" in failure.reason


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("value", [0, 65535])
def test_no_data_under_a_clear_sky_is_a_failure_and_no_change(band: str, value: int) -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    scene = make_scene("s1", 1)
    assets = {name: replace(asset, nodata=65535.0) for name, asset in scene.assets.items()}
    empty = np.full(GRID.shape, value, np.uint16)
    stage.put(replace(scene, assets=assets), {band: empty})
    stage.put(make_scene("s2", 2))
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("s0", "s2")
    assert prepared.cube.clear.all()
    assert {look.scene_id for look in prepared.looks} == {"s0", "s2"}
    (failure,) = prepared.failures
    assert (failure.scene_id, failure.band, failure.kind) == ("s1", band, "CorruptAssetError")


def test_no_data_under_cloud_is_no_failure() -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    cloudy = make_bands(dn=0, scl=9)
    stage.put(make_scene("s1", 1), cloudy)
    prepared = stage.prepare()
    assert prepared.failures == ()
    assert [look.used for look in prepared.looks] == [True, False]


def test_an_altered_chip_is_a_failure() -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    stage.put(make_scene("s1", 1))
    stage.chips.broken.add(("s1", "red"))
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("s0",)
    assert [(f.band, f.kind) for f in prepared.failures] == [("red", "StoreError")]


def test_a_scene_whose_radiometry_nobody_knows_is_a_failure() -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    stage.put(make_scene("s1", 1, processing_baseline=None))
    (failure,) = stage.prepare().failures
    assert (failure.scene_id, failure.kind) == ("s1", "RadiometryError")


@pytest.mark.parametrize(
    "other",
    [
        replace(GRID, crs="EPSG:32651"),
        replace(GRID, left=GRID.left + 10),
        replace(GRID, top=GRID.top - 5),
        replace(GRID, height=GRID.height + 2),
        replace(GRID, gsd_m=20.0),
    ],
)
def test_a_scene_on_another_grid_is_a_failure(other: Grid) -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    stage.put(make_scene("s1", 1), grid=other)
    stage.put(make_scene("s2", 2))
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("s0", "s2")
    (failure,) = prepared.failures
    assert (failure.scene_id, failure.kind) == ("s1", "CorruptAssetError")
    assert "grid" in failure.reason


def test_the_grid_of_the_series_is_that_of_most_scenes_and_not_of_the_first() -> None:
    stage = Stage()
    stage.put(make_scene("odd", 0), grid=replace(GRID, left=GRID.left + 10))
    for day in (1, 2):
        stage.put(make_scene(f"s{day}", day))
    assert stage.prepare().cube.grid == GRID


def test_the_crs_of_the_site_goes_before_the_number_of_scenes() -> None:
    stage = Stage()
    for day in (0, 1):
        stage.put(make_scene(f"odd{day}", day), grid=replace(GRID, crs="EPSG:32651"))
    stage.put(make_scene("s2", 2))
    assert stage.prepare().cube.scene_ids == ("s2",)


def test_two_scenes_of_one_instant_are_not_both_taken() -> None:
    stage = Stage()
    stage.put(make_scene("b", 0))
    stage.put(make_scene("a", 0))
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("a",)
    assert [failure.scene_id for failure in prepared.failures] == ["b"]


@pytest.mark.parametrize("dtype", [np.float32, np.bool_])
def test_pixels_of_another_type_are_a_failure(dtype: type) -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    stage.put(make_scene("s1", 1), {"red": np.ones(GRID.shape, dtype)})
    assert [failure.band for failure in stage.prepare().failures] == ["red"]


def test_a_date_with_too_little_to_see_is_counted_and_stays_out() -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    scl = make_bands(scl=9)["scl"]
    scl[0, :3] = 4  # 3 of 150: exactly the least share
    stage.put(make_scene("s1", 1), {"scl": scl.copy()})
    scl[0, 2] = 9
    stage.put(make_scene("s2", 2), {"scl": scl})
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("s0", "s1")
    assert [look.used for look in prepared.looks] == [True, True, False]
    assert [look.clear_share for look in prepared.looks] == pytest.approx([1, 3 / 150, 2 / 150])
    assert set(prepared.radiometry) == {"s0", "s1"}


def test_snow_is_a_look_of_its_own() -> None:
    stage = Stage()
    scl = make_bands(scl=11)["scl"]
    scl[:5] = 4
    stage.put(make_scene(), {"scl": scl})
    prepared = stage.prepare()
    assert not (prepared.cube.clear & prepared.cube.snow).any()
    assert prepared.cube.snow[0, 10:].all()
    (look,) = prepared.looks
    assert (look.clear_share, look.snow_share) == (0.5, 0.5)


def test_a_class_that_is_called_clear_and_snow_is_clear() -> None:
    stage = Stage()
    stage.put(make_scene(), {"scl": make_bands(scl=7)["scl"]})
    options = OPTIONS.model_copy(update={"snow_classes": (7, 11)})
    cube = prepare(stage.site, stage.fetched, stage.chips, options).cube
    assert cube.clear.all()
    assert not cube.snow.any()


def test_the_share_of_a_look_counts_the_site_and_not_its_bounding_box() -> None:
    stage = Stage()
    west = box(LEFT, BOTTOM, LEFT + 150, TOP)
    corner = box(RIGHT - 10, TOP - 10, RIGHT, TOP)
    stage.site = replace(stage.site, boundary=lonlat(MultiPolygon([west, corner])))
    scl = make_bands(scl=9)["scl"]
    scl[:, :8] = 4  # the western 160 m
    stage.put(make_scene(), {"scl": scl})
    (look,) = stage.prepare().looks
    assert look.clear_share == pytest.approx(300 / 301, abs=1e-3)


@pytest.mark.parametrize("scl", [0, 1, 2, 3, 8, 9, 10, 255])
def test_all_cloud_is_an_error_with_a_remedy(scl: int) -> None:
    stage = Stage()
    for day in range(3):
        stage.put(make_scene(f"s{day}", day), make_bands(scl=scl))
    with pytest.raises(
        NothingSeenError, match=r"in 3 scenes, 0 of them unreadable.*Remedy"
    ) as caught:
        stage.prepare()
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("n_scenes", [0, 2])
def test_nothing_fetched_is_an_error(n_scenes: int) -> None:
    stage = Stage()
    stage.fetched = [FetchedScene(make_scene(f"s{day}", day), {}) for day in range(n_scenes)]
    with pytest.raises(NothingSeenError, match=f"in {n_scenes} scenes, {n_scenes} of them"):
        stage.prepare()


def test_the_radiometry_of_each_scene_is_told_in_words() -> None:
    stage = Stage()
    stage.put(make_scene("s0", 0))
    stage.put(make_scene("s1", 1, processing_baseline="05.11"))
    told = stage.prepare().radiometry
    assert told["s0"].startswith("scale 0.0001, offset 0: baseline 02.14")
    assert told["s1"].startswith("scale 0.0001, offset -0.1: baseline 05.11")


def test_bands_that_are_read_differently_are_told_one_by_one() -> None:
    stage = Stage()
    scene = make_scene(processing_baseline="05.11")
    assets = {**scene.assets, "red": replace(scene.assets["red"], offset=-0.2)}
    stage.put(replace(scene, assets=assets))
    words = stage.prepare().radiometry["scene"]
    assert "red: scale 0.0001, offset -0.2" in words
    assert "nir: scale 0.0001, offset -0.1" in words


def test_zones_are_burnt_in_the_order_of_the_site_and_unplaced_ones_are_not() -> None:
    west = box(LEFT, BOTTOM, LEFT + 100, TOP)
    east = box(LEFT + 100, BOTTOM, RIGHT, TOP)
    stage = Stage(
        make_zone("west", west),
        make_zone("nowhere", None),
        make_zone("east", east, ZoneKind.CONTROL),
    )
    stage.put(make_scene())
    masks = stage.prepare().masks
    assert [(mask.zone_id, mask.is_control) for mask in masks] == [("west", False), ("east", True)]
    assert [mask.n_pixels for mask in masks] == pytest.approx([200, 400], abs=1)
    assert masks[0].window.col == 0


@pytest.mark.parametrize(
    ("outline", "message"),
    [
        (box(LEFT - 500, BOTTOM, LEFT - 100, TOP), "outside"),
        (box(LEFT + 1.5, BOTTOM, LEFT + 1.6, TOP), "too narrow"),
    ],
)
def test_a_zone_without_pixels_is_refused_by_name(outline: BaseGeometry, message: str) -> None:
    stage = Stage(make_zone("odd-zone", outline))
    stage.put(make_scene())
    with pytest.raises(SiteError, match=f"odd-zone.*{message}"):
        stage.prepare()


OUTLINES = {
    "triangle": Polygon([(3, 4), (87, 13), (41, 71)]),
    "with a hole": Polygon([(5, 5), (85, 5), (85, 75), (5, 75)], [[(22, 23), (61, 30), (40, 60)]]),
    "two parts": MultiPolygon([box(1, 1, 14.7, 9.9), box(50, 50, 83.3, 77.7)]),
    "circle": Point(44.4, 38.8).buffer(31.3),
    "one pixel": box(30, 30, 40, 40),
    "less than a pixel": box(33, 33, 36.1, 38.7),
}


@pytest.mark.parametrize("outline", OUTLINES.values(), ids=OUTLINES)
def test_coverage_against_counting_sub_pixel_centres(outline: BaseGeometry) -> None:
    grid = Grid(CRS, 0.0, 80.0, 10.0, 8, 9)
    share = burn(outline, grid)
    step = 10.0 / SUPERSAMPLING
    for row in range(grid.height):
        for col in range(grid.width):
            centres = [
                Point(col * 10 + (i + 0.5) * step, 80 - row * 10 - (j + 0.5) * step)
                for i in range(SUPERSAMPLING)
                for j in range(SUPERSAMPLING)
            ]
            counted = sum(outline.covers(centre) for centre in centres) / SUPERSAMPLING**2
            assert share[row, col] == pytest.approx(counted, abs=1e-6)


@given(x=st.floats(1, 40), y=st.floats(1, 40), width=st.floats(10, 45), height=st.floats(10, 35))
@settings(max_examples=40)
def test_the_shares_of_a_box_sum_to_its_area(
    x: float, y: float, width: float, height: float
) -> None:
    share = burn(box(x, y, x + width, y + height), Grid(CRS, 0.0, 80.0, 10.0, 8, 9))
    # Each edge is off by half a sub-pixel at most.
    slack = 2 * (width + height) * 10 / SUPERSAMPLING / 2 + (10 / SUPERSAMPLING) ** 2
    assert abs(float(share.sum()) * 100 - width * height) <= slack
    assert 0 <= share.min() <= share.max() <= 1


def test_neighbours_share_out_every_pixel() -> None:
    grid = Grid(CRS, 0.0, 80.0, 10.0, 8, 9)
    edge = [(33.3, -10), (47.1, 90)]
    west = Polygon([(-10, -10), *edge, (-10, 90)])
    east = Polygon([edge[0], (110, -10), (110, 90), edge[1]])
    assert np.array_equal(burn(west, grid) + burn(east, grid), np.ones((8, 9), np.float32))


@given(
    fine=arrays(
        np.uint8,
        st.tuples(st.sampled_from([4, 8]), st.sampled_from([4, 12])),
        elements=st.integers(0, 2),
    )
)
def test_block_shares_against_plain_loops(fine: NDArray[np.uint8]) -> None:
    share = block_share(fine, 4)
    for row in range(fine.shape[0] // 4):
        for col in range(fine.shape[1] // 4):
            block = fine[row * 4 : row * 4 + 4, col * 4 : col * 4 + 4]
            assert share[row, col] == sum(1 for value in block.ravel() if value) / 16


@pytest.mark.parametrize("shape", [(7, 8), (8, 7)])
def test_blocks_that_do_not_fit_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiple"):
        block_share(np.ones(shape, np.uint8), 8)


@given(array=arrays(np.uint16, (2, 3)), factor=st.integers(1, 4))
def test_repeated_pixels_against_plain_loops(array: NDArray[np.uint16], factor: int) -> None:
    repeated = repeat_pixels(array, factor)
    assert repeated.shape == (2 * factor, 3 * factor)
    for (row, col), value in np.ndenumerate(repeated):
        assert value == array[row // factor, col // factor]


@given(codes=arrays(np.uint8, (3, 3)), wanted=st.sets(st.integers(0, 255), max_size=5))
def test_classes_against_plain_loops(codes: NDArray[np.uint8], wanted: set[int]) -> None:
    mask = has_class(codes, wanted)
    assert all(mask[at] == (int(code) in wanted) for at, code in np.ndenumerate(codes))


def test_a_weighted_share_by_hand() -> None:
    weight = np.array([[1.0, 0.5], [0.5, 0.0]], np.float32)
    assert weighted_share(np.array([[False, True], [True, True]]), weight) == 0.5
