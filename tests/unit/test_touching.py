"""Which regions are reported, held against plain loops."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.raster.touching import TOUCHING, are_reported, labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

Voxel = tuple[int, int, int]


def regions_by_loops(standing: NDArray[np.bool_]) -> list[set[Voxel]]:
    """Connected voxels, by walking from each to its neighbours."""
    left: set[Voxel] = {(int(t), int(y), int(x)) for t, y, x in np.argwhere(standing)}
    found = []
    while left:
        todo, region = [left.pop()], set[Voxel]()
        while todo:
            t, y, x = todo.pop()
            region.add((t, y, x))
            near = [(t, y + a, x + b) for a, b in product((-1, 0, 1), repeat=2)]
            for one in [*near, (t - 1, y, x), (t + 1, y, x)]:
                if one in left:
                    left.remove(one)
                    todo.append(one)
        found.append(region)
    return found


def reported_by_loops(
    standing: NDArray[np.bool_], confirmed: NDArray[np.bool_], min_pixels: int
) -> bool:
    return any(
        len({(y, x) for _, y, x in region}) >= min_pixels and any(confirmed[one] for one in region)
        for region in regions_by_loops(standing)
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.floats(0.05, 0.9))
def test_the_rule_is_that_of_plain_loops(seed: int, min_pixels: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    standing = draw.random((5, 4, 3, 4)) < share
    confirmed = draw.random(standing.shape) < 0.3
    found = are_reported(standing, confirmed & standing, min_pixels)
    by_loops = [
        reported_by_loops(one, sure & one, min_pixels)
        for one, sure in zip(standing, confirmed, strict=True)
    ]
    assert found.tolist() == by_loops


def test_scenes_do_not_touch_one_another() -> None:
    standing = np.ones((2, 3, 1, 2), dtype=bool)
    assert not are_reported(standing, standing, 3).any()
    assert are_reported(standing, standing, 2).all()


def test_what_only_waits_is_not_reported() -> None:
    standing = np.ones((1, 2, 2, 2), dtype=bool)
    assert not are_reported(standing, np.zeros_like(standing), 4).any()
    one_sure = np.zeros_like(standing)
    one_sure[0, 0, 0, 0] = True
    assert are_reported(standing, one_sure, 4).all()


def test_nothing_standing_is_nothing_found() -> None:
    nothing = np.zeros((3, 4, 2, 2), dtype=bool)
    assert not are_reported(nothing, nothing, 1).any()
    assert are_reported(nothing[:0], nothing[:0], 1).shape == (0,)


def test_neighbours_follow_one_another_only_in_their_own_pixel() -> None:
    standing = np.zeros((2, 1, 2), dtype=bool)
    standing[0, 0, 0] = standing[1, 0, 1] = True
    assert labelled(standing).max() == 2
    assert TOUCHING.sum() == 11
