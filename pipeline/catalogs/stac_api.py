"""A STAC API, asked through pystac-client, and not believed without checks.

Here belongs the talk with a live catalogue: only collections, box and time are asked for,
because servers differ in everything else. A listing that may be incomplete is an error: pages
in a circle, a next page on another host, fewer items than announced, a cut answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import pystac
from pystac_client import Client
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from pipeline.catalogs.items import scene_from_item
from pipeline.catalogs.listing import available, inside
from pipeline.errors import SearchError

if TYPE_CHECKING:
    from requests import Response

    from pipeline.config import SearchOptions
    from pipeline.model.change import Period
    from pipeline.model.grid import Bounds
    from pipeline.model.scene import Scene

PAGE_SIZE = 100
MAX_COLLECTIONS = 1000
"""No more are read to say what a catalogue holds."""
RETRIED_STATUS = (429, 500, 502, 503, 504)
_QUERY = re.compile(r"\?[^\s'\")>]*")
# What pystac and pystac-client raise on an answer that is not what the standard says.
_UNUSABLE = (APIError, pystac.STACError, ValueError, KeyError, TypeError, AttributeError)


class StacApiCatalog:
    """A STAC API by the URL of its landing page.

    Attributes:
        name: the URL, without query and without credentials.
    """

    def __init__(self, url: str) -> None:
        """Point at an API; nothing is asked yet."""
        self.name = without_query(url)
        self._url = url

    def search(self, bounds: Bounds, period: Period, options: SearchOptions) -> tuple[Scene, ...]:
        """List the scenes that touch the bounds within the period.

        The first of the wanted collections that holds any is used: collections are not mixed,
        because two processings in one series are a step that looks like a change.

        Raises:
            SearchError: if the API cannot be reached, refuses, or its listing is incomplete.
        """
        asked = _Asked(self._url, bounds, period, options)
        with _wrapped(self.name):
            stac_io = _GuardedIO(self._url, options)
            # Given to the client, too, which otherwise takes it away from its transport again.
            client = Client.open(self._url, stac_io=stac_io, timeout=options.timeout_s)
            for collection in self._collections(client, options):
                found = asked.scenes(client, stac_io, collection)
                if found:
                    return found
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
    """pystac-client's transport, kept to one origin, bounded in time, and told to retry.

    Attributes:
        announced: how many items the last page said that there are in all; None if it did not.
    """

    def __init__(self, url: str, options: SearchOptions) -> None:
        """Set time-outs and retries, and close the doors that requests leaves open."""
        super().__init__(timeout=options.timeout_s)
        self.announced: int | None = None
        self._origin = _origin(url)
        self._followed: set[str] = set()
        self.session.trust_env = False
        self.session.hooks["response"].append(self._check_redirect)
        adapter = HTTPAdapter(max_retries=_retry(options))
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """Send one request, if it stays at home."""
        self._check_origin(href)
        return super().request(href, method, headers, parameters)

    def read_text(self, source: pystac.link.HREF, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401 - pystac's own signature
        """Read one document; a next page that was already followed is refused."""
        if isinstance(source, pystac.Link):
            key = json.dumps(source.to_dict(transform_href=False), sort_keys=True)
            if key in self._followed:
                raise SearchError("the pages of the listing run in a circle", where=str(self._home))
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

    @property
    def _home(self) -> str:
        """The origin as text."""
        return "://".join(self._origin)

    def _check_origin(self, href: str) -> None:
        """Refuse another host, port or scheme."""
        if _origin(href) != self._origin:
            what = f"the listing leads away from {self._home}"
            remedy = "name the API by the address that it gives itself"
            raise SearchError(what, where=without_query(href), remedy=remedy)

    def _check_redirect(self, response: Response, **_: object) -> None:
        """Refuse a redirect to another origin before it is followed."""
        target = response.headers.get("Location") if response.is_redirect else None
        if target is not None:
            self._check_origin(urljoin(response.url, target))


def without_query(url: str) -> str:
    """The URL without query, fragment and credentials, fit for a message.

    Example:
        >>> without_query("https://user:word@host.example/stac?token=secret")
        'https://host.example/stac'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _origin(url: str) -> tuple[str, str]:
    """Scheme and host with port."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _announced(document: Mapping[str, Any]) -> int | None:
    """How many items a page says that there are in all, in either spelling."""
    context = document.get("context")
    older = context.get("matched") if isinstance(context, Mapping) else None
    matched = document.get("numberMatched", older)
    return matched if isinstance(matched, int) else None


def _retry(options: SearchOptions) -> Retry:
    """Retries for every method, waiting as told but no longer than for one answer."""
    return Retry(
        total=options.attempts - 1,
        allowed_methods=None,
        status_forcelist=RETRIED_STATUS,
        backoff_factor=0.2,
        backoff_max=options.timeout_s,
        retry_after_max=max(1, int(options.timeout_s)),
        respect_retry_after_header=True,
        raise_on_status=False,
    )


def _search_method(client: Client) -> str:
    """POST where it is advertised or nothing is, else GET."""
    links = [link for link in client.links if link.rel == "search"]
    methods = {str(link.extra_fields.get("method") or "GET").upper() for link in links}
    return "GET" if methods == {"GET"} else "POST"


@contextmanager
def _wrapped(where: str) -> Iterator[None]:
    """Turn whatever the libraries raise into one kind of error that shows no query."""
    try:
        yield
    except _UNUSABLE as error:
        status = getattr(error, "status_code", None)
        text = _QUERY.sub("", str(error))[:200]
        reason = f"it answered {status}" if status else f"{type(error).__name__}: {text}"
        remedy = "check the address and the connection, then run again"
        what = f"the catalogue could not be listed in full ({reason})"
        raise SearchError(what, where=where, remedy=remedy) from error
