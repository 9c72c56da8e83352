"""The signs on the simulated archives: they show what was planted, in three worlds of weather.

Night light and heat under both truths of the positive controls, heat of one zone, built-up
growth; what no sensor of the kind can tell of a site this small is answered so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.model.site import SITE_PLACE, ZoneKind
from pipeline.signs import (
    LightOptions,
    annual_composites,
    built_up_growth,
    night_light_step,
    temperature_contrast,
)
from tests.unit.archive_factory import (
    SEEDS,
    LandsatCubes,
    landsat_cubes,
    light_looks,
    masks,
    outlines,
    site,
    truth,
    utc,
)

if TYPE_CHECKING:
    from pipeline.model.sign import SignSeries

pytestmark = pytest.mark.xdist_group("sign-archives")
BEFORE_SHUTDOWN = date(2013, 4, 9)
ROOFS = {"whole-complex": "roof", "kaesong-city": "roof", "daeseong-dong": "roof"}


def in_span(one: SignSeries, first: date, last: date) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The usable looks of a span."""
    days = [instant.date() for instant in one.instants]
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.array(
        [first <= day <= last for day in days]
    )
    return np.logical_and(inside, one.usable)


def departures(one: SignSeries, first: date, last: date) -> list[float]:
    return [float(value) for value in one.departures[in_span(one, first, last)]]


@cache
def light(seed: int, *outcomes: str, variant: str = "rehearsal") -> SignSeries:
    looks = light_looks(seed, truth(variant, *outcomes), "dnb-monthly", (2012, 2016))
    places = outlines()
    options = LightOptions(utc(date(2013, 4, 1)))
    found = night_light_step(looks, places, tuple(places)[1:], options)
    return {one.place: one for one in found}[SITE_PLACE]


LOW = date(2013, 5, 1), date(2013, 8, 31)
CLOSED = date(2016, 3, 1), date(2016, 12, 31)


@pytest.mark.parametrize("seed", SEEDS)
def test_light_falls_returns_and_falls_again(seed: int) -> None:
    one = light(seed)
    assert one.is_simulated
    low, closed = departures(one, *LOW), departures(one, *CLOSED)
    back = departures(one, date(2013, 10, 1), date(2013, 12, 31))
    assert len(low) >= 2
    assert len(closed) >= 6
    assert max(low) < -1.5
    assert max(closed) < -2
    assert min(back) > -0.6
    between = departures(one, date(2014, 1, 1), date(2016, 1, 31))
    assert np.abs(between).max() < 0.5
    assert (one.scores[in_span(one, *LOW)] < -4).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_light_that_did_not_fall_does_not_show(seed: int) -> None:
    one = light(seed, "K003-02=absent", "K001-09=absent", "K004-09=happened")
    assert np.abs(departures(one, *LOW)).max() < 0.5
    assert np.abs(departures(one, *CLOSED)).max() < 0.5


def test_light_of_the_wrong_month_shows_in_that_month() -> None:
    one = light(SEEDS[0], "K003-02=wrong-month")
    assert np.abs(departures(one, date(2013, 5, 1), date(2013, 6, 30))).max() < 0.5
    assert min(departures(one, date(2013, 7, 15), date(2013, 8, 31))) < -1.2


def test_light_under_cloud_is_not_seen() -> None:
    assert not departures(light(SEEDS[0], "K003-02=clouded"), date(2013, 4, 1), LOW[1])


def test_a_common_step_cancels_against_the_comparators() -> None:
    one = light(SEEDS[0], variant="stepped")
    assert np.abs(departures(one, *CLOSED)).max() < 0.3


def test_a_fall_elsewhere_is_not_the_site_s() -> None:
    one = light(SEEDS[0], "K003-02=elsewhere")
    assert np.abs(departures(one, *LOW)).max() < 0.5


def test_years_of_a_site_smaller_than_the_sensor_s_eye_are_not_observable() -> None:
    looks = light_looks(SEEDS[0], truth(), "dmsp-ols", (2003, 2013))
    places = outlines()
    options = LightOptions(utc(date(2010, 1, 1)))
    found = [
        one
        for one in night_light_step(looks, places, tuple(places)[1:], options)
        if one.place == SITE_PLACE
    ]
    assert len(found) == 3
    assert all("smaller than 3 native pixels" in one.not_observable for one in found)


@cache
def cubes(seed: int, *outcomes: str) -> LandsatCubes:
    return landsat_cubes(seed, truth("rehearsal", *outcomes), 2010, 2017)


