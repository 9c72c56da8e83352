"""STAC items for tests, as small as a catalogue may serve them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

REAL = Path(os.environ.get("ZONEWATCH_REAL", Path(__file__).parents[3] / "shared" / "real"))

LEFT, BOTTOM, RIGHT, TOP = 126.0, 37.0, 126.1, 37.1


def make_item(name: str = "S2A_TEST", when: str = "2020-08-05T02:20:00Z", **extra: Any) -> Any:  # noqa: ANN401 - JSON
    """A small valid item; keywords replace or add properties."""
    ring = [[LEFT, BOTTOM], [RIGHT, BOTTOM], [RIGHT, TOP], [LEFT, TOP], [LEFT, BOTTOM]]
    properties: dict[str, Any] = {
        "datetime": when,
        "platform": "sentinel-2a",
        "proj:epsg": 32652,
        "gsd": 10,
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "sentinel-2-l2a",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [LEFT, BOTTOM, RIGHT, TOP],
        "properties": properties | extra,
        "assets": {"red": make_asset("red"), "scl": {"href": "scl.tif", "gsd": 20}},
        "links": [],
    }


def make_asset(band: str, **extra: object) -> dict[str, Any]:
    """An asset of one band in STAC 1.0 spelling."""
    return {"href": f"{band}.tif", "eo:bands": [{"name": band, "common_name": band}], **extra}
