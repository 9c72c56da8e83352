"""Runs of departing looks: when they confirm a change, and where the thresholds must lie.

Here belongs the rule on standardised distances, and its calibration. Where the distances come
from belongs to ``monitor``. Axes: distance (time, band, pixel), whitened, so that unchanged
ground has about unit variance in every direction; seen (time, pixel).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pipeline.raster.harmonics import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Float32: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.bool_]

NEVER = 255
"""A run length that no run reaches."""
BODY_SHARES = (0.05, 0.005)
"""Shares at which the tail is anchored: real changes in the history hide beyond them."""
LEAST_THRESHOLD = 1.5
"""What lasts and is smaller than this many standard deviations is drift, not a change."""
PRECISION = 0.01
"""Relative precision of a threshold."""


@dataclass(frozen=True)
class Rule:
    """How many looks in a row, how far out, make a change.

    Attributes:
        n_strong: looks in a row beyond ``strong`` that confirm.
        strong: distance in noise standard deviations.
        n_weak: looks in a row beyond ``weak`` that confirm.
        weak: distance from which one look departs; at most ``strong``.
    """

    n_strong: int
    strong: float
    n_weak: int
    weak: float

    def at_least(self, threshold: float) -> Rule:
        """The same counts with no threshold below this."""
        strong, weak = max(self.strong, threshold), max(self.weak, threshold)
        return Rule(self.n_strong, strong, self.n_weak, weak)


@dataclass
class Runs:
    """Where each pixel stands in its run, changed date by date.

    Attributes:
        direction: sum of the looks of the run, (band, pixel).
        length: departing looks in a row, (pixel,).
        n_strong: of these the newest ones in a row beyond the strong threshold, (pixel,).
    """

    direction: Float32
    length: NDArray[np.uint8]
    n_strong: NDArray[np.uint8]


def no_runs(n_bands: int, n_pixels: int) -> Runs:
    """The state before the first look."""
    none = np.zeros(n_pixels, dtype=np.uint8)
    return Runs(np.zeros((n_bands, n_pixels), dtype=np.float32), none, none.copy())


def magnitudes(distance: Float32) -> Float32:
    """Length of each distance vector over the band axis, the last but one."""
    if distance.shape[-2] == 1:
        return np.abs(distance[..., 0, :])
    squared: Float32 = np.einsum("...bn,...bn->...n", distance, distance)
    return np.sqrt(squared)


def advance(runs: Runs, distance: Float32, seen: Mask, rule: Rule) -> Mask:
    """Take in one date and say which pixels hold a run that confirms.

    A look prolongs a run if it lies beyond the weak threshold along the mean direction of the
    run; a look that departs another way starts a run of its own. An unseen pixel keeps its state.

    Args:
        runs: the state; changed in place.
        distance: (band, pixel).
        seen: (pixel,).
        rule: thresholds and counts.
    """
    size = magnitudes(distance)
    along = _along(distance, runs.direction)
    longer = seen & (runs.length > 0) & (along >= rule.weak)
    fresh = seen & ~longer & (size >= rule.weak)
    reach = np.where(longer, along, size)
    held = ~seen | longer
    strong = seen & (longer | fresh) & (reach >= rule.strong)
    runs.direction *= held
    runs.direction += distance * (longer | fresh)
    runs.length = np.where(held, runs.length, 0).astype(np.uint8)
    runs.length += (longer | fresh) & (runs.length < NEVER)
    runs.n_strong = np.where(~seen | (longer & strong), runs.n_strong, 0).astype(np.uint8)
    runs.n_strong += strong & (runs.n_strong < NEVER)
    return seen & ((runs.n_strong >= rule.n_strong) | (runs.length >= rule.n_weak))


def longest_runs(size: Float32, limit: Float32) -> NDArray[np.uint8]:
    """Most looks in a row that lie beyond a limit, (pixel,); told up to 255.

    Args:
        size: of each look, (time, pixel); NaN where not seen, which neither counts nor breaks.
        limit: of each date, (time,).
    """
    far = (size >= limit[:, None]).view(np.uint8)
    # A look below the limit becomes 0, any other 255: what a run is masked with.
    lasts = (size < limit[:, None]).view(np.uint8)
    lasts -= 1
    run = np.zeros(size.shape[1], dtype=np.uint8)
    longest = run.copy()
    for one, mask in zip(far, lasts, strict=True):
        run += one
        run &= mask
        np.maximum(longest, run, out=longest)
    return longest


def first_confirmed(distance: Float32, seen: Mask, rule: Rule) -> NDArray[np.int16]:
    """Date at which each pixel's first change is confirmed, (pixel,); -1 for none.

    Only pixels with enough looks far out are followed through time.
    """
    if distance.shape[1] == 1:
        return _first_on_a_side(distance[:, 0], seen, rule)
    size = magnitudes(distance) * seen
    is_able = count(size >= rule.strong) >= rule.n_strong
    is_able |= count(size >= rule.weak) >= rule.n_weak
    able = np.flatnonzero(is_able)
    found = np.full(seen.shape[1], -1, dtype=np.int16)
    found[able] = _followed(distance.take(able, axis=-1), seen.take(able, axis=-1), rule)
    return found


def _first_on_a_side(distance: Float32, seen: Mask, rule: Rule) -> NDArray[np.int16]:
    """The same of one band: its runs stay above the curve or below, and are counted on each side.

    Args:
        distance: (time, pixel).
        seen: (time, pixel).
        rule: thresholds and counts.
    """
    limits = np.array([rule.strong, rule.weak], dtype=np.float32)[:, None]
    needed = np.repeat(np.array([rule.n_strong, rule.n_weak], dtype=np.uint8), 2)[:, None]
    sides = np.stack([distance, -distance], axis=1)[:, None]
    hits = ((sides >= limits[..., None]) & seen[:, None, None]).reshape(len(seen), 4, -1)
    lasts = hits | ~seen[:, None]
    runs = np.zeros(hits.shape[1:], dtype=np.uint8)
    fires = np.empty_like(seen)
    for hit, last, fire in zip(hits, lasts, fires, strict=True):
        runs += hit
        runs *= last
        np.any(runs >= needed, axis=0, out=fire)
    first: NDArray[np.int16] = fires.argmax(axis=0).astype(np.int16)
    first[~fires.any(axis=0)] = -1
    return first


def _followed(distance: Float32, seen: Mask, rule: Rule) -> NDArray[np.int16]:
    """Date at which each pixel's first change is confirmed, every pixel followed."""
    runs = no_runs(*distance.shape[1:])
    found = np.full(seen.shape[1], -1, dtype=np.int16)
    for t, looks in enumerate(distance):
        hit = advance(runs, looks, seen[t], rule)
        found[hit & (found < 0)] = t
    return found


