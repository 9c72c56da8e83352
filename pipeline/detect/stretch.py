"""Which part of a history a pixel's curve may rest on, and the curve fitted to it.

Here belongs the layout of a series for the fit and the search for a step inside the baseline.
The curve itself belongs to ``raster.harmonics``, what is learnt from the whole site to
``calibration``. Axes: values (time, band, pixel), seen (time, pixel).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pipeline.raster.harmonics import (
    CUT_SIGMA,
    DAYS_PER_YEAR,
    NARROW,
    Baseline,
    blanked,
    fitted,
    seasonal_design,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float32: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.bool_]

BREAK_SIGMA = 5.0
"""A step in the history this many of its own standard errors high breaks the history."""
N_SPLITS = 16
"""Dates at which a break is looked for."""


@dataclass(frozen=True)
class Timeline:
    """The dates of a series as the fit needs them.

    Attributes:
        days: days since the first date, float64, (time,).
        design: seasonal design, float32, (term, time).
        n_baseline: leading dates that the curve is fitted to.
        shown: dates on which anything of the site was seen, bool, (time,); the others count for
            nothing, whatever their number.
    """

    days: NDArray[np.float64]
    design: Float32
    n_baseline: int
    shown: Mask

    @classmethod
    def of(
        cls, days: NDArray[np.float64], n_baseline: int, n_harmonics: int, shown: Mask
    ) -> Timeline:
        """The timeline of dates given in days."""
        return cls(days, seasonal_design(days, n_harmonics), n_baseline, shown)

    @property
    def past(self) -> NDArray[np.intp]:
        """Baseline dates on which anything was seen."""
        return np.flatnonzero(self.shown[: self.n_baseline])

    @property
    def n_monitored(self) -> int:
        """Monitored dates on which anything was seen."""
        return int(np.count_nonzero(self.shown[self.n_baseline :]))

    @property
    def history(self) -> Float32:
        """Design of the baseline dates."""
        return self.design[:, : self.n_baseline]

    @property
    def future(self) -> Float32:
        """Design of the monitored dates."""
        return self.design[:, self.n_baseline :]


@dataclass(frozen=True)
class Stack:
    """Pixels of a series in the layout of the fit.

    Attributes:
        values: float32, (time, band, pixel); 0 where not seen.
        seen: bool, (time, pixel).
    """

    values: Float32
    seen: Mask

    def dates(self, dates: slice) -> Stack:
        """Some of the dates."""
        return Stack(self.values[dates], self.seen[dates])

    def pixels(self, chosen: NDArray[np.intp]) -> Stack:
        """Some of the pixels."""
        return Stack(self.values.take(chosen, axis=-1), self.seen.take(chosen, axis=-1))


def fit_history(stack: Stack, timeline: Timeline, min_looks: int) -> Baseline:
    """The seasonal curve of each pixel from the newest stretch of its history without a step.

    A step inside the history would widen the noise and shift the curve: the looks before it are
    left out, if what follows spans a year and holds enough looks.
    """
    history = stack.dates(slice(timeline.n_baseline))
    whole, left = fitted(timeline.history, history.values, history.seen)
    start = newest_stretch(Stack(left, history.seen), whole.noise, timeline, min_looks)
    broken = np.flatnonzero(start)
    if not broken.size:
        return whole
    part = history.pixels(broken)
    seen = part.seen & (np.arange(timeline.n_baseline)[:, None] >= start[broken])
    newest, _ = fitted(timeline.history, blanked(part.values, seen[:, None]), seen)
    return _merged(whole, newest, broken)


def _merged(whole: Baseline, part: Baseline, chosen: NDArray[np.intp]) -> Baseline:
    """A baseline in which the chosen pixels are replaced."""
    kept = whole.kept.copy()
    kept[:, chosen] = part.kept
    whole.coefficients[..., chosen], whole.noise[:, chosen] = part.coefficients, part.noise
    return Baseline(whole.coefficients, whole.noise, kept)


def newest_stretch(
    left: Stack, noise: Float32, timeline: Timeline, min_looks: int
) -> NDArray[np.intp]:
    """First date of the newest stretch of each pixel without a step, (pixel,); 0 for all of it.

    Residuals before and after every split are compared by a two-sample t of their means.

    Args:
        left: residuals of the whole history, (time, band, pixel); overwritten.
        noise: (band, pixel).
        timeline: the dates.
        min_looks: looks that the newest stretch must hold.
    """
    splits = _splits(timeline)
    start = np.zeros(left.seen.shape[1], dtype=np.intp)
    if not splits.size:
        return start
    limit = np.float32(CUT_SIGMA) * np.maximum(noise, np.finfo(np.float32).tiny)
    np.minimum(left.values, limit, out=left.values)
    np.maximum(left.values, -limit, out=left.values)
    strength = _step_strength(left, limit, splits, min_looks)
    broken = np.flatnonzero(strength.max(axis=0) >= BREAK_SIGMA)
    start[broken] = splits[strength[:, broken].argmax(axis=0)]
    return start


def _splits(timeline: Timeline) -> NDArray[np.intp]:
    """Dates that may open the newest stretch: those with a year of baseline behind them."""
    past = timeline.past
    days = timeline.days[past]
    able = past[days <= days[-1:] - DAYS_PER_YEAR][1:]
    if not able.size:
        return able
    return np.unique(able[np.linspace(0, len(able) - 1, N_SPLITS).astype(int)])


def _step_strength(
    left: Stack, limit: Float32, splits: NDArray[np.intp], min_looks: int
) -> Float32:
    """Step at every split over its standard error, (split, pixel), in the band that shows most."""
    late, total = _sums_after(left.values, splits)
    n_after, n_all = _sums_after(left.seen.view(np.uint8), splits)
    n_before = n_all - n_after
    enough = (n_after >= min_looks) & (n_before >= min_looks / 2)
    # late/n_late - early/n_early over its error, brought over one denominator.
    n_after /= np.maximum(n_all, 1)
    late -= n_after[:, None] * total
    np.abs(late, out=late)
    spread = np.multiply(n_before, n_after, out=n_before)
    np.sqrt(np.maximum(spread, np.float32(0.25), out=spread), out=spread)
    late /= spread[:, None] * (limit / np.float32(CUT_SIGMA))
    strength: Float32 = late[:, 0] if late.shape[1] == 1 else late.max(axis=1)
    strength *= enough
    return strength


def _sums_after(values: NDArray[Any], splits: NDArray[np.intp]) -> tuple[Float32, Float32]:
    """Sums over time from every split on, (split, ...), and over all of it, float32.

    Stretch by stretch: every value is touched once, however many splits there are. Flags are
    counted in a byte where a stretch has no more of them than it can hold.
    """
    edges = [0, *splits.tolist(), len(values)]
    narrow = values.dtype if max(np.diff(edges)) <= NARROW else np.promote_types(values.dtype, "H")
    sums = np.empty((len(edges) - 1, *values.shape[1:]), dtype=narrow)
    for one, (start, stop) in zip(sums, itertools.pairwise(edges), strict=True):
        np.add.reduce(values[start:stop], axis=0, dtype=narrow, out=one)
    after = sums.astype(np.float32, copy=False)
    for k in range(len(after) - 2, -1, -1):
        after[k] += after[k + 1]
    return after[1:], after[0]
