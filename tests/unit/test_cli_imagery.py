"""The imagery commands as a shell and a person see them."""

from __future__ import annotations

import json
import os
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipeline.cli import app, imagery
from pipeline.cli.screens import INCOMPLETE
from pipeline.errors import EmptySearchError, InputError
from pipeline.model.scene import AssetFailure, Remark
from pipeline.sites import load_site
from pipeline.terminal.holdings import failure_table, in_bytes, remark_lines
from tests.unit.coarse_factory import DNB, write_later_night, write_night
from tests.unit.imagery_factory import ROOT, SITE, Tiles, make_tiles
from tests.unit.lights_factory import NIGHT_C1, write_tif
from tests.unit.test_cli import one_line, zonewatch
from tests.unit.test_terminal import text_of

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = CliRunner()


@pytest.fixture
def tiles(tmp_path: Path) -> Tiles:
    return make_tiles(tmp_path / "tiles")


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What would be on the screen, in plain text."""
    text = StringIO()
    monkeypatch.setattr(imagery, "out", Console(file=text, width=120))
    monkeypatch.setattr(imagery, "err", Console(file=StringIO(), width=120))
    return text


def run(*words: str) -> int:
    return RUNNER.invoke(app, words, catch_exceptions=False).exit_code


def test_fetch_ends_in_a_tally_and_zero(tmp_path: Path, tiles: Tiles, screen: StringIO) -> None:
    words = ("fetch", SITE, "--source", str(tiles.folder), "--work", str(tmp_path / "work"))
    assert run(*words) == 0
    text = screen.getvalue()
    assert "SIMULATED" in text
    assert "sentinel-2 from tiles" in text
    assert "3 of 3 listed" in text
    screen.truncate(0)
    assert run(*words) == 0
    (line,) = [line for line in screen.getvalue().splitlines() if line.strip().startswith("bands")]
    assert line.split() == ["bands", "18", "0", "0"]


def test_fetch_that_is_incomplete_says_why_and_ends_in_three(
    tmp_path: Path, tiles: Tiles, screen: StringIO
) -> None:
    (tiles.folder / tiles.ids[0] / "B02.tif").write_bytes(b"rotten")
    words = ("--source", str(tiles.folder), "--work", str(tmp_path / "work"))
    assert run("fetch", SITE, *words) == 3
    text = screen.getvalue()
    assert "2 of 3 listed" in text
    assert "CorruptAssetError" in text
    assert f"{tiles.ids[0]} blue" in text
    assert "only what is missing" in text


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--sensor", "sputnik"), InputError),
        (("--from", "1999-01-01", "--to", "1999-02-01"), EmptySearchError),
        (("--from", "soon"), InputError),
    ],
)
def test_bad_input_is_an_error_with_exit_code_two(
    tmp_path: Path, tiles: Tiles, words: tuple[str, ...], error: type[InputError]
) -> None:
    where = ("--source", str(tiles.folder), "--work", str(tmp_path / "work"))
    with pytest.raises(error) as caught:
        run("fetch", SITE, *where, *words)
    assert caught.value.exit_code == 2


def test_scenes_shows_what_is_held_and_what_failed(
    tmp_path: Path, tiles: Tiles, screen: StringIO
) -> None:
    work = ("--work", str(tmp_path / "work"))
    assert run("scenes", SITE, *work) == 0
    assert "nothing is held yet" in screen.getvalue()
    (tiles.folder / tiles.ids[2] / "B02.tif").write_bytes(b"rotten")
    run("fetch", SITE, "--source", str(tiles.folder), *work)
    tiles.change(0, "05.00", source=1)
    run("fetch", SITE, "--source", str(tiles.folder), *work)
    screen.truncate(0)
    assert run("scenes", SITE, *work) == 0
    lines = screen.getvalue().splitlines()
    rows = {name: line for name in tiles.ids for line in lines if line.rstrip().endswith(name)}
    assert [cell in rows[tiles.ids[0]] for cell in ("05.00", " 2 ", "all")] == [True] * 3
    assert "all but blue" in rows[tiles.ids[2]]
    assert any("changed because upstream changed" in line for line in lines)
    assert any("CorruptAssetError" in line for line in lines)


def test_scenes_as_json_is_json_and_nothing_else(tmp_path: Path, tiles: Tiles) -> None:
    work = ("--work", str(tmp_path / "work"))
    run("fetch", SITE, "--source", str(tiles.folder), *work)
    told = json.loads(RUNNER.invoke(app, ("scenes", SITE, "--json", *work)).stdout)
    assert [scene["id"] for scene in told["scenes"]] == list(tiles.ids)


def test_doctor_says_fit_or_ends_in_three(
    tmp_path: Path, screen: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("doctor", "--offline", "--work", str(tmp_path)) == 0
    assert "Fit for a run on local imagery" in screen.getvalue()
    monkeypatch.setattr("pipeline.doctor.MIN_FREE_BYTES", 10**18)
    assert run("doctor", "--offline", "--work", str(tmp_path)) == 3
    assert "Not fit: 1" in screen.getvalue()


def test_doctor_names_a_poisoned_environment_from_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GDAL_DRIVER_PATH", str(tmp_path / "CANARY"))
    monkeypatch.setenv("PROJ_NETWORK", "ON")
    done = zonewatch("doctor", "--offline", "--work", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "GDAL_DRIVER_PATH" in done.stdout
    assert "PROJ_NETWORK" in done.stdout
    assert "CANARY" not in done.stdout
    monkeypatch.setenv("PROJ_DATA", str(tmp_path / "gone"))
    assert os.environ["PROJ_DATA"]
    done = zonewatch("doctor", "--offline", "--work", str(tmp_path))
    assert (done.returncode, "unset PROJ_DATA" in done.stdout) == (3, True), done.stdout


def test_errors_are_one_line_from_a_shell() -> None:
    done = zonewatch("fetch", "atlantis")
    assert (done.returncode, "atlantis" in one_line(done)) == (2, True)


def test_help_names_the_imagery_commands() -> None:
    shown = RUNNER.invoke(app, ("--help",)).stdout
    for command in ("fetch", "scenes", "doctor"):
        assert command in shown


def test_failures_are_summed_by_kind_with_an_example_that_is_text() -> None:
    failures = [AssetFailure(f"S{n}", "red", "FetchError", "cut [red") for n in range(3)]
    failures += [AssetFailure("S0", "nir", "FetchError", "cut"), AssetFailure("S9", "", "Odd", "x")]
    lines = text_of(failure_table(failures, "What did not arrive (run [1])")).splitlines()
    (line,) = [line for line in lines if "FetchError" in line]
    assert line.split()[:3] == ["FetchError", "3", "4"]
    assert "S0 red: cut [red" in line
    assert "run [1]" in lines[0]


def test_remarks_of_one_scene_stand_together_and_long_lists_are_cut() -> None:
    remarks = [Remark("S0", band, "changed") for band in ("red", "nir")]
    assert list(remark_lines(remarks)) == ["note: S0 red nir: changed"]
    assert list(remark_lines([Remark("S0", "", "odd")])) == ["note: S0: odd"]
    assert list(remark_lines([Remark("", "", "gone")])) == ["note: gone"]
    many = list(remark_lines([Remark(f"S{n}", "red", "changed") for n in range(13)]))
    assert (len(many), "3 more" in many[-1]) == (11, True)


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (2_500_000, "2.5 MB"),
        (7_200_000_000, "7.2 GB"),
    ],
)
def test_bytes_are_readable(n: int, words: str) -> None:
    assert in_bytes(n) == words


def lights(folder: Path, work: Path, *words: str, site: str = "kaesong") -> int:
    """Fetch a folder of Black Marble."""
    own = ("--sensor", "black-marble", "--source", str(folder), "--work", str(work))
    return run("fetch", site, *own, *words)


def test_a_folder_of_night_lights_is_read_a_line_a_look_and_then_held(
    tmp_path: Path, screen: StringIO
) -> None:
    (tmp_path / "in").mkdir()
    write_night(tmp_path / "in")
    assert lights(tmp_path / "in", tmp_path / "work") == 0
    text = screen.getvalue()
    assert "black-marble from in: 1 file, 1 held" in text
    (row,) = [line for line in text.splitlines() if line.strip().startswith("2016-02-10 17:00")]
    assert row.split()[2:] == [
        "VNP46A2", "DNB_BRDF-Corrected_NTL", "100", "%", "12.30", "±", "0.5", "12.30",
    ]  # fmt: skip
    screen.truncate(0)
    assert lights(tmp_path / "in", tmp_path / "work") == 0
    assert "Nothing new: no pixel was read." in screen.getvalue()
    assert "2016-02-10" not in screen.getvalue()


def test_a_file_of_night_lights_that_is_none_is_said_with_its_reason(
    tmp_path: Path, screen: StringIO
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / NIGHT_C1).write_bytes(b"no HDF5")
    assert lights(tmp_path / "in", tmp_path / "work") == INCOMPLETE
    text = " ".join(screen.getvalue().split())
    assert "1 file, 0 held, 1 failed" in text
    assert "What did not become a look" in text
    assert text.count(NIGHT_C1) == 1
    screen.truncate(0)
    assert run("scenes", "kaesong", "--work", str(tmp_path / "work")) == 0
    assert "CorruptAssetError" in screen.getvalue()


def test_scenes_lists_night_lights_with_versions_and_gaps(tmp_path: Path, screen: StringIO) -> None:
    (tmp_path / "in").mkdir()
    write_night(tmp_path / "in")
    write_later_night(tmp_path / "in")
    write_night(tmp_path / "in", name=NIGHT_C1.replace("2016041", "2016044"))
    assert lights(tmp_path / "in", tmp_path / "work") == 0
    assert "is a later version, and counts" in screen.getvalue()
    assert "collection 001 -> 002" in screen.getvalue()
    screen.truncate(0)
    assert run("scenes", "kaesong", "--work", str(tmp_path / "work")) == 0
    lines = [line.strip() for line in screen.getvalue().splitlines()]
    (row,) = [line for line in lines if line.startswith("2016-02-10 17:00")]
    assert row.split()[2:8] == ["VNP46A2", "002", "(2", "held)", "100", "%"]
    (series,) = [line for line in lines if line.startswith("VNP46A2: 2 days held")]
    assert "2 missing: 2016-02-11 to 2016-02-12" in series
    told = json.loads(
        RUNNER.invoke(app, ("scenes", "kaesong", "--json", "--work", str(tmp_path / "work"))).stdout
    )
    assert [one["n_versions"] for one in told["coarse"]] == [2, 1]
    assert told["coarse"][0]["places"] == ["the site"]
    assert told["series"][0]["gaps"] == [["2016-02-11", "2016-02-12", 2]]
    assert told["damaged"] == []


def test_scenes_tells_of_chips_whose_record_is_damaged(tmp_path: Path, screen: StringIO) -> None:
    (tmp_path / "in").mkdir()
    write_night(tmp_path / "in")
    assert lights(tmp_path / "in", tmp_path / "work") == 0
    (record,) = (tmp_path / "work" / "kaesong" / "coarse").rglob("*.json")
    record.write_bytes(record.read_bytes().replace(b"0.1", b"0.2"))
    screen.truncate(0)
    assert run("scenes", "kaesong", "--work", str(tmp_path / "work")) == 0
    assert "Chips whose record cannot be read" in screen.getvalue()
    assert "nothing is held" not in screen.getvalue()


def test_the_banner_stands_over_night_lights_of_a_made_up_site(
    tmp_path: Path, screen: StringIO
) -> None:
    site = load_site(ROOT / "aoi" / SITE)
    left, bottom, right, top = site.boundary.bounds
    (tmp_path / "in").mkdir()
    corner, n = (left - 0.05, top + 0.05), 40
    assert right - left < 0.05
    assert top - bottom < 0.05
    write_tif(tmp_path / "in" / DNB, np.full((n, n), 2, np.float32), 1 / 240, corner=corner)
    words = ("--sensor", "dnb-monthly", "--source", str(tmp_path / "in"), "--work", str(tmp_path))
    assert run("fetch", SITE, *words) == 0
    assert "SIMULATED" in screen.getvalue()
    screen.truncate(0)
    assert run("scenes", SITE, "--work", str(tmp_path)) == 0
    assert "SIMULATED" in screen.getvalue()


@pytest.mark.parametrize("source", ["", "https://example.org/stac"])
def test_night_lights_need_a_folder(tmp_path: Path, source: str) -> None:
    words = ("--sensor", "black-marble", "--work", str(tmp_path))
    more = ("--source", source) if source else ()
    with pytest.raises(InputError, match="is read from a folder"):
        run("fetch", "kaesong", *words, *more)


def test_days_of_night_lights_may_be_chosen(tmp_path: Path, screen: StringIO) -> None:
    (tmp_path / "in").mkdir()
    write_night(tmp_path / "in")
    write_night(tmp_path / "in", name=NIGHT_C1.replace("2016041", "2016044"))
    assert lights(tmp_path / "in", tmp_path / "work", "--from", "2016-02-12") == 0
    assert "1 file, 1 held" in screen.getvalue()
    with pytest.raises(EmptySearchError, match="holds no file"):
        lights(tmp_path / "in", tmp_path / "work", "--to", "2015-01-01")
