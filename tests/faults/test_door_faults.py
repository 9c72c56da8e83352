"""The door itself: where a connection goes, how long it is waited for, how much is taken in."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pipeline.errors import FetchError, FetchRetryError, PipelineError
from pipeline.network.access import PUBLIC, Access
from pipeline.network.backend import GuardedTransport
from pipeline.network.documents import Answer, Patience, Reader, ask
from pipeline.network.door import Call, Door
from tests.faults.server import Served, serve
from tests.unit.fetch_factory import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ONCE = Patience(timeout_s=5.0, attempts=1)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "a").write_bytes(b"0123456789" * 1000)
    with serve(tmp_path) as server:
        yield server


def asked(access: Access, call: Call, patience: Patience = ONCE) -> Answer:
    with Reader(access, patience) as reader:
        return reader.ask(call)


def through(door: Door, url: str) -> Answer:
    async def run() -> Answer:
        async with door:
            return await ask(door, Call(url), ONCE)

    return asyncio.run(run())


@contextmanager
def speaking(script: Callable[[socket.socket], Any]) -> Iterator[str]:
    """A server of raw bytes: one connection after the other, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_all() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    try:
                        script(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve_all, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_a_name_that_leads_home_is_never_asked(served: Served) -> None:
    """DNS rebinding: the name is public to the eye and private to the resolver."""
    port = int(served.url.rpartition(":")[2])
    looked_up: list[str] = []

    async def rebound(host: str, _: int) -> list[str]:
        looked_up.append(host)
        return ["93.184.215.14", "127.0.0.1"] if len(looked_up) == 1 else ["127.0.0.1"]

    for _ in range(2):
        door = Door(PUBLIC, transport=GuardedTransport(PUBLIC, 2, rebound))
        with pytest.raises(FetchError, match="leads to a private address") as caught:
            through(door, f"https://rebound.example:{port}/good/a?sig=CANARY")
        assert "CANARY" not in str(caught.value)
    assert looked_up == ["rebound.example"] * 2
    assert served.requests == []


def test_the_connection_goes_to_the_address_that_was_checked(served: Served) -> None:
    """The name is looked up once, by us; nobody looks it up again on the way to the socket."""
    access = Access(named=frozenset({"localhost"}))
    seen: list[str] = []

    async def once(host: str, _: int) -> list[str]:
        seen.append(host)
        return ["127.0.0.1"]

    def refuse(*_: object, **__: object) -> list[Any]:
        pytest.fail("the name was looked up again")

    door = Door(access, transport=GuardedTransport(access, 2, once))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", refuse)
        url = served.url.replace("127.0.0.1", "localhost")
        assert through(door, f"{url}/whole/a").status == 200
    assert seen == ["localhost"]


def test_a_second_address_is_tried_where_the_first_does_not_answer(served: Served) -> None:
    access = Access(named=frozenset({"localhost"}))

    async def two(_: str, __: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    door = Door(access, transport=GuardedTransport(access, 2, two))
    url = served.url.replace("127.0.0.1", "localhost")
    assert through(door, f"{url}/whole/a").status == 200


@pytest.mark.parametrize("found", [[], None])
def test_a_name_without_an_address_may_pass(found: list[str] | None) -> None:
    async def nobody(_: str, __: int) -> list[str]:
        if found is None:
            raise socket.gaierror(-2, "Name or service not known")
        return found

    door = Door(PUBLIC, transport=GuardedTransport(PUBLIC, 2, nobody))
    with pytest.raises(FetchRetryError, match="connection failed"):
        through(door, "https://gone.example/a")


def test_the_name_in_tls_stays_the_name_that_was_asked_for() -> None:
    hello: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            connection, _ = listener.accept()
            with connection:
                hello.append(connection.recv(4096))

        thread = threading.Thread(target=listen)
        thread.start()
        access = Access(named=frozenset({"localhost"}))
        port = listener.getsockname()[1]
        with pytest.raises(FetchRetryError):
            through(Door(access), f"https://localhost:{port}/a")
        thread.join(5)
    assert b"localhost" in hello[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_private_host_is_never_followed(served: Served, status: int) -> None:
    """The canary listens on another address of this machine, which nobody named."""
    with socket.create_server(("127.0.0.2", 0)) as canary:
        canary.settimeout(0.2)
        target = f"http://127.0.0.2:{canary.getsockname()[1]}/latest/meta-data"
        answer = f"HTTP/1.1 {status} x\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n"
        with (
            speaking(lambda it: it.sendall(answer.encode())) as url,
            pytest.raises(FetchError, match="not one to ask"),
        ):
            asked(LOOPBACK, Call(f"{url}/a"))
        with pytest.raises(TimeoutError):
            canary.accept()
    assert served.requests == []


def test_redirects_keep_the_range_and_drop_what_is_private(served: Served) -> None:
    called = Call(
        f"{served.url}/redirect/a", headers={"range": "bytes=0-3", "authorization": "CANARY"}
    )
    assert asked(LOOPBACK, called) == Answer(206, b"0123")
    away = called.to("https://elsewhere.example/a")
    assert dict(away.headers) == {"range": "bytes=0-3"}
    assert called.to(f"{served.url}/b").headers == called.headers


@pytest.mark.parametrize(("status", "is_followed"), [(302, False), (307, True), (308, True)])
def test_a_body_is_only_sent_again_where_the_redirect_says_so(
    status: int, *, is_followed: bool
) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/new":
            return httpx.Response(200, content=request.method.encode() + request.content)
        return httpx.Response(status, headers={"location": "/new"})

    door = Door(PUBLIC, transport=httpx.MockTransport(respond))
    call = Call("https://a.example/old", "POST", content=b"{}")

    async def run() -> Answer:
        async with door:
            return await ask(door, call, ONCE)

    if is_followed:
        assert asyncio.run(run()).body == b"POST{}"
    else:
        with pytest.raises(FetchError, match="redirects a request that has a body"):
            asyncio.run(run())


def test_an_answer_that_drips_is_left_in_time() -> None:
    """Each read is quick; headers and body would take minutes."""

    def drip(it: socket.socket) -> None:
        for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + b"x" * 9999:
            it.sendall(bytes([byte]))
            time.sleep(0.02)

    with speaking(drip) as url:
        started = time.monotonic()
        with pytest.raises(FetchRetryError, match=r"did not arrive within 0\.4 s"):
            asked(LOOPBACK, Call(f"{url}/a?sig=CANARY"), Patience(timeout_s=0.4, attempts=1))
        assert time.monotonic() - started < 5


def test_an_answer_without_end_is_cut_off() -> None:
    def pour(it: socket.socket) -> None:
        it.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            it.sendall(b"x" * 65536)

    with speaking(pour) as url, pytest.raises(FetchError, match="larger than 100000 bytes"):
        asked(LOOPBACK, Call(f"{url}/a"), Patience(max_bytes=100_000))


def test_a_packed_answer_is_measured_unpacked() -> None:
    import gzip  # noqa: PLC0415 - for this bomb only

    bomb = gzip.compress(bytes(50_000_000))
    head = f"HTTP/1.1 200 x\r\ncontent-encoding: gzip\r\ncontent-length: {len(bomb)}\r\n\r\n"
    with (
        speaking(lambda it: it.sendall(head.encode() + bomb)) as url,
        pytest.raises(FetchError, match="larger than"),
    ):
        asked(LOOPBACK, Call(f"{url}/a"), Patience(max_bytes=1_000_000))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that does not run: the pauses that were asked for."""
    taken: list[float] = []

    async def note(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr("pipeline.network.retries.asyncio.sleep", note)
    return taken


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("header", "low_s", "high_s"),
    [("7", 7, 7), ("in 90 s", 80, 90), ("99999999", 300, 300), ("", 0.2, 0.6), ("junk", 0.2, 0.6)],
)
def test_a_server_is_waited_for_as_it_asks(  # noqa: PLR0917 - a table
    pauses: list[float], status: int, method: str, header: str, low_s: float, high_s: float
) -> None:
    wait = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    bodies: list[bytes] = []

    def respond(request: httpx.Request) -> httpx.Response:
        bodies.append(request.method.encode() + request.content)
        if len(bodies) < 3:
            shown = wait if header == "in 90 s" else header
            return httpx.Response(status, headers={"retry-after": shown} if shown else {})
        return httpx.Response(200, content=b"good")

    door = Door(PUBLIC, transport=httpx.MockTransport(respond))

    async def run() -> Answer:
        async with door:
            call = Call("https://a.example/search", method, content=b"{}")
            return await ask(door, call, Patience(attempts=3))

    assert asyncio.run(run()) == Answer(200, b"good")
    assert len(set(bodies)) == 1
    assert len(pauses) == 2
    assert all(low_s <= pause <= high_s for pause in pauses)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_what_does_not_pass_is_not_asked_again(pauses: list[float], status: int) -> None:
    door = Door(PUBLIC, transport=httpx.MockTransport(lambda _: httpx.Response(status)))
    assert through(door, "https://a.example/a").status == status
    assert pauses == []


def test_connections_are_kept_and_no_more_are_open_than_allowed(served: Served) -> None:
    async def run() -> None:
        access = Access(named=LOOPBACK.named, max_connections=3)
        async with Door(access, n_connections=9) as door:
            calls = (Call(f"{served.url}/whole/a") for _ in range(30))
            await asyncio.gather(*(ask(door, call, ONCE) for call in calls))

    asyncio.run(run())
    assert len(served.clients) <= 3
    assert len(served.requests) == 30


def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
    with speaking(lambda it: it.sendall(answer)) as url, Reader(LOOPBACK, ONCE) as reader:
        for _ in range(3):
            assert reader.ask(Call(f"{url}/a")).body == b"hi"
            time.sleep(0.05)


def test_a_broken_answer_gives_its_place_back() -> None:
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"
    with speaking(lambda it: it.sendall(half)) as url:

        async def run() -> None:
            async with Door(LOOPBACK, n_connections=1) as door:
                for _ in range(4):
                    with pytest.raises(FetchRetryError, match="connection failed"):
                        await ask(door, Call(url), ONCE)

        asyncio.run(asyncio.wait_for(run(), 10))


def test_a_connection_that_fails_gives_its_place_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/a"

    async def run() -> None:
        async with Door(LOOPBACK, n_connections=1) as door:
            for _ in range(3):
                with pytest.raises(FetchRetryError, match="connection failed"):
                    await ask(door, Call(url), Patience(timeout_s=1.0, attempts=1))

    asyncio.run(asyncio.wait_for(run(), 10))


def test_nothing_of_the_environment_is_obeyed(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password CANARY\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    assert asked(LOOPBACK, Call(f"{served.url}/whole/a")).status == 200
    assert "authorization" not in served.headers[0]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2/a?CANARY-CANARY", "https://x:CANARY-CANARY@a.example/", "no address"]
)
def test_nothing_is_sent_to_an_address_that_is_refused(url: str) -> None:
    def respond(_: httpx.Request) -> httpx.Response:
        pytest.fail("a request was sent")

    door = Door(LOOPBACK, transport=httpx.MockTransport(respond))
    with pytest.raises(PipelineError) as caught:
        through(door, url)
    assert "CANARY" not in f"{caught.value} {caught.value.__cause__}"
