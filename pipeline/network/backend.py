"""How a connection is made: the name is resolved once, judged, and the connection goes there.

Here belongs the step between a name and a socket. Resolving and connecting in one place closes
the hole between a check and a second look-up that answers otherwise. The server's name in TLS
stays the name that was asked for.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from socket import SOCK_STREAM, gaierror
from typing import TYPE_CHECKING, TypeAlias

import httpcore
import httpx

from pipeline.network.access import ip_of
from pipeline.network.pool import Pool

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable

    from httpcore import SOCKET_OPTION

    from pipeline.network.access import Access

    Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, those of IPv4 first, because broken IPv6 only shows by waiting."""
    if ip_of(host) is not None:
        return [host]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return sorted({str(place[0]) for *_, place in found}, key=lambda address: ":" in address)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked, and to nothing else."""

    def __init__(self, access: Access, look_up: Resolve = resolve) -> None:
        """Guard a door.

        Args:
            access: says which addresses are refused.
            look_up: gives the addresses of a name.
        """
        self._access, self._look_up = access, look_up
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(  # noqa: PLR0917 - httpcore's own signature
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers, if all of them may be asked.

        Raises:
            FetchError: if one of them is private: then the whole name is not to be trusted.
            httpcore.ConnectError: if there is none, or none answers.
        """
        addresses = await self._addresses(host, port, timeout)
        failed: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def _addresses(self, host: str, port: int, timeout_s: float | None) -> list[str]:
        """The addresses of a name, all of them checked."""
        try:
            async with asyncio.timeout(timeout_s):
                addresses = await self._look_up(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from error
        except (gaierror, UnicodeError) as error:
            raise httpcore.ConnectError("the name cannot be resolved") from error
        for address in addresses:
            self._access.check_connection(host, address)
        return addresses

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Refuse: files are not the network."""
        raise httpcore.ConnectError("sockets of this machine are not asked")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a guarded pool; no proxy, no orders from the environment."""

    def __init__(self, access: Access, n_connections: int, look_up: Resolve = resolve) -> None:
        """Open a pool that all requests share."""
        backend = GuardedBackend(access, look_up)
        self._pool = Pool(backend, _trust(), n_connections)  # type: ignore[assignment]


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)
