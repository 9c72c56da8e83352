"""Landsat through ``prepare``: oracles in plain loops, gaps, saturation, and temperatures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyproj import Transformer
from shapely.geometry import box

from pipeline.config import load_config
from pipeline.errors import InputError, NothingSeenError
from pipeline.model.grid import Grid
from pipeline.model.look import PixelKind
from pipeline.model.site import ZoneKind
from pipeline.prepare import Prepared, prepare
from pipeline.sensors import SENSORS
from pipeline.zones import mask_excess
from tests.unit.gridded_factory import (
    CLEAR_QA,
    CLOUD_QA,
    FILL_QA,
    GRID_30,
    LEVELS,
    REFLECTANCES,
    SHADOW_QA,
    SNOW_QA,
    THERMAL,
    WATER_QA,
    landsat_bands,
    landsat_scene,
)
from tests.unit.scene_factory import MemoryChips, make_bands, make_scene, make_site, make_zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.scene import FetchedScene, Scene
    from pipeline.model.site import Zone

OPTIONS = load_config().prepare
LANDSAT = SENSORS["landsat"]
CONTROL = ZoneKind.CONTROL
SLC_OFF = datetime(2004, 6, 1, 2, tzinfo=UTC)


class Stage:
    """A site of 1.2 km, chips in memory, and the Landsat scenes put there."""

    def __init__(self, *zones: Zone) -> None:
        """Begin with no scene."""
        self.chips, self.site = MemoryChips(), make_site(*zones, bounds=GRID_30.bounds)
        self.fetched: list[FetchedScene] = []

    def put(self, scene: Scene, **bands: NDArray[Any]) -> None:
        """Add a scene with the bands that it states, some of them replaced."""
        self.put_at(GRID_30, scene, **bands)

    def put_at(self, grid: Grid, scene: Scene, **bands: NDArray[Any]) -> None:
        """The same on another grid."""
        made = landsat_bands(grid=grid) | bands
        held = {band: pixels for band, pixels in made.items() if band in scene.assets}
        self.fetched.append(self.chips.put(scene, held, grid))

    def prepare(self) -> Prepared:
        """Run the stage."""
        return prepare(self.site, self.fetched, self.chips, OPTIONS, sensor=LANDSAT)


def kind_by_hand(qa: int) -> PixelKind:
    """What a number of QA_PIXEL shows, from its binary text."""
    digits = f"{qa:016b}"[::-1]
    if digits[0] == "1":
        return PixelKind.UNSEEN
    if "1" in digits[1:4]:
        return PixelKind.CLOUD
    if digits[4] == "1":
        return PixelKind.SHADOW
    if digits[5] == "1":
        return PixelKind.SNOW
    is_ground = digits[6] == "1" or digits[7] == "1"
    return PixelKind.CLEAR if is_ground else PixelKind.OTHER


@pytest.mark.parametrize("platform", ["landsat-5", "landsat-7", "landsat-8", "landsat-9"])
def test_values_and_kinds_against_plain_loops(platform: str) -> None:
    stage, rng = Stage(), np.random.default_rng(7)
    pixels: dict[str, NDArray[Any]] = {
        band: rng.integers(1, 65536, GRID_30.shape).astype(np.uint16) for band in REFLECTANCES
    }
    for band in REFLECTANCES:
        pixels[band][rng.random(GRID_30.shape) < 0.03] = 0
    listed = [CLEAR_QA, WATER_QA, CLOUD_QA, SHADOW_QA, SNOW_QA, FILL_QA, 0, 54596]
    qa = rng.choice(listed, GRID_30.shape).astype(np.uint16)
    radsat = np.where(rng.random(GRID_30.shape) < 0.1, rng.integers(0, 512, GRID_30.shape), 0)
    stage.put(
        landsat_scene(platform=platform), **pixels, qa_pixel=qa, qa_radsat=radsat.astype(np.uint16)
    )
    cube = stage.prepare().cube
    assert cube.kinds is not None
    numbers = [1, 2, 3, 4, 5, 7] if platform in ("landsat-5", "landsat-7") else [2, 3, 4, 5, 6, 7]
    for at in np.ndindex(GRID_30.shape):
        has_data = all(pixels[band][at] != 0 for band in REFLECTANCES)
        is_saturated = any(int(radsat[at]) >> (number - 1) & 1 for number in numbers)
        kind = kind_by_hand(int(qa[at]))
        expected = kind if has_data and not is_saturated else PixelKind.UNSEEN
        assert cube.kinds[0][at] == expected
        assert cube.clear[0][at] == (expected == PixelKind.CLEAR)
        assert cube.snow[0][at] == (expected == PixelKind.SNOW)
        is_seen = expected in (PixelKind.CLEAR, PixelKind.SNOW)
        for index, band in enumerate(cube.bands):
            value = int(pixels[band][at]) * 2.75e-5 - 0.2 if is_seen else 0.0
            assert cube.values[(0, index, *at)] == pytest.approx(value, abs=2e-6)


def test_the_cube_says_what_it_is() -> None:
    stage = Stage()
    stage.put(landsat_scene())
    prepared = stage.prepare()
    cube = prepared.cube
    assert (cube.bands, cube.grid) == (REFLECTANCES, GRID_30)
    assert (cube.sensor, cube.unit, cube.orbit) == ("landsat", "reflectance", "")
    assert "the documentation" in prepared.radiometry["l8"]
    assert prepared.failures == ()


def test_the_gaps_of_landsat_7_are_unseen_and_said() -> None:
    stage, qa = Stage(), np.full(GRID_30.shape, CLEAR_QA, np.uint16)
    qa[::5] = FILL_QA
    gapped = {band: np.where(qa == FILL_QA, 0, dn).astype(np.uint16)
              for band, dn in landsat_bands().items() if band in REFLECTANCES}  # fmt: skip
    stage.put(landsat_scene("l7", platform="landsat-7", instant=SLC_OFF), **gapped, qa_pixel=qa)
    prepared = stage.prepare()
    cube = prepared.cube
    assert cube.kinds is not None
    assert (cube.kinds[0, ::5] == PixelKind.UNSEEN).all()
    assert (cube.kinds[0, 1::5] == PixelKind.CLEAR).all()
    assert not cube.values[0, :, ::5].any()
    (look,) = prepared.looks
    assert look.clear_share == pytest.approx(0.8)
    assert "scan line corrector off" in look.radiometry


def test_landsat_5_and_7_of_one_day_are_two_looks_and_fill_no_gap_of_each_other() -> None:
    stage = Stage()
    keys = [(name, f"landsat-{name[1]}/path-116/20040601") for name in ("l5", "l7")]
    for minutes, (name, key) in enumerate(keys):
        scene = landsat_scene(name, platform=f"landsat-{name[1]}", acquisition_key=key,
                              instant=SLC_OFF + timedelta(minutes=30 * minutes))  # fmt: skip
        qa = np.full(GRID_30.shape, CLEAR_QA, np.uint16)
        qa[::5] = FILL_QA if name == "l7" else CLEAR_QA
        stage.put(scene, qa_pixel=qa)
    cube = stage.prepare().cube
    assert cube.scene_ids == ("l5", "l7")
    assert cube.clear[0].all()
    assert not cube.clear[1, ::5].any()


def test_two_rows_of_one_path_are_one_look() -> None:
    stage, key = Stage(), "landsat-8/path-116/20200101"
    for number, name in enumerate(("row33", "row34")):
        qa = np.full(GRID_30.shape, CLEAR_QA, np.uint16)
        qa[20:] = FILL_QA if name == "row33" else CLEAR_QA
        qa[:10] = CLEAR_QA if name == "row33" else FILL_QA
        level = np.full(GRID_30.shape, 10_000 + 1000 * number, np.uint16)
        stage.put(landsat_scene(name, acquisition_key=key), qa_pixel=qa, red=level)
    prepared = stage.prepare()
    assert prepared.looks[0].scene_ids == ("row33", "row34")
    red = prepared.cube.values[0, 2, :, 0]
    assert red[:20] == pytest.approx(0.075, abs=1e-6)
    assert red[20:] == pytest.approx(0.1025, abs=1e-6)


def test_snow_is_a_class_of_its_own_and_water_is_a_look() -> None:
    stage, qa = Stage(), np.full(GRID_30.shape, SNOW_QA, np.uint16)
    qa[:10] = WATER_QA
    stage.put(landsat_scene(), qa_pixel=qa)
    (look,) = (prepared := stage.prepare()).looks
    assert (look.clear_share, look.snow_share) == (0.25, 0.75)
    assert prepared.cube.snow[0, 10:].all()
    assert not (prepared.cube.snow & prepared.cube.clear).any()


def test_temperatures_are_kelvin_in_a_cube_of_their_own() -> None:
    stage, rng = Stage(), np.random.default_rng(3)
    kelvin = rng.integers(0, 65536, GRID_30.shape).astype(np.uint16)
    kelvin[rng.random(GRID_30.shape) < 0.05] = 0
    sigma = rng.integers(0, 1500, GRID_30.shape).astype(np.int16)
    sigma[rng.random(GRID_30.shape) < 0.05] = -9999
    qa = rng.choice([CLEAR_QA, CLOUD_QA, FILL_QA], GRID_30.shape).astype(np.uint16)
    stage.put(landsat_scene(), lwir11=kelvin, st_qa=sigma, qa_pixel=qa)
    thermal = stage.prepare().layers["thermal"]
    assert (thermal.bands, thermal.unit, thermal.grid) == (THERMAL, "kelvin", GRID_30)
    for at in np.ndindex(GRID_30.shape):
        is_seen = qa[at] == CLEAR_QA and kelvin[at] != 0 and sigma[at] != -9999
        assert thermal.clear[0][at] == is_seen
        expected = (int(kelvin[at]) * 0.00341802 + 149, int(sigma[at]) * 0.01)
        found = thermal.values[(0, slice(None), *at)]
        assert found == pytest.approx(expected if is_seen else (0, 0), abs=2e-3)


def test_a_bright_roof_has_a_temperature_all_the_same() -> None:
    stage, radsat = Stage(), np.zeros(GRID_30.shape, np.uint16)
    radsat[5, 5] = 0b10  # blue of OLI
    stage.put(landsat_scene(), qa_radsat=radsat)
    prepared = stage.prepare()
    assert not prepared.cube.clear[0, 5, 5]
    assert prepared.layers["thermal"].clear[0].all()


def test_a_saturated_thermal_band_of_landsat_5_is_unseen() -> None:
    stage, radsat = Stage(), np.zeros(GRID_30.shape, np.uint16)
    radsat[5, 5] = 1 << 5
    stage.put(landsat_scene(platform="landsat-5"), qa_radsat=radsat)
    prepared = stage.prepare()
    assert prepared.cube.clear[0].all()
    assert not prepared.layers["thermal"].clear[0, 5, 5]


def test_a_date_without_temperatures_is_in_the_main_cube_only() -> None:
    stage = Stage()
    stage.put(landsat_scene("both", 0))
    stage.put(landsat_scene("none", 16, without=("lwir11",)))
    stage.put(landsat_scene("half", 32, without=("st_qa",)))
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("both", "none", "half")
    assert prepared.layers["thermal"].scene_ids == ("both",)
    assert prepared.failures == ()


def test_without_any_temperature_there_is_no_thermal_cube() -> None:
    stage = Stage()
    stage.put(landsat_scene(without=THERMAL))
    assert stage.prepare().layers == {}


def test_a_broken_temperature_costs_the_temperature_alone_and_is_told() -> None:
    stage = Stage()
    stage.put(landsat_scene("s0", 0))
    stage.put(landsat_scene("s1", 16))
    stage.chips.broken.add(("s1", "lwir11"))
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("s0", "s1")
    assert prepared.layers["thermal"].scene_ids == ("s0",)
    assert [(f.scene_id, f.band) for f in prepared.failures] == [("s1", "lwir11")]


def test_a_broken_mask_is_told_once() -> None:
    stage = Stage()
    stage.put(landsat_scene("s0", 0))
    stage.put(landsat_scene("s1", 16))
    stage.chips.broken.add(("s1", "qa_pixel"))
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("s0",)
    assert [(f.scene_id, f.band) for f in prepared.failures] == [("s1", "qa_pixel")]


@pytest.mark.parametrize("band", [*REFLECTANCES, "qa_pixel"])
def test_a_missing_band_that_nobody_told_of_is_told(band: str) -> None:
    stage = Stage()
    stage.put(landsat_scene("s0", 0))
    stage.put(landsat_scene("s1", 16, without=(band,)))
    (failure,) = stage.prepare().failures
    assert (failure.scene_id, failure.band, failure.kind) == ("s1", band, "MissingBandError")


def test_without_flags_of_saturation_nothing_is_saturated() -> None:
    stage = Stage()
    stage.put(landsat_scene(without=("qa_radsat",)))
    assert stage.prepare().cube.clear.all()


def test_flags_of_an_unknown_satellite_are_a_failure() -> None:
    stage = Stage()
    stage.put(landsat_scene("s0", 0))
    stage.put(landsat_scene("s1", 16, platform="landsat-99"))
    failures = stage.prepare().failures
    assert {(failure.scene_id, failure.kind) for failure in failures} == {("s1", "RadiometryError")}


def test_bits_that_were_made_floats_are_a_failure() -> None:
    stage = Stage()
    stage.put(landsat_scene("s0", 0))
    stage.put(landsat_scene("s1", 16), qa_pixel=np.full(GRID_30.shape, 21824.0, np.float32))
    assert [f.band for f in stage.prepare().failures] == ["qa_pixel"]


def test_where_a_warped_tile_has_nothing_is_unseen_and_not_undecided() -> None:
    stage = Stage()
    stage.put(landsat_scene("s0", 0))
    to_west = Transformer.from_crs(GRID_30.crs, "EPSG:32651", always_xy=True)
    x, y = to_west.transform(GRID_30.left + 600, GRID_30.top - 600)
    other = Grid("EPSG:32651", 30 * round(x / 30), 30 * round(y / 30) + 600, 30.0, 40, 40)
    stage.put_at(other, landsat_scene("far", 16))
    prepared = stage.prepare()
    assert prepared.failures == ()
    kinds = prepared.cube.kinds
    assert kinds is not None
    assert set(np.unique(kinds[1]).tolist()) == {PixelKind.UNSEEN, PixelKind.CLEAR}
    assert 0.3 < prepared.cube.clear[1].mean() < 0.7
    assert "warped from EPSG:32651" in prepared.looks[1].radiometry


def test_scenes_of_another_sensor_are_refused_by_name() -> None:
    stage = Stage()
    stage.put(landsat_scene())
    stage.fetched.append(stage.chips.put(make_scene("s2", 3), make_bands(), GRID_30))
    with pytest.raises(InputError, match=r"s2: .*Sentinel-2.*Remedy"):
        stage.prepare()


def test_all_cloud_is_an_error() -> None:
    stage = Stage()
    stage.put(landsat_scene(), qa_pixel=np.full(GRID_30.shape, CLOUD_QA, np.uint16))
    with pytest.raises(NothingSeenError):
        stage.prepare()


def test_the_masked_share_of_a_zone_is_told_against_the_controls() -> None:
    left, bottom, right, top = GRID_30.bounds
    middle = left + 600
    stage = Stage(
        make_zone("roofs", box(left, bottom, middle, top)),
        replace(make_zone("fields", box(middle, bottom, right, top)), kind=CONTROL),
    )
    for number in range(4):
        qa = np.full(GRID_30.shape, CLEAR_QA, np.uint16)
        qa[:20, :20] = CLOUD_QA if number % 2 else SHADOW_QA  # half of the roofs
        qa[:4, 20:] = CLOUD_QA  # a tenth of the fields
        stage.put(landsat_scene(f"s{number}", 16 * number), qa_pixel=qa)
    prepared = stage.prepare()
    excess = mask_excess(prepared.cube, prepared.masks)
    assert excess == {"roofs": pytest.approx(0.4, abs=0.01), "fields": pytest.approx(0.0)}


def test_roles_name_the_near_infrared_as_stages_call_it() -> None:
    assert LANDSAT.in_roles(REFLECTANCES) == ("blue", "green", "red", "nir", "swir16", "swir22")
    own = (*LEVELS,)
    assert SENSORS["sentinel-2"].in_roles(own) == own
