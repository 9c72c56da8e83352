"""What a run rests on names it: new versions upstream, and items that mean something else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from pipeline import cli
from pipeline.config import load_config
from pipeline.model.provenance import RunRecord
from pipeline.model.scene import AssetFailure, Chip, FetchedScene, Remark
from pipeline.run import Inputs, RunResult, identity, record_of
from pipeline.store.layout import WorkFolder
from pipeline.store.records import peek_record, read_record, write_record
from tests.unit.findings_factory import make_findings
from tests.unit.scene_factory import GRID, make_scene, make_site

if TYPE_CHECKING:
    from pipeline.model.scene import Scene

SCENE = make_scene()
RUN_ID = "ab" * 32


def inputs_of(scene: Scene, **fetched: Any) -> Inputs:  # noqa: ANN401 - any field
    chips = {"red": Chip(scene.id, "red", Path("x"), GRID, "cd" * 32)}
    one = FetchedScene(scene, **({"chips": chips} | fetched))
    return Inputs(make_site(), None, "tiles", (scene,), (one,))


def id_of(inputs: Inputs) -> str:
    return identity(inputs.hashes(load_config()))


def red_with(**changes: Any) -> Scene:  # noqa: ANN401 - any field
    red = replace(SCENE.assets["red"], **changes)
    return replace(SCENE, assets={**SCENE.assets, "red": red})


@pytest.mark.parametrize(
    "scene",
    [
        replace(SCENE, processing_baseline="05.00"),
        replace(SCENE, boa_offset_applied=True),
        replace(SCENE, is_simulated=True),
        red_with(offset=-0.1),
        red_with(scale=2e-4),
        red_with(nodata=7.0),
    ],
)
def test_equal_pixels_that_mean_something_else_are_another_run(scene: Scene) -> None:
    assert id_of(inputs_of(scene)) != id_of(inputs_of(SCENE))


def test_where_and_when_the_pixels_came_from_is_no_part_of_a_run() -> None:
    elsewhere = red_with(href="https://example.org/red.tif?sig=1")
    chip = Chip(SCENE.id, "red", Path("y"), GRID, "cd" * 32, source_etag="v2")
    assert id_of(inputs_of(elsewhere, chips={"red": chip})) == id_of(inputs_of(SCENE))


def test_the_remarks_of_all_scenes_reach_the_record(tmp_path: Path) -> None:
    remarks = (Remark(SCENE.id, "red", "changed because upstream changed: ETag a -> b"),)
    assert inputs_of(SCENE, remarks=remarks).remarks == remarks
    record = RunRecord(
        RUN_ID, "yard", "tiles", "complete", is_simulated=False, inputs={}, versions={},
        outputs=(), failures=(), remarks=remarks,
    )  # fmt: skip
    work = WorkFolder(tmp_path, "yard")
    write_record(work, record)
    assert read_record(work, RUN_ID) == peek_record(work, RUN_ID) == record


def test_what_is_said_of_the_listing_comes_first_and_is_part_of_the_run() -> None:
    """It stands in the report, so that a run with it is another one than a run without."""
    gone, one = Remark("", "", "1 scene is gone: a"), Remark(SCENE.id, "red", "changed")
    plain = inputs_of(SCENE, remarks=(one,))
    told = replace(plain, on_listing=(gone,))
    assert told.remarks == (gone, one)
    other = replace(plain, on_listing=(replace(gone, words="1 scene is gone: b"),))
    assert len({id_of(plain), id_of(told), id_of(other)}) == 3


def test_a_record_of_before_remarks_is_read(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, "yard")
    work.runs.mkdir(parents=True)
    text = (
        f'{{"run_id":"{RUN_ID}","site_id":"yard","source":"t","state":"complete",'
        '"is_simulated":false,"inputs":{},"versions":{},"outputs":[],"failures":[]}'
    )
    (work.runs / f"{RUN_ID}.json").write_text(text, encoding="utf-8")
    record = read_record(work, RUN_ID)
    assert record is not None
    assert record.remarks == ()


@pytest.mark.parametrize("n_failures", [0, 1])
def test_f03_a_run_with_failures_is_partial_and_names_what_gave_way(n_failures: int) -> None:
    findings = make_findings()
    assert findings.failures
    findings = replace(findings, failures=findings.failures[:n_failures])
    other = replace(SCENE, id="older")
    inputs = replace(inputs_of(SCENE), superseded=(other,))
    record = record_of(inputs, findings, (), load_config())
    assert record.state == ("partial" if n_failures else "complete")
    assert record.failures == findings.failures
    assert record.superseded == ("older",)
    assert id_of(inputs) != id_of(inputs_of(SCENE))


@pytest.mark.parametrize(("n_failures", "code"), [(0, None), (1, 3)])
def test_f03_a_run_with_failures_ends_in_three(
    monkeypatch: pytest.MonkeyPatch, n_failures: int, code: int | None
) -> None:
    failures = (AssetFailure("S", "red", "FetchError", "gone"),) * n_failures
    record = RunRecord(
        RUN_ID, "yard", "tiles", "partial", is_simulated=True, inputs={}, versions={},
        outputs=(), failures=failures,
    )  # fmt: skip
    result = RunResult(record, Path("products"), None)
    monkeypatch.setattr("pipeline.run.run_site", lambda *_: result)
    if code is None:
        cli.run(site="kaesong-rehearsal")
    else:
        with pytest.raises(typer.Exit) as caught:
            cli.run(site="kaesong-rehearsal")
        assert caught.value.exit_code == code


def test_no_record_is_none(tmp_path: Path) -> None:
    assert peek_record(WorkFolder(tmp_path, "yard"), RUN_ID) is None
