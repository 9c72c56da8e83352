"""Change through time: each pixel against its own seasonal curve, confirmed by looks in a row.

Here belongs the detector of series: blocks of rows in, changes out. What is learnt from the
whole site belongs to ``calibration``, the rule of looks to ``runs``, the record of every date to
``record``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pipeline.config import load_config
from pipeline.detect.calibration import Fit, calibrate, distances
from pipeline.detect.record import Record, recorded
from pipeline.detect.runs import first_confirmed, longest_runs, magnitudes
from pipeline.detect.series import Series, days_of, looks_of, timeline_of
from pipeline.detect.stretch import fit_history
from pipeline.model.change import SeriesChanges
from pipeline.raster.harmonics import count, joined, product

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from pipeline.config import MonitorOptions
    from pipeline.detect.calibration import Calibration
    from pipeline.detect.series import Pixels
    from pipeline.detect.stretch import Timeline
    from pipeline.model.cube import DateCube
    from pipeline.raster.harmonics import Baseline

    Float32: TypeAlias = NDArray[np.float32]

BLOCK_VALUES = 2**19
"""Baseline values worked on at once: they and what is made of them stay near the processor."""
LEAST_PIXELS = 512
"""Fewer are not worth the calls."""


@dataclass(frozen=True)
class HarmonicMonitor:
    """The detector of series: seasonal baseline and looks in a row.

    Attributes:
        options: bands, counts, and the share of false alarms to calibrate to.
    """

    options: MonitorOptions

    def detect(
        self, cube: DateCube, n_baseline: int, learnt: Calibration | None = None
    ) -> SeriesChanges:
        """What changed at every pixel and date of a cube.

        ``departs`` holds at the strong threshold everywhere, and inside a confirmed run at the
        weak one too; ``threshold`` and ``n_looks`` are those of the strong rule.

        Args:
            cube: all dates, baseline first.
            n_baseline: how many leading dates are the baseline.
            learnt: what ``learn`` said of a cube of the same dates and looks; asked if not given.

        Raises:
            InputError: if a band is missing or the baseline is empty or too long.
            NothingSeenError: if no pixel has enough clear looks in the baseline.
        """
        series = Series.of_cube(cube, self.options)
        sample = series.sample()
        timeline = timeline_of(days_of(cube.instants), n_baseline, self.options, sample)
        learnt = learnt or calibrate(sample, timeline, self.options, timeline.n_monitored)
        record = Record.empty(len(timeline.days), *series.shape)
        series.over_blocks(lambda one: record.put(one, _recorded(series, one, timeline, learnt)))
        rule = learnt.rule
        return SeriesChanges(n_baseline, rule.n_strong, rule.strong, **vars(record))

    def learn(self, cube: DateCube, n_baseline: int) -> Calibration:
        """What holds for the whole site: with it every pixel is judged by itself alone.

        Raises:
            InputError: if a band is missing or the baseline is empty or too long.
            NothingSeenError: if no pixel has enough clear looks in the baseline.
        """
        sample = Series.of_cube(cube, self.options).sample()
        timeline = timeline_of(days_of(cube.instants), n_baseline, self.options, sample)
        return calibrate(sample, timeline, self.options, timeline.n_monitored)


def monitor_cube(
    values: NDArray[np.floating],
    dates: Sequence[date] | NDArray[np.datetime64],
    n_baseline: int,
) -> NDArray[np.int16]:
    """The date on which a change of each pixel is confirmed.

    The settings are those of the committed settings file. The values may be in any unit
    (reflectance, an index, digital numbers); noise is judged by the series themselves.

    Args:
        values: one band, (time, y, x); NaN where a pixel was not seen clearly.
        dates: one per image, strictly ascending: dates, datetimes or datetime64.
        n_baseline: leading images that show the normal state.

    Returns:
        Index along time, int16, (y, x); -1 where no change is confirmed.

    Raises:
        InputError: if the axes do not agree, the dates do not ascend or the baseline is empty.
        NothingSeenError: if no pixel has enough clear looks in the baseline.
    """
    options = load_config().monitor
    series = Series.of_band(values, dates)
    days, sample = days_of(dates), series.sample()
    timeline = timeline_of(days, n_baseline, options, sample)
    found = np.empty(series.shape, dtype=np.int16)
    with ThreadPoolExecutor(1) as pool:
        learning = pool.submit(calibrate, sample, timeline, options, timeline.n_monitored)

        def fit(pixels: Pixels) -> Baseline:
            return _curves(series.raw(pixels)[:n_baseline], timeline, options.min_baseline_looks)

        def confirm(pixels: Pixels, baseline: Baseline) -> None:
            late, target = series.raw(pixels)[n_baseline:], found[pixels]
            confirmed = _confirmed(late, baseline, timeline, learning.result())
            target[...] = confirmed.reshape(target.shape)

        series.over_halves(fit, confirm, learning)
    return found


def _curves(values: Float32, timeline: Timeline, min_looks: int) -> Baseline:
    """The curves of a block, fitted to small parts of it.

    Args:
        values: the baseline, (time, band, pixel), not finite where not seen.
        timeline: the dates.
        min_looks: looks that a stretch of history must hold.
    """
    size = max(LEAST_PIXELS, BLOCK_VALUES // timeline.n_baseline)
    return joined(
        [
            fit_history(looks_of(values[..., start : start + size]), timeline, min_looks)
            for start in range(0, values.shape[2], size)
        ]
    )


def _confirmed(
    late: Float32, baseline: Baseline, timeline: Timeline, learnt: Calibration
) -> NDArray[np.int16]:
    """Index of the date that confirms a change, (pixel,); -1 for none.

    Distances in full are taken only of pixels that have enough looks in a row far out before the
    doubt about the curve is counted, which brings every look nearer.

    Args:
        late: the monitored dates, (time, band, pixel), not finite where not seen.
        baseline: the curves.
        timeline: the dates.
        learnt: thresholds and scale.
    """
    found = np.full(late.shape[2], -1, dtype=np.int16)
    able = _far_out(late, timeline, baseline, learnt)
    if able.size:
        looks = looks_of(late.take(able, axis=-1))
        fit = Fit.of(baseline.pixels(able), timeline)
        unrest = learnt.restlessness[timeline.n_baseline :]
        far = distances(looks, timeline.future, fit, scale=learnt.scale, unrest=unrest)
        first = first_confirmed(far, looks.seen, learnt.rule)
        found[able] = np.where(first >= 0, first + timeline.n_baseline, -1)
    return found


def _far_out(
    values: Float32, timeline: Timeline, baseline: Baseline, learnt: Calibration
) -> NDArray[np.intp]:
    """Places of the pixels with enough looks beyond a threshold, the curve taken as certain."""
    curve = baseline.coefficients.reshape(len(timeline.design), -1)
    left = product(timeline.future.T, curve).reshape(values.shape)
    np.subtract(values, left, out=left)
    far = magnitudes(learnt.scale.standardised(left, baseline.noise))
    limit = np.float32(learnt.rule.weak) * learnt.restlessness[timeline.n_baseline :]
    is_watched = count(baseline.kept) >= learnt.min_looks
    least = min(learnt.rule.n_strong, learnt.rule.n_weak)
    return np.flatnonzero(is_watched & (longest_runs(far, limit) >= least))


def _recorded(series: Series, pixels: Pixels, timeline: Timeline, learnt: Calibration) -> Record:
    """The record of a block."""
    stack = series.stack(pixels)
    baseline = fit_history(stack, timeline, learnt.min_looks)
    watched = count(baseline.kept) >= learnt.min_looks
    fit, unrest = Fit.of(baseline, timeline), learnt.restlessness
    far = distances(stack, timeline.design, fit, scale=learnt.scale, unrest=unrest)
    block = recorded(far, stack.seen & watched, learnt.rule, timeline.n_baseline)
    noise = baseline.noise[list(series.reflectances)].mean(axis=0) * watched
    return replace(block, seen=stack.seen, noise=noise, monitored=watched)
