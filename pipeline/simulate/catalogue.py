"""Simulated passes as a static STAC catalogue of small COGs.

Here belongs metadata and the laying out of files. Every document and every file says that it is
simulated. Pixels belong to ``scenes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import pystac
from shapely.geometry import box, mapping

from pipeline.model.grid import Grid
from pipeline.simulate.layout import lonlat
from pipeline.simulate.options import platform_of
from pipeline.simulate.scenes import FINE_BANDS
from pipeline.simulate.sensor import OFFSET_SINCE, SCALE
from pipeline.simulate.stac import COLLECTION_FILE, MARK, TAGS, plain_document, write_page
from pipeline.store.files import canonical_json, publish_bytes, sha256_of
from pipeline.store.rasters import write_cog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry import Polygon

    from pipeline.simulate.scenes import SimulatedScene

COLLECTION = "sentinel-2-l2a"
TITLE = "SIMULATED Sentinel-2 L2A tiles of an invented site (kaesong-rehearsal)"
_COG = "image/tiff; application=geotiff; profile=cloud-optimized"
_EXTENSIONS = [
    f"https://stac-extensions.github.io/{name}/schema.json"
    for name in ("eo/v2.0.0", "projection/v2.0.0", "raster/v2.0.0", "file/v2.1.0", "view/v1.0.0")
]
_SCHEMA_03 = date(2021, 6, 30)


@dataclass(frozen=True)
class BandPlan:
    """A delivered file.

    Attributes:
        name: Sentinel-2's name of it, which is also the file's.
        wavelength_um: centre of the band, in micrometres; None for the classification.
    """

    name: str
    wavelength_um: float | None


BAND_PLANS = {
    "blue": BandPlan("B02", 0.490),
    "green": BandPlan("B03", 0.560),
    "red": BandPlan("B04", 0.665),
    "nir": BandPlan("B08", 0.842),
    "swir16": BandPlan("B11", 1.610),
    "scl": BandPlan("SCL", None),
}


def scene_id(day: date) -> str:
    """The id of the item of a day."""
    craft = platform_of(day).removeprefix("sentinel-").upper()
    return f"S{craft}_52SXX_REHEARSAL_{day:%Y%m%d}_L2A"


def _instant(day: date) -> datetime:
    """The overpass, some seconds after 02:16 UTC."""
    return datetime.combine(day, time(2, 16, day.toordinal() * 7 % 60), UTC)


def _baseline(day: date) -> str:
    """Version of the upstream processor on that day."""
    if day >= OFFSET_SINCE:
        return "04.00"
    return "03.00" if day >= _SCHEMA_03 else "02.14"


def coarse(grid: Grid) -> Grid:
    """The 20 m grid over a 10 m grid."""
    return Grid(grid.crs, grid.left, grid.top, 20, grid.height // 2, grid.width // 2)


def footprint(grid: Grid) -> Polygon:
    """The frame in longitude and latitude."""
    return lonlat(box(*grid.bounds))


def _meaning(band: str, day: date) -> dict[str, Any]:
    """How the numbers of a band are to be read."""
    plan = BAND_PLANS[band]
    if plan.wavelength_um is None:
        return {"nodata": 0, "data_type": "uint8", "roles": ["data"]}
    about = {
        "name": plan.name,
        "eo:common_name": band,
        "eo:center_wavelength": plan.wavelength_um,
    }
    return {
        "nodata": 0,
        "data_type": "uint16",
        "unit": "1",
        "raster:scale": SCALE,
        "raster:offset": -0.1 if day >= OFFSET_SINCE else 0.0,
        "bands": [about],
        "roles": ["data", "reflectance"],
    }


def _asset(path: Path, band: str, grid: Grid, day: date) -> pystac.Asset:
    """A written file as an asset of its item."""
    fields = _meaning(band, day)
    roles = fields.pop("roles")
    fields |= {
        "gsd": int(grid.gsd_m),
        "proj:shape": list(grid.shape),
        "proj:transform": list(grid.transform),
        "file:size": path.stat().st_size,
        "file:checksum": f"1220{sha256_of(path)}",
    }
    title = f"SIMULATED {BAND_PLANS[band].name} ({band})"
    return pystac.Asset(f"./{path.name}", title, media_type=_COG, roles=roles, extra_fields=fields)


def _properties(scene: SimulatedScene) -> dict[str, Any]:
    """Everything an item says besides its assets."""
    day, weather = scene.day, scene.weather
    return {
        **MARK,
        "platform": platform_of(day),
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "gsd": 10,
        "eo:cloud_cover": round(scene.cloud_cover_pct, 2),
        "proj:code": "EPSG:32652",
        "view:sun_elevation": round(weather.sun_elevation_deg, 3),
        "view:sun_azimuth": round(weather.sun_azimuth_deg, 3),
        "s2:processing_baseline": _baseline(day),
        "earthsearch:boa_offset_applied": False,
    }


def _write_files(folder: Path, scene: SimulatedScene, grid: Grid) -> dict[str, pystac.Asset]:
    """Write every band of a scene; give back the assets by common name."""
    layers: Mapping[str, NDArray[Any]] = {**scene.numbers, "scl": scene.scl}
    assets = {}
    for band, numbers in layers.items():
        own = grid if band in FINE_BANDS else coarse(grid)
        path = folder / f"{BAND_PLANS[band].name}.tif"
        write_cog(path, {band: numbers}, own, nodata=0, tags=TAGS)
        assets[band] = _asset(path, band, own, scene.day)
    return assets


def write_scene(root: Path, scene: SimulatedScene, grid: Grid) -> str:
    """Write the files and the item of a pass.

    Returns:
        The id of the item.

    Raises:
        StoreError: if a file cannot be written.
    """
    name, outline = scene_id(scene.day), footprint(grid)
    folder = root / name
    item = pystac.Item(
        name,
        mapping(outline),
        list(outline.bounds),
        _instant(scene.day),
        _properties(scene),
        stac_extensions=_EXTENSIONS,
        collection=COLLECTION,
        assets=_write_files(folder, scene, grid),
    )
    item.add_links(_links(("collection", "../collection.json"), ("parent", "../collection.json")))
    item.add_links(_links(("root", "../catalog.json")))
    document = item.to_dict(include_self_link=False, transform_hrefs=False)
    publish_bytes(folder / f"{name}.json", canonical_json(document))
    return name


def _links(*pairs: tuple[str, str]) -> list[pystac.Link]:
    """Relative links."""
    return [pystac.Link(rel, href, media_type=pystac.MediaType.JSON) for rel, href in pairs]


def _collection(names: Iterable[str], days: tuple[date, ...], grid: Grid) -> pystac.Collection:
    """The collection of all items."""
    span = [_instant(days[0]), _instant(days[-1])]
    extent = pystac.Extent(
        pystac.SpatialExtent([list(footprint(grid).bounds)]), pystac.TemporalExtent([span])
    )
    collection = pystac.Collection(
        COLLECTION,
        f"{TITLE}. Made by a seeded generator; no satellite has seen this ground.",
        extent,
        title=TITLE,
        license="Apache-2.0",
        extra_fields=dict(MARK),
    )
    collection.add_links(_links(("root", "./catalog.json"), ("parent", "./catalog.json")))
    collection.add_links(_links(*(("item", f"./{name}/{name}.json") for name in names)))
    return collection


def write_catalogue(root: Path, names: Iterable[str], days: tuple[date, ...], grid: Grid) -> None:
    """Write the collection and, last of all, the catalogue that makes it all visible.

    Raises:
        StoreError: if a file cannot be written.
    """
    document = plain_document(_collection(names, days, grid))
    publish_bytes(root / COLLECTION_FILE, canonical_json(document))
    write_page(root, TITLE)
