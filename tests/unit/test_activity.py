"""Which signs a run shows: by sensor, kind of zone and what is held; why not the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from pipeline import activity as chooser
from pipeline.activity import ASKED, EDGE_DAYS, OF_SENSOR, show_signs, whole_years
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.grid import Grid, Window
from pipeline.model.sign import Sign
from pipeline.model.site import SITE_PLACE, GeometryStatus, Site, Zone, ZoneKind
from pipeline.prepare import Prepared
from pipeline.sensors import SENSORS
from pipeline.signs import depot_emptied
from tests.unit.signs_factory import SITE_BOX, TOWNS, Town, months_of_light
from tests.unit.test_sign_ground import KINDS, site_of, snowed

if TYPE_CHECKING:
    from pipeline.model.activity import Activity

S2, LANDSAT, RADAR = SENSORS["sentinel-2"], SENSORS["landsat"], SENSORS["sentinel-1"]


def prepared(cube: DateCube, masks: tuple[ZoneMask, ...], **layers: DateCube) -> Prepared:
    return Prepared(cube, masks, {}, (), (), layers)


@cache
def town_signs() -> Activity:
    town = snowed()
    return show_signs(site_of(town), prepared(town.cube(), town.masks), (), sensor=S2)


def places(found: Activity, sign: Sign) -> list[str]:
    return [one.series.place for one in found.of_sign(sign)]


def test_each_sign_is_asked_of_the_zones_it_is_about() -> None:
    found = town_signs()
    kinds = {f"z{k}": kind for k, kind in enumerate(KINDS)}
    for sign in OF_SENSOR["sentinel-2"]:
        assert places(found, sign) == [z for z, kind in kinds.items() if kind in ASKED[sign]]
    assert places(found, Sign.DEPOT_EMPTIED) == ["z1"]
    assert places(found, Sign.PLOT_CLEARING) == ["z2", "z5", "z6", "z7"]
    assert all(one.series.is_simulated for one in found.readings)
    assert {one.series.source for one in found.readings} == {"sentinel-2"}


def test_every_zone_serves_as_a_peer_asked_or_not() -> None:
    town = snowed()
    direct = depot_emptied(town.cube(), town.masks, town.in_baseline)
    (depot,) = town_signs().of_sign(Sign.DEPOT_EMPTIED)
    np.testing.assert_array_equal(depot.series.departures, direct[1].departures)


def test_every_sign_is_shown_or_said_why_not_whatever_the_sensor() -> None:
    town = snowed()
    made = prepared(town.cube(), town.masks)
    for sensor in SENSORS.values():
        found = show_signs(site_of(town), made, (), sensor=sensor)
        shown, unasked = set(found.signs), {one.sign for one in found.unasked}
        assert shown | unasked == set(Sign)
        assert not shown & unasked
        assert all(len(one.reason) > 10 for one in found.unasked)


def test_a_radar_shows_none_and_says_so() -> None:
    town = snowed()
    found = show_signs(site_of(town), prepared(town.cube(), town.masks), (), sensor=RADAR)
    assert not found.readings
    assert {one.sign for one in found.unasked} == set(Sign)


def test_cells_are_peers_and_never_asked() -> None:
    town = snowed()
    site = site_of(town)
    zones = tuple(
        replace(zone, kind=ZoneKind.CELL) if zone.id in {"z0", "z3"} else zone
        for zone in site.zones
    )
    found = show_signs(replace(site, zones=zones), prepared(town.cube(), town.masks), (), sensor=S2)
    assert not [one for one in found.readings if one.series.place in {"z0", "z3"}]
    (depot,) = found.of_sign(Sign.DEPOT_EMPTIED)
    (before,) = town_signs().of_sign(Sign.DEPOT_EMPTIED)
    np.testing.assert_array_equal(depot.series.controls, before.series.controls)


def test_a_zone_without_an_outline_has_no_sign_and_says_why() -> None:
    town = snowed()
    site = site_of(town)
    lost = Zone("lost", "Lost", ZoneKind.DEPOT, GeometryStatus.UNKNOWN, None)
    far = Zone(
        "far", "Far", ZoneKind.CONTROL, GeometryStatus.DIGITISED, None,
        outline_outside=box(0, 0, 1, 1),
    )  # fmt: skip
    off = Zone("off", "Off", ZoneKind.PLOT, GeometryStatus.DIGITISED, box(5, 5, 6, 6))
    cell = Zone("cell", "Cell", ZoneKind.CELL, GeometryStatus.COMPUTED, box(5, 5, 6, 6))
    more = replace(site, zones=(*site.zones, lost, far, off, cell))
    found = show_signs(more, prepared(town.cube(), town.masks), (), sensor=S2)
    assert [zone for zone, _ in found.silent_zones] == ["lost", "far", "off"]
    assert found.why_silent("lost") == "position not established"
    assert "outside the site" in found.why_silent("far")
    assert "outside the pixels" in found.why_silent("off")
    assert found.why_silent("z1") == ""
    assert not found.of("lost")


@settings(max_examples=5, deadline=None)
@given(order=st.permutations(range(8)))
def test_the_order_of_the_zones_changes_no_number(order: list[int]) -> None:
    town = snowed()
    shuffled = tuple(town.masks[k] for k in order)
    found = show_signs(site_of(town), prepared(town.cube(), shuffled), (), sensor=S2)
    expected = {(one.series.sign, one.series.place): one for one in town_signs().readings}
    assert len(found.readings) == len(expected)
    for one in found.readings:
        other = expected[one.series.sign, one.series.place]
        np.testing.assert_allclose(one.series.scores, other.series.scores, atol=1e-6)
        np.testing.assert_array_equal(one.single, other.single)
        assert one.lasting == pytest.approx(other.lasting) or len(one.lasting) == len(other.lasting)


N_HEAT, SIDE = 120, 8


def landsat_series(step_k: float, kinds: tuple[ZoneKind, ...]) -> tuple[Site, Prepared]:
    """Zones in a row at 30 m, one look every 16 days; the first warms up for good."""
    draw, n = np.random.default_rng(2), len(kinds)
    instants = tuple(
        datetime(2014, 1, 3, 2, tzinfo=UTC) + timedelta(days=16 * k) for k in range(N_HEAT)
    )
    season = 288 - 14 * np.cos(2 * np.pi * np.arange(N_HEAT) * 16 / 365.2425)
    season = season + draw.normal(0, 3, N_HEAT)
    kelvin = season[:, None, None, None] + draw.normal(0, 0.4, (N_HEAT, 1, SIDE, SIDE * n))
    kelvin[90:, :, :, :SIDE] += step_k
    ground = np.full((N_HEAT, 6, SIDE, SIDE * n), 0.15)
    ground = ground + draw.normal(0, 0.01, ground.shape)
    clear = np.ones((N_HEAT, SIDE, SIDE * n), dtype=np.bool_)
    grid = Grid("EPSG:32652", 300_000.0, 4_200_000.0, 30.0, SIDE, SIDE * n)
    cube = DateCube(
        ground.astype(np.float32), clear, np.zeros_like(clear), instants,
        tuple(f"LC08_{k:04d}" for k in range(N_HEAT)),
        ("blue", "green", "red", "nir08", "swir16", "swir22"), grid, sensor="landsat",
    )  # fmt: skip
    heat = replace(cube, values=kelvin.astype(np.float32), bands=("lwir11",), unit="kelvin")
    share = np.ones((SIDE, SIDE), dtype=np.float32)
    masks = tuple(
        ZoneMask(f"z{k}", Window(0, k * SIDE, SIDE, SIDE), share, kind is ZoneKind.CONTROL)
        for k, kind in enumerate(kinds)
    )
    zones = tuple(
        Zone(f"z{k}", f"z{k}", kind, GeometryStatus.INVENTED, box(0, 0, 1, 1))
        for k, kind in enumerate(kinds)
    )
    end = datetime(2016, 12, 31, tzinfo=UTC).date()
    site = Site("s", "S", "UTC", "EPSG:32652", box(0, 0, 1, 1), end, zones)
    return site, prepared(cube, masks, thermal=heat)


WORKED = (
    ZoneKind.PRODUCTION, ZoneKind.SUPPORT, ZoneKind.DEPOT, ZoneKind.GATE, ZoneKind.PRODUCTION,
    ZoneKind.CONTROL, ZoneKind.PLOT,
)  # fmt: skip


def test_roofs_that_warm_for_good_are_told_in_kelvin_with_their_native_pixel() -> None:
    site, made = landsat_series(5.0, WORKED)
    found = show_signs(site, made, (), sensor=LANDSAT)
    heat = found.of_sign(Sign.TEMPERATURE_CONTRAST)
    assert [one.series.place for one in heat] == ["z0", "z1", "z2", "z3", "z4", "z5"]
    (warm,) = heat[0].lasting
    first = made.cube.instants[90]
    assert warm.direction == 1
    assert warm.onset.first_with == first
    assert warm.onset.last_without == made.cube.instants[89]
    assert warm.end is None
    assert warm.size == pytest.approx(5.0, abs=0.3)
    assert not [one for one in heat[1:] if one.lasting]
    assert "100 m" in heat[0].series.note
    assert "30 m" in heat[0].series.note
    assert heat[0].series.unit.startswith("kelvin")


def test_without_a_thermal_band_it_says_so() -> None:
    site, made = landsat_series(0.0, WORKED)
    found = show_signs(site, replace(made, layers={}), (), sensor=LANDSAT)
    reasons = {one.sign: one.reason for one in found.unasked}
    assert reasons[Sign.TEMPERATURE_CONTRAST] == chooser.NO_HEAT


def test_growth_over_years_is_asked_of_landsat_and_needs_a_control() -> None:
    site, made = landsat_series(0.0, WORKED)
    found = show_signs(site, made, (), sensor=LANDSAT)
    growth = found.of_sign(Sign.BUILT_UP_GROWTH)
    assert [one.series.place for one in growth] == [f"z{k}" for k in range(7)]
    # 120 looks of 16 days reach into April of 2019, and that year is not whole.
    assert [one.year for one in growth[0].series.instants] == [2014, 2015, 2016, 2017, 2018]
    assert growth[0].monitored.tolist() == [False, False, False, True, True]
    none = tuple(replace(mask, is_control=False) for mask in made.masks)
    found = show_signs(site, replace(made, masks=none), (), sensor=LANDSAT)
    reasons = {one.sign: one.reason for one in found.unasked}
    assert reasons[Sign.BUILT_UP_GROWTH] == chooser.NO_CONTROL


def test_a_series_without_a_whole_year_has_no_growth() -> None:
    site, made = landsat_series(0.0, WORKED)
    cube = made.cube
    early = replace(
        cube,
        values=cube.values[5:10],
        clear=cube.clear[5:10],
        snow=cube.snow[5:10],
        instants=cube.instants[5:10],
        scene_ids=cube.scene_ids[5:10],
    )
    found = show_signs(site, replace(made, cube=early), (), sensor=LANDSAT)
    reasons = {one.sign: one.reason for one in found.unasked}
    assert reasons[Sign.BUILT_UP_GROWTH] == chooser.NO_YEAR


@given(
    days=st.lists(st.integers(0, 2000), min_size=1, max_size=80, unique=True),
)
def test_a_whole_year_is_seen_near_both_its_ends(days: list[int]) -> None:
    instants = [datetime(2015, 6, 1, tzinfo=UTC) + timedelta(days=day) for day in sorted(days)]
    for year in range(2014, 2023):
        looks = [one for one in instants if one.year == year]
        early = any(
            one - datetime(year, 1, 1, tzinfo=UTC) <= timedelta(days=EDGE_DAYS) for one in looks
        )
        late = any(
            datetime(year + 1, 1, 1, tzinfo=UTC) - one <= timedelta(days=EDGE_DAYS) for one in looks
        )
        assert (year in whole_years(instants)) == (early and late)


def lit_site(town: Town) -> Site:
    """The town as a site with two comparators outside."""
    site = site_of(town)
    others = tuple(
        Zone(name, name, ZoneKind.CONTROL, GeometryStatus.DIGITISED, None, outline_outside=outline)
        for name, outline in TOWNS.items()
    )
    end = datetime(2016, 12, 31, tzinfo=UTC).date()
    return replace(site, zones=(*site.zones, *others), boundary=SITE_BOX, baseline_end=end)


def test_night_light_is_shown_for_the_whole_site_where_looks_are_held() -> None:
    town = Town()
    made = prepared(town.cube(), town.masks)
    looks = months_of_light(step=0.5, at=40)
    found = show_signs(lit_site(town), made, looks, sensor=RADAR)
    assert found.signs == (Sign.NIGHT_LIGHT_STEP,)
    assert places(found, Sign.NIGHT_LIGHT_STEP) == [SITE_PLACE, *TOWNS]
    (site,) = found.of(SITE_PLACE)
    assert site.lasting
    assert site.lasting[0].direction == -1
    assert site.lasting[0].size == pytest.approx(np.log(0.5), abs=0.15)
    assert not [one for name in TOWNS for one in found.of(name) if one.lasting]
    assert found.is_simulated


def test_the_order_of_the_lights_changes_nothing() -> None:
    town = Town()
    made, looks = prepared(town.cube(), town.masks), months_of_light(step=0.5, at=40)
    one = show_signs(lit_site(town), made, looks, sensor=RADAR)
    other = show_signs(lit_site(town), made, looks[::-1], sensor=RADAR)
    for a, b in zip(one.readings, other.readings, strict=True):
        np.testing.assert_array_equal(a.series.values, b.series.values)
        assert a.lasting == b.lasting


def test_without_lights_the_reason_names_what_brings_them() -> None:
    reasons = {one.sign: one.reason for one in town_signs().unasked}
    assert reasons[Sign.NIGHT_LIGHT_STEP] == chooser.NO_LIGHT
    assert "black-marble" in chooser.NO_LIGHT
