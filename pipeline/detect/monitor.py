"""Change through time: each pixel against its own seasonal curve, confirmed by looks in a row.

Here belongs the detector of series: blocks of rows in, changes out. What is learnt from the
whole site belongs to ``calibration``, the rule of looks to ``runs``, the record of every date to
``record``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pipeline.config import load_config
from pipeline.detect.calibration import Calibration, calibrate, distances
from pipeline.detect.record import Record, recorded
from pipeline.detect.runs import first_confirmed
from pipeline.detect.stretch import Stack, Timeline, fit_history
from pipeline.errors import InputError
from pipeline.model.change import SeriesChanges
from pipeline.raster.harmonics import blanked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.config import MonitorOptions
    from pipeline.model.cube import DateCube

    Float32: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.bool_]

BLOCK_PIXELS = 16384
"""Pixels worked on at once: a block of a few hundred dates stays near the processor."""
SAMPLE_PIXELS = 4096
"""Pixels, spread over the site, that the calibration rests on."""
N_THREADS = 2
NDVI = "ndvi"
"""Normalised difference of near infrared and red: light and haze that touch both alike fall out."""
PARTS = {NDVI: ("red", "nir")}
"""What an index is made of."""


@dataclass(frozen=True)
class _Series:
    """A cube that gives out its pixels in the layout of the fit.

    Attributes:
        values: float32, (time, band, y, x).
        seen: bool, (time, y, x); None if an unseen value is one that is not finite.
        reflectances: places on the band axis that hold reflectance; noise is reported for them.
    """

    values: Float32
    seen: Mask | None
    reflectances: tuple[int, ...] = (0,)

    def stack(self, rows: slice, cols: slice = slice(None)) -> Stack:
        """A block of pixels; a copy."""
        block = self.values[:, :, rows, cols]
        finite = np.isfinite(block)
        seen: Mask = finite[:, 0] if block.shape[1] == 1 else np.all(finite, axis=1)
        if self.seen is not None:
            seen = seen & self.seen[:, rows, cols]
        block = blanked(block, seen[:, None])
        return Stack(block.reshape(*block.shape[:2], -1), seen.reshape(len(seen), -1))

    def sample(self) -> Stack:
        """Pixels on a coarse grid over the whole site."""
        n_rows, n_cols = self.values.shape[2:]
        step = int(np.ceil(np.sqrt(n_rows * n_cols / SAMPLE_PIXELS)))
        row, col = min(step, n_rows) // 2, min(step, n_cols) // 2
        return self.stack(slice(row, None, step), slice(col, None, step))

    def blocks(self) -> list[slice]:
        """Rows in blocks."""
        n_rows, n_cols = self.values.shape[2:]
        step = max(1, BLOCK_PIXELS // n_cols)
        return [slice(row, min(row + step, n_rows)) for row in range(0, n_rows, step)]


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
            learnt: what ``learn`` said of another cube of the same dates; it is asked if not given.

        Raises:
            InputError: if a band is missing or the baseline is empty or too long.
            NothingSeenError: if no pixel has enough clear looks in the baseline.
        """
        series, timeline = self._read(cube, n_baseline)
        return _detected(series, timeline, self.options, learnt or self.learn(cube, n_baseline))

    def learn(self, cube: DateCube, n_baseline: int) -> Calibration:
        """What holds for the whole site: with it every pixel is judged by itself alone.

        Raises:
            InputError: if a band is missing or the baseline is empty or too long.
            NothingSeenError: if no pixel has enough clear looks in the baseline.
        """
        series, timeline = self._read(cube, n_baseline)
        return calibrate(series.sample(), timeline, self.options, len(timeline.days) - n_baseline)

    def _read(self, cube: DateCube, n_baseline: int) -> tuple[_Series, Timeline]:
        """A cube in the layout of the fit.

        Raises:
            InputError: if a band is missing or the baseline is empty or too long.
        """
        needed = {part for band in self.options.bands for part in PARTS.get(band, (band,))}
        missing = sorted(needed - set(cube.bands))
        if missing:
            raise InputError(
                f"the cube holds no band {', '.join(missing)}",
                where="monitor.bands",
                remedy=f"choose from {', '.join(cube.bands)}",
            )
        series = _Series(_values(cube, self.options.bands), cube.clear, _reflectances(self.options))
        return series, _timeline(_days(cube.instants), n_baseline, self.options)


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
    cube = np.asarray(values)
    if cube.ndim != 3 or not cube.size or cube.dtype.kind not in "fiu":  # noqa: PLR2004 - (time, y, x)
        raise InputError(f"values must be numbers along (time, y, x), not {cube.shape}")
    if len(cube) != len(dates):
        raise InputError(f"{len(cube)} images and {len(dates)} dates")
    series = _Series(cube.astype(np.float32, copy=False)[:, None], None)
    timeline = _timeline(_days(dates), n_baseline, options)
    learnt = calibrate(series.sample(), timeline, options, len(dates) - n_baseline)
    found = np.empty(cube.shape[1:], dtype=np.int16)

    def confirm(rows: slice) -> None:
        found[rows] = _confirmed(series.stack(rows), timeline, options, learnt).reshape(
            -1, cube.shape[2]
        )

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(confirm, series.blocks()))
    return found


