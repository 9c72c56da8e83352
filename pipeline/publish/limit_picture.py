"""The map of the limit as a picture: a panel for each kind of change, with its key.

Here belongs what a person opens; ``limit-map.tif`` holds the numbers. Colours run from light, where
a faint change is found, to dark, where only a strong one is.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo
from scipy import ndimage

from pipeline.model.cube import INSIDE_SHARE
from pipeline.model.limit import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import ZoneMask
    from pipeline.model.limit import Plant, SiteLimits

    Rgb = NDArray[np.uint8]

RAMP: Final = ((255, 247, 204), (161, 218, 180), (65, 182, 196), (44, 100, 170), (30, 40, 110))
NONE_FOUND: Final = (204, 134, 116)
NOT_PLANTED: Final = (228, 228, 228)
INK: Final = (20, 20, 20)
PANEL_PX: Final = 420
MARGIN_PX: Final = 16
LINE_PX: Final = 20
SWATCH_PX: Final = 14
KEY_PX: Final = 74
WORDS_PX: Final = 110
"""From one entry of the key to the next: a number, or words."""


@dataclass(frozen=True)
class Key:
    """What a colour stands for.

    Attributes:
        contrasts: those that were planted, rising.
    """

    contrasts: tuple[float, ...]

    @classmethod
    def of(cls, limits: SiteLimits) -> Key:
        """The key to what was planted at a site."""
        return cls(tuple(sorted({x.contrast for zone in limits.zones for x in zone.soundings})))

    @property
    def colours(self) -> Rgb:
        """A colour for each contrast, (contrast, 3)."""
        at = np.linspace(0, len(RAMP) - 1, max(len(self.contrasts), 1))
        steps = np.arange(len(RAMP))
        bands = [np.interp(at, steps, band) for band in np.transpose(RAMP)]
        return np.round(np.stack(bands, axis=1)).astype(np.uint8)

    @property
    def entries(self) -> list[tuple[str, tuple[int, ...]]]:
        """Words and colours of the key."""
        colours = (tuple(int(part) for part in one) for one in self.colours)
        named = [(f"{x:g}", y) for x, y in zip(self.contrasts, colours, strict=False)]
        return [*named, ("none found", NONE_FOUND), ("not planted", NOT_PLANTED)]

    def painted(self, chart: NDArray[np.float32]) -> Rgb:
        """A map in colours, (y, x, 3)."""
        rgb = np.full((*chart.shape, 3), NOT_PLANTED, dtype=np.uint8)
        for contrast, colour in zip(self.contrasts, self.colours, strict=False):
            rgb[chart == np.float32(contrast)] = colour
        rgb[chart == np.float32(NOT_FOUND)] = NONE_FOUND
        return rgb


def limit_picture(
    limits: SiteLimits, chart: Mapping[Plant, NDArray[np.float32]], masks: Sequence[ZoneMask]
) -> bytes:
    """The map as PNG; the same bytes each time, marked inside the file if it is simulated.

    Args:
        limits: what was planted.
        chart: the map of each kind of change, (y, x).
        masks: the zones, whose edges are drawn.
    """
    key = Key.of(limits)
    panels = {plant.value: _panel(key.painted(one), masks) for plant, one in chart.items()}
    height, width = (max(one.shape[axis] for one in panels.values()) for axis in (0, 1))
    top = MARGIN_PX + 2 * LINE_PX
    across = max(len(panels) * (width + MARGIN_PX), len(key.contrasts) * KEY_PX + 2 * WORDS_PX)
    size = across + MARGIN_PX, top + height + 3 * LINE_PX
    sheet = Image.new("RGB", size, (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    _write(draw, (MARGIN_PX, MARGIN_PX // 2), _title(limits))
    for number, (name, pixels) in enumerate(panels.items()):
        left = MARGIN_PX + number * (width + MARGIN_PX)
        _write(draw, (left, MARGIN_PX // 2 + LINE_PX), name)
        sheet.paste(Image.fromarray(pixels), (left, top))
    _draw_key(draw, key, top + height + LINE_PX)
    return _png(sheet, is_simulated=limits.is_simulated)


def _title(limits: SiteLimits) -> str:
    """What the picture shows."""
    area_m2, share = limits.min_pixels * limits.pixel_area_m2, 100 * limits.probability
    mark = "SIMULATED. " if limits.is_simulated else ""
    return (
        f"{mark}{limits.site_id}: least contrast (reflectance) at which a change of"
        f" {area_m2:,.0f} m2 is found with {share:.0f} %"
    )


def _panel(pixels: Rgb, masks: Sequence[ZoneMask]) -> Rgb:
    """A map at a readable size with the edges of the zones, (y, x, 3)."""
    sized = _sized(pixels)
    for mask in masks:
        inside = np.zeros(pixels.shape[:2], dtype=bool)
        inside[mask.window.slices] = mask.fraction > INSIDE_SHARE
        inside = _sized(inside)
        sized[inside & ~ndimage.binary_erosion(inside)] = INK
    return sized


def _sized(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels (y, x, ...) made whole times larger, or every n-th of them; a copy."""
    longest = max(pixels.shape[:2])
    step, scale = -(-longest // (2 * PANEL_PX)), max(1, PANEL_PX // longest)
    return pixels[::step, ::step].repeat(scale, axis=0).repeat(scale, axis=1)


def _draw_key(draw: ImageDraw.ImageDraw, key: Key, top: int) -> None:
    """A line of colours and what they stand for."""
    left = MARGIN_PX
    for number, (words, colour) in enumerate(key.entries):
        box = (left, top, left + SWATCH_PX, top + SWATCH_PX)
        draw.rectangle(box, fill=colour, outline=INK)
        _write(draw, (left + SWATCH_PX + 5, top - 1), words)
        left += KEY_PX if number < len(key.contrasts) else WORDS_PX


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], words: str) -> None:
    """A line of text."""
    draw.text(at, words, fill=INK, font=ImageFont.load_default(13))


def _png(sheet: Image.Image, *, is_simulated: bool) -> bytes:
    """The picture as a file."""
    info, buffer = PngInfo(), io.BytesIO()
    info.add_text("zonewatch:simulated", str(is_simulated).lower())
    sheet.save(buffer, format="PNG", optimize=True, pnginfo=info)
    return buffer.getvalue()
