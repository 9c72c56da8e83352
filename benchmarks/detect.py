"""Every detector beside its peers and plain counterparts: accuracy, seconds, memory, in one run.

Here belongs the contest and its one table; how each method is used stands in ``detect_peers`` and
``detect_plain``. Cube and radar stack come from the generators of the peers (folder named by
ZONEWATCH_PEERS), the pair is theirs drawn again. Contestants take turns, each in a process of its
own, so that a busy machine slows all of them, and the best of their rounds counts. The limits of
the machine are measured in the same run.
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

from benchmarks.detect_peers import CONTESTANTS, SLOW_FROM, SLOW_PX, found_path
from benchmarks.detect_plain import CALLED_AT, N_ITERATIONS, PAIR, RADAR, SERIES
from benchmarks.monitor import load_peers, peers_folder
from benchmarks.pair_plain import peer_pair
from benchmarks.radar import read_stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
OURS = {SERIES: "zonewatch monitor", PAIR: "zonewatch IR-MAD", RADAR: "zonewatch radar"}
"""What the others of a task are held against."""
N_TURNS = 2
N_ROUNDS = 3
N_SLOW = 1
PAIR_PX = 1000
N_MONITORED = 50
ZEIT = "zeit-cdts==2.2.0"
"""It declares torch, which these algorithms do not need: installed alone, beside the rest."""
NEEDS = {"nrt": "nrt", "zeit": "zeit", "pyxccd": "pyxccd"}
"""First word of a contestant's name: the module it needs."""
GEMM_SIZE = 2000
COPY_MB = 256


@dataclass(frozen=True)
class Task:
    """Data with a truth.

    Attributes:
        values: (time, band, y, x), or (time, y, x) for a series of one band.
        dates: one an image.
        truth: pixels that changed, bool, (y, x).
        since: a pixel is found if it is called at this date or later.
    """

    values: NDArray[np.float32]
    dates: NDArray[np.datetime64]
    truth: NDArray[np.bool_]
    since: int = 0

    @property
    def bytes_a_pixel(self) -> float:
        """Bytes of one pixel on one date, all bands."""
        return self.values.nbytes / (len(self.values) * self.truth.size)

    def score(self, found: NDArray[np.int16], spot: tuple[slice, slice]) -> tuple[float, float]:
        """Recall, and share of the unchanged pixels that is called, on part of the frame."""
        truth, here = self.truth[spot], found[spot]
        return float((here[truth] >= self.since).mean()), float((here[~truth] >= 0).mean())


@dataclass(frozen=True)
class Limits:
    """What memory and multiplier of this machine give right now.

    Attributes:
        copy_gb_s: bytes read and written by a plain copy on both cores, 1e9 a second.
        gemm_gflop_s: multiplications and additions of a matrix product, 1e9 a second.
    """

    copy_gb_s: float
    gemm_gflop_s: float


@dataclass(frozen=True)
class Entry:
    """What a contestant reached.

    Attributes:
        figures: best seconds of its parts and peak memory.
        recall: share of the changed pixels that is found.
        false_alarms: share of the others that is called.
        n_pixel_dates: pixel-dates that the whole took in.
        read_bytes: what they hold.
    """

    figures: dict[str, float]
    recall: float
    false_alarms: float
    n_pixel_dates: int
    read_bytes: float

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
    limits = measured_limits()
    with tempfile.TemporaryDirectory() as scratch:
        entries = contest(tasks_of(folder), Path(scratch))
    print_table(entries, limits)


def tasks_of(folder: Path) -> dict[str, Task]:
    """The data of the contest by name: the peers' cube, pair and radar stack."""
    peers = load_peers(folder)
    dates, cube = peers.load()
    before, after, changed = peer_pair(PAIR_PX)
    power, raised = read_stack(folder)
    return {
        SERIES: Task(cube, dates, peers.blkmask(), peers.CH),
        PAIR: Task(np.stack([before, after]), dates[:2], changed),
        RADAR: Task(power, dates[: len(power)], raised),
    }


