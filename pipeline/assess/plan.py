"""From a claim to what will be asked of the data, without a look at the data.

Here belong the windows, places and breaks of a plan. Whether a plan was fixed in time is told by
``store``; what the windows hold is asked by ``weigh``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pipeline.model.change import Period
from pipeline.model.claim import Testability
from pipeline.model.plan import Plan, PlannedWindow
from pipeline.model.time import civil_day_span_utc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.config import AssessOptions
    from pipeline.model.claim import AssertedTime, Claim, Prediction, Seeds
    from pipeline.model.site import Site

METHOD: Final = "2"
"""Raised by hand when the same numbers would be weighed in another way."""

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Days are counted from here; nothing depends on the choice."""
DAY_S: Final = 86_400.0


def day_of(instant: datetime) -> float:
    """Days since ``EPOCH``."""
    return (instant - EPOCH).total_seconds() / DAY_S


def plans_of(seeds: Seeds, site: Site, options: AssessOptions) -> tuple[Plan, ...]:
    """A plan for every claim, in the order of the seeds."""
    controls = [claim for claim in seeds.claims if claim.is_positive_control]
    breaks = {_first_instant(time, site) for claim in controls for time in dated(claim)}
    ordered = tuple(instant.isoformat() for instant in sorted(breaks))
    return tuple(_plan(claim, site, options, ordered) for claim in seeds.claims)


def dated(claim: Claim) -> tuple[AssertedTime, ...]:
    """The asserted times of what is claimed; the day of a report only where nothing else is."""
    return tuple(time for time in claim.times if time.kind != "report") or claim.times


def _plan(claim: Claim, site: Site, options: AssessOptions, breaks: tuple[str, ...]) -> Plan:
    """The plan of one claim; one that nothing can test has no windows."""
    is_testable = claim.testability in {Testability.STRONG, Testability.WEAK}
    asked = enumerate(claim.predictions) if is_testable else ()
    return Plan(
        claim_id=claim.id,
        places=places_of(claim, site),
        predictions=claim.predictions,
        alternatives=claim.alternatives,
        windows=tuple(
            _window(time, (number, prediction), site, options)
            for number, prediction in asked
            for time in dated(claim)
        ),
        breaks_utc=breaks,
        levels=tuple((name, float(value)) for name, value in sorted(_levels(options))),
        method=METHOD,
    )


def _levels(options: AssessOptions) -> Iterator[tuple[str, float]]:
    """Name and value of every setting of the rule."""
    yield from options.model_dump().items()


def places_of(claim: Claim, site: Site) -> tuple[str, ...]:
    """The zones of a claim that the site has, and the cells searched for one of unknown place.

    The zone that means the whole site has a place for coarse sensors, outline or not.
    """
    held = {zone.id: zone for zone in site.zones}
    ids: dict[str, None] = {}
    for zone_id in claim.zone_ids:
        zone = held.get(zone_id)
        if zone is not None:
            is_known = zone.is_placed or zone.outline_outside is not None
            own = (zone.id,) if is_known or zone.id == site.whole_zone else ()
            ids.update(dict.fromkeys((*own, *(() if is_known else zone.search_cells))))
    return tuple(ids)


def _window(
    time: AssertedTime, asked: tuple[int, Prediction], site: Site, options: AssessOptions
) -> PlannedWindow:
    """The days asked for one asserted time and prediction."""
    number, prediction = asked
    first = _first_instant(time, site)
    span = civil_day_span_utc(time.start, time.end, site.timezone)
    pad = timedelta(days=options.pad_days)
    window = Period(span.start - pad, span.end + pad)
    if prediction.window_days is not None:
        window = _from_first(first, prediction.window_days)
    bounds = [window.start.isoformat(), window.end.isoformat()]
    if prediction.reference_days is not None:
        reference = _from_first(first, prediction.reference_days)
        bounds += [reference.start.isoformat(), reference.end.isoformat()]
    return PlannedWindow(time, number, *bounds)


def _first_instant(time: AssertedTime, site: Site) -> datetime:
    """The first instant of an asserted time."""
    return civil_day_span_utc(time.start, time.start, site.timezone).start


def _from_first(first: datetime, days: tuple[int, int]) -> Period:
    """Days counted from the first asserted one, the last of them whole."""
    return Period(first + timedelta(days=days[0]), first + timedelta(days=days[1] + 1))
