"""Serve a folder on the loopback with byte ranges, as an object store would.

Here belongs a small, well-behaved server that counts what it gives away. Servers that misbehave
belong to the fault tests.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass
class Served:
    """What is served, and what was asked for.

    Attributes:
        root: the folder.
        url: its address.
        counts: how many requests were answered with each status.
        nbytes: how many bytes of bodies were sent.
    """

    root: Path
    url: str = ""
    counts: Counter[int] = field(default_factory=Counter)
    nbytes: int = 0

    def note(self, status: int, nbytes: int) -> None:
        """Count one answer; off by a few under concurrency is good enough for a count."""
        self.counts[status] += 1
        self.nbytes += nbytes

    @cached_property
    def home(self) -> Path:
        """The folder with its links followed."""
        return self.root.resolve()


@contextmanager
def serve_folder(root: Path) -> Iterator[Served]:
    """Serve a folder until the block ends."""
    served = Served(root)
    handler = type("Handler", (_Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
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


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    served: ClassVar[Served]
    protocol_version = "HTTP/1.1"

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
        data, headers = path.read_bytes(), {"Accept-Ranges": "bytes"}
        headers["ETag"] = f'"{sha256(data).hexdigest()[:32]}"'
        asked = self.headers.get("Range")
        if asked is None:
            self._send(HTTPStatus.OK, data, headers, has_body=has_body)
            return
        span = parse_range(asked, len(data))
        if span is None:
            headers["Content-Range"] = f"bytes */{len(data)}"
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            self._send(status, b"", headers, has_body=False)
            return
        headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{len(data)}"
        self._send(HTTPStatus.PARTIAL_CONTENT, data[slice(*span)], headers, has_body=has_body)

    def _send(
        self, status: HTTPStatus, data: bytes, headers: dict[str, str], *, has_body: bool
    ) -> None:
        """Send one answer and count it."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if has_body:
            self.wfile.write(data)
        self.served.note(status, len(data) if has_body else 0)
