"""Files that appear whole or not at all, and the hashes that prove what they are.

Here belong hashing, canonical JSON and the publishing of one file. What a file is called and
where it lies belongs to ``layout`` and ``chips``; how pixels are written belongs to ``rasters``.

A file is published in this order: a temporary file in the same folder, its bytes forced to the
disk, a rename over the final name, the folder forced to the disk. Whoever opens the final name
therefore sees the old file or the new one, whenever the power goes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PART = re.compile(r"\..+\.(\d+)-[0-9a-f]{8}\.part.*")
"""Names of unfinished files, with the process that writes; GDAL adds endings of its own."""

_REMEDIES = {
    errno.ENOSPC: "free space on the disk and run again",
    errno.EDQUOT: "free space in the quota and run again",
    errno.EFBIG: "raise the limit on file size and run again",
    errno.EACCES: "give this user the right to write there",
    errno.EPERM: "give this user the right to write there",
    errno.EROFS: "choose a work folder on a disk that can be written",
    errno.EIO: "check the disk; it reports a fault",
}


def sha256_of(path: Path) -> str:
    """Hash of a file, hex.

    Raises:
        StoreError: if it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _store_error("read", error, path) from error


def canonical_json(obj: object) -> bytes:
    r"""The one JSON text of a value: sorted keys, no spaces, UTF-8, a newline at the end.

    Floats are written in the shortest form that reads back to the same number.

    Raises:
        StoreError: if the value holds NaN, an infinity, a broken character or a type that JSON
            does not have.

    Example:
        >>> canonical_json({"b": 0.1, "a": [1, None]})
        b'{"a":[1,null],"b":0.1}\n'
    """
    try:
        text = json.dumps(
            obj, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        return f"{text}\n".encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreError(f"a value cannot be written as JSON: {error}") from error


def publish_bytes(path: Path, data: bytes) -> None:
    """Put a file in place, whole.

    Raises:
        StoreError: if it cannot be written; an older file of that name then stays as it was.
    """
    with publishing(path) as part:
        part.write_bytes(data)


@contextmanager
def publishing(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder; what is written there appears under the name.

    The folder is made if it is missing. If the body fails, the temporary file goes and an older
    file of that name stays as it was.

    Raises:
        StoreError: if the file cannot be written, or the body wrote none.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        force(part)
        part.replace(path)
        force(path.parent)
    except OSError as error:
        if isinstance(error, PipelineError):
            raise
        raise _store_error("written", error, path) from error
    finally:
        _remove_quietly(part)


def sweep_parts(folder: Path) -> int:
    """Remove what killed writers left below a folder; parts of living processes stay.

    Returns:
        How many files were removed.

    Raises:
        StoreError: if one cannot be removed.
    """
    found = [path for path in sorted(folder.rglob(".*.part*")) if _is_orphan(path)]
    for path in found:
        try:
            path.unlink()
        except OSError as error:
            raise _store_error("removed", error, path) from error
    return len(found)


def _is_orphan(path: Path) -> bool:
    """Whether a file is a part whose writer is gone."""
    match = _PART.fullmatch(path.name)
    if match is None or not path.is_file():
        return False
    try:
        os.kill(int(match[1]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def force(path: Path) -> None:
    """Have the disk hold what was written to a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_quietly(part: Path) -> None:
    """Remove a temporary file and what its writer put beside it; the sweep gets the rest."""
    try:
        # A pattern would be compiled anew for every file.
        left = [path for path in part.parent.iterdir() if path.name.startswith(part.name)]
    except OSError:
        return
    for path in left:
        with suppress(OSError):
            path.unlink()


def _store_error(verb: str, error: OSError, path: Path) -> StoreError:
    """An error of the operating system, with what to do about it."""
    remedy = _REMEDIES.get(error.errno or 0, "check the folder and the disk, then run again")
    reason = error.strerror or type(error).__name__
    return StoreError(f"the file cannot be {verb} ({reason})", where=str(path), remedy=remedy)
