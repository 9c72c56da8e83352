"""A header that asks for too much never reaches the reader that would grant it."""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import CorruptAssetError
from pipeline.fetch.header import check_header
from pipeline.fetch.remote import read_remote
from pipeline.model.grid import Grid
from pipeline.model.scene import Asset
from pipeline.network.access import PUBLIC
from pipeline.network.door import Door
from pipeline.network.ranges import RemoteObject
from tests.unit.fetch_factory import OPTIONS
from tests.unit.raster_factory import pixels_of, write_tiff
from tests.unit.scene_factory import CRS, GRID

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.fetch.local import Delivered

TILE = Grid(CRS, GRID.left, GRID.top, 10.0, 64, 64)
ONCE = OPTIONS.model_copy(update={"attempts": 1, "timeout_s": 10.0})
URL = "https://example.org/a.tif"


def server(data: bytes, asked: list[str] | None = None) -> httpx.MockTransport:
    """An object of those bytes."""

    def respond(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request.headers["range"])
        start, last = map(int, request.headers["range"].removeprefix("bytes=").split("-"))
        stop = min(last + 1, len(data))
        if start >= len(data):
            return httpx.Response(416)
        headers = {"content-range": f"bytes {start}-{stop - 1}/{len(data)}"}
        return httpx.Response(206, headers=headers, stream=httpx.ByteStream(data[start:stop]))

    return httpx.MockTransport(respond)


def check(data: bytes) -> None:
    async def run() -> None:
        async with Door(PUBLIC, transport=server(data)) as door:
            await check_header(RemoteObject(door, URL))

    asyncio.run(run())


def read(data: bytes, asked: list[str] | None = None) -> Delivered:
    async def run() -> Delivered:
        async with Door(PUBLIC, transport=server(data, asked)) as door:
            return await read_remote(door, Asset("a", URL, "red", 10.0), GRID, ONCE)

    return asyncio.run(run())


def tiff(tmp_path: Path, **profile: str | int) -> bytes:
    write_tiff(tmp_path / "a.tif", pixels_of(TILE), TILE, **profile)
    return (tmp_path / "a.tif").read_bytes()


def directory(*tags: tuple[int, int, int, int], following: int = 0) -> bytes:
    """A classic little-endian directory."""
    body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<H", len(tags)) + body + struct.pack("<I", following)


def file_of(*directories: bytes, first: int = 8) -> bytes:
    return struct.pack("<2sHI", b"II", 42, first) + b"".join(directories) + bytes(5000)


@pytest.mark.parametrize("profile", [{}, {"BIGTIFF": "YES"}, {"ENDIANNESS": "BIG"}])
def test_a_sound_file_of_every_layout_is_read(tmp_path: Path, profile: dict[str, str]) -> None:
    data, asked = tiff(tmp_path, **profile), list[str]()
    got = read(data, asked)
    assert np.array_equal(got.pixels, pixels_of(TILE)[:20, :30])
    # One request for the header and one for the block, unless the first brought all.
    assert len(asked) <= 2


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "416|ends before"),
        (b"II", "ends before|not a TIFF"),
        (b"<html>login</html>" * 99, "not a TIFF"),
        (file_of(directory((256, 3, 1, 1)), first=99_999), "ends before"),
        (file_of(directory((256, 3, 1, 1), following=8)), "do not end"),
        (file_of(directory((256, 99, 1, 1))), "damaged"),
        (file_of(directory((256, 0, 1, 1))), "damaged"),
        (file_of(directory((324, 4, 2**32 - 1, 8))), "damaged"),
        (file_of(directory((324, 4, 1400, 8))), "damaged"),
        (file_of(directory(*[(324, 1, 1, 8)] * 513)), "513 tags"),
        (file_of(directory()), "0 tags"),
        (struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, 2**63) + bytes(99), "tags"),
        (
            struct.pack("<2sHHHQQHHQQ", b"II", 43, 8, 0, 16, 1, 324, 16, 2**33, 8) + bytes(99),
            "damaged",
        ),
    ],
)
def test_a_header_that_cannot_be_is_refused(data: bytes, match: str) -> None:
    with pytest.raises(CorruptAssetError, match=match):
        check(data)


def test_a_chain_of_many_directories_is_refused() -> None:
    links = [directory((256, 3, 1, 1), following=8 + 18 * (n + 1)) for n in range(65)]
    with pytest.raises(CorruptAssetError, match="do not end"):
        check(file_of(*links))


def test_many_tags_that_are_each_possible_are_refused_together() -> None:
    data = file_of(directory(*[(40_000, 1, 1_000_000, 8)] * 5)) + bytes(1_000_000)
    with pytest.raises(CorruptAssetError, match="asks for too much"):
        check(data)


def test_f11_the_directories_are_walked_before_the_reader_sees_them() -> None:
    with pytest.raises(CorruptAssetError, match="a tag of the TIFF is damaged"):
        read(file_of(directory((324, 4, 1400, 8))))


TILED: dict[int, tuple[int, int, int]] = {
    **dict.fromkeys((256, 257, 322, 323), (4, 1, 256)),
    258: (3, 1, 16),
    259: (3, 1, 1),
    262: (3, 1, 1),
    277: (3, 1, 1),
    324: (4, 1, 8),
    325: (4, 1, 64),
}
"""An image of one tile of 256 x 256 numbers."""
STRIPS = {tag: value for tag, value in TILED.items() if tag not in (322, 323, 324, 325)}


@pytest.mark.parametrize(
    ("tags", "match"),
    [
        (TILED | dict.fromkeys((256, 257, 322, 323), (4, 1, 20_000)), "beyond the limits"),
        (TILED | {256: (4, 1, 300_000)}, "beyond the limits"),
        (TILED | {257: (4, 1, 2**31)}, "beyond the limits"),
        (TILED | {277: (3, 1, 65_529)}, "65529 bands where one is promised"),
        (STRIPS | {273: (4, 1, 8), 278: (4, 1, 256), 279: (4, 1, 64)}, "not tiled"),
    ],
)
def test_s05_a_remote_image_that_asks_for_too_much_is_refused_by_its_header(
    tags: dict[int, tuple[int, int, int]], match: str
) -> None:
    asked: list[str] = []
    entries = [(tag, *tags[tag]) for tag in sorted(tags)]
    with pytest.raises(CorruptAssetError, match=match):
        read(file_of(directory(*entries)), asked)
    assert len(asked) == 1


@settings(deadline=None, max_examples=120)
@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=5))
def test_a_mangled_header_gives_a_chip_or_our_own_error(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, int]]
) -> None:
    data = bytearray(tiff(tmp_path_factory.getbasetemp()))
    for place, byte in edits:
        data[place] = byte
    with suppress(CorruptAssetError):
        assert read(bytes(data)).pixels.shape == GRID.shape
