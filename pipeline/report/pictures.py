"""Arrays to pictures: one pixel of the sensor becomes one pixel of a PNG.

Here belongs colour. What is drawn over a picture (outlines, labels, bars) is drawn by the page,
sharp at any size; which date is shown is decided by ``figures``.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipeline.raster.steps import to_decibel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube
    from pipeline.model.grid import Window

COLOURS = ("red", "green", "blue")
PERCENTILES = (0.5, 99.2)
LEAST_RANGE = 0.1
"""Reflectance from black to white is at least this, so that noise is not blown up to colours."""
GAMMA = 1.5
"""Lifts dark ground a little; the same for every picture of a page."""
LEAST_RANGE_DB = 12.0
"""Decibels from black to white are at least these, so that speckle is not blown up to contrasts."""
UNSEEN_DB = -99.0


@dataclass(frozen=True)
class Stretch:
    """How values become brightness, the same for every picture of a page.

    Attributes:
        low: shown as black, in reflectance or decibels by colour, float64, (3,).
        high: shown as white, likewise.
        gamma: exponent of the brightness.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    gamma: float = GAMMA


def stretch_of(cube: DateCube, date: int) -> Stretch:
    """A stretch between the percentiles of the clear pixels of one date."""
    clear = cube.clear[date]
    colours = _colours(cube, date)[:, clear]
    if not clear.any():
        return Stretch(np.zeros(3), np.full(3, 0.3))
    low, high = np.percentile(colours, PERCENTILES, axis=1)
    if is_radar(cube):
        return Stretch(low, np.maximum(high, low + LEAST_RANGE_DB), gamma=1.0)
    return Stretch(low, np.maximum(high, low + LEAST_RANGE))


def is_radar(cube: DateCube) -> bool:
    """Whether the values are backscatter, shown in grey decibels."""
    return bool(cube.orbit)


def picture(cube: DateCube, date: int, window: Window, stretch: Stretch) -> NDArray[np.uint8]:
    """A block of one date as RGBA, (y, x, 4); transparent where nothing was seen.

    True colour, or grey decibels of the first polarisation.
    """
    rows, cols = window.slices
    colours = _colours(cube, date)[:, rows, cols]
    seen = _seen(cube, date, window)
    low, high = stretch.low[:, None, None], stretch.high[:, None, None]
    level = np.clip((colours - low) / (high - low), 0.0, 1.0) ** (1 / stretch.gamma)
    rgb = np.round(level * 255).astype(np.uint8)
    alpha = np.where(seen, 255, 0).astype(np.uint8)
    return np.moveaxis(np.concatenate([rgb * seen, alpha[None]]), 0, -1)


def to_png(pixels: NDArray[np.uint8], *, is_simulated: bool) -> bytes:
    """A picture as PNG, marked inside the file if it is simulated; the same bytes each time."""
    info = PngInfo()
    info.add_text("zonewatch:simulated", str(is_simulated).lower())
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=True, pnginfo=info)
    return buffer.getvalue()


def _seen(cube: DateCube, date: int, window: Window) -> NDArray[np.bool_]:
    """Pixels of a block that were seen, bare or under snow, bool, (y, x)."""
    rows, cols = window.slices
    seen: NDArray[np.bool_] = cube.clear[date, rows, cols] | cube.snow[date, rows, cols]
    return seen


def _colours(cube: DateCube, date: int) -> NDArray[np.float32]:
    """Red, green and blue of one date, (3, y, x), or one polarisation in decibels three times."""
    if not is_radar(cube):
        bands: NDArray[np.float32] = cube.values[date][_colour_index(cube)]
        return bands
    decibel = np.nan_to_num(to_decibel(cube.values[date, 0]), nan=UNSEEN_DB)
    return np.broadcast_to(decibel, (3, *decibel.shape))


def _colour_index(cube: DateCube) -> list[int]:
    """Where the colours stand on the band axis; the first band stands in for a missing one."""
    return [cube.bands.index(name) if name in cube.bands else 0 for name in COLOURS]
