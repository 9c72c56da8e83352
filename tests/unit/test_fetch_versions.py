"""Two versions of one scene never stand together unsaid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.fetch import fetch_scene
from pipeline.fetch.versions import mixed_with, radiometry_words, remarks_on
from pipeline.model.scene import AssetFailure, Chip
from pipeline.store.chip_record import UPSTREAM_CHANGED
from pipeline.store.files import sha256_of
from tests.faults.server import FAULTS, serve
from tests.unit.fetch_factory import (
    BANDS,
    LOOPBACK,
    SITE,
    Catalogue,
    chip_grid,
    options,
    store_at,
    tile_of,
)
from tests.unit.scene_factory import GRID, make_scene

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EARLIER = NOW - timedelta(days=30)
CHANGED = f"{UPSTREAM_CHANGED}: ETag a -> b"


SCENE = make_scene(
    assets={
        band: replace(asset, href=f"https://example.org/{band}.tif")
        for band, asset in make_scene().assets.items()
    }
)


def chip(band: str, when: datetime | None, change: str = "") -> Chip:
    return Chip("scene", band, Path("x"), GRID, "0" * 64, upstream_change=change, retrieved_at=when)


def test_held_bands_are_doubted_when_another_band_was_replaced() -> None:
    ends: dict[str, Chip | AssetFailure] = {
        "red": chip("red", NOW, CHANGED),
        "nir": chip("nir", EARLIER),
        "blue": chip("blue", None),
        "scl": AssetFailure("scene", "scl", "FetchError", "cut"),
    }
    assert mixed_with(SCENE, ends, NOW) == ("nir", "blue")


def test_held_bands_are_trusted_while_nothing_was_replaced_now() -> None:
    ends = {"red": chip("red", NOW), "nir": chip("nir", EARLIER, CHANGED)}
    assert mixed_with(SCENE, ends, NOW) == ()


def test_a_band_whose_version_is_proven_is_not_doubted() -> None:
    proven = replace(SCENE.assets["nir"], sha256="ab" * 32)
    local = replace(SCENE.assets["blue"], href="/data/blue.tif")
    scene = replace(SCENE, assets={**SCENE.assets, "nir": proven, "blue": local})
    ends = {"red": chip("red", NOW, CHANGED)} | {
        band: chip(band, EARLIER) for band in ("nir", "blue", "green")
    }
    assert mixed_with(scene, ends, NOW) == ("green",)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((NOW, NOW), False),
        ((NOW, NOW - timedelta(hours=20)), False),
        ((NOW, EARLIER), True),
        ((NOW, None), True),
        ((None, None), False),
    ],
)
def test_bands_read_at_times_apart_are_said_to_be_unproven(
    times: tuple[datetime | None, datetime | None], *, said: bool
) -> None:
    chips = {"red": chip("red", times[0]), "nir": chip("nir", times[1])}
    words = [remark.words for remark in remarks_on(SCENE, chips)]
    assert bool(words) is said
    assert all("nothing proves" in one for one in words)
    proven = {b: replace(a, sha256="ab" * 32) for b, a in SCENE.assets.items()}
    assert remarks_on(replace(SCENE, assets=proven), chips) == ()


def test_radiometry_is_told_or_why_it_cannot_be() -> None:
    asset = SCENE.assets["red"]
    assert "older than 04.00" in radiometry_words(SCENE, asset)
    nothing = replace(SCENE, processing_baseline=None)
    assert radiometry_words(nothing, asset).startswith("not decided: ")
    assert "classes" in radiometry_words(SCENE, SCENE.assets["scl"])


def test_f13_a_replaced_band_brings_the_whole_scene_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One chip rots; its source has been replaced meanwhile, and so have those of all others."""
    catalogue, etag = Catalogue(tmp_path / "tiles"), ['"v1"']
    monkeypatch.setitem(FAULTS, "good", lambda it: it.good(etag=etag[0]))
    chips = store_at(tmp_path)
    with serve(catalogue.folder) as served:
        scene = catalogue.scene("S0", f"{served.url}/good")
        first = fetch_scene(SITE, scene, chips, options(), access=LOOPBACK)
        assert first.remarks == ()
        for band in BANDS:
            catalogue.put(f"S0-{band}", tile_of(band), seed=70)
        etag[0] = '"v2"'
        first.chips["red"].path.write_bytes(b"rotten")
        second = fetch_scene(SITE, scene, chips, options(), access=LOOPBACK)
        served.requests.clear()
        third = fetch_scene(SITE, scene, chips, options(), access=LOOPBACK)
        assert served.requests == []
    assert third == second
    for band, got in second.chips.items():
        expected = catalogue.expected(f"S0-{band}", tile_of(band), chip_grid(band))
        assert np.array_equal(chips.read(got), expected)
    assert {remark.band for remark in second.remarks} == set(BANDS)
    assert all('ETag "v1" -> "v2"' in remark.words for remark in second.remarks)
    assert len(chips.versions(scene, "nir")) == 2
    assert not np.array_equal(chips.read(first.chips["nir"]), chips.read(second.chips["nir"]))


