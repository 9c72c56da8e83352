"""Claims as a CSV that a spreadsheet can hold: a row a claim, and further rows for further parts.

Here belongs the way from cells to the same plain records that a TOML file holds, each with its
line. What the records may say belongs to ``seeds``; the CSV that products are written in belongs to
``publish``.

A claim begins with a row that bears its id and its own columns. It may name a time, a prediction
and an alternative as well. Rows that follow with the same id, or with none, add one of each. Text
stays text: ``NA`` is no missing value and ``1.10`` no number, unless its column counts something.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipeline.store.document import Document, Flaw, content_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.errors import InputError
    from pipeline.store.document import Key

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
LIST_MARK: Final = ";"
"""Parts the entries of a cell that holds several."""


class Column(NamedTuple):
    """Where a column goes.

    Attributes:
        part: the claim itself (empty), or the list of its records that the column belongs to.
        key: its key there.
        kind: how a cell is read: ``text``, ``list``, ``number``, ``truth``, or ``pair`` for
            one of two days, the first column first.
    """

    part: str
    key: str
    kind: str = "text"


COLUMNS: Final[Mapping[str, Column]] = {
    "id": Column("", "id"),
    "source": Column("", "source"),
    "statement": Column("", "statement"),
    "speaker": Column("", "speaker"),
    "remove": Column("", "remove", "number"),
    "reliability": Column("", "reliability"),
    "place": Column("", "place"),
    "zones": Column("", "zones", "list"),
    "testability": Column("", "testability"),
    "note": Column("", "note"),
    "from_imagery": Column("", "from_imagery", "truth"),
    "derived_from": Column("", "derived_from", "list"),
    "positive_control": Column("", "positive_control", "truth"),
    "time": Column("times", "edtf"),
    "time_kind": Column("times", "kind"),
    "asserted_by": Column("times", "asserted_by", "list"),
    "observable": Column("predictions", "observable"),
    "sensors": Column("predictions", "sensors", "list"),
    "direction": Column("predictions", "direction"),
    "basis": Column("predictions", "basis"),
    "min_area_m2": Column("predictions", "min_area_m2", "number"),
    "expected": Column("predictions", "expected", "number"),
    "window_first_day": Column("predictions", "window_days", "pair"),
    "window_last_day": Column("predictions", "window_days", "pair"),
    "reference_first_day": Column("predictions", "reference_days", "pair"),
    "reference_last_day": Column("predictions", "reference_days", "pair"),
    "alternative": Column("alternatives", "id"),
    "alternative_predicts": Column("alternatives", "predicts"),
    "alternative_raised_by": Column("alternatives", "raised_by"),
    "alternative_expected": Column("alternatives", "expected", "number"),
    "alternative_excluded_by": Column("alternatives", "excluded_by"),
    "alternative_alike": Column("alternatives", "alike", "truth"),
}
REQUIRED: Final = (
    "id", "source", "statement", "speaker", "remove", "reliability", "place", "zones",
    "testability", "time", "time_kind", "asserted_by",
)  # fmt: skip
"""Columns without which no row can be a claim; the others may be left out."""

_WHOLE, _DECIMAL = re.compile(r"[+-]?[0-9]{1,15}"), re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_TRUTHS: Final = {"true": True, "false": False}


class Row(NamedTuple):
    """One record of the CSV.

    Attributes:
        line: the line that it begins on, from 1.
        cells: text by column, without the blanks around it.
        wrong: why the row cannot be taken as it is, and what to do about it; empty if it can.
    """

    line: int
    cells: Mapping[str, str]
    wrong: tuple[str, str] | tuple[()]


def template() -> str:
    """The head of the table and one claim of two rows, to be filled in."""
    example = {
        "id": "X001-01",
        "source": "an-id-of-sources-toml",
        "statement": "what is claimed, in your own words",
        "speaker": "who asserts it",
        "remove": "1",
        "reliability": "R3",
        "place": "the place in words",
        "zones": "a-zone; another-zone",
        "testability": "T1",
        "time": "2020-10-25",
        "time_kind": "event",
        "asserted_by": "a paper; another paper",
        "observable": "night-light",
        "sensors": "viirs-dnb",
        "direction": "decrease",
        "basis": "who states what, or: a reckoning",
        "expected": "-1.5",
        "window_first_day": "0",
        "window_last_day": "90",
        "reference_first_day": "-365",
        "reference_last_day": "-31",
        "alternative": "snow",
        "alternative_predicts": "what else would look alike",
        "alternative_excluded_by": "season",
    }
    further = {
        "id": "X001-01", "time": "2020-11-25", "time_kind": "event", "asserted_by": "a third paper"
    }  # fmt: skip
    rows = (dict.fromkeys(COLUMNS, "") | cells for cells in (example, further))
    lines = [",".join(COLUMNS), *(",".join(map(_quoted, row.values())) for row in rows)]
    return "".join(f"{line}\n" for line in lines)


def _quoted(cell: str) -> str:
    """A cell of the template."""
    return f'"{cell}"' if set(cell) & set(',;"') else cell


def read_claim_table(path: Path, raises: type[InputError]) -> Document:
    """Read a CSV of claims: UTF-8, commas, a head of known columns; a byte order mark is accepted.

    Args:
        path: the file.
        raises: the error type of the folder that the claims go to.

    Raises:
        InputError: of the given type, by line, if the file cannot be read as such a table. What is
            wrong with single rows stands in the document.
    """
    content = content_of(path, raises)
    claims = _Claims()
    for row in _rows(text_of(content, path, raises), path, raises):
        claims.take(row)
    values = {"claims": claims.records}
    return Document(path, content, values, claims.lines, tuple(claims.flaws))


def _rows(text: str, path: Path, raises: type[InputError]) -> Iterator[Row]:
    """The rows that hold anything, below a head that is as it should be."""
    head: list[str] = []
    for line, cells in _lines(text, path, raises):
        if not any(cell.strip() for cell in cells):
            continue
        if head:
            yield _row(line, cells, head)
        else:
            head = _head(cells, f"{path}:{line}", raises)
    if not head:
        remedy = "`zonewatch claims template` prints one"
        raise raises("the table has no head", where=f"{path}:1", remedy=remedy)


def _row(line: int, cells: Sequence[str], head: Sequence[str]) -> Row:
    """One row below the head; one of another length keeps what lies below its columns."""
    named = dict.fromkeys(head, "") | dict(zip(head, cells, strict=False))
    wrong: tuple[str, str] | tuple[()] = _formula(named)
    if len(cells) != len(head):
        what = f"{len(cells)} cells stand below a head of {len(head)} columns"
        wrong = what, "put text that holds commas in quotes, and give every row all columns"
    return Row(line, {name: cell.strip() for name, cell in named.items()}, wrong)


def _lines(text: str, path: Path, raises: type[InputError]) -> Iterator[tuple[int, list[str]]]:
    """Every row with the line that it begins on."""
    reader = csv.reader(_kept_ends(text), strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            remedy = "close every quote, and double the quotes inside of quoted text"
            where = f"{path}:{begins}"
            raise raises(f"not valid CSV: {error}", where=where, remedy=remedy) from error
        yield begins, cells
        begins = reader.line_num + 1


def _kept_ends(text: str) -> list[str]:
    """The lines of a text with their ends, parted where a spreadsheet parts them."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text)


