"""Findings to the content of the page: what stands where.

Here belongs the head of the page and the order of its parts. Zones belong to ``sections``, claims
to ``answers``, pictures to ``figures``, time to ``charts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model.assessment import Modifier
from pipeline.model.findings import LookUse
from pipeline.report import answers, charts, figures, sections, signs, wording
from pipeline.report.content import Failure, RadarFacts, ReportContent, Rule
from pipeline.report.figures import Painter
from pipeline.report.pictures import is_radar
from pipeline.sensors import SENSORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.model.findings import Findings
    from pipeline.report.content import Chip

Pairs = tuple[tuple[str, str], ...]


def compose(findings: Findings) -> ReportContent:
    """Decide every word, number and coordinate of the page."""
    painter, numbers = Painter(findings), sections.numbered(findings)
    return ReportContent(
        is_simulated=findings.is_simulated,
        site=findings.site.label,
        summary=_summary(painter),
        facts=_facts(findings),
        verdicts=answers.counts(findings.assessments),
        site_map=figures.site_map(painter, numbers),
        map_caption=_map_caption(painter),
        grid_map=figures.grid_map(painter),
        timeline=charts.timeline(findings),
        sources=answers.source_groups(findings),
        groups=sections.zone_groups(painter, numbers),
        failures=tuple(
            Failure(one.scene_id, one.band or "all", one.kind, one.reason)
            for one in findings.failures
        ),
        notes=findings.on_listing,
        modifiers=_modifiers(findings),
        rule=_rule(findings),
        provenance=_provenance(findings),
        credit=_credit(findings),
        share_name=charts.share_name(findings),
        radar=_radar(findings),
        signs=signs.overview(findings),
    )


def look_counts(findings: Findings) -> Mapping[LookUse, int]:
    """How many scenes were used, clouded, failed."""
    uses = [findings.use_of(scene) for scene in findings.scenes]
    return {use: uses.count(use) for use in LookUse}


def _summary(painter: Painter) -> tuple[str, ...]:
    """The page in three sentences."""
    findings = painter.findings
    looks = look_counts(findings)
    changes = wording.accepted(figures.site_changes(painter))
    zones = [zone for zone in findings.named_zones if zone.is_placed]
    moved = sum(bool(wording.accepted(findings.detections_in(zone.id))) for zone in zones)
    named = {zone.id for zone in zones}
    n_changes = len([one for one in changes if one.zone_id in named])
    first = (
        f"{looks[LookUse.USED]:,} of {wording.count(len(findings.scenes), 'listed scene')} gave a "
        f"usable look at the site."
    )
    second = (
        f"{wording.count(n_changes, 'change')} of at least {findings.min_pixels} px "
        f"{'was' if n_changes == 1 else 'were'} measured, in "
        f"{moved} of {wording.count(len(zones), 'zone')} whose place is known."
    )
    return (first, second, *_claim_summary(findings))


def _claim_summary(findings: Findings) -> tuple[str, ...]:
    """The verdicts in one sentence; nothing without claims."""
    if not findings.assessments:
        return ()
    parts = [
        f"{one.count} {one.chip.label.lower()}" for one in answers.counts(findings.assessments)
    ]
    return (f"Of {wording.count(len(findings.assessments), 'claim')}, {', '.join(parts)}.",)


def _facts(findings: Findings) -> Pairs:
    """The head table."""
    looks, site = look_counts(findings), findings.site
    n_baseline, instants = findings.changes.n_baseline, findings.cube.instants
    taken = ~findings.changes.left_out
    n_before, n_after = int(taken[:n_baseline].sum()), int(taken[n_baseline:].sum())
    days = [wording.moment(instant, site.timezone).day for instant in instants]
    return (
        ("Looks", f"{days[0]} {wording.TO} {days[-1]}"),
        ("Baseline", f"{wording.count(n_before, 'look')} to {days[n_baseline - 1]}"),
        ("Monitored", f"{wording.count(n_after, 'look')} from {days[n_baseline]}"),
        ("Scenes", ", ".join(_counted(looks))),
        ("Sensor", _sensor(findings)),
        ("Civil days", f"of {site.timezone}; instants in UTC"),
    )


def _counted(looks: Mapping[LookUse, int]) -> list[str]:
    """How many scenes of each use; those that only a radar knows where there are any."""
    always = (LookUse.USED, LookUse.CLOUDED, LookUse.FAILED, LookUse.SUSPECT, LookUse.SUPERSEDED)
    return [
        f"{number} {use.value.replace('_', ' ') if use not in always else use.value}"
        for use, number in looks.items()
        if number or use in always
    ]


def _sensor(findings: Findings) -> str:
    """Satellites, pixel and, of a radar, what is measured and from which orbit."""
    cube = findings.cube
    platforms = sorted({scene.platform for scene in findings.scenes})
    words = f"{', '.join(platforms)}; {cube.grid.gsd_m:.0f} m pixels"
    if cube.orbit:
        bands = " and ".join(band.upper() for band in cube.bands)
        known = SENSORS.get(cube.sensor)
        label = f"radar, {known.label}" if known else "radar"
        words += f"; {label}: {cube.unit} in {bands}, orbit {cube.orbit}"
    return words


def _radar(findings: Findings) -> RadarFacts | None:
    """What is particular to radar."""
    steps, cube = findings.changes.steps, findings.cube
    if steps is None:
        return None
    left_out = [
        (
            wording.moment(instant, findings.site.timezone).day,
            wording.levels(list(zip(steps.bands, level.tolist(), strict=True))),
        )
        for instant, level, out in zip(
            cube.instants, steps.common_level, steps.common_mode, strict=True
        )
        if out
    ]
    others = (
        f"Orbit {one.orbit}: {wording.count(one.n_looks, 'look')}, not judged in this run."
        for one in findings.other_orbits
    )
    return RadarFacts(
        orbit=cube.orbit,
        shown=cube.bands[0].upper(),
        rate=wording.percent(steps.false_alarm_share, 2),
        vouched=wording.vouched(steps.false_alarm_share, steps.least_share),
        common_mode=tuple(left_out),
        others=tuple(others),
    )


def _map_caption(painter: Painter) -> str:
    """What the site map is a picture of."""
    cube, date = painter.findings.cube, painter.map_date
    when = wording.moment(cube.instants[date], painter.findings.site.timezone)
    share = wording.percent(float(cube.clear[date].mean()), 0)
    shown = "True colour"
    if is_radar(cube):
        low, high = (float(end[0]) for end in (painter.stretch.low, painter.stretch.high))
        band = cube.bands[0].upper()
        shown = f"{band} backscatter from {low:.0f} dB (black) to {high:.0f} dB (white)"
    return f"{shown}, {when.utc} ({when.local}), {share} clear. Scene {cube.scene_ids[date]}."


def _modifiers(findings: Findings) -> tuple[Chip, ...]:
    """Every modifier in use."""
    used = {modifier for one in findings.assessments for modifier in one.modifiers}
    return tuple(wording.modifier(value) for value in Modifier if value in used)


def _rule(findings: Findings) -> Rule:
    """The numbers that the method is explained with."""
    rule = findings.changes
    return Rule(
        gsd=f"{findings.cube.grid.gsd_m:.0f} m",
        threshold=f"{rule.threshold:.1f}",
        n_looks=rule.n_looks,
        min_pixels=findings.min_pixels,
        min_share=wording.percent(findings.min_zone_clear_share, 0),
    )


def _provenance(findings: Findings) -> Pairs:
    """What the page was made from."""
    seeds = findings.seeds
    return (
        ("Run", findings.run_id),
        ("Settings", findings.settings_sha256),
        ("Site folder", findings.site.sha256),
        ("Claims folder", seeds.sha256 if seeds else "none loaded"),
        ("Catalogue", findings.source),
    )


def _credit(findings: Findings) -> str:
    """Whose data these are."""
    if findings.is_simulated:
        return "All scenes are simulated. This page is a rehearsal, not evidence."
    years = sorted({instant.year for instant in findings.cube.instants})
    span = f"{years[0]}" if len(years) == 1 else f"{years[0]}{wording.TO}{years[-1]}"
    platforms = " ".join(scene.platform.lower() for scene in findings.scenes)
    if "sentinel" in platforms:
        return f"Contains modified Copernicus Sentinel data {span}."
    return f"Scenes of {span} from the catalogue named above."
