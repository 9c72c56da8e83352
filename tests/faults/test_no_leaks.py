"""S11: whatever fails, no signature, key or token is left in a file, a log or on a screen.

Each case runs the command with canaries in the addresses of a catalogue, in the answers of a
signing service and in the environment, and then searches every byte that it left and said.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pipeline.cli import main
from pipeline.errors import PipelineError
from pipeline.network.access import PUBLIC, Access
from pipeline.network.door import Door
from pipeline.network.downloads import download
from pipeline.network.ranges import RemoteObject
from pipeline.network.signing import S3Signing, SasSigning
from tests.faults.server import Served, serve
from tests.faults.stac_stub import stac_stub
from tests.unit.fetch_factory import LOOPBACK
from tests.unit.imagery_factory import SITE, Tiles, make_tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "CANARY"
KEYS = ("CDSE_S3_ACCESS_KEY", "CDSE_S3_SECRET_KEY")
SECRETS = {
    KEYS[0]: "ACCESS-CANARY",
    KEYS[1]: "SECRET-CANARY",
    "AWS_ACCESS_KEY_ID": "AWS-CANARY",
    "AWS_SECRET_ACCESS_KEY": "AWS-SECRET-CANARY",
    "AWS_SESSION_TOKEN": "SESSION-CANARY",
    "HTTPS_PROXY": "http://user:CANARY@127.0.0.1:9",
}
FETCH_FAULTS = (
    ("500", "403", "404", "html", "cut", "swap"),
    ("redirect-out", "redirect-leak", "redirect-bad", "html-range", "redirects", "zeros-blocks"),
)
"""What befalls the bands of one item, one fault each."""


@dataclass
class Stage:
    """Where commands run with secrets around them.

    Attributes:
        folder: all that they leave lies below it.
        capture: what they print.
        log: what they log, of every library.
        said: what was printed and logged so far, and by which error.
    """

    folder: Path
    capture: pytest.CaptureFixture[str]
    log: pytest.LogCaptureFixture
    said: str = ""

    @property
    def work(self) -> str:
        """The work folder."""
        return str(self.folder / "work")

    def run(self, *words: str) -> tuple[int, str]:
        """Run a command; its exit code and what it printed."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["zonewatch", *words])
            with pytest.raises(SystemExit) as left:
                main()
        printed = "".join(self.capture.readouterr())
        self.said += f"{printed}\n{self.log.text}\n{left.value.__context__!r}"
        return int(left.value.code or 0), printed

    def leaks(self) -> list[str]:
        """Every place that holds a canary: files by name and by bytes, screen, logs."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        found = [
            str(path.relative_to(self.folder))
            for path in files
            if CANARY in path.name or CANARY.encode() in path.read_bytes()
        ]
        return found + ["what was said"] * (CANARY in self.said)


@pytest.fixture
def stage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Stage:
    folder = tmp_path / "left"
    folder.mkdir()
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    caplog.set_level(logging.DEBUG)
    return Stage(folder, capsys, caplog)


@pytest.fixture
def tiles(tmp_path: Path) -> Tiles:
    return make_tiles(tmp_path / "tiles", 1)


@pytest.fixture
def served(tiles: Tiles) -> Iterator[Served]:
    with serve(tiles.folder) as server:
        yield server


def point(tiles: Tiles, *bases: str, query: str = "") -> None:
    """Have the assets lie elsewhere, each below the next one of some addresses."""
    path = tiles.item(0)
    item: dict[str, Any] = json.loads(path.read_bytes())
    for asset, base in zip(item["assets"].values(), cycle(bases), strict=False):
        asset.pop("file:checksum", None)
        asset["href"] = f"{base}/{tiles.ids[0]}/{Path(asset['href']).name}{query}"
    path.write_text(json.dumps(item), encoding="utf-8")


def catalogue_of(tiles: Tiles, served: Served) -> str:
    """The address of a catalogue of the one item."""
    links = [{"rel": "item", "href": f"{tiles.ids[0]}/{tiles.item(0).name}"}]
    catalog = json.dumps({"type": "Catalog", "id": "c", "links": links})
    (tiles.folder / "catalog.json").write_text(catalog, encoding="utf-8")
    return f"{served.url}/whole/catalog.json"


@pytest.mark.parametrize("faults", FETCH_FAULTS)
def test_s11_no_failing_asset_leaves_its_signature(
    stage: Stage, tiles: Tiles, served: Served, faults: tuple[str, ...]
) -> None:
    bases = [f"{served.url}/{fault}" for fault in faults]
    point(tiles, *bases, query="?se=2020&sig=CANARY-SIGNATURE")
    source = f"{catalogue_of(tiles, served)}?key=CANARY-KEY"
    code, printed = stage.run("fetch", SITE, "--source", source, "--work", stage.work)
    assert (code, "What did not arrive" in printed) == (3, True)
    signed = {path.split("/")[1] for path, _ in served.requests if "sig=CANARY" in path}
    assert signed == set(faults)
    code, printed = stage.run("scenes", SITE, "--work", stage.work)
    assert (code, "What did not arrive" in printed) == (0, True)
    code, _ = stage.run("run", SITE, "--source", source, "--work", stage.work)
    assert code == 3
    assert stage.leaks() == []


@pytest.mark.parametrize("mode", ["403", "html", "matched", "foreign", "deep", "broken item"])
def test_s11_no_failing_listing_leaves_the_key_of_its_address(stage: Stage, mode: str) -> None:
    with stac_stub() as other, stac_stub(mode, foreign=other.url) as stub:
        source = f"{stub.url}?subscription-key=CANARY-KEY"
        code, printed = stage.run("fetch", SITE, "--source", source, "--work", stage.work)
    assert (code, "error:" in printed) == (3, True)
    assert stage.leaks() == []


@pytest.mark.parametrize("kind", ["sas", "s3"])
@pytest.mark.parametrize("is_accepted", [True, False])
def test_s11_no_token_and_no_key_is_left(  # noqa: PLR0917 - fixtures and a table
    stage: Stage, tiles: Tiles, served: Served, monkeypatch: pytest.MonkeyPatch, kind: str,
    *, is_accepted: bool,
) -> None:  # fmt: skip
    """One asset is not there, so that the fetch fails even where the signature is good."""
    expiry = datetime.now(UTC) + timedelta(hours=1)
    token = {"token": "se=x&sig=CANARY-TOKEN", "msft:expiry": expiry.isoformat()}
    served.tokens = [json.dumps(token).encode()]
    served.accepted = {"sig=CANARY-TOKEN", "ACCESS-CANARY"} if is_accepted else {"nothing"}
    sas = SasSigning(f"{served.url}/token", suffix=".0.0.1")
    bucket = S3Signing("signed", served.url, "default", KEYS, "ask")
    access = replace(LOOPBACK, signing=sas if kind == "sas" else bucket)
    monkeypatch.setattr(Access, "of_source", lambda _: access)
    point(tiles, f"{served.url}/signed" if kind == "sas" else "s3://signed")
    (tiles.folder / tiles.ids[0] / "B04.tif").unlink()
    source = catalogue_of(tiles, served)
    code, printed = stage.run("fetch", SITE, "--source", source, "--work", stage.work)
    assert (code, "What did not arrive" in printed) == (3, True)
    assert any(CANARY in path for path, _ in served.requests)
    assert any(stage.folder.rglob("*.tif")) is is_accepted
    assert stage.leaks() == []


def test_s11_the_doctor_shows_no_secret(stage: Stage) -> None:
    code, printed = stage.run("doctor", "--offline", "--work", stage.work)
    assert code == 0
    assert all(name in printed for name in (*KEYS, "HTTPS_PROXY"))
    assert stage.leaks() == []


def test_s11_the_search_finds_what_it_looks_for(stage: Stage) -> None:
    (stage.folder / "a").write_text(f"x{CANARY}", encoding="utf-8")
    (stage.folder / f"b{CANARY}").write_bytes(b"")
    logging.getLogger("httpx").warning("GET /?sig=CANARY")
    stage.run("doctor", "--offline", "--work", stage.work)
    assert sorted(stage.leaks()) == ["a", f"b{CANARY}", "what was said"]


@pytest.mark.parametrize("status", [403, 404, 416, 500])
@pytest.mark.parametrize("is_whole", [True, False])
def test_f12_no_error_of_a_read_holds_the_signature(status: int, *, is_whole: bool) -> None:
    """The error itself, not only what the record keeps of it."""
    door = Door(PUBLIC, transport=httpx.MockTransport(lambda _: httpx.Response(status)))
    url = "https://a.example/a.tif?se=2020&sig=CANARY-SIGNATURE"

    async def run() -> None:
        async with door:
            if is_whole:
                await download(door, url, BytesIO())
            else:
                await RemoteObject(door, url).get_ranges_async("", starts=[0], ends=[9])

    with pytest.raises(PipelineError) as caught:
        asyncio.run(run())
    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__
