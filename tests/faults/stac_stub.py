"""A STAC API on the loopback that misbehaves in one way, chosen by name.

Here belongs the server of the fault tests; what must come of each fault stands in the tests.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.unit.item_factory import make_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLLECTION = "sentinel-2-l2a"
N_PAGES = 3
PAGE = 2
LONGEST_STALL_S = 20
CONFORMS = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/item-search",
    "https://api.stacspec.org/v1.0.0/collections",
]


@dataclass
class Served:
    """What a stub does and what it was asked.

    Attributes:
        mode: the fault.
        method: how the search is advertised.
        requests: method, path with query and body of every request.
        foreign: address of another server for the faults that lead away.
        collections: items by collection of the mode ``halves``.
        released: set when the test is over, so that nothing waits for longer.
    """

    mode: str
    method: str = "POST"
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    url: str = ""
    foreign: str = ""
    collections: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def searches(self) -> list[Any]:
        """The bodies of the searches."""
        return [body for _, path, body in self.requests if urlsplit(path).path == "/search"]


@contextmanager
def stac_stub(mode: str = "good", method: str = "POST", foreign: str = "") -> Iterator[Served]:
    """Serve until the block ends."""
    served = Served(mode, method, foreign=foreign)
    handler = type("Handler", (_Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def page_of(served: Served, number: int) -> dict[str, Any]:
    """One page of the listing, as it should be."""
    first = number * PAGE
    features = [
        make_item(f"S{index}", f"2020-08-{index + 1:02}T02:20:00Z")
        for index in range(first, first + PAGE)
    ]
    links = [next_link(served, served.url, number + 1)] if number + 1 < N_PAGES else []
    total = N_PAGES * PAGE
    return {
        "type": "FeatureCollection",
        "features": features,
        "links": links,
        "numberMatched": total,
        "numberReturned": PAGE,
    }


def next_link(served: Served, url: str, number: int) -> dict[str, Any]:
    """A link to a page."""
    if served.method == "GET":
        return {"rel": "next", "href": f"{url}/search?page={number}"}
    return {"rel": "next", "method": "POST", "href": f"{url}/search", "body": {"page": number}}


class _Handler(BaseHTTPRequestHandler):
    """Answers as the mode says."""

    served: ClassVar[Served]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        """Landing page, collections, search by GET."""
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query)
        page = {"page": int(asked.get("page", ["0"])[0])} if parts.path == "/search" else None
        self._note("GET", page)
        if parts.path == "/search":
            self._search(int(asked.get("page", ["0"])[0]), asked.get("collections", [""])[0])
        elif parts.path.startswith("/collections"):
            self._collections(parts.path.removeprefix("/collections").strip("/"))
        else:
            self._send(200, self._landing())

    def do_POST(self) -> None:
        """Search."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._note("POST", body)
        self._search(int(body.get("page", 0)), "".join(body.get("collections", [])))

    def _note(self, method: str, body: object) -> None:
        """Remember what was asked."""
        self.served.requests.append((method, self.path, body))

    def _landing(self) -> dict[str, Any]:
        """The root."""
        url, served = self.served.url, self.served
        home = served.foreign if served.mode == "foreign search" else url
        search = {"rel": "search", "href": f"{home}/search", "type": "application/geo+json"}
        links = [search | {"method": served.method}, {"rel": "data", "href": f"{url}/collections"}]
        links.append({"rel": "self", "href": url})
        root = {"type": "Catalog", "stac_version": "1.0.0", "id": "stub", "description": "stub"}
        return root | {"conformsTo": CONFORMS, "links": links}

    def _collections(self, name: str) -> None:
        """One collection, or all."""
        held = "modis" if "collection" in self.served.mode else COLLECTION
        held = name if name in self.served.collections else held
        extent = {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}}
        document: dict[str, Any] = {
            "type": "Collection",
            "stac_version": "1.0.0",
            "id": held,
            "description": "x",
        }
        document |= {"license": "other", "extent": extent, "links": []}
        if not name:
            links = [{"rel": "next", "href": f"{self.served.url}/collections?page=2"}]
            is_loop = self.served.mode == "collections loop"
            self._send(200, {"collections": [document], "links": links if is_loop else []})
        elif name == held:
            self._send(200, document)
        else:
            self._send(404, {"code": "NotFound"})

    def _search(self, number: int, collection: str) -> None:
        """One page, with the fault of the mode."""
        if self.served.mode == "halves":
            found = self.served.collections[collection]
            self._send(200, {"type": "FeatureCollection", "features": found, "links": []})
            return
        page = page_of(self.served, min(number, N_PAGES - 1))
        fault = FAULTS.get(self.served.mode)
        if fault is None or not fault(self, number, page):
            self._send(200, page)

    def _send(self, status: int, document: object) -> None:
        """Answer with JSON."""
        self.send_bytes(status, json.dumps(document).encode())

    def send_bytes(
        self,
        status: int,
        data: bytes,
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        """Answer with bytes, of a length that may be a lie."""
        self.send_response(status)
        self.send_header("Content-Type", "application/geo+json")
        self.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _refuse(status: int, n_times: int, page: int, wait: str = "") -> Callable[..., bool]:
    """Refuse a page some times, then serve it."""

    def fault(handler: _Handler, number: int, _: object) -> bool:
        asked = sum(1 for body in handler.served.searches if _page_number(body) == page)
        if number == page and asked <= n_times:
            handler.send_bytes(status, b"{}", {"Retry-After": wait} if wait else None)
            return True
        return False

    return fault


def _page_number(body: object) -> int:
    """The page that a search by POST asked for."""
    return int(body.get("page", 0)) if isinstance(body, dict) else 0


def _change(change: Callable[[Served, int, dict[str, Any]], None]) -> Callable[..., bool]:
    """Serve the page changed."""

    def fault(handler: _Handler, number: int, page: dict[str, Any]) -> bool:
        change(handler.served, number, page)
        return False

    return fault


def _loop(served: Served, number: int, page: dict[str, Any]) -> None:
    """The next page is this one."""
    page["links"] = [next_link(served, served.url, min(number, 1))]


def _tokens(served: Served, number: int, page: dict[str, Any]) -> None:
    """Every next page has a new address and the last page's items."""
    page["links"] = [next_link(served, served.url, number + 1)]


def _endless(served: Served, number: int, page: dict[str, Any]) -> None:
    """Every next page has new items, for ever."""
    _tokens(served, number, page)
    for index, item in enumerate(page["features"]):
        item["id"] = f"S{number}-{index}"
    del page["numberMatched"]


def _foreign(served: Served, number: int, page: dict[str, Any]) -> None:
    """The next page lies elsewhere."""
    page["links"] = [next_link(served, served.foreign, number + 1)]


def _matched(_: Served, __: int, page: dict[str, Any]) -> None:
    """More are announced than come."""
    page["numberMatched"] = 50


def _context(served: Served, number: int, page: dict[str, Any]) -> None:
    """The same in the older spelling."""
    del page["numberMatched"]
    page["context"] = {"matched": 50}
    page["links"] = page["links"] if number < 1 else []
    assert served.url


def _empty(_: Served, __: int, page: dict[str, Any]) -> None:
    """Fifty are announced and the first page is empty."""
    page |= {"features": [], "links": [], "numberMatched": 50}


def _nothing(_: Served, __: int, page: dict[str, Any]) -> None:
    """Nothing there, and said so."""
    page |= {"features": [], "links": [], "numberMatched": 0}


def _truncated(handler: _Handler, number: int, page: dict[str, Any]) -> bool:
    """The second page is cut, with a length that fits the cut."""
    if number != 1:
        return False
    handler.send_bytes(200, json.dumps(page).encode()[:-40])
    return True


def _cut(handler: _Handler, number: int, page: dict[str, Any]) -> bool:
    """The second page is cut, with the length of the whole."""
    if number != 1:
        return False
    data = json.dumps(page).encode()
    handler.send_bytes(200, data[:-40], length=len(data))
    handler.close_connection = True
    return True


def _stall(handler: _Handler, number: int, _: object) -> bool:
    """The second page comes, whole, when the test is over."""
    if number == 1:
        handler.served.released.wait(LONGEST_STALL_S)
    return False


def _redirect(handler: _Handler, _: int, __: object) -> bool:
    """The search was moved to another server."""
    handler.send_bytes(307, b"", {"Location": f"{handler.served.foreign}/search"})
    return True


def _deep(handler: _Handler, _: int, __: object) -> bool:
    """JSON that is nested without end."""
    handler.send_bytes(200, b'{"features":' * 100_000)
    return True


def _html(handler: _Handler, _: int, __: object) -> bool:
    """A web page with status 200."""
    handler.send_bytes(200, b"<html>Sign in</html>")
    return True


def _list(handler: _Handler, _: int, __: object) -> bool:
    """JSON of another shape."""
    handler.send_bytes(200, b"[]")
    return True


def _broken_item(_: Served, number: int, page: dict[str, Any]) -> None:
    """An item without a time."""
    if number == 1:
        page["features"][0]["properties"] = {}


FAULTS: dict[str, Callable[..., bool]] = {
    "loop": _change(_loop),
    "tokens": _change(_tokens),
    "endless": _change(_endless),
    "foreign": _change(_foreign),
    "matched": _change(_matched),
    "context": _change(_context),
    "empty": _change(_empty),
    "nothing": _change(_nothing),
    "broken item": _change(_broken_item),
    "429 once": _refuse(429, 1, 0, wait="1"),
    "429 for ever": _refuse(429, 99, 0, wait="1"),
    "503 on page 2": _refuse(503, 1, 1),
    "429 on page 3": _refuse(429, 2, 2, wait="0"),
    "503 on page 3 for ever": _refuse(503, 99, 2),
    "429 on page 2 for ever": _refuse(429, 99, 1, wait="0"),
    "403": _refuse(403, 99, 0),
    "truncated": _truncated,
    "cut": _cut,
    "stall": _stall,
    "redirect": _redirect,
    "deep": _deep,
    "html": _html,
    "list": _list,
}
