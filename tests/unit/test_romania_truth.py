"""The yardstick of the Romanian benchmark, on series small enough to be counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.romania_truth import Truth, fall_while_changed, score

START = datetime(2018, 7, 1, tzinfo=UTC)
INSTANTS = [START + timedelta(days=days) for days in (0, 10, 180, 365, 375, 545)]
N_BASELINE = 3


def test_a_fall_is_counted_against_the_same_season_only() -> None:
    ndvi = np.array([0.8, 0.9, 0.3, 0.5, 0.6, 0.3]).reshape(-1, 1, 1)
    changed = np.array([False, False, False, True, True, False]).reshape(-1, 1, 1)
    fall = fall_while_changed(ndvi, INSTANTS, changed, N_BASELINE)
    # The summers' median is 0.85; the winter look, far lower, has no say.
    assert np.allclose(fall, np.mean([0.85 - 0.5, 0.85 - 0.6]))


def test_unseen_looks_and_missing_seasons_give_no_number() -> None:
    ndvi = np.array([np.nan, np.nan, 0.3, 0.5, np.nan, 0.1]).reshape(-1, 1, 1)
    changed = np.array([False, False, False, True, True, False]).reshape(-1, 1, 1)
    assert np.isnan(fall_while_changed(ndvi, INSTANTS, changed, N_BASELINE)).all()


def test_only_labelled_pixels_count() -> None:
    confirmed = np.array([[True, True, False, True]])
    truth = Truth(
        positive=np.array([[True, False, True, False]]),
        negative=np.array([[False, True, False, False]]),
    )
    result = score(confirmed, truth)
    assert (result.recall.n, result.recall.of) == (1, 2)
    assert (result.false_alarms.n, result.false_alarms.of) == (1, 1)
    assert str(result.recall).startswith("0.5000 (1/2, ")
