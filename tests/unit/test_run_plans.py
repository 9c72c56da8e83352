"""When a run fixes its plans, and what it says of claims that are bad or came late."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from pipeline import cli, run
from pipeline.config import load_config
from pipeline.errors import NothingSeenError
from pipeline.identity import cube_identity, identity
from pipeline.inputs import Inputs, RunRequest, RunResult
from pipeline.model.plan import Registration
from pipeline.model.scene import Remark
from pipeline.store.layout import WorkFolder
from tests.unit.seeds_factory import CLAIMS, spoil, write_seeds

if TYPE_CHECKING:
    from pipeline.model.claim import Seeds
    from pipeline.model.site import Site

ROOT = Path(__file__).resolve().parents[2]
PLACED = CLAIMS.replace('"yard", "depot"', '"textile", "bus-depot"').replace('"yard"', '"textile"')
LATER = spoil(PLACED, '"2020-10-25"', '"2020-10-26"')
BAD = spoil(PLACED, 'edtf = "2017-10"', 'edtf = "2017-02-30"')


@dataclass
class Stage:
    """Stands for the stages of a run, and remembers what lay in the work folder at each."""

    work: WorkFolder
    entries: dict[str, list[str]] = field(default_factory=dict)
    inputs: list[Inputs] = field(default_factory=list)
    fails: bool = False

    def note(self, name: str) -> None:
        """What was registered when a stage began: ``plan`` and ``look`` by entry."""
        lines = self.work.plans.read_bytes().splitlines() if self.work.plans.exists() else []
        self.entries[name] = ["plan" if "plan" in json.loads(one) else "look" for one in lines]

    def gather(self, _: RunRequest, site: Site, seeds: Seeds | None, __: object) -> Inputs:
        """Find no scenes."""
        self.note("gather")
        return Inputs(site, seeds, "tiles", (), ())

    def find(self, _: RunRequest, inputs: Inputs, run_id: str, __: object) -> Any:  # noqa: ANN401
        """Find nothing."""
        self.note("find")
        self.inputs.append(inputs)
        if self.fails:
            raise NothingSeenError("all cloud")
        return Found(run_id)

    def publish(self, *_: object) -> tuple[()]:
        """Publish nothing."""
        self.note("publish")
        return ()


@dataclass(frozen=True)
class Found:
    """As much of findings as the record of a run reads."""

    run_id: str
    failures: tuple[()] = ()
    is_simulated: bool = True


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    held = Stage(WorkFolder(tmp_path / "work", "kaesong-rehearsal"))
    monkeypatch.setattr(run, "gather", held.gather)
    monkeypatch.setattr(run, "find", held.find)
    monkeypatch.setattr(run, "publish_products", held.publish)
    monkeypatch.setattr(run, "render_report", lambda _: b"")
    return held


def pass_over(tmp_path: Path, text: str, **changes: Any) -> RunResult:  # noqa: ANN401
    """One run with these claims."""
    folder = write_seeds(tmp_path, claims=text)
    tiles = ROOT / "sample_tiles" / "kaesong-rehearsal" / "catalog.json"
    site = ROOT / "aoi" / "kaesong-rehearsal"
    request = RunRequest(site, folder, str(tiles), tmp_path / "work", load_config())
    return run.run_site(replace(request, **changes))


def test_plans_are_fixed_before_the_search_and_the_look_noted_before_publishing(
    tmp_path: Path, stage: Stage
) -> None:
    pass_over(tmp_path, PLACED)
    assert stage.entries == {
        "gather": ["plan"] * 3, "find": ["plan"] * 3, "publish": ["plan", "plan", "plan", "look"],
    }  # fmt: skip
    assert set(stage.inputs[0].registered) == {"A001-01", "A001-02", "plain-id"}
    assert stage.inputs[0].post_hoc == ()


def test_a_second_run_with_the_same_claims_registers_nothing(tmp_path: Path, stage: Stage) -> None:
    first = pass_over(tmp_path, PLACED)
    before = stage.work.plans.read_bytes()
    second = pass_over(tmp_path, PLACED)
    assert stage.work.plans.read_bytes() == before
    assert (second.record.run_id, second.was_new) == (first.record.run_id, False)


def test_a_claim_that_changes_after_a_run_is_late_from_then_on(
    tmp_path: Path, stage: Stage
) -> None:
    first = pass_over(tmp_path, PLACED)
    second = pass_over(tmp_path, LATER)
    assert stage.inputs[-1].post_hoc == ("A001-01",)
    assert "post-hoc" in second.record.inputs
    assert "post-hoc" not in first.record.inputs
    assert pass_over(tmp_path, PLACED).record.run_id == first.record.run_id


def test_a_claim_that_changes_while_nothing_was_seen_is_not_late(
    tmp_path: Path, stage: Stage
) -> None:
    stage.fails = True
    with pytest.raises(NothingSeenError):
        pass_over(tmp_path, PLACED)
    stage.fails = False
    pass_over(tmp_path, LATER)
    assert stage.inputs[-1].post_hoc == ()


def test_another_level_makes_every_plan_late(tmp_path: Path, stage: Stage) -> None:
    pass_over(tmp_path, PLACED)
    config = load_config()
    bolder = config.model_copy(
        update={"assess": config.assess.model_copy(update={"min_power": 0.5})}
    )
    pass_over(tmp_path, PLACED, config=bolder)
    assert stage.inputs[-1].post_hoc == ("A001-01", "A001-02", "plain-id")


def test_a_run_without_claims_registers_nothing(tmp_path: Path, stage: Stage) -> None:
    pass_over(tmp_path, PLACED, seeds_folder=None)
    assert not stage.work.plans.exists()
    assert stage.inputs[0].registered == {}


def test_a_bad_claim_is_left_out_by_line_and_the_others_go_on(tmp_path: Path, stage: Stage) -> None:
    result = pass_over(tmp_path, BAD)
    seeds = stage.inputs[0].seeds
    assert seeds is not None
    assert [claim.id for claim in seeds.claims] == ["A001-01", "A001-02"]
    (line,) = result.refused
    number = BAD.split("\n").index('edtf = "2017-02-30"') + 1
    assert line.startswith(f"claim left out: claims.toml:{number}: plain-id: times.0.edtf:")
    assert str(tmp_path) not in line
    assert result.record.remarks == (Remark("", "", line),)


def test_a_run_that_left_a_claim_out_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "show", lambda _: None)
    result = RunResult(Whole(), Path("products"), None, ("claim left out",))  # type: ignore[arg-type]
    monkeypatch.setattr("pipeline.run.run_site", lambda *_: result)
    with pytest.raises(typer.Exit) as caught:
        cli.run(site="kaesong-rehearsal")
    assert caught.value.exit_code == 3


@dataclass(frozen=True)
class Whole:
    """A record without failures."""

    failures: tuple[()] = ()


def test_what_came_late_is_part_of_the_run_and_no_part_of_its_cube(
    tmp_path: Path, stage: Stage
) -> None:
    pass_over(tmp_path, PLACED)
    plain, config = stage.inputs[0], load_config()
    late = {"A001-01": Registration("0" * 64, is_post_hoc=True)}
    other = replace(plain, registered={**plain.registered, **late})
    assert identity(other.hashes(config)) != identity(plain.hashes(config))
    assert cube_identity(other.hashes(config)) == cube_identity(plain.hashes(config))
