"""Products: complete, true to the findings, the same bytes each time, all or none."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from shapely.geometry import LinearRing

from pipeline import publish
from pipeline.errors import StoreError
from pipeline.model.findings import LookUse
from pipeline.model.look import Look, Shift
from pipeline.publish import publish_products
from pipeline.publish.maps import status_codes
from pipeline.publish.rows import finite, iso
from pipeline.publish.tables import cell, to_csv
from pipeline.publish.vectors import outline
from pipeline.store.files import sha256_of
from pipeline.store.rasters import open_raster
from tests.unit.activity_factory import signed_findings
from tests.unit.findings_factory import (
    CLOUDY_DATES,
    GRID,
    INSTANTS,
    N_BASELINE,
    N_DATES,
    ONSET,
    REVERSAL,
    WINDOWS,
    YARD,
    make_findings,
    poisoned,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = [
    "assessments.csv", "assessments.json", "change-map.tif", "detections.geojson",
    "detections.gpkg", "failures.csv", "scenes.csv", "sign-series.csv", "signs.csv", "signs.json",
    "zone-series.csv", "zones.geojson", "zones.gpkg",
]  # fmt: skip


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One set of products for the tests that only read."""
    folder = tmp_path_factory.mktemp("work") / "products"
    publish_products(folder, make_findings())
    return folder


def table(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8"))))


def document(folder: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / name).read_bytes())
    return loaded


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256_of(path) for path in folder.iterdir()}


def test_every_product_is_there_and_its_artifact_is_true(tmp_path: Path) -> None:
    artifacts = publish_products(tmp_path / "p", make_findings())
    assert [one.name for one in artifacts] == NAMES
    for one in artifacts:
        data = (tmp_path / "p" / one.name).read_bytes()
        assert (one.nbytes, one.sha256) == (len(data), sha256_of(tmp_path / "p" / one.name))


def test_same_findings_same_bytes_a_second_later(tmp_path: Path) -> None:
    first = publish_products(tmp_path / "a", make_findings())
    time.sleep(1.1)  # the clock of a GeoPackage counts whole seconds
    assert publish_products(tmp_path / "deeper" / "b", make_findings()) == first


def test_other_findings_other_bytes(tmp_path: Path) -> None:
    findings = make_findings()
    few = replace(findings, detections=findings.detections[:1])
    before, after = (
        {one.name: one.sha256 for one in publish_products(tmp_path / name, what)}
        for name, what in (("a", findings), ("b", few))
    )
    changed = {name for name in NAMES if before[name] != after[name]}
    assert changed == {"detections.gpkg", "detections.geojson", "zones.gpkg", "zones.geojson"}


def test_republishing_touches_no_file_that_is_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    publish_products(folder, make_findings())
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    (folder / "scenes.csv").write_text("altered", encoding="utf-8")
    publish_products(folder, make_findings())
    after = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert {name for name in NAMES if before[name] != after[name]} == {"scenes.csv"}
    assert len(table(folder, "scenes.csv")) == N_DATES + 2


def test_pages_are_published_with_the_rest(tmp_path: Path) -> None:
    pages = {"report.html": b"<p>page</p>"}
    artifacts = publish_products(tmp_path / "p", make_findings(), pages)
    assert "report.html" in [one.name for one in artifacts]
    assert (tmp_path / "p" / "report.html").read_bytes() == b"<p>page</p>"


@pytest.mark.parametrize("broken", ["write_change_map", "write_geopackage", "to_geojson", "to_csv"])
def test_a_failed_publish_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    folder = tmp_path / "p"
    publish_products(folder, make_findings())
    before = hashes(folder)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publish, broken, fail)
    with pytest.raises(StoreError, match="space"):
        publish_products(folder, make_findings(is_simulated=False))
    assert hashes(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_failed_first_publish_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Mapping[str, object]:
        raise KeyError("a bug")

    monkeypatch.setattr(publish.rows, "assessment_document", fail)
    with pytest.raises(KeyError, match="a bug"):
        publish_products(tmp_path / "p", make_findings())
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="file"):
        publish_products(tmp_path / "file" / "p", make_findings())


