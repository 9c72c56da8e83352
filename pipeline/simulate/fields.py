"""Random fields and random streams.

Here belongs randomness that has no meaning yet: correlated fields, heavy-tailed draws, one
stream per purpose. What a field stands for belongs to its caller.
"""

from __future__ import annotations

import math
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


def _standard(field: Floats) -> Floats:
    """A field shifted and scaled to mean 0 and variance 1."""
    scaled: Floats = (field - field.mean()) / field.std()
    return scaled


def power_law_field(rng: np.random.Generator, shape: Shape, exponent: float) -> Floats:
    """A field whose amplitude falls with frequency to the given power: mean 0, variance 1.

    Larger exponents give smoother fields; 1.5 looks like broken cloud, 3 like haze.
    """
    rows = fft.fftfreq(shape[0])[:, None]
    cols = fft.rfftfreq(shape[1])[None, :]
    distance = np.hypot(rows, cols)
    distance[0, 0] = np.inf
    spectrum = fft.rfft2(rng.standard_normal(shape)) * distance**-exponent
    return _standard(fft.irfft2(spectrum, s=shape))


def smooth_field(rng: np.random.Generator, shape: Shape, reach_px: float) -> Floats:
    """White noise smoothed to a correlation length in pixels: mean 0, variance 1."""
    return _standard(ndimage.gaussian_filter(rng.standard_normal(shape), reach_px, mode="wrap"))


def skewed_noise(rng: np.random.Generator, shape: Shape, reach_px: float) -> Floats:
    """Noise with a long upper tail and neighbours that know of one another.

    The sum of a Student t of five degrees (barely smoothed) and a centred gamma (smoothed over
    the given reach); mean about 0, standard deviation about 1.
    """
    white = ndimage.gaussian_filter(rng.standard_t(5, shape), 0.6, mode="wrap")
    lumps = ndimage.gaussian_filter(rng.gamma(0.8, 1.0, shape), reach_px, mode="wrap")
    return (_standard(white) + _standard(lumps)) * math.sqrt(0.5)


def logistic(value: Floats) -> Floats:
    """The S-curve 1 / (1 + exp(-x)), written so that it never overflows."""
    curve: Floats = 0.5 * (1.0 + np.tanh(0.5 * value))
    return curve
