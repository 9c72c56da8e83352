"""What the ground reflects on a day, before any air lies over it.

Here belong season, water, sun, age, snow, shadows of buildings and planted changes put together
on the fine grid. Air belongs to ``sky``, pixels to ``sensor``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from pipeline.simulate.changes import SNOW_CLEARED
from pipeline.simulate.fields import logistic, smooth_field, stream
from pipeline.simulate.ground import FINE_M
from pipeline.simulate.materials import BANDS, OPTICS_TABLE, SNOW, STATES, Material, Optics
from pipeline.simulate.outcome import REHEARSAL_TRUTH, Truth
from pipeline.simulate.season import stages, year_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.simulate.changes import Change
    from pipeline.simulate.fields import Floats
    from pipeline.simulate.ground import Ground
    from pipeline.simulate.weather import Weather

_SNOW_UNDER_CANOPY = {Material.BROADLEAF: 0.55, Material.PINE: 0.3, Material.HOUSES: 0.85}
_SHADOW_DARKENING = np.array([0.42, 0.50, 0.55, 0.62, 0.66])
"""Share of light lost in the shadow of a wall, by band; the sky still lights it, in the blue."""
_WETTING_BY_BAND = np.array([0.85, 0.95, 1.0, 1.0, 1.45])
_HIGHEST_M = 70.0


@dataclass(frozen=True)
class Planted:
    """A planted change with its place on the fine grid.

    Attributes:
        change: what it is.
        share: share of each fine cell that it covers, (y, x).
    """

    change: Change
    share: Floats


@dataclass(frozen=True)
class GroundLook:
    """The ground of a day on the fine grid.

    Attributes:
        reflectance: (band, y, x), in the order of ``BANDS``.
        snow: share of each cell under snow, (y, x).
    """

    reflectance: Floats
    snow: Floats


def place_changes(ground: Ground, changes: Iterable[Change]) -> tuple[Planted, ...]:
    """Put planted changes on the fine grid."""
    return tuple(
        Planted(change, np.clip(sum(map(ground.cells.coverage, change.rects)), 0, 1))
        for change in changes
    )


def dry_ground(ground: Ground, seed: int, day: date) -> Floats:
    """Reflectance by season and age alone, (band, y, x)."""
    shares = stages(ground, day, year_of(seed, day.year))
    years = (day - date(2019, 1, 1)).days / 365.25
    brightness = ground.tone * np.exp(-ground.ageing * years)
    look: Floats = np.empty((len(BANDS), *ground.cells.shape))
    for band in range(len(BANDS)):
        look[band] = sum(
            share * STATES[state, band][ground.material] for state, share in enumerate(shares)
        )
    return look * brightness


def _optic(ground: Ground, name: str) -> Floats:
    """One optical constant, cell by cell."""
    column: Floats = OPTICS_TABLE[:, Optics._fields.index(name)]
    return column[ground.material]


def _add_planted(look: Floats, height_m: Floats, standing: Iterable[Planted], tone: Floats) -> None:
    """Cover the ground with what stands on it, in place."""
    for planted in standing:
        if planted.change.after is not None:
            # Fresh cover keeps a little of the unevenness below it.
            after = np.array(planted.change.after)[:, None, None] * tone**0.5
            look += planted.share * (after - look)
            height_m += planted.share * (planted.change.height_m - height_m)


def _wetting(ground: Ground, weather: Weather) -> Floats:
    """Factor by which water darkens, (band, y, x)."""
    soaked = np.clip(weather.wetness ** (0.7 * ground.dryness), 0, 1)
    loss = _WETTING_BY_BAND[:, None, None] * (_optic(ground, "wetting") * soaked)
    return 1 - loss


def _direction(ground: Ground, weather: Weather, side: int) -> Floats:
    """Factor by sun height and by the side from which the ground is viewed, (y, x)."""
    height = math.sin(math.radians(weather.sun_elevation_deg)) - 0.75
    return 1 + _optic(ground, "directional") * (height + 0.12 * side)


def _cast_shadow(height_m: Floats, weather: Weather) -> Floats:
    """Share of each cell in the shadow of something higher, (y, x), by marching to the sun."""
    azimuth = math.radians(weather.sun_azimuth_deg)
    rise = math.tan(math.radians(weather.sun_elevation_deg)) * FINE_M
    shade = np.zeros_like(height_m)
    for step in range(1, math.ceil(_HIGHEST_M / rise) + 1):
        move = (round(step * math.cos(azimuth)), round(-step * math.sin(azimuth)))
        above = np.roll(height_m, move, axis=(0, 1)) - step * rise - height_m
        np.maximum(shade, np.clip(above / 3.0, 0, 1), out=shade)
    return shade


def snow_share(ground: Ground, weather: Weather, patchiness: Floats) -> Floats:
    """Share of each cell under snow, (y, x): thin snow lies in patches and shuns roofs."""
    if weather.snow_depth <= 0:
        return np.zeros(ground.cells.shape)
    margin = weather.snow_depth - _optic(ground, "sheds_snow") - 0.25 * patchiness - 0.1
    most = np.ones(len(Material))
    most[list(_SNOW_UNDER_CANOPY)] = list(_SNOW_UNDER_CANOPY.values())
    return most[ground.material] * logistic(margin / 0.07)


def snow_patchiness(seed: int, ground: Ground) -> Floats:
    """Where snow melts first, (y, x): fixed for a seed, since it follows the lie of the land."""
    rng = stream(seed, "snow-patches")
    shape = ground.cells.shape
    return 0.8 * smooth_field(rng, shape, 12) + 0.6 * smooth_field(rng, shape, 2)


def _lay_snow(look: Floats, snow: Floats, patchiness: Floats) -> None:
    """Cover the ground with snow, old and uneven, in place."""
    for band, bright in enumerate(SNOW):
        look[band] += snow * (bright * (1 - 0.06 * np.abs(patchiness)) - look[band])


@dataclass(frozen=True)
class Surface:
    """The ground of one simulation through time.

    Attributes:
        seed: seed of the simulation.
        ground: what lies where.
        planted: planted changes, placed.
        patchiness: where snow melts first.
        truth: what happened to each claim.
    """

    seed: int
    ground: Ground
    planted: tuple[Planted, ...]
    patchiness: Floats
    truth: Truth = REHEARSAL_TRUTH

    def look(self, weather: Weather, side: int, swept: Floats | None = None) -> GroundLook:
        """The ground on a day, viewed from one side (+1 or -1).

        Args:
            weather: the day.
            side: from where it is viewed.
            swept: share of each cell from which snow is taken away, (y, x), beside what is planted.
        """
        ground, day = self.ground, weather.day
        standing = [planted for planted in self.planted if planted.change.stands(day)]
        look, height_m = dry_ground(ground, self.seed, day), ground.height_m.copy()
        _add_planted(look, height_m, standing, ground.tone)
        look *= _wetting(ground, weather)
        look *= _direction(ground, weather, side)
        snow = snow_share(ground, weather, self.patchiness)
        for planted in standing:
            if planted.change.kind == SNOW_CLEARED:
                snow *= 1 - planted.share
        if swept is not None:
            snow *= 1 - swept
        _lay_snow(look, snow, self.patchiness)
        look *= 1 - _SHADOW_DARKENING[:, None, None] * _cast_shadow(height_m, weather)
        return GroundLook(look, snow)
