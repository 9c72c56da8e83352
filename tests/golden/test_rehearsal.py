"""The whole pass on the committed tiles, held against the truth that was planted in them.

What is planted with enough clear looks is found in its own zone with the bracket of the delivered
classification; the zone of pure noise and the controls stay silent; a second run changes no byte.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio

from pipeline.config import load_config
from pipeline.errors import EmptySearchError
from pipeline.model.assessment import Modifier, Verdict
from pipeline.model.change import Status
from pipeline.model.sign import Sign
from pipeline.request import ROOT, period_between, request_for
from pipeline.run import RunResult, run_site
from pipeline.store.files import sha256_of
from pipeline.store.layout import WorkFolder
from pipeline.store.ledger import open_ledger

if TYPE_CHECKING:
    from pipeline.model.activity import Activity
    from pipeline.model.change import Detection
    from pipeline.model.findings import Findings

pytestmark = pytest.mark.xdist_group("rehearsal")

TILES = ROOT / "sample_tiles" / "kaesong-rehearsal"
TRUTH: dict[str, Any] = json.loads((TILES / "truth.json").read_text(encoding="utf-8"))
N_LOOKS = load_config().monitor.n_looks
GROUND = [one for one in TRUTH["changes"] if one["kind"] != "snow_cleared"]
SEEN = [one for one in GROUND if len(one["delivered_looks"]["during"]) >= N_LOOKS]
LARGE = [one for one in SEEN if one["n_pixels"] >= 8]
UNSEEN = [one for one in GROUND if one not in SEEN]
REPORTED = (Status.CONFIRMED, Status.FINISHED)


@cache
def work_folder() -> Path:
    return Path(mkdtemp(prefix="zonewatch-rehearsal-"))


@cache
def first_run() -> RunResult:
    return run_site(request_for("kaesong-rehearsal", "", work_folder()))


def findings() -> Findings:
    found = first_run().findings
    assert found is not None
    return found


def pixels_of(change: dict[str, Any]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    planted = np.zeros(findings().cube.grid.shape, dtype=bool)
    planted[tuple(np.array(change["pixels"]).T)] = True
    return planted


def covering(change: dict[str, Any]) -> list[Detection]:
    """Reported objects in the change's zone that hold at least half of its pixels."""
    planted, found = pixels_of(change), []
    for one in findings().detections_in(change["zone_id"]):
        inside = planted[one.window.slices] & one.mask
        if one.status in REPORTED and inside.sum() >= planted.sum() / 2:
            found.append(one)
    return found


def reported(zone_id: str) -> list[Detection]:
    return [one for one in findings().detections_in(zone_id) if one.status in REPORTED]


@pytest.mark.parametrize("change", LARGE, ids=lambda one: str(one["id"]))
def test_what_was_planted_is_found_in_its_zone_with_its_bracket(change: dict[str, Any]) -> None:
    detections = covering(change)
    assert detections
    brackets = {
        (one.onset.last_without and f"{one.onset.last_without:%Y-%m-%d}",
         f"{one.onset.first_with:%Y-%m-%d}")
        for one in detections
    }  # fmt: skip
    assert (change["onset"]["last_without"], change["onset"]["first_with"]) in brackets


def test_enough_was_planted_for_this_to_mean_something() -> None:
    assert len(LARGE) >= 6
    assert len({one["kind"] for one in LARGE}) >= 4
    assert UNSEEN


@pytest.mark.parametrize("change", UNSEEN, ids=lambda one: str(one["id"]))
def test_what_had_too_few_clear_looks_is_not_called(change: dict[str, Any]) -> None:
    assert not covering(change)


def test_noise_and_controls_stay_silent() -> None:
    controls = [zone.id for zone in findings().site.controls]
    assert len(controls) >= 4
    for zone_id in (TRUTH["noise_zone"], *controls):
        assert not reported(zone_id)


