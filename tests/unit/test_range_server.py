"""The range server of the benchmarks: its counts are what the bars are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from benchmarks.fetch_data import SITE_BOUNDS, Layout, least_bytes, write_files
from benchmarks.fetch_growth import SMALL
from benchmarks.range_server import serve_folder

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_requests_and_bytes_are_counted_and_handed_over_once(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(bytes(range(200)))
    with serve_folder(tmp_path) as served, httpx.Client(trust_env=False) as client:
        part = client.get(f"{served.url}/a.tif", headers={"range": "bytes=10-19"})
        whole = client.get(f"{served.url}/a.tif")
        assert client.head(f"{served.url}/a.tif").headers["content-length"] == "200"
        assert client.get(f"{served.url}/none.tif").status_code == 404
        assert served.counts == {206: 1, 200: 2, 404: 1}
        assert served.taken() == (4, 210)
        assert served.taken() == (0, 0)
    assert part.content == bytes(range(10, 20))
    assert part.headers["content-range"] == "bytes 10-19/200"
    assert part.headers["etag"] == whole.headers["etag"]


def test_another_content_has_another_version(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    with serve_folder(tmp_path) as served, httpx.Client(trust_env=False) as client:
        file.write_bytes(b"one")
        before = client.get(f"{served.url}/a.tif").headers["etag"]
        file.write_bytes(b"three")
        assert client.get(f"{served.url}/a.tif").headers["etag"] != before


def test_every_answer_is_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("benchmarks.range_server.time.sleep", pauses.append)
    (tmp_path / "a.tif").write_bytes(b"x")
    with (
        serve_folder(tmp_path, latency_s=0.06) as served,
        httpx.Client(trust_env=False) as client,
    ):
        client.get(f"{served.url}/a.tif", headers={"range": "bytes=0-0"})
        client.get(f"{served.url}/none.tif")
    assert pauses == [0.06, 0.06]


def test_the_least_bytes_are_those_of_headers_and_blocks(tmp_path: Path) -> None:
    write_files(tmp_path, Layout(1, SMALL, 1))
    sizes = sum(path.stat().st_size for path in tmp_path.glob("*.tif"))
    # Each of these files is one block, so that hardly anything can be spared.
    assert 0.9 * sizes < least_bytes(tmp_path, SITE_BOUNDS) <= sizes
