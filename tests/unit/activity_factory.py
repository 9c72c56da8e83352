"""Findings with signs of activity whose every number is known.

The plot turns bare for good on one look and stands out once more before that; the field beside it
is quiet; the whole complex cannot be seen; the electronics row has no place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.activity import Activity, Unasked
from pipeline.model.sign import Missing, Sign, SignBaseline, SignSeries
from pipeline.signs.departures import read_series
from tests.unit.findings_factory import INSTANTS, N_BASELINE, make_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model.findings import Findings

BARE_FROM = 30
ALONE = 26
CLOUDED = 33
UNIT = "share of the seen green ground that has turned bare for good"
NOTE = "ploughing clears ground, too"


def share_series(
    place: str, values: Sequence[float], *, why: str = "", unit: str = UNIT, source: str = ""
) -> SignSeries:
    """A share at every date of the findings but one, with an error of 2 points."""
    n = len(INSTANTS)
    numbers = np.array(values, dtype=np.float64)
    numbers[CLOUDED] = np.nan
    level = np.full(n, 0.01)
    base = SignBaseline(
        np.zeros(n), np.full(n, 0.02), 0.02, 30, N_BASELINE, is_pooled=True,
        smallest_changes=np.full(n, 0.06),
    )  # fmt: skip
    return SignSeries(
        sign=Sign.PLOT_CLEARING,
        place=place,
        unit=unit,
        instants=INSTANTS,
        values=np.full(n, np.nan) if why else numbers,
        controls=np.full(n, np.nan) if why else level,
        missing=tuple(Missing.UNSEEN if why or k == CLOUDED else None for k in range(n)),
        resolution=0.01,
        effective_pixels=400,
        baseline=None if why else base,
        not_observable=why,
        note=NOTE,
        source=source,
        companions={} if why else {"n_looks": np.arange(n, dtype=np.float64)},
        is_simulated=True,
    )


def bare_values() -> list[float]:
    """Bare from one date on, and by half once before."""
    values = [0.01] * len(INSTANTS)
    values[ALONE] = 0.5
    return [*values[:BARE_FROM], *([0.8] * (len(INSTANTS) - BARE_FROM))]


def make_activity(*, is_simulated: bool = True, **parts: object) -> Activity:
    """The signs of the made-up findings."""
    series = (
        share_series("whole-complex", bare_values(), why="it holds no green ground"),
        share_series("north-vacant", bare_values()),
        share_series("control-field", [0.01] * len(INSTANTS)),
    )
    since = INSTANTS[N_BASELINE]
    marked = [replace(one, is_simulated=is_simulated) for one in series]
    made = Activity(
        readings=read_series(marked, since),
        unasked=(Unasked(Sign.NIGHT_LIGHT_STEP, "no files of night light are held"),),
        silent_zones=(("electronics", "position not established"),),
        baseline_end=since,
        look_alpha=0.01,
        n_looks=3,
        run_alpha=0.05,
    )
    return replace(made, **parts)  # type: ignore[arg-type]  # fields of the noun


def signed_findings(activity: Activity | None = None, *, is_simulated: bool = True) -> Findings:
    """The made-up findings with their signs."""
    found = make_findings(is_simulated=is_simulated)
    return replace(found, activity=activity or make_activity(is_simulated=is_simulated))
