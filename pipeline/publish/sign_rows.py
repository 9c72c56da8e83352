"""The signs of activity as rows: one a look, and one a place and sign.

Here belongs the choice and the naming of columns. Bytes belong to ``tables``; the other products'
rows to ``rows``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.publish.rows import finite, iso, named

if TYPE_CHECKING:
    from pipeline.model.activity import LastingDeparture, SignReading
    from pipeline.model.findings import Findings
    from pipeline.publish.rows import Cell, Row

LOOK_COLUMNS = (
    "instant", "place", "sign", "source", "period", "value", "controls", "expected_difference",
    "departure", "error", "score", "smallest_change", "stands_out_from", "departs", "missing",
    "companions", "unit", "simulated",
)  # fmt: skip
PLACE_COLUMNS = (
    "place", "sign", "source", "observable", "why_not", "unit", "n_looks", "n_baseline",
    "n_missing", "smallest_change", "resolution", "effective_pixels", "baseline_spread",
    "is_pooled", "lasting", "n_single", "note", "simulated",
)  # fmt: skip
DIGITS = 6


def look_rows(findings: Findings) -> list[Row]:
    """Every look of every series with a number, in the order of the readings, then of time."""
    readings = findings.activity.readings if findings.activity else ()
    return [row for one in readings if one.has_numbers for row in _looks(one)]


def _looks(reading: SignReading) -> list[Row]:
    """One series; a look has numbers, or says why it has none."""
    series, base = reading.series, reading.series.baseline
    differences, scores = series.departures, series.scores
    return [
        named(
            LOOK_COLUMNS,
            iso(instant),
            series.place,
            series.sign.value,
            series.source,
            "monitoring" if reading.monitored[k] else "baseline",
            finite(series.values[k], DIGITS),
            finite(series.controls[k], DIGITS),
            None if base is None else finite(base.expected[k], DIGITS),
            finite(differences[k], DIGITS),
            None if base is None else finite(base.errors[k], DIGITS),
            finite(scores[k], 3),
            None if base is None else finite(base.smallest_changes[k], DIGITS),
            finite(reading.limits[k], DIGITS),
            _departs(reading, k),
            _missing(reading, k),
            _companions(reading, k),
            series.unit,
            series.is_simulated,
        )
        for k, instant in enumerate(series.instants)
    ]


def _departs(reading: SignReading, look: int) -> str:
    """How a look departs; empty for one that does not."""
    if reading.in_lasting[look]:
        return "lasting"
    return "single" if reading.single[look] else ""


def _missing(reading: SignReading, look: int) -> str:
    """Why a look gives no number; empty for one that does."""
    return reading.series.missing[look] or ""


def _companions(reading: SignReading, look: int) -> str:
    """Further numbers of a look, ``name=value``; those that are none are left out."""
    numbers = {name: float(row[look]) for name, row in reading.series.companions.items()}
    known = (f"{name}={value:.6g}" for name, value in numbers.items() if math.isfinite(value))
    return ";".join(known)


def place_rows(findings: Findings) -> list[Row]:
    """Every place and sign in one row; then zones and signs of which nothing can be shown."""
    activity = findings.activity
    if activity is None:
        return []
    rows = [_place(one) for one in activity.readings]
    blank: Row = dict.fromkeys(PLACE_COLUMNS)
    said: list[Row] = [{"place": zone, "why_not": why} for zone, why in activity.silent_zones]
    said += [{"sign": one.sign.value, "why_not": one.reason} for one in activity.unasked]
    silent: Row = {"observable": False, "simulated": findings.is_simulated}
    return [*rows, *(blank | one | silent for one in said)]


def _place(reading: SignReading) -> Row:
    """One series as a whole."""
    series, base = reading.series, reading.series.baseline
    lost = ";".join(f"{reason}={n}" for reason, n in series.n_missing.items())
    return named(
        PLACE_COLUMNS,
        series.place,
        series.sign.value,
        series.source,
        reading.is_observable,
        reading.why_silent,
        series.unit,
        reading.n_looks,
        None if base is None else base.n_looks,
        lost,
        finite(series.smallest_change, DIGITS),
        None if base is None else finite(series.resolution, DIGITS),
        finite(series.effective_pixels, 2),
        None if base is None else finite(base.spread, DIGITS),
        None if base is None else base.is_pooled,
        ";".join(_lasting(one) for one in reading.lasting),
        int(reading.single.sum()),
        series.note,
        series.is_simulated,
    )


def _lasting(one: LastingDeparture) -> str:
    """A lasting departure: onset, end, size; an open end stands."""
    without = iso(one.onset.last_without) or ""
    end = "" if one.end is None else f"{iso(one.end.last_without)}/{iso(one.end.first_with)}"
    return f"{without}/{iso(one.onset.first_with)} to {end or 'stands'} by {one.size:+.6g}"


def sign_document(findings: Findings) -> dict[str, object]:
    """All signs with their looks, under a head that says what they rest on."""
    activity = findings.activity
    head: dict[str, object] = {
        "simulated": findings.is_simulated,
        "site_id": findings.site.id,
        "run_id": findings.run_id,
        "source": findings.source,
        "sensor": findings.cube.sensor,
    }
    if activity is None:
        return head | {"signs": [], "silent_zones": [], "not_shown": []}
    rule = {
        "baseline_end": iso(activity.baseline_end),
        "look_alpha": activity.look_alpha,
        "n_looks": activity.n_looks,
        "run_alpha": activity.run_alpha,
    }
    signs: list[object] = [
        {**_place(one), "looks": [_look(row) for row in _looks(one)] if one.has_numbers else []}
        for one in activity.readings
    ]
    silent = [{"place": zone, "reason": why} for zone, why in activity.silent_zones]
    not_shown = [{"sign": one.sign.value, "reason": one.reason} for one in activity.unasked]
    return head | rule | {"signs": signs, "silent_zones": silent, "not_shown": not_shown}


def _look(row: Row) -> dict[str, Cell]:
    """A look less what its whole series shares."""
    shared = ("place", "sign", "source", "unit", "simulated")
    return {name: value for name, value in row.items() if name not in shared}
