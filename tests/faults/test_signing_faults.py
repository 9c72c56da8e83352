"""Signatures that run out, are refused, or are not given: renewed once, and never printed."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio.shutil

from pipeline.fetch import fetch
from pipeline.model.scene import Asset
from pipeline.network.access import Access
from pipeline.network.door import Door
from pipeline.network.signing import S3Signing, SasSigning
from tests.faults.server import Served, serve
from tests.unit.fetch_factory import LOOPBACK, SITE, TILE, Catalogue, options, store_at
from tests.unit.scene_factory import GRID, make_scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.model.scene import FetchedScene

BANDS = ("blue", "green", "red", "nir")
QUICK = options(bands=BANDS, timeout_s=5.0, attempts=1)
KEYS = ("ZONEWATCH_TEST_ACCESS", "ZONEWATCH_TEST_SECRET")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    catalogue = Catalogue(tmp_path / "tiles")
    catalogue.put("a", TILE)
    return catalogue


@pytest.fixture
def served(catalogue: Catalogue) -> Iterator[Served]:
    with serve(catalogue.folder) as server:
        yield server


def token(name: str, lives_s: float = 3600) -> bytes:
    """An answer of the signing service."""
    expiry = datetime.now(UTC) + timedelta(seconds=lives_s)
    return json.dumps({"token": f"se=x&sig={name}", "msft:expiry": expiry.isoformat()}).encode()


def fetched(served: Served, folder: Path, n_scenes: int = 1) -> tuple[FetchedScene, ...]:
    """Scenes of four bands behind a signature, each band the same file."""
    # A host on the loopback has no account in its name, so its first number stands for one.
    signing = SasSigning(f"{served.url}/token", suffix=".0.0.1")
    access = replace(LOOPBACK, signing=signing)
    url = f"{served.url}/signed/a.tif"
    assets = {band: Asset(band, url, band, 10.0, nodata=0.0) for band in BANDS}
    scenes = [make_scene(f"S{n}", n, assets=assets) for n in range(n_scenes)]
    return fetch(SITE, scenes, store_at(folder), QUICK, access=access)


def reasons(done: tuple[FetchedScene, ...]) -> set[str]:
    return {failure.reason for one in done for failure in one.failures}


def n_tokens(served: Served) -> int:
    return sum(path.startswith("/token/") for path, _ in served.requests)


def test_one_token_serves_a_whole_fetch(tmp_path: Path, served: Served) -> None:
    served.tokens, served.accepted = [token("CANARY-1")], {"sig=CANARY-1"}
    done = fetched(served, tmp_path, n_scenes=3)
    assert reasons(done) == set()
    assert n_tokens(served) == 1
    assert served.requests[0][0] == "/token/127/signed"
    assert len(served.requests) == 1 + 2 * 3 * len(BANDS)


def test_a_token_that_is_about_to_run_out_is_renewed_before_it_is_used(
    tmp_path: Path, served: Served
) -> None:
    served.tokens = [token("CANARY-1", lives_s=5), token("CANARY-2")]
    served.accepted = {"sig=CANARY-2"}
    assert reasons(fetched(served, tmp_path)) == set()
    assert not any("CANARY-1" in path for path, _ in served.requests)


def test_a_token_issued_already_expired_is_asked_for_once_more(
    tmp_path: Path, served: Served
) -> None:
    served.tokens = [token("CANARY-1", lives_s=-60), token("CANARY-2")]
    served.accepted = {"sig=CANARY-2"}
    assert reasons(fetched(served, tmp_path)) == set()
    assert n_tokens(served) == 2


def test_a_service_that_only_gives_expired_tokens_ends_in_failures(
    tmp_path: Path, served: Served
) -> None:
    served.tokens, served.accepted = [token("CANARY-1", lives_s=-60)], {"sig=CANARY-1"}
    (reason,) = reasons(fetched(served, tmp_path))
    assert "have run out" in reason
    assert "clock" in reason
    assert not any(path.startswith("/signed/") for path, _ in served.requests)


def test_a_token_that_is_refused_is_renewed_once(tmp_path: Path, served: Served) -> None:
    served.tokens, served.accepted = [token("CANARY-1"), token("CANARY-2")], {"sig=CANARY-2"}
    done = fetched(served, tmp_path)
    assert reasons(done) == set()
    assert n_tokens(served) == 2


def test_a_late_refusal_of_an_old_token_does_not_spoil_the_new_one(served: Served) -> None:
    served.tokens = [token("CANARY-1"), token("CANARY-2"), token("CANARY-3")]
    signing = SasSigning(f"{served.url}/token", suffix=".0.0.1")
    url = f"{served.url}/signed/a.tif"

    async def run() -> list[str]:
        async with Door(replace(LOOPBACK, signing=signing)) as door:
            first = await door.signed(url)
            assert door.renews(first)
            second = await door.signed(url)
            assert door.renews(first)
            return [first, second, await door.signed(url)]

    assert [one.rpartition("-")[2] for one in asyncio.run(run())] == ["1", "2", "2"]


def test_a_second_refusal_is_a_failure_without_the_token(
    tmp_path: Path, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    served.tokens = [token(f"CANARY-{n}") for n in range(40)]
    with caplog.at_level(logging.DEBUG):
        done = fetched(served, tmp_path)
    (reason,) = reasons(done)
    assert reason.startswith("a.tif: the server answered 403")
    assert len([path for path, _ in served.requests if path.startswith("/signed/")]) == 8
    assert not re.search("CANARY|sig=", f"{done!r} {caplog.text}")


@pytest.mark.parametrize(
    "answer",
    [b"{}", b"[]", b"<html>CANARY-1</html>", b'{"token": "CANARY-1"}', b'{"token": 1}',
     b'{"token": "sig=CANARY-1", "msft:expiry": "soon"}',
     b'{"token": "sig=CANARY-1", "msft:expiry": "2099-01-01T00:00:00"}',
     b'{"token": "sig=CANARY-1 \\n@evil", "msft:expiry": "2099-01-01T00:00:00Z"}',
     b'{"token": "' + b"CANARY-1" * 9000 + b'"}', b"[" * 60_000, b'{"a":' * 10_000],
)  # fmt: skip
def test_a_service_that_makes_no_sense_is_a_failure_without_its_words(
    tmp_path: Path, served: Served, answer: bytes
) -> None:
    served.tokens, served.accepted = [answer], {"CANARY-1"}
    (reason,) = reasons(fetched(served, tmp_path))
    assert re.search("makes no sense|larger than", reason)
    assert "CANARY" not in reason


def test_no_chip_and_no_record_of_it_holds_a_token(tmp_path: Path, served: Served) -> None:
    served.tokens, served.accepted = [token("CANARY-1")], {"sig=CANARY-1"}
    done = fetched(served, tmp_path)
    assert len(done[0].chips) == len(BANDS)
    files = [path for path in (tmp_path / "chips").rglob("*") if path.is_file()]
    assert len(files) >= len(BANDS)
    assert not [path for path in files if b"CANARY" in path.read_bytes()]
    assert "CANARY" not in repr(done)


@pytest.fixture
def bucket(catalogue: Catalogue, served: Served, monkeypatch: pytest.MonkeyPatch) -> Access:
    """A bucket called ``signed`` with one JPEG 2000 in it, and the keys to it."""
    folder = catalogue.folder
    rasterio.shutil.copy(
        folder / "a.tif", folder / "a.jp2", driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES"
    )
    monkeypatch.setenv(KEYS[0], "ACCESS-CANARY")
    monkeypatch.setenv(KEYS[1], "SECRET-CANARY")
    served.accepted = {"X-Amz-Credential=ACCESS-CANARY%2F"}
    return replace(LOOPBACK, signing=S3Signing("signed", served.url, "default", KEYS, "ask"))


def one_band(folder: Path, access: Access, href: str, sha256: str | None = None) -> FetchedScene:
    asset = Asset("B04_10m", href, "red", 10.0, nodata=0.0, sha256=sha256)
    quick = options(bands=("red",), timeout_s=3.0, attempts=1)
    scene = make_scene("S2A", assets={"red": asset})
    return fetch(SITE, (scene,), store_at(folder), quick, access=access)[0]


def test_a_file_in_a_bucket_is_read_whole_and_deleted(  # noqa: PLR0917 - fixtures
    tmp_path: Path, catalogue: Catalogue, served: Served, bucket: Access, temporary: Path
) -> None:
    done = one_band(tmp_path, bucket, "s3://signed/a.jp2")
    assert done.failures == ()
    chip = done.chips["red"]
    assert np.array_equal(store_at(tmp_path).read(chip), catalogue.expected("a", TILE, GRID))
    assert chip.source_etag == '"v1"'
    assert chip.source_nbytes == (catalogue.folder / "a.jp2").stat().st_size
    assert len(served.requests) == 1
    assert list(temporary.iterdir()) == []


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that is empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize(
    ("href", "kind", "match"),
    [
        ("s3://other/a.jp2", "FetchError", "only objects of the bucket signed"),
        ("s3://signed/../a.jp2", "FetchError", "only objects of the bucket signed"),
        ("s3://signed/", "FetchError", "only objects of the bucket signed"),
        ("ftp://signed/a.jp2", "FetchError", "ftp addresses cannot be read"),
    ],
)
def test_objects_that_are_not_asked_for(  # noqa: PLR0917 - fixtures and a table
    tmp_path: Path, served: Served, bucket: Access, href: str, kind: str, match: str
) -> None:
    (failure,) = one_band(tmp_path, bucket, href).failures
    assert failure.kind == kind
    assert match in failure.reason
    assert served.requests == []


def test_keys_that_are_refused_are_tried_once_more_and_not_printed(
    tmp_path: Path, served: Served, bucket: Access, temporary: Path
) -> None:
    served.accepted = {"nobody"}
    (failure,) = one_band(tmp_path, bucket, "s3://signed/a.jp2").failures
    assert "answered 403 (check the credentials" in failure.reason
    assert len(served.requests) == 2
    assert not re.search("CANARY|X-Amz", repr(failure))
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("bucket_name", "kind", "match"),
    [
        ("500", "FetchRetryError", "answered 500"),
        ("404", "FetchError", "answered 404"),
        ("cut", "FetchError", "answered 206"),
        ("whole-cut", "FetchRetryError", "connection failed"),
        ("whole-drip", "FetchRetryError", "did not arrive within 3 s"),
        ("html", "CorruptAssetError", ""),
    ],
)
def test_faults_of_whole_files_leave_neither_chip_nor_file(  # noqa: PLR0917 - fixtures and a table
    tmp_path: Path, served: Served, bucket: Access, bucket_name: str, kind: str, match: str
) -> None:
    signing = S3Signing(bucket_name, served.url, "default", KEYS, "ask")
    access = replace(bucket, signing=signing)
    (failure,) = one_band(tmp_path, access, f"s3://{bucket_name}/a.jp2").failures
    assert failure.kind == kind
    assert match in failure.reason
    assert not re.search("CANARY|X-Amz", failure.reason)
    assert not (tmp_path / "chips").exists()


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, bucket: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.network.downloads.download.__defaults__", (1000,))
    (failure,) = one_band(tmp_path, bucket, "s3://signed/a.jp2").failures
    assert "larger than 1000 bytes" in failure.reason


def test_a_whole_file_is_held_against_its_checksum(tmp_path: Path, bucket: Access) -> None:
    (failure,) = one_band(tmp_path, bucket, "s3://signed/a.jp2", sha256="ab" * 32).failures
    assert failure.kind == "CorruptAssetError"
    assert "does not have its checksum" in failure.reason


def test_a_bucket_of_another_catalogue_is_a_failure_with_a_remedy(tmp_path: Path) -> None:
    access = Access(hosts=("a.example",), remedy="use --source planetary-computer")
    (failure,) = one_band(tmp_path, access, "s3://usgs-landsat/B4.TIF").failures
    assert failure.kind == "FetchError"
    assert "s3 addresses cannot be read from this catalogue" in failure.reason
    assert "use --source planetary-computer" in failure.reason
