"""Time on the page: every acquisition a tick, and the share of a zone that departs.

Here belongs the way from dates and shares to coordinates. What is drawn from them, and how,
belongs to the templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.findings import LookUse
from pipeline.report import wording
from pipeline.report.canvas import Chart, Dot, Span, Tick, Timeline, YearRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model.change import Detection, ZoneSeries
    from pipeline.model.findings import Findings
    from pipeline.model.scene import Scene

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ROW_HEIGHT, TALLEST, SHORTEST = 30, 20.0, 4.0
LINE_LEFT, LINE_RIGHT, LINE_WIDTH = 46, 706, 760
WIDTH, HEIGHT, LEFT, RIGHT, TOP, FLOOR = 760, 190, 46, 750, 14, 150
LONGEST_STEP_DAYS = 45.0
"""Looks farther apart than this are not joined by a line: between them nothing is known."""
TOP_SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
MOST_YEARS_WITH_QUARTERS = 2
UNUSED = {
    LookUse.CLOUDED: "too little of the site was clear",
    LookUse.SUSPECT: "wrong radiometry",
    LookUse.COMMON_MODE: "all ground moved at once, left out",
    LookUse.OTHER_SEASON: "months that are not monitored, left out",
    LookUse.OTHER_ORBIT: "another orbit, not judged",
}
"""Why a look was not used; the others failed."""


def timeline(findings: Findings) -> Timeline:
    """Every scene the search listed, a row a year."""
    years = range(findings.scenes[0].instant.year, findings.scenes[-1].instant.year + 1)
    rows = tuple(_year_row(findings, year, place) for place, year in enumerate(years))
    months = tuple((_year_x(datetime(2023, m + 1, 1, tzinfo=UTC)), MONTHS[m]) for m in range(12))
    used = sum(row.n_used for row in rows)
    alt = f"{len(findings.scenes)} acquisitions by year and day, {used} of them usable"
    return Timeline(LINE_WIDTH, ROW_HEIGHT * len(rows) + 26, rows, months, alt)


def _year_x(instant: datetime) -> float:
    """Place of a day of the year."""
    start = datetime(instant.year, 1, 1, tzinfo=UTC)
    share = (instant - start).total_seconds() / (366 * 86_400)
    return round(LINE_LEFT + share * (LINE_RIGHT - LINE_LEFT), 1)


def _year_row(findings: Findings, year: int, place: int) -> YearRow:
    """One year."""
    scenes = [scene for scene in findings.scenes if scene.instant.year == year]
    ticks = tuple(_tick(findings, scene) for scene in scenes)
    used = sum(tick.css == LookUse.USED.value for tick in ticks)
    y = float(ROW_HEIGHT * (place + 1) + 12)
    return YearRow(str(year), y, ticks, _baseline_of(findings, year), used)


def _baseline_of(findings: Findings, year: int) -> tuple[float, float] | None:
    """Where the baseline lies in a year: x and width."""
    first = findings.scenes[0].instant
    last = findings.cube.instants[findings.changes.n_baseline - 1]
    if not first.year <= year <= last.year:
        return None
    left = _year_x(first) if year == first.year else float(LINE_LEFT)
    right = _year_x(last) if year == last.year else float(LINE_RIGHT)
    return left, round(right - left, 1)


def _tick(findings: Findings, scene: Scene) -> Tick:
    """One scene; the more of the site was clear, the longer."""
    use = findings.use_of(scene)
    day = wording.moment(scene.instant, findings.site.timezone).utc
    date = findings.date_of(scene)
    if date is None:
        words = UNUSED.get(use, "failed")
        return Tick(_year_x(scene.instant), SHORTEST, use.value, f"{day}, {scene.id}: {words}")
    share = float(findings.cube.clear[date].mean())
    length = round(SHORTEST + share * (TALLEST - SHORTEST), 1)
    title = f"{day}, {scene.id}: {UNUSED.get(use, wording.percent(share, 0) + ' clear')}"
    return Tick(_year_x(scene.instant), length, use.value, title)


@dataclass(frozen=True)
class Axes:
    """From time and share to the view box of a chart.

    Attributes:
        start: seconds at the left edge.
        end: seconds at the right edge.
        top_share: share at the upper edge.
    """

    start: float
    end: float
    top_share: float

    def x(self, instant: datetime) -> float:
        """Place of an instant, clamped to the plot."""
        share = (instant.timestamp() - self.start) / max(1.0, self.end - self.start)
        return round(LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT), 1)

    def y(self, share: float) -> float:
        """Height of a share, clamped to the plot."""
        return round(FLOOR - min(1.0, max(0.0, share / self.top_share)) * (FLOOR - TOP), 1)


def zone_chart(findings: Findings, series: ZoneSeries, found: Sequence[Detection]) -> Chart:
    """Departing share of a zone through time, with its controls behind it."""
    looks, instants = findings.looks_at(series.zone_id), findings.cube.instants
    axes = _axes(findings, series, looks)
    last = instants[findings.changes.n_baseline - 1]
    share = series.departing_share
    seen = [index for index in range(len(instants)) if looks[index]]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        floor=FLOOR,
        dots=tuple(_dot(findings, axes, share, index) for index in seen),
        line=_line([(axes.x(instants[i]), axes.y(share[i]), instants[i]) for i in seen]),
        standing=_standing_path(axes, instants, series),
        control="" if series.is_control else _control_path(findings, axes),
        unseen=tuple(axes.x(instants[i]) for i in range(len(instants)) if not looks[i]),
        onsets=tuple(_bracket(findings, axes, one) for one in found),
        baseline=Span(LEFT, round(axes.x(last) - LEFT, 1), "baseline period"),
        x_ticks=_x_ticks(axes, instants),
        y_ticks=tuple(
            (axes.y(part * axes.top_share), f"{100 * part * axes.top_share:g} %")
            for part in (0.0, 0.5, 1.0)
        ),
        alt=_chart_alt(findings, series, seen),
    )


def _axes(findings: Findings, series: ZoneSeries, looks: NDArray[np.bool_]) -> Axes:
    """Axes that hold every look at the zone and all that stands changed."""
    instants = findings.cube.instants
    shares = np.concatenate([series.departing_share[looks], _changed_share(series), [0.0]])
    highest = float(np.nanmax(shares)) * 1.1
    top = next((share for share in TOP_SHARES if share >= highest), 1.0)
    return Axes(instants[0].timestamp(), instants[-1].timestamp(), top)


def _changed_share(series: ZoneSeries) -> NDArray[np.float64]:
    """Share of the zone in a change that the rule accepts, (time,)."""
    return series.changed_px / max(series.n_pixels, 1e-9)


def _dot(findings: Findings, axes: Axes, share: NDArray[np.float64], index: int) -> Dot:
    """One look."""
    instant = findings.cube.instants[index]
    day = wording.moment(instant, findings.site.timezone).utc
    title = f"{day}: {wording.percent(float(share[index]), 2)}"
    return Dot(axes.x(instant), axes.y(float(share[index])), title)


def _line(points: Sequence[tuple[float, float, datetime]]) -> str:
    """A path through looks, broken where they lie far apart."""
    path, before = [], None
    for x, y, instant in points:
        near = before is not None and (instant - before).days <= LONGEST_STEP_DAYS
        path.append(f"{'L' if near else 'M'}{x} {y}")
        before = instant
    return "".join(path)


def _standing_path(axes: Axes, instants: Sequence[datetime], series: ZoneSeries) -> str:
    """The share that stands changed, as steps that hold until the next date; empty for none."""
    share = _changed_share(series)
    if not share.any():
        return ""
    path = [f"M{LEFT} {FLOOR}"]
    for instant, value in zip(instants, share, strict=True):
        path.append(f"H{axes.x(instant)}V{axes.y(float(value))}")
    return "".join(path) + f"H{RIGHT}V{FLOOR}Z"


def _control_path(findings: Findings, axes: Axes) -> str:
    """From the lowest to the highest share of the controls, look by look; empty for no look."""
    shares = [
        np.where(findings.looks_at(one.zone_id), one.departing_share, np.nan)
        for one in findings.series
        if one.is_control
    ]
    table = np.array(shares).reshape(len(shares), len(findings.cube.instants))
    dates = np.flatnonzero((~np.isnan(table)).any(axis=0)).tolist()
    instants = findings.cube.instants
    return "".join(
        _band([_Range(axes, instants[date], table[:, date]) for date in run])
        for run in _runs(dates, instants)
    )


class _Range:
    """The span of the controls on one date, in the view box."""

    def __init__(self, axes: Axes, instant: datetime, shares: NDArray[np.float64]) -> None:
        self.x = axes.x(instant)
        self.high = axes.y(float(np.nanmax(shares)))
        self.low = axes.y(float(np.nanmin(shares)))


def _band(ranges: Sequence[_Range]) -> str:
    """A closed path along the highest shares and back along the lowest."""
    there = [f"{one.x} {one.high}" for one in ranges]
    back = [f"{one.x} {one.low}" for one in reversed(ranges)]
    return "M" + "L".join(there + back) + "Z"


def _runs(dates: Sequence[int], instants: Sequence[datetime]) -> list[list[int]]:
    """Dates in runs without a long gap."""
    runs: list[list[int]] = []
    for date in dates:
        near = runs and (instants[date] - instants[runs[-1][-1]]).days <= LONGEST_STEP_DAYS
        if near:
            runs[-1].append(date)
        else:
            runs.append([date])
    return runs


def _bracket(findings: Findings, axes: Axes, found: Detection) -> Span:
    """When a change appeared, as a stretch of time at least as wide as a line."""
    right = axes.x(found.onset.first_with)
    without = found.onset.last_without
    left = right if without is None else axes.x(without)
    words = wording.onset(found.onset, findings.site.timezone)
    return Span(left, round(max(1.5, right - left), 1), f"onset {words}")


def _x_ticks(axes: Axes, instants: Sequence[datetime]) -> tuple[tuple[float, str], ...]:
    """Years, and quarters where there are few of them."""
    first, last = instants[0], instants[-1]
    months = (1, 4, 7, 10) if last.year - first.year <= MOST_YEARS_WITH_QUARTERS else (1,)
    days = [
        datetime(year, month, 1, tzinfo=UTC)
        for year in range(first.year, last.year + 1)
        for month in months
    ]
    return tuple(
        (axes.x(day), str(day.year) if day.month == 1 else MONTHS[day.month - 1])
        for day in days
        if first <= day <= last
    )


def _chart_alt(findings: Findings, series: ZoneSeries, seen: Sequence[int]) -> str:
    """The chart in words."""
    later = [index for index in seen if index >= findings.changes.n_baseline]
    if not later:
        return f"{share_name(findings)} through time; no look in the monitoring period"
    peak = max(later, key=lambda index: float(series.departing_share[index]))
    day = wording.moment(findings.cube.instants[peak], findings.site.timezone).day
    share = wording.percent(float(series.departing_share[peak]))
    name = share_name(findings)
    return f"{name} through time, {len(seen)} looks, highest {share} on {day}"


def share_name(findings: Findings) -> str:
    """What the charts draw."""
    steps = findings.changes.steps
    return "Departing share" if steps is None else "Share behind a lasting step"
