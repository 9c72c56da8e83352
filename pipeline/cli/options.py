"""Options that several commands share, put on a command by a decorator.

Here belongs the way an option gets onto a command. What an option means belongs to the decorator
that adds it.
"""

from __future__ import annotations

import inspect
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def extended(
    outer: Callable[..., None],
    command: Callable[..., None],
    added: Mapping[str, tuple[Any, object]],
    *,
    dropped: str = "",
) -> Callable[..., None]:
    """A command under which another one lies, with the options of both.

    Args:
        outer: what is called.
        command: what it calls in the end; it gives name and help.
        added: annotation and default of the options that only ``outer`` takes, by name.
        dropped: a parameter of ``command`` that ``outer`` fills.
    """
    update_wrapper(outer, command)
    signature = inspect.signature(command, eval_str=True)
    kept = [one for one in signature.parameters.values() if one.name != dropped]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value, annotation=kind)
        for name, (kind, value) in added.items()
    ]
    # Typer reads the options of a command off its signature.
    outer.__signature__ = signature.replace(parameters=[*kept, *more])  # type: ignore[attr-defined]
    outer.__annotations__ = {one.name: one.annotation for one in (*kept, *more)}
    return outer
