"""Look-ups of the findings: who was used, what was seen, how small a change could be."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from pipeline.model.findings import LookUse
from pipeline.model.scene import AssetFailure
from tests.unit.findings_factory import CLOUDY_DATES, N_DATES, make_findings, make_site


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
