"""The fused detector: regions on dates that do not lie exactly on one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detect.fused import FusedPair, beyond_neighbours
from pipeline.detect.irmad import IrMad
from pipeline.errors import InputError
from tests.unit.pair_factory import OPTIONS, make_pair, plant

DETECTOR = FusedPair(OPTIONS)
SEEN = np.ones((120, 120), dtype=bool)


def test_the_difference_agrees_with_plain_loops() -> None:
    draw = np.random.default_rng(0)
    image = draw.standard_normal((4, 9, 11)).astype(np.float32)
    seen = draw.random((9, 11)) < 0.8
    found = beyond_neighbours(image[:, seen], seen)
    for row, col in np.argwhere(seen):
        rows, cols = slice(max(row - 1, 0), row + 2), slice(max(col - 1, 0), col + 2)
        near = seen[rows, cols]
        total = 0.0
        for first, second in ((image[:2], image[2:]), (image[2:], image[:2])):
            square = 0.0
            for one, two in zip(first, second, strict=True):
                values = one[rows, cols][near]
                value = float(two[row, col])
                square += max(0.0, value - values.max(), values.min() - value) ** 2
            total += square**0.5
        assert found[row, col] == pytest.approx(total, abs=1e-5)
    assert (found[~seen] == 0).all()


@pytest.mark.parametrize(("rows", "cols"), [(0, 1), (1, 0), (-1, 1), (-1, -1)])
def test_a_shift_of_one_pixel_is_no_difference(rows: int, cols: int) -> None:
    before, _ = make_pair(1)
    after = np.roll(before, (rows, cols), (1, 2))
    pixels = np.concatenate([before, after]).reshape(12, -1)
    inner = beyond_neighbours(pixels, SEEN)[2:-2, 2:-2]
    assert inner.max() == 0


# A shift leaves more false calls than the stated share: noise that moved is new noise.
@pytest.mark.parametrize(("shift_px", "most_false"), [(0, 0.01), (1, 0.05)])
def test_planted_regions_are_found_though_a_date_is_shifted(
    shift_px: int, most_false: float
) -> None:
    before, after = make_pair(2)
    truth = plant(after, 3)
    after = np.roll(after, shift_px, 2)
    changes = DETECTOR.compare(before, after, SEEN)
    inside = np.roll(truth, shift_px, 1)
    near = np.zeros_like(truth)
    for row, col in np.argwhere(inside):
        near[max(row - 4, 0) : row + 5, max(col - 4, 0) : col + 5] = True
    assert changes.changed[inside].mean() > 0.85
    assert changes.changed[~near].mean() < most_false


def test_a_shifted_date_disturbs_it_less_than_ir_mad() -> None:
    before, after = make_pair(3)
    truth = plant(after, 3)
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


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_gain_and_offset_of_a_band_change_nothing(seed: int) -> None:
    before, after = make_pair(seed)
    plant(after, 2)
    gain = np.random.default_rng(seed).uniform(0.1, 20, (6, 1, 1)).astype(np.float32)
    one = DETECTOR.compare(before, after, SEEN)
    two = DETECTOR.compare(before, gain * after + 3, SEEN)
    assert np.allclose(one.magnitude, two.magnitude, atol=0.05)


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


def test_the_threshold_parts_the_pixels_and_p_values_agree_with_it() -> None:
    before, after = make_pair(5)
    plant(after, 3)
    changes = DETECTOR.compare(before, after, SEEN)
    assert ((changes.magnitude >= np.float32(changes.threshold)) == changes.changed).all()
    assert (changes.p_value[changes.changed] <= OPTIONS.quiet_share * 1.001).all()


def test_bad_input_is_refused() -> None:
    before, after = make_pair(6)
    with pytest.raises(InputError, match="do not match"):
        DETECTOR.compare(before, after[:, 1:], SEEN)
    after[0] = 4
    with pytest.raises(InputError, match="band is constant"):
        DETECTOR.compare(before, after, SEEN)
