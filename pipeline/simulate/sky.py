"""The air of one pass: clouds, their shadows, haze.

Here belong fields of opacity on the 10 m grid and the light that reaches the sensor through
them. What a classifier makes of it belongs to ``scl``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.simulate.fields import power_law_field, stream
from pipeline.simulate.materials import CLOUD, SENSITIVITY_TO_HAZE

if TYPE_CHECKING:
    from datetime import date

    from pipeline.simulate.fields import Flags, Floats, Shape
    from pipeline.simulate.weather import Weather

_MARGIN_ROWS, _MARGIN_COLS = 150, 70
"""Sky south and east of the frame, in pixels: its clouds cast shadows into the frame."""
_SHADE_BY_BAND = np.array([0.78, 0.86, 0.91, 1.0, 1.0])
_NO_CLOUD = 0.01
_CIRRUS_CHANCE = 0.3
SEEN_OPACITY = 0.08
SEEN_SHADE = 0.12


@dataclass(frozen=True)
class Sky:
    """The air over the frame, (y, x) each.

    Attributes:
        opacity: share of the ground's light that clouds replace by their own, 0 to 1.
        cirrus: the same for thin high cloud, which casts no shadow.
        shade: share of sunlight lost in the shadow of a cloud, 0 to 1.
        haze: reflectance added in the blue.
    """

    opacity: Floats
    cirrus: Floats
    shade: Floats
    haze: Floats

    @property
    def cover(self) -> Floats:
        """Opacity of all cloud together."""
        return 1 - (1 - self.opacity) * (1 - self.cirrus)

    @property
    def is_open(self) -> Flags:
        """Where the ground is truly seen: neither cloud nor its shadow worth the name."""
        return (self.cover < SEEN_OPACITY) & (self.shade < SEEN_SHADE)


def _clouds(rng: np.random.Generator, shape: Shape, cover: float) -> Floats:
    """Opacity of low cloud over a frame with its margin, covering the given share of the frame."""
    wide = (shape[0] + _MARGIN_ROWS, shape[1] + _MARGIN_COLS)
    field = power_law_field(rng, wide, rng.uniform(1.6, 2.2))
    softness, density = rng.uniform(0.25, 1.1), rng.uniform(0.75, 1.0)
    if cover < _NO_CLOUD:
        return np.zeros(wide)
    floor = np.quantile(field[: shape[0], : shape[1]], 1 - min(cover, 1.0))
    # A closed sky has no edges: its threshold sinks below the thinnest spot.
    floor -= softness * np.clip((cover - 0.9) / 0.08, 0, 1)
    opacity: Floats = density * np.clip((field - floor) / softness, 0, 1) ** 0.8
    return opacity


def _shadow(opacity: Floats, shape: Shape, weather: Weather, height_m: float) -> Floats:
    """Shadow inside the frame: the cloud towards the sun, as far off as it is high."""
    reach_px = height_m / math.tan(math.radians(weather.sun_elevation_deg)) / 10
    azimuth = math.radians(weather.sun_azimuth_deg)
    row = min(_MARGIN_ROWS, round(-math.cos(azimuth) * reach_px))
    col = min(_MARGIN_COLS, round(math.sin(azimuth) * reach_px))
    blurred: Floats = ndimage.gaussian_filter(opacity, 1.5, mode="nearest")
    return 0.72 * blurred[row : row + shape[0], col : col + shape[1]]


def _cirrus_mean(rng: np.random.Generator) -> float:
    """Mean opacity of the thin high cloud of a day; mostly none."""
    return float(rng.gamma(0.6, 0.06)) if rng.random() < _CIRRUS_CHANCE else 0.0


def cirrus_mean(seed: int, day: date) -> float:
    """What ``make_sky`` will give the thin high cloud of a day for a mean."""
    return _cirrus_mean(stream(seed, "sky", day.toordinal()))


def make_sky(seed: int, weather: Weather, shape: Shape) -> Sky:
    """The air of a day."""
    rng = stream(seed, "sky", weather.day.toordinal())
    cirrus = _cirrus_mean(rng)
    veil = np.exp(0.6 * power_law_field(rng, shape, 2.6))
    mist = np.exp(0.5 * power_law_field(rng, shape, 3.0))
    base_m = float(np.clip(rng.lognormal(6.5, 0.5), 250, 1400))
    opacity = _clouds(rng, shape, weather.cloud_cover)
    over = opacity[: shape[0], : shape[1]]
    damp = weather.haze * (0.6 + 1.2 * weather.cloud_cover)
    return Sky(
        over,
        np.clip(cirrus * veil, 0, 0.4),
        _shadow(opacity, shape, weather, base_m) * (1 - over),
        damp * mist,
    )


def through(sky: Sky, ground: Floats, brightness: float) -> Floats:
    """Reflectance above the air, (band, y, x), from that of the ground.

    Args:
        sky: the air.
        ground: reflectance of the ground, (band, y, x).
        brightness: brightness of the cloud tops relative to the usual.
    """
    lit = ground * (1 - _SHADE_BY_BAND[:, None, None] * sky.shade)
    # Thick cloud is bright, thin cloud and cirrus are dim.
    top = brightness * np.array(CLOUD)[:, None, None] * (0.75 + 0.4 * sky.opacity)
    hazy = lit + SENSITIVITY_TO_HAZE[:, None, None] * sky.haze * (1 - lit)
    return hazy * (1 - sky.cover) + top * sky.cover
