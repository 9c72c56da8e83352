"""A seeds folder as three shelves of records, read and checked.

Here belongs the order in which the files are read and the rules are asked. A rule belongs to
``rules``, the records of one file to ``shelf``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.claims.rules import (
    check_articles,
    check_descent,
    check_ids,
    check_sources,
    check_zones,
)
from pipeline.claims.shelf import Shelf, shelve
from pipeline.errors import ClaimsError
from pipeline.model.claim import Seeds
from pipeline.store.seeds import ClaimRecord, EventRecord, SourceRecord
from pipeline.store.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from pipeline.store.document import Document

FILES: Final = ("sources.toml", "claims.toml", "events.toml")
"""The files of a folder, in the order in which they are read, hashed and complained about."""


@dataclass(frozen=True)
class Folder:
    """The three files of a folder.

    Attributes:
        sources: the records of ``sources.toml``.
        claims: those of ``claims.toml``.
        events: those of ``events.toml``.
    """

    sources: Shelf[SourceRecord]
    claims: Shelf[ClaimRecord]
    events: Shelf[EventRecord]

    @property
    def problems(self) -> tuple[ClaimsError, ...]:
        """Everything that is wrong, in the order of files and lines."""
        return (*self.sources.in_order(), *self.claims.in_order(), *self.events.in_order())

    def seeds(self) -> Seeds:
        """The nouns of all records that nothing is wrong with."""
        documents = [shelf.document for shelf in (self.sources, self.claims, self.events)]
        return Seeds(
            sources=tuple(record.noun() for record in self.sources.sound.values()),
            claims=tuple(record.noun() for record in self.claims.sound.values()),
            events=tuple(record.noun() for record in self.events.sound.values()),
            sha256=_fingerprint(documents),
        )


def read_folder(
    folder: Path, *, articles: Path | None = None, zone_ids: Collection[str] = ()
) -> Folder | tuple[ClaimsError, ...]:
    """The folder, or why its files cannot be read at all.

    Args:
        folder: the folder.
        articles: the folder with the article files, to compare their hashes; None to leave them.
        zone_ids: the zones of the site, to compare names; empty to leave them.
    """
    documents, broken = _documents(folder)
    return broken or checked(documents, articles=articles, zone_ids=zone_ids)


def checked(
    documents: Sequence[Document],
    *,
    articles: Path | None = None,
    zone_ids: Collection[str] = (),
) -> Folder:
    """The documents of ``FILES`` as a folder, every rule asked.

    Args:
        documents: one for each of ``FILES``.
        articles: as for ``read_folder``.
        zone_ids: as for ``read_folder``.
    """
    read = Folder(
        shelve(documents[0], "sources", SourceRecord),
        shelve(documents[1], "claims", ClaimRecord),
        shelve(documents[2], "events", EventRecord),
    )
    check_ids(read.sources, read.claims, read.events)
    check_sources(read.sources, read.claims)
    check_zones(read.claims, set(zone_ids))
    check_zones(read.events, set(zone_ids))
    check_descent(read.claims)
    if articles is not None:
        check_articles(read.sources, read.claims, articles)
    return read


def _documents(folder: Path) -> tuple[list[Document], tuple[ClaimsError, ...]]:
    """The three files, and an error for each that cannot be read."""
    if not folder.is_dir():
        remedy = f"name a folder that holds {', '.join(FILES)}"
        return [], (ClaimsError("no such folder", where=str(folder), remedy=remedy),)
    documents, broken = [], []
    for name in FILES:
        try:
            documents.append(read_toml(folder / name, ClaimsError))
        except ClaimsError as error:
            broken.append(error)
    return documents, tuple(broken)


def _fingerprint(documents: Sequence[Document]) -> str:
    """SHA-256 over name, size and bytes of the files in the order of ``FILES``, hex."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(f"{document.path.name}\0{len(document.content)}\0".encode())
        digest.update(document.content)
    return digest.hexdigest()
