"""A STAC catalogue that is nothing but files in a folder.

Here belongs the walk over local documents. It reads JSON itself instead of letting a library
follow links, because a link in a catalogue that somebody sent must not lead out of its folder,
around in a circle, or onto the network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeline.catalogs.items import REMOTE_SCHEMES, scene_from_item
from pipeline.catalogs.listing import first_held
from pipeline.errors import SearchError
from pipeline.network.access import PUBLIC

if TYPE_CHECKING:
    from pipeline.config import SearchOptions
    from pipeline.model.change import Period
    from pipeline.model.grid import Bounds
    from pipeline.model.scene import Scene

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
CHILD_LINKS = ("child", "item")


class StaticCatalog:
    """A ``catalog.json`` with its tree, or a folder of item files.

    Attributes:
        name: the path as it was given.
        access: any public host: who named a folder named no host.
        collections: nothing is known of them.
    """

    def __init__(self, path: Path) -> None:
        """Point at a catalogue; nothing is read yet."""
        self.name = str(path)
        self.access = PUBLIC
        self.collections: Mapping[str, tuple[str, ...]] = {}
        self._path = path

    def search(self, bounds: Bounds, period: Period, options: SearchOptions) -> tuple[Scene, ...]:
        """List the scenes that touch the bounds within the period.

        The first of the wanted collections that holds any is used; items that name no collection
        belong to every one.

        Raises:
            SearchError: if a document is missing, is not STAC, leads out of the folder or in a
                circle, or if there are more than the options allow.
        """
        scenes = tuple(_Walk(self._path, options.max_items).scenes())
        held = {scene.collection for scene in scenes if scene.collection}
        span = bounds, period
        return first_held(scenes, held, span, wanted=options.collections, where=self.name)


@dataclass(frozen=True)
class _Walk:
    """One walk over one catalogue."""

    path: Path
    max_items: int

    @property
    def root(self) -> Path:
        """The folder that holds everything."""
        return (self.path if self.path.is_dir() else self.path.parent).resolve()

    def scenes(self) -> Iterator[Scene]:
        """Every item as a scene."""
        entry = self.path / "catalog.json" if self.path.is_dir() else self.path
        if self.path.is_dir() and not entry.is_file():
            documents = self._loose_items()
        else:
            documents = self._tree(entry)
        for count, (path, document) in enumerate(documents, 1):
            if count > self.max_items:
                remedy = "raise search.max_items in the settings, or name a smaller catalogue"
                raise SearchError(
                    f"more than {self.max_items} items", where=str(self.path), remedy=remedy
                )
            yield self._scene(path, document)

    def _scene(self, path: Path, document: Mapping[str, Any]) -> Scene:
        """One item, its local assets held inside the folder."""
        scene = scene_from_item(document, base=str(path))
        for asset in scene.assets.values():
            if urlsplit(asset.href).scheme not in REMOTE_SCHEMES:
                self._held(Path(asset.href), path)
        return scene

    def _loose_items(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """The items among the JSON files of a folder without a catalogue."""
        paths = sorted(self.root.rglob("*.json"))
        if not paths:
            remedy = "name a folder with catalog.json or with STAC items in it"
            raise SearchError("no catalogue is there", where=str(self.path), remedy=remedy)
        for path in paths:
            document = self._read(self._held(path, path))
            if document.get("type") == "Feature":
                yield path, document

    def _tree(self, entry: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """The items under a catalogue, in the order of the links."""
        seen: set[Path] = set()
        waiting = [self._held(entry, entry)]
        while waiting:
            path = waiting.pop(0)
            if path in seen:
                raise SearchError("the links run in a circle or name it twice", where=str(path))
            if len(seen) > 2 * self.max_items:
                raise SearchError("more documents than items are allowed", where=str(self.path))
            seen.add(path)
            document = self._read(path)
            if document.get("type") == "Feature":
                yield path, document
            else:
                waiting[:0] = self._children(document, path)

    def _children(self, document: Mapping[str, Any], path: Path) -> list[Path]:
        """Where the links to children and items lead."""
        links = document.get("links")
        if not isinstance(links, list):
            raise SearchError("not a STAC catalogue: it has no links", where=str(path))
        hrefs = [link["href"] for link in links if is_child(link)]
        if any(urlsplit(href).scheme for href in hrefs):
            remedy = "save the whole catalogue into one folder with relative links"
            raise SearchError("a link leads out of the folder", where=str(path), remedy=remedy)
        return [self._held(path.parent / href, path) for href in hrefs]

    def _held(self, target: Path, source: Path) -> Path:
        """The path with its symbolic links followed, if it is inside the folder."""
        resolved = target.resolve()
        if not resolved.is_relative_to(self.root):
            remedy = "save the whole catalogue into one folder with relative links"
            raise SearchError("a link leads out of the folder", where=str(source), remedy=remedy)
        return resolved

    def _read(self, path: Path) -> Mapping[str, Any]:
        """One JSON document."""
        try:
            if path.stat().st_size > MAX_DOCUMENT_BYTES:
                raise SearchError("the document is too large for STAC", where=str(path))
            document = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            what = f"the document cannot be read ({type(error).__name__})"
            raise SearchError(what, where=str(path)) from error
        if not isinstance(document, dict):
            raise SearchError("not a STAC document", where=str(path))
        return document


def is_child(link: object) -> bool:
    """Whether a link leads to a child or an item."""
    if not isinstance(link, Mapping) or link.get("rel") not in CHILD_LINKS:
        return False
    return isinstance(link.get("href"), str)
