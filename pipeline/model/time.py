"""Time as sources tell it: EDTF, civil days, and the instants that a civil day spans.

Here belongs the pure reading of dates. Which dates a claims folder may hold belongs to
``claims``; there is no clock in here.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.model.change import Period

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

OPEN_END = date(9999, 1, 1)
"""The last day of a time that is still open (``2020-11/..``).

Not the very last day of the calendar, so that a window may still be padded.
"""

_ALPHABET = re.compile(r"[0-9X?~%/.-]{4,64}")
_INTERVALS = frozenset({"Interval", "Level1Interval"})
_POINTS = frozenset({"Date", "Unspecified"})
_DAY, _RESOLUTION = timedelta(days=1), timedelta(microseconds=1)


@dataclass(frozen=True)
class CivilDays:
    """A run of civil days.

    Attributes:
        start: first day.
        end: last day; ``OPEN_END`` while the time is open.
    """

    start: date
    end: date


@cache
def _edtf() -> ModuleType:
    """The ``edtf`` package, loaded at first use.

    It takes 0.4 s to build its grammar, and recent pyparsing warns about that grammar while it
    is built: neither may fall on somebody who only imports ``pipeline``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("edtf")


@cache
def read_edtf(text: str) -> CivilDays:
    """The civil days that an EDTF text covers.

    A month or year covers all its days; ``~``, ``?`` and ``%`` leave the full span; ``X`` covers
    every digit; an interval runs from the first day of its start to the last day of its end; an
    open end (``..``) runs to ``OPEN_END``. An open start, an unknown bound, a season, a set, a
    year beyond four digits and a time of day are refused, since none gives a first and a last
    civil day that a reader would agree on.

    Raises:
        ValueError: if the text is not such a time, names no day of the calendar, or runs
            backwards.

    Example:
        >>> read_edtf("2020-11-25/2020-12")
        CivilDays(start=datetime.date(2020, 11, 25), end=datetime.date(2020, 12, 31))
    """
    if not _ALPHABET.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not an EDTF date")
    days = _days_of(_parsed(text), text)
    if days.end < days.start:
        raise ValueError(f"{text!r} ends before it starts")
    return days


def _parsed(text: str) -> Any:  # noqa: ANN401 - the package carries no types
    """The syntax tree.

    Raises:
        ValueError: if the grammar refuses the text.
    """
    edtf = _edtf()
    try:
        return edtf.parse_edtf(text)
    except edtf.EDTFParseException as error:
        raise ValueError(f"{text!r} is not an EDTF date") from error


def _days_of(node: Any, text: str) -> CivilDays:  # noqa: ANN401 - see _parsed
    """First and last civil day of a syntax tree."""
    if type(node).__name__ not in _INTERVALS:
        point = _point(node, text)
        return CivilDays(_day(point.lower_strict(), text), _day(point.upper_strict(), text))
    start = _day(_point(node.lower, text).lower_strict(), text)
    if str(node.upper) == "..":
        return CivilDays(start, OPEN_END)
    return CivilDays(start, _day(_point(node.upper, text).upper_strict(), text))


def _point(node: Any, text: str) -> Any:  # noqa: ANN401 - see _parsed
    """The year, month or day inside a node, without its qualifier.

    Raises:
        ValueError: if it is anything else.
    """
    inner = node.date if type(node).__name__ == "UncertainOrApproximate" else node
    if type(inner).__name__ not in _POINTS:
        raise ValueError(f"{text!r} has no definite first and last day")
    return inner


def _day(moment: tuple[int, ...], text: str) -> date:
    """A calendar day from the head of a struct_time.

    Raises:
        ValueError: if the calendar has no such day.
    """
    try:
        return date(*moment[:3])
    except ValueError as error:
        raise ValueError(f"{text!r} names a day that the calendar does not have") from error


def civil_day_span_utc(start: date, end: date, timezone: str) -> Period:
    """The instants from the beginning of one civil day to the end of another, both included.

    The rules of the zone come from the IANA database, so that Asia/Pyongyang is UTC+8:30 from
    2015-08-15 to 2018-05-04 and UTC+9 before and after. The last instant is one microsecond
    before the next day begins.

    Args:
        start: first civil day.
        end: last civil day.
        timezone: IANA name.

    Raises:
        ValueError: if the zone is unknown or the end lies before the start.
        OverflowError: if a day lies on the very edge of the calendar.

    Example:
        >>> civil_day_span_utc(date(2017, 10, 17), date(2017, 10, 17), "Asia/Pyongyang").start
        datetime.datetime(2017, 10, 16, 15, 30, tzinfo=datetime.timezone.utc)
    """
    if end < start:
        raise ValueError(f"the last day {end} lies before the first day {start}")
    zone = _zone(timezone)
    return Period(_midnight_utc(start, zone), _midnight_utc(end + _DAY, zone) - _RESOLUTION)


@cache
def _zone(timezone: str) -> ZoneInfo:
    """The rules of a time zone.

    Raises:
        ValueError: if there is none of that name.
    """
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{timezone!r} is not an IANA time zone") from error


def _midnight_utc(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a civil day, UTC.

    Where clocks skip midnight, the offset from before the jump leads to the jump itself.
    """
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
