"""The command ``limit``: plant changes in a site's own scenes and see which are found.

Here belong its options and exit codes. What it does belongs to ``trial``; what is drawn belongs
to ``terminal``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipeline.cli.options import extended
from pipeline.cli.screens import INCOMPLETE, err, out

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.trial import LimitTrial

_FIRST: Final = Annotated[
    bool, typer.Option("--limit", help="Measure the smallest change that is found, first.")
]


def limit(
    site: Annotated[str, typer.Argument(help="Name of a folder in aoi/, or a path to one.")],
    *,
    source: Annotated[
        str, typer.Option(help="As for run: a name, address or folder; default sample_tiles/.")
    ] = "",
    work: Annotated[Path, typer.Option(help="Where chips, tables and maps go.")] = Path("work"),
    period: tuple[str, str] = ("", ""),
    settings: Annotated[Path | None, typer.Option(help="Another settings file.")] = None,
    sensor: Annotated[
        str, typer.Option(help="Whose scenes are planted in: sentinel-2 or landsat.")
    ] = "sentinel-2",
) -> None:
    """Measure the smallest change that is found, by planting changes in the scenes of each zone.

    A run over the same scenes with the same settings then states these limits.
    """
    done = measured(site, source, work, period=period, settings=settings, sensor=sensor)
    _show(done)
    if done.failures:
        raise typer.Exit(INCOMPLETE)


def measuring(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that makes a run the option --limit, which measures the limits before it.

    The source is asked again by the command, for what is then at hand; should it list other scenes
    by then, the limits are not those of the run, and it says "estimated".
    """

    def with_limit(*, limits: bool = False, **options: Any) -> None:  # noqa: ANN401 - those of the command
        if limits:
            measured(**options)
        command(**options)

    return extended(with_limit, command, {"limits": (_FIRST, False)})


def measured(site: str, source: str, work: Path, **options: Any) -> LimitTrial:  # noqa: ANN401 - those of request_for
    """Measure the limits of a site, with a bar for each stage."""
    from pipeline.request import request_for  # noqa: PLC0415 - stages load where they are used
    from pipeline.terminal import ProgressBars  # noqa: PLC0415
    from pipeline.trial import find_limits  # noqa: PLC0415

    with ProgressBars(err) as bars:
        return find_limits(request_for(site, source, work, **options), bars)


def _show(done: LimitTrial) -> None:
    """Print the limits of the zones, and where the rest lies."""
    from pipeline.terminal import simulated_banner  # noqa: PLC0415
    from pipeline.terminal.holdings import failure_table  # noqa: PLC0415
    from pipeline.terminal.limits import limit_notes, limit_table  # noqa: PLC0415

    limits = done.held.limits
    if limits.is_simulated:
        out.print(simulated_banner())
    out.print(limit_table(done.site.label, limits))
    for line in limit_notes(limits):
        out.print(line)
    if done.failures:
        out.print(failure_table(done.failures, "What did not arrive"))
    if not done.was_new:
        out.print("Nothing was planted anew: scenes and settings are as they were.")
    tail = " (simulated)" if limits.is_simulated else ""
    files = "in limits.csv, as m2 x contrast in areas.csv, limit-map.png and limit-map.tif"
    out.print(f"Every contrast{tail} {files}, in")
    out.print(str(done.held.folder), soft_wrap=True)