def test_zones_in_which_nothing_was_planted_stay_silent() -> None:
    for zone_id in TRUTH["quiet_zones"]:
        assert not reported(zone_id)


def test_swept_yards_show_as_less_snow_than_the_controls() -> None:
    """The series detector leaves snow out; the share of snow tells of it."""
    days = {day for one in TRUTH["changes"] for day in one["snow_days"]}
    found, series = findings(), findings().series_of
    swept = found.mask_of["south-belt"]
    yards = np.zeros(found.cube.grid.shape, dtype=bool)
    for one in TRUTH["changes"]:
        if one["kind"] == "snow_cleared":
            yards |= pixels_of(one)
    assert swept.n_pixels > 0
    shares = []
    for date, instant in enumerate(found.cube.instants):
        control = series["control-forest"]
        snowy = control.snow_px[date] > 0.5 * control.n_pixels
        if f"{instant:%Y-%m-%d}" in days and snowy:
            shares.append(found.cube.snow[date][yards].mean())
    assert shares
    assert max(shares) < 0.5


def signs() -> Activity:
    found = findings().activity
    assert found is not None
    return found


HOLDS_ALL = "whole-complex"
"""The zone that every other one lies in; what is planted anywhere is planted in it, too."""
BRACKETED = {"cleared_plot": Sign.PLOT_CLEARING, "removed_roof": Sign.ROOF_CHANGE}


@pytest.mark.parametrize("kind", BRACKETED)
def test_a_cleared_plot_and_an_emptied_gate_are_bracketed_by_their_sign(kind: str) -> None:
    (change,) = [one for one in TRUTH["changes"] if one["kind"] == kind]
    (one,) = [r for r in signs().of(change["zone_id"]) if r.series.sign is BRACKETED[kind]]
    run = one.lasting[0]
    assert run.direction == 1
    assert run.onset.last_without is not None
    bracket = {
        "last_without": f"{run.onset.last_without:%Y-%m-%d}",
        "first_with": f"{run.onset.first_with:%Y-%m-%d}",
    }
    assert bracket == change["onset"]


def test_swept_yards_stand_out_in_the_snow_and_on_those_days_alone() -> None:
    swept = [one for one in TRUTH["changes"] if one["kind"] == "snow_cleared"]
    (zone,) = {one["zone_id"] for one in swept}
    (one,) = [r for r in signs().of(zone) if r.series.sign is Sign.SNOW_CLEARED_SHARE]
    days = {f"{one.series.instants[k]:%Y-%m-%d}" for k in np.flatnonzero(one.single)}
    first, last = min(c["first_day"] for c in swept), max(c["last_day"] for c in swept)
    assert len(days) >= 2
    assert all(first <= day <= last for day in days)
    assert (one.series.departures[one.single] > 0).all()


def test_signs_say_nothing_where_nothing_was_planted() -> None:
    """One look in twenty runs of a sign may stand out by chance; this run has none."""
    quiet = {TRUTH["noise_zone"], *TRUTH["quiet_zones"]} | {z.id for z in findings().site.controls}
    read = [one for one in signs().readings if one.series.place in quiet]
    assert sum(one.is_observable for one in read) >= 15
    assert not [(one.series.sign, one.series.place) for one in read if one.departs]


def test_signs_depart_where_their_change_was_planted_and_nowhere_else() -> None:
    told = {(one.series.sign, one.series.place) for one in signs().readings if one.departs}
    planted = {one["kind"]: one["zone_id"] for one in TRUTH["changes"]}
    expected = {(sign, planted[kind]) for kind, sign in BRACKETED.items()}
    expected |= {(Sign.SNOW_CLEARED_SHARE, planted["snow_cleared"])}
    assert {(sign, place) for sign, place in told if place != HOLDS_ALL} == expected


