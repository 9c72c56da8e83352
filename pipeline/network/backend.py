"""How a connection is made: the name is resolved once, judged, and the connection goes there.

Here belongs the step between an address and a socket: httpx's request goes through aiohttp's
pool, whose resolver is ours. Resolving and judging in one place closes the hole between a check
and a second look-up that answers otherwise. The server's name in TLS stays the name that was
asked for. What may be asked belongs to ``access``.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import lru_cache
from socket import AF_INET, AF_INET6, AI_NUMERICHOST, SOCK_STREAM, AddressFamily, gaierror
from typing import TYPE_CHECKING, TypeAlias

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from pipeline.errors import FetchError
from pipeline.network.access import ip_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from pipeline.network.access import Access

    Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]

KEEP_ALIVE_S = 30.0
BUFFER_BYTES = 256 * 1024
"""So much of an answer may wait to be taken; a block of 512 x 512 pixels has about as much."""

_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (TimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),
    (OSError, httpx.ReadError),
)
"""What goes wrong on the way, in the words of httpx; the first that fits."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, those of IPv4 first, because broken IPv6 only shows by waiting."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return sorted({str(place[0]) for *_, place in found}, key=lambda address: ":" in address)


class GuardedResolver(AbstractResolver):
    """Gives addresses that were checked, and no others."""

    def __init__(self, access: Access, look_up: Resolve, timeout_s: float | None) -> None:
        """Guard a pool.

        Args:
            access: says which addresses are refused.
            look_up: gives the addresses of a name.
            timeout_s: longest wait for them.
        """
        self._access, self._look_up, self._timeout_s = access, look_up, timeout_s

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name, if all of them may be asked.

        Raises:
            FetchError: if one of them is private: then the whole name is not to be trusted.
            httpx.ConnectError, httpx.ConnectTimeout: if there is none, or not in time.
        """
        del family
        try:
            async with asyncio.timeout(self._timeout_s):
                addresses = await self._look_up(host, port)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("the name was not resolved in time") from error
        except (gaierror, UnicodeError) as error:
            raise httpx.ConnectError("the name cannot be resolved") from error
        if not addresses:
            raise httpx.ConnectError("the name has no address")
        for address in addresses:
            self._access.check_connection(host, address)
        return [_resolved(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Nothing is held open."""


def _resolved(host: str, address: str, port: int) -> ResolveResult:
    """An address as aiohttp takes it; it is a number, so that nobody looks it up again."""
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=AF_INET6 if ":" in address else AF_INET,
        proto=0,
        flags=AI_NUMERICHOST,
    )


class GuardedTransport(httpx.AsyncBaseTransport):
    """Carries httpx's requests through a guarded pool; no proxy, no orders from the environment."""

    def __init__(
        self,
        access: Access,
        n_connections: int,
        look_up: Resolve = resolve,
        silence_s: float | None = None,
    ) -> None:
        """Remember how; the pool opens with the first request, since it belongs to a loop.

        Args:
            access: says which addresses are refused.
            n_connections: no more are open at once.
            look_up: gives the addresses of a name.
            silence_s: longest wait for a connection, or for the next bytes of an answer.
        """
        self._access, self._n_connections = access, n_connections
        self._resolver = GuardedResolver(access, look_up, silence_s)
        self._timeout = aiohttp.ClientTimeout(sock_connect=silence_s, sock_read=silence_s)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its connection is free again when the answer is closed.

        Raises:
            FetchError: if the address may not be asked.
            httpx.TransportError: if something goes wrong on the way.
        """
        url = self._checked(request.url)
        session = self._session = self._session or self._opened()
        with _translated():
            response = await session.request(
                request.method,
                url,
                headers=request.headers.multi_items(),
                data=await request.aread() or None,
                allow_redirects=False,
                ssl=_trust() if url.scheme == "https" else False,
            )
        body = _Body(response)
        return httpx.Response(response.status, headers=response.raw_headers, stream=body)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _checked(self, url: httpx.URL) -> URL:
        """The address as aiohttp reads it, which must be as it was judged.

        Raises:
            FetchError: if the two libraries do not read the same in it, or it names a private
                address by number.
        """
        host, read = url.raw_host.decode("ascii"), _read(str(url))
        if read is None or (read.raw_host, read.raw_path_qs.encode()) != (host, url.raw_path):
            raise FetchError("the address can be read in two ways", remedy=self._access.remedy)
        if ip_of(host) is not None:
            self._access.check_connection(host, host)
        return read

    def _opened(self) -> aiohttp.ClientSession:
        """The pool that all requests share."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self._resolver,
                use_dns_cache=False,
                limit=self._n_connections,
                keepalive_timeout=KEEP_ALIVE_S,
            ),
            timeout=self._timeout,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=BUFFER_BYTES,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes over the wire."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        """Stand before a body."""
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces as they come."""
        with _translated():
            async for piece in self._response.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        """End the answer; a connection whose answer was not read to its end is closed."""
        self._response.release()


def _read(text: str) -> URL | None:
    """An address as aiohttp reads it, character by character; None if it cannot."""
    try:
        return URL(text, encoded=True)
    except ValueError:
        return None


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of aiohttp in the words of httpx, without their texts, which may hold an address."""
    try:
        yield
    except aiohttp.ClientConnectorDNSError as error:
        # What the resolver refused comes wrapped, if it is an error of the system, too.
        if isinstance(error.os_error, FetchError):
            raise error.os_error from None
        raise httpx.ConnectError(type(error).__name__) from None
    except (aiohttp.ClientError, OSError) as error:
        kind = next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))
        raise kind(type(error).__name__) from None


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)
