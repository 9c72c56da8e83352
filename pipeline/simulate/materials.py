"""What surfaces reflect: one row per material and state, typical of the literature's ranges.

Here belong reflectances and the few optical constants of a material. Where a material lies
belongs to ``ground``; in which state it is on a day belongs to ``season``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

BANDS = ("blue", "green", "red", "nir", "swir16")
"""Order of every band axis in this package (Sentinel-2 B02, B03, B04, B08, B11)."""


class Material(IntEnum):
    """What covers a spot of ground."""

    GRASS = 0
    BROADLEAF = 1
    PINE = 2
    PADDY = 3
    FIELD = 4
    SOIL = 5
    WATER = 6
    ASPHALT = 7
    CONCRETE = 8
    GRAVEL = 9
    ROOF_BLUE = 10
    ROOF_RED = 11
    ROOF_WHITE = 12
    ROOF_GREY = 13
    HOUSES = 14
    GINSENG = 15


class Spectrum(NamedTuple):
    """Surface reflectance by band."""

    blue: float
    green: float
    red: float
    nir: float
    swir16: float


class Optics(NamedTuple):
    """How a material answers to water, sun, age and snow.

    Attributes:
        wetting: share of reflectance lost when soaked.
        directional: relative change of reflectance with the cosine of the sun's zenith angle.
        ageing: largest loss of brightness, share per year.
        sheds_snow: snow depth, in arbitrary units, that melts on it before any stays.
    """

    wetting: float
    directional: float
    ageing: float
    sheds_snow: float


DORMANT = {
    Material.GRASS: Spectrum(0.066, 0.093, 0.122, 0.225, 0.285),
    Material.BROADLEAF: Spectrum(0.045, 0.061, 0.073, 0.168, 0.205),
    Material.PINE: Spectrum(0.027, 0.039, 0.034, 0.180, 0.110),
    Material.PADDY: Spectrum(0.080, 0.106, 0.137, 0.208, 0.275),
    Material.FIELD: Spectrum(0.088, 0.118, 0.156, 0.224, 0.305),
    Material.SOIL: Spectrum(0.098, 0.134, 0.178, 0.245, 0.325),
    Material.WATER: Spectrum(0.043, 0.050, 0.036, 0.024, 0.012),
    Material.ASPHALT: Spectrum(0.083, 0.093, 0.100, 0.117, 0.130),
    Material.CONCRETE: Spectrum(0.155, 0.176, 0.191, 0.218, 0.240),
    Material.GRAVEL: Spectrum(0.128, 0.147, 0.165, 0.196, 0.230),
    Material.ROOF_BLUE: Spectrum(0.245, 0.196, 0.130, 0.215, 0.195),
    Material.ROOF_RED: Spectrum(0.092, 0.104, 0.192, 0.250, 0.270),
    Material.ROOF_WHITE: Spectrum(0.350, 0.372, 0.380, 0.398, 0.330),
    Material.ROOF_GREY: Spectrum(0.172, 0.184, 0.190, 0.208, 0.215),
    Material.HOUSES: Spectrum(0.095, 0.112, 0.132, 0.172, 0.205),
    Material.GINSENG: Spectrum(0.048, 0.054, 0.060, 0.125, 0.120),
}
GREEN = {
    Material.GRASS: Spectrum(0.032, 0.062, 0.046, 0.320, 0.185),
    Material.BROADLEAF: Spectrum(0.020, 0.043, 0.024, 0.370, 0.165),
    Material.PINE: Spectrum(0.021, 0.036, 0.023, 0.235, 0.098),
    Material.PADDY: Spectrum(0.026, 0.055, 0.033, 0.365, 0.145),
    Material.FIELD: Spectrum(0.030, 0.060, 0.040, 0.345, 0.180),
    Material.GINSENG: Spectrum(0.040, 0.056, 0.052, 0.190, 0.120),
}
RIPE = {
    Material.PADDY: Spectrum(0.058, 0.104, 0.118, 0.290, 0.235),
    Material.FIELD: Spectrum(0.066, 0.098, 0.122, 0.262, 0.270),
}
FLOODED = {Material.PADDY: Spectrum(0.066, 0.082, 0.076, 0.082, 0.045)}

_VEGETATION = Optics(0.05, 0.10, 0.0, 0.15)
_EARTH = Optics(0.27, 0.12, 0.0, 0.10)
_PAVED = Optics(0.20, 0.06, 0.004, 0.35)
_ROOF = Optics(0.06, 0.08, 0.018, 0.40)
OPTICS = {
    **dict.fromkeys(Material, _VEGETATION),
    **dict.fromkeys((Material.PADDY, Material.FIELD, Material.SOIL, Material.GRAVEL), _EARTH),
    **dict.fromkeys((Material.ASPHALT, Material.CONCRETE, Material.HOUSES), _PAVED),
    **{material: _ROOF for material in Material if material.name.startswith("ROOF")},
    Material.BROADLEAF: Optics(0.04, 0.14, 0.0, 0.45),
    Material.PINE: Optics(0.03, 0.16, 0.0, 0.75),
    Material.WATER: Optics(0.0, 0.0, 0.0, 9.0),
}
SNOW = Spectrum(0.72, 0.735, 0.74, 0.70, 0.11)
CLOUD = Spectrum(0.66, 0.64, 0.64, 0.66, 0.44)

SENSITIVITY_TO_HAZE = np.array([1.0, 0.74, 0.53, 0.27, 0.08])
"""Path radiance left after correction, relative to blue, falling with wavelength."""


def _table(rows: dict[Material, Spectrum]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Reflectance as (band, material); materials without that state keep the dormant one."""
    return np.array([rows.get(material, DORMANT[material]) for material in Material]).T


STATES = np.stack([_table(rows) for rows in (DORMANT, GREEN, RIPE, FLOODED)])
"""Reflectance as (state, band, material); states: dormant, green, ripe, flooded."""
OPTICS_TABLE = np.array([OPTICS[material] for material in Material])
"""Optical constants as (material, constant), in the order of ``Optics``."""
