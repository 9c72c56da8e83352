"""Enemies of the AOI folder: every rule broken once, with file, feature and remedy asserted."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from shapely.geometry import Polygon

from pipeline.model.site import GeometryStatus, ZoneKind
from pipeline.sites import check_site, load_site
from tests.unit.sites_factory import (
    BESIDE,
    BOUNDARY,
    Json,
    assert_fault,
    collection,
    feature,
    only_fault,
    rectangle,
    sound_zones,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_sound_folder_becomes_a_site(tmp_path: Path) -> None:
    folder = write(tmp_path)
    assert check_site(folder) == ()
    site = load_site(folder)
    assert (site.id, site.claims_folder, site.crs) == ("demo", "demo", "EPSG:32652")
    assert site.baseline_end.isoformat() == "2018-12-31"
    assert [zone.id for zone in site.zones[:4]] == ["plant", "edge", "lost", "far-town"]
    assert {zone.kind for zone in site.zones[4:]} == {ZoneKind.CELL}
    assert site.zone("lost").search_cells == ("cell-r01-c01", "cell-r01-c02")
    assert not site.zone("lost").is_placed
    assert site.zone("far-town").status is GeometryStatus.UNKNOWN
    assert site.boundary.bounds == (126.60, 37.92, 126.62, 37.93)


def test_optional_settings_may_be_left_out(tmp_path: Path) -> None:
    zones = collection(*(zone for zone in sound_zones() if zone["geometry"]))
    absent: dict[str, str | None] = {"claims": None, "simulated": None, "cell_size_m": None}
    site = load_site(write(tmp_path, zones=zones, settings=absent))
    assert (site.claims_folder, site.is_simulated) == ("", False)
    assert [zone.id for zone in site.zones] == ["plant", "edge"]


def test_the_hash_is_over_names_sizes_and_bytes_in_order(tmp_path: Path) -> None:
    folder = write(tmp_path)
    parts = b""
    for name in ("site.toml", "boundary.geojson", "zones.geojson"):
        data = (folder / name).read_bytes()
        parts += name.encode() + b"\0" + str(len(data)).encode() + b"\0" + data
    before = load_site(folder).sha256
    assert before == hashlib.sha256(parts).hexdigest()
    (folder / "README.md").write_text("words", encoding="utf-8")
    assert load_site(folder).sha256 == before
    with (folder / "site.toml").open("a", encoding="utf-8") as file:
        file.write("\n# a remark\n")
    assert load_site(folder).sha256 != before


def test_overlapping_zones_are_allowed(tmp_path: Path) -> None:
    zones = collection(*sound_zones(), feature("whole", BOUNDARY))
    assert check_site(write(tmp_path, zones=zones)) == ()


def test_clockwise_rings_are_turned_in_silence(tmp_path: Path) -> None:
    clockwise = copy.deepcopy(sound_zones())
    clockwise[0]["geometry"]["coordinates"][0].reverse()
    zone = load_site(write(tmp_path, zones=collection(*clockwise))).zone("plant")
    assert isinstance(zone.geometry, Polygon)
    assert zone.geometry.exterior.is_ccw


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    folder = write(tmp_path)
    path = folder / "zones.geojson"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert check_site(folder) == ()


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    zones = sound_zones()
    zones[0]["properties"]["kind"] = "palace"
    zones[2]["properties"]["search_cells"] = ["cell-r99-c99"]
    zones.append(feature("../x", BESIDE))
    folder = write(tmp_path, zones=collection(*zones), settings={"timezone": '"Mars/Olympus"'})
    found = [(fault.where.rpartition("demo/")[2], fault.what) for fault in check_site(folder)]
    assert [where for where, _ in found] == [
        "site.toml",
        "zones.geojson, feature plant",
        "zones.geojson, features[4]",
        "zones.geojson, feature lost",
        "zones.geojson, features[4]",
    ]
    assert "lies outside" in found[-1][1]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert_fault(only_fault(tmp_path / "nowhere"), "nowhere", "no such folder", "site.toml")


@pytest.mark.parametrize("name", ["site.toml", "boundary.geojson", "zones.geojson"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path)
    (folder / name).unlink()
    fault = check_site(folder)[0]
    assert_fault(fault, name, "missing", "put it there")


FILES: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "the file is empty", "example"),
    "blank": (b" \n\t", "the file is empty", "example"),
    "cp949": ('{"label": "개성"}'.encode("cp949"), "byte 11 is not UTF-8", "as UTF-8"),
    "cut": (b'{"type": "FeatureCollection",\n "features": [', "JSON at line 2", "that line"),
    "words": (b"hello", "JSON at line 1, column 1", "that line"),
    "bomb": (b"[" * 200_000, "nested too deeply", "anew"),
    "huge": (b" " * 10_000_001, "larger than 10 MB", "simplify"),
    "list": (b"[]", "no FeatureCollection", "example"),
    "number": (b"7", "no FeatureCollection", "example"),
    "geometry": (b'{"type": "Polygon", "coordinates": []}', "no FeatureCollection", "example"),
    "no features": (b'{"type": "FeatureCollection"}', "no FeatureCollection", "example"),
    "none": (b'{"type": "FeatureCollection", "features": []}', "collection is empty", "example"),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.parametrize("name", ["boundary.geojson", "zones.geojson"])
def test_a_file_that_is_no_geojson_is_refused(tmp_path: Path, name: str, case: str) -> None:
    data, what, remedy = FILES[case]
    folder = write(tmp_path)
    (folder / name).write_bytes(data)
    assert_fault(only_fault(folder), name, what, remedy)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "zones.geojson").unlink()
    (folder / "zones.geojson").mkdir()
    assert_fault(only_fault(folder), "zones.geojson", "no plain file", "put it there")


@pytest.mark.parametrize("name", ["site.toml", "boundary.geojson", "zones.geojson"])
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder, read_bytes = write(tmp_path), Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == name:
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert_fault(check_site(folder)[0], name, "cannot be read (Permission denied)", "permissions")


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    path = folder / "zones.geojson"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"kind"', '"kind": "road", "kind"', 1), encoding="utf-8")
    fault = only_fault(folder)
    assert_fault(fault, "zones.geojson", "'kind' of 'plant' stands twice", "keep one")


WORDS: dict[str, tuple[Callable[[list[Json]], object], str, str, str]] = {
    "twice": (
        lambda zones: zones.append(feature("plant", BOUNDARY)),
        "feature plant",
        "the id stands twice, at features[0] and features[4]",
        "rename one",
    ),
    "cell id": (
        lambda zones: zones[0]["properties"].update(id="cell-r00-c00"),
        "feature cell-r00-c00",
        "kept for computed cells",
        "rename",
    ),
    "cell kind": (
        lambda zones: zones[0]["properties"].update(kind="cell"),
        "feature plant",
        "cells are computed",
        "cell_size_m",
    ),
    "id of a list": (
        lambda zones: zones[0]["properties"].update(id=["plant"]),
        "features[0]",
        "id: Input should be a valid string",
        "README.md",
    ),
    "unknown kind": (
        lambda zones: zones[0]["properties"].update(kind="palace"),
        "feature plant",
        "kind: Input should be 'production'",
        "README.md",
    ),
    "unknown status": (
        lambda zones: zones[0]["properties"].update(geometry_status="guessed"),
        "feature plant",
        "geometry_status: Input should be 'digitised'",
        "README.md",
    ),
    "invented": (
        lambda zones: zones[0]["properties"].update(geometry_status="invented"),
        "feature plant",
        "an invented outline on a site that is not simulated",
        "set geometry_status to unknown",
    ),
    "no label": (
        lambda zones: zones[0]["properties"].pop("label"),
        "feature plant",
        "label: Field required",
        "README.md",
    ),
    "no evidence": (
        lambda zones: zones[0]["properties"].update(position_evidence=" "),
        "feature plant",
        "position_evidence: String should have at least 1",
        "README.md",
    ),
    "typing error": (
        lambda zones: zones[0]["properties"].update(acuracy=3),
        "feature plant",
        "acuracy: Extra inputs",
        "README.md",
    ),
    "no accuracy": (
        lambda zones: zones[0]["properties"].update(position_accuracy_m=None),
        "feature plant",
        "an outline without position_accuracy_m",
        "in metres",
    ),
    "negative accuracy": (
        lambda zones: zones[0]["properties"].update(position_accuracy_m=-1),
        "feature plant",
        "position_accuracy_m: Input should be greater",
        "README.md",
    ),
    "cells of a drawn zone": (
        lambda zones: zones[0]["properties"].update(search_cells=["cell-r01-c01"]),
        "feature plant",
        "for zones of unknown outline only",
        "remove",
    ),
    "null without unknown": (
        lambda zones: zones[0].update(geometry=None),
        "feature plant",
        "the geometry is null, and yet geometry_status is digitised",
        "geometry_status to unknown",
    ),
    "unknown with outline": (
        lambda zones: zones[2].update(geometry=BOUNDARY),
        "feature lost",
        "geometry_status is unknown, and yet there is a geometry",
        "null",
    ),
    "unknown without cells": (
        lambda zones: zones[2]["properties"].update(search_cells=[]),
        "feature lost",
        "either search_cells or outside_site",
        "list the cells",
    ),
    "unknown inside and outside": (
        lambda zones: zones[2]["properties"].update(outside_site=True),
        "feature lost",
        "either search_cells or outside_site",
        "list the cells",
    ),
    "unknown with accuracy": (
        lambda zones: zones[2]["properties"].update(position_accuracy_m=5),
        "feature lost",
        "and yet position_accuracy_m is given",
        "to null",
    ),
    "absent cells": (
        lambda zones: zones[2]["properties"].update(search_cells=["cell-r01-c01", "cell-r9-c9"]),
        "feature lost",
        "names 1 absent cells, first 'cell-r9-c9'",
        "cell_size_m",
    ),
    "a cell twice": (
        lambda zones: zones[2]["properties"].update(search_cells=["cell-r01-c01"] * 2),
        "feature lost",
        "search_cells names a cell twice",
        "keep it once",
    ),
    "no control": (
        lambda zones: zones.pop(1),
        "zones.geojson",
        "no zone of kind control has an outline",
        "add at least one zone of kind control",
    ),
}


@pytest.mark.parametrize("case", WORDS)
def test_a_zone_whose_words_break_a_rule_is_named(tmp_path: Path, case: str) -> None:
    change, where, what, remedy = WORDS[case]
    zones = sound_zones()
    change(zones)
    assert_fault(only_fault(write(tmp_path, zones=collection(*zones))), where, what, remedy)


@pytest.mark.parametrize("item", [7, None, "x", [], {}, {"type": "Point"}])
def test_a_member_that_is_no_feature_is_named_by_position(tmp_path: Path, item: object) -> None:
    faults = check_site(write(tmp_path, zones=collection(*sound_zones(), item)))
    assert {fault.where.rpartition(", ")[2] for fault in faults} == {"features[4]"}
    assert "id: Field required" in {fault.what for fault in faults}


def test_two_boundaries_are_refused(tmp_path: Path) -> None:
    pair = collection(feature("a", BOUNDARY), feature("b", BESIDE))
    fault = only_fault(write(tmp_path, boundary=pair))
    assert_fault(fault, "boundary.geojson", "2 features, not one", "keep one Polygon")


def test_a_bare_feature_is_a_boundary(tmp_path: Path) -> None:
    assert check_site(write(tmp_path, boundary=feature("a", BOUNDARY))) == ()


FAR = rectangle(126.54, 37.96, 126.57, 37.985)


def test_a_comparator_outside_is_told_apart_from_the_zones_of_the_site(tmp_path: Path) -> None:
    """Coarse sensors measure it; for every other stage it has no outline."""
    zones = [*sound_zones()[:3], feature("town", FAR, kind="control", outside_site=True)]
    site = load_site(write(tmp_path, zones=collection(*zones)))
    (town,) = site.comparators
    assert (town.id, town.is_placed, town.geometry) == ("town", False, None)
    assert town.outline_outside is not None
    assert site.places == ("the site", "town")
    assert site.outline_of("town").bounds == (126.54, 37.96, 126.57, 37.985)
    assert site.outline_of("the site") == site.boundary
    for name in ("plant", "lost", "nowhere"):
        with pytest.raises(KeyError):
            site.outline_of(name)


@pytest.mark.parametrize(
    ("geometry", "kind", "what"),
    [
        (FAR, "plot", "a zone of kind plot with an outline outside"),
        (rectangle(126.59, 37.92, 126.61, 37.93), "control", "touches the site boundary"),
        (rectangle(26.54, 37.96, 26.57, 37.985), "control", "outside the area of use"),
        (rectangle(126.54, 37.96, 126.5401, 37.9601), "control", "the comparator covers"),
        (rectangle(125.0, 36.0, 126.5, 37.8), "control", "the comparator covers"),
    ],
)
def test_comparators_that_cannot_be_used(
    tmp_path: Path, geometry: Json, kind: str, what: str
) -> None:
    zones = [*sound_zones()[:3], feature("town", geometry, kind=kind, outside_site=True)]
    fault = only_fault(write(tmp_path, zones=collection(*zones)))
    assert what in fault.what


def test_a_comparator_outside_is_no_control_of_the_pass(tmp_path: Path) -> None:
    zones = [sound_zones()[0], feature("town", FAR, kind="control", outside_site=True)]
    fault = only_fault(write(tmp_path, zones=collection(*zones)))
    assert "no zone of kind control has an outline" in fault.what
