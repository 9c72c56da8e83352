"""Claims that an analyst brings: read from TOML or CSV, checked, and added to a folder.

Here belongs the way from a file of new claims to the claims of a folder; nothing is written
before everything has been checked, and then the file appears whole. How a CSV becomes records
belongs to ``store.claim_table``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.claims.folder import Folder, checked, read_folder
from pipeline.claims.rules import (
    check_dependents,
    check_descent,
    check_ids,
    check_sources,
    check_taken,
    check_zones,
)
from pipeline.claims.shelf import shelve
from pipeline.errors import ClaimsError
from pipeline.store.claim_table import read_claim_table
from pipeline.store.document import MAX_BYTES
from pipeline.store.files import publish_bytes
from pipeline.store.seeds import ClaimRecord
from pipeline.store.toml import parse_toml, read_toml
from pipeline.store.toml_text import records_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pipeline.claims.shelf import Shelf
    from pipeline.store.document import Document

_READERS = {".csv": read_claim_table, ".toml": read_toml}


@dataclass(frozen=True)
class Addition:
    """What came of new claims.

    Attributes:
        added: ids of the claims that the folder now holds.
        problems: what is wrong with the others, in the order of lines.
    """

    added: tuple[str, ...]
    problems: tuple[ClaimsError, ...]


def check_new(folder: Path, file: Path, *, zone_ids: Collection[str] = ()) -> Addition:
    """What ``add_claims`` would do; nothing is written.

    Raises:
        ClaimsError: if the folder or the file cannot be used at all.
    """
    shelf = _shelf_of(_sound(folder), file, zone_ids)
    return Addition(tuple(one.id for one in shelf.sound.values()), shelf.in_order())


def add_claims(
    folder: Path, file: Path, *, zone_ids: Collection[str] = (), skip_bad: bool = False
) -> Addition:
    """Add the claims of a file to a folder: all of them or none, unless bad ones are skipped.

    Args:
        folder: the seeds folder; it must be sound.
        file: a TOML with ``[[claims]]``, or a CSV by the template.
        zone_ids: the zones of the site, to compare names; empty to leave them.
        skip_bad: whether the good ones are added although others are bad.

    Raises:
        ClaimsError: if the folder or the file cannot be used at all, or is not one of these types.
        StoreError: if the folder cannot be written.
    """
    held = _sound(folder)
    shelf = _shelf_of(held, file, zone_ids)
    problems = shelf.in_order()
    if not shelf.sound or shelf.of_file() or (problems and not skip_bad):
        return Addition((), problems)
    _write(held, shelf)
    return Addition(tuple(one.id for one in shelf.sound.values()), problems)


def _sound(folder: Path) -> Folder:
    """A folder that may be added to.

    Raises:
        ClaimsError: the first of its own problems.
    """
    read = read_folder(folder)
    if not isinstance(read, Folder):
        raise read[0]
    if read.problems:
        raise read.problems[0]
    return read


def _shelf_of(held: Folder, file: Path, zone_ids: Collection[str]) -> Shelf[ClaimRecord]:
    """The new claims with everything that is wrong with them.

    Raises:
        ClaimsError: if the file cannot be read, or its type is not known.
    """
    shelf = shelve(_document(file), "claims", ClaimRecord)
    check_ids(shelf)
    check_taken(held.claims, shelf)
    check_sources(held.sources, shelf)
    check_zones(shelf, set(zone_ids))
    check_descent(shelf, held.claims)
    check_dependents(shelf)
    return shelf


def _document(file: Path) -> Document:
    """The file, by its ending."""
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        remedy = "save it as .csv or .toml; `zonewatch claims template` prints a CSV to fill in"
        raise ClaimsError("neither a CSV nor a TOML", where=str(file), remedy=remedy)
    return reader(file, ClaimsError)


def _write(held: Folder, shelf: Shelf[ClaimRecord]) -> None:
    """Put the good claims behind those that are held, proven readable before they appear.

    Raises:
        ClaimsError: if the file would be too large to be read again.
        StoreError: if it cannot be written.
    """
    document = held.claims.document
    records = [one.model_dump(mode="json", exclude_defaults=True) for one in shelf.sound.values()]
    gap = b"" if document.content.endswith(b"\n") else b"\n"
    content = document.content + gap + records_text("claims", [*records]).encode()
    if len(content) > MAX_BYTES:
        remedy = "begin another claims folder"
        what = f"would grow larger than {MAX_BYTES} bytes"
        raise ClaimsError(what, where=str(document.path), remedy=remedy)
    both = parse_toml(content, document.path, ClaimsError)
    problems = checked([held.sources.document, both, held.events.document]).problems
    if problems:
        raise problems[0]
    publish_bytes(document.path, content)
