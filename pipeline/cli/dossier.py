"""The commands ``dossier`` and ``verify``: a claim in a folder, and a folder put to the test.

Here belong their options and exit codes. What they do belongs to ``dossier``; what is drawn belongs
to ``terminal``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from pipeline.cli.options import extended
from pipeline.cli.screens import err, out
from pipeline.errors import DossierError, NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.dossier import Verification, Wanted


_CLAIMS: Final = Annotated[
    str, typer.Option(help="The claims folder that the run read; default the site's own.")
]
_RUN: Final = Annotated[
    str, typer.Option(help="Beginning of the id of a run; default the last one.")
]


def of_run(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --claims and --run, which reach it as its ``basis``.

    Args:
        command: takes both as text in ``basis``.
    """

    def with_basis(*, claims: str = "", run: str = "", **options: Any) -> None:  # noqa: ANN401 - those of the command
        command(basis=(claims, run), **options)

    added = {"claims": (_CLAIMS, ""), "run": (_RUN, "")}
    return extended(with_basis, command, added, dropped="basis")


def dossier(
    site: Annotated[str, typer.Argument(help="Name of a folder in aoi/, or a path to one.")],
    claim: Annotated[str, typer.Argument(help="Id of a claim, such as K000-12.")],
    *,
    work: Annotated[Path, typer.Option(help="Where the run left its products.")] = Path("work"),
    to: Annotated[
        Path | None,
        typer.Option("--out", help="The folder to write; default below the work folder."),
    ] = None,
    basis: tuple[str, str] = ("", ""),
    with_chips: Annotated[
        bool,
        typer.Option(
            "--with-chips",
            help="Enclose the pixels of the scenes in the windows; mind their licence.",
        ),
    ] = False,
) -> None:
    """Write one claim of the last run into a folder that anybody can check."""
    from pipeline.dossier import write_dossier  # noqa: PLC0415 - stages load where they are used
    from pipeline.terminal import simulated_banner  # noqa: PLC0415

    claims, run = basis
    wanted = replace(_wanted(site, claim, work, claims), with_chips=with_chips, run=run)
    written = write_dossier(wanted, to)
    if written.is_simulated:
        out.print(simulated_banner())
    out.print(escape(written.assessment.sentence))
    out.print(f"{written.nbytes / 1e6:.1f} MB. Seal, to be published apart from the dossier:")
    out.print(written.seal, soft_wrap=True)
    out.print(str(written.folder), soft_wrap=True)


def _wanted(site: str, claim: str, work: Path, claims: str) -> Wanted:
    """What somebody asks for.

    Raises:
        PipelineError: if a folder is not there or cannot be read.
    """
    from pipeline.dossier import Wanted  # noqa: PLC0415
    from pipeline.request import find_folder  # noqa: PLC0415
    from pipeline.sites import load_site  # noqa: PLC0415
    from pipeline.store.layout import WorkFolder  # noqa: PLC0415

    folder = find_folder(site, "aoi")
    known = load_site(folder)
    seeds = find_folder(claims or known.claims_folder or site, "seeds")
    return Wanted(folder, seeds, claim, WorkFolder(work, known.id))


def verify(
    folder: Annotated[Path, typer.Argument(help="A dossier.")],
    *,
    seal: Annotated[
        str, typer.Option(help="The seal that its maker published, to compare with.")
    ] = "",
) -> None:
    """Check every byte of a dossier, weigh its claim again, and compare all that follows."""
    from pipeline.dossier import verify_dossier  # noqa: PLC0415
    from pipeline.terminal import simulated_banner  # noqa: PLC0415
    from pipeline.terminal.dossier import fault_lines, verification_table  # noqa: PLC0415

    done = verify_dossier(folder)
    if done.answer is not None and done.answer.given.is_simulated:
        out.print(simulated_banner())
    out.print(verification_table(done))
    for line in fault_lines(done):
        err.print(escape(line), soft_wrap=True)
    for line in done.libraries:
        err.print(f"note: {escape(line)}: last digits may differ")
    _settle(done, folder, seal)
    if done.answer is not None:
        out.print(escape(done.answer.assessment.sentence))
    out.print(f"Seal {done.seal}", soft_wrap=True)


def _settle(done: Verification, folder: Path, seal: str) -> None:
    """Nothing, if all agrees.

    Raises:
        DossierError: if another zonewatch is needed.
        NotVerifiedError: if something does not agree.
    """
    if done.other_method:
        remedy = f"verify it with zonewatch {done.made_by or 'of the version that made it'}"
        raise DossierError(done.faults[0].what, where=folder.name, remedy=remedy)
    if done.faults:
        first = done.faults[0]
        n_files = len({fault.path for fault in done.faults})
        what = f"{n_files} file{'s do' if n_files > 1 else ' does'} not agree, first {first.path}"
        raise NotVerifiedError(what, where=folder.name, remedy="do not rely on this folder")
    if seal and seal.lower() != done.seal:
        what = f"its seal is {done.seal}, not the one that was published"
        raise NotVerifiedError(what, where=folder.name, remedy="do not rely on this folder")
