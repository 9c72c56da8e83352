"""A small sound AOI folder, in parts that tests replace by broken ones.

Here belongs what more than one test module of the AOI folder needs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.errors import SiteError
from pipeline.sites import check_site, load_site

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]

SETTINGS = {
    "id": '"demo"',
    "label": '"A demonstration site"',
    "timezone": '"Asia/Pyongyang"',
    "crs": '"EPSG:32652"',
    "claims": '"demo"',
    "baseline_end": "2018-12-31",
    "simulated": "false",
    "cell_size_m": "250",
}


def rectangle(west: float, south: float, east: float, north: float) -> Json:
    """A GeoJSON rectangle in degrees."""
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [corners]}


BOUNDARY = rectangle(126.60, 37.92, 126.62, 37.93)
BESIDE = rectangle(126.63, 37.92, 126.64, 37.93)


def feature(zone_id: str, geometry: Json | None, **properties: object) -> Json:
    """A zone feature with usable words, some of them replaced."""
    words = {
        "id": zone_id,
        "label": zone_id.title(),
        "kind": "production",
        "geometry_status": "digitised",
        "position_evidence": "drawn for this test",
        "position_accuracy_m": 10,
    }
    return {"type": "Feature", "properties": words | properties, "geometry": geometry}


def collection(*features: object) -> Json:
    """A FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def sound_zones() -> list[Json]:
    """A plant, a control, a zone of unknown place and a comparator far off."""
    lost = {"geometry_status": "unknown", "position_accuracy_m": None}
    return [
        feature("plant", rectangle(126.605, 37.922, 126.61, 37.925)),
        feature("edge", rectangle(126.60, 37.928, 126.62, 37.93), kind="control"),
        feature("lost", None, **lost, search_cells=["cell-r01-c01", "cell-r01-c02"]),
        feature("far-town", None, **lost, kind="control", outside_site=True),
    ]


def write(
    tmp_path: Path,
    *,
    boundary: object = None,
    zones: object = None,
    settings: dict[str, str | None] | None = None,
) -> Path:
    """A sound folder with some of its parts replaced; a setting of None is left out."""
    folder = tmp_path / "demo"
    folder.mkdir(exist_ok=True)
    lines = SETTINGS | (settings or {})
    text = "\n".join(f"{key} = {value}" for key, value in lines.items() if value is not None)
    (folder / "site.toml").write_text(text, encoding="utf-8")
    boundary = boundary or collection(feature("boundary", BOUNDARY))
    (folder / "boundary.geojson").write_text(json.dumps(boundary), encoding="utf-8")
    zones = collection(*sound_zones()) if zones is None else zones
    (folder / "zones.geojson").write_text(json.dumps(zones), encoding="utf-8")
    return folder


def only_fault(folder: Path) -> SiteError:
    """The one fault of a folder; ``load_site`` must raise the same."""
    faults = check_site(folder)
    assert len(faults) == 1, [str(fault) for fault in faults]
    with pytest.raises(SiteError) as raised:
        load_site(folder)
    assert str(raised.value) == str(faults[0])
    assert faults[0].exit_code == 2
    return faults[0]


def assert_fault(fault: SiteError, where: str, what: str, remedy: str) -> None:
    """Compare the three parts of an error."""
    assert fault.where.endswith(where), fault.where
    assert what in fault.what, fault.what
    assert remedy in fault.remedy, fault.remedy
