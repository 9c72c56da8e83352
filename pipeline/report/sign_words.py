"""The words of the signs: names, amounts, and sentences about departures.

Here belongs text that follows from a reading. What stands where belongs to ``signs``; the words of
all else to ``wording``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.sign import Sign
from pipeline.report import wording

if TYPE_CHECKING:
    from pipeline.model.activity import Activity, LastingDeparture, SignReading
    from pipeline.model.sign import SignSeries

NAMES = {
    Sign.SNOW_CLEARED_SHARE: "Yards free of snow",
    Sign.TEMPERATURE_CONTRAST: "Surface temperature",
    Sign.NIGHT_LIGHT_STEP: "Night light",
    Sign.CULTIVATION: "Greenest state of the year",
    Sign.PLOT_CLEARING: "Green ground turned bare",
    Sign.BUILT_UP_GROWTH: "Built-up ground",
    Sign.DEPOT_EMPTIED: "Unevenness of the yard",
    Sign.ROOF_CHANGE: "Roofs changed",
}
MOST_NAMED = 4
"""More single looks than this are counted, not named."""
SMALL = 10
"""Percentage points below which a decimal is shown."""


def quantity(series: SignSeries, value: float, step: float = 0.001) -> str:
    """A value of a sign in its unit, with the decimals that tell one step from the next.

    Example:
        >>> from types import SimpleNamespace
        >>> quantity(SimpleNamespace(unit="share of the roofs"), 0.125, 0.05)
        '12 %'
    """
    if math.isnan(value):
        return wording.TO
    is_share = series.unit.startswith("share")
    digits = max(0, -math.floor(math.log10(step * (100 if is_share else 1)) + 1e-9))
    if is_share:
        return wording.percent(value, digits)
    return f"{value:.{digits}f} K" if series.unit.startswith("kelvin") else f"{value:.{digits}f}"


def amount(series: SignSeries, size: float) -> str:
    """A difference without its direction.

    Example:
        >>> from types import SimpleNamespace
        >>> amount(SimpleNamespace(unit="share of the roofs"), -0.125)
        '12 points'
    """
    size = abs(size)
    if math.isnan(size):
        return wording.TO
    if series.unit.startswith("share"):
        points = 100 * size
        return f"{points:.{1 if points < SMALL else 0}f} points"
    if series.unit.startswith("kelvin"):
        return f"{size:.1f} K"
    if series.unit.startswith("natural logarithm"):
        return f"a factor of {math.exp(size):.2f}"
    return f"{size:.3f}"


def says(reading: SignReading, timezone: str) -> str:
    """What departs, in sentences; that nothing does otherwise."""
    parts = [_lasting(reading.series, one, timezone) for one in reading.lasting]
    parts += _single(reading, timezone)
    if parts:
        return " ".join(parts)
    return f"Nothing departs in {wording.count(reading.n_looks, 'look')} after the baseline."


def _lasting(series: SignSeries, one: LastingDeparture, timezone: str) -> str:
    """A lasting departure."""
    way = "Above" if one.direction > 0 else "Below"
    when = wording.onset(one.onset, timezone)
    until = "still so at the last look"
    if one.end is not None:
        last = one.end.last_without or one.end.first_with
        until = f"last so on {wording.moment(last, timezone).day}"
    looks = wording.count(one.n_looks, "look")
    return (
        f"{way} what was to be expected by {amount(series, one.size)} (median of {looks}); "
        f"onset {when}, {until}."
    )


def _single(reading: SignReading, timezone: str) -> list[str]:
    """Single looks that stand out, by side; nothing for none."""
    departures = np.nan_to_num(reading.series.departures)
    sides = {"above": departures > 0, "below": departures < 0}
    looks = {way: np.flatnonzero(reading.single & side).tolist() for way, side in sides.items()}
    return [_alone(reading, way, some, timezone) for way, some in looks.items() if some]


def _alone(reading: SignReading, way: str, looks: list[int], timezone: str) -> str:
    """Looks on one side by day and size, or how many they are."""
    series = reading.series
    sizes = {k: amount(series, float(series.departures[k])) for k in looks}
    verb = "stands" if len(looks) == 1 else "stand"
    head = f"{wording.count(len(looks), 'single look')} {verb} out {way} what was to be expected"
    if len(looks) > MOST_NAMED:
        largest = max(looks, key=lambda k: abs(float(series.departures[k])))
        return f"{head}, by up to {sizes[largest]}."
    days = [f"{wording.moment(series.instants[k], timezone).day} by {sizes[k]}" for k in looks]
    return f"{head}: {', '.join(days)}."


def reach(reading: SignReading) -> str:
    """What one look would have shown, and what that rests on."""
    series, base = reading.series, reading.series.baseline
    if base is None:
        return ""
    seen = amount(series, series.smallest_change)
    native = (
        f" It covers {series.effective_pixels:.1f} native pixels." if _is_coarse(series) else ""
    )
    return (
        f"One look shows {seen} with 80 % probability; "
        f"{wording.count(base.n_looks, 'baseline look')}, {reading.n_looks} after it.{native}"
    )


def _is_coarse(series: SignSeries) -> bool:
    """Whether the sensor measures in pixels of the size of zones."""
    return series.sign in {Sign.TEMPERATURE_CONTRAST, Sign.NIGHT_LIGHT_STEP}


def rule(activity: Activity) -> str:
    """What counts as a departure, and how often chance makes one."""
    look, run = wording.percent(activity.look_alpha, 0), wording.percent(activity.run_alpha, 0)
    return (
        f"A departure lasts if {activity.n_looks} looks in a row lie to one side, each so far off "
        f"that an unchanged place would be in {look} of its looks. A single look stands out if "
        f"chance alone puts one so far off, among all looks of that sign over all zones of this "
        f"run, in {run} of runs. Both rates hold for errors that are normal and independent."
    )
