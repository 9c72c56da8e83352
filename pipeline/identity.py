"""What makes two runs the same: inputs, settings, versions; and the record of a run.

Here belong the numbers that are raised when results change, and the hash over everything that
decides them. What a run rests on belongs to ``inputs``.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING

from pipeline.model.provenance import RunRecord
from pipeline.store.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.config import RunConfig
    from pipeline.inputs import Inputs
    from pipeline.model.findings import Findings
    from pipeline.model.provenance import Artifact

ALGORITHM_VERSIONS = {
    "fetch": "1",
    "prepare": "3",
    "detect": "4",
    "zones": "2",
    "history": "2",
    "signs": "2",
    "limit": "1",
    "assess": "4",
    "publish": "7",
    "report": "7",
}
"""Raised by hand when the results of a stage change, so that old products are made anew."""

LIBRARIES = ("numpy", "scipy", "scikit-image", "rasterio", "shapely", "pyproj", "geopandas")
"""Their versions belong to the identity of a run: another version may round otherwise."""


def identity(hashes: Mapping[str, str]) -> str:
    """Hash over inputs, algorithm versions and library versions: the same for the same work."""
    return hashlib.sha256(canonical_json({"inputs": hashes, "versions": versions()})).hexdigest()


def cube_identity(hashes: Mapping[str, str]) -> str:
    """Identity of the scenes and how they are judged, whatever is said about them."""
    beside = ("seeds", "superseded", "listing", "limits", "coarse", "post-hoc")
    return identity({name: one for name, one in hashes.items() if name not in beside})


def versions() -> dict[str, str]:
    """Version by stage and by library."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {**{f"stage:{name}": number for name, number in ALGORITHM_VERSIONS.items()}, **libraries}


def record_of(
    inputs: Inputs, findings: Findings, outputs: tuple[Artifact, ...], config: RunConfig
) -> RunRecord:
    """What the run did, without times: those stand in the ledger."""
    return RunRecord(
        run_id=findings.run_id,
        site_id=inputs.site.id,
        source=inputs.source,
        state="partial" if findings.failures else "complete",
        is_simulated=findings.is_simulated,
        inputs=inputs.hashes(config),
        versions=versions(),
        outputs=outputs,
        failures=findings.failures,
        superseded=tuple(scene.id for scene in inputs.superseded),
        remarks=inputs.remarks,
    )
