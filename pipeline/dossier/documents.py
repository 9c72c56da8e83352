"""A claim weighed again, as documents: claim, plan, zones, scenes, measured lines, numbers.

Here belongs what each of these files says. Drawings belong to ``charts``, the page to ``page``, the
words for people who check by hand to ``words``.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shapely.geometry import mapping

from pipeline.dossier.answer import ANSWERS
from pipeline.model.site import ZoneKind
from pipeline.publish.rows import ASSESSMENT_COLUMNS, Row, answer_document, answer_rows, iso, named
from pipeline.publish.tables import to_csv
from pipeline.report.charts import UNUSED
from pipeline.store.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.dossier.answer import Answer
    from pipeline.model.signal import Signal
    from pipeline.model.site import Zone

REJECTED: Mapping[str, str] = {
    **{use.value: words for use, words in UNUSED.items()},
    "superseded": "another scene of its overpass was taken",
}
"""Why a scene was not used, by what became of it; the others failed."""

SCENE_COLUMNS = ("scene_id", "instant", "platform", "use", "reason", "windows", "simulated")
LINE_COLUMNS = (
    "place", "sensor", "series", "observable", "unit", "instant", "value", "level", "difference",
    "n_behind", "windows", "simulated",
)  # fmt: skip


def documents(answer: Answer) -> dict[str, bytes]:
    """Every document that follows from a claim weighed again, by path."""
    one, given = answer.assessment, answer.given
    simulated = given.is_simulated
    numbers = answer_document(one, is_simulated=simulated)
    rows = answer_rows([one], is_simulated=simulated)
    return {
        "claim.json": canonical_json(_claim(answer)),
        "plan.json": canonical_json(_plan(answer)),
        "zones.geojson": canonical_json(_zones(answer)),
        "scenes.csv": to_csv(list(_scene_rows(answer)), SCENE_COLUMNS),
        "measured.csv": to_csv(list(_line_rows(answer)), LINE_COLUMNS),
        "assessment.json": canonical_json(numbers),
        "assessment.csv": to_csv(rows, ASSESSMENT_COLUMNS),
        ANSWERS: canonical_json(answer.document),
    }


def plain(noun: Any) -> dict[str, Any]:  # noqa: ANN401 - any frozen dataclass
    """A noun as plain values, fit for JSON."""
    values: dict[str, Any] = json.loads(json.dumps(asdict(noun), default=str))
    return values


def _claim(answer: Answer) -> dict[str, object]:
    """The claim, its source, and which other claims it rests on or is repeated by."""
    given, claim = answer.given, answer.given.claim
    others = given.seeds.claims
    return {
        "simulated": given.is_simulated,
        "claim": plain(claim),
        "source": plain(given.source),
        "rests_on": [plain(one) for one in others if one.id in claim.derived_from],
        "repeated_by": [one.id for one in others if claim.id in one.derived_from],
        "positive_controls": [one.id for one in others if one.is_positive_control],
    }


def _plan(answer: Answer) -> dict[str, object]:
    """The plan with its hash and whether it was fixed before the data were looked at."""
    plan, given = answer.plan, answer.given
    return {
        "simulated": given.is_simulated,
        "sha256": plan.sha256,
        "is_post_hoc": plan.claim_id in given.about.post_hoc,
        "plan": plan.document,
    }


def asked_places(answer: Answer) -> tuple[str, ...]:
    """The places that are asked: those of the plan and of the tests, in their order."""
    tested = (test.zone_id for test in answer.assessment.tests)
    return tuple(dict.fromkeys((*answer.plan.places, *tested)))


def _zones(answer: Answer) -> dict[str, object]:
    """The zones of the claim and all controls, in longitude and latitude."""
    given, places = answer.given, asked_places(answer)
    named_by = {*places, *given.claim.zone_ids}
    kept = [
        zone for zone in given.site.zones if zone.id in named_by or zone.kind is ZoneKind.CONTROL
    ]
    return {
        "type": "FeatureCollection",
        "zonewatch:simulated": given.is_simulated,
        "features": [_feature(zone, is_asked=zone.id in named_by) for zone in kept],
    }


def _feature(zone: Zone, *, is_asked: bool) -> dict[str, object]:
    """One zone; null where nobody knows its place."""
    outline = zone.geometry if zone.outline_outside is None else zone.outline_outside
    return {
        "type": "Feature",
        "id": zone.id,
        "geometry": None if outline is None else mapping(outline),
        "properties": {
            "label": zone.label,
            "kind": zone.kind.value,
            "role": "claim" if is_asked else "control",
            "geometry_status": zone.status.value,
            "position_evidence": zone.position_evidence,
            "position_accuracy_m": zone.position_accuracy_m,
            "search_cells": list(zone.search_cells),
        },
    }


def windows_at(answer: Answer, instant: datetime) -> str:
    """The asserted times whose window holds an instant."""
    inside = (
        window.time.edtf
        for window in answer.plan.windows
        if datetime.fromisoformat(window.start_utc)
        <= instant
        <= datetime.fromisoformat(window.end_utc)
    )
    return ";".join(dict.fromkeys(inside))


def _scene_rows(answer: Answer) -> Iterator[Row]:
    """Every scene that was listed, whether it was used, and why not."""
    given = answer.given
    failed: dict[str, list[str]] = {}
    for row in given.failures:
        failed.setdefault(row["scene_id"], []).append(f"{row['band'] or 'all'}: {row['reason']}")
    for row in given.scenes:
        use = row["use"]
        failures = "; ".join(failed.get(row["id"], []))
        reason = "" if use == "used" else REJECTED.get(use) or failures or use
        yield named(
            SCENE_COLUMNS,
            row["id"],
            row["instant"],
            row["platform"],
            use,
            reason,
            windows_at(answer, datetime.fromisoformat(row["instant"])),
            given.is_simulated,
        )


def tested_lines(answer: Answer) -> tuple[Signal, ...]:
    """The lines that tests of the claim rest on, in the order of the evidence."""
    asked = {
        (test.zone_id, test.sensor, test.series, test.observable)
        for test in answer.assessment.tests
    }
    return tuple(
        one
        for one in answer.given.evidence.signals
        if (one.place, one.sensor, one.series, one.observable) in asked
    )


def _line_rows(answer: Answer) -> Iterator[Row]:
    """Every look of the tested lines, the numbers as they were measured."""
    for line in tested_lines(answer):
        for look, instant in enumerate(line.instants):
            value, level = float(line.values[look]), float(line.levels[look])
            yield named(
                LINE_COLUMNS,
                line.place,
                line.sensor,
                line.series,
                line.observable.value,
                line.unit,
                iso(instant),
                _measured(value),
                _measured(level),
                _measured(value - level),
                int(line.n_behind[look]),
                windows_at(answer, instant),
                line.is_simulated,
            )


def _measured(value: float) -> float | None:
    """A number, or None for none."""
    return value if math.isfinite(value) else None
