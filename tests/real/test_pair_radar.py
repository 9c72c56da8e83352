"""The log-ratio detector on radar amplitude at the Yellow River, and on dates without a change."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import rasterio

from benchmarks.pair_data import RADAR, data_folder, yellow_river
from benchmarks.pair_score import PairScore, score
from pipeline.config import load_config
from pipeline.detect.ratio import LogRatio

pytestmark = pytest.mark.real
DETECTOR = LogRatio(load_config().pair)


@cache
def scored(letter: str) -> PairScore:
    """The scores of one pair; the test is skipped where it is missing."""
    if not (data_folder() / "sar_pairs_bmp").is_dir():
        pytest.skip(f"no radar pairs in {data_folder()}; set ZONEWATCH_REAL")
    pair = yellow_river(letter)
    return score(pair, DETECTOR.compare(pair.before, pair.after, np.ones(pair.labels.shape, bool)))


def test_changed_pixels_rank_above_unchanged_ones() -> None:
    assert np.mean([scored(letter).auc for letter in RADAR]) >= 0.98


@pytest.mark.parametrize("letter", RADAR)
def test_the_automatic_threshold_agrees_with_people(letter: str) -> None:
    assert scored(letter).kappa >= 0.78


@pytest.mark.parametrize("band", ["VV", "VH"])
def test_twelve_days_of_coast_and_town_stay_quiet(band: str) -> None:
    folder = data_folder() / "opera_rtc_s1_series" / "T137-292319-IW2"
    if not folder.is_dir():
        pytest.skip(f"no OPERA series in {data_folder()}; set ZONEWATCH_REAL")
    files = [next(folder.glob(f"*_{day}T*_{band}.tif")) for day in ("20231016", "20231028")]
    dates = []
    for path in files:
        with rasterio.open(path) as dataset:
            dates.append(dataset.read().astype(np.float32))
    seen = np.isfinite(dates[0][0]) & np.isfinite(dates[1][0])
    assert DETECTOR.compare(dates[0], dates[1], seen).changed.mean() <= 0.03
