"""The whole pass on radar: a made-up catalogue, two orbits, one planted step, one wet day."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from scipy import stats

from pipeline import terminal
from pipeline.config import load_config
from pipeline.errors import NothingSeenError
from pipeline.model.assessment import Verdict
from pipeline.model.change import DECIBEL, LastingSteps, Status
from pipeline.model.findings import LookUse
from pipeline.request import period_between, request_for
from pipeline.run import RunResult, run_site
from tests.unit.radar_catalogue import (
    EDGE_PX,
    LONG,
    ONSET,
    SHORT,
    SITE,
    STEP_DB,
    WET,
    WET_DB,
    ZONE,
    block,
    grid,
    write_catalogue,
)
from tests.unit.static_catalogue import command, on_grid, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.findings import Findings

pytestmark = pytest.mark.xdist_group("radar-run")
HOLDERS = {ZONE, "whole-complex"}
"""The named zones that the planted block lies in."""


@cache
def folder() -> Path:
    return Path(mkdtemp(prefix="zonewatch-radar-"))


@cache
def first_run() -> RunResult:
    source = write_catalogue(folder() / "tiles")
    return run_site(request_for(SITE, str(source), folder() / "work", sensor="sentinel-1"))


def findings() -> Findings:
    found = first_run().findings
    assert found is not None
    return found


def steps() -> LastingSteps:
    found = findings().changes.steps
    assert found is not None
    return found


def planted() -> NDArray[np.bool_]:
    """The block on the grid of the cube."""
    return on_grid(block(), grid(), findings().cube.grid)


def page() -> str:
    return (first_run().folder / "report.html").read_text(encoding="utf-8")


def test_the_run_is_complete_simulated_and_of_the_orbit_with_most_looks() -> None:
    record, cube = first_run().record, findings().cube
    assert record.failures == ()
    assert record.state == "complete"
    assert record.is_simulated
    assert (cube.sensor, cube.orbit, cube.bands) == ("sentinel-1", "127 ascending", ("vv", "vh"))
    assert cube.instants == tuple(LONG.when(number) for number in range(LONG.n_scenes))


def test_the_other_orbit_is_named_and_in_no_number() -> None:
    (other,) = findings().other_orbits
    assert (other.orbit, other.n_looks) == ("32 descending", SHORT.n_scenes)
    uses = [findings().use_of(scene) for scene in findings().scenes]
    assert uses.count(LookUse.OTHER_ORBIT) == SHORT.n_scenes == len(other.scene_ids)
    assert not set(other.scene_ids) & set(findings().cube.scene_ids)
    named = {scene for one in findings().detections for scene in one.scene_ids}
    assert not named & set(other.scene_ids)


def test_the_planted_step_is_found_where_and_when_it_was_planted() -> None:
    (found,) = findings().detections_in(ZONE)
    assert found.status is Status.CONFIRMED
    assert found.onset.last_without is not None
    assert found.onset.last_without < ONSET <= found.onset.first_with
    assert (found.onset.first_with - found.onset.last_without).days <= 2 * LONG.gap_days
    assert found.reversal is None
    assert found.magnitude_unit == DECIBEL
    assert dict(found.by_band).keys() == {"vv", "vh"}
    for _, step in found.by_band:
        assert step == pytest.approx(STEP_DB, abs=0.6)
    inside = planted()[found.window.slices] & found.mask
    assert inside.sum() == found.n_pixels >= 0.9 * EDGE_PX**2
    assert found.area_m2 == 100 * found.n_pixels
    assert found.area_error_m2 == pytest.approx(50 * 4 * EDGE_PX, rel=0.2)


def test_nothing_else_is_called_beyond_the_stated_rate() -> None:
    named = {zone.id for zone in findings().named_zones}
    assert {one.zone_id for one in findings().detections} & named == HOLDERS
    assert not [one for one in findings().detections if not planted()[one.window.slices].any()]
    elsewhere = ~planted() & findings().changes.monitored
    called = int(findings().changes.changed[-1][elsewhere].sum())
    rate = load_config().radar.false_alarm_share
    # Neighbouring windows share pixels, so that calls come in pairs.
    assert called <= 2 * stats.binom.ppf(0.999, int(elsewhere.sum()), rate)


def test_the_wet_day_is_weather_and_no_look() -> None:
    wet = findings().cube.instants.index(WET)
    assert np.flatnonzero(steps().common_mode).tolist() == [wet]
    assert steps().common_level[wet] == pytest.approx([WET_DB, WET_DB], abs=0.3)
    assert not findings().changes.seen[wet].any()
    assert not any(findings().looks_at(zone)[wet] for zone in findings().series_of)
    (scene,) = [one for one in findings().scenes if one.instant == WET]
    assert findings().use_of(scene) is LookUse.COMMON_MODE
    assert WET not in {one.onset.first_with for one in findings().detections}


def test_the_baseline_counts_in_the_months_that_are_monitored() -> None:
    n_baseline, instants = findings().changes.n_baseline, findings().cube.instants
    out = [instants[date] for date in np.flatnonzero(steps().off_season)]
    assert out
    assert all(instants.index(instant) < n_baseline for instant in out)
    assert {instant.month for instant in out} <= {3, 4, 5, 6, 7}
    assert {instant.month for instant in instants[:n_baseline]} - {i.month for i in out} >= {9, 12}
    assert not findings().changes.seen[steps().off_season].any()


def test_claims_are_weighed_where_they_name_radar_and_nowhere_else() -> None:
    by_id = {one.claim_id: one for one in findings().assessments}
    judged = {name for name, one in by_id.items() if one.verdict is not Verdict.NOT_OBSERVABLE}
    assert judged <= {"K000-13"}
    tests = by_id["K000-13"].tests
    assert {one.sensor for one in tests} == {"sentinel-1"}
    assert all(one.unit == "share of pixels behind a lasting step of backscatter" for one in tests)
    assert by_id["K000-12"].reason == (
        "it needs surface-change by sentinel-2 or vehicles by sub-metre, which was not measured"
    )


def test_every_quiet_zone_states_its_limit_in_decibels() -> None:
    for series in findings().series:
        limit = findings().limit_of(series.zone_id)
        assert limit.unit == DECIBEL
        assert limit.n_pixels == 16
        assert 1 < limit.contrast < STEP_DB
        assert limit.power == load_config().radar.limit_power
    rows = json.loads((first_run().folder / "zones.geojson").read_text(encoding="utf-8"))
    measured = [one["properties"] for one in rows["features"] if one["properties"]["limit_px"]]
    assert {one["limit_unit"] for one in measured} == {DECIBEL}
    assert len(measured) == len(findings().series)


def test_tables_say_unit_orbit_and_level() -> None:
    text = (first_run().folder / "detections.geojson").read_text(encoding="utf-8")
    for feature in json.loads(text)["features"]:
        row = feature["properties"]
        assert (row["magnitude_unit"], row["orbit"]) == (DECIBEL, "127 ascending")
        assert row["change_by_band"].startswith("vv=")
        assert row["sensor"] == "sentinel-1"
    scenes = {row["instant"]: row for row in table(first_run().folder, "scenes.csv")}
    wet = scenes[WET.isoformat(timespec="seconds").replace("+00:00", "Z")]
    assert wet["use"] == "common_mode"
    assert wet["common_level_db"].startswith("vv=2.")
    assert {row["orbit"] for row in scenes.values()} == {"127 ascending", "32 descending"}
    assert {row["snow_px"] for row in table(first_run().folder, "zone-series.csv")} == {""}


def test_the_change_map_says_what_its_numbers_count() -> None:
    with rasterio.open(first_run().folder / "change-map.tif") as file:
        tags, magnitude = file.tags(), file.read(1)
    assert "dB" in tags["magnitude"]
    assert tags["zonewatch_orbit"] == "127 ascending"
    assert np.nanmedian(magnitude[planted()]) == pytest.approx(STEP_DB, abs=0.6)


def test_the_report_speaks_of_backscatter() -> None:
    text = page()
    for words in ("reflectance", "True colour", "true colour", "noise standard", "cloudy"):
        assert words not in text
    for words in (
        "VV backscatter from",
        "radar, Sentinel-1, radiometrically terrain-corrected gamma0: gamma0, linear power in VV",
        "orbit 127 ascending",
        "Orbit 32 descending: 30 looks, not judged in this run.",
        "Share behind a lasting step through time",
        "1 common mode",
        "30 other orbit",
        "not judged",
    ):
        assert words in text
    assert f"{WET:%Y-%m-%d}</span>: VV +2." in text
    (found,) = findings().detections_in(ZONE)
    assert f"VV {found.by_band[0][1]:+.1f} dB, VH {found.by_band[1][1]:+.1f} dB" in text


def test_the_terminal_says_orbit_step_and_weather() -> None:
    columns = [str(column.header) for column in terminal.zone_table(findings()).columns]
    assert "step" in columns
    assert "orbit 127 ascending" in str(terminal.zone_table(findings()).title)
    wet, other = terminal.radar_lines(findings())
    assert wet.startswith(f"{WET:%Y-%m-%d}: all ground moved at once (VV +2.")
    assert other == "orbit 32 descending: 30 looks, not judged in this run"


def test_a_second_run_finds_nothing_new_and_the_command_line_goes_the_same_way() -> None:
    first = first_run()
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    printed = command(folder(), "sentinel-1")
    assert first.record.run_id[:12] in printed
    assert "Nothing new" in printed
    assert before == {path.name: path.read_bytes() for path in first.folder.iterdir()}


def test_the_command_line_prints_what_was_found(tmp_path: Path) -> None:
    assert first_run().was_new
    wide = {"COLUMNS": "200", "PATH": "/usr/bin:/bin"}
    printed = command(folder(), "sentinel-1", "--from", "2019-08-01", work=tmp_path, env=wide)
    (line,) = [line for line in printed.splitlines() if line.strip().startswith(ZONE)]
    assert "dB" in line
    assert "2020-09-30 - 2020-10-12" in line
    assert "all ground moved at once" in printed
    assert "orbit 32 descending" in printed


def test_a_period_without_a_baseline_says_so(tmp_path: Path) -> None:
    assert first_run().was_new
    request = request_for(
        SITE, str(folder() / "tiles"), tmp_path, period=("2020-09-01", ""), sensor="sentinel-1"
    )
    assert request.period == period_between("2020-09-01", "")
    with pytest.raises(NothingSeenError, match="before the end of the baseline"):
        run_site(request)
