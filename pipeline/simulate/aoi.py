"""The AOI folder of the invented site, made from the layout that the generator draws.

Here belong the documents of ``aoi/kaesong-rehearsal``; a test holds the committed ones to them.
Reading and checking AOI folders belongs to ``sites``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shapely.geometry import Polygon, box, mapping

from pipeline.simulate.layout import ZONES, ZonePlan, lonlat, map_polygon
from pipeline.simulate.options import REHEARSAL
from pipeline.simulate.places import TOWNS, Town

if TYPE_CHECKING:
    from pathlib import Path

SITE_ID = "kaesong-rehearsal"
_RIM_M = 0.05
"""The boundary keeps off the frame's edge by this much: its corners, rounded to millimetres, would
else reach into the next pixel."""
_SITE_TOML = """\
# An INVENTED site in the open Yellow Sea, for rehearsals on simulated tiles. The keys are those
# of every site.toml; aoi/kaesong/site.toml explains them.
id = "kaesong-rehearsal"
label = "Kaesong rehearsal (invented layout, simulated imagery)"
timezone = "Asia/Pyongyang"
crs = "EPSG:32652"
claims = "kaesong"
baseline_end = 2020-07-31
simulated = true
whole = "whole-complex"
cell_size_m = 250
"""
_EVIDENCE = "Invented together with the simulated tiles; it stands for no real place."


def _feature(outline: Polygon, properties: dict[str, Any]) -> dict[str, Any]:
    """A GeoJSON feature."""
    return {"type": "Feature", "properties": properties, "geometry": mapping(outline)}


def _document(*features: dict[str, Any]) -> bytes:
    """A GeoJSON file, one feature after the other, indented for readers."""
    collection = {"type": "FeatureCollection", "features": list(features)}
    return f"{json.dumps(collection, indent=1)}\n".encode()


def _zone_feature(zone: ZonePlan) -> dict[str, Any]:
    """A zone as the AOI folder holds it."""
    about = {
        "id": zone.id,
        "label": zone.label,
        "kind": zone.kind,
        "geometry_status": "invented",
        "position_evidence": _EVIDENCE,
        "position_accuracy_m": 0,
    }
    return _feature(lonlat(map_polygon(zone.rect)), about)


def _town_feature(town: Town) -> dict[str, Any]:
    """A comparator outside the frame, which only night lights see."""
    about = {
        "id": town.id,
        "label": town.label,
        "kind": "control",
        "geometry_status": "invented",
        "position_evidence": _EVIDENCE,
        "position_accuracy_m": 0,
        "outside_site": True,
    }
    return _feature(town.outline, about)


def aoi_documents() -> dict[str, bytes]:
    """The files of the AOI folder by name, except its README."""
    left, bottom, right, top = REHEARSAL.grid.bounds
    frame = box(left + _RIM_M, bottom + _RIM_M, right - _RIM_M, top - _RIM_M)
    about = {"id": SITE_ID, "label": "Frame of the simulated tiles (invented)"}
    return {
        "site.toml": _SITE_TOML.encode(),
        "boundary.geojson": _document(_feature(lonlat(frame), about)),
        "zones.geojson": _document(*map(_zone_feature, ZONES), *map(_town_feature, TOWNS)),
    }


def write_aoi(folder: Path) -> None:
    """Write the AOI folder of the invented site, without its README."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in aoi_documents().items():
        (folder / name).write_bytes(data)