def test_change_map_says_what_was_planted(products: Path) -> None:
    with open_raster(products / "change-map.tif") as dataset:
        magnitude, day, status = dataset.read()
        tags, names = dataset.tags(), dataset.descriptions
    rows, cols = YARD.slices
    inside = np.zeros(GRID.shape, dtype=bool)
    inside[rows, cols] = True
    assert names == ("magnitude", "first_changed", "status")
    assert tags["zonewatch_simulated"] == "true"
    np.testing.assert_array_equal(magnitude[inside], np.float32(9.5))
    onset_day = (INSTANTS[ONSET].date() - INSTANTS[ONSET].date().replace(1970, 1, 1)).days
    assert set(day[inside]) == {np.float32(onset_day)}
    assert np.isnan(day[~inside]).all()
    assert set(status[inside]) == {4.0}
    assert set(status[~inside]) == {0.0}


def test_unmonitored_pixels_are_nodata_in_every_band(tmp_path: Path) -> None:
    findings = make_findings()
    monitored = np.ones(GRID.shape, dtype=bool)
    monitored[12, 12] = False
    findings = replace(findings, changes=replace(findings.changes, monitored=monitored))
    publish_products(tmp_path / "p", findings)
    with open_raster(tmp_path / "p" / "change-map.tif") as dataset:
        bands = dataset.read()
    assert np.isnan(bands[:, 12, 12]).all()
    assert not np.isnan(bands[:, 12, 13]).any()


@pytest.mark.parametrize(
    ("run", "changed", "code"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 0], 0),
        ([0, 0, 0, 1], [0, 0, 0, 0], 1),
        ([0, 0, 1, 2], [0, 0, 0, 0], 2),
        ([0, 1, 2, 3], [0, 1, 1, 1], 3),
        ([1, 2, 3, 0], [1, 1, 1, 0], 4),
        ([0, 1, 0, 0], [0, 0, 0, 0], 0),
    ],
)
def test_status_of_one_pixel(run: list[int], changed: list[int], code: int) -> None:
    base = make_findings().changes
    history = replace(
        base,
        seen=np.ones((4, 1, 1), dtype=bool),
        run_length=np.array(run, dtype=np.uint8).reshape(4, 1, 1),
        changed=np.array(changed, dtype=bool).reshape(4, 1, 1),
        monitored=np.ones((1, 1), dtype=bool),
    )
    assert status_codes(history)[0, 0] == code


def test_an_unseen_last_date_does_not_hide_an_open_run() -> None:
    base = make_findings().changes
    history = replace(
        base,
        seen=np.array([True, True, False]).reshape(3, 1, 1),
        run_length=np.array([1, 2, 0], dtype=np.uint8).reshape(3, 1, 1),
        changed=np.zeros((3, 1, 1), dtype=bool),
        monitored=np.ones((1, 1), dtype=bool),
    )
    assert status_codes(history)[0, 0] == 2


def test_outline_has_the_area_of_its_pixels_and_keeps_a_hole() -> None:
    found = make_findings().detections[0]
    mask = np.ones((10, 10), dtype=bool)
    mask[4:6, 4:6] = False
    mask[0, 0] = False
    ring = outline(replace(found, mask=mask), GRID)
    assert ring.area == pytest.approx(mask.sum() * 100)
    assert ring.is_valid
    left, bottom, right, top = ring.bounds
    assert (left, top) == (190_100.0, 4_099_900.0)
    assert (right, bottom) == (190_200.0, 4_099_800.0)


def test_outline_of_pixels_that_touch_at_a_corner_is_valid() -> None:
    found = make_findings().detections[0]
    ring = outline(replace(found, mask=np.eye(10, dtype=bool)), GRID)
    assert ring.is_valid
    assert ring.area == pytest.approx(1000)


def test_geojson_follows_rfc_7946(products: Path) -> None:
    collection = document(products, "zones.geojson")
    assert "crs" not in collection
    assert collection["zonewatch:simulated"] is True
    for feature in collection["features"]:
        if feature["geometry"] is not None:
            outer = LinearRing(feature["geometry"]["coordinates"][0])
            assert outer.is_ccw
            lon, lat = np.array(outer.coords).T
            np.testing.assert_allclose(lon, 125.52, atol=0.01)
            np.testing.assert_allclose(lat, 36.99, atol=0.01)
            np.testing.assert_array_equal(lon.round(7), lon)


