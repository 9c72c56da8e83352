"""Simulated night lights: what was planted is in them, and what was not is not."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
import rasterio

from pipeline.sensors import blackmarble as bm
from pipeline.sensors.coarse_names import name_of
from pipeline.simulate.eras import Past
from pipeline.simulate.lamps import COMPLEX, SOURCES, light_grid
from pipeline.simulate.light_files import light_nights, write_months, write_nights, write_years
from pipeline.simulate.lights import LightMonth, NightSky, months_between
from pipeline.simulate.options import ArchiveOptions
from pipeline.simulate.outcome import Truth, truth_of
from pipeline.simulate.places import SITE_LAT_DEG, SITE_LON_DEG, TOWNS
from tests.unit.archive_factory import SEEDS, site

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LAST = date(2012, 4, 1), date(2016, 12, 1)


def told(*outcomes: str) -> Truth:
    return truth_of("rehearsal").asked(*outcomes)


@cache
def months(seed: int, *outcomes: str, variant: str = "rehearsal") -> dict[str, LightMonth]:
    sky = NightSky(seed, truth_of(variant).asked(*outcomes))
    return {f"{one.first:%Y-%m}": one for one in sky.months(FIRST, LAST)}


def at(lon_deg: float, lat_deg: float) -> tuple[slice, slice]:
    """Three by three pixels around a point."""
    grid = light_grid(1 / 240)
    col = int((lon_deg - grid.left_deg) * 240)
    row = int((grid.top_deg - lat_deg) * 240)
    return slice(row - 1, row + 2), slice(col - 1, col + 2)


SITE_PIXELS = at(SITE_LON_DEG, SITE_LAT_DEG)


def light(month: LightMonth) -> float:
    return float(month.radiance[SITE_PIXELS].mean())


def seen(found: dict[str, LightMonth], *names: str) -> list[float]:
    return [light(found[name]) for name in names if found[name].n_looks.any()]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_shutdown_the_return_and_the_closure_are_in_the_months(seed: int) -> None:
    found = months(seed)
    usual = np.median(seen(found, *(f"2012-{n:02d}" for n in range(4, 13)), "2013-03"))
    low = seen(found, "2013-05", "2013-06", "2013-07", "2013-08")
    assert len(low) >= 2
    assert max(low) < 0.25 * usual
    after = seen(found, "2013-10", "2013-11", "2013-12")
    assert min(after) > 0.5 * usual
    assert max(seen(found, *(f"2016-{n:02d}" for n in range(3, 13)))) < 0.15 * usual


@pytest.mark.parametrize("seed", SEEDS)
def test_without_them_the_light_stays(seed: int) -> None:
    found = months(seed, "K003-02=absent", "K001-09=absent", "K004-09=happened")
    lit = seen(found, *found)
    assert min(lit) > 0.6 * np.median(lit)


@pytest.mark.parametrize("seed", SEEDS)
def test_planting_leaves_weather_and_noise_untouched(seed: int) -> None:
    happened, absent = months(seed), months(seed, "K003-02=absent")
    for name, one in happened.items():
        np.testing.assert_array_equal(one.n_looks, absent[name].n_looks)
    for name in ("2012-10", "2013-03"):
        np.testing.assert_array_equal(happened[name].radiance, absent[name].radiance)
    for town in TOWNS:
        box = at(town.lon_deg, town.lat_deg)
        np.testing.assert_allclose(
            happened["2013-06"].radiance[box], absent["2013-06"].radiance[box], atol=0.1
        )


def test_elsewhere_the_town_goes_dark_and_the_complex_does_not() -> None:
    happened, away = months(SEEDS[0]), months(SEEDS[0], "K003-02=elsewhere")
    town = next(one for one in TOWNS if one.id == "light-town-east")
    box = at(town.lon_deg, town.lat_deg)
    assert away["2013-06"].radiance[box].mean() < 0.4 * happened["2013-06"].radiance[box].mean()
    assert light(away["2013-06"]) > 5 * light(happened["2013-06"])


def test_a_clouded_window_holds_no_look() -> None:
    found = months(SEEDS[0], "K003-02=clouded")
    for name in ("2013-04", "2013-05", "2013-06", "2013-07", "2013-08"):
        assert not found[name].n_looks.any()
        assert not found[name].radiance.any()
    assert found["2013-03"].n_looks.any()


def test_the_common_step_brightens_every_place() -> None:
    plain, stepped = months(SEEDS[0], variant="absent"), months(SEEDS[0], variant="stepped")
    for place in (SITE_PIXELS, *(at(town.lon_deg, town.lat_deg) for town in TOWNS)):
        for name, wanted in (("2015-12", 1.0), ("2016-06", np.exp(0.1))):
            ratio = stepped[name].radiance[place].mean() / plain[name].radiance[place].mean()
            assert ratio == pytest.approx(wanted, abs=0.02)


def test_towns_do_not_change() -> None:
    found = [one for one in months(SEEDS[0]).values() if one.n_looks.any()]
    for town in TOWNS:
        series = [float(one.radiance[at(town.lon_deg, town.lat_deg)].mean()) for one in found]
        assert np.std(np.log(series)) < 0.2
        assert min(series) > 0.6 * np.median(series)


def test_snow_brightens_and_noise_remembers() -> None:
    found = NightSky(5, told()).months(FIRST, date(2024, 12, 1))
    box = at(TOWNS[1].lon_deg, TOWNS[1].lat_deg)
    lit = [one for one in found if one.n_looks.any()]
    by_month = {
        n: np.mean([one.radiance[box].mean() for one in lit if one.first.month == n])
        for n in (1, 5)
    }
    assert by_month[1] > 1.03 * by_month[5]
    snowless = [one for one in lit if one.first.month not in (12, 1, 2)]
    series = np.array([one.radiance[box].mean() for one in snowless])
    left = series - series.mean()
    assert np.corrcoef(left[:-1], left[1:])[0, 1] > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_years_rise_to_a_plateau_and_dip_in_2013(seed: int) -> None:
    years = NightSky(seed, told()).years()
    grid = light_grid(1 / 120)
    col = int((SITE_LON_DEG - grid.left_deg) * 120)
    row = int((grid.top_deg - SITE_LAT_DEG) * 120)
    number = {(one.satellite, one.year): int(one.numbers[row, col]) for one in years}
    assert number["F15", 2003] == number["F16", 2004] == 0
    assert number["F16", 2009] > number["F16", 2006] > 0
    assert number["F18", 2011] > number["F18", 2010] > number["F16", 2009]
    assert number["F18", 2013] < 0.9 * number["F18", 2012]
    assert all(one.numbers.max() <= 63 for one in years)


def test_a_dip_of_2010_is_in_the_years_if_it_happened() -> None:
    usual, dipped = (
        {(one.satellite, one.year): one.numbers.sum() for one in NightSky(3, one_truth).years()}
        for one_truth in (told(), told("K002-07=absent"))
    )
    assert dipped["F18", 2010] < usual["F18", 2010]
    assert dipped["F18", 2012] == usual["F18", 2012]


def test_months_between_counts_both_ends() -> None:
    assert months_between(date(2012, 11, 5), date(2013, 2, 1)) == (
        date(2012, 11, 1), date(2012, 12, 1), date(2013, 1, 1), date(2013, 2, 1),
    )  # fmt: skip


def test_the_complex_is_one_of_the_sources() -> None:
    assert SOURCES[0] == COMPLEX
    assert {one.id for one in TOWNS} == set(SOURCES[1:])
    assert {one.id for one in TOWNS} == {one.id for one in site().comparators}


def test_files_bear_the_names_of_their_archives(tmp_path: Path) -> None:
    past, options = Past(SEEDS[0], told()), ArchiveOptions(years=(2013, 2013))
    counts = [write(tmp_path, past, options) for write in (write_months, write_years, write_nights)]
    assert counts[:2] == [12, 1]
    assert counts[2] == sum(day.year == 2013 for day in light_nights()) > 25
    names = [name_of(path.name, "Asia/Pyongyang") for path in tmp_path.iterdir()]
    assert {one.label.sensor for one in names} == {"dnb-monthly", "dmsp-ols", "black-marble"}
    for path in tmp_path.glob("*.tif"):
        with rasterio.open(path) as dataset:
            assert dataset.tags()["zonewatch_simulated"] == "true"
            assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_a_night_belongs_to_the_utc_day_before(tmp_path: Path) -> None:
    options = ArchiveOptions(years=(2016, 2016))
    write_nights(tmp_path, Past(SEEDS[0], told()), options)
    for path in tmp_path.glob("*.h5"):
        granule = bm.parse_name(path.name)
        assert bm.civil_day_of(bm.overpass(granule.day, "Asia/Pyongyang"), "Asia/Pyongyang") in (
            light_nights()
        )
        with h5py.File(path) as file:
            assert "zonewatch:simulated" in file.attrs


def test_nights_are_cloudy_where_they_say_so() -> None:
    sky = NightSky(SEEDS[0], told())
    nights = sky.nights(light_nights())
    for one in nights:
        np.testing.assert_array_equal(np.isnan(one.radiance), one.is_cloudy)
        assert np.nanmin(one.radiance, initial=np.inf) >= 0
        assert 0 <= one.moon <= 4
    clear = [one for one in nights if not one.is_cloudy[SITE_PIXELS].any()]
    assert 0.2 < len(clear) / len(nights) < 0.9
    before = [one for one in clear if one.night < date(2013, 4, 1) and not one.has_snow]
    assert len(before) >= 8
