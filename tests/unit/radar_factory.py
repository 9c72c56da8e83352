"""Radar series with planted truth: gamma speckle of a known number of looks over texture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import load_config
from pipeline.model.cube import DateCube
from pipeline.model.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

OPTIONS = load_config().radar
FIRST = datetime(2020, 1, 4, tzinfo=UTC)
BLOCK = (slice(10, 20), slice(12, 22))


def make_power(
    shape: tuple[int, int, int, int], n_looks: float = 5, seed: int = 1
) -> NDArray[np.float32]:
    """Unchanged ground, (time, band, y, x): a texture of 9 dB, the second band 7 dB lower."""
    draw = np.random.default_rng(seed)
    texture = draw.uniform(0.05, 0.4, shape[1:]) * np.array([1, 0.2])[: shape[1], None, None]
    return np.asarray(texture * draw.gamma(n_looks, 1 / n_looks, shape), dtype=np.float32)


def make_cube(
    power: NDArray[np.float32],
    clear: NDArray[np.bool_] | None = None,
    instants: Sequence[datetime] | None = None,
) -> DateCube:
    """A cube of a look every twelve days."""
    n_dates, n_bands, height, width = power.shape
    if instants is None:
        instants = [FIRST + timedelta(days=12 * date) for date in range(n_dates)]
    if clear is None:
        clear = np.ones((n_dates, height, width), dtype=bool)
    return DateCube(
        values=power,
        clear=clear,
        snow=np.zeros_like(clear),
        instants=tuple(instants),
        scene_ids=tuple(f"r{date}" for date in range(n_dates)),
        bands=("vv", "vh", "hh")[:n_bands],
        grid=Grid("EPSG:32652", 300_000.0, 4_200_000.0, 10.0, height, width),
        is_simulated=True,
    )


def leading(n_baseline: int, n_dates: int) -> NDArray[np.bool_]:
    """The mask of the leading dates."""
    return np.arange(n_dates) < n_baseline


def raised(
    power: NDArray[np.float32], first: int, decibel: float, block: tuple[slice, slice] = BLOCK
) -> NDArray[np.float32]:
    """The same ground with a block raised from a date on."""
    changed = power.copy()
    changed[first:, :, block[0], block[1]] *= np.float32(10 ** (decibel / 10))
    return changed
