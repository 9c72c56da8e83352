"""How far an image lies off another, to a fraction of a pixel, and moving it back.

Here belongs arithmetic on arrays. Which image is the reference, and whether anything is moved,
is for ``prepare`` to say. The phase correlation is scikit-image's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from pipeline.model.look import Shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

UPSAMPLING = 20
"""Steps of the correlation peak in one pixel."""
PASSES = 4
SETTLED_PX = 0.02
"""A rest below this ends the passes."""
FADE_PX = 6.0
"""How far from what was not seen a pixel counts in full."""
MIN_SLOPE = 0.2
"""Below this gain the image does not show what the reference shows, and is left as it is."""
MIN_SEEN_PX = 400
"""Fewer seen pixels say nothing about a fraction of a pixel."""


def measure_shift(
    image: NDArray[np.float32],
    seen: NDArray[np.bool_],
    reference: NDArray[np.float32],
    *,
    max_discord_px: float = math.inf,
) -> Shift | None:
    """How far an image lies off its reference, by masked phase correlation.

    scikit-image's correlation with masks knows whole pixels only, and the one that knows parts of
    a pixel takes no mask. So both images are faded out towards what was not seen, which leaves the
    same mask in both and pulls the answer towards zero; therefore the reference is moved by what
    was found and the rest is measured again, until the mask has nothing left to pull at. The
    answer is the mean over bands, each of which is measured on its own. The ground moves all
    bands alike, and a missed cloud or a pattern too weak to be found moves each in its own way:
    where they do not agree, no shift was measured.

    Args:
        image: (band, y, x); what was not seen may hold anything.
        seen: (y, x).
        reference: (band, y, x), whole.
        max_discord_px: how far the answers of two bands may lie apart.

    Returns:
        None if too little was seen, if nothing in it or in the reference stands out, or if the
        bands do not agree.
    """
    if np.count_nonzero(seen) < MIN_SEEN_PX:
        return None
    pairs = [pair for pair in zip(image, reference, strict=True) if _stands_out(*pair, seen)]
    if not pairs:
        return None
    window, off, rests = _window(seen), np.zeros(2), np.zeros((1, 2))
    for _ in range(PASSES):
        rests = np.array([_rest(*pair, off=off, window=window, seen=seen) for pair in pairs])
        rest = rests.mean(axis=0)
        off = off + rest
        if np.hypot(*rest) < SETTLED_PX:
            break
    if _discord(rests) > max_discord_px:
        return None
    south_px, east_px = (float(value) for value in off)
    return Shift(east_px, south_px, _gain(image, seen, reference, off))


def _discord(rests: NDArray[np.float64]) -> float:
    """The largest distance between the answers of two bands, in pixels; (band, 2)."""
    apart = rests[:, None] - rests[None]
    return float(np.hypot(apart[..., 0], apart[..., 1]).max())


def _stands_out(
    band: NDArray[np.float32], still: NDArray[np.float32], seen: NDArray[np.bool_]
) -> bool:
    """Whether there is any pattern to compare."""
    return bool(np.ptp(band[seen]) > 0 and np.ptp(still[seen]) > 0)


def _window(seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights that fade out towards the frame and towards what was not seen, (y, x)."""
    depth_px = ndimage.distance_transform_edt(np.pad(seen, 1))[1:-1, 1:-1]
    frame = np.outer(*(np.hanning(n) for n in seen.shape))
    window: NDArray[np.float64] = frame * np.clip(depth_px / FADE_PX, 0, 1)
    return window


def _rest(
    band: NDArray[np.float32],
    still: NDArray[np.float32],
    *,
    off: NDArray[np.float64],
    window: NDArray[np.float64],
    seen: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """How far one band lies off its reference after that was moved, (south, east) in pixels."""
    moved = _slide(still, off)
    slope, level = _fit(band[seen], moved[seen])
    levelled = (band - level) / (slope if slope > MIN_SLOPE else 1)
    centre = moved[seen].mean()
    answer = phase_cross_correlation(  # type: ignore[no-untyped-call]
        (moved - centre) * window,
        np.where(seen, levelled - centre, 0) * window,
        upsample_factor=UPSAMPLING,
        normalization=None,
    )
    # It tells the way back; we tell how far the image lies off.
    return -np.asarray(answer[0], np.float64)


def _fit(values: NDArray[np.float32], model: NDArray[np.float32]) -> tuple[float, float]:
    """Gain and offset that take a model to the values, by least squares."""
    x, y = model - model.mean(), values - values.mean()
    power = float(x @ x)
    slope = float(x @ y) / power if power > 0 else 0.0
    return slope, float(values.mean() - slope * model.mean())


def _slide(band: NDArray[np.float32], off: NDArray[np.float64]) -> NDArray[np.float32]:
    """A band moved by (south, east) in pixels, by cubic splines."""
    moved: NDArray[np.float32] = ndimage.shift(band, off, order=3, mode="nearest")
    return moved


def _gain(
    image: NDArray[np.float32],
    seen: NDArray[np.bool_],
    reference: NDArray[np.float32],
    off: NDArray[np.float64],
) -> float:
    """Share of the difference from the reference that moving the reference along takes away.

    The reference is moved, not the image: it is whole, so no edge of a mask is smeared. It is
    also smooth, and a moved image would gain by the smoothing alone.
    """
    inner = ndimage.binary_erosion(seen, iterations=2)
    if np.count_nonzero(inner) < MIN_SEEN_PX:
        return 0.0
    before = after = 0.0
    for band, still in zip(image, reference, strict=True):
        before += _misfit(band[inner], still[inner])
        after += _misfit(band[inner], _slide(still, off)[inner])
    return 1 - after / before if before > 0 else 0.0


def _misfit(values: NDArray[np.float32], model: NDArray[np.float32]) -> float:
    """What is left of values after the best gain and offset of a model, as a mean square."""
    slope, level = _fit(values, model)
    return float(np.mean((values - slope * model - level) ** 2))


def move_back(
    image: NDArray[np.float32],
    seen: NDArray[np.bool_],
    shift: Shift,
    filling: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """An image moved back by its shift, by cubic splines, and where it is fit for use.

    Masks are not interpolated: a pixel is fit only if it and its eight neighbours were seen. What
    was not seen takes the filling first, so that no zero bleeds into what was.

    Args:
        image: (band, y, x).
        seen: (y, x).
        shift: how far it lies off.
        filling: (band, y, x), whole.

    Returns:
        The image, and fit for use, (y, x).
    """
    back = np.array([-shift.south_px, -shift.east_px])
    moved = np.stack(
        [_slide(np.where(seen, b, f), back) for b, f in zip(image, filling, strict=True)]
    )
    return moved, ndimage.binary_erosion(seen, np.ones((3, 3)), border_value=0)
