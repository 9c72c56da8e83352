"""Sentinel-1 over the park from 2015 to 2024: gamma0 of one orbit, one simulated look at a time.

Here belong backscatter by material, season, water, snow, works and speckle. The ground belongs
to ``eras``, files to ``radar_items``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.simulate.fields import smooth_field, stream
from pipeline.simulate.materials import Material
from pipeline.simulate.outcome import STEP_LOG
from pipeline.simulate.scenes import frame_pixels
from pipeline.simulate.season import stages, year_of
from pipeline.simulate.weather import simulate_climate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.simulate.eras import Past
    from pipeline.simulate.fields import Floats
    from pipeline.simulate.weather import Weather

ORBIT: Final = 127
EPOCH: Final = date(2015, 1, 9)
"""A day of the twelve-day calendar of the orbit."""
LAST: Final = date(2024, 12, 31)
SPARSE_UNTIL: Final = date(2018, 1, 1)
SPARSE_DAYS: Final = 48
DAYS_APART: Final = 36
"""Every fourth pass at first, every third later."""
LOOKS: Final = 5.1
"""Looks of the speckle; rounding to powers of two brings its variance to that of 4.4."""
_ROUNDING_BIAS = 1.0201
"""What rounding the logarithm to the nearest power of two makes of a mean: 1 / (sqrt(2) ln 2)."""
POLARISATIONS: Final = ("vv", "vh")
_VV_DB = {
    Material.GRASS: -12.0,
    Material.BROADLEAF: -9.5,
    Material.PINE: -9.0,
    Material.PADDY: -12.5,
    Material.FIELD: -12.0,
    Material.SOIL: -12.5,
    Material.WATER: -21.0,
    Material.ASPHALT: -15.5,
    Material.CONCRETE: -13.0,
    Material.GRAVEL: -11.5,
    Material.ROOF_BLUE: -5.0,
    Material.ROOF_RED: -5.5,
    Material.ROOF_WHITE: -4.5,
    Material.ROOF_GREY: -5.0,
    Material.HOUSES: -6.0,
    Material.GINSENG: -10.5,
}
_BUILT = ("ROOF", "HOUS")
_VH_BELOW = np.array([7.0 if name.startswith(_BUILT) else 6.5 for name in Material.__members__])
_GREEN_DB, _FLOODED_DB = np.array([1.5, 3.0]), np.array([-5.0, -6.0])
_WET_DB, _SNOW_DB = 1.6, -1.5
_PLANTED_DB = {
    "goods_rows": 4.0,
    "cleared_plot": -2.5,
    "removed_roof": -7.0,
    "new_roof": 6.5,
    "small_object": 6.0,
}
"""What stands on the ground adds so much, or takes it; swept snow does nothing."""
_IN_USE_DB = 2.0
"""Vehicles and goods in the yards of plants that work."""


@dataclass(frozen=True)
class RadarLook:
    """One look.

    Attributes:
        weather: the day.
        power: gamma0 in linear power by polarisation, float32 (y, x) at 10 m.
    """

    weather: Weather
    power: dict[str, NDArray[np.float32]]

    @property
    def day(self) -> date:
        """The day of the look."""
        return self.weather.day


def radar_days(first: date = EPOCH, last: date = LAST) -> tuple[date, ...]:
    """The passes from one day to another (both included) that are kept."""
    early = (SPARSE_UNTIL - EPOCH).days // SPARSE_DAYS
    days = [EPOCH + timedelta(days=SPARSE_DAYS * k) for k in range(early)]
    start = EPOCH + timedelta(days=SPARSE_DAYS * early)
    n_late = (LAST - start).days // DAYS_APART + 1
    days += [start + timedelta(days=DAYS_APART * k) for k in range(n_late)]
    return tuple(day for day in days if first <= day <= last)


@dataclass(frozen=True)
class Radar:
    """The radar's view of one simulation.

    Attributes:
        past: the ground.
    """

    past: Past

    @cached_property
    def _lasting(self) -> Floats:
        """What each spot gives back for good, in decibels, (y, x): corners, roughness."""
        rng = stream(self.past.seed, "corners")
        shape = self.past.final.cells.shape
        rough = 0.7 * smooth_field(rng, shape, 3.0)
        corners = 2.0 * np.clip(smooth_field(rng, shape, 1.0) - 0.5, 0, 3) * self.past.is_roof
        lasting: Floats = rough + corners
        return lasting

    def _ground(self, weather: Weather) -> Floats:
        """Backscatter of the fine cells without works, (polarisation, y, x) in decibels."""
        ground, day = self.past.ground(weather.day), weather.day
        table = np.array([_VV_DB[material] for material in Material])
        level = table[ground.material] + self._lasting
        shares = stages(ground, day, year_of(self.past.seed, day.year))
        both = np.array([level, level - _VH_BELOW[ground.material]])
        plants = np.isin(ground.material, (Material.PINE, Material.BROADLEAF))
        growth = shares[1] * np.where(plants, 0.3, 1.0)
        both += _GREEN_DB[:, None, None] * growth + _FLOODED_DB[:, None, None] * shares[3]
        open_ground = np.isin(
            ground.material, (Material.PADDY, Material.FIELD, Material.SOIL, Material.GRASS)
        )
        snow = min(1.0, weather.snow_depth)
        both += open_ground * (_WET_DB * (weather.wetness - 0.4) + _SNOW_DB * snow)
        return both

    def _works(self, weather: Weather) -> Floats:
        """What is planted or in use, in decibels, (y, x)."""
        day = weather.day
        works = _IN_USE_DB * self.past.in_use(day)
        for planted in self.past.surface.planted:
            if planted.change.stands(day):
                works = works + planted.share * _PLANTED_DB.get(planted.change.kind, 0.0)
        return works

    def look(self, weather: Weather) -> RadarLook:
        """One look, with speckle."""
        rng = stream(self.past.seed, "speckle", weather.day.toordinal())
        fine = 10 ** ((self._ground(weather) + self._works(weather)) / 10)
        gain = 10 ** (0.15 * float(rng.standard_normal()) / 10)
        gain *= math.exp(STEP_LOG) if self.past.truth.is_stepped(weather.day) else 1.0
        power = {}
        for name, layer in zip(POLARISATIONS, fine, strict=True):
            mean = gain * frame_pixels(layer)
            power[name] = _stored(mean * rng.gamma(LOOKS, 1 / LOOKS, mean.shape))
        return RadarLook(weather, power)


def _stored(power: Floats) -> NDArray[np.float32]:
    """Power rounded to powers of two (3 dB), without bias on the mean, so that files stay small.

    Speckle of some 2 dB spreads every level over several steps, so that small steps of the
    ground still move the mean.
    """
    exponent = np.rint(np.log2(np.maximum(power, 1e-5) / _ROUNDING_BIAS))
    stored: NDArray[np.float32] = np.exp2(np.clip(exponent, -14, 6)).astype(np.float32)
    return stored


def simulate_radar(past: Past, days: Sequence[date]) -> Iterator[RadarLook]:
    """Looks in order of time; only one is held at once."""
    record, radar = simulate_climate(past.seed), Radar(past)
    for day in days:
        yield radar.look(record[day])
