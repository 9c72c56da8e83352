"""Chips: the pixels of one asset over one site, kept as they were delivered.

Here belong the names of chips, their versions, and the proof that a file is still what was
saved. What a record holds belongs to ``chip_record``; bringing pixels in belongs to ``fetch``;
scaling them belongs to ``prepare``.

A chip is two files: the pixels, and then the record that makes them count. A scene's folder is
named by a hash over id and collection, so that nothing an outsider writes becomes a path. What
upstream processed anew (another baseline, ETag, checksum or address) lies beside what was held
before, under a name of its own; nothing is overwritten by other numbers.

Proof is in two steps. Looking for a chip compares size and time of the file with those at which
its hash was last proven, and hashes the file only if they differ: a catalogue of 1,500 scenes is
looked through without reading them. Reading a chip hashes the file and the decoded numbers,
always: no pixel is used on the word of a time stamp.
"""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from pipeline.errors import CorruptAssetError, StoreError
from pipeline.store.chip_record import (
    ChipRecord,
    change_between,
    pixels_sha256,
    version_key,
    with_one_zero,
)
from pipeline.store.files import canonical_json, publish_bytes, sha256_of
from pipeline.store.proof import slug, stamp
from pipeline.store.rasters import open_raster, read_window, write_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.grid import Grid
    from pipeline.model.scene import Asset, Chip, Scene

LATTICE_M = 20.0
"""Windows begin at multiples of this, so that grids of 10 m and of 20 m nest."""


@dataclass(frozen=True)
class Delivery:
    """How the pixels of a chip came.

    Attributes:
        etag: version of the object they were cut from; empty if none was given.
        nbytes: how many bytes were read for them.
        covered_share: share of the chip that the object covers; the rest is filled with nodata.
        unverifiable: whether no checksum of the catalogue was held against the whole object.
        radiometry: offset used and how it was decided, in words; empty if not known.
        retrieved_at: when they were read, UTC; None for now.
    """

    etag: str = ""
    nbytes: int = 0
    covered_share: float = 1.0
    unverifiable: bool = True
    radiometry: str = ""
    retrieved_at: datetime | None = None


NO_DELIVERY = Delivery()


@dataclass(frozen=True)
class HeldChip:
    """A chip in the store, by its record; only ``ChipStore.read`` proves the pixels.

    Attributes:
        path: the file of pixels.
        record: what is written beside it.
    """

    path: Path
    record: ChipRecord

    @property
    def is_whole(self) -> bool:
        """Whether the file lies there as it did when its hash was last proven.

        A link is never taken for a chip: it may lead anywhere.
        """
        found = stamp(self.path)
        proven = self.record.file_nbytes, self.record.file_mtime_ns
        return found is not None and (found == proven or self._is_proven_anew(found))

    def _is_proven_anew(self, found: tuple[int, int]) -> bool:
        """Hash a file that was copied or touched, and remember that it was."""
        if sha256_of(self.path) != self.record.sha256:
            return False
        self.restamp(found)
        return True

    def restamp(self, found: tuple[int, int]) -> None:
        """Write down size and time of the file; a store that is read-only does without."""
        facts = {"file_nbytes": found[0], "file_mtime_ns": found[1]}
        with suppress(StoreError):
            publish_bytes(_record_of(self.path), self.record.model_copy(update=facts).as_bytes())


def lattice_of(gsd_m: float) -> float:
    """The step between possible edges of a window, in metres.

    Example:
        >>> lattice_of(10), lattice_of(30)
        (20.0, 30.0)
    """
    return LATTICE_M if LATTICE_M % gsd_m == 0 else float(gsd_m)


