"""What a catalogue lists and what a fetch brings: scenes, assets, chips.

Here belongs a STAC item cut down to what is used, and the record of the bytes that came of it.
Talking to catalogues belongs to ``catalogs``; moving bytes belongs to ``fetch``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from pipeline.model.grid import Grid


@dataclass(frozen=True)
class Asset:
    """One band of one scene, where it lies and how its numbers are to be read.

    Attributes:
        key: the catalogue's name of it.
        href: absolute local path or http(s) URL.
        band: common name (``red``, ``nir``) or ``scl``.
        gsd_m: edge of a pixel, in metres.
        scale: factor from stored number to reflectance, as the item states it; None if it does not.
        offset: summand after scaling, as the item states it; None if it does not.
        nodata: the stored number that means nothing was seen.
        sha256: checksum of the file as the catalogue states it, hex; None if it states none.
        alternates: other addresses of the same file (http, https or s3), as the item lists them.
        shape: rows and columns of the whole file, as the item states them; None if it does not.
        transform: of the whole file, as the item states it: pixel width, row rotation, left
            edge, column rotation, pixel height (below zero: north is up), top edge.
    """

    key: str
    href: str
    band: str
    gsd_m: float
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    sha256: str | None = None
    alternates: tuple[str, ...] = ()
    shape: tuple[int, int] | None = None
    transform: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Scene:
    """A STAC item cut to what is used.

    Attributes:
        id: the catalogue's id of the item.
        collection: the catalogue's id of the collection.
        instant: when it was taken, UTC.
        platform: the satellite.
        epsg: EPSG number of the grids of its assets.
        footprint: outline in longitude and latitude.
        assets: by common band name.
        processing_baseline: version of the upstream processor, as the item states it.
        boa_offset_applied: whether the item says that the offset is already in the numbers.
        cloud_cover_pct: share of cloud over the whole scene, as the item states it.
        acquisition_key: what two items of one overpass share.
        is_simulated: whether the item is marked ``zonewatch:simulated``.
        relative_orbit: number of the ground track, 1 upwards; None if the item does not state it.
        orbit_state: ``ascending`` or ``descending``; None if the item does not state it.
        missed: bands that the scene should have and whose part of it was not listed, with the
            reason in one line.
    """

    id: str
    collection: str
    instant: datetime
    platform: str
    epsg: int
    footprint: BaseGeometry
    assets: Mapping[str, Asset]
    processing_baseline: str | None = None
    boa_offset_applied: bool | None = None
    cloud_cover_pct: float | None = None
    acquisition_key: str = ""
    is_simulated: bool = False
    relative_orbit: int | None = None
    orbit_state: str | None = None
    missed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Chip:
    """The pixels of one asset over the site, as delivered, at rest in the store.

    Attributes:
        scene_id: the scene it was cut from.
        band: common name.
        path: the file.
        grid: where its pixels lie (the sensor's own grid).
        sha256: hash of the file, hex.
        source_etag: version of the remote object it was cut from; empty if none was given.
        source_nbytes: how many bytes were read for it over the network or from the catalogue.
        pixels_sha256: hash of the decoded numbers, hex; empty for chips of older stores.
        upstream_change: what is not the same any more since an earlier version of this chip that
            is still held, in words; empty if there is none, or nothing in it changed.
        retrieved_at: when it was read from its source, UTC; two chips that differ in nothing else
            are the same.
    """

    scene_id: str
    band: str
    path: Path
    grid: Grid
    sha256: str
    source_etag: str = ""
    source_nbytes: int = 0
    pixels_sha256: str = ""
    upstream_change: str = ""
    retrieved_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class AssetFailure:
    """An asset that did not become data, and why.

    Attributes:
        scene_id: the scene.
        band: common name; empty if the whole scene is meant.
        kind: name of the error type.
        reason: the error in one line, free of credentials.
    """

    scene_id: str
    band: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Remark:
    """Something about a scene that is no failure, and must not go unsaid.

    Attributes:
        scene_id: the scene; empty if the listing as a whole is meant.
        band: common name; empty if the whole scene is meant.
        words: one line.
    """

    scene_id: str
    band: str
    words: str


@dataclass(frozen=True)
class FetchedScene:
    """A scene with what was fetched of it.

    Attributes:
        scene: the item.
        chips: by common band name.
        failures: assets that did not become data.
        remarks: what must be said of the chips, such as that upstream changed.
    """

    scene: Scene
    chips: Mapping[str, Chip]
    failures: tuple[AssetFailure, ...] = ()
    remarks: tuple[Remark, ...] = ()
