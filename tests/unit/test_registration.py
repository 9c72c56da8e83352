"""Two dates put on one another: planted offsets, any season, and nothing to hold on to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pipeline.raster.registration import NONE, edge_strength, register
from tests.unit.pair_factory import make_pair

SEEN = np.ones((120, 120), dtype=bool)


def shifted(image: np.ndarray, south: float, east: float) -> np.ndarray:
    """The image as it looks from a frame that lies off: content goes south and east."""
    moved = [ndimage.shift(band, (south, east), order=3, mode="nearest") for band in image]
    return np.stack(moved).astype(np.float32)


@settings(max_examples=12, deadline=None)
@given(south=st.floats(-2.5, 2.5), east=st.floats(-2.5, 2.5), seed=st.integers(0, 99))
def test_a_planted_offset_is_found_and_undone(south: float, east: float, seed: int) -> None:
    before, after = make_pair(seed, noise=0.05)
    lies_off = shifted(after, south, east)
    placed, seen, offset = register(before, lies_off, SEEN)
    if np.hypot(south, east) < 0.05:
        return
    assert offset == NONE or np.allclose(offset, (south, east), atol=0.15)
    if np.hypot(south, east) > 0.3:
        assert offset != NONE
        inner = (slice(None), slice(8, -8), slice(8, -8))
        left = np.abs(placed - after)[inner].mean()
        assert left < np.abs(lies_off - after)[inner].mean()
    assert seen.all()


@pytest.mark.parametrize("turned", [[1, -1, 1, -1, 1, -1], [-1] * 6])
def test_fields_that_turned_from_bright_to_dark_do_not_mislead(turned: list[int]) -> None:
    before, after = make_pair(3, noise=0.05)
    season = after * np.array(turned, dtype=np.float32)[:, None, None]
    offset = register(before, shifted(season, 1, -0.5), SEEN)[2]
    assert np.allclose(offset, (1, -0.5), atol=0.15)


def test_dates_that_lie_right_are_left_as_they_are() -> None:
    before, after = make_pair(4)
    placed, seen, offset = register(before, after, SEEN)
    assert placed is after
    assert seen is SEEN
    assert offset == NONE


def test_an_offset_beyond_reach_is_not_chased() -> None:
    before, after = make_pair(5, noise=0.05)
    far = np.roll(after, 9, axis=1)
    placed, _, offset = register(before, far, SEEN)
    assert offset == NONE or offset.length_px <= 4.5
    assert placed.shape == far.shape


def test_what_was_not_seen_neither_guides_nor_bleeds() -> None:
    before, after = make_pair(6, noise=0.05)
    after = shifted(after, 1, 0)
    seen = SEEN.copy()
    seen[50:60, 20:40] = False
    dirty = after.copy()
    dirty[:, ~seen] = 1e6
    clean = register(before, after, seen)
    found = register(before, dirty, seen)
    assert found[2] == pytest.approx(clean[2])
    assert (found[1] == clean[1]).all()
    assert not found[1][48:62, 18:42].any()
    assert np.allclose(found[0][:, found[1]], clean[0][:, found[1]], atol=1e-3)


@pytest.mark.parametrize("shape", [(4, 4), (8, 30), (120, 120)])
def test_ground_without_edges_points_nowhere(shape: tuple[int, int]) -> None:
    flat = np.ones((2, *shape), dtype=np.float32)
    assert register(flat, flat.copy(), np.ones(shape, dtype=bool))[2] == NONE


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(0.01, 100), offset=st.floats(-100, 100))
def test_edges_do_not_depend_on_units(gain: float, offset: float) -> None:
    before, _ = make_pair(7, size=40)
    seen = np.ones((40, 40), dtype=bool)
    plain = edge_strength(before, seen)
    assert np.allclose(edge_strength(gain * before + offset, seen), plain, atol=0.05)
    assert np.allclose(edge_strength(-before, seen), plain, atol=1e-4)
