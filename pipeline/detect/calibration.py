"""What holds for the whole site: noise floor, pooling of the bands, restless dates, thresholds.

Here belongs what is learnt from a sample of the site's own pixels, and the distances that follow
from it. The curve itself belongs to ``raster.harmonics``, the rule to ``runs``, the record of
changes to ``monitor``. Axes: values and distances (time, band, pixel), seen (time, pixel).
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pipeline.detect.runs import Rule, calibrated, magnitudes
from pipeline.detect.stretch import Stack, Timeline, fit_history
from pipeline.errors import NothingSeenError
from pipeline.raster.harmonics import (
    CUT_SIGMA,
    DAYS_PER_YEAR,
    Baseline,
    count,
    leverage,
    residuals,
    solved,
    uncertainty,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import MonitorOptions

    Float32: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.bool_]

FLOOR_SHARE = 0.25
"""Quantile of the noise of a site below which the noise of no pixel is believed."""
OWN_SHARE = 0.1
"""Part of each band's variance held to be its own when the bands are pooled."""
MIN_SAMPLE = 2048
"""A smaller sample is filled up with white noise of the same looks before calibration."""
N_WITNESSES = 4096
"""Pixels of the sample whose median tells a restless date: on average within 2 %."""
MIN_FOLDS = 4
"""Parts of the history that are held out in turn, at least."""


@dataclass(frozen=True)
class Scale:
    """What turns residuals into distances.

    Attributes:
        floor: least noise of a pixel, float32, (band,).
        whitening: takes standardised residuals to uncorrelated ones, float32, (band, band).
    """

    floor: Float32
    whitening: Float32

    def reach(self, noise: Float32) -> Float32:
        """The noise that residuals are measured by, (band, pixel)."""
        return np.maximum(noise, self.floor[:, None])

    def whitened(self, left: Float32) -> Float32:
        """Residuals (time, band, pixel) in units of noise, brought onto uncorrelated axes."""
        if len(self.floor) == 1:
            return left
        pooled: Float32 = np.matmul(self.whitening, left)
        return pooled

    def standardised(self, left: Float32, noise: Float32) -> Float32:
        """Residuals (time, band, pixel) in units of noise, on uncorrelated axes; overwritten."""
        left /= self.reach(noise)
        return self.whitened(left)


@dataclass(frozen=True)
class Fit:
    """The curve of each pixel and the doubt about it.

    Attributes:
        coefficients: float32, (term, band, pixel).
        noise: of single looks, float32, (band, pixel).
        covariance: of the coefficients in units of the noise variance, float32,
            (pair of terms, pixel).
    """

    coefficients: Float32
    noise: Float32
    covariance: Float32

    @classmethod
    def of(cls, baseline: Baseline, timeline: Timeline) -> Fit:
        """A curve with the doubt that follows from the looks it rests on."""
        doubt = uncertainty(timeline.history, baseline.kept)
        return cls(baseline.coefficients, baseline.noise, doubt)


@dataclass(frozen=True)
class Witness:
    """The pixels of the sample as they stand after its last date: they tell a restless date.

    Attributes:
        chosen: places of the pixels in the sample, (pixel,).
        fit: their curves.
        last: distance of each pixel's last look, float32, (band, pixel).
        usual: median scatter of a baseline date.
    """

    chosen: NDArray[np.intp]
    fit: Fit
    last: Float32
    usual: float


@dataclass(frozen=True)
class Calibration:
    """What holds for the whole site.

    Attributes:
        scale: what turns residuals into distances.
        restlessness: how much wider than usual the site scatters on a date, float32, (time,);
            1 or more.
        rule: thresholds and counts.
        min_looks: kept baseline looks that a monitored pixel has at least.
        witness: the pixels that told the restlessness.
    """

    scale: Scale
    restlessness: Float32
    rule: Rule
    min_looks: int
    witness: Witness


def distances(stack: Stack, design: Float32, fit: Fit, *, scale: Scale, unrest: Float32) -> Float32:
    """Whitened distance of every look from the curve, (time, band, pixel).

    A residual is divided by its noise, by the doubt about the curve on that date, and by the
    restlessness of the date.
    """
    left = residuals(design, fit.coefficients, stack.values, stack.seen)
    return lessened(scale.standardised(left, fit.noise), design, fit.covariance, unrest)


