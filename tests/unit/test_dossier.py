"""A dossier verifies, is the same everywhere, and says of itself what it is."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import bagit
import pytest
from PIL import Image

from pipeline.assess import plans_of
from pipeline.claims import load_seeds
from pipeline.dossier import verify_dossier, write_dossier
from pipeline.errors import ClaimsError, StoreError
from pipeline.model.assessment import Verdict
from pipeline.sites import load_site
from pipeline.store.files import canonical_json
from tests.unit.dossier_factory import (
    CLAIM,
    CONFIG,
    SILENT,
    UNSEEN,
    Made,
    instants,
    make_evidence,
    make_run,
)


@cache
def run(*, simulated: bool = True) -> Made:
    """One run for all tests that only read it."""
    return make_run(Path(tempfile.mkdtemp()), simulated=simulated)


def dossier(folder: Path, claim: str = CLAIM, **options: bool) -> Path:
    simulated = options.pop("simulated", True)
    wanted = run(simulated=simulated).wanted(claim, **options)
    return write_dossier(wanted, folder / "dossier").folder


def files(folder: Path) -> dict[str, bytes]:
    held = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in held}


def document(folder: Path, name: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((folder / "data" / name).read_bytes())


def table(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("claim", [CLAIM, UNSEEN, SILENT])
def test_every_kind_of_claim_verifies(tmp_path: Path, claim: str) -> None:
    done = verify_dossier(dossier(tmp_path, claim))
    assert done.faults == ()
    assert done.is_good
    assert done.libraries == ()
    assert done.answer is not None
    assert done.answer.assessment.claim_id == claim


def test_a_tested_claim_holds_its_numbers(tmp_path: Path) -> None:
    folder = dossier(tmp_path)
    answer = document(folder, "assessment.json")
    assert answer["claim_id"] == CLAIM
    judged = [test for test in answer["tests"] if not test["gap"]]
    assert judged
    assert all(test["effect"] is not None and test["n_clear"] >= 3 for test in judged)
    rows = table(folder, "assessment.csv")
    assert [row["zone_id"] for row in rows] == [test["zone_id"] for test in answer["tests"]]


def test_a_claim_that_nothing_can_see_says_why(tmp_path: Path) -> None:
    folder = dossier(tmp_path, SILENT)
    answer = document(folder, "assessment.json")
    assert answer["verdict"] == Verdict.NOT_OBSERVABLE
    page = (folder / "data" / "index.html").read_text(encoding="utf-8")
    assert "it predicts nothing that a satellite could see" in page
    assert not (folder / "data" / "charts").exists()


def test_the_library_finds_it_valid(tmp_path: Path) -> None:
    bag = bagit.Bag(str(dossier(tmp_path)))
    assert bag.validate()
    assert bag.info["Zonewatch-Simulated"] == "SIMULATED"


def test_the_same_run_gives_the_same_bytes_elsewhere_and_later(tmp_path: Path) -> None:
    first = dossier(tmp_path / "a", with_chips=True)
    other = make_run(tmp_path / "elsewhere")
    second = write_dossier(other.wanted(with_chips=True), tmp_path / "b").folder
    assert files(first) == files(second)


def test_nothing_in_it_tells_of_this_machine(tmp_path: Path) -> None:
    for name, data in files(dossier(tmp_path)).items():
        assert str(run().root).encode() not in data, name
        assert str(tmp_path).encode() not in data, name


def test_every_file_of_a_rehearsal_says_so(tmp_path: Path) -> None:
    folder = dossier(tmp_path, with_chips=True)
    for name, data in files(folder).items():
        if name == "bagit.txt":  # its two lines are prescribed
            continue
        marks = (b"SIMULATED", b'simulated":true', b"zonewatch:simulated\x00true")
        said = "SIMULATED" in name or any(mark in data for mark in marks)
        if name.endswith(".csv") and not said:
            rows = table(folder, name.removeprefix("data/"))
            said = bool(rows) and all(row["simulated"] == "true" for row in rows)
        assert said, name


def test_a_real_dossier_says_nowhere_that_it_is_simulated(tmp_path: Path) -> None:
    folder = dossier(tmp_path, simulated=False, with_chips=True)
    assert verify_dossier(folder).is_good
    for name, data in files(folder).items():
        assert "SIMULATED" not in name
        assert b"SIMULATED" not in data.replace(b'marked "SIMULATED"', b""), name


def test_the_plan_and_its_hash_can_be_checked_by_hand(tmp_path: Path) -> None:
    held = document(dossier(tmp_path), "plan.json")
    text = json.dumps(held["plan"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == held["sha256"]
    seeds, site = load_seeds(run().root / "seeds"), load_site(run().root / "demo")
    planned = {plan.claim_id: plan.sha256 for plan in plans_of(seeds, site, CONFIG.assess)}
    assert held["sha256"] == planned[CLAIM]
    assert held["is_post_hoc"] is False


def test_scenes_stand_with_their_use_and_reason(tmp_path: Path) -> None:
    rows = table(dossier(tmp_path), "scenes.csv")
    assert len(rows) == len(instants())
    by_use = {use: [row for row in rows if row["use"] == use] for use in ("used", "clouded")}
    assert not any(row["reason"] for row in by_use["used"])
    assert {row["reason"] for row in by_use["clouded"]} == {"too little of the site was clear"}
    failed = [row for row in rows if row["use"] == "failed"]
    assert [row["reason"] for row in failed] == ["'=x: the bytes did not arrive"]
    assert any(row["windows"] for row in rows)


def test_the_lines_stand_look_by_look(tmp_path: Path) -> None:
    rows = table(dossier(tmp_path), "measured.csv")
    yard = next(one for one in make_evidence().signals if one.place == "yard")
    mine = [row["value"] for row in rows if row["place"] == "yard"]
    assert mine == ["" if value != value else repr(value) for value in yard.values.tolist()]  # noqa: PLR0124 - NaN


def test_claim_source_and_dependence_stand_in_it(tmp_path: Path) -> None:
    held = document(dossier(tmp_path), "claim.json")
    assert held["claim"]["id"] == CLAIM
    assert len(held["source"]["sha256"]) == 64
    assert held["repeated_by"] == [SILENT]
    other = document(dossier(tmp_path / "x", SILENT), "claim.json")
    assert [one["id"] for one in other["rests_on"]] == [CLAIM]


def test_zones_of_the_claim_and_all_controls_stand_in_it(tmp_path: Path) -> None:
    held = document(dossier(tmp_path), "zones.geojson")
    roles = {one["id"]: one["properties"]["role"] for one in held["features"]}
    assert roles == {"yard": "claim", "depot": "claim", "fence": "control", "wood": "control"}


def test_chips_stand_by_hash_and_never_with_a_query(tmp_path: Path) -> None:
    text = (dossier(tmp_path) / "data" / "chips.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    assert all(len(row["sha256"]) == 64 and row["etag"] == '"v1"' for row in rows)
    assert not any(row["file"] for row in rows)
    assert "?" not in text


def test_chips_are_enclosed_on_request_and_pictures_drawn_again(tmp_path: Path) -> None:
    folder = dossier(tmp_path, with_chips=True)
    chips = list((folder / "data" / "chips").iterdir())
    assert chips
    done = verify_dossier(folder)
    assert done.is_good
    assert "from the pixels enclosed" in done.checks[-1].outcome


def test_pictures_show_both_sides_of_the_asserted_times(tmp_path: Path) -> None:
    folder = dossier(tmp_path)
    shown = document(folder, "dossier.json")["pictures"]
    yard = [one for one in shown if one["place"] == "yard"]
    assert yard[0]["role"] == "Before"
    assert len(yard) >= 2
    assert yard[0]["instant"] < min(one["instant"] for one in yard[1:])
    for one in shown:
        with Image.open(folder / "data" / one["file"]) as image:
            assert image.size == (one["grid"]["width"], one["grid"]["height"])


def test_chips_that_are_gone_are_known_by_hash_and_not_shown(tmp_path: Path) -> None:
    made = make_run(tmp_path)
    shutil.rmtree(made.work.chips)
    folder = write_dossier(made.wanted(with_chips=True)).folder
    assert verify_dossier(folder).is_good
    held = document(folder, "dossier.json")
    assert held["pictures"] == []
    assert {why.partition(":")[0] for why in held["unpictured"]} == {"yard", "depot"}
    assert "Not shown" in (folder / "data" / "index.html").read_text(encoding="utf-8")


def test_a_plan_changed_after_a_look_stays_post_hoc(tmp_path: Path) -> None:
    made = make_run(tmp_path)
    answers = made.work.products_of(made.run_id) / "assessments.json"
    held = json.loads(answers.read_bytes())
    held["assessments"][0]["modifiers"].append("post_hoc")
    _reprint(made, "assessments.json", canonical_json(held))
    # The run of the factory was not post hoc, so the words differ; what is carried over is seen.
    with pytest.raises(StoreError, match=r"answers.json"):
        write_dossier(made.wanted())


def _reprint(made: Made, name: str, data: bytes) -> None:
    """Replace a product and its hash in the record."""
    path = made.work.products_of(made.run_id) / name
    path.write_bytes(data)
    record = made.work.runs / f"{made.run_id}.json"
    held = json.loads(record.read_bytes())
    for one in held["outputs"]:
        if one["name"] == name:
            one |= {"sha256": hashlib.sha256(data).hexdigest(), "nbytes": len(data)}
    record.write_bytes(canonical_json(held))


def test_a_claim_that_is_not_there_is_refused() -> None:
    with pytest.raises(ClaimsError, match=r"Z999-01: there is no such claim.*Remedy"):
        write_dossier(run().wanted("Z999-01"))


def test_without_a_run_there_is_no_dossier(tmp_path: Path) -> None:
    nowhere = replace(run().wanted(), work=replace(run().work, root=tmp_path))
    with pytest.raises(StoreError, match=r"no run of this site.*Remedy: run the site again"):
        write_dossier(nowhere)


def test_a_run_can_be_named_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    named = replace(run().wanted(), run=run().run_id[:8])
    assert write_dossier(named, tmp_path / "d").seal == write_dossier(run().wanted()).seal
    with pytest.raises(StoreError, match=r"0 runs.*Remedy: name one of"):
        write_dossier(replace(named, run="zz"))


def test_an_altered_product_is_no_ground_for_a_dossier(tmp_path: Path) -> None:
    made = make_run(tmp_path)
    path = made.work.products_of(made.run_id) / "evidence.json"
    path.write_bytes(path.read_bytes().replace(b"0.0", b"0.1", 1))
    with pytest.raises(StoreError, match="whole"):
        write_dossier(made.wanted())


def test_a_run_that_left_no_evidence_is_told(tmp_path: Path) -> None:
    made = make_run(tmp_path)
    record = made.work.runs / f"{made.run_id}.json"
    held = json.loads(record.read_bytes())
    held["outputs"] = [one for one in held["outputs"] if one["name"] != "evidence.json"]
    record.write_bytes(canonical_json(held))
    with pytest.raises(StoreError, match="left no evidence"):
        write_dossier(made.wanted())


@pytest.mark.parametrize("name", ["seeds/claims.toml", "demo/zones.geojson"])
def test_claims_or_zones_that_changed_since_the_run_are_told(tmp_path: Path, name: str) -> None:
    made = make_run(tmp_path)
    path = made.root / name
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"not that of the run.*Remedy"):
        write_dossier(made.wanted())
    assert not list(made.work.dossiers.glob("*"))


def test_a_dossier_is_never_written_over_another(tmp_path: Path) -> None:
    folder = dossier(tmp_path)
    before = files(folder)
    assert dossier(tmp_path) == folder
    with pytest.raises(StoreError, match="something else lies there already"):
        dossier(tmp_path, SILENT)
    assert files(folder) == before


def test_the_folder_is_named_by_claim_and_run() -> None:
    folder = write_dossier(run().wanted()).folder
    assert folder.name == f"SIMULATED-{CLAIM}-{run().run_id[:12]}"
    real = write_dossier(run(simulated=False).wanted()).folder
    assert real.name == f"{CLAIM}-{run(simulated=False).run_id[:12]}"
