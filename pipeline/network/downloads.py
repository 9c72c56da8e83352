"""A whole object behind a URL, streamed into a file.

Here belongs the reading of objects that cannot be read in part (JPEG 2000 in a bucket). What the
file holds belongs to ``fetch``; the file belongs to whoever asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from pipeline.errors import FetchError, FetchRetryError
from pipeline.network.access import without_query
from pipeline.network.door import Call, Door
from pipeline.network.retries import DENIED, refuse_passing

if TYPE_CHECKING:
    import httpx

MAX_OBJECT_BYTES = 512 * 1024 * 1024
"""A 10 m band of a Sentinel-2 tile has about 120 megabytes."""
_OK = 200


@dataclass(frozen=True)
class Downloaded:
    """How an object came.

    Attributes:
        etag: its version; empty if the server names none.
        nbytes: its size.
    """

    etag: str
    nbytes: int


async def download(
    door: Door, url: str, sink: BinaryIO, max_bytes: int = MAX_OBJECT_BYTES
) -> Downloaded:
    """Write an object into a file, from the file's beginning; a stale signature is renewed once.

    The total time is bounded by whoever asks.

    Raises:
        FetchRetryError: if it comes short, or not at all for a reason that may pass.
        FetchError: if it is refused or too large.
    """
    signed = await door.signed(url)
    async with door.answer(Call(signed)) as response:
        if response.status_code not in DENIED or not door.renews(signed):
            return await _written(response, sink, max_bytes)
    async with door.answer(Call(await door.signed(url))) as response:
        return await _written(response, sink, max_bytes)


async def _written(response: httpx.Response, sink: BinaryIO, max_bytes: int) -> Downloaded:
    """One answer, in the file, exactly as long as it promises.

    Raises:
        FetchRetryError, FetchError: as ``download``.
    """
    shown = without_query(str(response.request.url))
    refuse_passing(response, shown)
    promised = _promised(response, shown)
    if promised > max_bytes:
        raise FetchError(f"the object is larger than {max_bytes} bytes", where=shown)
    sink.seek(0)
    sink.truncate()
    nbytes = 0
    async for piece in response.aiter_raw():
        nbytes += len(piece)
        if nbytes > promised:
            break
        sink.write(piece)
    if nbytes != promised:
        what = "the server sent more or fewer bytes than it promised"
        raise FetchRetryError(what, where=shown, remedy="run again later")
    sink.flush()
    return Downloaded(response.headers.get("etag", ""), nbytes)


def _promised(response: httpx.Response, shown: str) -> int:
    """How many bytes an answer says that it has.

    Raises:
        FetchError: if it is no whole object, is packed, or does not say.
    """
    if response.status_code != _OK:
        what, remedy = f"the server answered {response.status_code}", "check the address"
        if response.status_code in DENIED:
            remedy = "check the credentials, and whether they have run out"
        raise FetchError(what, where=shown, remedy=remedy)
    length = response.headers.get("content-length", "")
    if not length.isdecimal() or response.headers.get("content-encoding", "identity") != "identity":
        raise FetchError("the server does not say how many bytes the object has", where=shown)
    return int(length)
