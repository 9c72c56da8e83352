"""The table of sensors, and the rule that an item may confirm the documentation or be silent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import AssetError, RadiometryError
from pipeline.model.scene import Asset
from pipeline.sensors import SENSORS, Band, Noise, Sensor, decide_radiometry, sensor_of
from pipeline.sensors.sensor import CLASSES
from tests.unit.scene_factory import make_scene

if TYPE_CHECKING:
    from pipeline.raster.radiometry import Radiometry

OPTICAL_AND_RADAR = ("sentinel-2", "landsat", "sentinel-1", "opera-rtc")
BY_DOCUMENT = [
    (sensor, band)
    for sensor in OPTICAL_AND_RADAR[1:]
    for band, about in SENSORS[sensor].bands.items()
    if about.unit != CLASSES
]


def decided(sensor: str, band: str, **stated: Any) -> Radiometry:  # noqa: ANN401 - any field
    """The radiometry of one band of a scene of the sensor's first collection."""
    scene = make_scene("one", collection=SENSORS[sensor].collections[0])
    return decide_radiometry(scene, replace(Asset("key", "/x.tif", band, 30.0), **stated))


@pytest.mark.parametrize("name", OPTICAL_AND_RADAR)
def test_what_every_sensor_says_of_itself(name: str) -> None:
    sensor = SENSORS[name]
    assert sensor.id == name
    assert sensor.label
    assert sensor.gsd_m == min(sensor.bands[band].gsd_m for band in sensor.required)
    assert sensor.mask is None or sensor.mask in (*sensor.required, *sensor.optional)
    assert not set(sensor.required) & set(sensor.optional)
    for band in sensor.bands.values():
        if band.unit == CLASSES:
            assert band.noise is None
        elif band.noise is not None:
            assert band.noise.sigma(0.1) > 0
            assert len(band.noise.basis) > 40


@pytest.mark.parametrize("name", OPTICAL_AND_RADAR)
def test_the_main_bands_have_a_noise_figure_and_the_unit_of_the_sensor(name: str) -> None:
    sensor = SENSORS[name]
    for band in sensor.required:
        if band != sensor.mask:
            assert sensor.bands[band].noise is not None
            assert sensor.bands[band].unit == sensor.unit


def test_a_collection_belongs_to_one_sensor() -> None:
    named = [one for sensor in SENSORS.values() for one in sensor.collections]
    assert len(named) == len(set(named))
    for sensor in SENSORS.values():
        assert all(sensor_of(one) is sensor for one in sensor.collections)
    assert sensor_of("") is None


def test_the_table_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        SENSORS["sentinel-2"] = SENSORS["landsat"]  # type: ignore[index]
    with pytest.raises(TypeError):
        SENSORS["landsat"].bands["red"] = Band("x", 1)  # type: ignore[index]


@pytest.mark.parametrize(
    "change",
    [
        {"required": ("nonesuch",)},
        {"optional": ("nonesuch",)},
        {"mask": "nonesuch"},
        {"bands": {"red": Band("a", 1, keys=("k",)), "nir": Band("b", 1, keys=("k",))}},
    ],
)
def test_a_sensor_that_contradicts_itself_is_refused(change: dict[str, object]) -> None:
    sound = Sensor("s", "S", ("c",), {"red": Band("a", 1)}, (), (), None, 1, "u", decide_radiometry)
    with pytest.raises(ValueError, match="contradict"):
        replace(sound, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(("sensor", "band"), BY_DOCUMENT)
def test_a_silent_item_is_read_by_the_documentation(sensor: str, band: str) -> None:
    about = SENSORS[sensor].bands[band]
    radiometry = SENSORS[sensor].decide(make_scene(), Asset("k", "/x.tif", band, 30.0))
    assert (radiometry.scale, radiometry.offset) == (about.scale, about.offset)
    assert (radiometry.unit, radiometry.nodata) == (about.unit, about.nodata)
    assert "documentation" in radiometry.decided_by


@given(pick=st.sampled_from(BY_DOCUMENT), factor=st.floats(0.1, 10), is_scale=st.booleans())
def test_an_item_that_contradicts_the_documentation_is_refused(
    pick: tuple[str, str],
    factor: float,
    is_scale: bool,  # noqa: FBT001 - drawn
) -> None:
    sensor, band = pick
    about = SENSORS[sensor].bands[band]
    name = "scale" if is_scale else "offset"
    right = about.scale if is_scale else about.offset
    wrong = right * factor if is_scale else right + factor
    same = abs(wrong - right) <= 1e-6 * max(abs(wrong), abs(right))
    if same:
        return
    with pytest.raises(RadiometryError, match=f"states a {name} of") as caught:
        decided(sensor, band, **{name: wrong})
    assert isinstance(caught.value, AssetError)
    assert "Remedy" in str(caught.value)


def test_the_words_say_who_decided() -> None:
    scene = make_scene("one", collection="landsat-c2-l2")
    stated = Asset("red", "/x.tif", "red", 30.0, 2.75e-5, -0.2, 0.0)
    words = decide_radiometry(scene, stated).decided_by
    assert words.count("as the item states it and the documentation confirms") == 2
    half = replace(stated, offset=None, nodata=65535.0)
    radiometry = decide_radiometry(scene, half)
    assert "offset from the documentation" in radiometry.decided_by
    assert radiometry.nodata == (0.0, 65535.0)


def test_sentinel_2_keeps_its_own_rule() -> None:
    scene = make_scene("one", processing_baseline="05.11")
    radiometry = decide_radiometry(scene, Asset("B04", "/x.tif", "red", 10.0))
    assert (radiometry.scale, radiometry.offset) == (1e-4, -0.1)
    with pytest.raises(RadiometryError, match="neither"):
        decide_radiometry(replace(scene, processing_baseline=None), scene.assets["red"])


@pytest.mark.parametrize("collection", ["", "cop-dem-glo-30", "sentinel-2-l1c"])
def test_numbers_of_an_unknown_collection_mean_nothing(collection: str) -> None:
    scene = make_scene("one", collection=collection)
    with pytest.raises(RadiometryError, match="no sensor is known"):
        decide_radiometry(scene, scene.assets["red"])


@pytest.mark.parametrize(
    ("sensor", "band"), [("landsat", "qa_pixel"), ("opera-rtc", "mask"), ("landsat", "nonesuch")]
)
def test_bits_and_unknown_bands_are_never_scaled(sensor: str, band: str) -> None:
    with pytest.raises(RadiometryError, match="no documentation says"):
        decided(sensor, band)


@given(
    value=st.floats(-10, 10),
    noise=st.builds(Noise, st.floats(0, 1), st.floats(0, 1), st.just("drawn")),
)
def test_noise_grows_with_the_value_and_never_shrinks_below_its_floor(
    value: float, noise: Noise
) -> None:
    assert noise.sigma(value) >= noise.absolute
    assert noise.sigma(value) == noise.sigma(-value)
