"""Content to HTML: the template engine and the few filters it may use.

Here belongs the setting of Jinja: everything escaped, nothing undefined, no clock. Words and
coordinates are decided before this.
"""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from pipeline.report.answers_content import AnswersContent
    from pipeline.report.content import ReportContent

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def render(content: ReportContent | AnswersContent, template: str = "page.html.j2") -> bytes:
    """The page as UTF-8 HTML."""
    text = environment().get_template(template).render(page=content)
    # A lone surrogate in a text would stop the whole page; a mark in its place does not.
    return text.encode("utf-8", errors="replace")


def environment(*folders: Path) -> Environment:
    """Jinja with everything escaped and nothing undefined.

    Args:
        folders: where templates are sought before those of this page.
    """
    made = Environment(
        loader=FileSystemLoader([*folders, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["data_uri"] = _data_uri
    made.filters["fragment"] = _fragment
    made.filters["dated"] = _dated
    return made


def _data_uri(png: bytes) -> str:
    """A picture as an address that holds it."""
    return f"data:image/png;base64,{b64encode(png).decode('ascii')}"


def _dated(text: str) -> Markup:
    """Escaped text in which no line breaks inside a date."""
    return Markup(_DATE.sub(r'<span class="d">\g<0></span>', str(escape(text))))  # noqa: S704


def _fragment(anchor: str) -> str:
    """An anchor as it must stand in a link to it."""
    return "#" + quote(anchor, safe="", errors="replace")
