"""The radiometric guard: a date read with the wrong offset is kept out, and weather is not.

Here belongs which step is that of a documented processing offset. Measuring steps belongs to
``raster.steps``; deciding the offset of an item to ``sensors``.

The documented step is the other reading of the same numbers: a scene read without the offset of
baseline 04.00 may stand 0.1 too high, one read with it 0.1 too low, and in all bands alike. The
opposite is not documented, so haze over a scene that was read with the offset is never suspect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pipeline.errors import RadiometryStepError
from pipeline.raster.steps import StepRule, common_steps
from pipeline.sensors.sentinel2 import BASELINE_04_OFFSET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.look import LevelStep

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
        values: reflectance, (time, band, pixel).
        seen: snow-free and clear, and not at the edge of a mask, (time, pixel).
        days: ordinals, ascending.
        offsets: what was added to the scaled numbers, (time, band).
    """

    values: NDArray[np.float32]
    seen: NDArray[np.bool_]
    days: tuple[int, ...]
    offsets: NDArray[np.float64]


def rule_of(options: PrepareOptions, n_pixels: int) -> StepRule:
    """The rule of the settings for so many pixels."""
    return StepRule(
        n_neighbours=options.guard_neighbours,
        n_history=options.guard_history,
        min_looks=options.guard_min_looks,
        min_pixels=max(1, round(options.guard_min_share * n_pixels)),
        floor=options.guard_tolerance,
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


def watch_levels(
    watched: Watched, options: PrepareOptions
) -> tuple[tuple[LevelStep | None, ...], frozenset[int]]:
    """The step of every date, and the dates whose step is that of a processing offset."""
    suspects: set[int] = set()

    def refuse(date: int, step: LevelStep) -> bool:
        is_suspect = is_processing_step(step, watched.offsets[date])
        if is_suspect:
            suspects.add(date)
        return is_suspect

    rule = rule_of(options, watched.seen.shape[1])
    steps = common_steps(watched.values, watched.seen, watched.days, rule, refuse=refuse)
    return steps, frozenset(suspects)


def is_processing_step(step: LevelStep, offsets: NDArray[np.float64]) -> bool:
    """Whether a step is the one that the other documented reading would take away.

    It must be so in every band within that band's tolerance, and at least half of the bands must
    be able to tell a step from none.
    """
    expected = documented_step(offsets)
    off, tolerance = np.array(step.by_band), np.array(step.tolerance)
    is_sharp = tolerance < abs(BASELINE_04_OFFSET) / 2
    if np.isnan(expected).any() or 2 * np.count_nonzero(is_sharp) < off.size:
        return False
    matches = bool((np.abs(off - expected) <= tolerance).all())
    return matches and not (expected[0] > 0 and _is_veiled(step))


def documented_step(offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """The step that a wrong choice of offset would leave, (band,); NaN if bands were read apart.

    Example:
        >>> documented_step(np.array([0.0, 0.0])), documented_step(np.array([-0.1, -0.1]))
        (array([0.1, 0.1]), array([-0.1, -0.1]))
    """
    if np.allclose(offsets, 0):
        return np.full(offsets.shape, -BASELINE_04_OFFSET)
    if np.allclose(offsets, BASELINE_04_OFFSET):
        return np.full(offsets.shape, BASELINE_04_OFFSET)
    return np.full(offsets.shape, np.nan)


def _is_veiled(step: LevelStep) -> bool:
    """Whether some bands became rougher and others flatter, as under haze."""
    ratio = np.array(step.spread_ratio)
    return bool((ratio > VEIL_ROUGHER).any() and (ratio < VEIL_FLATTER).any())


def radiometry_error(scene_id: str, bands: Sequence[str], step: LevelStep) -> RadiometryStepError:
    """What to say of a suspect scene: the step, the tolerance, and the way out."""
    steps = ", ".join(
        f"{band} {off:+.3f} (+/-{tolerance:.3f})"
        for band, off, tolerance in zip(bands, step.by_band, step.tolerance, strict=True)
    )
    what = (
        f"radiometry_suspect: against the history of {step.n_pixels} snow-free pixels all bands "
        f"step by the offset of baseline 04.00 (0.1 reflectance): {steps}"
    )
    remedy = (
        "compare processing baseline and boa_offset_applied of the item with its numbers, or take "
        "the scene from another catalogue"
    )
    return RadiometryStepError(what, where=scene_id, remedy=remedy)
