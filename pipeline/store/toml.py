"""TOML files that people write: read within limits, and every key with the line it stands on.

Here belongs the reading of the file and nothing about what its keys mean. A seeds folder gives
its keys their meaning in ``claims``.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.store.document import Document, content_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.errors import InputError
    from pipeline.store.document import Key

_LITERAL = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\" '-]+?)\s*=")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def read_toml(path: Path, raises: type[InputError]) -> Document:
    """Read a TOML file; a byte order mark is accepted.

    Args:
        path: the file.
        raises: the error type of the folder that the file belongs to.

    Raises:
        InputError: of the given type, if the file is missing, larger than ``MAX_BYTES``, not
            UTF-8 or not TOML.
    """
    return parse_toml(content_of(path, raises), path, raises)


def parse_toml(content: bytes, path: Path, raises: type[InputError]) -> Document:
    """Bytes as TOML, as if they had been read from a file.

    Raises:
        InputError: of the given type, if they are not UTF-8 or not TOML.
    """
    text = text_of(content, path, raises).replace("\r\n", "\n")
    try:
        values = tomllib.loads(text)
    except RecursionError as error:
        raise raises("nested too deeply", where=str(path), remedy="write flat tables") from error
    except ValueError as error:
        raise _syntax_error(error, text, path, raises) from error
    return Document(path, content, values, _lines_of(text))


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
