"""S02, S05, F11: files that are something else, that ask for too much, or that were mangled."""

from __future__ import annotations

import selectors
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import CorruptAssetError
from pipeline.model.grid import Grid
from pipeline.store.rasters import open_raster, read_window
from tests.unit.raster_factory import pixels_of, write_tiff

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
GRID = Grid("EPSG:32652", 190000.0, 4100000.0, 10.0, 200, 150)
CAP_S = 10.0
COMPRESSIONS = ("none", "deflate", "lzw", "zstd")
DISGUISES = {
    "inline-vrt": "<VRTDataset rasterXSize='8' rasterYSize='8'>"
    "<VRTRasterBand dataType='Byte' band='1'><SimpleSource><SourceFilename>{secret}"
    "</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>",
    "wms": "<GDAL_WMS><Service name='TMS'><ServerUrl>{url}/${{z}}</ServerUrl></Service>"
    "<DataWindow><SizeX>8</SizeX><SizeY>8</SizeY></DataWindow></GDAL_WMS>",
    "gti": "<GDALTileIndexDataset><IndexDataset>{secret}</IndexDataset></GDALTileIndexDataset>",
    "stacit": '{{"type":"FeatureCollection","stac_version":"1.0.0","features":[{{"assets":'
    '{{"a":{{"href":"{url}"}}}}}}]}}',
    "stacta": '{{"type":"Feature","stac_extensions":["tiled-assets"],"assets":{{}}}}',
    "mrf": "<MRF_META><CachedSource><Source>{secret}</Source></CachedSource><Raster>"
    "<Size x='8' y='8' c='1'/><DataFile>{loot}</DataFile></Raster></MRF_META>",
    "hdr": "ENVI\nsamples = 8\nlines = 8\nbands = 1\ndata type = 1\n",
    "geojson": '{{"type":"FeatureCollection","features":[]}}',
    "subdataset": "GTIFF_DIR:1:{secret}",
    "curl": "/vsicurl/{url}",
    "zip": "PK\x03\x04 {secret}",
}


@pytest.mark.parametrize("disguise", sorted(DISGUISES))
def test_s02_a_disguised_file_opens_nothing_and_makes_nothing(
    tmp_path: Path, disguise: str
) -> None:
    secret, loot = tmp_path / "secret.tif", tmp_path / "loot.dat"
    write_tiff(secret, pixels_of(GRID), GRID)
    read_at = secret.stat().st_atime_ns
    words = {"secret": secret, "loot": loot, "url": "http://127.0.0.1:9/a"}
    (tmp_path / "scene.tif").write_text(DISGUISES[disguise].format(**words), encoding="utf-8")
    with (
        pytest.raises(CorruptAssetError, match="cannot be read as GTiff"),
        open_raster(tmp_path / "scene.tif"),
    ):
        pass
    assert secret.stat().st_atime_ns == read_at
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scene.tif", "secret.tif"]


def tiff_of(tags: dict[int, tuple[int, int, int]], next_directory: int = 0) -> bytes:
    """A little-endian TIFF of one directory and no pixels; tags are type, count, value."""
    entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    return (
        struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + struct.pack("<I", next_directory)
    )


def plain(**changed: tuple[int, int, int]) -> dict[int, tuple[int, int, int]]:
    """A directory of an image of 8 x 8 bytes in one strip, changed by the name of a tag."""
    names = {"width": 256, "length": 257, "bits": 258, "samples": 277}
    tags = {256: (4, 1, 8), 257: (4, 1, 8), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1),
            273: (4, 1, 8), 277: (3, 1, 1), 278: (4, 1, 8), 279: (4, 1, 64)}  # fmt: skip
    return tags | {names[name]: value for name, value in changed.items()}


ONE_TILE = {
    **{tag: value for tag, value in plain().items() if tag not in (273, 278, 279)},
    **dict.fromkeys((256, 257, 322, 323), (4, 1, 20_000)),
    324: (4, 1, 8),
    325: (4, 1, 64),
}
"""170 bytes and a single tile of 400 million pixels, of which any window needs all."""


