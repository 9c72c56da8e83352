"""What departs in finished series: for several looks in a row, or on one look alone.

Here belongs the plain reading of scores that a run publishes. The onset in one direction over all
of a series belongs to ``onset``; whether a claim's window departs by more than chance to
``assess``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

from pipeline.model.activity import LastingDeparture, SignReading
from pipeline.model.change import Bracket
from pipeline.signs.onset import ONSET_ALPHA
from pipeline.signs.persistence import N_LOOKS
from pipeline.signs.weighing import ALPHA

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.model.sign import SignSeries

    Flags = NDArray[np.bool_]

RUN_ALPHA: Final = 0.05
"""Chance that any look of one sign and source stands out alone in a whole run, were scores normal:
shared equally by all looks after the baseline (Bonferroni)."""


def read_series(series: Sequence[SignSeries], since: datetime) -> tuple[SignReading, ...]:
    """What departs in every series after the baseline.

    Args:
        series: of any signs and places.
        since: the first instant after the baseline, UTC.

    Returns:
        In the order of the series.
    """
    sizes: dict[tuple[str, str], int] = {}
    for one in series:
        key = one.sign, one.source
        sizes[key] = sizes.get(key, 0) + int((_late(one, since) & _scored(one)).sum())
    return tuple(_read(one, since, sizes[one.sign, one.source]) for one in series)


def _late(series: SignSeries, since: datetime) -> Flags:
    """Looks after the baseline, bool, (look,)."""
    return np.array([instant >= since for instant in series.instants], dtype=np.bool_)


def _scored(series: SignSeries) -> Flags:
    """Looks with a score, bool, (look,)."""
    return np.asarray(series.usable & np.isfinite(series.scores))


def _read(series: SignSeries, since: datetime, family: int) -> SignReading:
    """One series, in a family of so many looks."""
    late, limits = _late(series, since), single_limits(series, family)
    lasting, held = lasting_departures(series, since)
    departures = np.nan_to_num(np.abs(series.departures))
    alone = late & _scored(series) & ~held & (departures > np.nan_to_num(limits, nan=np.inf))
    return SignReading(series, late, lasting, held, alone, limits)


def single_limits(series: SignSeries, family: int) -> NDArray[np.float64]:
    """Departure from which one look stands out among so many, float64, (look,).

    Errors read as those of a normal variable at ``ALPHA`` alone; farther out Student's quantile
    grows faster where few looks tell the spread, and the limit with it.
    """
    if series.baseline is None:
        return np.full(len(series.instants), np.nan)
    dof, share = series.baseline.dof, 1 - RUN_ALPHA / (2 * max(family, 1))
    farther = special.stdtrit(dof, share) / special.stdtrit(dof, 1 - ALPHA / 2)
    reach = float(special.ndtri(1 - ALPHA / 2) * max(farther, 1.0))
    return np.asarray(series.baseline.errors * reach, dtype=np.float64)


def lasting_departures(
    series: SignSeries, since: datetime, n_looks: int = N_LOOKS
) -> tuple[tuple[LastingDeparture, ...], Flags]:
    """All runs of departing looks of which enough lie after the baseline.

    A look without a number neither adds to a run nor ends it. A run that began before the
    baseline ended keeps its onset there.

    Returns:
        The runs by onset, and the looks that they hold, bool, (look,).
    """
    looks, scores = np.flatnonzero(_scored(series)), series.scores
    limit = float(special.ndtri(1 - ONSET_ALPHA / 2))
    sides = np.where(np.abs(scores[looks]) > limit, np.sign(scores[looks]), 0)
    turns = np.flatnonzero(np.diff(sides)) + 1
    held = np.zeros(len(scores), dtype=np.bool_)
    found = []
    for first, stop in zip([0, *turns.tolist()], [*turns.tolist(), len(looks)], strict=True):
        run = looks[first:stop]
        n_late = sum(series.instants[k] >= since for k in run.tolist())
        if len(run) and sides[first] and n_late >= n_looks:
            held[run] = True
            found.append(_departure(series, looks, (first, stop)))
    return tuple(found), held


def _departure(
    series: SignSeries, looks: NDArray[np.intp], span: tuple[int, int]
) -> LastingDeparture:
    """One run, by its place among the looks with a score."""
    first, stop = span
    when = [series.instants[k] for k in looks.tolist()]
    size = float(np.median(series.departures[looks[first:stop]]))
    return LastingDeparture(
        direction=1 if size > 0 else -1,
        onset=Bracket(when[first - 1] if first else None, when[first]),
        end=Bracket(when[stop - 1], when[stop]) if stop < len(when) else None,
        n_looks=stop - first,
        size=size,
    )
