"""Fold what was seen date by date into objects with an onset, a status and a reversal.

Here belongs the walk from changed pixels to detections. It keeps no state: the same observations
give the same detections, however often and in however many pieces they arrive. Deciding which
pixels changed belongs to ``detect``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.model.change import Bracket, Detection, SeriesChanges, Status
from pipeline.model.cube import INSIDE_SHARE
from pipeline.model.grid import Window
from pipeline.raster.touching import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.config import ObjectOptions
    from pipeline.model.cube import DateCube, ZoneMask

SEEN_SHARE = 0.5
"""A look counts for an object once half of it was seen clearly."""


@dataclass(frozen=True)
class _Part:
    """The piece of one connected change that lies in one zone.

    Attributes:
        zone_id: the zone.
        window: the block of the grid that holds it.
        mask: its pixels, bool, (height, width).
        lasts: dates on which any of it stands changed, bool, (time,).
    """

    zone_id: str
    window: Window
    mask: NDArray[np.bool_]
    lasts: NDArray[np.bool_]


def replay(
    changes: SeriesChanges, cube: DateCube, masks: Sequence[ZoneMask], options: ObjectOptions
) -> tuple[Detection, ...]:
    """All changes of the site as objects, each in every zone that holds enough of it.

    Args:
        changes: what the detector said of the cube.
        cube: the cube, for its instants, scenes and grid.
        masks: the zones on the grid of the cube.
        options: the minimum mapping unit.

    Returns:
        Detections by zone in the order of the masks, then by onset. A change that no zone holds
        is in none of them.
    """
    parts = _parts(standing_pixels(changes), masks, options.min_pixels)
    found = [_detection(part, changes, cube) for part in parts]
    order = {mask.zone_id: place for place, mask in enumerate(masks)}
    return tuple(sorted(found, key=lambda one: (order[one.zone_id], one.onset.first_with, one.id)))


def standing_pixels(changes: SeriesChanges) -> NDArray[np.bool_]:
    """Pixels that stand changed, or wait for the looks that would confirm them, (time, y, x)."""
    return changes.changed | _awaiting(changes)


def _awaiting(changes: SeriesChanges) -> NDArray[np.bool_]:
    """Runs still open and unconfirmed at the end of the series, bool, (time, y, x).

    They are the news of a scheduled run: one or two looks that the next clear date will decide.
    """
    open_run = np.zeros(changes.changed.shape, dtype=bool)
    length = _last_length(changes)
    remaining = np.where(changes.changed[-1], 0, length)
    for date in range(len(open_run) - 1, changes.n_baseline - 1, -1):
        open_run[date] = remaining > 0
        remaining = remaining - (changes.seen[date] & (remaining > 0))
    return open_run


def _last_length(changes: SeriesChanges) -> NDArray[np.int64]:
    """Length of the departing run at each pixel's last seen look, (y, x); 0 for none."""
    last = len(changes.seen) - 1 - np.argmax(changes.seen[::-1], axis=0)
    length = np.take_along_axis(changes.run_length, last[None], axis=0)[0].astype(np.int64)
    return np.where(changes.seen.any(axis=0), length, 0)


def _parts(
    standing: NDArray[np.bool_], masks: Sequence[ZoneMask], min_pixels: int
) -> Iterator[_Part]:
    """Cut every connected change at the borders of the zones; drop what is too small."""
    labels = labelled(standing)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        block = labels[box] == number
        lasts = np.zeros(len(standing), dtype=bool)
        lasts[box[0]] = block.any(axis=(1, 2))
        footprint = block.any(axis=0)
        window = Window(box[1].start, box[2].start, *footprint.shape)
        for mask in masks if footprint.sum() >= min_pixels else ():
            inside = footprint & _inside(mask, window)
            if inside.sum() >= min_pixels:
                yield _Part(mask.zone_id, window, inside, lasts)


def _inside(mask: ZoneMask, window: Window) -> NDArray[np.bool_]:
    """Pixels of a window that belong to a zone, bool, (height, width) of the window."""
    inside = np.zeros((window.height, window.width), dtype=bool)
    row0, col0 = max(window.row, mask.window.row), max(window.col, mask.window.col)
    row1 = min(window.row + window.height, mask.window.row + mask.window.height)
    col1 = min(window.col + window.width, mask.window.col + mask.window.width)
    if row1 > row0 and col1 > col0:
        shared = Window(row0 - mask.window.row, col0 - mask.window.col, row1 - row0, col1 - col0)
        block = mask.fraction[shared.slices] > INSIDE_SHARE
        inside[row0 - window.row : row1 - window.row, col0 - window.col : col1 - window.col] = block
    return inside


