"""The measured lines of a claim as drawings: looks, controls, windows and what they are held to.

Here belongs the way from a line to coordinates, and the drawing as a file of its own. The numbers
stand in ``measured.csv``, which ``documents`` writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.dossier.documents import tested_lines
from pipeline.report import wording
from pipeline.report.canvas import Dot, Span
from pipeline.report.page import environment
from pipeline.report.sign_charts import round_ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.dossier.answer import Answer
    from pipeline.model.claim import AssertedTime
    from pipeline.model.plan import PlannedWindow
    from pipeline.model.signal import Signal

WIDTH, LEFT, RIGHT, TOP, FLOOR = 760, 64, 748, 70, 222
KEY_TOP, KEY_STEP = 271, 15
"""Where the key begins below the plot, and the height of a line of it."""
LETTER_PX = 12.0
"""Letters closer than this stand above one another."""
LETTER_ROWS = 3
FAR_DAYS = 75.0
"""Looks farther apart than this are not joined, those of yearly signs excepted."""
ANNUAL_DAYS = 300.0
HEADROOM = 0.08
NARROWEST = 3.0
"""A window of some days in ten years would not be seen at its true width."""
MOST_YEARS = 12
MOST_YEARS_WITH_QUARTERS = 3
TEMPLATES: Final = Path(__file__).parent
_UNSAFE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class LineChart:
    """One measured line.

    Attributes:
        file: path in the dossier.
        place: id of the zone.
        title: place, observable and sensor.
        unit: what the values count.
        alt: the chart in words.
        is_simulated: whether it bears the mark.
        box: width, height, left, right, top and floor of the drawing.
        windows: asked days, each with its asserted time.
        references: days that they are compared with; empty where it is all other looks.
        looks: clear looks outside the windows.
        asked: clear looks inside a window.
        line: path through the looks.
        controls: path through the level of the controls.
        x_ticks: x and label.
        y_ticks: y and label.
        letters: x, y and letter of each window.
        key: y, letter and words of each asserted time.
    """

    file: str
    place: str
    title: str
    unit: str
    alt: str
    is_simulated: bool
    box: tuple[int, int, int, int, int, int]
    windows: tuple[Span, ...]
    references: tuple[Span, ...]
    looks: tuple[Dot, ...]
    asked: tuple[Dot, ...]
    line: str
    controls: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    letters: tuple[tuple[float, float, str], ...]
    key: tuple[tuple[float, str, str], ...]


@dataclass(frozen=True)
class _Frame:
    """From time and value to the drawing."""

    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, instant: datetime) -> float:
        """Place of an instant, clamped to the plot."""
        share = (instant - self.start) / max(self.end - self.start, timedelta(days=1))
        return round(LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT), 1)

    def y(self, value: float) -> float:
        """Height of a value, clamped to the plot."""
        share = (value - self.low) / (self.high - self.low)
        return round(FLOOR - min(1.0, max(0.0, share)) * (FLOOR - TOP), 1)

    def span(self, start: str, end: str, title: str) -> Span:
        """A stretch of time."""
        left, right = self.x(datetime.fromisoformat(start)), self.x(datetime.fromisoformat(end))
        return Span(left, round(max(right - left, NARROWEST), 1), title)


def line_charts(answer: Answer) -> tuple[LineChart, ...]:
    """A chart of every tested line that holds a look, in the order of the evidence."""
    lines = [one for one in tested_lines(answer) if np.isfinite(one.differences).any()]
    return tuple(_chart(answer, line, number) for number, line in enumerate(lines, start=1))


def to_svg(chart: LineChart) -> bytes:
    """A chart as a file of its own."""
    text = environment(TEMPLATES).get_template("chart.svg.j2").render(one=chart)
    return text.encode()


def _chart(answer: Answer, line: Signal, number: int) -> LineChart:
    """One line with the windows of its tests."""
    site = answer.given.site
    held = {zone.id: zone.label for zone in site.zones}
    windows = list(_windows(answer, line))
    looks = np.flatnonzero(np.isfinite(line.differences)).tolist()
    frame = _frame(line, looks)
    asked = [look for look in looks if _is_inside(line.instants[look], windows)]
    name = _UNSAFE.sub("-", f"{line.place}-{line.observable.value}-{line.sensor}".lower())
    label = held.get(line.place, line.place)
    observable = line.observable.value.replace("-", " ")
    ticks, step = round_ticks(frame.low, frame.high)
    height = KEY_TOP + KEY_STEP * len({one.time for one in windows}) + 4
    return LineChart(
        file=f"charts/{number:02d}-{name[:80]}.svg",
        place=line.place,
        title=f"{label}: {observable} by {' '.join(filter(None, (line.sensor, line.series)))}",
        unit=line.unit,
        alt=f"{label}, {len(looks)} clear looks, {len(asked)} of them in an asserted time",
        is_simulated=line.is_simulated,
        box=(WIDTH, height, LEFT, RIGHT, TOP, FLOOR),
        windows=tuple(frame.span(w.start_utc, w.end_utc, w.time.edtf) for w in windows),
        references=tuple(_references(frame, windows)),
        looks=_dots(frame, line, [look for look in looks if look not in asked], site.timezone),
        asked=_dots(frame, line, asked, site.timezone),
        line=_path(frame, [(line.instants[k], line.values[k]) for k in looks]),
        controls=_path(frame, [(line.instants[k], line.levels[k]) for k in looks]),
        x_ticks=_x_ticks(frame),
        y_ticks=tuple((frame.y(one), _value(one, line, step)) for one in ticks),
        letters=tuple(_letters(frame, windows)),
        key=tuple(_key(windows)),
    )


def _windows(answer: Answer, line: Signal) -> Iterator[PlannedWindow]:
    """The planned windows of the predictions that a line speaks to."""
    for window in answer.plan.windows:
        asked = answer.plan.predictions[window.prediction]
        if asked.observable is line.observable and line.sensor in asked.sensors:
            yield window


def _is_inside(instant: datetime, windows: Sequence[PlannedWindow]) -> bool:
    """Whether an instant lies in any window."""
    return any(
        datetime.fromisoformat(one.start_utc) <= instant <= datetime.fromisoformat(one.end_utc)
        for one in windows
    )


def _frame(line: Signal, looks: Sequence[int]) -> _Frame:
    """Axes that hold every look of a line and of its controls."""
    numbers = np.concatenate([line.values[looks], line.levels[looks]])
    low, high = float(numbers.min()), float(numbers.max())
    room = max(high - low, 2 * line.resolution, 1e-6) * HEADROOM
    low, high = low - room, high + room
    if line.unit.startswith("share"):
        low, high = max(low, 0.0), min(high, 1.0)
    return _Frame(line.instants[looks[0]], line.instants[looks[-1]], low, max(high, low + 1e-6))


def _references(frame: _Frame, windows: Sequence[PlannedWindow]) -> Iterator[Span]:
    """The days that windows are compared with, where the plan names them."""
    for one in windows:
        if one.reference_start_utc:
            yield frame.span(one.reference_start_utc, one.reference_end_utc, one.time.edtf)


def _dots(frame: _Frame, line: Signal, looks: Sequence[int], timezone: str) -> tuple[Dot, ...]:
    """Looks with their numbers."""
    return tuple(
        Dot(
            frame.x(line.instants[look]),
            frame.y(float(line.values[look])),
            f"{wording.moment(line.instants[look], timezone).day}: "
            f"{wording.amount(float(line.values[look]), line.unit)}, controls "
            f"{wording.amount(float(line.levels[look]), line.unit)}",
        )
        for look in looks
    )


def _path(frame: _Frame, points: Sequence[tuple[datetime, float]]) -> str:
    """A path through looks, broken where they lie far apart."""
    gaps = np.diff([when.timestamp() for when, _ in points]) / 86_400
    is_annual = bool(len(gaps)) and float(gaps.min()) > ANNUAL_DAYS
    far = timedelta(days=2 * ANNUAL_DAYS if is_annual else FAR_DAYS)
    path, before = [], None
    for when, value in points:
        near = before is not None and when - before <= far
        path.append(f"{'L' if near else 'M'}{frame.x(when)} {frame.y(float(value))}")
        before = when
    return "".join(path)


def _x_ticks(frame: _Frame) -> tuple[tuple[float, str], ...]:
    """Where years begin, and quarters where there are few of them."""
    years = range(frame.start.year, frame.end.year + 1)
    few = len(years) <= MOST_YEARS_WITH_QUARTERS
    days = [
        datetime(year, month, 1, tzinfo=UTC)
        for year in years[:: 1 + len(years) // MOST_YEARS]
        for month in ((1, 4, 7, 10) if few else (1,))
    ]
    return tuple(
        (frame.x(day), str(day.year) if day.month == 1 else f"{day:%b}")
        for day in days
        if frame.start <= day <= frame.end
    )


def _value(value: float, line: Signal, step: float) -> str:
    """A value on the axis."""
    if not line.unit.startswith("share"):
        return f"{value:g}"
    digits = 0 if step >= 0.01 else 1 if step >= 0.001 else 2  # noqa: PLR2004 - steps of per cent
    return f"{100 * value:.{digits}f} %"


def _lettered(windows: Sequence[PlannedWindow]) -> dict[AssertedTime, str]:
    """A letter for each asserted time."""
    times = dict.fromkeys(one.time for one in windows)
    return {time: chr(ord("A") + place % 26) for place, time in enumerate(times)}


def _letters(frame: _Frame, windows: Sequence[PlannedWindow]) -> Iterator[tuple[float, float, str]]:
    """Letters above the windows, those that lie close in rows of their own."""
    letters = _lettered(windows)
    spans = [(frame.span(one.start_utc, one.end_utc, ""), letters[one.time]) for one in windows]
    last = [-LETTER_PX] * LETTER_ROWS
    for x, letter in sorted((round(one.x + one.width / 2, 1), letter) for one, letter in spans):
        free = [row for row, before in enumerate(last) if x - before >= LETTER_PX]
        row = free[0] if free else 0
        last[row] = x
        yield x, TOP - 5.0 - 11.0 * row, letter


def _key(windows: Sequence[PlannedWindow]) -> Iterator[tuple[float, str, str]]:
    """What the letters stand for: each asserted time, with who asserts it."""
    for place, (time, letter) in enumerate(_lettered(windows).items()):
        who = ", ".join(time.asserted_by)
        yield KEY_TOP + KEY_STEP * place, letter, f"{wording.asserted(time)}: {who}"
