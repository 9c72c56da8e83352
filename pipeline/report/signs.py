"""The signs of activity on the page: an overview, and a panel for each sign of each zone.

Here belongs the choice of what is shown where. Sentences belong to ``sign_words``, coordinates to
``sign_charts``; whether a sign can be shown at all was decided before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model.site import SITE_PLACE
from pipeline.report import sign_words
from pipeline.report.content import SignLine, SignOverview, SignPanel
from pipeline.report.sign_charts import sign_chart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.model.activity import Activity, SignReading
    from pipeline.model.findings import Findings
    from pipeline.model.sign import Sign


def overview(findings: Findings) -> SignOverview | None:
    """All signs of the run; None where none were asked."""
    activity = findings.activity
    if activity is None:
        return None
    names = sign_words.NAMES
    return SignOverview(
        lines=tuple(_line(findings, activity, sign) for sign in activity.signs),
        unasked=tuple((names[one.sign], one.reason) for one in activity.unasked),
        whole_site=panels_of(findings, SITE_PLACE),
        whole_blind=blind_in(findings, SITE_PLACE),
        rule=sign_words.rule(activity),
    )


def panels_of(findings: Findings, zone_id: str) -> tuple[SignPanel, ...]:
    """The signs that say something of a zone, first those that depart."""
    readings = findings.activity.of(zone_id) if findings.activity else ()
    shown = sorted((one for one in readings if one.is_observable), key=lambda one: not one.departs)
    return tuple(_panel(findings, one) for one in shown)


def blind_in(findings: Findings, zone_id: str) -> tuple[tuple[str, str], ...]:
    """The signs that are about such a zone and say nothing of it, and why."""
    activity = findings.activity
    if activity is None:
        return ()
    why, readings = activity.why_silent(zone_id), activity.of(zone_id)
    if why and not readings:
        return (("All signs", why),)
    return tuple(
        (sign_words.NAMES[one.series.sign], one.why_silent)
        for one in readings
        if not one.is_observable
    )


def _line(findings: Findings, activity: Activity, sign: Sign) -> SignLine:
    """One sign over all zones."""
    readings = activity.of_sign(sign)
    shown = [one for one in readings if one.is_observable]
    lasting = [one for one in shown if one.lasting]
    single = [one for one in shown if one.single.any() and not one.lasting]
    first = readings[0].series
    return SignLine(
        name=sign_words.NAMES[sign],
        counts=first.unit,
        note=first.note,
        shown=f"{len(shown)} of {len(readings)}",
        why="" if shown else "; ".join(dict.fromkeys(one.why_silent for one in readings)),
        lasting=_links(findings, lasting),
        single=_links(findings, single),
    )


def _links(findings: Findings, readings: Iterable[SignReading]) -> tuple[tuple[str, str], ...]:
    """Label and anchor of each place, once; the site as a whole stands in the overview itself."""
    places = dict.fromkeys(one.series.place for one in readings)
    return tuple((_label(findings, place), _anchor(place)) for place in places)


def _anchor(place: str) -> str:
    """Where a place stands on the page."""
    return "whole-site" if place == SITE_PLACE else f"zone-{place}"


def _label(findings: Findings, place: str) -> str:
    """The name of a place."""
    return "the whole site" if place == SITE_PLACE else findings.site.zone(place).label


def _panel(findings: Findings, reading: SignReading) -> SignPanel:
    """One sign of one place."""
    series, timezone = reading.series, findings.site.timezone
    name = sign_words.NAMES[series.sign]
    if series.source != findings.cube.sensor:
        name += f" ({series.source})"
    since = findings.activity.baseline_end if findings.activity else series.instants[0]
    return SignPanel(
        name=name,
        says=sign_words.says(reading, timezone),
        reach=sign_words.reach(reading),
        departs=reading.departs,
        chart=sign_chart(reading, name, timezone, since),
    )
