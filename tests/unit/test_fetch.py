"""Fetching from a local catalogue: every asset ends as a chip or as a failure, and once only."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.fetch import fetch, fetch_scene
from pipeline.fetch import local as local_module
from pipeline.model.grid import Grid
from pipeline.store import rasters
from pipeline.store.chips import ChipStore
from pipeline.store.files import sha256_of
from tests.unit.fetch_factory import (
    BANDS,
    SITE,
    TILE,
    Catalogue,
    chip_grid,
    one_band,
    options,
    store_at,
    tile_of,
)
from tests.unit.scene_factory import CRS, GRID

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from pipeline.fetch.local import Delivered
    from pipeline.model.scene import Chip, FetchedScene


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "tiles")


@pytest.fixture
def chips(tmp_path: Path) -> ChipStore:
    return store_at(tmp_path)


def reason_of(done: FetchedScene, band: str = "red") -> tuple[str, str]:
    """Kind and reason of the only failure; all other bands have arrived."""
    (failure,) = done.failures
    assert failure.band == band
    assert set(done.chips) == set(BANDS) - {band}
    assert "\n" not in failure.reason
    return failure.kind, failure.reason


def test_chips_are_the_pixels_over_the_site(catalogue: Catalogue, chips: ChipStore) -> None:
    done = fetch_scene(SITE, catalogue.scene(), chips, options())
    assert done.failures == ()
    assert tuple(done.chips) == BANDS
    for band, chip in done.chips.items():
        assert chip.grid == chip_grid(band)
        got = chips.read(chip)
        assert np.array_equal(
            got, catalogue.expected(f"S2A_52SXX-{band}", tile_of(band), chip.grid)
        )
        assert got.dtype == (np.uint8 if band == "scl" else np.uint16)


def test_scenes_come_back_in_their_order_and_are_told_of(
    catalogue: Catalogue, chips: ChipStore
) -> None:
    scenes = [catalogue.scene(f"S{n}", day=n) for n in range(4)]
    heard: list[FetchedScene] = []
    done = fetch(SITE, scenes, chips, options(concurrency=3), heard.append)
    assert [one.scene for one in done] == scenes
    assert sorted(heard, key=lambda one: one.scene.id) == list(done)
    assert fetch(SITE, (), chips, options()) == ()


def test_a_second_fetch_opens_no_file(
    catalogue: Catalogue, chips: ChipStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = [catalogue.scene(f"S{n}", day=n) for n in range(2)]
    first = fetch(SITE, scenes, chips, options())

    def fail(*_: object) -> NoReturn:
        pytest.fail("a source was read again")

    monkeypatch.setattr(local_module, "open_raster", fail)
    assert fetch(SITE, scenes, chips, options()) == first


def test_a_band_that_is_missing_is_a_failure_unless_it_is_optional(
    catalogue: Catalogue, chips: ChipStore
) -> None:
    scene = catalogue.scene()
    assets = {band: asset for band, asset in scene.assets.items() if band != "red"}
    done = fetch_scene(SITE, replace(scene, assets=assets), chips, options())
    assert reason_of(done) == ("MissingBandError", "the scene does not have this band")
    some = options(bands=("blue", "green", "nir", "scl"), optional_bands=("red", "swir16"))
    assert fetch_scene(SITE, replace(scene, assets=assets), chips, some).failures == ()
    assert set(fetch_scene(SITE, scene, chips, some).chips) == set(BANDS)


def test_an_altered_chip_is_fetched_again(catalogue: Catalogue, chips: ChipStore) -> None:
    scene = catalogue.scene()
    first = fetch_scene(SITE, scene, chips, options())
    path = first.chips["red"].path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    assert fetch_scene(SITE, scene, chips, options()) == first
    assert sha256_of(path) == first.chips["red"].sha256


def test_a_source_that_was_replaced_is_fetched_again(
    catalogue: Catalogue, chips: ChipStore
) -> None:
    scene = catalogue.scene()
    first = fetch_scene(SITE, scene, chips, options())
    path = catalogue.put("S2A_52SXX-red", TILE, seed=99)
    os.utime(path, ns=(1, 1))
    second = fetch_scene(SITE, scene, chips, options())
    expected = catalogue.expected("S2A_52SXX-red", TILE, GRID)
    assert np.array_equal(chips.read(second.chips["red"]), expected)
    assert second.chips["red"].sha256 != first.chips["red"].sha256
    assert second.chips["nir"] == first.chips["nir"]


def test_a_source_that_is_gone_does_not_take_the_chip_with_it(
    catalogue: Catalogue, chips: ChipStore
) -> None:
    scene = catalogue.scene()
    first = fetch_scene(SITE, scene, chips, options())
    for path in catalogue.folder.iterdir():
        path.unlink()
    assert fetch_scene(SITE, scene, chips, options()) == first


def test_a_stated_checksum_is_proven(catalogue: Catalogue, chips: ChipStore) -> None:
    scene = catalogue.scene()
    path = catalogue.folder / "S2A_52SXX-red.tif"
    good = one_band(scene, sha256=sha256_of(path).upper())
    assert fetch_scene(SITE, good, chips, options()).failures == ()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    bad = replace(good, id="other")
    kind, reason = reason_of(fetch_scene(SITE, bad, chips, options()))
    assert kind == "CorruptAssetError"
    assert "checksum" in reason
    lies = one_band(replace(scene, id="third"), sha256="00" * 32)
    assert reason_of(fetch_scene(SITE, lies, chips, options()))[0] == "CorruptAssetError"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3])
def test_a_truncated_file_is_a_failure(
    catalogue: Catalogue, chips: ChipStore, share: float
) -> None:
    scene = catalogue.scene()
    path = catalogue.folder / "S2A_52SXX-red.tif"
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    kind, reason = reason_of(fetch_scene(SITE, scene, chips, options()))
    assert kind == "CorruptAssetError"
    assert reason.startswith("S2A_52SXX-red.tif: ")
    assert str(catalogue.folder) not in reason


def test_a_file_that_is_not_there_is_a_failure(catalogue: Catalogue, chips: ChipStore) -> None:
    scene = one_band(catalogue.scene(), href=str(catalogue.folder / "none.tif"))
    kind, reason = reason_of(fetch_scene(SITE, scene, chips, options()))
    assert (kind, reason) == (
        "FetchError",
        "none.tif: the catalogue names a file that is not there",
    )


@pytest.mark.parametrize(
    "href",
    ["s3://bucket/a.tif?sig=CANARY", "ftp://h/a.tif?sig=CANARY", "http://example.org/a.tif?CANARY",
     "https://10.0.0.1/a.tif?sig=CANARY", "/vsicurl/https://h/a.tif?sig=CANARY", "", "a\0b"],
)  # fmt: skip
def test_addresses_that_are_not_followed_are_failures(
    catalogue: Catalogue, chips: ChipStore, href: str
) -> None:
    scene = one_band(catalogue.scene(), href=href)
    kind, reason = reason_of(fetch_scene(SITE, scene, chips, options()))
    assert kind == "FetchError"
    assert "CANARY" not in reason


@pytest.mark.parametrize(
    ("grid", "match"),
    [
        (replace(TILE, crs="EPSG:32651"), "promises EPSG:32652"),
        (replace(TILE, gsd_m=20.0), "at 20 m"),
        (replace(TILE, left=TILE.left + 50_000), "does not reach"),
    ],
)
def test_a_file_that_is_not_the_promised_one_is_a_failure(
    catalogue: Catalogue, chips: ChipStore, grid: Grid, match: str
) -> None:
    scene = one_band(catalogue.scene(), href=str(catalogue.put("odd", grid)))
    kind, reason = reason_of(fetch_scene(SITE, scene, chips, options()))
    assert kind == "CorruptAssetError"
    assert match in reason


def test_a_file_with_several_bands_is_a_failure(catalogue: Catalogue, chips: ChipStore) -> None:
    scene = catalogue.scene()
    path = catalogue.folder / "rgb.tif"
    bands = {name: np.ones(TILE.shape, np.uint16) for name in ("r", "g", "b")}
    rasters.write_cog(path, bands, TILE, nodata=0, tags={})
    done = fetch_scene(SITE, one_band(scene, href=str(path)), chips, options())
    assert "3 bands" in reason_of(done)[1]


def test_a_site_at_the_edge_of_a_tile_is_filled_up_with_nodata(
    catalogue: Catalogue, chips: ChipStore
) -> None:
    half = Grid(CRS, GRID.left + 100, GRID.top - 40, 10.0, 100, 100)
    scene = one_band(catalogue.scene(), href=str(catalogue.put("half", half)), nodata=9.0)
    done = fetch_scene(SITE, scene, chips, options())
    got = chips.read(done.chips["red"])
    expected = catalogue.expected("half", half, GRID)
    assert np.array_equal(got, np.where(expected == 0, 9, expected))
    record = done.chips["red"].path.with_suffix(".json").read_text()
    assert f'"covered_share":{20 * 16 / 600}' in record


def test_a_tile_with_an_offset_of_its_own_is_cut_on_its_own_pixels(
    catalogue: Catalogue, chips: ChipStore
) -> None:
    odd = replace(TILE, left=TILE.left + 7.57655193, top=TILE.top - 0.785)
    scene = one_band(catalogue.scene(), href=str(catalogue.put("odd", odd)))
    one = options(bands=("red",))
    done = fetch_scene(SITE, scene, chips, one)
    chip = done.chips["red"]
    assert (chip.grid.left - odd.left) % 10 == pytest.approx(0, abs=1e-6)
    assert np.array_equal(chips.read(chip), catalogue.expected("odd", odd, chip.grid))
    assert fetch_scene(SITE, scene, chips, one) == done


def test_a_full_disk_ends_the_fetch_and_is_no_fault_of_an_asset(
    catalogue: Catalogue, chips: ChipStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = [catalogue.scene(f"S{n}", day=n) for n in range(3)]

    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="free space") as caught:
        fetch(SITE, scenes, chips, options())
    monkeypatch.undo()
    assert not isinstance(caught.value, ExceptionGroup)
    assert not list(chips.root.rglob("*.tif"))
    assert all(not one.failures for one in fetch(SITE, scenes, chips, options()))


def test_several_threads_may_fetch_at_once(catalogue: Catalogue, chips: ChipStore) -> None:
    """As Prefect does: one task a scene, and the same scene twice."""
    scenes = [catalogue.scene(f"S{n % 3}", day=n % 3) for n in range(6)]
    done: dict[int, FetchedScene] = {}

    def work(n: int) -> None:
        done[n] = fetch_scene(SITE, scenes[n], chips, options())

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done[n].failures for n in range(6)] == [()] * 6
    assert [done[n].chips for n in range(3)] == [done[n + 3].chips for n in range(3)]


class SlowChips(ChipStore):
    """A store that is slower than any source, and counts the pixels that wait for it."""

    n_read = n_saved = n_waiting = 0

    def save(self, *args: Any, **options: Any) -> Chip:  # noqa: ANN401 - as its base
        """Keep the pixels, after a while."""
        time.sleep(0.02)
        self.n_saved += 1
        return super().save(*args, **options)

    def read_one(self, read: Callable[..., Delivered], *args: Any) -> Delivered:  # noqa: ANN401 - any
        """Read, and count what is not saved yet."""
        got = read(*args)
        self.n_read += 1
        self.n_waiting = max(self.n_waiting, self.n_read - self.n_saved)
        return got


def test_pixels_do_not_pile_up_before_a_slow_disk(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SlowChips(tmp_path / "slow")
    read = local_module.read_local
    one = "pipeline.fetch.read_local"
    monkeypatch.setattr(one, lambda *args: store.read_one(read, *args))
    scenes = [catalogue.scene(f"S{n}", day=n) for n in range(5)]
    done = fetch(SITE, scenes, store, options(concurrency=2))
    assert all(one.failures == () for one in done)
    assert store.n_read == store.n_saved == 5 * len(BANDS)
    # Two on their way, and as many waiting for the disk.
    assert store.n_waiting <= 4


def test_one_trip_to_a_thread_finds_all_bands_of_a_kept_scene(
    catalogue: Catalogue, chips: ChipStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = [catalogue.scene(f"S{n}", day=n) for n in range(3)]
    first = fetch(SITE, scenes, chips, options())
    trips: list[object] = []
    to_thread = asyncio.to_thread

    def counted(work: Callable[[], object], *args: object) -> Coroutine[Any, Any, object]:
        trips.append(work)
        return to_thread(work, *args)

    monkeypatch.setattr(asyncio, "to_thread", counted)
    assert fetch(SITE, scenes, chips, options()) == first
    assert len(trips) == len(scenes)