def test_zone_of_unknown_place_has_no_geometry_and_says_so(products: Path) -> None:
    zones = {one["id"]: one for one in document(products, "zones.geojson")["features"]}
    unknown = zones["electronics"]
    assert unknown["geometry"] is None
    assert unknown["properties"]["position_established"] is False
    assert unknown["properties"]["search_cells"] == "cell-r00-c01;cell-r01-c00"
    assert unknown["properties"]["changed_share"] is None
    frame = gpd.read_file(products / "zones.gpkg").set_index("id")
    assert frame.loc["electronics"].geometry is None
    assert len(frame) == len(zones) == len(WINDOWS) + 1


def test_zone_numbers_are_those_of_the_findings(products: Path) -> None:
    zones = {
        one["id"]: one["properties"] for one in document(products, "zones.geojson")["features"]
    }
    plot = zones["north-vacant"]
    seen = sum(1 for date in range(N_BASELINE, N_DATES) if date not in CLOUDY_DATES)
    assert plot["n_clear_looks"] == seen
    assert (plot["limit_px"], plot["limit_m2"], plot["limit_contrast"]) == (4, 400.0, 0.04)
    assert (plot["n_detections"], plot["changed_share"]) == (1, 0.0)


def test_geopackage_and_geojson_agree(products: Path) -> None:
    in_metres = gpd.read_file(products / "detections.gpkg")
    in_degrees = gpd.read_file(products / "detections.geojson").to_crs(in_metres.crs)
    assert list(in_metres["id"]) == list(in_degrees["id"])
    apart = in_metres.geometry.symmetric_difference(in_degrees.geometry).area
    assert apart.max() < 400 * 0.02  # a perimeter of 400 m, off by two centimetres at most
    assert list(in_metres["area_m2"]) == list(in_metres.area.round(1))


def test_no_detection_is_an_empty_layer_with_columns(tmp_path: Path) -> None:
    publish_products(tmp_path / "p", replace(make_findings(), detections=()))
    assert document(tmp_path / "p", "detections.geojson")["features"] == []
    frame = gpd.read_file(tmp_path / "p" / "detections.gpkg")
    assert len(frame) == 0
    assert "onset_first_with" in frame.columns


def test_series_hold_every_zone_and_date(products: Path) -> None:
    rows = table(products, "zone-series.csv")
    assert len(rows) == N_DATES * len(WINDOWS)
    plot = [row for row in rows if row["zone_id"] == "north-vacant"]
    assert plot[ONSET]["departing_share"] == "0.25"
    assert plot[CLOUDY_DATES[0]]["departing_share"] == ""
    assert [row["period"] for row in plot].count("baseline") == N_BASELINE
    assert plot[REVERSAL]["changed_px"] == "0.0"


def test_every_scene_says_what_became_of_it(products: Path) -> None:
    uses = {row["id"]: row["use"] for row in table(products, "scenes.csv")}
    assert uses.pop("ALL_CLOUD") == LookUse.CLOUDED
    assert uses.pop("BROKEN") == LookUse.FAILED
    assert set(uses.values()) == {LookUse.USED.value}
    assert table(products, "failures.csv")[0]["kind"] == "CorruptAssetError"


def test_assessments_keep_both_asserted_dates(products: Path) -> None:
    rows = [row for row in table(products, "assessments.csv") if row["claim_id"] == "K000-01"]
    assert [(row["asserted_time"], row["asserted_by"]) for row in rows] == [
        ("2020-10-25", "Yonhap"),
        ("2020-11-25", "Daily NK"),
    ]
    answers = document(products, "assessments.json")["assessments"]
    assert [one["verdict"] for one in answers] == [
        "corroborated", "not_corroborated", "contradicted", "not_observable",
    ]  # fmt: skip
    unseen = answers[3]["tests"][0]
    assert (unseen["n_clear"], unseen["effect"]) == (1, None)


