"""The temperature of the ground on a day: sun, green, water, snow, and roofs that work.

Here belong kelvins. They are laid on the fine grid, spread by the eye of each thermal sensor and
put on Landsat's pixels. Reflectance belongs to ``landsat``, which roofs work to ``eras``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from pipeline.simulate.fields import stream
from pipeline.simulate.ground import FINE_M, PAD_CELLS
from pipeline.simulate.materials import Material

if TYPE_CHECKING:
    from datetime import date

    from pipeline.simulate.eras import Past
    from pipeline.simulate.fields import Floats
    from pipeline.simulate.surface import GroundLook
    from pipeline.simulate.weather import Weather

CELLS_PER_PIXEL: Final = 6
PIXELS: Final = 67
NATIVE_M: Final = {"LT05": 120.0, "LE07": 60.0, "LC08": 100.0, "LC09": 100.0}
HEAT_OF_A_ROOF_K: Final = 8.0
"""How much warmer a roof is while its plant works at full level, before the sensor mixes it."""
_LOT_MEMORY_DAYS = 60.0
_LOT_SPREAD_K = 0.35
_PIXEL_SPREAD_K = 0.15


def to_blocks(layer: Floats, shift_cells: tuple[int, int]) -> Floats:
    """Fine cells (y, x) as means on Landsat's 67 x 67 pixels, off by some cells (south, east)."""
    n_cells = CELLS_PER_PIXEL * PIXELS
    # The pixels begin 10 m, two cells, outside the frame.
    row, col = (PAD_CELLS - 10 // FINE_M + shift for shift in shift_cells)
    inner = layer[row : row + n_cells, col : col + n_cells]
    means: Floats = inner.reshape(PIXELS, CELLS_PER_PIXEL, PIXELS, CELLS_PER_PIXEL).mean((1, 3))
    return means


@dataclass(frozen=True)
class Thermometer:
    """Temperatures of one simulation.

    Attributes:
        past: its ground.
    """

    past: Past

    @cached_property
    def _coat(self) -> Floats:
        """What each block's coats and tenants add for good, in kelvin, (y, x)."""
        rng = stream(self.past.seed, "coats")
        per_block = np.append(0.0, 0.8 * rng.standard_normal(20))
        field: Floats = per_block[self.past.number_of_block]
        return field

    def _whims(self, day: date) -> Floats:
        """What each block is warmer than usual for some weeks, in kelvin, (y, x)."""
        # A sum of slow waves of random phase remembers, without a state to be carried along.
        rng = stream(self.past.seed, "whims")
        phase = rng.uniform(0, 2 * np.pi, (6, 21))
        period = _LOT_MEMORY_DAYS * np.pi * rng.uniform(0.6, 2.5, (6, 21))
        wave = np.sin(2 * np.pi * day.toordinal() / period + phase).sum(0) / math.sqrt(3)
        fresh = stream(self.past.seed, "whim", day.toordinal()).standard_t(5, 21)
        field: Floats = (_LOT_SPREAD_K * (0.8 * wave + 0.5 * fresh))[self.past.number_of_block]
        return field

    def fine(self, weather: Weather, look: GroundLook, heat: Floats) -> Floats:
        """Temperature of the fine cells, in kelvin, (y, x).

        Args:
            weather: the day.
            look: the ground of the day.
            heat: level of the heat of each cell, 0 to about 1.
        """
        day, sun = weather.day, math.sin(math.radians(weather.sun_elevation_deg))
        rng = stream(self.past.seed, "air", day.toordinal())
        air = 284.5 + 13.5 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 118) / 365)
        air += 2.5 * float(rng.standard_t(6)) * 0.8
        red, nir = look.reflectance[2], look.reflectance[3]
        green = np.clip((nir - red) / np.maximum(nir + red, 0.02) / 0.75, 0, 1)
        gain = 17 * sun * (1 - 0.62 * green) * (1 - 0.35 * weather.wetness)
        # Pale ground takes in less of the sun.
        kelvin = air + gain * (1.15 - 0.9 * np.clip(red, 0, 0.4))
        water = self.past.final.material == Material.WATER
        kelvin[water] = 0.6 * air + 0.4 * 285.0
        roof = self.past.is_built(day) & (self.past.number_of_block > 0)
        kelvin += roof * (self._coat + self._whims(day))
        kelvin = kelvin * (1 - look.snow) + np.minimum(kelvin, 270.8) * look.snow
        warmed: Floats = kelvin + HEAT_OF_A_ROOF_K * heat
        return warmed

    def native(self, fine: Floats, craft: str) -> Floats:
        """Fine temperatures as a craft's thermal sensor delivers them, on the pixels of 30 m."""
        spread = NATIVE_M[craft] / 2.355 / FINE_M
        return to_blocks(ndimage.gaussian_filter(fine, spread), (0, 0))

    def read(self, weather: Weather, craft: str, look: GroundLook) -> Floats:
        """The temperature of a scene without cloud, in kelvin, (y, x) at 30 m."""
        rng = stream(self.past.seed, "bolometer", weather.day.toordinal())
        heat = self.past.heat(weather.day)
        kelvin = self.native(self.fine(weather, look, heat), craft)
        step = 1.0 * self.past.truth.is_stepped(weather.day)
        own = ndimage.gaussian_filter(rng.standard_normal(kelvin.shape), 1.2) * 3
        read: Floats = kelvin + step + 0.6 * float(rng.standard_normal()) + _PIXEL_SPREAD_K * own
        return read
