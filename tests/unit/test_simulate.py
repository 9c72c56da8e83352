"""A simulated site on disk: its catalogue, its truth, and what it refuses."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from shapely.geometry import shape

from pipeline.catalogs import open_catalog
from pipeline.config import load_config
from pipeline.errors import ConfigError, PipelineError
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from pipeline.sensors.sentinel2 import decide_radiometry
from pipeline.simulate import SimulatedSite, simulate_site
from tests.unit.simulate_factory import FRESH_SEED, options_for, passes

if TYPE_CHECKING:
    from pathlib import Path

DAYS = (
    *passes(date(2020, 7, 31), 1),
    *passes(date(2020, 9, 9), 2),
    *passes(date(2020, 10, 14), 4),
    *passes(date(2022, 2, 1), 1),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulatedSite]:
    folder = tmp_path_factory.mktemp("simulated")
    return folder, simulate_site(folder, seed=FRESH_SEED, options=options_for(*DAYS))


def document(path: Path) -> dict[str, Any]:
    loaded = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def pixels(path: Path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return np.asarray(dataset.read(1))


def test_the_answer_counts_what_lies_there(made: tuple[Path, SimulatedSite]) -> None:
    folder, site = made
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert site.n_items == len(DAYS)
    assert site.nbytes == sum(path.stat().st_size for path in files)
    assert len(files) == len(DAYS) * 7 + 3
    assert len(site.truth) == len(document(folder / "truth.json")["changes"])


def test_everything_says_that_it_is_simulated(made: tuple[Path, SimulatedSite]) -> None:
    folder, _ = made
    for path in folder.rglob("*.json"):
        whole = document(path)
        place = whole["properties"] if whole.get("type") == "Feature" else whole
        assert place["zonewatch:simulated"] is True, path.name
    for path in folder.rglob("*.tif"):
        with rasterio.open(path) as dataset:
            tags = {key.replace(":", "_"): value for key, value in dataset.tags().items()}
            assert tags["zonewatch_simulated"] == "true"


def test_our_own_catalogue_reader_reads_it(made: tuple[Path, SimulatedSite]) -> None:
    folder, _ = made
    period = Period(datetime(2019, 1, 1, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC))
    options = load_config().search
    scenes = open_catalog(folder).search(Bounds(125.4, 36.9, 125.6, 37.1), period, options)
    assert [scene.instant.date() for scene in scenes] == list(DAYS)
    for scene in scenes:
        assert scene.is_simulated
        assert scene.epsg == 32652
        assert set(scene.assets) == {"blue", "green", "red", "nir", "swir16", "scl"}
        assert scene.assets["red"].gsd_m == 10
        assert scene.assets["scl"].gsd_m == scene.assets["swir16"].gsd_m == 20
        assert all(asset.sha256 for asset in scene.assets.values())
        late = scene.instant.year == 2022
        assert scene.processing_baseline == ("04.00" if late else "02.14")
        assert decide_radiometry(scene, scene.assets["red"]).offset == (-0.1 if late else 0)


def test_ids_times_and_checksums_hold(made: tuple[Path, SimulatedSite]) -> None:
    folder, _ = made
    item = document(
        folder / "S2A_52SXX_REHEARSAL_20201024_L2A" / "S2A_52SXX_REHEARSAL_20201024_L2A.json"
    )
    assert item["stac_version"] == "1.1.0"
    assert item["properties"]["datetime"].startswith("2020-10-24T02:16:")
    assert item["properties"]["platform"] == "sentinel-2a"
    for asset in item["assets"].values():
        path = folder / item["id"] / asset["href"]
        data = path.read_bytes()
        assert asset["file:size"] == len(data)
        assert asset["file:checksum"] == "1220" + hashlib.sha256(data).hexdigest()
        with rasterio.open(path) as dataset:
            assert dataset.count == 1
            assert dataset.nodata == 0
            assert dataset.crs.to_epsg() == 32652
            assert list(dataset.shape) == asset["proj:shape"]
            assert list(dataset.transform)[:6] == asset["proj:transform"]
            assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_every_link_leads_to_a_file_inside(made: tuple[Path, SimulatedSite]) -> None:
    folder, _ = made
    for path in folder.rglob("*.json"):
        for link in document(path).get("links", []):
            target = (path.parent / link["href"]).resolve()
            assert target.is_file(), (path.name, link)
            assert target.is_relative_to(folder.resolve())


def test_two_runs_give_the_same_bytes(made: tuple[Path, SimulatedSite], tmp_path: Path) -> None:
    folder, _ = made
    simulate_site(tmp_path, seed=FRESH_SEED, options=options_for(*DAYS))
    names = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name


@cache
def clear_mask(folder: Path, item_id: str) -> np.ndarray:
    return np.isin(pixels(folder / item_id / "SCL.tif"), (4, 5, 6, 7))


def oracle_clear(folder: Path, item_id: str, place: list[list[int]]) -> bool:
    """Whether at least half of the pixels are clear as delivered, counted one by one."""
    label = clear_mask(folder, item_id)
    n_clear = sum(bool(label[row // 2, col // 2]) for row, col in place)
    return n_clear * 2 >= len(place)


def test_truth_tells_the_looks_as_the_delivered_files_do(made: tuple[Path, SimulatedSite]) -> None:
    folder, _ = made
    items = {
        p.name.split("_")[3]: p.name for p in folder.iterdir() if p.is_dir()
    }  # by day, as YYYYMMDD
    for entry in document(folder / "truth.json")["changes"]:
        expected: dict[str, list[str]] = {"before": [], "during": [], "after": []}
        last = entry["last_day"] or "9999-12-31"
        for day in sorted(items):
            iso = f"{day[:4]}-{day[4:6]}-{day[6:]}"
            if oracle_clear(folder, items[day], entry["pixels"]):
                at = "before" if iso < entry["first_day"] else "during" if iso <= last else "after"
                expected[at].append(iso)
        assert entry["delivered_looks"] == expected, entry["id"]
        onset = entry["onset"]
        assert onset["last_without"] == max(expected["before"], default=None)
        assert onset["first_with"] == min(expected["during"], default=None)


def test_truth_places_agree_in_pixels_area_and_degrees(made: tuple[Path, SimulatedSite]) -> None:
    _, site = made
    by_id = {entry.change.id: entry for entry in site.truth}
    for entry in site.truth:
        record = entry.as_json()
        assert record["n_pixels"] == len(record["pixels"]) == entry.n_pixels
        assert abs(entry.n_pixels * 100 - record["area_m2"]) < 0.45 * record["area_m2"] + 200
        outline = shape(record["geometry"])
        area_m2 = outline.area * 111_000 * 88_800
        assert area_m2 == pytest.approx(record["area_m2"], rel=0.03)
    assert by_id["north-vacant-cleared"].n_pixels > 200
    assert by_id["west-gate-removed"].n_pixels >= 18
    assert 12 <= by_id["dongwon-new-hall"].n_pixels <= 20
    assert by_id["east-gate-block-5"].n_pixels == 5
    assert by_id["east-gate-block-3"].n_pixels == 3
    assert by_id["textile-stack"].n_pixels in (3, 4)


def test_the_hidden_change_was_never_seen(made: tuple[Path, SimulatedSite]) -> None:
    _, site = made
    hidden = next(entry for entry in site.truth if entry.change.zone_id == "bus-depot")
    assert hidden.delivered_looks.during == ()
    assert hidden.delivered_looks.first_with is None


def test_truth_lists_quiet_zones_without_planted_ones(made: tuple[Path, SimulatedSite]) -> None:
    folder, _ = made
    truth = document(folder / "truth.json")
    quiet = set(truth["quiet_zones"])
    assert {"inzi", "kaesong-city", "daeseong-dong", "control-forest"} <= quiet
    assert not quiet & {entry["zone_id"] for entry in truth["changes"]}
    assert truth["seed"] == FRESH_SEED


def test_without_changes_the_truth_is_empty(tmp_path: Path) -> None:
    options = options_for(*passes(date(2020, 11, 3), 1), with_changes=False)
    assert simulate_site(tmp_path, seed=3, options=options).truth == ()
    assert document(tmp_path / "truth.json")["changes"] == []


def test_a_negative_seed_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="seed -1"):
        simulate_site(tmp_path / "new", seed=-1, options=options_for(*DAYS[:1]))
    assert not (tmp_path / "new").exists()


def test_a_real_catalogue_is_never_overwritten(tmp_path: Path) -> None:
    page = tmp_path / "catalog.json"
    page.write_text('{"type":"Catalog","id":"real","links":[]}')
    with pytest.raises(ConfigError, match="not simulated"):
        simulate_site(tmp_path, seed=1, options=options_for(*DAYS[:1]))
    assert json.loads(page.read_text())["id"] == "real"
    assert list(tmp_path.iterdir()) == [page]


def test_an_interrupted_run_leaves_no_first_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = options_for(*DAYS[:1])
    simulate_site(tmp_path, seed=1, options=options)

    def fail(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.simulate.site.write_scene", fail)
    with pytest.raises(KeyboardInterrupt):
        simulate_site(tmp_path, seed=2, options=options)
    assert not (tmp_path / "catalog.json").exists()


def test_a_file_where_the_folder_should_be_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(PipelineError):
        simulate_site(tmp_path / "taken", seed=1, options=options_for(*DAYS[:1]))
