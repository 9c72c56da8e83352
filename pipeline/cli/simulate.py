"""The command ``simulate``.

Here belong its options. What is made belongs to ``pipeline.simulate``.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the types at run time
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.screens import out

if TYPE_CHECKING:
    from pipeline.simulate import Truth

SENTINEL_2 = "sentinel-2"


_SENSORS = "sentinel-2, landsat, sentinel-1, dnb-monthly, dmsp-ols or black-marble."
_WORLDS = (
    "What happened: rehearsal (as committed), happened, absent, elsewhere, clouded, wrong-month,"
    " refuted or stepped."
)


def simulate(
    folder: Annotated[Path, typer.Argument(help="Where the simulated archive goes.")],
    *,
    sensor: Annotated[str, typer.Option(help=_SENSORS)] = SENTINEL_2,
    truth: Annotated[str, typer.Option(help=_WORLDS)] = "rehearsal",
    outcome: Annotated[
        list[str] | None,
        typer.Option(help="What became of one claim, as K003-02=absent; may be repeated."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same pixels.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="4.4 x 4 km at 5-day revisit, Sentinel-2 only.")
    ] = False,
) -> None:
    """Make a SIMULATED archive of the invented site with planted changes and their truth."""
    from pipeline.simulate import DEFAULT_SEED, truth_of  # noqa: PLC0415 - loaded where used

    seed = DEFAULT_SEED if seed is None else seed
    asked = truth_of(truth).asked(*(outcome or ()))
    if sensor == SENTINEL_2:
        _simulate_sentinel_2(folder, seed, asked, full=full)
    else:
        _simulate_archive(folder, sensor, seed, asked)


def _simulate_sentinel_2(folder: Path, seed: int, asked: Truth, *, full: bool) -> None:
    """Make the catalogue of Sentinel-2."""
    from dataclasses import replace  # noqa: PLC0415

    from pipeline.simulate import FULL, REHEARSAL, simulate_site  # noqa: PLC0415

    options = replace(FULL if full else REHEARSAL, truth=asked)
    made = simulate_site(folder, seed=seed, options=options)
    out.print(f"SIMULATED: {made.n_items} items, {made.nbytes / 1e6:.1f} MB in {folder}")


def _simulate_archive(folder: Path, sensor: str, seed: int, asked: Truth) -> None:
    """Make another archive."""
    from pipeline.simulate import ArchiveOptions, simulate_archive  # noqa: PLC0415

    made = simulate_archive(folder, sensor, seed=seed, options=ArchiveOptions(truth=asked))
    out.print(f"SIMULATED: {made.n_items} looks, {made.nbytes / 1e6:.1f} MB in {folder}")
