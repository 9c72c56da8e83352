"""The whole monitor against one pixel at a time in plain loops and double precision.

What holds for the whole site (floor, restless dates, thresholds) is taken from ``calibrate``,
whose parts have oracles of their own in ``test_calibration`` and ``test_runs``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.detect import monitor_cube
from pipeline.detect.calibration import Calibration, calibrate
from pipeline.detect.runs import longest_runs
from pipeline.detect.series import Series, days_of, timeline_of
from pipeline.detect.stretch import N_SPLITS
from pipeline.raster.harmonics import RIDGE
from tests.unit.series_factory import Land

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float64 = NDArray[np.float64]

OPTIONS = load_config().monitor
N_BASELINE = 60
YEAR = 365.2425
START = np.datetime64("2018-01-03")


def learnt_of(values: NDArray[np.float32], days: Float64) -> Calibration:
    """What the monitor learns of the site."""
    dates = START + days.astype("timedelta64[D]")
    sample = Series.of_band(values, dates).sample()
    timeline = timeline_of(days, N_BASELINE, OPTIONS, sample)
    return calibrate(sample, timeline, OPTIONS, timeline.n_monitored)


def rows_of(days: Float64) -> Float64:
    """The design, a row a date."""
    angle = 2 * np.pi * days / YEAR
    waves = [
        wave(k * angle) for k in range(1, OPTIONS.n_harmonics + 1) for wave in (np.cos, np.sin)
    ]
    return np.stack([np.ones_like(angle), *waves], axis=1)


def curve_by_hand(rows: Float64, series: Float64, kept: list[int]) -> tuple[Float64, Float64]:
    """Coefficients, and their covariance in units of the noise variance."""
    normal = np.diag([1e-6, *[RIDGE] * (rows.shape[1] - 1)])
    moments = np.zeros(rows.shape[1])
    for date in kept:
        normal += np.outer(rows[date], rows[date])
        moments += rows[date] * series[date]
    return np.asarray(np.linalg.solve(normal, moments)), np.linalg.inv(normal)


def robust_by_hand(
    rows: Float64, series: Float64, looks: list[int]
) -> tuple[Float64, Float64, float, list[int]]:
    """Fit, leave out what lies far out, fit again."""
    curve, inverse = curve_by_hand(rows, series, looks)
    sizes = sorted(abs(series[date] - rows[date] @ curve) for date in looks)
    spare = max(len(looks) - rows.shape[1], 1) / len(looks)
    limit = 3 * 1.4826 * sizes[(len(looks) - 1) // 2] / np.sqrt(spare)
    kept = [date for date in looks if abs(series[date] - rows[date] @ curve) <= limit]
    curve, inverse = curve_by_hand(rows, series, kept)
    total = sum((series[date] - rows[date] @ curve) ** 2 for date in kept)
    return curve, inverse, float(np.sqrt(total / max(len(kept) - rows.shape[1], 1))), kept


def newest_by_hand(
    days: Float64, series: Float64, looks: list[int], fit: tuple[Float64, float]
) -> int:
    """First date of the newest stretch without a step."""
    rows, (curve, noise) = rows_of(days), fit
    able = [date for date in range(N_BASELINE) if days[date] <= days[N_BASELINE - 1] - YEAR][1:]
    splits = sorted({able[int(k)] for k in np.linspace(0, len(able) - 1, N_SPLITS)}) if able else []
    best, strongest = 0, 5.0
    for split in splits:
        parts: tuple[list[float], list[float]] = ([], [])
        for date in looks:
            left = (series[date] - rows[date] @ curve) / noise
            parts[date >= split].append(min(max(left, -3), 3))
        early, late = parts
        if len(late) < OPTIONS.min_baseline_looks or len(early) < OPTIONS.min_baseline_looks / 2:
            continue
        error = np.sqrt(1 / len(late) + 1 / len(early))
        strength = abs(np.mean(late) - np.mean(early)) / error
        if strength > strongest:
            best, strongest = split, strength
    return best


def confirmed_by_hand(days: Float64, series: Float64, learnt: Calibration) -> int:
    """The date that confirms a change of one pixel, -1 for none."""
    rows, rule = rows_of(days), learnt.rule
    looks = [date for date in range(N_BASELINE) if np.isfinite(series[date])]
    curve, inverse, noise, kept = robust_by_hand(rows, series, looks)
    start = newest_by_hand(days, series, looks, (curve, noise))
    if start:
        newest = [date for date in looks if date >= start]
        curve, inverse, noise, kept = robust_by_hand(rows, series, newest)
    if len(kept) < OPTIONS.min_baseline_looks:
        return -1
    side, length, n_strong = 0.0, 0, 0
    for date in range(N_BASELINE, len(days)):
        if not np.isfinite(series[date]):
            continue
        doubt = np.sqrt(1 + rows[date] @ inverse @ rows[date]) * learnt.restlessness[date]
        far = (series[date] - rows[date] @ curve) / max(noise, learnt.scale.floor[0]) / doubt
        if abs(far) < rule.weak:
            side, length, n_strong = 0.0, 0, 0
            continue
        same = length > 0 and np.sign(far) == side
        side, length = np.sign(far), length + 1 if same else 1
        n_strong = (n_strong if same else 0) + 1 if abs(far) >= rule.strong else 0
        if n_strong >= rule.n_strong or length >= rule.n_weak:
            return date
    return -1


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 999),
    gaps=st.sampled_from([0.05, 0.3, 0.6]),
    step=st.sampled_from([-0.12, 0.05, 0.3]),
    cloudy=st.sampled_from([0.0, 0.03]),
)
def test_the_whole_monitor_is_the_loop(seed: int, gaps: float, step: float, cloudy: float) -> None:
    land = Land(height=6, width=7, seed=seed, gaps=gaps)
    values, draw = land.values(), np.random.default_rng(seed)
    values[draw.random(values.shape) < cloudy] += np.float32(0.4)
    values[70:, :3] += np.float32(step)
    values[:25, :, 5:] += np.float32(0.2)
    days = days_of(land.dates)
    learnt = learnt_of(values, days)
    found = monitor_cube(values, land.dates, N_BASELINE)
    for row, col in np.ndindex(found.shape):
        series = values[:, row, col].astype(np.float64)
        assert found[row, col] == confirmed_by_hand(days, series, learnt), (row, col)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.integers(1, 9))
def test_the_longest_run_is_the_loop(seed: int, n_dates: int) -> None:
    draw = np.random.default_rng(seed)
    size = draw.choice([0.5, 1.0, 2.0, np.nan], (n_dates, 5)).astype(np.float32)
    limit = draw.choice([1.0, 3.0], n_dates, p=[0.8, 0.2]).astype(np.float32)
    for pixel, found in enumerate(longest_runs(size, limit)):
        run = longest = 0
        for one, least in zip(size[:, pixel], limit, strict=True):
            if not np.isnan(one):
                run = run + 1 if one >= least else 0
            longest = max(longest, run)
        assert found == longest


@pytest.mark.parametrize("n_dates", [254, 255, 300])
def test_a_run_longer_than_a_byte_is_still_long(n_dates: int) -> None:
    size = np.ones((n_dates, 1), dtype=np.float32)
    assert longest_runs(size, np.full(n_dates, 0.5, dtype=np.float32))[0] >= 254
