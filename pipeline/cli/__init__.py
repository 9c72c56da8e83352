"""The command line: options in, one function of the pipeline each, an exit code out.

Here belong ``main``, the commands that are a pass or a check, the list of all others, and the
mapping of errors to exit codes (0 done, 2 bad input, 3 incomplete). What is drawn belongs to
``terminal``; what is done belongs to the stages.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.markup import escape

from pipeline.cli import imagery
from pipeline.cli.assess import assess
from pipeline.cli.claims import claims_app
from pipeline.cli.days import dated
from pipeline.cli.dossier import dossier, of_run, verify
from pipeline.cli.limit import limit, measuring
from pipeline.cli.screens import INCOMPLETE, err, out, report_problems
from pipeline.cli.simulate import simulate
from pipeline.environment import close_environment
from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from pipeline.run import RunResult

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Watch a site from open satellite imagery and weigh dated claims about it.",
)
sites_app = typer.Typer(no_args_is_help=True, help="AOI folders: check and list.")
app.add_typer(sites_app, name="sites")
app.add_typer(claims_app, name="claims")


def main() -> NoReturn:
    """Run a command; every error of ours ends in one line and its exit code."""
    close_environment()
    try:
        app()
    except PipelineError as error:
        err.print(f"zonewatch: [bold red]error:[/bold red] {escape(str(error))}")
        sys.exit(error.exit_code)
    sys.exit(0)


@app.command()
@dated
@measuring
def run(
    site: Annotated[str, typer.Argument(help="Name of a folder in aoi/, or a path to one.")],
    *,
    source: Annotated[
        str,
        typer.Option(
            help="earth-search, planetary-computer, cdse, a STAC API address, catalog.json or"
            " folder; default sample_tiles/."
        ),
    ] = "",
    work: Annotated[Path, typer.Option(help="Where chips, products and records go.")] = Path(
        "work"
    ),
    period: tuple[str, str] = ("", ""),
    settings: Annotated[Path | None, typer.Option(help="Another settings file.")] = None,
    sensor: Annotated[
        str,
        typer.Option(help="Whose scenes are judged: sentinel-2, landsat, sentinel-1 or opera-rtc."),
    ] = "sentinel-2",
) -> None:
    """Run the whole pass over a site and print what changed and what that does to the claims."""
    from pipeline.request import request_for  # noqa: PLC0415 - stages load where they are used
    from pipeline.run import run_site  # noqa: PLC0415
    from pipeline.terminal import ProgressBars  # noqa: PLC0415

    request = request_for(site, source, work, period=period, settings=settings, sensor=sensor)
    with ProgressBars(err) as bars:
        result = run_site(request, bars)
    show(result)
    if result.record.failures or result.refused:
        raise typer.Exit(INCOMPLETE)


def show(result: RunResult) -> None:
    """Print what a run found."""
    from pipeline import terminal  # noqa: PLC0415
    from pipeline.terminal.holdings import remark_lines  # noqa: PLC0415
    from pipeline.terminal.signs import sign_lines, sign_table  # noqa: PLC0415

    record, findings = result.record, result.findings
    if record.is_simulated:
        out.print(terminal.simulated_banner())
    if findings is not None:
        out.print(terminal.zone_table(findings))
        for line in terminal.radar_lines(findings):
            out.print(escape(line))
        table = sign_table(findings)
        if table is not None:
            out.print(table)
        for line in sign_lines(findings):
            out.print(escape(line), style="dim")
        out.print(terminal.claim_table(findings.assessments))
    else:
        out.print("Nothing new: every input and product is as the last run left it.")
    for line in remark_lines(record.remarks):
        err.print(escape(line))
    for line in terminal.failure_lines(record):
        err.print(escape(line))
    tail = " (simulated)" if record.is_simulated else ""
    out.print(f"Run {record.run_id[:12]}, {record.state}{tail}. Report:")
    out.print(str(result.folder / "report.html"), soft_wrap=True)


app.command()(dated(limit))
app.command()(dated(assess))
app.command()(imagery.fetch)
app.command()(imagery.scenes)
app.command()(of_run(dossier))
app.command()(verify)
app.command()(simulate)


@app.command()
def pair(
    before: Annotated[Path, typer.Argument(help="The earlier raster (GTiff or ENVI).")],
    after: Annotated[Path, typer.Argument(help="The later raster.")],
    *,
    to: Annotated[Path, typer.Option("--out", help="The change map to write (GeoTIFF).")],
    mask: Annotated[
        Path | None, typer.Option(help="One band; 0 leaves a pixel out, all else keeps it.")
    ] = None,
    align: Annotated[
        bool, typer.Option("--align", help="Put the second raster on the first's grid.")
    ] = False,
) -> None:
    """Compare two rasters of one place and write magnitude, p_value and changed."""
    from pipeline.config import load_config  # noqa: PLC0415
    from pipeline.pair import compare_files  # noqa: PLC0415

    options = load_config().pair
    found = compare_files(before, after, to, mask=mask, align=align, options=options)
    mark = "SIMULATED: " if found.is_simulated else ""
    out.print(
        f"{mark}{found.n_changed:,} of {found.n_seen:,} seen pixels changed "
        f"({100 * found.share_changed:.2f} %), threshold {found.threshold:.2f}: {to}"
    )
    if found.p_bound:
        out.print(
            "p-values are shares of this pair's ground, called pixels counted half; up to "
            f"{found.p_bound:.3f} they are upper bounds"
        )
    if found.offset.length_px:
        south, east = -found.offset.south_px, -found.offset.east_px
        out.print(f"the later raster was moved by {south:.2f} px to the south, {east:.2f} east")


app.command()(imagery.doctor)


@sites_app.command("check")
def check_site_folder(folder: Annotated[Path, typer.Argument(help="An AOI folder.")]) -> None:
    """Name every problem of an AOI folder, with file, feature and remedy."""
    from pipeline.sites import check_site, load_site  # noqa: PLC0415

    report_problems(check_site(folder))
    site = load_site(folder)
    placed = sum(zone.is_placed for zone in site.zones)
    out.print(f"{folder}: site {site.id}, {len(site.zones)} zones, {placed} placed: good")


@sites_app.command("list")
def list_sites() -> None:
    """The sites in aoi/."""
    from pipeline.request import ROOT  # noqa: PLC0415

    for folder in sorted((ROOT / "aoi").glob("*/site.toml")):
        out.print(folder.parent.name)
