"""Run records at rest: one JSON file a run, read back only if every product still matches it.

Here belongs writing and checking records. What a record says belongs to ``model.provenance``;
when a run happened stands in the ``ledger``.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipeline.model.provenance import Artifact, RunRecord
from pipeline.model.scene import AssetFailure
from pipeline.store.files import canonical_json, publish_bytes, sha256_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from pipeline.store.layout import WorkFolder


def write_record(work: WorkFolder, record: RunRecord) -> None:
    """Write the record of a run under its id.

    Raises:
        StoreError: if it cannot be written.
    """
    publish_bytes(_path(work, record.run_id), canonical_json(asdict(record)))


def read_record(work: WorkFolder, run_id: str) -> RunRecord | None:
    """The record of an earlier run, if its products still lie there byte for byte.

    A record that cannot be read, or a product that is missing or altered, gives None: the run is
    then made anew, which puts the products right.
    """
    try:
        record = _decoded(json.loads(_path(work, run_id).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    folder = work.products_of(run_id)
    return record if all(_holds(folder, artifact) for artifact in record.outputs) else None


def _decoded(fields: dict[str, Any]) -> RunRecord:
    """A record from its JSON object."""
    rest = {**fields}
    outputs = tuple(Artifact(**one) for one in rest.pop("outputs"))
    failures = tuple(AssetFailure(**one) for one in rest.pop("failures"))
    superseded = tuple(rest.pop("superseded", ()))
    return RunRecord(**rest, outputs=outputs, failures=failures, superseded=superseded)


def _path(work: WorkFolder, run_id: str) -> Path:
    """Where a record lies."""
    return work.runs / f"{run_id}.json"


def _holds(folder: Path, artifact: Artifact) -> bool:
    """Whether a product lies where it should, unaltered."""
    path = folder / artifact.name
    return path.is_file() and sha256_of(path) == artifact.sha256
