"""The page that people read: one HTML file that opens from a folder and asks nobody for anything.

Here belongs the way from findings to that page. The nouns of the page stand in ``content``, what
goes into them in ``compose`` and its neighbours, the drawing in the templates. Files for other
programs belong to ``publish``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.report.compose import compose
from pipeline.report.joined import compose_joined
from pipeline.report.page import render

if TYPE_CHECKING:
    from pipeline.model.findings import Findings
    from pipeline.model.joined import Joined


def render_report(findings: Findings) -> bytes:
    """The report as one self-contained HTML file, UTF-8; the same findings give the same bytes."""
    return render(compose(findings))


def render_joined(joined: Joined) -> bytes:
    """The claims weighed on all sensors as one self-contained HTML file, UTF-8, without a clock."""
    return render(compose_joined(joined), "joined.html.j2")
