"""Serve STAC items on the loopback with a real STAC API server.

Here belongs starting and stopping ``rustac serve``, a server written by others, so that the
catalogue is not talked to through our own idea of it.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

START_S = 30.0
"""How long the server may take to answer for the first time."""


class ServerError(RuntimeError):
    """The server is not installed, or does not come up."""


def find_server() -> str:
    """Path of the program.

    Raises:
        ServerError: if it is not installed.
    """
    beside = Path(sys.executable).with_name("rustac")
    found = str(beside) if beside.is_file() else shutil.which("rustac")
    if found is None:
        raise ServerError("rustac is not installed; ./dev test and ./dev bench install it")
    return found


@contextmanager
def serve_items(items: Path) -> Iterator[str]:
    """Serve an item collection until the block ends.

    Args:
        items: a JSON file with a FeatureCollection; its collections are made up by the server.

    Yields:
        The URL of the landing page.

    Raises:
        ServerError: if the server is missing or does not come up.
    """
    address = f"127.0.0.1:{_free_port()}"
    command = [find_server(), "serve", "--addr", address, "--create-collections", str(items)]
    log = items.with_suffix(".log")
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL)  # noqa: S603 - our own arguments
        try:
            _wait(f"http://{address}/", process, log)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def _free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers.

    Raises:
        ServerError: if it ends before, or takes too long.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with opener.open(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace")[-500:]
    raise ServerError(f"rustac serve did not come up: {said or 'it said nothing'}")
