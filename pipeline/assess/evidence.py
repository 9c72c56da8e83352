"""What one sensor measured of a site, cut to what a claim can ask of it.

Here belong the evidence handed to ``assess`` and the series and coverage drawn from it. The
statistics belong to ``shift``, the answer to ``verdict``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assess.shift import ShareSeries
from pipeline.model.assessment import Coverage
from pipeline.model.claim import Observable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.config import AssessOptions
    from pipeline.model.change import Detection, Period, ZoneSeries

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Days are counted from here; nothing depends on the choice."""

DAY_S = 86_400.0

SNOWY_SHARE = 0.5
"""A date counts as snowy once this much of the seen control ground is snow."""

SURFACE = frozenset({Observable.SURFACE_CHANGE, Observable.VEGETATION, Observable.BUILT_UP})
"""Observables that show as pixels leaving their own baseline."""


@dataclass(frozen=True)
class EvidenceKind:
    """What a departing share stands for, by the kind of detector behind it.

    Attributes:
        share: name of the share that is measured.
        observables: what it can speak to.
        sees_passing: whether a change that came and went would have been seen, so that its
            absence may contradict a claim.
    """

    share: str
    observables: frozenset[Observable]
    sees_passing: bool


DEPARTURES = EvidenceKind("departing share", SURFACE | {Observable.SNOW_CLEARED}, sees_passing=True)
LASTING_STEPS = EvidenceKind(
    "share behind a lasting step of backscatter",
    frozenset({Observable.SURFACE_CHANGE, Observable.BUILT_UP}),
    sees_passing=False,
)
"""Backscatter tells neither plants nor snow from other ground."""


@dataclass(frozen=True)
class Evidence:
    """What one sensor measured.

    Attributes:
        sensor: slug of the sensor.
        instants: the dates of the series, UTC.
        listed: instants of every acquisition the search listed, usable or not, UTC.
        series: the zones by id, on the axis of ``instants``.
        detections: the objects that were found.
        gsd_m: edge of a pixel, in metres.
        is_simulated: whether any of it is made up.
        kind: what its shares stand for.
    """

    sensor: str
    instants: tuple[datetime, ...]
    listed: tuple[datetime, ...]
    series: Mapping[str, ZoneSeries]
    detections: tuple[Detection, ...]
    gsd_m: float
    is_simulated: bool
    kind: EvidenceKind = DEPARTURES

    @property
    def days(self) -> NDArray[np.float64]:
        """The dates as days since ``EPOCH``, float64, (time,)."""
        return np.array([day_of(instant) for instant in self.instants])

    @property
    def controls(self) -> tuple[ZoneSeries, ...]:
        """The series of the control zones."""
        return tuple(series for series in self.series.values() if series.is_control)


def day_of(instant: datetime) -> float:
    """Days since ``EPOCH``."""
    return (instant - EPOCH).total_seconds() / DAY_S


def share_series(
    evidence: Evidence, zone_id: str, observable: Observable, min_share: float
) -> ShareSeries:
    """One observable of one zone, less the mean of its controls on the same date.

    The difference takes out what zone and controls share: haze, season, processing steps. Looks
    at which the zone or every control was too cloudy are left out.

    Args:
        evidence: what was measured.
        zone_id: a zone that has a series.
        observable: one of those of the evidence's kind.
        min_share: share of a zone that must be seen for a look to count.
    """
    zone = evidence.series[zone_id]
    own = _shares(zone, observable, min_share)
    others = [
        _shares(one, observable, min_share) for one in evidence.controls if one.zone_id != zone_id
    ]
    level = _mean_of_seen(others, len(own))
    values = own - level
    if observable is Observable.SNOW_CLEARED:
        values = np.where(level < 1 - SNOWY_SHARE, values, np.nan)
    usable = np.isfinite(values)
    return ShareSeries(evidence.days[usable], values[usable], 1 / zone.n_pixels)


def _shares(zone: ZoneSeries, observable: Observable, min_share: float) -> NDArray[np.float64]:
    """An observable as a share of the seen zone, (time,); NaN where too little was seen."""
    if observable is Observable.SNOW_CLEARED:
        part, seen = zone.seen_px, zone.seen_px + zone.snow_px
    else:
        part, seen = zone.departing_px, zone.seen_px
    share = np.full(seen.shape, np.nan)
    np.divide(part, seen, out=share, where=seen >= max(min_share * zone.n_pixels, 1e-9))
    return share


def _mean_of_seen(rows: Sequence[NDArray[np.float64]], n_dates: int) -> NDArray[np.float64]:
    """Mean over the rows that saw a date, (time,); NaN where none did."""
    if not rows:
        return np.full(n_dates, np.nan)
    table = np.array(rows)
    seen = np.isfinite(table)
    mean = np.full(n_dates, np.nan)
    total = np.where(seen, table, 0.0).sum(axis=0)
    np.divide(total, seen.sum(axis=0), out=mean, where=seen.any(axis=0))
    return mean


def coverage_of(
    evidence: Evidence, series: ShareSeries, span: Period, options: AssessOptions
) -> Coverage:
    """How often a window and the rest of the series were seen."""
    start, end = day_of(span.start), day_of(span.end)
    guard = options.guard_days
    outside = ~series.inside(start - guard, end + guard)
    return Coverage(
        n_scenes=sum(instant in span for instant in evidence.listed),
        n_clear=int(series.inside(start, end).sum()),
        n_baseline=int(outside.sum()),
        n_needed=options.min_window_looks,
    )
