"""What a person sees of ``zonewatch doctor``: a line a finding, with its light and its remedy.

Here belongs the look only. What is looked at belongs to ``doctor``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from pipeline.doctor import Light, is_fit

if TYPE_CHECKING:
    from pipeline.doctor import Finding

_MARKS = {
    Light.GREEN: "[green]● good[/green]",
    Light.YELLOW: "[yellow]● look[/yellow]",
    Light.RED: "[bold red]● BAD[/bold red]",
}
"""A word beside the colour, for those who cannot tell the colours or see none."""


def finding_table(findings: list[Finding]) -> Table:
    """All findings, by group."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("", "what", "", "found"):
        table.add_column(name, no_wrap=name != "found", overflow="fold")
    group = ""
    for finding in findings:
        head = "" if finding.group == group else f"[bold]{finding.group}[/bold]"
        if head and group:
            table.add_section()
        group = finding.group
        cure = f"\n[dim]→ {escape(finding.remedy)}[/dim]" if finding.remedy else ""
        what = escape(finding.what) + cure
        table.add_row(head, escape(finding.name), _MARKS[finding.light], what)
    return table


def health_line(findings: list[Finding]) -> str:
    """The sum of it in one line."""
    n_bad = sum(finding.light is Light.RED for finding in findings)
    n_odd = sum(finding.light is Light.YELLOW for finding in findings)
    odd = f"; {n_odd} to look at" if n_odd else ""
    if is_fit(findings):
        return f"[bold green]Fit for a run on local imagery[/bold green]{odd}."
    return f"[bold red]Not fit: {n_bad} must be put right[/bold red]{odd}."
