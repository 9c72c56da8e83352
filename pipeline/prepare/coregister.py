"""Measure how far every date lies off its series, and move it back if the settings say so.

Here belongs the choice of the reference and of what is applied. The measurement itself belongs
to ``raster.shift``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.look import PixelKind
from pipeline.raster.shift import measure_shift, move_back

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.look import Shift
    from pipeline.prepare.cube import Stack

MIN_REFERENCE_LOOKS = 3


def coregister(
    stack: Stack, baseline_end: datetime, options: PrepareOptions, places: Sequence[int]
) -> None:
    """Record the shift of every date against the median of the clearest dates of the baseline.

    Where the baseline holds too few dates, the reference is made of all dates; where these are too
    few, too, nothing is measured. Nor is it on a date that is too clouded for its level to be
    judged, nor where the bands disagree by more than the smallest shift that would be applied:
    an answer less exact than that is of no use, and would pass for one.

    Args:
        stack: changed in place: its looks, and its pixels where a shift is applied.
        baseline_end: UTC.
        options: how many dates make the reference, and which shifts are measured and applied.
        places: on the band axis, of the bands that are compared; none for a sensor whose shifts
            are not measured.
    """
    compared = list(places)
    reference = make_reference(stack, baseline_end, options.reference_looks) if compared else None
    if reference is None:
        return
    for date, look in enumerate(stack.looks):
        seen = stack.kinds[date] == PixelKind.CLEAR
        shift = _measure(stack.values[date, compared], seen, reference[compared], options)
        if shift is not None and helps(shift, options):
            _apply(stack, date, shift, reference)
            shift = replace(shift, is_applied=True)
        stack.looks[date] = replace(look, shift=shift)


def _measure(
    image: NDArray[np.float32],
    seen: NDArray[np.bool_],
    reference: NDArray[np.float32],
    options: PrepareOptions,
) -> Shift | None:
    """The shift of a date; None if too little of the frame was clear, or nothing was agreed on."""
    if seen.mean() < options.guard_min_share:
        return None
    return measure_shift(image, seen, reference, max_discord_px=options.min_shift_px)


def helps(shift: Shift, options: PrepareOptions) -> bool:
    """Whether a shift is to be applied: asked for, long enough, believable, and of use."""
    is_long = options.min_shift_px <= shift.length_px <= options.max_shift_px
    return options.apply_shifts and is_long and shift.gain >= options.min_shift_gain


def make_reference(
    stack: Stack, baseline_end: datetime, n_looks: int
) -> NDArray[np.float32] | None:
    """Median of the clearest dates of the baseline, (band, y, x), without holes.

    A pixel that none of them saw takes the median of its band.
    """
    clear = stack.clear
    share = clear.mean(axis=(1, 2))
    dates = [date for date, look in enumerate(stack.looks) if look.instant <= baseline_end]
    if len(dates) < MIN_REFERENCE_LOOKS:
        dates = list(range(len(stack.looks)))
    if len(dates) < MIN_REFERENCE_LOOKS:
        return None
    best = sorted(sorted(dates, key=lambda date: -share[date])[:n_looks])
    return np.stack(
        [_median(stack.values[best, band], clear[best]) for band in range(stack.values.shape[1])]
    )


def _median(values: NDArray[np.float32], clear: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Median over time of one band where it was clear, (time, y, x) to (y, x)."""
    order = np.sort(np.where(clear, values, np.float32(np.inf)), axis=0)
    count = clear.sum(axis=0)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(values) - 1)
    pair = [np.take_along_axis(order, at[None], axis=0)[0] for at in (low, high)]
    is_known = count > 0
    median: NDArray[np.float32] = np.where(is_known, (pair[0] + pair[1]) / 2, np.float32(0))
    if is_known.any():
        median[~is_known] = np.median(median[is_known])
    return median


def _apply(stack: Stack, date: int, shift: Shift, reference: NDArray[np.float32]) -> None:
    """Move the values of a date back; its classes stay, and lose the rim of what was unseen."""
    kinds = stack.kinds[date]
    seen = (kinds == PixelKind.CLEAR) | (kinds == PixelKind.SNOW)
    moved, fit = move_back(stack.values[date], seen, shift, reference)
    stack.values[date] = np.where(fit, moved, np.float32(0))
    kinds[seen & ~fit] = PixelKind.UNSEEN
