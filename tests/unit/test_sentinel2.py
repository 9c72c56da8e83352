"""Offsets: every combination of baseline, flag and statement, against a table by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.errors import AssetError
from pipeline.model.scene import Asset
from pipeline.raster.radiometry import Radiometry
from pipeline.sensors.sentinel2 import (
    BANDS,
    OPTIONAL_BANDS,
    REQUIRED_BANDS,
    SceneClass,
    decide_radiometry,
    parse_baseline,
    to_reflectance,
)
from tests.unit.scene_factory import make_scene

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decided(baseline: str | None, flag: bool | None, stated: float | None) -> Radiometry:  # noqa: FBT001 - a table
    scene = make_scene(processing_baseline=baseline, boa_offset_applied=flag)
    return decide_radiometry(scene, Asset("nir", "x.tif", "nir", 10.0, offset=stated))


# (baseline, offset already applied, offset that the item states) -> offset to apply, by hand.
TABLE = [
    ("02.14", None, None, 0.0),
    ("02.14", None, 0.0, 0.0),
    ("02.14", False, 0.0, 0.0),
    ("02.14", True, 0.0, 0.0),
    ("03.01", False, -0.1, 0.0),
    ("03.01", True, -0.1, 0.0),
    ("04.00", None, None, -0.1),
    ("04.00", False, None, -0.1),
    ("04.00", True, None, 0.0),
    ("05.11", True, -0.1, 0.0),
    ("05.11", False, -0.1, -0.1),
    ("05.11", None, -0.1, -0.1),
    ("05.11", False, 0.0, -0.1),
    ("05.11", None, 0.0, 0.0),
    (None, None, -0.1, -0.1),
    (None, None, 0.0, 0.0),
    (None, True, None, 0.0),
    (None, True, -0.1, 0.0),
]


@pytest.mark.parametrize(("baseline", "flag", "stated", "offset"), TABLE)
def test_the_offset_of_every_combination(
    baseline: str | None,
    flag: bool | None,  # noqa: FBT001 - a table
    stated: float | None,
    offset: float,
) -> None:
    radiometry = decided(baseline, flag, stated)
    assert radiometry.offset == offset
    assert radiometry.scale == 1e-4
    assert len(radiometry.decided_by.split()) > 4
    assert (baseline or "no baseline stated") in radiometry.decided_by


@pytest.mark.parametrize("baseline", [None, "", "latest", "5"])
def test_nothing_stated_is_not_guessed(baseline: str | None) -> None:
    with pytest.raises(AssetError, match="neither processing baseline nor offset") as caught:
        decided(baseline, None, None)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("flag", [True, False])
def test_the_step_of_baseline_04_leaves_no_step_in_reflectance(flag: bool) -> None:  # noqa: FBT001 - a table
    """The four combinations: ground of 0.15 before and after, corrected upstream or not."""
    before = decided("03.01", flag=False, stated=0.0)
    after = decided("04.00", flag, -0.1)
    dn_after = 1500 if flag else 2500
    pair = [
        to_reflectance(np.array([dn], np.uint16), radiometry)[0]
        for dn, radiometry in ((1500, before), (dn_after, after))
    ]
    assert pair == pytest.approx([0.15, 0.15], abs=1e-6)


def test_a_stated_scale_is_used() -> None:
    asset = Asset("nir", "x.tif", "nir", 10.0, scale=2e-4, offset=0.0)
    assert decide_radiometry(make_scene(), asset).scale == 2e-4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("02.14", (2, 14)),
        ("05.11", (5, 11)),
        ("N0400", (4, 0)),
        ("0511", (5, 11)),
        (" 04.00 ", (4, 0)),
        ("10.00", (10, 0)),
        ("4", None),
        ("v1.2.3", None),
        ("", None),
        (None, None),
    ],
)
def test_baselines_in_every_spelling(text: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_baseline(text) == expected


@given(
    dn=arrays(np.uint16, (3, 4)),
    scale=st.sampled_from([1e-4, 2e-4]),
    offset=st.sampled_from([0.0, -0.1]),
)
def test_reflectance_against_plain_loops(
    dn: NDArray[np.uint16], scale: float, offset: float
) -> None:
    original = dn.copy()
    values = to_reflectance(dn, Radiometry(scale, offset, "test"))
    assert values.dtype == np.float32
    for row in range(3):
        for col in range(4):
            assert values[row, col] == pytest.approx(int(dn[row, col]) * scale + offset, abs=2e-6)
    assert np.array_equal(dn, original)


def test_reflectance_below_zero_is_kept() -> None:
    assert to_reflectance(np.array([900], np.uint16), decided("05.11", None, -0.1))[0] < 0


def test_the_bands_that_the_pass_needs_are_known() -> None:
    assert {BANDS[band].gsd_m for band in REQUIRED_BANDS} == {10}
    assert {BANDS[band].gsd_m for band in OPTIONAL_BANDS} == {20}
    assert (BANDS["nir"].name, BANDS["nir08"].name) == ("B08", "B8A")


def test_the_classes_that_the_settings_name() -> None:
    assert [SceneClass(code).name for code in (4, 5, 6, 7, 11)] == [
        "VEGETATION",
        "NOT_VEGETATED",
        "WATER",
        "UNCLASSIFIED",
        "SNOW_OR_ICE",
    ]
    assert len(SceneClass) == 12
