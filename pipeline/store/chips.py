"""Chips: the pixels of one asset over one site, kept as they were delivered.

Here belong the names of chips, their records, and the proof that a file is still what was
saved. Bringing pixels in belongs to ``fetch``; scaling them belongs to ``prepare``.

A chip is two files: the pixels, and then the record that makes them count. A scene's folder is
named by a hash over id, collection and processing baseline, so that nothing an outsider writes
becomes a path, and a scene that was processed anew is another scene.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from pipeline.errors import CorruptAssetError
from pipeline.model.grid import Grid
from pipeline.model.scene import Chip
from pipeline.store.files import canonical_json, publish_bytes, sha256_of
from pipeline.store.rasters import open_raster, read_window, write_cog

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.scene import Asset, Scene

LATTICE_M = 20.0
"""Windows begin at multiples of this, so that grids of 10 m and of 20 m nest."""

_UNSAFE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Delivery:
    """How the pixels of a chip came.

    Attributes:
        etag: version of the object they were cut from; empty if none was given.
        nbytes: how many bytes were read for them.
        covered_share: share of the chip that the object covers; the rest is filled with nodata.
    """

    etag: str = ""
    nbytes: int = 0
    covered_share: float = 1.0


NO_DELIVERY = Delivery()


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
        """The chip of an asset over a grid, if it lies there whole and unaltered.

        A grid whose edges are off the lattice by less than half a step is the same place: a
        scene may have its own offset, which is not known before it is opened.

        Returns:
            None also if the record and the file do not fit each other, or if the catalogue now
            states another checksum: such a chip has to be fetched again.
        """
        path = self._path(scene, band, grid)
        try:
            record = json.loads(path.with_suffix(".json").read_bytes())
            chip = _chip(record, path)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        is_it = _about(scene, band).items() <= record.items()
        same = _promised(scene, band) in (None, record.get("source_sha256"))
        return (
            chip if is_it and same and path.is_file() and sha256_of(path) == chip.sha256 else None
        )

    def save(
        self,
        scene: Scene,
        band: str,
        pixels: NDArray[Any],
        grid: Grid,
        *,
        delivery: Delivery = NO_DELIVERY,
    ) -> Chip:
        """Keep the pixels of an asset.

        Args:
            scene: the scene.
            band: common name.
            pixels: the numbers as delivered, (y, x).
            grid: where they lie.
            delivery: how they came.

        Raises:
            StoreError: if they cannot be written.
        """
        path = self._path(scene, band, grid)
        about = _about(scene, band)
        simulated = str(scene.is_simulated).lower()
        tags = {"zonewatch:scene": scene.id, "zonewatch:simulated": simulated}
        nodata = _nodata(scene.assets.get(band), pixels.dtype)
        write_cog(path, {band: pixels}, grid, nodata=nodata, tags=tags)
        record = {**about, **asdict(delivery), "grid": asdict(grid), "dtype": str(pixels.dtype)}
        record |= {"sha256": sha256_of(path), "source_sha256": _promised(scene, band)}
        publish_bytes(path.with_suffix(".json"), canonical_json(record))
        return _chip(record, path)

    def read(self, chip: Chip) -> NDArray[Any]:
        """The pixels of a chip, (y, x), proven to be those that were saved.

        Raises:
            StoreError: if the file is missing or cannot be read.
            CorruptAssetError: if it was altered.
        """
        if sha256_of(chip.path) != chip.sha256:
            what = f"the chip of {chip.scene_id} {chip.band} was altered after it was saved"
            remedy = "delete the file and run again to fetch it anew"
            raise CorruptAssetError(what, where=chip.path.name, remedy=remedy)
        with open_raster(chip.path) as dataset:
            pixels: NDArray[Any] = read_window(dataset)[0]
        return pixels

    def _path(self, scene: Scene, band: str, grid: Grid) -> Path:
        """Where a chip lies; parts that come from a catalogue appear as slug and hash only."""
        identity = canonical_json([scene.collection, scene.id, scene.processing_baseline])
        folder = self.root / _slug(scene.id, identity)
        step = lattice_of(grid.gsd_m)
        left, top = (math.floor(edge / step + 0.5) * step for edge in (grid.left, grid.top))
        place = [grid.crs, float(grid.gsd_m), left, top, grid.height, grid.width]
        return folder / f"{_slug(band, canonical_json([band, *place]))}.tif"


def _slug(name: str, identity: bytes) -> str:
    """A readable beginning and a hash that tells apart: safe as the name of a file."""
    readable = _UNSAFE.sub("-", name.lower()).strip("-")[:48]
    return f"{readable or 'x'}-{hashlib.sha256(identity).hexdigest()[:12]}"


def _about(scene: Scene, band: str) -> dict[str, str | bool | None]:
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


def _chip(record: dict[str, Any], path: Path) -> Chip:
    """A chip from its record.

    Raises:
        KeyError, TypeError, ValueError: if the record lacks something.
    """
    return Chip(
        scene_id=record["scene"],
        band=record["band"],
        path=path,
        grid=Grid(**record["grid"]),
        sha256=record["sha256"],
        source_etag=record["etag"],
        source_nbytes=record["nbytes"],
    )
