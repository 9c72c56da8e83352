"""The zones of the page: what was measured in each, in words, pictures and a chart.

Here belongs the choice of what a zone's section says. The pictures belong to ``figures``, the
coordinates of a chart to ``charts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model.site import ZoneKind
from pipeline.raster.place import landmarks_of, place_of
from pipeline.raster.shape import shape_of
from pipeline.report import charts, figures, signs, wording
from pipeline.report.content import DetectionRow, Report, ZoneGroup, ZoneSection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model.change import Detection
    from pipeline.model.claim import Event
    from pipeline.model.findings import Findings
    from pipeline.model.site import Zone
    from pipeline.report.figures import Painter

TITLES = {
    "changed": "Zones with a measured change",
    "quiet": "Zones without a measured change",
    "unplaced": "Zones whose position is not established",
    "control": "Control zones",
}
MOST_DETECTIONS = 40
"""A zone with more objects lists the largest; all of them stand in detections.geojson."""


def numbered(findings: Findings) -> dict[str, int]:
    """Number by zone id for every named zone, in the order of the groups, then of the file."""
    order = list(TITLES)
    zones = sorted(findings.named_zones, key=lambda zone: order.index(group_of(findings, zone)))
    return {zone.id: number for number, zone in enumerate(zones, start=1)}


def group_of(findings: Findings, zone: Zone) -> str:
    """Which heading a zone stands under."""
    if zone.outline_outside is not None:
        return "control"
    if not zone.is_placed:
        return "unplaced"
    if zone.kind is ZoneKind.CONTROL:
        return "control"
    return "changed" if wording.accepted(findings.detections_in(zone.id)) else "quiet"


def zone_groups(painter: Painter, numbers: dict[str, int]) -> tuple[ZoneGroup, ...]:
    """All named zones, by outcome; headings without zones are left out."""
    findings = painter.findings
    by_number = sorted(findings.named_zones, key=lambda zone: numbers[zone.id])
    sections = [zone_section(painter, zone, numbers[zone.id]) for zone in by_number]
    groups = (
        ZoneGroup(key, title, tuple(one for one in sections if one.group == key))
        for key, title in TITLES.items()
    )
    return tuple(group for group in groups if group.zones)


def zone_section(painter: Painter, zone: Zone, number: int) -> ZoneSection:
    """One zone."""
    findings = painter.findings
    found, series = findings.detections_in(zone.id), findings.series_of.get(zone.id)
    held = wording.accepted(found)
    listed = sorted(found, key=lambda one: -one.n_pixels)[:MOST_DETECTIONS]
    listed.sort(key=lambda one: (one.status not in wording.STANDING, one.onset.first_with, one.id))
    return ZoneSection(
        id=zone.id,
        anchor=f"zone-{zone.id}",
        number=number,
        label=zone.label,
        kind=zone.kind.value,
        place=wording.place(zone),
        group=group_of(findings, zone),
        headline=_headline(findings, zone, found),
        limit="" if series is None else wording.limit_words(findings.limit_of(zone.id)),
        crops=figures.crops(painter, zone),
        chart=None if series is None else charts.zone_chart(findings, series, held),
        n_changes=len(held),
        detections=tuple(_detection_row(painter, one) for one in listed),
        n_unlisted=len(found) - len(listed),
        reports=_reports(findings, zone),
        search=figures.search_map(painter, zone),
        claims=_claims(findings, zone),
        signs=signs.panels_of(findings, zone.id),
        blind=signs.blind_in(findings, zone.id),
    )


def _headline(findings: Findings, zone: Zone, found: Sequence[Detection]) -> str:
    """What was measured, in one sentence."""
    if zone.outline_outside is not None:
        return "Not measured: this comparator lies outside the site; coarse sensors see it."
    if not zone.is_placed:
        return _unplaced(findings, zone)
    if zone.id not in findings.series_of:
        return "Not measured: this zone lies outside the pixels that were read."
    held = wording.accepted(found)
    if held:
        return _changed(findings, held) + _waiting(len(found) - len(held))
    looks = findings.looks_at(zone.id)[findings.changes.n_baseline :]
    quiet = wording.quiet(findings.limit_of(zone.id), int(looks.sum()))
    return quiet + _waiting(len(found))


def _unplaced(findings: Findings, zone: Zone) -> str:
    """What may be said of a zone of unknown place: where it is looked for, what changed there."""
    cells = wording.count(len(zone.search_cells), "cell")
    verb = "stands" if len(zone.search_cells) == 1 else "stand"
    moved = sum(bool(wording.accepted(findings.detections_in(one))) for one in zone.search_cells)
    return (
        f"Position not established: {cells} of the search grid {verb} in for this zone. "
        f"A change was measured in {moved} of them, which need not be in the zone."
    )


def _changed(findings: Findings, held: Sequence[Detection]) -> str:
    """How many changes, how large, since when."""
    largest = max(held, key=lambda one: one.n_pixels)
    when = wording.onset(largest.onset, findings.site.timezone)
    lead = "The largest" if len(held) > 1 else "It"
    return (
        f"{wording.count(len(held), 'change')} measured. {lead} covers "
        f"{wording.area(largest.area_m2)}; onset {when}{_step(largest)}."
    )


def _step(found: Detection) -> str:
    """How far a lasting step goes; nothing for a change in noise deviations."""
    return f"; step {wording.levels(found.by_band)}" if found.by_band else ""


def _waiting(number: int) -> str:
    """Departures that the next clear looks will decide; nothing for none."""
    if not number:
        return ""
    verb = "awaits" if number == 1 else "await"
    return f" {wording.count(number, 'departure')} at the end of the series {verb} further looks."


def _detection_row(painter: Painter, found: Detection) -> DetectionRow:
    """One detection in words."""
    findings = painter.findings
    timezone, grid = findings.site.timezone, findings.cube.grid
    return DetectionRow(
        id=found.id,
        onset=wording.onset(found.onset, timezone),
        reversal=wording.reversal(found, timezone),
        status=wording.STATUS[found.status],
        area=f"{found.area_m2:,.0f} ± {found.area_error_m2:,.0f} m²",
        shape=wording.shape(shape_of(found.mask, grid.gsd_m)),
        place=place_of(found, landmarks_of(findings.site, findings.masks, grid), grid),
        n_pixels=found.n_pixels,
        magnitude=wording.distance(found),
        n_looks=found.n_looks,
        color=painter.onset_color(found),
    )


def _reports(findings: Findings, zone: Zone) -> tuple[Report, ...]:
    """What others reported of a zone while it was watched."""
    events = findings.seeds.events if findings.seeds else ()
    first, last = findings.cube.instants[0].date(), findings.cube.instants[-1].date()
    return tuple(
        _report(event)
        for event in events
        if zone.id in event.zone_ids and event.start <= last and event.end >= first
    )


def _report(event: Event) -> Report:
    """One reference event in words."""
    days = event.start.isoformat()
    if event.end != event.start:
        days += f" {wording.TO} {event.end.isoformat()}"
    return Report(event.id, days, event.what, event.observer)


def _claims(findings: Findings, zone: Zone) -> tuple[tuple[str, str], ...]:
    """Claims that speak of a zone and were weighed: id and anchor."""
    weighed = {one.claim_id for one in findings.assessments}
    claims = findings.seeds.claims if findings.seeds else ()
    return tuple(
        (claim.id, f"claim-{claim.id}")
        for claim in claims
        if zone.id in claim.zone_ids and claim.id in weighed
    )
