"""The radar statistics once more, location by location, in plain loops and double precision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.raster.survey import Survey

KERNEL = {-1: 1, 0: 2, 1: 1}


@dataclass
class Window:
    """One date of one window: mean of each band, looks it is worth, weight."""

    mean: list[float]
    weight: float
    square: float


def own_means(
    surveyed: Survey, logs: NDArray[np.float64], seen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Each pixel's mean log over its seen baseline dates, (band, y, x); NaN without any."""
    n_bands, height, width = logs.shape[1:]
    means = np.full((n_bands, height, width), np.nan)
    for y in range(height):
        for x in range(width):
            dates = [i for i in range(len(logs)) if surveyed.before[i] and seen[i, y, x]]
            for band in range(n_bands):
                if dates:
                    means[band, y, x] = sum(logs[i, band, y, x] for i in dates) / len(dates)
    return means


def windows_of(surveyed: Survey) -> dict[tuple[int, int], list[Window | None]]:
    """The window around every pixel at every used date, whitened; None where it is unseen."""
    series = surveyed.series
    power = series.power[surveyed.dates].astype(np.float64)
    seen = series.clear[surveyed.dates] & (power > 0).all(axis=1) & np.isfinite(power).all(axis=1)
    logs = np.log(np.where(seen[:, None], power, 1))
    logs -= surveyed.common.shift[surveyed.dates].astype(np.float64)[:, :, None, None]
    means = own_means(surveyed, logs, seen)
    whitening = surveyed.scatter.whitening.astype(np.float64)
    places = [(y, x) for y in range(logs.shape[2]) for x in range(logs.shape[3])]
    deviations = logs - means
    return {place: window_at(place, deviations, seen, whitening) for place in places}


def window_at(
    place: tuple[int, int],
    deviations: NDArray[np.float64],
    seen: NDArray[np.bool_],
    whitening: NDArray[np.float64],
) -> list[Window | None]:
    """One pixel's window at every used date."""
    y, x = place
    found: list[Window | None] = []
    for date in range(len(deviations)):
        if not seen[date, y, x] or math.isnan(deviations[0, 0, y, x]):
            found.append(None)
            continue
        total, weight, square = np.zeros(deviations.shape[1]), 0.0, 0.0
        for dy, wy in KERNEL.items():
            for dx, wx in KERNEL.items():
                v, u = y + dy, x + dx
                inside = 0 <= v < deviations.shape[2] and 0 <= u < deviations.shape[3]
                if inside and seen[date, v, u] and not math.isnan(deviations[0, 0, v, u]):
                    total += wy * wx * (deviations[date, :, v, u])
                    weight += wy * wx
                    square += (wy * wx) ** 2
        mixed = whitening @ (total / weight)
        found.append(Window(list(mixed), weight, square))
    return found


def memory_of(n: int, memory: float) -> float:
    """How much more a mean of n looks varies, summed lag by lag."""
    return 1 + 2 * sum((1 - lag / n) * memory**lag for lag in range(1, n))


def period(looks: list[Window | None], memory: float) -> tuple[list[float], float, int]:
    """Mean of each band, variance of that mean, and how many looks."""
    held = [one for one in looks if one is not None]
    if not held:
        return [], 0.0, 0
    weight = sum(one.weight for one in held)
    n_bands = len(held[0].mean)
    mean = [sum(one.weight * one.mean[b] for one in held) / weight for b in range(n_bands)]
    spread = sum(one.square for one in held) / weight**2
    return mean, spread * memory_of(len(held), memory), len(held)


def own_variance(surveyed: Survey, looks: list[Window | None]) -> tuple[float, float]:
    """The location's own variance drawn to the scene's, and its degrees of freedom."""
    scatter = surveyed.scatter
    held = [one for one, first in zip(looks, surveyed.before, strict=True) if first and one]
    worth = [one.weight**2 / one.square for one in held]
    total = 0.0
    for band in range(scatter.n_bands):
        mean = sum(w * one.mean[band] for w, one in zip(worth, held, strict=True)) / sum(worth)
        total += sum(w * (one.mean[band] - mean) ** 2 for w, one in zip(worth, held, strict=True))
    n = len(held)
    if n > 1:
        total /= max(1 - (memory_of(n, scatter.memory) - 1) / (n - 1), 0.1)
    dof = scatter.dof + scatter.n_bands * (n - 1)
    return (scatter.dof + total) / dof, dof


@dataclass
class Split:
    """Two sides of a split of one location."""

    statistic: float
    dof: float
    step: NDArray[np.float64]
    n_before: int
    n_after: int

    def p_value(self, inflation: float) -> float:
        """By the F distribution of scipy."""
        n_bands = len(self.step)
        return float(stats.f.sf(self.statistic / inflation / n_bands, n_bands, self.dof))


def split(surveyed: Survey, looks: list[Window | None], n_first: int) -> Split | None:
    """All used dates before a split against all after it; None if a side is empty."""
    memory = surveyed.scatter.memory
    before, spread_before, n_before = period(looks[:n_first], memory)
    after, spread_after, n_after = period(looks[n_first:], memory)
    if not n_before or not n_after:
        return None
    variance, dof = own_variance(surveyed, looks)
    step = np.array(after) - np.array(before)
    statistic = float((step**2).sum()) / ((spread_before + spread_after) * variance)
    unmixed = np.linalg.inv(surveyed.scatter.whitening.astype(np.float64)) @ step
    return Split(statistic, dof, unmixed, n_before, n_after)
