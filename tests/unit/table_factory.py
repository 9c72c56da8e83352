"""A small sound CSV of claims for the folder of ``seeds_factory``, and the means to spoil it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pipeline.store.claim_table import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FIRST = {
    "id": "N-01",
    "source": "first",
    "statement": "goods, in rows",
    "speaker": "an analyst",
    "remove": "1",
    "reliability": "R3",
    "place": "the yards",
    "zones": "yard; depot",
    "testability": "T2",
    "time": "2020-11-25",
    "time_kind": "image",
    "asserted_by": "First Paper; Third Paper",
    "observable": "surface-change",
    "sensors": "sentinel-2",
    "direction": "increase",
    "basis": "rows on concrete",
    "expected": "0.03",
    "window_first_day": "-5",
    "window_last_day": "10",
    "reference_first_day": "-365",
    "reference_last_day": "-31",
    "alternative": "grain",
    "alternative_predicts": "the same every autumn",
    "alternative_excluded_by": "season",
}
FURTHER = {"id": "N-01", "time": "2020-10-25", "time_kind": "image", "asserted_by": "Second Paper"}
SECOND = FIRST | {
    "id": "N-02", "derived_from": "N-01; A001-01", "zones": "", "expected": "", "alternative": "",
    "alternative_predicts": "", "alternative_excluded_by": "", "note": "NA",
}  # fmt: skip


def csv_text(rows: Sequence[Mapping[str, str]], columns: Sequence[str] = tuple(COLUMNS)) -> str:
    """Rows as a spreadsheet would write them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return text.getvalue()


def write_csv(root: Path, content: str | bytes, name: str = "new.csv") -> Path:
    """A file of new claims."""
    path = root / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path
