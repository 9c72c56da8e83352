"""A series surveyed before it is judged: common mode and scatter from a sample of its ground.

Here belongs what every location of a series shares and the walk over its blocks. What is made of
a location belongs to ``detect``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

from pipeline.errors import InputError
from pipeline.raster.common_mode import MIN_GROUND, CommonMode, common_mode
from pipeline.raster.scatter import N_SAMPLE, Scatter, fit_scatter
from pipeline.raster.speckle import (
    RADIUS,
    WINDOW_SPREAD,
    Looks,
    row_blocks,
    speckle_variance,
    window_looks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_MIN_ROWS: Final = 64  # of a sample, so that it is spread over the ground


@dataclass(frozen=True)
class Series:
    """Backscatter of one orbit through time.

    Attributes:
        power: linear power, float32, (time, band, y, x).
        clear: whether a pixel may be used, bool, (time, y, x).
        before: baseline dates, bool, (time,).
        after: dates held against them, bool, (time,).
        stable: ground that stands for all, controls for instance, bool, (y, x); None for all.
    """

    power: NDArray[np.float32]
    clear: NDArray[np.bool_]
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    stable: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        """Check the ground that stands for all.

        Raises:
            InputError: if it lies on other pixels or is nowhere.
        """
        if self.stable is None:
            return
        if self.stable.shape != self.shape:
            what = f"stable ground is {self.stable.shape}, the series {self.shape}"
            raise InputError(what, remedy="burn the controls onto the grid of the series")
        if self.stable.sum() < MIN_GROUND:
            what = f"{self.stable.sum()} pixels of stable ground, at least {MIN_GROUND} are needed"
            raise InputError(what, remedy="give larger controls, or none: then all ground counts")

    @property
    def dates(self) -> NDArray[np.int64]:
        """Every date that takes part, ascending; one on which nothing was seen takes none."""
        return np.flatnonzero((self.before | self.after) & self.clear.any(axis=(1, 2)))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        height, width = self.clear.shape[1:]
        return height, width

    def rows(self, rows: slice, dates: NDArray[np.int64], shift: NDArray[np.float32]) -> Looks:
        """Windows of whole rows at some dates, their levels (date, band) taken off.

        Those at the border lack what lies beyond.
        """
        power, clear = self.power[:, :, rows][dates], self.clear[:, rows][dates]
        return window_looks(power, clear, self.before[dates], shift)


@dataclass(frozen=True)
class Survey:
    """What all locations of a series share.

    Attributes:
        series: what was surveyed.
        common: the level of every date of the series.
        dates: the dates that are used, ascending: those whose level does not stand out.
        before: which of them are baseline, bool, (used date,).
        scatter: the noise of the scene.
        sample: whitened looks of the sampled locations at the used dates.
    """

    series: Series
    common: CommonMode
    dates: NDArray[np.int64]
    before: NDArray[np.bool_]
    scatter: Scatter
    sample: Looks

    def placebo(self, n_first: int) -> Survey:
        """The sample's baseline as a series of its own, its first dates held against the rest."""
        before = np.arange(int(self.before.sum())) < n_first
        dates, sample = self.dates[self.before], self.sample.at(self.before)
        return replace(self, dates=dates, before=before, sample=sample)

    def blocks(self) -> Iterator[tuple[slice, Looks]]:
        """Whitened looks at the used dates, block of rows by block, with the rows answered for."""
        height, width = self.series.shape
        n_layers = self.dates.size * self.series.power.shape[1]
        shift = self.common.shift[self.dates]
        for rows, read in row_blocks(height, width, max(n_layers, 1)):
            looks = self.series.rows(read, self.dates, shift)
            first = (rows.start - read.start) * width
            inner = slice(first, first + (rows.stop - rows.start) * width)
            yield rows, looks.within(inner).mixed(self.scatter.whitening)


def survey(series: Series, n_looks: float, limit_db: float) -> Survey:
    """Common mode, the dates it leaves, and the scatter of the baseline.

    Args:
        series: what is surveyed.
        n_looks: equivalent number of looks of a pixel.
        limit_db: a date whose common level is further from the baseline's is not used.

    Raises:
        InputError: if the number of looks is not above 0.
    """
    speckle = speckle_variance(n_looks)
    looks, taken = _sampled(series), series.dates
    spread = float(np.sqrt(speckle * WINDOW_SPREAD))
    level = common_mode(looks, series.before[taken], spread, limit_db)
    common = _placed(level, taken, len(series.before))
    kept = ~level.stands_out
    dates = taken[kept]
    before = series.before[dates]
    used = looks.at(kept).less(level.shift[kept])
    scatter = fit_scatter(used.at(before), speckle)
    return Survey(series, common, dates, before, scatter, used.mixed(scatter.whitening))


def _placed(level: CommonMode, dates: NDArray[np.int64], n_dates: int) -> CommonMode:
    """The level of some dates among all; dates that take no part have 0."""
    shift = np.zeros((n_dates, level.shift.shape[1]), dtype=np.float32)
    shift[dates] = level.shift
    stands_out = np.zeros(n_dates, dtype=bool)
    stands_out[dates] = level.stands_out
    return CommonMode(shift, stands_out)


def _sampled(series: Series) -> Looks:
    """Looks of evenly spaced rows and columns of the ground that stands for all."""
    height, width = series.shape
    stable = np.ones((height, width), dtype=bool) if series.stable is None else series.stable
    candidates = np.flatnonzero(stable.any(axis=1))
    row_px = int(stable.sum()) / candidates.size
    n_rows = min(max(int(N_SAMPLE / row_px), _MIN_ROWS), candidates.size)
    step = max(int(n_rows * row_px / N_SAMPLE), 1)
    places = ((np.arange(n_rows) + 0.5) * candidates.size / n_rows).astype(np.int64)
    columns = {row: np.flatnonzero(stable[row])[::step] for row in candidates[places].tolist()}
    parts = [_sampled_row(series, row, wanted) for row, wanted in columns.items()]
    return Looks(
        np.concatenate([part.sums for part in parts], axis=2),
        np.concatenate([part.weights for part in parts], axis=1),
        np.concatenate([part.squares for part in parts], axis=1),
    )


def _sampled_row(series: Series, row: int, columns: NDArray[np.int64]) -> Looks:
    """The looks of one row at some columns."""
    height, width = series.shape
    read = slice(max(row - RADIUS, 0), min(row + RADIUS + 1, height))
    first = (row - read.start) * width
    dates = series.dates
    unknown = np.zeros((dates.size, series.power.shape[1]), dtype=np.float32)
    looks = series.rows(read, dates, unknown)
    return looks.within(first + columns)


def bulk_inflation(
    statistic: NDArray[np.float64], dof: NDArray[np.float64], n_bands: int, share: float
) -> float:
    """How much more the quiet ground moved than its noise explains; 1 or more.

    A season that was wetter than those of the baseline moves every location a little, each in its
    own way. The lower share of a sum of squares tells by how much, as long as that much of the
    ground did not change.

    Args:
        statistic: sums of squares of locations that were judged, (location,).
        dof: degrees of freedom of their variances, (location,).
        n_bands: squares that are summed.
        share: the quantile that is compared.
    """
    if statistic.size < MIN_GROUND:
        return 1.0
    expected = n_bands * float(special.fdtri(n_bands, float(np.median(dof)), share))
    return max(float(np.quantile(statistic, share)) / expected, 1.0)
