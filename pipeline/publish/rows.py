"""Turn findings into rows: what each product says, whatever its format.

Here belongs the choice and the naming of columns. Bytes belong to ``tables`` and ``vectors``.
Instants are ISO 8601 in UTC, lists are joined by a semicolon, and every row says whether it rests
on simulated scenes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.raster.place import landmarks_of, place_of
from pipeline.raster.shape import shape_of
from pipeline.words import zone_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipeline.model.assessment import Assessment, Effect, WindowTest
    from pipeline.model.change import Detection, ZoneSeries
    from pipeline.model.claim import AssertedTime
    from pipeline.model.findings import Findings
    from pipeline.model.look import Look
    from pipeline.model.scene import Scene
    from pipeline.model.site import Zone

Cell = str | int | float | bool | None
Row = dict[str, Cell]

DETECTION_COLUMNS = (
    "id", "zone_id", "zone_label", "zone_kind", "status", "onset_last_without",
    "onset_first_with", "reversal_last_with", "reversal_first_without", "n_pixels", "area_m2",
    "area_error_m2", "shape", "length_m", "width_m", "bearing_deg", "place", "magnitude",
    "magnitude_unit", "change_by_band", "n_looks", "scene_ids", "sensor", "orbit", "simulated",
)  # fmt: skip
MEASURED_COLUMNS = (
    "n_pixels", "n_clear_looks", "n_detections", "changed_share", "limit_px", "limit_m2",
    "limit_contrast", "limit_unit", "limit_basis", "mask_excess",
)  # fmt: skip
SERIES_COLUMNS = (
    "instant", "scene_id", "zone_id", "period", "seen_px", "departing_share", "changed_px",
    "snow_px", "simulated",
)  # fmt: skip
SCENE_COLUMNS = (
    "id", "instant", "platform", "collection", "processing_baseline", "cloud_cover_pct", "use",
    "clear_share", "cloud_share", "shadow_share", "snow_share", "tiles", "radiometry",
    "common_mode", "common_level_db", "orbit", "shift_east_px", "shift_south_px", "shift_gain",
    "shift_applied", "simulated",
)  # fmt: skip
FAILURE_COLUMNS = ("scene_id", "band", "kind", "reason", "simulated")
HEAD_COLUMNS = (
    "claim_id", "verdict", "modifiers", "reason", "sentence", "n_tests", "is_rehearsal",
    "simulated", "family_p", "q_value", "plan_sha256", "sentence_ko",
)  # fmt: skip
TEST_COLUMNS = (
    "zone_id", "sensor", "series", "observable", "predicted", "is_primary", "asserted_time",
    "time_kind", "asserted_by", "window_start", "window_end", "n_scenes", "n_clear", "n_needed",
    "n_baseline", "n_reference", "gap", "unit", "effect", "error", "effect_low", "effect_high",
    "p_value", "n_shifts", "smallest_seen", "expected", "power", "ratio_low", "ratio_high",
    "ratios_of_alternatives", "state_space_low", "state_space_high", "memory_days",
    "detection_ids",
)  # fmt: skip
ASSESSMENT_COLUMNS = (*HEAD_COLUMNS, *TEST_COLUMNS)


def named(columns: tuple[str, ...], *values: Cell) -> Row:
    """A row from values in the order of the columns."""
    return dict(zip(columns, values, strict=True))


def iso(instant: datetime | None) -> str | None:
    """An instant as ``2020-10-09T02:14:09Z``."""
    return None if instant is None else instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def finite(value: float, digits: int) -> float | None:
    """A number to so many decimals, or None for what is not a number."""
    return round(float(value), digits) if math.isfinite(value) else None


def detection_row(found: Detection, findings: Findings) -> Row:
    """One object; sizes in pixels and metres, magnitude in the unit of the next column."""
    back, shape = found.reversal, shape_of(found.mask, findings.cube.grid.gsd_m)
    zone = findings.site.zone(found.zone_id)
    return named(
        DETECTION_COLUMNS,
        found.id,
        found.zone_id,
        zone.label,
        zone.kind.value,
        found.status.value,
        iso(found.onset.last_without),
        iso(found.onset.first_with),
        iso(back.last_without) if back else None,
        iso(back.first_with) if back else None,
        found.n_pixels,
        finite(found.area_m2, 1),
        finite(found.area_error_m2, 1),
        shape.word,
        finite(shape.length_m, 1),
        finite(shape.width_m, 1),
        finite(shape.bearing_deg, 0),
        _place(found, findings),
        finite(found.magnitude, 3),
        found.magnitude_unit,
        by_band(found.by_band),
        found.n_looks,
        ";".join(found.scene_ids),
        findings.cube.sensor,
        findings.cube.orbit,
        findings.is_simulated,
    )


def by_band(values: Sequence[tuple[str, float]]) -> str:
    """A number for each band.

    Example:
        >>> by_band([("vv", 4.126), ("vh", -0.5)])
        'vv=4.13;vh=-0.50'
    """
    return ";".join(f"{band}={value:.2f}" for band, value in values)


def _place(found: Detection, findings: Findings) -> str:
    """Where an object lies, told by the landmarks of its site."""
    grid = findings.cube.grid
    return place_of(found, landmarks_of(findings.site, findings.masks, grid), grid)


def zone_row(zone: Zone, findings: Findings) -> Row:
    """One zone: what is known of its place, and how much of it stands changed at the end."""
    row: Row = {
        "id": zone.id,
        "label": zone.label,
        "kind": zone.kind.value,
        "geometry_status": zone.status.value,
        "position_established": zone.is_placed,
        "position_evidence": zone.position_evidence,
        "position_accuracy_m": zone.position_accuracy_m,
        "search_cells": ";".join(zone.search_cells),
    }
    told = zone_sentences(findings, zone)
    return row | _measured(zone, findings) | told | {"simulated": findings.is_simulated}


def _measured(zone: Zone, findings: Findings) -> Row:
    """The numbers of a zone; all None for one that has no place."""
    if zone.id not in findings.series_of:
        return dict.fromkeys(MEASURED_COLUMNS)
    series, limit = findings.series_of[zone.id], findings.limit_of(zone.id)
    share = series.changed_px[-1] / series.n_pixels if series.n_pixels else math.nan
    looks = findings.looks_at(zone.id)[findings.changes.n_baseline :]
    return named(
        MEASURED_COLUMNS,
        finite(series.n_pixels, 2),
        int(looks.sum()),
        len(findings.detections_in(zone.id)),
        finite(share, 5),
        limit.n_pixels,
        finite(limit.area_m2, 1),
        finite(limit.contrast, 5),
        limit.unit,
        limit.basis.value,
        finite(findings.mask_excess.get(zone.id, math.nan), 5),
    )


def series_rows(findings: Findings) -> list[Row]:
    """Every zone at every date, in the order of the zones, then of time."""
    return [row for series in findings.series for row in _dates(series, findings)]


def _dates(series: ZoneSeries, findings: Findings) -> list[Row]:
    """One zone at every date, in coverage-weighted pixels."""
    return [
        named(
            SERIES_COLUMNS,
            iso(instant),
            findings.cube.scene_ids[index],
            series.zone_id,
            "baseline" if index < findings.changes.n_baseline else "monitoring",
            finite(series.seen_px[index], 3),
            finite(series.departing_share[index], 6),
            finite(series.changed_px[index], 3),
            finite(series.snow_px[index], 3),
            findings.is_simulated,
        )
        for index, instant in enumerate(findings.cube.instants)
    ]


def scene_rows(findings: Findings) -> list[Row]:
    """Every scene the search listed, and what became of it; at the end those that gave way."""
    return [_scene(scene, findings) for scene in (*findings.scenes, *findings.superseded)]


def _scene(scene: Scene, findings: Findings) -> Row:
    """One scene; clear_share is of the site, and only known for a date of the cube."""
    index = findings.date_of(scene)
    share = None if index is None else finite(findings.cube.clear[index].mean(), 5)
    return named(
        SCENE_COLUMNS,
        scene.id,
        iso(scene.instant),
        scene.platform,
        scene.collection,
        scene.processing_baseline,
        scene.cloud_cover_pct,
        findings.use_of(scene).value,
        share,
        *_read(findings.look_of(scene)),
        _common_level(findings, index),
        _orbit(scene, findings),
        *_shift(findings.look_of(scene)),
        findings.is_simulated,
    )


def _read(look: Look | None) -> tuple[Cell, ...]:
    """How a date was seen and read; shares are of the site."""
    if look is None:
        return (None,) * 6
    return (
        finite(look.cloud_share, 5),
        finite(look.shadow_share, 5),
        finite(look.snow_share, 5),
        ";".join(look.scene_ids),
        look.radiometry,
        look.is_common_mode,
    )


def _common_level(findings: Findings, index: int | None) -> str | None:
    """The level of all ground on a date that a radar saw, in decibels by band."""
    steps = findings.changes.steps
    if index is None or steps is None:
        return None
    return by_band(list(zip(steps.bands, steps.common_level[index].tolist(), strict=True)))


def _orbit(scene: Scene, findings: Findings) -> str | None:
    """The orbit of a radar's scene; None for any other sensor's."""
    others = (one.orbit for one in findings.other_orbits if scene.id in one.scene_ids)
    own = findings.cube.orbit if findings.look_of(scene) is not None else None
    return next(others, own) or None


def _shift(look: Look | None) -> tuple[Cell, ...]:
    """How far a date lies off, in pixels."""
    if look is None or look.shift is None:
        return (None,) * 4
    shift = look.shift
    return (
        finite(shift.east_px, 3),
        finite(shift.south_px, 3),
        finite(shift.gain, 4),
        shift.is_applied,
    )


def failure_rows(findings: Findings) -> list[Row]:
    """Every asset that did not become data."""
    simulated = findings.is_simulated
    return [
        named(FAILURE_COLUMNS, one.scene_id, one.band, one.kind, one.reason, simulated)
        for one in findings.failures
    ]


def assessment_rows(findings: Findings) -> list[Row]:
    """One row a claim, zone and asserted time; a claim that was not tested has one row alone."""
    return answer_rows(findings.assessments, is_simulated=findings.is_simulated)


def answer_rows(assessments: Sequence[Assessment], *, is_simulated: bool) -> list[Row]:
    """The rows of some assessments, whether or not a pass is at hand."""
    return [
        _head(one, is_simulated=is_simulated) | _test(test)
        for one in assessments
        for test in one.tests or (None,)
    ]


def _head(one: Assessment, *, is_simulated: bool) -> Row:
    """What holds for the claim as a whole."""
    return named(
        HEAD_COLUMNS,
        one.claim_id,
        one.verdict.value,
        ";".join(one.modifiers),
        one.reason,
        one.sentence,
        one.n_tests,
        one.is_rehearsal,
        is_simulated,
        rounded(one.family_p, 6),
        rounded(one.q_value, 6),
        one.plan_sha256,
        one.sentence_ko,
    )


def rounded(value: float | None, digits: int) -> float | None:
    """A number to so many decimals; None stays None, and so does what is not a number."""
    return None if value is None else finite(value, digits)


def significant(value: float | None, digits: int = 5) -> float | None:
    """A number to so many significant digits; None for none and for what is not a number."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")


