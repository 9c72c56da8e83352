"""The command ``limit``: plant changes in a site's own scenes and see which are found.

Here belong its options and exit codes. What it does belongs to ``trial``; what is drawn belongs
to ``terminal``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.screens import INCOMPLETE, err, out

if TYPE_CHECKING:
    from pipeline.trial import LimitTrial


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
    from pipeline.request import request_for  # noqa: PLC0415 - stages load where they are used
    from pipeline.terminal import ProgressBars  # noqa: PLC0415
    from pipeline.trial import find_limits  # noqa: PLC0415

    request = request_for(site, source, work, period=period, settings=settings, sensor=sensor)
    with ProgressBars(err) as bars:
        done = find_limits(request, bars)
    _show(done)
    if done.failures:
        raise typer.Exit(INCOMPLETE)


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
    out.print(
        f"Every contrast{tail} in limits.csv, as m2 x contrast in areas.csv, limit-map.tif, in"
    )
    out.print(str(done.held.folder), soft_wrap=True)
