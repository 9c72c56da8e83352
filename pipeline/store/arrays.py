"""Named arrays in one file that proves itself: what a stage keeps between runs.

Here belong writing and reading, without pickles. What the arrays mean belongs to the stage that
made them. The file opens with the SHA-256 of all that follows, which is an uncompressed npz.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import StoreError
from pipeline.store.files import publish_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

HASH_BYTES = 32


def publish_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Put arrays in place, whole.

    Raises:
        StoreError: if an array holds Python objects, or the file cannot be written; an older file
            of that name then stays as it was.
    """
    objects = sorted(name for name, array in arrays.items() if array.dtype.hasobject)
    if objects:
        raise StoreError(f"objects cannot be kept: {', '.join(objects)}", where=str(path))
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **dict(arrays))
    body = stream.getvalue()
    publish_bytes(path, hashlib.sha256(body).digest() + body)


def read_arrays(path: Path) -> dict[str, NDArray[Any]] | None:
    """The arrays of a file; None if there is no such file.

    Raises:
        StoreError: if the file cannot be read, or is not what was written.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"the file cannot be read ({reason})", where=str(path)) from error
    body = memoryview(data)[HASH_BYTES:]
    if hashlib.sha256(body).digest() != data[:HASH_BYTES]:
        raise _altered(path)
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise _altered(path) from error


def _altered(path: Path) -> StoreError:
    """The error of a file that is not what was written."""
    remedy = "remove the file; it is made anew"
    return StoreError("the file is not what was written", where=str(path), remedy=remedy)
