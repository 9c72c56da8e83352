"""The seeds folder: sources, claims and reference events, read, checked and added to.

Here belong the verbs of the stage. The order of reading belongs to ``folder``, each rule to
``rules``, new claims to ``addition``; the shape of one record belongs to ``store.seeds``, what a
claim means for the imagery to ``assess``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.claims.addition import Addition, add_claims
from pipeline.claims.folder import FILES, Folder, read_folder

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pipeline.errors import ClaimsError
    from pipeline.model.claim import Seeds

__all__ = ["FILES", "Addition", "add_claims", "check_seeds", "load_seeds", "load_sound_seeds"]


def load_seeds(folder: Path) -> Seeds:
    """Read a seeds folder.

    Raises:
        ClaimsError: the first problem of the folder, by file and line.
    """
    read = read_folder(folder)
    problems = read.problems if isinstance(read, Folder) else read
    if problems or not isinstance(read, Folder):
        raise problems[0]
    return read.seeds()


def load_sound_seeds(folder: Path) -> tuple[Seeds, tuple[ClaimsError, ...]]:
    """Read a seeds folder, and leave out the claims that something is wrong with.

    Returns:
        The seeds, and a problem for everything that was found wrong with the claims left out.

    Raises:
        ClaimsError: the first problem of the folder that no single claim has.
    """
    read = read_folder(folder)
    if not isinstance(read, Folder):
        raise read[0]
    beyond = (*read.sources.in_order(), *read.claims.of_file(), *read.events.in_order())
    if beyond:
        raise beyond[0]
    refused = read.claims.in_order()
    if refused and not read.claims.sound:
        raise refused[0]
    return read.seeds(), refused


def check_seeds(
    folder: Path, *, articles: Path | None = None, zone_ids: Collection[str] = ()
) -> tuple[ClaimsError, ...]:
    """Everything that is wrong with a seeds folder, by file and line.

    Args:
        folder: the folder with ``sources.toml``, ``claims.toml`` and ``events.toml``.
        articles: the folder with the article files, to compare their hashes; None to leave them.
        zone_ids: the zones of the site, to compare names; empty to leave them.
    """
    read = read_folder(folder, articles=articles, zone_ids=zone_ids)
    return read.problems if isinstance(read, Folder) else read
