"""A mean over neighbours that were seen.

Here belongs smoothing of any map that has gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST_WEIGHT = 1e-6


def smoothed(
    image: NDArray[np.float32], seen: NDArray[np.bool_], sigma_px: float
) -> NDArray[np.float32]:
    """Gaussian mean over the seen neighbours; 0 where nothing is seen, (y, x).

    Args:
        image: (y, x); what was not seen may hold anything.
        seen: (y, x).
        sigma_px: standard deviation of the Gaussian.
    """
    total = ndimage.gaussian_filter(np.where(seen, image, np.float32(0)), sigma_px)
    if seen.all():
        return np.asarray(total)
    weight = ndimage.gaussian_filter(seen.astype(np.float32), sigma_px)
    return np.asarray(np.where(seen, total / np.maximum(weight, _LEAST_WEIGHT), np.float32(0)))
