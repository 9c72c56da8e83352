"""S04: pixels come in through ``store.rasters`` only, and the door holds whatever was loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOOR = ROOT / "pipeline" / "store" / "rasters.py"
SOURCES = sorted([*ROOT.glob("pipeline/**/*.py"), *ROOT.glob("flows/**/*.py")])
BANNED_MODULES = (
    "rasterio.io", "rasterio.vrt", "rasterio.shutil", "rasterio.merge", "rasterio.mask",
    "rasterio.sample", "rasterio.session", "osgeo", "gdal", "rioxarray", "rio_cogeo", "stackstac",
    "odc.stac", "xarray",
)  # fmt: skip
"""They open files, or register drivers that were kept out."""
BANNED_NAMES = ("WarpedVRT", "MemoryFile", "DatasetReader", "DatasetWriter", "ZipMemoryFile")


def offences(source: str) -> list[str]:
    """What in a module opens rasters past the door."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [ast.unparse(node)]
        elif isinstance(node, ast.Name):
            names = [node.id]
        else:
            continue
        found += [name for name in names if is_banned(name)]
    return found


def is_banned(name: str) -> bool:
    inside = any(name == module or name.startswith(f"{module}.") for module in BANNED_MODULES)
    return inside or name == "rasterio.open" or name.rpartition(".")[2] in BANNED_NAMES


def test_s04_nothing_else_opens_a_raster() -> None:
    found = {
        str(path.relative_to(ROOT)): offences(path.read_text(encoding="utf-8"))
        for path in SOURCES
        if path != DOOR
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_s04_the_door_itself_only_opens() -> None:
    memory = {"rasterio.io", "rasterio.io.MemoryFile", "MemoryFile"}
    assert set(offences(DOOR.read_text(encoding="utf-8"))) == {"rasterio.open"} | memory


def test_s04_files_in_memory_are_only_written() -> None:
    """One that is given bytes would open whatever format they are of."""
    calls = [
        node
        for node in ast.walk(ast.parse(DOOR.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "MemoryFile"
    ]
    assert calls
    assert not any(call.args or call.keywords for call in calls)


@pytest.mark.parametrize(
    "line",
    [
        "import rasterio\nrasterio.open('a.tif')",
        "from rasterio import open as o",
        "from rasterio.vrt import WarpedVRT",
        "import rasterio\nrasterio.vrt.WarpedVRT(1)",
        "from rasterio.io import MemoryFile",
        "from rasterio import MemoryFile",
        "import rioxarray",
        "from osgeo import gdal",
        "from odc.stac import load",
    ],
)
def test_s04_the_look_finds_what_it_looks_for(line: str) -> None:
    assert offences(line)


@pytest.mark.parametrize("line", ["from rasterio.features import shapes", "open('a')", "x.open()"])
def test_s04_the_look_lets_the_rest_be(line: str) -> None:
    assert not offences(line)


DISGUISED = """
import sys
from pathlib import Path
import numpy as np
import rasterio
from rasterio.vrt import WarpedVRT
from pipeline.errors import CorruptAssetError
from pipeline.store.rasters import open_raster, read_window
from tests.unit.raster_factory import pixels_of, write_tiff
from tests.unit.scene_factory import GRID
from tests.unit.test_store_rasters import VRT
folder = Path(sys.argv[1])
write_tiff(folder / "secret.tif", pixels_of(GRID), GRID)
(folder / "a.tif").write_text(VRT.format(w=30, h=20, source=folder / "secret.tif"))
with rasterio.open(folder / "secret.tif") as source, WarpedVRT(source, crs="EPSG:32651") as vrt:
    vrt.read(1)
with rasterio.open(folder / "a.tif") as leak:  # the driver is back: that is the danger
    assert leak.driver == "VRT"
try:
    with open_raster(folder / "a.tif") as dataset:
        print("LEAK", read_window(dataset).sum())
except CorruptAssetError as error:
    print("refused", error.what)
"""


def test_s04_the_door_holds_after_a_library_has_let_vrt_in(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", DISGUISED, str(tmp_path)]
    done = subprocess.run(  # noqa: S603 - ourselves
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "refused the file cannot be read as GTiff"
