"""Where change begins: laws whose answer is known, heaps that stand apart, smooth steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from pipeline.raster.change_level import Bulk, change_level, disc, regions
from pipeline.raster.smoothing import smoothed

if TYPE_CHECKING:
    from numpy.typing import NDArray

NORMAL = np.random.default_rng(0).standard_normal(50_000).astype(np.float32)
QUIET = 0.01


@settings(max_examples=20, deadline=None)
@given(middle=st.floats(-50, 50), spread=st.floats(0.01, 20))
def test_the_bulk_of_a_normal_sample_is_its_mean_and_deviation(
    middle: float, spread: float
) -> None:
    bulk = Bulk.of(NORMAL * np.float32(spread) + np.float32(middle))
    assert bulk.middle == pytest.approx(middle, abs=0.05 * spread)
    assert bulk.spread == pytest.approx(spread, rel=0.05)


def test_a_tenth_of_change_moves_the_bulk_little() -> None:
    bulk = Bulk.of(np.concatenate([NORMAL, np.full(NORMAL.size // 9, 40, np.float32)]))
    assert abs(bulk.middle) < 0.2
    assert bulk.spread < 1.25


def test_equal_values_have_a_spread_all_the_same() -> None:
    assert Bulk.of(np.full(100, 3, np.float32)).spread > 0


@pytest.mark.parametrize(
    ("unrelated", "level"),
    [(-5, stats.norm.isf(QUIET)), (2, stats.norm.isf(QUIET)), (4, 4), (1000, 20 / 3)],
)
def test_the_level_of_unrelated_ground_is_held_between_two_quantiles(
    unrelated: float, level: float
) -> None:
    assert change_level(NORMAL, Bulk(0, 1), unrelated, QUIET) == pytest.approx(level)


@pytest.mark.parametrize("law", [stats.t(3), stats.laplace, stats.uniform(-1, 2), stats.logistic])
def test_no_law_with_one_peak_has_more_than_the_share_beyond_the_upper_quantile(
    law: stats.rv_continuous,
) -> None:
    deviation = law.std()
    level = change_level(NORMAL, Bulk(0, deviation), math.inf, QUIET)
    assert 2 * law.sf(level) <= QUIET


@pytest.mark.parametrize("at", [4.5, 5.0, 6.0])
def test_a_second_heap_below_the_level_is_parted_at_the_gap(at: float) -> None:
    heap = at + 0.4 * NORMAL[:5000]
    level = change_level(np.concatenate([NORMAL, heap]), Bulk(0, 1), math.inf, QUIET)
    assert stats.norm.isf(QUIET) <= level < at - 0.8


def test_a_heap_smaller_than_unchanged_ground_is_granted_parts_nothing() -> None:
    heap = 5 + 0.1 * NORMAL[:100]
    values = np.concatenate([NORMAL, heap])
    assert change_level(values, Bulk(0, 1), math.inf, QUIET) == pytest.approx(20 / 3)


@pytest.mark.parametrize("scale", [0.4, 0.8])
def test_a_long_tail_is_no_heap(scale: float) -> None:
    tail = np.random.default_rng(1).exponential(scale, 50_000).astype(np.float32)
    assert change_level(NORMAL + tail, Bulk(0, 1), 5, QUIET) == 5


@settings(max_examples=20, deadline=None)
@given(
    gain=st.floats(0.1, 50), offset=st.floats(-20, 20), unrelated=st.floats(-5, 30),
    heap=st.floats(3, 8),
)  # fmt: skip
def test_the_level_goes_with_the_units(
    gain: float, offset: float, unrelated: float, heap: float
) -> None:
    values = np.concatenate([NORMAL[:20_000], heap + NORMAL[:2000] / 4])
    plain = change_level(values, Bulk(0, 1), unrelated, QUIET)
    other = change_level(
        (values * gain + offset).astype(np.float32),
        Bulk(offset, gain),
        unrelated * gain + offset,
        QUIET,
    )
    assert other == pytest.approx(plain * gain + offset, abs=0.3 * gain)


def loops(
    height: NDArray[np.float32], seen: NDArray[np.bool_], least: float, reach: int
) -> list[bool]:
    """Regions, pixel by pixel."""
    rows, cols = height.shape
    out = []
    for row, col in np.ndindex(rows, cols):
        near = [
            height[y, x] if seen[y, x] else 0.0
            for y in range(max(row - reach, 0), min(row + reach + 1, rows))
            for x in range(max(col - reach, 0), min(col + reach + 1, cols))
            if (y - row) ** 2 + (x - col) ** 2 <= reach**2 + 0.5
        ]
        highest = max(near)
        here = seen[row, col] and highest >= least and height[row, col] >= highest / 2
        out.append(bool(here))
    return out


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), reach=st.integers(1, 3), least=st.floats(0.2, 2))
def test_regions_agree_with_plain_loops(seed: int, reach: int, least: float) -> None:
    draw = np.random.default_rng(seed)
    height = draw.standard_normal((9, 12)).astype(np.float32)
    seen = draw.random((9, 12)) < 0.8
    found = regions(height, seen, float(np.float32(least)), reach)
    assert found.ravel().tolist() == loops(height, seen, float(np.float32(least)), reach)


@pytest.mark.parametrize("tall", [1.2, 3.0, 30.0])
def test_a_smoothed_block_gets_its_edges_back_however_tall_it_is(tall: float) -> None:
    truth = np.zeros((60, 60), dtype=bool)
    truth[20:40, 15:45] = True
    seen = np.ones_like(truth)
    height = smoothed((tall * truth).astype(np.float32), seen, 1.5)
    found = regions(height, seen, 1.0, 2)
    assert (found != truth).sum() <= 12  # at the corners, which a smoothing rounds


def test_a_disc_is_round() -> None:
    assert disc(1).tolist() == [[False, True, False], [True, True, True], [False, True, False]]
    assert disc(2).sum() == 13
    assert (disc(3) == disc(3).T).all()


@settings(max_examples=10, deadline=None)
@given(level=st.floats(-5, 5), seed=st.integers(0, 99))
def test_a_mean_over_seen_neighbours_keeps_a_level(level: float, seed: int) -> None:
    draw = np.random.default_rng(seed)
    seen = draw.random((20, 30)) < 0.6
    image = np.where(seen, np.float32(level), np.float32(1e9))
    found = smoothed(image, seen, 1.5)
    assert np.allclose(found[seen], level, atol=1e-3)
    assert (found[~seen] == 0).all()


def test_where_all_is_seen_the_mean_is_a_plain_gaussian() -> None:
    image = NORMAL[:600].reshape(20, 30)
    plain = ndimage.gaussian_filter(image, 2)
    assert np.allclose(smoothed(image, np.ones((20, 30), dtype=bool), 2), plain)