def lessened(far: Float32, design: Float32, covariance: Float32, unrest: Float32) -> Float32:
    """Distances (time, band, pixel) in units of all that is in doubt; overwritten."""
    far /= (np.sqrt(1 + leverage(design, covariance)) * unrest[:, None])[:, None]
    return far


def calibrate(
    sample: Stack, timeline: Timeline, options: MonitorOptions, n_monitored: int
) -> Calibration:
    """Learn floor, pooling, restless dates and thresholds from a sample of the site.

    Args:
        sample: pixels spread over the site, all dates.
        timeline: the dates.
        options: counts and the share of unchanged pixels that may be confirmed falsely.
        n_monitored: dates with looks over which that share is stated.

    Raises:
        NothingSeenError: if no pixel of the sample has enough clear looks in the baseline.
    """
    baseline = fit_history(sample, timeline, options.min_baseline_looks)
    able = _able(baseline, options.min_baseline_looks)
    sample, baseline = sample.pixels(able), baseline.pixels(able)
    scale = _scale(sample.dates(slice(timeline.n_baseline)), timeline, baseline)
    with ThreadPoolExecutor(1) as pool:
        unrest = pool.submit(_unrest, sample, timeline, baseline, scale)
        looks = _held_out_looks(sample, timeline, baseline, scale)
        share = options.false_alarm_share * len(timeline.past) / max(n_monitored, 1)
        counts = options.n_looks, options.n_looks_weak
        rule = calibrated(looks.values, looks.seen, counts, min(share, 0.5))
        rule = rule.at_least(options.min_weak)
        restless, witness = unrest.result()
    witness = replace(witness, chosen=able[witness.chosen])
    return Calibration(scale, restless, rule, options.min_baseline_looks, witness)


def _unrest(
    sample: Stack, timeline: Timeline, baseline: Baseline, scale: Scale
) -> tuple[Float32, Witness]:
    """Restlessness of every date, (time,), and what tells that of the dates to come."""
    chosen = _witnesses(sample.seen)
    sample, fit = sample.pixels(chosen), Fit.of(baseline.pixels(chosen), timeline)
    calm = np.ones(len(timeline.days), dtype=np.float32)
    far = distances(sample, timeline.design, fit, scale=scale, unrest=calm)
    scatter, last = _scatter(far, sample.seen)
    usual = usual_scatter(scatter[: timeline.n_baseline])
    return restlessness(scatter, usual), Witness(chosen, fit, last, usual)


