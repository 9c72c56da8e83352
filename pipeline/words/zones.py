"""What a pass measured in a zone, as a few sentences.

Here belongs the order of the sentences. The patterns stand in ``tongue``; which changes are
accepted is decided in ``history``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipeline.model.change import DECIBEL, Status
from pipeline.model.limit import Basis
from pipeline.words import numbers
from pipeline.words.tongue import ENGLISH, KOREAN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pipeline.model.change import Detection
    from pipeline.model.findings import Findings
    from pipeline.model.site import Zone
    from pipeline.words.tongue import Tongue

STANDING = (Status.CONFIRMED, Status.FINISHED)


def zone_sentence(findings: Findings, zone: Zone, tongue: Tongue) -> str:
    """What was measured in a zone after its baseline, and what would have been."""
    return " ".join(_parts(findings, zone, tongue))


def zone_sentences(findings: Findings, zone: Zone) -> dict[str, str]:
    """The same in both languages, by the names of their columns."""
    return {
        "sentence": zone_sentence(findings, zone, ENGLISH),
        "sentence_ko": zone_sentence(findings, zone, KOREAN),
    }


def _parts(findings: Findings, zone: Zone, tongue: Tongue) -> Iterator[str]:
    """The sentences one after another."""
    if findings.is_simulated:
        yield tongue.pattern["simulated"]
    why = _unseen(findings, zone, tongue)
    if why:
        yield tongue.pattern["zone_unseen"].format(zone=zone.label, why=why)
        return
    held = [one for one in findings.detections_in(zone.id) if one.status in STANDING]
    yield _lead(findings, zone, held, tongue)
    if held:
        yield _share(findings, zone, held, tongue)
    yield _limit(findings, zone, tongue)


def _unseen(findings: Findings, zone: Zone, tongue: Tongue) -> str:
    """Why nothing can be said of a zone; empty if something can."""
    if not zone.is_placed:
        return tongue.pattern["unplaced"]
    if zone.id not in findings.series_of:
        return tongue.pattern["outside"]
    limit = findings.limit_of(zone.id)
    if math.isnan(limit.contrast):
        return tongue.pattern["blind"]
    if math.isinf(limit.contrast):
        return tongue.pattern["unfound"]
    n_looks = _n_looks(findings, zone)
    if n_looks < limit.n_looks:
        return tongue.pattern["few"].format(n=n_looks, needed=limit.n_looks)
    return ""


def _n_looks(findings: Findings, zone: Zone) -> int:
    """Clear looks at a zone after the baseline."""
    return int(findings.looks_at(zone.id)[findings.changes.n_baseline :].sum())


def _lead(findings: Findings, zone: Zone, held: Sequence[Detection], tongue: Tongue) -> str:
    """How many changes there are, the largest of them, and when it appeared."""
    instants = findings.cube.instants[findings.changes.n_baseline :]
    sensor = findings.cube.sensor
    places = {
        "zone": zone.label,
        "sensor": tongue.sensors.get(sensor, sensor),
        "n_clear": _n_looks(findings, zone),
        "start": _day(instants[0], findings),
        "end": _day(instants[-1], findings),
    }
    if not held:
        return tongue.pattern["zone_quiet"].format(**places)
    largest = max(held, key=lambda one: one.n_pixels)
    start, end = largest.onset.last_without, largest.onset.first_with
    name = "zone_changed_one" if len(held) == 1 else "zone_changed"
    return tongue.pattern[name].format(
        **places,
        n_changes=len(held),
        area=f"{largest.area_m2:,.0f}",
        error=f"{largest.area_error_m2:,.0f}",
        onset_start="?" if start is None else _day(start, findings),
        onset_end=_day(end, findings),
    )


def _day(instant: datetime, findings: Findings) -> str:
    """An instant as a civil day of the site."""
    return f"{instant.astimezone(ZoneInfo(findings.site.timezone)):%Y-%m-%d}"


def _share(findings: Findings, zone: Zone, held: Sequence[Detection], tongue: Tongue) -> str:
    """How much of a zone the changes cover that still stand; nothing if none does."""
    standing = [one for one in held if one.reversal is None]
    if not standing:
        return ""
    whole = findings.series_of[zone.id].n_pixels * findings.cube.grid.pixel_area_m2
    area = sum(one.area_m2 for one in standing)
    error = sum(one.area_error_m2 for one in standing)
    low, middle, high = (
        numbers.percent(min(1.0, max(0.0, one) / whole))
        for one in (area - error, area, area + error)
    )
    return tongue.pattern["zone_share"].format(share=middle, low=low, high=high)


def _limit(findings: Findings, zone: Zone, tongue: Tongue) -> str:
    """The smallest change that would have been seen in a zone."""
    limit = findings.limit_of(zone.id)
    unit = " dB" if limit.unit == DECIBEL else ""
    basis = "planted" if limit.basis is Basis.PLANTED else "estimated"
    return tongue.pattern["zone_limit"].format(
        area=f"{limit.area_m2:,.0f}",
        contrast=f"{limit.contrast:.2f}{unit}",
        basis=tongue.pattern[basis],
    )
