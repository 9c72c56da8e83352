"""The committed tiles: whole, small, marked, and the same as what the generator makes."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from pipeline.simulate import DEFAULT_SEED, REHEARSAL
from pipeline.simulate.catalogue import BAND_PLANS, scene_id
from pipeline.simulate.scenes import _deliver, build_surface
from pipeline.simulate.sensor import next_unrest
from pipeline.simulate.sky import make_sky
from pipeline.simulate.truth import GENERATOR_VERSION
from pipeline.simulate.weather import simulate_weather

TILES = Path(__file__).resolve().parents[2] / "sample_tiles" / "kaesong-rehearsal"
ITEMS = sorted(path for path in TILES.glob("S2*") if path.is_dir())


def document(path: Path) -> dict[str, Any]:
    loaded = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def item_of(folder: Path) -> dict[str, Any]:
    return document(folder / f"{folder.name}.json")


def test_there_is_one_item_for_each_day_of_the_preset() -> None:
    assert [folder.name for folder in ITEMS] == sorted(map(scene_id, REHEARSAL.days))
    assert len(ITEMS) >= 70
    links = document(TILES / "collection.json")["links"]
    assert sum(link["rel"] == "item" for link in links) == len(ITEMS)


def test_the_folder_stays_under_25_megabytes() -> None:
    sizes = [path.stat().st_size for path in TILES.glob("S2*/*")]
    assert sum(-(-size // 4096) * 4096 for size in sizes) < 25_000_000


def test_every_file_is_the_one_its_item_promises_and_none_is_left_over() -> None:
    for folder in ITEMS:
        item = item_of(folder)
        assert item["properties"]["zonewatch:simulated"] is True
        promised = {asset["href"] for asset in item["assets"].values()}
        assert {f"./{path.name}" for path in folder.glob("*.tif")} == promised
        assert len(list(folder.iterdir())) == len(promised) + 1
        for asset in item["assets"].values():
            data = (folder / asset["href"]).read_bytes()
            assert asset["file:checksum"] == "1220" + hashlib.sha256(data).hexdigest()
            assert asset["file:size"] == len(data)


@pytest.mark.parametrize("folder", ITEMS[::12], ids=lambda path: path.name)
def test_files_are_small_marked_cogs_on_the_frame(folder: Path) -> None:
    for band, plan in BAND_PLANS.items():
        with rasterio.open(folder / f"{plan.name}.tif") as dataset:
            assert dataset.tags()["zonewatch_simulated"] == "true"
            assert dataset.nodata == 0
            assert tuple(dataset.bounds) == tuple(REHEARSAL.grid.bounds)
            assert dataset.res[0] == (20 if band in ("swir16", "scl") else 10)
            assert dataset.dtypes == (("uint8",) if band == "scl" else ("uint16",))
            assert (dataset.read(1) > 0).all()


def test_the_offset_step_is_in_the_numbers_and_in_the_items() -> None:
    for folder in ITEMS:
        item = item_of(folder)
        late = item["properties"]["datetime"] >= "2022-01-25"
        version = item["properties"]["s2:processing_baseline"]
        assert version == "04.00" if late else version in ("02.14", "03.00")
        assert item["properties"]["earthsearch:boa_offset_applied"] is False
        assert item["assets"]["red"]["raster:offset"] == (-0.1 if late else 0)
        with rasterio.open(folder / "B02.tif") as dataset:
            assert (dataset.read(1).min() > 900) == late or not late


def test_the_readme_shouts() -> None:
    text = (TILES / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# SIMULATED")
    assert str(DEFAULT_SEED) in text
    assert f"{len(ITEMS)} passes" in text


def pixels(day: date, band: str) -> np.ndarray:
    with rasterio.open(TILES / scene_id(day) / f"{BAND_PLANS[band].name}.tif") as dataset:
        return np.asarray(dataset.read(1))


def test_the_generator_makes_these_very_pixels_again() -> None:
    """Every twelfth pass in full; the memory of the noise runs through all of them."""
    surface, weather, unrest = (
        build_surface(DEFAULT_SEED, REHEARSAL),
        simulate_weather(DEFAULT_SEED),
        None,
    )
    shape = REHEARSAL.grid.shape
    for number, day in enumerate(REHEARSAL.days):
        unrest = next_unrest(DEFAULT_SEED, day, shape, unrest)
        if number % 12 and day != REHEARSAL.days[-1]:
            continue
        sky = make_sky(DEFAULT_SEED, weather[day], shape)
        scene = _deliver(surface, sky, weather[day], unrest)
        made: dict[str, np.ndarray] = {**scene.numbers, "scl": scene.scl}
        for band, numbers in made.items():
            assert np.array_equal(numbers, pixels(day, band)), (day, band)


def truth() -> dict[str, Any]:
    return document(TILES / "truth.json")


def test_the_truth_is_of_this_generator_and_seed() -> None:
    assert truth()["seed"] == DEFAULT_SEED
    assert truth()["generator_version"] == GENERATOR_VERSION
    assert truth()["zonewatch:simulated"] is True


def test_what_must_be_found_has_enough_clear_looks() -> None:
    """At least three while it stands and twenty before: else the tiles would rehearse nothing."""
    for entry in truth()["changes"]:
        looks = entry["delivered_looks"]
        if entry["zone_id"] == "bus-depot":
            assert len(looks["during"]) < 2
        elif entry["n_pixels"] >= 8 and entry["kind"] != "snow_cleared":
            assert len(looks["during"]) >= 4, entry["id"]
            assert len(looks["before"]) >= 20, entry["id"]


def test_what_must_be_found_has_contrast() -> None:
    for entry in truth()["changes"]:
        if entry["kind"] != "snow_cleared":
            before, after = entry["reflectance_before"], entry["reflectance_after"]
            steps = sorted(abs(after[band] - before[band]) for band in before)
            assert steps[-2] >= 0.08, entry["id"]


def test_swept_yards_were_seen_under_snow() -> None:
    swept = [entry for entry in truth()["changes"] if entry["kind"] == "snow_cleared"]
    assert len(swept) == 3
    assert all(len(entry["snow_days"]) >= 2 for entry in swept)


def test_every_pixel_has_a_baseline_of_clear_looks() -> None:
    days = [day for day in REHEARSAL.days if day <= date(2020, 7, 31)]
    clear = sum(np.isin(pixels(day, "scl"), (4, 5, 6, 7)).astype(int) for day in days)
    assert np.mean(np.asarray(clear) >= 20) > 0.99
