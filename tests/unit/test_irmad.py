"""IR-MAD against an oracle in plain loops, against planted truth, and against bad input."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.detect.irmad import IrMad
from pipeline.errors import InputError
from pipeline.raster.mad import chi2_survival
from tests.unit.pair_factory import OPTIONS, make_pair, plant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.detect import PairDetector

DETECTOR: PairDetector = IrMad(OPTIONS)
TIGHT = OPTIONS.model_copy(update={"tolerance": 1e-6, "n_iterations": 60})


def all_seen(date: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.ones(date.shape[1:], dtype=bool)


def oracle(
    before: NDArray[np.float32], after: NDArray[np.float32], n_iterations: int
) -> tuple[list[float], NDArray[np.float64]]:
    """The method pixel by pixel in float64: a generalised eigenproblem instead of whitening."""
    n = len(before)
    x = [[float(v) for v in band.ravel()] for band in before]
    y = [[float(v) for v in band.ravel()] for band in after]
    z, n_px = [*x, *y], len(x[0])
    weights = [1.0] * n_px
    chi2 = np.zeros(n_px)
    rho: list[float] = []
    for _ in range(n_iterations + 1):
        total = sum(weights)
        mean = [sum(w * v for w, v in zip(weights, band, strict=True)) / total for band in z]
        cov = np.empty((2 * n, 2 * n))
        for i in range(2 * n):
            for j in range(2 * n):
                products = (
                    w * (p - mean[i]) * (q - mean[j])
                    for w, p, q in zip(weights, z[i], z[j], strict=True)
                )
                cov[i, j] = sum(products) / total
        sxx, syy, sxy = cov[:n, :n], cov[n:, n:], cov[:n, n:]
        squared, vectors = np.linalg.eig(np.linalg.solve(sxx, sxy @ np.linalg.solve(syy, sxy.T)))
        order = np.argsort(-squared.real)
        rho = [math.sqrt(value) for value in squared.real[order]]
        chi2 = np.zeros(n_px)
        for r, a in zip(rho, vectors.real[:, order].T, strict=True):
            unit = a / math.sqrt(a @ sxx @ a)
            b = np.linalg.solve(syy, sxy.T @ unit)
            b /= math.sqrt(b @ syy @ b)
            for at in range(n_px):
                u = sum(unit[i] * (x[i][at] - mean[i]) for i in range(n))
                v = sum(b[i] * (y[i][at] - mean[n + i]) for i in range(n))
                chi2[at] += (u - v) ** 2 / (2 * (1 - r))
        scale = float(np.median(chi2)) / float(stats.chi2.ppf(0.5, n))
        weights = [float(w) for w in stats.chi2.sf(chi2 / scale, n)]
    return rho, chi2


@pytest.mark.parametrize("n_bands", [2, 3, 4])
def test_it_agrees_with_the_oracle_in_plain_loops(n_bands: int) -> None:
    before, after = make_pair(n_bands, n_bands=n_bands, size=28)
    after[:, 4:9, 6:12] += 4
    options = OPTIONS.model_copy(update={"tolerance": 1e-12, "n_iterations": 4})
    changes, fit = IrMad(options).explain(before, after, all_seen(before))
    rho, chi2 = oracle(before, after, 4)
    assert fit.n_iterations == 4
    assert np.allclose(fit.correlations, rho, rtol=0, atol=1e-6)
    assert np.allclose(changes.magnitude.ravel(), np.sqrt(chi2), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dof", range(1, 14))
def test_the_chi_square_survival_is_that_of_scipy(dof: int) -> None:
    statistic = np.geomspace(1e-6, 1e9, 400).astype(np.float32)
    assert np.allclose(chi2_survival(statistic, dof), stats.chi2.sf(statistic, dof), atol=2e-6)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), n_bands=st.integers(2, 7))
@example(seed=725, n_bands=7)
def test_gain_offset_and_mixing_of_bands_change_nothing(seed: int, n_bands: int) -> None:
    before, after = make_pair(seed, n_bands=n_bands, size=60)
    plant(after[:, :60, :60], 2)
    draw = np.random.default_rng(seed + 1)
    turn = np.linalg.qr(draw.standard_normal((n_bands, n_bands)))[0]
    scaled = before * draw.uniform(0.1, 50, (n_bands, 1, 1)) + draw.uniform(-9, 9, (n_bands, 1, 1))
    mixed = np.tensordot(turn, after, 1).astype(np.float32)
    detector = IrMad(TIGHT)
    one, fit = detector.explain(before, after, all_seen(before))
    two, other = detector.explain(scaled.astype(np.float32), mixed, all_seen(before))
    assert np.allclose(fit.correlations, other.correlations, atol=1e-4)
    assert np.allclose(one.magnitude, two.magnitude, rtol=2e-2, atol=2e-2)


def test_the_order_of_bands_and_of_dates_does_not_matter() -> None:
    before, after = make_pair(5)
    plant(after, 2)
    one = IrMad(TIGHT).compare(before, after, all_seen(before))
    two = IrMad(TIGHT).compare(after[::-1], before[::-1], all_seen(before))
    assert np.allclose(one.magnitude, two.magnitude, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("n_bands", [2, 3, 4, 6, 10])
@pytest.mark.parametrize("uneven", [0.0, 0.8])
def test_planted_change_is_found(n_bands: int, uneven: float) -> None:
    before, after = make_pair(11, n_bands=n_bands, uneven=uneven)
    truth = plant(after, 3)
    changes = DETECTOR.compare(before, after, all_seen(before))
    assert changes.changed[truth].mean() > 0.9
    assert changes.changed[~truth].mean() < 0.02
    assert np.median(changes.p_value[truth]) < 1e-3


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), n_bands=st.sampled_from([2, 3, 4, 6]), uneven=st.floats(0, 1.2))
def test_where_nothing_changed_next_to_nothing_is_called(
    seed: int, n_bands: int, uneven: float
) -> None:
    # Four scenes together: the share of one alone scatters by a tenth of what is stated.
    pairs = [make_pair(seed + one, n_bands=n_bands, uneven=uneven) for one in range(4)]
    called = [DETECTOR.compare(*pair, all_seen(pair[0])).changed.mean() for pair in pairs]
    assert np.mean(called) <= 0.0125


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), uneven=st.floats(0, 1.0), strength=st.sampled_from([0.0, 4.0]))
def test_p_values_stay_near_on_a_small_scene(seed: int, uneven: float, strength: float) -> None:
    before, after = make_pair(seed, uneven=uneven)
    truth = plant(after, strength)
    changes = DETECTOR.compare(before, after, all_seen(before))
    # Few pixels tell little of the tail, and the fit errs more often to the safe side.
    for nominal, factor in ((0.05, 2.5), (0.01, 5)):
        share = (changes.p_value[~truth] < nominal).mean()
        assert nominal / (4 * factor) <= share <= nominal * factor


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("uneven", [0.0, 0.5, 1.0])
def test_p_values_mean_what_they_say(seed: int, uneven: float) -> None:
    before, after = make_pair(seed, uneven=uneven, size=300)
    truth = plant(after, 4)
    changes = DETECTOR.compare(before, after, all_seen(before))
    for nominal in (0.05, 0.01, 0.001):
        assert nominal / 1.5 <= (changes.p_value[~truth] < nominal).mean() <= nominal * 1.5


def test_unseen_and_broken_pixels_are_left_out_and_do_not_disturb() -> None:
    before, after = make_pair(3)
    seen = all_seen(before)
    seen[:, :7] = False
    clean = DETECTOR.compare(before, after, seen)
    before[:, :, :7] = -9999
    before[2, 50, 50], after[0, 60, 60], after[5, 61, 61] = np.nan, np.inf, -np.inf
    changes = DETECTOR.compare(before, after, seen)
    lost = ~changes.seen & seen
    assert np.argwhere(lost).tolist() == [[50, 50], [60, 60], [61, 61]]
    out = ~changes.seen
    assert (changes.p_value[out] == 1).all()
    assert (changes.magnitude[out] == 0).all()
    assert not changes.changed[out].any()
    assert np.allclose(changes.magnitude[changes.seen], clean.magnitude[changes.seen], rtol=0.05)


def test_the_arrays_given_are_not_touched() -> None:
    before, after = make_pair(4, size=40)
    seen = all_seen(before)
    kept = before.copy(), after.copy(), seen.copy()
    DETECTOR.compare(before, after, seen)
    assert (before == kept[0]).all()
    assert (after == kept[1]).all()
    assert (seen == kept[2]).all()
    assert seen.flags.writeable


def test_integers_are_not_subtracted_as_integers() -> None:
    before, after = make_pair(8)
    plant(after, 3)
    low, high = np.array([before.min(), after.min()]), np.array([before.max(), after.max()])
    one, two = (
        np.round((date - at) / (top - at) * 255).astype(np.uint8)
        for date, at, top in zip((before, after), low, high, strict=True)
    )
    wide = DETECTOR.compare(one.astype(np.float32), two.astype(np.float32), all_seen(before))
    narrow = IrMad(OPTIONS).compare(one, two, all_seen(before))
    assert np.allclose(wide.magnitude, narrow.magnitude, rtol=1e-3, atol=1e-3)


def test_a_band_given_twice_does_no_harm() -> None:
    before, after = make_pair(9)
    truth = plant(after, 3)
    twice = IrMad(OPTIONS).compare(
        np.concatenate([before, before[:1]]), np.concatenate([after, after[:1]]), all_seen(before)
    )
    assert twice.changed[truth].mean() > 0.9
    assert twice.changed[~truth].mean() < 0.03


def test_a_large_uniform_surface_does_not_swallow_the_weights() -> None:
    # Without its median for a yardstick, the iteration ends on the water alone.
    before, after = make_pair(12)
    draw = np.random.default_rng(1)
    before[:, :, :40] = 0.02 * draw.standard_normal((6, 120, 40))
    after[:, :, :40] = 0.02 * draw.standard_normal((6, 120, 40))
    after[:, 50:70, 80:100] += 4 * after.std(axis=(1, 2), keepdims=True)
    changes, fit = IrMad(OPTIONS).explain(before, after, all_seen(before))
    assert fit.is_converged
    land = changes.changed[:, 40:]
    assert land[50:70, 40:60].mean() > 0.9
    assert changes.changed.mean() < 0.1


def test_the_threshold_is_what_parts_the_pixels() -> None:
    before, after = make_pair(13)
    plant(after, 3)
    changes = DETECTOR.compare(before, after, all_seen(before))
    assert ((changes.magnitude >= np.float32(changes.threshold)) == changes.changed).all()
    order = np.argsort(changes.magnitude.ravel())
    assert (np.diff(changes.p_value.ravel()[order]) <= 1e-6).all()


def test_the_same_pair_gives_the_same_numbers() -> None:
    before, after = make_pair(14)
    first, second = (DETECTOR.compare(before, after, all_seen(before)) for _ in range(2))
    assert first.magnitude.tobytes() == second.magnitude.tobytes()
    assert first.p_value.tobytes() == second.p_value.tobytes()


def test_the_iteration_stops_when_told_and_says_so() -> None:
    before, after = make_pair(15)
    plant(after, 3)
    few = IrMad(OPTIONS.model_copy(update={"n_iterations": 1, "tolerance": 1e-9}))
    assert few.explain(before, after, all_seen(before))[1].n_iterations == 1
    assert not few.explain(before, after, all_seen(before))[1].is_converged
    assert IrMad(OPTIONS).explain(before, after, all_seen(before))[1].is_converged


def test_arrays_that_do_not_match_are_refused() -> None:
    before, after = make_pair(1, size=30)
    for one, two, seen in (
        (before, after[:5], all_seen(before)),
        (before, after[:, 1:], all_seen(before)),
        (before, after, all_seen(before)[1:]),
        (before[0], after[0], all_seen(before)),
    ):
        with pytest.raises(InputError, match="do not match") as caught:
            DETECTOR.compare(one, two, seen)
        assert caught.value.remedy


def test_one_band_is_refused() -> None:
    before, after = make_pair(1, size=30)
    with pytest.raises(InputError, match="single band"):
        DETECTOR.compare(before[:1], after[:1], all_seen(before))


def test_too_few_pixels_are_refused() -> None:
    before, after = make_pair(1, size=30)
    seen = np.zeros((30, 30), dtype=bool)
    seen[:6, :30] = True
    with pytest.raises(InputError, match="180 pixels seen on both dates, 240 needed"):
        DETECTOR.compare(before, after, seen)


@pytest.mark.parametrize("value", [0.0, 7.0, 1e6, -3e-5])
def test_a_constant_band_is_refused_by_number_and_date(value: float) -> None:
    before, after = make_pair(1, size=30)
    after[3] = value
    with pytest.raises(InputError, match="band 4 of the second date: the band is constant"):
        DETECTOR.compare(before, after, all_seen(before))


def test_a_date_compared_with_itself_is_refused() -> None:
    before, _ = make_pair(2, size=40)
    for copy in (before.copy(), 3 * before - 2):
        with pytest.raises(InputError, match="the same image"):
            DETECTOR.compare(before, copy, all_seen(before))


@pytest.mark.parametrize("seed", range(4))
def test_a_copy_with_a_changed_patch_shows_the_patch_and_no_more(seed: int) -> None:
    before, _ = make_pair(seed)
    after = 2 * before + 1
    truth = plant(after, 1)
    changes = DETECTOR.compare(before, after, all_seen(before))
    assert changes.changed[truth].all()
    assert changes.changed[~truth].mean() <= 0.01


def test_filled_pixels_nobody_declared_are_named_as_the_trouble() -> None:
    before, after = make_pair(2, size=60)
    before[:, :, :50] = 0
    after[:, :, :50] = 0
    with pytest.raises(InputError, match="alike on both dates") as caught:
        DETECTOR.compare(before, after, all_seen(before))
    assert "nodata" in caught.value.remedy
