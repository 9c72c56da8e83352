"""Records as TOML text, for files that people go on editing.

Here belongs the writing of plain values. Which records are written belongs to the stages; reading
belongs to ``toml``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DELETE = "\x7f"
"""The one control character that JSON leaves bare and TOML does not allow."""


def records_text(key: str, records: list[Mapping[str, Any]]) -> str:
    """Records as arrays of tables, an empty line before each.

    Args:
        key: name of the array.
        records: strings, numbers, truths, lists of these, and lists of records.

    Example:
        >>> print(records_text("claims", [{"id": "A", "times": [{"edtf": "2020"}]}]))
        <BLANKLINE>
        [[claims]]
        id = "A"
        <BLANKLINE>
        [[claims.times]]
        edtf = "2020"
        <BLANKLINE>
    """
    return "".join(f"{line}\n" for record in records for line in _record_lines(key, record))


def _record_lines(key: str, record: Mapping[str, Any]) -> Iterator[str]:
    """A record: its own values first, then the records inside it."""
    yield ""
    yield f"[[{key}]]"
    inner = {name: value for name, value in record.items() if _is_records(value)}
    for name, value in record.items():
        if name not in inner:
            yield f"{name} = {_value(value)}"
    for name, values in inner.items():
        for value in values:
            yield from _record_lines(f"{key}.{name}", value)


def _is_records(value: object) -> bool:
    """Whether a value is a list of records, and not empty."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _value(value: object) -> str:
    """One value that is no record.

    Raises:
        TypeError: if TOML has no such value, or none that the readers here would take back.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace(DELETE, "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"{type(value).__name__} is not written as TOML here")
