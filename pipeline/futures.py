"""Many futures of one history: the series detector with the fit of the baseline kept.

Here belongs what changes if only the monitored dates do: their distances from a curve that stays,
and the walk through them. The rules themselves belong to ``detect`` and ``history``; what the
futures are made of, and what is asked of them, to ``limit``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.detect.calibration import Fit, distances
from pipeline.detect.record import recorded
from pipeline.detect.runs import magnitudes
from pipeline.detect.series import N_THREADS, WALK_PIXELS, Series, days_of, looks_of, timeline_of
from pipeline.detect.stretch import fit_history
from pipeline.history import standing_pixels
from pipeline.limit import Watched
from pipeline.model.change import SeriesChanges
from pipeline.raster.harmonics import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.config import MonitorOptions
    from pipeline.detect.calibration import Calibration
    from pipeline.detect.runs import Rule
    from pipeline.detect.stretch import Timeline
    from pipeline.model.cube import DateCube

    Float32 = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Places = NDArray[np.intp]

SPARE = 1e-4
"""Relative room for rounding where pixels are told that need no walk."""


@dataclass(frozen=True)
class Futures:
    """The detector of series behind the baseline of one cube.

    Attributes:
        options: bands and counts.
        timeline: all dates of the cube.
        learnt: what holds for the whole site.
        fit: the curve of every pixel, row by row.
        late: the monitored dates as they were taken.
    """

    options: MonitorOptions
    timeline: Timeline
    learnt: Calibration
    fit: Fit
    late: Series

    @classmethod
    def of(
        cls, cube: DateCube, n_baseline: int, options: MonitorOptions, learnt: Calibration
    ) -> Futures:
        """Fit the baseline of a cube.

        Args:
            cube: all dates, baseline first.
            n_baseline: how many leading dates are the baseline.
            options: the settings that ``learnt`` was learnt with.
            learnt: what holds for the whole site.

        Raises:
            InputError: if a band is missing or the baseline is empty or too long.
        """
        series = Series.of_cube(cube, options)
        timeline = timeline_of(days_of(cube.instants), n_baseline, options, series.sample())
        fits = [
            Fit.of(fit_history(series.stack(one), timeline, learnt.min_looks), timeline)
            for one in series.dates(slice(n_baseline)).blocks(WALK_PIXELS)
        ]
        parts = zip(*(vars(one).values() for one in fits), strict=True)
        fit = Fit(*(np.concatenate(part, axis=-1) for part in parts))
        return cls(options, timeline, learnt, fit, series.dates(slice(n_baseline, None)))

    def watch(self, late: DateCube, onsets: Sequence[int], where: Mask) -> tuple[Watched, ...]:
        """What the detector says if the late dates had been others from some date on.

        Args:
            late: the monitored dates, each as it would be after an onset.
            onsets: places of dates among them; before them the dates are as they were taken.
            where: monitored pixels that are asked about, (y, x); the others come out unchanged.

        Returns:
            One answer an onset.
        """
        series, places = Series.of_cube(late, self.options), np.flatnonzero(where)
        shape = late.clear.shape
        found = [Watched(np.zeros(shape, bool), np.zeros(shape, bool)) for _ in onsets]
        blocks = [places[at : at + WALK_PIXELS] for at in range(0, len(places), WALK_PIXELS)]
        with ThreadPoolExecutor(N_THREADS) as pool:
            list(pool.map(lambda one: self._put(found, series, onsets, one), blocks))
        return tuple(found)

    def _put(
        self, found: Sequence[Watched], series: Series, onsets: Sequence[int], places: Places
    ) -> None:
        """Write the answers for some pixels."""
        rule = self.learnt.rule
        before, after = (self._looks(one, places) for one in (self.late, series))
        for watched, onset in zip(found, onsets, strict=True):
            looks = before.until(onset, after)
            able = looks.able(rule)
            standing, confirmed = looks.pixels(able).followed(rule)
            for mine, theirs in ((watched.standing, standing), (watched.confirmed, confirmed)):
                mine.reshape(len(mine), -1)[:, places[able]] = theirs

    def _looks(self, series: Series, places: Places) -> _Looks:
        """Distances of the monitored dates of some pixels from their curves."""
        values, seen = series.values, series.seen
        n_dates, n_bands = values.shape[:2]
        raw = values.reshape(n_dates, n_bands, -1).take(places, axis=-1)
        shown = None if seen is None else seen.reshape(n_dates, -1).take(places, axis=-1)
        stack = looks_of(raw.astype(np.float32, copy=False), shown)
        fit = Fit(*(_picked(part, places) for part in vars(self.fit).values()))
        scale, unrest = self.learnt.scale, self.learnt.restlessness[self.timeline.n_baseline :]
        far = distances(stack, self.timeline.future, fit, scale=scale, unrest=unrest)
        return _Looks(far, stack.seen, magnitudes(far))


def _picked(values: NDArray[Any], places: Places) -> NDArray[Any]:
    """Some of the pixels of an array whose last axis they are."""
    return values.take(places, axis=-1)


@dataclass(frozen=True)
class _Looks:
    """Monitored looks of some pixels.

    Attributes:
        far: distance from the curve, float32, (time, band, pixel); 0 where not seen.
        seen: bool, (time, pixel).
        size: length of each distance, float32, (time, pixel).
    """

    far: Float32
    seen: Mask
    size: Float32

    def until(self, onset: int, later: _Looks) -> _Looks:
        """These looks before a date and others from it on; the same ones are seen."""
        far = np.concatenate([self.far[:onset], later.far[onset:]])
        size = np.concatenate([self.size[:onset], later.size[onset:]])
        return replace(self, far=far, size=size)

    def pixels(self, chosen: Places) -> _Looks:
        """Those of some of the pixels."""
        return _Looks(*(_picked(part, chosen) for part in vars(self).values()))

    def able(self, rule: Rule) -> Places:
        """Pixels that may come out: enough looks far out to confirm, or a strong one at the end."""
        strong, weak = (self.size >= far * (1 - SPARE) for far in (rule.strong, rule.weak))
        is_able = (count(strong) >= rule.n_strong) | (count(weak) >= rule.n_weak)
        last = len(self.seen) - 1 - np.argmax(self.seen[::-1], axis=0)
        is_able |= np.take_along_axis(strong, last[None], axis=0)[0]
        return np.flatnonzero(is_able)

    def followed(self, rule: Rule) -> tuple[Mask, Mask]:
        """Whether each pixel stands changed or waits, and whether it stands confirmed."""
        record = recorded(self.far, self.seen, rule, 0)
        changes = SeriesChanges(0, rule.n_strong, rule.strong, **vars(record))
        return standing_pixels(changes), changes.changed