class ChipStore:
    """The chips of one site, below one folder."""

    def __init__(self, root: Path) -> None:
        """Remember the folder; nothing is made before the first chip."""
        self.root = root

    def find(self, scene: Scene, band: str, grid: Grid) -> Chip | None:
        """The chip of an asset over a grid, if it lies there whole.

        A grid whose edges are off the lattice by less than half a step is the same place: a
        scene may have its own offset, which is not known before it is opened.

        Returns:
            None also if the newest version is not whole, or if the catalogue now states another
            baseline, address or checksum: such a chip has to be fetched again.
        """
        about, promised = _about(scene, band), _promised(scene, band)
        held = [
            one
            for one in self._held(scene, band, grid)
            if about.items() <= vars(one.record).items()
            and promised in (None, one.record.source_sha256)
        ]
        if not held or not held[-1].is_whole:
            return None
        return held[-1].record.chip(held[-1].path)

    def versions(self, scene: Scene, band: str) -> tuple[HeldChip, ...]:
        """Every version of an asset that is held, oldest first, whatever the scene states now."""
        found = [one for folder in self._folders(scene) for one in held_in(folder)]
        wanted = scene.id, scene.collection, band
        kept = (one for one in found if _named(one.record) == wanted)
        return tuple(sorted(kept, key=lambda one: one.record.order))

    def holdings(self) -> Iterator[HeldChip]:
        """Every chip of the store, by folder and name."""
        if self.root.is_dir():
            for folder in sorted(self.root.iterdir()):
                yield from held_in(folder)

    def save(
        self,
        scene: Scene,
        band: str,
        pixels: NDArray[Any],
        grid: Grid,
        *,
        delivery: Delivery = NO_DELIVERY,
    ) -> Chip:
        """Keep the pixels of an asset, beside other versions of it.

        Args:
            scene: the scene.
            band: common name.
            pixels: the numbers as delivered, (y, x).
            grid: where they lie.
            delivery: how they came.

        Raises:
            StoreError: if they cannot be written.
        """
        asset, promised = scene.assets.get(band), _promised(scene, band)
        pixels = with_one_zero(pixels)
        proofs = {"source_sha256": promised, "pixels_sha256": pixels_sha256(pixels)}
        about = _about(scene, band)
        source = about["href"], delivery.etag, promised
        key = version_key(scene.processing_baseline, source, simulated=scene.is_simulated)
        stem = self._path(scene, band, grid)
        path = stem.with_name(f"{stem.name}-{key}.tif")
        tags = {"zonewatch:scene": scene.id, "zonewatch:simulated": str(scene.is_simulated).lower()}
        nodata = _nodata(asset, pixels.dtype)
        sha256 = write_plain(path, (band, pixels), grid, nodata=nodata, tags=tags)
        came = asdict(delivery) | {"retrieved_at": delivery.retrieved_at or datetime.now(UTC)}
        taken = {"instant": scene.instant, "platform": scene.platform}
        where = {"grid": grid, "dtype": str(pixels.dtype), "sha256": sha256}
        record = ChipRecord(**(about | came | taken | where | proofs))
        earlier = [one for one in self._held(scene, band, grid) if one.path != path]
        record = _following(earlier, record, path)
        publish_bytes(_record_of(path), record.as_bytes())
        return record.chip(path)

    def read(self, chip: Chip) -> NDArray[Any]:
        """The pixels of a chip, (y, x), proven to be those that were saved.

        A chip that fails the proof is not found any more until it is whole again.

        Raises:
            StoreError: if the file is missing or cannot be read.
            CorruptAssetError: if it was altered.
        """
        if sha256_of(chip.path) != chip.sha256:
            raise self._altered(chip)
        with open_raster(chip.path) as dataset:
            pixels: NDArray[Any] = read_window(dataset)[0]
        if chip.pixels_sha256 not in ("", pixels_sha256(pixels)):
            raise self._altered(chip)
        return pixels

    def _altered(self, chip: Chip) -> CorruptAssetError:
        """The error for a chip that is not what was saved; its time stamp counts no more."""
        held = _held_at(_record_of(chip.path))
        if held is not None:
            held.restamp((-1, -1))
        what = f"the chip of {chip.scene_id} {chip.band} was altered after it was saved"
        return CorruptAssetError(what, where=chip.path.name, remedy="run again to fetch it anew")

    def _held(self, scene: Scene, band: str, grid: Grid) -> list[HeldChip]:
        """The versions of an asset over one place, oldest first."""
        name = _place(band, grid)
        found = [one for folder in self._folders(scene) for one in held_in(folder, name)]
        wanted = scene.id, scene.collection, band
        kept = (one for one in found if _named(one.record) == wanted)
        return sorted(kept, key=lambda one: one.record.order)

    def _folders(self, scene: Scene) -> tuple[Path, Path]:
        """Where the chips of a scene lie, and where stores before versions put them."""
        before = canonical_json([scene.collection, scene.id, scene.processing_baseline])
        now = canonical_json([scene.collection, scene.id])
        return self.root / slug(scene.id, now), self.root / slug(scene.id, before)

    def _path(self, scene: Scene, band: str, grid: Grid) -> Path:
        """Where a chip lies, but for its version."""
        return self._folders(scene)[0] / _place(band, grid)