def test_goods_that_no_look_fell_on_leave_the_depot_as_it_was() -> None:
    (goods,) = [one for one in TRUTH["changes"] if one["zone_id"] == "bus-depot"]
    assert not goods["delivered_looks"]["during"]
    (depot,) = signs().of_sign(Sign.DEPOT_EMPTIED)
    assert depot.is_observable
    assert not depot.departs


def test_a_sign_that_cannot_be_told_says_why() -> None:
    dark = [one for one in signs().readings if not one.is_observable]
    assert {one.series.sign for one in dark} >= {Sign.CULTIVATION, Sign.ROOF_CHANGE}
    assert all(one.why_silent and not one.departs for one in dark)
    assert {one.sign for one in signs().unasked} == {
        Sign.TEMPERATURE_CONTRAST, Sign.NIGHT_LIGHT_STEP, Sign.BUILT_UP_GROWTH,
    }  # fmt: skip


def test_every_claim_is_answered_as_a_rehearsal() -> None:
    assessments = findings().assessments
    assert len(assessments) == 66
    assert all(one.is_rehearsal and Modifier.SIMULATED in one.modifiers for one in assessments)
    voa = {one.claim_id: one for one in assessments}["K000-12"]
    assert voa.verdict is not Verdict.CONTRADICTED
    assert Modifier.DATE_DISPUTED in voa.modifiers
    for day in ("2020-10-25", "2020-11-25"):
        assert day in voa.sentence


def test_everything_made_from_it_says_simulated() -> None:
    folder, record = first_run().folder, first_run().record
    assert record.is_simulated
    marked = ("detections.geojson", "zones.geojson", "assessments.json", "signs.json")
    for name in ("report.html", *marked):
        assert "simulated" in (folder / name).read_text(encoding="utf-8").lower()
    for name in ("zone-series.csv", "assessments.csv", "scenes.csv", "sign-series.csv"):
        assert "simulated" in (folder / name).read_text(encoding="utf-8").splitlines()[0]
    with rasterio.open(folder / "change-map.tif") as dataset:
        assert dataset.tags()["zonewatch_simulated"] == "true"


def test_a_second_run_computes_nothing_changes_no_byte_and_adds_one_row() -> None:
    first = first_run()
    work = WorkFolder(work_folder(), "kaesong-rehearsal")
    before = {path: sha256_of(path) for path in sorted(first.folder.iterdir())}
    times = {path: path.stat().st_mtime_ns for path in before}
    n_rows = len(open_ledger(work.ledger_path).rows())
    second = run_site(request_for("kaesong-rehearsal", "", work_folder()))
    assert not second.was_new
    assert second.record == first.record
    assert {path: sha256_of(path) for path in sorted(first.folder.iterdir())} == before
    assert {path: path.stat().st_mtime_ns for path in before} == times
    assert len(open_ledger(work.ledger_path).rows()) == n_rows + 1


def test_the_products_are_those_of_the_record() -> None:
    first = first_run()
    assert {one.name for one in first.record.outputs} == {p.name for p in first.folder.iterdir()}
    for one in first.record.outputs:
        assert sha256_of(first.folder / one.name) == one.sha256


def test_no_path_of_this_machine_stands_in_a_product() -> None:
    for path in first_run().folder.iterdir():
        data = path.read_bytes()
        assert str(ROOT).encode() not in data, path.name
        assert str(work_folder()).encode() not in data, path.name


def test_a_search_that_finds_nothing_costs_nothing_already_published(tmp_path: Path) -> None:
    first = first_run()
    before = {path: sha256_of(path) for path in sorted(first.folder.iterdir())}
    nowhen = period_between("1999-01-01", "1999-12-31")
    request = request_for("kaesong-rehearsal", "", work_folder())
    with pytest.raises(EmptySearchError, match="Remedy"):
        run_site(type(request)(**{**vars(request), "period": nowhen}))
    assert {path: sha256_of(path) for path in sorted(first.folder.iterdir())} == before
    assert not list(tmp_path.iterdir())