def _witnesses(seen: Mask) -> NDArray[np.intp]:
    """Every so many pixels, enough for the median of a date."""
    n_pixels = seen.shape[1]
    return np.arange(0, n_pixels, -(-n_pixels // N_WITNESSES))


def _able(baseline: Baseline, min_looks: int) -> NDArray[np.intp]:
    """Places of the pixels that can be monitored.

    Raises:
        NothingSeenError: if there are none.
    """
    able = np.flatnonzero(count(baseline.kept) >= min_looks)
    if not able.size:
        raise NothingSeenError(
            f"no pixel has {min_looks} clear looks in the baseline",
            remedy="take a longer baseline, or lower monitor.min_baseline_looks",
        )
    return able


def _scale(history: Stack, timeline: Timeline, baseline: Baseline) -> Scale:
    """Noise floor and pooling from the kept looks of the sample."""
    smallest = np.abs(history.values).max(axis=(0, 2)) * 1e-5 + np.finfo(np.float32).tiny
    floor = np.maximum(np.quantile(baseline.noise, FLOOR_SHARE, axis=1), smallest)
    left = residuals(timeline.history, baseline.coefficients, history.values, baseline.kept)
    left /= np.maximum(baseline.noise, floor[:, None])
    np.clip(left, -CUT_SIGMA, CUT_SIGMA, out=left)
    return Scale(floor.astype(np.float32), _whitening(left))


def _whitening(left: Float32) -> Float32:
    """Inverse root of the correlation of residuals (time, band, pixel) between bands."""
    products = np.einsum("tbn,tcn->bc", left, left, optimize=True).astype(np.float64)
    size = np.sqrt(np.maximum(np.diag(products), np.finfo(np.float32).tiny))
    correlation = (1 - OWN_SHARE) * products / np.outer(size, size)
    np.fill_diagonal(correlation, 1)
    inverse_root: Float32 = np.linalg.inv(np.linalg.cholesky(correlation)).astype(np.float32)
    return inverse_root


def restlessness(scatter: Float32, usual: float) -> Float32:
    """How much wider than on a usual baseline date the whole site scatters, (time,); 1 at least.

    Haze, missed cloud or thin snow lifts most of a site at once, and only for a date: a pixel's
    scatter is the lesser of its distance from the curve and from its own last look, and a date's
    is the median over the site. A lasting change, even of the whole site, is restless only on its
    first date.
    """
    relative: Float32 = np.maximum(scatter / np.float32(usual), np.float32(1))
    return relative


def _scatter(far: Float32, seen: Mask) -> tuple[Float32, Float32]:
    """Scatter of every date, (time,), and the distance of each pixel's last look."""
    scatter = np.zeros(len(far), dtype=np.float32)
    last = np.zeros_like(far[0])
    for date, (now, seen_now) in enumerate(zip(far, seen, strict=True)):
        scatter[date] = date_scatter(now, last, seen_now)
        np.copyto(last, now, where=seen_now)
    return scatter, last


def date_scatter(now: Float32, last: Float32, seen: Mask) -> np.float32:
    """Median over the seen pixels of the lesser of two distances; 0 if none is seen.

    Args:
        now: distance from the curve, (band, pixel).
        last: the same on each pixel's last look, 0 before the first.
        seen: (pixel,).
    """
    jump = magnitudes(now - last) * np.float32(1 / np.sqrt(2))
    scatter = np.minimum(magnitudes(now), jump)[seen]
    if not scatter.size:
        return np.float32(0)
    middle = (len(scatter) - 1) // 2
    return np.float32(np.partition(scatter, middle)[middle])


def usual_scatter(past: Float32) -> float:
    """Median scatter of the baseline dates on which anything scattered; infinite if none did."""
    return float(np.median(past[past > 0])) if (past > 0).any() else float("inf")


def _held_out_looks(sample: Stack, timeline: Timeline, baseline: Baseline, scale: Scale) -> Stack:
    """Distances of the history as if it had been monitored, from where each curve begins."""
    history = sample.dates(slice(timeline.n_baseline))
    far = scale.standardised(held_out(history, timeline, baseline), baseline.noise)
    chosen = _witnesses(history.seen)
    scatter, _ = _scatter(far.take(chosen, axis=-1), history.seen.take(chosen, axis=-1))
    far /= restlessness(scatter, usual_scatter(scatter))[:, None, None]
    since = np.logical_or.accumulate(baseline.kept, axis=0)
    return _filled(Stack(far, history.seen & since))


def held_out(history: Stack, timeline: Timeline, baseline: Baseline) -> Float32:
    """Residuals of every baseline look from a curve that never saw its part of the history.

    Each part lasts a year or less, so that it meets what monitoring meets: a year that the curve
    knows nothing of, with the memory that residuals have.
    """
    left = np.zeros_like(history.values)
    for fold in _folds(timeline):
        train = baseline.kept.copy()
        train[fold] = False
        coefficients = solved(timeline.history, history.values, train)
        design = timeline.history[:, fold]
        part = residuals(design, coefficients, history.values[fold], history.seen[fold])
        doubt = leverage(design, uncertainty(timeline.history, train))
        left[fold] = part / np.sqrt(1 + doubt)[:, None]
    return left


def _folds(timeline: Timeline) -> list[slice]:
    """The baseline in parts of equal duration, a year at most, four at least."""
    days = timeline.days[: timeline.n_baseline]
    first, last = days[timeline.past[[0, -1]]]
    span = float(last - first)
    n_folds = max(MIN_FOLDS, int(np.ceil(span / DAYS_PER_YEAR)))
    edges = np.searchsorted(days, first + span * np.arange(1, n_folds) / n_folds)
    bounds = [0, *edges.tolist(), timeline.n_baseline]
    return [slice(a, b) for a, b in itertools.pairwise(bounds) if b > a]


def _filled(looks: Stack) -> Stack:
    """The distances, filled up with white noise if there are too few pixels to calibrate on."""
    missing = MIN_SAMPLE - looks.seen.shape[1]
    if missing <= 0:
        return looks
    n_dates, n_bands, n_pixels = looks.values.shape
    noise = np.random.default_rng(0).standard_normal((n_dates, n_bands, missing), dtype=np.float32)
    seen = looks.seen[:, np.arange(missing) % n_pixels]
    values = np.concatenate([looks.values, noise * seen[:, None]], axis=2)
    return Stack(values, np.concatenate([looks.seen, seen], axis=1))