def _head(cells: Sequence[str], where: str, raises: type[InputError]) -> list[str]:
    """The names of the columns.

    Raises:
        InputError: if one is unknown, stands twice or is missing.
    """
    names = [cell.strip() for cell in cells]
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in REQUIRED if name not in names]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    remedy = "`zonewatch claims template` prints the columns; part them by commas"
    if unknown:
        raise raises(f"unknown column {unknown[0][:60]!r}", where=where, remedy=remedy)
    if twice:
        raise raises(f"the column {twice[0]!r} stands twice", where=where, remedy=remedy)
    if missing:
        raise raises(f"the column {missing[0]!r} is missing", where=where, remedy=remedy)
    return names


def _formula(named: Mapping[str, str]) -> tuple[str, str] | tuple[()]:
    """Why a row holds a cell that a spreadsheet would work out instead of showing."""
    for name, cell in named.items():
        counts = COLUMNS[name].kind in {"number", "pair"} and _DECIMAL.fullmatch(cell.strip())
        if not counts and cell.lstrip(" ").startswith(FORMULA_STARTS):
            what = f"the cell {name!r} begins like a formula: {cell[:40]!r}"
            return what, "write it as plain text that begins otherwise"
    return ()


@dataclass
class _Claims:
    """The records read so far, the lines of their keys, and what was wrong with them."""

    records: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[Key, int] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)

    @property
    def latest(self) -> Key:
        """Where the last record stands."""
        return ("claims", len(self.records) - 1)

    def take(self, row: Row) -> None:
        """Take in one row: a claim, or a further part of the last one."""
        if self.records and row.cells["id"] in {"", self.records[-1].get("id", "")}:
            wrong = row.wrong or self._contradiction(row)
        else:
            wrong = row.wrong
            self.records.append({"zones": [], "times": []})
            self.lines[self.latest] = row.line
            self._fill(self.records[-1], "", row, self.latest)
        if wrong:
            self.flaws.append(Flaw(self.latest, row.line, *wrong))
        for part in ("times", "predictions", "alternatives"):
            self._add(part, row)

    def _contradiction(self, row: Row) -> tuple[str, str] | tuple[()]:
        """Why a further row says something else of its claim than the first one."""
        for name, column in COLUMNS.items():
            cell = row.cells.get(name, "")
            if cell and not column.part and self.records[-1].get(column.key) != _read(cell, column):
                what = f"{name!r} is not what the first row of the claim says"
                return what, "leave the columns of the claim empty in its further rows"
        return ()

    def _add(self, part: str, row: Row) -> None:
        """Add a record of one part, if the row has any of its cells."""
        record: dict[str, Any] = {}
        claim = self.records[-1]
        key = (*self.latest, part, len(claim.get(part, ())))
        self._fill(record, part, row, key)
        if record:
            claim.setdefault(part, []).append(record)
            self.lines[key] = row.line

    def _fill(self, record: dict[str, Any], part: str, row: Row, key: Key) -> None:
        """Put the cells of one part into a record; an empty cell gives no key."""
        for name, column in COLUMNS.items():
            cell = row.cells.get(name, "")
            if column.part != part or not cell:
                continue
            self.lines[*key, column.key] = row.line
            if column.kind == "pair":
                # A pair with one end missing stays too short, which the schema refuses.
                record.setdefault(column.key, []).append(_read(cell, column))
            else:
                record[column.key] = _read(cell, column)


def _read(cell: str, column: Column) -> Any:  # noqa: ANN401 - as TOML would give it
    """A cell as its column counts; what does not count stays text, for the schema to refuse."""
    if column.kind == "list":
        return [entry.strip() for entry in cell.split(LIST_MARK) if entry.strip()]
    if column.kind == "truth":
        return _TRUTHS.get(cell.lower(), cell)
    if column.kind in {"number", "pair"} and _WHOLE.fullmatch(cell):
        return int(cell)
    if column.kind in {"number", "pair"} and _DECIMAL.fullmatch(cell):
        return float(cell)
    return cell
