"""Ranges and pauses, without a network."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import CorruptAssetError, FetchRetryError
from pipeline.network.access import PUBLIC
from pipeline.network.door import Door
from pipeline.network.ranges import MAX_BYTES, MAX_GAP, RemoteObject, merged
from pipeline.network.retries import MAX_WAIT_S, wait_of

NOW = datetime(2020, 11, 25, tzinfo=UTC)
DATA = bytes(range(256)) * 4


RANGES = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(1, 10**5)).map(lambda r: (r[0], r[0] + r[1])),
    max_size=12,
)


@given(RANGES)
def test_spans_cover_every_range_stand_apart_and_waste_little(
    ranges: list[tuple[int, int]],
) -> None:
    spans = merged(ranges)
    for start, stop in ranges:
        assert sum(a <= start and stop <= b for a, b in spans) == 1
    for (_, stop), (start, _) in pairwise(spans):
        assert start - stop > MAX_GAP
    needed = len({byte // 1000 for a, b in ranges for byte in range(a, b, 500)}) * 1000
    assert sum(b - a for a, b in spans) <= needed + MAX_GAP * len(ranges) + 2000 * len(ranges)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0), ("7", 7.0), ("-3", 0.0), ("1e9", MAX_WAIT_S), ("inf", MAX_WAIT_S),
        ("nan", 0.0), ("", 0.0), ("soon", 0.0),
        (format_datetime(datetime(2020, 11, 25, 0, 0, 9, tzinfo=UTC), usegmt=True), 9.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2099 07:28:00 GMT", MAX_WAIT_S),
        ("Wed, 21 Oct 2099 07:28:00 -0000", 0.0),
    ],
)  # fmt: skip
def test_a_server_is_waited_for_as_it_asks_within_reason(header: str, seconds: float) -> None:
    assert wait_of(header, NOW) == seconds


@given(st.text(max_size=40))
def test_any_header_gives_a_pause(header: str) -> None:
    wait = wait_of(header, NOW)
    assert 0 <= wait <= MAX_WAIT_S
    assert not math.isnan(wait)


def answer(**changes: str | None) -> httpx.MockTransport:
    """A server for DATA whose headers may be changed or left out."""

    def respond(request: httpx.Request) -> httpx.Response:
        start, last = map(int, request.headers["range"].removeprefix("bytes=").split("-"))
        stop = min(last + 1, len(DATA))
        headers = {"content-range": f"bytes {start}-{stop - 1}/{len(DATA)}", "etag": '"1"'}
        headers |= {
            key.replace("_", "-"): text for key, text in changes.items() if text is not None
        }
        kept = {key: text for key, text in headers.items() if changes.get(key.replace("-", "_"), 1)}
        return httpx.Response(206, headers=kept, stream=httpx.ByteStream(DATA[start:stop]))

    return httpx.MockTransport(respond)


def read(
    transport: httpx.MockTransport, *ranges: tuple[int, int]
) -> tuple[RemoteObject, list[bytes]]:
    """The object after reading, and the bytes."""

    async def run() -> tuple[RemoteObject, list[bytes]]:
        async with Door(PUBLIC, transport=transport) as door:
            source = RemoteObject(door, "https://example.org/a.tif?sig=CANARY")
            starts, stops = [a for a, _ in ranges], [b for _, b in ranges]
            bodies = await source.get_ranges_async("", starts=starts, ends=stops)
            return source, [bytes(body) for body in bodies]

    return asyncio.run(run())


def test_ranges_are_the_bytes_in_the_order_of_asking() -> None:
    ranges = [(700, 720), (3, 9), (0, 1024), (1023, 1024)]
    source, bodies = read(answer(), *ranges)
    assert bodies == [DATA[a:b] for a, b in ranges]
    assert source.nbytes == len(DATA)
    assert source.etag == '"1"'


@pytest.mark.parametrize(
    "content_range",
    [None, "", "bytes */1024", "bytes 0-9/*", "bytes 0-9", "0-9/1024", "bytes 0-8/1024",
     "bytes 1-10/1024", "bytes 0-9/9", "bytes 9-0/1024", "bytes 0-9/1024\t"],
)  # fmt: skip
def test_an_answer_that_does_not_say_which_bytes_it_holds_is_refused(
    content_range: str | None,
) -> None:
    with pytest.raises(FetchRetryError, match="another range"):
        read(answer(content_range=content_range), (0, 10))


@pytest.mark.parametrize("ranges", [[(0, 2000)], [(1020, 1030)], [(0, 4), (1020, 1025)]])
def test_a_block_beyond_the_end_is_corrupt(ranges: list[tuple[int, int]]) -> None:
    with pytest.raises(CorruptAssetError, match="ends before"):
        read(answer(), *ranges)


@pytest.mark.parametrize("ranges", [[(5, 5)], [(9, 3)], [(-1, 5)], [(0, MAX_BYTES + 1)]])
def test_impossible_ranges_are_never_asked(ranges: list[tuple[int, int]]) -> None:
    def respond(_: httpx.Request) -> httpx.Response:
        pytest.fail("a request was sent")

    with pytest.raises(CorruptAssetError, match="impossible"):
        read(httpx.MockTransport(respond), *ranges)


def test_the_header_may_be_shorter_than_the_first_guess() -> None:
    async def run() -> bytes:
        async with Door(PUBLIC, transport=answer()) as door:
            source = RemoteObject(door, "https://example.org/a.tif")
            return await source.get_range_async("", start=1000, length=32768)

    assert asyncio.run(run()) == DATA[1000:]


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout("x"), httpx.ConnectError("x"), httpx.RemoteProtocolError("x")]
)
def test_errors_of_the_connection_may_pass_and_show_no_signature(error: httpx.HTTPError) -> None:
    def respond(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(FetchRetryError) as caught:
        read(httpx.MockTransport(respond), (0, 10))
    assert "CANARY" not in str(caught.value)
