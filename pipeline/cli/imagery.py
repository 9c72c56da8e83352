"""Commands about imagery and the machine: ``fetch``, ``scenes``, ``doctor``.

Here belong their options and exit codes. What they do belongs to ``harvest``, ``holdings`` and
``doctor``; what is drawn belongs to ``terminal``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.screens import INCOMPLETE, err, out

if TYPE_CHECKING:
    from pipeline.harvest import CoarseHarvest, Harvest
    from pipeline.holdings import Holdings

WORK = Path("work")


def fetch(
    site: Annotated[str, typer.Argument(help="Name of a folder in aoi/, or a path to one.")],
    *,
    source: Annotated[
        str, typer.Option(help="STAC API address, catalog.json or folder; default sample_tiles/.")
    ] = "",
    since: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")] = "",
    until: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = "",
    sensor: Annotated[str, typer.Option(help="Which sensor to bring in.")] = "sentinel-2",
    work: Annotated[Path, typer.Option(help="Where chips and records go.")] = WORK,
) -> None:
    """Bring in the imagery of a site and stop there; what is held is not asked for again.

    Night lights and coarse temperature (black-marble, dnb-monthly, dmsp-ols, ecostress) come from
    a folder of files that --source names (or that comes with the site); what was read is kept, and
    not read again.
    """
    from pipeline.harvest import harvest  # noqa: PLC0415 - stages load where they are used
    from pipeline.request import request_for  # noqa: PLC0415
    from pipeline.sensors.coarse_names import COARSE_SENSORS  # noqa: PLC0415 - loaded where used
    from pipeline.terminal import ProgressBars  # noqa: PLC0415

    if sensor in COARSE_SENSORS:
        _fetch_lights(site, source, work, period=(since, until), sensor=sensor)
        return
    request = request_for(site, source, work, period=(since, until))
    with ProgressBars(err) as bars:
        done = harvest(request, bars, sensor=sensor)
    _show_harvest(done)
    if done.failures:
        raise typer.Exit(INCOMPLETE)


def _fetch_lights(
    site: str, source: str, work: Path, *, period: tuple[str, str], sensor: str
) -> None:
    """Bring in a folder of coarse files, and print what was new in it."""
    from pipeline.errors import InputError  # noqa: PLC0415
    from pipeline.harvest import harvest_folder  # noqa: PLC0415
    from pipeline.request import find_folder, period_between, sample_lights  # noqa: PLC0415
    from pipeline.terminal import ProgressBars  # noqa: PLC0415

    if "://" in source:
        remedy = "name a folder of its files with --source"
        raise InputError(f"{sensor} is read from a folder", where=source, remedy=remedy)
    folder, span = find_folder(site, "aoi"), period_between(*period)
    files = Path(source) if source else sample_lights(folder.name)
    with ProgressBars(err) as bars:
        done = harvest_folder(folder, files, work, sensor=sensor, period=span, listener=bars)
    _show_lights(done)
    if done.failures:
        raise typer.Exit(INCOMPLETE)


def _show_lights(done: CoarseHarvest) -> None:
    """Print what the fetch of a folder came to."""
    from pipeline.terminal import simulated_banner  # noqa: PLC0415
    from pipeline.terminal.holdings import failure_table, remark_lines  # noqa: PLC0415
    from pipeline.terminal.lights import look_table, tally_lines  # noqa: PLC0415

    if any(one.record.simulated for file in done.files for one in file.held):
        out.print(simulated_banner())
    for line in tally_lines(done):
        out.print(line, soft_wrap=True)
    if done.new_looks:
        out.print(look_table(done.site, done.new_looks))
    for line in remark_lines(done.remarks):
        out.print(escape(line), soft_wrap=True)
    if done.failures:
        out.print(failure_table(done.failures, "What did not become a look"))
        out.print("Run the same command again: only what is missing is read.")


def _show_harvest(done: Harvest) -> None:
    """Print what a fetch came to."""
    from pipeline.terminal import simulated_banner  # noqa: PLC0415
    from pipeline.terminal.holdings import (  # noqa: PLC0415
        failure_table,
        harvest_table,
        remark_lines,
    )

    if any(one.scene.is_simulated for one in done.fetched):
        out.print(simulated_banner())
    out.print(harvest_table(done))
    for line in remark_lines(done.remarks):
        out.print(escape(line), soft_wrap=True)
    if done.failures:
        out.print(failure_table(done.failures, "What did not arrive"))
        out.print("Run the same command again: only what is missing is asked for.")


def scenes(
    site: Annotated[str, typer.Argument(help="Name of a folder in aoi/, or a path to one.")],
    *,
    work: Annotated[Path, typer.Option(help="Where chips and records lie.")] = WORK,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """List what is held of a site, and what failed the last time and why."""
    from pipeline.holdings import list_holdings  # noqa: PLC0415
    from pipeline.request import find_folder  # noqa: PLC0415
    from pipeline.sites import load_site  # noqa: PLC0415
    from pipeline.store.layout import WorkFolder  # noqa: PLC0415

    held = list_holdings(WorkFolder(work, load_site(find_folder(site, "aoi")).id))
    if as_json:
        typer.echo(json.dumps(held.as_json(), indent=1, ensure_ascii=False))
    else:
        _show_holdings(held)


def _show_holdings(held: Holdings) -> None:
    """Print what is held."""
    from pipeline.terminal import simulated_banner  # noqa: PLC0415
    from pipeline.terminal.holdings import (  # noqa: PLC0415
        failure_table,
        remark_lines,
        scene_table,
    )

    marks = [scene.is_simulated for scene in held.scenes]
    if any(marks + [scene.is_simulated for scene in held.coarse]):
        out.print(simulated_banner())
    if held.scenes:
        out.print(scene_table(held))
    _show_coarse(held)
    if not (held.scenes or held.coarse or held.damaged):
        out.print(f"{held.site_id}: nothing is held yet. zonewatch fetch {held.site_id} brings it.")
    last = held.last
    for line in remark_lines(last.remarks):
        out.print(escape(line), soft_wrap=True)
    if last.failures:
        when = f"{last.name}, {last.finished:%Y-%m-%d %H:%M} UTC"
        out.print(failure_table(last.failures, f"What did not arrive ({when})"))
    elif last.name:
        out.print(f"Nothing failed the last time ({last.name}).")


def _show_coarse(held: Holdings) -> None:
    """Print what is held of night lights and coarse temperature."""
    from pipeline.terminal.holdings import failure_table  # noqa: PLC0415
    from pipeline.terminal.lights import coarse_table, series_lines  # noqa: PLC0415

    if held.coarse:
        out.print(coarse_table(held.coarse))
    for line in series_lines(held):
        out.print(line, soft_wrap=True)
    if held.damaged:
        out.print(failure_table(held.damaged, "Chips whose record cannot be read"))


def doctor(
    *,
    work: Annotated[Path, typer.Option(help="The work folder to look at.")] = WORK,
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=0.1, max=60, help="Seconds to wait for a host.")
    ] = 5.0,
    offline: Annotated[bool, typer.Option("--offline", help="Leave the network alone.")] = False,
) -> None:
    """Look whether this machine is fit for a run, and say what to do where it is not."""
    from pipeline.doctor import API_HOSTS, examine, is_fit  # noqa: PLC0415
    from pipeline.terminal.health import finding_table, health_line  # noqa: PLC0415

    findings = examine(work, timeout_s=timeout_s, hosts={} if offline else API_HOSTS)
    out.print(finding_table(findings))
    out.print(health_line(findings))
    if not is_fit(findings):
        raise typer.Exit(INCOMPLETE)
