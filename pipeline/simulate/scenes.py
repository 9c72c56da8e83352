"""One simulated pass after another: ground, air, instrument, classification.

Here belongs the order of things on one day, and what is carried to the next. Each part of it
belongs to its own module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.simulate.changes import planted_changes
from pipeline.simulate.ground import PAD_CELLS, Ground, lay_ground
from pipeline.simulate.materials import BANDS
from pipeline.simulate.options import platform_of
from pipeline.simulate.outcome import STEP_REFLECTANCE
from pipeline.simulate.scl import classify
from pipeline.simulate.sensor import (
    correction_error,
    instrument_noise,
    misregistration_m,
    next_unrest,
    pair_mean,
    to_numbers,
    to_pixels,
)
from pipeline.simulate.sky import make_sky, through
from pipeline.simulate.surface import Surface, place_changes, snow_patchiness
from pipeline.simulate.weather import Weather, simulate_weather

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from numpy.typing import NDArray

    from pipeline.simulate.fields import Flags, Floats
    from pipeline.simulate.options import SimulateOptions
    from pipeline.simulate.sensor import Unrest
    from pipeline.simulate.sky import Sky

FINE_BANDS = BANDS[:4]
"""Bands delivered at 10 m; the last one and the classification come at 20 m."""
_COUNTS_AS_CLOUD = 0.2


@dataclass(frozen=True)
class SimulatedScene:
    """One pass as delivered, and what was true of it.

    Attributes:
        weather: the day.
        numbers: stored numbers by common band name, at 10 m or 20 m.
        scl: the delivered classification at 20 m.
        is_open: truth: where neither cloud nor its shadow hid the ground, (y, x) at 10 m.
        snow: truth: share of each pixel under snow, (y, x) at 10 m.
        cloud_cover_pct: truth: share of the frame under cloud.
    """

    weather: Weather
    numbers: Mapping[str, NDArray[np.uint16]]
    scl: NDArray[np.uint8]
    is_open: Flags
    snow: Floats
    cloud_cover_pct: float

    @property
    def day(self) -> date:
        """The civil day of the pass, the same in UTC and in Korea."""
        return self.weather.day


def build_surface(seed: int, options: SimulateOptions) -> Surface:
    """The ground of a simulation with what is planted on it."""
    ground = lay_ground(seed, options)
    changes = planted_changes(seed, options.truth) if options.with_changes else ()
    planted, patches = place_changes(ground, changes), snow_patchiness(seed, ground)
    return Surface(seed, ground, planted, patches, options.truth)


def frame_pixels(fine: Floats) -> Floats:
    """Plain means of the fine cells of each pixel, without optics and without the rim."""
    inner = fine[PAD_CELLS:-PAD_CELLS, PAD_CELLS:-PAD_CELLS]
    return pair_mean(inner)


def _clutter(ground: Ground) -> Floats:
    """How restless each pixel is, (y, x), relative to ordinary ground."""
    return frame_pixels(ground.clutter)


def _observe(surface: Surface, sky: Sky, weather: Weather, unrest: Unrest) -> tuple[Floats, Floats]:
    """Reflectance above the air (band, y, x) and snow (y, x), both at 10 m."""
    seed, day, shape = surface.seed, weather.day, sky.opacity.shape
    side = 1 if platform_of(day) == "sentinel-2a" else -1
    look = surface.look(weather, side)
    layers = np.concatenate([look.reflectance, look.snow[None]])
    pixels = to_pixels(layers, (shape[0], shape[1]), misregistration_m(seed, day))
    ground, snow = pixels[:-1], pixels[-1]
    ground = ground * (1 + _clutter(surface.ground) * unrest.by_band)
    brightness = 1.0 + 0.1 * (weather.haze / 0.008 - 0.8)
    seen = through(sky, ground, float(np.clip(brightness, 0.85, 1.2)))
    seen *= correction_error(seed, day)[:, None, None]
    seen += STEP_REFLECTANCE * surface.truth.is_stepped(day)
    return seen + instrument_noise(seed, day, seen), snow


def _deliver(surface: Surface, sky: Sky, weather: Weather, unrest: Unrest) -> SimulatedScene:
    """One pass as the catalogue holds it."""
    look, snow = _observe(surface, sky, weather, unrest)
    layers = dict(zip(BANDS, look, strict=True))
    numbers = {
        band: to_numbers(layer if band in FINE_BANDS else pair_mean(layer), weather.day)
        for band, layer in layers.items()
    }
    return SimulatedScene(
        weather,
        numbers,
        classify(surface.seed, weather.day, look, sky),
        sky.is_open,
        snow,
        100 * float((sky.cover > _COUNTS_AS_CLOUD).mean()),
    )


def simulate_scenes(surface: Surface, options: SimulateOptions) -> Iterator[SimulatedScene]:
    """Every pass in order of time; only one is held at once."""
    record = simulate_weather(surface.seed, options.truth.overcast)
    shape, unrest = options.grid.shape, None
    for day in options.days:
        unrest = next_unrest(surface.seed, day, shape, unrest)
        sky = make_sky(surface.seed, record[day], shape)
        yield _deliver(surface, sky, record[day], unrest)
