"""From light to numbers: point spread, misregistration, noise with a memory, digital numbers.

Here belongs what the instrument and its processor add. The scene classification belongs to
``scl``; files and metadata belong to ``catalogue``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from pipeline.simulate.fields import skewed_noise, stream
from pipeline.simulate.ground import FINE_M, PAD_CELLS
from pipeline.simulate.materials import BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.simulate.fields import Floats, Shape

PIXEL_M = 10
OFFSET_SINCE = date(2022, 1, 25)
"""From this day on the processor adds 1000 to every number (processing baseline 04.00)."""
SCALE = 0.0001
_OFFSET_DN = 1000
_STEP_DN = 4
"""Sentinel-2 counts in 4096 steps; four numbers are about one of them."""
_BLUR_M = 4.0
_LARGEST_SHIFT_M = 4.0
_REACH_CELLS = 6
"""Fine cells on each side of a pixel's centre that still matter to it."""
_MEMORY_DAYS = 9.0
_TILT = np.array([0.9, 0.5, 0.0, -0.7, -1.0])
"""How the coloured part of the ground's unrest goes through the bands."""


def misregistration_m(seed: int, day: date) -> tuple[float, float]:
    """How far a scene lies off its grid, (south, east) in metres; at most 0.4 of a pixel."""
    rng = stream(seed, "shift", day.toordinal())
    shift = np.clip(1.1 * rng.standard_t(4, 2), -_LARGEST_SHIFT_M, _LARGEST_SHIFT_M)
    return float(shift[0]), float(shift[1])


def _taps(shift_m: float) -> Floats:
    """How much each of the fine cells around a pixel adds to it, along one axis.

    A pixel is a 10 m box smeared by a Gaussian of 4 m, which gives a modulation of about 0.29
    at the Nyquist frequency, as Sentinel-2's 10 m bands have.
    """
    cell_m = (np.arange(2 * _REACH_CELLS) - _REACH_CELLS + 0.5) * FINE_M - shift_m
    unit = math.sqrt(2) * _BLUR_M
    edge = PIXEL_M / 2
    raw: Floats = special.erf((cell_m + edge) / unit) - special.erf((cell_m - edge) / unit)
    weight: Floats = raw / raw.sum()
    return weight


def _gather(layers: Floats, n_pixels: int, shift_m: float) -> Floats:
    """Sum fine cells into pixels along the last axis; plain sums, the same on every machine."""
    start = PAD_CELLS + 1 - _REACH_CELLS
    pixels: Floats = np.zeros((*layers.shape[:-1], n_pixels))
    for tap, weight in enumerate(_taps(shift_m), start=start):
        pixels += weight * layers[..., tap : tap + 2 * n_pixels : 2]
    return pixels


def to_pixels(layers: Floats, shape: Shape, shift_m: tuple[float, float]) -> Floats:
    """Fine layers (layer, y, x) as pixels of 10 m, seen through the optics, off by a shift."""
    across = _gather(layers, shape[1], shift_m[1])
    return np.swapaxes(_gather(np.swapaxes(across, 1, 2), shape[0], shift_m[0]), 1, 2)


def pair_mean(layers: Floats) -> Floats:
    """Means of 2 x 2 blocks over the last two axes: 10 m pixels as 20 m pixels."""
    *lead, rows, cols = layers.shape
    blocks: Floats = layers.reshape(*lead, rows // 2, 2, cols // 2, 2).mean(axis=(-3, -1))
    return blocks


@dataclass(frozen=True)
class Unrest:
    """The ground's own unrest: puddles, parked things, dust; it lasts for some days.

    Attributes:
        day: the day it belongs to.
        grey: the part that all bands share, (y, x), unit variance.
        coloured: the part that tilts the spectrum, (y, x), unit variance.
    """

    day: date
    grey: Floats
    coloured: Floats

    @property
    def by_band(self) -> Floats:
        """Relative change of reflectance, (band, y, x)."""
        return 0.015 * self.grey + 0.006 * _TILT[:, None, None] * self.coloured


def next_unrest(seed: int, day: date, shape: Shape, before: Unrest | None) -> Unrest:
    """The unrest of a day, fading from that of the look before."""
    rng = stream(seed, "unrest", day.toordinal())
    fresh = skewed_noise(rng, shape, 1.2), skewed_noise(rng, shape, 2.0)
    if before is None:
        return Unrest(day, *fresh)
    kept = math.exp(-(day - before.day).days / _MEMORY_DAYS)
    new = math.sqrt(1 - kept**2)
    return Unrest(day, kept * before.grey + new * fresh[0], kept * before.coloured + new * fresh[1])


def correction_error(seed: int, day: date) -> Floats:
    """Gain left over by the atmospheric correction, (band,): skewed, mostly shared by the bands."""
    rng = stream(seed, "correction", day.toordinal())
    shared = 0.010 * (rng.gamma(1.5, 1.0) - 1.5)
    gain: Floats = np.exp(shared + 0.005 * rng.standard_t(5, len(BANDS)))
    return gain


def instrument_noise(seed: int, day: date, reflectance: Floats) -> Floats:
    """Noise of the detector, (band, y, x): heavy-tailed, growing with the light."""
    rng = stream(seed, "detector", day.toordinal())
    spread = 0.0008 + 0.0025 * np.clip(reflectance, 0, 0.4)
    # Nobody measures anything on a closed sky: less noise there keeps the files small.
    spread *= 1 - 0.65 * np.clip((reflectance - 0.45) / 0.1, 0, 1)
    return spread * 0.75 * rng.standard_t(5, reflectance.shape)


def to_numbers(reflectance: Floats, day: date) -> NDArray[np.uint16]:
    """Reflectance as stored numbers, in steps of a 12-bit converter; 0 is left to nodata."""
    steps = np.rint(reflectance / SCALE / _STEP_DN)
    offset = _OFFSET_DN if day >= OFFSET_SINCE else 0
    numbers: NDArray[np.uint16] = np.clip(steps * _STEP_DN + offset, 1, 20_000).astype(np.uint16)
    return numbers
