"""The seeds folder: sources, claims and reference events, read and checked.

Here belong the rules that hold between the records of the three files and the words in which
a broken rule is told. The shape of one record belongs to ``store.seeds``; what a claim means
for the imagery belongs to ``assess``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import ValidationError

from pipeline.errors import ClaimsError
from pipeline.model.claim import Seeds
from pipeline.store.seeds import ClaimRecord, EventRecord, SourceRecord
from pipeline.store.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from pipeline.store.toml import TomlDocument

FILES = ("sources.toml", "claims.toml", "events.toml")
"""The files of a folder, in the order in which they are read, hashed and complained about."""

_README = "seeds/kaesong/README.md explains every key"
_REMEDIES: Mapping[str, str] = {
    "missing": f"add the key; {_README}",
    "extra_forbidden": f"remove the key or correct its spelling; {_README}",
    "string_type": "write the value as a string in quotes",
    "enum": "use one of the words listed",
    "literal_error": "use one of the words listed",
    "value_error": "mend the value; dates look like 2020-11-25, 2020-11 or 2020-11-01/2020-11-27",
}

AnyRecord = TypeVar("AnyRecord", SourceRecord, ClaimRecord, EventRecord)


@dataclass(frozen=True)
class _Shelf(Generic[AnyRecord]):
    """One file: its valid records by position, and what is wrong with the others.

    Attributes:
        document: the file.
        key: name of its array of records.
        raw: the records as they stand in the file.
        records: those that fit the schema, by position.
        problems: line and error of everything found so far.
    """

    document: TomlDocument
    key: str
    raw: list[Mapping[str, Any]]
    records: dict[int, AnyRecord] = field(default_factory=dict)
    problems: list[tuple[int, ClaimsError]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids as they stand in the file, of valid and of invalid records."""
        return [str(record.get("id", "")) for record in self.raw]

    def complain(self, what: str, remedy: str, at: tuple[int, str]) -> None:
        """Note a problem of one record, found by its position and one of its keys."""
        position, key = at
        self._note(what, remedy, (self.key, position, key), self.ids[position])

    def refuse(self, details: ErrorDetails, position: int) -> None:
        """Note what the schema says of one record."""
        location = (self.key, position, *details["loc"])
        name = ".".join(str(part) for part in details["loc"])
        what = details["msg"].removeprefix("Value error, ")
        shown = "" if details["type"] == "value_error" else _scalar(details["input"])
        what = f"{name}: {what}" + (f", got {shown}" if shown else "") if name else what
        self._note(what, _REMEDIES.get(details["type"], _README), location, self.ids[position])

    def complain_of_file(self, what: str, remedy: str, key: str) -> None:
        """Note a problem that lies in no single record."""
        self._note(what, remedy, (key,), "")

    def _note(self, what: str, remedy: str, location: tuple[str | int, ...], name: str) -> None:
        """Keep a problem with its line."""
        line = self.document.line_of(location)
        where = f"{self.document.path}:{line}" + (f": {_printable(name)}" if name else "")
        error = ClaimsError(_printable(what), where=where, remedy=_printable(remedy))
        self.problems.append((line, error))


def _printable(text: str) -> str:
    """A text from a file, fit for one line on a terminal."""
    return text if text.isprintable() else ascii(text)


def _scalar(value: object) -> str:
    """A short form of a single value; nothing for a whole record."""
    return repr(value)[:60] if isinstance(value, str | int | float | bool) else ""


def load_seeds(folder: Path) -> Seeds:
    """Read a seeds folder.

    Raises:
        ClaimsError: the first problem of the folder, by file and line.
    """
    seeds, problems = _read(folder)
    if seeds is None:
        raise problems[0]
    return seeds


def check_seeds(
    folder: Path, *, articles: Path | None = None, zone_ids: Collection[str] = ()
) -> tuple[ClaimsError, ...]:
    """Everything that is wrong with a seeds folder, by file and line.

    Args:
        folder: the folder with ``sources.toml``, ``claims.toml`` and ``events.toml``.
        articles: the folder with the article files, to compare their hashes; None to leave them.
        zone_ids: the zones of the site, to compare names; empty to leave them.
    """
    return _read(folder, articles=articles, zone_ids=zone_ids)[1]


def _read(
    folder: Path, *, articles: Path | None = None, zone_ids: Collection[str] = ()
) -> tuple[Seeds | None, tuple[ClaimsError, ...]]:
    """The folder as nouns, None if it has any problem; and its problems."""
    documents, broken = _documents(folder)
    if broken:
        return None, broken
    sources = _shelf(documents[0], "sources", SourceRecord)
    claims = _shelf(documents[1], "claims", ClaimRecord)
    events = _shelf(documents[2], "events", EventRecord)
    _check_ids(sources, claims, events)
    _check_sources(sources, claims)
    _check_zones(claims, set(zone_ids))
    _check_zones(events, set(zone_ids))
    _check_descent(claims)
    if articles is not None:
        _check_articles(sources, claims, articles)
    problems = (*_sorted(sources), *_sorted(claims), *_sorted(events))
    return (None if problems else _seeds(sources, claims, events)), problems


def _documents(folder: Path) -> tuple[list[TomlDocument], tuple[ClaimsError, ...]]:
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


