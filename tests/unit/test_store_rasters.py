"""The door to GDAL: what goes in comes out, and what a stranger's file would like does not."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import CorruptAssetError, StoreError
from pipeline.model.grid import Grid, Window
from pipeline.store import rasters
from pipeline.store.files import sha256_of
from pipeline.store.georeference import grid_of
from pipeline.store.rasters import open_raster, read_window, tag_name, write_cog
from tests.unit.raster_factory import pixels_of, write_tiff

GRID = Grid("EPSG:32652", 190000.0, 4100000.0, 10.0, 200, 150)
REAL = Path(os.environ.get("ZONEWATCH_REAL", Path(__file__).parents[3] / "shared" / "real"))
VRT = """<VRTDataset rasterXSize="{w}" rasterYSize="{h}"><VRTRasterBand dataType="UInt16" band="1">
<SimpleSource><SourceFilename relativeToVRT="0">{source}</SourceFilename><SourceBand>1</SourceBand>
</SimpleSource></VRTRasterBand></VRTDataset>"""


def read_all(path: Path) -> Any:  # noqa: ANN401 - pixels of any type
    with open_raster(path) as dataset:
        return read_window(dataset)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
def test_what_is_written_is_read(tmp_path: Path, dtype: str) -> None:
    bands = {"red": pixels_of(GRID, 1, dtype), "nir": pixels_of(GRID, 2, dtype)}
    tags = {"zonewatch:simulated": "true", "zonewatch:scene": "S2A=1", "title": "개성 x"}
    write_cog(tmp_path / "a.tif", bands, GRID, nodata=0, tags=tags)
    with open_raster(tmp_path / "a.tif") as dataset:
        assert grid_of(dataset) == GRID
        assert dataset.descriptions == ("red", "nir")
        assert dataset.nodata == 0
        assert {tag_name(key): value for key, value in tags.items()}.items() <= (
            dataset.tags().items()
        )
        assert np.array_equal(read_window(dataset), np.stack([*bands.values()]))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_truth_values_and_nan_survive(tmp_path: Path) -> None:
    magnitude = np.where(pixels_of(GRID) > 100, np.nan, 1.5).astype(np.float32)
    bands = {"magnitude": magnitude, "changed": pixels_of(GRID) > 100}
    write_cog(tmp_path / "a.tif", bands, GRID, nodata=float("nan"), tags={})
    got = read_all(tmp_path / "a.tif")
    assert got.dtype == np.float32
    assert np.array_equal(got[0], magnitude, equal_nan=True)
    assert np.array_equal(got[1], bands["changed"])
    write_cog(tmp_path / "b.tif", {"changed": bands["changed"]}, GRID, nodata=None, tags={})
    assert read_all(tmp_path / "b.tif").dtype == np.uint8


def test_the_same_content_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    big = Grid("EPSG:32652", 190000.0, 4100000.0, 10.0, 700, 600)
    pixels = pixels_of(big).astype(np.float32)
    write_cog(tmp_path / "a.tif", {"x": pixels}, big, nodata=0, tags={"a": "1", "b": "2"})
    write_cog(tmp_path / "b.tif", {"x": pixels}, big, nodata=0, tags={"b": "2", "a": "1"})
    write_cog(tmp_path / "c.tif", {"x": pixels}, big, nodata=0, tags={"a": "1", "b": "3"})
    assert sha256_of(tmp_path / "a.tif") == sha256_of(tmp_path / "b.tif")
    assert sha256_of(tmp_path / "a.tif") != sha256_of(tmp_path / "c.tif")
    with open_raster(tmp_path / "a.tif") as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.overviews(1) == [2, 4]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 199), st.integers(0, 149), st.integers(1, 200), st.integers(1, 150))
def test_a_window_is_the_slice_of_the_whole(row: int, col: int, height: int, width: int) -> None:
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"zonewatch-window-{os.getpid()}"  # noqa: S108
    path = folder / "a.tif"
    if not path.exists():
        write_cog(path, {"x": pixels_of(GRID)}, GRID, nodata=0, tags={})
    window = Window(row, col, height, width)
    with open_raster(path) as dataset:
        if row + height > GRID.height or col + width > GRID.width:
            with pytest.raises(CorruptAssetError, match="beyond the raster"):
                read_window(dataset, window)
        else:
            assert np.array_equal(read_window(dataset, window)[0], pixels_of(GRID)[window.slices])


@pytest.mark.parametrize("window", [Window(-1, 0, 5, 5), Window(0, 0, 0, 5), Window(0, 0, 5, -2)])
def test_a_window_that_cannot_be_is_refused(tmp_path: Path, window: Window) -> None:
    write_tiff(tmp_path / "a.tif", pixels_of(GRID), GRID)
    with (
        open_raster(tmp_path / "a.tif") as dataset,
        pytest.raises(CorruptAssetError, match="beyond the raster"),
    ):
        read_window(dataset, window)


def test_a_band_of_another_shape_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shape"):
        write_cog(tmp_path / "a.tif", {"x": np.zeros((3, 4))}, GRID, nodata=None, tags={})
    with pytest.raises(ValueError, match="at least one"):
        write_cog(tmp_path / "a.tif", {}, GRID, nodata=None, tags={})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_reads_back_otherwise_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    write_cog(path, {"x": pixels_of(GRID, 1)}, GRID, nodata=0, tags={})
    before = sha256_of(path)
    monkeypatch.setattr(rasters, "read_window", lambda _: pixels_of(GRID, 3)[None])
    with pytest.raises(StoreError, match="did not reach the disk"):
        write_cog(path, {"x": pixels_of(GRID, 2)}, GRID, nodata=0, tags={})
    assert sha256_of(path) == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("compress", ["none", "deflate", "lzw"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_an_error(tmp_path: Path, compress: str, share: float) -> None:
    path = tmp_path / "a.tif"
    write_tiff(path, pixels_of(GRID), GRID, compress=compress)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(CorruptAssetError):
        read_all(path)


@pytest.mark.parametrize("name", ["", "a.tif", "sub", "/vsicurl/http://127.0.0.1:9/a.tif"])
def test_what_is_no_file_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    with pytest.raises(CorruptAssetError, match="no such file"):
        read_all(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tif", "a.vrt"])
def test_a_vrt_reads_no_file_of_this_machine(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.tif"
    write_tiff(secret, pixels_of(GRID), GRID)
    (tmp_path / name).write_text(VRT.format(w=GRID.width, h=GRID.height, source=secret))
    with pytest.raises(CorruptAssetError, match="cannot be read as GTiff"):
        read_all(tmp_path / name)


def test_an_mrf_creates_no_file(tmp_path: Path) -> None:
    loot = tmp_path / "loot.dat"
    raster = f"<Raster><Size x='8' y='8' c='1'/><DataFile>{loot}</DataFile></Raster>"
    (tmp_path / "a.tif").write_text(f"<MRF_META>{raster}</MRF_META>")
    with pytest.raises(CorruptAssetError):
        read_all(tmp_path / "a.tif")
    assert not loot.exists()


def test_sidecars_change_nothing(tmp_path: Path) -> None:
    path, other = tmp_path / "a.tif", tmp_path / "other.tif"
    write_tiff(path, pixels_of(GRID, 1), GRID)
    write_tiff(other, pixels_of(GRID, 2), GRID)
    vrt = VRT.format(w=GRID.width // 2, h=GRID.height // 2, source=other)
    (tmp_path / "a.tif.ovr").write_text(vrt)
    (tmp_path / "a.tif.msk").write_text(vrt)
    (tmp_path / "a.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    (tmp_path / "a.tif.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><NoDataValue>7</NoDataValue></PAMRasterBand>"
        "</PAMDataset>"
    )
    with open_raster(path) as dataset:
        assert dataset.overviews(1) == []
        assert dataset.nodata is None
        assert grid_of(dataset) == GRID
        assert [Path(name).name for name in dataset.files] == ["a.tif"]
        assert np.array_equal(read_window(dataset)[0], pixels_of(GRID, 1))


def test_reading_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", pixels_of(GRID), GRID)
    with open_raster(tmp_path / "a.tif") as dataset:
        dataset.stats(indexes=[1])
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


@pytest.mark.parametrize(
    ("profile", "shape"),
    [
        ({"blockxsize": 16384, "blockysize": 8192, "sparse_ok": True}, (1, 100, 100)),
        (
            {"blockxsize": 1024, "blockysize": 1024, "interleave": "pixel", "sparse_ok": True},
            (65, 10, 10),
        ),
        ({"sparse_ok": True}, (1, 10, 200_001)),
        ({"sparse_ok": True, "blockxsize": 16, "blockysize": 16}, (1001, 2, 2)),
    ],
)
def test_a_bomb_is_refused_before_it_is_read(
    tmp_path: Path, profile: dict[str, Any], shape: tuple[int, int, int]
) -> None:
    path = tmp_path / "a.tif"
    count, height, width = shape
    options = {"driver": "GTiff", "dtype": "uint8", "tiled": True, "count": count} | profile
    grid = {"crs": GRID.crs, "transform": rasterio.Affine(*GRID.transform)}
    with rasterio.open(path, "w", height=height, width=width, **(options | grid)):
        pass
    assert path.stat().st_size < 5_000_000
    with pytest.raises(CorruptAssetError, match="beyond the limits"), open_raster(path):
        pass


@pytest.mark.parametrize(
    ("profile", "match"),
    [
        ({"transform": rasterio.Affine(10, 1, 190000, 0, -10, 4100000)}, "north up"),
        ({"transform": rasterio.Affine(10, 0, 190000, 0, -20, 4100000)}, "square"),
        ({"transform": rasterio.Affine(10, 0, 190000, 0, 10, 4100000)}, "north up"),
        ({"crs": "EPSG:4326"}, "metric CRS"),
        ({"crs": "EPSG:2263"}, "metric CRS"),
        ({"crs": None}, "metric CRS"),
        ({"crs": "+proj=tmerc +lat_0=1 +lon_0=3 +k=0.9 +x_0=7 +y_0=0 +datum=WGS84"}, "metric CRS"),
    ],
)
def test_a_place_that_we_cannot_count_in_is_refused(
    tmp_path: Path, profile: dict[str, Any], match: str
) -> None:
    write_tiff(tmp_path / "a.tif", pixels_of(GRID), GRID, **profile)
    with (
        open_raster(tmp_path / "a.tif") as dataset,
        pytest.raises(CorruptAssetError, match=match),
    ):
        grid_of(dataset)


def write_envi(path: Path, pixels: Any) -> None:  # noqa: ANN401 - pixels of any type
    write_tiff(path, pixels, GRID, driver="ENVI", tiled=None, compress=None,
               blockxsize=None, blockysize=None)  # fmt: skip


def test_envi_is_read_with_its_header_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "image"
    write_envi(path, pixels_of(GRID))
    (tmp_path / "image.hdr").rename(tmp_path / "image.HDR")
    for sidecar in tmp_path.glob("*.xml"):
        sidecar.unlink()
    (tmp_path / "image.ovr").write_text(VRT.format(w=10, h=10, source="/etc/passwd"))
    with open_raster(path, driver="ENVI") as dataset:
        assert sorted(Path(name).name for name in dataset.files) == ["image", "image.hdr"]
        assert grid_of(dataset) == GRID
        assert np.array_equal(read_window(dataset)[0], pixels_of(GRID))


def test_envi_cut_short_or_without_its_header_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "image.img"
    write_envi(path, pixels_of(GRID))
    shutil.copy(path, tmp_path / "lone.img")
    with (
        pytest.raises(CorruptAssetError, match=r"put lone\.hdr"),
        open_raster(tmp_path / "lone.img", driver="ENVI"),
    ):
        pass
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CorruptAssetError), open_raster(path, driver="ENVI") as dataset:
        read_window(dataset)


def test_a_mistake_of_the_reader_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", pixels_of(GRID), GRID)
    with pytest.raises(ZeroDivisionError), open_raster(tmp_path / "a.tif"):
        raise ZeroDivisionError
    with pytest.raises(ValueError, match="mine"), open_raster(tmp_path / "a.tif"):
        raise ValueError("mine")


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 599), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_mangled_header_gives_pixels_or_our_own_error(edits: list[tuple[int, int]]) -> None:
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"zonewatch-fuzz-{os.getpid()}"  # noqa: S108
    folder.mkdir(exist_ok=True)
    path = folder / "a.tif"
    path.unlink(missing_ok=True)
    write_tiff(path, pixels_of(GRID), GRID)
    data = bytearray(path.read_bytes())
    for place, byte in edits:
        data[place] = byte
    path.write_bytes(data)
    with suppress(CorruptAssetError), open_raster(path) as dataset:
        assert read_window(dataset, Window(0, 0, 1, 1)).shape[1:] == (1, 1)
        assert grid_of(dataset).shape == dataset.shape


@pytest.mark.real
def test_the_real_files_open() -> None:
    if not REAL.is_dir():
        pytest.skip(f"no real data at {REAL}")
    with open_raster(REAL / "landsat_taizhou" / "2000TM", driver="ENVI") as dataset:
        assert grid_of(dataset) == Grid("EPSG:32651", 203325.0, 3604935.0, 30.0, 400, 400)
        assert read_window(dataset).shape == (6, 400, 400)
    with open_raster(REAL / "s2_l2a_cog_29RKH" / "B04.tif") as dataset:
        assert grid_of(dataset).crs == "EPSG:32629"
        assert read_window(dataset, Window(500, 500, 10, 10)).any()
