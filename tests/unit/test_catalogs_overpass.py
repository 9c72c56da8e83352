"""Satellites in one spelling, ground tracks, and what two items of one overpass share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogs.items import scene_from_item
from pipeline.catalogs.overpass import orbit_state, overpass_key, platform_of, relative_orbit
from tests.unit.item_factory import make_item

NAME = "OPERA_L2_RTC-S1_T137-292319-IW2_20211119T015858Z_20250830T120333Z_S1A_30_v1.0"
WHEN = datetime(2020, 8, 5, 2, 2, 1, tzinfo=UTC)


def key(name: str = "an id", when: datetime = WHEN, **properties: Any) -> str:  # noqa: ANN401 - JSON
    return overpass_key({k.replace("__", ":"): v for k, v in properties.items()}, name, when)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Sentinel-2A", "sentinel-2a"),
        ("SENTINEL-1A", "sentinel-1a"),
        ("sentinel_2b", "sentinel-2b"),
        ("LANDSAT_8", "landsat-8"),
        ("landsat 5", "landsat-5"),
        ("Landsat7", "landsat-7"),
        ("snpp", "snpp"),
        ("tandem-x", "tandem-x"),
        (" ", ""),
        (None, ""),
        (5, "5"),
    ],
)
def test_satellites_in_one_spelling(stated: object, expected: str) -> None:
    assert platform_of({"platform": stated}) == expected
    assert platform_of({"eo:platform": stated}) == expected


def test_a_name_of_opera_tells_the_satellite_where_the_item_does_not() -> None:
    assert platform_of({}, NAME) == "sentinel-1a"
    assert platform_of({"platform": "Sentinel-1C"}, NAME) == "sentinel-1c"


@pytest.mark.parametrize(
    ("stated", "name", "expected"),
    [
        (127, "", 127),
        ("127", "", 127),
        (127.5, "", None),
        (-3, "", None),
        (0, "", None),
        (True, "", None),
        (None, NAME, 137),
        (32, NAME, 32),
        ({}, "", None),
    ],
)
def test_the_ground_track(stated: object, name: str, expected: int | None) -> None:
    assert relative_orbit({"sat:relative_orbit": stated}, name) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Ascending", "ascending"),
        ("descending", "descending"),
        ("geostationary", None),
        (None, None),
        (3, None),
    ],
)
def test_the_direction(stated: object, expected: str | None) -> None:
    assert orbit_state({"sat:orbit_state": stated}) == expected


def test_orbit_and_direction_are_kept_with_the_scene() -> None:
    item = make_item()
    item["properties"] |= {"sat:relative_orbit": 127, "sat:orbit_state": "ascending"}
    scene = scene_from_item(item, base="https://c.example/")
    assert (scene.relative_orbit, scene.orbit_state) == (127, "ascending")
    scene = scene_from_item(make_item(), base="https://c.example/")
    assert (scene.relative_orbit, scene.orbit_state) == (None, None)


LANDSAT: dict[str, Any] = {
    "platform": "landsat-8",
    "landsat__wrs_path": "116",
    "landsat__wrs_row": "034",
}


def test_two_rows_two_processings_and_two_catalogues_of_one_pass_share_a_key() -> None:
    same = {
        key(**LANDSAT),
        key(**LANDSAT | {"landsat__wrs_row": "033"}, when=WHEN.replace(second=25)),
        key(**LANDSAT | {"platform": "LANDSAT_8", "landsat__wrs_path": 116}),
        key(platform="landsat-8", grid__code="WRS2-116034"),
        key(**LANDSAT, when=WHEN.replace(hour=0, minute=0, second=0)),
    }
    assert same == {"landsat-8/path-116/20200805"}


def test_other_passes_have_other_keys() -> None:
    others = {
        key(**LANDSAT),
        key(**LANDSAT | {"platform": "landsat-9"}),
        key(**LANDSAT | {"landsat__wrs_path": "115"}),
        key(**LANDSAT, when=WHEN.replace(day=13)),
    }
    assert len(others) == 4


@pytest.mark.parametrize(
    "properties",
    [
        {"landsat__wrs_path": None},
        {"landsat__wrs_path": "12x"},
        {"landsat__wrs_type": "1"},
        {"landsat__wrs_path": None, "grid__code": "WGS2-116034"},
    ],
)
def test_without_a_path_satellite_and_second_are_the_key(properties: dict[str, Any]) -> None:
    assert key(**LANDSAT | properties) == "landsat-8/20200805T020201"


def test_slices_of_one_orbit_of_sentinel_1_share_a_key() -> None:
    radar: dict[str, Any] = {"platform": "SENTINEL-1A", "sat__absolute_orbit": 53498}
    later = WHEN.replace(second=40)
    assert key(**radar) == key(**radar, when=later) == "sentinel-1a/orbit-053498"
    assert key(**radar | {"sat__absolute_orbit": 53673}) != key(**radar)
    assert key(**radar | {"platform": "sentinel-1b"}) != key(**radar)


def test_bursts_of_one_pass_share_a_key() -> None:
    neighbour = NAME.replace("292319", "292320").replace("015858Z_2025", "015901Z_2025")
    assert key(NAME, datetime(2021, 11, 19, 1, 58, 58, tzinfo=UTC)) == key(neighbour)
    assert key(NAME) == "sentinel-1a/track-137/20211119"


@given(
    st.dictionaries(
        st.sampled_from(
            ["platform", "landsat:wrs_path", "grid:code", "sat:absolute_orbit", "s2:datatake_id"]
        ),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers()),
    )
)
def test_rubbish_gives_a_key_all_the_same(properties: dict[str, Any]) -> None:
    assert overpass_key(properties, "an id", WHEN)
