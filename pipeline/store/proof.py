"""What tells cheaply that a file is still the one that was hashed, and names that are safe.

Here belong size and time of a file and the slugs of folders and files. Hashing belongs to
``files``; what is kept under the names belongs to ``chips`` and ``coarse_chips``.
"""

from __future__ import annotations

import hashlib
import re
import stat
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Stamp: TypeAlias = tuple[int, int]
"""Size in bytes, and time of the last change in nanoseconds."""

_UNSAFE = re.compile(r"[^a-z0-9]+")


def stamp(path: Path) -> Stamp | None:
    """Size and time of a file; None if it is none, or a link."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def slug(name: str, identity: bytes) -> str:
    """A readable beginning and a hash that tells apart: safe as the name of a file."""
    readable = _UNSAFE.sub("-", name.lower()).strip("-")[:48]
    return f"{readable or 'x'}-{hashlib.sha256(identity).hexdigest()[:12]}"
