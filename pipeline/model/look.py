"""One look at a site: what was seen of it, how far it lay off, and whether its level stepped.

Here belong the nouns of a single date, used or not. Measuring them belongs to ``prepare``; pixels
through time belong to ``cube``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class PixelKind(IntEnum):
    """What a pixel shows on a date; a class, so it is never averaged or interpolated."""

    UNSEEN = 0
    """No data: outside the tile, not delivered, in the gap between two scan lines, or of more or
    less signal than a band can hold. Unseen is not zero."""
    CLEAR = 1
    """The ground."""
    SNOW = 2
    """The ground under snow: a signal of its own."""
    CLOUD = 3
    SHADOW = 4
    """The shadow of a cloud."""
    OTHER = 5
    """Delivered and of no use: called saturated or too dark by a classifier, of a class that
    nobody names, or layover and shadow of the terrain under a radar."""


@dataclass(frozen=True)
class LevelStep:
    """How far a date stands off its pixels' own history, on snow-free clear pixels.

    Attributes:
        by_band: median over pixels of value less history, in the unit of the values; of a radar
            in decibels.
        tolerance: by band, how far an ordinary date may stand off.
        spread_ratio: by band, spread over pixels against that of the history; NaN if that is 0.
        same_way_share: by band, share of pixels that moved the way the median did.
        n_pixels: pixels that were compared.
        is_common: whether at least one band moved beyond its tolerance nearly everywhere.
        history: by band, median over pixels of the history itself; empty if it is not known.
    """

    by_band: tuple[float, ...]
    tolerance: tuple[float, ...]
    spread_ratio: tuple[float, ...]
    same_way_share: tuple[float, ...]
    n_pixels: int
    is_common: bool
    history: tuple[float, ...] = ()


@dataclass(frozen=True)
class Shift:
    """How far a date lies off the reference of its series.

    Attributes:
        east_px: towards the east, in pixels.
        south_px: towards the south, in pixels.
        gain: share of the difference from the reference that moving the date back takes away;
            zero or less where moving does not help.
        is_applied: whether the date was moved back.
    """

    east_px: float
    south_px: float
    gain: float
    is_applied: bool = False

    @property
    def length_px(self) -> float:
        """Distance, in pixels.

        Example:
            >>> Shift(0.3, -0.4, 0.0).length_px
            0.5
        """
        return float((self.east_px**2 + self.south_px**2) ** 0.5)


@dataclass(frozen=True)
class Look:
    """One date on which the site was looked at, whether or not anything was seen.

    Attributes:
        scene_id: the scene; of several tiles the first that became data.
        instant: UTC.
        clear_share: share of the site that was seen clearly.
        snow_share: share of the site that was seen and is snow.
        used: whether the date is in the cube.
        cloud_share: share of the site under cloud.
        shadow_share: share of the site in the shadow of a cloud.
        scene_ids: every tile that the date is made of, in order of preference.
        radiometry: how numbers became reflectance, and what was warped, in words.
        step: how far it stands off its history; None if that could not be judged.
        shift: how far it lies off the reference; None if that could not be measured.
        is_suspect: whether the step is that of a processing offset, which keeps it out.
        is_common_mode: whether the whole site moved at once (snow, frost, wet ground, haze): the
            date is kept, and left to the controls.
    """

    scene_id: str
    instant: datetime
    clear_share: float
    snow_share: float
    used: bool
    cloud_share: float = 0.0
    shadow_share: float = 0.0
    scene_ids: tuple[str, ...] = ()
    radiometry: str = ""
    step: LevelStep | None = None
    shift: Shift | None = None
    is_suspect: bool = False
    is_common_mode: bool = False
