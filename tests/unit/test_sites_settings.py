"""Enemies of ``site.toml``: every key broken, with the key in the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.sites import check_site
from tests.unit.sites_factory import (
    BESIDE,
    assert_fault,
    collection,
    feature,
    only_fault,
    sound_zones,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

TABLES: dict[str, tuple[dict[str, str | None], str]] = {
    "unknown key": ({"colour": '"red"'}, "colour: Extra inputs"),
    "no id": ({"id": None}, "id: Field required"),
    "reserved id": ({"id": '"nul"'}, "id: Value error, the id is a reserved word"),
    "other id": ({"id": '"other"'}, "the id other is not the name of the folder, demo"),
    "empty label": ({"label": '" "'}, "label: String should have at least 1"),
    "invisible": ({"label": '"x\\u202ey"'}, "label: Value error, holds the invisible"),
    "time zone": ({"timezone": '"Asia/Kaesong"'}, "timezone: Value error, not an IANA"),
    "zone folder": ({"timezone": '"America"'}, "timezone: Value error, not an IANA"),
    "zone path": ({"timezone": '"../../etc/passwd"'}, "timezone: Value error, not an IANA"),
    "degrees": ({"crs": '"EPSG:4326"'}, "crs: Value error, not a projected CRS in metres"),
    "feet": ({"crs": '"EPSG:2263"'}, "crs: Value error, not a projected CRS in metres"),
    "no crs": ({"crs": '"EPSG:99999"'}, "crs: Value error, no such CRS is known"),
    "crs text": ({"crs": '"+proj=utm +zone=52"'}, "crs: Value error, not of the form"),
    "no date": ({"baseline_end": None}, "baseline_end: Field required"),
    "text date": ({"baseline_end": '"2018-12-31"'}, "baseline_end: Input should be a valid date"),
    "instant": ({"baseline_end": "2018-12-31T00:00:00"}, "baseline_end: Input should be a valid"),
    "path": ({"claims": '"../secrets"'}, "claims: Value error, the id is not 1 to 63"),
    "text truth": ({"simulated": '"no"'}, "simulated: Input should be a valid boolean"),
    "small cells": ({"cell_size_m": "10"}, "cell_size_m: Input should be greater"),
    "nan cells": ({"cell_size_m": "nan"}, "cell_size_m: Input should be a finite number"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_setting_is_named_with_its_key(tmp_path: Path, case: str) -> None:
    settings, what = TABLES[case]
    fault = only_fault(write(tmp_path, settings=settings))
    assert fault.where.endswith("site.toml")
    assert fault.what.startswith(what), fault.what
    assert fault.remedy


def test_toml_faults_name_the_line(tmp_path: Path) -> None:
    fault = only_fault(write(tmp_path, settings={"label": "unquoted"}))
    assert_fault(fault, "site.toml", "line 2", "correct it")


def test_a_fault_in_the_words_does_not_hide_one_on_the_ground(tmp_path: Path) -> None:
    zones = collection(*sound_zones(), feature("distant", BESIDE))
    settings: dict[str, str | None] = {"label": '""', "simulated": "7"}
    faults = check_site(write(tmp_path, zones=zones, settings=settings))
    assert [fault.where.rpartition("/")[2] for fault in faults] == [
        "site.toml",
        "site.toml",
        "zones.geojson, feature distant",
    ]
