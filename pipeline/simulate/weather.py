"""The weather of every day: rain and how long the ground remembers it, snow, cloud, haze, sun.

Here belong numbers per day. How clouds look belongs to ``sky``; what wet or white ground reflects
belongs to ``surface``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pipeline.simulate.fields import stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np

    from pipeline.simulate.claimed import Span

_FIRST_DAY = date(2018, 11, 1)
_LAST_DAY = date(2022, 12, 31)
_CLIMATE_STARTS, _CLIMATE_LAST = (date(2000, 1, 1), date(2003, 1, 1)), date(2024, 12, 31)
OVERCAST_SPELL = (date(2020, 9, 7), date(2020, 9, 17))
"""Days of unbroken cloud in every simulation: the spell that hides one planted change."""
SNOWFALLS = (date(2020, 12, 12), date(2021, 1, 10), date(2021, 1, 31))
"""Days of heavy snow in every simulation, beside the random ones."""
_FINE_SPELLS = (
    (date(2010, 3, 1), date(2010, 11, 30), 4),
    (date(2011, 3, 1), date(2011, 11, 30), 4),
    (date(2012, 3, 1), date(2012, 11, 30), 4),
    (date(2013, 4, 12), date(2013, 9, 10), 6),
    (date(2013, 9, 16), date(2013, 12, 10), 5),
    (date(2014, 4, 1), date(2014, 11, 30), 3),
    (date(2015, 4, 1), date(2015, 11, 30), 3),
    (date(2016, 2, 20), date(2016, 6, 20), 4),
    (date(2017, 4, 1), date(2017, 10, 6), 7),
)
"""Spans of years before Sentinel-2, and on how many days of each the sky is clear in every
simulation: without them a wet summer would leave some claims without a single look."""
_FINE_EPOCH, _FINE_STEP_DAYS = date(2023, 2, 24), 8
"""Fine days lie on a calendar of eight days, on which Landsats pass."""
_RAIN_CHANCE = (0.16, 0.17, 0.22, 0.25, 0.26, 0.32, 0.50, 0.44, 0.27, 0.18, 0.24, 0.18)
_CLOUD_LEVEL = (-0.5, -0.4, -0.28, -0.22, -0.17, 0.12, 0.65, 0.45, -0.1, -0.58, -0.45, -0.45)
_LATITUDE_DEG = 37.03
_HOURS_BEFORE_NOON = 1.28


@dataclass(frozen=True)
class Weather:
    """One day.

    Attributes:
        day: the civil day.
        wetness: water left in the topsoil, 0 dry to 1 soaked.
        snow_depth: snow lying on open ground, in arbitrary units; 1 covers nearly everything.
        cloud_cover: share of the sky under cloud, 0 to 1.
        haze: mean reflectance that haze adds in the blue.
    """

    day: date
    wetness: float
    snow_depth: float
    cloud_cover: float
    haze: float

    @property
    def sun_elevation_deg(self) -> float:
        """Height of the sun at the overpass, about 11:16 Korean time."""
        declination = math.radians(_declination_deg(self.day))
        latitude, hour = math.radians(_LATITUDE_DEG), math.radians(15 * _HOURS_BEFORE_NOON)
        sine = math.sin(latitude) * math.sin(declination)
        sine += math.cos(latitude) * math.cos(declination) * math.cos(hour)
        return math.degrees(math.asin(sine))

    @property
    def sun_azimuth_deg(self) -> float:
        """Direction of the sun at the overpass, clockwise from north."""
        declination = math.radians(_declination_deg(self.day))
        hour = math.radians(15 * _HOURS_BEFORE_NOON)
        cosine = math.cos(math.radians(self.sun_elevation_deg))
        return 180 - math.degrees(math.asin(math.cos(declination) * math.sin(hour) / cosine))


def _declination_deg(day: date) -> float:
    """Declination of the sun, to about half a degree (Cooper's formula)."""
    return 23.45 * math.sin(2 * math.pi * (284 + day.timetuple().tm_yday) / 365)


def _snowfalls(seed: int) -> dict[date, float]:
    """Snow that falls, by day: random falls of every winter and the fixed ones."""
    rng, falls = stream(seed, "snow"), {}
    for year in range(2018, 2023):
        for _ in range(int(rng.integers(2, 5))):
            day = date(year, 12, 5) + timedelta(days=int(rng.integers(0, 80)))
            falls[day] = float(rng.gamma(2.0, 0.4))
    falls.update(dict.fromkeys(SNOWFALLS, 1.7))
    return falls


def _snow_after(depth: float, day: date, wet: float) -> float:
    """What is left of snow after one more day: thaw is slow in January, quick in March."""
    warmth = 0.07 + 0.22 * (1 - math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 365))
    return max(0.0, depth - warmth - 0.08 * wet)


