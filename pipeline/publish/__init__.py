"""Write what a pass found as files that other programs read: all of them, or none.

Here belongs the list of products and the way they become visible. What stands in the rows belongs
to ``rows`` and ``sign_rows``, what the change map shows to ``maps``, and how each format is written
to ``tables`` and ``vectors``; the page for people belongs to ``report``.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipeline.errors import StoreError
from pipeline.model.provenance import Artifact
from pipeline.publish import rows, sign_rows
from pipeline.publish.maps import write_change_map
from pipeline.publish.tables import to_csv
from pipeline.publish.vectors import detection_features, to_geojson, write_geopackage, zone_features
from pipeline.store.evidence import EvidenceHead, encode_evidence
from pipeline.store.files import canonical_json, force, publish_bytes, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.model.findings import Findings

TABLES = {
    "zone-series.csv": (rows.series_rows, rows.SERIES_COLUMNS),
    "scenes.csv": (rows.scene_rows, rows.SCENE_COLUMNS),
    "failures.csv": (rows.failure_rows, rows.FAILURE_COLUMNS),
    "assessments.csv": (rows.assessment_rows, rows.ASSESSMENT_COLUMNS),
    "sign-series.csv": (sign_rows.look_rows, sign_rows.LOOK_COLUMNS),
    "signs.csv": (sign_rows.place_rows, sign_rows.PLACE_COLUMNS),
}
NO_PAGES: Mapping[str, bytes] = MappingProxyType({})


def publish_products(
    folder: Path, findings: Findings, pages: Mapping[str, bytes] = NO_PAGES
) -> tuple[Artifact, ...]:
    """Write every product of a pass into a folder.

    All files are finished in a hidden folder beside the target first. A folder that is not there
    yet appears whole, by one rename; in one that is, only files whose bytes differ are replaced,
    each by one rename. Whatever fails before that leaves the folder as it was.

    Args:
        folder: where the products go; its parent is made if it is missing.
        findings: what the pass found.
        pages: files that are rendered already, such as the report, by name.

    Returns:
        The products by name, in the order of their names.

    Raises:
        StoreError: if a file cannot be written.
    """
    with _staging(folder) as stage:
        _write_all(stage, findings)
        return _finish(stage, folder, pages)


def publish_folder(folder: Path, files: Mapping[str, bytes]) -> tuple[Artifact, ...]:
    """Write files into a folder in the same way: all of them, or none.

    Raises:
        StoreError: if a file cannot be written.
    """
    with _staging(folder) as stage:
        return _finish(stage, folder, files)


def _finish(stage: Path, folder: Path, files: Mapping[str, bytes]) -> tuple[Artifact, ...]:
    """Add the last files and let all of them take their place."""
    for name, data in files.items():
        publish_bytes(stage / name, data)
    artifacts = tuple(_artifact(path) for path in sorted(stage.iterdir()))
    _swap(stage, folder)
    return artifacts


def _write_all(stage: Path, findings: Findings) -> None:
    """The products, one line each."""
    detections, zones = detection_features(findings), zone_features(findings)
    write_change_map(stage / "change-map.tif", findings)
    write_geopackage(stage / "detections.gpkg", detections, findings)
    write_geopackage(stage / "zones.gpkg", zones, findings)
    publish_bytes(stage / "detections.geojson", to_geojson(detections, findings))
    publish_bytes(stage / "zones.geojson", to_geojson(zones, findings))
    publish_bytes(stage / "assessments.json", canonical_json(rows.assessment_document(findings)))
    publish_bytes(stage / "signs.json", canonical_json(sign_rows.sign_document(findings)))
    if findings.evidence is not None:
        head = EvidenceHead(
            findings.run_id, findings.site.id, findings.cube.sensor, findings.settings_sha256
        )
        publish_bytes(stage / "evidence.json", encode_evidence(head, findings.evidence))
    for name, (make, columns) in TABLES.items():
        publish_bytes(stage / name, to_csv(make(findings), columns))


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder beside the target, gone afterwards whatever happens."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise StoreError("no product can be written here", where=str(folder)) from error
    try:
        # mkdtemp keeps others out; products are for everyone whom the work folder lets in.
        stage.chmod(0o755)
        yield stage
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"a product cannot be written: {error}", where=str(folder)) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _swap(stage: Path, folder: Path) -> None:
    """Let the finished files take their place, once the disk holds them."""
    for fresh in stage.iterdir():
        force(fresh)
    if not folder.exists():
        stage.rename(folder)
    else:
        for fresh in sorted(stage.iterdir()):
            old = folder / fresh.name
            if not old.is_file() or sha256_of(old) != sha256_of(fresh):
                fresh.replace(old)
        force(folder)
    force(folder.parent)


def _artifact(path: Path) -> Artifact:
    """A file by name, hash and size."""
    return Artifact(path.name, sha256_of(path), path.stat().st_size)
