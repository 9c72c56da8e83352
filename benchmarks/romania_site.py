"""A real series of Sentinel-2 over a forest in Romania, as AOI, seeds, items and COGs.

Here belongs the way from the data set to what the pass is given. The data set is a cube of 140
dates, B2 B3 B4 B8 and SCL at 10 m, whose SOURCE.md lies beside it. Its frame is moved by 2.6 m
and 4.2 m onto multiples of 20 m, so that the site is exactly its 100 x 100 pixels; no pixel is
changed. Its dates come without a time of day, for which 09:20 UTC is put in.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import tomli_w
from pyproj import Transformer

from pipeline.model.grid import Grid
from pipeline.store.rasters import write_cog

if TYPE_CHECKING:
    from numpy.typing import NDArray

SITE_ID = "romania-forest"
COLLECTION = "sentinel-2-l2a"
CRS = "EPSG:3035"
GRID = Grid(CRS, 5_271_980.0, 2_533_000.0, 10.0, 100, 100)
BASELINE_END = datetime(2018, 9, 30, tzinfo=UTC).date()
COMPARTMENT_M = 250.0
N_COMPARTMENTS = 4
INSET_M = 1.0
"""The outlines stay this far inside the frame, lest rounding of degrees ask for one pixel more."""
_VARIABLES = {"blue": "B2", "green": "B3", "red": "B4", "nir": "B8", "scl": "SCL"}
_FIRST_DAY = datetime(2015, 8, 1, 9, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Series:
    """The data set.

    Attributes:
        instants: UTC, ascending.
        bands: digital numbers by common name, (time, y, x); 0 is nodata.
    """

    instants: tuple[datetime, ...]
    bands: dict[str, NDArray[Any]]


def data_folder() -> Path:
    """Where the data set lies: under ZONEWATCH_REAL, or beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "real"
    return Path(os.environ.get("ZONEWATCH_REAL", beside)) / "nrt_sentinel2_romania"


def read_series(folder: Path) -> Series:
    """Read the cube.

    Raises:
        OSError: if it is not there.
    """
    with h5py.File(folder / "sentinel2_cube_subset_romania_10m.nc") as file:
        days = [int(day) for day in file["time"][:]]
        bands = {band: file[name][:] for band, name in _VARIABLES.items()}
    bands["scl"] = bands["scl"].astype(np.uint8)
    return Series(tuple(_FIRST_DAY + timedelta(days=day) for day in days), bands)


def first_dates(series: Series, n_dates: int) -> Series:
    """The first dates of a series."""
    bands = {band: pixels[:n_dates] for band, pixels in series.bands.items()}
    return Series(series.instants[:n_dates], bands)


def write_items(series: Series, folder: Path, url: str) -> Path:
    """Write one COG per date and band, and the items that point to them.

    Args:
        series: the data set.
        folder: where the COGs go.
        url: where the folder will be served.

    Returns:
        The item collection, beside the folder.
    """
    items = [_write_scene(series, index, folder, url) for index in range(len(series.instants))]
    path = folder.with_name("items.json")
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}), encoding="utf-8")
    return path


def _write_scene(series: Series, index: int, folder: Path, url: str) -> dict[str, Any]:
    """The COGs and the item of one date."""
    instant = series.instants[index]
    name = f"ROMANIA_{instant:%Y%m%d}"
    assets = {}
    for band, pixels in series.bands.items():
        path = folder / name / f"{band}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_cog(path, {band: pixels[index]}, GRID, nodata=0, tags={})
        assets[band] = _asset(band, f"{url}/{name}/{band}.tif", path)
    outline = _outline(*GRID.bounds)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": COLLECTION,
        "geometry": outline,
        "bbox": _bbox(outline),
        "properties": {
            "datetime": f"{instant:%Y-%m-%dT%H:%M:%SZ}",
            "platform": "sentinel-2",
            "proj:epsg": 3035,
        },
        "assets": assets,
        "links": [],
    }


def _asset(band: str, href: str, path: Path) -> dict[str, Any]:
    """One asset, with its checksum."""
    checksum = "1220" + hashlib.sha256(path.read_bytes()).hexdigest()
    asset: dict[str, Any] = {"href": href, "type": "image/tiff; application=geotiff", "gsd": 10}
    asset["file:checksum"] = checksum
    if band == "scl":
        return asset | {"raster:bands": [{"nodata": 0}]}
    numbers = {"nodata": 0, "scale": 0.0001, "offset": 0}
    return asset | {"eo:bands": [{"name": band, "common_name": band}], "raster:bands": [numbers]}


