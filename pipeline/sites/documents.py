"""From a file to plain values: bytes, TOML tables, JSON trees.

Here belong size, encoding and syntax. What the values mean belongs to the other modules.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from pipeline.errors import SiteError
from pipeline.sites.checked import Checked, shown

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES = 10_000_000


def read_text(path: Path) -> Checked[str]:
    """The text of a file of an AOI folder.

    The result carries a fault if the file is missing, is no plain file, is empty, is larger than
    10 MB or is not UTF-8.
    """
    if not path.is_file():
        what = "the file is missing" if not path.exists() else "this is no plain file"
        return _faulty(path, what, "put it there; see aoi/kaesong for an example")
    if path.stat().st_size > MAX_FILE_BYTES:
        return _faulty(path, "the file is larger than 10 MB", "simplify its outlines")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _faulty(path, f"byte {error.start} is not UTF-8", "save the file as UTF-8")
    except OSError as error:
        return _faulty(path, f"cannot be read ({error.strerror})", "check its permissions")
    if not text.strip():
        return _faulty(path, "the file is empty", "see aoi/kaesong for an example")
    return Checked(text)


def read_toml(path: Path) -> Checked[dict[str, Any]]:
    """The table of a TOML file; a syntax fault names its line."""
    text = read_text(path)
    if text.value is None:
        return Checked(None, text.faults)
    try:
        return Checked(tomllib.loads(text.value))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Checked(None, _faulty(path, f"not valid TOML: {error}", "correct it").faults)


def read_json(path: Path) -> Checked[Any]:
    """The tree of a JSON file, all numbers as floats.

    A syntax fault names its line, a key that stands twice in one object is a fault of its own.
    """
    text = read_text(path)
    if text.value is None:
        return text
    twice: list[str] = []
    try:
        tree = json.loads(
            text.value, parse_int=float, object_pairs_hook=lambda pairs: _once(pairs, twice)
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        return _faulty(path, f"not valid JSON at {place}: {error.msg}", "correct that line")
    except RecursionError:
        return _faulty(path, "nested too deeply to be GeoJSON", "export the file anew")
    return Checked(tree, tuple(_twice_fault(path, name) for name in twice))


def _once(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    """A JSON object as a dict, noting the keys that it holds more than once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        owner = f" of {shown(found['id'])}" if "id" in found else ""
        twice += [f"{shown(key)}{owner}" for key in found if keys.count(key) > 1]
    return found


def _twice_fault(path: Path, name: str) -> SiteError:
    """The fault of a key that stands twice in one object."""
    remedy = "keep one of them; a reader would drop the other in silence"
    return SiteError(f"the key {name} stands twice in one object", where=str(path), remedy=remedy)


def _faulty(path: Path, what: str, remedy: str) -> Checked[str]:
    """No value and one fault about the whole file."""
    return Checked(None, (SiteError(what, where=str(path), remedy=remedy),))
