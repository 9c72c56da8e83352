"""Change through time: each pixel against its own seasonal curve, confirmed by looks in a row.

Here belongs the detector of series: blocks of rows in, changes out. What is learnt from the
whole site belongs to ``calibration``, the rule of looks to ``runs``, the record of every date to
``record``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pipeline.config import load_config
from pipeline.detect.calibration import Calibration, Fit, calibrate, distances
from pipeline.detect.record import Record, recorded
from pipeline.detect.runs import first_confirmed, magnitudes
from pipeline.detect.stretch import Stack, Timeline, fit_history
from pipeline.errors import InputError
from pipeline.model.change import SeriesChanges
from pipeline.raster.harmonics import blanked, count, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.config import MonitorOptions
    from pipeline.model.cube import DateCube
    from pipeline.raster.harmonics import Baseline

    Float32: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.bool_]

WALK_PIXELS = 16384
"""Pixels walked through the dates together: the walk costs by the step."""
BLOCK_VALUES = 2**18
"""Baseline values worked on at once: they and what is made of them stay near the processor."""
LEAST_PIXELS = 512
"""Fewer are not worth the calls."""
SAMPLE_PIXELS = 4096
"""Pixels, spread over the site, that the calibration rests on."""
N_THREADS = 2
KEPT_BYTES = 31 * 2**20
"""Just below the largest block that glibc learns from."""
NDVI = "ndvi"
"""Normalised difference of near infrared and red: light and haze that touch both alike fall out."""
PARTS = {NDVI: ("red", "nir")}
"""What an index is made of."""


@dataclass(frozen=True)
class _Series:
    """A cube that gives out its pixels in the layout of the fit.

    Attributes:
        values: numbers of any type, (time, band, y, x); read block by block.
        seen: bool, (time, y, x); None if an unseen value is one that is not finite.
        reflectances: places on the band axis that hold reflectance; noise is reported for them.
    """

    values: NDArray[Any]
    seen: Mask | None
    reflectances: tuple[int, ...] = (0,)

    def raw(self, pixels: tuple[slice, slice]) -> Float32:
        """A block of values as they stand, float32, (time, band, pixel); no copy if it can be."""
        block = self.values[:, :, *pixels]
        return block.reshape(*block.shape[:2], -1).astype(np.float32, copy=False)

    def stack(self, pixels: tuple[slice, slice]) -> Stack:
        """A block of looks; a copy."""
        block = self.raw(pixels)
        if self.seen is None:
            return _stack(block)
        return _stack(block, self.seen[:, *pixels].reshape(len(block), -1))

    def sample(self) -> Stack:
        """Pixels on a coarse grid over the whole site."""
        n_rows, n_cols = self.values.shape[2:]
        step = int(np.ceil(np.sqrt(n_rows * n_cols / SAMPLE_PIXELS)))
        row, col = min(step, n_rows) // 2, min(step, n_cols) // 2
        return self.stack((slice(row, None, step), slice(col, None, step)))

    def blocks(self, n_pixels: int) -> list[tuple[slice, slice]]:
        """Rows and columns of blocks of about so many pixels."""
        n_rows, n_cols = self.values.shape[2:]
        height, width = max(1, n_pixels // n_cols), min(n_cols, max(1, n_pixels))
        return [
            (slice(row, min(row + height, n_rows)), slice(col, min(col + width, n_cols)))
            for row in range(0, n_rows, height)
            for col in range(0, n_cols, width)
        ]


@dataclass(frozen=True)
class HarmonicMonitor:
    """The detector of series: seasonal baseline and looks in a row.

    Attributes:
        options: bands, counts, and the share of false alarms to calibrate to.
    """

    options: MonitorOptions

    def detect(self, cube: DateCube, n_baseline: int) -> SeriesChanges:
        """What changed at every pixel and date of a cube.

        ``departs`` holds at the strong threshold everywhere, and inside a confirmed run at the
        weak one too; ``threshold`` and ``n_looks`` are those of the strong rule.

        Args:
            cube: all dates, baseline first.
            n_baseline: how many leading dates are the baseline.

        Raises:
            InputError: if a band is missing or the baseline is empty or too long.
            NothingSeenError: if no pixel has enough clear looks in the baseline.
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
        timeline = _timeline(_days(cube.instants), n_baseline, self.options)
        return _detected(series, timeline, self.options)


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
    _keep_freed_memory()
    series = _Series(cube[:, None], None)
    timeline = _timeline(_days(dates), n_baseline, options)
    learnt = calibrate(series.sample(), timeline, options, len(dates) - n_baseline)
    found = np.empty(cube.shape[1:], dtype=np.int16)

    def confirm(pixels: tuple[slice, slice]) -> None:
        target = found[pixels]
        target[...] = _confirmed(series.raw(pixels), timeline, learnt).reshape(target.shape)

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(confirm, series.blocks(WALK_PIXELS)))
    return found


