# ruff: noqa: PLR2004 - every number here is a made-up quantity, read in the place it acts
"""Night lights by month, by night and by year, as arrays: what the three archives would hold.

Here belong moon, snow, airglow, gaps and noise that remembers. Light without them belongs to
``lamps``, files to ``light_files``.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.simulate.fields import power_law_field, smooth_field, stream
from pipeline.simulate.lamps import SOURCES, Lamps, levels, light_grid
from pipeline.simulate.operation import Operation
from pipeline.simulate.outcome import STEP_LOG
from pipeline.simulate.weather import simulate_climate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.simulate.fields import Flags, Floats
    from pipeline.simulate.outcome import Truth
    from pipeline.simulate.weather import Weather

FINE_STEP_DEG: Final = 1 / 240
COARSE_STEP_DEG: Final = 1 / 120
_VIIRS_SPREAD_M, _DMSP_SPREAD_M = 430.0, 1300.0
_CLEAR_NIGHT = 0.3
_USABLE = 0.5
"""Share of clear nights that moon and stray light leave to a monthly composite."""
_AIRGLOW = 0.28
_MONTH_MEMORY, _MONTH_SPREAD = 0.6, 0.05
_NIGHT_SPREAD = 0.10
_NIGHT_MEMORY_DAYS = 12.0
_SNOW_BRIGHTENS = 0.35
DN_PER_RADIANCE = 8.0
_SATELLITES = {"F15": (2003, 2007, 1.0), "F16": (2004, 2009, 0.92), "F18": (2010, 2013, 1.12)}
"""First and last year of each DMSP satellite, and how bright it sees."""


@dataclass(frozen=True)
class LightMonth:
    """A month of light.

    Attributes:
        first: its first day.
        radiance: nW/cm2/sr, float32 (y, x); 0 where it was never seen.
        n_looks: clear nights that went in, uint8 (y, x).
    """

    first: date
    radiance: NDArray[np.float32]
    n_looks: NDArray[np.uint8]


@dataclass(frozen=True)
class LightNight:
    """A night of light.

    Attributes:
        night: the civil day at the site into which the overpass (01:30) falls.
        radiance: nW/cm2/sr, (y, x); NaN where it was not retrieved.
        moon: lunar irradiance of the night, in nW/cm2.
        is_cloudy: where cloud hid the ground.
        has_snow: whether snow lay.
    """

    night: date
    radiance: Floats
    moon: float
    is_cloudy: Flags
    has_snow: bool


@dataclass(frozen=True)
class LightYear:
    """A year of light, by one DMSP satellite.

    Attributes:
        satellite: F15, F16 or F18.
        year: the calendar year.
        numbers: stable lights, uint8 (y, x), 0 to 63.
        n_looks: clear nights, uint8 (y, x).
    """

    satellite: str
    year: int
    numbers: NDArray[np.uint8]
    n_looks: NDArray[np.uint8]


def _remembered(spread: float, memory: Sequence[float], fresh: Floats) -> Floats:
    """Noise of (time, ...) that remembers the look before, with the given standard deviation."""
    noise = np.empty_like(fresh)
    noise[0] = fresh[0]
    for k, kept in enumerate(memory, start=1):
        noise[k] = kept * noise[k - 1] + math.sqrt(1 - kept**2) * fresh[k]
    return spread * noise


def _heavy(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Heavy-tailed draws of variance 1."""
    draws: Floats = rng.standard_t(5, shape) * math.sqrt(3 / 5)
    return draws


