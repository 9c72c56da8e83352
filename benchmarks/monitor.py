"""The series detector: peer cube, null cubes, the Romanian forest, and a full-size frame.

Here belong the runs and their print-out. Cubes come from the generator of the peers (folder named
by ZONEWATCH_PEERS); every line stands on the one committed settings file. No label reaches the
detector.
"""

from __future__ import annotations

import importlib
import os
import resource
import runpy
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.romania_site import BASELINE_END, GRID, Series, data_folder, read_series
from benchmarks.romania_truth import (
    STABLE,
    TRUTHS,
    Share,
    Truth,
    score,
    summer_ndvi,
    truth_by,
)
from pipeline.config import load_config
from pipeline.detect.monitor import HarmonicMonitor, monitor_cube
from pipeline.model.cube import DateCube
from pipeline.model.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

    from pipeline.model.change import SeriesChanges

N_BASELINE = 100
N_RUNS = 5
NULLS = ("white", "ar0.4", "outl2pct", "trend_flattens", "hist_step")
CASES: dict[str, dict[str, Any]] = {
    "seed 5": {"seed": 5},
    "step up": {"step": 0.2, "seed": 6},
    "half unseen": {"nanf": 0.5, "seed": 7},
    "one in 20 unseen": {"nanf": 0.05, "seed": 8},
    "120 x 90": {"h": 120, "w": 90, "seed": 9},
}
FULL_SHAPE = (300, 4, 440, 400)


def main() -> None:
    """Print every score with the hash of the settings it was made with."""
    print(f"settings {load_config().sha256}")
    folder = peers_folder()
    if folder.is_dir():
        peers = load_peers(folder)
        print_peer_cube(peers)
        print_cases(peers)
        print_nulls(peers, folder)
    else:
        print(f"peer cubes skipped: no folder {folder}; set ZONEWATCH_PEERS")
    if data_folder().is_dir():
        print_romania(read_series(data_folder()))
    else:
        print(f"Romania skipped: no folder {data_folder()}; set ZONEWATCH_REAL")
    print_full_size()


def peers_folder() -> Path:
    """Where the generators of the peers lie: ZONEWATCH_PEERS, or beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "peers"
    return Path(os.environ.get("ZONEWATCH_PEERS", beside))


def load_peers(folder: Path) -> ModuleType:
    """The peers' cube and score."""
    sys.path.insert(0, str(folder))
    return importlib.import_module("common")


def print_peer_cube(peers: ModuleType) -> None:
    """The cube that every peer was measured on: accuracy, wall seconds, memory."""
    dates, values = peers.load()
    monitor_cube(values[:, :40, :40], dates, N_BASELINE)
    before = peak_mb()
    runs = [timed(lambda: monitor_cube(values, dates, N_BASELINE)) for _ in range(N_RUNS)]
    wall, cpu = min(run[0] for run in runs), min(run[1] for run in runs)
    print(f"peer cube, fit and {len(dates) - N_BASELINE} dates: {peers.score(runs[0][2])}")
    print(f"  wall {wall:.3f} s, CPU {cpu:.3f} s, best of {N_RUNS}, load {os.getloadavg()[0]:.1f}")
    print(f"  peak {peak_mb() - before:.0f} MB above what held the cube")


def timed(
    work: Callable[[], NDArray[np.int16]],
) -> tuple[float, float, NDArray[np.int16]]:
    """Wall seconds, CPU seconds and the answer."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return time.perf_counter() - wall, time.process_time() - cpu, answer


def peak_mb() -> float:
    """Most resident memory so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def print_cases(peers: ModuleType) -> None:
    """The cube with another seed, direction, share of gaps or size."""
    for name, options in CASES.items():
        dates, values = peers.cube(**{"h": 200, "w": 200, **options})
        found = monitor_cube(values, dates, N_BASELINE)
        print(f"peer cube, {name}: {peers.score(found)}")


