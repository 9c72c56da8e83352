"""The options --from and --to, as one period.

Here belongs what commands over a span of time share. Reading the days belongs to ``request``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipeline.cli.options import extended

if TYPE_CHECKING:
    from collections.abc import Callable

_SINCE: Final = Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")]
_UNTIL: Final = Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD.")]


def dated(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --from and --to, which reach it as its ``period``.

    Args:
        command: takes the two days as text, first and last, in ``period``.
    """

    def with_days(*, since: str = "", until: str = "", **options: Any) -> None:  # noqa: ANN401 - those of the command
        command(period=(since, until), **options)

    return extended(
        with_days, command, {"since": (_SINCE, ""), "until": (_UNTIL, "")}, dropped="period"
    )
