"""Reading Black Marble HDF5 files: every layer over the site, checked against the documentation.

Here belongs the walk from a file to looks. What the fields mean belongs to
``sensors.blackmarble``, which files are read to ``lights``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import CorruptAssetError, MissingBandError
from pipeline.model.coarse import CoarseLook, Layer, Quantity, SourceFile
from pipeline.sensors import blackmarble as bm
from pipeline.store.files import sha256_of
from pipeline.store.hdf5 import open_hdf5

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.fetch.place import Place
    from pipeline.model.grid import Window
    from pipeline.store.hdf5 import Hdf5

SHAPE = (bm.TILE_PX, bm.TILE_PX)
SIMULATED = "zonewatch:simulated"


def read_black_marble(place: Place, path: Path) -> tuple[CoarseLook, ...]:
    """The looks of one file: one of a night, one for every composite of a month or year.

    Raises:
        WrongPlaceError: if the tile does not hold the site.
        MissingBandError: if a documented field is missing.
        CorruptAssetError: if the file is damaged, leads elsewhere or is not as documented.
        StoreError: if it cannot be read from the disk.
    """
    granule = bm.parse_name(path.name)
    window = place.window(granule.grid, path.name)
    source = SourceFile(path.name, sha256_of(path))
    with open_hdf5(path) as file:
        tile = _Tile(file, file.first_group(bm.GROUPS), granule, window, source)
        tile.check_georeference()
        is_simulated = place.site.is_simulated or SIMULATED in {**file.texts(), **file.numbers()}
        variants = tile.night() if granule.is_daily else tile.composites()
        return tuple(
            one.look(tile, place.site.timezone, is_simulated=is_simulated) for one in variants
        )


@dataclass(frozen=True)
class _Variant:
    """The arrays of one look, before they are given place and time."""

    name: str
    values: NDArray[np.float32]
    saturated: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    layers: dict[Layer, NDArray[Any]]

    def look(self, tile: _Tile, timezone: str, *, is_simulated: bool) -> CoarseLook:
        """The look."""
        return CoarseLook(
            label=tile.granule.label(self.name),
            quantity=Quantity.RADIANCE,
            period=tile.granule.period(timezone),
            values=self.values,
            seen=self.seen,
            saturated=self.saturated,
            grid=tile.granule.grid.sub(tile.window),
            sources=(tile.source,),
            noise=bm.NOISE,
            layers=self.layers,
            is_simulated=is_simulated,
        )


@dataclass(frozen=True)
class _Tile:
    """An open file and the block of it that is read."""

    file: Hdf5
    group: str
    granule: bm.Granule
    window: Window
    source: SourceFile

    def night(self) -> tuple[_Variant, ...]:
        """The retrievals of one night; the gap-filled layer stays unread."""
        values, saturated = self.light(bm.RADIANCE)
        quality, mask = self.codes(bm.QUALITY), self.codes(bm.CLOUD)
        layers: dict[Layer, NDArray[Any]] = {
            Layer.QUALITY: quality,
            Layer.CLOUD: bm.cloud_class(mask),
            Layer.SNOW: self.codes(bm.SNOW),
            Layer.MOON: self.light(bm.MOON)[0],
            Layer.AGE_DAYS: self.codes(bm.LATEST),
        }
        seen = bm.seen_tonight(values, quality, mask)
        return (_Variant(bm.RADIANCE, values, saturated, seen, layers),)

    def composites(self) -> tuple[_Variant, ...]:
        """Every composite that the file has.

        Raises:
            MissingBandError: if it lacks the first, or a companion of another.
        """
        have = [name for name in bm.COMPOSITES if self.file.has(f"{self.group}/{name}")]
        if bm.COMPOSITES[0] not in have:
            what = f"the field {bm.COMPOSITES[0]} is missing"
            raise MissingBandError(what, where=self.source.name, remedy="deliver all fields")
        return tuple(self.composite(name) for name in have)

    def composite(self, name: str) -> _Variant:
        """One composite with its companions."""
        values, saturated = self.light(name)
        n_looks, quality = self.codes(f"{name}_Num"), self.codes(f"{name}_Quality")
        layers: dict[Layer, NDArray[Any]] = {
            Layer.QUALITY: quality,
            Layer.N_LOOKS: n_looks,
            Layer.STD: self.light(f"{name}_Std")[0],
        }
        seen = bm.seen_in_composite(values, quality, n_looks)
        return _Variant(name, values, saturated, seen, layers)

    def light(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Numbers in physical units, and where they stand at the top of their range.

        Raises:
            AssetError: if the field is missing, damaged or not as documented.
        """
        field = self.file.field(f"{self.group}/{name}", SHAPE, self.window)
        where = self.source.name
        bm.check_units(name, field.texts.get("units"), where=where)
        scaling = bm.check_scaling(name, field.pixels.dtype, field.numbers, where=where)
        return bm.to_radiance(field.pixels, scaling), bm.is_saturated(field.pixels, scaling)

    def codes(self, name: str) -> NDArray[Any]:
        """Flags, bits or counts as they are stored.

        Raises:
            AssetError: if the field is missing, damaged or holds no whole numbers.
        """
        pixels = self.file.field(f"{self.group}/{name}", SHAPE, self.window).pixels
        if pixels.dtype.kind != "u":
            what = f"{name} holds {pixels.dtype}, documented are unsigned whole numbers"
            raise CorruptAssetError(what, where=self.source.name, remedy="deliver it as published")
        return pixels

    def check_georeference(self) -> None:
        """Compare what the file says of its place with the tile in its name.

        Raises:
            CorruptAssetError: if they differ by more than a pixel.
        """
        edge, stated = self.granule.grid.bounds, self.file.numbers()
        pairs = [
            (stated.get(f"{side}BoundingCoord", expected), expected)
            for side, expected in zip(("West", "South", "East", "North"), edge, strict=True)
        ]
        for name, ends in (("lon", (edge.left, edge.right)), ("lat", (edge.top, edge.bottom))):
            if self.file.has(f"{self.group}/{name}"):
                vector = self.file.vector(f"{self.group}/{name}", bm.TILE_PX)
                pairs += [(float(vector[0]), ends[0]), (float(vector[-1]), ends[1])]
        # Centres and outer edges are both seen in the wild; a pixel covers the difference.
        if not all(abs(one - other) <= bm.STEP_DEG for one, other in pairs):
            what = f"the file says that it lies elsewhere than tile {self.granule.tile}"
            raise CorruptAssetError(what, where=self.source.name, remedy="restore its name")