def _place(band: str, grid: Grid) -> str:
    """The name of a band over a place: no word of a catalogue but as slug and hash."""
    step = lattice_of(grid.gsd_m)
    left, top = (math.floor(edge / step + 0.5) * step for edge in (grid.left, grid.top))
    place = [grid.crs, float(grid.gsd_m), left, top, grid.height, grid.width]
    return slug(band, canonical_json([band, *place]))


def held_in(folder: Path, name: str = "") -> Iterator[HeldChip]:
    """The chips in a folder whose names begin so; records that cannot be read are none."""
    try:
        # Names only: a path for each would take longer than all the rest.
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return
    for one in names:
        if one.startswith(name) and one.endswith(".json") and not one.startswith("."):
            held = _held_at(folder / one)
            if held is not None:
                yield held


def _held_at(record: Path) -> HeldChip | None:
    """The chip of a record; None if the record cannot be read."""
    try:
        return HeldChip(
            record.with_suffix(".tif"), ChipRecord.model_validate_json(record.read_bytes())
        )
    except (OSError, ValueError):
        return None


def _record_of(path: Path) -> Path:
    """Where the record of a file of pixels lies."""
    return path.with_suffix(".json")


def _following(earlier: list[HeldChip], record: ChipRecord, path: Path) -> ChipRecord:
    """The record of a new file, with its place among the versions that are held already."""
    nbytes, mtime_ns = stamp(path) or (-1, -1)
    last = earlier[-1].record if earlier else None
    return record.model_copy(
        update={
            "file_nbytes": nbytes,
            "file_mtime_ns": mtime_ns,
            "version": 1 if last is None else last.version + 1,
            "upstream_change": "" if last is None else change_between(last, record),
        }
    )


def _named(record: ChipRecord) -> tuple[str, str, str]:
    """What a record is about."""
    return record.scene, record.collection, record.band


def _about(scene: Scene, band: str) -> dict[str, Any]:
    """What a record says of its source; never a query string, which may hold a signature."""
    asset = scene.assets.get(band)
    return {
        "scene": scene.id,
        "collection": scene.collection,
        "band": band,
        "baseline": scene.processing_baseline,
        "simulated": scene.is_simulated,
        "href": None if asset is None else _shown(asset),
    }


def _shown(asset: Asset) -> str:
    """The address of an asset: of a URL without its query, of a local file its name only."""
    parts = urlsplit(asset.href)
    if parts.scheme in ("http", "https", "s3"):
        return f"{parts.scheme}://{parts.hostname}{parts.path}"
    return asset.href.rpartition("/")[2]


def _nodata(asset: Asset | None, dtype: np.dtype[Any]) -> float | None:
    """The nodata number, if the type of the pixels can hold it."""
    if asset is None or asset.nodata is None or dtype.kind not in "iu":
        return None if asset is None else asset.nodata
    limits = np.iinfo(dtype)
    return asset.nodata if limits.min <= asset.nodata <= limits.max else None


def _promised(scene: Scene, band: str) -> str | None:
    """The checksum that the catalogue states for an asset; None if it states none."""
    asset = scene.assets.get(band)
    return None if asset is None else asset.sha256
