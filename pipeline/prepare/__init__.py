"""Turn what was fetched into one cube, and burn the zones onto its grid once.

Here belongs the way from digital numbers to reflectance with masks: no resampling but the nearest
neighbour for a tile in another coordinate system, only exact repetition of 20 m pixels on the
10 m grid. What a class or an offset means belongs to ``sensors``; what a series of values means
belongs to ``detect``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import MissingBandError, NothingSeenError
from pipeline.model.look import Look
from pipeline.prepare.burn import Burner
from pipeline.prepare.coregister import coregister
from pipeline.prepare.cube import CubeBuilder, Plan, Stack, failure_of, overpasses
from pipeline.prepare.guard import (
    Watched,
    away_from_masks,
    choose_pixels,
    radiometry_error,
    watch_levels,
)
from pipeline.prepare.tile import ChipReader
from pipeline.sensors.sentinel2 import OPTIONAL_BANDS, REQUIRED_BANDS, SCL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.config import PrepareOptions
    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.grid import Grid
    from pipeline.model.scene import AssetFailure, FetchedScene
    from pipeline.model.site import Site

__all__ = ["ChipReader", "Look", "Prepared", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """A cube, its zones, and how every value was decided.

    Attributes:
        cube: the dates on which enough was seen.
        masks: one per zone whose place is known, in the order of the site.
        radiometry: by scene id of the cube, how numbers became reflectance, in words.
        failures: every asset that did not become data, whether in the fetch or here.
        looks: every date that was looked at, in order of time.
    """

    cube: DateCube
    masks: tuple[ZoneMask, ...]
    radiometry: Mapping[str, str]
    failures: tuple[AssetFailure, ...]
    looks: tuple[Look, ...]


def prepare(
    site: Site, fetched: Sequence[FetchedScene], chips: ChipReader, options: PrepareOptions
) -> Prepared:
    """Build the cube and burn the zones.

    A scene that lacks a required band, lies on another grid of the same coordinate system or
    holds pixels that cannot be, is left out and recorded. Tiles of one overpass are merged, the
    first that was given first. A date on which too little of the site was clear or snow is no
    look: it stays out of the cube and is counted in ``looks``. So is a date whose level steps by
    a processing offset, and that is a failure, too.

    Raises:
        NothingSeenError: if no date is left.
        SiteError: if the boundary or a zone lies outside the pixels.
    """
    given = overpasses(fetched)
    ordered = [one for tiles in given for one in tiles]
    complete = [one for one in ordered if not _missing(one)]
    unrecorded = [failure for one in ordered for failure in _unrecorded(one)]
    if not complete:
        raise _nothing_seen(site, len(ordered), len(ordered))
    grid = _choose_grid([one.chips["red"].grid for one in complete], site.crs)
    burner = Burner(grid)
    plan = Plan(grid, _choose_bands(complete), len(given), burner.boundary(site))
    builder = CubeBuilder(plan, options, chips)
    for tiles in given:
        builder.add([one for one in tiles if not _missing(one)])
    stack, suspects = _guard(builder.stack(), plan, options)
    if not stack.looks:
        raise _nothing_seen(site, len(ordered), len(ordered) - len(builder.looks))
    coregister(stack, _end_of(site), options)
    recorded = [failure for one in ordered for failure in one.failures]
    failures = (*recorded, *unrecorded, *builder.failures, *suspects.failures)
    final = {look.scene_id: look for look in (*stack.looks, *suspects.looks)}
    looks = tuple(final.get(look.scene_id, look) for look in builder.looks)
    told = {look.scene_id: look.radiometry for look in stack.looks}
    return Prepared(stack.cube(plan), burner.zones(site), told, failures, looks)


@dataclass(frozen=True)
class _Suspects:
    """The dates that the guard keeps out, and the errors for them."""

    looks: tuple[Look, ...]
    failures: tuple[AssetFailure, ...]


def _guard(stack: Stack, plan: Plan, options: PrepareOptions) -> tuple[Stack, _Suspects]:
    """The stack without the dates whose level steps by a processing offset."""
    steps, out = watch_levels(_watched(stack, plan, options), options)
    for date, (look, step) in enumerate(zip(stack.looks, steps, strict=True)):
        is_suspect = date in out
        is_common = bool(step and step.is_common) or _is_snowed_in(look, options)
        stack.looks[date] = replace(
            look,
            step=step,
            used=not is_suspect,
            is_suspect=is_suspect,
            is_common_mode=is_common and not is_suspect,
        )
    looks = tuple(stack.looks[date] for date in sorted(out))
    failures = (failure for look in looks for failure in _refused(look, plan))
    kept = [date for date in range(len(stack.looks)) if date not in out]
    return stack.only(kept), _Suspects(looks, tuple(failures))


def _is_snowed_in(look: Look, options: PrepareOptions) -> bool:
    """Whether nearly all that was seen of the site is snow."""
    return look.snow_share >= options.guard_common_share * (look.snow_share + look.clear_share)


def _watched(stack: Stack, plan: Plan, options: PrepareOptions) -> Watched:
    """The pixels that the guard looks at."""
    pixels = choose_pixels(plan.weight)
    margin = options.guard_margin_px
    seen = np.zeros((len(stack.looks), pixels.size), np.bool_)
    for date, clear in enumerate(stack.clear):
        seen[date] = away_from_masks(clear, margin).ravel()[pixels]
    rows, cols = np.unravel_index(pixels, plan.weight.shape)
    flat = stack.values[:, :, rows, cols]
    days = tuple(look.instant.toordinal() for look in stack.looks)
    return Watched(flat, seen, days, stack.offsets)


def _refused(look: Look, plan: Plan) -> Iterable[AssetFailure]:
    """A failure for every tile of a suspect date."""
    if look.step is None:
        return
    for scene_id in look.scene_ids:
        yield failure_of(scene_id, "", radiometry_error(scene_id, plan.bands, look.step))


def _end_of(site: Site) -> datetime:
    """A moment after the last day of the baseline, wherever the site lies."""
    return datetime.combine(site.baseline_end, time(), UTC) + timedelta(days=1)


def _missing(one: FetchedScene) -> tuple[str, ...]:
    """The required bands that did not arrive."""
    return tuple(band for band in (*REQUIRED_BANDS, SCL) if band not in one.chips)


def _unrecorded(one: FetchedScene) -> Iterable[AssetFailure]:
    """A failure for each missing band for which the fetch recorded none."""
    recorded = {failure.band for failure in one.failures}
    if "" in recorded:
        return
    for band in _missing(one):
        if band not in recorded:
            error = MissingBandError(f"the scene has no band {band}", where=one.scene.id)
            yield failure_of(one.scene.id, band, error)


def _nothing_seen(site: Site, n_scenes: int, n_failed: int) -> NothingSeenError:
    """The error for a series without a single look."""
    what = f"not one clear look at the site in {n_scenes} scenes, {n_failed} of them unreadable"
    remedy = "widen the period, lower prepare.min_clear_share, or run again if fetching failed"
    return NothingSeenError(what, where=site.id, remedy=remedy)


def _choose_bands(scenes: Sequence[FetchedScene]) -> tuple[str, ...]:
    """The required bands, and those optional ones that every scene has."""
    optional = (band for band in OPTIONAL_BANDS if all(band in one.chips for one in scenes))
    return (*REQUIRED_BANDS, *optional)


def _choose_grid(grids: Sequence[Grid], crs: str) -> Grid:
    """The grid that most scenes share, those in the CRS of the site before all others."""
    counts = Counter(grids)
    return max(counts, key=lambda grid: (grid.crs == crs, counts[grid]))
