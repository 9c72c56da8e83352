"""F19: what an item states of a file holds, or the file is refused; here and over the network."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import CorruptAssetError
from pipeline.fetch import fetch_scene
from pipeline.fetch import local as local_module
from pipeline.fetch.window import check_numbers, check_stated
from pipeline.model.grid import Grid
from pipeline.model.scene import Asset
from tests.faults.server import serve
from tests.unit.fetch_factory import LOOPBACK, SITE, TILE, Catalogue, one_band, options, store_at
from tests.unit.raster_factory import write_tiff
from tests.unit.scene_factory import GRID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.model.scene import FetchedScene

ONE = options(bands=("red",), attempts=1)
TRUE = {"shape": TILE.shape, "transform": TILE.transform}
SHIFTED = (10.0, 0.0, TILE.left + 10, 0.0, -10.0, TILE.top)
LIES = [
    ({"shape": (TILE.height, TILE.width + 1)}, "promises 400 x 361 pixels"),
    ({"shape": (TILE.width, TILE.height)}, "promises 360 x 400 pixels"),
    ({"transform": SHIFTED}, "promises the transform 10 0 189010"),
    ({"transform": (*TILE.transform[:5], TILE.top - 10)}, "the transform"),
    ({"transform": (*TILE.transform[:5], TILE.top - 5)}, "the transform"),
    ({"transform": (10.01, *TILE.transform[1:])}, "the transform"),
    ({"transform": (10.0, 0.0)}, "the transform"),
    ({"transform": (float("nan"),) * 6}, "the transform"),
    ({"gsd_m": 20.0}, "promises EPSG:32652 at 20 m"),
]


@pytest.fixture(params=["local", "remote"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the assets are said to be."""
    (tmp_path / "tiles").mkdir()
    if request.param == "local":
        yield ""
        return
    with serve(tmp_path / "tiles") as served:
        yield f"{served.url}/good"


def fetched(tmp_path: Path, base: str, epsg: int = 32652, **stated: Any) -> FetchedScene:  # noqa: ANN401 - any field
    scene = one_band(Catalogue(tmp_path / "tiles").scene("S", base), **stated)
    return fetch_scene(SITE, replace(scene, epsg=epsg), store_at(tmp_path), ONE, access=LOOPBACK)


@pytest.mark.parametrize("stated", [{}, TRUE, {"shape": TILE.shape}])
def test_f19_a_file_that_is_what_its_item_says_is_read(
    tmp_path: Path, base: str, stated: dict[str, Any]
) -> None:
    done = fetched(tmp_path, base, **stated)
    assert done.failures == ()
    assert done.chips["red"].grid == GRID


@pytest.mark.parametrize(("lie", "words"), LIES)
def test_f19_a_file_that_is_not_what_its_item_says_is_refused(
    tmp_path: Path, base: str, lie: dict[str, Any], words: str
) -> None:
    done = fetched(tmp_path, base, **lie)
    (failure,) = done.failures
    assert failure.kind == "CorruptAssetError"
    assert "metadata mismatch: the catalogue " in failure.reason
    assert words in failure.reason
    assert not (tmp_path / "chips").exists()


def test_f19_another_zone_is_refused(tmp_path: Path, base: str) -> None:
    (failure,) = fetched(tmp_path, base, epsg=32651).failures
    assert "metadata mismatch: the catalogue promises EPSG:32651" in failure.reason


def test_f19_nothing_is_read_of_a_file_that_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        pytest.fail("a pixel was read")

    (tmp_path / "tiles").mkdir()
    monkeypatch.setattr(local_module, "read_window", fail)
    assert fetched(tmp_path, "", transform=SHIFTED).failures


@given(st.floats(-1e-3, 1e-3), st.floats(-1e-3, 1e-3))
def test_rounded_coordinates_are_the_same_place(x: float, y: float) -> None:
    moved = (10.0, 0.0, TILE.left + x, 0.0, -10.0, TILE.top + y)
    check_stated(TILE, Asset("B04", "x", "red", 10.0, transform=moved))
    check_stated(TILE, Asset("B04", "x", "red", 10.0, transform=(*moved, 0.0, 0.0, 1.0)))


@given(st.floats(0.2, 1e6), st.sampled_from([2, 5]), st.sampled_from([-1, 1]))
def test_no_shift_of_a_part_of_a_pixel_goes_through(metres: float, at: int, sign: int) -> None:
    moved = list(TILE.transform)
    moved[at] += sign * metres
    with pytest.raises(CorruptAssetError, match="metadata mismatch"):
        check_stated(TILE, Asset("B04", "x", "red", 10.0, transform=tuple(moved)))


def test_a_pixel_that_is_a_little_too_wide_is_noticed_over_a_whole_tile() -> None:
    tile = Grid("EPSG:32652", 0.0, 0.0, 10.0, 10_980, 10_980)
    wide = (10.0001, 0.0, 0.0, 0.0, -10.0001, 0.0)
    with pytest.raises(CorruptAssetError, match="metadata mismatch"):
        check_stated(tile, Asset("B04", "x", "red", 10.0, transform=wide))


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "bool", "S4", "object"])
def test_numbers_that_no_sensor_delivers_are_refused(dtype: str) -> None:
    with pytest.raises(CorruptAssetError, match="type"):
        check_numbers(np.dtype(dtype))


def test_a_complex_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "tiles")
    scene = catalogue.scene("S")
    path = catalogue.put("c", TILE)
    write_tiff(path, np.ones(TILE.shape, "complex64"), TILE)
    (failure,) = fetch_scene(
        SITE, one_band(scene, href=str(path)), store_at(tmp_path), ONE
    ).failures
    assert "complex64" in failure.reason


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:32651", "promises EPSG:32652"),
        ("EPSG:4326", "north-up grid of square pixels|promises"),
        (
            "+proj=tmerc +lat_0=1 +lon_0=129 +k=0.9996 +x_0=5 +datum=WGS84 +units=m",
            "not a readable GeoTIFF",
        ),
        ("+proj=utm +zone=52 +datum=WGS84 +units=m", None),
    ],
)
def test_the_crs_of_a_remote_file_is_read_from_its_keys(
    tmp_path: Path, crs: str, words: str | None
) -> None:
    """A number that the header states, a CRS spelt out, and one that no register holds."""
    catalogue = Catalogue(tmp_path / "files")
    with serve(tmp_path / "files") as served:
        catalogue.put("odd", TILE, crs=crs)
        scene = one_band(catalogue.scene(), href=f"{served.url}/good/odd.tif")
        done = fetch_scene(SITE, scene, store_at(tmp_path), ONE, access=LOOPBACK)
    failed = {failure.band: failure.reason for failure in done.failures}
    if words is None:
        assert failed == {}
    else:
        assert list(failed) == ["red"]
        assert re.search(words, failed["red"])
