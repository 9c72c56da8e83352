"""Serve a folder on the loopback with byte ranges, as an object store would.

Here belongs a small, well-behaved server that counts what it gives away and may be told to be
as far away as a real one. Servers that misbehave belong to the fault tests.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import file_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BACKLOG = 128
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass
class Served:
    """What is served, and what was asked for.

    Attributes:
        root: the folder.
        url: its address.
        latency_s: how long every answer is held back, whatever its size.
        counts: how many requests were answered with each status.
        nbytes: how many bytes of bodies were sent.
    """

    root: Path
    url: str = ""
    latency_s: float = 0.0
    counts: Counter[int] = field(default_factory=Counter)
    nbytes: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int, nbytes: int) -> None:
        """Count one answer."""
        with self.counting:
            self.counts[status] += 1
            self.nbytes += nbytes

    def taken(self) -> tuple[int, int]:
        """Requests and bytes since the last time this was asked."""
        with self.counting:
            n_requests, nbytes = self.counts.total(), self.nbytes
            self.counts.clear()
            self.nbytes = 0
        return n_requests, nbytes

    @cached_property
    def home(self) -> Path:
        """The folder with its links followed."""
        return self.root.resolve()


@contextmanager
def serve_folder(root: Path, *, latency_s: float = 0.0) -> Iterator[Served]:
    """Serve a folder until the block ends; every answer is held back by the latency."""
    served = Served(root, latency_s=latency_s)
    handler = type("Handler", (_Handler,), {"served": served})
    server = _Server(("127.0.0.1", 0), handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the byte after the last of a Range header; None if it cannot be met.

    Example:
        >>> parse_range("bytes=0-9", 100), parse_range("bytes=-10", 100)
        ((0, 10), (90, 100))
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    stop = min(size, int(last) + 1) if last else size
    return (int(first), stop) if int(first) < stop else None


@lru_cache(maxsize=4096)
def _etag(path: Path, mtime_ns: int, size: int) -> str:
    """The hash of a file, taken once for as long as time and size stay the same."""
    del mtime_ns, size
    with path.open("rb") as stream:
        return f'"{file_digest(stream, "sha256").hexdigest()[:32]}"'


class _Server(ThreadingHTTPServer):
    """A thread a connection; many may knock at once."""

    daemon_threads = True
    request_queue_size = _BACKLOG

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error of the server."""


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    served: ClassVar[Served]
    protocol_version = "HTTP/1.1"
    # Without these an answer leaves in pieces, and the second waits 40 ms for the first's receipt.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._answer(has_body=False)

    def do_GET(self) -> None:
        """Answer with a body, whole or in part."""
        self._answer(has_body=True)

    def _answer(self, *, has_body: bool) -> None:
        """Find the file and send what was asked for."""
        path = (self.served.home / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        if not path.is_relative_to(self.served.home) or not path.is_file():
            self._send(HTTPStatus.NOT_FOUND, b"", {}, has_body=False)
            return
        state = path.stat()
        headers = {"Accept-Ranges": "bytes", "ETag": _etag(path, state.st_mtime_ns, state.st_size)}
        asked = self.headers.get("Range")
        span = (0, state.st_size) if asked is None else parse_range(asked, state.st_size)
        if span is None:
            headers["Content-Range"] = f"bytes */{state.st_size}"
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            self._send(status, b"", headers, has_body=False)
            return
        status = HTTPStatus.OK
        if asked is not None:
            headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{state.st_size}"
            status = HTTPStatus.PARTIAL_CONTENT
        with path.open("rb") as stream:
            stream.seek(span[0])
            self._send(status, stream.read(span[1] - span[0]), headers, has_body=has_body)

    def _send(
        self, status: HTTPStatus, data: bytes, headers: dict[str, str], *, has_body: bool
    ) -> None:
        """Count one answer and send it, when its time has come."""
        time.sleep(self.served.latency_s)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        # Counted before it leaves: whoever holds the answer may ask for the count at once.
        self.served.note(status, len(data) if has_body else 0)
        if has_body:
            self.wfile.write(data)
        self.wfile.flush()
