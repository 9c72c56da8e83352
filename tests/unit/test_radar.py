"""Radar: one orbit a series, power and not decibels, and the names and masks of OPERA."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.errors import AssetError, InputError, RadiometryError
from pipeline.model.scene import Asset
from pipeline.raster.radiometry import to_physical
from pipeline.sensors import SENSORS, opera, sentinel1
from pipeline.sensors.opera import MaskCode, granule_of, is_valid
from pipeline.sensors.sentinel1 import Orbit, by_orbit, has_echo, one_orbit, orbit_of, to_decibel
from tests.unit.scene_factory import make_scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.scene import Scene

NAME = "OPERA_L2_RTC-S1_T137-292319-IW2_20211119T015858Z_20250830T120333Z_S1A_30_v1.0"
ORBITS = st.tuples(st.sampled_from([32, 127, 134]), st.sampled_from(["ascending", "descending"]))


def look(number: int | None, state: str | None = "ascending", day: int = 0) -> Scene:
    return make_scene(f"s{number}-{state}-{day}", day, relative_orbit=number, orbit_state=state)


@given(st.lists(ORBITS, max_size=8))
def test_every_look_is_in_the_series_of_its_orbit_and_in_no_other(
    orbits: list[tuple[int, str]],
) -> None:
    scenes = [look(*orbit, day) for day, orbit in enumerate(orbits)]
    series = by_orbit(scenes)
    assert sum(map(len, series.values())) == len(scenes)
    for orbit, members in series.items():
        assert {orbit_of(scene) for scene in members} == {orbit}
        assert [one.id for one in members] == [one.id for one in scenes if one in members]
    if len(series) > 1:
        with pytest.raises(InputError, match="several orbits"):
            one_orbit(scenes)
    else:
        assert one_orbit(scenes) == next(iter(series), None)


def test_one_track_in_two_directions_is_two_orbits() -> None:
    with pytest.raises(InputError, match=r"127 ascending \(2 scenes\), 127 descending \(1 scenes"):
        one_orbit([look(127), look(127, day=12), look(127, "descending")])


@pytest.mark.parametrize("number", [None, 0, 176])
def test_a_look_without_an_orbit_belongs_to_no_series(number: int | None) -> None:
    for verb in (by_orbit, one_orbit):
        with pytest.raises(AssetError, match="relative orbit is") as caught:
            verb([look(127), look(number)])
        assert "sat:relative_orbit" in str(caught.value)


def test_a_track_without_a_direction_is_an_orbit() -> None:
    assert str(orbit_of(look(137, None))) == "137"
    assert orbit_of(look(137, None)) == Orbit(137)


@given(arrays(np.float32, 6, elements=st.floats(width=32)))
def test_decibels_against_plain_loops(power: NDArray[np.float32]) -> None:
    shown = to_decibel(power)
    assert shown.dtype == np.float32
    for before, after, is_echo in zip(power.tolist(), shown.tolist(), has_echo(power), strict=True):
        assert is_echo == (math.isfinite(before) and before > 0)
        if is_echo:
            assert after == pytest.approx(10 * math.log10(before), abs=1e-4)
        else:
            assert math.isnan(after)


def test_the_fill_of_the_planetary_computer_is_no_power() -> None:
    scene, asset = make_scene(), Asset("vv", "/x.tif", "vv", 10.0, nodata=-32768.0)
    stored = np.array([-32768.0, np.nan, 0.1], np.float32)
    values = to_physical(stored, sentinel1.decide_radiometry(scene, asset))
    assert np.isnan(values[:2]).all()
    assert values[2] == np.float32(0.1)


@pytest.mark.parametrize("module", [sentinel1, opera])
@pytest.mark.parametrize("stated", [{"scale": 1e-4}, {"offset": 10.0}])
def test_backscatter_that_is_said_to_be_scaled_is_refused(
    module: object, stated: dict[str, Any]
) -> None:
    decide = getattr(module, "decide_radiometry")  # noqa: B009 - of either module
    with pytest.raises(RadiometryError, match="the item states a"):
        decide(make_scene(), Asset("vv", "/x.tif", "vv", 10.0, **stated))


def test_speckle_is_what_the_looks_say() -> None:
    for name, looks in (("sentinel-1", 4.4), ("opera-rtc", 5.5)):
        noise = SENSORS[name].bands["vv"].noise
        assert noise is not None
        assert noise.relative == pytest.approx(looks**-0.5)
        assert noise.absolute == pytest.approx(0.0063, abs=1e-4)
    assert {SENSORS[name].gsd_m for name in ("sentinel-1", "opera-rtc")} == {10, 30}


@given(arrays(np.uint8, 5, elements=st.sampled_from([int(code) for code in MaskCode])))
def test_the_mask_against_plain_loops(mask: NDArray[np.uint8]) -> None:
    assert is_valid(mask).tolist() == [number == 0 for number in mask.tolist()]


def test_a_code_that_the_mask_does_not_know_is_refused() -> None:
    with pytest.raises(RadiometryError, match=r"not known: \[4, 9\]"):
        is_valid(np.array([0, 9, 4, 255], np.uint8))


@pytest.mark.parametrize("ending", ["", "_VV.tif", "_mask.tif"])
def test_what_a_name_of_opera_says(ending: str) -> None:
    granule = granule_of(NAME + ending)
    assert granule is not None
    assert (granule.relative_orbit, granule.burst) == (137, "T137-292319-IW2")
    assert granule.instant.isoformat() == "2021-11-19T01:58:58+00:00"
    assert granule.made.isoformat() == "2025-08-30T12:03:33+00:00"
    assert granule.platform == "sentinel-1a"


@pytest.mark.parametrize(
    "name", ["", "OPERA", NAME.replace("RTC", "CSLC"), NAME.replace("IW2", "EW2"), f"x{NAME}"]
)
def test_what_is_no_name_of_opera(name: str) -> None:
    assert granule_of(name) is None
