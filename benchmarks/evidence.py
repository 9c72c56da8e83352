"""Do the numbers behind verdicts hold? Made-up lines, placebo windows on real ones, and the time.

Here belong the runs and their print-out. The noise and the counting stand in
``evidence_simulated``, the real series in ``evidence_real``, the full-size run in
``evidence_speed``. Every draw has its own seed.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from benchmarks.evidence_real import Placebo, placebos, sources
from benchmarks.evidence_simulated import (
    EFFECT_SD,
    LASTING,
    WHOLE,
    ZONES_ONLY,
    Layout,
    Noise,
    Single,
    family,
    is_held,
    single,
)
from benchmarks.evidence_speed import print_speed
from pipeline.assess.strength import Z_95

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


T = TypeVar("T")
N_DRAWS, N_FAMILIES, N_FITS, N_PLACEBOS = 1200, 600, 150, 600
N_PROCESSES = 2
LEVEL, FAMILY_LEVEL, LIKELY = 0.05, 0.10, 10.0
MEMORIES = (0.80, 0.95, 0.98)
GAPS = ("none", "cloud", "monsoon")
FAMILY_NOISES = ((0.80, "cloud"), (0.95, "cloud"), (0.98, "cloud"), (0.95, "none"))
LAYOUTS = {"6 zones x 3 dates x 2 sensors": WHOLE, "6 zones, one date, one sensor": ZONES_ONLY}
REFERENCES = {"all other looks": None, "the year before": LASTING}
BARS = {
    "type I": "[0.03, 0.07]",
    "coverage": "[0.93, 0.97]",
    "power": "[0.70, 0.90]",
    "LR": "<= 0.10",
    "family": "<= 0.12",
    "1.5 sd": ">= 0.74",
    "placebo": "[0.02, 0.10]",
}


@dataclass(frozen=True)
class Rates:
    """How often single windows in which nothing happened are misjudged, and a size is seen.

    Attributes:
        n: windows that could be judged.
        type_i: p of 0.05 or less.
        coverage: interval that holds nothing.
        power: seen, had the smallest change that would be seen been there.
        likely: likelihood ratio of ten or more.
    """

    n: int
    type_i: float
    coverage: float
    power: float
    likely: float


def main() -> None:
    """Print every figure beside its bar."""
    print("bars  " + ", ".join(f"{name} {bar}" for name, bar in BARS.items()))
    with ProcessPoolExecutor(N_PROCESSES) as pool:
        started = time.perf_counter()
        print_singles(pool)
        print_families(pool)
        print_state_space(pool)
        print_placebos(pool)
        print(f"calibration took {time.perf_counter() - started:.0f} s")
    print_speed()


def print_singles(pool: ProcessPoolExecutor) -> None:
    """Single windows by memory, gaps and reference."""
    print(f"\n{N_DRAWS} windows drawn in each row, nothing happens in them")
    print("memory  looks    compared with     judged  type I  coverage  power  LR>=10")
    cells = list(product(MEMORIES, GAPS, REFERENCES))
    jobs = [
        partial(single_rates, Noise(memory, gaps), REFERENCES[name], seeds_of(row, N_DRAWS))
        for row, (memory, gaps, name) in enumerate(cells)
    ]
    for (memory, gaps, name), one in zip(cells, _all(pool, jobs), strict=True):
        print(
            f"{memory:6.2f}  {gaps:7}  {name:15}  {one.n:7}  {one.type_i:6.3f}  "
            f"{one.coverage:8.3f}  {one.power:5.3f}  {one.likely:6.3f}"
        )


def seeds_of(row: int, n: int) -> range:
    """The seeds of a row: no two rows share a draw, so that they err apart."""
    return range(row * n, (row + 1) * n)


def single_rates(noise: Noise, reference: tuple[float, float] | None, seeds: range) -> Rates:
    """What comes of a draw a seed."""
    drawn = [single(noise, reference, seed) for seed in seeds]
    return rates_of([one for one in drawn if one is not None])


def rates_of(found: Sequence[Single]) -> Rates:
    """Shares over single windows."""
    p, difference, error, smallest, low = np.array(found).T
    return Rates(
        n=len(found),
        type_i=float(np.mean(p <= LEVEL)),
        coverage=float(np.mean(np.abs(difference) <= Z_95 * error)),
        power=float(np.mean(np.abs(difference + smallest) >= Z_95 * error)),
        likely=float(np.mean(low >= LIKELY)),
    )


def print_families(pool: ProcessPoolExecutor) -> None:
    """Families of zones, dates and sensors."""
    print(f"\nfamilies at level 0.10, {N_FAMILIES} draws in each row")
    print("memory  looks    family                            nothing  one effect of 1.5 sd")
    cells = [(m, g, name) for m, g in FAMILY_NOISES for name in LAYOUTS]
    jobs = [
        partial(family_rate, Noise(memory, gaps), size, seeds_of(row, N_FAMILIES), LAYOUTS[name])
        for row, (memory, gaps, name) in enumerate(cells)
        for size in (0.0, EFFECT_SD)
    ]
    found = _all(pool, jobs)
    for (memory, gaps, name), nothing, effect in zip(cells, found[::2], found[1::2], strict=True):
        print(f"{memory:6.2f}  {gaps:7}  {name:32}  {nothing:7.3f}  {effect:20.3f}")


def family_rate(noise: Noise, size: float, seeds: range, layout: Layout = WHOLE) -> float:
    """Share of families whose strongest window passes their level."""
    found = [family(noise, size, seed, layout) for seed in seeds]
    return float(np.mean([p <= FAMILY_LEVEL for p in found if p is not None]))


def print_state_space(pool: ProcessPoolExecutor) -> None:
    """The second model of the noise."""
    jobs = [
        partial(held_rate, Noise(memory, "cloud"), seeds_of(row, N_FITS))
        for row, memory in enumerate(MEMORIES)
    ]
    found = ", ".join(f"{rate:.3f}" for rate in _all(pool, jobs))
    print(f"\nstate-space interval holds nothing, {N_FITS} draws, cloud: {found}")


def held_rate(noise: Noise, seeds: range) -> float:
    """Share of intervals that hold nothing."""
    held = [is_held(noise, seed) for seed in seeds]
    return float(np.mean([one for one in held if one is not None]))


def print_placebos(pool: ProcessPoolExecutor) -> None:
    """Random windows on real series without a known change."""
    print(f"\nreal series, up to {N_PLACEBOS} placebo windows a source; share with p <= 0.05")
    named = [(name, one) for name, members in sources().items() for one in members]
    if not named:
        print("skipped: no real series beside the checkout; set ZONEWATCH_REAL")
        return
    jobs = [partial(placebos, one, N_PLACEBOS, n) for n, (_, one) in enumerate(named)]
    by_name: dict[str, list[Placebo]] = {}
    for (name, _), found in zip(named, _all(pool, jobs), strict=True):
        by_name.setdefault(name, []).extend(found)
    for name, found in by_name.items():
        lasting = [one for one in found if one.is_lasting]
        others = [one for one in found if not one.is_lasting]
        print(
            f"{name:32} {passing(found)}; against all other looks {passing(others)}; against the "
            f"year before {passing(lasting)}"
        )
    print(f"{'pooled':32} {passing([one for found in by_name.values() for one in found])}")


def passing(found: Sequence[Placebo], level: float = LEVEL) -> str:
    """The share that passes a level, with its count."""
    if not found:
        return "none judged"
    return f"{np.mean([one.p_value <= level for one in found]):.3f} of {len(found)}"


def _all(pool: ProcessPoolExecutor, jobs: Iterable[Callable[[], T]]) -> list[T]:
    """What all jobs give, in their order."""
    return [future.result() for future in [pool.submit(job) for job in jobs]]
