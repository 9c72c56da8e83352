"""Reading a folder that a stranger made: all of its files, and nothing else.

Here belong the limits on names, kinds and sizes of what is read, and the reading itself. What the
files mean belongs to whoever asked for them.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import TYPE_CHECKING, Final

from pipeline.errors import DossierError, PipelineError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_FILES: Final = 20_000
MAX_FILE_BYTES: Final = 128_000_000
MAX_BYTES: Final = 1_000_000_000
MAX_DEPTH: Final = 6
MAX_NAME: Final = 200
"""Characters of a whole path inside a bag, which any system can hold."""
REMEDY: Final = "ask for an undamaged copy of the folder"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def files_of_stranger(folder: Path) -> dict[str, bytes]:
    """All regular files below a folder, by path.

    Raises:
        DossierError: if there is anything else, or too much.
    """
    found: dict[str, bytes] = {}
    total = 0
    try:
        # By handles, so that no folder can be exchanged for a link between look and opening.
        for root, folders, names, handle in os.fwalk(folder, follow_symlinks=False):
            below = os.path.relpath(root, folder).replace(os.sep, "/")
            for name in (*folders, *names):
                path = name if below == "." else f"{below}/{name}"
                _check_entry(path, os.lstat(name, dir_fd=handle), folder)
                if name in names:
                    found[path] = _read(name, handle, path)
                    total += len(found[path])
                _check_amount(len(found), total, folder)
    except OSError as error:
        if isinstance(error, PipelineError):
            raise
        what = f"a file cannot be read ({error.strerror or type(error).__name__})"
        raise DossierError(what, where=folder.name, remedy=REMEDY) from error
    _check_twins(found)
    return found


def _check_entry(path: str, found: os.stat_result, folder: Path) -> None:
    """Refuse links, devices and names that could lead elsewhere.

    Raises:
        DossierError: naming it.
    """
    is_plain = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
    if not is_plain:
        what = "it is a link or no regular file, and nothing outside a dossier is read"
        raise DossierError(what, where=ascii(path), remedy=REMEDY)
    if not is_safe(path):
        raise DossierError("no file of a dossier has such a name", where=ascii(path), remedy=REMEDY)
    if stat.S_ISREG(found.st_mode) and found.st_size > MAX_FILE_BYTES:
        what = f"{path} takes {found.st_size:,} bytes, {MAX_FILE_BYTES:,} are allowed"
        raise DossierError(what, where=folder.name, remedy=REMEDY)


def _check_amount(n_files: int, total: int, folder: Path) -> None:
    """Refuse more than a bag may hold.

    Raises:
        DossierError: if it is too much.
    """
    if n_files > MAX_FILES or total > MAX_BYTES:
        what = f"it holds more than {MAX_FILES:,} files or {MAX_BYTES:,} bytes"
        raise DossierError(what, where=folder.name, remedy=REMEDY)


def _check_twins(found: Mapping[str, bytes]) -> None:
    """Refuse names that are one on some systems.

    Raises:
        DossierError: naming one of them.
    """
    seen: dict[str, str] = {}
    for path in found:
        twin = seen.setdefault(path.casefold(), path)
        if twin != path:
            raise DossierError(f"{path} and {twin} are one file on some systems", remedy=REMEDY)


def is_safe(path: str) -> bool:
    """Whether a path stays inside and means the same on every system."""
    parts = path.split("/")
    named = all(_NAME.fullmatch(part) for part in parts)
    return named and len(parts) <= MAX_DEPTH and len(path) <= MAX_NAME


def _read(name: str, handle: int, path: str) -> bytes:
    """The bytes of a regular file that is opened by its folder; a link is not followed.

    Raises:
        DossierError: if it turned into something else, or grew.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        opened = os.open(name, flags, dir_fd=handle)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DossierError("it is a link", where=path, remedy=REMEDY) from error
        raise
    with os.fdopen(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise DossierError("it is no regular file", where=path, remedy=REMEDY)
        data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise DossierError("it grew while it was read", where=path, remedy=REMEDY)
    return data
