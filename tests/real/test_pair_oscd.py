"""Both pair detectors on six Sentinel-2 cities, with the one committed settings file.

The bars here keep what is reached from being lost; the figures are printed by
``./dev bench pairs``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.pair_data import CITIES, LabelledPair, data_folder, oscd
from benchmarks.pair_score import PairScore, score
from pipeline.config import load_config
from pipeline.detect.fused import FusedPair
from pipeline.detect.irmad import IrMad
from pipeline.raster.registration import register
from pipeline.raster.shift import measure_shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


@pytest.mark.parametrize(("name", "least"), [("irmad", 0.86), ("fused", 0.92)])
def test_changed_pixels_rank_above_unchanged_ones(name: str, least: float) -> None:
    assert np.mean([one.auc for one in scores(name)]) >= least


@pytest.mark.parametrize(("name", "least"), [("irmad", 0.20), ("fused", 0.32)])
def test_the_automatic_call_is_worth_more_than_a_plain_one(name: str, least: float) -> None:
    assert np.mean([one.f1 for one in scores(name)]) >= least


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_no_city_makes_the_iteration_collapse(name: str) -> None:
    # Without the median for a yardstick, Bordeaux fell to 0.52.
    assert min(one.auc for one in scores(name)) >= 0.74


@pytest.mark.parametrize("left_out", CITIES)
def test_no_single_city_carries_the_mean(left_out: str) -> None:
    rest = [one for city, one in zip(CITIES, scores("fused"), strict=True) if city != left_out]
    assert np.mean([one.auc for one in rest]) >= 0.91
    assert np.mean([one.f1 for one in rest]) >= 0.28


@pytest.mark.parametrize(("nth", "nominal"), [(0, 0.05), (1, 0.01), (2, 0.001)])
@pytest.mark.parametrize("city", CITIES)
def test_p_values_of_the_fused_detector_are_within_a_factor_of_two(
    city: str, nth: int, nominal: float
) -> None:
    flagged = scores("fused")[CITIES.index(city)].false_positives[nth]
    assert nominal / 2 <= flagged <= nominal * 2


def both_seen(pair: LabelledPair) -> NDArray[np.bool_]:
    """Where both dates have pixels."""
    return np.asarray(np.isfinite([pair.before, pair.after]).all(axis=(0, 1)), dtype=np.bool_)


@pytest.mark.parametrize("city", ["abudhabi", "pisa", "paris"])
def test_dates_lie_off_one_another_as_phase_correlation_says_too(city: str) -> None:
    pair = read(city)
    first, second = (np.nan_to_num(date) for date in (pair.before, pair.after))
    offset = register(first, second, both_seen(pair))[2]
    other = measure_shift(second, both_seen(pair), first)
    assert other is not None
    assert np.allclose(offset, (other.south_px, other.east_px), atol=0.25)
    assert (offset.length_px > 0.5) == (city != "paris")


@pytest.mark.parametrize("off", [(0.5, 0.5), (1.0, 0.0)])
def test_a_pixel_of_misregistration_costs_next_to_nothing(off: tuple[float, float]) -> None:
    pair = read("rennes")
    moved = np.stack(
        [ndimage.shift(band, off, order=3, mode="nearest") for band in np.nan_to_num(pair.after)]
    )
    found = score(pair, DETECTORS["fused"].compare(pair.before, moved, both_seen(pair)))
    assert found.auc >= scores("fused")[CITIES.index("rennes")].auc - 0.005
