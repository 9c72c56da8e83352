"""S11: whatever fails, no signature, key or token is left in a file, a log or on a screen.

Each case runs the real command in a process of its own, with canaries in the addresses of a
catalogue, in the answers of a signing service and in the environment, and then searches every byte
that it left.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.server import Served, serve
from tests.faults.stac_stub import stac_stub
from tests.unit.imagery_factory import SITE, Tiles, make_tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
CANARY = "CANARY"
SECRETS = {
    "CDSE_S3_ACCESS_KEY": "ACCESS-CANARY",
    "CDSE_S3_SECRET_KEY": "SECRET-CANARY",
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
LAUNCH = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename=sys.argv.pop(1))
from pipeline.cli import main
main()
"""
SIGNED = """
import logging, sys
from dataclasses import replace
logging.basicConfig(level=logging.DEBUG, filename=sys.argv.pop(1))
from pipeline.cli import main
from pipeline.network.access import Access
from pipeline.network.signing import S3Signing, SasSigning
url, kind = sys.argv.pop(1), sys.argv.pop(1)
keys = ("CDSE_S3_ACCESS_KEY", "CDSE_S3_SECRET_KEY")
sas = SasSigning(f"{url}/token", suffix=".0.0.1")
signing = sas if kind == "sas" else S3Signing("signed", url, "default", keys, "ask")
access = replace(Access.of_source("http://127.0.0.1"), signing=signing)
Access.of_source = classmethod(lambda cls, _: access)
main()
"""
"""The command with a catalogue on the loopback whose addresses are signed."""


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


def command(folder: Path, *words: str, launch: str = LAUNCH) -> subprocess.CompletedProcess[str]:
    """Run the command with secrets in its environment; whatever it leaves lies in one folder."""
    (folder / "left").mkdir(exist_ok=True)
    before = [str(folder / "left" / "log"), *words]
    return subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-W", "ignore", "-c", launch, *before],
        cwd=ROOT,
        env={**os.environ, **SECRETS, "TMPDIR": str(folder / "left")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def fetch(folder: Path, source: str, launch: str = LAUNCH, *extra: str) -> str:
    """Fetch a site; what was printed."""
    work = str(folder / "left" / "work")
    words = ("fetch", SITE, "--source", source, "--work", work)
    done = command(folder, *extra, *words, launch=launch)
    assert done.returncode in (2, 3), done.stderr
    assert "Traceback" not in done.stderr
    (folder / "left" / "printed").write_text(done.stdout + done.stderr, encoding="utf-8")
    return done.stdout + done.stderr


def leaks(folder: Path) -> list[str]:
    """Every file below a folder that holds a canary, in its name or in its bytes."""
    files = [path for path in (folder / "left").rglob("*") if path.is_file()]
    assert files
    return [
        str(path.relative_to(folder))
        for path in files
        if CANARY in path.name or CANARY.encode() in path.read_bytes()
    ]


@pytest.mark.parametrize("faults", FETCH_FAULTS)
def test_s11_no_failing_asset_leaves_its_signature(
    tmp_path: Path, tiles: Tiles, served: Served, faults: tuple[str, ...]
) -> None:
    bases = [f"{served.url}/{fault}" for fault in faults]
    point(tiles, *bases, query="?se=2020&sig=CANARY-SIGNATURE")
    printed = fetch(tmp_path, f"{catalogue_of(tiles, served)}?key=CANARY-KEY")
    assert "What did not arrive" in printed
    signed = {path.split("/")[1] for path, _ in served.requests if "sig=CANARY" in path}
    assert signed == set(faults)
    shown = command(tmp_path, "scenes", SITE, "--work", str(tmp_path / "left" / "work"))
    assert shown.returncode == 0
    assert CANARY not in shown.stdout + shown.stderr
    assert leaks(tmp_path) == []


@pytest.mark.parametrize("mode", ["403", "foreign", "broken item"])
def test_s11_no_failing_listing_leaves_the_key_of_its_address(tmp_path: Path, mode: str) -> None:
    with stac_stub() as other, stac_stub(mode, foreign=other.url) as stub:
        printed = fetch(tmp_path, f"{stub.url}?subscription-key=CANARY-KEY")
    assert "error:" in printed
    assert leaks(tmp_path) == []


@pytest.mark.parametrize("kind", ["sas", "s3"])
@pytest.mark.parametrize("is_accepted", [True, False])
def test_s11_no_token_and_no_key_is_left(
    tmp_path: Path, tiles: Tiles, served: Served, kind: str, *, is_accepted: bool
) -> None:
    """One asset is not there, so that the fetch fails even where the signature is good."""
    expiry = datetime.now(UTC) + timedelta(hours=1)
    token = {"token": "se=x&sig=CANARY-TOKEN", "msft:expiry": expiry.isoformat()}
    served.tokens = [json.dumps(token).encode()]
    served.accepted = {"sig=CANARY-TOKEN", "ACCESS-CANARY"} if is_accepted else {"nothing"}
    base = f"{served.url}/signed" if kind == "sas" else "s3://signed"
    point(tiles, base)
    (tiles.folder / tiles.ids[0] / "B04.tif").unlink()
    printed = fetch(tmp_path, catalogue_of(tiles, served), SIGNED, served.url, kind)
    assert "What did not arrive" in printed
    assert any(CANARY in path for path, _ in served.requests)
    assert leaks(tmp_path) == []


def test_s11_the_doctor_shows_no_secret(tmp_path: Path) -> None:
    done = command(tmp_path, "doctor", "--offline", "--work", str(tmp_path / "left" / "work"))
    assert "CDSE_S3_SECRET_KEY set" in done.stdout.replace("\n", " ")
    assert CANARY not in done.stdout + done.stderr
    assert leaks(tmp_path) == []


def test_s11_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "a").write_text(f"x{CANARY}", encoding="utf-8")
    (tmp_path / "left" / f"b{CANARY}").write_bytes(b"")
    assert sorted(leaks(tmp_path)) == ["left/a", f"left/b{CANARY}"]
