"""A STAC item, cut down to the scene that the pass uses.

Here belongs the reading of one item document: which asset is which band, how its numbers are
to be read as the item states it, which overpass it belongs to. Listing items belongs to the
catalogues beside this module; deciding what a stated offset is worth belongs to ``sensors``.

The catalogues that this was written against differ in spelling only: bands under ``eo:bands``
(STAC 1.0) or ``bands`` (1.1), the CRS as ``proj:epsg`` or ``proj:code`` on the item or on the
asset, scale and offset under ``raster:bands``, ``raster:offset`` or inside a band. An id is
never used as a path here; whoever stores something under an id makes a safe name of it first.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import shapely
from shapely.geometry import box, shape

from pipeline.errors import SearchError
from pipeline.model.scene import Asset, Scene

if TYPE_CHECKING:
    import pystac
    from shapely.geometry.base import BaseGeometry

Document = Mapping[str, Any]

REMOTE_SCHEMES = ("http", "https", "s3")
_SCL_KEY = re.compile(r"scl([_-]\d+m)?(-jp2)?", re.IGNORECASE)
_PICTURE_TYPES = ("image/png", "image/jpeg")
_SHA256_MULTIHASH = re.compile(r"1220([0-9a-f]{64})", re.IGNORECASE)
_MGRS_TILE = re.compile(r"(?:MGRS-)?(\d{1,2})([C-HJ-NP-X])[A-Z]{2}", re.IGNORECASE)
_DATATAKE = re.compile(r"(GS2[A-D]_\d{8}T\d{6}_\d+)(_N\d\d\.\d\d)?", re.IGNORECASE)


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


def _number(value: object) -> float | None:
    """A finite number, whether it came as a number or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _first_number(*values: object) -> float | None:
    """The first of the values that is a number."""
    return next((number for number in map(_number, values) if number is not None), None)


