"""Blobs lie wholly on free ground, once at each place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.limit.blobs import Plot, blob_of, drawn, fits, plots_of
from pipeline.raster.touching import labelled


@pytest.mark.parametrize("n_pixels", [1, 2, 3, 4, 5, 6, 9, 12, 16, 25, 36, 64])
def test_a_blob_has_its_size_and_is_compact(n_pixels: int) -> None:
    blob = blob_of(n_pixels)
    assert blob.sum() == n_pixels
    assert labelled(blob[None]).max() == 1
    height, width = blob.shape
    assert height <= width <= height + 1
    assert blob.any(axis=0).all()
    assert blob.any(axis=1).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 9), st.floats(0.3, 1.0))
def test_a_blob_fits_where_plain_loops_say_so(seed: int, n_pixels: int, share: float) -> None:
    free = np.random.default_rng(seed).random((6, 7)) < share
    blob = blob_of(n_pixels)
    pixels = np.argwhere(blob)
    for row in range(6):
        for col in range(7):
            cells = pixels + np.array([row, col])
            inside = bool((cells < (6, 7)).all())
            by_loops = inside and all(free[tuple(cell)] for cell in cells)
            assert fits(free, blob)[row, col] == by_loops


def test_a_blob_larger_than_the_zone_fits_nowhere() -> None:
    assert not fits(np.ones((3, 9), dtype=bool), blob_of(16)).any()
    assert sum(len(plot.rows) for plot in plots_of(np.ones((2, 9), dtype=bool), 9)) == 0


def test_oblong_blobs_are_planted_upright_and_lying() -> None:
    strip = np.ones((1, 5), dtype=bool)
    assert [len(plot.rows) for plot in plots_of(strip, 2)] == [4, 0]
    assert [len(plot.rows) for plot in plots_of(strip.T, 2)] == [0, 4]
    assert len(plots_of(np.ones((5, 5), dtype=bool), 4)) == 1


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 60), st.integers(0, 99))
def test_no_planting_is_drawn_twice(n_onsets: int, n_plantings: int, seed: int) -> None:
    plots = plots_of(np.ones((3, 4), dtype=bool), 2)
    n_places = sum(len(plot.rows) for plot in plots)
    groups = drawn(plots, n_onsets, n_plantings, np.random.default_rng(seed))
    made = [
        (onset, plot.blob.shape, row, col)
        for onset, plot in groups
        for row, col in zip(plot.rows.tolist(), plot.cols.tolist(), strict=True)
    ]
    assert len(made) == len(set(made)) == min(n_plantings, n_places * n_onsets)
    assert {onset for onset, *_ in made} <= set(range(n_onsets))


def test_nothing_is_drawn_where_there_is_no_place() -> None:
    nothing = plots_of(np.zeros((3, 3), dtype=bool), 4)
    assert drawn(nothing, 3, 20, np.random.default_rng(1)) == []


def test_a_scene_holds_the_blob_and_nothing_around_it() -> None:
    plot = Plot(blob_of(3), np.array([1]), np.array([2]))
    scene = plot.scenes(np.ones((4, 5, 6), dtype=bool))
    assert scene.shape == (1, 4, 2, 2)
    assert (scene[0] == plot.blob).all()
    flags = np.arange(30).reshape(1, 5, 6) == 8
    assert plot.scenes(flags)[0, 0].tolist() == [[True, False], [False, False]]