def baseline(
    made: LandsatCubes, *spans: tuple[date, date]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array(
        [
            any(first <= instant.date() <= last for first, last in spans)
            for instant in made.thermal.instants
        ]
    )


def complex_heat(made: LandsatCubes) -> SignSeries:
    """Roofs of the whole complex beside those of the comparators, against the working years."""
    working = ((date(2010, 1, 1), date(2013, 4, 8)), (date(2014, 1, 1), date(2016, 2, 10)))
    found = temperature_contrast(made.thermal, masks(), baseline(made, *working), ROOFS)
    return {one.place: one for one in found}["whole-complex"]


@pytest.mark.parametrize("seed", SEEDS)
def test_roofs_cool_when_work_stops(seed: int) -> None:
    one = complex_heat(cubes(seed))
    stopped = departures(one, date(2013, 4, 16), date(2013, 9, 12))
    closed = departures(one, date(2016, 2, 12), date(2017, 3, 31))
    again = departures(one, date(2013, 10, 1), date(2013, 12, 31))
    assert len(stopped) >= 3
    assert len(closed) >= 5
    assert np.mean(stopped) < -0.5
    assert np.mean(closed) < -0.7
    assert np.mean(again) > np.mean(closed) + 0.5


def production() -> dict[str, str]:
    return {
        zone.id: "production"
        for zone in site().zones
        if zone.kind is ZoneKind.PRODUCTION and zone.id != "whole-complex"
    }


def sewing(made: LandsatCubes, zone: str = "textile") -> list[float]:
    """The heat of a zone in the summer of 2017, against the year in which all were cold."""
    cold = (date(2016, 2, 12), date(2017, 3, 31))
    found = temperature_contrast(made.thermal, masks(), baseline(made, cold), production())
    one = {series.place: series for series in found}[zone]
    return departures(one, date(2017, 4, 1), date(2017, 10, 6))


@pytest.mark.parametrize("seed", SEEDS)
def test_one_zone_is_warm_in_2017_and_its_neighbours_are_not(seed: int) -> None:
    warm = sewing(cubes(seed))
    assert len(warm) >= 3
    assert 1 < np.mean(warm) < 4
    assert abs(np.mean(sewing(cubes(seed), "electronics"))) < 0.8


def test_without_sewing_no_zone_is_warm() -> None:
    cold = sewing(cubes(SEEDS[0], "K001-01=absent"))
    assert len(cold) >= 3
    assert abs(np.mean(cold)) < 0.8


def test_sewing_elsewhere_warms_the_other_zone() -> None:
    made = cubes(SEEDS[0], "K001-01=elsewhere")
    assert np.mean(sewing(made, "electronics")) > 1
    assert abs(np.mean(sewing(made))) < 0.8


def growth(seed: int) -> SignSeries:
    """The built-up share of the complex from the growing seasons of 2000 to 2010."""
    made = landsat_cubes(seed, truth(), 2000, 2010).light
    kept = [k for k, instant in enumerate(made.instants) if 5 <= instant.month <= 10]
    assert made.kinds is not None
    summers = replace(
        made,
        values=made.values[kept],
        clear=made.clear[kept],
        snow=made.snow[kept],
        kinds=made.kinds[kept],
        instants=tuple(made.instants[k] for k in kept),
        scene_ids=tuple(made.scene_ids[k] for k in kept),
    )
    composites = annual_composites(summers, min_looks=1)
    years = [instant.year for instant in composites.instants]
    found = built_up_growth(
        composites, masks(), np.array([year < 2004 for year in years]), years.index(2010)
    )
    return {one.place: one for one in found}["whole-complex"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_park_departs_from_its_fields_when_the_ground_is_bared(seed: int) -> None:
    """Bare soil reads as built: the sign tells that the park came, not how it grew from then on."""
    one = growth(seed)
    years = np.array([instant.year for instant in one.instants])
    before = one.values[(years < 2004) & np.isfinite(one.values)]
    bared = one.values[(years >= 2004) & (years <= 2006)]
    built = one.values[years >= 2009]
    assert bared.min() > 0.9
    assert built.min() > 0.8
    assert before.mean() < bared.mean() - 0.15


def test_the_looks_say_that_they_are_simulated() -> None:
    assert cubes(SEEDS[0]).light.is_simulated
    assert complex_heat(cubes(SEEDS[0])).is_simulated
