"""Connections that are kept for the next request.

Here belongs a pool and nothing of what goes through it. httpcore's own pool looks at every open
connection several times a request, and asks the system about each: with 32 connections that was
two thirds of the time of a fetch. This one takes the first that is idle.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable

KEEP_ALIVE_S = 30.0


class Pool:
    """Connections by origin; so many are in use at once, and no more are kept idle."""

    def __init__(
        self, backend: httpcore.AsyncNetworkBackend, context: ssl.SSLContext, n_connections: int
    ) -> None:
        """Begin without connections.

        Args:
            backend: makes them.
            context: the certificates that are trusted.
            n_connections: so many are in use at once.
        """
        self._backend, self._context = backend, context
        self._slots = asyncio.Semaphore(n_connections)
        self._idle: dict[str, list[httpcore.AsyncHTTPConnection]] = defaultdict(list)

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send one request; its connection is free again when the answer is closed."""
        await self._slots.acquire()
        connection = None
        try:
            connection = await self._taken(request.url.origin)
            response = await connection.handle_async_request(request)
        except BaseException:
            self._slots.release()
            if connection is not None:
                await connection.aclose()
            raise
        origin = request.url.origin
        body = _Body(response, lambda: self._give_back(origin, connection))
        return httpcore.Response(
            response.status,
            headers=response.headers,
            content=body,
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close what is idle; what is in use closes with its answer."""
        for waiting in self._idle.values():
            while waiting:
                await waiting.pop().aclose()

    async def _taken(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """A connection to an origin: the one that was used last, if it still is one."""
        waiting = self._idle[str(origin)]
        while waiting:
            connection = waiting.pop()
            if connection.is_idle() and not connection.has_expired():
                return connection
            await connection.aclose()
        return httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=self._context,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=self._backend,
        )

    async def _give_back(
        self, origin: httpcore.Origin, connection: httpcore.AsyncHTTPConnection
    ) -> None:
        """Keep a connection whose answer was read to its end; close any other."""
        self._slots.release()
        if connection.is_idle():
            self._idle[str(origin)].append(connection)
        else:
            await connection.aclose()


class _Body:
    """The body of an answer, which gives its connection back once."""

    def __init__(
        self, response: httpcore.Response, give_back: Callable[[], Awaitable[None]]
    ) -> None:
        """Stand before a body."""
        self._response, self._give_back = response, give_back
        self._is_open = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces as they come."""
        stream = self._response.stream
        async for piece in _pieces(stream):
            yield piece

    async def aclose(self) -> None:
        """End the answer."""
        if self._is_open:
            self._is_open = False
            try:
                await self._response.aclose()
            finally:
                await self._give_back()


def _pieces(stream: object) -> AsyncIterable[bytes]:
    """The stream of an asynchronous answer; httpcore has one type for both kinds."""
    return stream  # type: ignore[return-value]