def write_site(folder: Path) -> Path:
    """Write the AOI folder: 4 x 4 forest compartments, those in the corners as controls.

    Which compartments are controls follows from the layout alone and from nothing that is scored.
    """
    site = folder / SITE_ID
    site.mkdir(parents=True)
    settings = {
        "id": SITE_ID,
        "label": "Forest in Romania",
        "timezone": "Europe/Bucharest",
        "crs": CRS,
        "claims": SITE_ID,
        "baseline_end": BASELINE_END,
        "simulated": False,
    }
    (site / "site.toml").write_text(tomli_w.dumps(settings), encoding="utf-8")
    _write_features(site / "boundary.geojson", [_feature({}, _frame())])
    zones = [_compartment(row, col) for row in range(4) for col in range(4)]
    _write_features(site / "zones.geojson", zones)
    return site


def write_seeds(folder: Path) -> Path:
    """Write the seeds folder with its one claim."""
    seeds = folder / SITE_ID
    seeds.mkdir(parents=True)
    note = (data_folder() / "SOURCE.md").read_bytes()
    source = {
        "id": "source-note",
        "publisher": "Description of the data set",
        "title": "Sentinel-2 L2A time series with SCL, Romania",
        "published": "2021",
        "file": "SOURCE.md",
        "sha256": hashlib.sha256(note).hexdigest(),
    }
    for name, key, records in (
        ("sources.toml", "sources", [source]),
        ("claims.toml", "claims", [_claim()]),
        ("events.toml", "events", [_event()]),
    ):
        (seeds / name).write_text(tomli_w.dumps({key: records}), encoding="utf-8")
    return seeds


def _claim() -> dict[str, Any]:
    """Forest loss between two summers, in every compartment that is no control."""
    zones = [zone_id(row, col) for row in range(4) for col in range(4) if not _is_corner(row, col)]
    return {
        "id": "R-01",
        "source": "source-note",
        "statement": "Forest was lost between the summers of 2018 and 2020.",
        "speaker": "description of the data set",
        "remove": 0,
        "reliability": "R2",
        "place": "the whole frame",
        "zones": zones,
        "testability": "T1",
        "from_imagery": True,
        "times": [{"edtf": "2018-10/2020-08", "kind": "event", "asserted_by": ["source-note"]}],
        "predictions": [
            {
                "observable": "surface-change",
                "sensors": ["sentinel-2"],
                "direction": "change",
                "basis": "Felled forest is darker in the near infrared and brighter in the red.",
            }
        ],
    }


def _event() -> dict[str, Any]:
    """The same, as the reference event that a seeds folder must have."""
    return {
        "id": "RE-01",
        "edtf": "2018-10/2020-08",
        "precision": "range",
        "place": "the whole frame",
        "zones": [],
        "what": "Forest disturbance between two summers.",
        "observer": "publishers of the data set",
        "basis": "Sentinel-2 imagery",
        "signature": "a lasting fall of the vegetation index",
        "sensors": "Sentinel-2",
        "grade": "T1",
        "urls": ["https://github.com/ec-jrc/nrt"],
    }


def zone_id(row: int, col: int) -> str:
    """The id of a compartment, counted from the north-west."""
    kind = "control" if _is_corner(row, col) else "compartment"
    return f"{kind}-r{row}-c{col}"


def _is_corner(row: int, col: int) -> bool:
    """Whether a compartment lies in a corner of the frame."""
    last = N_COMPARTMENTS - 1
    return row in (0, last) and col in (0, last)


def _compartment(row: int, col: int) -> dict[str, Any]:
    """One compartment, cut at the frame."""
    left, bottom, right, top = GRID.bounds
    west, north = left + col * COMPARTMENT_M, top - row * COMPARTMENT_M
    outline = _outline(
        max(west, left + INSET_M),
        max(north - COMPARTMENT_M, bottom + INSET_M),
        min(west + COMPARTMENT_M, right - INSET_M),
        min(north, top - INSET_M),
    )
    properties = {
        "id": zone_id(row, col),
        "label": f"Compartment {row}-{col}",
        "kind": "control" if _is_corner(row, col) else "plot",
        "geometry_status": "computed",
        "position_evidence": "one cell of a regular grid over the frame of the data set",
        "position_accuracy_m": 10.0,
    }
    return _feature(properties, outline)


def _frame() -> dict[str, Any]:
    """The boundary of the site."""
    left, bottom, right, top = GRID.bounds
    return _outline(left + INSET_M, bottom + INSET_M, right - INSET_M, top - INSET_M)


def _outline(left: float, bottom: float, right: float, top: float) -> dict[str, Any]:
    """A box in metres as a GeoJSON polygon."""
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
    ring = [[round(value, 8) for value in back.transform(x, y)] for x, y in corners]
    return {"type": "Polygon", "coordinates": [ring]}


def _bbox(outline: dict[str, Any]) -> list[float]:
    """The box around a polygon."""
    lons, lats = zip(*outline["coordinates"][0], strict=True)
    return [min(lons), min(lats), max(lons), max(lats)]


def _feature(properties: dict[str, Any], geometry: dict[str, Any]) -> dict[str, Any]:
    """A GeoJSON feature."""
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _write_features(path: Path, features: list[dict[str, Any]]) -> None:
    """Write a GeoJSON file."""
    document = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(document), encoding="utf-8")
