"""The sequential omnibus test, the usual way to date change in radar, in plain whole-array numpy.

Here belongs the method ours is held against (Conradsen, Nielsen and Skriver, IEEE TGRS 2016, for
independent polarisations), pixel by pixel and without pooling. It is a benchmark, not a detector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray


def sequential_omnibus(
    power: NDArray[np.float32], n_looks: float, significance: float
) -> NDArray[np.int16]:
    """Index of the first date that differs from those before it, (y, x); -1 for none."""
    n_dates, logs = len(power), np.log(power)
    first = np.full(power.shape[2:], -1, dtype=np.int16)
    start = np.zeros(power.shape[2:], dtype=np.int16)
    for origin in range(n_dates - 1):
        rejected, departs = _from(power[origin:], logs[origin:], n_looks, significance)
        moves = (start == origin) & rejected & (departs > 0)
        first = np.where(moves & (first < 0), origin + departs, first).astype(np.int16)
        start = np.where(moves, origin + departs, start).astype(np.int16)
        start = np.where((start == origin) & ~rejected, np.int16(n_dates), start)
    return first


def _from(
    power: NDArray[np.float32],
    logs: NDArray[np.float32],
    n_looks: float,
    significance: float,
) -> tuple[NDArray[np.bool_], NDArray[np.int16]]:
    """Whether the dates from here on differ at all, and the first that does."""
    n_dates, n_bands = power.shape[:2]
    total, log_total = power[0].copy(), logs[0]
    statistic = np.zeros(power.shape[2:], dtype=np.float32)
    departs = np.zeros(power.shape[2:], dtype=np.int16)
    bound = special.chdtri(n_bands, significance)
    for place in range(1, n_dates):
        j = place + 1
        total += power[place]
        log_next = np.log(total)
        log_ratio = (place * log_total + logs[place] - j * log_next).sum(axis=0)
        drop = -2 * n_looks * (log_ratio + n_bands * (j * np.log(j) - place * np.log(place)))
        rho = 1 - (1 + 1 / (j * place)) / (6 * n_looks)
        departs[(drop > bound / rho) & (departs == 0)] = place
        statistic += drop
        log_total = log_next
    rho = 1 - (n_dates / n_looks - 1 / (n_looks * n_dates)) / (6 * (n_dates - 1))
    bound = special.chdtri(n_bands * (n_dates - 1), significance)
    return statistic > bound / rho, departs
