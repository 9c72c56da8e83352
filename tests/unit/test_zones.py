"""Counting by zone against plain loops."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.grid import Grid, Window
from pipeline.model.look import PixelKind
from pipeline.zones import mask_excess, measure_zones
from tests.unit.changes_factory import Stage, mask

if TYPE_CHECKING:
    from numpy.typing import NDArray


def random_mask(seed: int, window: Window) -> ZoneMask:
    rng = np.random.default_rng(seed)
    return ZoneMask("odd", window, rng.random((window.height, window.width)).astype(np.float32))


@given(seed=st.integers(0, 2**16), row=st.integers(0, 5), col=st.integers(0, 6))
def test_sums_agree_with_plain_loops(seed: int, row: int, col: int) -> None:
    stage = Stage(n_dates=6, n_baseline=2).change(2, 4, Window(3, 3, 5, 6)).cloud(3)
    cube, changes, zone = stage.cube(), stage.answer(), random_mask(seed, Window(row, col, 7, 9))
    (series,) = measure_zones(changes, cube, [zone])
    for date in range(6):
        seen = departing = changed = 0.0
        for y in range(7):
            for x in range(9):
                weight = float(zone.fraction[y, x])
                seen += weight * changes.seen[date, row + y, col + x]
                departing += weight * changes.departs[date, row + y, col + x]
                changed += weight * changes.changed[date, row + y, col + x]
        assert series.seen_px[date] == pytest.approx(seen)
        assert series.departing_px[date] == pytest.approx(departing)
        assert series.changed_px[date] == pytest.approx(changed)
    assert series.n_pixels == pytest.approx(float(zone.fraction.sum(dtype=np.float64)), rel=1e-5)


def test_an_unseen_date_has_no_share_rather_than_zero() -> None:
    stage = Stage().cloud(7)
    (series,) = measure_zones(stage.answer(), stage.cube(), [mask("a", Window(0, 0, 4, 4))])
    assert math.isnan(series.departing_share[7])
    assert series.departing_share[6] == 0


def test_pixels_without_a_baseline_are_not_counted_as_seen() -> None:
    stage = Stage()
    changes = stage.answer()
    monitored = np.ones((12, 16), dtype=bool)
    monitored[:, :8] = False
    changes = replace(changes, monitored=monitored)
    (half,) = measure_zones(changes, stage.cube(), [mask("a", Window(0, 0, 12, 16))])
    (none,) = measure_zones(changes, stage.cube(), [mask("b", Window(0, 0, 12, 8))])
    assert half.seen_px[0] == 12 * 8
    assert half.n_pixels == 12 * 16
    assert none.seen_px[0] == 0
    assert math.isnan(none.noise)


def test_snow_is_counted_apart_and_controls_keep_their_mark() -> None:
    stage = Stage()
    cube = stage.cube()
    snow = np.zeros(cube.clear.shape, dtype=bool)
    snow[4, 2:4, 2:4] = True
    clear = cube.clear & ~snow
    cube = DateCube(
        cube.values.copy(), clear, snow, cube.instants, cube.scene_ids, cube.bands, cube.grid
    )
    masks = [mask("a", Window(0, 0, 12, 16)), mask("c", Window(6, 0, 6, 16), is_control=True)]
    own, control = measure_zones(stage.answer(), cube, masks)
    assert (own.snow_px[4], control.snow_px[4]) == (4, 0)
    assert (own.is_control, control.is_control) == (False, True)


def kinds_cube(kinds: NDArray[np.uint8]) -> DateCube:
    """A cube of which only the kinds matter."""
    n, height, width = kinds.shape
    clear = kinds == PixelKind.CLEAR
    grid = Grid("EPSG:32652", 0.0, 100.0, 10.0, height, width)
    instants = tuple(datetime(2020, 1, 1 + day, tzinfo=UTC) for day in range(n))
    names = tuple(f"s{day}" for day in range(n))
    return DateCube(
        np.zeros((n, 1, height, width), np.float32), clear, kinds == PixelKind.SNOW, instants,
        names, ("red",), grid, kinds=kinds,
    )  # fmt: skip


def strip(name: str, col: int, *, is_control: bool = False) -> ZoneMask:
    """A zone of two columns."""
    return ZoneMask(name, Window(0, col, 4, 2), np.ones((4, 2), np.float32), is_control)


def test_a_zone_of_bright_roofs_is_masked_more_often_than_the_controls() -> None:
    kinds = np.full((4, 4, 6), PixelKind.CLEAR, np.uint8)
    kinds[:2, :, :2] = PixelKind.CLOUD  # on two of four dates the roofs are taken for cloud
    kinds[3] = PixelKind.CLOUD  # once everything is under cloud
    kinds[2, :2, 2:4] = PixelKind.SHADOW
    masks = (strip("roofs", 0), strip("field", 2), strip("control", 4, is_control=True))
    excess = mask_excess(kinds_cube(kinds), masks)
    assert excess == pytest.approx({"roofs": 0.5, "field": 0.125, "control": 0.0})


def test_snow_is_no_mask_and_no_data_is_no_sample() -> None:
    kinds = np.full((2, 4, 6), PixelKind.CLEAR, np.uint8)
    kinds[0, :, :2] = PixelKind.SNOW
    kinds[1, :, :2] = PixelKind.UNSEEN
    kinds[1, :, 4:] = PixelKind.CLOUD
    masks = (strip("roofs", 0), strip("control", 4, is_control=True))
    assert mask_excess(kinds_cube(kinds), masks)["roofs"] == 0


def test_without_controls_or_kinds_there_is_nothing_to_compare() -> None:
    cube = kinds_cube(np.full((2, 4, 6), PixelKind.CLEAR, np.uint8))
    assert np.isnan(mask_excess(cube, (strip("roofs", 0),))["roofs"])
    assert mask_excess(replace(cube, kinds=None), (strip("roofs", 0),)) == {}


def test_kinds_must_fit_the_axes() -> None:
    cube = kinds_cube(np.full((2, 4, 6), PixelKind.CLEAR, np.uint8))
    with pytest.raises(ValueError, match="kinds"):
        replace(cube, kinds=np.zeros((1, 4, 6), np.uint8))
