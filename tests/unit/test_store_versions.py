"""Versions lie beside one another, and no altered pixel is ever handed out."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pytest

from pipeline.errors import CorruptAssetError, StoreError
from pipeline.store import chips as chips_module
from pipeline.store.chip_record import UPSTREAM_CHANGED, ChipRecord, pixels_sha256
from pipeline.store.chips import ChipStore, Delivery
from pipeline.store.files import canonical_json, sha256_of
from tests.unit.raster_factory import pixels_of
from tests.unit.scene_factory import GRID, make_scene

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.model.scene import Chip, Scene

SCENE = make_scene("S2A_52SXX_20200805")
NEXT = replace(SCENE, processing_baseline="05.00")
WHEN = datetime(2026, 3, 1, 12, 30, 45, 678901, tzinfo=UTC)
LEGACY = (
    "scene", "collection", "band", "baseline", "simulated", "href", "etag", "nbytes",
    "covered_share", "grid", "dtype", "sha256", "source_sha256",
)  # fmt: skip
"""The fields of a record before there were versions."""


def save(store: ChipStore, scene: Scene = SCENE, seed: int = 0, **delivery: Any) -> Chip:  # noqa: ANN401 - any field
    came = Delivery(**({"etag": '"v1"'} | delivery))
    return store.save(scene, "red", pixels_of(GRID, seed), GRID, delivery=came)


def record_at(chip: Chip) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(chip.path.with_suffix(".json").read_bytes())
    return found


def with_checksum(scene: Scene, checksum: str) -> Scene:
    assets = {**scene.assets, "red": replace(scene.assets["red"], sha256=checksum)}
    return replace(scene, assets=assets)


def make_legacy(store: ChipStore, chip: Chip) -> None:
    """Put a chip where and how stores before versions had it."""
    record = {name: value for name, value in record_at(chip).items() if name in LEGACY}
    folder = store._folders(SCENE)[1]
    folder.mkdir()
    stem = store._path(SCENE, "red", GRID).name
    chip.path.rename(folder / f"{stem}.tif")
    chip.path.with_suffix(".json").unlink()
    (folder / f"{stem}.json").write_bytes(canonical_json(record))


def test_the_record_holds_where_when_and_how(tmp_path: Path) -> None:
    delivery: dict[str, Any] = {
        "nbytes": 77,
        "unverifiable": False,
        "radiometry": "scale 1",
        "retrieved_at": WHEN,
    }
    chip = save(ChipStore(tmp_path), with_checksum(SCENE, "ab" * 32), **delivery)
    record = record_at(chip)
    assert record["sha256"] == sha256_of(chip.path) == chip.sha256
    assert record["pixels_sha256"] == pixels_sha256(pixels_of(GRID)) == chip.pixels_sha256
    assert record["source_sha256"] == "ab" * 32
    assert (record["etag"], record["nbytes"], record["unverifiable"]) == ('"v1"', 77, False)
    assert datetime.fromisoformat(record["retrieved_at"]) == WHEN == chip.retrieved_at
    assert datetime.fromisoformat(record["instant"]) == SCENE.instant
    assert (record["baseline"], record["radiometry"]) == ("02.14", "scale 1")
    assert (record["version"], record["upstream_change"]) == (1, "")


def test_what_nobody_proved_is_said_to_be_unverifiable(tmp_path: Path) -> None:
    assert record_at(save(ChipStore(tmp_path)))["unverifiable"] is True


def test_the_time_of_retrieval_changes_no_byte_of_the_pixels(tmp_path: Path) -> None:
    one = save(ChipStore(tmp_path / "a"), retrieved_at=WHEN)
    two = save(ChipStore(tmp_path / "b"), retrieved_at=WHEN + timedelta(days=400))
    assert one.path.read_bytes() == two.path.read_bytes()
    assert replace(one, path=two.path) == two
    assert {**record_at(one), "retrieved_at": 0, "file_mtime_ns": 0} == (
        {**record_at(two), "retrieved_at": 0, "file_mtime_ns": 0}
    )


@pytest.mark.parametrize(
    ("scene", "etag", "words"),
    [
        (NEXT, '"v1"', "baseline 02.14 -> 05.00"),
        (SCENE, '"v2"', 'ETag "v1" -> "v2"'),
        (with_checksum(SCENE, "ab" * 32), '"v1"', "checksum none -> …abababababab"),
    ],
)
def test_f13_a_reprocessed_scene_lies_beside_the_old_one(
    tmp_path: Path, scene: Scene, etag: str, words: str
) -> None:
    store = ChipStore(tmp_path)
    old = save(store)
    before = old.path.read_bytes()
    new = save(store, scene, seed=1, etag=etag)
    assert new.upstream_change == f"{UPSTREAM_CHANGED}: {words}"
    assert (old.path.read_bytes(), old.path.parent) == (before, new.path.parent)
    assert np.array_equal(store.read(old), pixels_of(GRID, 0))
    assert np.array_equal(store.read(new), pixels_of(GRID, 1))
    for asked in (SCENE, scene):
        held = store.versions(asked, "red")
        assert [one.path for one in held] == [old.path, new.path]
        assert [one.record.version for one in held] == [1, 2]
    assert store.find(scene, "red", GRID) == new
    assert store.versions(SCENE, "nir") == ()


def test_f13_each_baseline_finds_its_own_version_only(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    old = save(store)
    assert store.find(NEXT, "red", GRID) is None
    new = save(store, NEXT, seed=1)
    assert store.find(SCENE, "red", GRID) == old
    assert store.find(NEXT, "red", GRID) == new
    assert store.find(replace(SCENE, processing_baseline="05.10"), "red", GRID) is None


def test_the_same_version_again_is_one_file_and_no_change(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    first = save(store)
    assert save(store) == first
    assert len(list(tmp_path.rglob("*.tif"))) == len(store.versions(SCENE, "red")) == 1


def test_equal_pixels_under_another_etag_are_a_version_and_no_change(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    first, second = save(store), save(store, etag='"v2"')
    assert second.upstream_change == ""
    assert first.sha256 == second.sha256
    assert [one.record.version for one in store.versions(SCENE, "red")] == [1, 2]


def test_upstream_that_goes_back_is_the_newest_again(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    save(store)
    save(store, seed=1, etag='"v2"')
    back = save(store)
    assert store.find(SCENE, "red", GRID) == back
    assert [one.record.version for one in store.versions(SCENE, "red")] == [2, 3]
    assert 'ETag "v2" -> "v1"' in back.upstream_change


def test_a_newest_version_that_is_damaged_is_not_replaced_by_an_older_one(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    save(store)
    new = save(store, seed=1, etag='"v2"')
    new.path.write_bytes(b"short")
    assert store.find(SCENE, "red", GRID) is None


def test_a_second_look_reads_no_chip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = save(ChipStore(tmp_path))

    def fail(_: Path) -> NoReturn:
        pytest.fail("the file was hashed")

    monkeypatch.setattr(chips_module, "sha256_of", fail)
    assert ChipStore(tmp_path).find(SCENE, "red", GRID) == chip


def test_a_file_that_was_touched_is_proven_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ChipStore(tmp_path)
    chip = save(store)
    os.utime(chip.path, ns=(5, 5))
    hashed: list[Path] = []

    def hash_of(path: Path) -> str:
        hashed.append(path)
        return sha256_of(path)

    monkeypatch.setattr(chips_module, "sha256_of", hash_of)
    assert [store.find(SCENE, "red", GRID) for _ in range(3)] == [chip] * 3
    assert hashed == [chip.path]


def test_a_store_that_cannot_be_written_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ChipStore(tmp_path)
    chip = save(store)
    os.utime(chip.path, ns=(5, 5))

    def full(*_: object) -> NoReturn:
        raise StoreError("read-only")

    monkeypatch.setattr(chips_module, "publish_bytes", full)
    assert store.find(SCENE, "red", GRID) == chip


def test_rot_under_an_unchanged_time_is_noticed_on_reading_and_then_fetched_anew(
    tmp_path: Path,
) -> None:
    store = ChipStore(tmp_path)
    chip = save(store)
    rot(chip.path, 8 * (chip.path.stat().st_size // 2))
    found = store.find(SCENE, "red", GRID)
    assert found == chip
    with pytest.raises(CorruptAssetError, match="altered"):
        store.read(found)
    assert store.find(SCENE, "red", GRID) is None
    assert save(store) == chip
    assert np.array_equal(store.read(chip), pixels_of(GRID))


def rot(path: Path, bit: int) -> None:
    """Flip one bit as a failing disk does it: size and time stay."""
    stat, data = path.stat(), bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << (bit % 8)
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_f10_of_200_flipped_bits_200_are_noticed(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    chip = save(store)
    n_bits = 8 * chip.path.stat().st_size
    n_noticed = 0
    for bit in np.random.default_rng(10).choice(n_bits, 200, replace=False).tolist():
        rot(chip.path, bit)
        with pytest.raises(CorruptAssetError):
            store.read(chip)
        n_noticed += 1
        rot(chip.path, bit)
    assert n_noticed == 200
    assert np.array_equal(store.read(chip), pixels_of(GRID))


@pytest.mark.parametrize("bits", [0x80000000, 0xFFC00000, 0x7FC00001])
def test_a_site_of_nothing_but_odd_zeros_or_odd_nan_is_kept(tmp_path: Path, bits: int) -> None:
    """A site outside the swath of a radar scene is such a chip."""
    pixels = np.full(GRID.shape, bits, np.uint32).view(np.float32)
    store = ChipStore(tmp_path)
    chip = store.save(SCENE, "red", pixels, GRID)
    assert np.array_equal(store.read(chip), pixels, equal_nan=True)


def test_f10_the_hash_of_the_numbers_holds_where_that_of_the_file_is_fooled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that errs, or a file swapped between hash and read."""
    store = ChipStore(tmp_path)
    chip = save(store)
    wrong = pixels_of(GRID)
    wrong[3, 4] ^= 1
    monkeypatch.setattr(chips_module, "read_window", lambda _: wrong[None])
    with pytest.raises(CorruptAssetError, match="altered"):
        store.read(chip)


