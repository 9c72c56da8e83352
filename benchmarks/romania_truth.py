"""What the Romanian series itself says was lost, and how an answer is scored against it.

Here belong the two truths and the counting. Positives are pixels whose summer vegetation index
falls by more than 0.2 from 2018 to 2020, negatives those where it moves by less than 0.05, once
by the mean and once by the median of clear looks in June, July and August; the rest is left
out, because neither answer would be wrong there. No number in here reaches the pass.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import TypeAlias

    from numpy.typing import NDArray

    from benchmarks.romania_site import Series

    Statistic: TypeAlias = Callable[..., NDArray[np.float64]]

CLEAR_CLASSES = (4, 5, 6, 7)
SUMMER = (6, 7, 8)
LOSS = 0.2
STABLE = 0.05
SAME_SEASON_DAYS = 20
"""Looks this many days of the year apart show one season."""
TRUTHS: dict[str, Statistic] = {"mean": np.nanmean, "median": np.nanmedian}


@dataclass(frozen=True)
class Truth:
    """What a pixel should be called.

    Attributes:
        positive: lost, bool, (y, x).
        negative: stable, bool, (y, x).
    """

    positive: NDArray[np.bool_]
    negative: NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """A share with what it is made of.

    Attributes:
        n: numerator.
        of: denominator.
    """

    n: int
    of: int

    def __str__(self) -> str:
        """The share, the two counts and the 95 % Wilson interval."""
        if self.of == 0:
            return "none of none"
        interval = binomtest(self.n, self.of).proportion_ci(method="wilson")
        return (
            f"{self.n / self.of:.4f} ({self.n}/{self.of}, {interval.low:.4f}-{interval.high:.4f})"
        )


@dataclass(frozen=True)
class Score:
    """How well the change map fits a truth.

    Attributes:
        recall: lost pixels that were found.
        false_alarms: stable pixels that were called changed.
    """

    recall: Share
    false_alarms: Share


def truth_by(series: Series, statistic: Statistic) -> Truth:
    """Positives and negatives by a statistic of the summer vegetation index."""
    fall = summer_ndvi(series, 2018, statistic) - summer_ndvi(series, 2020, statistic)
    return Truth(positive=fall > LOSS, negative=np.abs(fall) < STABLE)


def summer_ndvi(series: Series, year: int, statistic: Statistic) -> NDArray[np.float64]:
    """The vegetation index of a summer's clear looks, (y, x); NaN where there was none."""
    chosen = [i for i, t in enumerate(series.instants) if t.year == year and t.month in SUMMER]
    red, nir = (series.bands[band][chosen].astype(np.float64) for band in ("red", "nir"))
    clear = np.isin(series.bands["scl"][chosen], CLEAR_CLASSES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return statistic(np.where(clear, (nir - red) / (nir + red), np.nan), axis=0)


def fall_while_changed(
    ndvi: NDArray[np.float64],
    instants: Sequence[datetime],
    changed: NDArray[np.bool_],
    n_baseline: int,
) -> NDArray[np.float64]:
    """How far the index lay below the same season of the baseline while a change was on record.

    It asks the looks themselves and not the detector's curve: each look less the median of the
    pixel's clear baseline looks of that season, averaged over the changed dates.

    Args:
        ndvi: (time, y, x), NaN where not seen.
        instants: of each date.
        changed: the record, (time, y, x).
        n_baseline: leading dates that show the normal state.

    Returns:
        The fall, (y, x); NaN where no changed look has its season in the baseline.
    """
    day = np.array([one.timetuple().tm_yday for one in instants])
    falls = np.full(ndvi.shape, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for date in range(n_baseline, len(day)):
            apart = np.abs(day[:n_baseline] - day[date])
            season = np.flatnonzero(np.minimum(apart, 365 - apart) <= SAME_SEASON_DAYS)
            falls[date] = np.nanmedian(ndvi[season], axis=0) - ndvi[date]
        return np.asarray(np.nanmean(np.where(changed, falls, np.nan), axis=0))


def score(confirmed: NDArray[np.bool_], truth: Truth) -> Score:
    """Count the answers."""
    found, alarmed = confirmed[truth.positive], confirmed[truth.negative]
    return Score(
        Share(int(found.sum()), found.size),
        Share(int(alarmed.sum()), alarmed.size),
    )