def contest(tasks: Mapping[str, Task], scratch: Path) -> dict[str, Entry]:
    """All contestants that can be had, in turns."""
    for name, task in tasks.items():
        np.save(scratch / f"{name}.npy", task.values)
        np.save(scratch / f"{name}-dates.npy", task.dates)
    ready = [name for name in CONTESTANTS if is_ready(name)]
    played: dict[str, list[dict[str, float]]] = {name: [] for name in ready}
    for turn in range(N_TURNS):
        for name in ready:
            if turn == 0 or (not CONTESTANTS[name].plays_once and played[name]):
                played[name] += play(name, scratch)
    return {
        name: entry(tasks[CONTESTANTS[name].task], name, turns, scratch)
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


def play(name: str, scratch: Path) -> list[dict[str, float]]:
    """One turn of a contestant in a process of its own; nothing if it fails, with the reason."""
    n_rounds = N_SLOW if CONTESTANTS[name].plays_once else N_ROUNDS
    words = ["-m", "benchmarks.detect_peers", name, str(scratch), str(n_rounds)]
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


def entry(task: Task, name: str, turns: list[dict[str, float]], scratch: Path) -> Entry:
    """The best of each part over the turns, the largest memory, and the score."""
    best = {key: min(turn[key] for turn in turns) for key in turns[0]}
    best["peak_mb"] = max(turn["peak_mb"] for turn in turns)
    some = CONTESTANTS[name].n_pixels
    part = slice(None) if some is None else slice(SLOW_FROM, SLOW_FROM + SLOW_PX)
    recall, false_alarms = task.score(np.load(found_path(scratch, name)), (part, part))
    n_pixel_dates = len(task.values) * (some or task.truth.size)
    return Entry(best, recall, false_alarms, n_pixel_dates, n_pixel_dates * task.bytes_a_pixel)


def measured_limits() -> Limits:
    """Copy and multiply, some times over."""
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
    return Limits(2 * source.nbytes / copy_s / 1e9, 2 * GEMM_SIZE**3 / gemm_s / 1e9)


def seconds_of(work: Any) -> float:  # noqa: ANN401 - any call
    """Wall seconds of a call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def print_table(entries: dict[str, Entry], limits: Limits) -> None:
    """One line a method, how much faster ours is, and how near it comes to the machine."""
    print(f"best of {N_TURNS} turns of {N_ROUNDS}, load {os.getloadavg()[0]:.1f}")
    print(
        f"{'':<20}{'recall':>8}{'false':>8}{'Mpx.d/s':>9}{'peak MB':>9}{'ours x':>8}"
        f"{'fit s':>8}{'ms/date':>9}{'a date x':>9}{'of copy':>9}"
    )
    for name, one in entries.items():
        ours = entries.get(OURS[CONTESTANTS[name].task], one)
        print(f"{name:<20}{one.recall:>8.4f}{one.false_alarms:>8.4f}{line(one, ours, limits)}")
    print(
        f"{'this machine':<20}copy {limits.copy_gb_s:.1f} GB/s, sgemm "
        f"{limits.gemm_gflop_s:.0f} GFLOP/s"
    )
    print("ours x: speed of the method of ours above over this one's; of copy: bytes taken in a")
    print(
        "second over what a plain copy moves. A pixel-date holds all its bands: one in the series,"
    )
    print(f"six in the pair ({N_ITERATIONS} iterations), two in the radar stack. plain IR-MAD is")
    print(
        f"called at {100 * CALLED_AT:g} % of its chi-square, omnibus at the rate that ours states."
    )


def line(one: Entry, ours: Entry, limits: Limits) -> str:
    """Speed, memory and ratios of one method."""
    part = one.figures
    share = one.read_bytes / part["whole_s"] / 1e9 / limits.copy_gb_s
    return (
        f"{one.speed:>9.2f}{part['peak_mb']:>9.0f}{ours.speed / one.speed:>8.1f}"
        f"{shown(part['fit_s'], 8, 3)}{shown(part['monitor_s'] * 1000 / N_MONITORED, 9, 2)}"
        f"{shown(part['monitor_s'] / ours.figures['monitor_s'], 9, 1)}{100 * share:>8.2f}%"
    )


def shown(value: float, width: int, digits: int) -> str:
    """A number, or a dash where a method has no such part."""
    return f"{value:>{width}.{digits}f}" if np.isfinite(value) else f"{'-':>{width}}"


if __name__ == "__main__":
    main()
