"""The whole pass on Landsat: a made-up catalogue, one planted change, 30 m pixels."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.config import load_config
from pipeline.errors import InputError, NotJudgedError
from pipeline.model.assessment import Verdict
from pipeline.model.change import Status
from pipeline.model.sign import Sign
from pipeline.model.site import SITE_PLACE
from pipeline.request import request_for
from pipeline.run import Inputs, RunResult, identity, run_site
from pipeline.selection import judged_sensor
from pipeline.sensors import SENSORS
from pipeline.store.coarse_chips import CoarseStore
from pipeline.store.layout import WorkFolder
from tests.unit.coarse_factory import DNB, bring
from tests.unit.landsat_catalogue import (
    CHANGED_FROM,
    N_SCENES,
    SITE,
    SNOWY,
    WARM_ZONE,
    WARMER_K,
    ZONE,
    built_over,
    grid,
    site,
    when,
    write_catalogue,
)
from tests.unit.lights_factory import write_tif
from tests.unit.scene_factory import make_site
from tests.unit.static_catalogue import command, on_grid, table

if TYPE_CHECKING:
    from pipeline.model.findings import Findings

pytestmark = pytest.mark.xdist_group("landsat-run")


@cache
def folder() -> Path:
    return Path(mkdtemp(prefix="zonewatch-landsat-"))


@cache
def first_run() -> RunResult:
    source = write_catalogue(folder() / "tiles")
    return run_site(request_for(SITE, str(source), folder() / "work", sensor="landsat"))


def findings() -> Findings:
    found = first_run().findings
    assert found is not None
    return found


def test_the_run_is_complete_simulated_and_on_the_own_grid_of_landsat() -> None:
    record, cube = first_run().record, findings().cube
    assert record.failures == ()
    assert record.state == "complete"
    assert record.is_simulated
    assert cube.sensor == "landsat"
    assert cube.grid.gsd_m == 30.0
    assert cube.bands == ("blue", "green", "red", "nir08", "swir16", "swir22")
    assert len(cube.instants) == N_SCENES
    assert cube.snow[SNOWY].mean() > 0.4


def test_the_planted_change_is_found_where_and_when_it_was_planted() -> None:
    found = [
        one
        for one in findings().detections_in(ZONE)
        if one.status in (Status.CONFIRMED, Status.FINISHED)
    ]
    assert found
    largest = max(found, key=lambda one: one.n_pixels)
    assert when(CHANGED_FROM - 4) <= largest.onset.first_with <= when(CHANGED_FROM + 4)
    assert largest.onset.last_without is not None
    assert largest.onset.last_without < when(CHANGED_FROM)
    planted = on_grid(built_over(), grid(), findings().cube.grid)
    found_px = planted[largest.window.slices] & largest.mask
    assert found_px.sum() >= 0.8 * planted.sum()


def test_the_controls_stay_silent() -> None:
    controls = [mask.zone_id for mask in findings().masks if mask.is_control]
    assert len(controls) >= 3
    assert not [
        one.id
        for zone in controls
        for one in findings().detections_in(zone)
        if one.status is Status.CONFIRMED
    ]


def test_claims_are_weighed_on_the_sensor_that_they_need() -> None:
    by_id = {one.claim_id: one for one in findings().assessments}
    assert "no acquisition lies in the window" in by_id["K002-01"].reason
    assert "which was not measured" in by_id["K000-12"].reason
    assert "sentinel-2" in by_id["K000-12"].reason
    assert all(one.verdict is Verdict.NOT_OBSERVABLE for one in by_id.values())


def test_roofs_that_warmed_are_told_in_their_zone_and_dated() -> None:
    activity = findings().activity
    assert activity is not None
    heat = activity.of_sign(Sign.TEMPERATURE_CONTRAST)
    assert all(one.is_observable for one in heat)
    warm = {one.series.place: one for one in heat if one.lasting}
    # The whole complex holds the zone, and warms with it by its share.
    assert set(warm) == {WARM_ZONE, "whole-complex"}
    (run,) = warm[WARM_ZONE].lasting
    assert run.direction == 1
    assert run.size == pytest.approx(WARMER_K, abs=0.5)
    assert run.onset.last_without is not None
    assert run.onset.last_without < when(CHANGED_FROM) <= run.onset.first_with
    assert "measured in pixels of 100 m" in warm[WARM_ZONE].series.note


def test_the_plot_that_is_built_over_turned_bare_and_nothing_else_did() -> None:
    activity = findings().activity
    assert activity is not None
    bare = [one for one in activity.of_sign(Sign.PLOT_CLEARING) if one.lasting]
    assert [one.series.place for one in bare] == [ZONE]
    onset = bare[0].lasting[0].onset
    assert onset.last_without is not None
    assert onset.last_without < when(CHANGED_FROM) <= onset.first_with


def test_what_landsat_cannot_show_is_said_with_the_sensor_that_can() -> None:
    activity = findings().activity
    assert activity is not None
    reasons = {one.sign: one.reason for one in activity.unasked}
    assert set(reasons) == {
        Sign.SNOW_CLEARED_SHARE, Sign.DEPOT_EMPTIED, Sign.ROOF_CHANGE, Sign.NIGHT_LIGHT_STEP,
    }  # fmt: skip
    assert "sentinel-2" in reasons[Sign.ROOF_CHANGE]


def test_held_night_lights_are_part_of_the_run_and_of_its_identity() -> None:
    first = first_run()
    work = folder() / "lit"
    shutil.copytree(folder() / "work", work, symlinks=True)
    month = folder() / "month"
    month.mkdir()
    pixels = np.full((100, 100), 2.5, np.float32)
    write_tif(month / DNB, pixels, 1 / 240, corner=(125.3, 37.2))
    held = CoarseStore(WorkFolder(work, SITE).coarse)
    bring(month, held.root, site(), "dnb-monthly")
    source = folder() / "tiles"
    lit = run_site(request_for(SITE, str(source), work, sensor="landsat"))
    assert lit.was_new
    assert lit.record.run_id != first.record.run_id
    assert lit.record.inputs["coarse"] == held.digest()
    assert "coarse" not in first.record.inputs
    assert lit.findings is not None
    assert lit.findings.activity is not None
    (light,) = lit.findings.activity.of(SITE_PLACE)
    # One month, and no comparator: measured, published, and not observable.
    assert light.has_numbers
    assert not light.is_observable
    assert light.series.is_simulated
    again = run_site(request_for(SITE, str(source), work, sensor="landsat"))
    assert not again.was_new


def test_the_report_and_the_tables_say_the_sensor() -> None:
    page = (first_run().folder / "report.html").read_text(encoding="utf-8")
    assert "landsat-8; 30 m pixels" in page
    assert "Sentinel" not in page
    rows = table(first_run().folder, "scenes.csv")
    assert {row["platform"] for row in rows} == {"landsat-8"}


def test_the_masked_share_of_every_zone_is_told_against_the_controls() -> None:
    excess = findings().mask_excess
    assert set(excess) == {mask.zone_id for mask in findings().masks}
    assert all(abs(share) < 0.5 for share in excess.values())


def test_a_second_run_finds_nothing_new() -> None:
    first = first_run()
    source = folder() / "tiles"
    again = run_site(request_for(SITE, str(source), folder() / "work", sensor="landsat"))
    assert not again.was_new
    assert again.record.run_id == first.record.run_id


def test_the_command_line_goes_the_same_way() -> None:
    first = first_run()
    printed = command(folder(), "landsat")
    assert first.record.run_id[:12] in printed
    assert "Nothing new" in printed


def test_the_sensor_is_part_of_the_identity_of_a_run() -> None:
    config = load_config()
    inputs = Inputs(make_site(), None, "tiles", (), ())
    other = replace(inputs, sensor="landsat")
    assert identity(inputs.hashes(config)) != identity(other.hashes(config))


def test_a_sensor_that_no_detector_reads_says_so_before_it_asks_anyone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sonar = replace(SENSORS["sentinel-1"], id="sonar", equivalent_looks=None)
    monkeypatch.setattr("pipeline.selection.SENSORS", {**SENSORS, "sonar": sonar})
    request = request_for(SITE, str(tmp_path / "no-such-folder"), tmp_path, sensor="sonar")
    with pytest.raises(NotJudgedError, match="no detector judges it") as caught:
        run_site(request)
    assert caught.value.exit_code == 2
    assert "--sensor sonar" in caught.value.remedy
    assert "opera-rtc" in caught.value.remedy
    assert not list(tmp_path.iterdir())


def test_an_unknown_sensor_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="sputnik"):
        run_site(request_for(SITE, str(tmp_path), tmp_path, sensor="sputnik"))


def test_every_optical_sensor_is_judged() -> None:
    for name, sensor in SENSORS.items():
        if sensor.is_optical:
            assert judged_sensor(name) is sensor
            wanted = {"red", "nir"}
            assert wanted <= set(sensor.in_roles(sensor.main_bands))


def test_the_run_record_is_read_back() -> None:
    record = first_run().record
    path = folder() / "work" / SITE / "runs" / f"{record.run_id}.json"
    paths = [path] if path.is_file() else list((folder() / "work").rglob(f"{record.run_id}*.json"))
    assert "sensor" in json.loads(paths[0].read_text(encoding="utf-8"))["inputs"]
