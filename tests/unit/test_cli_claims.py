"""The commands about claims as a person types them: what they print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import InputError, PipelineError
from pipeline.store.claim_table import COLUMNS
from tests.unit.seeds_factory import CLAIMS, spoil, write_seeds
from tests.unit.table_factory import FIRST, csv_text, write_csv

if TYPE_CHECKING:
    from typer.testing import Result

ROOT = Path(__file__).resolve().parents[2]
BAD = FIRST | {"id": "N-09", "time": "2020-11-31"}


def claims(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["claims", *map(str, words)])


def raised(done: Result) -> PipelineError:
    """The error of ours that ``main`` would print in one line."""
    assert isinstance(done.exception, PipelineError), done.output
    return done.exception


def test_list_shows_the_claims_of_kaesong() -> None:
    done = claims("list")
    assert done.exit_code == 0
    assert "66 claims of 5 sources" in done.output
    assert done.output.count("\n K00") == 66
    assert done.output.count("●") == 4
    tested = claims("list", "kaesong", "--testable", "--site", "kaesong")
    assert "25 of 66 claims" in tested.output
    assert tested.output.count("\n K00") == 25
    assert "electronics?" in tested.output


@pytest.mark.parametrize("claim_id", ["K000-12", "k000-12"])
def test_show_tells_all_of_one_claim(claim_id: str) -> None:
    done = claims("show", claim_id, "--site", "kaesong")
    assert done.exit_code == 0
    for words in ("grain-drying", "Nick Hansen", "2020-10-25", "KBS World", "SHA-256", "K000-10"):
        assert words in done.output


def test_an_unknown_claim_or_folder_is_an_error_with_a_remedy() -> None:
    error = raised(claims("show", "K999-99"))
    assert isinstance(error, InputError)
    assert "claims list" in error.remedy
    assert "kaesong" in raised(claims("list", "atlantis")).remedy


def test_template_is_a_table_that_check_understands(tmp_path: Path) -> None:
    done = claims("template")
    assert done.output.splitlines()[0].split(",") == list(COLUMNS)
    text = done.output.replace("an-id-of-sources-toml", "rfa-2017").replace("a-zone", "textile")
    file = write_csv(tmp_path, text.replace("another-zone", "electronics"))
    checked = claims("check", file, "--seeds", "kaesong")
    assert (checked.exit_code, "1 claims: good" in checked.output) == (0, True), checked.output


def test_a_file_alone_rests_on_no_sources(tmp_path: Path) -> None:
    error = raised(claims("check", write_csv(tmp_path, csv_text([FIRST]))))
    assert "--seeds" in error.remedy


def test_check_of_a_file_names_every_problem_by_line(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    file = write_csv(tmp_path, csv_text([FIRST, BAD]))
    done = claims("check", file, "--seeds", folder)
    assert done.exit_code == 2
    assert "new.csv:3: N-09:" in done.output
    assert "1 problem" in done.output


def test_add_adds_all_or_none(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    before = (folder / "claims.toml").read_bytes()
    file = write_csv(tmp_path, csv_text([FIRST, BAD]))
    done = claims("add", folder, file)
    assert done.exit_code == 2
    assert "Nothing was added." in done.output
    assert "new.csv:3: N-09:" in done.output
    assert (folder / "claims.toml").read_bytes() == before
    done = claims("add", folder, file, "--skip-bad")
    assert done.exit_code == 3
    assert "added N-01" in done.output
    assert "new.csv:3: N-09:" in done.output
    done = claims("add", folder, write_csv(tmp_path, csv_text([FIRST | {"id": "N-20"}])))
    assert (done.exit_code, "added N-20" in done.output) == (0, True)


def test_zones_are_those_of_a_site_that_is_named(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    file = write_csv(tmp_path, csv_text([FIRST]))
    done = claims("add", folder, file, "--site", "kaesong")
    assert done.exit_code == 2
    assert "unknown zone 'yard'" in done.output


def test_without_a_site_the_zones_of_all_that_own_the_folder_are_known(tmp_path: Path) -> None:
    file = write_csv(tmp_path, csv_text([FIRST | {"source": "rfa-2017"}]))
    done = claims("check", file, "--seeds", "kaesong")
    assert done.exit_code == 2
    assert "unknown zone 'yard'" in done.output


def test_freeze_then_check_then_change(tmp_path: Path) -> None:
    zones = CLAIMS.replace('"yard", "depot"', '"textile", "bus-depot"').replace(
        '"yard"', '"textile"'
    )
    folder = write_seeds(tmp_path, claims=zones, events=events())
    done = claims("freeze", folder, "--site", "kaesong")
    assert (done.exit_code, "3 plans for kaesong" in done.output) == (0, True), done.output
    held = json.loads((folder / "plans.lock.json").read_bytes())["kaesong"]
    assert set(held["plans"]) == {"A001-01", "A001-02", "plain-id"}
    assert claims("check", folder, "--site", "kaesong").exit_code == 0
    assert claims("check", folder).exit_code == 0
    (folder / "claims.toml").write_text(
        spoil(zones, '"2020-10-25"', '"2020-10-26"'), encoding="utf-8"
    )
    done = claims("check", folder, "--site", "kaesong")
    assert done.exit_code == 2
    assert "changed: the plans of A001-01" in done.output
    assert "claims freeze" in done.output
    assert claims("check", folder, "--site", "kaesong-rehearsal").exit_code == 0


def events() -> str:
    from tests.unit.seeds_factory import EVENTS  # noqa: PLC0415

    return EVENTS.replace('"yard"', '"textile"')


def test_a_folder_that_no_site_owns_needs_a_site(tmp_path: Path) -> None:
    error = raised(claims("show", "plain-id", write_seeds(tmp_path)))
    assert "--site" in error.remedy
