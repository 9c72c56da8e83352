"""Shape in numbers and words: known figures, turned figures, a plain search over directions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.raster.shape import BLOCK, LINE, PATCH, ROW, Shape, shape_of

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)).filter(np.any)


def strip(length_px: float, width_px: float, bearing_deg: float) -> Shape:
    """A turned rectangle, as pixels whose centres lie in it."""
    side = 121
    y, x = np.mgrid[:side, :side] - side // 2
    turn = math.radians(bearing_deg)
    along = x * math.sin(turn) - y * math.cos(turn)
    across = x * math.cos(turn) + y * math.sin(turn)
    return shape_of((abs(along) <= length_px / 2) & (abs(across) <= width_px / 2), 10.0)


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        ((1, 8), LINE), ((2, 12), LINE), ((12, 2), LINE), ((4, 16), ROW), ((6, 7), BLOCK),
        ((3, 3), BLOCK), ((1, 1), BLOCK), ((2, 5), BLOCK),
    ],
)  # fmt: skip
def test_rectangles_have_their_words(shape: tuple[int, int], word: str) -> None:
    found = shape_of(np.ones(shape, bool), 10.0)
    assert found.word == word
    assert (found.length_m, found.width_m) == pytest.approx((10 * max(shape), 10 * min(shape)))
    assert found.fill == pytest.approx(1.0)


@pytest.mark.parametrize("bearing_deg", [0, 20, 45, 70, 90, 110, 135, 160])
def test_a_turned_strip_is_measured_along_itself(bearing_deg: int) -> None:
    found = strip(60, 6, bearing_deg)
    assert found.word == ROW
    assert found.length_m == pytest.approx(600, abs=25)
    assert found.width_m == pytest.approx(60, abs=25)
    off = abs(found.bearing_deg - bearing_deg) % 180
    assert min(off, 180 - off) < 4


def test_an_open_corner_is_a_patch() -> None:
    corner = np.zeros((9, 9), bool)
    corner[:, :2] = corner[-2:, :] = True
    assert shape_of(corner, 10.0).word == PATCH


@pytest.mark.parametrize("turned", [False, True])
def test_of_rectangles_of_one_size_the_shortest_is_taken(*, turned: bool) -> None:
    """Two pixels that touch at a corner lie in a square and in a longer rectangle of its size."""
    corner = np.eye(2, dtype=bool)[:: -1 if turned else 1]
    found = shape_of(corner, 10.0)
    assert (found.length_m, found.width_m) == (20.0, 20.0)


def test_nothing_has_no_shape() -> None:
    with pytest.raises(ValueError, match="without pixels"):
        shape_of(np.zeros((3, 3), bool), 10.0)


@settings(deadline=None, max_examples=50)
@given(MASKS)
def test_no_direction_gives_a_smaller_rectangle(mask: np.ndarray) -> None:
    """Against a plain search over all directions."""
    found = shape_of(mask, 1.0)
    rows, cols = np.nonzero(mask)
    corners = [
        (c + i, -(r + j)) for r, c in zip(rows, cols, strict=True) for i in (0, 1) for j in (0, 1)
    ]
    least = math.inf
    for step in range(90):
        turn = math.radians(step)
        u = [x * math.cos(turn) + y * math.sin(turn) for x, y in corners]
        v = [y * math.cos(turn) - x * math.sin(turn) for x, y in corners]
        least = min(least, (max(u) - min(u)) * (max(v) - min(v)))
    assert found.length_m * found.width_m <= least + 1e-4
    assert found.length_m * found.width_m * found.fill == pytest.approx(mask.sum())
    assert 0 < found.fill <= 1 + 1e-12
    assert 0 <= found.bearing_deg <= 180


@settings(deadline=None)
@given(MASKS, st.integers(0, 4), st.integers(0, 4))
def test_shape_does_not_depend_on_place_or_mirror(mask: np.ndarray, down: int, right: int) -> None:
    moved = np.pad(mask, ((down, 1), (right, 2)))
    one, two, three = shape_of(mask, 10.0), shape_of(moved, 10.0), shape_of(mask[::-1], 10.0)
    for other in (two, three):
        assert (other.length_m, other.width_m) == pytest.approx((one.length_m, one.width_m))
    assert one.word == two.word == three.word
