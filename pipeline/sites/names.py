"""Which names a site or a zone may bear.

Here belongs the rule for ids, which become folder names, table keys and anchors in a page.
"""

from __future__ import annotations

import re
import unicodedata

ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
CELL_PATTERN = re.compile(r"cell-r\d+-c\d+")

RESERVED_NAMES = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
    # What spreadsheets and data-frame readers take for "missing", a truth value or a number.
    | {"na", "nan", "none", "null", "nil", "inf", "true", "false", "yes", "no", "on", "off"},
)
"""Names that a file system or a table reader takes for something else."""


def find_name_fault(name: str) -> str | None:
    """Say what is wrong with an id; None if nothing is.

    Example:
        >>> find_name_fault("north-vacant") is None
        True
        >>> find_name_fault("nul")
        'is a reserved word of file systems or table readers'
    """
    normal = unicodedata.normalize("NFC", name)
    if ID_PATTERN.fullmatch(normal) is None:
        return "is not 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit"
    if normal in RESERVED_NAMES:
        return "is a reserved word of file systems or table readers"
    return None


def is_cell_id(name: str) -> bool:
    """Whether a name has the form that is kept for computed cells."""
    return CELL_PATTERN.fullmatch(name) is not None
