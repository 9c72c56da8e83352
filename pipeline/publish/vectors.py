"""Zones and detections as outlines: GeoPackage in the site's own CRS, GeoJSON by RFC 7946.

Here belongs the way from pixel masks to polygons and from polygons to files. The attributes
belong to ``rows``.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from pyproj import Transformer
from rasterio.features import shapes
from shapely import MultiPolygon, Polygon, force_2d, normalize, transform, union_all
from shapely.geometry import mapping, shape
from shapely.geometry.polygon import orient

from pipeline.errors import StoreError
from pipeline.publish.rows import DETECTION_COLUMNS, detection_row, iso, zone_row
from pipeline.store.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.model.change import Detection
    from pipeline.model.findings import Findings
    from pipeline.model.grid import Grid
    from pipeline.publish.rows import Cell, Row

DECIMALS = 7
"""Decimals of a degree in GeoJSON: about one centimetre."""


@dataclass(frozen=True)
class Feature:
    """An outline with its attributes.

    Attributes:
        geometry: in the CRS of the site; None where the place is not known.
        row: the attributes.
    """

    geometry: BaseGeometry | None
    row: Row


def detection_features(findings: Findings) -> tuple[Feature, ...]:
    """The detections, their outlines along the edges of pixels."""
    grid = findings.cube.grid
    return tuple(
        Feature(outline(found, grid), detection_row(found, findings))
        for found in findings.detections
    )


def outline(found: Detection, grid: Grid) -> BaseGeometry:
    """The pixels of a detection as one polygon or several, in the CRS of the grid."""
    place = Affine(*grid.sub(found.window).transform)
    blocks = shapes(found.mask.astype(np.uint8), mask=found.mask, transform=place)
    return normalize(union_all([shape(block) for block, _ in blocks]))


def zone_features(findings: Findings) -> tuple[Feature, ...]:
    """The zones, as the AOI folder draws them."""
    there = Transformer.from_crs("EPSG:4326", findings.cube.grid.crs, always_xy=True)
    return tuple(
        Feature(
            _moved(zone.geometry, there) if zone.geometry is not None else None,
            zone_row(zone, findings),
        )
        for zone in findings.site.zones
    )


def _moved(geometry: BaseGeometry, transformer: Transformer) -> BaseGeometry:
    """A geometry in another CRS, without heights."""

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    moved: BaseGeometry = transform(force_2d(geometry), move)
    return moved


def write_geopackage(path: Path, features: Sequence[Feature], findings: Findings) -> None:
    """Write one layer, named like the file, in the CRS of the site.

    The clock inside the file is that of the last look, so that the same findings give the same
    bytes.

    Raises:
        StoreError: if the file cannot be written.
    """
    # Loaded here, since to load pyogrio is to start GDAL, and the environment must be closed first.
    import geopandas as gpd  # noqa: PLC0415
    import pyogrio  # noqa: PLC0415
    from pyogrio.errors import DataSourceError  # noqa: PLC0415

    columns = _columns(features)
    geometries = [feature.geometry for feature in features]
    frame = gpd.GeoDataFrame(columns, geometry=geometries, crs=findings.cube.grid.crs)
    # GDAL would cut a key at its colon.
    metadata = {
        "zonewatch_simulated": str(findings.is_simulated).lower(),
        "zonewatch_run_id": findings.run_id,
    }
    try:
        with _clock(str(iso(findings.cube.instants[-1]))):
            pyogrio.write_dataframe(
                frame, path, layer=path.stem, driver="GPKG", geometry_type="Unknown",
                dataset_metadata=metadata, layer_metadata=metadata,
            )  # fmt: skip
    except DataSourceError as error:
        raise StoreError("the GeoPackage cannot be written", where=path.name) from error


def _columns(features: Sequence[Feature]) -> dict[str, list[Cell]]:
    """Attributes by column; without features the columns of a detection, empty."""
    names = features[0].row if features else DETECTION_COLUMNS
    return {name: [feature.row[name] for feature in features] for name in names}


@contextmanager
def _clock(instant: str) -> Iterator[None]:
    """Let GDAL believe that it is this instant (``OGR_CURRENT_DATE``)."""
    import pyogrio  # noqa: PLC0415 - as above

    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": instant})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def to_geojson(features: Sequence[Feature], findings: Findings) -> bytes:
    """A FeatureCollection in longitude and latitude, outer rings counter-clockwise."""
    back = Transformer.from_crs(findings.cube.grid.crs, "EPSG:4326", always_xy=True)
    collection = {
        "type": "FeatureCollection",
        "zonewatch:simulated": findings.is_simulated,
        "zonewatch:run_id": findings.run_id,
        "features": [_geojson(feature, back) for feature in features],
    }
    return canonical_json(collection)


def _geojson(feature: Feature, back: Transformer) -> dict[str, object]:
    """One feature; the geometry of one without a place is null."""
    geometry = None
    if feature.geometry is not None:
        geometry = mapping(_rounded(_wound(_moved(feature.geometry, back))))
    return {
        "type": "Feature",
        "id": feature.row["id"],
        "geometry": geometry,
        "properties": feature.row,
    }


def _wound(geometry: BaseGeometry) -> BaseGeometry:
    """Outer rings counter-clockwise, holes clockwise, as RFC 7946 section 3.1.6 asks."""
    if isinstance(geometry, Polygon):
        return orient(geometry)
    if isinstance(geometry, MultiPolygon):
        return MultiPolygon([orient(part) for part in geometry.geoms])
    return geometry


def _rounded(geometry: BaseGeometry) -> BaseGeometry:
    """Coordinates to so many decimals."""
    rounded: BaseGeometry = transform(geometry, lambda xy: np.round(xy, DECIMALS))
    return rounded