def crossing(
    share_at: Callable[[float], float], share: float, bounds: tuple[float, float]
) -> float:
    """The threshold at which a falling share comes down to the one wanted, by halving."""
    low, high = bounds
    while high > low * (1 + PRECISION):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if share_at(middle) > share else (low, middle)
    return high


def tail_threshold(share_at: Callable[[float], float], share: float, highest: float) -> float:
    """The threshold that unchanged pixels exceed with the stated share.

    It is carried on from the body of the distribution, because in the far tail of a real
    history stand real changes, which would blind the rule. The tail is taken as exponential:
    heavier than that of a normal run, as missed clouds and odd years make it.

    Args:
        share_at: share of pixels beyond a threshold, falling.
        share: the share wanted.
        highest: a threshold that no pixel exceeds.
    """
    near, far = BODY_SHARES
    bounds = LEAST_THRESHOLD, max(highest, LEAST_THRESHOLD)
    if share >= far:
        return crossing(share_at, share, bounds)
    a, b = crossing(share_at, near, bounds), crossing(share_at, far, bounds)
    return float(b + (b - a) * np.log(far / share) / np.log(near / far))


def calibrated(distance: Float32, seen: Mask, counts: tuple[int, int], share: float) -> Rule:
    """The rule that confirms the stated share of unchanged pixels within the given looks.

    Args:
        distance: held-out distances of unchanged ground.
        seen: the looks they stand for.
        counts: looks in a row for the strong and for the weak threshold.
        share: share of pixels falsely confirmed; each threshold is given half of it.
    """
    line = Line.of(distance, seen)
    found = [_calibrated_threshold(run_reach(line, n), share / 2) for n in counts]
    return Rule(counts[0], max(found), counts[1], min(found))


def _calibrated_threshold(reach: Float32, share: float) -> float:
    """The threshold that a share of pixels reaches."""

    def share_at(threshold: float) -> float:
        return float(np.count_nonzero(reach >= threshold) / max(len(reach), 1))

    return tail_threshold(share_at, share, float(reach.max(initial=0)) * (1 + PRECISION))


@dataclass(frozen=True)
class Line:
    """The seen looks of all pixels laid side by side, pixel after pixel.

    Looks in a row are then a window of one line, however many dates lie between them.

    Attributes:
        looks: distances, float32, (band, look).
        pixel: the pixel of each look, ascending, (look,).
        n_pixels: pixels, those without a look included.
    """

    looks: Float32
    pixel: NDArray[np.intp]
    n_pixels: int

    @classmethod
    def of(cls, distance: Float32, seen: Mask) -> Line:
        """Lay out distances (time, band, pixel) that were seen (time, pixel)."""
        looks = distance.transpose(1, 2, 0)[:, seen.T]
        n_pixels = seen.shape[1]
        return cls(looks, np.repeat(np.arange(n_pixels), count(seen)), n_pixels)


def run_reach(line: Line, n_looks: int) -> Float32:
    """The highest threshold at which looks in a row still confirm, (pixel,); 0 if none does.

    A run of looks reaches as far as its first look lies out, and as each further one lies along
    the mean direction of those before it.
    """
    reach = np.zeros(line.n_pixels, dtype=np.float32)
    n_starts = line.looks.shape[1] - n_looks + 1
    if n_starts < 1:
        return reach
    direction = line.looks[:, :n_starts].copy()
    low = magnitudes(direction)
    for k in range(1, n_looks):
        now = line.looks[:, k : k + n_starts]
        np.minimum(low, _along(now, direction), out=low)
        direction += now
    first = line.pixel[:n_starts]
    inside = first == line.pixel[n_looks - 1 :]
    np.maximum.at(reach, first[inside], low[inside])
    return reach


def _along(distance: Float32, direction: Float32) -> Float32:
    """Length of distances (band, pixel) along directions of any length, (pixel,)."""
    if len(distance) == 1:
        return np.asarray(distance[0] * np.sign(direction[0]))
    norm = np.maximum(magnitudes(direction), np.float32(1e-12))
    along: Float32 = np.einsum("bn,bn->n", distance, direction) / norm
    return along
