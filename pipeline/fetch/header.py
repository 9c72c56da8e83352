"""A look at the directories of a remote TIFF before the real reader sees them.

Here belongs what a header may ask for and no more. What its tags mean belongs to async-tiff,
which trusts them: a count of 2^33 in one tag makes it ask for the memory at once, and a failed
allocation ends the whole process.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import CorruptAssetError

if TYPE_CHECKING:
    from pipeline.network.ranges import RemoteObject

MAX_DIRECTORIES = 64
"""A COG of a whole Sentinel-2 tile has six."""
MAX_TAGS = 512
MAX_VALUES = 4_000_000
"""Over all tags together; a raster at our limit of size in blocks of 256 has 1.3 million."""

_SIZES = {
    **dict.fromkeys((1, 2, 6, 7), 1),
    **dict.fromkeys((3, 8), 2),
    **dict.fromkeys((4, 9, 11, 13), 4),
    **dict.fromkeys((5, 10, 12, 16, 17, 18), 8),
}
"""Bytes of a value by its type code: TIFF 6.0, section 2, and BigTIFF."""


@dataclass(frozen=True)
class _Layout:
    """How the directories of a file are written.

    Attributes:
        counter: format of the number of tags.
        tag: format of one tag: number, type, count, value or place.
        pointer: format of the place of the next directory.
        first: where the place of the first one stands.
    """

    counter: struct.Struct
    tag: struct.Struct
    pointer: struct.Struct
    first: int


def _layout(order: str, *, is_big: bool) -> _Layout:
    """The layout of TIFF or BigTIFF in a byte order."""
    counter, tag, pointer = ("Q", "HHQ8s", "Q") if is_big else ("H", "HHI4s", "I")
    return _Layout(
        counter=struct.Struct(order + counter),
        tag=struct.Struct(order + tag),
        pointer=struct.Struct(order + pointer),
        first=8 if is_big else 4,
    )


_LAYOUTS = {
    b"II*\0": _layout("<", is_big=False),
    b"MM\0*": _layout(">", is_big=False),
    b"II+\0": _layout("<", is_big=True),
    b"MM\0+": _layout(">", is_big=True),
}


async def check_header(source: RemoteObject) -> None:
    """Walk the chain of directories once; what is read is kept for the real reader.

    Raises:
        CorruptAssetError: if this is no TIFF, the chain does not end, or its tags hold more
            values than any image of ours needs or than the file has room for.
        FetchError: if the bytes do not arrive.
    """
    layout = _LAYOUTS.get(await _read(source, 0, 4))
    if layout is None:
        raise _corrupt(source, "the bytes are not a TIFF")
    place = await _number(source, layout.first, layout.pointer)
    seen: set[int] = set()
    n_values = 0
    while place:
        if place in seen or len(seen) == MAX_DIRECTORIES:
            raise _corrupt(source, "the directories of the TIFF do not end")
        seen.add(place)
        more, place = await _directory(source, layout, place)
        n_values += more
        if n_values > MAX_VALUES:
            raise _corrupt(source, "the header of the TIFF asks for too much")


async def _directory(source: RemoteObject, layout: _Layout, place: int) -> tuple[int, int]:
    """How many values the tags of a directory have, and where the next one is.

    Raises:
        CorruptAssetError: if a tag has an unknown type or more values than the file has bytes.
    """
    n_tags = await _number(source, place, layout.counter)
    if not 0 < n_tags <= MAX_TAGS:
        raise _corrupt(source, f"a directory of the TIFF has {n_tags} tags")
    start = place + layout.counter.size
    stop = start + n_tags * layout.tag.size
    n_values = 0
    for _, kind, count, _ in layout.tag.iter_unpack(await _read(source, start, stop - start)):
        if kind not in _SIZES or count * _SIZES[kind] > source.size:
            raise _corrupt(source, "a tag of the TIFF is damaged")
        n_values += count
    return n_values, await _number(source, stop, layout.pointer)


async def _number(source: RemoteObject, place: int, form: struct.Struct) -> int:
    """A number in the header."""
    return int(form.unpack(await _read(source, place, form.size))[0])


async def _read(source: RemoteObject, place: int, length: int) -> bytes:
    """Bytes that must be there.

    Raises:
        CorruptAssetError: if the file ends before.
    """
    body = await source.get_range_async("", start=place, end=place + length)
    if len(body) < length:
        raise _corrupt(source, "the object ends before its header says")
    return body


def _corrupt(source: RemoteObject, what: str) -> CorruptAssetError:
    """An error that names the object."""
    return CorruptAssetError(what, where=source.shown, remedy="report it to the catalogue")
