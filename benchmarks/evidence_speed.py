"""The time that a full table of claims takes on long lines of four sensors.

Here belongs the one run and its print-out; the lines are noise.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.evidence_lines import Asked, Source, bench_for, weighed

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_CLAIMS, N_ZONES, N_CONTROLS = 66, 30, 5
YEARS = 10
CADENCE_DAYS = {"sentinel-2": 5, "sentinel-1": 12, "landsat-8": 8, "viirs-dnb": 1}
CLEAR_SHARE = {"sentinel-2": 0.45, "sentinel-1": 1.0, "landsat-8": 0.45, "viirs-dnb": 1.0}
WIDTH_DAYS = 45.0


def full_size(seed: int = 0) -> list[Source]:
    """Thirty zones, some of them controls, on ten years of four sensors."""
    rng = np.random.default_rng(seed)
    places = [f"zone-{number:02d}" for number in range(N_ZONES)]
    found = []
    for sensor, cadence in CADENCE_DAYS.items():
        days = np.arange(0, YEARS * 365, cadence, dtype=np.float64)
        days = days[rng.random(len(days)) < CLEAR_SHARE[sensor]]
        values: dict[str, NDArray[np.float64]] = {
            place: rng.normal(size=len(days)) for place in places
        }
        found.append(Source(sensor, days, values, frozenset(places[-N_CONTROLS:])))
    return found


def weigh_all(sources: list[Source], n_claims: int) -> int:
    """Weigh so many claims of every zone by every sensor; how many windows were judged."""
    bench = bench_for(sources)
    places = tuple(sources[0].values)
    starts = np.random.default_rng(1).uniform(500, YEARS * 365 - 100, n_claims)
    judged = 0
    for start in starts:
        asked = Asked((float(start),), WIDTH_DAYS, places, tuple(CADENCE_DAYS))
        judged += sum(test.effect is not None for test in weighed(asked, bench).tests)
    return judged


def print_speed() -> None:
    """Seconds of one process."""
    sources = full_size()
    started, used = time.perf_counter(), time.process_time()
    judged = weigh_all(sources, N_CLAIMS)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    print(
        f"\n{N_CLAIMS} claims x {N_ZONES} zones x {len(CADENCE_DAYS)} sensors x {YEARS} years: "
        f"{judged} windows judged in {seconds:.1f} s ({cpu:.1f} s of one core); bar 60 s"
    )
