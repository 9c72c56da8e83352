"""Hold every date of a stack against its history, and keep out those that were misread.

Here belongs what the guard's answer does to a date. The answer itself belongs to ``guard``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.prepare.cube import failure_of
from pipeline.prepare.guard import (
    Watched,
    away_from_masks,
    choose_pixels,
    margin_px,
    misreading_of,
    radiometry_error,
    watch_levels,
)
from pipeline.raster.steps import to_decibel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.config import PrepareOptions
    from pipeline.model.look import Look
    from pipeline.model.scene import AssetFailure
    from pipeline.prepare.cube import Plan, Stack


@dataclass(frozen=True)
class Suspects:
    """The dates that are kept out, and the errors for them."""

    looks: tuple[Look, ...]
    failures: tuple[AssetFailure, ...]

    @property
    def scene_ids(self) -> frozenset[str]:
        """Every tile of these dates."""
        return frozenset(name for look in self.looks for name in look.scene_ids)


def keep_sound(stack: Stack, plan: Plan, options: PrepareOptions) -> tuple[Stack, Suspects]:
    """The stack without the dates whose level steps by a documented misreading."""
    watched = _watched(stack, plan, options)
    steps, out = watch_levels(watched, options)
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
    dates = sorted(out)
    failures = (one for date in dates for one in _refused(stack, plan, date))
    suspects = Suspects(tuple(stack.looks[date] for date in dates), tuple(failures))
    kept = [date for date in range(len(stack.looks)) if date not in out]
    return stack.only(kept), suspects


def _is_snowed_in(look: Look, options: PrepareOptions) -> bool:
    """Whether nearly all that was seen of the site is snow."""
    return look.snow_share >= options.guard_common_share * (look.snow_share + look.clear_share)


def _watched(stack: Stack, plan: Plan, options: PrepareOptions) -> Watched:
    """The pixels that the guard looks at."""
    pixels, watch = choose_pixels(plan.weight), plan.sensor.watch
    margin = margin_px(options, plan.grid, watch)
    seen = np.zeros((len(stack.looks), pixels.size), np.bool_)
    for date, clear in enumerate(stack.clear):
        seen[date] = away_from_masks(clear, margin).ravel()[pixels]
    rows, cols = np.unravel_index(pixels, plan.weight.shape)
    flat = stack.values[:, :, rows, cols]
    days = tuple(look.instant.toordinal() for look in stack.looks)
    values = to_decibel(flat) if watch.in_decibel else flat
    return Watched(values, seen, days, stack.offsets, watch)


def _refused(stack: Stack, plan: Plan, date: int) -> Iterator[AssetFailure]:
    """A failure for every tile of a suspect date."""
    look, watch = stack.looks[date], plan.sensor.watch
    if look.step is None:
        return
    cause = misreading_of(look.step, stack.offsets[date], watch)
    if cause is None:
        return
    for scene_id in look.scene_ids:
        error = radiometry_error(scene_id, plan.bands, look.step, cause=cause, remedy=watch.remedy)
        yield failure_of(scene_id, "", error)
