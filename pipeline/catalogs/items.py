"""A STAC item, cut down to the scene that the pass uses.

Here belongs the reading of one item document: when and where it was taken, in which CRS, by
which assets. One asset belongs to ``assets``, which items are one overpass to ``overpass``,
listing items to the catalogues beside this module; deciding what a stated offset is worth
belongs to ``sensors``.

The catalogues that this was written against differ in spelling only: bands under ``eo:bands``
(STAC 1.0) or ``bands`` (1.1), the CRS as ``proj:epsg`` or ``proj:code`` on the item or on the
asset, scale and offset under ``raster:bands``, ``raster:offset`` or inside a band. An id is
never used as a path here; whoever stores something under an id makes a safe name of it first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import shapely
from shapely.geometry import box, shape

from pipeline.catalogs.assets import (
    REMOTE_SCHEMES,
    AssetReader,
    Document,
    absolute_href,
    number_in,
    sha256_from_multihash,
)
from pipeline.catalogs.overpass import orbit_state, overpass_key, platform_of, relative_orbit
from pipeline.errors import SearchError
from pipeline.model.scene import Asset, Scene
from pipeline.sensors import sensor_of
from pipeline.sensors.landsat import SENSOR as LANDSAT
from pipeline.sensors.landsat import utm_epsg

if TYPE_CHECKING:
    import pystac
    from shapely.geometry.base import BaseGeometry

    from pipeline.sensors import Sensor

__all__ = ["REMOTE_SCHEMES", "absolute_href", "scene_from_item", "sha256_from_multihash"]

_MGRS_TILE = re.compile(r"(?:MGRS-)?(\d{1,2})([C-HJ-NP-X])[A-Z]{2}", re.IGNORECASE)


def scene_from_item(item: Document | pystac.Item, *, base: str) -> Scene:
    """Cut an item down to a scene.

    Args:
        item: the item, as a document or as a pystac object.
        base: URL or path of the document, against which relative addresses are read.

    Raises:
        SearchError: if the item lacks what a scene needs (id, time, place, CRS), or names an
            address that a catalogue may not name.
    """
    document: Document = item if isinstance(item, Mapping) else _plain(item)
    try:
        return _Reader(document, base).scene()
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        where = f"item {document.get('id', '?')!s:.120}"
        remedy = "report it to whoever runs the catalogue, or search another source"
        raise SearchError(
            f"not a usable STAC item ({type(error).__name__}: {error})", where=where, remedy=remedy
        ) from error


def _plain(item: pystac.Item) -> Document:
    """A pystac item as the document that it came from."""
    return item.to_dict(include_self_link=False, transform_hrefs=False)


@dataclass(frozen=True)
class _Reader:
    """One item, read under its various spellings."""

    document: Document
    base: str

    @property
    def properties(self) -> Document:
        """The item's properties."""
        properties = self.document["properties"]
        if not isinstance(properties, Mapping):
            raise TypeError("properties is not an object")
        return properties

    @property
    def collection(self) -> str:
        """The catalogue's id of the collection; empty if it names none."""
        return str(self.document.get("collection") or "")

    @property
    def sensor(self) -> Sensor | None:
        """Whose bands these are, by the collection."""
        return sensor_of(self.collection)

    def scene(self) -> Scene:
        """The whole scene."""
        kind = self.document.get("type")
        if kind != "Feature":
            raise ValueError(f"it is a {kind or 'document without a type'}")
        flag = self.properties.get("earthsearch:boa_offset_applied")
        name, instant = self._id(), self._instant()
        return Scene(
            id=name,
            collection=self.collection,
            instant=instant,
            platform=platform_of(self.properties, name),
            epsg=self._epsg(),
            footprint=self.footprint,
            assets=self._assets(),
            processing_baseline=self._baseline(),
            boa_offset_applied=flag if isinstance(flag, bool) else None,
            cloud_cover_pct=number_in(self.properties.get("eo:cloud_cover")),
            acquisition_key=overpass_key(self.properties, name, instant),
            is_simulated=self.properties.get("zonewatch:simulated") is True,
            relative_orbit=relative_orbit(self.properties, name),
            orbit_state=orbit_state(self.properties),
        )

    def _id(self) -> str:
        """The id: any text but none at all."""
        name = self.document["id"]
        if not isinstance(name, str) or not name.strip():
            raise ValueError("the id is not a text")
        return name

    def _instant(self) -> datetime:
        """When it was taken, UTC; a range counts from its start, and a bare day is a range."""
        text = self.properties.get("datetime") or self.properties["start_datetime"]
        instant = datetime.fromisoformat(text)
        if _is_day(text):
            instant = instant.replace(tzinfo=UTC)
        if instant.tzinfo is None:
            raise ValueError(f"the time {text} has no time zone")
        return instant.astimezone(UTC)

    def _baseline(self) -> str | None:
        """Version of the upstream processor."""
        stated = self.properties.get("s2:processing_baseline")
        stated = stated or self.properties.get("processing:version")
        return str(stated) if stated else None

    def _epsg(self) -> int:
        """EPSG number from the item, its assets, its tile, or the rule of its archive.

        Landsat items of the USGS state none; whether the rule held is seen when a file is opened.
        """
        for document in (self.properties, *self._asset_documents().values()):
            code = str(document.get("proj:code") or "").upper().removeprefix("EPSG:")
            number = document.get("proj:epsg") or code
            if number and str(number).isdigit():
                return int(number)
        tile = self.properties.get("grid:code") or self.properties.get("s2:mgrs_tile") or ""
        match = _MGRS_TILE.fullmatch(str(tile))
        if match is not None:
            return (32600 if match.group(2).upper() >= "N" else 32700) + int(match.group(1))
        if self.sensor is LANDSAT:
            centre = self.footprint.centroid
            return utm_epsg(centre.x, centre.y)
        raise ValueError("the item does not state its coordinate system")

    @cached_property
    def footprint(self) -> BaseGeometry:
        """Outline in longitude and latitude, repaired if it crosses itself."""
        geometry = self.document.get("geometry")
        outline = shape(geometry) if geometry else box(*self.document["bbox"])
        if outline.is_empty:
            raise ValueError("the footprint is empty")
        return outline if outline.is_valid else shapely.make_valid(outline)

    def _asset_documents(self) -> Mapping[str, Document]:
        """The assets as they stand."""
        assets = self.document.get("assets")
        if not isinstance(assets, Mapping):
            raise TypeError("it does not list its assets")
        return {key: entry for key, entry in assets.items() if isinstance(entry, Mapping)}

    def _readers(self) -> Iterator[tuple[str, AssetReader]]:
        """The assets that are one band each, with its name."""
        for key, entry in self._asset_documents().items():
            reader = AssetReader(key, entry, self.properties, self.sensor)
            band = reader.band
            if band is not None:
                yield band, reader

    def _assets(self) -> dict[str, Asset]:
        """One asset per band, the preferred one where there are several."""
        chosen: dict[str, AssetReader] = {}
        for band, reader in self._readers():
            if band not in chosen or reader.rank < chosen[band].rank:
                chosen[band] = reader
        return {band: chosen[band].asset(band, self.base) for band in sorted(chosen)}


def _is_day(text: str) -> bool:
    """Whether a time is a day and no more."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
