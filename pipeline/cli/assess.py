"""The command ``assess``: the claims of a site, weighed on all its sensors at once.

Here belong its options and exit codes. What it does belongs to ``join``; what is drawn belongs to
``terminal``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.screens import INCOMPLETE, err, out

if TYPE_CHECKING:
    from pipeline.inputs import RunRequest
    from pipeline.model.joined import Joined
    from pipeline.terminal import ProgressBars


def assess(
    site: Annotated[str, typer.Argument(help="Name of a folder in aoi/, or a path to one.")],
    *,
    source: Annotated[
        str, typer.Option(help="As for run: a name, address or folder; default sample_tiles/.")
    ] = "",
    claims: Annotated[
        str, typer.Option(help="Another folder of claims than the one named in site.toml.")
    ] = "",
    sensors: Annotated[
        str, typer.Option(help="Whose passes are joined, by comma.")
    ] = "sentinel-2,landsat,sentinel-1",
    work: Annotated[Path, typer.Option(help="Where chips, products and records go.")] = Path(
        "work"
    ),
    period: tuple[str, str] = ("", ""),
) -> None:
    """Weigh every claim on all sensors: corroborated, contradicted, neither, or not observable.

    Night lights are taken from what `fetch --sensor black-marble|dnb-monthly|dmsp-ols` brought in;
    those that come with a site as samples are brought in first.
    """
    from pipeline.join import folder_of, join_site  # noqa: PLC0415 - stages load where used
    from pipeline.request import find_folder, request_for  # noqa: PLC0415
    from pipeline.terminal import ProgressBars  # noqa: PLC0415

    request = request_for(site, source, work, period=period)
    if claims:
        request = replace(request, seeds_folder=find_folder(claims, "seeds"))
    names = tuple(one.strip() for one in sensors.split(",") if one.strip())
    with ProgressBars(err) as bars:
        if not source:
            _bring_lights(request, bars)
        joined = join_site(request, names, bars)
    _show(joined, folder_of(request, joined))
    if joined.refused or any(one.n_failures for one in joined.passed):
        raise typer.Exit(INCOMPLETE)


def _bring_lights(request: RunRequest, bars: ProgressBars) -> None:
    """Bring in the night lights that come with a site; nothing if none do."""
    from pipeline.harvest import harvest_folder  # noqa: PLC0415
    from pipeline.request import lights_beside  # noqa: PLC0415
    from pipeline.sensors.coarse_names import LIGHT_SENSORS  # noqa: PLC0415

    folder = lights_beside(request.site_folder.name)
    if folder is None:
        return
    for sensor in LIGHT_SENSORS:
        harvest_folder(request.site_folder, folder, request.work, sensor=sensor, listener=bars)


def _show(joined: Joined, folder: Path) -> None:
    """Print what the claims came to."""
    from pipeline import terminal  # noqa: PLC0415
    from pipeline.terminal import joined as screen  # noqa: PLC0415

    if joined.is_simulated:
        out.print(terminal.simulated_banner())
    out.print(screen.passes_table(joined))
    for line in screen.control_lines(joined):
        out.print(line)
    out.print(screen.verdict_table(joined))
    for line in screen.other_way_lines(joined):
        out.print(line)
    for line in joined.refused:
        err.print(escape(f"claim left out: {line}"))
    tail = " (simulated)" if joined.is_simulated else ""
    out.print(f"Assessment {joined.assessment_id[:12]}{tail}: sentences, numbers and evidence in")
    out.print(escape(str(folder)), soft_wrap=True)
