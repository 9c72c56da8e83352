"""Disks that fill up and writers that are killed: the old file stays, half a file never shows."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.model.grid import Grid
from pipeline.store.files import sha256_of, sweep_parts
from pipeline.store.rasters import open_raster, read_window, write_cog
from tests.unit.raster_factory import pixels_of

ROOT = Path(__file__).resolve().parents[2]
GRID = Grid("EPSG:32652", 190000.0, 4100000.0, 10.0, 900, 900)
FULL = """
import resource, signal, sys
from pathlib import Path
from pipeline.errors import StoreError
from pipeline.store.rasters import write_cog
from tests.faults.test_store_faults import GRID
from tests.unit.raster_factory import pixels_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    write_cog(Path(sys.argv[1]), {"x": pixels_of(GRID, 2)}, GRID, nodata=0, tags={})
except StoreError as error:
    print(error)
"""
ENDLESS = """
import itertools, sys
from pathlib import Path
from pipeline.store.rasters import write_cog
from tests.faults.test_store_faults import GRID
from tests.unit.raster_factory import pixels_of
for n in itertools.count():
    write_cog(Path(sys.argv[1]), {"x": pixels_of(GRID, n)}, GRID, nodata=0, tags={"n": str(n)})
    print(n, flush=True)
"""


@pytest.mark.parametrize("limit", [100, 20_000, 400_000])
def test_a_disk_that_is_full_leaves_the_old_raster(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "a.tif"
    write_cog(path, {"x": pixels_of(GRID, 1)}, GRID, nodata=0, tags={})
    before = sha256_of(path)
    assert path.stat().st_size > limit
    command = [sys.executable, "-c", FULL, str(path), str(limit)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert "Remedy: " in done.stdout
    assert sha256_of(path) == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_killed_at_any_moment_leaves_a_whole_raster(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    command = [sys.executable, "-c", ENDLESS, str(path)]
    for pause_s in (0.0, 0.01, 0.03, 0.05, 0.08):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:  # noqa: S603 - ourselves
            assert child.stdout is not None
            assert child.stdout.readline() == b"0\n"
            time.sleep(pause_s)
            child.send_signal(signal.SIGKILL)
        with open_raster(path) as dataset:
            n = int(dataset.tags()["n"])
            assert read_window(dataset)[0].tobytes() == pixels_of(GRID, n).tobytes()
    sweep_parts(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
