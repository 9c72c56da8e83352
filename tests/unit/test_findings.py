"""Look-ups of the findings: who was used, what was seen, how small a change could be."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.model.findings import LookUse
from pipeline.model.look import Look
from pipeline.model.scene import AssetFailure
from tests.unit.findings_factory import CLOUDY_DATES, N_DATES, make_findings, make_site

if TYPE_CHECKING:
    from pipeline.model.findings import Findings


def test_a_scene_is_used_clouded_or_failed() -> None:
    findings = make_findings()
    uses = {scene.id: findings.use_of(scene) for scene in findings.scenes}
    assert uses["ALL_CLOUD"] is LookUse.CLOUDED
    assert uses["BROKEN"] is LookUse.FAILED
    assert sum(use is LookUse.USED for use in uses.values()) == N_DATES


def test_a_scene_that_lost_a_band_and_was_used_all_the_same_is_used() -> None:
    findings = make_findings()
    used = findings.cube.scene_ids[0]
    lost = AssetFailure(used, "swir16", "FetchError", "gone")
    findings = replace(findings, failures=(lost,))
    scene = next(scene for scene in findings.scenes if scene.id == used)
    assert findings.use_of(scene) is LookUse.USED


@pytest.mark.parametrize("tainted", ["scenes", "site", "cube"])
def test_one_simulated_input_taints_all(tainted: str) -> None:
    clean, made_up = make_findings(is_simulated=False), make_findings()
    assert not clean.is_simulated
    assert replace(clean, **{tainted: getattr(made_up, tainted)}).is_simulated


def test_looks_follow_the_share_that_is_asked_for() -> None:
    findings = make_findings()
    looks = findings.looks_at("whole-complex")  # a cloud hides 30 of its 40 rows
    assert [date for date in range(N_DATES) if not looks[date]] == list(CLOUDY_DATES)
    assert replace(findings, min_zone_clear_share=0.25).looks_at("whole-complex").all()


def test_limit_is_threshold_times_noise() -> None:
    limit = make_findings().limit_of("north-vacant")
    assert (limit.n_pixels, limit.area_m2, limit.n_looks) == (4, 400.0, 3)
    assert math.isclose(limit.contrast, 4.0 * 0.01)


def test_an_unmonitored_zone_has_no_contrast() -> None:
    findings = make_findings()
    series = tuple(replace(one, noise=math.nan) for one in findings.series)
    assert math.isnan(replace(findings, series=series).limit_of("north-vacant").contrast)


def test_a_zone_without_a_place_has_no_limit() -> None:
    with pytest.raises(KeyError):
        make_findings().limit_of("electronics")


def test_cells_bear_no_name() -> None:
    named = [zone.id for zone in make_findings().named_zones]
    assert named == ["whole-complex", "north-vacant", "electronics", "control-field"]
    assert len(make_site().zones) == len(named) + 3


def test_detections_of_a_zone_keep_their_order() -> None:
    findings = make_findings()
    assert [one.zone_id for one in findings.detections_in("north-vacant")] == ["north-vacant"]
    assert findings.detections_in("control-field") == ()
    assert set(findings.mask_of) == set(findings.series_of)


def look_at(findings: Findings, number: int, **changes: Any) -> Look:  # noqa: ANN401 - any field
    """The look behind a date of the cube."""
    name, cube = findings.cube.scene_ids[number], findings.cube
    made = Look(name, cube.instants[number], 0.9, 0.0, used=True, scene_ids=(name, "SECOND_TILE"))
    return replace(made, **changes)


def test_every_tile_of_a_used_date_is_used() -> None:
    findings = make_findings()
    findings = replace(findings, looks=(look_at(findings, 3),))
    tile = replace(findings.scenes[0], id="SECOND_TILE")
    assert findings.use_of(tile) is LookUse.USED
    assert findings.date_of(tile) == 3


def test_suspect_and_superseded_scenes_are_told_apart() -> None:
    findings = make_findings()
    gone, odd = (replace(findings.scenes[0], id=name) for name in ("GONE", "ODD"))
    look = look_at(findings, 0, scene_id="ODD", scene_ids=("ODD",), used=False, is_suspect=True)
    failure = AssetFailure("ODD", "", "RadiometryError", "radiometry_suspect")
    findings = replace(findings, superseded=(gone,), looks=(look,), failures=(failure,))
    assert findings.use_of(gone) is LookUse.SUPERSEDED
    assert findings.use_of(odd) is LookUse.SUSPECT
    assert findings.date_of(gone) is None
