"""Run records at rest: one JSON file a run, read back only if every product still matches it.

The record of the last fetch lies beside them, and is only ever read by people.

Here belongs writing and checking records. What a record says belongs to ``model.provenance``;
when a run happened stands in the ``ledger``.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.model.provenance import Artifact, FetchRecord, RunRecord
from pipeline.model.scene import AssetFailure, Remark
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
    record = peek_record(work, run_id)
    if record is None:
        return None
    folder = work.products_of(run_id)
    return record if all(_holds(folder, artifact) for artifact in record.outputs) else None


def peek_record(work: WorkFolder, run_id: str) -> RunRecord | None:
    """The record of an earlier run, whether or not its products still lie there; None if none."""
    try:
        return _decoded(json.loads(_path(work, run_id).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def write_fetch_record(work: WorkFolder, record: FetchRecord) -> None:
    """Write what the last fetch came to, over that of the fetch before.

    Raises:
        StoreError: if it cannot be written.
    """
    fields = asdict(record) | {"finished": record.finished.isoformat()}
    publish_bytes(work.fetch_record, canonical_json(fields))


def read_fetch_record(work: WorkFolder) -> FetchRecord | None:
    """What the last fetch came to; None if there was none, or its record is damaged."""
    try:
        fields = json.loads(work.fetch_record.read_bytes())
        finished = datetime.fromisoformat(fields.pop("finished"))
        failures = tuple(AssetFailure(**one) for one in fields.pop("failures"))
        remarks = tuple(Remark(**one) for one in fields.pop("remarks"))
        return FetchRecord(**fields, finished=finished, failures=failures, remarks=remarks)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _decoded(fields: dict[str, Any]) -> RunRecord:
    """A record from its JSON object."""
    rest = {**fields}
    outputs = tuple(Artifact(**one) for one in rest.pop("outputs"))
    failures = tuple(AssetFailure(**one) for one in rest.pop("failures"))
    superseded = tuple(rest.pop("superseded", ()))
    remarks = tuple(Remark(**one) for one in rest.pop("remarks", ()))
    return RunRecord(
        **rest, outputs=outputs, failures=failures, superseded=superseded, remarks=remarks
    )


def _path(work: WorkFolder, run_id: str) -> Path:
    """Where a record lies."""
    return work.runs / f"{run_id}.json"


def _holds(folder: Path, artifact: Artifact) -> bool:
    """Whether a product lies where it should, unaltered."""
    path = folder / artifact.name
    return path.is_file() and sha256_of(path) == artifact.sha256
