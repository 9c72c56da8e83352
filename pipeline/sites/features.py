"""The features of a GeoJSON file of an AOI folder, each with the words that belong to it.

Here belong feature collections, the properties of a zone and how they depend on one another.
Coordinates belong to ``outlines`` and ``placement``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import SiteError
from pipeline.model.site import GeometryStatus, ZoneKind
from pipeline.sites.checked import Checked, Place, schema_faults, shown
from pipeline.sites.documents import read_json
from pipeline.sites.names import find_name_fault, is_cell_id
from pipeline.sites.wording import PlainText  # noqa: TC001 - pydantic needs it at run time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WGS84_NAMES = frozenset(
    {
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:OGC::CRS84",
        "OGC:CRS84",
        "urn:ogc:def:crs:EPSG::4326",
        "EPSG:4326",
    },
)
"""Names under which older GeoJSON says that it is in longitude and latitude, WGS 84."""


class ZoneProperties(BaseModel):
    """The properties of a zone in ``zones.geojson``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    id: str
    """Lower-case kebab slug, unique in the site."""
    label: PlainText
    """The name as the sources write it."""
    kind: Annotated[ZoneKind, Field(strict=False)]
    """What the zone is for."""
    geometry_status: Annotated[GeometryStatus, Field(strict=False)]
    """Where the outline comes from."""
    position_evidence: PlainText
    """Who puts it there, in words."""
    position_accuracy_m: float | None = Field(default=None, ge=0, le=100_000)
    """How far the outline may be off, in metres; null while it is unknown."""
    search_cells: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Cells that may hold a zone whose place is unknown."""
    outside_site: bool = False
    """Whether it is a comparator outside the site: no cell holds it, only coarse sensors see it."""


@dataclass(frozen=True)
class Feature:
    """A GeoJSON feature, unread.

    Attributes:
        place: where it stands.
        properties: its properties; empty if it has none.
        geometry: its geometry, of any type.
    """

    place: Place
    properties: dict[str, Any]
    geometry: object


def read_features(path: Path) -> Checked[tuple[Feature, ...]]:
    """The features of a FeatureCollection (or of a file that is one bare Feature)."""
    tree = read_json(path)
    if tree.value is None:
        return Checked(None, tree.faults)
    faults = (*tree.faults, *_crs_faults(tree.value, path))
    items = _items(tree.value)
    if not items:
        what = "the file is no FeatureCollection" if items is None else "the collection is empty"
        fault = SiteError(what, where=str(path), remedy="see aoi/kaesong for an example")
        return Checked(None, (*faults, fault))
    found = tuple(_feature(item, Place(path, index)) for index, item in enumerate(items))
    return Checked(found, faults)


def read_properties(feature: Feature) -> Checked[ZoneProperties]:
    """The checked properties of a zone."""
    try:
        properties = ZoneProperties.model_validate(feature.properties)
    except ValidationError as error:
        remedy = "see aoi/kaesong/README.md for the properties of a zone"
        id_faults = _id_faults(feature.properties.get("id"), feature.place)
        return Checked(None, (*id_faults, *schema_faults(error, str(feature.place), remedy)))
    faults = (
        *_id_faults(properties.id, feature.place),
        *_status_faults(properties, feature.geometry is not None, feature.place),
    )
    return Checked(properties, faults)


def _items(tree: object) -> list[Any] | None:
    """The list of features of a GeoJSON tree; None if it is no such thing."""
    if not isinstance(tree, dict):
        return None
    if tree.get("type") == "Feature":
        return [tree]
    items = tree.get("features")
    is_collection = tree.get("type") == "FeatureCollection" and isinstance(items, list)
    return items if is_collection else None


def _feature(item: object, place: Place) -> Feature:
    """One member of a collection, whatever it is."""
    if not isinstance(item, dict) or item.get("type") != "Feature":
        return Feature(place, {}, None)
    properties = item.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    named = Place(place.path, place.index, properties.get("id"))
    return Feature(named, properties, item.get("geometry"))


def _crs_faults(tree: object, path: Path) -> Iterator[SiteError]:
    """Refuse a ``crs`` member that is not WGS 84 in longitude and latitude."""
    crs = tree.get("crs") if isinstance(tree, dict) else None
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else crs
    if not isinstance(name, str) or name not in WGS84_NAMES:
        what = f"the crs member says {shown(name)}, not WGS 84"
        remedy = "export the file in longitude and latitude, WGS 84 (OGC:CRS84)"
        yield SiteError(what, where=str(path), remedy=remedy)


def _id_faults(name: object, place: Place) -> Iterator[SiteError]:
    """Refuse an id that a folder, a table or the cell grid could not bear."""
    if not isinstance(name, str):
        return
    fault = find_name_fault(name)
    if fault:
        yield place.fault(f"the id {shown(name)} {fault}", "rename the zone, like north-vacant")
    elif is_cell_id(name):
        what = f"the id {name} is kept for computed cells"
        yield place.fault(what, "rename the zone")


def _status_faults(zone: ZoneProperties, is_drawn: bool, place: Place) -> Iterator[SiteError]:  # noqa: FBT001 - two states of one feature
    """Refuse properties that contradict each other or the geometry."""
    if zone.kind is ZoneKind.CELL:
        yield place.fault("cells are computed, not stored", "set cell_size_m in site.toml")
    is_unknown = zone.geometry_status is GeometryStatus.UNKNOWN
    if is_unknown and is_drawn:
        what = "geometry_status is unknown, and yet there is a geometry"
        yield place.fault(what, "say how it was drawn (digitised, sourced), or set it to null")
    elif not is_unknown and not is_drawn:
        what = f"the geometry is null, and yet geometry_status is {zone.geometry_status}"
        yield place.fault(what, "draw its outline, or set geometry_status to unknown")
    yield from _unknown_faults(zone, place) if is_unknown else _known_faults(zone, place)


def _unknown_faults(zone: ZoneProperties, place: Place) -> Iterator[SiteError]:
    """What a zone of unknown outline must and must not say."""
    if zone.position_accuracy_m is not None:
        what = "geometry_status is unknown, and yet position_accuracy_m is given"
        yield place.fault(what, "set position_accuracy_m to null")
    if bool(zone.search_cells) == zone.outside_site:
        what = "a zone of unknown outline needs either search_cells or outside_site, not both"
        yield place.fault(what, "list the cells that may hold it, or set outside_site to true")
    if len(set(zone.search_cells)) < len(zone.search_cells):
        yield place.fault("search_cells names a cell twice", "keep it once")


def _known_faults(zone: ZoneProperties, place: Place) -> Iterator[SiteError]:
    """What a zone with an outline must and must not say."""
    if zone.position_accuracy_m is None:
        what = "an outline without position_accuracy_m"
        yield place.fault(what, "say how far it may be off, in metres")
    if zone.search_cells:
        what = "search_cells are for zones of unknown outline only"
        yield place.fault(what, "remove them")
    if zone.outside_site and zone.kind is not ZoneKind.CONTROL:
        what = f"a zone of kind {zone.kind} with an outline outside the site"
        remedy = "make it a control, or give it an AOI folder of its own"
        yield place.fault(what, remedy)
