"""What a regular series lacks between its first and its last date.

Here belongs counting by calendar. What is regular belongs to ``sensors``, what is held to
``holdings``.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Cadence(StrEnum):
    """How often a product comes."""

    DAILY = "day"
    MONTHLY = "month"
    YEARLY = "year"
    IRREGULAR = "scene"


class Gap(NamedTuple):
    """Dates in a row that are not held.

    Attributes:
        first: the first day of the first missing period.
        last: the first day of the last missing period.
        n: how many periods are missing.
    """

    first: date
    last: date
    n: int


def gaps(cadence: Cadence, firsts: Iterable[date]) -> tuple[Gap, ...]:
    """What is missing between the first and the last date of a series.

    Args:
        cadence: how often the product comes; an irregular one has no gaps.
        firsts: the first day of each period that is held.

    Example:
        >>> held = [date(2019, 11, 1), date(2020, 3, 1)]
        >>> [(str(gap.first), str(gap.last), gap.n) for gap in gaps(Cadence.MONTHLY, held)]
        [('2019-12-01', '2020-02-01', 3)]
    """
    if cadence is Cadence.IRREGULAR:
        return ()
    numbers = sorted({_number(cadence, first) for first in firsts})
    return tuple(
        Gap(_first_day(cadence, before + 1), _first_day(cadence, after - 1), after - before - 1)
        for before, after in pairwise(numbers)
        if after - before > 1
    )


def _number(cadence: Cadence, first: date) -> int:
    """The number of a period, counted from the year 0."""
    if cadence is Cadence.DAILY:
        return first.toordinal()
    return 12 * first.year + first.month - 1 if cadence is Cadence.MONTHLY else first.year


def _first_day(cadence: Cadence, number: int) -> date:
    """The first day of a period by its number."""
    if cadence is Cadence.DAILY:
        return date.fromordinal(number)
    if cadence is Cadence.MONTHLY:
        return date(number // 12, number % 12 + 1, 1)
    return date(number, 1, 1)