@pytest.mark.parametrize(
    "tags",
    [
        plain(width=(4, 1, 300_000), length=(4, 1, 300_000)),
        plain(width=(4, 1, 2**31 - 1), length=(4, 1, 2**31 - 1)),
        plain(samples=(3, 1, 65_529)),
        ONE_TILE,
        plain(width=(4, 1, 0)),
        plain(bits=(3, 1, 63)),
    ],
)
def test_s05_a_header_that_asks_for_too_much_is_refused(
    tmp_path: Path, tags: dict[int, tuple[int, int, int]]
) -> None:
    path = tmp_path / "bomb.tif"
    path.write_bytes(tiff_of(tags))
    with pytest.raises(CorruptAssetError), open_raster(path):
        pass


@pytest.mark.parametrize("next_directory", [8, 2**32 - 1])
def test_s05_a_chain_of_directories_without_end_ends(tmp_path: Path, next_directory: int) -> None:
    path = tmp_path / "loop.tif"
    path.write_bytes(tiff_of(plain(), next_directory) + bytes(64))
    with open_raster(path) as dataset:
        assert read_window(dataset).shape == (1, 8, 8)


WORKER = """
import resource, sys
from pathlib import Path
from pipeline.errors import CorruptAssetError
from pipeline.model.grid import Window
from pipeline.store.georeference import grid_of
from pipeline.store.rasters import open_raster, read_window
resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
for line in sys.stdin:
    try:
        with open_raster(Path(line.strip())) as dataset:
            read_window(dataset, Window(0, 0, 1, 1))
            grid_of(dataset)
        print("pixels", flush=True)
    except CorruptAssetError:
        print("refused", flush=True)
"""


class Worker:
    """A child that opens files one after the other, so that a crash is not ours."""

    def __init__(self) -> None:
        """Start the child."""
        command = [sys.executable, "-W", "ignore", "-c", WORKER]
        self.child = subprocess.Popen(  # noqa: S603 - ourselves
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def opens(self, path: Path) -> str:
        """What becomes of a file within the cap: a word, or how the child ended."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(f"{path}\n")
        self.child.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(self.child.stdout, selectors.EVENT_READ)
            if not selector.select(CAP_S):
                return "hung"
        word = self.child.stdout.readline().strip()
        if word:
            return word
        assert self.child.stderr is not None
        return f"died {self.child.wait()}: {self.child.stderr.read()[-500:]}"

    def close(self) -> None:
        """End the child."""
        self.child.kill()
        self.child.communicate()


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    child = Worker()
    yield child
    child.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of each way to write it."""
    folder = tmp_path_factory.mktemp("mangled")
    files = {}
    for compress in COMPRESSIONS:
        for big in ("NO", "YES"):
            name = f"{compress}-{big}"
            files[name] = folder / f"{name}.tif"
            write_tiff(files[name], pixels_of(GRID), GRID, compress=compress, bigtiff=big)
    return files


EDITS = st.lists(st.tuples(st.integers(0, 899), st.integers(0, 255)), min_size=1, max_size=8)


@settings(
    deadline=None, max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    edits=EDITS,
    which=st.sampled_from([f"{c}-{b}" for c in COMPRESSIONS for b in ("NO", "YES")]),
)
def test_f11_500_mangled_headers_kill_and_hang_nobody(
    worker: Worker, sound: dict[str, Path], edits: list[tuple[int, int]], which: str
) -> None:
    path = sound[which]
    data = bytearray(path.read_bytes())
    for place, byte in edits:
        data[place % len(data)] = byte
    mangled = path.with_suffix(".bad")
    mangled.write_bytes(data)
    assert worker.opens(mangled) in ("pixels", "refused")


def test_f11_the_worker_tells_a_sound_file_from_none(
    worker: Worker, sound: dict[str, Path]
) -> None:
    assert {worker.opens(path) for path in sound.values()} == {"pixels"}
    assert worker.opens(ROOT / "pyproject.toml") == "refused"
