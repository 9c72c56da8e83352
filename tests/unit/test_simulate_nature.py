"""Season, weather, sky and noise: that they are as unkind as they claim to be."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.simulate.fields import logistic, power_law_field, skewed_noise, smooth_field, stream
from pipeline.simulate.materials import Material
from pipeline.simulate.options import REHEARSAL
from pipeline.simulate.season import stages, year_of
from pipeline.simulate.sky import make_sky, through
from pipeline.simulate.surface import _cast_shadow, snow_share
from pipeline.simulate.weather import OVERCAST_SPELL, Weather, simulate_weather
from tests.unit.simulate_factory import FRESH_SEED, surface_of

DRY_SUMMER = Weather(date(2020, 6, 21), 0.0, 0.0, 0.0, 0.0)
DRY_AUTUMN = Weather(date(2020, 9, 24), 0.0, 0.0, 0.0, 0.0)
WINTER = Weather(date(2020, 12, 21), 0.0, 0.0, 0.0, 0.0)


def test_streams_of_one_seed_do_not_share_draws() -> None:
    draws = [stream(5, *which).random() for which in (("a", 0), ("b", 0), ("a", 1))]
    assert len(set(draws)) == 3
    assert stream(5, "a", 0).random() == draws[0]


def test_fields_are_standard_and_smoother_with_a_larger_exponent() -> None:
    rough = power_law_field(stream(FRESH_SEED, "t"), (96, 80), 1.0)
    smooth = power_law_field(stream(FRESH_SEED, "t"), (96, 80), 3.0)
    for field in (rough, smooth, smooth_field(stream(1, "t"), (96, 80), 4)):
        assert field.shape == (96, 80)
        assert abs(field.mean()) < 1e-9
        assert field.std() == pytest.approx(1)
    assert np.abs(np.diff(smooth)).mean() < 0.5 * np.abs(np.diff(rough)).mean()


def test_noise_is_neither_gaussian_nor_independent() -> None:
    noise = skewed_noise(stream(FRESH_SEED, "noise"), (300, 300), 1.2)
    assert stats.skew(noise.ravel()) > 0.1
    assert stats.kurtosis(noise.ravel()) > 0.4
    assert np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1] > 0.3


@given(st.floats(-1e6, 1e6))
def test_the_logistic_curve_never_overflows(value: float) -> None:
    assert 0 <= logistic(np.array([value]))[0] <= 1


def paddy_through(year: int) -> dict[date, tuple[float, ...]]:
    """Mean shares (dormant, green, ripe, flooded) of the paddies, every three days of a year."""
    ground = surface_of(1).ground
    spot = ground.material == Material.PADDY
    days = [date(year, 1, 1) + timedelta(days=3 * n) for n in range(121)]
    whims = year_of(1, year)
    return {
        day: tuple(float(layer[spot].mean()) for layer in stages(ground, day, whims))
        for day in days
    }


def test_paddies_are_flooded_in_may_green_in_august_and_cut_in_october() -> None:
    course = paddy_through(2020)
    at = {day: int(np.argmax(shares)) for day, shares in course.items()}
    assert at[date(2020, 5, 30)] == 3
    assert at[date(2020, 8, 10)] == 1
    assert at[date(2020, 9, 21)] in (1, 2)
    assert at[date(2020, 11, 8)] == 0
    assert at[date(2020, 1, 31)] == 0


def test_the_season_is_no_sum_of_two_harmonics() -> None:
    course = paddy_through(2020)
    flooded = np.array([shares[3] for shares in course.values()])
    angle = 2 * np.pi * np.arange(len(flooded)) / len(flooded)
    columns = [np.ones_like(angle)]
    columns += [wave(k * angle) for k in (1, 2) for wave in (np.sin, np.cos)]
    design = np.stack(columns, axis=1)
    fit = design @ np.linalg.lstsq(design, flooded, rcond=None)[0]
    assert np.abs(flooded - fit).max() > 0.2


def test_no_two_years_are_alike() -> None:
    years = {year_of(FRESH_SEED, year) for year in range(2019, 2023)}
    assert len(years) == 4
    assert all(max(map(abs, year[:3])) <= 11 for year in years)


@settings(max_examples=12, deadline=None)
@given(st.dates(date(2019, 1, 1), date(2022, 12, 31)))
def test_shares_of_the_states_are_shares(day: date) -> None:
    shares = stages(surface_of(1).ground, day, year_of(1, day.year))
    assert np.allclose(shares.sum(axis=0), 1)
    assert shares[1:].min() >= 0
    assert shares.max() <= 1.2


@pytest.mark.parametrize("seed", [20201008, FRESH_SEED])
def test_weather_is_plausible(seed: int) -> None:
    record = simulate_weather(seed)
    days = list(record.values())
    assert all(0 <= day.wetness <= 1 and 0 <= day.cloud_cover <= 1 for day in days)
    assert all(day.snow_depth == 0 for day in days if day.day.month in range(4, 12))
    white = {(day.day.year, day.day.month) for day in days if day.snow_depth > 0.5}
    assert {(2020, 12), (2021, 1)} <= white
    assert all(day.haze >= 0 for day in days)


def test_half_of_the_looks_are_cloudy_and_the_monsoon_is_worse() -> None:
    records = [simulate_weather(FRESH_SEED + n) for n in range(6)]
    seen = [day for record in records for day in record.values()]
    cover = np.array([day.cloud_cover for day in seen])
    monsoon = np.array([day.day.month in (7, 8) for day in seen])
    assert 0.35 < cover.mean() < 0.55
    assert cover[monsoon].mean() > cover[~monsoon].mean() + 0.15


def test_the_ground_remembers_rain() -> None:
    wet = np.array([day.wetness for day in simulate_weather(FRESH_SEED).values()])
    assert np.corrcoef(wet[5:], wet[:-5])[0, 1] > 0.2
    assert np.corrcoef(wet[1:], wet[:-1])[0, 1] > 0.6


def test_the_sun_stands_where_it_should() -> None:
    # At 11:16 Korean time and 125.5 E the sun is some 1.3 h short of its highest point.
    assert 66 < DRY_SUMMER.sun_elevation_deg < 76.5
    assert 24 < WINTER.sun_elevation_deg < 29.6
    assert 110 < DRY_SUMMER.sun_azimuth_deg < 150
    assert 150 < WINTER.sun_azimuth_deg < 170


def test_walls_cast_longer_shadows_in_winter_and_to_the_north_west() -> None:
    height = np.zeros((60, 60))
    height[40:44, 40:44] = 10.0
    autumn, winter = (_cast_shadow(height, day) for day in (DRY_AUTUMN, WINTER))
    assert winter.sum() > 1.5 * autumn.sum() > 0
    rows, cols = np.nonzero(winter)
    assert rows.mean() < 40
    assert cols.mean() < 41.5
    assert winter[45:].sum() == 0


def test_snow_shuns_roofs_and_lies_on_fields() -> None:
    surface = surface_of(1)
    ground = surface.ground
    thin = Weather(date(2021, 1, 12), 0.2, 0.35, 0.0, 0.0)
    share = snow_share(ground, thin, surface.patchiness)
    field, roof = ground.material == Material.FIELD, ground.material == Material.ROOF_BLUE
    assert share[field].mean() > share[roof].mean() + 0.3
    assert snow_share(ground, DRY_SUMMER, surface.patchiness).max() == 0
    assert share[field].std() > 0.05


def weather_with(cover: float) -> Weather:
    return Weather(date(2020, 9, 14), 0.3, 0.0, cover, 0.01)


def test_a_closed_sky_hides_everything() -> None:
    for seed in (FRESH_SEED, 1, 2, 3):
        sky = make_sky(seed, weather_with(1.0), (100, 100))
        assert sky.is_open.mean() < 0.05, seed


def test_an_empty_sky_hides_nothing_but_for_cirrus() -> None:
    sky = make_sky(FRESH_SEED, weather_with(0.0), (100, 100))
    assert sky.opacity.max() == 0
    assert sky.shade.max() == 0


@pytest.mark.parametrize("cover", [0.2, 0.5, 0.8])
def test_cloud_covers_the_share_that_was_asked_for(cover: float) -> None:
    sky = make_sky(FRESH_SEED, weather_with(cover), (150, 150))
    assert (sky.opacity > 0).mean() == pytest.approx(cover, abs=0.02)
    assert sky.shade.max() > 0


def test_haze_adds_most_in_the_blue_and_thick_cloud_replaces_the_ground() -> None:
    ground = np.full((5, 40, 40), 0.1)
    hazy = through(make_sky(3, Weather(date(2020, 9, 14), 0, 0, 0.0, 0.05), (40, 40)), ground, 1.0)
    gain = (hazy - ground).mean(axis=(1, 2))
    assert (np.diff(gain) < 0).all()
    closed = through(make_sky(3, weather_with(1.0), (40, 40)), ground, 1.0)
    assert closed[:4].mean() > 0.35


def test_the_spell_that_hides_a_change_is_overcast_for_every_seed() -> None:
    record = simulate_weather(FRESH_SEED)
    day = OVERCAST_SPELL[0]
    while day <= OVERCAST_SPELL[1]:
        assert record[day].cloud_cover == 1
        day += timedelta(days=1)
    assert any(one in REHEARSAL.days for one in record if OVERCAST_SPELL[0] <= one <= day)
