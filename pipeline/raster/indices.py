"""Spectral indices: normalised differences of two bands, on plain arrays.

Here belongs arithmetic that is the same for every sensor. Which bands a sensor has belongs to
``sensors``, what an index says of a place to ``signs`` and ``detect``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_SUM = 1e-3
"""Two bands that are darker than this together have no colour: the index is held near 0."""


def normalised_difference(
    first: NDArray[np.float32], second: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(first - second) / (first + second), float32, the shape of the bands, within -1..1.

    The same factor on both bands leaves it as it is. NDVI (Rouse et al. 1974) takes near infrared
    and red, NDSI (Hall et al. 1995) green and short-wave infrared, NDWI (McFeeters 1996) green
    and near infrared, NDBI (Zha et al. 2003) short-wave and near infrared.

    Args:
        first: reflectance; below zero counts as zero.
        second: the same shape.

    Example:
        >>> normalised_difference(np.float32([0.75, 0.0]), np.float32([0.25, 0.0])).tolist()
        [0.5, 0.0]
    """
    above, below = np.maximum(first, np.float32(0)), np.maximum(second, np.float32(0))
    total = np.maximum(above + below, np.float32(LEAST_SUM))
    return np.asarray((above - below) / total, dtype=np.float32)
