"""A file server on the loopback with ranges, and with one fault, named by the head of the path.

Here belongs how the server misbehaves; what must come of it stands in the tests. ``/good/a.tif``
serves a file properly, ``/cut/a.tif`` breaks off, and so on through ``FAULTS``.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BUSY_TIMES = 1
"""How often the faults named ``once`` happen before the server comes to its senses."""


@dataclass
class Served:
    """What a server serves, and what it was asked.

    Attributes:
        folder: the files.
        url: address of the server, without a slash at the end.
        requests: path with query and range of every request.
        headers: all headers of every request.
        tokens: answers of the signing service under ``/token/``, one a request, the last for ever.
        accepted: what a query must hold one of for ``/signed/`` to serve.
        elsewhere: where the server redirects to, if not to another loopback address.
        clients: the far end of every connection that was made.
        release: lets stalled answers end, when the server closes.
    """

    folder: Path
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    tokens: list[bytes] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    elsewhere: str = ""
    clients: set[tuple[str, int]] = field(default_factory=set)
    release: threading.Event = field(default_factory=threading.Event)

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(urlsplit(asked).path == path for asked, _ in self.requests)


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """Serve until the block ends."""
    served = Served(folder)
    handler = type("Handler", (_Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET with a range; every fault is a method."""

    served: ClassVar[Served]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Stay silent."""

    def do_GET(self) -> None:
        """Note the request and answer in the way that the path names."""
        self.served.clients.add(self.client_address)
        self.served.requests.append((self.path, self.headers.get("range", "")))
        self.served.headers.append({key.lower(): value for key, value in self.headers.items()})
        fault, _, name = urlsplit(self.path).path.lstrip("/").partition("/")
        if fault == "token":
            self.token()
            return
        path = self.served.folder / name
        if not path.is_file():
            self.status(404)
            return
        self.data = path.read_bytes()
        first, last = self.headers.get("range", "bytes=0-").removeprefix("bytes=").split("-")
        self.start = int(first)
        self.stop = min(int(last or len(self.data)) + 1, len(self.data))
        self.is_header = self.start == 0
        FAULTS[fault](self)

    def good(self, *, etag: str = '"v1"', data: bytes | None = None) -> None:
        """The range that was asked for."""
        if self.start >= len(self.data):
            self.status(416)
            return
        whole = self.data if data is None else data
        body = whole[self.start : self.stop]
        self.head(206, len(body), etag=etag)
        self.wfile.write(body)

    def head(self, code: int, length: int, *, etag: str = '"v1"', **extra: str) -> None:
        """Status and headers of a partial answer."""
        self.send_response(code)
        self.send_header("content-length", str(length))
        self.send_header("content-range", f"bytes {self.start}-{self.stop - 1}/{len(self.data)}")
        self.send_header("content-type", "image/tiff")
        if etag:
            self.send_header("etag", etag)
        for name, value in extra.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def status(self, code: int, body: bytes = b"", **extra: str) -> None:
        """An answer without pixels."""
        self.send_response(code)
        self.send_header("content-length", str(len(body)))
        for name, value in extra.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def is_first(self) -> bool:
        """Whether this path is asked for the first time."""
        return self.served.count(urlsplit(self.path).path) <= BUSY_TIMES

    def hang_up(self) -> None:
        """End the connection in the middle."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.close()

    def on_blocks(self, fault: Callable[[], None]) -> None:
        """Serve the header properly, and the blocks with a fault."""
        if self.is_header:
            self.good()
        else:
            fault()

    def cut(self) -> None:
        """Promise all and send half."""
        self.head(206, self.stop - self.start)
        self.wfile.write(self.data[self.start : (self.start + self.stop) // 2])
        self.hang_up()

    def short(self) -> None:
        """A consistent 206 that is shorter than what was asked."""
        self.stop = (self.start + self.stop) // 2
        self.good()

    def shorter(self) -> None:
        """A range as asked in words, and fewer bytes, with a matching length."""
        body = self.data[self.start : (self.start + self.stop) // 2]
        self.head(206, len(body))
        self.wfile.write(body)

    def longer(self) -> None:
        """More bytes than the range has."""
        self.head(206, self.stop - self.start + 10)
        self.wfile.write(self.data[self.start : self.stop] + b"0123456789")

    def shifted(self) -> None:
        """Bytes from another place, and honest about it."""
        self.start += 16
        self.good()

    def stall(self) -> None:
        """Ten bytes, and then nothing."""
        self.head(206, self.stop - self.start)
        self.wfile.write(self.data[self.start : self.start + 10])
        self.wfile.flush()
        self.served.release.wait(20)
        self.close_connection = True

    def drip(self) -> None:
        """A byte now and then: each read is quick, the whole takes hours."""
        self.head(206, self.stop - self.start)
        self.trickle()

    def trickle(self) -> None:
        """Bytes with pauses between them."""
        for place in range(self.start, self.stop):
            if self.served.release.wait(0.05):
                break
            try:
                self.wfile.write(self.data[place : place + 1])
                self.wfile.flush()
            except OSError:
                break
        self.close_connection = True

    def swap(self) -> None:
        """Another object from the second request on: same size, other pixels, other version."""
        if self.is_first():
            self.good()
        else:
            self.good(etag='"v2"', data=bytes(byte ^ 1 for byte in self.data))

    def swap_file(self) -> None:
        """Another sound file at every second request: same size, same layout, other pixels."""
        if len(self.served.requests) % 2:
            self.good()
        else:
            name = urlsplit(self.path).path.rpartition("/")[2]
            other = self.served.folder / f"other-{name}"
            self.good(etag='"v2"', data=other.read_bytes())

    def swap_once(self) -> None:
        """An object that is replaced after its header was read, by a version that stays."""
        self.good(etag='"v1"' if self.is_first() else '"v2"')

    def grow(self) -> None:
        """An object without a version that grows with every request."""
        self.data += b"more" * len(self.served.requests)
        self.good(etag="")

    def whole(self) -> None:
        """The whole object, whatever was asked."""
        self.status(200, self.data)

    def whole_cut(self) -> None:
        """Promise the whole object and send half."""
        self.send_response(200)
        self.send_header("content-length", str(len(self.data)))
        self.end_headers()
        self.wfile.write(self.data[: len(self.data) // 2])
        self.hang_up()

    def whole_drip(self) -> None:
        """The whole object, a byte now and then."""
        self.send_response(200)
        self.send_header("content-length", str(len(self.data)))
        self.end_headers()
        self.trickle()

    def html(self) -> None:
        """A login page, said to be a success."""
        self.status(200, b"<html>please log in</html>", content_type="text/html")

    def html_range(self) -> None:
        """A login page that pretends to be the range."""
        self.good(data=(b"<html>please log in</html>" * 99_999)[: len(self.data)])

    def zeros(self) -> None:
        """Zeros instead of bytes."""
        self.good(data=bytes(len(self.data)))

    def gzip(self) -> None:
        """A compressed answer, which nobody asked for."""
        self.head(206, self.stop - self.start, content_encoding="gzip")
        self.wfile.write(self.data[self.start : self.stop])

    def redirect(self) -> None:
        """Another place on the same server."""
        name = urlsplit(self.path).path.rpartition("/")[2]
        self.status(302, location=f"{self.served.url}/good/{name}")

    def token(self) -> None:
        """An answer of the signing service; no answer left is a service that is down."""
        told = self.served.tokens
        if not told:
            self.status(503)
        else:
            self.status(200, told.pop(0) if len(told) > 1 else told[0])

    def signed(self) -> None:
        """The range, for whoever has a signature; the whole, if none was asked for."""
        if not any(one in urlsplit(self.path).query for one in self.served.accepted):
            self.status(403, b"<Error>AuthenticationFailed</Error>")
        elif self.headers.get("range"):
            self.good()
        else:
            self.status(200, self.data, etag='"v1"')

    def redirects(self) -> None:
        """This place again, without end."""
        self.status(307, location=self.path)

    def redirect_to(self, target: str) -> None:
        """Somewhere else; the word QUERY stands for what was asked with."""
        self.status(302, location=target.replace("QUERY", urlsplit(self.path).query))


FAULTS: dict[str, Callable[[_Handler], None]] = {
    "good": _Handler.good,
    "no-etag": lambda it: it.good(etag=""),
    "429-once": lambda it: it.status(429, retry_after="0") if it.is_first() else it.good(),
    "429-date": lambda it: (
        it.status(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT") if it.is_first() else it.good()
    ),
    "503-once": lambda it: it.status(503) if it.is_first() else it.good(),
    "cut-once": lambda it: it.cut() if it.is_first() else it.good(),
    "swap-once": _Handler.swap_once,
    "swap-file": _Handler.swap_file,
    "429": lambda it: it.status(429, retry_after="0"),
    "429-long": lambda it: it.status(429, retry_after="9999999"),
    "500": lambda it: it.status(500, b"secret trace"),
    "503": lambda it: it.status(503),
    "403": lambda it: it.status(403, b"<Error>AccessDenied</Error>"),
    "404": lambda it: it.status(404),
    "cut": _Handler.cut,
    "cut-blocks": lambda it: it.on_blocks(it.cut),
    "500-blocks": lambda it: it.on_blocks(lambda: it.status(500)),
    "short": _Handler.short,
    "short-blocks": lambda it: it.on_blocks(it.short),
    "shorter-blocks": lambda it: it.on_blocks(it.shorter),
    "longer-blocks": lambda it: it.on_blocks(it.longer),
    "shifted-blocks": lambda it: it.on_blocks(it.shifted),
    "stall": _Handler.stall,
    "stall-blocks": lambda it: it.on_blocks(it.stall),
    "drip-blocks": lambda it: it.on_blocks(it.drip),
    "swap": _Handler.swap,
    "grow": _Handler.grow,
    "whole": _Handler.whole,
    "whole-cut": _Handler.whole_cut,
    "whole-drip": _Handler.whole_drip,
    "whole-blocks": lambda it: it.on_blocks(it.whole),
    "html": _Handler.html,
    "html-range": _Handler.html_range,
    "html-blocks": lambda it: it.on_blocks(it.html_range),
    "zeros-blocks": lambda it: it.on_blocks(it.zeros),
    "gzip": _Handler.gzip,
    "signed": _Handler.signed,
    "redirect": _Handler.redirect,
    "redirects": _Handler.redirects,
    "redirect-out": lambda it: it.redirect_to(it.served.elsewhere or "http://127.0.0.2/a.tif"),
    "redirect-leak": lambda it: it.redirect_to("https://elsewhere.example/a.tif?QUERY"),
    "redirect-bad": lambda it: it.redirect_to("https://[bad/"),
}
"""What the head of a path may name."""
