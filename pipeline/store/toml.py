"""TOML files that people write: read within limits, and every key with the line it stands on.

Here belongs the reading of the file and nothing about what its keys mean. A seeds folder gives
its keys their meaning in ``claims``.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipeline.errors import InputError

    Key = tuple[str | int, ...]

MAX_BYTES = 1_000_000
"""A file that people write by hand is smaller than this."""

_LITERAL = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\" '-]+?)\s*=")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True)
class TomlDocument:
    """A TOML file, read.

    Attributes:
        path: the file.
        content: its bytes as they were read.
        values: what it holds.
        lines: line number, from 1, of every table header and key.
    """

    path: Path
    content: bytes
    values: Mapping[str, Any]
    lines: Mapping[Key, int]

    def line_of(self, key: Sequence[str | int]) -> int:
        """The line of a key, or of the nearest table around it."""
        path = tuple(key)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_toml(path: Path, raises: type[InputError]) -> TomlDocument:
    """Read a TOML file; a byte order mark is accepted.

    Args:
        path: the file.
        raises: the error type of the folder that the file belongs to.

    Raises:
        InputError: of the given type, if the file is missing, larger than ``MAX_BYTES``, not
            UTF-8 or not TOML.
    """
    content = _content(path, raises)
    text = _text(content, path, raises).replace("\r\n", "\n")
    try:
        values = tomllib.loads(text)
    except RecursionError as error:
        raise raises("nested too deeply", where=str(path), remedy="write flat tables") from error
    except ValueError as error:
        raise _syntax_error(error, text, path, raises) from error
    return TomlDocument(path, content, values, _lines_of(text))


def _content(path: Path, raises: type[InputError]) -> bytes:
    """The bytes of a regular file of allowed size."""
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


def _text(content: bytes, path: Path, raises: type[InputError]) -> str:
    """The bytes as text, without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"{path}:{line}"
        raise raises("not UTF-8", where=where, remedy="save the file as UTF-8") from error


def _syntax_error(error: ValueError, text: str, path: Path, raises: type[InputError]) -> InputError:
    """The parser's complaint, with its line in the usual place."""
    found = _AT_LINE.search(str(error))
    line = int(found[1]) if found else text.count("\n") + 1
    reason = _AT_LINE.sub("", str(error)).strip()
    remedy = "mend the line; strings need quotes, and a key may stand only once in a record"
    return raises(f"not valid TOML: {reason}", where=f"{path}:{line}", remedy=remedy)


def _lines_of(text: str) -> dict[Key, int]:
    """Line numbers of headers and keys of a text that is known to be valid TOML."""
    index = _LineIndex()
    depth = 0
    for number, line in enumerate(_LITERAL.sub(_flattened, text).split("\n"), start=1):
        if depth == 0:
            index.add(line, number)
        bare = _LITERAL.sub("", line)
        depth += sum(bare.count(mark) for mark in "[{") - sum(bare.count(mark) for mark in "]}")
    return index.lines


def _flattened(literal: re.Match[str]) -> str:
    """A comment or a string over several lines becomes blank lines; other strings stay."""
    text = literal[0]
    if text.startswith("#"):
        return ""
    return text if "\n" not in text else '""' + "\n" * text.count("\n")


@dataclass
class _LineIndex:
    """What the lines read so far say about where keys stand."""

    lines: dict[Key, int] = field(default_factory=dict)
    counts: dict[Key, int] = field(default_factory=dict)
    table: Key = ()

    def add(self, line: str, number: int) -> None:
        """Take in one line that does not continue a value."""
        if header := _HEADER.match(line):
            path = self._around(_parts(header[2]))
            if header[1] == "[[":
                self.counts[path] = self.counts.get(path, 0) + 1
            self.table = self._latest(path)
            self.lines.setdefault(path, number)
            self.lines.setdefault(self.table, number)
        elif key := _KEY.match(line):
            self.lines.setdefault((*self.table, *_parts(key[1])), number)

    def _around(self, parts: Sequence[str]) -> Key:
        """The path that a header names, inside the latest record of every array around it."""
        path: Key = ()
        for part in parts[:-1]:
            path = self._latest((*path, part))
        return (*path, parts[-1])

    def _latest(self, path: Key) -> Key:
        """The path, with the number of its last record if it is an array of tables."""
        return (*path, self.counts[path] - 1) if path in self.counts else path


def _parts(dotted: str) -> list[str]:
    """The parts of a dotted key, without quotes."""
    return [part.strip().strip("\"'") for part in dotted.split(".")]
