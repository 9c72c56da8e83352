"""The options --from and --to, as one period.

Here belongs what commands over a span of time share. Reading the days belongs to ``request``.
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

_SINCE: Final = Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")]
_UNTIL: Final = Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD.")]


def dated(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --from and --to, which reach it as its ``period``.

    Args:
        command: takes the two days as text, first and last, in ``period``.
    """

    @wraps(command)
    def with_days(*, since: str = "", until: str = "", **options: Any) -> None:  # noqa: ANN401 - those of the command
        command(period=(since, until), **options)

    signature = inspect.signature(command, eval_str=True)
    kept = [one for one in signature.parameters.values() if one.name != "period"]
    days = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default="", annotation=annotation)
        for name, annotation in (("since", _SINCE), ("until", _UNTIL))
    ]
    # Typer reads the options of a command off its signature.
    with_days.__signature__ = signature.replace(parameters=[*kept, *days])  # type: ignore[attr-defined]
    with_days.__annotations__ = {one.name: one.annotation for one in (*kept, *days)}
    return with_days
