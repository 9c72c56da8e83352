"""Both pair detectors on six Sentinel-2 cities, with the one committed settings file.

The bars here keep what is reached from being lost; the figures are printed by
``./dev bench pairs``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.pair_data import CITIES, LabelledPair, data_folder, oscd
from benchmarks.pair_score import PairScore, score
from pipeline.config import load_config
from pipeline.detect.fused import FusedPair
from pipeline.detect.irmad import IrMad

if TYPE_CHECKING:
    from pipeline.detect import PairDetector

pytestmark = pytest.mark.real
OPTIONS = load_config().pair
DETECTORS: dict[str, PairDetector] = {"irmad": IrMad(OPTIONS), "fused": FusedPair(OPTIONS)}


def read(city: str) -> LabelledPair:
    """A city; the test is skipped where it is missing."""
    if not (data_folder() / "oscd" / city).is_dir():
        pytest.skip(f"no OSCD city {city} in {data_folder()}; set ZONEWATCH_REAL")
    return oscd(city)


@cache
def scores(name: str) -> tuple[PairScore, ...]:
    """One score a city."""
    found = []
    for pair in map(read, CITIES):
        seen = np.ones(pair.labels.shape, dtype=bool)
        found.append(score(pair, DETECTORS[name].compare(pair.before, pair.after, seen)))
    return tuple(found)


def test_a_city_lies_on_the_grid_of_its_labels() -> None:
    pair = read("paris")
    assert pair.before.shape == pair.after.shape == (6, *pair.labels.shape)
    assert set(np.unique(pair.labels)) == {1, 2}
    assert np.isfinite(pair.before).mean() > 0.98
    assert np.isfinite(pair.after).mean() > 0.98


@pytest.mark.parametrize(("name", "least"), [("irmad", 0.86), ("fused", 0.91)])
def test_changed_pixels_rank_above_unchanged_ones(name: str, least: float) -> None:
    assert np.mean([one.auc for one in scores(name)]) >= least


@pytest.mark.parametrize(("name", "least"), [("irmad", 0.20), ("fused", 0.275)])
def test_the_automatic_call_is_worth_more_than_a_plain_one(name: str, least: float) -> None:
    assert np.mean([one.f1 for one in scores(name)]) >= least


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_no_city_makes_the_iteration_collapse(name: str) -> None:
    # Without the median for a yardstick, Bordeaux fell to 0.52.
    assert min(one.auc for one in scores(name)) >= 0.74
