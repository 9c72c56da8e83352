"""Radar through ``prepare``: power stays linear, orbits stay apart, no echo is no look."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.errors import AssetError, InputError, NothingSeenError
from pipeline.model.look import PixelKind
from pipeline.model.scene import AssetFailure
from pipeline.prepare import Prepared, prepare, prepare_orbits
from pipeline.sensors import SENSORS
from tests.unit.gridded_factory import radar_scene, speckled
from tests.unit.scene_factory import GRID, MemoryChips, make_site

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.scene import FetchedScene, Scene
    from pipeline.prepare import PreparedOrbits
    from pipeline.sensors import Sensor

OPTIONS = load_config().prepare
RTC, OPERA = SENSORS["sentinel-1"], SENSORS["opera-rtc"]
ASCENDING, DESCENDING = (54, "ascending"), (127, "descending")


class Stage:
    """A site, chips in memory, and the radar scenes put there."""

    def __init__(self, sensor: Sensor = RTC) -> None:
        """Begin with no scene."""
        self.sensor, self.chips, self.site = sensor, MemoryChips(), make_site()
        self.rng = np.random.default_rng(11)
        self.fetched: list[FetchedScene] = []

    def put(self, scene: Scene, **bands: NDArray[Any]) -> None:
        """Add a scene of speckle, some of its bands replaced."""
        scene = replace(scene, collection=self.sensor.collections[0])
        made = {name: speckled(self.rng, GRID.shape) for name in ("vv", "vh")}
        held = {band: pixels for band, pixels in (made | bands).items() if band in scene.assets}
        self.fetched.append(self.chips.put(scene, held, GRID))

    def prepare(self) -> Prepared:
        """One series."""
        return prepare(self.site, self.fetched, self.chips, OPTIONS, sensor=self.sensor)

    def orbits(self) -> PreparedOrbits:
        """A series for every orbit."""
        return prepare_orbits(self.site, self.fetched, self.chips, OPTIONS, sensor=self.sensor)


def test_power_and_echo_against_plain_loops() -> None:
    stage, rng = Stage(), np.random.default_rng(2)
    bands = {}
    for band in ("vv", "vh"):
        power = speckled(rng, GRID.shape)
        for odd in (np.nan, np.inf, 0.0, -0.01, -32768.0):
            power[rng.random(GRID.shape) < 0.04] = odd
        bands[band] = power
    stage.put(radar_scene("s0"), **bands)
    cube = stage.prepare().cube
    assert cube.kinds is not None
    assert cube.values.dtype == np.float32
    for at in np.ndindex(GRID.shape):
        both = [float(bands[band][at]) for band in ("vv", "vh")]
        is_seen = all(np.isfinite(power) and power > 0 for power in both)
        assert cube.kinds[0][at] == (PixelKind.CLEAR if is_seen else PixelKind.UNSEEN)
        assert cube.clear[0][at] == is_seen
        assert cube.values[(0, slice(None), *at)].tolist() == (both if is_seen else [0, 0])


def test_the_cube_says_what_it_is_and_where_its_noise_stands() -> None:
    stage = Stage()
    stage.put(radar_scene("s0"))
    cube = stage.prepare().cube
    assert (cube.sensor, cube.orbit) == ("sentinel-1", "127 descending")
    assert (cube.bands, cube.unit) == (("vv", "vh"), "gamma0, linear power")
    sensor = SENSORS[cube.sensor]
    noise = sensor.bands["vv"].noise
    assert sensor.equivalent_looks == 4.4
    assert noise is not None
    assert noise.relative == pytest.approx(1 / np.sqrt(4.4))
    assert OPERA.equivalent_looks == 5.5


def test_a_second_polarisation_that_one_date_lacks_is_left_out() -> None:
    stage = Stage()
    stage.put(radar_scene("s0", 0))
    stage.put(radar_scene("s1", 12, bands=("vv",)))
    assert stage.prepare().cube.bands == ("vv",)


def test_slices_of_one_orbit_are_one_look() -> None:
    stage = Stage()
    halves = np.full((2, *GRID.shape), -32768.0, np.float32)
    halves[0, :12], halves[1, 8:] = 0.25, 0.5
    for number, half in enumerate(halves):
        stage.put(radar_scene(f"slice{number}", acquisition_key="orbit-1"), vv=half, vh=half)
    prepared = stage.prepare()
    assert prepared.cube.clear.all()
    assert prepared.cube.values[0, 0, :, 0].tolist() == [0.25] * 12 + [0.5] * 8


def test_a_slice_without_any_echo_over_the_site_is_a_failure() -> None:
    stage = Stage()
    stage.put(radar_scene("s0", 0))
    stage.put(radar_scene("s1", 12), vv=np.full(GRID.shape, np.nan, np.float32))
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("s0",)
    (failure,) = prepared.failures
    assert (failure.scene_id, failure.band, failure.kind) == ("s1", "vv", "CorruptAssetError")
    assert "where the site lies" in failure.reason


def test_whole_numbers_are_no_power() -> None:
    stage = Stage()
    stage.put(radar_scene("s0", 0))
    stage.put(radar_scene("s1", 12), vv=np.full(GRID.shape, 90, np.uint16))
    assert [(f.scene_id, f.band) for f in stage.prepare().failures] == [("s1", "vv")]


def opera(name: str, day: int = 0, *, has_mask: bool = True, **changes: Any) -> Scene:  # noqa: ANN401
    bands = ("vv", "vh", "mask") if has_mask else ("vv", "vh")
    return radar_scene(name, day, orbit=(137, None), bands=bands, **changes)


def test_layover_and_shadow_are_of_no_use_and_fill_is_unseen() -> None:
    stage = Stage(OPERA)
    mask = np.random.default_rng(1).choice([0, 1, 2, 3, 255], GRID.shape).astype(np.uint8)
    stage.put(opera("s0"), mask=mask)
    kinds = stage.prepare().cube.kinds
    assert kinds is not None
    for at in np.ndindex(GRID.shape):
        other = PixelKind.UNSEEN if mask[at] == 255 else PixelKind.OTHER
        assert kinds[0][at] == (PixelKind.CLEAR if mask[at] == 0 else other)


def test_a_code_that_the_mask_does_not_know_is_a_failure() -> None:
    stage = Stage(OPERA)
    stage.put(opera("s0", 0), mask=np.zeros(GRID.shape, np.uint8))
    stage.put(opera("s1", 12), mask=np.full(GRID.shape, 7, np.uint8))
    (failure,) = stage.prepare().failures
    assert (failure.scene_id, failure.band, failure.kind) == ("s1", "mask", "RadiometryError")


def test_without_a_mask_the_look_says_so() -> None:
    stage = Stage(OPERA)
    stage.put(opera("s0", has_mask=False))
    (look,) = stage.prepare().looks
    assert look.clear_share == 1
    assert "layover and shadow are not told" in look.radiometry


def test_a_mask_that_is_listed_and_did_not_come_leaves_the_scene_out() -> None:
    stage = Stage(OPERA)
    stage.put(opera("s0", 0), mask=np.zeros(GRID.shape, np.uint8))
    stage.put(opera("s1", 12))
    told = (AssetFailure("s1", "mask", "FetchError", "cut"),)
    stage.fetched[1] = replace(stage.fetched[1], failures=told)
    prepared = stage.prepare()
    assert prepared.cube.scene_ids == ("s0",)
    assert prepared.failures == told
    stage.fetched[1] = replace(stage.fetched[1], failures=())
    assert [(f.band, f.kind) for f in stage.prepare().failures] == [("mask", "MissingBandError")]


def test_two_orbits_are_refused_as_one_series_and_made_into_two() -> None:
    stage = Stage()
    for number in range(4):
        stage.put(radar_scene(f"d{number}", 12 * number, orbit=DESCENDING))
        stage.put(radar_scene(f"a{number}", 12 * number + 5, orbit=ASCENDING))
    with pytest.raises(InputError, match="several orbits"):
        stage.prepare()
    found = stage.orbits()
    assert list(found.by_orbit) == ["54 ascending", "127 descending"]
    for orbit, prepared in found.by_orbit.items():
        assert prepared.cube.orbit == orbit
        assert all(name[0] == orbit.split()[1][0] for name in prepared.cube.scene_ids)
        assert len(prepared.cube.scene_ids) == 4
    assert found.failures == ()


def test_one_track_in_two_directions_is_two_series() -> None:
    stage = Stage()
    stage.put(radar_scene("up", 0, orbit=(127, "ascending")))
    stage.put(radar_scene("down", 6, orbit=(127, "descending")))
    assert list(stage.orbits().by_orbit) == ["127 ascending", "127 descending"]


def test_a_scene_without_an_orbit_is_in_no_series_and_recorded() -> None:
    stage = Stage()
    stage.put(radar_scene("good", 0))
    stage.put(radar_scene("stray", 6, orbit=(None, None)))
    found = stage.orbits()
    assert [f.scene_id for f in found.failures] == ["stray"]
    assert found.by_orbit["127 descending"].cube.scene_ids == ("good",)
    with pytest.raises(AssetError, match="relative orbit"):
        stage.prepare()


def test_an_orbit_that_saw_nothing_does_not_take_the_others_with_it() -> None:
    stage = Stage()
    stage.put(radar_scene("good", 0))
    stage.put(radar_scene("blind", 6, orbit=ASCENDING), vv=np.zeros(GRID.shape, np.float32))
    found = stage.orbits()
    assert list(found.by_orbit) == ["127 descending"]
    assert {(f.scene_id, f.kind) for f in found.failures} == {("blind", "NothingSeenError")}


def test_nothing_in_any_orbit_is_an_error() -> None:
    stage = Stage()
    stage.put(radar_scene("stray", orbit=(None, None)))
    with pytest.raises(NothingSeenError):
        stage.orbits()


@given(
    orbits=st.lists(
        st.tuples(st.sampled_from([None, 54, 127]), st.sampled_from(["ascending", "descending"])),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=20, deadline=None)
def test_every_scene_is_in_one_cube_or_one_failure(orbits: list[tuple[int | None, str]]) -> None:
    stage = Stage()
    for number, orbit in enumerate(orbits):
        stage.put(radar_scene(f"s{number}", number, orbit=orbit))
    if all(number is None for number, _ in orbits):
        with pytest.raises(NothingSeenError):
            stage.orbits()
        return
    found = stage.orbits()
    held = [name for one in found.by_orbit.values() for name in one.cube.scene_ids]
    assert sorted([*held, *(f.scene_id for f in found.failures)]) == sorted(
        one.scene.id for one in stage.fetched
    )
    for words, prepared in found.by_orbit.items():
        for name in prepared.cube.scene_ids:
            track, state = orbits[int(name[1:])]
            assert words == f"{track} {state}"


@pytest.mark.parametrize("step_db", [1.8, -2.5, 12.0])
def test_a_step_of_the_whole_date_is_kept_and_marked(step_db: float) -> None:
    stage = Stage()
    for number in range(30):
        gain = np.float32(10 ** (step_db / 10) if number == 25 else 1)
        pattern = np.random.default_rng(4).gamma(3, 1 / 3, GRID.shape)
        made = {band: (speckled(stage.rng, GRID.shape) * pattern * gain).astype(np.float32)
                for band in ("vv", "vh")}  # fmt: skip
        stage.put(radar_scene(f"s{number:02d}", 12 * number), **made)
    prepared = stage.prepare()
    assert len(prepared.cube.scene_ids) == 30
    assert prepared.failures == ()
    assert [look.scene_id for look in prepared.looks if look.is_common_mode] == ["s25"]
    step = prepared.looks[25].step
    assert step is not None
    assert step.by_band == pytest.approx((step_db, step_db), abs=0.3)
    assert not any(look.is_suspect for look in prepared.looks)
    assert all(look.shift is None for look in prepared.looks)
