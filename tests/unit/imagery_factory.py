"""The rehearsal site with a few scenes of its catalogue, in a folder that may be harmed."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.harvest import harvest
from pipeline.request import request_for

if TYPE_CHECKING:
    from pipeline.harvest import Harvest
    from pipeline.run import RunRequest

ROOT = Path(__file__).resolve().parents[2]
SITE = "kaesong-rehearsal"
TILES = ROOT / "sample_tiles" / SITE


@dataclass(frozen=True)
class Tiles:
    """A folder of a few items with their assets.

    Attributes:
        folder: what ``--source`` names.
        ids: of the items, by time.
    """

    folder: Path
    ids: tuple[str, ...]

    def item(self, n: int) -> Path:
        """The document of the n-th item."""
        return next((self.folder / self.ids[n]).glob("*.json"))

    def change(self, n: int, baseline: str, source: int) -> None:
        """Publish the n-th scene anew: other pixels, their checksums, another baseline."""
        path, other = self.item(n), self.folder / self.ids[source]
        item: dict[str, Any] = json.loads(path.read_bytes())
        item["properties"]["processing:version"] = baseline
        item["properties"]["s2:processing_baseline"] = baseline
        for asset in item["assets"].values():
            target = path.parent / asset["href"]
            shutil.copy(other / asset["href"], target)
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
            asset["file:checksum"] = f"1220{digest}"
        path.write_text(json.dumps(item), encoding="utf-8")


def make_tiles(folder: Path, n: int = 3) -> Tiles:
    """The first scenes of the rehearsal, without the catalogue around them."""
    sources = sorted(path for path in TILES.glob("S2A*") if path.is_dir())[:n]
    for source in sources:
        shutil.copytree(source, folder / source.name)
    return Tiles(folder, tuple(source.name for source in sources))


def request_at(tiles: Tiles, work: Path) -> RunRequest:
    return request_for(SITE, str(tiles.folder), work)


def harvest_at(tiles: Tiles, work: Path) -> Harvest:
    return harvest(request_at(tiles, work))
