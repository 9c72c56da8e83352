"""The commands about claims: check, list, show, template, add, freeze.

Here belong their options and exit codes. What a claim may say belongs to ``claims``, what is drawn
to ``terminal.claims``, which plans were frozen to ``store.plan_lock``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.screens import INCOMPLETE, err, out, report_problems
from pipeline.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model.plan import Plan
    from pipeline.model.site import Site

claims_app = typer.Typer(no_args_is_help=True, help="Claims: check, list, show, add, freeze.")

SeedsArgument = Annotated[
    str, typer.Argument(help="Name of a folder in seeds/, or a path to one.", show_default=False)
]
SiteOption = Annotated[
    str, typer.Option(help="Site whose zones and plans are meant; default: one that names them.")
]
SettingsOption = Annotated[Path | None, typer.Option(help="Another settings file.")]


@claims_app.command("check")
def check_claims(
    folder: Annotated[
        str, typer.Argument(help="A claims folder; or a CSV or TOML of new claims for --seeds.")
    ],
    *,
    articles: Annotated[
        Path | None, typer.Option(help="Folder of the source articles, to check their hashes.")
    ] = None,
    site: Annotated[str, typer.Option(help="Site whose zones the claims may name.")] = "",
    seeds: Annotated[str, typer.Option(help="Folder that a file of new claims is meant for.")] = "",
    settings: SettingsOption = None,
) -> None:
    """Name every problem of a claims folder or file, and where the frozen plans differ."""
    if Path(folder).is_file():
        _check_file(Path(folder), seeds, site)
        return
    from pipeline.claims import check_seeds, load_seeds  # noqa: PLC0415 - stages load where used

    path = _seeds_folder(folder)
    named = _site(site, path) if site else None
    zones = () if named is None else _zone_ids(named)
    report_problems(check_seeds(path, articles=articles, zone_ids=zones))
    if named is not None:
        _compare_with_lock(path, named, settings)
    held = load_seeds(path)
    out.print(
        f"{folder}: {len(held.sources)} sources, {len(held.claims)} claims, "
        f"{len(held.events)} events: good"
    )


def _check_file(file: Path, seeds: str, site: str) -> None:
    """Check claims that are not in a folder yet."""
    from pipeline.claims import check_new  # noqa: PLC0415

    if not seeds:
        remedy = "give --seeds with the folder that these claims are meant for"
        raise InputError("a file of claims rests on the sources of a folder", remedy=remedy)
    folder = _seeds_folder(seeds)
    found = check_new(folder, file, zone_ids=_zones_of(folder, site))
    report_problems(found.problems)
    out.print(escape(f"{file}: {len(found.added)} claims: good"))


def _compare_with_lock(folder: Path, site: Site, settings: Path | None) -> None:
    """Say where the frozen plans and those at hand differ, and leave if they do."""
    from pipeline.errors import ClaimsError  # noqa: PLC0415
    from pipeline.store.plan_lock import NAME, differences, lock_of, read_lock  # noqa: PLC0415

    lock = read_lock(folder, site.id)
    if lock is None:
        return
    remedy = (
        f"if that is meant, `zonewatch claims freeze {folder} --site {site.id}` and keep the file "
        "under version control: the change is then dated"
    )
    where = f"{folder / NAME}: {site.id}"
    found = differences(lock, lock_of(site, _plans(folder, site, settings)))
    report_problems([ClaimsError(what, where=where, remedy=remedy) for what in found])


@claims_app.command("list")
def list_claims(
    folder: SeedsArgument = "kaesong",
    *,
    site: SiteOption = "",
    testable: Annotated[
        bool, typer.Option("--testable", help="Only claims that open imagery can test.")
    ] = False,
) -> None:
    """A line for each claim: testability, asserted times, what it predicts, zones."""
    from pipeline.claims import load_seeds  # noqa: PLC0415
    from pipeline.terminal.claims import claims_table  # noqa: PLC0415

    path = _seeds_folder(folder)
    named = _site(site, path) if site else None
    placed = None if named is None else [zone.id for zone in named.zones if zone.is_placed]
    out.print(claims_table(load_seeds(path), only_testable=testable, placed=placed))


@claims_app.command("show")
def show_claim(
    claim_id: Annotated[str, typer.Argument(help="Id of a claim, such as K000-12.")],
    folder: SeedsArgument = "kaesong",
    *,
    site: SiteOption = "",
    settings: SettingsOption = None,
) -> None:
    """Everything about one claim: who says what when, what it predicts, what it rests on."""
    from pipeline.claims import load_seeds  # noqa: PLC0415
    from pipeline.terminal.claims import claim_page  # noqa: PLC0415

    path = _seeds_folder(folder)
    seeds = load_seeds(path)
    found = next((one for one in seeds.claims if one.id.casefold() == claim_id.casefold()), None)
    if found is None:
        remedy = f"`zonewatch claims list {folder}` names them all"
        raise InputError("there is no claim of that id", where=claim_id, remedy=remedy)
    named = _site(site, path)
    plan = next(one for one in _plans(path, named, settings) if one.claim_id == found.id)
    out.print(claim_page(found, seeds, named, plan))


@claims_app.command("template")
def print_template() -> None:
    """Print a CSV to fill in, with one claim of two asserted times."""
    from pipeline.store.claim_table import template  # noqa: PLC0415

    typer.echo(template(), nl=False)


@claims_app.command("add")
def add_new_claims(
    folder: Annotated[str, typer.Argument(help="Name of a folder in seeds/, or a path to one.")],
    file: Annotated[Path, typer.Argument(help="The new claims: a TOML, or a CSV by the template.")],
    *,
    site: SiteOption = "",
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Add the good claims although others are bad.")
    ] = False,
) -> None:
    """Add claims of your own to a folder, all or none: every bad one is named with its line."""
    from pipeline.claims import add_claims  # noqa: PLC0415

    path = _seeds_folder(folder)
    done = add_claims(path, file, zone_ids=_zones_of(path, site), skip_bad=skip_bad)
    if not done.added:
        err.print("Nothing was added.")
        report_problems(done.problems)
        return
    for problem in done.problems:
        err.print(escape(str(problem)))
    out.print(escape(f"{path}: added {', '.join(done.added)}"))
    out.print(f"Freeze their plans before a run: zonewatch claims freeze {folder} --site SITE")
    if done.problems:
        raise typer.Exit(INCOMPLETE)


@claims_app.command("freeze")
def freeze_plans(
    folder: SeedsArgument,
    *,
    site: Annotated[str, typer.Option(help="Site that the plans are made for.")],
    settings: SettingsOption = None,
) -> None:
    """Write what will be asked of the data to plans.lock.json, to be dated by version control."""
    from pipeline.store.plan_lock import write_lock  # noqa: PLC0415

    path = _seeds_folder(folder)
    named = _site(site, path)
    plans = _plans(path, named, settings)
    written = write_lock(path, named, plans)
    out.print(escape(f"{written}: {len(plans)} plans for {named.id}"))


def _seeds_folder(name: str) -> Path:
    """A claims folder by name or path.

    Raises:
        InputError: if there is none.
    """
    from pipeline.request import find_folder  # noqa: PLC0415

    return find_folder(name, "seeds")


def _site(name: str, seeds: Path) -> Site:
    """A site by name, or the first one that names these claims as its own.

    Raises:
        InputError: if there is none.
    """
    from pipeline.request import find_folder  # noqa: PLC0415
    from pipeline.sites import load_site  # noqa: PLC0415

    if name:
        return load_site(find_folder(name, "aoi"))
    own = _own_sites(seeds)
    if not own:
        remedy = "give --site with the name of a folder in aoi/"
        raise InputError("no site names these claims as its own", where=str(seeds), remedy=remedy)
    return own[0]


def _own_sites(seeds: Path) -> list[Site]:
    """The sites of the checkout whose claims lie in that folder."""
    from pipeline.request import ROOT  # noqa: PLC0415
    from pipeline.sites import load_site  # noqa: PLC0415

    folders = [path.parent for path in sorted((ROOT / "aoi").glob("*/site.toml"))]
    sites = map(load_site, folders)
    return [
        one for one in sites if one.claims_folder and Path(one.claims_folder).name == seeds.name
    ]


def _zones_of(seeds: Path, site: str) -> set[str]:
    """The zones that new claims may name: those of the site, or of all that own the folder."""
    sites = [_site(site, seeds)] if site else _own_sites(seeds)
    return {zone_id for one in sites for zone_id in _zone_ids(one)}


def _zone_ids(site: Site) -> tuple[str, ...]:
    """The ids of a site's zones."""
    return tuple(zone.id for zone in site.zones)


def _plans(folder: Path, site: Site, settings: Path | None) -> Sequence[Plan]:
    """What will be asked of the data for each claim."""
    from pipeline.assess import plans_of  # noqa: PLC0415
    from pipeline.claims import load_seeds  # noqa: PLC0415
    from pipeline.config import SETTINGS_FILE, load_config  # noqa: PLC0415

    return plans_of(load_seeds(folder), site, load_config(settings or SETTINGS_FILE).assess)
