"""Where commands print, and the exit code of what is incomplete.

Here belongs what all commands share. What a command does belongs to its own module.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.errors import PipelineError

INCOMPLETE = 3
"""Exit code of a command that ended with failures in its record."""

out = Console(width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, soft_wrap=True)


def report_problems(problems: Sequence[PipelineError]) -> None:
    """Print problems, if any, and leave with the code for bad input."""
    for problem in problems:
        err.print(escape(str(problem)))
    if problems:
        err.print(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}")
        raise typer.Exit(InputError.exit_code)
