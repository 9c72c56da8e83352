"""Frozen lists of scenes at rest: what a search answered, so that later steps need only ids.

Here belongs writing a list of scenes and reading it back. Where the list comes from belongs to
``search``; the pixels belong to ``chips``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from shapely import from_wkt, to_wkt

from pipeline.errors import StoreError
from pipeline.model.scene import Asset, Scene
from pipeline.store.files import canonical_json, publish_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any


def freeze_listing(folder: Path, scenes: Sequence[Scene]) -> str:
    """Write a list of scenes and return its id, the hash of what was written.

    Raises:
        StoreError: if it cannot be written.
    """
    data = canonical_json([_encoded(scene) for scene in scenes])
    listing_id = hashlib.sha256(data).hexdigest()
    publish_bytes(_path(folder, listing_id), data)
    return listing_id


def thaw_listing(folder: Path, listing_id: str) -> tuple[Scene, ...]:
    """The scenes of a frozen list, in its order.

    Raises:
        StoreError: if the list is missing or is not what was written under its id.
    """
    path = _path(folder, listing_id)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError("a frozen list of scenes is missing", where=str(path)) from error
    if hashlib.sha256(data).hexdigest() != listing_id:
        remedy = "delete the file and search again"
        raise StoreError("a frozen list was altered", where=str(path), remedy=remedy)
    return tuple(_decoded(fields) for fields in json.loads(data))


def _path(folder: Path, listing_id: str) -> Path:
    """Where a list lies."""
    return folder / f"listing-{listing_id}.json"


def _encoded(scene: Scene) -> dict[str, Any]:
    """A scene as a JSON object; the outline is rounded to a millimetre and less."""
    assets = {band: asdict(asset) for band, asset in scene.assets.items()}
    outline = to_wkt(scene.footprint, rounding_precision=9)
    fields = {key: value for key, value in vars(scene).items() if key != "footprint"}
    return {
        **fields,
        "instant": scene.instant.isoformat(),
        "assets": assets,
        "footprint": outline,
    }


def _decoded(fields: dict[str, Any]) -> Scene:
    """A scene from its JSON object."""
    assets = {band: _asset(asset) for band, asset in fields.pop("assets").items()}
    instant = datetime.fromisoformat(fields.pop("instant"))
    footprint = from_wkt(fields.pop("footprint"))
    return Scene(**fields, assets=assets, instant=instant, footprint=footprint)


def _asset(fields: dict[str, Any]) -> Asset:
    """An asset from its JSON object, which knows lists only where there were tuples."""
    tuples: dict[str, Any] = {k: tuple(v) for k, v in fields.items() if isinstance(v, list)}
    return Asset(**(fields | tuples))
