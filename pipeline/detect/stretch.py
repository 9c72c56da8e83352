"""Which part of a history a pixel's curve may rest on, and the curve fitted to it.

Here belongs the layout of a series for the fit and the search for a step inside the baseline.
The curve itself belongs to ``raster.harmonics``, what is learnt from the whole site to
``calibration``. Axes: values (time, band, pixel), seen (time, pixel).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pipeline.raster.harmonics import (
    CUT_SIGMA,
    DAYS_PER_YEAR,
    Baseline,
    fitted,
    product,
    residuals,
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
    """

    days: NDArray[np.float64]
    design: Float32
    n_baseline: int

    @classmethod
    def of(cls, days: NDArray[np.float64], n_baseline: int, n_harmonics: int) -> Timeline:
        """The timeline of dates given in days."""
        return cls(days, seasonal_design(days, n_harmonics), n_baseline)

    @property
    def history(self) -> Float32:
        """Design of the baseline dates."""
        return self.design[:, : self.n_baseline]


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

    def pixels(self, chosen: Mask) -> Stack:
        """Some of the pixels."""
        return Stack(self.values[..., chosen], self.seen[:, chosen])


def fit_history(stack: Stack, timeline: Timeline, min_looks: int) -> Baseline:
    """The seasonal curve of each pixel from the newest stretch of its history without a step.

    A step inside the history would widen the noise and shift the curve: the looks before it are
    left out, if what follows spans a year and holds enough looks.
    """
    history = stack.dates(slice(timeline.n_baseline))
    whole = fitted(timeline.history, history.values, history.seen)
    start = newest_stretch(history, whole, timeline, min_looks)
    broken = start > 0
    if not broken.any():
        return whole
    part = history.pixels(broken)
    after = np.arange(timeline.n_baseline)[:, None] >= start[broken]
    return _merged(whole, fitted(timeline.history, part.values, part.seen & after), broken)


def _merged(whole: Baseline, part: Baseline, chosen: Mask) -> Baseline:
    """A baseline in which the chosen pixels are replaced, in place."""
    for old, new in zip(vars(whole).values(), vars(part).values(), strict=True):
        old[..., chosen] = new
    return whole


def newest_stretch(
    history: Stack, baseline: Baseline, timeline: Timeline, min_looks: int
) -> NDArray[np.intp]:
    """First date of the newest stretch of each pixel without a step, (pixel,); 0 for all of it.

    Residuals before and after every split are compared by a two-sample t of their means.
    """
    splits = _splits(timeline)
    if not splits.size:
        return np.zeros(history.seen.shape[1], dtype=np.intp)
    left = residuals(timeline.history, baseline.coefficients, history.values, history.seen)
    left /= np.maximum(baseline.noise, np.finfo(np.float32).tiny)
    np.clip(left, -CUT_SIGMA, CUT_SIGMA, out=left)
    after = (np.arange(timeline.n_baseline) >= splits[:, None]).astype(np.float32)
    strength = _step_strength(left, history.seen, after, min_looks)
    best = strength.argmax(axis=0)
    is_step = np.take_along_axis(strength, best[None], axis=0)[0] >= BREAK_SIGMA
    return np.where(is_step, splits[best], 0)


def _splits(timeline: Timeline) -> NDArray[np.intp]:
    """Dates that may open the newest stretch: those with a year of baseline behind them."""
    days = timeline.days[: timeline.n_baseline]
    able = np.flatnonzero(days <= days[-1] - DAYS_PER_YEAR)[1:]
    if not able.size:
        return able
    return np.unique(able[np.linspace(0, len(able) - 1, N_SPLITS).astype(int)])


def _step_strength(left: Float32, seen: Mask, after: Float32, min_looks: int) -> Float32:
    """Step at every split over its standard error, (split, pixel), in the band that shows most."""
    n_after, n_all = product(after, seen.astype(np.float32)), seen.sum(axis=0, dtype=np.float32)
    n_before = n_all - n_after
    flat = left.reshape(len(left), -1)
    late = product(after, flat).reshape(len(after), *left.shape[1:])
    early = left.sum(axis=0) - late
    n_late, n_early = np.maximum(n_after, 1)[:, None], np.maximum(n_before, 1)[:, None]
    step = np.abs(late / n_late - early / n_early) / np.sqrt(1 / n_late + 1 / n_early)
    enough = (n_after >= min_looks) & (n_before >= min_looks / 2)
    strength: Float32 = step.max(axis=1) * enough
    return strength
