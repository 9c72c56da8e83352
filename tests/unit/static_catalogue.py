"""Items with their files on the disk, SIMULATED: what made-up static catalogues are made of.

Here belongs the way from arrays to an item. What a sensor measures, and which properties its items
have, belong to the catalogues.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import shapely
from pyproj import Transformer

from pipeline.model.grid import Bounds, Grid
from pipeline.request import ROOT
from pipeline.sites import load_site
from tests.unit.scene_factory import CRS, lonlat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.site import Site

SITE = "kaesong-rehearsal"
ZONE = "north-vacant"
MARK = {"zonewatch:simulated": True}


@cache
def site() -> Site:
    return load_site(ROOT / "aoi" / SITE)


def projected(outline: shapely.Geometry) -> Any:  # noqa: ANN401 - a geometry
    to_crs = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    return shapely.transform(outline, lambda xy: np.column_stack(to_crs.transform(*xy.T)))


@cache
def grid_around(margin_m: float, gsd_m: float) -> Grid:
    """The grid of scenes that hold the site with a margin."""
    bounds = projected(site().boundary).buffer(margin_m).bounds
    return Grid.around(Bounds(*bounds), gsd_m, CRS)


def on_grid(pixels: NDArray[np.bool_], own: Grid, other: Grid) -> NDArray[np.bool_]:
    """Flags of one grid as they lie on another of the same pixels; False beyond the first."""
    row, col = round((own.top - other.top) / own.gsd_m), round((other.left - own.left) / own.gsd_m)
    rows, cols = np.nonzero(pixels)
    rows, cols = rows - row, cols - col
    inside = (rows >= 0) & (rows < other.height) & (cols >= 0) & (cols < other.width)
    moved = np.zeros(other.shape, dtype=bool)
    moved[rows[inside], cols[inside]] = True
    return moved


def write_item(
    folder: Path,
    bands: Mapping[str, NDArray[Any]],
    grid: Grid,
    document: Mapping[str, Any],
    *,
    nodata: float | None = None,
) -> None:
    """One item: a file a band, and the document with outline, mark and assets added to it."""
    folder.mkdir(parents=True)
    place = {"height": grid.height, "width": grid.width, "crs": CRS, "count": 1, "nodata": nodata}
    transform, assets = rasterio.Affine(*grid.transform), {}
    for band, pixels in bands.items():
        path = folder / f"{band}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", dtype=pixels.dtype, transform=transform, **place
        ) as file:
            file.write(pixels, 1)
        assets[band] = {"href": path.name, "type": "image/tiff; application=geotiff"}
    outline = lonlat(shapely.box(*grid.bounds).buffer(3000))
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        **document,
        "geometry": json.loads(shapely.to_geojson(outline)),
        "bbox": list(outline.bounds),
        "assets": assets,
        "links": [],
    }
    (folder / "item.json").write_text(json.dumps(item), encoding="utf-8")


def properties(when: datetime, **others: object) -> dict[str, object]:
    """What every item says of itself, and more."""
    return {**MARK, "datetime": when.isoformat(), "proj:epsg": 32652, **others}


def command(
    folder: Path,
    sensor: str,
    *more: str,
    work: Path | None = None,
    env: dict[str, str] | None = None,
) -> str:
    """What ``zonewatch run`` prints in a process of its own; tiles and work lie in the folder."""
    words = ["run", SITE, "--sensor", sensor, "--source", str(folder / "tiles"),
             "--work", str(work or folder / "work"), *more]  # fmt: skip
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pipeline", *words],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300, env=env,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a table of a run."""
    text = (folder / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
