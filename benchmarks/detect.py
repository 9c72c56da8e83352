"""The series detector beside its peers on one cube: accuracy, seconds, memory, in one run.

Here belongs the contest and its print-out; how each method is used stands in ``detect_peers``,
the cube and the score come from the generator of the peers (folder named by ZONEWATCH_PEERS).
Contestants take turns, each in a process of its own, so that a busy machine slows all of them,
and the best of their rounds counts. The limits of the machine are measured in the same run.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.detect_peers import CONTESTANTS, PARTIAL, SLOW_FROM, SLOW_PX
from benchmarks.monitor import load_peers, peers_folder

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
OURS = "zonewatch"
N_TURNS = 3
N_ROUNDS = 3
N_SLOW = 1
ZEIT = "zeit-cdts==2.2.0"
"""It declares torch, which these algorithms do not need: installed alone, beside the rest."""
NEEDS = {"nrt": "nrt", "zeit": "zeit", "pyxccd": "pyxccd"}
"""First word of a contestant's name: the module it needs."""
GEMM_SIZE = 2000
COPY_MB = 256


@dataclass(frozen=True)
class Entry:
    """What a contestant reached.

    Attributes:
        figures: best seconds of its parts and peak memory.
        score: recall and false alarms.
        n_pixel_dates: pixel-dates that the whole took in.
    """

    figures: dict[str, float]
    score: dict[str, float]
    n_pixel_dates: int

    @property
    def speed(self) -> float:
        """Million pixel-dates a second."""
        return self.n_pixel_dates / self.figures["whole_s"] / 1e6


def main() -> None:
    """Print the table, or why there is none."""
    folder = peers_folder()
    if not folder.is_dir():
        print(f"skipped: no folder {folder}; set ZONEWATCH_PEERS")
        return
    peers = load_peers(folder)
    print_limits()
    with tempfile.TemporaryDirectory() as scratch:
        entries = contest(peers, Path(scratch))
    print_table(entries)


def contest(peers: ModuleType, scratch: Path) -> dict[str, Entry]:
    """All contestants that can be had, in turns."""
    dates, values = peers.load()
    np.save(scratch / "cube.npy", values)
    np.save(scratch / "dates.npy", dates)
    ready = [name for name in CONTESTANTS if is_ready(name)]
    played: dict[str, list[dict[str, float]]] = {name: [] for name in ready}
    for turn in range(N_TURNS):
        for name in ready:
            if turn == 0 or (name not in PARTIAL and played[name]):
                played[name] += play(name, scratch)
    return {
        name: entry(peers, name, turns, np.load(found_path(scratch, name)))
        for name, turns in played.items()
        if turns
    }


def is_ready(name: str) -> bool:
    """Whether a contestant is installed; zeit is fetched alone. If not, the reason is printed."""
    module = NEEDS.get(name.split(maxsplit=1)[0])
    if module == "zeit":
        reason = fetch_zeit()
        if reason:
            print(f"{name} skipped: {reason}")
        return not reason
    if module is None or importlib.util.find_spec(module) is not None:
        return True
    print(f"{name} skipped: {module} is not installed")
    return False


def zeit_folder() -> Path:
    """Where zeit lies alone, without what it declares."""
    return Path(sys.prefix) / "zeit"


def fetch_zeit() -> str:
    """Install zeit without what it declares; the reason if it cannot be done, else nothing."""
    if (zeit_folder() / "zeit").is_dir():
        return ""
    words = ["install", "--quiet", "--no-deps", "--target", str(zeit_folder()), ZEIT]
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False
    )
    return (done.stderr.strip().splitlines() or ["pip failed"])[-1] if done.returncode else ""


def found_path(scratch: Path, name: str) -> Path:
    """Where a contestant leaves its answer."""
    return scratch / f"{name.replace(' ', '-')}.npy"


def play(name: str, scratch: Path) -> list[dict[str, float]]:
    """One turn of a contestant in a process of its own; nothing if it fails, with the reason."""
    paths = [scratch / "cube.npy", scratch / "dates.npy", found_path(scratch, name)]
    n_rounds = N_SLOW if name in PARTIAL else N_ROUNDS
    words = ["-m", "benchmarks.detect_peers", name, *map(str, paths), str(n_rounds)]
    path = os.pathsep.join([str(ROOT), str(zeit_folder())])
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{name} skipped: {(done.stderr.strip().splitlines() or ['no word'])[-1][:160]}")
        return []
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return [figures]


def entry(
    peers: ModuleType, name: str, turns: list[dict[str, float]], found: NDArray[np.int16]
) -> Entry:
    """The best of each part over the turns, the largest memory, and the score."""
    best = {key: min(turn[key] for turn in turns) for key in turns[0]}
    best["peak_mb"] = max(turn["peak_mb"] for turn in turns)
    score: dict[str, Any] = peers.score(found)
    if name in PARTIAL:
        score = score_of_part(peers, found)
    return Entry(best, score, peers.T * PARTIAL.get(name, found.size))


def score_of_part(peers: ModuleType, found: NDArray[np.int16]) -> dict[str, float]:
    """Recall and false alarms on the square that slow methods are run on."""
    spot = (slice(SLOW_FROM, SLOW_FROM + SLOW_PX),) * 2
    block, here = peers.blkmask(*found.shape)[spot], found[spot]
    return {
        "recall_block": float((here[block] >= peers.CH).mean()),
        "false_alarm_outside": float((here[~block] >= 0).mean()),
    }


def print_limits() -> None:
    """What memory and multiplier of this machine give right now."""
    draw = np.random.default_rng(0)
    square = draw.random((GEMM_SIZE, GEMM_SIZE), dtype=np.float32)
    gemm_s = min(seconds_of(lambda: square @ square) for _ in range(N_ROUNDS))
    source = np.ones(COPY_MB * 2**18, dtype=np.float32)
    target = np.ones_like(source)
    halves = [slice(0, len(source) // 2), slice(len(source) // 2, None)]

    def copy() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda half: np.copyto(target[half], source[half]), halves))

    copy_s = min(seconds_of(copy) for _ in range(N_ROUNDS))
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"limits: copy {2 * source.nbytes / copy_s / 1e9:.1f} GB/s, ", end="")
    print(f"sgemm {2 * GEMM_SIZE**3 / gemm_s / 1e9:.0f} GFLOP/s")


def seconds_of(work: Any) -> float:  # noqa: ANN401 - any call
    """Wall seconds of a call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def print_table(entries: dict[str, Entry]) -> None:
    """One line a method, and how much faster ours is."""
    ours = entries[OURS]
    print(f"best of {N_TURNS} turns of {N_ROUNDS}, load {os.getloadavg()[0]:.1f}")
    print(
        f"{'':<20}{'recall':>8}{'false':>8}{'fit s':>8}{'ms/date':>9}{'Mpx.d/s':>9}{'peak MB':>9}"
        f"{'ours x':>8}{'a date':>8}"
    )
    for name, one in entries.items():
        date_ms = one.figures["monitor_s"] * 1000 / 50
        print(
            f"{name:<20}{one.score['recall_block']:>8.4f}{one.score['false_alarm_outside']:>8.4f}"
            f"{one.figures['fit_s']:>8.3f}{date_ms:>9.2f}{one.speed:>9.2f}"
            f"{one.figures['peak_mb']:>9.0f}{ours.speed / one.speed:>8.1f}"
            f"{one.figures['monitor_s'] / ours.figures['monitor_s']:>8.1f}"
        )


if __name__ == "__main__":
    main()