@dataclass(frozen=True)
class _Life:
    """When a part was looked at and found changed, as indices of dates.

    Attributes:
        before: last look without it; None if there is none.
        first: first look with it.
        last: last look with it.
        after: first look without it again; None if it still stands.
        looks: looks with it.
    """

    before: int | None
    first: int
    last: int
    after: int | None
    looks: tuple[int, ...]


def _life(part: _Part, changes: SeriesChanges) -> _Life:
    """Follow one part through the dates on which half of it was seen.

    A look is one "with" when at least half as much of the part stands changed as ever does: a
    growing change is dated to the time when it had become half of what it is.
    """
    rows, cols = part.window.slices
    seen = changes.seen[:, rows, cols][:, part.mask]
    departs = changes.departs[:, rows, cols][:, part.mask] & seen
    n_seen = seen.sum(axis=1)
    looked = n_seen >= max(1.0, SEEN_SHARE * part.mask.sum())
    share = np.where(looked, departs.sum(axis=1) / np.maximum(n_seen, 1), 0.0) * part.lasts
    with_it = np.flatnonzero(looked & (share > 0) & (share >= share.max() / 2))
    if not with_it.size:  # never half seen at once: the run itself is all that is known
        with_it = np.flatnonzero(part.lasts)
    without = np.flatnonzero(looked & (share < share.max() / 2))
    earlier, later = without[without < with_it[0]], without[without > with_it[-1]]
    before = int(earlier[-1]) if earlier.size else None
    after = int(later[0]) if later.size and not part.lasts[-1] else None
    return _Life(before, int(with_it[0]), int(with_it[-1]), after, tuple(with_it.tolist()))


def _status(part: _Part, changes: SeriesChanges, life: _Life) -> Status:
    """How far the evidence for one part has come."""
    rows, cols = part.window.slices
    if not changes.changed[:, rows, cols][part.lasts][:, part.mask].any():
        longest = int(changes.run_length[:, rows, cols][part.lasts][:, part.mask].max())
        return Status.FIRST if longest <= 1 else Status.PROVISIONAL
    return Status.CONFIRMED if life.after is None else Status.FINISHED


def _detection(part: _Part, changes: SeriesChanges, cube: DateCube) -> Detection:
    """One part as the noun that is published."""
    life = _life(part, changes)
    when, area = cube.instants, cube.grid.pixel_area_m2
    back = None if life.after is None else Bracket(when[life.last], when[life.after])
    place = f"r{part.window.row:04d}c{part.window.col:04d}"
    dates = ([] if life.before is None else [life.before]) + list(life.looks[: changes.n_looks])
    before = None if life.before is None else when[life.before]
    return Detection(
        id=f"{part.zone_id}-{when[life.first]:%Y%m%d}-{place}",
        zone_id=part.zone_id,
        onset=Bracket(before, when[life.first]),
        reversal=back,
        status=_status(part, changes, life),
        n_pixels=int(part.mask.sum()),
        area_m2=float(part.mask.sum() * area),
        area_error_m2=_edges(part.mask) / 2 * area,
        magnitude=_magnitude(changes, part),
        n_looks=len(life.looks),
        scene_ids=tuple(cube.scene_ids[date] for date in dates),
        window=part.window,
        mask=part.mask,
        magnitude_unit=changes.magnitude_unit,
        by_band=_by_band(changes, part),
    )


def _magnitude(changes: SeriesChanges, part: _Part) -> float:
    """Mean distance from the baseline, or the mean step of the band that stepped most."""
    by_band = _by_band(changes, part)
    if by_band:
        return max((step for _, step in by_band), key=abs)
    return float(changes.magnitude[part.window.slices][part.mask].mean())


def _by_band(changes: SeriesChanges, part: _Part) -> tuple[tuple[str, float], ...]:
    """The mean lasting step of each band; empty where there are none."""
    if changes.steps is None:
        return ()
    rows, cols = part.window.slices
    steps = changes.steps.by_band[:, rows, cols][:, part.mask].mean(axis=1)
    return tuple(zip(changes.steps.bands, map(float, steps), strict=True))


def _edges(mask: NDArray[np.bool_]) -> int:
    """Perimeter in pixel edges."""
    padded = np.pad(mask, 1).astype(np.int8)
    return int(np.abs(np.diff(padded, axis=0)).sum() + np.abs(np.diff(padded, axis=1)).sum())
