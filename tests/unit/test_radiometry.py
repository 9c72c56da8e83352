"""Stored numbers to physical ones: against plain loops, and never a value out of a gap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.raster.radiometry import Radiometry, has_numbers, to_physical

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAPS = st.sampled_from([(), (0.0,), (0.0, 7.0), (-32768.0,)])


@given(
    stored=arrays(np.uint16, (3, 4), elements=st.integers(0, 9) | st.integers(0, 65535)),
    scale=st.sampled_from([1e-4, 2.75e-5, 0.00341802]),
    offset=st.sampled_from([0.0, -0.2, 149.0]),
    nodata=GAPS,
)
def test_whole_numbers_against_plain_loops(
    stored: NDArray[np.uint16], scale: float, offset: float, nodata: tuple[float, ...]
) -> None:
    original = stored.copy()
    values = to_physical(stored, Radiometry(scale, offset, "test", nodata))
    good = has_numbers(stored, nodata)
    assert values.dtype == np.float32
    for row in range(3):
        for col in range(4):
            number = int(stored[row, col])
            assert good[row, col] == (number not in nodata)
            if number in nodata:
                assert math.isnan(values[row, col])
            else:
                assert values[row, col] == pytest.approx(number * scale + offset, abs=5e-5)
    assert np.array_equal(stored, original)


@given(stored=arrays(np.float32, 6, elements=st.floats(width=32)), nodata=GAPS)
def test_floats_against_plain_loops(stored: NDArray[np.float32], nodata: tuple[float, ...]) -> None:
    values = to_physical(stored, Radiometry(1.0, 0.0, "test", nodata))
    for before, after in zip(stored.tolist(), values.tolist(), strict=True):
        is_gap = not math.isfinite(before) or before in nodata
        assert math.isnan(after) if is_gap else after == before


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
def test_fill_is_neither_zero_nor_the_offset(dtype: Any) -> None:  # noqa: ANN401 - a NumPy type
    values = to_physical(np.array([0, 8000], dtype), Radiometry(2.75e-5, -0.2, "test", (0.0,)))
    assert math.isnan(values[0])
    assert values[1] == pytest.approx(0.02)


def test_the_line_for_the_record() -> None:
    assert str(Radiometry(1e-4, -0.1, "why")) == "scale 0.0001, offset -0.1: why"
