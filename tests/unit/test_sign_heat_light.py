"""Temperature contrasts and night lights: planted truth, plain oracles, and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from pipeline.model.coarse import LookLabel, Quantity
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.grid import Grid, Window
from pipeline.model.look import PixelKind
from pipeline.model.sign import Missing, SignSeries
from pipeline.model.site import SITE_PLACE
from pipeline.sensors.landsat import TEMPERATURE_NATIVE_M
from pipeline.signs import LightOptions, Scale, night_light_step, onset_of, temperature_contrast
from pipeline.signs.temperature import NEAR_CLOUD_M, native_pixel_m, near_cloud
from tests.unit.signs_factory import OUTLINES, TOWNS, light_look, months_of_light

N, ZONES, SIDE = 90, 6, 12
START = datetime(2014, 1, 3, 2, tzinfo=UTC)
KINDS = {f"z{k}": "production" for k in range(ZONES)}
MASKS = tuple(
    ZoneMask(f"z{k}", Window(0, k * SIDE, SIDE, SIDE), np.ones((SIDE, SIDE), np.float32))
    for k in range(ZONES)
)
BASELINE = np.arange(N) < 60


def thermal(seed: int = 1, warm: float = 0.0, since: int = 60, **parts: object) -> DateCube:
    """Zones of one kind through the seasons; ``z2`` is warmer from a date on."""
    draw = np.random.default_rng(seed)
    shape = (N, SIDE, SIDE * ZONES)
    days = np.arange(N) * 16.0
    level = 290 - 15 * np.cos(2 * np.pi * days / 365.2425) + draw.normal(0, 4, N)
    kelvin = level[:, None, None] + np.repeat(draw.normal(0, 2, ZONES), SIDE) + np.zeros(shape)
    kelvin += 0.4 * draw.standard_normal(shape)
    kelvin[since:, :, 2 * SIDE : 3 * SIDE] += warm
    values = np.stack([kelvin, np.full(shape, 2.0)], axis=1).astype(np.float32)
    kinds = np.full(shape, PixelKind.CLEAR, np.uint8)
    made = DateCube(
        values=values,
        clear=np.ones(shape, dtype=bool),
        snow=np.zeros(shape, dtype=bool),
        instants=tuple(START + timedelta(days=float(day)) for day in days),
        scene_ids=tuple(f"LC08_L2SP_116034_{k:03d}" for k in range(N)),
        bands=("lwir11", "st_qa"),
        grid=Grid("EPSG:32652", 300_000.0, 4_200_000.0, 30.0, SIDE, SIDE * ZONES),
        is_simulated=True,
        kinds=kinds,
        sensor="landsat",
        unit="kelvin",
    )
    return replace(made, **parts)  # type: ignore[arg-type]  # fields of the cube


def contrasts(cube: DateCube) -> dict[str, SignSeries]:
    return {one.place: one for one in temperature_contrast(cube, MASKS, BASELINE, KINDS)}


def test_a_warmed_roof_stands_out_by_what_was_planted() -> None:
    found = contrasts(thermal(warm=3.0))
    warm = found["z2"]
    assert np.nanmean(warm.departures[60:]) == pytest.approx(3.0, abs=0.2)
    onset = onset_of(warm, 1)
    assert onset is not None
    assert onset.first_with == warm.instants[60]
    assert onset.last_without == warm.instants[59]
    assert all(onset_of(one, 1) is None for place, one in found.items() if place != "z2")


def test_nothing_warms_on_unchanged_roofs() -> None:
    for seed in (3, 4, 5):
        for one in contrasts(thermal(seed)).values():
            assert onset_of(one, 1) is None
            assert onset_of(one, -1) is None


def test_a_hot_day_is_no_sign() -> None:
    cube = thermal()
    values = cube.values.copy()
    values[70, 0] += 12
    for one, other in zip(
        contrasts(cube).values(), contrasts(replace(cube, values=values)).values(), strict=True
    ):
        np.testing.assert_allclose(one.departures, other.departures, atol=1e-3)


def test_the_native_pixel_is_what_counts() -> None:
    one = contrasts(thermal())["z0"]
    assert one.effective_pixels == pytest.approx(SIDE * SIDE * 0.09)
    assert one.resolution == pytest.approx(0.4 / np.sqrt(SIDE * SIDE * 0.09))
    older = replace(thermal(), scene_ids=("LT05_L2SP_116034_000",) * N)
    assert contrasts(older)["z0"].effective_pixels == pytest.approx(SIDE * SIDE * (30 / 120) ** 2)
    assert native_pixel_m(["LE07_L2SP"]) == 60
    assert native_pixel_m(["made up"]) == native_pixel_m([]) == max(TEMPERATURE_NATIVE_M.values())


def test_roofs_below_one_native_pixel_are_not_observable() -> None:
    roofs = np.zeros((SIDE, SIDE * ZONES), dtype=bool)
    roofs[:3, :] = True
    roofs[:, :SIDE] = False
    roofs[:3, :3] = True
    found = temperature_contrast(thermal(), MASKS, BASELINE, KINDS, roofs=roofs)
    assert "smaller than one pixel" in found[0].not_observable
    assert all(not one.not_observable for one in found[1:])


def test_only_zones_of_one_kind_are_compared() -> None:
    kinds = {"z0": "gate", "z1": "gate"} | {f"z{k}": "production" for k in range(2, 6)}
    found = {one.place: one for one in temperature_contrast(thermal(), MASKS, BASELINE, kinds)}
    assert "enough to compare" in found["z0"].not_observable
    assert found["z3"].not_observable == ""
    some = temperature_contrast(thermal(), MASKS, BASELINE, {"z5": "x"})
    assert [one.place for one in some] == ["z5"]


def test_uncertain_numbers_are_left_out_and_say_so() -> None:
    cube = thermal()
    values = cube.values.copy()
    values[61, 1], values[62, 1], values[63, 1] = 5.1, 0.0, 5.0
    one = contrasts(replace(cube, values=values))["z1"]
    assert one.missing[61:64] == (Missing.UNCERTAIN, Missing.UNCERTAIN, None)
    assert one.companions["error_k"][63] == pytest.approx(5)
    alone = replace(cube, values=values[:, :1].copy(), bands=("lwir11",))
    assert contrasts(alone)["z1"].usable.all()


def test_numbers_near_a_cloud_are_left_out_by_distance() -> None:
    cube = thermal()
    assert cube.kinds is not None
    kinds, clear = cube.kinds.copy(), cube.clear.copy()
    kinds[65, 0, 0], clear[65, 0, 0] = PixelKind.CLOUD, False
    near = near_cloud(replace(cube, kinds=kinds, clear=clear))
    reach = NEAR_CLOUD_M / 30
    for x in (1, 20, 33, 34, 50):
        assert near[65, 0, x] == (x < reach)
    assert not near[64].any()
    found = contrasts(replace(cube, kinds=kinds, clear=clear))
    assert found["z0"].missing[65] is Missing.NEAR_CLOUD
    # The far zone was measured, and two of its own kind are too few to hold it against.
    assert found["z5"].missing[65] is Missing.CONTROLS_UNSEEN
    assert np.isfinite(found["z5"].values[65])
    assert not near_cloud(replace(cube, kinds=None)).any()


OPTIONS = LightOptions(datetime(2016, 12, 31, 23, tzinfo=UTC))


def lights(looks: list, **parts: object) -> dict[str, SignSeries]:  # type: ignore[type-arg]
    found = night_light_step(looks, OUTLINES, [*TOWNS], replace(OPTIONS, **parts))  # type: ignore[arg-type]
    return {one.place: one for one in found}


def test_a_step_of_light_is_found_and_dated() -> None:
    found = lights(months_of_light(step=0.2))
    site = found[SITE_PLACE]
    assert np.nanmean(site.departures[36:]) == pytest.approx(np.log(0.2), abs=0.1)
    onset = onset_of(site, -1)
    assert onset is not None
    assert onset.first_with == site.instants[36]
    assert "logarithm" in site.unit
    assert site.source == "dnb-monthly npp vcmcfg v10"
    assert site.is_simulated
    assert onset_of(found["town-a"], 1) is None


def test_lights_that_do_not_change_have_no_step() -> None:
    for seed in (4, 5, 6):
        for one in lights(months_of_light(seed=seed)).values():
            assert onset_of(one, 1) is None
            assert onset_of(one, -1) is None


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(0.5, 4))
def test_a_factor_on_all_lights_cancels_in_logarithms(gain: float) -> None:
    one, other = (
        lights(months_of_light(12, at=9, gain=each), baseline_end=datetime(2014, 10, 1, tzinfo=UTC))
        for each in (1.0, gain)
    )
    np.testing.assert_allclose(one[SITE_PLACE].departures, other[SITE_PLACE].departures, atol=1e-4)


def test_darkness_is_held_at_the_floor_of_the_sensor() -> None:
    looks = months_of_light()
    looks += [light_look(place, 48, 0.0) for place in OUTLINES]
    site = lights(looks)[SITE_PLACE]
    floor = 0.06 / np.sqrt(site.effective_pixels)
    assert site.values[48] == pytest.approx(np.log(floor), abs=1e-3)
    assert site.companions["at_floor"][47:].tolist() == [0, 1]
    assert site.companions["radiance"][48] == 0
    linear = lights(looks, scale=Scale.LINEAR)[SITE_PLACE]
    assert linear.values[48] == 0
    assert linear.unit == "mean nW/cm2/sr"


def test_a_zone_smaller_than_a_few_native_pixels_is_not_observable() -> None:
    outlines = OUTLINES | {"gate": box(126.610, 37.92, 126.615, 37.924)}
    found = {
        one.place: one for one in night_light_step(months_of_light(), outlines, [*TOWNS], OPTIONS)
    }
    assert "native pixels" in found["gate"].not_observable
    assert found[SITE_PLACE].not_observable == ""
    assert found[SITE_PLACE].effective_pixels > 10


def test_without_a_comparator_there_is_no_sign() -> None:
    (one,) = night_light_step(months_of_light(), {SITE_PLACE: OUTLINES[SITE_PLACE]}, [], OPTIONS)
    assert "compare" in one.not_observable
    assert np.isfinite(one.values).all()


def test_a_place_without_looks_says_so() -> None:
    found = night_light_step(
        [one for one in months_of_light() if one.place == "town-a"], OUTLINES, ["town-a"], OPTIONS
    )
    site = next(one for one in found if one.place == SITE_PLACE)
    assert site.not_observable == "no look shows it"


def test_snowy_nights_are_a_series_of_their_own() -> None:
    looks = [
        light_look(place, month, 3.0 + 5 * (month % 4 == 0), snow=int(month % 4 == 0))
        for month in range(48)
        for place in OUTLINES
    ]
    free, snowy = (lights(looks, is_snowy=each)[SITE_PLACE] for each in (False, True))
    assert free.missing[0] is Missing.SNOW
    assert snowy.missing[1] is Missing.NO_SNOW
    assert not (free.usable & snowy.usable).any()
    assert (free.usable | snowy.usable).all()
    assert np.ptp(free.values[free.usable]) < 1e-6


def test_composites_of_snow_are_told_by_their_label() -> None:
    label = LookLabel("black-marble", "VNP46A3", "AllAngle_Composite_Snow_Covered", "001")
    looks = [light_look(place, m, 3.0, label=label) for m in range(48) for place in OUTLINES]
    assert set(lights(looks)[SITE_PLACE].missing) == {Missing.SNOW}
    assert lights(looks, is_snowy=True)[SITE_PLACE].usable.all()


def test_products_are_never_mixed_and_heat_is_passed_over() -> None:
    other = LookLabel("black-marble", "VNP46A3", "AllAngle_Composite_Snow_Free", "001")
    looks = months_of_light()
    more = [light_look(place, m, 9.0, label=other) for m in range(48) for place in OUTLINES]
    heat = [
        replace(one, look=replace(one.look, quantity=Quantity.LST, label=LookLabel("eco", "L2T")))
        for one in months_of_light(3)
    ]
    found = night_light_step([*looks, *more, *heat], OUTLINES, [*TOWNS], OPTIONS)
    assert len(found) == 2 * len(OUTLINES)
    assert len({one.source for one in found}) == 2
    alone = lights(looks)[SITE_PLACE]
    np.testing.assert_array_equal(found[0].departures, alone.departures)


def test_unseen_and_saturated_looks_give_no_number() -> None:
    looks = months_of_light(40)
    at = next(
        k
        for k, one in enumerate(looks)
        if one.place == SITE_PLACE and one.look.period.start.month == 3
    )
    dark = light_look(SITE_PLACE, 2, 5.0, seen=False)
    bright = replace(
        dark, look=replace(months_of_light(3)[6].look, saturated=np.ones((36, 72), bool))
    )
    for one, reason in ((dark, Missing.UNSEEN), (bright, Missing.SATURATED)):
        site = lights([*looks[:at], one, *looks[at + 1 :]])[SITE_PLACE]
        assert site.missing[2] is reason
        assert np.isnan(site.departures[2])


def test_years_have_no_season() -> None:
    looks = []
    for place, level in (("the site", 5.0), ("town-a", 2.0), ("town-b", 3.0)):
        for year in range(8):
            one = light_look(place, 12 * year, level + 0.1 * (year % 3))
            period = replace(one.look.period, end=one.look.period.start + timedelta(days=364))
            looks.append(replace(one, look=replace(one.look, period=period)))
    site = lights(looks, baseline_end=datetime(2020, 1, 1, tzinfo=UTC))[SITE_PLACE]
    assert site.baseline is not None
    assert np.ptp(site.baseline.expected) < 1e-6
