"""Radar: the peers' stack, the rate on speckle, a real burst, a felled pixel, and the cost.

Here belong the runs and their print-out. The stack comes from the generator of the peers (folder
named by ZONEWATCH_PEERS); every line stands on the one committed settings file. No label reaches
a detector: what is called is what has the stated chance on unchanged ground.
"""

from __future__ import annotations

import csv
import os
import runpy
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from scipy import ndimage

from benchmarks.monitor import load_peers, peers_folder
from benchmarks.radar_omnibus import sequential_omnibus
from benchmarks.romania_site import data_folder
from pipeline.config import load_config
from pipeline.detect.radar import RadarPair
from pipeline.detect.radar_onset import RadarSteps
from pipeline.model.cube import DateCube
from pipeline.model.grid import Grid
from pipeline.sensors.opera import EQUIVALENT_LOOKS, granule_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pipeline.model.radar import RadarChange, RadarOnset

OPTIONS = load_config().radar
MIN_PIXELS = load_config().objects.min_pixels
N_RUNS = 5
STACK_LOOKS, STACK_CHANGE, STACK_BASELINE = 5.0, 12, 8
NULLS = ((4.0, 10), (5.0, 20), (10.0, 30), (20.0, 60))
NOMINAL = (0.05, 0.01, 0.001, 0.0001)
SIZES = ((20, 400, 400), (80, 400, 400), (20, 800, 800), (20, 1600, 1600))
CASES = {
    "-3 dB": (5.0, -3.0, 12, 0.0),
    "+2 dB": (5.0, 2.0, 12, 0.0),
    "+3 dB, 30 % unseen": (5.0, 3.0, 13, 0.3),
    "+3 dB in the last three": (5.0, 3.0, 17, 0.0),
    "+3 dB right after baseline": (5.0, 3.0, 8, 0.0),
    "+1.5 dB at ENL 15": (15.0, 1.5, 12, 0.0),
}
"""Looks, decibels, first date, share of gaps."""
N_ZONES = 4
"""Along each side of the burst."""


def main() -> None:
    """Print every score and what it cost."""
    folder = peers_folder()
    if folder.is_dir():
        print_stack(folder)
    else:
        print(f"the peers' stack skipped: no folder {folder}; set ZONEWATCH_PEERS")
    print_cases()
    print_nulls()
    burst = data_folder().parent / "opera_rtc_s1_series" / "T137-292319-IW2"
    if burst.is_dir():
        print_burst(read_burst(burst))
    else:
        print(f"the real burst skipped: no folder {burst}; set ZONEWATCH_REAL")
    pixel = data_folder().parent / "pixel_series" / "bayts_s1vv_db.csv"
    if pixel.is_file():
        print_pixel(pixel)
    else:
        print(f"the felled pixel skipped: no file {pixel}; set ZONEWATCH_REAL")
    print_sizes()


def cube_of(
    power: NDArray[np.float32],
    instants: Sequence[datetime] | None = None,
    *,
    is_simulated: bool = True,
) -> DateCube:
    """A cube of all that is finite, a look every twelve days if nothing else is said."""
    n_dates, n_bands, height, width = power.shape
    first = datetime(2020, 1, 4, tzinfo=UTC)
    return DateCube(
        values=power,
        clear=np.asarray(np.isfinite(power).all(axis=1)),
        snow=np.zeros((n_dates, height, width), dtype=bool),
        instants=tuple(instants or (first + timedelta(days=12 * k) for k in range(n_dates))),
        scene_ids=tuple(str(date) for date in range(n_dates)),
        bands=("vv", "vh")[:n_bands],
        grid=Grid("EPSG:32652", 300_000.0, 4_200_000.0, 10.0, height, width),
        is_simulated=is_simulated,
    )


