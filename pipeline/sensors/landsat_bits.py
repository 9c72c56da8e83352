"""The bits of Landsat's QA_PIXEL, and what a pixel shows by them.

Here belongs one band of codes. Everything else that is said about Landsat belongs to ``landsat``.
Source: the tables of QA_PIXEL in the Landsat 4-7 and 8-9 Collection 2 Level-2 science product
guides of the USGS.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.errors import RadiometryError
from pipeline.model.look import PixelKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions

QA_PIXEL: Final = "qa_pixel"


class QaBit(IntEnum):
    """Single bits of QA_PIXEL, by position; 1 is yes. Only Landsat 8 and 9 know cirrus."""

    FILL = 0
    DILATED_CLOUD = 1
    CIRRUS = 2
    CLOUD = 3
    SHADOW = 4
    SNOW = 5
    CLEAR = 6
    WATER = 7


class QaConfidence(IntEnum):
    """Pairs of bits of QA_PIXEL, by the lower position; 0 none, 1 low, 2 medium, 3 high."""

    CLOUD = 8
    SHADOW = 10
    SNOW = 12
    CIRRUS = 14


class LandClass(IntEnum):
    """What a pixel shows. Snow is a signal of its own, neither cloud nor clear ground."""

    FILL = 0
    CLEAR = 1
    WATER = 2
    SNOW = 3
    SHADOW = 4
    CLOUD = 5
    UNDECIDED = 6


_CLASS_OF_BIT: Final = (
    (QaBit.CLEAR, LandClass.CLEAR),
    (QaBit.WATER, LandClass.WATER),
    (QaBit.SNOW, LandClass.SNOW),
    (QaBit.SHADOW, LandClass.SHADOW),
    (QaBit.DILATED_CLOUD, LandClass.CLOUD),
    (QaBit.CIRRUS, LandClass.CLOUD),
    (QaBit.CLOUD, LandClass.CLOUD),
    (QaBit.FILL, LandClass.FILL),
)
"""Later ones win where several bits are set: snow under a cloud is not seen."""


def has_bit(qa: NDArray[Any], bit: QaBit) -> NDArray[np.bool_]:
    """Where a bit of QA_PIXEL is set, bool, the shape of the input."""
    found: NDArray[np.bool_] = (qa >> int(bit)) & 1 == 1
    return found


def confidence(qa: NDArray[Any], field: QaConfidence) -> NDArray[np.uint8]:
    """A confidence of QA_PIXEL, 0 to 3, uint8, the shape of the input."""
    return ((qa >> int(field)) & 3).astype(np.uint8)


def classes_of(qa: NDArray[Any]) -> NDArray[np.uint8]:
    """``LandClass`` of every pixel, uint8, the shape of the input.

    The bit for clear stays set in shadow, over snow and over water, so it is asked last.

    Args:
        qa: QA_PIXEL as delivered.

    Raises:
        RadiometryError: if the numbers cannot be bits.
    """
    if qa.dtype.kind not in "ui":
        remedy = "deliver QA_PIXEL as it is, without scale and without interpolation"
        raise RadiometryError(f"bits cannot be {qa.dtype}", where=QA_PIXEL, remedy=remedy)
    classes = np.full(qa.shape, LandClass.UNDECIDED, np.uint8)
    for bit, land_class in _CLASS_OF_BIT:
        classes[has_bit(qa, bit)] = land_class
    return classes


_KIND_OF_CLASS: Final = np.zeros(len(LandClass), np.uint8)
for _land_class, _kind in (
    (LandClass.FILL, PixelKind.UNSEEN),
    (LandClass.CLEAR, PixelKind.CLEAR),
    (LandClass.WATER, PixelKind.CLEAR),
    (LandClass.SNOW, PixelKind.SNOW),
    (LandClass.SHADOW, PixelKind.SHADOW),
    (LandClass.CLOUD, PixelKind.CLOUD),
    (LandClass.UNDECIDED, PixelKind.OTHER),
):
    _KIND_OF_CLASS[_land_class] = _kind


def kinds_of(
    qa: NDArray[Any], _nodata: tuple[float, ...], _options: PrepareOptions
) -> NDArray[np.uint8]:
    """What every pixel shows by the bits of QA_PIXEL, codes of ``PixelKind``.

    Water is a clear look, as it is with Sentinel-2: a flooded yard has been seen. Fill is not a
    look: the bit stands at the ragged edges of every scene and in the gaps of Landsat 7.

    Raises:
        RadiometryError: if the numbers cannot be bits.
    """
    kinds: NDArray[np.uint8] = _KIND_OF_CLASS[classes_of(qa)]
    return kinds
