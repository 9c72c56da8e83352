"""The committed archives beside Sentinel-2's: whole, small, marked, read without a failure.

They are the same as what the generator makes.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
import rasterio

from pipeline.catalogs import open_catalog
from pipeline.config import load_config
from pipeline.inputs import EVER
from pipeline.model.grid import Bounds
from pipeline.sensors import landsat, sentinel1
from pipeline.simulate import DEFAULT_SEED, ArchiveOptions, simulate_archive
from pipeline.simulate.claim_truth import FILE, claim_truth_document
from pipeline.simulate.eras import Past
from pipeline.simulate.landsat import landsat_days
from pipeline.simulate.light_files import light_nights
from pipeline.simulate.outcome import REHEARSAL_TRUTH
from pipeline.simulate.radar import radar_days
from tests.unit.archive_factory import looks_in, site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.sensors import Sensor

TILES = Path(__file__).resolve().parents[2] / "sample_tiles" / "kaesong-rehearsal"
LIGHTS = TILES.with_name("kaesong-rehearsal-lights")
LANDSAT, RADAR = TILES / "landsat-c2-l2", TILES / "sentinel-1-rtc"


def document(path: Path) -> dict[str, Any]:
    loaded = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def items() -> Iterator[Path]:
    yield from sorted(
        path for shelf in (LANDSAT, RADAR) for path in shelf.iterdir() if path.is_dir()
    )


def test_they_take_less_than_ten_megabytes() -> None:
    files = (path for shelf in (LANDSAT, RADAR, LIGHTS) for path in shelf.rglob("*.*"))
    assert sum(path.stat().st_size for path in files) < 10_000_000


def test_every_scene_of_the_calendar_is_there_and_listed() -> None:
    for shelf, n_scenes in (
        (LANDSAT, len(landsat_days(DEFAULT_SEED))),
        (RADAR, len(radar_days())),
    ):
        links = document(shelf / "collection.json")["links"]
        named = {link["href"].split("/")[1] for link in links if link["rel"] == "item"}
        assert named == {path.name for path in shelf.iterdir() if path.is_dir()}
        assert len(named) == n_scenes


def test_every_file_is_the_one_its_item_promises_and_says_simulated() -> None:
    for folder in items():
        item = document(folder / f"{folder.name}.json")
        assert item["properties"]["zonewatch:simulated"] is True
        promised = {asset["href"] for asset in item["assets"].values()}
        assert {f"./{path.name}" for path in folder.glob("*.tif")} == promised
        for asset in item["assets"].values():
            data = (folder / asset["href"]).read_bytes()
            assert asset["file:checksum"] == "1220" + hashlib.sha256(data).hexdigest()
            assert asset["file:size"] == len(data)
            assert b"zonewatch_simulated" in data


def test_every_file_of_light_says_simulated() -> None:
    for path in LIGHTS.glob("*.tif"):
        with rasterio.open(path) as dataset:
            assert dataset.tags()["zonewatch_simulated"] == "true"
    for path in LIGHTS.glob("*.h5"):
        with h5py.File(path) as file:
            assert "zonewatch:simulated" in file.attrs
    assert (LIGHTS / "README.md").read_text(encoding="utf-8").startswith("# SIMULATED")


@pytest.mark.parametrize(
    ("sensor", "n_files"),
    [("dnb-monthly", 153), ("dmsp-ols", 15), ("black-marble", len(light_nights()))],
)
def test_the_reader_takes_all_lights_without_a_failure(sensor: str, n_files: int) -> None:
    looks = looks_in(LIGHTS, sensor)
    assert len(looks) == n_files * len(site().places)
    assert all(one.look.is_simulated for one in looks)


@pytest.mark.parametrize(
    ("sensor", "shelf"), [(landsat.SENSOR, LANDSAT), (sentinel1.SENSOR, RADAR)]
)
def test_the_catalogue_gives_each_sensor_its_own(sensor: Sensor, shelf: Path) -> None:
    search = load_config().search.model_copy(update={"collections": sensor.collections})
    found = open_catalog(TILES / "catalog.json").search(
        Bounds(125.4, 36.9, 125.6, 37.1), EVER, search
    )
    assert {one.id for one in found} == {path.name for path in shelf.iterdir() if path.is_dir()}
    assert all(one.is_simulated for one in found)


@cache
def fresh(sensor: str, years: tuple[int, int], folder: Path) -> Path:
    options = ArchiveOptions(years=years)
    simulate_archive(folder / sensor, sensor, seed=DEFAULT_SEED, options=options)
    return folder / sensor


@pytest.mark.parametrize(
    ("sensor", "years", "shelf"),
    [
        ("landsat", (2000, 2002), TILES),
        ("sentinel-1", (2020, 2020), TILES),
        ("dnb-monthly", (2013, 2013), LIGHTS),
        ("dmsp-ols", (2003, 2013), LIGHTS),
        ("black-marble", (2016, 2016), LIGHTS),
    ],
)
def test_the_generator_makes_these_very_pixels_again(
    sensor: str, years: tuple[int, int], shelf: Path, tmp_path: Path
) -> None:
    made = fresh(sensor, years, tmp_path)
    files = [*made.rglob("*.tif"), *made.rglob("*.h5")]
    assert files
    for path in files:
        committed = shelf / path.relative_to(made)
        if path.suffix == ".h5":
            _same_fields(path, committed)
        else:
            with rasterio.open(path) as one, rasterio.open(committed) as other:
                np.testing.assert_array_equal(one.read(1), other.read(1))


def _same_fields(path: Path, committed: Path) -> None:
    """Every field of two HDF5 files alike, in the block that is written."""
    block = (slice(690, 760), slice(1280, 1370))
    with h5py.File(path) as one, h5py.File(committed) as other:
        group = "HDFEOS/GRIDS/VNP_Grid_DNB/Data Fields"
        assert set(one[group]) == set(other[group])
        for name in one[group]:
            np.testing.assert_array_equal(one[group][name][block], other[group][name][block])


@pytest.mark.parametrize("shelf", [TILES, LIGHTS])
def test_the_truth_of_the_claims_is_that_of_the_generator(shelf: Path) -> None:
    told = document(shelf / FILE)
    assert told == json.loads(json.dumps(claim_truth_document(Past(DEFAULT_SEED, REHEARSAL_TRUTH))))
    assert told["truth"] == "rehearsal"