def best_of(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Least wall and CPU seconds of some runs, and the answer."""
    answer, walls, cpus = work(), [], []
    for _ in range(N_RUNS):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus), answer


def read_stack(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The stack as the peers' generator writes it, and the pixels it raises."""
    with tempfile.TemporaryDirectory() as data:
        os.environ.setdefault("PEERS_DATA", data)
        peers = load_peers(folder)
        runpy.run_path(str(folder / "make_sar.py"))
        paths = sorted((Path(peers.DATA) / "sar").glob("s*.tif"))
        power = np.stack([read_raster(path) for path in paths])
    return power, peers.blkmask()


def read_raster(path: Path) -> NDArray[np.float32]:
    """All bands of a raster."""
    with rasterio.open(path) as source:
        return np.asarray(source.read(), dtype=np.float32)


def print_stack(folder: Path) -> None:
    """Found and false at the stated rate, beside the sequential omnibus test."""
    power, truth = read_stack(folder)
    cube, before = cube_of(power), np.arange(len(power)) < STACK_CHANGE
    fringe = ndimage.binary_dilation(truth, np.ones((3, 3))) & ~truth
    print(f"the peers' stack, 20 dates, ENL 5, +3 dB from date 12 on; nominal {alpha()}")
    stated = OPTIONS.false_alarm_share
    pair, steps = RadarPair(OPTIONS, STACK_LOOKS), RadarSteps(OPTIONS, STACK_LOOKS)
    runs = {
        "two periods, given": best_of(lambda: pair.compare_dates(cube, before, ~before)),
        "lasting step": best_of(lambda: steps.date_steps(cube, STACK_BASELINE)),
        "omnibus, plain": best_of(lambda: sequential_omnibus(power, STACK_LOOKS, stated)),
    }
    for name, (wall, cpu, found) in runs.items():
        called = found >= 0 if isinstance(found, np.ndarray) else found.changed
        print(
            f"  {name:18} found {called[truth].mean():.4f}, false alarms "
            f"{called[~truth].mean():.1e} ({called[~truth & ~fringe].mean():.1e} beyond the pixels "
            f"next to the block), wall {wall:.3f} s, CPU {cpu:.3f} s"
        )
    onset = runs["lasting step"][2]
    inside = onset.changed & truth
    last, first = onset.last_without[inside], onset.first_with[inside]
    held = (last < STACK_CHANGE) & (first >= STACK_CHANGE)
    print(f"  bracket holds the date in {held.mean():.4f}, {(first - last).mean():.2f} dates wide")
    print(f"  best of {N_RUNS}, load {os.getloadavg()[0]:.1f}")


def print_cases() -> None:
    """The stack again with another seed, step, number of looks, onset or share of gaps."""
    print(f"other stacks of 20 dates, a block of 60 x 60 in 240 x 240, nominal {alpha()}")
    for name, (n_looks, decibel, onset, gaps) in CASES.items():
        draw = np.random.default_rng(onset)
        texture = draw.uniform(0.05, 0.3, (2, 240, 240))
        power = texture * draw.gamma(n_looks, 1 / n_looks, (20, 2, 240, 240))
        truth = np.zeros((240, 240), dtype=bool)
        truth[90:150, 90:150] = True
        power[onset:, :, truth] *= 10 ** (decibel / 10)
        power[np.broadcast_to(draw.random((20, 1, 240, 240)) < gaps, power.shape)] = np.nan
        cube = cube_of(power.astype(np.float32))
        found = RadarSteps(OPTIONS, n_looks).date_steps(cube, STACK_BASELINE)
        inside = found.changed & truth
        held = (found.last_without[inside] < onset) & (found.first_with[inside] >= onset)
        unjudged = int((truth & ~found.seen).sum())
        print(
            f"  {name:28} found {found.changed[truth & found.seen].mean():.4f} "
            f"({unjudged} of {truth.sum()} cannot be judged), false alarms "
            f"{found.changed[~truth].mean():.1e}, bracket holds the date in {held.mean():.3f}"
        )


def print_nulls() -> None:
    """The share called on speckle alone, over the share stated."""
    print(f"speckle alone, 400 x 400, share called over share stated at {NOMINAL}")
    for n_looks, n_dates in NULLS:
        draw = np.random.default_rng(n_dates)
        texture = np.exp(draw.uniform(-3, -1, (2, 400, 400)))
        speckle = draw.gamma(n_looks, 1 / n_looks, (n_dates, 2, 400, 400))
        cube, before = cube_of((texture * speckle).astype(np.float32)), np.arange(n_dates)
        pair = RadarPair(OPTIONS, n_looks).compare_dates(
            cube, before < n_dates // 2, before >= n_dates // 2
        )
        step = RadarSteps(OPTIONS, n_looks).date_steps(cube, n_dates // 2)
        print(
            f"  ENL {n_looks:g}, {n_dates} dates: {over(pair.p_value)}; step {over(step.p_value)}"
        )


def over(p_value: NDArray[np.float32]) -> str:
    """Share at or below each nominal value over that value."""
    return " ".join(f"{(p_value <= nominal).mean() / nominal:.2f}" for nominal in NOMINAL)


def read_burst(folder: Path) -> DateCube:
    """The real burst, both polarisations."""
    paths = sorted(folder.glob("*_VV.tif"))
    granules = [granule_of(path.stem.removesuffix("_VV")) for path in paths]
    pairs = [(path, path.with_name(path.name.replace("_VV", "_VH"))) for path in paths]
    power = np.stack([np.concatenate([read_raster(one) for one in pair]) for pair in pairs])
    instants = [granule.instant for granule in granules if granule is not None]
    return cube_of(power, instants, is_simulated=False)


def print_burst(cube: DateCube) -> None:
    """Placebo seasons, and every date against the history with and without the common mode."""
    winters, pair = winters_of(cube), RadarPair(OPTIONS, EQUIVALENT_LOOKS)
    print("a real burst without known change: share called at 5, 1, 0.1 and 0.01 %")
    for earlier, later in (((2021, 2022), 2023), ((2022,), 2023), ((2021,), 2022)):
        found = pair.compare_dates(cube, np.isin(winters, earlier), winters == later)
        shares = " ".join(f"{(found.p_value <= nominal).mean():.4f}" for nominal in NOMINAL)
        limit = ", ".join(f"{value:.1f}" for value in np.median(found.limit_db, axis=(1, 2)))
        print(f"  {earlier} against {later}: {shares}; {vouched(found)};")
        print(f"    limit at {alpha()} VV, VH {limit} dB")
    print_steps(cube)
    print_dates(cube)


def vouched(found: RadarChange | RadarOnset) -> str:
    """The rate that the ground itself vouches for."""
    if found.least_share == 1:
        return "no rate vouched for"
    return f"rates from {found.least_share:.1e} on vouched for"


def winters_of(cube: DateCube) -> NDArray[np.int64]:
    """The year in which the winter of each date began, (time,)."""
    return np.array([(instant - timedelta(days=180)).year for instant in cube.instants])


def alpha() -> str:
    """The stated share of false alarms."""
    return f"{OPTIONS.false_alarm_share:g}"


def print_steps(cube: DateCube) -> None:
    """Lasting steps of the burst, by date of onset, and as objects by zone."""
    for n_baseline in (6, 8, 11):
        found = RadarSteps(OPTIONS, EQUIVALENT_LOOKS).date_steps(cube, n_baseline)
        wet = [f"{cube.instants[date]:%Y-%m-%d}" for date in np.flatnonzero(found.common_mode)]
        print(
            f"  lasting steps after {n_baseline} dates: {over(found.p_value)} of what is stated; "
            f"{vouched(found)}; {zones_with_objects(found.changed)} of 16 zones hold an object, "
            f"none dated to a left-out date ({', '.join(wet)}): "
            f"{not found.common_mode[found.first_with[found.changed]].any()}"
        )


def print_dates(cube: DateCube) -> None:
    """Each date alone against the history (2021 and 2022, itself left out)."""
    dates, baseline = np.arange(len(cube.instants)), np.isin(winters_of(cube), (2021, 2022))
    heedless = OPTIONS.model_copy(update={"common_mode_db": 10.0})
    print("  each date against the winters of 2021 and 2022: common dB VV VH, zones of 16 with")
    print(f"  an object of {MIN_PIXELS} pixels at {alpha()}; worst zone's share at 1 %")
    for date in dates:
        before = baseline & (dates != date)
        options = (OPTIONS, heedless)
        ours, bare = (
            RadarPair(one, EQUIVALENT_LOOKS).compare_dates(cube, before, dates == date)
            for one in options
        )
        vv, vh = ours.common_db[date]
        print(
            f"    {cube.instants[date]:%Y-%m-%d} {vv:+.2f} {vh:+.2f} {zone_line(ours)}"
            + (
                f"  left out; its level taken off it would be {zone_line(bare)}"
                if ours.common_mode[date]
                else ""
            )
        )


def zone_line(found: RadarChange) -> str:
    """Zones with an object, and the worst zone's share at 1 %."""
    worst = by_zone(found.p_value <= NOMINAL[1]).max()
    return f"{zones_with_objects(found.changed)} zones, {worst:.3f}"


def by_zone(called: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of each of sixteen square zones, (4, 4)."""
    side = called.shape[0] // N_ZONES
    shares: NDArray[np.float64] = called.reshape(N_ZONES, side, N_ZONES, side).mean(axis=(1, 3))
    return shares


def zones_with_objects(called: NDArray[np.bool_]) -> int:
    """How many zones hold part of a connected region of the least size."""
    regions, n_regions = ndimage.label(called, np.ones((3, 3)))
    sizes = ndimage.sum_labels(called, regions, np.arange(n_regions + 1))
    return int((by_zone(called & (sizes[regions] >= MIN_PIXELS)) > 0).sum())


def print_pixel(path: Path) -> None:
    """A pixel of forest that was felled early in 2016."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    instants = [datetime.fromisoformat(row["date"]).replace(tzinfo=UTC) for row in rows]
    decibel = np.array([float(row["s1_vv_db"] or "nan") for row in rows], dtype=np.float32)
    power = np.asarray(10 ** (decibel / 10), dtype=np.float32)
    cube = cube_of(power.reshape(-1, 1, 1, 1), instants, is_simulated=False)
    for n_baseline in (20, 40, 60):
        found = RadarSteps(OPTIONS, EQUIVALENT_LOOKS).date_steps(cube, n_baseline)
        last, first = (instants[one[0, 0]] for one in (found.last_without, found.first_with))
        print(
            f"felled pixel, {n_baseline} dates of baseline: step {found.magnitude_db[0, 0, 0]:.1f} "
            f"dB between {last:%Y-%m-%d} and {first:%Y-%m-%d}, p {found.p_value[0, 0]:.0e}"
        )


def print_sizes() -> None:
    """Seconds and memory above the input by size: linear, and bounded by the block."""
    print("cost of a lasting step, two polarisations")
    for n_dates, height, width in SIZES:
        draw = np.random.default_rng(1)
        power = draw.standard_gamma(5, (n_dates, 2, height, width), dtype=np.float32)
        cube = cube_of(power)
        steps, n_baseline = RadarSteps(OPTIONS, STACK_LOOKS), n_dates // 2
        wall, cpu = time.perf_counter(), time.process_time()
        steps.date_steps(cube, n_baseline)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        tracemalloc.start()
        steps.date_steps(cube, n_baseline)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        print(
            f"  {n_dates} x {height} x {width}: wall {wall:.2f} s, CPU {cpu:.2f} s "
            f"({cpu / (n_dates * height * width / 1e6):.3f} a million pixel-dates), {peak:.0f} MB "
            f"beside {power.nbytes / 2**20:.0f} MB of input, load {os.getloadavg()[0]:.1f}"
        )


if __name__ == "__main__":
    main()
