"""One pool of connections, and the way of a request through it.

Here belong sending, redirects and the errors of a connection. Which address may be asked belongs
to ``access``; what an answer must look like to ``documents``, ``ranges`` and ``downloads``.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import httpx

from pipeline.errors import FetchError, FetchRetryError
from pipeline.network.access import origin_of, parsed, without_query
from pipeline.network.backend import GuardedTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from pipeline.network.access import Access

MAX_REDIRECTS = 3
_TRAVELS = ("accept", "accept-encoding", "content-type", "range")
"""Headers that another host may see."""
_KEEPS_METHOD = (307, 308)
"""Redirects that a request with a body may follow as it is."""


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        url: the address, with its query.
        method: in upper case.
        headers: beside those that every request has.
        content: the body.
        on_hop: is shown the target of every redirect, and may refuse it.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    on_hop: Callable[[str], None] | None = None

    def to(self, target: str) -> Call:
        """The same request to another address, without what is not meant for another host."""
        is_home = origin_of(self.url) == origin_of(target)
        kept = {key: v for key, v in self.headers.items() if is_home or key.lower() in _TRAVELS}
        return replace(self, url=target, headers=kept)


class Door:
    """Everything that is asked on behalf of one catalogue goes through one of these.

    Attributes:
        access: what may be asked.
        signer: puts signatures on addresses; None if the catalogue needs none.
    """

    def __init__(
        self,
        access: Access,
        *,
        n_connections: int = 8,
        silence_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Open the pool; nothing is sent yet.

        Args:
            access: what may be asked.
            n_connections: no more are open at once, nor than the catalogue allows.
            silence_s: longest wait for the next bytes of an answer.
            transport: stands in for the network in tests.
        """
        # httpx tells its log every address in full, and a query string may be a signature.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.access = access
        self.signer = None if access.signing is None else access.signing.begin()
        n_connections = min(n_connections, access.max_connections)
        # No client of httpx stands between: it would keep cookies and read every address anew.
        self._transport = transport or GuardedTransport(access, n_connections, silence_s=silence_s)

    async def __aenter__(self) -> Self:
        """Nothing: the pool is open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the pool."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def signed(self, url: str) -> str:
        """The address as it is to be asked now.

        Raises:
            FetchError: if there is no signature to be had for it.
        """
        return url if self.signer is None else await self.signer.signed(self, url)

    def renews(self, signed: str) -> bool:
        """Forget a signature that was refused; whether there is another to be had."""
        if self.signer is not None:
            self.signer.forget(signed)
        return self.signer is not None

    @asynccontextmanager
    async def answer(self, call: Call) -> AsyncIterator[httpx.Response]:
        """Send a request and follow its redirects; the body is read by whoever asked.

        Raises:
            FetchError: if an address on the way is refused.
            FetchRetryError: if the connection fails, there or while the body is read.
        """
        shown, remedy = without_query(call.url), "run again later"
        try:
            response = await self._arrive(call)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            what = "the server did not answer in time"
            raise FetchRetryError(what, where=shown, remedy=remedy) from error
        except httpx.RequestError as error:
            what = f"the connection failed ({type(error).__name__})"
            raise FetchRetryError(what, where=shown, remedy=remedy) from error

    async def _arrive(self, call: Call) -> httpx.Response:
        """The first answer that is no redirect."""
        self.access.check(call.url)
        for _ in range(MAX_REDIRECTS + 1):
            request = _request(call)
            response = await self._transport.handle_async_request(request)
            response.request = request
            if not response.has_redirect_location:
                return response
            await response.aclose()
            call = self._hop(call, response.status_code, _target(response))
        what = f"the server redirects more than {MAX_REDIRECTS} times"
        raise FetchError(what, where=without_query(call.url), remedy="name the final address")

    def _hop(self, call: Call, status: int, target: str) -> Call:
        """The request that a redirect asks for, if it may be sent.

        Raises:
            FetchError: if it may not.
        """
        if call.on_hop is not None:
            call.on_hop(target)
        self.access.check_hop(call.url, target)
        if call.method != "GET" and status not in _KEEPS_METHOD:
            what = "the server redirects a request that has a body"
            raise FetchError(what, where=without_query(call.url), remedy="name the final address")
        return call.to(target)


def _request(call: Call) -> httpx.Request:
    """What is sent."""
    headers = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "zonewatch"}
    return httpx.Request(
        call.method, parsed(call.url), headers=headers | dict(call.headers), content=call.content
    )


def _target(response: httpx.Response) -> str:
    """Where a redirect leads, in full.

    Raises:
        FetchError: if that is no address.
    """
    location = response.headers["location"]
    try:
        return str(response.request.url.join(location))
    except (httpx.InvalidURL, ValueError):
        raise FetchError("the server redirects to no address") from None