def _keep_freed_memory() -> None:
    """Let the C library keep what the blocks free for the next ones.

    glibc gives freed memory back to the system, and pays for every page when it asks again, until
    it has seen a large block freed: asking for one that is never touched costs microseconds.
    Without it a third of the time goes into pages.
    """
    np.empty(KEPT_BYTES, dtype=np.uint8)


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


def _confirmed(values: Float32, timeline: Timeline, learnt: Calibration) -> NDArray[np.int16]:
    """Index of the date that confirms a change, (pixel,); -1 for none.

    The curves are fitted to small parts of the block; those pixels that may confirm are then
    walked through the dates together.

    Args:
        values: (time, band, pixel), not finite where not seen.
        timeline: the dates.
        learnt: thresholds and scale.
    """
    n_pixels = values.shape[2]
    size = max(LEAST_PIXELS, BLOCK_VALUES // timeline.n_baseline)
    parts = [
        _able_to_confirm(values, slice(start, start + size), timeline, learnt)
        for start in range(0, n_pixels, size)
    ]
    able, far, seen = (np.concatenate(one, axis=-1) for one in zip(*parts, strict=True))
    first = first_confirmed(far, seen, learnt.rule)
    found = np.full(n_pixels, -1, dtype=np.int16)
    found[able] = np.where(first >= 0, first + timeline.n_baseline, -1)
    return found


def _able_to_confirm(
    values: Float32, part: slice, timeline: Timeline, learnt: Calibration
) -> tuple[NDArray[np.intp], Float32, Mask]:
    """Pixels with enough looks far out: their places, distances and looks, monitored dates only.

    Distances in full are taken only of pixels that have enough looks far out before the doubt
    about the curve is counted, which brings every look nearer.
    """
    n_baseline = timeline.n_baseline
    history = _stack(values[:n_baseline, :, part])
    baseline = fit_history(history, timeline, learnt.min_looks)
    late = values[n_baseline:, :, part]
    able = _far_out(late, timeline, baseline, learnt)
    looks = _stack(late.take(able, axis=-1))
    fit = Fit.of(baseline.pixels(able), timeline)
    unrest = learnt.restlessness[n_baseline:]
    far = distances(looks, timeline.future, fit, scale=learnt.scale, unrest=unrest)
    return part.start + able, far, looks.seen


def _far_out(
    values: Float32, timeline: Timeline, baseline: Baseline, learnt: Calibration
) -> NDArray[np.intp]:
    """Places of the pixels with enough looks beyond a threshold, the curve taken as certain."""
    curve = baseline.coefficients.reshape(len(timeline.design), -1)
    left = product(timeline.future.T, curve).reshape(values.shape)
    np.subtract(values, left, out=left)
    far = magnitudes(learnt.scale.standardised(left, baseline.noise))
    limit = np.float32(learnt.rule.weak) * learnt.restlessness[timeline.n_baseline :]
    n_out = count(far >= limit[:, None])
    is_watched = count(baseline.kept) >= learnt.min_looks
    least = min(learnt.rule.n_strong, learnt.rule.n_weak)
    return np.flatnonzero(is_watched & (n_out >= least))


def _stack(values: Float32, seen: Mask | None = None) -> Stack:
    """The looks of values (time, band, pixel): finite in every band, and seen (time, pixel)."""
    finite = np.isfinite(values)
    shown: Mask = finite[:, 0] if values.shape[1] == 1 else np.all(finite, axis=1)
    if seen is not None:
        shown = shown & seen
    return Stack(blanked(values, shown[:, None]), shown)


def _detected(series: _Series, timeline: Timeline, options: MonitorOptions) -> SeriesChanges:
    """All blocks of a series, put together."""
    _keep_freed_memory()
    n_dates, _, *shape = series.values.shape
    learnt = calibrate(series.sample(), timeline, options, n_dates - timeline.n_baseline)
    record = Record.empty(n_dates, *shape)

    def fill(pixels: tuple[slice, slice]) -> None:
        record.put(pixels, _recorded(series, pixels, timeline, learnt))

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(fill, series.blocks(WALK_PIXELS)))
    rule = learnt.rule
    return SeriesChanges(timeline.n_baseline, rule.n_strong, rule.strong, **vars(record))


def _recorded(
    series: _Series, pixels: tuple[slice, slice], timeline: Timeline, learnt: Calibration
) -> Record:
    """The record of a block."""
    stack = series.stack(pixels)
    baseline = fit_history(stack, timeline, learnt.min_looks)
    watched = count(baseline.kept) >= learnt.min_looks
    fit, unrest = Fit.of(baseline, timeline), learnt.restlessness
    far = distances(stack, timeline.design, fit, scale=learnt.scale, unrest=unrest)
    block = recorded(far, stack.seen & watched, learnt.rule, timeline.n_baseline)
    noise = baseline.noise[list(series.reflectances)].mean(axis=0) * watched
    return replace(block, seen=stack.seen, noise=noise, monitored=watched)
