"""Reading Black Marble HDF5 files: every field over a place, as it is stored.

Here belongs the walk from a file to layers. What the fields mean belongs to
``sensors.blackmarble``, which files are read to ``lights``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import CorruptAssetError, MissingBandError
from pipeline.model.coarse_chip import CoarseChip, RawLayer
from pipeline.sensors import blackmarble as bm
from pipeline.store.hdf5 import open_hdf5

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.fetch.place import Place
    from pipeline.fetch.source_files import Hashes
    from pipeline.model.grid import Window
    from pipeline.store.hdf5 import Hdf5

SHAPE = (bm.TILE_PX, bm.TILE_PX)
SIMULATED = "zonewatch:simulated"


def read_black_marble(place: Place, path: Path, hashes: Hashes) -> CoarseChip:
    """The fields of one file over a place; the gap-filled one stays unread.

    Raises:
        WrongPlaceError: if the tile does not hold the place.
        MissingBandError: if a documented field is missing.
        CorruptAssetError: if the file is damaged, leads elsewhere or lies elsewhere than its
            name says.
        StoreError: if it cannot be read from the disk.
    """
    granule = bm.parse_name(path.name)
    window = place.window(granule.grid, path.name)
    source = hashes.of(path)
    with open_hdf5(path) as file:
        tile = _Tile(file, file.first_group(bm.GROUPS), granule, window)
        tile.check_georeference()
        marked = SIMULATED in {**file.texts(), **file.numbers()}
        names = bm.DAILY_FIELDS if granule.is_daily else tile.composite_fields()
        layers = {name: tile.layer(name) for name in names}
    return CoarseChip(
        name=path.name,
        place=place.id,
        wanted=place.wanted,
        timezone=place.timezone,
        grid=granule.grid.sub(window),
        layers=layers,
        sources=(source,),
        is_simulated=place.is_simulated or marked,
    )


@dataclass(frozen=True)
class _Tile:
    """An open file and the block of it that is read."""

    file: Hdf5
    group: str
    granule: bm.Granule
    window: Window

    def composite_fields(self) -> tuple[str, ...]:
        """The fields of every composite that the file has.

        Raises:
            MissingBandError: if it lacks the first.
        """
        have = [name for name in bm.COMPOSITES if self.file.has(f"{self.group}/{name}")]
        if bm.COMPOSITES[0] not in have:
            what = f"the field {bm.COMPOSITES[0]} is missing"
            raise MissingBandError(what, where=self.file.name, remedy="deliver all fields")
        return tuple(f"{name}{suffix}" for name in have for suffix in bm.SUFFIXES)

    def layer(self, name: str) -> RawLayer:
        """A field as it is stored, with what the file says of it.

        Raises:
            AssetError: if the field is missing or damaged.
        """
        field = self.file.field(f"{self.group}/{name}", SHAPE, self.window)
        return RawLayer(field.pixels, self.file.name, field.numbers, field.texts.get("units", ""))

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
            raise CorruptAssetError(what, where=self.file.name, remedy="restore its name")