def _mappings(value: object) -> tuple[Document, ...]:
    """The documents in a list; nothing if it is no list."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(entry for entry in value if isinstance(entry, Mapping))
    return ()


def sha256_from_multihash(checksum: object) -> str | None:
    """The SHA-256 in a ``file:checksum``, hex; None if it is no valid SHA-256 multihash.

    Example:
        >>> sha256_from_multihash("1220" + "ab" * 32) == "ab" * 32
        True
        >>> sha256_from_multihash("not a hash") is None
        True
    """
    match = _SHA256_MULTIHASH.fullmatch(checksum) if isinstance(checksum, str) else None
    return match.group(1).lower() if match else None


def absolute_href(href: str, base: str) -> str:
    """The address as an absolute URL or path.

    Raises:
        SearchError: if it bears a scheme other than http, https or s3: a listing has no business
            with ``file:`` or with a program's own prefixes.
    """
    is_remote = urlsplit(href).scheme in REMOTE_SCHEMES
    has_prefix = ":" in href.split("/", 1)[0] or href.startswith(("/vsi", "//"))
    if not href.isprintable() or not href or (has_prefix and not is_remote):
        what = "an asset has an address that is not followed"
        remedy = "only http, https, s3 and relative addresses are followed"
        raise SearchError(what, where=href.split("?", 1)[0], remedy=remedy)
    if is_remote:
        return href
    if urlsplit(base).scheme in ("http", "https"):
        return urljoin(base, href)
    return os.path.normpath(os.path.join(os.path.dirname(base), href))  # noqa: PTH118, PTH120 - not Path, whose resolve() would follow links


@dataclass(frozen=True)
class _AssetReader:
    """One asset of one item, read under its various spellings."""

    key: str
    document: Document
    properties: Document

    @property
    def bands(self) -> tuple[Document, ...]:
        """The bands, in either spelling."""
        return _mappings(self.document.get("eo:bands") or self.document.get("bands"))

    @property
    def raster(self) -> Document:
        """What is said of the numbers of the first band."""
        first = _mappings(self.document.get("raster:bands"))[:1]
        return first[0] if first else {}

    @property
    def is_picture(self) -> bool:
        """Whether it is for looking at only."""
        return str(self.document.get("type", "")).split(";")[0] in _PICTURE_TYPES

    @property
    def band(self) -> str | None:
        """The common name of its one band; None if it has none, or more than one."""
        if _SCL_KEY.fullmatch(self.key):
            return "scl"
        if self.is_picture or len(self.bands) != 1:
            return None
        name = self.bands[0].get("common_name") or self.bands[0].get("eo:common_name")
        return str(name).lower() if name else None

    @property
    def gsd_m(self) -> float:
        """Edge of a pixel, in metres.

        Raises:
            ValueError: if nothing in the item says it.
        """
        raster, document = self.raster, self.document
        transform = document.get("proj:transform") or [None]
        stated = (raster.get("spatial_resolution"), document.get("raster:spatial_resolution"))
        gsd_m = _first_number(
            *stated, transform[0], document.get("gsd"), self.properties.get("gsd")
        )
        if gsd_m is None or gsd_m <= 0:
            raise ValueError(f"asset {self.key} does not state its pixel size")
        return gsd_m

    def number(self, name: str) -> float | None:
        """Scale, offset or nodata, in any of its spellings; None if it is not stated."""
        band = self.bands[0] if self.bands else {}
        spellings = (f"raster:{name}", name)
        places = (self.raster, self.document, band)
        return _first_number(*(place.get(key) for place in places for key in spellings))

    @property
    def rank(self) -> tuple[bool, float, str]:
        """Order of preference among assets of one band: no JPEG 2000, finest, first key."""
        is_jp2 = "jp2" in str(self.document.get("type", "")) or self.key.endswith("-jp2")
        return is_jp2, self.gsd_m, self.key

    def asset(self, band: str, base: str) -> Asset:
        """The asset as the pass uses it."""
        return Asset(
            key=self.key,
            href=absolute_href(str(self.document["href"]), base),
            band=band,
            gsd_m=self.gsd_m,
            scale=self.number("scale"),
            offset=self.number("offset"),
            nodata=self.number("nodata"),
            sha256=sha256_from_multihash(self.document.get("file:checksum")),
        )


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

    def scene(self) -> Scene:
        """The whole scene."""
        flag = self.properties.get("earthsearch:boa_offset_applied")
        return Scene(
            id=self._id(),
            collection=str(self.document.get("collection") or ""),
            instant=self._instant(),
            platform=self._platform(),
            epsg=self._epsg(),
            footprint=self._footprint(),
            assets=self._assets(),
            processing_baseline=self._baseline(),
            boa_offset_applied=flag if isinstance(flag, bool) else None,
            cloud_cover_pct=_number(self.properties.get("eo:cloud_cover")),
            acquisition_key=self._acquisition_key(),
            is_simulated=self.properties.get("zonewatch:simulated") is True,
        )

    def _id(self) -> str:
        """The id: any text but none at all."""
        name = self.document["id"]
        if not isinstance(name, str) or not name.strip():
            raise ValueError("the id is not a text")
        return name

    def _instant(self) -> datetime:
        """When it was taken, UTC; a range counts from its start."""
        text = self.properties.get("datetime") or self.properties["start_datetime"]
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError(f"the time {text} has no time zone")
        return instant.astimezone(UTC)

    def _platform(self) -> str:
        """The satellite, in lower case, because catalogues differ in it."""
        return str(self.properties.get("platform") or "").lower()

    def _baseline(self) -> str | None:
        """Version of the upstream processor."""
        stated = self.properties.get("s2:processing_baseline")
        stated = stated or self.properties.get("processing:version")
        return str(stated) if stated else None

    def _epsg(self) -> int:
        """EPSG number from the item, its assets, or its tile of the military grid."""
        for document in (self.properties, *self._asset_documents().values()):
            code = str(document.get("proj:code") or "").upper().removeprefix("EPSG:")
            number = document.get("proj:epsg") or code
            if number and str(number).isdigit():
                return int(number)
        tile = self.properties.get("grid:code") or self.properties.get("s2:mgrs_tile") or ""
        match = _MGRS_TILE.fullmatch(str(tile))
        if match is None:
            raise ValueError("the item does not state its coordinate system")
        return (32600 if match.group(2).upper() >= "N" else 32700) + int(match.group(1))

    def _footprint(self) -> BaseGeometry:
        """Outline in longitude and latitude, repaired if it crosses itself."""
        geometry = self.document.get("geometry")
        outline = shape(geometry) if geometry else box(*self.document["bbox"])
        if outline.is_empty:
            raise ValueError("the footprint is empty")
        return outline if outline.is_valid else shapely.make_valid(outline)

    def _acquisition_key(self) -> str:
        """What two items of one overpass share, whatever their tile, processor and catalogue.

        The datatake bears the processing baseline at its end, which is cut off, so that a scene
        processed anew stays the same overpass. Without a datatake it is platform and second.
        """
        stated = self.properties.get("s2:datatake_id") or self.properties.get("eopf:datatake_id")
        match = _DATATAKE.fullmatch(str(stated or ""))
        if match:
            return match.group(1).upper()
        return f"{self._platform()}/{self._instant():%Y%m%dT%H%M%S}"

    def _asset_documents(self) -> Mapping[str, Document]:
        """The assets as they stand."""
        assets = self.document["assets"]
        return {key: entry for key, entry in assets.items() if isinstance(entry, Mapping)}

    def _readers(self) -> Iterator[tuple[str, _AssetReader]]:
        """The assets that are one band each, with its name."""
        for key, entry in self._asset_documents().items():
            reader = _AssetReader(key, entry, self.properties)
            band = reader.band
            if band is not None:
                yield band, reader

    def _assets(self) -> dict[str, Asset]:
        """One asset per band, the preferred one where there are several."""
        chosen: dict[str, _AssetReader] = {}
        for band, reader in self._readers():
            if band not in chosen or reader.rank < chosen[band].rank:
                chosen[band] = reader
        return {band: chosen[band].asset(band, self.base) for band in sorted(chosen)}
