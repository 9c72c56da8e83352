"""Simulated archives on disk: one catalogue, one truth file, and what is refused."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.cli import app
from pipeline.errors import ConfigError
from pipeline.simulate import ARCHIVES, ArchiveOptions, simulate_archive, simulate_site, truth_of
from pipeline.simulate.claim_truth import FILE, claim_truth_document
from pipeline.simulate.claimed import CLAIMS, NULLS
from pipeline.simulate.eras import Past
from tests.unit.simulate_factory import options_for, passes

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20201008
SHORT = ArchiveOptions(years=(2015, 2015))


def document(path: Path) -> dict[str, Any]:
    loaded = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def children(folder: Path) -> list[str]:
    links = document(folder / "catalog.json")["links"]
    return [link["href"] for link in links if link["rel"] == "child"]


def run(*words: str) -> None:
    app([*words], standalone_mode=False)


def test_all_sensors_share_one_catalogue(tmp_path: Path) -> None:
    simulate_archive(tmp_path, "sentinel-1", seed=SEED, options=SHORT)
    assert children(tmp_path) == ["./sentinel-1-rtc/collection.json"]
    simulate_site(tmp_path, seed=SEED, options=options_for(*passes(date(2020, 10, 14), 2)))
    simulate_archive(tmp_path, "landsat", seed=SEED, options=SHORT)
    assert children(tmp_path) == [
        "./collection.json",
        "./landsat-c2-l2/collection.json",
        "./sentinel-1-rtc/collection.json",
    ]
    for path in tmp_path.rglob("*.json"):
        whole = document(path)
        place = whole["properties"] if whole.get("type") == "Feature" else whole
        assert place["zonewatch:simulated"] is True, path.name
        for link in whole.get("links", []):
            target = (path.parent / link["href"]).resolve()
            assert target.is_file()
            assert target.is_relative_to(tmp_path.resolve())


@pytest.mark.parametrize("sensor", ARCHIVES)
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, sensor: str) -> None:
    year = 2015 if sensor == "sentinel-1" else 2013
    options = ArchiveOptions(years=(year, year))
    for name in ("a", "b"):
        made = simulate_archive(tmp_path / name, sensor, seed=3, options=options)
        assert made.n_items > 0
    one, other = (
        {path.relative_to(tmp_path / name): path for path in (tmp_path / name).rglob("*.*")}
        for name in ("a", "b")
    )
    assert one.keys() == other.keys()
    for place, path in one.items():
        if path.is_file():
            assert path.read_bytes() == other[place].read_bytes(), place


def test_an_unknown_sensor_a_negative_seed_and_odd_years_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="dnb-monthly"):
        simulate_archive(tmp_path, "modis", seed=1, options=SHORT)
    with pytest.raises(ConfigError, match="whole number from 0"):
        simulate_archive(tmp_path, "landsat", seed=-1, options=SHORT)
    for years in ((1999, 2010), (2010, 2025), (2012, 2011)):
        with pytest.raises(ConfigError, match="2000 to 2024"):
            ArchiveOptions(years=years)
    assert not list(tmp_path.iterdir())


def test_years_without_a_satellite_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds nothing in these years"):
        simulate_archive(tmp_path, "sentinel-1", seed=1, options=ArchiveOptions(years=(2010, 2011)))


def test_a_real_catalogue_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "catalog.json"
    page.write_text('{"type":"Catalog"}', encoding="utf-8")
    with pytest.raises(ConfigError, match="not simulated"):
        simulate_archive(tmp_path, "landsat", seed=1, options=SHORT)
    assert page.read_text(encoding="utf-8") == '{"type":"Catalog"}'


def test_the_command_writes_a_truth_that_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--sensor", "dmsp-ols", "--truth", "rehearsal", "--outcome", "K002-07=absent")
    run("simulate", str(tmp_path), *words)
    assert capsys.readouterr().out.startswith("SIMULATED: 15 looks")
    told = document(tmp_path / FILE)
    assert told["truth"] == "rehearsal+K002-07=absent"
    by_id = {one["claim"]: one for one in told["claims"]}
    assert by_id["K002-07"]["happened"] is False
    assert by_id["K003-02"]["happened"] is True


def told(variant: str, *outcomes: str) -> dict[str, dict[str, Any]]:
    past = Past(SEED, truth_of(variant).asked(*outcomes))
    return {one["claim"]: one for one in claim_truth_document(past)["claims"]}


def size(entry: dict[str, Any], observable: str) -> float:
    return float({one["observable"]: one["size"] for one in entry["sizes"]}[observable])


def test_the_truth_tells_sizes_in_the_unit_of_the_observable() -> None:
    found = told("rehearsal")
    assert set(found) == set(CLAIMS)
    assert size(found["K003-02"], "light") < -7
    assert -3 < size(found["K003-02"], "heat") < -1
    assert size(found["K004-07"], "light") > 5
    assert size(found["K001-09"], "light") < -7
    assert 1 < size(found["K001-01"], "heat") < 4
    assert size(found["K001-05"], "heat") < -1
    assert size(found["K001-08"], "light") == 0
    assert size(found["K002-01"], "vegetation") == 1
    assert 0 < size(found["K002-14"], "built") < size(found["K002-02"], "built")
    assert size(found["K002-03"], "built") > 0.8
    assert size(found["K000-12"], "goods") > 2400
    assert size(found["K000-13"], "built") == 0
    assert size(found["K004-09"], "light") < 0 < size(found["K002-10"], "light")
    for one in found.values():
        assert one["planted"]
        assert {"unit", "before", "during", "size"} <= set(one["sizes"][0])
        assert one["is_null"] == (one["claim"] in NULLS)


def test_what_did_not_happen_has_no_size() -> None:
    found = told("absent")
    for claim, observable in (
        ("K003-02", "light"), ("K003-02", "heat"), ("K001-09", "heat"), ("K004-07", "light"),
        ("K002-01", "vegetation"), ("K002-02", "built"), ("K002-03", "built"),
        ("K002-14", "built"), ("K000-12", "goods"), ("K000-13", "built"), ("K000-03", "light"),
        ("K001-08", "light"),
    ):  # fmt: skip
        scale = 2 if observable == "light" else 0.5
        assert abs(size(found[claim], observable)) < scale, claim
    assert not any(one["happened"] for claim, one in found.items() if claim not in NULLS)


def test_the_refuted_world_refutes_what_predicts_nothing() -> None:
    found = told("refuted")
    assert size(found["K001-08"], "light") > 3
    assert size(found["K001-04"], "heat") > 1
    assert size(found["K002-07"], "light") < 0
    assert not any(found[claim]["happened"] for claim in NULLS)


def test_a_happening_elsewhere_names_the_place() -> None:
    found = told("rehearsal", "K003-02=elsewhere")
    assert found["K003-02"]["elsewhere"] == "light-town-east"
    assert "other place" in found["K003-02"]["planted"]
    assert found["K004-07"]["elsewhere"] == ""