def print_nulls(peers: ModuleType, folder: Path) -> None:
    """Cubes in which nothing changes after the history."""
    runpy.run_path(str(folder / "make_null.py"))
    dates = np.load(Path(peers.DATA) / "null_dates.npy")
    for name in NULLS:
        values = np.load(Path(peers.DATA) / f"null_{name}.npy")
        found = monitor_cube(values, dates, N_BASELINE) >= 0
        print(f"null cube {name}: {Share(int(found.sum()), found.size)} flagged")


def print_romania(series: Series) -> None:
    """Both truths, and what the false alarms are made of."""
    changes = romania_changes(series)
    found = changes.confirmed_index >= 0
    print(f"Romania: {changes.n_looks} looks beyond {changes.threshold:.2f}")
    for name, statistic in TRUTHS.items():
        truth = truth_by(series, statistic)
        result = score(found, truth)
        still = stable_in_between(series, truth)
        alarmed = Share(int(found[still].sum()), int(still.sum()))
        print(f"  by the {name}: recall {result.recall}, false alarms {result.false_alarms}")
        print(f"    of the stable, those that did not move in 2019 either: {alarmed}")


def romania_changes(series: Series) -> SeriesChanges:
    """The record of the Romanian cube, four bands, clear by scene classes 4 to 7."""
    options = load_config()
    names = ("blue", "green", "red", "nir")
    clear = np.isin(series.bands["scl"], options.prepare.clear_classes)
    numbers = np.stack([series.bands[name] for name in names], axis=1)
    clear &= (numbers > 0).all(axis=1)
    cube = DateCube(
        values=np.where(clear[:, None], numbers, 0).astype(np.float32) / np.float32(10_000),
        clear=clear,
        snow=np.zeros_like(clear),
        instants=series.instants,
        scene_ids=tuple(f"{instant:%Y%m%d}" for instant in series.instants),
        bands=names,
        grid=GRID,
    )
    n_baseline = sum(instant.date() <= BASELINE_END for instant in series.instants)
    return HarmonicMonitor(options.monitor).detect(cube, n_baseline)


def stable_in_between(series: Series, truth: Truth) -> NDArray[np.bool_]:
    """Negatives whose median summer index did not move from 2018 to 2019 either, (y, x).

    The truths compare 2018 with 2020 and call a stand stable that was felled in between and is
    green again; a detector that sees the felling is charged with a false alarm for it.
    """
    before, between = (summer_ndvi(series, year, np.nanmedian) for year in (2018, 2019))
    moved = np.abs(between - before)
    return truth.negative & (moved < STABLE)


def print_full_size() -> None:
    """A simulated frame of the size of the real site: seconds and memory above the input."""
    cube = full_size_cube()
    before = peak_mb()
    started = time.perf_counter()
    HarmonicMonitor(load_config().monitor).detect(cube, FULL_SHAPE[0] // 2)
    print(
        f"full size {FULL_SHAPE}, simulated: {time.perf_counter() - started:.1f} s, "
        f"{peak_mb() - before:.0f} MB above {cube.values.nbytes / 2**20:.0f} MB of input"
    )


def full_size_cube() -> DateCube:
    """Noise about a season, a fifth unseen."""
    n_dates, n_bands, height, width = FULL_SHAPE
    draw = np.random.default_rng(1)
    values = np.empty(FULL_SHAPE, dtype=np.float32)
    for date in range(n_dates):
        noise = draw.standard_normal(FULL_SHAPE[1:], dtype=np.float32)
        values[date] = 0.2 + 0.05 * np.sin(date / 11.6) + 0.02 * noise
    clear = draw.random((n_dates, height, width), dtype=np.float32) > np.float32(0.2)
    first = datetime(2016, 1, 1, tzinfo=UTC)
    return DateCube(
        values=values,
        clear=clear,
        snow=np.zeros_like(clear),
        instants=tuple(first + timedelta(days=5 * date) for date in range(n_dates)),
        scene_ids=tuple(str(date) for date in range(n_dates)),
        bands=("blue", "green", "red", "nir")[:n_bands],
        grid=Grid("EPSG:32652", 190000.0, 4100000.0, 10.0, height, width),
        is_simulated=True,
    )


if __name__ == "__main__":
    main()
