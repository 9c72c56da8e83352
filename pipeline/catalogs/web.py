"""A STAC catalogue that is nothing but files, on a web server.

Here belongs the walk over remote documents, level by level, through ``network``. It stays with
one origin, goes nowhere twice, and leaves out the collections that are not wanted. Files in a
folder belong to ``static``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from pipeline.catalogs.items import scene_from_item
from pipeline.catalogs.listing import first_held
from pipeline.catalogs.static import MAX_DOCUMENT_BYTES, is_child
from pipeline.errors import FetchError, SearchError
from pipeline.network.access import Access, origin_of, without_query
from pipeline.network.documents import Patience, Reader
from pipeline.network.door import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipeline.config import SearchOptions
    from pipeline.model.change import Period
    from pipeline.model.grid import Bounds
    from pipeline.model.scene import Scene

_OK = 200


class WebCatalog:
    """A ``catalog.json`` behind a URL, with its tree.

    Attributes:
        name: the URL, without query and without credentials.
        access: which hosts may be asked on its behalf.
        collections: nothing is known of them.
    """

    def __init__(self, url: str) -> None:
        """Point at a catalogue; nothing is read yet."""
        self.name = without_query(url)
        self.access = Access.of_source(url)
        self.collections: Mapping[str, tuple[str, ...]] = {}
        self._url = url

    def search(self, bounds: Bounds, period: Period, options: SearchOptions) -> tuple[Scene, ...]:
        """List the scenes that touch the bounds within the period.

        The whole tree of the wanted collections is read: one request a document.

        Raises:
            SearchError: if a document is missing, is not STAC, leads to another host or in a
                circle, or if there are more than the options allow.
        """
        patience = Patience(options.timeout_s, options.attempts, MAX_DOCUMENT_BYTES)
        try:
            with Reader(self.access, patience) as reader:
                walk = _Walk(reader, origin_of(self._url), options)
                scenes = tuple(walk.scenes(self._url))
        except FetchError as error:
            what = f"the catalogue could not be listed in full ({error.what})"
            remedy = "check the address and the connection, then run again"
            raise SearchError(what, where=error.where or self.name, remedy=remedy) from error
        span = bounds, period
        return first_held(scenes, walk.held, span, wanted=options.collections, where=self.name)


class _Walk:
    """One walk over one catalogue.

    Attributes:
        held: ids of the collections that were met.
    """

    def __init__(self, reader: Reader, home: str, options: SearchOptions) -> None:
        """Begin at home."""
        self.held: set[str] = set()
        self._reader, self._home, self._options = reader, home, options
        self._seen: set[str] = set()
        self._n_items = 0

    def scenes(self, entry: str) -> Iterator[Scene]:
        """Every item as a scene, level by level."""
        level = [entry]
        while level:
            self._enter(level)
            answers = self._reader.ask_all([Call(url) for url in level])
            found = [
                (url, _document(url, answer.status, answer.body))
                for url, answer in zip(level, answers, strict=True)
            ]
            level = [child for url, document in found for child in self._children(url, document)]
            yield from self._items(found)

    def _enter(self, level: Iterable[str]) -> None:
        """Refuse documents that were met before, lie elsewhere, or are too many.

        Raises:
            SearchError: if there are such.
        """
        for url in level:
            if origin_of(url) != self._home:
                remedy = "save the whole catalogue into one folder and name that"
                what = f"the catalogue leads away from {self._home}"
                raise SearchError(what, where=without_query(url), remedy=remedy)
            if url in self._seen:
                what = "the links run in a circle or name it twice"
                raise SearchError(what, where=without_query(url))
            if len(self._seen) > 2 * self._options.max_items:
                what = "more documents than items are allowed"
                raise SearchError(what, where=without_query(url))
            self._seen.add(url)

    def _children(self, url: str, document: Mapping[str, Any]) -> list[str]:
        """Where the links of a catalogue to children and items lead.

        Raises:
            SearchError: if it has no links.
        """
        if document.get("type") == "Feature":
            return []
        if document.get("type") == "Collection":
            name = str(document.get("id"))
            self.held.add(name)
            if name not in self._options.collections:
                return []
        links = document.get("links")
        if not isinstance(links, list):
            what = "not a STAC catalogue: it has no links"
            raise SearchError(what, where=without_query(url))
        return [urljoin(url, link["href"]) for link in links if is_child(link)]

    def _items(self, found: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Scene]:
        """The items of one level as scenes.

        Raises:
            SearchError: if there are too many, or one cannot be used.
        """
        for url, document in found:
            if document.get("type") == "Feature":
                self._n_items += 1
                if self._n_items > self._options.max_items:
                    remedy = "raise search.max_items in the settings, or name a smaller catalogue"
                    what = f"more than {self._options.max_items} items"
                    raise SearchError(what, where=self._home, remedy=remedy)
                scene = scene_from_item(document, base=without_query(url))
                self.held |= {scene.collection} - {""}
                yield scene


def _document(url: str, status: int, body: bytes) -> Mapping[str, Any]:
    """One JSON document.

    Raises:
        SearchError: if it is none.
    """
    where = without_query(url)
    if status != _OK:
        raise SearchError(f"the document cannot be read (it answered {status})", where=where)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        what = f"the document cannot be read ({type(error).__name__})"
        raise SearchError(what, where=where) from error
    if not isinstance(document, dict):
        raise SearchError("not a STAC document", where=where)
    return document