def _test(test: WindowTest | None) -> Row:
    """One zone at one asserted time; all None if nothing was tested."""
    if test is None:
        return dict.fromkeys(TEST_COLUMNS)
    time, cover = test.time, test.coverage
    return named(
        TEST_COLUMNS,
        test.zone_id,
        test.sensor,
        test.series,
        test.observable.value,
        test.direction.value,
        test.is_primary,
        time.edtf,
        time.kind,
        ";".join(time.asserted_by),
        test.start_utc,
        test.end_utc,
        cover.n_scenes,
        cover.n_clear,
        cover.n_needed,
        cover.n_baseline,
        cover.n_reference,
        test.gap,
        test.unit,
        *_effect(test.effect),
        ";".join(test.detection_ids),
    )


def _effect(effect: Effect | None) -> tuple[Cell, ...]:
    """The numbers of a test, in its unit; shares as fractions of one."""
    if effect is None:
        return (None,) * 15
    ratios, second = effect.against_nothing, effect.state_space_interval
    against = ";".join(f"{name}={one.low:.4g}..{one.high:.4g}" for name, one in effect.against)
    return (
        *(significant(value) for value in (effect.difference, effect.error, *effect.interval)),
        finite(effect.p_value, 6),
        effect.n_shifts,
        significant(effect.smallest_seen),
        significant(effect.expected),
        rounded(effect.power, 4),
        *(significant(one) for one in ((ratios.low, ratios.high) if ratios else (None, None))),
        against or None,
        *(significant(one) for one in (second or (None, None))),
        finite(effect.memory_days, 2),
    )


def assessment_document(findings: Findings) -> dict[str, object]:
    """All assessments with their tests, under a head that says what they rest on."""
    return {
        "simulated": findings.is_simulated,
        "site_id": findings.site.id,
        "run_id": findings.run_id,
        "source": findings.source,
        "settings_sha256": findings.settings_sha256,
        "seeds_sha256": findings.seeds.sha256 if findings.seeds else None,
        "assessments": [
            answer_document(one, is_simulated=findings.is_simulated) for one in findings.assessments
        ],
    }


def answer_document(one: Assessment, *, is_simulated: bool) -> dict[str, object]:
    """One assessment, its tests as a list."""
    head: dict[str, object] = {
        **_head(one, is_simulated=is_simulated),
        "modifiers": list(one.modifiers),
    }
    tests = [_listed(_test(test), test) for test in one.tests]
    return head | {"tests": tests}


def _listed(row: Row, test: WindowTest) -> dict[str, object]:
    """A test with its lists as lists."""
    time: AssertedTime = test.time
    span = {"start": time.start.isoformat(), "end": time.end.isoformat()}
    lists = {"asserted_by": list(time.asserted_by), "detection_ids": list(test.detection_ids)}
    return {**row, **span, **lists}