@pytest.mark.parametrize("is_simulated", [True, False])
def test_simulated_stands_in_every_product_or_in_none(
    tmp_path: Path, *, is_simulated: bool
) -> None:
    folder = tmp_path / "p"
    publish_products(folder, signed_findings(is_simulated=is_simulated))
    word = str(is_simulated).lower()
    for path in folder.glob("*.csv"):
        assert {row["simulated"] for row in table(folder, path.name)} == {word}
    for name in ("detections", "zones"):
        collection = document(folder, f"{name}.geojson")
        assert collection["zonewatch:simulated"] is is_simulated
        assert {one["properties"]["simulated"] for one in collection["features"]} == {is_simulated}
        info = pyogrio.read_info(folder / f"{name}.gpkg")
        assert info["layer_metadata"]["zonewatch_simulated"] == word
        assert info["dataset_metadata"]["zonewatch_simulated"] == word
        assert set(gpd.read_file(folder / f"{name}.gpkg")["simulated"]) == {is_simulated}
    assert document(folder, "assessments.json")["simulated"] is is_simulated
    with open_raster(folder / "change-map.tif") as dataset:
        assert dataset.tags()["zonewatch_simulated"] == word


def test_a_formula_is_only_text(tmp_path: Path) -> None:
    hostile = poisoned(make_findings(), '=HYPERLINK("http://x.example")')
    publish_products(tmp_path / "p", hostile)
    raw = (tmp_path / "p" / "failures.csv").read_text(encoding="utf-8")
    assert "\"'=HYPERLINK(" in raw
    for name in ("failures.csv", "assessments.csv"):
        for row in table(tmp_path / "p", name):
            assert not any((value or "").startswith(("=", "+", "@")) for value in row.values())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("\tx", "'\tx"), ("a=1", "a=1"),
        (-1, "-1"), (-0.25, "-0.25"), (True, "true"), (None, ""), (0, "0"),
    ],
)  # fmt: skip
def test_cells(value: str | float | None, text: str) -> None:
    assert cell(value) == text


def test_csv_is_utf8_with_plain_line_ends_and_survives_hard_text() -> None:
    hard = 'a "quoted", line\nbroken, 개성'
    data = to_csv([{"text": hard, "n": 1}], ("text", "n"))
    assert b"\r" not in data
    assert next(csv.DictReader(io.StringIO(data.decode()))) == {"text": hard, "n": "1"}


def test_csv_without_rows_keeps_its_head() -> None:
    assert to_csv([], ("a", "b")) == b"a,b\n"


def test_numbers_and_instants() -> None:
    assert finite(float("nan"), 2) is None
    assert finite(float("inf"), 2) is None
    assert finite(float(np.float32(0.125)), 2) == 0.12
    assert iso(INSTANTS[0]) == "2020-01-03T02:14:09Z"
    assert iso(None) is None


def test_products_name_no_path_of_this_machine(tmp_path: Path) -> None:
    publish_products(tmp_path / "p", make_findings())
    for path in (tmp_path / "p").iterdir():
        assert str(tmp_path).encode() not in path.read_bytes(), path.name


def test_scenes_tell_how_they_were_read_and_which_gave_way(tmp_path: Path) -> None:
    findings = make_findings()
    first = findings.scenes[0]
    look = Look(
        first.id, first.instant, 0.8, 0.05, used=True, cloud_share=0.1, shadow_share=0.05,
        scene_ids=(first.id, "TILE_2"), radiometry="scale 0.0001",
        shift=Shift(0.25, -0.1, 0.07), is_common_mode=True,
    )  # fmt: skip
    gone = replace(first, id="GAVE_WAY")
    findings = replace(
        findings, looks=(look,), superseded=(gone,), mask_excess={"north-vacant": 0.125}
    )
    publish_products(tmp_path / "p", findings)
    rows = {row["id"]: row for row in table(tmp_path / "p", "scenes.csv")}
    row = rows[first.id]
    assert row["tiles"] == f"{first.id};TILE_2"
    assert (row["cloud_share"], row["shadow_share"], row["snow_share"]) == ("0.1", "0.05", "0.05")
    assert (row["common_mode"], row["radiometry"]) == ("true", "scale 0.0001")
    assert (row["shift_east_px"], row["shift_south_px"]) == ("0.25", "-0.1")
    assert (row["shift_gain"], row["shift_applied"]) == ("0.07", "false")
    assert rows["GAVE_WAY"]["use"] == "superseded"
    assert rows["GAVE_WAY"]["shift_gain"] == ""
    zones = document(tmp_path / "p", "zones.geojson")["features"]
    excess = {one["id"]: one["properties"]["mask_excess"] for one in zones}
    assert excess["north-vacant"] == 0.125
    assert excess["electronics"] is None
