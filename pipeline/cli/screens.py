"""Where commands print, and the exit code of what is incomplete.

Here belongs what all commands share. What a command does belongs to its own module.
"""

from __future__ import annotations

import sys

from rich.console import Console

INCOMPLETE = 3
"""Exit code of a command that ended with failures in its record."""

out = Console(width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, soft_wrap=True)
