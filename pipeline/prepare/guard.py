"""The radiometric guard: a date read with the wrong offset is kept out, and weather is not.

Here belongs which step is that of a documented misreading. Measuring steps belongs to
``raster.steps``; which misreadings are documented, and deciding the offset of an item, belong to
``sensors``. A misreading changes all bands at once and by known numbers; what no documentation
explains is weather, or nobody knows, and stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.errors import RadiometryStepError
from pipeline.raster.steps import StepRule, common_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.grid import Grid
    from pipeline.model.look import LevelStep
    from pipeline.sensors import Misreading, Watch

SETTINGS_GSD_M = 10.0
"""The pixel that the settings count in."""
MAX_PIXELS = 4096
"""Pixels that are compared, on an even lattice over the site: medians need no more."""
INSIDE_SHARE = 0.5
VEIL_ROUGHER, VEIL_FLATTER = 2.0, 0.75
"""Uneven haze makes the dark visible bands rougher and takes contrast from the bright ones at
once; an offset leaves the spread of every band as it is. Both numbers rest on one real date."""


@dataclass(frozen=True)
class Watched:
    """The pixels of a series that the guard looks at.

    Attributes:
        values: in the unit of the sensor, or decibels if it is watched so, (time, band, pixel).
        seen: snow-free and clear, and not at the edge of a mask, (time, pixel).
        days: ordinals, ascending.
        offsets: what was added to the scaled numbers, (time, band).
        watch: what is documented of the sensor.
    """

    values: NDArray[np.float32]
    seen: NDArray[np.bool_]
    days: tuple[int, ...]
    offsets: NDArray[np.float64]
    watch: Watch


def rule_of(options: PrepareOptions, n_pixels: int, floor: float | None = None) -> StepRule:
    """The rule of the settings for so many pixels, with the floor of the sensor if it has one."""
    return StepRule(
        n_neighbours=options.guard_neighbours,
        n_history=options.guard_history,
        min_looks=options.guard_min_looks,
        min_pixels=max(1, round(options.guard_min_share * n_pixels)),
        floor=options.guard_tolerance if floor is None else floor,
        n_deviations=options.guard_deviations,
        common_share=options.guard_common_share,
    )


def choose_pixels(weight: NDArray[np.float32]) -> NDArray[np.int64]:
    """Which pixels are watched, as flat indices: those inside the site, thinned out evenly."""
    inside = np.flatnonzero(weight >= INSIDE_SHARE)
    step = -(-inside.size // MAX_PIXELS) or 1
    return inside[::step]


def away_from_masks(clear: NDArray[np.bool_], margin_px: int) -> NDArray[np.bool_]:
    """Clear pixels that lie no nearer than a margin to what is not clear, (y, x).

    Classifiers miss the rims of clouds and of their shadows. The edge of the frame is no mask.
    """
    if margin_px == 0:
        return clear
    near = ndimage.binary_dilation(~clear, iterations=margin_px)
    away: NDArray[np.bool_] = ~near
    return away


def margin_px(options: PrepareOptions, grid: Grid, watch: Watch) -> int:
    """How far from a mask a pixel is watched, in pixels of the grid.

    The rims of clouds are as wide on the ground whatever the pixel, so the margin of the settings
    is one in metres. A radar's mask is made of terrain and has no rim.
    """
    distance_m = options.guard_margin_px * SETTINGS_GSD_M
    return 0 if watch.in_decibel else math.ceil(distance_m / grid.gsd_m)


def watch_levels(
    watched: Watched, options: PrepareOptions
) -> tuple[tuple[LevelStep | None, ...], frozenset[int]]:
    """The step of every date, and the dates whose step is that of a documented misreading."""
    suspects: set[int] = set()

    def refuse(date: int, step: LevelStep) -> bool:
        is_suspect = misreading_of(step, watched.offsets[date], watched.watch) is not None
        if is_suspect:
            suspects.add(date)
        return is_suspect

    rule = rule_of(options, watched.seen.shape[1], watched.watch.floor)
    steps = common_steps(watched.values, watched.seen, watched.days, rule, refuse=refuse)
    return steps, frozenset(suspects)


def misreading_of(step: LevelStep, offsets: NDArray[np.float64], watch: Watch) -> Misreading | None:
    """The documented misreading that explains a step; None if none does.

    Args:
        step: of one date.
        offsets: with which its bands were read, (band,); of bands that were read apart nothing
            is documented.
        watch: what is documented of the sensor.
    """
    if not np.allclose(offsets, offsets[0]):
        return None
    known = watch.misreadings(float(offsets[0]))
    return next((one for one in known if _explains(one, step)), None)


def _explains(misreading: Misreading, step: LevelStep) -> bool:
    """Whether a step is the one that a misreading makes.

    It must be so in every band within that band's tolerance, and at least half of the bands must
    be able to tell the step from none.
    """
    off, tolerance = np.array(step.by_band), np.array(step.tolerance)
    history = np.array(step.history or np.zeros(off.shape))
    expected = (misreading.factor - 1) * history + misreading.summand
    is_sharp = tolerance < np.abs(expected) / 2
    if 2 * np.count_nonzero(is_sharp) < off.size:
        return False
    matches = bool((np.abs(off - expected) <= tolerance).all())
    return matches and not (misreading.summand > 0 and _is_veiled(step))


def _is_veiled(step: LevelStep) -> bool:
    """Whether some bands became rougher and others flatter, as under haze."""
    ratio = np.array(step.spread_ratio)
    return bool((ratio > VEIL_ROUGHER).any() and (ratio < VEIL_FLATTER).any())


def radiometry_error(
    scene_id: str, bands: Sequence[str], step: LevelStep, *, cause: Misreading, remedy: str
) -> RadiometryStepError:
    """What to say of a suspect scene: the step, the tolerance, the cause, and the way out."""
    steps = ", ".join(
        f"{band} {off:+.3f} (+/-{tolerance:.3f})"
        for band, off, tolerance in zip(bands, step.by_band, step.tolerance, strict=True)
    )
    what = (
        f"radiometry_suspect: against the history of {step.n_pixels} snow-free pixels all bands "
        f"step by {cause.words}: {steps}"
    )
    return RadiometryStepError(what, where=scene_id, remedy=remedy)
