"""A file that people write by hand: its bytes within limits, its values with their lines.

Here belongs what all such files share. How a text becomes values belongs to ``toml`` and
``claim_table``, what the values mean to the stage that reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipeline.errors import InputError

    Key = tuple[str | int, ...]

MAX_BYTES = 1_000_000
"""A file that people write by hand is smaller than this."""


class Flaw(NamedTuple):
    """Something that was wrong already in reading, and left the rest of the file readable.

    Attributes:
        key: the record that it lies in.
        line: where.
        what: the failure.
        remedy: what to do about it.
    """

    key: Key
    line: int
    what: str
    remedy: str


@dataclass(frozen=True)
class Document:
    """A file, read.

    Attributes:
        path: the file.
        content: its bytes as they were read.
        values: what it holds.
        lines: line number, from 1, of every record and key.
        flaws: what was wrong with single records in reading.
    """

    path: Path
    content: bytes
    values: Mapping[str, Any]
    lines: Mapping[Key, int]
    flaws: tuple[Flaw, ...] = ()

    def line_of(self, key: Sequence[str | int]) -> int:
        """The line of a key, or of the nearest record around it."""
        path = tuple(key)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def content_of(path: Path, raises: type[InputError]) -> bytes:
    """The bytes of a regular file of allowed size.

    Raises:
        InputError: of the given type, if it is missing, unreadable or larger than ``MAX_BYTES``.
    """
    try:
        if not path.is_file():
            raise raises("the file is missing", where=str(path), remedy="put it there")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise raises(f"cannot be read: {error.strerror}", where=str(path)) from error
    if len(content) > MAX_BYTES:
        what = f"larger than {MAX_BYTES} bytes"
        raise raises(what, where=str(path), remedy="split the folder by site")
    return content


def text_of(content: bytes, path: Path, raises: type[InputError]) -> str:
    """The bytes as text, without a byte order mark.

    Raises:
        InputError: of the given type, if they are not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"{path}:{line}"
        raise raises("not UTF-8", where=where, remedy="save the file as UTF-8") from error
