"""The fused detector: regions on two dates that need not lie exactly on one another."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.pair_null import NUISANCES, disturbed, scene
from pipeline.detect.fused import FusedPair, standard_difference
from pipeline.detect.irmad import IrMad
from pipeline.errors import InputError
from pipeline.raster.mad import fit_mad, standardised
from pipeline.raster.registration import NONE
from tests.unit.pair_factory import OPTIONS, make_pair, plant

if TYPE_CHECKING:
    from numpy.typing import NDArray

DETECTOR = FusedPair(OPTIONS)
SEEN = np.ones((120, 120), dtype=bool)


def f1(truth: NDArray[np.bool_], called: NDArray[np.bool_]) -> float:
    return float(2 * (truth & called).sum() / (truth.sum() + called.sum()))


def test_the_difference_agrees_with_plain_loops() -> None:
    before, after = make_pair(0, size=30, n_bands=3)
    plant(after, 2)
    seen = np.ones((30, 30), dtype=bool)
    pixels = standardised(before, after, seen)
    mad = fit_mad(pixels, 30, 1e-3)
    found = standard_difference(pixels, mad)
    for at in range(0, found.size, 7):
        total = 0.0
        for band in range(3):
            one = (float(pixels[band, at]) - mad.means[band]) / mad.spreads[band]
            two = (float(pixels[band + 3, at]) - mad.means[band + 3]) / mad.spreads[band + 3]
            total += (two - one) ** 2
        # float32 with some cancellation: a few units in the sixth place.
        assert found[at] == pytest.approx(total**0.5, rel=1e-4, abs=1e-5)


def test_unchanged_ground_is_what_the_difference_is_measured_in() -> None:
    before, after = make_pair(1, noise=0.1)
    truth = plant(after, 6)
    pixels = standardised(before, after, SEEN)
    mad = fit_mad(pixels, 30, 1e-3)
    still = pixels[:-1, ~truth.ravel()]
    assert np.allclose(mad.means, still.mean(axis=1), atol=0.1)
    assert np.allclose(mad.spreads, still.std(axis=1), rtol=0.25)
    # The planted blocks make the spread of the whole second date much larger.
    assert (pixels[6:12].std(axis=1) > 1.5 * mad.spreads[6:]).all()


def test_unrelated_places_have_the_strength_that_is_said_of_them() -> None:
    draw = np.random.default_rng(3)
    before, after = make_pair(2, size=200, noise=0.3)
    seen = np.ones((200, 200), dtype=bool)
    pixels = standardised(before, after, seen)
    mad = fit_mad(pixels, 30, 1e-3)
    swapped = pixels.copy()
    swapped[6:12] = pixels[6:12][:, draw.permutation(pixels.shape[1])]
    apart = np.sqrt(np.square(standard_difference(swapped, mad)).mean())
    assert apart == pytest.approx(np.sqrt(12), rel=0.15)
    assert mad.unrelated == pytest.approx(
        np.sqrt((1 / (1 - np.array(mad.correlations))).sum()), rel=1e-9
    )


@pytest.mark.parametrize(("south", "east"), [(0, 0), (0, 1), (1, 0), (-1, 1), (2, -2)])
def test_planted_regions_are_found_though_a_date_is_shifted(south: int, east: int) -> None:
    before, after = make_pair(2)
    truth = plant(after, 3)
    after = np.roll(after, (south, east), (1, 2))
    changes, fit = DETECTOR.explain(before, after, SEEN)
    assert np.allclose(fit.offset, (south, east), atol=0.2)
    inner = (slice(4, -4), slice(4, -4))  # what rolled in at the frame is another place
    assert f1(truth[inner], changes.changed[inner]) > 0.9
    assert changes.threshold >= 2.3


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise", [0.05, 0.2, 0.4])
def test_planted_regions_are_found_and_their_edges_kept(seed: int, noise: float) -> None:
    before, after = make_pair(seed, noise=noise)
    truth = plant(after, 2)
    assert f1(truth, DETECTOR.compare(before, after, SEEN).changed) > 0.9


def test_a_shifted_date_disturbs_it_less_than_ir_mad() -> None:
    before, after = make_pair(3)
    truth = plant(after, 1)
    shifted = np.roll(after, 1, 1)
    parted = []
    for detector in (DETECTOR, IrMad(OPTIONS)):
        magnitude = detector.compare(before, shifted, SEEN).magnitude
        above = np.quantile(magnitude[~truth], 0.99)
        parted.append((magnitude[truth] > above).mean())
    assert parted[0] > parted[1]


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), n_bands=st.integers(2, 6), uneven=st.floats(0, 1))
def test_where_nothing_changed_next_to_nothing_is_called(
    seed: int, n_bands: int, uneven: float
) -> None:
    before, after = make_pair(seed, n_bands=n_bands, uneven=uneven)
    changes = DETECTOR.compare(before, after, SEEN)
    assert changes.changed.mean() <= 0.02
    assert (changes.p_value < 0.05).mean() <= 0.1
    assert (changes.p_value < 0.01).mean() <= 0.02


@cache
def ground() -> NDArray[np.float32]:
    return scene(160, seed=1)


@pytest.mark.parametrize("nuisance", NUISANCES)
def test_what_is_no_change_of_the_ground_is_not_called(nuisance: str) -> None:
    before, after = disturbed(ground(), nuisance, seed=2)
    changes = DETECTOR.compare(before, after, np.ones((160, 160), dtype=bool))
    assert changes.changed.mean() <= 0.015


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_gain_and_offset_of_a_band_change_nothing(seed: int) -> None:
    before, after = make_pair(seed)
    plant(after, 2)
    gain = np.random.default_rng(seed).uniform(0.1, 20, (6, 1, 1)).astype(np.float32)
    one = DETECTOR.compare(before, after, SEEN)
    two = DETECTOR.compare(before, gain * after + 3, SEEN)
    assert np.allclose(one.magnitude, two.magnitude, atol=0.05)
    assert (one.changed != two.changed).mean() < 0.002


def test_unseen_pixels_are_left_out_and_do_not_bleed() -> None:
    before, after = make_pair(4)
    seen = SEEN.copy()
    seen[:, 60:64] = False
    clean = DETECTOR.compare(before, after, seen)
    before[:, :, 60:64] = 1e6
    after[:, :, 60:64] = np.nan
    changes = DETECTOR.compare(before, after, seen)
    assert changes.magnitude.tobytes() == clean.magnitude.tobytes()
    assert (changes.p_value[~seen] == 1).all()
    assert not changes.changed[~seen].any()


def test_a_moved_date_is_not_seen_next_to_its_gaps() -> None:
    before, after = make_pair(5)
    after = np.roll(after, 1, 1)
    after[0, 40:50, 40:50] = np.nan
    changes, fit = DETECTOR.explain(before, after, SEEN)
    assert fit.offset != NONE
    assert not changes.seen[39:51, 39:51].any()
    assert changes.seen.mean() > 0.97
    assert np.isfinite(changes.magnitude).all()


def test_every_region_reaches_the_threshold_and_p_values_follow_ir_mad() -> None:
    before, after = make_pair(5)
    truth = plant(after, 3)
    changes, fit = DETECTOR.explain(before, after, SEEN)
    peaks = changes.magnitude >= np.float32(changes.threshold)
    near = np.zeros_like(peaks)
    for row, col in np.argwhere(peaks):
        near[max(row - 2, 0) : row + 3, max(col - 2, 0) : col + 3] = True
    assert not changes.changed[~near].any()
    order = np.argsort(fit.mad.statistic)
    assert (np.diff(changes.p_value.ravel()[order]) <= 1e-6).all()
    assert changes.p_value[truth].max() < 0.01


def test_the_inputs_stay_as_they_were_and_the_answer_is_the_same_twice() -> None:
    before, after = make_pair(6)
    plant(after, 2)
    kept = before.copy(), after.copy()
    one, two = (DETECTOR.compare(before, after, SEEN) for _ in range(2))
    assert (before == kept[0]).all()
    assert (after == kept[1]).all()
    assert one.magnitude.tobytes() == two.magnitude.tobytes()
    assert SEEN.all()


def test_bad_input_is_refused() -> None:
    before, after = make_pair(6)
    with pytest.raises(InputError, match="do not match"):
        DETECTOR.compare(before, after[:, 1:], SEEN)
    with pytest.raises(InputError, match="single band"):
        DETECTOR.compare(before[:1], after[:1], SEEN)
    after[0] = 4
    with pytest.raises(InputError, match="band is constant"):
        DETECTOR.compare(before, after, SEEN)
