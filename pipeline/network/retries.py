"""How long to wait for a server, and how often to ask it again.

Here belong pauses and attempts. Which answers may pass belongs here, too; what an answer holds
belongs to whoever asked.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import FetchRetryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

T = TypeVar("T")

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be another one the next time."""
DENIED = frozenset({401, 403})
MAX_WAIT_S = 300.0
"""A server that asks for a longer pause is asked again after this."""
FIRST_PAUSE_S = 0.25
"""Pause before the second attempt; it doubles with each further one."""


async def insist(work: Callable[[], Awaitable[T]], attempts: int) -> T:
    """Do a work up to so many times, with the pauses that the servers ask for.

    Raises:
        FetchRetryError: if the last attempt failed, too.
        PipelineError: at once, for a reason that does not pass.
    """
    for attempt in range(attempts - 1):
        try:
            return await work()
        except FetchRetryError as error:
            await asyncio.sleep(max(FIRST_PAUSE_S * 2**attempt, error.wait_s))
    return await work()


def refuse_passing(response: httpx.Response, shown: str) -> None:
    """Raise for an answer that may be another one the next time.

    Raises:
        FetchRetryError: with the pause that the server asks for.
    """
    if response.status_code in PASSING:
        wait_s = wait_of(response.headers.get("retry-after", ""), datetime.now(UTC))
        what = f"the server answered {response.status_code}"
        raise FetchRetryError(what, where=shown, remedy="run again later", wait_s=wait_s)


def wait_of(header: str, now: datetime) -> float:
    """Seconds that a ``Retry-After`` header asks to wait, as number or as date; at most the cap.

    Source: RFC 9110, section 10.2.3.

    Example:
        >>> wait_of("7", datetime(2020, 1, 1, tzinfo=UTC))
        7.0
    """
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - now).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), MAX_WAIT_S) if seconds == seconds else 0.0  # noqa: PLR0124 - NaN