def test_a_link_is_not_taken_for_a_chip(tmp_path: Path) -> None:
    store = ChipStore(tmp_path / "chips")
    chip = save(store)
    elsewhere = tmp_path / "elsewhere.tif"
    chip.path.rename(elsewhere)
    chip.path.symlink_to(elsewhere)
    assert store.find(SCENE, "red", GRID) is None


def test_a_store_of_before_versions_is_read(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    saved = save(store)
    make_legacy(store, saved)
    found = store.find(SCENE, "red", GRID)
    assert found is not None
    assert (found.sha256, found.pixels_sha256, found.retrieved_at) == (saved.sha256, "", None)
    assert np.array_equal(store.read(found), pixels_of(GRID))
    assert [one.record.version for one in store.versions(SCENE, "red")] == [1]
    found.path.write_bytes(b"II*\0")
    assert store.find(SCENE, "red", GRID) is None
    with pytest.raises(CorruptAssetError, match="altered"):
        store.read(found)


def test_a_new_version_beside_a_store_of_before_versions_is_noticed(tmp_path: Path) -> None:
    store = ChipStore(tmp_path)
    make_legacy(store, save(store))
    same, new = save(store), save(store, seed=1, etag='"v2"')
    assert same.upstream_change == ""
    assert UPSTREAM_CHANGED in new.upstream_change
    assert [one.record.version for one in store.versions(SCENE, "red")] == [1, 2, 3]


def test_holdings_are_all_chips_and_no_strangers(tmp_path: Path) -> None:
    store = ChipStore(tmp_path / "chips")
    assert list(store.holdings()) == []
    kept = {save(store).path, save(store, NEXT, seed=1).path}
    (store.root / "stray.txt").write_text("x")
    (store.root / "odd").mkdir()
    (store.root / "odd" / "half.json").write_text('{"scene": 3}')
    assert {held.path for held in store.holdings()} == kept


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    assert list(ChipStore(tmp_path).holdings()) == []
    save(ChipStore(tmp_path), retrieved_at=WHEN)
    (held,) = ChipStore(tmp_path).holdings()
    assert ChipRecord.model_validate_json(held.record.as_bytes()) == held.record


@pytest.mark.parametrize("dtype", ["uint8", "<u2", ">u2", "int16", "float32", "<f8"])
def test_the_hash_of_numbers_sees_type_shape_and_every_number(dtype: str) -> None:
    pixels = pixels_of(GRID, 1).astype(dtype)
    proof = pixels_sha256(pixels)
    assert proof == pixels_sha256(np.asfortranarray(pixels))
    assert proof != pixels_sha256(pixels.T)
    assert proof != pixels_sha256(pixels.astype("int64"))
    other = pixels.copy()
    other[-1, -1] += 1
    assert proof != pixels_sha256(other)
