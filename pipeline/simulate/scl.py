# ruff: noqa: PLR2004 - every number here is a made-up quantity, read in the place it acts
"""The scene classification as delivered: mostly right, wrong where the real one is wrong.

Here belongs the imitation of a classifier: it misses thin edges and faint shadows, takes bright
roofs for cloud on some days, and calls murk unclassified. The truth belongs to ``sky``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.simulate.fields import power_law_field, smooth_field, stream
from pipeline.simulate.materials import BANDS
from pipeline.simulate.sensor import pair_mean

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from pipeline.simulate.fields import Floats
    from pipeline.simulate.sky import Sky

SHADOW, VEGETATION, BARE, WATER, UNCLASSIFIED = 3, 4, 5, 6, 7
CLOUD_MEDIUM, CLOUD_HIGH, CIRRUS, SNOW_OR_ICE = 8, 9, 10, 11
CLEAR = (VEGETATION, BARE, WATER, UNCLASSIFIED)


def _index(first: Floats, second: Floats) -> Floats:
    """Normalised difference, safe where both are about zero."""
    return (first - second) / np.maximum(first + second, 1e-3)


def _ground_class(look: Floats) -> NDArray[np.uint8]:
    """Class by colour alone, from reflectance (band, y, x) at 20 m."""
    blue, green, red, nir, swir16 = (look[band] for band in range(len(BANDS)))
    label = np.full(blue.shape, BARE, dtype=np.uint8)
    label[_index(nir, red) > 0.42] = VEGETATION
    label[(nir < 0.11) & (green > 1.05 * nir) & (swir16 < 0.07)] = WATER
    label[(blue > 0.12) & (_index(nir, red) > 0.18) & (label == BARE)] = UNCLASSIFIED
    label[(_index(green, swir16) > 0.35) & (nir > 0.3)] = SNOW_OR_ICE
    return label


def classify(seed: int, day: date, look: Floats, sky: Sky) -> NDArray[np.uint8]:
    """The delivered classification, uint8 at 20 m.

    Args:
        seed: seed of the simulation.
        day: the day of the pass.
        look: reflectance above the air, (band, y, x) at 10 m.
        sky: the true air, which the classifier only half knows.
    """
    rng = stream(seed, "classifier", day.toordinal())
    seen = pair_mean(look)
    label = _ground_class(seen)
    shape = label.shape
    doubt = 0.035 * smooth_field(rng, shape, 1.5) + 0.02 * power_law_field(rng, shape, 2.0)
    opacity, cirrus, shade = (pair_mean(layer) for layer in (sky.opacity, sky.cirrus, sky.shade))
    # On some days the brightness test is set off by metal roofs and pale pavement.
    fooled = rng.random() < 0.22
    glare = (seen[0] > 0.31 + 0.03 * smooth_field(rng, shape, 1.0)) & (label != SNOW_OR_ICE)
    label[glare & fooled] = CLOUD_MEDIUM
    label[(shade + 2 * doubt > 0.20) & (shade > 0.06)] = SHADOW
    label[cirrus + doubt > 0.13] = CIRRUS
    label[(opacity + doubt > 0.10) & (opacity > 0.03)] = UNCLASSIFIED
    label[opacity + doubt > 0.17] = CLOUD_MEDIUM
    label[opacity + doubt > 0.45] = CLOUD_HIGH
    return label
