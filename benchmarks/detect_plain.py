"""Pairs and radar in the contest of ``detect``: our methods and their plain counterparts.

Here belongs how each is used, and what a method leaves behind. Data and plain methods are those of
the benchmarks ``pairs`` and ``radar``, and everything is imported where it is used, so that no
contestant carries the memory of another.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PairOptions
    from pipeline.detect import PairDetector

    Values: TypeAlias = NDArray[np.float32]
    Dates: TypeAlias = NDArray[np.datetime64]
    Found: TypeAlias = NDArray[np.int16]

SERIES, PAIR, RADAR = "series", "pair", "radar"
"""What a contestant is run on."""
N_ITERATIONS = 12
CALLED_AT = 0.01
"""The plain IR-MAD has no call of its own: its chi-square beyond this share is one."""


@dataclass(frozen=True)
class Played:
    """What a method did.

    Attributes:
        found: index of the date that confirms, -1 for none, (y, x).
        fit_s: seconds for the baseline; NaN if the method has no such part.
        monitor_s: seconds for all monitored dates, one after another; NaN likewise.
        whole_s: seconds for everything.
    """

    found: Found
    fit_s: float
    monitor_s: float
    whole_s: float

    @classmethod
    def at_once(cls, found: NDArray[np.integer] | NDArray[np.bool_], since: float) -> Played:
        """A method without parts that began at a moment; a flag counts as the second date."""
        whole_s, none = time.perf_counter() - since, float("nan")
        dates = np.where(found, 1, -1) if found.dtype == bool else found
        return cls(dates.astype(np.int16), none, none, whole_s)


def irmad(values: Values, _: Dates) -> Played:
    """Our IR-MAD, map and p-values included, (date, band, y, x)."""
    from pipeline.detect.irmad import IrMad

    return _compared(IrMad(_twelve()), values)


def fused(values: Values, _: Dates) -> Played:
    """Our fused pair, likewise."""
    from pipeline.detect.fused import FusedPair

    return _compared(FusedPair(_twelve()), values)


def _twelve() -> PairOptions:
    """The settings with as many iterations as the plain method makes."""
    from pipeline.config import load_config

    fixed = {"n_iterations": N_ITERATIONS, "tolerance": 1e-12}
    return load_config().pair.model_copy(update=fixed)


def _compared(detector: PairDetector, values: Values) -> Played:
    """A comparison of two dates that are seen in full."""
    seen, (before, after) = np.ones(values.shape[2:], dtype=bool), values
    started = time.perf_counter()
    return Played.at_once(detector.compare(before, after, seen).changed, started)


def irmad_plain(values: Values, _: Dates) -> Played:
    """IR-MAD as one would write it first; its statistic alone."""
    from scipy import stats

    from benchmarks.pair_plain import plain_irmad

    before, after = values
    started = time.perf_counter()
    chi2, _correlations = plain_irmad(before, after, N_ITERATIONS)
    called = chi2 > stats.chi2.isf(CALLED_AT, values.shape[1])
    return Played.at_once(called.reshape(values.shape[2:]), started)


def radar_steps(values: Values, _: Dates) -> Played:
    """Our lasting steps in linear power (time, band, y, x)."""
    from benchmarks.radar import OPTIONS, STACK_BASELINE, STACK_LOOKS, cube_of
    from pipeline.detect.radar_onset import RadarSteps

    cube = cube_of(values)
    started = time.perf_counter()
    found = RadarSteps(OPTIONS, STACK_LOOKS).date_steps(cube, STACK_BASELINE)
    return Played.at_once(np.where(found.changed, found.first_with, -1), started)


def omnibus_plain(values: Values, _: Dates) -> Played:
    """The sequential omnibus test at the share of false alarms that ours states."""
    from benchmarks.radar import OPTIONS, STACK_LOOKS
    from benchmarks.radar_omnibus import sequential_omnibus

    started = time.perf_counter()
    return Played.at_once(
        sequential_omnibus(values, STACK_LOOKS, OPTIONS.false_alarm_share), started
    )
