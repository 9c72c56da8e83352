"""What a simulated site may be told: its frame, its days, and whether anything is planted.

Here belong the options, the two presets and the orbit calendar. What stands where belongs to
``layout``; what the sky does on those days belongs to ``weather``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import cycle
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.model.grid import Grid
from pipeline.simulate.outcome import REHEARSAL_TRUTH, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CRS = "EPSG:32652"
CORE_LEFT_M = 190_000
CORE_TOP_M = 4_100_000
CORE_SIZE_M = 2_000
REVISIT_DAYS = 5
FIRST_YEAR, LAST_YEAR = 2019, 2022
ORBIT_EPOCH = date(2020, 10, 24)
"""A day on which the simulated Sentinel-2A passes; 2B follows five days later, and so on."""

DEFAULT_SEED = 20201008
"""The seed of the committed tiles."""

_SPARSE_STEPS = (10, 10, 5, 10, 15)
_LATE_STEPS = (50, 45, 55)


def _stride(first: date, last: date, steps: Iterable[int]) -> Iterator[date]:
    """Days from first to last (included) at the given repeating steps, in days."""
    day, step = first, cycle(steps)
    while day <= last:
        yield day
        day += timedelta(days=next(step))


def rehearsal_days() -> tuple[date, ...]:
    """Days of the committed tiles: sparse, dense from August 2020, every seven weeks from 2021."""
    return (
        *_stride(date(2019, 1, 3), date(2020, 7, 30), _SPARSE_STEPS),
        *_stride(date(2020, 7, 31), date(2020, 12, 31), (REVISIT_DAYS,)),
        *_stride(date(2021, 1, 2), date(2021, 2, 28), (10,)),
        *_stride(date(2021, 3, 3), date(2022, 12, 31), _LATE_STEPS),
    )


def every_pass() -> tuple[date, ...]:
    """Every pass of 2019 to 2022."""
    return tuple(_stride(date(2019, 1, 3), date(2022, 12, 31), (REVISIT_DAYS,)))


@dataclass(frozen=True)
class SimulateOptions:
    """How a simulated site is cut.

    Attributes:
        size_m: width and height of the frame, in metres, multiples of 20.
        offset_m: how far the frame's corner lies west and north of the core's, in metres,
            multiples of 20.
        days: days of acquisition, in order, all on the five-day orbit calendar.
        with_changes: whether anything is planted; without, weather and noise stay the same.
        truth: what happened to each claim; the committed tiles' truth unless told otherwise.
    """

    size_m: tuple[int, int] = (CORE_SIZE_M, CORE_SIZE_M)
    offset_m: tuple[int, int] = (0, 0)
    days: tuple[date, ...] = field(default_factory=rehearsal_days)
    with_changes: bool = True
    truth: Truth = REHEARSAL_TRUTH

    def __post_init__(self) -> None:
        """Refuse a frame that does not nest, or that cuts the core, and days off the orbit.

        Raises:
            ConfigError: naming the option at fault.
        """
        if any(value % 20 for value in (*self.size_m, *self.offset_m)):
            raise ConfigError("size and offset must be multiples of 20 m", where="simulate.size_m")
        room = zip(self.size_m, self.offset_m, strict=True)
        if any(size < CORE_SIZE_M + offset or offset < 0 for size, offset in room):
            raise ConfigError("the frame cuts the 2 km core", where="simulate.size_m")
        ordered = list(self.days) == sorted(set(self.days))
        if not self.days or not ordered or any(map(_off_orbit, self.days)):
            what = "days must rise, on the 5-day calendar of 2019 to 2022"
            raise ConfigError(what, where="simulate.days")

    @property
    def grid(self) -> Grid:
        """The 10 m grid of the frame."""
        west, north = self.offset_m
        width, height = (size // 10 for size in self.size_m)
        return Grid(CRS, CORE_LEFT_M - west, CORE_TOP_M + north, 10, height, width)


def _off_orbit(day: date) -> bool:
    """Whether no satellite passes on that day, or no weather is known of it."""
    outside = not FIRST_YEAR <= day.year <= LAST_YEAR
    return outside or (day - ORBIT_EPOCH).days % REVISIT_DAYS != 0


def platform_of(day: date) -> str:
    """The satellite of that day: ``sentinel-2a`` or ``sentinel-2b``."""
    return "sentinel-2a" if (day - ORBIT_EPOCH).days % (2 * REVISIT_DAYS) == 0 else "sentinel-2b"


REHEARSAL = SimulateOptions()
FULL = SimulateOptions(size_m=(4_400, 4_000), offset_m=(1_200, 1_000), days=every_pass())


@dataclass(frozen=True)
class ArchiveOptions:
    """What is made of the archives other than Sentinel-2's.

    Attributes:
        truth: what happened to each claim.
        years: first and last year, both included; what an archive does not reach is left out.
    """

    truth: Truth = REHEARSAL_TRUTH
    years: tuple[int, int] = (2000, 2024)

    def __post_init__(self) -> None:
        """Refuse years without weather.

        Raises:
            ConfigError: naming the option.
        """
        first, last = self.years
        if not 2000 <= first <= last <= 2024:  # noqa: PLR2004 - the years that have weather
            what = "years must rise and lie in 2000 to 2024"
            raise ConfigError(what, where="simulate.years")

    def span(self, first: date, last: date) -> tuple[date, date]:
        """The part of an archive's days that the years hold; empty if the first lies behind."""
        start, end = date(self.years[0], 1, 1), date(self.years[1], 12, 31)
        return max(first, start), min(last, end)
