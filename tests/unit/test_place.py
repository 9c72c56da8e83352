"""Places in words: distances, directions, and what a landmark may be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.model.cube import ZoneMask
from pipeline.model.grid import Grid, Window
from pipeline.raster.place import Landmark, centre_of, compass_word, landmarks_of, place_words
from tests.unit.findings_factory import make_findings

if TYPE_CHECKING:
    from pipeline.model.findings import Findings

CENTRE = Landmark("the centre", (1000.0, 2000.0), 50.0)
GRID = Grid("EPSG:32652", 300_000.0, 4_200_000.0, 10.0, 100, 100)


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ((1000, 2310), "about 300 m north of the centre"),
        ((1720, 2000), "about 700 m east of the centre"),
        ((800, 1800), "about 300 m south-west of the centre"),
        ((1030, 2010), "at the centre"),
        ((1000, 3460), "about 1,500 m north of the centre"),
        ((1000, 2055), "about 50 m north of the centre"),
    ],
)
def test_places_are_told_as_people_tell_them(point: tuple[float, float], words: str) -> None:
    assert place_words(point, [CENTRE]) == words


def test_the_nearest_edge_counts_and_not_the_nearest_centre() -> None:
    yard = Landmark("the yard", (1000.0, 2500.0), 190.0)
    assert place_words((1000, 2280), [CENTRE, yard]) == "about 200 m south of the yard"


def test_a_landmark_that_may_lie_elsewhere_is_not_used() -> None:
    vague = Landmark("a lot", (1000.0, 2290.0), 20.0, accuracy_m=400.0)
    assert place_words((1000, 2310), [vague]) == ""
    assert place_words((1000, 2310), [vague, CENTRE]) == "about 300 m north of the centre"
    assert place_words((1000, 3200), [vague]) == "about 900 m north of a lot"


def test_without_landmarks_nothing_is_said() -> None:
    assert place_words((0, 0), []) == ""


@pytest.mark.parametrize("bearing", range(0, 720, 7))
def test_a_direction_is_within_half_a_step_of_its_word(bearing: int) -> None:
    words = (
        "north",
        "north-east",
        "east",
        "south-east",
        "south",
        "south-west",
        "west",
        "north-west",
    )
    off = (bearing - 45 * words.index(compass_word(bearing))) % 360
    assert min(off, 360 - off) <= 22.5


def test_the_centre_of_a_block_is_weighed() -> None:
    window = Window(10, 20, 1, 2)
    assert centre_of(np.ones((1, 2), bool), window, GRID) == (300_210.0, 4_199_895.0)
    assert centre_of(np.array([[3.0, 1.0]]), window, GRID) == (300_207.5, 4_199_895.0)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return make_findings()


def test_landmarks_are_placed_zones_of_known_kinds(findings: Findings) -> None:
    marks = landmarks_of(findings.site, findings.masks, findings.cube.grid)
    kinds = {zone.label: zone.kind.value for zone in findings.site.zones if zone.is_placed}
    assert {kinds[mark.label] for mark in marks} <= {"support", "gate", "depot"}
    wanted = [label for label, kind in kinds.items() if kind in ("support", "gate", "depot")]
    assert sorted(mark.label for mark in marks) == sorted(wanted)


def test_a_landmark_lies_where_its_zone_lies(findings: Findings) -> None:
    mask = ZoneMask(findings.site.zones[0].id, Window(0, 0, 4, 4), np.ones((4, 4), np.float32))
    for mark in landmarks_of(findings.site, [mask], GRID):
        assert mark.centre == (300_020.0, 4_199_980.0)
