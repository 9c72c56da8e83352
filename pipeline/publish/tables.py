"""Rows as bytes: CSV that a spreadsheet cannot be tricked by.

Here belongs the writing of CSV. What the rows hold belongs to ``rows``.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pipeline.store.claim_table import FORMULA_STARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.publish.rows import Cell, Row


def to_csv(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    r"""Rows as UTF-8 CSV with ``\n`` line ends; without rows the head stands alone.

    Raises:
        ValueError: if a row has a column of another name.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def cell(value: Cell) -> str:
    """A value as a spreadsheet may hold it: text that looks like a formula gets an apostrophe.

    Example:
        >>> cell("=1+1"), cell(-0.5), cell(True), cell(None)
        ("'=1+1", '-0.5', 'true', '')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    return "" if value is None else repr(value)
