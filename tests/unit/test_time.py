"""Civil days and instants: the calendar against plain loops."""

from __future__ import annotations

import calendar
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.time import OPEN_END, CivilDays, civil_day_span_utc, read_edtf

PYONGYANG = "Asia/Pyongyang"
SPANS = {
    "2020-11-25": ("2020-11-25", "2020-11-25"),
    "2020-11": ("2020-11-01", "2020-11-30"),
    "2020-02": ("2020-02-01", "2020-02-29"),
    "2019-02": ("2019-02-01", "2019-02-28"),
    "2020": ("2020-01-01", "2020-12-31"),
    "2020~": ("2020-01-01", "2020-12-31"),
    "2020-11?": ("2020-11-01", "2020-11-30"),
    "2020-11-25%": ("2020-11-25", "2020-11-25"),
    "201X": ("2010-01-01", "2019-12-31"),
    "2020-11-XX": ("2020-11-01", "2020-11-30"),
    "2020-11-01/2020-11-27": ("2020-11-01", "2020-11-27"),
    "2020-11~/2020": ("2020-11-01", "2020-12-31"),
    "2020/2020-11": ("2020-01-01", "2020-11-30"),
    "2017-04-06~/2017-10-06?": ("2017-04-06", "2017-10-06"),
    "2020-11-01/..": ("2020-11-01", "9999-01-01"),
}
REFUSED = [
    "",
    "20",
    "2020-11-31",
    "2020-13",
    "2020-00-10",
    "2021-02-29",
    "2021-02-29/2021-03",
    "25/11/2020",
    "11/25/2020",
    "20201125",
    "2020-W01",
    "2020-21",
    "2020-21/2020-22",
    "2020-12/2020-11",
    "2020-11-25/2020-11-24",
    "../2020",
    "/2020",
    "2020/",
    "../..",
    "..",
    "[2020,2021]",
    "{2020..2021}",
    "Y-17000",
    "-2020",
    "0000",
    "12020",
    "unknown",
    "2020-11-25T10:00:00Z",
    " 2020",
    "2020 ",
    "2020\n",
    "\uff12\uff10\uff12\uff10",
    "early Nov",
    "2020" + "-11" * 40,
    "2020/2021/2022",
    "2020?-11",
]


@pytest.mark.parametrize("text", SPANS)
def test_an_edtf_text_covers_these_days(text: str) -> None:
    start, end = SPANS[text]
    assert read_edtf(text) == CivilDays(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_first_and_last_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"EDTF|no definite|calendar|ends before"):
        read_edtf(text)


@settings(max_examples=60, deadline=None)
@given(st.integers(1600, 2300), st.integers(1, 12), st.integers(1, 31))
def test_exactly_the_days_of_the_calendar_are_read(year: int, month: int, day: int) -> None:
    text = f"{year}-{month:02}-{day:02}"
    if day <= calendar.monthrange(year, month)[1]:
        assert read_edtf(text) == CivilDays(date(year, month, day), date(year, month, day))
    else:
        with pytest.raises(ValueError, match=text):
            read_edtf(text)


@settings(max_examples=60, deadline=None)
@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.dates(date(1990, 1, 1), date(2200, 1, 1)))
def test_an_interval_runs_forward_or_is_refused(start: date, end: date) -> None:
    text = f"{start}/{end}"
    if start <= end:
        assert read_edtf(text) == CivilDays(start, end)
    else:
        with pytest.raises(ValueError, match="ends before it starts"):
            read_edtf(text)


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789-/.?~%XT", max_size=24))
def test_any_text_gives_forward_days_or_a_value_error(text: str) -> None:
    try:
        days = read_edtf(text)
    except ValueError:
        return
    assert days.start <= days.end <= OPEN_END


@pytest.mark.parametrize(
    ("day", "first"),
    [
        ("2017-10-17", "2017-10-16T15:30"),
        ("2020-11-25", "2020-11-24T15:00"),
        ("2015-08-14", "2015-08-13T15:00"),
        ("2015-08-15", "2015-08-14T15:30"),
        ("2018-05-04", "2018-05-03T15:30"),
        ("2018-05-05", "2018-05-04T15:00"),
    ],
)
def test_pyongyang_moved_its_clocks(day: str, first: str) -> None:
    one = date.fromisoformat(day)
    period = civil_day_span_utc(one, one, PYONGYANG)
    assert period.start == datetime.fromisoformat(first).replace(tzinfo=UTC)
    following = civil_day_span_utc(one + timedelta(days=1), one + timedelta(days=1), PYONGYANG)
    assert period.end == following.start - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (PYONGYANG, date(2015, 8, 14), 24.5),
        (PYONGYANG, date(2018, 5, 4), 23.5),
        ("America/Sao_Paulo", date(2017, 10, 15), 23.0),  # clocks skipped midnight
        ("Europe/Berlin", date(2020, 10, 25), 25.0),
        ("UTC", date(2020, 10, 25), 24.0),
    ],
)
def test_a_day_is_as_long_as_its_minutes(zone: str, day: date, hours: float) -> None:
    period = civil_day_span_utc(day, day, zone)
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    minutes = []
    for step in range(3 * 24 * 60):
        moment = instant + timedelta(minutes=step)
        if moment.astimezone(ZoneInfo(zone)).date() == day:
            minutes.append(moment)
    assert len(minutes) == hours * 60
    assert period.start == minutes[0]
    assert period.end == minutes[-1] + timedelta(minutes=1) - timedelta(microseconds=1)


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    st.integers(0, 400),
    st.sampled_from([PYONGYANG, "Asia/Seoul", "Europe/Bucharest", "UTC"]),
)
def test_days_in_a_row_leave_no_gap_and_no_overlap(start: date, n_days: int, zone: str) -> None:
    end = start + timedelta(days=n_days)
    period = civil_day_span_utc(start, end, zone)
    assert period.start.tzinfo is UTC
    assert period.start.astimezone(ZoneInfo(zone)).date() == start
    assert period.end.astimezone(ZoneInfo(zone)).date() == end
    after = end + timedelta(days=1)
    gap = civil_day_span_utc(after, after, zone).start - period.end
    assert gap == timedelta(microseconds=1)


def test_an_open_end_may_still_be_padded() -> None:
    period = civil_day_span_utc(date(2020, 11, 1), OPEN_END, PYONGYANG)
    assert period.end + timedelta(days=300) > period.end


@pytest.mark.parametrize("zone", ["Asia/Nowhere", "", "../etc/passwd", "Asia"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is not an IANA time zone"):
        civil_day_span_utc(date(2020, 1, 1), date(2020, 1, 1), zone)


def test_a_reversed_span_is_refused() -> None:
    with pytest.raises(ValueError, match="lies before the first day"):
        civil_day_span_utc(date(2020, 1, 2), date(2020, 1, 1), "UTC")


def test_the_grammar_is_read_in_silence_and_only_when_needed() -> None:
    code = (
        "import sys, pipeline.model.time as t; assert 'edtf' not in sys.modules;"
        "t.read_edtf('2020-11-25/2020-12~'); assert 'edtf' in sys.modules"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter, a fixed text
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
