"""Means over an outline against plain loops, and what must not be summed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely import Point, Polygon, box

from pipeline.model.change import Period
from pipeline.model.coarse import CoarseLook, LookLabel, Noise, Quantity, SourceFile
from pipeline.model.degrees import DegreeGrid
from pipeline.raster.outline_mean import outline_mean, outline_radiance, site_radiance
from tests.unit.lights_factory import SITE_BOX, make_site

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOON = datetime(2020, 1, 1, tzinfo=UTC)
GRID = DegreeGrid(126.5, 38.0, 1 / 240, 1 / 240, 30, 48)
CELL = 1 / 240


def make_look(
    values: NDArray[Any],
    seen: NDArray[np.bool_] | None = None,
    **changes: Any,  # noqa: ANN401 - fields of the look
) -> CoarseLook:
    fields: dict[str, Any] = {
        "label": LookLabel("dnb-monthly", "npp"),
        "quantity": Quantity.RADIANCE,
        "period": Period(NOON, NOON),
        "values": values.astype(np.float32),
        "seen": np.isfinite(values) if seen is None else seen,
        "saturated": np.zeros(values.shape, bool),
        "grid": GRID,
        "sources": (SourceFile("f.tif", "00"),),
        "noise": Noise(0.1, "a test"),
    }
    return CoarseLook(**(fields | changes))


@given(
    values=arrays(np.float32, (9, 12), elements=st.integers(-2, 900).map(lambda n: n / 8)),
    seen=arrays(np.bool_, (9, 12)),
    west=st.floats(126.501, 126.528),
    north=st.floats(37.976, 37.999),
)
def test_a_mean_is_that_of_a_plain_loop(
    *, values: NDArray[np.float32], seen: NDArray[np.bool_], west: float, north: float
) -> None:
    outline = box(west, north - 0.013, west + 0.021, north)
    small = DegreeGrid(126.5, 38.0, CELL, CELL, 9, 12)
    found = outline_mean(make_look(values, seen, grid=small), outline)
    areas = small.pixel_areas_m2()
    weighted = weight = inside = total = pixels = 0.0
    for row in range(9):
        for col in range(12):
            left, top = 126.5 + col * CELL, 38.0 - row * CELL
            share = box(left, top - CELL, left + CELL, top).intersection(outline).area / CELL**2
            inside += share * areas[row]
            pixels += share
            if seen[row, col]:
                weighted += share * areas[row] * float(values[row, col])
                weight += share * areas[row]
                total += share * float(values[row, col])
    assert found.n_pixels == pytest.approx(pixels)
    assert found.area_m2 == pytest.approx(inside)
    assert found.seen_share == pytest.approx(weight / inside)
    if weight:
        assert found.mean == pytest.approx(weighted / weight, rel=1e-6, abs=1e-6)
        assert found.seen_sum == pytest.approx(total, rel=1e-6, abs=1e-5)
    else:
        assert found.mean is None


def test_the_whole_site_and_its_size() -> None:
    found = site_radiance(make_look(np.full((30, 48), 2.0)), make_site())
    west, south, east, north = SITE_BOX
    assert found.n_pixels == pytest.approx((east - west) * (north - south) * 240**2)
    assert found.mean == pytest.approx(2)
    assert found.seen_sum == pytest.approx(2 * found.n_pixels)
    assert found.area_m2 == pytest.approx(4_395 * 3_996, rel=0.002)


def test_digital_numbers_are_no_radiance() -> None:
    look = make_look(np.ones((30, 48)), quantity=Quantity.DN)
    with pytest.raises(ValueError, match="not radiance"):
        site_radiance(look, make_site())
    with pytest.raises(ValueError, match="not radiance"):
        outline_radiance(look, box(126.6, 37.92, 126.61, 37.93))
    assert outline_mean(look, box(126.6, 37.92, 126.61, 37.93)).mean == pytest.approx(1)


@pytest.mark.parametrize(
    "outline",
    [
        box(126.4, 37.92, 126.55, 37.93),
        box(120.0, 37.92, 120.1, 37.93),
        Polygon(),
        Point(126.6, 37.93),
    ],
)
def test_an_outline_beyond_the_pixels_is_refused(outline: Any) -> None:  # noqa: ANN401 - geometries
    with pytest.raises(ValueError, match="not inside the pixels"):
        outline_mean(make_look(np.ones((30, 48))), outline)


def test_a_look_whose_parts_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="an array of"):
        make_look(np.ones((30, 47)))
    values = np.ones((30, 48))
    values[3, 3] = np.nan
    with pytest.raises(ValueError, match="without a number"):
        make_look(values, np.ones((30, 48), bool))


def test_the_saturated_share_is_of_the_seen_area() -> None:
    """Of four pixels in a row one is unseen and one of the others stands at the top."""
    values, top = np.full((30, 48), 2.0), np.zeros((30, 48), bool)
    values[5, 10] = np.nan
    top[5, 11] = True
    outline = box(126.5 + 10 * CELL, 38 - 6 * CELL, 126.5 + 14 * CELL, 38 - 5 * CELL)
    found = outline_mean(make_look(values, saturated=top), outline)
    assert found.saturated_share == pytest.approx(1 / 3)
    assert found.seen_share == pytest.approx(3 / 4)
    assert outline_mean(make_look(values), outline).saturated_share == 0
