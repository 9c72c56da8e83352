"""A server that misbehaves: the right pixels, or a failure with its reason; never zeros."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline import fetch as fetching
from pipeline.model.scene import Asset
from tests.faults.server import FAULTS, Served, serve
from tests.unit.fetch_factory import (
    BANDS,
    LOOPBACK,
    SITE,
    TILE,
    Catalogue,
    chip_grid,
    options,
    store_at,
    tile_of,
)
from tests.unit.scene_factory import GRID, make_scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.model.scene import FetchedScene, Scene

fetch = partial(fetching.fetch, access=LOOPBACK)
fetch_scene = partial(fetching.fetch_scene, access=LOOPBACK)
QUICK = options(bands=("red",), timeout_s=3.0, attempts=2)
PASSING = {
    "429-once", "429-date", "503-once", "cut-once", "swap-once", "good", "no-etag", "redirect",
}  # fmt: skip
REASONS = {
    "429": ("FetchRetryError", "answered 429"),
    "429-long": ("FetchRetryError", r"did not arrive within 3 s \(the server answered 429\)"),
    "500": ("FetchRetryError", "answered 500"),
    "503": ("FetchRetryError", "answered 503"),
    "403": ("FetchError", "answered 403"),
    "404": ("FetchError", "answered 404"),
    "signed": ("FetchError", "answered 403"),
    "cut": ("FetchRetryError", "connection failed"),
    "cut-blocks": ("FetchRetryError", "connection failed"),
    "500-blocks": ("FetchRetryError", "answered 500"),
    "short": ("FetchRetryError", "another range"),
    "short-blocks": ("FetchRetryError", "another range"),
    "shorter-blocks": ("FetchRetryError", "fewer bytes"),
    "longer-blocks": ("FetchRetryError", "fewer bytes"),
    "shifted-blocks": ("FetchRetryError", "another range"),
    "stall": ("FetchRetryError", "in time"),
    "stall-blocks": ("FetchRetryError", "in time"),
    "drip-blocks": ("FetchRetryError", "did not arrive within"),
    "swap": ("FetchRetryError|CorruptAssetError", "replaced|not a TIFF"),
    "swap-file": ("FetchRetryError", "replaced"),
    "grow": ("FetchRetryError", "replaced"),
    "whole": ("FetchError", "something else"),
    "whole-cut": ("FetchError", "something else"),
    "whole-drip": ("FetchError", "something else"),
    "whole-blocks": ("FetchError", "something else"),
    "html": ("FetchError", "something else"),
    "html-range": ("CorruptAssetError", "not a TIFF"),
    "html-blocks": ("CorruptAssetError", "not a readable"),
    "zeros-blocks": ("CorruptAssetError", "not a readable"),
    "gzip": ("FetchError", "compresses"),
    "redirects": ("FetchError", "redirects more than 3 times"),
    "redirect-out": ("FetchError", "not one to ask"),
    "redirect-leak": ("FetchError", "may not have this request"),
    "redirect-bad": ("FetchError", "not one to ask"),
}


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    catalogue = Catalogue(tmp_path / "tiles")
    catalogue.put("a", TILE)
    (catalogue.folder / "other-a.tif").write_bytes((catalogue.folder / "a.tif").read_bytes())
    return catalogue


@pytest.fixture
def served(catalogue: Catalogue) -> Iterator[Served]:
    with serve(catalogue.folder) as server:
        yield server


def scene_at(url: str, name: str = "S2A") -> Scene:
    return make_scene(name, assets={"red": Asset("B04", url, "red", 10.0, nodata=0.0)})


def only_failure(done: FetchedScene) -> tuple[str, str]:
    assert done.chips == {}
    (failure,) = done.failures
    assert (failure.scene_id, failure.band) == (done.scene.id, "red")
    return failure.kind, failure.reason


def test_every_fault_has_its_test() -> None:
    assert set(FAULTS) == PASSING | set(REASONS)


@pytest.mark.parametrize("fault", sorted(PASSING))
def test_what_passes_ends_in_the_right_pixels(
    tmp_path: Path, catalogue: Catalogue, served: Served, fault: str
) -> None:
    chips = store_at(tmp_path)
    done = fetch_scene(SITE, scene_at(f"{served.url}/{fault}/a.tif"), chips, QUICK)
    assert done.failures == ()
    chip = done.chips["red"]
    assert np.array_equal(chips.read(chip), catalogue.expected("a", TILE, GRID))
    assert chip.source_etag == {"no-etag": "", "swap-once": '"v2"'}.get(fault, '"v1"')


@pytest.mark.parametrize("fault", sorted(REASONS))
def test_what_does_not_pass_ends_in_a_failure_and_no_chip(
    tmp_path: Path, served: Served, fault: str
) -> None:
    url = f"{served.url}/{fault}/a.tif?sig=CANARY-SIGNATURE&se=2020"
    done = fetch_scene(SITE, scene_at(url), store_at(tmp_path), QUICK)
    kind, reason = only_failure(done)
    assert re.fullmatch(REASONS[fault][0], kind)
    assert re.search(REASONS[fault][1], reason)
    assert reason.startswith("a.tif: ")
    assert "CANARY" not in reason
    assert "secret" not in reason
    assert "\n" not in reason
    assert not (tmp_path / "chips").exists()


def test_f09_two_sound_versions_are_never_mixed(
    tmp_path: Path, catalogue: Catalogue, served: Served
) -> None:
    """Uncompressed, so that no decoder could tell: only the version of the object does."""
    for name, seed in (("b", 1), ("other-b", 2)):
        catalogue.put(name, TILE, seed=seed, compress="none")
    sizes = {(catalogue.folder / f"{name}.tif").stat().st_size for name in ("b", "other-b")}
    assert len(sizes) == 1
    done = fetch_scene(SITE, scene_at(f"{served.url}/swap-file/b.tif"), store_at(tmp_path), QUICK)
    kind, reason = only_failure(done)
    assert (kind, "replaced while it was read" in reason) == ("FetchRetryError", True)
    assert len(served.requests) == 2 * QUICK.attempts


@pytest.mark.parametrize("status", ["429-once", "503-once"])
def test_f01_ranges_are_asked_again_after_the_pause_that_the_server_asks_for(
    tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("pipeline.network.retries.asyncio.sleep", note)
    monkeypatch.setattr("pipeline.network.retries.wait_of", lambda header, _: 9.0 if header else 0)
    done = fetch_scene(SITE, scene_at(f"{served.url}/{status}/a.tif"), store_at(tmp_path), QUICK)
    assert done.failures == ()
    assert pauses == [9.0 if status == "429-once" else 0.25]


@pytest.mark.parametrize(("fault", "n_requests"), [("500", 3), ("404", 1), ("403", 1), ("html", 1)])
def test_only_what_may_pass_is_asked_again(
    tmp_path: Path, served: Served, fault: str, n_requests: int
) -> None:
    scene = scene_at(f"{served.url}/{fault}/a.tif")
    fetch_scene(SITE, scene, store_at(tmp_path), options(bands=("red",), attempts=3))
    assert len(served.requests) == n_requests


@pytest.mark.parametrize("compress", ["none", "deflate", "lzw", "zstd"])
@pytest.mark.parametrize("fault", ["cut-blocks", "short-blocks", "shorter-blocks", "500-blocks"])
def test_no_compression_turns_missing_bytes_into_zeros(
    catalogue: Catalogue, served: Served, compress: str, fault: str
) -> None:
    catalogue.put("b", TILE, compress=compress)
    chips = store_at(catalogue.folder)
    good = fetch_scene(SITE, scene_at(f"{served.url}/good/b.tif", "good"), chips, QUICK)
    expected = catalogue.expected("b", TILE, GRID)
    assert np.array_equal(chips.read(good.chips["red"]), expected)
    done = fetch_scene(SITE, scene_at(f"{served.url}/{fault}/b.tif", "bad"), chips, QUICK)
    assert only_failure(done)[0] == "FetchRetryError"


@pytest.mark.parametrize("compress", ["none", "deflate"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.28])
def test_a_remote_file_cut_short_is_a_failure(
    catalogue: Catalogue, served: Served, compress: str, share: float
) -> None:
    path = catalogue.put("c", TILE, compress=compress, blockxsize=128, blockysize=128)
    size = path.stat().st_size
    # The site lies in the fourth of twelve blocks, so that every cut takes some of it.
    path.write_bytes(path.read_bytes()[: int(share * size)])
    done = fetch_scene(SITE, scene_at(f"{served.url}/good/c.tif"), store_at(path.parent), QUICK)
    assert only_failure(done)[0] in ("CorruptAssetError", "FetchRetryError")


def test_one_bad_asset_does_not_harm_the_others(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "tiles")
    with serve(catalogue.folder) as served:
        scenes = [catalogue.scene(f"S{n}", f"{served.url}/good", n) for n in range(3)]
        bad = replace(scenes[1].assets["nir"], href=f"{served.url}/500/S1-nir.tif?sig=CANARY")
        scenes[1] = replace(scenes[1], assets={**scenes[1].assets, "nir": bad})
        heard: list[str] = []
        chips = store_at(tmp_path)
        done = fetch(SITE, scenes, chips, options(attempts=2), lambda d: heard.append(d.scene.id))
    assert [one.scene.id for one in done] == ["S0", "S1", "S2"]
    assert sorted(heard) == ["S0", "S1", "S2"]
    assert [len(one.failures) for one in done] == [0, 1, 0]
    for one in done:
        for band, chip in one.chips.items():
            expected = catalogue.expected(f"{one.scene.id}-{band}", tile_of(band), chip_grid(band))
            assert np.array_equal(chips.read(chip), expected)
    assert sum(len(one.chips) for one in done) == 3 * len(BANDS) - 1


def test_a_second_fetch_asks_nothing(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "tiles")
    with serve(catalogue.folder) as served:
        scenes = [catalogue.scene(f"S{n}", f"{served.url}/good", n) for n in range(3)]
        first = fetch(SITE, scenes, store_at(tmp_path), options())
        assert len(served.requests) == 2 * 3 * len(BANDS)
        served.requests.clear()
        assert fetch(SITE, scenes, store_at(tmp_path), options()) == first
        assert served.requests == []
    assert fetch(SITE, scenes, store_at(tmp_path), options()) == first


def test_a_failed_asset_is_the_only_one_asked_for_again(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "tiles")
    with serve(catalogue.folder) as served:
        scene = catalogue.scene("S0", f"{served.url}/good")
        red = scene.assets["red"]
        broken = replace(red, href=f"{served.url}/404/S0-red.tif")
        chips = store_at(tmp_path)
        fetch_scene(SITE, replace(scene, assets={**scene.assets, "red": broken}), chips, options())
        served.requests.clear()
        done = fetch_scene(SITE, scene, chips, options())
        assert done.failures == ()
        assert {path for path, _ in served.requests} == {"/good/S0-red.tif"}


def test_only_the_blocks_over_the_site_are_read(
    tmp_path: Path, catalogue: Catalogue, served: Served
) -> None:
    path = catalogue.put("big", replace(TILE, height=2000, width=2000), blockxsize=256)
    done = fetch_scene(SITE, scene_at(f"{served.url}/good/big.tif"), store_at(tmp_path), QUICK)
    n_read = sum(
        min(int(last), path.stat().st_size - 1) - int(first) + 1
        for first, last in re.findall(r"bytes=(\d+)-(\d+)", str(served.requests))
    )
    assert done.chips["red"].source_nbytes == n_read
    assert n_read < path.stat().st_size / 20


def test_the_request_tells_nothing_about_us_and_asks_for_no_compression(
    tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    done = fetch_scene(SITE, scene_at(f"{served.url}/good/a.tif"), store_at(tmp_path), QUICK)
    assert done.failures == ()
    for headers in served.headers:
        assert headers["accept-encoding"] == "identity"
        assert headers["user-agent"] == "zonewatch"
        assert not {"cookie", "authorization", "referer"} & set(headers)


def test_a_closed_port_is_a_failure(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    done = fetch_scene(SITE, scene_at(f"http://127.0.0.1:{port}/a"), store_at(tmp_path), QUICK)
    assert only_failure(done)[1].startswith("a: the connection failed (ConnectError)")


def test_a_server_that_never_answers_is_left_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.tif"
        brief = options(bands=("red",), timeout_s=0.5, attempts=2)
        done = fetch_scene(SITE, scene_at(url), store_at(tmp_path), brief)
    assert only_failure(done)[0] == "FetchRetryError"


def test_no_more_assets_than_allowed_are_on_their_way(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "tiles")
    with serve(catalogue.folder) as served:
        scenes = [catalogue.scene(f"S{n}", f"{served.url}/good", n) for n in range(2)]
        done = fetch(SITE, scenes, store_at(tmp_path), options(concurrency=1))
        asked = [path for path, _ in served.requests]
    assert all(not one.failures for one in done)
    # One asset after the other: header and block of each stand together.
    assert asked[0::2] == asked[1::2]
    assert len(set(asked)) == len(asked) // 2
