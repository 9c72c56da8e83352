"""The pair detector on labelled real pairs, and its speed beside a plain implementation.

Here belongs the print-out. One settings file serves every pair and its hash stands above the
scores; no label reaches the detector.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.pair_data import CITIES, LabelledPair, oscd, taizhou
from benchmarks.pair_plain import plain_irmad, seeded_pair
from benchmarks.pair_score import NOMINAL, PairScore, score
from pipeline.config import load_config
from pipeline.detect.fused import FusedPair
from pipeline.detect.irmad import IrMad

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.detect import PairDetector
    from pipeline.model.change import ChangeMap

SIZE, N_ITERATIONS, N_REPEATS = 1000, 12, 3


def main() -> None:
    """Print the scores of every detector on every pair, then the speed."""
    config = load_config()
    print(f"settings {config.sha256[:16]}, the same for every pair")
    detectors: dict[str, PairDetector] = {
        "IR-MAD": IrMad(config.pair),
        "fused": FusedPair(config.pair),
    }
    try:
        pairs = [taizhou(), *(oscd(city) for city in CITIES)]
    except OSError as error:
        print(f"no scores: the real data is not there ({error}); set ZONEWATCH_REAL")
    else:
        for name, detector in detectors.items():
            print_scores(name, detector, pairs)
    print_speed()


def print_scores(name: str, detector: PairDetector, pairs: list[LabelledPair]) -> None:
    """One line a pair, then the mean over the cities."""
    nominal = " ".join(f"{100 * share:>7.3g} %" for share in NOMINAL)
    print(f"\n{name:<10} {'AUC':>6} {'kappa':>6} {'F1':>6} {'called':>7}  unchanged at {nominal}")
    scores = [score(pair, run(detector, pair)) for pair in pairs]
    for pair, found in zip(pairs, scores, strict=True):
        print(line(pair.name, found))
    cities = [one for one, pair in zip(scores, pairs, strict=True) if pair.name in CITIES]
    macro_auc = np.mean([one.auc for one in cities])
    print(f"{'6 cities':<10} {macro_auc:6.3f} {'':>6} {np.mean([one.f1 for one in cities]):6.3f}")


def run(detector: PairDetector, pair: LabelledPair) -> ChangeMap:
    """Compare the dates of a pair wherever both have pixels."""
    seen = np.ones(pair.labels.shape, dtype=bool)
    return detector.compare(pair.before, pair.after, seen)


def line(name: str, found: PairScore) -> str:
    """The scores of one pair in print."""
    shares = " ".join(f"{100 * share:7.3f} %" for share in found.false_positives)
    return (
        f"{name:<10} {found.auc:6.3f} {found.kappa:6.3f} {found.f1:6.3f} "
        f"{100 * found.called_share:5.1f} %               {shares}"
    )


def print_speed() -> None:
    """Seconds of a whole comparison and of the plain method, in one run on one machine."""
    before, after = seeded_pair(SIZE)
    options = load_config().pair.model_copy(
        update={"n_iterations": N_ITERATIONS, "tolerance": 1e-12}
    )
    seen = np.ones(before.shape[1:], dtype=bool)
    ours = seconds(lambda: IrMad(options).compare(before, after, seen), N_REPEATS)
    plain = seconds(lambda: plain_irmad(before, after, N_ITERATIONS), 1)
    print(f"\n{SIZE} x {SIZE} x 6, {N_ITERATIONS} iterations, map with p-values and threshold")
    print(
        f"IR-MAD {ours:.2f} s, plain float64 {plain:.2f} s (statistic only): {plain / ours:.1f} x"
    )


def seconds(work: Callable[[], object], n_repeats: int) -> float:
    """The fastest of some runs, in seconds."""
    taken = []
    for _ in range(n_repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


if __name__ == "__main__":
    main()
