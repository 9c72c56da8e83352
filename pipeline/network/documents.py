"""Whole documents: asked for, waited for within a time, and held to a size.

Here belongs the reading of one answer as a whole, and a plain reader for code that does not
await. What a document says belongs to ``catalogs`` and ``signing``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from pipeline.errors import FetchError, FetchRetryError
from pipeline.network.access import without_query
from pipeline.network.door import Call, Door
from pipeline.network.retries import insist, refuse_passing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.network.access import Access

MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
"""A page of a hundred items has about three megabytes."""


@dataclass(frozen=True)
class Patience:
    """How long and how often a document is asked for.

    Attributes:
        timeout_s: total time of one attempt, whatever the pace of the bytes.
        attempts: how often it is asked before it counts as failed.
        max_bytes: no document is larger, once unpacked.
    """

    timeout_s: float = 30.0
    attempts: int = 4
    max_bytes: int = MAX_DOCUMENT_BYTES


@dataclass(frozen=True)
class Answer:
    """What a server said.

    Attributes:
        status: the HTTP status; never one that may pass.
        body: the document, unpacked.
    """

    status: int
    body: bytes


async def ask(door: Door, call: Call, patience: Patience) -> Answer:
    """Ask for one document, again and again for reasons that may pass.

    Raises:
        FetchRetryError: if it does not come in the time and the attempts that are given.
        FetchError: if it may not be asked for, or is too large.
    """
    return await insist(lambda: _in_time(door, call, patience), patience.attempts)


async def _in_time(door: Door, call: Call, patience: Patience) -> Answer:
    """One attempt."""
    try:
        async with asyncio.timeout(patience.timeout_s):
            return await _once(door, call, patience.max_bytes)
    except TimeoutError as error:
        what = f"the answer did not arrive within {patience.timeout_s:g} s"
        where = without_query(call.url)
        raise FetchRetryError(what, where=where, remedy="run again later") from error


async def _once(door: Door, call: Call, max_bytes: int) -> Answer:
    """One request, its answer held to a size."""
    shown = without_query(call.url)
    async with door.answer(call) as response:
        refuse_passing(response, shown)
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > max_bytes:
                what = f"the answer is larger than {max_bytes} bytes"
                raise FetchError(what, where=shown, remedy="report it to whoever runs the server")
    return Answer(response.status_code, bytes(body))


class Reader:
    """A door for code that does not await: one loop, one pool, until it is closed.

    Attributes:
        access: what may be asked.
    """

    def __init__(self, access: Access, patience: Patience) -> None:
        """Open the door; nothing is sent yet."""
        self.access = access
        self._patience = patience
        self._runner = asyncio.Runner()
        self._door = Door(access, silence_s=patience.timeout_s)

    def __enter__(self) -> Self:
        """Nothing: the door is open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pool and the loop."""
        self._runner.run(self._door.aclose())
        self._runner.close()

    def ask(self, call: Call) -> Answer:
        """Ask for one document.

        Raises:
            FetchError: as ``documents.ask`` does.
        """
        return self.ask_all([call])[0]

    def ask_all(self, calls: Sequence[Call]) -> list[Answer]:
        """Ask for many documents, several at a time.

        Raises:
            FetchError: the first that there is.
        """
        return self._runner.run(self._together(calls))

    async def _together(self, calls: Sequence[Call]) -> list[Answer]:
        """All at once; the first error ends the others and is raised as it is."""
        try:
            async with asyncio.TaskGroup() as group:
                works = (ask(self._door, _packed(call), self._patience) for call in calls)
                tasks = [group.create_task(work) for work in works]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]


def _packed(call: Call) -> Call:
    """The request, with the word that its answer may come packed."""
    return replace(call, headers={"accept-encoding": "gzip", **call.headers})
