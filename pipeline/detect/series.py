"""A series as the detector reads it: bands and indices, days, blocks of pixels, a sample.

Here belongs the way from a cube to the layout of the fit. What is fitted belongs to ``stretch``,
what is found to ``monitor`` and ``state``.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from pipeline.detect.stretch import Stack, Timeline
from pipeline.errors import InputError
from pipeline.raster.harmonics import blanked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from pipeline.config import MonitorOptions
    from pipeline.model.cube import DateCube

    Float32: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.bool_]
    Pixels: TypeAlias = tuple[slice, slice]
    Dates: TypeAlias = Sequence[date | np.datetime64] | NDArray[np.datetime64]

_Half = TypeVar("_Half")

SAMPLE_PIXELS = 4096
"""Pixels, spread over the site, that the calibration rests on."""
WALK_PIXELS = 16384
"""Pixels walked through the dates together: the walk costs by the step."""
N_THREADS = 2
N_AHEAD = 6
"""Blocks begun before what their second half needs is learnt."""
KEPT_BYTES = 31 * 2**20
"""Just below the largest block that glibc learns from."""
NDVI = "ndvi"
"""Normalised difference of near infrared and red: light and haze that touch both alike fall out."""
PARTS = {NDVI: ("red", "nir")}
"""What an index is made of."""


@dataclass(frozen=True)
class Series:
    """A cube that gives out its pixels in the layout of the fit.

    Attributes:
        values: numbers of any type, (time, band, y, x); read block by block.
        seen: bool, (time, y, x); None if an unseen value is one that is not finite.
        reflectances: places on the band axis that hold reflectance; noise is reported for them.
    """

    values: NDArray[Any]
    seen: Mask | None
    reflectances: tuple[int, ...] = (0,)

    @classmethod
    def of_cube(cls, cube: DateCube, options: MonitorOptions) -> Series:
        """The bands and indices of a cube that the settings name.

        Raises:
            InputError: if a band is missing.
        """
        needed = {part for band in options.bands for part in PARTS.get(band, (band,))}
        missing = sorted(needed - set(cube.bands))
        if missing:
            raise InputError(
                f"the cube holds no band {', '.join(missing)}",
                where="monitor.bands",
                remedy=f"choose from {', '.join(cube.bands)}",
            )
        return cls(_values(cube, options.bands), cube.clear, _reflectances(options))

    @classmethod
    def of_band(cls, values: NDArray[Any], dates: Dates) -> Series:
        """One band, (time, y, x), NaN where not seen.

        Raises:
            InputError: if the axes do not agree.
        """
        cube = np.asarray(values)
        if cube.ndim != 3 or not cube.size or cube.dtype.kind not in "fiu":  # noqa: PLR2004 - (time, y, x)
            raise InputError(f"values must be numbers along (time, y, x), not {cube.shape}")
        if len(cube) != len(dates):
            raise InputError(f"{len(cube)} images and {len(dates)} dates")
        return cls(cube[:, None], None)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        n_rows, n_cols = self.values.shape[2:]
        return n_rows, n_cols

    def dates(self, dates: slice | NDArray[np.intp]) -> Series:
        """Some of the dates."""
        seen = None if self.seen is None else self.seen[dates]
        return Series(self.values[dates], seen, self.reflectances)

    def raw(self, pixels: Pixels) -> Float32:
        """A block of values as they stand, float32, (time, band, pixel); no copy if it can be."""
        block = self.values[:, :, *pixels]
        return block.reshape(*block.shape[:2], -1).astype(np.float32, copy=False)

    def stack(self, pixels: Pixels) -> Stack:
        """A block of looks; a copy."""
        block = self.raw(pixels)
        if self.seen is None:
            return looks_of(block)
        return looks_of(block, self.seen[:, *pixels].reshape(len(block), -1))

    def sample(self) -> Stack:
        """Pixels on a coarse grid over the whole site."""
        return self.stack(self._grid())

    def sample_places(self) -> NDArray[np.intp]:
        """Where the pixels of the sample lie among all pixels, row by row."""
        rows, cols = self._grid()
        return np.arange(self.shape[0] * self.shape[1]).reshape(self.shape)[rows, cols].ravel()

    def _grid(self) -> Pixels:
        """Rows and columns of the sample."""
        n_rows, n_cols = self.shape
        step = int(np.ceil(np.sqrt(n_rows * n_cols / SAMPLE_PIXELS)))
        row, col = min(step, n_rows) // 2, min(step, n_cols) // 2
        return slice(row, None, step), slice(col, None, step)

    def over_blocks(self, work: Callable[[Pixels], None]) -> None:
        """Do some work on every block, several at a time."""
        keep_freed_memory()
        with ThreadPoolExecutor(N_THREADS) as pool:
            list(pool.map(work, self.blocks(WALK_PIXELS)))

    def over_halves(
        self,
        first: Callable[[Pixels], _Half],
        then: Callable[[Pixels, _Half], None],
        ready: Future[Any],
    ) -> None:
        """Do work on every block of which the second half needs what is still being learnt.

        While it is, some blocks are begun ahead, so that no thread waits; there are never more
        of them than ``N_AHEAD``, which bounds their memory.

        Args:
            first: the half that needs nothing.
            then: the half that asks for what was learnt.
            ready: done once it is learnt.
        """
        begun: SimpleQueue[tuple[Pixels, _Half]] = SimpleQueue()

        def end(n_left: int) -> None:
            while begun.qsize() > n_left:
                try:
                    one = begun.get_nowait()
                except Empty:  # the other thread was quicker
                    return
                then(*one)

        def work(pixels: Pixels) -> None:
            begun.put((pixels, first(pixels)))
            end(0 if ready.done() else N_AHEAD)

        self.over_blocks(work)
        end(0)

    def blocks(self, n_pixels: int) -> list[Pixels]:
        """Rows and columns of blocks of about so many pixels."""
        n_rows, n_cols = self.shape
        height, width = max(1, n_pixels // n_cols), min(n_cols, max(1, n_pixels))
        return [
            (slice(row, min(row + height, n_rows)), slice(col, min(col + width, n_cols)))
            for row in range(0, n_rows, height)
            for col in range(0, n_cols, width)
        ]


def looks_of(values: Float32, seen: Mask | None = None) -> Stack:
    """The looks of values (time, band, pixel): finite in every band, and seen (time, pixel)."""
    finite = np.isfinite(values)
    shown: Mask = finite[:, 0] if values.shape[1] == 1 else np.all(finite, axis=1)
    if seen is not None:
        shown = shown & seen
    return Stack(blanked(values, shown[:, None]), shown)


def keep_freed_memory() -> None:
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


def stamps_of(dates: Dates) -> NDArray[np.datetime64]:
    """Dates as moments in UTC, datetime64[us].

    Raises:
        InputError: if they are not dates.
    """
    try:
        stamps = np.asarray([_naive(one) for one in dates], dtype="datetime64[us]")
    except (TypeError, ValueError) as error:
        raise InputError("the dates cannot be read", remedy="give dates or datetime64") from error
    if np.isnat(stamps).any():
        raise InputError("a date is missing", remedy="give every image its date")
    return stamps


def days_of(dates: Dates) -> NDArray[np.float64]:
    """Days since the first date.

    Raises:
        InputError: if they are not dates, or do not ascend strictly.
    """
    stamps = stamps_of(dates)
    days: NDArray[np.float64] = (stamps - stamps[:1]) / np.timedelta64(1, "D")
    if (np.diff(days) <= 0).any():
        raise InputError("the dates must ascend strictly, each date once")
    return days


def _naive(one: date | np.datetime64) -> date | np.datetime64:
    """A moment without its time zone, in UTC."""
    if isinstance(one, datetime) and one.tzinfo is not None:
        return one.astimezone(UTC).replace(tzinfo=None)
    return one


def timeline_of(
    days: NDArray[np.float64], n_baseline: int, options: MonitorOptions, sample: Stack
) -> Timeline:
    """The timeline of a series; a sample of it tells on which dates anything was seen.

    Raises:
        InputError: if the baseline is empty, or longer than the series.
    """
    if not 1 <= n_baseline <= len(days):
        raise InputError(
            f"a baseline of {n_baseline} dates does not fit a series of {len(days)}",
            remedy="name how many of the first dates show the normal state",
        )
    shown: Mask = np.any(sample.seen, axis=1)
    return Timeline.of(days, n_baseline, options.n_harmonics, shown)
