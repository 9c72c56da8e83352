"""What burns at night: the complex and four towns, as the eye of a sensor spreads them.

Here belongs light without noise, on a grid in degrees. What a month, a night or a year makes of
it belongs to ``lights``; how hard the complex works to ``operation``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.model.degrees import DegreeGrid
from pipeline.simulate.layout import PARCELS, PARK, lonlat, map_polygon
from pipeline.simulate.places import CITY, LIGHT_FRAME_DEG, TOWN, TOWNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.simulate.fields import Floats
    from pipeline.simulate.operation import Operation
    from pipeline.simulate.places import Town

COMPLEX_FLUX: Final = 52.0
"""Light of the complex at full work, in nW/cm2/sr times km2."""
_LAMPS_OF_A_TOWN, _TOWN_SPREAD_M = 14, 900.0
_LAYOUT_SEED = 19531127
_M_PER_DEG = 111_320.0
COMPLEX: Final = "complex"
SOURCES: Final = (COMPLEX, *(town.id for town in TOWNS))


def light_grid(step_deg: float) -> DegreeGrid:
    """The window of the light files, on the lines of the global grid of that step."""
    west, south, east, north = LIGHT_FRAME_DEG
    left, top = round((west + 180) / step_deg), round((90 - north) / step_deg)
    width, height = round((east - west) / step_deg), round((north - south) / step_deg)
    return DegreeGrid(left * step_deg - 180, 90 - top * step_deg, step_deg, step_deg, height, width)


def _points_of_complex() -> Iterator[tuple[float, float, float]]:
    """Longitude, latitude and share of the light of each block of the complex."""
    whole = (PARK.u1 - PARK.u0) * (PARK.v1 - PARK.v0)
    for rect in PARCELS.values():
        middle = lonlat(map_polygon(rect)).centroid
        yield middle.x, middle.y, (rect.u1 - rect.u0) * (rect.v1 - rect.v0) / whole


def _points_of_town(town: Town, number: int) -> Iterator[tuple[float, float, float]]:
    """Longitude, latitude and share of the light of each lamp of a town, fixed for all seeds."""
    rng = np.random.default_rng([_LAYOUT_SEED, number])
    share = rng.dirichlet(np.full(_LAMPS_OF_A_TOWN, 3.0))
    offset_m = _TOWN_SPREAD_M * rng.standard_normal((_LAMPS_OF_A_TOWN, 2)).clip(-2, 2)
    across = _M_PER_DEG * math.cos(math.radians(town.lat_deg))
    for (east, north), part in zip(offset_m.tolist(), share.tolist(), strict=True):
        yield town.lon_deg + east / across, town.lat_deg + north / _M_PER_DEG, part


@dataclass(frozen=True)
class Lamps:
    """The sources as one sensor spreads them.

    Attributes:
        grid: the pixels.
        spread_m: standard deviation of the sensor's eye, in metres.
    """

    grid: DegreeGrid
    spread_m: float

    def _glow(self, lon_deg: float, lat_deg: float) -> Floats:
        """Light of one lamp of unit flux (1 nW/cm2/sr times km2), (y, x)."""
        grid = self.grid
        lon = grid.left_deg + (np.arange(grid.width) + 0.5) * grid.step_x_deg
        lat = grid.top_deg - (np.arange(grid.height) + 0.5) * grid.step_y_deg
        east_m = (lon - lon_deg) * _M_PER_DEG * math.cos(math.radians(lat_deg))
        north_m = (lat - lat_deg) * _M_PER_DEG
        distance = np.hypot(east_m[None, :], north_m[:, None]) / self.spread_m
        peak = 1 / (2 * math.pi * (self.spread_m / 1000) ** 2)
        glow: Floats = peak * np.exp(-0.5 * distance**2)
        return glow

    @cached_property
    def full(self) -> Floats:
        """Light of each source when it shines as ever, (source, y, x), in nW/cm2/sr."""
        points = [tuple(_points_of_complex())]
        points += [tuple(_points_of_town(town, n)) for n, town in enumerate(TOWNS)]
        flux = [COMPLEX_FLUX, *(town.radiance * 2 * math.pi * 0.9**2 for town in TOWNS)]
        layers: Floats = np.array(
            [
                strength * sum(part * self._glow(lon, lat) for lon, lat, part in lamps)
                for strength, lamps in zip(flux, points, strict=True)
            ]
        )
        return layers


def levels(operation: Operation, day: date) -> Floats:
    """What each source shines with on a day, relative to ``Lamps.full``, (source,)."""
    own = {COMPLEX: operation.light(day), TOWN: operation.town_factor(day)}
    own[CITY] = operation.city_factor(day)
    return np.array([own.get(source, 1.0) for source in SOURCES])