def test_f13_a_rotten_chip_of_an_unchanged_source_brings_that_band_only(tmp_path: Path) -> None:
    catalogue, chips = Catalogue(tmp_path / "tiles"), store_at(tmp_path)
    with serve(catalogue.folder) as served:
        scene = catalogue.scene("S0", f"{served.url}/good")
        first = fetch_scene(SITE, scene, chips, options(), access=LOOPBACK)
        first.chips["red"].path.write_bytes(b"rotten")
        served.requests.clear()
        again = fetch_scene(SITE, scene, chips, options(), access=LOOPBACK)
        assert {path for path, _ in served.requests} == {"/good/S0-red.tif"}
    assert again == first


def test_f13_a_new_checksum_is_a_new_version_of_that_scene(tmp_path: Path) -> None:
    catalogue, chips = Catalogue(tmp_path / "tiles"), store_at(tmp_path)
    scene = catalogue.scene()
    first = fetch_scene(SITE, scene, chips, options(), access=LOOPBACK)
    newer = replace(scene, processing_baseline="05.00")
    for band in BANDS:
        catalogue.put(f"S2A_52SXX-{band}", tile_of(band), seed=50)
    second = fetch_scene(SITE, newer, chips, options(), access=LOOPBACK)
    assert all("baseline 02.14 -> 05.00" in remark.words for remark in second.remarks)
    assert {remark.band for remark in second.remarks} == set(BANDS)
    for band in BANDS:
        assert chips.read(first.chips[band]).any()
        assert first.chips[band].path != second.chips[band].path


def test_the_record_says_how_the_offset_was_decided_and_what_is_unverifiable(
    tmp_path: Path,
) -> None:
    catalogue, chips = Catalogue(tmp_path / "tiles"), store_at(tmp_path)
    scene = catalogue.scene()
    fetch_scene(SITE, scene, chips, options(), access=LOOPBACK)
    (red,) = chips.versions(scene, "red")
    assert "baseline 02.14 is older than 04.00" in red.record.radiometry
    assert red.record.unverifiable
    proof = sha256_of(catalogue.folder / "S2A_52SXX-nir.tif")
    stated = {**scene.assets, "nir": replace(scene.assets["nir"], sha256=proof)}
    fetch_scene(SITE, replace(scene, assets=stated), chips, options(), access=LOOPBACK)
    assert not chips.versions(scene, "nir")[-1].record.unverifiable


def test_a_window_of_a_remote_file_is_unverifiable_even_with_a_checksum(tmp_path: Path) -> None:
    catalogue, chips = Catalogue(tmp_path / "tiles"), store_at(tmp_path)
    with serve(catalogue.folder) as served:
        scene = catalogue.scene("S0", f"{served.url}/good")
        stated = {b: replace(a, sha256="ab" * 32) for b, a in scene.assets.items()}
        fetch_scene(SITE, replace(scene, assets=stated), chips, options(), access=LOOPBACK)
    assert all(held.record.unverifiable for held in chips.holdings())
