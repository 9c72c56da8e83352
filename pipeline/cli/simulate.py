"""The command ``simulate``.

Here belong its options. What is made belongs to ``pipeline.simulate``.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the types at run time
from typing import Annotated

import typer

from pipeline.cli.screens import out

SENTINEL_2 = "sentinel-2"


def simulate(
    folder: Annotated[Path, typer.Argument(help="Where the simulated archive goes.")],
    *,
    sensor: Annotated[
        str,
        typer.Option(
            help="sentinel-2, landsat, sentinel-1, dnb-monthly, dmsp-ols or black-marble."
        ),
    ] = SENTINEL_2,
    truth: Annotated[
        str,
        typer.Option(
            help="What happened: rehearsal (as committed), happened, absent, elsewhere, clouded,"
            " wrong-month, refuted or stepped."
        ),
    ] = "rehearsal",
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
    from dataclasses import replace  # noqa: PLC0415 - stages load where they are used

    from pipeline.simulate import (  # noqa: PLC0415
        DEFAULT_SEED,
        FULL,
        REHEARSAL,
        ArchiveOptions,
        simulate_archive,
        simulate_site,
        truth_of,
    )

    seed = DEFAULT_SEED if seed is None else seed
    asked = truth_of(truth).asked(*(outcome or ()))
    if sensor == SENTINEL_2:
        options = replace(FULL if full else REHEARSAL, truth=asked)
        made = simulate_site(folder, seed=seed, options=options)
        out.print(f"SIMULATED: {made.n_items} items, {made.nbytes / 1e6:.1f} MB in {folder}")
        return
    archive = simulate_archive(folder, sensor, seed=seed, options=ArchiveOptions(truth=asked))
    out.print(f"SIMULATED: {archive.n_items} looks, {archive.nbytes / 1e6:.1f} MB in {folder}")
