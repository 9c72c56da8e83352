"""Run records are believed only while every product still matches them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.model.provenance import Artifact, RunRecord
from pipeline.model.scene import AssetFailure
from pipeline.store.files import publish_bytes, sha256_of
from pipeline.store.layout import WorkFolder
from pipeline.store.records import read_record, write_record

if TYPE_CHECKING:
    from pathlib import Path

RUN_ID = "0123456789abcdef" * 4


def written(root: Path) -> tuple[WorkFolder, RunRecord]:
    """A record of a run with one product on disk."""
    work = WorkFolder(root, "yard")
    report = work.products_of(RUN_ID) / "report.html"
    report.parent.mkdir(parents=True)
    work.runs.mkdir(parents=True)
    publish_bytes(report, b"<html></html>")
    artifact = Artifact("report.html", sha256_of(report), report.stat().st_size)
    failure = AssetFailure("S2A_1", "red", "FetchError", "connection cut")
    record = RunRecord(
        RUN_ID, "yard", "tiles", "partial", is_simulated=True,
        inputs={"site": "ab"}, versions={"stage:detect": "1"}, outputs=(artifact,),
        failures=(failure,), superseded=("S2A_0",),
    )  # fmt: skip
    write_record(work, record)
    return work, record


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    work, record = written(tmp_path)
    assert read_record(work, RUN_ID) == record


def test_a_record_tells_no_time(tmp_path: Path) -> None:
    work, _ = written(tmp_path)
    first = (work.runs / f"{RUN_ID}.json").read_bytes()
    written_again = WorkFolder(tmp_path, "yard")
    record = read_record(written_again, RUN_ID)
    assert record is not None
    write_record(written_again, record)
    assert (work.runs / f"{RUN_ID}.json").read_bytes() == first


def test_no_record_is_none(tmp_path: Path) -> None:
    assert read_record(WorkFolder(tmp_path, "yard"), RUN_ID) is None


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_a_damaged_product_makes_the_record_worthless(tmp_path: Path, damage: str) -> None:
    work, _ = written(tmp_path)
    report = work.products_of(RUN_ID) / "report.html"
    if damage == "missing":
        report.unlink()
    else:
        report.write_bytes(b"<html>!</html>")
    assert read_record(work, RUN_ID) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"outputs": 3}', "null", "\x00"])
def test_a_damaged_record_is_none_and_no_crash(tmp_path: Path, text: str) -> None:
    work, _ = written(tmp_path)
    (work.runs / f"{RUN_ID}.json").write_text(text, encoding="utf-8")
    assert read_record(work, RUN_ID) is None


def test_the_record_is_plain_json(tmp_path: Path) -> None:
    work, record = written(tmp_path)
    fields = json.loads((work.runs / f"{RUN_ID}.json").read_bytes())
    assert fields["state"] == "partial"
    assert fields["is_simulated"] is True
    assert fields["failures"][0]["reason"] == record.failures[0].reason
