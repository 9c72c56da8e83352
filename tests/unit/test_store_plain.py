"""Plain files of one band: the numbers stand in them as they came, and the hash is of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.errors import StoreError
from pipeline.model.grid import Grid
from pipeline.store import rasters
from pipeline.store.chip_record import with_one_zero
from pipeline.store.files import sha256_of
from pipeline.store.georeference import grid_of
from pipeline.store.rasters import open_raster, read_window, write_plain
from tests.unit.raster_factory import pixels_of

if TYPE_CHECKING:
    from pathlib import Path

GRID = Grid("EPSG:32652", 190000.0, 4100000.0, 10.0, 200, 150)
TAGS = {"zonewatch:simulated": "true", "zonewatch:scene": "S2A=1"}


def written(path: Path, pixels: Any, grid: Grid = GRID, nodata: float | None = 0) -> str:  # noqa: ANN401 - pixels of any type
    return write_plain(path, ("red", pixels), grid, nodata=nodata, tags=TAGS)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32", "float64"])
def test_what_is_written_is_read(tmp_path: Path, dtype: str) -> None:
    path, pixels = tmp_path / "a.tif", pixels_of(GRID, 1, dtype)
    assert written(path, pixels) == sha256_of(path)
    with open_raster(path) as dataset:
        assert grid_of(dataset) == GRID
        assert (dataset.descriptions, dataset.nodata) == (("red",), 0)
        assert dataset.tags()["zonewatch_simulated"] == "true"
        assert dataset.tags()["zonewatch_scene"] == "S2A=1"
        assert np.array_equal(read_window(dataset)[0], pixels)
    assert pixels.tobytes() in path.read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == ["a.tif"]


ARRAYS = hnp.arrays(
    st.sampled_from([np.uint8, np.uint16, np.int16, np.float32]),
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=70),
)


@settings(deadline=None, max_examples=40)
@given(ARRAYS)
def test_any_numbers_come_back_bit_by_bit(
    tmp_path_factory: pytest.TempPathFactory,
    pixels: Any,  # noqa: ANN401 - pixels of any type
) -> None:
    path = tmp_path_factory.mktemp("plain") / "a.tif"
    grid = Grid("EPSG:32652", 190000.0, 4100000.0, 10.0, *pixels.shape)
    kept = with_one_zero(pixels)
    assert np.array_equal(kept, pixels, equal_nan=pixels.dtype.kind == "f")
    written(path, kept, grid, None)
    with open_raster(path) as dataset:
        assert read_window(dataset)[0].tobytes() == kept.tobytes()


def test_the_same_content_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    pixels = pixels_of(GRID)
    first = written(tmp_path / "a.tif", pixels)
    assert written(tmp_path / "b.tif", pixels) == first
    assert written(tmp_path / "c.tif", pixels, nodata=1) != first
    assert written(tmp_path / "d.tif", pixels_of(GRID, 3)) != first


def test_nan_may_stand_for_nothing(tmp_path: Path) -> None:
    pixels = np.where(pixels_of(GRID) > 100, np.nan, 1.5).astype(np.float32)
    written(tmp_path / "a.tif", pixels, nodata=float("nan"))
    with open_raster(tmp_path / "a.tif") as dataset:
        assert np.isnan(dataset.nodata)
        assert np.array_equal(read_window(dataset)[0], pixels, equal_nan=True)


def test_a_band_of_another_shape_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shape"):
        written(tmp_path / "a.tif", np.zeros((3, 4)))
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_the_numbers_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    before = written(path, pixels_of(GRID))
    monkeypatch.setattr(rasters._Content, "_fill", lambda *_: None)
    with pytest.raises(StoreError, match="cannot be put together"):
        written(path, pixels_of(GRID, 2))
    assert sha256_of(path) == before
    assert list(tmp_path.iterdir()) == [path]
