"""Masks and exact repetition of pixels, on plain arrays.

Here belongs arithmetic that puts a coarser band onto a finer grid without inventing values, and
that turns class codes into masks. Which class means what belongs to ``sensors``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)


def repeat_pixels(array: NDArray[T], factor: int) -> NDArray[T]:
    """Each pixel as a block of ``factor`` x ``factor`` equal pixels: nothing is interpolated.

    Args:
        array: (y, x).
        factor: 1 or more; 1 gives the array itself.

    Example:
        >>> repeat_pixels(np.array([[1, 2]]), 2).tolist()
        [[1, 1, 2, 2], [1, 1, 2, 2]]
    """
    if factor == 1:
        return array
    return array.repeat(factor, axis=0).repeat(factor, axis=1)


def has_class(classes: NDArray[Any], wanted: Collection[int]) -> NDArray[np.bool_]:
    """Where a class code is one of the wanted ones; bool, the shape of the codes."""
    return np.isin(classes, list(wanted))


def weighted_share(mask: NDArray[np.bool_], weight: NDArray[np.float32]) -> float:
    """The share of a weighted area that a mask covers.

    Args:
        mask: (y, x).
        weight: the same shape; its sum must not be 0.
    """
    return float(weight[mask].sum(dtype=np.float64) / weight.sum(dtype=np.float64))
