"""``zonewatch fetch``: search and fetch only, once only, with a tally that adds up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipeline.catalogs import PRESETS
from pipeline.config import load_config
from pipeline.errors import BusyError, EmptySearchError, InputError, NoCollectionError
from pipeline.harvest import harvest
from pipeline.network import Reader
from pipeline.request import request_for
from pipeline.selection import config_for
from pipeline.sensors import SENSORS
from pipeline.store.chip_record import UPSTREAM_CHANGED
from pipeline.store.chips import ChipStore
from pipeline.store.layout import WorkFolder
from pipeline.store.records import read_fetch_record
from tests.unit.imagery_factory import SITE, Tiles, harvest_at, make_tiles, request_at

N_BANDS = 6


@pytest.fixture
def tiles(tmp_path: Path) -> Tiles:
    return make_tiles(tmp_path / "tiles")


def test_everything_listed_is_held_and_nothing_else_is_made(tmp_path: Path, tiles: Tiles) -> None:
    done = harvest_at(tiles, tmp_path / "work")
    assert (len(done.fetched), done.n_complete, done.n_new) == (3, 3, 3)
    assert len(done.chips) == len(done.new_chips) == 3 * N_BANDS
    assert (done.failures, done.remarks) == ((), ())
    made = {path.name for path in (tmp_path / "work" / SITE).iterdir()}
    assert made == {"chips", "fetch.json", "listed", "lock"}
    assert all(
        not h.record.unverifiable for h in ChipStore(tmp_path / "work" / SITE / "chips").holdings()
    )


def test_a_second_fetch_reads_nothing(tmp_path: Path, tiles: Tiles) -> None:
    first = harvest_at(tiles, tmp_path / "work")
    second = harvest_at(tiles, tmp_path / "work")
    assert (second.n_complete, second.n_new, second.new_chips) == (3, 0, ())
    assert second.chips == first.chips


def test_only_the_missing_scene_is_read(tmp_path: Path, tiles: Tiles) -> None:
    harvest_at(tiles, tmp_path / "work")
    more = make_tiles(tmp_path / "more", 4)
    done = harvest_at(more, tmp_path / "work")
    assert (done.n_complete, done.n_new, len(done.new_chips)) == (4, 1, N_BANDS)
    assert {chip.scene_id for chip in done.new_chips} == {more.ids[3]}


def test_what_fails_is_counted_by_reason_and_kept_for_the_listing(
    tmp_path: Path, tiles: Tiles
) -> None:
    (tiles.folder / tiles.ids[1] / "B04.tif").unlink()
    (tiles.folder / tiles.ids[1] / "B08.tif").write_bytes(b"II*\0")
    (tiles.folder / tiles.ids[2] / "B04.tif").unlink()
    done = harvest_at(tiles, tmp_path / "work")
    assert done.n_complete == 1
    assert done.failed_scenes_by_kind == {"FetchError": 2, "CorruptAssetError": 1}
    record = read_fetch_record(WorkFolder(tmp_path / "work", SITE))
    assert record is not None
    assert record.failures == done.failures
    assert (record.n_listed, record.n_complete, record.sensor) == (3, 1, "sentinel-2")


def test_f13_a_reprocessed_scene_is_said_to_have_changed_upstream(
    tmp_path: Path, tiles: Tiles
) -> None:
    work = tmp_path / "work"
    harvest_at(tiles, work)
    tiles.change(1, "05.00", source=2)
    done = harvest_at(tiles, work)
    assert done.n_new == 1
    assert {remark.scene_id for remark in done.remarks} == {tiles.ids[1]}
    assert len(done.remarks) == N_BANDS
    for remark in done.remarks:
        assert remark.words.startswith(f"{UPSTREAM_CHANGED}: baseline 02.14 -> 05.00, checksum …")
    assert harvest_at(tiles, work).remarks == done.remarks
    record = read_fetch_record(WorkFolder(work, SITE))
    assert record is not None
    assert record.remarks == done.remarks


def test_a_damaged_record_of_a_fetch_is_none(tmp_path: Path, tiles: Tiles) -> None:
    harvest_at(tiles, tmp_path / "work")
    work = WorkFolder(tmp_path / "work", SITE)
    for text in ("", "[]", "{}", '{"finished": 3}', "null", "[" * 9999):
        work.fetch_record.write_text(text, encoding="utf-8")
        assert read_fetch_record(work) is None


def test_a_sensor_that_is_not_known_is_bad_input(tmp_path: Path, tiles: Tiles) -> None:
    with pytest.raises(InputError, match="sentinel-2"):
        harvest(request_at(tiles, tmp_path / "work"), sensor="sputnik")


def test_a_folder_is_searched_for_what_the_settings_or_the_sensor_say(tiles: Tiles) -> None:
    config, folder = load_config(), str(tiles.folder)
    assert config_for("sentinel-2", folder, config) == config
    radar = config_for("opera-rtc", folder, config)
    assert radar.search.collections == SENSORS["opera-rtc"].collections
    assert radar.fetch.bands == SENSORS["opera-rtc"].required


def test_a_source_known_by_name_says_which_collections_hold_a_sensor() -> None:
    config = load_config()
    landsat = config_for("landsat", "planetary-computer", config)
    assert landsat.search.collections == ("landsat-c2-l2",)
    assert landsat.fetch.bands == SENSORS["landsat"].required
    sentinel = config_for("sentinel-2", "planetary-computer", config)
    assert sentinel.search.collections == ("sentinel-2-l2a",)
    assert sentinel.fetch == config.fetch


@pytest.mark.parametrize(
    ("source", "sensor", "what", "remedy"),
    [
        ("earth-search", "sentinel-1", "has no Sentinel-1", "--source planetary-computer"),
        ("earth-search", "landsat", "whose reader pays", "--source planetary-computer"),
        (PRESETS["earth-search"].url, "landsat", "whose reader pays", "planetary-computer"),
        ("planetary-computer", "opera-rtc", "has no OPERA", "a folder or another catalogue"),
    ],
)
def test_what_a_source_is_known_not_to_give_is_not_asked_of_it(  # noqa: PLR0917 - a table
    monkeypatch: pytest.MonkeyPatch, source: str, sensor: str, what: str, remedy: str
) -> None:
    monkeypatch.setattr(Reader, "ask_all", lambda *_: pytest.fail("something was asked"))
    with pytest.raises(InputError) as caught:
        harvest(request_for(SITE, source, Path("nowhere")), sensor=sensor)
    assert caught.value.exit_code == 2
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert "this source gives sentinel-2" in caught.value.remedy
    assert not Path("nowhere").exists()


def test_an_empty_period_is_said_and_not_taken_for_success(tmp_path: Path, tiles: Tiles) -> None:
    days = ("1999-01-01", "1999-12-31")
    request = request_for(SITE, str(tiles.folder), tmp_path / "work", period=days)
    with pytest.raises(EmptySearchError):
        harvest(request)


def test_two_fetches_of_one_site_do_not_meet(tmp_path: Path, tiles: Tiles) -> None:
    with WorkFolder(tmp_path / "work", SITE).lock(), pytest.raises(BusyError):
        harvest_at(tiles, tmp_path / "work")


def remove(tiles: Tiles, n: int) -> None:
    """The catalogue does not list the n-th scene any more."""
    shutil.rmtree(tiles.folder / tiles.ids[n])


def test_f21_a_scene_that_is_gone_is_a_remark_in_the_record_and_no_error(
    tmp_path: Path, tiles: Tiles
) -> None:
    work = tmp_path / "work"
    harvest_at(tiles, work)
    remove(tiles, 1)
    done = harvest_at(tiles, work)
    (remark,) = done.remarks
    assert remark.words.startswith("1 scene that an earlier listing of the same source")
    assert remark.words.endswith(f"not listed any more: {tiles.ids[1]}")
    assert done.failures == ()
    record = read_fetch_record(WorkFolder(work, SITE))
    assert record is not None
    assert record.remarks == done.remarks
    assert harvest_at(tiles, work).remarks == done.remarks  # it is not back
    make_tiles(tmp_path / "again")
    shutil.copytree(tmp_path / "again" / tiles.ids[1], tiles.folder / tiles.ids[1])
    assert harvest_at(tiles, work).remarks == ()


def test_f21_an_empty_listing_says_what_is_held(tmp_path: Path, tiles: Tiles) -> None:
    work = tmp_path / "work"
    harvest_at(tiles, work)
    for n in range(3):
        item = json.loads(tiles.item(n).read_bytes())
        item["properties"]["datetime"] = "1999-01-01T00:00:00Z"
        tiles.item(n).write_text(json.dumps(item), encoding="utf-8")
    period = ("2000-01-01", "2100-01-01")
    with pytest.raises(EmptySearchError) as caught:
        harvest(request_for(SITE, str(tiles.folder), work, period=period))
    told = str(caught.value)
    assert f"named 3 scenes ({', '.join(tiles.ids)})" in told
    assert "chips of 3 scenes are held from before" in told
    shutil.rmtree(work / SITE / "listed")  # a store of before the memory
    with pytest.raises(EmptySearchError, match="yet chips of 3 scenes are held"):
        harvest(request_for(SITE, str(tiles.folder), work, period=period))


def test_f21_a_renamed_collection_says_what_is_held(tmp_path: Path, tiles: Tiles) -> None:
    work = tmp_path / "work"
    harvest_at(tiles, work)
    for n in range(3):
        item = json.loads(tiles.item(n).read_bytes())
        tiles.item(n).write_text(json.dumps(item | {"collection": "s2"}), encoding="utf-8")
    with pytest.raises(NoCollectionError) as caught:
        harvest_at(tiles, work)
    assert "it has s2" in str(caught.value)
    assert "named 3 scenes" in str(caught.value)
    assert "chips of 3 scenes are held" in str(caught.value)
