"""Random fields and random streams.

Here belongs randomness that has no meaning yet: correlated fields, heavy-tailed draws, one
stream per purpose. What a field stands for belongs to its caller.
"""

from __future__ import annotations

import zlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Shape: TypeAlias = tuple[int, int]


def stream(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """A random stream of its own for each purpose and index.

    One purpose never shifts the draws of another, so that planting a change leaves the weather
    and the noise untouched.
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), index])


def power_law_field(rng: np.random.Generator, shape: Shape, exponent: float) -> Floats:
    """A field whose amplitude falls with frequency to the given power: mean 0, variance 1.

    Larger exponents give smoother fields; 1.5 looks like broken cloud, 3 like haze.
    """
    rows = fft.fftfreq(shape[0])[:, None]
    cols = fft.rfftfreq(shape[1])[None, :]
    distance = np.hypot(rows, cols)
    distance[0, 0] = np.inf
    spectrum = fft.rfft2(rng.standard_normal(shape)) * distance**-exponent
    field: Floats = fft.irfft2(spectrum, s=shape)
    return (field - field.mean()) / field.std()


def smooth_field(rng: np.random.Generator, shape: Shape, reach_px: float) -> Floats:
    """White noise smoothed to a correlation length in pixels: mean 0, variance 1."""
    field: Floats = ndimage.gaussian_filter(rng.standard_normal(shape), reach_px, mode="wrap")
    return (field - field.mean()) / field.std()


def skewed_noise(rng: np.random.Generator, shape: Shape, reach_px: float) -> Floats:
    """Noise with a long upper tail and neighbours that know of one another.

    The sum of a Student t of five degrees (white) and a centred gamma (smoothed); mean about 0,
    standard deviation about 1.
    """
    white = rng.standard_t(5, shape) * 0.55
    lumps: Floats = ndimage.gaussian_filter(rng.gamma(0.8, 1.0, shape), reach_px, mode="wrap")
    return white + 0.6 * (lumps - lumps.mean()) / lumps.std()


def logistic(value: Floats) -> Floats:
    """The S-curve 1 / (1 + exp(-x)), written so that it never overflows."""
    curve: Floats = 0.5 * (1.0 + np.tanh(0.5 * value))
    return curve
