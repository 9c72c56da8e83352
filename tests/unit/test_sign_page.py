"""The signs on the page and in the terminal: what departs, what would be seen, what is dark."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pipeline.model.site import SITE_PLACE
from pipeline.report import render_report, sign_words
from pipeline.report.sign_charts import (
    FLOOR,
    LEFT,
    RIGHT,
    TOP,
    level_view,
    round_ticks,
    sign_chart,
)
from pipeline.report.signs import blind_in, overview, panels_of
from pipeline.report.wording import TO
from pipeline.signs.departures import read_series
from pipeline.terminal.signs import sign_lines, sign_table
from tests.unit.activity_factory import (
    ALONE,
    BARE_FROM,
    CLOUDED,
    NOTE,
    bare_values,
    make_activity,
    share_series,
    signed_findings,
)
from tests.unit.findings_factory import INSTANTS, N_BASELINE, make_findings

if TYPE_CHECKING:
    from pipeline.model.activity import SignReading
    from pipeline.model.sign import SignSeries

SINCE = INSTANTS[N_BASELINE]


def page() -> str:
    return render_report(signed_findings()).decode()


def test_a_zone_says_what_departs_from_when_and_what_would_have_been_seen() -> None:
    (panel,) = panels_of(signed_findings(), "north-vacant")
    assert panel.departs
    assert "Above what was to be expected by 79 points (median of 9 looks)" in panel.says
    days = [INSTANTS[k].date().isoformat() for k in (BARE_FROM - 1, BARE_FROM, ALONE)]
    assert f"onset {days[0]} {TO} {days[1]}, still so at the last look." in panel.says
    assert f"1 single look stands out above what was to be expected: {days[2]} by" in panel.says
    assert "One look shows 6.0 points with 80 % probability" in panel.reach
    assert "24 baseline looks, 15 after it" in panel.reach
    assert (len(panel.chart.dots), len(panel.chart.departing)) == (29, 10)


def test_a_quiet_zone_says_so_with_its_looks() -> None:
    (panel,) = panels_of(signed_findings(), "control-field")
    assert not panel.departs
    assert panel.says == "Nothing departs in 15 looks after the baseline."
    assert not panel.chart.departing


def test_a_zone_in_which_nothing_can_be_told_says_why_in_one_line() -> None:
    found = signed_findings()
    assert not panels_of(found, "whole-complex")
    assert blind_in(found, "whole-complex") == (
        ("Green ground turned bare", "it holds no green ground"),
    )
    assert blind_in(found, "electronics") == (("All signs", "position not established"),)
    assert not blind_in(found, "north-vacant")


def test_the_overview_counts_links_and_names_what_is_not_shown() -> None:
    seen = overview(signed_findings())
    assert seen is not None
    (line,) = seen.lines
    assert (line.name, line.shown) == ("Green ground turned bare", "2 of 3")
    assert line.note == NOTE
    assert line.lasting == (("North vacant lot", "zone-north-vacant"),)
    assert line.single == ()
    assert line.why == ""
    assert seen.unasked == (("Night light", "no files of night light are held"),)
    assert "3 looks in a row" in seen.rule
    assert "5 % of runs" in seen.rule


def test_a_sign_that_is_dark_everywhere_says_why_once() -> None:
    blind = share_series("north-vacant", bare_values(), why="too few looks")
    activity = make_activity(readings=read_series([blind, replace(blind, place="x")], SINCE))
    seen = overview(signed_findings(activity))
    assert seen is not None
    assert seen.lines[0].why == "too few looks"
    assert seen.lines[0].shown == "0 of 2"


def test_the_page_holds_it_all_marked_and_without_a_broken_link() -> None:
    text = page()
    assert 'id="signs"' in text
    assert "No verdict on a claim rests on these signs" in text
    assert "<b>Green ground turned bare</b>: not observable; it holds no green ground" in text
    assert "<b>All signs</b>: not observable; position not established" in text
    assert "<b>Night light</b>: no files of night light are held" in text
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= anchors
    charts = re.findall(
        r"<svg[^>]*>(?:(?!</svg>).)*what was to be expected.*?</svg>", text, re.DOTALL
    )
    assert charts
    assert all("SIMULATED" in chart for chart in charts)


def test_a_page_without_signs_has_no_trace_of_them() -> None:
    text = render_report(make_findings()).decode()
    assert 'id="signs"' not in text
    assert "Signs of activity" not in text


def test_hostile_reasons_and_sources_are_escaped() -> None:
    evil = "<script>window.__x=1</script>"
    blind = share_series("whole-complex", bare_values(), why=evil)
    lit = share_series("north-vacant", bare_values(), source=evil)
    activity = make_activity(
        readings=read_series([blind, lit], SINCE), silent_zones=(("electronics", evil),)
    )
    text = render_report(signed_findings(activity)).decode()
    assert evil not in text
    assert "&lt;script&gt;" in text


def test_the_site_as_a_whole_has_its_own_panels() -> None:
    lit = share_series(SITE_PLACE, bare_values(), source="dnb-monthly v10")
    found = signed_findings(make_activity(readings=read_series([lit], SINCE)))
    seen = overview(found)
    assert seen is not None
    assert [one.name for one in seen.whole_site] == ["Green ground turned bare (dnb-monthly v10)"]
    assert seen.lines[0].lasting == (("the whole site", "whole-site"),)
    assert 'id="whole-site"' in render_report(found).decode()


def reading(values: list[float]) -> SignReading:
    return read_series([share_series("north-vacant", values)], SINCE)[0]


@given(values=st.lists(st.floats(0, 1), min_size=len(INSTANTS), max_size=len(INSTANTS)))
def test_every_look_lies_inside_its_chart(values: list[float]) -> None:
    chart = sign_chart(reading(values), "sign", "Asia/Pyongyang", SINCE)
    dots = (*chart.dots, *chart.departing)
    assert len(dots) == len(INSTANTS) - 1
    assert all(LEFT <= dot.x <= RIGHT and TOP <= dot.y <= FLOOR for dot in dots)
    assert [x for x, _ in chart.x_ticks] == sorted(x for x, _ in chart.x_ticks)
    assert 2 <= len(chart.y_ticks) <= 5
    assert len({label for _, label in chart.y_ticks}) == len(chart.y_ticks)


def test_higher_values_are_drawn_higher_and_the_band_lies_about_the_controls() -> None:
    chart = sign_chart(reading(bare_values()), "sign", "UTC", SINCE)
    highest = min(dot.y for dot in chart.departing)
    assert all(dot.y > highest for dot in chart.dots)
    heights = [float(y) for y in re.findall(r" ([\d.]+)", chart.band)]
    levels = [float(y) for y in re.findall(r" ([\d.]+)", chart.controls)]
    assert min(heights) < min(levels) <= max(levels) <= max(heights)


def seasonal() -> SignSeries:
    one = share_series("north-vacant", [0.2] * len(INSTANTS))
    assert one.baseline is not None
    season = 0.1 * np.sin(np.arange(len(INSTANTS)))
    base = replace(one.baseline, expected=season.copy())
    return replace(one, values=one.values + season, baseline=base)


def test_the_season_is_taken_off_and_the_departure_stays() -> None:
    one = seasonal()
    values, level = level_view(one)
    np.testing.assert_allclose(values - level, one.departures, atol=1e-12)
    usable = one.usable
    assert np.ptp(values[usable]) == pytest.approx(0, abs=1e-12)


@given(low=st.floats(-1e3, 1e3), span=st.floats(1e-4, 1e3))
def test_ticks_are_round_inside_and_few(low: float, span: float) -> None:
    ticks, step = round_ticks(low, low + span)
    assert 1 <= len(ticks) <= 5
    slack = 1e-6 * step
    assert all(low - slack <= one <= low + span + slack for one in ticks)
    lead = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(lead - one) for one in (1, 2, 5, 10)) < 1e-6


@pytest.mark.parametrize(
    ("unit", "size", "words"),
    [
        ("share of roofs", 0.5, "50 points"),
        ("share of roofs", 0.015, "1.5 points"),
        ("kelvin, mean", -2.04, "2.0 K"),
        ("natural logarithm of mean nW/cm2/sr", math.log(0.5), "a factor of 2.00"),
        ("greatest mean NDVI of a year", 0.1234, "0.123"),
        ("share", math.nan, TO),
    ],
)
def test_amounts_are_told_in_the_unit_of_the_sign(unit: str, size: float, words: str) -> None:
    one = share_series("z", bare_values(), unit=unit)
    assert sign_words.amount(one, size) == words


def test_many_single_looks_are_counted_and_not_listed() -> None:
    values = [0.01] * len(INSTANTS)
    for k in range(N_BASELINE, len(INSTANTS), 2):
        values[k] = 0.4 if k != CLOUDED else 0.0
    words = sign_words.says(reading(values), "UTC")
    assert "single looks stand out above what was to be expected, by up to 39 points." in words


def test_a_departure_that_ended_says_when_it_was_last_seen() -> None:
    values = bare_values()
    values[-2:] = [0.01, 0.01]
    words = sign_words.says(reading(values), "UTC")
    assert f"last so on {INSTANTS[-3].date().isoformat()}." in words


def printed(found: object) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(found)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_terminal_has_a_line_a_place_and_a_column_a_sign() -> None:
    text = printed(sign_table(signed_findings()))
    assert "plot clearing" in text
    row = next(line for line in text.splitlines() if "north-vacant" in line)
    assert f"+ {INSTANTS[BARE_FROM]:%Y-%m-%d}" in row
    quiet = next(line for line in text.splitlines() if "control-field" in line)
    assert "none" in quiet
    assert "whole-complex" not in text


def test_the_terminal_says_what_is_dark() -> None:
    lines = sign_lines(signed_findings())
    assert lines == [
        "no sign, no sign is observable: whole-complex",
        "no sign, position not established: electronics",
        "not shown, night light step: no files of night light are held",
    ]
    assert sign_table(make_findings()) is None
    assert sign_lines(make_findings()) == []


def test_single_looks_and_falls_have_their_own_words_in_the_terminal() -> None:
    values = [0.5] * len(INSTANTS)
    values[BARE_FROM:] = [0.0] * (len(INSTANTS) - BARE_FROM)
    alone = [0.01] * len(INSTANTS)
    alone[ALONE] = 0.9
    fall = share_series("north-vacant", values)
    assert fall.baseline is not None
    level = replace(fall.baseline, expected=np.full(len(INSTANTS), 0.49))
    series = [replace(fall, baseline=level), share_series("control-field", alone)]
    text = printed(sign_table(signed_findings(make_activity(readings=read_series(series, SINCE)))))
    assert f"- {INSTANTS[BARE_FROM]:%Y-%m-%d}" in text
    assert "1 look" in text
