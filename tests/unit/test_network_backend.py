"""The step between an address and a socket: two libraries, one reading, no words that leak."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import FetchError, PipelineError
from pipeline.network.access import PUBLIC
from pipeline.network.backend import GuardedResolver, GuardedTransport, _translated

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from yarl import URL

CANARY = "sig=CANARY"
HOSTS = (
    "8.8.8.8",
    "example.org",
    "EXAMPLE.org",
    "xn--bcher-kva.example",
    "bücher.example",
    "a_b.c",
)
ODD = st.text(st.sampled_from("ab/@:?#[]%\\. \t.&=;,'\"<>|^`{}~é"), max_size=20)


async def answered(transport: GuardedTransport, url: str) -> httpx.Response:
    try:
        return await transport.handle_async_request(httpx.Request("GET", url))
    finally:
        await transport.aclose()


async def nowhere(_: str, __: int) -> list[str]:
    raise socket.gaierror(-2, "Name or service not known")


def checked(text: str) -> tuple[httpx.URL, URL]:
    url = httpx.URL(text)
    return url, GuardedTransport(PUBLIC, 1)._checked(url)


@given(st.sampled_from(HOSTS), ODD, ODD)
def test_the_address_that_is_asked_is_the_one_that_was_judged(
    host: str, before: str, after: str
) -> None:
    with suppress(httpx.InvalidURL, PipelineError):
        url, read = checked(f"https://{before}{host}{after}")
        assert read.raw_host == url.raw_host.decode("ascii")
        assert (read.port, read.scheme) == (url.port or 443, url.scheme)
        assert read.raw_path_qs.encode() == url.raw_path


@pytest.mark.parametrize(
    "query",
    ["sig=a%2Fb%2Bc%3D", "a=1&a=2", "x=%25", "x=a+b", "X-Amz-Date=20200101T000000Z", "q=~'()"],
)
def test_a_signature_goes_out_as_it_was_made(query: str) -> None:
    url, read = checked(f"https://example.org/a%20b/B04.tif?{query}")
    assert read.raw_path_qs == url.raw_path.decode("ascii") == f"/a%20b/B04.tif?{query}"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254"])
def test_a_private_number_is_refused_even_if_its_text_was_not(host: str) -> None:
    """Numbers need no resolver, so the transport looks at them itself."""
    with pytest.raises(FetchError, match="leads to a private address"):
        asyncio.run(answered(GuardedTransport(PUBLIC, 1), f"https://{host}/a"))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (aiohttp.ConnectionTimeoutError(), httpx.ConnectTimeout),
        (aiohttp.SocketTimeoutError(), httpx.ReadTimeout),
        (TimeoutError(), httpx.ReadTimeout),
        (aiohttp.ServerDisconnectedError(), httpx.RemoteProtocolError),
        (aiohttp.ClientPayloadError(f"https://x.example/?{CANARY}"), httpx.ReadError),
        (ConnectionResetError(f"https://x.example/?{CANARY}"), httpx.ReadError),
        (aiohttp.InvalidURL(f"https://x.example/?{CANARY}"), httpx.ReadError),
    ],
)
def test_errors_take_the_words_of_httpx_and_lose_the_address(
    theirs: Exception, ours: type[httpx.TransportError]
) -> None:
    with pytest.raises(httpx.TransportError) as caught, _translated():
        raise theirs
    assert type(caught.value) is ours
    assert "CANARY" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_what_is_not_an_error_of_the_way_is_left_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), _translated():
        raise ZeroDivisionError


@pytest.mark.parametrize("url", [f"https://gone.example/a?{CANARY}", "http://gone.example/a"])
def test_a_name_without_an_address_is_an_error_of_the_connection(url: str) -> None:
    with pytest.raises(httpx.ConnectError) as caught:
        asyncio.run(answered(GuardedTransport(PUBLIC, 1, nowhere), url))
    assert "CANARY" not in str(caught.value)


def test_a_resolver_that_hangs_is_not_waited_for() -> None:
    async def hang(_: str, __: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(httpx.ConnectTimeout, match="not resolved in time"):
        asyncio.run(GuardedResolver(PUBLIC, hang, 0.01).resolve("slow.example", 443))


@pytest.mark.parametrize("addresses", [["8.8.8.8", "10.0.0.1"], ["10.0.0.1"], ["::1", "8.8.8.8"]])
def test_one_private_address_condemns_the_name(addresses: list[str]) -> None:
    async def found(_: str, __: int) -> list[str]:
        return addresses

    with pytest.raises(FetchError, match="private"):
        asyncio.run(GuardedResolver(PUBLIC, found, 1.0).resolve("two.example", 443))


def test_addresses_are_handed_on_as_numbers_in_their_order() -> None:
    async def found(_: str, __: int) -> list[str]:
        return ["8.8.8.8", "2001:4860:4860::8888"]

    handed = asyncio.run(GuardedResolver(PUBLIC, found, 1.0).resolve("two.example", 443))
    assert [(one["host"], one["family"]) for one in handed] == [
        ("8.8.8.8", socket.AF_INET),
        ("2001:4860:4860::8888", socket.AF_INET6),
    ]
    assert {one["hostname"] for one in handed} == {"two.example"}
    assert {one["flags"] for one in handed} == {socket.AI_NUMERICHOST}


def test_closing_a_pool_that_never_opened_is_no_error() -> None:
    waiting: Awaitable[Any] = GuardedTransport(PUBLIC, 1).aclose()
    asyncio.run(asyncio.wait_for(waiting, 1))