def months_between(first: date, last: date) -> tuple[date, ...]:
    """The first day of every month from one to another, both included."""
    n_months = 12 * (last.year - first.year) + last.month - first.month + 1
    return tuple(
        date(first.year + (first.month - 1 + k) // 12, (first.month - 1 + k) % 12 + 1, 1)
        for k in range(n_months)
    )


def _nights_of(first: date) -> tuple[date, ...]:
    """All days of a month."""
    n_days = calendar.monthrange(first.year, first.month)[1]
    return tuple(first + timedelta(days=k) for k in range(n_days))


@dataclass(frozen=True)
class NightSky:
    """The nights of one simulation.

    Attributes:
        seed: seed of the simulation.
        truth: what happened.
    """

    seed: int
    truth: Truth

    @cached_property
    def operation(self) -> Operation:
        """The work of the complex."""
        return Operation(self.truth)

    @cached_property
    def weather(self) -> dict[date, Weather]:
        """The weather of every night."""
        return simulate_climate(self.seed, self.truth.overcast)

    def _step(self, day: date) -> float:
        """The factor of the common step on a day."""
        return math.exp(STEP_LOG) if self.truth.is_stepped(day) else 1.0

    @cached_property
    def viirs(self) -> Lamps:
        """What VIIRS sees of the lamps."""
        return Lamps(light_grid(FINE_STEP_DEG), _VIIRS_SPREAD_M)

    @cached_property
    def dmsp(self) -> Lamps:
        """What DMSP-OLS sees of the lamps."""
        return Lamps(light_grid(COARSE_STEP_DEG), _DMSP_SPREAD_M)

    def months(self, first: date, last: date) -> tuple[LightMonth, ...]:
        """The monthly composites from the month of one day to that of another."""
        firsts = months_between(first, last)
        rng, shape = stream(self.seed, "light-months"), self.viirs.full.shape
        memory = [_MONTH_MEMORY] * (len(firsts) - 1)
        own = _remembered(_MONTH_SPREAD, memory, _heavy(rng, (len(firsts), len(SOURCES))))
        grain = _remembered(0.05, memory, _heavy(rng, (len(firsts), *shape[1:])))
        return tuple(map(self._month, firsts, own, grain))

    def _month(self, first: date, own: Floats, grain: Floats) -> LightMonth:
        """One composite, from the noise of its sources and of its pixels."""
        rng = stream(self.seed, "light-month", first.toordinal())
        nights = [self.weather[day] for day in _nights_of(first)]
        clear = [one.day for one in nights if one.cloud_cover < _CLEAR_NIGHT]
        n_usable = round(_USABLE * len(clear))
        shape = self.viirs.full.shape[1:]
        if not n_usable:
            return LightMonth(first, np.zeros(shape, np.float32), np.zeros(shape, np.uint8))
        shine = np.mean([levels(self.operation, day) * self._step(day) for day in clear], axis=0)
        snow = np.mean([min(1.0, one.snow_depth) for one in nights])
        common = (1 + _SNOW_BRIGHTENS * snow) * math.exp(0.03 * float(_heavy(rng, (1,))[0]))
        light = np.tensordot(shine * np.exp(own), self.viirs.full, 1) * common
        glow = _AIRGLOW + 0.08 * math.cos(2 * math.pi * (first.month - 4) / 12)
        glow += 0.05 * rng.gamma(1.5, 1.0)
        n_looks = np.clip(n_usable + np.rint(smooth_field(rng, shape, 4)), 1, 31)
        light = light + glow + grain * np.sqrt(6 / n_looks) * (1 + 0.05 * light)
        return LightMonth(first, _rounded(light), n_looks.astype(np.uint8))

    def nights(self, days: Sequence[date]) -> tuple[LightNight, ...]:
        """The nights before the mornings of some days, in order."""
        rng = stream(self.seed, "light-nights")
        memory = [
            math.exp(-(later - earlier).days / _NIGHT_MEMORY_DAYS)
            for earlier, later in pairwise(days)
        ]
        own = _remembered(_NIGHT_SPREAD, memory, _heavy(rng, (len(days), len(SOURCES))))
        return tuple(map(self._night, days, own))

    def _night(self, day: date, own: Floats) -> LightNight:
        """One night, from the noise of its sources."""
        rng, weather = stream(self.seed, "light-night", day.toordinal()), self.weather[day]
        shape = (self.viirs.grid.height, self.viirs.grid.width)
        # The phase of the moon from a new moon of 2000; good to half a day.
        phase = (day - date(2000, 1, 6)).days / 29.530588 % 1
        moon = 4.0 * max(0.0, -math.cos(2 * math.pi * phase)) ** 1.5
        snow = min(1.0, weather.snow_depth)
        shine = levels(self.operation, day) * np.exp(own) * self._step(day)
        light = np.tensordot(shine, self.viirs.full, 1) * (1 + _SNOW_BRIGHTENS * snow)
        left_over = 0.10 * moon * (1 + 0.8 * snow) * float(rng.gamma(2.0, 0.5))
        light = light * math.exp(0.05 * float(_heavy(rng, (1,))[0])) + _AIRGLOW + left_over
        light = light + (0.12 + 0.04 * light) * _heavy(rng, shape)
        cloudy = _cloudy(rng, shape, weather.cloud_cover)
        radiance = np.where(cloudy, np.nan, np.maximum(light, 0.0))
        return LightNight(day, radiance, moon, cloudy, weather.snow_depth > 0.3)

    def years(self) -> tuple[LightYear, ...]:
        """Every year of every DMSP satellite from 2003 to 2013."""
        return tuple(
            self._year(satellite, year, gain)
            for satellite, (first, last, gain) in _SATELLITES.items()
            for year in range(first, last + 1)
        )

    def _year(self, satellite: str, year: int, gain: float) -> LightYear:
        """One year: the mean of its clear nights, in whole numbers that end at 63."""
        rng = stream(self.seed, f"light-year-{satellite}", year)
        days = [date(year, 1, 1) + timedelta(days=k) for k in range(365)]
        clear = [day for day in days if self.weather[day].cloud_cover < _CLEAR_NIGHT]
        shape = (self.dmsp.grid.height, self.dmsp.grid.width)
        if not clear:
            return LightYear(satellite, year, np.full(shape, 255, np.uint8), np.zeros(shape, "u1"))
        shine = np.mean([levels(self.operation, day) * self._step(day) for day in clear], axis=0)
        own = 0.03 * _heavy(rng, (len(SOURCES),))
        light = np.tensordot(shine * np.exp(own), self.dmsp.full, 1)
        numbers = DN_PER_RADIANCE * gain * math.exp(0.02 * float(_heavy(rng, (1,))[0])) * light
        numbers = numbers + 0.5 * smooth_field(rng, shape, 1.0)
        stable = np.where(numbers < 3, 0, np.clip(np.rint(numbers), 0, 63))
        n_looks = np.clip(0.4 * len(clear) + 2 * smooth_field(rng, shape, 3), 1, 99)
        return LightYear(satellite, year, stable.astype(np.uint8), n_looks.astype(np.uint8))


def _rounded(light: Floats) -> NDArray[np.float32]:
    """Radiance in steps of 1/32, which single precision holds and compression likes."""
    return (np.rint(32 * light) / 32).astype(np.float32)


def _cloudy(rng: np.random.Generator, shape: tuple[int, int], cover: float) -> Flags:
    """Where cloud lies, covering the given share."""
    field = power_law_field(rng, shape, 1.8)
    if cover < 0.02:
        return np.zeros(shape, dtype=np.bool_)
    return np.asarray(field >= np.quantile(field, 1 - min(1.0, cover)))
