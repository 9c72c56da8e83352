"""Bytes of an object behind a URL, by ranges.

Here belong requests for parts of one object and what their answers must look like. What the bytes
mean belongs to ``fetch``.

These few lines stand in for a ready-made store because of what they promise: every answer is the
range that was asked for, of the object that was asked first; a throttling server is waited for;
and no error holds a query string, which may be a signature.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.errors import CorruptAssetError, FetchError, FetchRetryError, PipelineError
from pipeline.network.door import Call
from pipeline.network.retries import DENIED, refuse_passing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import httpx

    from pipeline.network.door import Door

MAX_BYTES = 256 * 1024 * 1024
"""More than this is not read for one asset in one attempt."""
HEADER_STEP = 16 * 1024
"""Bytes that are asked for at least while the header is read; that of a tile of 10,980 pixels in
blocks of 512 has about 11,000."""
MAX_GAP = 64 * 1024
"""Ranges that lie closer together are asked for at once."""

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_OK, _PARTIAL, _PAST_END = 200, 206, 416


class RemoteObject:
    """One object behind a URL; async-tiff takes it for a store.

    Attributes:
        shown: the address without its query, fit for print.
        etag: version of the object; empty if the server names none.
        nbytes: bytes read so far, all attempts together.
        size: bytes of the whole object; 0 before the first answer.
        error: the first thing that went wrong; async-tiff would hide it.
    """

    def __init__(self, door: Door, url: str) -> None:
        """Check the address before anything is sent.

        Raises:
            FetchError: if it is not one that may be asked.
        """
        self._door, self._url = door, url
        self.shown = door.access.check(url)
        self.nbytes = 0
        self.restart()

    def restart(self) -> None:
        """Forget the version that was seen: the object is read anew from its beginning."""
        self.etag = ""
        self.error: PipelineError | None = None
        self.size = 0
        self._budget = MAX_BYTES
        self._header: list[tuple[int, bytes]] = []

    async def get_range_async(
        self, path: str, *, start: int, end: int | None = None, length: int | None = None
    ) -> bytes:
        """Bytes of the header; fewer than asked for if the object ends before.

        Headers are read in small steps, so that every answer is kept and asked for larger.
        """
        del path
        stop = end if end is not None else start + (length or 0)
        for first, body in self._header:
            if first <= start and (stop <= first + len(body) or first + len(body) == self.size):
                return body[start - first : stop - first]
        with self._remembering():
            body = await self._ask(start, max(stop, start + HEADER_STEP))
        self._header.append((start, body))
        return body[: stop - start]

    async def get_ranges_async(
        self,
        path: str,
        *,
        starts: Sequence[int],
        ends: Sequence[int] | None = None,
        lengths: Sequence[int] | None = None,
    ) -> list[memoryview]:
        """Bytes of blocks, each of them whole."""
        del path
        if ends is None:
            ends = [start + length for start, length in zip(starts, lengths or (), strict=True)]
        ranges = list(zip(starts, ends, strict=True))
        with self._remembering():
            spans = merged(ranges)
            bodies = await asyncio.gather(*(self._whole(*span) for span in spans))
            return [_cut(spans, bodies, one) for one in ranges]

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """Keep an error, since the reader turns it into text of its own."""
        try:
            yield
        except PipelineError as error:
            self.error = self.error or error
            raise

    async def _whole(self, start: int, stop: int) -> bytes:
        """A range that must be there to its end.

        Raises:
            CorruptAssetError: if the object ends before.
        """
        body = await self._ask(start, stop)
        if len(body) < stop - start:
            raise CorruptAssetError("the object ends before its last block", where=self.shown)
        return body

    async def _ask(self, start: int, stop: int) -> bytes:
        """One range, with all that can go wrong on the way; a stale signature is renewed once.

        Raises:
            FetchRetryError: if it may go better another time.
            FetchError, CorruptAssetError: if it will not.
        """
        self._budget -= stop - start
        if not 0 <= start < stop or self._budget < 0:
            raise CorruptAssetError("the header asks for impossible ranges", where=self.shown)
        signed = await self._door.signed(self._url)
        async with self._door.answer(_call(signed, start, stop)) as response:
            if response.status_code not in DENIED or not self._door.renews(signed):
                return await self._bytes(response, start, stop)
        signed = await self._door.signed(self._url)
        async with self._door.answer(_call(signed, start, stop)) as response:
            return await self._bytes(response, start, stop)

    async def _bytes(self, response: httpx.Response, start: int, stop: int) -> bytes:
        """The bytes of an answer, once it is seen to be the right one."""
        self._check_status(response)
        return await self._body(response, self._check_range(response, start, stop))

    def _check_status(self, response: httpx.Response) -> None:
        """Sort the answers that bring no bytes.

        Raises:
            FetchRetryError: for a status that may pass.
            FetchError, CorruptAssetError: for any other but a partial answer.
        """
        status = response.status_code
        if status == _PARTIAL:
            return
        refuse_passing(response, self.shown)
        if status == _PAST_END:
            raise CorruptAssetError("the object ends before its header says", where=self.shown)
        what, remedy = f"the server answered {status}", "check the address in the catalogue"
        if status == _OK:
            what = "the server sent something else than the range that was asked for"
            remedy = "use a server that answers range requests and needs no login page"
        elif status in DENIED:
            remedy = "get access, or search again: a signed address may have run out"
        raise FetchError(what, where=self.shown, remedy=remedy)

    def _check_range(self, response: httpx.Response, start: int, stop: int) -> int:
        """How many bytes will come; refuse other bytes or another object.

        Raises:
            FetchRetryError: if the range is another one, or the object was replaced.
        """
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        first, last, size = map(int, match.groups()) if match else (-1, -1, 0)
        if first != start or last + 1 != min(stop, size):
            raise self._passing("the server sent another range than was asked for")
        etag = response.headers.get("etag", "")
        if self.size and (size, etag) != (self.size, self.etag):
            raise self._passing("the object was replaced while it was read")
        self.size, self.etag = size, etag
        return last + 1 - first

    async def _body(self, response: httpx.Response, size: int) -> bytes:
        """The bytes of an answer, exactly as many as it promises.

        Raises:
            FetchRetryError: if there are fewer or more.
        """
        if response.headers.get("content-encoding", "identity") != "identity":
            raise FetchError("the server compresses ranges", where=self.shown)
        pieces: list[bytes] = []
        missing = size
        async for piece in response.aiter_raw():
            pieces.append(piece)
            missing -= len(piece)
            if missing < 0:
                break
        self.nbytes += size - missing
        if missing:
            raise self._passing("the server sent more or fewer bytes than it promised")
        return b"".join(pieces)

    def _passing(self, what: str) -> FetchRetryError:
        """An error for something that may go better another time."""
        return FetchRetryError(what, where=self.shown, remedy="run again later")


def _call(url: str, start: int, stop: int) -> Call:
    """The request for one range."""
    return Call(url, headers={"range": f"bytes={start}-{stop - 1}"})


def merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The fewest spans over all ranges whose gaps are small, in rising order.

    Example:
        >>> merged([(900_000, 900_010), (20, 30), (0, 10)])
        [(0, 30), (900000, 900010)]
    """
    spans: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if spans and start <= spans[-1][1] + MAX_GAP:
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
        else:
            spans.append((start, stop))
    return spans


def _cut(
    spans: Sequence[tuple[int, int]], bodies: Sequence[bytes], wanted: tuple[int, int]
) -> memoryview:
    """One range out of the spans that hold it, without a copy."""
    for (start, stop), body in zip(spans, bodies, strict=True):
        if start <= wanted[0] and wanted[1] <= stop:
            return memoryview(body)[wanted[0] - start : wanted[1] - start]
    raise CorruptAssetError("the header asks for impossible ranges")
