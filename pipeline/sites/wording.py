"""Free text that people write into an AOI folder.

Here belongs what such text may hold: it ends in tables, pages and a terminal.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def _printable(text: str) -> str:
    """Pass text on that holds no control, formatting or unassigned characters.

    Raises:
        ValueError: naming the first such character.
    """
    for char in text:
        if unicodedata.category(char).startswith("C"):
            raise ValueError(f"holds the invisible character U+{ord(char):04X}")
    return text


PlainText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(_printable),
]
"""One line of 1 to 2,000 visible characters, kept as written."""
