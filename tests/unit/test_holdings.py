"""``zonewatch scenes``: what is held, in how many versions, and what failed the last time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pipeline.holdings import list_holdings
from pipeline.model.provenance import RunRecord
from pipeline.model.scene import AssetFailure, Remark
from pipeline.store.layout import WorkFolder
from pipeline.store.ledger import open_ledger
from pipeline.store.records import write_record
from tests.unit.imagery_factory import SITE, Tiles, harvest_at, make_tiles

if TYPE_CHECKING:
    from pathlib import Path

BANDS = ("blue", "green", "nir", "red", "scl", "swir16")
RUN_ID = "0123456789abcdef" * 4


@pytest.fixture
def tiles(tmp_path: Path) -> Tiles:
    return make_tiles(tmp_path / "tiles", 2)


def put_run(work: WorkFolder, finished: datetime, scene_id: str = "") -> None:
    """A run of that time, with one failure and a table of scenes."""
    record = RunRecord(
        RUN_ID, SITE, "tiles", "partial", is_simulated=True, inputs={}, versions={}, outputs=(),
        failures=(AssetFailure("S9", "red", "FetchError", "cut"),),
        remarks=(Remark("S9", "nir", "odd"),),
    )  # fmt: skip
    write_record(work, record)
    work.point_to(RUN_ID)
    table = work.products_of(RUN_ID) / "scenes.csv"
    table.parent.mkdir(parents=True)
    table.write_text(f"id,clear_share\n{scene_id},0.62\nS9,\n", encoding="utf-8")
    ledger = open_ledger(work.ledger_path)
    ledger.append(record, finished, finished)
    ledger.close()


def test_an_empty_folder_holds_nothing_and_stays_empty(tmp_path: Path) -> None:
    held = list_holdings(WorkFolder(tmp_path / "work", SITE))
    assert (held.scenes, held.last.name) == ((), "")
    assert list(tmp_path.iterdir()) == []
    assert json.loads(json.dumps(held.as_json()))["last"]["finished"] is None


def test_scenes_are_listed_by_time_with_what_is_held(tmp_path: Path, tiles: Tiles) -> None:
    work = WorkFolder(tmp_path / "work", SITE)
    harvest_at(tiles, work.root)
    held = list_holdings(work)
    assert tuple(scene.id for scene in held.scenes) == tiles.ids
    first = held.scenes[0]
    assert first.instant is not None
    assert f"{first.instant:%Y%m%d}" in first.id
    assert (first.platform, first.baseline, first.bands) == ("sentinel-2a", "02.14", BANDS)
    assert (first.n_versions, first.clear_share, first.unverifiable) == (1, None, ())
    assert first.is_simulated
    on_disk = sum(path.stat().st_size for path in work.chips.rglob("*.tif"))
    assert sum(scene.nbytes for scene in held.scenes) == on_disk
    assert (held.last.name, held.last.failures) == ("fetch", ())


def test_a_reprocessed_scene_has_two_versions_and_is_listed_once(
    tmp_path: Path, tiles: Tiles
) -> None:
    work = WorkFolder(tmp_path / "work", SITE)
    harvest_at(tiles, work.root)
    tiles.change(0, "05.00", source=1)
    harvest_at(tiles, work.root)
    held = list_holdings(work)
    assert [scene.n_versions for scene in held.scenes] == [2, 1]
    assert held.scenes[0].baseline == "05.00"
    assert "baseline 02.14 -> 05.00" in held.last.remarks[0].words


def test_the_later_one_of_run_and_fetch_tells_what_failed(tmp_path: Path, tiles: Tiles) -> None:
    work = WorkFolder(tmp_path / "work", SITE)
    (tiles.folder / tiles.ids[1] / "B04.tif").unlink()
    harvest_at(tiles, work.root)
    (failure,) = list_holdings(work).last.failures
    assert (failure.scene_id, failure.band, failure.kind) == (tiles.ids[1], "red", "FetchError")
    put_run(work, datetime.now(UTC) - timedelta(hours=1), tiles.ids[0])
    held = list_holdings(work)
    assert held.last.name == "fetch"
    assert [scene.clear_share for scene in held.scenes] == [0.62, None]
    ledger = open_ledger(work.ledger_path)
    record = RunRecord(
        RUN_ID, SITE, "tiles", "partial", is_simulated=True, inputs={}, versions={}, outputs=(),
        failures=(),
    )  # fmt: skip
    now = datetime.now(UTC) + timedelta(hours=1)
    ledger.append(record, now, now)
    ledger.close()
    last = list_holdings(work).last
    assert (last.name, last.failures[0].reason) == ("run 0123456789ab", "cut")
    assert last.remarks[0].words == "odd"


def test_a_table_that_cannot_be_read_leaves_the_clear_share_unknown(
    tmp_path: Path, tiles: Tiles
) -> None:
    work = WorkFolder(tmp_path / "work", SITE)
    harvest_at(tiles, work.root)
    put_run(work, datetime.now(UTC), tiles.ids[0])
    table = work.products_of(RUN_ID) / "scenes.csv"
    for text in ("", "id\nx\n", "id,clear_share\nx,many\n"):
        table.write_text(text, encoding="utf-8")
        assert all(scene.clear_share is None for scene in list_holdings(work).scenes)
    (work.runs / f"{RUN_ID}.json").unlink()
    assert list_holdings(work).last.failures == ()


def test_the_json_is_plain_and_whole(tmp_path: Path, tiles: Tiles) -> None:
    work = WorkFolder(tmp_path / "work", SITE)
    harvest_at(tiles, work.root)
    told = json.loads(json.dumps(list_holdings(work).as_json()))
    assert told["site"] == SITE
    assert [scene["id"] for scene in told["scenes"]] == list(tiles.ids)
    assert datetime.fromisoformat(told["scenes"][0]["instant"]).tzinfo is not None
    assert told["scenes"][0]["bands"] == list(BANDS)
