"""Simulated series whose truth is known, for the tests of the series detector."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.cube import DateCube
from pipeline.model.grid import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

START = np.datetime64("2018-01-03")
BANDS = ("blue", "green", "red", "nir")


@dataclass(frozen=True)
class Land:
    """Unchanged ground of one band: seasons of its own for every pixel, noise, gaps."""

    height: int = 30
    width: int = 30
    n_dates: int = 90
    step_days: int = 12
    noise: float = 0.02
    gaps: float = 0.2
    seed: int = 1

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """Irregular dates, strictly ascending."""
        draw = np.random.default_rng(self.seed)
        steps = draw.integers(max(1, self.step_days - 4), self.step_days + 5, self.n_dates)
        return START + np.cumsum(steps).astype("timedelta64[D]")

    @property
    def curve(self) -> NDArray[np.float64]:
        """The ground without noise, (time, y, x)."""
        draw = np.random.default_rng(self.seed + 1)
        days = (self.dates - START) / np.timedelta64(1, "D")
        angle = 2 * np.pi * days[:, None, None] / 365.2425
        shape = (self.height, self.width)
        level, size = draw.uniform(0.2, 0.6, shape), draw.uniform(0.02, 0.15, shape)
        return level + size * np.sin(angle + draw.uniform(0, 6.28, shape))

    def values(self) -> NDArray[np.float32]:
        """What is seen of it; NaN where nothing is, (time, y, x)."""
        draw = np.random.default_rng(self.seed + 2)
        curve = self.curve
        seen = curve + self.noise * draw.standard_normal(curve.shape)
        seen[draw.random(curve.shape) < self.gaps] = np.nan
        return seen.astype(np.float32)


def cube_of(values: NDArray[np.float32], dates: NDArray[np.datetime64]) -> DateCube:
    """A cube whose bands are (time, band, y, x) values with NaN for unseen."""
    clear: NDArray[np.bool_] = np.all(np.isfinite(values), axis=1)
    days = (dates - dates[0]) / np.timedelta64(1, "D")
    first = datetime(2018, 1, 3, 2, 16, tzinfo=UTC)
    return DateCube(
        values=np.where(clear[:, None], values, np.float32(0)),
        clear=clear,
        snow=np.zeros_like(clear),
        instants=tuple(first + timedelta(days=float(day)) for day in days),
        scene_ids=tuple(f"S2A_{index:03d}" for index in range(len(values))),
        bands=BANDS[: values.shape[1]],
        grid=Grid("EPSG:32652", 190000.0, 4100000.0, 10.0, *values.shape[2:]),
        is_simulated=True,
    )
