"""What a larger cube costs: seconds per million pixel-dates, and memory beyond the input.

Here belong the sizes and the print-out. The cubes are files mapped into memory, larger than what
may be held at once, so that memory of our own shows whether blocks bound it: what is counted is
anonymous memory, not the pages of the file that the system keeps while it likes.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detect import monitor_cube

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_DATES = 150
SIZES = ((100, 500), (200, 500), (150, 1000), (N_DATES, 1000), (N_DATES, 2000), (N_DATES, 4000))
"""Dates and side in pixels."""
TILE_PX = 500
SAMPLING_S = 0.02
_ANON = re.compile(r"RssAnon:\s+(\d+) kB")


def main() -> None:
    """Print a line for every size that the disk has room for."""
    print(f"anonymous memory before: {anonymous_mb():.0f} MB")
    print(f"{'dates':>6}{'pixels':>12}{'s':>9}{'s/Mpx.d':>10}{'peak MB, input not counted':>28}")
    for n_dates, side in SIZES:
        with tempfile.TemporaryDirectory(prefix="zonewatch-growth-") as scratch:
            n_bytes = 4 * n_dates * side * side
            if shutil.disk_usage(scratch).free < 2 * n_bytes:
                print(f"{n_dates:>6}{side * side:>12}  skipped: {n_bytes / 1e9:.1f} GB of disk")
                continue
            print_size(Path(scratch) / "cube.npy", n_dates, side)


def print_size(path: Path, n_dates: int, side: int) -> None:
    """Watch a cube of one size."""
    values = cube_file(path, n_dates, side)
    dates = np.datetime64("2019-01-02") + 10 * np.arange(n_dates).astype("timedelta64[D]")
    peak, done = [0.0], threading.Event()
    sampler = threading.Thread(target=sample, args=(peak, done))
    sampler.start()
    started = time.perf_counter()
    monitor_cube(values, dates, n_dates * 2 // 3)
    wall_s = time.perf_counter() - started
    done.set()
    sampler.join()
    n_pixel_dates = n_dates * side * side
    print(
        f"{n_dates:>6}{side * side:>12}{wall_s:>9.2f}{wall_s / n_pixel_dates * 1e6:>10.4f}"
        f"{peak[0]:>28.0f}"
    )


def cube_file(path: Path, n_dates: int, side: int) -> NDArray[np.float32]:
    """Noise about a season, a fifth unseen, laid out tile by tile; simulated."""
    draw = np.random.default_rng(1)
    tile = draw.standard_normal((n_dates, TILE_PX, TILE_PX), dtype=np.float32)
    tile *= np.float32(0.03)
    tile += (0.5 + 0.1 * np.sin(np.arange(n_dates) / 5.8))[:, None, None].astype(np.float32)
    tile[draw.random(tile.shape, dtype=np.float32) < np.float32(0.2)] = np.nan
    shape = (n_dates, side, side)
    file = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for date, image in enumerate(file):
        image[...] = np.tile(tile[date], (side // TILE_PX, side // TILE_PX))
    file.flush()
    del file, tile
    held: NDArray[np.float32] = np.load(path, mmap_mode="r")
    return held


def sample(peak: list[float], done: threading.Event) -> None:
    """Keep the largest anonymous memory seen."""
    while not done.wait(SAMPLING_S):
        peak[0] = max(peak[0], anonymous_mb())


def anonymous_mb() -> float:
    """Memory of this process that no file stands behind, in megabytes."""
    match = _ANON.search(Path("/proc/self/status").read_text(encoding="ascii"))
    if match is None:
        raise RuntimeError("this system does not tell anonymous memory")
    return int(match[1]) / 1024


if __name__ == "__main__":
    main()
