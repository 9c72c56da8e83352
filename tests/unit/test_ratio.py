"""The log-ratio detector for one band: speckle, gains, planted change, and what has no ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from pipeline.detect.ratio import LogRatio
from pipeline.errors import InputError
from tests.unit.pair_factory import OPTIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

DETECTOR = LogRatio(OPTIONS)
SIZE = 160
SEEN = np.ones((SIZE, SIZE), dtype=bool)
BLOCK = (slice(60, 90), slice(40, 80))


def speckled(seed: int, looks: float = 4, change_db: float = 0) -> list[NDArray[np.float32]]:
    """Two powers of one smooth ground under speckle of its own; a block changes."""
    draw = np.random.default_rng(seed)
    ground = np.exp(8 * ndimage.gaussian_filter(draw.standard_normal((SIZE, SIZE)), 8))
    second = ground.copy()
    second[BLOCK] *= 10 ** (change_db / 10)
    return [
        (date * draw.gamma(looks, 1 / looks, date.shape))[None].astype(np.float32)
        for date in (ground, second)
    ]


@pytest.mark.parametrize("looks", [1, 4, 16])
@pytest.mark.parametrize("seed", range(3))
def test_speckle_alone_is_quiet_and_its_p_values_are_true(seed: int, looks: float) -> None:
    before, after = speckled(seed, looks)
    changes = DETECTOR.compare(before, after, SEEN)
    assert changes.changed.mean() <= 0.03
    for nominal in (0.05, 0.01):
        assert nominal / 2.5 <= (changes.p_value < nominal).mean() <= 2.5 * nominal


@pytest.mark.parametrize("change_db", [-6, 6])
@pytest.mark.parametrize("looks", [1, 4])
def test_a_planted_change_is_found_in_either_direction(change_db: float, looks: float) -> None:
    before, after = speckled(5, looks, change_db)
    changes = DETECTOR.compare(before, after, SEEN)
    truth = np.zeros_like(SEEN)
    truth[BLOCK] = True
    assert changes.changed[truth].mean() > 0.9
    assert changes.changed[~truth].mean() < 0.04
    assert changes.p_value[BLOCK].mean() < 0.01


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(0.01, 1000), other=st.floats(0.01, 1000))
def test_a_gain_changes_nothing(gain: float, other: float) -> None:
    before, after = speckled(6, 4, 4)
    one = DETECTOR.compare(before, after, SEEN)
    two = DETECTOR.compare(gain * before, other * after, SEEN)
    assert np.allclose(one.magnitude, two.magnitude, atol=1e-2)


def test_the_order_of_the_dates_does_not_matter() -> None:
    before, after = speckled(7, 4, 5)
    one, two = DETECTOR.compare(before, after, SEEN), DETECTOR.compare(after, before, SEEN)
    assert np.allclose(one.magnitude, two.magnitude, atol=1e-4)


def test_it_agrees_with_plain_loops() -> None:
    draw = np.random.default_rng(8)
    before, after = (draw.gamma(4, 1, (1, 15, 18)).astype(np.float32) for _ in range(2))
    seen = np.ones((15, 18), dtype=bool)
    found = DETECTOR.compare(before, after, seen).magnitude
    logs = []
    for date in (before[0], after[0]):
        scaled = date.astype(np.float64) / date.mean(dtype=np.float64)
        both = [np.log(ndimage.gaussian_filter(scaled, k * OPTIONS.smoothing_px)) for k in (1, 2)]
        logs.append(sum(both) / 2)
    ratio = (logs[1] - logs[0]).ravel().tolist()
    middle = float(np.median(ratio))
    spread = float(np.median([abs(value - middle) for value in ratio])) / stats.norm.ppf(0.75)
    plain = [abs(value - middle) / spread for value in ratio]
    # float32 logarithms: 1e-4 of a deviation.
    assert np.allclose(found.ravel(), plain, atol=2e-4)


def test_black_ground_and_eight_bits_do_no_harm() -> None:
    before, after = speckled(9, 4, 8)
    narrow = [np.clip(40 * np.sqrt(date), 0, 255).astype(np.uint8) for date in (before, after)]
    for date in narrow:
        date[0, :30, :30] = 0
    changes = DETECTOR.compare(narrow[0], narrow[1], SEEN)
    assert np.isfinite(changes.magnitude).all()
    assert not changes.changed[:25, :25].any()
    assert changes.changed[BLOCK].mean() > 0.8


def test_unseen_pixels_do_not_bleed() -> None:
    before, after = speckled(10)
    seen = SEEN.copy()
    seen[:, :20] = False
    clean = DETECTOR.compare(before, after, seen)
    after[0, :, :20] = np.nan
    before[0, :, :20] = -5
    changes = DETECTOR.compare(before, after, seen)
    assert changes.magnitude.tobytes() == clean.magnitude.tobytes()
    assert (changes.p_value[~seen] == 1).all()
    assert not changes.changed[~seen].any()


def test_what_has_no_ratio_is_refused() -> None:
    before, after = speckled(11)
    for one, two, message in (
        (before, 10 * np.log10(after), "negative values"),
        (np.concatenate([before, before]), np.concatenate([after, after]), "2 bands"),
        (before, after[:, 1:], "do not match"),
        (np.ones_like(before), after, "constant"),
        (before[:, :3, :3], after[:, :3, :3], "needed"),
    ):
        seen = SEEN[:3, :3] if one.shape[1] == 3 else SEEN
        with pytest.raises(InputError, match=message) as caught:
            DETECTOR.compare(one, two, seen)
        assert caught.value.remedy
