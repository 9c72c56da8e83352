"""Chips keep what was delivered, under names that nobody else chooses."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import CorruptAssetError, StoreError
from pipeline.model.grid import Grid
from pipeline.model.scene import Asset
from pipeline.store.chips import ChipStore, Delivery, lattice_of
from pipeline.store.rasters import open_raster
from tests.unit.raster_factory import pixels_of
from tests.unit.scene_factory import GRID, make_scene

if TYPE_CHECKING:
    from pipeline.model.scene import Chip, Scene

SCENE = make_scene("S2A_52SXX_20200805")
PIXELS = pixels_of(GRID)


def with_asset(scene: Scene = SCENE, **changes: Any) -> Scene:  # noqa: ANN401 - any field
    assets = {**scene.assets, "red": replace(scene.assets["red"], **changes)}
    return replace(scene, assets=assets)


def save(store: ChipStore, scene: Scene = SCENE, band: str = "red") -> Chip:
    return store.save(scene, band, PIXELS, GRID, delivery=Delivery('"v1"', 123, 0.5))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_a_chip_is_found_and_read_as_it_was_saved(tmp_path: Path, dtype: str) -> None:
    store = ChipStore(tmp_path)
    pixels = pixels_of(GRID, 3, dtype)
    saved = store.save(SCENE, "red", pixels, GRID, delivery=Delivery('"v1"', 123, 0.5))
    found = ChipStore(tmp_path).find(SCENE, "red", GRID)
    assert found == saved
    assert (saved.source_etag, saved.source_nbytes, saved.grid) == ('"v1"', 123, GRID)
    got = store.read(saved)
    assert got.dtype == pixels.dtype
    assert np.array_equal(got, pixels)


def test_an_empty_store_finds_nothing_and_makes_nothing(tmp_path: Path) -> None:
    assert ChipStore(tmp_path / "chips").find(SCENE, "red", GRID) is None
    assert list(tmp_path.iterdir()) == []


def test_the_same_chip_has_the_same_bytes(tmp_path: Path) -> None:
    one, two = save(ChipStore(tmp_path / "a")), save(ChipStore(tmp_path / "b"))
    assert one.sha256 == two.sha256
    assert one.path.read_bytes() == two.path.read_bytes()
    assert one.path.relative_to(tmp_path / "a") == two.path.relative_to(tmp_path / "b")


@pytest.mark.parametrize(
    "other",
    [
        replace(SCENE, id="S2A_52SXX_20200810"),
        replace(SCENE, processing_baseline="05.00"),
        replace(SCENE, processing_baseline=None),
        replace(SCENE, collection="sentinel-2-c1-l2a"),
        replace(SCENE, is_simulated=True),
        replace(SCENE, assets={}),
        with_asset(sha256="ab" * 32),
        with_asset(href="/nowhere/else/other.tif"),
    ],
)
def test_another_scene_has_no_chip(tmp_path: Path, other: Scene) -> None:
    store = ChipStore(tmp_path)
    save(store)
    assert store.find(other, "red", GRID) is None


@pytest.mark.parametrize(
    "grid",
    [
        replace(GRID, crs="EPSG:32651"),
        replace(GRID, left=GRID.left + 20),
        replace(GRID, top=GRID.top - 20),
        replace(GRID, height=GRID.height + 2),
        replace(GRID, width=GRID.width - 2),
        Grid(GRID.crs, GRID.left, GRID.top, 20.0, GRID.height, GRID.width),
    ],
)
def test_another_place_or_band_has_no_chip(tmp_path: Path, grid: Grid) -> None:
    store = ChipStore(tmp_path)
    save(store)
    assert store.find(SCENE, "red", grid) is None
    assert store.find(SCENE, "nir", GRID) is None


@given(st.floats(-9.99, 9.99), st.floats(-9.99, 9.99))
def test_an_own_offset_of_the_raster_is_the_same_place(x: float, y: float) -> None:
    store = ChipStore(Path("/nowhere"))
    moved = replace(GRID, left=GRID.left + x, top=GRID.top + y)
    assert store._path(SCENE, "red", moved) == store._path(SCENE, "red", GRID)


@pytest.mark.parametrize("gsd_m", [2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 100.0])
def test_the_lattice_holds_whole_pixels(gsd_m: float) -> None:
    assert lattice_of(gsd_m) % gsd_m == 0


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=40))
def test_names_of_strangers_never_leave_the_folder(name: str, band: str, coll: str) -> None:
    scene = replace(SCENE, id=name, collection=coll, assets={band: Asset("x", "/x.tif", band, 10)})
    with tempfile.TemporaryDirectory() as folder:
        store = ChipStore(Path(folder) / "chips")
        try:
            chip = store.save(scene, band, PIXELS, GRID)
        except StoreError:  # lone surrogates do not fit into a record
            return
        assert chip.path.resolve().is_relative_to(store.root)
        assert len(chip.path.relative_to(store.root).parts) == 2
        assert chip.path.name.isascii()
        assert store.find(scene, band, GRID) == chip


@pytest.mark.parametrize("name", ["../../../x", "/etc/passwd", ".", "", "a/b", "개성", "x" * 400])
def test_path_like_ids_become_slugs(tmp_path: Path, name: str) -> None:
    store = ChipStore(tmp_path / "chips")
    chip = save(store, replace(SCENE, id=name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chips"]
    assert chip.path.parent.parent == store.root
    assert store.find(replace(SCENE, id=name), "red", GRID) == chip


def test_ids_that_look_alike_as_slugs_do_not_share_a_chip(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    save(store, replace(SCENE, id="a/b"))
    assert store.find(replace(SCENE, id="a-b"), "red", GRID) is None
    assert store.find(replace(SCENE, id="A/B"), "red", GRID) is None


def test_one_flipped_bit_is_never_read(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    chip = save(store)
    data = chip.path.read_bytes()
    for place in range(0, len(data), max(1, len(data) // 40)):
        bad = bytearray(data)
        bad[place] ^= 1 << (place % 8)
        chip.path.write_bytes(bad)
        with pytest.raises(CorruptAssetError, match="altered"):
            store.read(chip)
        assert store.find(SCENE, "red", GRID) is None
    chip.path.write_bytes(data)
    assert store.find(SCENE, "red", GRID) == chip


def test_a_chip_of_another_scene_under_this_name_is_not_found(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    chip = save(store)
    other = store.save(replace(SCENE, id="other"), "red", pixels_of(GRID, 9), GRID)
    chip.path.write_bytes(other.path.read_bytes())
    chip.path.with_suffix(".json").write_bytes(other.path.with_suffix(".json").read_bytes())
    assert store.find(SCENE, "red", GRID) is None


@pytest.mark.parametrize(
    "record", [b"", b"{}", b"[]", b"null", b"\xff", b'{"scene": 1}', b"[" * 100_000]
)
def test_a_damaged_record_is_no_chip(tmp_path: Path, record: bytes) -> None:
    store = ChipStore(tmp_path)
    chip = save(store)
    chip.path.with_suffix(".json").write_bytes(record)
    assert store.find(SCENE, "red", GRID) is None


@pytest.mark.parametrize("key", ["scene", "band", "grid", "sha256", "etag", "nbytes", "baseline"])
def test_a_record_without_one_of_its_keys_is_no_chip(tmp_path: Path, key: str) -> None:
    store = ChipStore(tmp_path)
    path = save(store).path.with_suffix(".json")
    record = json.loads(path.read_bytes())
    del record[key]
    path.write_text(json.dumps(record))
    assert store.find(SCENE, "red", GRID) is None


@pytest.mark.parametrize("ending", [".tif", ".json"])
def test_half_a_chip_is_no_chip(tmp_path: Path, ending: str) -> None:
    store = ChipStore(tmp_path)
    chip = save(store)
    chip.path.with_suffix(ending).unlink()
    assert store.find(SCENE, "red", GRID) is None


def test_a_chip_that_is_gone_is_an_error(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    chip = save(store)
    chip.path.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        store.read(chip)


def test_the_record_says_where_it_came_from_without_a_signature(tmp_path: Path) -> None:
    href = "https://user@example.org:8443/a/B04.tif?sig=CANARY&se=1#CANARY"
    scene = replace(with_asset(href=href), is_simulated=True)
    chip = save(ChipStore(tmp_path), scene)
    text = chip.path.with_suffix(".json").read_text()
    record = json.loads(text)
    assert record["href"] == "https://example.org/a/B04.tif"
    assert (record["baseline"], record["dtype"], record["covered_share"]) == (
        "02.14",
        "uint16",
        0.5,
    )
    assert (record["nbytes"], record["etag"], record["simulated"]) == (123, '"v1"', True)
    assert b"CANARY" not in chip.path.read_bytes() + text.encode()
    with open_raster(chip.path) as dataset:
        assert dataset.tags()["zonewatch_simulated"] == "true"


def test_the_record_names_no_folder_of_this_machine(tmp_path: Path) -> None:
    chip = save(ChipStore(tmp_path))
    assert b"/nowhere" not in chip.path.read_bytes()
    assert json.loads(chip.path.with_suffix(".json").read_bytes())["href"] == "red.tif"


@pytest.mark.parametrize("nodata", [None, 0.0, 255.0, -1.0, 70000.0, float("nan")])
def test_a_nodata_number_that_does_not_fit_is_no_reason_to_fail(
    tmp_path: Path, nodata: float | None
) -> None:
    store = ChipStore(tmp_path)
    chip = save(store, with_asset(nodata=nodata))
    assert np.array_equal(store.read(chip), PIXELS)
