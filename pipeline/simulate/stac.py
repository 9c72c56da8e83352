"""Items, collections and the catalogue's first page for every sensor but Sentinel-2.

Here belongs what all simulated STAC documents of this package share. What an item says of its own
sensor belongs to ``landsat_items`` and ``radar_items``; Sentinel-2's documents to ``catalogue``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pystac
from shapely.geometry import box, mapping

from pipeline.errors import ConfigError
from pipeline.simulate.layout import lonlat
from pipeline.store.files import canonical_json, publish_bytes, sha256_of
from pipeline.store.rasters import write_cog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.grid import Grid

MARK: Final = {"zonewatch:simulated": True}
TAGS: Final = {
    "zonewatch:simulated": "true",
    "zonewatch:note": "SIMULATED, made by zonewatch simulate",
}
PAGE: Final = "catalog.json"
COLLECTION_FILE: Final = "collection.json"
_COG = "image/tiff; application=geotiff; profile=cloud-optimized"


@dataclass(frozen=True)
class SimulatedAsset:
    """One band of an item.

    Attributes:
        name: of the file, without an ending.
        pixels: stored numbers, (y, x).
        nodata: the number that means nothing.
        fields: how the numbers are to be read, in STAC's words.
        is_smooth: whether neighbours tell of one another, so that differences pack better.
    """

    name: str
    pixels: NDArray[Any]
    nodata: float | None
    fields: Mapping[str, Any] = field(default_factory=dict)
    is_smooth: bool = True


@dataclass(frozen=True)
class SimulatedItem:
    """One scene to be written.

    Attributes:
        id: of the item, and the name of its folder.
        collection: the collection's id, and the name of its folder.
        instant: when it was taken, UTC.
        grid: where its pixels lie.
        properties: what it says besides.
        assets: by the name under which catalogues give them.
    """

    id: str
    collection: str
    instant: datetime
    grid: Grid
    properties: Mapping[str, Any]
    assets: Mapping[str, SimulatedAsset]


def write_item(root: Path, item: SimulatedItem) -> None:
    """Write the files and the document of a scene.

    Raises:
        StoreError: if a file cannot be written.
    """
    folder = root / item.collection / item.id
    outline = lonlat(box(*item.grid.bounds))
    document = pystac.Item(
        item.id,
        mapping(outline),
        list(outline.bounds),
        item.instant,
        {**MARK, "proj:code": item.grid.crs, **item.properties},
        collection=item.collection,
        assets={key: _asset(folder, one, item.grid) for key, one in item.assets.items()},
    )
    up = f"../{COLLECTION_FILE}"
    pairs = (("collection", up), ("parent", up), ("root", f"../../{PAGE}"))
    document.add_links([_link(rel, href) for rel, href in pairs])
    plain = document.to_dict(include_self_link=False, transform_hrefs=False)
    publish_bytes(folder / f"{item.id}.json", canonical_json(plain))


def _asset(folder: Path, one: SimulatedAsset, grid: Grid) -> pystac.Asset:
    """Write the file of a band; give back what its item says of it."""
    path = folder / f"{one.name}.tif"
    # One block no larger than it must be: padding and weak packing would take a fifth.
    edge = min(256, -(-max(grid.shape) // 16) * 16)
    packing = {"blocksize": edge, "level": 9, "predictor": "yes" if one.is_smooth else "no"}
    write_cog(path, {one.name: one.pixels}, grid, nodata=one.nodata, tags=TAGS, packing=packing)
    fields = {
        **one.fields,
        "file:size": path.stat().st_size,
        "file:checksum": f"1220{sha256_of(path)}",
    }
    if one.nodata is not None:
        fields["nodata"] = one.nodata
    return pystac.Asset(f"./{path.name}", media_type=_COG, roles=["data"], extra_fields=fields)


def _link(rel: str, href: str) -> pystac.Link:
    """A relative link."""
    return pystac.Link(rel, href, media_type=pystac.MediaType.JSON)


@dataclass(frozen=True)
class Shelf:
    """A collection to be written.

    Attributes:
        id: of the collection, and the name of its folder.
        title: in words.
        grid: where its pixels lie.
    """

    id: str
    title: str
    grid: Grid


def write_collection(root: Path, shelf: Shelf, listed: Sequence[tuple[str, datetime]]) -> None:
    """Write the document of a collection with links to its items, by id and instant.

    Raises:
        ConfigError: if there is none.
        StoreError: if it cannot be written.
    """
    if not listed:
        remedy = "ask for years in which its satellites fly"
        raise ConfigError("the archive holds nothing in these years", where=shelf.id, remedy=remedy)
    instants = [instant for _, instant in listed]
    extent = pystac.Extent(
        pystac.SpatialExtent([list(lonlat(box(*shelf.grid.bounds)).bounds)]),
        pystac.TemporalExtent([[min(instants), max(instants)]]),
    )
    words = f"{shelf.title}. Made by a seeded generator; no satellite has seen this ground."
    collection = pystac.Collection(
        shelf.id, words, extent, title=shelf.title, license="Apache-2.0", extra_fields=dict(MARK)
    )
    collection.add_links([_link("root", f"../{PAGE}"), _link("parent", f"../{PAGE}")])
    collection.add_links([_link("item", f"./{name}/{name}.json") for name, _ in listed])
    publish_bytes(root / shelf.id / COLLECTION_FILE, canonical_json(plain_document(collection)))


def plain_document(thing: pystac.Catalog) -> dict[str, Any]:
    """A catalogue or collection as JSON, without links to objects that have no address."""
    document: dict[str, Any] = thing.to_dict(include_self_link=False, transform_hrefs=False)
    document["links"] = [link for link in document["links"] if isinstance(link["href"], str)]
    return document


def write_page(root: Path, title: str) -> None:
    """Write the catalogue's first page, last of all: it links every collection that is there.

    Raises:
        StoreError: if it cannot be written.
    """
    children = [root / COLLECTION_FILE, *sorted(root.glob(f"*/{COLLECTION_FILE}"))]
    page = pystac.Catalog("kaesong-rehearsal", f"{title}.", title, extra_fields=dict(MARK))
    there = (path.relative_to(root).as_posix() for path in children if path.is_file())
    page.add_links([_link("child", f"./{href}") for href in there])
    publish_bytes(root / PAGE, canonical_json(plain_document(page)))
