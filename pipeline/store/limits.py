"""Measured detection limits at rest: one folder for every cube they were measured in.

Here belongs the seal, ``limits.json``, which is written last and says what else lies there.
Tables and maps belong to ``publish``; what the numbers mean to ``model.limit``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.model.limit import Plant, SiteLimits, Sounding, ZoneLimit
from pipeline.model.provenance import Artifact
from pipeline.store.files import canonical_json, publish_bytes, sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.store.layout import WorkFolder

SEAL = "limits.json"


@dataclass(frozen=True)
class HeldLimits:
    """Limits as they lie in the work folder.

    Attributes:
        limits: what was measured.
        sha256: hash of the seal, hex: it covers the other files by their hashes.
        folder: where they lie.
    """

    limits: SiteLimits
    sha256: str
    folder: Path


def write_limits(
    work: WorkFolder,
    limits: SiteLimits,
    files: tuple[Artifact, ...],
    versions: Mapping[str, str],
) -> HeldLimits:
    """Write the seal beside files that lie there already.

    Args:
        work: the work folder of the site.
        limits: what was measured.
        files: the other files of the folder.
        versions: version by stage and by library.

    Raises:
        StoreError: if it cannot be written.
    """
    path = work.limits_of(limits.cube_id) / SEAL
    document = {"limits": asdict(limits), "files": [asdict(one) for one in files]}
    publish_bytes(path, canonical_json(document | {"versions": dict(versions)}))
    return HeldLimits(limits, sha256_of(path), path.parent)


def read_limits(work: WorkFolder, cube_id: str) -> HeldLimits | None:
    """The limits that were measured in a cube; None if none were, or a file was altered since.

    They are then measured anew, which puts the files right.
    """
    folder = work.limits_of(cube_id)
    try:
        document = json.loads((folder / SEAL).read_bytes())
        limits = _decoded(document["limits"])
        files = [Artifact(**one) for one in document["files"]]
        sha256 = sha256_of(folder / SEAL)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    holds = all(_holds(folder, one) for one in files)
    return HeldLimits(limits, sha256, folder) if holds and limits.cube_id == cube_id else None


def _holds(folder: Path, artifact: Artifact) -> bool:
    """Whether a file lies where it should, unaltered."""
    path = folder / artifact.name
    return path.is_file() and sha256_of(path) == artifact.sha256


def _decoded(fields: dict[str, Any]) -> SiteLimits:
    """Limits from their JSON object."""
    zones = tuple(_zone(one) for one in fields["zones"])
    return SiteLimits(**{**fields, "zones": zones, "onsets": tuple(fields["onsets"])})


def _zone(fields: dict[str, Any]) -> ZoneLimit:
    """The limit of a zone from its JSON object."""
    soundings = tuple(
        Sounding(**{**one, "plant": Plant(one["plant"])}) for one in fields["soundings"]
    )
    return ZoneLimit(**{**fields, "soundings": soundings})