def fine_days() -> frozenset[date]:
    """The days on which the sky is clear in every simulation."""
    found = set()
    for start, end, n_days in _FINE_SPELLS:
        for number in range(n_days):
            day = start + (end - start) * number / max(1, n_days - 1)
            found.add(day - timedelta(days=(day - _FINE_EPOCH).days % _FINE_STEP_DAYS))
    return frozenset(found)


def _cover(level: float) -> float:
    """Cloud cover from a standard normal level: most days are nearly clear or nearly closed."""
    return 0.5 * (1 + math.erf(1.9 * level))


def _days(first: date, last: date) -> Iterator[date]:
    """Every day from first to last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def simulate_weather(seed: int, overcast: Iterable[Span] = ()) -> dict[date, Weather]:
    """The weather of every day from November 2018 to December 2022.

    Args:
        seed: seed of the simulation.
        overcast: further spans of unbroken cloud; they change nothing else.
    """
    spans = (OVERCAST_SPELL, *overcast)
    days = _days(_FIRST_DAY, _LAST_DAY)
    return _record(stream(seed, "weather"), days, _snowfalls(seed), spans)


def simulate_climate(seed: int, overcast: Iterable[Span] = ()) -> dict[date, Weather]:
    """The weather of every day from 2000 to 2024; from 2018 to 2022 that of ``simulate_weather``.

    Args:
        seed: seed of the simulation.
        overcast: spans of unbroken cloud; they change nothing else.
    """
    overcast, day = tuple(overcast), timedelta(days=1)
    first, second = _CLIMATE_STARTS
    parts = (
        ("weather-first", first, second - day),
        ("weather-before", second, _FIRST_DAY - day),
        ("weather-after", _LAST_DAY + day, _CLIMATE_LAST),
    )
    found = simulate_weather(seed, overcast)
    for name, start, end in parts:
        falls = _old_snowfalls(seed, range(start.year - 1, end.year + 1))
        found |= _record(stream(seed, name), _days(start, end), falls, overcast)
    return dict(sorted(found.items()))


def _old_snowfalls(seed: int, winters: Iterable[int]) -> dict[date, float]:
    """Snow that falls outside the years of Sentinel-2, by day; each winter has one heavy fall."""
    falls = {}
    for year in winters:
        rng = stream(seed, "snow-of", year)
        for _ in range(int(rng.integers(2, 5))):
            day = date(year, 12, 5) + timedelta(days=int(rng.integers(0, 80)))
            falls[day] = float(rng.gamma(2.0, 0.4))
        falls[date(year + 1, 1, 10) + timedelta(days=int(rng.integers(0, 12)))] = 1.7
    return falls


def _record(
    rng: np.random.Generator,
    days: Iterable[date],
    falls: Mapping[date, float],
    overcast: Iterable[Span],
) -> dict[date, Weather]:
    """Day after day, each of which remembers the one before."""
    wetness, depth, level, record = 0.3, 0.0, 0.0, {}
    fine = fine_days()
    for day in days:
        month = day.month - 1
        rain = rng.gamma(0.7, 0.5) if rng.random() < _RAIN_CHANCE[month] else 0.0
        wetness = min(1.0, wetness * math.exp(-1 / 7) + rain)
        depth = min(2.0, _snow_after(depth, day, rain) + falls.get(day, 0.0))
        # Cloud remembers the day before, and rain does not fall from a clear sky.
        level = 0.55 * level + 0.83 * rng.standard_normal()
        cover = _cover(0.95 * level + _CLOUD_LEVEL[month] + 0.5 * min(rain, 1.0))
        if day in fine:
            cover = 0.0
        if any(start <= day <= end for start, end in overcast):
            cover = 1.0
        record[day] = Weather(day, wetness, depth, cover, 0.008 * float(rng.gamma(0.8, 1.0)))
    return record
