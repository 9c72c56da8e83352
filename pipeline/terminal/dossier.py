"""What verifying a dossier came to, on the terminal.

Here belongs the look of it. The checks belong to ``dossier``, exit codes to ``cli``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.dossier import Verification

MOST_FAULTS = 20


def verification_table(done: Verification) -> Table:
    """One line a check."""
    table = Table(box=SIMPLE_HEAD)
    for name in ("check", "outcome", "agrees"):
        table.add_column(name)
    for check in done.checks:
        agrees = "[bold red]no[/bold red]" if check.faults else "[green]yes[/green]"
        table.add_row(check.name, escape(check.outcome), agrees)
    return table


def fault_lines(done: Verification) -> Iterator[str]:
    """Every file that does not agree, with the hash that was expected and the one found."""
    for fault in done.faults[:MOST_FAULTS]:
        yield f"{fault.path}: {fault.what}"
        if fault.expected or fault.found:
            yield f"  expected {fault.expected or 'no such file'}"
            yield f"  found    {fault.found or 'no such file'}"
    if len(done.faults) > MOST_FAULTS:
        yield f"and {len(done.faults) - MOST_FAULTS} more"
