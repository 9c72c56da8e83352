"""Both pair detectors on Landsat at Taizhou, whose changed and unchanged pixels people marked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio

from benchmarks.pair_data import CHANGED, LabelledPair, data_folder, taizhou
from benchmarks.pair_score import PairScore, score
from pipeline.config import load_config
from pipeline.detect.fused import FusedPair
from pipeline.detect.irmad import IrMad
from pipeline.pair import compare_files

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.detect import PairDetector

pytestmark = pytest.mark.real
OPTIONS = load_config().pair


def read() -> LabelledPair:
    """The pair; the test is skipped where it is missing."""
    if not (data_folder() / "landsat_taizhou").is_dir():
        pytest.skip(f"no Taizhou pair in {data_folder()}; set ZONEWATCH_REAL")
    return taizhou()


DETECTORS: dict[str, PairDetector] = {"irmad": IrMad(OPTIONS), "fused": FusedPair(OPTIONS)}
NAMES = sorted(DETECTORS)


@cache
def scored(name: str) -> PairScore:
    """The scores of the one committed settings file."""
    pair = read()
    seen = np.ones(pair.labels.shape, dtype=bool)
    return score(pair, DETECTORS[name].compare(pair.before, pair.after, seen))


@pytest.mark.parametrize(("name", "kappa"), [("irmad", 0.935), ("fused", 0.945)])
def test_the_automatic_threshold_agrees_with_people(name: str, kappa: float) -> None:
    assert scored(name).kappa >= kappa
    assert scored(name).f1 >= kappa + 0.01


@pytest.mark.parametrize(("name", "auc"), [("irmad", 0.99), ("fused", 0.999)])
def test_changed_pixels_rank_above_unchanged_ones(name: str, auc: float) -> None:
    assert scored(name).auc >= auc


@pytest.mark.parametrize(("nth", "nominal"), [(0, 0.05), (1, 0.01), (2, 0.001)])
def test_p_values_of_ir_mad_on_unchanged_ground_are_within_a_factor_of_two(
    nth: int, nominal: float
) -> None:
    assert nominal / 2 <= scored("irmad").false_positives[nth] <= nominal * 2


def test_p_values_of_the_fused_detector_are_bounds_where_a_tenth_is_called() -> None:
    # A tenth of an unchanged forest can be called as well: nothing in a pair tells the two apart.
    pair = read()
    seen = np.ones(pair.labels.shape, dtype=bool)
    changes = DETECTORS["fused"].compare(pair.before, pair.after, seen)
    assert changes.p_bound == pytest.approx(0.058, abs=0.01)
    for flagged, nominal in zip(scored("fused").false_positives, (0.05, 0.01, 0.001), strict=True):
        assert flagged <= nominal
    assert (changes.p_value[pair.labels == CHANGED] < 0.05).mean() > 0.85


@pytest.mark.parametrize(("name", "most"), [("irmad", 0.015), ("fused", 0.001)])
@pytest.mark.parametrize("seed", range(3))
def test_a_date_against_a_noisy_view_of_itself_stays_quiet(
    seed: int, name: str, most: float
) -> None:
    pair = read()
    draw = np.random.default_rng(seed)
    views = [pair.before + 2 * draw.standard_normal(pair.before.shape) for _ in range(2)]
    seen = np.ones(pair.labels.shape, dtype=bool)
    one, two = (view.astype(np.float32) for view in (views[0], 0.7 * views[1] + 5))
    changes = DETECTORS[name].compare(one, two, seen)
    assert changes.changed.mean() <= most


def test_the_files_as_they_are_give_the_same_map(tmp_path: Path) -> None:
    pair = read()
    folder = data_folder() / "landsat_taizhou"
    before, after = folder / "2000TM", folder / "2003TM"
    summary = compare_files(before, after, tmp_path / "change.tif", options=OPTIONS)
    seen = np.ones((400, 400), dtype=bool)
    changes = DETECTORS["fused"].compare(pair.before, pair.after, seen)
    with rasterio.open(tmp_path / "change.tif") as out:
        magnitude, p_value, changed = out.read()
        assert out.crs.to_epsg() == 32651
        assert (out.transform.a, out.transform.c, out.transform.f) == (30, 203325, 3604935)
    assert (magnitude == changes.magnitude).all()
    assert (p_value == changes.p_value).all()
    assert (changed.astype(bool) == changes.changed).all()
    assert summary.n_changed == changes.changed.sum()
    assert not summary.is_simulated
