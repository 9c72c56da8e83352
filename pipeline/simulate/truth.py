"""The record of what was planted, and of the looks at which it could be seen.

Here belongs bookkeeping on what ``scenes`` made. A look is clear when at least half of a
change's pixels are; once by the true air, once by the classification as delivered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from shapely.geometry import MultiPolygon, mapping

from pipeline.simulate.changes import SNOW_CLEARED
from pipeline.simulate.layout import ZONES, lonlat, map_polygon
from pipeline.simulate.materials import BANDS
from pipeline.simulate.scenes import SimulatedScene, frame_pixels
from pipeline.simulate.scl import CLEAR, SNOW_OR_ICE
from pipeline.simulate.surface import Planted, Surface, dry_ground

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pipeline.simulate.changes import Change
    from pipeline.simulate.fields import Flags, Floats

GENERATOR_VERSION = "1"
"""Raised by hand whenever the same seed gives other pixels."""
_ENOUGH = 0.5


@dataclass(frozen=True)
class Looks:
    """Days on which a change's ground was seen clearly, before, while and after it stood."""

    before: tuple[date, ...]
    during: tuple[date, ...]
    after: tuple[date, ...]

    @property
    def last_without(self) -> date | None:
        """The last clear day before it stood."""
        return self.before[-1] if self.before else None

    @property
    def first_with(self) -> date | None:
        """The first clear day on which it stood; None if it was never seen."""
        return self.during[0] if self.during else None

    def as_json(self) -> dict[str, Any]:
        """The days as ISO text."""
        return {name: [day.isoformat() for day in days] for name, days in vars(self).items()}


@dataclass(frozen=True)
class TruthEntry:
    """One planted change and how it could be seen.

    Attributes:
        change: what was planted.
        pixels: (row, column) of the 10 m pixels of which it covers at least half.
        outline: its parts in longitude and latitude.
        reflectance_before: mean over its pixels on its first day, dry and without it, by band.
        reflectance_after: its own, by band; equal to the former where snow was cleared.
        true_looks: clear looks by the true air, snow-free ground only.
        delivered_looks: clear looks by the classification as delivered (classes 4 to 7).
        snow_days: days on which it was seen in the open while its zone lay under snow.
    """

    change: Change
    pixels: tuple[tuple[int, int], ...]
    outline: MultiPolygon
    reflectance_before: tuple[float, ...]
    reflectance_after: tuple[float, ...]
    true_looks: Looks
    delivered_looks: Looks
    snow_days: tuple[date, ...]

    @property
    def n_pixels(self) -> int:
        """Its size in pixels."""
        return len(self.pixels)

    def as_json(self) -> dict[str, Any]:
        """The entry as it stands in the truth file."""
        change, looks = self.change, self.delivered_looks
        return {
            "id": change.id,
            "kind": change.kind,
            "zone_id": change.zone_id,
            "first_day": change.first_day.isoformat(),
            "last_day": _text(change.last_day),
            "n_pixels": self.n_pixels,
            "area_m2": round(sum(map(_area_m2, change.rects)), 1),
            "pixels": [list(pixel) for pixel in self.pixels],
            "geometry": mapping(self.outline),
            "reflectance_before": dict(zip(BANDS, self.reflectance_before, strict=True)),
            "reflectance_after": dict(zip(BANDS, self.reflectance_after, strict=True)),
            "true_looks": self.true_looks.as_json(),
            "delivered_looks": looks.as_json(),
            "onset": {
                "last_without": _text(looks.last_without),
                "first_with": _text(looks.first_with),
            },
            "snow_days": [day.isoformat() for day in self.snow_days],
        }


def _text(day: date | None) -> str | None:
    """A day as ISO text."""
    return None if day is None else day.isoformat()


def _area_m2(rect: tuple[float, float, float, float]) -> float:
    """Area of a rectangle, in square metres."""
    return (rect[2] - rect[0]) * (rect[3] - rect[1])


def _looks(change: Change, days: Iterable[date]) -> Looks:
    """Clear days sorted into before, during and after."""
    before: list[date] = []
    during: list[date] = []
    after: list[date] = []
    for day in days:
        if day < change.first_day:
            before.append(day)
        else:
            (during if change.stands(day) else after).append(day)
    return Looks(tuple(before), tuple(during), tuple(after))


@dataclass
class Witness:
    """What was seen of one change, filled scene by scene."""

    planted: Planted
    mask: Flags
    zone_mask: Flags
    true_days: list[date] = field(default_factory=list)
    delivered_days: list[date] = field(default_factory=list)
    snow_days: list[date] = field(default_factory=list)

    def watch(self, scene: SimulatedScene) -> None:
        """Note whether a scene shows the change's ground."""
        label = scene.scl.repeat(2, axis=0).repeat(2, axis=1)
        is_open = float(scene.is_open[self.mask].mean()) >= _ENOUGH
        is_bare = float(scene.snow[self.mask].mean()) < _ENOUGH
        if is_open and is_bare:
            self.true_days.append(scene.day)
        if float(np.isin(label[self.mask], CLEAR).mean()) >= _ENOUGH:
            self.delivered_days.append(scene.day)
        under_snow = float((label[self.zone_mask] == SNOW_OR_ICE).mean()) >= _ENOUGH
        if self.planted.change.stands(scene.day) and is_open and under_snow:
            self.snow_days.append(scene.day)

    def entry(self, surface: Surface) -> TruthEntry:
        """What the witness has to say in the end."""
        change = self.planted.change
        before = _mean_before(surface, self.planted)
        after = before if change.after is None else tuple(change.after)
        rows, cols = np.nonzero(self.mask)
        return TruthEntry(
            change,
            tuple(zip(rows.tolist(), cols.tolist(), strict=True)),
            MultiPolygon([lonlat(map_polygon(rect)) for rect in change.rects]),
            before,
            after,
            _looks(change, self.true_days),
            _looks(change, self.delivered_days),
            tuple(self.snow_days) if change.kind == SNOW_CLEARED else (),
        )


def _mean_before(surface: Surface, planted: Planted) -> tuple[float, ...]:
    """Mean reflectance under a change on its first day, dry and without it, by band."""
    look = dry_ground(surface.ground, surface.seed, planted.change.first_day)
    weight: Floats = planted.share / planted.share.sum()
    return tuple(round(float((layer * weight).sum()), 4) for layer in look)


def witnesses(surface: Surface) -> tuple[Witness, ...]:
    """One witness for each planted change."""
    rects = {zone.id: zone.rect for zone in ZONES}
    cells = surface.ground.cells
    return tuple(
        Witness(
            planted,
            frame_pixels(planted.share) >= _ENOUGH,
            frame_pixels(cells.inside(rects[planted.change.zone_id]).astype(float)) >= _ENOUGH,
        )
        for planted in surface.planted
    )


def truth_document(seed: int, entries: Iterable[TruthEntry]) -> dict[str, Any]:
    """The truth file: SIMULATED, with every planted change."""
    listed = [entry.as_json() for entry in entries]
    touched = {entry["zone_id"] for entry in listed} | {"whole-complex"}
    return {
        "zonewatch:simulated": True,
        "note": "SIMULATED. Nothing here happened anywhere. Not a measure of accuracy.",
        "generator_version": GENERATOR_VERSION,
        "seed": seed,
        "clear_rule": "at least half of the change's pixels are clear; delivered: SCL 4 to 7",
        "noise_zone": "inzi",
        "quiet_zones": [zone.id for zone in ZONES if zone.id not in touched],
        "changes": listed,
    }
