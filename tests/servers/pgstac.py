"""stac-fastapi-pgstac over a PostgreSQL of its own, in a temporary folder, on the loopback.

Here belongs starting, filling and stopping the two. PostgreSQL refuses to run as root, so that
root lends it the account ``postgres``. Nothing outlives the block; no cluster of the machine is
touched.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

START_S = 60.0
ACCOUNT = "postgres"
NEEDED = ("stac_fastapi.pgstac", "pypgstac", "psycopg", "uvicorn")
_CLUSTERS = Path("/usr/lib/postgresql")


def missing() -> str:
    """What is not installed, in words; empty if all is there."""
    modules = [name for name in NEEDED if not _is_there(name)]
    if modules:
        return f"not installed: {', '.join(modules)} (the pgstac extra)"
    if not _program("initdb"):
        return "PostgreSQL is not installed"
    if not list(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        return "PostGIS is not installed"
    return ""


def _is_there(name: str) -> bool:
    """Whether a module can be imported."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _program(name: str) -> str:
    """A program of the newest PostgreSQL; empty if there is none."""
    beside = sorted(_CLUSTERS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return str(beside[-1]) if beside else shutil.which(name) or ""


@contextmanager
def serve_pgstac(items: Sequence[dict[str, Any]], collection: dict[str, Any]) -> Iterator[str]:
    """Serve items until the block ends.

    Yields:
        The URL of the landing page.
    """
    # Below /tmp itself: the folders of pytest are closed to other accounts.
    with tempfile.TemporaryDirectory(prefix="zonewatch-pg-") as folder, _postgres(folder) as port:
        environment = _environment(port)
        _load(Path(folder), environment, items, collection)
        with _api(Path(folder), environment) as url:
            yield url


@contextmanager
def _postgres(folder: str) -> Iterator[int]:
    """A new cluster that listens on the loopback only."""
    account = ACCOUNT if os.geteuid() == 0 else None
    if account:
        shutil.chown(folder, account)
    data, port = f"{folder}/data", _free_port()
    make = ("initdb", "-D", data, "-U", "zonewatch", "-A", "trust", "-E", "UTF8")
    _run([_program(make[0]), *make[1:]], account=account)
    options = ("-D", data, "-k", folder, "-h", "127.0.0.1", "-p", str(port), "-F")
    command, log = [_program("postgres"), *options], Path(folder, "postgres.log")
    with _started(command, log, lambda: _answers(port), account=account):
        yield port


def _environment(port: int) -> dict[str, str]:
    """How the clients find the database; the password is never asked for."""
    database = {"PGUSER": "zonewatch", "PGPASSWORD": "unused", "PGDATABASE": "postgres"}
    return {**os.environ, **database, "PGHOST": "127.0.0.1", "PGPORT": str(port)}


def _load(
    folder: Path,
    environment: dict[str, str],
    items: Sequence[dict[str, Any]],
    collection: dict[str, Any],
) -> None:
    """Make the schema and put the items in."""
    tool = (sys.executable, "-m", "pypgstac.pypgstac")
    _run([*tool, "migrate"], environment=environment)
    for table, documents in (("collections", [collection]), ("items", list(items))):
        path = folder / f"{table}.ndjson"
        path.write_text("\n".join(map(json.dumps, documents)), encoding="utf-8")
        _run([*tool, "load", table, str(path), "--method", "insert"], environment=environment)


@contextmanager
def _api(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The API in front of the database."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    app = ("-m", "uvicorn", "--factory", "stac_fastapi.pgstac.app:create_app")
    command = [sys.executable, *app, "--host", "127.0.0.1", "--port", str(port)]
    with _started(command, folder / "api.log", lambda: _responds(url), environment=environment):
        yield url


@contextmanager
def _started(
    command: list[str],
    log: Path,
    is_up: Callable[[], bool],
    *,
    account: str | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[None]:
    """A server that is up until the block ends; what it said is in the error."""
    with log.open("wb") as sink:
        server = subprocess.Popen(  # noqa: S603 - our own arguments
            command, cwd=log.parent, user=account, env=environment, stdout=sink, stderr=sink
        )
    deadline = time.monotonic() + START_S
    try:
        while not is_up():
            said = log.read_text(encoding="utf-8", errors="replace")[-1500:]
            assert server.poll() is None, f"{command[0]} ended: {said}"
            assert time.monotonic() < deadline, f"{command[0]} did not come up: {said}"
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def _run(
    command: list[str], *, account: str | None = None, environment: dict[str, str] | None = None
) -> None:
    """Run a program to its end; what it said is in the error."""
    done = subprocess.run(  # noqa: S603 - our own arguments
        command,
        cwd=tempfile.gettempdir(),
        user=account,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command[:4]}: {done.stdout[-500:]} {done.stderr[-1500:]}"


def _free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _answers(port: int) -> bool:
    """Whether the database lets a client in."""
    import psycopg  # noqa: PLC0415 - of the pgstac extra

    try:
        where = f"host=127.0.0.1 port={port} user=zonewatch dbname=postgres connect_timeout=2"
        with psycopg.connect(where):
            return True
    except psycopg.OperationalError:
        return False


def _responds(url: str) -> bool:
    """Whether a landing page comes."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
