"""Folders of coarse files brought in: read once, versions side by side, every fault told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from shapely import box

from pipeline.errors import StoreError
from pipeline.fetch import black_marble, coarse, light_rasters, lights
from pipeline.fetch.coarse import fetch_coarse, list_files
from pipeline.harvest import harvest_folder
from pipeline.model.change import Period
from pipeline.model.coarse import Layer
from pipeline.model.site import SITE_PLACE
from pipeline.prepare.coarse import prepare_coarse
from pipeline.raster.outline_mean import outline_mean
from pipeline.run import EVER
from pipeline.sensors.coarse_names import COARSE_SENSORS
from pipeline.store.coarse_chips import CoarseStore
from pipeline.store.layout import WorkFolder
from pipeline.store.records import read_fetch_record
from tests.unit.coarse_factory import (
    DNB,
    DNB_COUNT,
    ECO,
    PAIR,
    SITE,
    TOWN,
    TOWN_BOX,
    bring,
    comparator,
    write_all,
    write_dnb,
    write_eco,
    write_later_night,
    write_month,
    write_night,
)
from tests.unit.lights_factory import NIGHT_C1, NIGHT_C2, make_site
from tests.unit.sites_factory import collection, feature, rectangle, sound_zones, write

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.fetch.coarse import FetchedFile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def sealed_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file can be opened by any reader."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    for module, name in (
        (black_marble, "open_hdf5"), (light_rasters, "open_raster"), (lights, "read_chip"),
        (coarse, "read_chip"), (h5py, "File"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, fail)


def only(files: tuple[FetchedFile, ...]) -> FetchedFile:
    (file,) = files
    return file


@pytest.mark.parametrize("sensor", COARSE_SENSORS)
def test_what_is_held_is_what_the_folder_shows(folder: Path, store: Path, sensor: str) -> None:
    write_all(folder)
    file = only(bring(folder, store, sensor=sensor))
    assert (file.failures, file.remarks) == ((), ())
    direct, _ = lights.read_light_folder(SITE, folder, sensor)
    held = prepare_coarse(SITE, CoarseStore(store), sensor)
    assert (held.failures, held.remarks) == ((), ())
    assert [one.place for one in held.looks] == [SITE_PLACE]
    for one, other in zip(direct, (placed.look for placed in held.looks), strict=True):
        assert (one.label, one.period, one.quantity, one.grid, one.sources, one.noise) == (
            other.label, other.period, other.quantity, other.grid, other.sources, other.noise,
        )  # fmt: skip
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.seen, other.seen)
        np.testing.assert_array_equal(one.saturated, other.saturated)
        assert one.layers.keys() == other.layers.keys()
        for layer, pixels in one.layers.items():
            np.testing.assert_array_equal(pixels, other.layers[layer])


def test_a_month_gives_all_its_composites_from_the_store(folder: Path, store: Path) -> None:
    write_month(folder)
    assert len(only(bring(folder, store)).looks) == 6
    held = prepare_coarse(SITE, CoarseStore(store))
    assert len({one.look.label.variant for one in held.looks}) == 6
    means = sorted(outline_mean(one.look, SITE.boundary).mean or 0 for one in held.looks)
    assert means == pytest.approx([12.3, 12.4, 13.3, 13.4, 14.3, 14.4])


@pytest.mark.parametrize("sensor", COARSE_SENSORS)
def test_a_second_fetch_opens_no_file(
    folder: Path, store: Path, sensor: str, request: pytest.FixtureRequest
) -> None:
    write_all(folder)
    assert only(bring(folder, store, PAIR, sensor)).is_new
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*")}
    request.getfixturevalue("sealed_doors")
    again = only(bring(folder, store, PAIR, sensor))
    assert (again.is_new, again.failures, len(again.held)) == (False, (), 2)
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == before


def test_a_file_that_was_touched_is_hashed_and_not_read(
    folder: Path, store: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_night(folder)
    bring(folder, store)
    os.utime(path, ns=(1, 1))
    request.getfixturevalue("sealed_doors")
    assert not only(bring(folder, store)).is_new
    monkeypatch.setattr("pipeline.fetch.source_files.sha256_of", pytest.fail)
    assert not only(bring(folder, store)).is_new


def test_the_same_size_and_time_with_other_bytes_is_what_the_cheap_look_cannot_see(
    folder: Path, store: Path
) -> None:
    """Stated, not hidden: whoever forges the time of a file is believed until it is read."""
    path = write_dnb(folder, 2.5, count=None)
    bring(folder, store, sensor="dnb-monthly")
    found = path.stat()
    write_dnb(folder, 3.5, count=None)
    assert path.stat().st_size == found.st_size
    assert only(bring(folder, store, sensor="dnb-monthly")).is_new
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert not only(bring(folder, store, sensor="dnb-monthly")).is_new


def test_other_bytes_under_the_same_name_lie_beside_and_are_told(folder: Path, store: Path) -> None:
    write_night(folder, 100)
    first = only(bring(folder, store)).held[0]
    write_night(folder, 200)
    second = only(bring(folder, store))
    assert [one.words.partition(":")[0] for one in second.remarks] == [
        "changed because upstream changed"
    ]
    assert second.held[0].record.version == 2
    assert first.is_whole
    assert first.path != second.held[0].path
    held = prepare_coarse(SITE, CoarseStore(store))
    (look,) = held.looks
    assert outline_mean(look.look, SITE.boundary).mean == pytest.approx(20.0)
    assert [one.words for one in held.remarks] == [f"{NIGHT_C1} is a later version, and counts"]


@pytest.mark.parametrize("order", [(NIGHT_C1, NIGHT_C2), (NIGHT_C2, NIGHT_C1)])
def test_the_later_collection_counts_whatever_the_order_of_arrival(
    tmp_path: Path, store: Path, order: tuple[str, str]
) -> None:
    for name in order:
        one = tmp_path / name
        one.mkdir()
        (write_night if name == NIGHT_C1 else write_later_night)(one)
        bring(one, store)
    (placed,) = prepare_coarse(SITE, CoarseStore(store)).looks
    assert placed.look.label.collection == "002"
    again = only(bring(tmp_path / NIGHT_C1, store))
    assert "later version, and counts" in again.remarks[0].words


def test_a_count_of_looks_that_comes_later_is_read_along(folder: Path, store: Path) -> None:
    write_dnb(folder, count=None)
    assert (
        Layer.N_LOOKS not in only(bring(folder, store, sensor="dnb-monthly")).looks[0].look.layers
    )
    write_dnb(folder, count=0)
    file = only(bring(folder, store, sensor="dnb-monthly"))
    assert file.is_new
    (placed,) = prepare_coarse(SITE, CoarseStore(store)).looks
    assert not placed.look.seen.any()
    (folder / DNB_COUNT).unlink()
    assert not only(bring(folder, store, sensor="dnb-monthly")).is_new


def test_a_damaged_companion_fails_the_look_and_nothing_is_kept(folder: Path, store: Path) -> None:
    write_dnb(folder)
    (folder / DNB_COUNT).write_bytes(b"rotten")
    file = only(bring(folder, store, sensor="dnb-monthly"))
    assert (file.held, [one.kind for one in file.failures]) == ((), ["CorruptAssetError"])
    assert not store.exists()


@pytest.mark.parametrize("sensor", ["dnb-monthly", "ecostress"])
def test_a_companion_alone_is_a_failure_and_never_taken_for_the_numbers(
    folder: Path, store: Path, sensor: str
) -> None:
    write_dnb(folder)
    write_eco(folder)
    (folder / DNB).unlink()
    (folder / ECO).unlink()
    files = bring(folder, store, sensor=sensor)
    assert len(files) == {"dnb-monthly": 1, "ecostress": 2}[sensor]
    for file in files:
        assert (file.held, [one.kind for one in file.failures]) == ((), ["FetchError"])
        assert "is not there" in file.failures[0].reason
    assert not store.exists()


def test_a_companion_that_is_named_by_mistake_is_not_read_as_numbers(
    folder: Path, store: Path
) -> None:
    write_dnb(folder)
    file = only(fetch_coarse(SITE, (folder / DNB_COUNT,), CoarseStore(store)))
    assert (file.held, file.failures) == ((), ())
    assert "read along" in file.remarks[0].words


def test_an_old_version_that_is_read_anew_stays_the_old_one(tmp_path: Path, store: Path) -> None:
    for name, dn in (("old", 100), ("new", 200)):
        (tmp_path / name).mkdir()
        write_night(tmp_path / name, dn)
    old = only(bring(tmp_path / "old", store)).held[0]
    bring(tmp_path / "new", store)
    next(old.path.parent.glob(f"{old.path.stem}*.tif")).unlink()
    again = only(bring(tmp_path / "old", store))
    assert (again.is_new, again.held[0].record.version) == (True, 1)
    (placed,) = prepare_coarse(SITE, CoarseStore(store)).looks
    assert outline_mean(placed.look, SITE.boundary).mean == pytest.approx(20.0)


def test_a_file_that_failed_is_tried_again(folder: Path, store: Path) -> None:
    path = folder / NIGHT_C1
    path.write_bytes(b"rotten")
    assert only(bring(folder, store)).failures
    assert only(bring(folder, store)).failures
    write_night(folder)
    assert only(bring(folder, store)).is_new


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_night(folder)
    read = lights.read_chip

    def meddle(place: Any, path: Path, *rest: Any) -> Any:  # noqa: ANN401 - as it is
        chip = read(place, path, *rest)
        os.utime(path, ns=(1, 1))
        return chip

    monkeypatch.setattr(coarse, "read_chip", meddle)
    file = only(bring(folder, store))
    assert [one.kind for one in file.failures] == ["FetchError"]
    assert "changed while it was read" in file.failures[0].reason
    assert not store.exists()


def test_a_link_is_no_file_even_when_its_target_is_held(folder: Path, store: Path) -> None:
    path = write_night(folder)
    bring(folder, store)
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")
    assert [one.kind for one in only(bring(folder, store)).failures] == ["FetchError"]


def test_a_disk_of_ours_that_fails_ends_the_fetch(
    folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    write_night(folder)
    monkeypatch.setattr("pipeline.store.coarse_chips.write_cog", fail)
    with pytest.raises(StoreError, match="full"):
        bring(folder, store)


def test_a_source_that_cannot_be_read_is_a_failure_of_that_file(
    folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> str:
        raise StoreError("the file cannot be read", where=path.name)

    write_night(folder)
    monkeypatch.setattr("pipeline.fetch.source_files.sha256_of", fail)
    assert [one.kind for one in only(bring(folder, store)).failures] == ["StoreError"]


# Comparators.


@pytest.mark.parametrize("sensor", COARSE_SENSORS)
def test_a_comparator_is_held_as_a_place_of_its_own(folder: Path, store: Path, sensor: str) -> None:
    write_all(folder)
    file = only(bring(folder, store, PAIR, sensor))
    assert [one.record.place for one in file.held] == [SITE_PLACE, TOWN]
    held = prepare_coarse(PAIR, CoarseStore(store), sensor)
    assert [one.place for one in held.looks] == [SITE_PLACE, TOWN]
    (town,) = held.of(TOWN)
    assert town.look.grid.shape[0] < 100
    town_mean = outline_mean(town.look, PAIR.outline_of(TOWN))
    assert town_mean.area_m2 == pytest.approx(2_637 * 2_775, rel=0.01)
    if sensor in {"dnb-monthly", "ecostress"}:
        assert town_mean.mean == pytest.approx({"dnb-monthly": 2.5, "ecostress": 290}[sensor])


def test_a_comparator_added_later_is_read_and_the_site_is_not(folder: Path, store: Path) -> None:
    write_night(folder)
    first = only(bring(folder, store)).held[0]
    file = only(bring(folder, store, PAIR))
    assert [one.place for one in file.looks] == [TOWN]
    assert file.held[0] == first


def test_a_comparator_in_another_tile_is_said_and_no_failure(folder: Path, store: Path) -> None:
    site = make_site(zones=(comparator(bounds=(119.97, 37.96, 120.01, 37.985)),))
    write_night(folder)
    file = only(bring(folder, store, site))
    assert (file.failures, [one.record.place for one in file.held]) == ((), [SITE_PLACE])
    assert "far-town does not lie inside its pixels" in file.remarks[0].words
    again = only(bring(folder, store, site))
    assert (again.is_new, again.remarks) == (False, file.remarks)


def test_the_tile_of_the_comparator_alone_is_held_for_it(folder: Path, store: Path) -> None:
    site = make_site(box(130.1, 37.91, 130.2, 37.95), zones=(comparator(),))
    write_night(folder)
    file = only(bring(folder, store, site))
    assert ([one.record.place for one in file.held], file.failures) == ([TOWN], ())
    assert "the site does not lie inside" in file.remarks[0].words


def test_a_tile_that_holds_no_place_is_a_failure(folder: Path, store: Path) -> None:
    site = make_site(box(130.1, 37.91, 130.2, 37.95), zones=())
    write_night(folder)
    assert [one.kind for one in only(bring(folder, store, site)).failures] == ["WrongPlaceError"]


def test_an_outline_that_grew_is_fetched_anew_and_never_measured_short(
    folder: Path, store: Path
) -> None:
    left, bottom, right, top = TOWN_BOX
    grown = make_site(zones=(comparator(bounds=(left, bottom, right + 0.02, top)),))
    write_dnb(folder)
    bring(folder, store, PAIR, "dnb-monthly")
    held = prepare_coarse(grown, CoarseStore(store))
    assert [one.place for one in held.looks] == [SITE_PLACE]
    assert [(one.band, one.kind) for one in held.failures] == [(TOWN, "WrongPlaceError")]
    file = only(bring(folder, store, grown, "dnb-monthly"))
    assert [one.place for one in file.looks] == [TOWN]
    assert prepare_coarse(grown, CoarseStore(store)).failures == ()


def test_a_comparator_that_was_dropped_is_passed_over(folder: Path, store: Path) -> None:
    write_night(folder)
    bring(folder, store, PAIR)
    assert [one.place for one in prepare_coarse(SITE, CoarseStore(store)).looks] == [SITE_PLACE]


def test_another_time_zone_or_a_site_now_simulated_is_read_anew(folder: Path, store: Path) -> None:
    write_night(folder)
    bring(folder, store)
    other = make_site(timezone="UTC")
    assert only(bring(folder, store, other)).is_new
    made_up = make_site(is_simulated=True)
    file = only(bring(folder, store, made_up))
    assert file.is_new
    assert file.held[0].record.simulated


# Folders and records.


def test_files_of_other_sensors_and_companions_are_not_listed(folder: Path) -> None:
    write_all(folder)
    names = {
        sensor: [path.name for path in list_files(folder, sensor, "UTC", EVER)]
        for sensor in COARSE_SENSORS
    }
    assert names["dnb-monthly"] == [DNB]
    assert names["ecostress"] == [ECO]
    assert all(len(found) == 1 for found in names.values())


def test_files_that_touch_the_period_are_listed(folder: Path) -> None:
    write_dnb(folder)
    write_eco(folder)
    span = Period(EVER.start, EVER.start.replace(year=2016, month=2, day=3))
    assert [path.name for path in list_files(folder, "dnb-monthly", "UTC", span)] == [DNB]
    early = Period(EVER.start, EVER.start.replace(year=2016, month=1, day=31))
    with pytest.raises(LookupError, match="holds no file"):
        list_files(folder, "dnb-monthly", "UTC", early)


def test_a_name_of_no_product_is_a_failure_and_the_rest_goes_on(folder: Path, store: Path) -> None:
    write_dnb(folder)
    (folder / "stranger.tif").write_bytes(b"x")
    found = bring(folder, store, sensor="dnb-monthly")
    assert [(one.name, bool(one.held)) for one in found] == [(DNB, True), ("stranger.tif", False)]


def test_the_fetch_leaves_a_record_and_hears_itself_step(tmp_path: Path, folder: Path) -> None:
    class Ear:
        def __init__(self) -> None:
            self.heard: list[object] = []

        def stage(self, name: str, n_steps: int) -> None:
            self.heard.append((name, n_steps))

        def step(self) -> None:
            self.heard.append("step")

    write_night(folder)
    (folder / NIGHT_C1.replace("2016041", "2016042")).write_bytes(b"rotten")
    ear, site = Ear(), tmp_path / "aoi"
    site_folder = site_at(site)
    done = harvest_folder(
        site_folder, folder, tmp_path / "work", sensor="black-marble", listener=ear
    )
    assert ear.heard == [("fetch", 2), "step", "step"]
    assert (done.n_held, done.n_new, len(done.failures), len(done.new_looks)) == (1, 1, 1, 2)
    record = read_fetch_record(WorkFolder(tmp_path / "work", "demo"))
    assert record is not None
    assert (record.sensor, record.source, record.n_listed, record.n_complete) == (
        "black-marble", "in", 2, 1,
    )  # fmt: skip
    assert record.failures == done.failures


def site_at(folder: Path) -> Path:
    """An AOI folder whose comparator lies outside."""
    folder.mkdir()
    town = feature("town", rectangle(*TOWN_BOX), kind="control", outside_site=True)
    return write(folder, zones=collection(*sound_zones()[:3], town))


def test_a_source_is_hashed_once_for_all_places(
    folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each place reads its own window."""
    hashed: list[str] = []

    def note(path: Path) -> str:
        hashed.append(path.name)
        return "ab" * 32

    monkeypatch.setattr("pipeline.fetch.source_files.sha256_of", note)
    write_dnb(folder)
    fetch_coarse(PAIR, (folder / DNB,), CoarseStore(store))
    assert sorted(hashed) == sorted([DNB, DNB_COUNT])
