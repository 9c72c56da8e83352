"""Measured limits as files: they come back as they were, and only if nothing was altered."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio

from pipeline.errors import StoreError
from pipeline.model.grid import Grid
from pipeline.model.limit import NOT_FOUND, Plant
from pipeline.publish.limits import COLUMNS, publish_limits
from pipeline.store.layout import WorkFolder
from pipeline.store.limits import read_limits, write_limits
from tests.unit.limit_factory import CUBE_ID, GOOD, site_limits, sounding, zone_limit

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.store.limits import HeldLimits

GRID = Grid("EPSG:32652", 190_000.0, 4_100_000.0, 10.0, 20, 30)
LIMITS = site_limits(GOOD, zone_limit(sounding(0.1, None), zone_id="=gate"))
FILES = ["areas.csv", "limit-map.png", "limit-map.tif", "limits.csv"]
CHART = {plant: np.full(GRID.shape, 0.1, dtype=np.float32) for plant in Plant}


def written(root: Path) -> HeldLimits:
    """Limits with their table and map on disk."""
    work = WorkFolder(root, "yard")
    files = publish_limits(work.limits_of(CUBE_ID), LIMITS, CHART, GRID, masks=())
    return write_limits(work, LIMITS, files, {"stage:limit": "1"})


def held(root: Path, cube_id: str = CUBE_ID) -> HeldLimits | None:
    return read_limits(WorkFolder(root, "yard"), cube_id)


def test_limits_come_back_as_they_were(tmp_path: Path) -> None:
    assert held(tmp_path) is None
    made = written(tmp_path)
    assert held(tmp_path) == made
    assert made.limits == LIMITS


def test_the_same_limits_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = written(tmp_path / "one"), written(tmp_path / "other")
    names = sorted(path.name for path in one.folder.iterdir())
    assert names == [*FILES, "limits.json"]
    for name in names:
        assert (one.folder / name).read_bytes() == (other.folder / name).read_bytes()
    assert one.sha256 == other.sha256


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_a_damaged_file_makes_them_worthless(tmp_path: Path, name: str, damage: str) -> None:
    path = written(tmp_path).folder / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b" ")
    assert held(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"limits": {"zones": 3}}', "\x00"])
def test_a_damaged_seal_is_none_and_no_crash(tmp_path: Path, text: str) -> None:
    (written(tmp_path).folder / "limits.json").write_text(text, encoding="utf-8")
    assert held(tmp_path) is None


def test_limits_of_another_cube_are_not_taken(tmp_path: Path) -> None:
    written(tmp_path)
    other = CUBE_ID[:16] + "0" * 48  # the folder's name is the same, the cube is not
    assert held(tmp_path, other) is None


def test_an_id_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="hash"):
        held(tmp_path, "../../etc")


def test_the_seal_tells_seed_and_versions(tmp_path: Path) -> None:
    fields = json.loads((written(tmp_path).folder / "limits.json").read_bytes())
    assert fields["limits"]["seed"] == 7
    assert fields["versions"] == {"stage:limit": "1"}
    assert {one["name"] for one in fields["files"]} == set(FILES)


def test_the_table_holds_every_sounding(tmp_path: Path) -> None:
    text = (written(tmp_path).folder / "limits.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(GOOD.soundings) + 1
    nine = rows[1]
    assert (nine["contrast"], nine["smallest_px"], nine["smallest_m2"]) == ("0.08", "9", "900.0")
    assert (rows[0]["smallest_px"], rows[0]["tried_px"]) == ("", "64")
    assert (nine["n_found"], nine["n_planted"], nine["share_found"]) == ("180", "200", "0.9")
    assert {row["simulated"] for row in rows} == {"true"}
    assert rows[-1]["zone_id"] == "'=gate"


def test_areas_stand_by_contrast(tmp_path: Path) -> None:
    text = (written(tmp_path).folder / "areas.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    brighter, darker, green = rows[:3]
    assert (brighter["m2_at_0.04"], brighter["m2_at_0.08"]) == ("none", "900.0")
    assert brighter["m2_at_0.16"] == "400.0"
    assert (darker["m2_at_0.12"], darker["m2_at_0.16"]) == ("400.0", "")
    assert (green["m2_at_0.03"], green["m2_at_0.08"]) == ("none", "")


def test_the_map_has_a_band_a_kind_and_says_that_it_is_simulated(tmp_path: Path) -> None:
    chart = {**CHART, Plant.DARKER: np.full(GRID.shape, NOT_FOUND, dtype=np.float32)}
    publish_limits(tmp_path, LIMITS, chart, GRID, masks=())
    with rasterio.open(tmp_path / "limit-map.tif") as dataset:
        assert dataset.descriptions == tuple(plant.value for plant in Plant)
        assert (dataset.read(2) == NOT_FOUND).all()
        tags = dataset.tags()
    assert "true" in {tags[key] for key in tags if "simulated" in key.lower()}
    real = replace(LIMITS, is_simulated=False)
    publish_limits(tmp_path, real, chart, GRID, masks=())
    assert "true" not in (tmp_path / "limits.csv").read_text(encoding="utf-8")