def _shelf(document: TomlDocument, key: str, kind: type[AnyRecord]) -> _Shelf[AnyRecord]:
    """The records of a file, each validated on its own so that one cannot hide another."""
    raw = document.values.get(key, [])
    is_list = isinstance(raw, list) and all(isinstance(record, dict) for record in raw)
    shelf: _Shelf[AnyRecord] = _Shelf(document, key, raw if is_list else [])
    if not is_list or not raw:
        shelf.complain_of_file(f"holds no [[{key}]] records", f"add one; {_README}", key)
    for stray in document.values.keys() - {key}:
        shelf.complain_of_file(f"unknown key {stray!r}", f"only [[{key}]] may stand here", stray)
    for position, record in enumerate(shelf.raw):
        try:
            shelf.records[position] = kind.model_validate(record)
        except ValidationError as error:
            for details in error.errors():
                shelf.refuse(details, position)
    return shelf


def _check_ids(*shelves: _Shelf[Any]) -> None:
    """Ids are unique in their file, also where upper and lower case are one."""
    for shelf in shelves:
        first: dict[str, int] = {}
        for position, name in enumerate(shelf.ids):
            before = first.setdefault(name.casefold(), position)
            if name and before != position:
                line = shelf.document.line_of((shelf.key, before, "id"))
                what = f"the id {name!r} is taken by the record of line {line}"
                shelf.complain(what, "give every record an id of its own", (position, "id"))


def _check_sources(sources: _Shelf[SourceRecord], claims: _Shelf[ClaimRecord]) -> None:
    """Every claim rests on a source of the folder."""
    known = set(sources.ids)
    for position, claim in claims.records.items():
        if claim.source not in known:
            what = f"unknown source {claim.source!r}"
            remedy = f"name one of {', '.join(sorted(known))}, or add it to {FILES[0]}"
            claims.complain(what, remedy, (position, "source"))


def _check_zones(shelf: _Shelf[ClaimRecord] | _Shelf[EventRecord], known: Collection[str]) -> None:
    """Every zone is one of the site, if the site's zones are given."""
    for position, record in shelf.records.items():
        for zone in record.zones:
            if known and zone not in known:
                remedy = "name a zone of the site's zones.geojson, or an empty list"
                shelf.complain(f"unknown zone {zone!r}", remedy, (position, "zones"))


def _check_descent(claims: _Shelf[ClaimRecord]) -> None:
    """What a claim is derived from exists, and is not derived from the claim."""
    parents = {claim.id: claim.derived_from for claim in claims.records.values()}
    known = set(claims.ids)
    for position, claim in claims.records.items():
        for parent in claim.derived_from:
            if parent not in known:
                remedy = "name the id of a claim in this file"
                what = f"derived from {parent!r}, which is not there"
                claims.complain(what, remedy, (position, "derived_from"))
        if claim.id in _ancestors(claim.id, parents):
            remedy = "take out the link that closes the circle"
            claims.complain("derived from itself, by a circle", remedy, (position, "derived_from"))


def _ancestors(name: str, parents: Mapping[str, list[str]]) -> set[str]:
    """Every id that can be reached from one id by going to parents."""
    found: set[str] = set()
    waiting = list(parents.get(name, ()))
    while waiting:
        parent = waiting.pop()
        if parent not in found:
            found.add(parent)
            waiting.extend(parents.get(parent, ()))
    return found


def _check_articles(
    sources: _Shelf[SourceRecord], claims: _Shelf[ClaimRecord], articles: Path
) -> None:
    """The stored articles are the ones that the sources were read from."""
    suspect: dict[str, str] = {}
    for position, source in sources.records.items():
        what = _altered(articles / source.file, source.sha256)
        if what:
            remedy = "restore the article, or read it again and record its new SHA-256"
            sources.complain(what, remedy, (position, "sha256"))
            suspect[source.id] = what
    for position, claim in claims.records.items():
        if claim.source in suspect:
            what = f"its source {claim.source!r} cannot be relied on: {suspect[claim.source]}"
            claims.complain(what, f"see {FILES[0]}", (position, "source"))


def _altered(path: Path, sha256: str) -> str:
    """What is wrong with a stored article; nothing if its bytes have the hash."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"the article {path.name} cannot be read ({error.strerror})"
    if found == sha256:
        return ""
    return f"the article {path.name} has SHA-256 {found}, recorded is {sha256}"


def _sorted(shelf: _Shelf[Any]) -> Iterator[ClaimsError]:
    """The problems of one file in the order of its lines."""
    return (error for _, error in sorted(shelf.problems, key=lambda problem: problem[0]))


def _seeds(
    sources: _Shelf[SourceRecord], claims: _Shelf[ClaimRecord], events: _Shelf[EventRecord]
) -> Seeds:
    """The nouns of a folder without problems."""
    return Seeds(
        sources=tuple(record.noun() for record in sources.records.values()),
        claims=tuple(record.noun() for record in claims.records.values()),
        events=tuple(record.noun() for record in events.records.values()),
        sha256=_fingerprint(shelf.document for shelf in (sources, claims, events)),
    )


def _fingerprint(documents: Iterable[TomlDocument]) -> str:
    """SHA-256 over name, size and bytes of the files in the order of ``FILES``, hex."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(f"{document.path.name}\0{len(document.content)}\0".encode())
        digest.update(document.content)
    return digest.hexdigest()
