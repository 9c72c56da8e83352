"""How plants go through the year: logistic turns whose dates move from year to year.

Here belongs phenology only. No sum of sines is used anywhere: a paddy is flooded within days
and harvested overnight, and no year repeats the one before.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.simulate.fields import logistic, stream
from pipeline.simulate.materials import Material

if TYPE_CHECKING:
    from datetime import date

    from pipeline.simulate.fields import Floats
    from pipeline.simulate.ground import Ground


class Year(NamedTuple):
    """How a year differs from the usual one.

    Attributes:
        spring_days: lag of spring, in days.
        summer_days: lag of the crops, in days.
        autumn_days: lag of leaf fall and harvest, in days.
        lushness: factor on greenness.
    """

    spring_days: float
    summer_days: float
    autumn_days: float
    lushness: float


class Stage(NamedTuple):
    """Shares of a parcel's ground that are green, ripe and flooded; the rest is dormant."""

    green: Floats
    ripe: Floats
    flooded: Floats


def year_of(seed: int, year: int) -> Year:
    """The whims of one year, heavy-tailed and bounded."""
    rng = stream(seed, "year", year)
    lags = np.clip(rng.standard_t(4, 3) * (4.0, 3.0, 3.0), -11, 11)
    spring, summer, autumn = lags.tolist()
    return Year(spring, summer, autumn, math.exp(0.04 * rng.standard_normal()))


def _turn(day: Floats, middle: float, width_days: float) -> Floats:
    """Share that has turned by that day of the year."""
    return logistic((day - middle) / width_days)


def _perennial(day: Floats, year: Year, onset: float, end: float) -> Stage:
    """Weeds and leaves: green between two turns, quick in spring and slow in autumn."""
    green = _turn(day, onset + year.spring_days, 7) * (1 - _turn(day, end + year.autumn_days, 10))
    return Stage(green, np.zeros_like(day), np.zeros_like(day))


def _evergreen(day: Floats, year: Year) -> Stage:
    """Pine: green all year, duller in winter."""
    summer = _perennial(day, year, 105, 310).green
    return Stage(0.55 + 0.4 * summer, np.zeros_like(day), np.zeros_like(day))


def _paddy(day: Floats, year: Year) -> Stage:
    """Rice: flooded in May, green by July, ripe in September, cut within days in early October."""
    planted, cut = year.summer_days, year.autumn_days
    growth = _turn(day, 178 + planted, 7)
    flooded = _turn(day, 131 + planted, 1.5) * (1 - growth)
    ripening = _turn(day, 254 + cut, 6)
    ripe = ripening * (1 - _turn(day, 278 + cut, 1.2))
    return Stage(growth * (1 - ripening), ripe, flooded)


def _field(day: Floats, year: Year, second_crop: Floats) -> Stage:
    """Maize cut in late August, on some fields followed by cabbage until November."""
    ripening = _turn(day, 228 + year.autumn_days, 5)
    maize = _turn(day, 158 + year.summer_days, 7) * (1 - ripening)
    ripe = ripening * (1 - _turn(day, 243 + year.autumn_days, 2))
    cabbage = _turn(day, 262 + year.autumn_days, 6) * (1 - _turn(day, 314, 2.5))
    return Stage(maize + 0.75 * second_crop * cabbage, ripe, np.zeros_like(day))


def _stage_of(material: Material, day: Floats, year: Year, second_crop: Floats) -> Stage:
    """The stage of every cell of one material."""
    if material is Material.PADDY:
        return _paddy(day, year)
    if material in (Material.FIELD, Material.GINSENG):
        return _field(day, year, second_crop)
    if material is Material.PINE:
        return _evergreen(day, year)
    onset, end = (112, 298) if material is Material.BROADLEAF else (104, 288)
    return _perennial(day, year, onset, end)


GROWING = (
    Material.GRASS,
    Material.BROADLEAF,
    Material.PINE,
    Material.PADDY,
    Material.FIELD,
    Material.GINSENG,
)


def stages(ground: Ground, day: date, year: Year) -> Floats:
    """Shares of the four states (dormant, green, ripe, flooded) on a day, (state, y, x)."""
    shares = np.zeros((4, *ground.cells.shape))
    for material in GROWING:
        spot = ground.material == material
        local_day = day.timetuple().tm_yday - ground.delay_days[spot]
        stage = _stage_of(material, local_day, year, ground.second_crop[spot].astype(float))
        lush = np.clip(ground.vigour[spot] * year.lushness, 0.6, 1.15)
        shares[1][spot], shares[2][spot], shares[3][spot] = stage.green * lush, *stage[1:]
    shares[0] = 1 - shares[1:].sum(axis=0)
    return shares
