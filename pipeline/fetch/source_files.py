"""The files of a folder as sources: plain files only, each hashed once, unchanged while read.

Here belongs what is asked of a file before and after its pixels are read. Reading it belongs to
``black_marble`` and ``light_rasters``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import FetchError
from pipeline.model.coarse import SourceFile
from pipeline.store.files import sha256_of
from pipeline.store.proof import stamp

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.store.proof import Stamp


class Hashes:
    """The hashes of files, taken once each, with size and time from before they were taken."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[Path, tuple[Stamp, SourceFile]] = {}

    def of(self, path: Path) -> SourceFile:
        """Name and hash of a file.

        Raises:
            FetchError: if it is no plain file.
            StoreError: if it cannot be read.
        """
        if path not in self._known:
            before = require_plain(path)
            self._known[path] = before, SourceFile(path.name, sha256_of(path))
        return self._known[path][1]

    def stamps(self) -> dict[str, Stamp]:
        """Size and time by name of the files that were hashed, proven not to have changed since.

        Raises:
            FetchError: if one was changed while it was read.
        """
        for path, (before, source) in self._known.items():
            if stamp(path) != before:
                what = "the file was changed while it was read"
                remedy = "run again once nothing writes to the folder any more"
                raise FetchError(what, where=source.name, remedy=remedy)
        return {source.name: before for before, source in self._known.values()}


def require_plain(path: Path) -> Stamp:
    """Size and time of a file.

    Raises:
        FetchError: if it is no plain file, such as a link, which may lead anywhere.
    """
    found = stamp(path)
    if found is None:
        raise FetchError("it is no plain file", where=path.name, remedy="put the file itself here")
    return found
