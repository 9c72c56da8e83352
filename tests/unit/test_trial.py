"""``zonewatch limit`` from the catalogue to the files, and what a later run says of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config import load_config
from pipeline.errors import EmptySearchError, NotJudgedError
from pipeline.identity import cube_identity, identity
from pipeline.inputs import Inputs
from pipeline.model.limit import Plant
from pipeline.request import request_for
from pipeline.run import run_site
from pipeline.store.files import sha256_of
from pipeline.store.limits import HeldLimits
from pipeline.trial import find_limits, needed
from tests.unit.landsat_catalogue import SITE, ZONE, write_catalogue
from tests.unit.limit_factory import GOOD, ground_cube, site_limits
from tests.unit.scene_factory import make_scene, make_site

if TYPE_CHECKING:
    from pipeline.inputs import RunRequest
    from pipeline.trial import LimitTrial

pytestmark = pytest.mark.xdist_group("limit-run")


@cache
def folder() -> Path:
    return Path(mkdtemp(prefix="zonewatch-limit-"))


@cache
def request() -> RunRequest:
    """A made-up Landsat catalogue, two years of it, few contrasts."""
    source = folder() / "tiles"
    if not source.exists():
        write_catalogue(source)
    config = load_config()
    few = {"contrasts": (0.001, 0.2), "sizes_px": (4, 9), "n_onsets": 3, "n_plantings": 40}
    config = config.model_copy(update={"limit": config.limit.model_copy(update=few)})
    years = ("2019-03-01", "2021-02-28")
    made = request_for(SITE, str(source), folder() / "work", period=years, sensor="landsat")
    return replace(made, config=config)


@cache
def first() -> LimitTrial:
    return find_limits(request())


def test_strong_changes_are_found_in_the_scenes_of_a_catalogue() -> None:
    done = first()
    assert done.was_new
    assert done.held.limits.is_simulated
    built_over = done.held.limits.of_zone(ZONE)
    assert built_over is not None
    assert built_over.n_free < built_over.n_pixels  # what was planted in the catalogue is left out
    tried = [zone.of(Plant.BRIGHTER) for zone in done.held.limits.zones]
    pairs = [(both[0].share, both[1].share) for both in tried if len(both) == 2]
    assert pairs
    assert all(strong > faint for faint, strong in pairs)
    assert max(strong for _, strong in pairs) >= 0.8


def test_a_second_trial_plants_nothing_and_changes_no_byte() -> None:
    before = {path.name: sha256_of(path) for path in first().held.folder.iterdir()}
    again = find_limits(request())
    assert not again.was_new
    assert again.held == first().held
    assert {path.name: sha256_of(path) for path in again.held.folder.iterdir()} == before


@cache
def elsewhere() -> RunRequest:
    """The same work in another folder, where the map was damaged since."""
    assert first().was_new
    shutil.copytree(folder() / "work", folder() / "elsewhere")
    for path in (folder() / "elsewhere").rglob("limit-map.tif"):
        path.write_bytes(b"")
    return replace(request(), work=folder() / "elsewhere")


def test_a_run_states_what_was_measured_and_is_another_run() -> None:
    without = run_site(elsewhere())
    assert without.findings is not None
    assert without.findings.measured is None  # a damaged map makes its numbers count for nothing
    assert find_limits(elsewhere()).was_new
    with_limits = run_site(elsewhere())
    assert with_limits.findings is not None
    assert with_limits.findings.measured == first().held.limits
    assert with_limits.record.run_id != without.record.run_id
    assert with_limits.record.inputs["limits"] == first().held.sha256
    page = (with_limits.folder / "report.html").read_text(encoding="utf-8")
    assert "measured by planting" in page


def test_limits_are_the_same_bytes_wherever_they_are_made() -> None:
    other = find_limits(elsewhere())
    assert other.held.folder != first().held.folder
    assert other.held.sha256 == first().held.sha256
    for path in first().held.folder.iterdir():
        assert (other.held.folder / path.name).read_bytes() == path.read_bytes()


def test_other_settings_are_another_cube() -> None:
    config = request().config
    other = config.model_copy(update={"limit": config.limit.model_copy(update={"seed": 1})})
    inputs = Inputs(make_site(), None, "tiles", (make_scene(),), ())
    assert cube_identity(inputs.hashes(config)) != cube_identity(inputs.hashes(other))


def test_what_is_said_beside_the_scenes_is_no_part_of_the_cube() -> None:
    config = load_config()
    plain = Inputs(make_site(), None, "tiles", (make_scene(),), ())
    more = replace(
        plain,
        superseded=(make_scene(),),
        held=HeldLimits(site_limits(GOOD), "cd" * 32, Path("x")),
    )
    assert cube_identity(more.hashes(config)) == cube_identity(plain.hashes(config))
    assert identity(more.hashes(config)) != identity(plain.hashes(config))


def test_radar_has_no_reflectance_to_plant_in() -> None:
    with pytest.raises(NotJudgedError, match="which a radar does not measure") as caught:
        find_limits(replace(request(), sensor="sentinel-1"))
    assert "in decibels" in caught.value.remedy


def test_only_bands_that_are_read_are_planted() -> None:
    cube = needed(ground_cube(), load_config())
    assert cube.bands == ("red", "nir")
    assert cube.values.shape[1] == 2


def test_a_run_with_limits_measures_them_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, RunRequest]] = []

    def measure(one: RunRequest, *_: object) -> LimitTrial:
        asked.append(("limit", one))
        return first()

    def run(one: RunRequest, *_: object) -> None:
        asked.append(("run", one))
        raise EmptySearchError("far enough", where="the test")

    monkeypatch.setattr("pipeline.trial.find_limits", measure)
    monkeypatch.setattr("pipeline.run.run_site", run)
    words = ["run", SITE, "--source", str(folder() / "tiles"), "--sensor", "landsat"]
    for more in (["--limit"], []):
        with pytest.raises(EmptySearchError):
            CliRunner().invoke(app, [*words, "--to", "2020-12-31", *more], catch_exceptions=False)
    assert [name for name, _ in asked] == ["limit", "run", "run"]
    assert asked[0][1] == asked[1][1] == asked[2][1]
    assert asked[0][1].period.end.year == 2020


def test_the_command_shows_the_table_and_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.trial.find_limits", lambda *_: find_limits(request()))
    words = ["limit", SITE, "--source", str(folder() / "tiles"), "--sensor", "landsat"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "SIMULATED" in done.output
    assert "Nothing was planted anew" in done.output
    assert "limit-map.png" in done.output
    assert str(first().held.folder) in done.output
