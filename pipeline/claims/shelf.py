"""The records of one file: those that fit the schema, and what is wrong with the others.

Here belongs the way from a document to typed records, each problem with its file, record and
line. The rules that hold between records belong to ``rules``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from pipeline.errors import ClaimsError
from pipeline.store.seeds import ClaimRecord, EventRecord, SourceRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

    from pipeline.store.document import Document

_README = "seeds/kaesong/README.md explains every key"
_REMEDIES: Mapping[str, str] = {
    "missing": f"add the key; {_README}",
    "extra_forbidden": f"remove the key or correct its spelling; {_README}",
    "string_type": "write the value as a string in quotes",
    "enum": "use one of the words listed",
    "literal_error": "use one of the words listed",
    "value_error": "mend the value; dates look like 2020-11-25, 2020-11 or 2020-11-01/2020-11-27",
}
_REMEDIES_OF_KEYS: Mapping[str, str] = {
    "expected": "give the size in the unit of the observable, with the sign of the direction",
    "window_days": "write [first, last], counted in days from the first asserted day",
    "reference_days": "write [first, last] outside of window_days, counted in the same way",
}

AnyRecord = TypeVar("AnyRecord", SourceRecord, ClaimRecord, EventRecord)


class Problem(NamedTuple):
    """Something that is wrong with a file.

    Attributes:
        line: where.
        position: the record that it lies in; None if it lies in none.
        error: what, and what to do.
    """

    line: int
    position: int | None
    error: ClaimsError


@dataclass(frozen=True)
class Shelf(Generic[AnyRecord]):
    """One file: its valid records by position, and what is wrong with the others.

    Attributes:
        document: the file.
        key: name of its array of records.
        raw: the records as they stand in the file.
        records: those that fit the schema, by position.
        problems: everything found so far.
    """

    document: Document
    key: str
    raw: list[Mapping[str, Any]]
    records: dict[int, AnyRecord] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids as they stand in the file, of valid and of invalid records."""
        return [str(record.get("id", "")) for record in self.raw]

    @property
    def sound(self) -> dict[int, AnyRecord]:
        """The records that nothing is wrong with, by position."""
        bad = {problem.position for problem in self.problems}
        return {place: record for place, record in self.records.items() if place not in bad}

    def in_order(self) -> tuple[ClaimsError, ...]:
        """All problems in the order of lines."""
        return tuple(one.error for one in sorted(self.problems, key=lambda one: one.line))

    def of_file(self) -> tuple[ClaimsError, ...]:
        """The problems that lie in no single record."""
        return tuple(one.error for one in self.problems if one.position is None)

    def complain(self, what: str, remedy: str, at: tuple[int, str]) -> None:
        """Note a problem of one record, found by its position and one of its keys."""
        position, key = at
        self._note(what, remedy, (self.key, position, key), position)

    def refuse(self, details: ErrorDetails, position: int) -> None:
        """Note what the schema says of one record."""
        location = (self.key, position, *details["loc"])
        name = ".".join(str(part) for part in details["loc"])
        what = details["msg"].removeprefix("Value error, ")
        shown = "" if details["type"] == "value_error" else _scalar(details["input"])
        what = f"{name}: {what}" + (f", got {shown}" if shown else "") if name else what
        self._note(what, _remedy(details), location, position)

    def complain_of_file(self, what: str, remedy: str, key: str) -> None:
        """Note a problem that lies in no single record."""
        self._note(what, remedy, (key,), None)

    def note_flaws(self) -> frozenset[int]:
        """Note what was wrong in reading; the positions of the records that are not whole."""
        for key, line, what, remedy in self.document.flaws:
            self._keep(what, remedy, line, int(key[1]))
        return frozenset(int(flaw.key[1]) for flaw in self.document.flaws)

    def _note(
        self, what: str, remedy: str, location: tuple[str | int, ...], position: int | None
    ) -> None:
        """Keep a problem with the line of its key."""
        self._keep(what, remedy, self.document.line_of(location), position)

    def _keep(self, what: str, remedy: str, line: int, position: int | None) -> None:
        """Keep a problem with its line."""
        name = "" if position is None else self.ids[position]
        where = f"{self.document.path}:{line}" + (f": {printable(name)}" if name else "")
        error = ClaimsError(printable(what), where=where, remedy=printable(remedy))
        self.problems.append(Problem(line, position, error))


def _remedy(details: ErrorDetails) -> str:
    """What to do about a problem of the schema."""
    named = [part for part in details["loc"] if part in _REMEDIES_OF_KEYS]
    if named and details["type"] not in {"extra_forbidden", "missing"}:
        return _REMEDIES_OF_KEYS[str(named[-1])]
    return _REMEDIES.get(details["type"], _README)


def printable(text: str) -> str:
    """A text from a file, fit for one line on a terminal."""
    return text if text.isprintable() else ascii(text)


def _scalar(value: object) -> str:
    """A short form of a single value; nothing for a whole record."""
    return repr(value)[:60] if isinstance(value, str | int | float | bool) else ""


def shelve(document: Document, key: str, kind: type[AnyRecord]) -> Shelf[AnyRecord]:
    """The records of a file, each validated on its own so that one cannot hide another."""
    raw = document.values.get(key, [])
    is_list = isinstance(raw, list) and all(isinstance(record, dict) for record in raw)
    shelf: Shelf[AnyRecord] = Shelf(document, key, raw if is_list else [])
    if not is_list or not raw:
        shelf.complain_of_file(f"holds no [[{key}]] records", f"add one; {_README}", key)
    for stray in document.values.keys() - {key}:
        shelf.complain_of_file(f"unknown key {stray!r}", f"only [[{key}]] may stand here", stray)
    flawed = shelf.note_flaws()
    for position, record in enumerate(shelf.raw):
        if position in flawed:
            continue
        try:
            shelf.records[position] = kind.model_validate(record)
        except ValidationError as error:
            for details in error.errors():
                shelf.refuse(details, position)
    return shelf
