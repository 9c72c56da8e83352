"""The claims of the rehearsal weighed on radar and the night lights that come with it."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import EmptySearchError, InputError
from pipeline.harvest import harvest_folder
from pipeline.join import folder_of, join_site, together
from pipeline.model.assessment import Verdict
from pipeline.request import ROOT, lights_beside, request_for
from pipeline.sensors.coarse_names import LIGHT_SENSORS
from pipeline.store.layout import WorkFolder
from pipeline.words import lint

if TYPE_CHECKING:
    from pipeline.inputs import RunRequest
    from pipeline.model.joined import Joined

SITE = "kaesong-rehearsal"
KNOWN = ("K001-09", "K003-02", "K004-07")
SENSORS = ("opera-rtc", "sentinel-1")


@cache
def request() -> RunRequest:
    """The rehearsal in a folder of its own, with its night lights."""
    work = Path(mkdtemp(prefix="zonewatch-join-"))
    made = request_for(SITE, "", work)
    lights = lights_beside(SITE)
    assert lights is not None
    for sensor in LIGHT_SENSORS:
        harvest_folder(made.site_folder, lights, work, sensor=sensor)
    return made


@cache
def joined() -> Joined:
    """Its claims, weighed on radar and light."""
    return join_site(request(), SENSORS)


def verdicts() -> dict[str, Verdict]:
    return {one.claim_id: one.verdict for one in joined().assessments}


def test_the_known_changes_are_recovered_and_stand_on_top() -> None:
    assert joined().controls.found == KNOWN
    assert joined().controls.missed == ()
    assert {verdicts()[name] for name in KNOWN} == {Verdict.CORROBORATED}


def test_every_claim_has_an_answer_and_none_is_contradicted() -> None:
    assert len(joined().assessments) == 66
    assert joined().counts[Verdict.CONTRADICTED] == 0
    assert verdicts()["K000-09"] is Verdict.CORROBORATED
    assert verdicts()["K000-11"] is Verdict.NOT_OBSERVABLE


def test_curtains_are_compatible_with_nothing_and_never_corroborated() -> None:
    (curtains,) = (one for one in joined().assessments if one.claim_id == "K001-08")
    assert curtains.verdict is Verdict.NOT_CORROBORATED
    assert "compatible_with_null" in curtains.modifiers


def test_every_sentence_is_fit_for_print_in_both_languages() -> None:
    for one in joined().assessments:
        for told in (one.sentence, one.sentence_ko):
            assert told
            assert lint(told) == ()
        assert one.sentence.startswith("SIMULATED")
        assert one.sentence_ko.startswith("모의 자료")


def test_a_sensor_that_is_not_listed_is_told_by_name() -> None:
    (opera, radar) = joined().passed
    assert opera.run_id == ""
    assert opera.why
    assert radar.run_id
    assert WorkFolder(request().work, SITE).current() == radar.run_id


def test_zones_smaller_than_a_pixel_of_light_say_so() -> None:
    lit = [one for one in joined().evidence.signals if one.sensor == "viirs-dnb"]
    assert {one.place for one in lit if not one.not_observable} >= {"whole-complex"}
    assert all("smaller" in one.not_observable for one in lit if one.place == "electronics")


def test_the_files_hold_every_claim_and_say_simulated() -> None:
    folder = folder_of(request(), joined())
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "assessments.csv", "assessments.json", "claims.html", "events.csv", "evidence.json",
        "unexplained.csv",
    }  # fmt: skip
    document = json.loads((folder / "assessments.json").read_bytes())
    assert document["simulated"] is True
    assert len(document["assessments"]) == 66
    assert document["positive_controls"]["found"] == list(KNOWN)
    assert document["claims_left_out"] == []
    with (folder / "events.csv").open(encoding="utf-8", newline="") as stream:
        events = list(csv.DictReader(stream))
    assert len(events) == 48
    assert {one["simulated"] for one in events} == {"true"}
    page = (folder / "claims.html").read_text(encoding="utf-8")
    assert "SIMULATED" in page
    assert "모의 자료" in page
    assert "<script" not in page.lower()


def test_a_second_time_gives_the_same_bytes() -> None:
    folder = folder_of(request(), joined())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = join_site(request(), SENSORS)
    assert again.assessment_id == joined().assessment_id
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_line_that_two_passes_hold_counts_once() -> None:
    evidence = joined().evidence
    assert together((evidence, evidence)).signals == evidence.signals


def test_without_claims_or_sensors_there_is_nothing_to_weigh() -> None:
    with pytest.raises(InputError, match="no claims"):
        join_site(replace(request(), seeds_folder=None), SENSORS)
    with pytest.raises(EmptySearchError, match="opera-rtc"):
        join_site(request(), ("opera-rtc",))


def test_a_bad_claim_is_left_out_by_name_and_the_others_are_weighed(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    shutil.copytree(ROOT / "seeds" / "kaesong", seeds)
    path = seeds / "claims.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('edtf = "2020-07-24/2020-08-14"', 'edtf = "2020-07-44/2020-08-14"', 1),
        encoding="utf-8",
    )
    found = join_site(replace(request(), seeds_folder=seeds), ("sentinel-1",))
    assert len(found.assessments) == 65
    (told,) = found.refused
    assert "K000-03" in told
    assert str(tmp_path) not in told
    folder = folder_of(request(), found)
    document = json.loads((folder / "assessments.json").read_bytes())
    assert document["claims_left_out"] == [told]
    assert "Claim left out" in (folder / "claims.html").read_text(encoding="utf-8")
