"""A STAC API, asked through pystac-client, and not believed without checks.

Here belongs the talk with a live catalogue: only collections, box and time are asked for,
because servers differ in everything else. Every request goes through ``network``. A listing that
may be incomplete is an error: pages in a circle, a next page on another host, fewer items than
announced, a cut answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pystac
from pystac_client import Client
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO

from pipeline.catalogs.halves import groups_of, joined
from pipeline.catalogs.items import scene_from_item
from pipeline.catalogs.listing import available, inside
from pipeline.errors import FetchError, SearchError
from pipeline.network.access import Access, origin_of, with_query, without_query
from pipeline.network.documents import Patience, Reader
from pipeline.network.door import Call

if TYPE_CHECKING:
    from pipeline.config import SearchOptions
    from pipeline.model.change import Period
    from pipeline.model.grid import Bounds
    from pipeline.model.scene import Scene

PAGE_SIZE = 100
MAX_COLLECTIONS = 1000
"""No more are read to say what a catalogue holds."""
NO_COLLECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
"""Nothing is known of which collection is which sensor."""
_SUCCESS = 2
_QUERY = re.compile(r"\?[^\s'\")>]*")
# What pystac and pystac-client raise on an answer that is not what the standard says.
_UNUSABLE = (
    APIError,
    pystac.STACError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
)


class StacApiCatalog:
    """A STAC API by the URL of its landing page.

    Attributes:
        name: the URL, without query and without credentials.
        access: which hosts may be asked on its behalf.
        collections: ids by preference, by sensor; empty if nothing is known of the API.
    """

    def __init__(
        self,
        url: str,
        access: Access | None = None,
        collections: Mapping[str, tuple[str, ...]] = NO_COLLECTIONS,
    ) -> None:
        """Point at an API; nothing is asked yet."""
        self.name = without_query(url)
        self.access = Access.of_source(url) if access is None else access
        self.collections = collections
        self._url = url

    def search(self, bounds: Bounds, period: Period, options: SearchOptions) -> tuple[Scene, ...]:
        """List the scenes that touch the bounds within the period.

        The first of the wanted collections that holds any is used: collections are not mixed,
        because two processings in one series are a step that looks like a change. Halves of one
        product are no two processings: they are searched both and joined.

        Raises:
            SearchError: if the API cannot be reached, refuses, or its listing is incomplete.
        """
        asked = _Asked(self._url, bounds, period, options)
        patience = Patience(options.timeout_s, options.attempts)
        with _wrapped(self.name), Reader(self.access, patience) as reader:
            stac_io = _GuardedIO(self._url, reader)
            # Given to the client, too, which otherwise takes it away from its transport again.
            client = Client.open(self._url, stac_io=stac_io, timeout=options.timeout_s)
            held = self._collections(client, options)
            for group in groups_of(options.collections):
                parts = (asked.scenes(client, stac_io, name) for name in group if name in held)
                found = joined((scene for part in parts for scene in part), group)
                if found:
                    return inside(found, bounds, period)
        return ()

    def _collections(self, client: Client, options: SearchOptions) -> tuple[str, ...]:
        """The wanted collections that the API has."""
        held = [name for name in options.collections if client.get_collection(name) is not None]
        if not held:
            every = islice(client.get_collections(), MAX_COLLECTIONS)
            held = [collection.id for collection in every]
        return available(options.collections, held, self.name)


@dataclass(frozen=True)
class _Asked:
    """What is asked of an API."""

    url: str
    bounds: Bounds
    period: Period
    options: SearchOptions

    def scenes(self, client: Client, stac_io: _GuardedIO, collection: str) -> tuple[Scene, ...]:
        """One collection, all its pages."""
        search = client.search(
            method=_search_method(client),
            collections=[collection],
            bbox=tuple(self.bounds),
            datetime=[self.period.start, self.period.end],
            limit=PAGE_SIZE,
        )
        stac_io.announced = None
        listing = _Listing(without_query(self.url), self.options)
        for page in search.pages_as_dicts():
            listing.add(page)
        base = f"{without_query(self.url).rstrip('/')}/collections/{collection}/items/"
        items = listing.complete(stac_io.announced)
        return inside(
            (scene_from_item(item, base=base) for item in items), self.bounds, self.period
        )


class _Listing:
    """Items gathered page by page, with the checks that make the listing worth trusting."""

    def __init__(self, where: str, options: SearchOptions) -> None:
        """Begin with nothing."""
        self._where, self._options = where, options
        self._n_pages = 0
        self._items: dict[tuple[str, str], Mapping[str, Any]] = {}

    def add(self, page: Mapping[str, Any]) -> None:
        """Take in one page.

        Raises:
            SearchError: if it brings nothing new, or if there are too many pages or items.
        """
        before = len(self._items)
        for item in page["features"]:
            self._items[str(item.get("collection")), str(item["id"])] = item
        self._n_pages += 1
        if len(self._items) == before:
            raise SearchError("the pages of the listing run in a circle", where=self._where)
        for name, count, limit in (
            ("pages", self._n_pages, self._options.max_pages),
            ("items", len(self._items), self._options.max_items),
        ):
            if count > limit:
                remedy = f"shorten the period, or raise search.max_{name} in the settings"
                what = f"the listing has more than {limit} {name}"
                raise SearchError(what, where=self._where, remedy=remedy)

    def complete(self, announced: int | None) -> tuple[Mapping[str, Any], ...]:
        """The items, if there are as many as the API announced.

        Raises:
            SearchError: if there are fewer.
        """
        if announced is not None and len(self._items) < announced:
            what = f"the listing is incomplete: {len(self._items)} of {announced} items came"
            raise SearchError(what, where=self._where, remedy="run again")
        return tuple(self._items.values())


class _GuardedIO(StacApiIO):
    """pystac-client's transport, sent through our own door and kept to one origin.

    Attributes:
        announced: how many items the last page said that there are in all; None if it did not.
    """

    def __init__(self, url: str, reader: Reader) -> None:
        """Read the API of an address."""
        super().__init__()
        self.announced: int | None = None
        self._home = origin_of(url)
        self._followed: set[str] = set()
        self._reader = reader

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """Send one request, if it stays at home.

        Raises:
            SearchError: if it leads away.
            APIError: if the answer is no success.
            FetchError: if there is no answer.
        """
        self._check_origin(href)
        call = _call(href, (method or "GET").upper(), headers or {}, parameters or {})
        answer = self._reader.ask(replace(call, on_hop=self._check_origin))
        if answer.status // 100 != _SUCCESS:
            error = APIError(f"the server answered {answer.status}")
            error.status_code = answer.status
            raise error
        return answer.body.decode("utf-8")

    def read_text(self, source: pystac.link.HREF, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401 - pystac's own signature
        """Read one document; a next page that was already followed is refused."""
        if isinstance(source, pystac.Link):
            key = json.dumps(source.to_dict(transform_href=False), sort_keys=True)
            if key in self._followed:
                raise SearchError("the pages of the listing run in a circle", where=self._home)
            self._followed.add(key)
        return super().read_text(source, *args, **kwargs)

    def read_json(self, source: pystac.link.HREF, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - pystac's own signature
        """Read one JSON document and note what it announces."""
        document: object = super().read_json(source, *args, **kwargs)
        if not isinstance(document, dict):
            raise TypeError(f"the answer is a {type(document).__name__}, not an object")
        announced = _announced(document)
        self.announced = self.announced if announced is None else announced
        return document

    def _check_origin(self, href: str) -> None:
        """Refuse another host, port or scheme."""
        if origin_of(href) != self._home:
            what = f"the listing leads away from {self._home}"
            remedy = "name the API by the address that it gives itself"
            raise SearchError(what, where=without_query(href), remedy=remedy)


def _call(href: str, method: str, headers: dict[str, str], parameters: dict[str, Any]) -> Call:
    """A request as pystac-client means it: parameters in the body, or in the query of a GET."""
    if method == "POST":
        headers = {**headers, "content-type": "application/json"}
        return Call(href, method, headers, json.dumps(parameters).encode())
    asked = {key: value for key, value in parameters.items() if value is not None}
    return Call(with_query(href, asked), method, headers)


def _announced(document: Mapping[str, Any]) -> int | None:
    """How many items a page says that there are in all, in either spelling."""
    context = document.get("context")
    older = context.get("matched") if isinstance(context, Mapping) else None
    matched = document.get("numberMatched", older)
    return matched if isinstance(matched, int) else None


def _search_method(client: Client) -> str:
    """POST where it is advertised or nothing is, else GET."""
    links = [link for link in client.links if link.rel == "search"]
    methods = {str(link.extra_fields.get("method") or "GET").upper() for link in links}
    return "GET" if methods == {"GET"} else "POST"


@contextmanager
def _wrapped(where: str) -> Iterator[None]:
    """Turn whatever the libraries raise into one kind of error that shows no query."""
    remedy = "check the address and the connection, then run again"
    try:
        yield
    except FetchError as error:
        what = f"the catalogue could not be listed in full ({error.what})"
        raise SearchError(what, where=error.where or where, remedy=remedy) from error
    except _UNUSABLE as error:
        status = getattr(error, "status_code", None)
        text = _QUERY.sub("", str(error))[:200]
        reason = f"it answered {status}" if status else f"{type(error).__name__}: {text}"
        what = f"the catalogue could not be listed in full ({reason})"
        raise SearchError(what, where=where, remedy=remedy) from error
