"""What a source has listed of a site so far, at rest: it tells what is not listed any more.

Here belong reading and writing that memory. What is said of scenes that are gone belongs to
``search``. A memory is of one source and one outline: another outline is another search.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import StoreError
from pipeline.model.provenance import ListedScene
from pipeline.store.chips import ChipStore
from pipeline.store.files import canonical_json, publish_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pipeline.model.change import Period
    from pipeline.model.grid import Bounds
    from pipeline.model.scene import Scene
    from pipeline.store.layout import WorkFolder


class ListedBefore:
    """The memory of one source over one outline."""

    def __init__(self, work: WorkFolder, source: str, bounds: Bounds) -> None:
        """Point at it; nothing is read yet.

        Args:
            work: the work folder of the site.
            source: as the user named it; neither its query nor its folder is written down.
            bounds: what is searched, longitude and latitude.
        """
        whole = source.partition("?")[0] if "://" in source else str(Path(source).absolute())
        name = hashlib.sha256(canonical_json([whole, *bounds])).hexdigest()[:16]
        self.path = work.listed / f"{name}.json"

    def read(self) -> tuple[ListedScene, ...]:
        """Every scene that was listed so far, by instant, collection and id.

        Raises:
            StoreError: if the file is damaged: without it nobody would notice what is gone.
        """
        try:
            rows = json.loads(self.path.read_bytes())
            return tuple(ListedScene(datetime.fromisoformat(row[0]), *row[1:]) for row in rows)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
            what = "the memory of what was listed before cannot be read"
            remedy = "delete the file; what went from the catalogue before is then not noticed"
            raise StoreError(what, where=str(self.path), remedy=remedy) from error

    def add(self, earlier: Iterable[ListedScene], scenes: Iterable[Scene]) -> None:
        """Remember more scenes; nothing is written if all are known.

        Raises:
            StoreError: if it cannot be written.
        """
        known = frozenset(earlier)
        both = known | {as_listed(scene) for scene in scenes}
        if both != known:
            ordered = sorted(both, key=lambda one: (one.instant, one.collection, one.id))
            rows = [
                [one.instant.isoformat(), one.collection, one.id, one.acquisition_key]
                for one in ordered
            ]
            publish_bytes(self.path, canonical_json(rows))


def scenes_held(work: WorkFolder, period: Period, collections: Collection[str]) -> tuple[str, ...]:
    """Ids of the scenes of a period and of any of the collections of which chips are held."""
    records = (held.record for held in ChipStore(work.chips).holdings())
    found = {
        (one.instant, one.scene)
        for one in records
        if one.instant is not None and one.instant in period and one.collection in collections
    }
    return tuple(name for _, name in sorted(found))


def as_listed(scene: Scene) -> ListedScene:
    """What is remembered of a scene."""
    return ListedScene(scene.instant, scene.collection, scene.id, scene.acquisition_key)
