"""The whole pass on a real burst of OPERA RTC-S1, split into zones: its wet day is no alarm."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shapely import to_geojson
from shapely.geometry import box

from pipeline.model.change import DECIBEL
from pipeline.model.findings import LookUse
from pipeline.request import request_for
from pipeline.run import RunResult, run_site
from tests.real.folder_of_items import pixels_at, put_item
from tests.real.test_opera_series import BRIGHT, GRID, granules, item_of
from tests.unit.raster_factory import write_tiff
from tests.unit.scene_factory import lonlat

if TYPE_CHECKING:
    from pipeline.model.findings import Findings

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("opera-run")]
N_ZONES, ZONE_PX = 4, 25
CONTROLS = ("zone-0-0", "zone-3-3")
"""Two corners of the burst; a zone of its own raises what is planted, so none of them is it."""
PLANTED = "zone-1-2"
END, FIRST_WITH = "2022-11-20", "2023-10-04"


def outline(row: int, col: int, size: int) -> dict[str, Any]:
    """A square block of the burst in degrees, a metre short of its edges."""
    left, top = GRID.left + 30 * col, GRID.top - 30 * row
    square = box(left + 1, top - 30 * size + 1, left + 30 * size - 1, top - 1)
    made: dict[str, Any] = json.loads(to_geojson(lonlat(square, GRID.crs)))
    return made


def write_site(folder: Path) -> Path:
    """The burst as a site of sixteen zones."""
    folder.mkdir(parents=True)
    lines = [
        f'id = "{folder.name}"', 'label = "A burst of OPERA"', 'timezone = "UTC"',
        f'crs = "{GRID.crs}"', f"baseline_end = {END}", "simulated = false",
        "cell_size_m = 1000",
    ]  # fmt: skip
    (folder / "site.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "README.md").write_text("Drawn for a test.\n", encoding="utf-8")
    boundary = {"type": "Feature", "properties": {}, "geometry": outline(0, 0, 100)}
    zones = [zone(row, col) for row in range(N_ZONES) for col in range(N_ZONES)]
    for name, features in (("boundary", [boundary]), ("zones", zones)):
        text = json.dumps({"type": "FeatureCollection", "features": features})
        (folder / f"{name}.geojson").write_text(text, encoding="utf-8")
    return folder


def zone(row: int, col: int) -> dict[str, Any]:
    name = f"zone-{row}-{col}"
    words = {
        "id": name, "label": name, "kind": "control" if name in CONTROLS else "production",
        "geometry_status": "computed", "position_evidence": "a square of the burst",
        "position_accuracy_m": 0,
    }  # fmt: skip
    geometry = outline(ZONE_PX * row, ZONE_PX * col, ZONE_PX)
    return {"type": "Feature", "properties": words, "geometry": geometry}


@cache
def run(*, is_planted: bool = False) -> RunResult:
    """The burst as it is, or with one zone 4 dB brighter from October 2023 on."""
    folder = Path(mkdtemp(prefix="zonewatch-opera-"))
    for name, paths in granules().items():
        item = item_of(name)
        if is_planted and item["properties"]["datetime"] >= FIRST_WITH:
            paths = {key: brighter(path, folder) for key, path in paths.items()}  # noqa: PLW2901
        put_item(folder / "catalogue", item, paths)
    site = write_site(folder / "burst")
    source, work = folder / "catalogue", folder / "work"
    return run_site(request_for(str(site), str(source), work, sensor="opera-rtc"))


def brighter(path: Path, folder: Path) -> Path:
    """The same file with the planted zone 4 dB brighter."""
    power = pixels_at(path).copy()
    rows, cols = slice(25, 50), slice(50, 75)
    power[rows, cols] *= np.float32(10**0.4)
    target = folder / path.name
    write_tiff(target, power, GRID)
    return target


def findings(*, is_planted: bool = False) -> Findings:
    found = run(is_planted=is_planted).findings
    assert found is not None
    return found


def test_every_real_date_goes_through() -> None:
    record, cube = run().record, findings().cube
    assert record.failures == ()
    assert not record.is_simulated
    assert len(cube.instants) == 22
    assert (cube.sensor, cube.orbit, cube.bands) == ("opera-rtc", "137", ("vv", "vh"))
    assert findings().changes.n_baseline == 8


def test_the_wet_day_is_left_out_and_no_zone_raises_an_alarm_on_it() -> None:
    found = findings()
    assert found.changes.steps is not None
    out = [found.cube.instants[at].date() for at in np.flatnonzero(found.changes.steps.common_mode)]
    assert out == [BRIGHT]
    (scene,) = [one for one in found.scenes if one.instant.date() == BRIGHT]
    assert found.use_of(scene) is LookUse.COMMON_MODE
    zones = {zone.id for zone in found.named_zones}
    assert len(zones) == 16
    alarms = [one for one in found.detections if one.zone_id in zones]
    days = {one.onset.first_with.date() for one in alarms}
    assert BRIGHT not in days
    assert sum(one.n_pixels for one in alarms) <= 0.002 * 100 * 100


def test_every_zone_says_what_it_would_have_shown() -> None:
    for one in findings().named_zones:
        limit = findings().limit_of(one.id)
        assert limit.unit == DECIBEL
        assert 1.5 < limit.contrast < 8
    text = (run().folder / "report.html").read_text(encoding="utf-8")
    assert f"{BRIGHT.isoformat()}</span>: VV +2." in text
    assert "SIMULATED" not in text
    assert "reflectance" not in text


def test_a_zone_that_is_made_brighter_is_the_only_one_that_tells() -> None:
    found = findings(is_planted=True)
    quiet = {one.id for one in findings().detections}
    (zone_id,) = {
        one.zone_id
        for one in found.detections
        if one.id not in quiet and one.n_pixels >= 50 and one.zone_id.startswith("zone-")
    }
    assert zone_id == PLANTED
    largest = max(found.detections_in(PLANTED), key=lambda one: one.n_pixels)
    assert largest.n_pixels >= 0.75 * ZONE_PX**2
    assert largest.magnitude == pytest.approx(4, abs=0.7)
    assert largest.onset.last_without is not None
    assert largest.onset.last_without.date() < BRIGHT.replace(month=10)
    assert largest.onset.first_with.date().year == 2023
