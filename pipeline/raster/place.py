"""Where a region lies, told from a landmark: "about 300 m north of the Support centre".

Here belong distances and directions between places on one grid, and which zones serve as
landmarks. The shape of a region belongs to ``shape``, sentences to ``report``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from pipeline.model.site import ZoneKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pipeline.model.change import Detection
    from pipeline.model.cube import ZoneMask
    from pipeline.model.grid import Grid, Window
    from pipeline.model.site import Site

Point: TypeAlias = tuple[float, float]
"""Easting and northing, in metres."""

COMPASS: Final = (
    "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west",
)  # fmt: skip
LANDMARK_KINDS: Final = frozenset({ZoneKind.SUPPORT, ZoneKind.GATE, ZoneKind.DEPOT})
"""Kinds of zones that people know a site by."""


@dataclass(frozen=True)
class Landmark:
    """A place that others are told by.

    Attributes:
        label: its name as it stands in a sentence.
        centre: (easting, northing), metres.
        radius_m: how far it reaches from there.
        accuracy_m: how far its place may be off.
    """

    label: str
    centre: Point
    radius_m: float
    accuracy_m: float = 0.0


def compass_word(bearing_deg: float) -> str:
    """The nearest of eight directions.

    Example:
        >>> compass_word(0), compass_word(100), compass_word(-40)
        ('north', 'east', 'north-west')
    """
    return COMPASS[round(bearing_deg / 45) % len(COMPASS)]


def place_words(point: Point, landmarks: Iterable[Landmark]) -> str:
    """Where a point lies, told by the nearest landmark whose own place is known well enough.

    A landmark serves if its place is known to half the distance or better: "about 300 m north" of
    something that may lie 400 m off says nothing.

    Args:
        point: (easting, northing), metres.
        landmarks: what it may be told by.

    Returns:
        Words such as ``about 300 m north of the Support centre``; empty if none serves.

    Example:
        >>> place_words((0, 310), [Landmark("the gate", (0.0, 0.0), 20.0)])
        'about 300 m north of the gate'
    """
    told = ((math.dist(point, mark.centre), mark) for mark in landmarks)
    able = [one for one in told if 2 * one[1].accuracy_m <= max(one[0], 2 * one[1].radius_m)]
    if not able:
        return ""
    distance_m, mark = min(able, key=lambda one: (max(one[0] - one[1].radius_m, 0.0), one[0]))
    if distance_m <= mark.radius_m:
        return f"at {mark.label}"
    east, north = point[0] - mark.centre[0], point[1] - mark.centre[1]
    word = compass_word(math.degrees(math.atan2(east, north)))
    return f"about {_rounded(distance_m):,d} m {word} of {mark.label}"


def _rounded(distance_m: float) -> int:
    """A distance as people tell it: to 50 m below 500 m, to 100 m above."""
    step = 50 if distance_m < 500 else 100  # noqa: PLR2004 - as the docstring says
    return max(step, round(distance_m / step) * step)


def landmarks_of(site: Site, masks: Iterable[ZoneMask], grid: Grid) -> tuple[Landmark, ...]:
    """The zones of a site that others are told by, on one grid.

    A zone of which nobody says how exactly it is placed is taken to be exact, as invented ones are.
    """
    zones = {zone.id: zone for zone in site.zones if zone.kind in LANDMARK_KINDS}
    return tuple(
        Landmark(
            zones[mask.zone_id].label,
            centre_of(mask.fraction, mask.window, grid),
            math.sqrt(mask.n_pixels * grid.pixel_area_m2 / math.pi),
            zones[mask.zone_id].position_accuracy_m or 0.0,
        )
        for mask in masks
        if mask.zone_id in zones
    )


def centre_of(weight: NDArray[np.generic], window: Window, grid: Grid) -> Point:
    """The centre of mass of a block of a grid, weighed by pixel, (y, x)."""
    weights = weight.astype(np.float64)
    rows, cols = np.indices(weights.shape) + 0.5
    row = window.row + float((weights * rows).sum() / weights.sum())
    col = window.col + float((weights * cols).sum() / weights.sum())
    return grid.left + col * grid.gsd_m, grid.top - row * grid.gsd_m


def place_of(found: Detection, landmarks: Iterable[Landmark], grid: Grid) -> str:
    """Where a detection lies, in words; empty if no landmark serves."""
    return place_words(centre_of(found.mask, found.window, grid), landmarks)
