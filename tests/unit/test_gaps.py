"""What a regular series lacks, against a plain walk over the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.gaps import Cadence, Gap, gaps

DAYS = st.dates(date(2015, 1, 1), date(2016, 12, 31))


def next_first(cadence: Cadence, day: date) -> date:
    """The first day of the period after one."""
    if cadence is Cadence.DAILY:
        return day + timedelta(days=1)
    if cadence is Cadence.YEARLY:
        return date(day.year + 1, 1, 1)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def start_of(cadence: Cadence, day: date) -> date:
    first = {Cadence.MONTHLY: day.replace(day=1), Cadence.YEARLY: date(day.year, 1, 1)}
    return first.get(cadence, day)


@given(st.sampled_from([Cadence.DAILY, Cadence.MONTHLY, Cadence.YEARLY]), st.lists(DAYS))
def test_gaps_and_what_is_held_fill_the_calendar(cadence: Cadence, days: list[date]) -> None:
    held = sorted({start_of(cadence, day) for day in days})
    missing = []
    day = held[0] if held else None
    while day is not None and day < held[-1]:
        day = next_first(cadence, day)
        if day not in held:
            missing.append(day)
    told = []
    for gap in gaps(cadence, days):
        day = gap.first
        told.append(day)
        for _ in range(gap.n - 1):
            day = next_first(cadence, day)
            told.append(day)
        assert day == gap.last
    assert told == missing


@pytest.mark.parametrize("cadence", list(Cadence))
def test_one_date_or_none_has_no_gap(cadence: Cadence) -> None:
    assert gaps(cadence, []) == gaps(cadence, [date(2016, 2, 29)]) == ()


def test_scenes_that_come_as_they_come_have_no_gaps() -> None:
    assert gaps(Cadence.IRREGULAR, [date(2016, 1, 1), date(2020, 1, 1)]) == ()


def test_a_month_is_missing_across_the_turn_of_the_year() -> None:
    held = [date(2016, 1, 1), date(2015, 11, 1)]
    assert gaps(Cadence.MONTHLY, held) == (Gap(date(2015, 12, 1), date(2015, 12, 1), 1),)
