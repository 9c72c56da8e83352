"""Bringing in the pixels of a site: requests, bytes, seconds and memory, beside four others.

Here belongs the contest and its print-out; how each reader is used stands in ``fetch_peers``,
what they read in ``fetch_data``. All read from one range server on the loopback that holds every
answer back for 60 ms. Contestants take turns, so that a busy machine slows all of them, and the
best of their rounds counts. The bars stand beside the figures; nothing is judged by them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fetch_data import SITE_BOUNDS, Layout, least_bytes, write_files, write_items
from benchmarks.fetch_growth import print_growth
from benchmarks.fetch_peers import CONTESTANTS
from benchmarks.range_server import Served, serve_folder

ROOT = Path(__file__).resolve().parents[1]
LATENCY_S = 0.06
N_ROUNDS = 5
OURS = "zonewatch"
REFERENCE = "rasterio"


@dataclass(frozen=True)
class Round:
    """What one contestant did in one round.

    Attributes:
        n_requests: requests that reached the server.
        nbytes: bytes of bodies that it sent.
        wall_s: seconds of the call.
        cpu_s: seconds of processor time of the call, all threads.
        peak_mb: most resident memory of the process.
        idle_mb: the same before the call: Python and what was imported.
        digest: hash of the pixels.
    """

    n_requests: int
    nbytes: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    idle_mb: float
    digest: str


def main() -> None:
    """Print the contest, the second run, and the growth of a catalogue."""
    with tempfile.TemporaryDirectory() as folder:
        print_contest(Path(folder), Layout())
    with tempfile.TemporaryDirectory() as folder:
        print_growth(Path(folder))


def print_contest(folder: Path, layout: Layout) -> None:
    """Run all rounds over one server and print what came of them."""
    files = folder / "files"
    write_files(files, layout)
    with serve_folder(files, latency_s=LATENCY_S) as served:
        items = write_items(folder / "items.json", served.url, layout)
        rounds: dict[str, list[Round]] = {name: [] for name in CONTESTANTS}
        for number in range(N_ROUNDS):
            for name in CONTESTANTS:
                rounds[name].append(play(name, items, folder / f"work{number}", served))
        again = play(OURS, items, folder / "work0", served)
    print_table(rounds, least_bytes(files, SITE_BOUNDS))
    print(f"second run of ours: {again.n_requests} requests, {again.wall_s:.2f} s")


def play(name: str, items: Path, folder: Path, served: Served) -> Round:
    """One contestant, once, in a process of its own.

    Raises:
        RuntimeError: if it fails.
    """
    served.taken()
    words = [sys.executable, "-m", "benchmarks.fetch_peers", name, str(items), str(folder)]
    # Compiled modules are kept even where the environment forbids it: some are loaded late.
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(items.with_name("pyc"))}
    done = subprocess.run(  # noqa: S603 - our own arguments
        words, cwd=ROOT, env=os.environ | compiled, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-800:]}")
    return Round(*served.taken(), **json.loads(done.stdout.splitlines()[-1]))


def print_table(rounds: dict[str, list[Round]], least: int) -> None:
    """One line a contestant, and how we stand to each of them."""
    best = {name: min(played, key=lambda one: one.wall_s) for name, played in rounds.items()}
    ours, right = best[OURS], best[REFERENCE].digest
    print(f"best of {N_ROUNDS} rounds, load {os.getloadavg()[0]:.1f}; blocks and headers {least} B")
    print(f"{'':<14}requests        MB  / least  wall s   CPU s  peak MB  pixels      our wall/its")
    for name, one in best.items():
        same = "identical" if one.digest == right else "DIFFERENT"
        peak_mb = max(played.peak_mb for played in rounds[name])
        print(
            f"{name:<14}{one.n_requests:>8}{one.nbytes / 1e6:>10.2f}{one.nbytes / least:>9.3f}"
            f"{one.wall_s:>8.2f}{one.cpu_s:>8.2f}{peak_mb:>9.0f}  {same:<12}"
            f"{ours.wall_s / one.wall_s:.2f}"
        )


if __name__ == "__main__":
    main()
