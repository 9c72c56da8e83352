"""Dossiers of the rehearsal run: two claims, each verified, each found out by one flipped byte."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.dossier import Wanted, verify_dossier, write_dossier
from pipeline.model.assessment import Verdict
from pipeline.request import ROOT
from pipeline.store.bag import read_bag
from pipeline.store.evidence import decode_evidence, encode_evidence
from pipeline.store.layout import WorkFolder
from tests.golden.test_rehearsal import first_run, work_folder

if TYPE_CHECKING:
    from pipeline.dossier import Written

pytestmark = pytest.mark.xdist_group("rehearsal")

SITE = "kaesong-rehearsal"
CLAIMS = ("K000-12", "K000-11")
MOST_BYTES = 3_000_000


@cache
def written(claim: str) -> Written:
    return write_dossier(wanted(claim))


def wanted(claim: str, *, with_chips: bool = False) -> Wanted:
    first_run()
    work = WorkFolder(work_folder(), SITE)
    site, seeds = ROOT / "aoi" / SITE, ROOT / "seeds" / "kaesong"
    return Wanted(site, seeds, claim, work, with_chips=with_chips)


@pytest.mark.parametrize("claim", CLAIMS)
def test_it_verifies_and_is_small(claim: str) -> None:
    done = verify_dossier(written(claim).folder)
    assert done.faults == ()
    assert done.is_good
    assert written(claim).nbytes < MOST_BYTES


@pytest.mark.parametrize("claim", CLAIMS)
def test_one_flipped_byte_in_any_file_is_found_and_the_file_named(
    tmp_path: Path, claim: str
) -> None:
    folder = Path(shutil.copytree(written(claim).folder, tmp_path / "copy"))
    for path in [path for path in sorted(folder.rglob("*")) if path.is_file()]:
        before = path.read_bytes()
        damaged = bytearray(before)
        damaged[len(before) // 3] ^= 1
        path.write_bytes(damaged)
        done = verify_dossier(folder)
        path.write_bytes(before)
        assert not done.is_good
        name = path.relative_to(folder).as_posix()
        assert any(name in f"{fault.path} {fault.what}" for fault in done.faults)


def test_what_is_finer_than_open_pixels_says_so() -> None:
    answer = written("K000-11").assessment
    assert answer.verdict is Verdict.NOT_OBSERVABLE
    page = (written("K000-11").folder / "data" / "index.html").read_text(encoding="utf-8")
    assert "finer than the pixel" in page
    assert "SIMULATED" in page


def test_the_evidence_of_the_run_comes_back_in_its_own_bytes() -> None:
    data = read_bag(written("K000-12").folder).payload["evidence.json"]
    head, evidence = decode_evidence(data, "evidence.json")
    assert encode_evidence(head, evidence) == data
    assert evidence.is_simulated
    assert {one.place for one in evidence.signals} >= {"electronics", "textile"}


def test_the_dossier_gives_the_answer_of_the_run() -> None:
    work = WorkFolder(work_folder(), SITE)
    run_id = work.current()
    assert run_id is not None
    held = json.loads((work.products_of(run_id) / "assessments.json").read_bytes())
    by_claim = {one["claim_id"]: one for one in held["assessments"]}
    for claim in CLAIMS:
        own = (written(claim).folder / "data" / "assessment.json").read_bytes()
        assert json.loads(own) == by_claim[claim]


def test_enclosed_pixels_give_the_pictures_again(tmp_path: Path) -> None:
    folder = write_dossier(wanted("K000-12", with_chips=True), tmp_path / "d").folder
    done = verify_dossier(folder)
    assert done.is_good
    assert "from the pixels enclosed" in done.checks[-1].outcome


def test_both_asserted_days_are_shown_and_pictured() -> None:
    about = json.loads((written("K000-12").folder / "data" / "dossier.json").read_bytes())
    roles = {one["role"] for one in about["pictures"]}
    assert "Before" in roles
    assert any("2020-10-25" in role for role in roles)
    page = (written("K000-12").folder / "data" / "index.html").read_text(encoding="utf-8")
    for day in ("2020-10-25", "2020-11-25"):
        assert day in page