def _values(cube: DateCube, names: tuple[str, ...]) -> Float32:
    """The bands and indices of those names, float32, (time, band, y, x)."""
    if names == cube.bands:
        return cube.values
    return np.stack([_channel(cube, name) for name in names], axis=1)


def _channel(cube: DateCube, name: str) -> Float32:
    """One band, or the vegetation index where it is asked for, (time, y, x)."""
    if name != NDVI:
        band: Float32 = cube.values[:, cube.bands.index(name)]
        return band
    red, nir = (cube.values[:, cube.bands.index(part)] for part in PARTS[NDVI])
    index = np.zeros_like(red)
    np.divide(nir - red, nir + red, out=index, where=cube.clear & (nir + red > 0))
    return index


def _reflectances(options: MonitorOptions) -> tuple[int, ...]:
    """Places of the bands that are reflectances; the index alone stands for itself."""
    places = tuple(place for place, name in enumerate(options.bands) if name != NDVI)
    return places or (0,)


def _days(dates: Sequence[date] | NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Days since the first date.

    Raises:
        InputError: if they are not dates, or do not ascend strictly.
    """
    try:
        plain = [_naive(one) for one in dates]
        stamps = np.asarray(plain, dtype="datetime64[us]")
    except (TypeError, ValueError) as error:
        raise InputError("the dates cannot be read", remedy="give dates or datetime64") from error
    days: NDArray[np.float64] = (stamps - stamps[:1]) / np.timedelta64(1, "D")
    if np.isnan(days).any() or (np.diff(days) <= 0).any():
        raise InputError("the dates must ascend strictly, each date once")
    return days


def _naive(one: date | np.datetime64) -> date | np.datetime64:
    """A moment without its time zone, in UTC."""
    if isinstance(one, datetime) and one.tzinfo is not None:
        return one.astimezone(UTC).replace(tzinfo=None)
    return one


def _timeline(days: NDArray[np.float64], n_baseline: int, options: MonitorOptions) -> Timeline:
    """The timeline of a series.

    Raises:
        InputError: if the baseline is empty, or longer than the series.
    """
    if not 1 <= n_baseline <= len(days):
        raise InputError(
            f"a baseline of {n_baseline} dates does not fit a series of {len(days)}",
            remedy="name how many of the first dates show the normal state",
        )
    return Timeline.of(days, n_baseline, options.n_harmonics)


def _confirmed(
    stack: Stack, timeline: Timeline, options: MonitorOptions, learnt: Calibration
) -> NDArray[np.int16]:
    """Index of the date that confirms a change, (pixel,); -1 for none."""
    n_baseline = timeline.n_baseline
    baseline = fit_history(stack, timeline, options.min_baseline_looks)
    watched = baseline.kept.sum(axis=0) >= options.min_baseline_looks
    late = stack.dates(slice(n_baseline, None))
    unrest = learnt.restlessness[n_baseline:]
    far = distances(
        late, timeline.design[:, n_baseline:], baseline, scale=learnt.scale, unrest=unrest
    )
    found = first_confirmed(far, late.seen & watched, learnt.rule)
    return np.where(found >= 0, found + n_baseline, -1).astype(np.int16)


def _detected(
    series: _Series, timeline: Timeline, options: MonitorOptions, learnt: Calibration
) -> SeriesChanges:
    """All blocks of a series, put together."""
    n_dates, _, *shape = series.values.shape
    record = Record.empty(n_dates, *shape)

    def fill(rows: slice) -> None:
        stack = series.stack(rows)
        baseline = fit_history(stack, timeline, options.min_baseline_looks)
        watched = baseline.kept.sum(axis=0) >= options.min_baseline_looks
        far = distances(
            stack, timeline.design, baseline, scale=learnt.scale, unrest=learnt.restlessness
        )
        block = recorded(far, stack.seen & watched, learnt.rule, timeline.n_baseline)
        record.put(rows, block)
        noise = np.where(watched, baseline.noise[list(series.reflectances)].mean(axis=0), 0)
        record.seen[:, rows] = stack.seen.reshape(n_dates, -1, shape[1])
        record.noise[rows] = noise.reshape(-1, shape[1])
        record.monitored[rows] = watched.reshape(-1, shape[1])

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(fill, series.blocks()))
    rule = learnt.rule
    return SeriesChanges(timeline.n_baseline, rule.n_strong, rule.strong, **vars(record))
