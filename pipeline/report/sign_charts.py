"""A sign through time on the page: values, controls, and the band of what was to be expected.

Here belongs the way from dates and values to coordinates. What is said beside a chart belongs to
``signs``, how it is drawn to the templates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline.report import wording
from pipeline.report.canvas import Dot, SignChart
from pipeline.report.sign_words import amount, quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model.activity import SignReading
    from pipeline.model.sign import SignSeries

    Floats = NDArray[np.float64]
    Point = tuple[datetime, float, float]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, FLOOR = 380, 160, 48, 374, 20, 136
FAR_DAYS = 75
"""Looks farther apart than this are not joined."""
ANNUAL_DAYS = 300
"""Looks of a yearly sign are farther apart than this, and are joined."""
HEADROOM = 0.08
MOST_STEPS = 4
LEAST_YEARS_APART = 6
"""With more years than this on the axis only every other one is named."""


@dataclass(frozen=True)
class _Frame:
    """From time and value to the view box.

    Attributes:
        start: left edge.
        end: right edge.
        low: value at the floor.
        high: value at the top.
        far: looks farther apart are not joined.
    """

    start: datetime
    end: datetime
    low: float
    high: float
    far: timedelta

    def x(self, instant: datetime) -> float:
        """Place of an instant, clamped to the plot."""
        share = (instant - self.start) / max(self.end - self.start, timedelta(days=1))
        return round(LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT), 1)

    def y(self, value: float) -> float:
        """Height of a value, clamped to the plot."""
        share = (value - self.low) / (self.high - self.low)
        return round(FLOOR - min(1.0, max(0.0, share)) * (FLOOR - TOP), 1)


def sign_chart(reading: SignReading, name: str, timezone: str, since: datetime) -> SignChart:
    """The chart of an observable sign.

    Args:
        reading: the series and what departs in it.
        name: of the sign, for those who hear the page.
        timezone: IANA name of the zone whose civil days are named.
        since: the first instant after the baseline.
    """
    series = reading.series
    looks = np.flatnonzero(series.usable).tolist()
    values, level = level_view(series)
    frame = _frame(reading, values, level)
    out = reading.in_lasting | reading.single
    when = series.instants
    named = [(k, _dot(frame, reading, k, (float(values[k]), timezone))) for k in looks]
    edge = frame.x(since)
    ticks, step = round_ticks(frame.low, frame.high)
    return SignChart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        floor=FLOOR,
        dots=tuple(dot for k, dot in named if not out[k]),
        departing=tuple(dot for k, dot in named if out[k]),
        line=_line(frame, [(when[k], values[k]) for k in looks]),
        controls=_line(frame, [(when[k], level[k]) for k in looks]),
        band=_band(frame, [(when[k], level[k], reading.limits[k]) for k in looks]),
        baseline=(LEFT, round(max(edge - LEFT, 0.0), 1)),
        x_ticks=_years(frame),
        y_ticks=tuple((frame.y(one), quantity(series, one, step)) for one in ticks),
        alt=f"{name}: {wording.count(len(looks), 'look')}, {int(out.sum())} of them departing",
    )


def level_view(series: SignSeries) -> tuple[Floats, Floats]:
    """The values without their usual season, and the controls at the usual level of the place.

    Their difference is the departure, look by look, so that both can be drawn on one axis.

    Returns:
        In the unit of the sign, float64, (look,) each; NaN where a look gives none.
    """
    if series.baseline is None or not series.usable.any():
        return series.values, series.controls
    expected = series.baseline.expected
    usual = float(np.mean(expected[series.usable]))
    return series.values - (expected - usual), series.controls + usual


def _frame(reading: SignReading, values: Floats, level: Floats) -> _Frame:
    """Axes that hold every value, the controls and the usual band; shares stay between 0 and 1.

    A look at which the peers disagree has a band many times as wide, which would hide all others.
    """
    series = reading.series
    kept = series.usable
    usual = float(np.median(reading.limits[kept]))
    held = [values, level, level - usual, level + usual]
    numbers = np.concatenate([one[kept] for one in held])
    low, high = float(numbers.min()), float(numbers.max())
    room = max(high - low, 2 * series.resolution, 1e-6) * HEADROOM
    low, high = low - room, high + room
    if series.unit.startswith("share"):
        low, high = max(low, 0.0), min(high, 1.0)
    far = FAR_DAYS
    if all((b - a).days > ANNUAL_DAYS for a, b in pairwise(series.instants)):
        far = 2 * ANNUAL_DAYS
    start, end = series.instants[0], series.instants[-1]
    return _Frame(start, end, low, max(high, low + 1e-6), timedelta(days=far))


def round_ticks(low: float, high: float) -> tuple[tuple[float, ...], float]:
    """Two to five round values between two others, and their step.

    Example:
        >>> round_ticks(0.0, 0.657)
        ((0.0, 0.2, 0.4, 0.6), 0.2)
    """
    span = high - low
    power = 10.0 ** math.floor(math.log10(span / MOST_STEPS))
    step = next(power * one for one in (1, 2, 5, 10) if span / (power * one) <= MOST_STEPS)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(k * step, 12) for k in range(first, last + 1)), step


def _dot(frame: _Frame, reading: SignReading, look: int, drawn: tuple[float, str]) -> Dot:
    """One look, drawn at a value; its day is that of a time zone."""
    series, (height, timezone) = reading.series, drawn
    day = wording.moment(series.instants[look], timezone).day
    value, off = float(series.values[look]), float(series.departures[look])
    title = f"{day}: {quantity(series, value)}, {amount(series, off)} "
    title += f"{'above' if off > 0 else 'below'} what was to be expected"
    return Dot(frame.x(series.instants[look]), frame.y(height), title)


def _line(frame: _Frame, points: Sequence[tuple[datetime, float]]) -> str:
    """A path through looks, broken where they lie far apart."""
    path, before = [], None
    for instant, value in points:
        near = before is not None and instant - before <= frame.far
        path.append(f"{'L' if near else 'M'}{frame.x(instant)} {frame.y(float(value))}")
        before = instant
    return "".join(path)


def _band(frame: _Frame, points: Sequence[Point]) -> str:
    """A closed path about what was to be expected, one for every run without a long gap."""
    runs: list[list[Point]] = []
    for point in points:
        if runs and point[0] - runs[-1][-1][0] <= frame.far:
            runs[-1].append(point)
        else:
            runs.append([point])
    return "".join(_closed(frame, run) for run in runs)


def _closed(frame: _Frame, run: Sequence[Point]) -> str:
    """Along the upper edge and back along the lower one; a single look is a bar."""
    there = [f"{frame.x(when)} {frame.y(middle + reach)}" for when, middle, reach in run]
    back = [f"{frame.x(when)} {frame.y(middle - reach)}" for when, middle, reach in reversed(run)]
    return "M" + "L".join(there + back) + "Z"


def _years(frame: _Frame) -> tuple[tuple[float, str], ...]:
    """Where years begin."""
    years = range(frame.start.year + 1, frame.end.year + 1)
    step = 1 + len(years) // LEAST_YEARS_APART
    return tuple((frame.x(datetime(year, 1, 1, tzinfo=UTC)), str(year)) for year in years[::step])
