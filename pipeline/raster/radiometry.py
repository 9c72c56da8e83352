"""From stored numbers to physical ones: times a scale, plus an offset, and gaps stay gaps.

Here belongs the arithmetic that all sensors share. Which scale, offset and nodata hold for an
asset is decided in ``sensors``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Radiometry:
    """How a stored number becomes a physical one: number times scale, plus offset.

    Attributes:
        scale: factor.
        offset: summand, in the unit.
        decided_by: the reason, in words.
        nodata: stored numbers that mean that nothing was seen.
        unit: what the result counts.
    """

    scale: float
    offset: float
    decided_by: str
    nodata: tuple[float, ...] = ()
    unit: str = "reflectance"

    def __str__(self) -> str:
        """One line for the record."""
        return f"scale {self.scale:g}, offset {self.offset:g}: {self.decided_by}"


def has_numbers(stored: NDArray[Any], nodata: tuple[float, ...]) -> NDArray[np.bool_]:
    """Where a number is stored that means something, bool, the shape of the input.

    Args:
        stored: numbers as delivered.
        nodata: numbers that mean nothing; NaN and infinity never mean anything.
    """
    good: NDArray[np.bool_] = np.isfinite(stored)
    for number in nodata:
        good &= stored != number
    return good


def to_physical(stored: NDArray[Any], radiometry: Radiometry) -> NDArray[np.float32]:
    """Physical values, float32, the shape of the input; NaN where nothing is stored.

    Values below zero are kept. Nodata is looked for in the stored numbers, before they are
    scaled: a gap never becomes a reflectance of zero, nor of the offset.

    Args:
        stored: numbers as delivered.
        radiometry: scale, offset and nodata.
    """
    good = has_numbers(stored, radiometry.nodata)
    values = stored.astype(np.float32)
    values *= np.float32(radiometry.scale)
    values += np.float32(radiometry.offset)
    values[~good] = np.nan
    return values
