"""The other direction: changes that no claim explains, and events that others reported.

Here belongs the match of confirmed changes with claims and events by place and time. The numbers
of a change without a claim are those that a claim would get, from ``weigh``; they are post hoc.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import false_discovery_control

from pipeline.assess.bench import bench_of
from pipeline.assess.lines import drawn
from pipeline.assess.plan import METHOD, dated, day_of, places_of
from pipeline.assess.weigh import STANDING, weigh
from pipeline.model.claim import (
    AssertedTime,
    Direction,
    Observable,
    Prediction,
    Testability,
)
from pipeline.model.comparison import Comparison, EventMatch, Outcome, Unexplained
from pipeline.model.plan import Plan, PlannedWindow
from pipeline.model.site import ZoneKind
from pipeline.model.time import civil_day_span_utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from pipeline.assess.bench import Bench
    from pipeline.config import AssessOptions
    from pipeline.model.assessment import WindowTest
    from pipeline.model.change import Period
    from pipeline.model.claim import Claim, Event, Seeds
    from pipeline.model.signal import Evidence, StandingChange
    from pipeline.model.site import Site

AFTER_DAYS: Final = 60
"""Days after its onset that a change without a claim is asked for: time for a dozen looks."""
BEFORE_DAYS: Final = 180
"""Days before it, less the guard, that it is compared with."""
DAY: Final = timedelta(days=1)
TRACELESS: Final = "what was reported is finer than the pixels of open sensors, or leaves no trace"


def compare(seeds: Seeds, site: Site, evidence: Evidence, options: AssessOptions) -> Comparison:
    """Confirmed changes beside claims, and reported events beside confirmed changes."""
    changes = tuple(sorted(evidence.changes, key=lambda one: (one.sensor, one.id)))
    standing = tuple(one for one in changes if one.status in STANDING)
    bench = bench_of(drawn(evidence), changes, options)
    objects = _once(standing, site)
    loose = [one for one in objects if not _explained(one, seeds.claims, site, options)]
    court = _Court(standing, seeds.claims, site, bench)
    events = tuple(_match(event, court) for event in seeds.events)
    return Comparison(_unexplained(loose, bench), events)


def _once(standing: Sequence[StandingChange], site: Site) -> list[StandingChange]:
    """The changes without those that a cell of the search grid holds beside a named zone.

    A change in both appeared between the same two looks of the same sensor.
    """
    cells = {zone.id for zone in site.zones if zone.kind is ZoneKind.CELL}
    named = {(one.sensor, one.onset) for one in standing if one.zone_id not in cells}
    return [
        one for one in standing if one.zone_id not in cells or (one.sensor, one.onset) not in named
    ]


def _span(start: datetime, end: datetime, pad: timedelta) -> tuple[datetime, datetime]:
    """Two instants with a margin on both sides."""
    return start - pad, end + pad


def _bracket(change: StandingChange) -> tuple[datetime, datetime]:
    """From the last look without a change to the first with it."""
    first = change.onset.first_with
    return change.onset.last_without or first, first


def _explained(
    change: StandingChange, claims: Sequence[Claim], site: Site, options: AssessOptions
) -> bool:
    """Whether a claim that open imagery can test speaks of the zone at the time of the onset."""
    pad = timedelta(days=options.pad_days)
    for claim in claims:
        if claim.testability in {Testability.NONE, Testability.SUB_METRE}:
            continue
        if change.zone_id in places_of(claim, site) and any(
            _overlaps(change, _civil(time.start, time.end, site), pad) for time in dated(claim)
        ):
            return True
    return False


def _civil(start: date, end: date, site: Site) -> Period:
    """Civil days of the site as instants."""
    return civil_day_span_utc(start, end, site.timezone)


def _overlaps(change: StandingChange, span: Period, pad: timedelta) -> bool:
    """Whether the onset bracket of a change and a span of time meet."""
    start, end = _span(span.start, span.end, pad)
    first, last = _bracket(change)
    return first <= end and last >= start


def _unexplained(loose: Sequence[StandingChange], bench: Bench) -> tuple[Unexplained, ...]:
    """Changes without a claim, by zone and onset, with the numbers that a claim would get."""
    ordered = sorted(loose, key=lambda one: (one.zone_id, one.onset.first_with, one.id))
    tests = [_asked(one, bench) for one in ordered]
    judged = [test for test in tests if test is not None and test.effect is not None]
    p_values = [test.effect.p_value for test in judged if test.effect is not None]
    adjusted = iter(false_discovery_control(p_values).tolist() if p_values else ())
    return tuple(
        Unexplained(
            change.id,
            change.zone_id,
            test,
            len(judged),
            next(adjusted) if test is not None and test.effect is not None else None,
        )
        for change, test in zip(ordered, tests, strict=True)
    )


def _asked(change: StandingChange, bench: Bench) -> WindowTest | None:
    """The looks after an onset, asked as if a claim had named them; None if no line has them."""
    start = change.onset.first_with
    end = start + AFTER_DAYS * DAY
    if change.reversal is not None and change.reversal.last_without is not None:
        end = min(end, change.reversal.last_without)
    prediction = Prediction(
        Observable.SURFACE_CHANGE, (change.sensor,), Direction.CHANGE, "found in the data"
    )
    time = AssertedTime(
        start.date().isoformat(), start.date(), end.date(), "detection", ("this run",)
    )
    before = start - bench.options.guard_days * DAY
    window = PlannedWindow(
        time,
        0,
        start.isoformat(),
        end.isoformat(),
        (before - BEFORE_DAYS * DAY).isoformat(),
        before.isoformat(),
    )
    levels = tuple(sorted((k, float(v)) for k, v in bench.options.model_dump().items()))
    plan = Plan(change.id, (change.zone_id,), (prediction,), (), (window,), (), levels, METHOD)
    tests = weigh(plan, bench).tests
    return tests[0] if tests else None


@dataclass(frozen=True)
class _Court:
    """What an event is held against."""

    standing: tuple[StandingChange, ...]
    claims: tuple[Claim, ...]
    site: Site
    bench: Bench


def _match(event: Event, court: _Court) -> EventMatch:
    """One reported event."""
    span = _civil(event.start, event.end, court.site)
    pad = timedelta(days=court.bench.options.guard_days)
    bare = EventMatch(event.id, Outcome.NOT_OBSERVABLE, TRACELESS, claim_ids=_claims(event, court))
    if event.grade in {Testability.NONE, Testability.SUB_METRE}:
        return bare
    bare = replace(bare, n_looks=_looks_near(event, span, pad, court.bench))
    near = [
        one for one in court.standing if one.zone_id in event.zone_ids and _overlaps(one, span, pad)
    ]
    if near:
        return _agreed(bare, near, span)
    if bare.n_looks < court.bench.options.min_window_looks:
        return replace(bare, why=f"clear looks at its zones around its time: {bare.n_looks}")
    why = "its zones were seen, and no lasting change was confirmed there"
    return replace(bare, outcome=Outcome.MISSED, why=why)


def _agreed(bare: EventMatch, near: Sequence[StandingChange], span: Period) -> EventMatch:
    """An event at whose time changes appeared; its onset error is that of the nearest."""
    nearest = min(near, key=lambda one: abs(_miss_days(one, span)))
    first, last = _bracket(nearest)
    return replace(
        bare,
        outcome=Outcome.AGREES,
        why="a confirmed change appeared in one of its zones at its time",
        change_ids=tuple(one.id for one in near),
        onset_error_days=_miss_days(nearest, span),
        bracket_days=(last - first) / DAY,
    )


def _claims(event: Event, court: _Court) -> tuple[str, ...]:
    """Claims that speak of one of an event's zones at its time."""
    return tuple(
        claim.id
        for claim in court.claims
        if set(claim.zone_ids) & set(event.zone_ids)
        and any(time.start <= event.end and time.end >= event.start for time in dated(claim))
    )


def _looks_near(event: Event, span: Period, pad: timedelta, bench: Bench) -> int:
    """Most clear looks that any zone of an event has on changed ground, margins included."""
    start, end = (day_of(instant) for instant in _span(span.start, span.end, pad))
    counts = [
        int(np.sum((one.line.days >= start) & (one.line.days <= end)))
        for one in bench.lines
        if one.signal.place in event.zone_ids and one.signal.observable is Observable.SURFACE_CHANGE
    ]
    return max(counts, default=0)


def _miss_days(change: StandingChange, span: Period) -> float:
    """Days between an onset bracket and a span: 0 if they meet, below 0 if it was before."""
    first, last = _bracket(change)
    if last < span.start:
        return (last - span.start) / DAY
    return max(0.0, (first - span.end) / DAY)
