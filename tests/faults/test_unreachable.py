"""Nobody at home, in the ways that wait instead of refusing: left in time, and may pass."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import FetchRetryError
from pipeline.fetch import fetch_scene
from pipeline.model.scene import Asset
from pipeline.network.access import PUBLIC
from pipeline.network.backend import GuardedTransport
from pipeline.network.documents import Patience, Reader, ask
from pipeline.network.door import Call, Door
from tests.unit.fetch_factory import LOOPBACK, SITE, options, store_at
from tests.unit.scene_factory import make_scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BRIEF = Patience(timeout_s=0.5, attempts=2)
LONGEST_S = 10.0
"""Far more than both attempts are given, far less than the kernel would wait."""


@contextmanager
def blackhole() -> Iterator[str]:
    """A port whose queue is full, so that a connection is neither made nor refused."""
    with ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            one = held.enter_context(socket.socket())
            one.settimeout(0)
            one.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/a.tif"


def test_f04_a_connection_that_is_never_made_is_left_in_time() -> None:
    started = time.monotonic()
    with (
        blackhole() as url,
        Reader(LOOPBACK, BRIEF) as reader,
        pytest.raises(FetchRetryError, match=r"in time|within"),
    ):
        reader.ask(Call(f"{url}?sig=CANARY"))
    assert time.monotonic() - started < LONGEST_S


def test_f04_an_asset_behind_a_connection_that_is_never_made_is_a_failure(tmp_path: Path) -> None:
    started = time.monotonic()
    with blackhole() as url:
        scene = make_scene("S2A", assets={"red": Asset("B04", url, "red", 10.0)})
        brief = options(bands=("red",), timeout_s=0.6, attempts=2)
        done = fetch_scene(SITE, scene, store_at(tmp_path), brief, access=LOOPBACK)
    (failure,) = done.failures
    assert failure.kind == "FetchRetryError"
    assert time.monotonic() - started < LONGEST_S


def test_f04_a_name_that_is_never_resolved_is_left_in_time() -> None:
    async def never(_: str, __: int) -> list[str]:
        await asyncio.sleep(3600)
        return []

    async def run() -> None:
        async with Door(PUBLIC, transport=GuardedTransport(PUBLIC, 2, never)) as door:
            await ask(door, Call("https://slow.example/a?sig=CANARY"), BRIEF)

    started = time.monotonic()
    with pytest.raises(FetchRetryError, match=r"within 0\.5 s") as caught:
        asyncio.run(run())
    assert time.monotonic() - started < LONGEST_S
    assert "CANARY" not in str(caught.value)
