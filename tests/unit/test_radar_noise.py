"""What the radar statistics are built on: windows, scatter, tails and the common mode."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.errors import InputError
from pipeline.raster.common_mode import common_mode, dense_level
from pipeline.raster.scatter import N_SAMPLE, fit_scatter, memory_factor, shared_variance
from pipeline.raster.speckle import (
    RADIUS,
    WINDOW_SPREAD,
    Looks,
    row_blocks,
    speckle_variance,
    window_looks,
    without_fringe,
)
from pipeline.raster.survey import Series, bulk_inflation, survey
from pipeline.raster.tails import SplitTail, detectable, overshoot, radius_density, sum_tail
from tests.unit.radar_factory import leading, make_power

DOFS = st.floats(2, 1e4)


def looks_of(shape: tuple[int, int, int, int], n_looks: float, seed: int = 1) -> Looks:
    n_dates, n_bands, *_ = shape
    power, clear = make_power(shape, n_looks, seed), np.ones((n_dates, *shape[2:]), dtype=bool)
    flat = np.zeros((n_dates, n_bands), dtype=np.float32)
    return window_looks(power, clear, np.ones(n_dates, dtype=bool), flat)


@pytest.mark.parametrize("n_looks", [1.0, 4.4, 20.0])
def test_the_logarithm_of_speckle_varies_by_trigamma(n_looks: float) -> None:
    draw = np.random.default_rng(1).gamma(n_looks, 1 / n_looks, 400_000)
    assert np.log(draw).var() == pytest.approx(speckle_variance(n_looks), rel=0.02)


@pytest.mark.parametrize("n_looks", [0.0, -2.0, float("nan")])
def test_speckle_of_no_looks_is_refused(n_looks: float) -> None:
    with pytest.raises(InputError, match="equivalent looks"):
        speckle_variance(n_looks)


def test_a_window_varies_by_its_weights() -> None:
    looks = looks_of((30, 1, 60, 60), 5)
    inner = looks.means().reshape(30, 60, 60)[:, 1:-1, 1:-1]
    wanted = speckle_variance(5) * WINDOW_SPREAD * 29 / 30
    assert inner.var() == pytest.approx(wanted, rel=0.02)
    spread = (looks.squares / looks.weights**2).reshape(30, 60, 60)
    assert spread[0, 30, 30] == pytest.approx(WINDOW_SPREAD)
    assert spread[0, 0, 0] == pytest.approx((0.25**2 + 0.5**2) ** 2 / 0.75**4)


def test_unseen_pixels_have_no_say_in_a_window() -> None:
    power = make_power((6, 1, 3, 3))
    clear = np.ones((6, 3, 3), dtype=bool)
    clear[3, 0, 0] = False
    spoilt = power.copy()
    spoilt[3, :, 0, 0] = 1e6
    before, flat = leading(4, 6), np.zeros((6, 1), dtype=np.float32)
    first = window_looks(power, clear, before, flat)
    second = window_looks(spoilt, clear, before, flat)
    assert np.array_equal(first.sums, second.sums)
    assert first.weights[3, 4] == 15
    assert first.weights[3, 0] == 0
    assert (first.sums[3, :, 0] == 0).all()


@given(st.integers(1, 50), st.integers(1, 40), st.integers(1, 400))
def test_blocks_of_rows_cover_each_row_once_and_read_a_row_more(
    height: int, width: int, n_layers: int
) -> None:
    blocks = list(row_blocks(height, width, n_layers))
    answered = [row for rows, _ in blocks for row in range(rows.start, rows.stop)]
    assert answered == list(range(height))
    for rows, read in blocks:
        assert read.start == max(rows.start - RADIUS, 0)
        assert read.stop == min(rows.stop + RADIUS, height)


def test_a_fringe_is_taken_off_and_a_lone_pixel_stays() -> None:
    strength = np.zeros((20, 20), dtype=np.float32)
    strength[5:12, 5:12] = 12
    strength[4, 5:12] = 4
    strength[12, 5:12] = 9
    strength[17, 17] = 5
    called = strength > 0
    kept = without_fringe(strength, called, 0.5)
    assert not kept[4].any()
    assert kept[5:13, 5:12].all()
    assert kept[17, 17]


@settings(max_examples=50)
@given(st.floats(0, 1e4), st.integers(1, 3), DOFS)
def test_the_tail_of_a_sum_against_scipy(statistic: float, n_bands: int, dof: float) -> None:
    found = sum_tail(np.array([statistic]), n_bands, np.array([dof]))[0]
    wanted = stats.f.sf(statistic / n_bands, n_bands, dof)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-290)


def test_tails_go_on_where_one_less_a_share_ends() -> None:
    dof, far = np.array([1e4, 1e4]), np.array([200.0, 400.0])
    assert (sum_tail(far, 2, dof) > 0).all()
    tail = SplitTail.over(np.arange(8, 18), 20, 2)(far, dof)
    assert 0 < tail[1] < tail[0] < 1e-38


@settings(max_examples=30)
@given(st.floats(0.1, 30), st.integers(1, 3), DOFS)
def test_the_density_of_the_root_is_the_slope_of_its_tail(
    radius: float, n_bands: int, dof: float
) -> None:
    step, dofs = 1e-4 * radius, np.array([dof, dof])
    ends = sum_tail(np.array([(radius - step) ** 2, (radius + step) ** 2]), n_bands, dofs)
    slope = (ends[0] - ends[1]) / (2 * step)
    found = radius_density(np.array([radius]), n_bands, dofs[:1])[0]
    assert found == pytest.approx(slope, rel=1e-3, abs=1e-9)


def test_the_overshoot_from_small_steps_to_large_ones() -> None:
    assert overshoot(np.array([0.0]))[0] == pytest.approx(1)
    assert overshoot(np.array([0.1]))[0] == pytest.approx(np.exp(-0.583 * 0.1), rel=1e-2)
    assert overshoot(np.array([20.0]))[0] == pytest.approx(2 / 20**2, rel=0.01)


@pytest.mark.parametrize(
    ("n_dates", "n_first", "n_bands", "dof"),
    [(12, 4, 2, 1e4), (20, 8, 2, 30.0), (60, 12, 1, 1e4), (150, 50, 2, 60.0)],
)
def test_the_tail_of_the_largest_split_against_simulation(
    n_dates: int, n_first: int, n_bands: int, dof: float
) -> None:
    draw, n = np.random.default_rng(2), 40_000
    total = draw.standard_normal((n_dates, n_bands, n), dtype=np.float32).cumsum(axis=0)
    splits = np.arange(n_first, n_dates - 2)
    largest = np.zeros(n, dtype=np.float32)
    for k in splits:
        step = (total[-1] - total[k - 1]) / (n_dates - k) - total[k - 1] / k
        np.maximum(largest, (step**2).sum(axis=0) / (1 / k + 1 / (n_dates - k)), out=largest)
    largest /= (draw.chisquare(dof, n) / dof).astype(np.float32)
    p_value = SplitTail.over(splits, n_dates, n_bands)(largest, np.full(n, dof))
    for nominal in (0.1, 0.01, 0.001):
        slack = 4 * np.sqrt(nominal / n)
        assert (p_value <= nominal).mean() == pytest.approx(nominal, rel=0.15, abs=slack)


@pytest.mark.parametrize("dof", [12.0, 60.0, 1e4])
def test_the_detectable_change_is_found_as_often_as_said(dof: float) -> None:
    offset = detectable(1e-3, 0.8, 2, np.array([dof, dof]))
    assert offset[0] == offset[1]
    draw = np.random.default_rng(3)
    values = draw.standard_normal((2, 100_000))
    values[0] += offset[0]
    statistic = (values**2).sum(axis=0) / (draw.chisquare(dof, 100_000) / dof)
    found = sum_tail(statistic, 2, np.full(100_000, dof)) <= 1e-3
    assert found.mean() == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("memory", [0.0, 0.3, 0.8])
def test_the_memory_of_a_mean_lag_by_lag(memory: float) -> None:
    for n in (1, 2, 7, 40):
        wanted = 1 + 2 * sum((1 - lag / n) * memory**lag for lag in range(1, n))
        assert memory_factor(np.array([n]), memory)[0] == pytest.approx(wanted)


@pytest.mark.parametrize("dof", [6.0, 20.0])
def test_a_shared_variance_is_found_again(dof: float) -> None:
    draw = np.random.default_rng(4)
    truth = 0.3 * dof / draw.chisquare(dof, 20_000)
    variance = truth * draw.chisquare(11, 20_000) / 11
    level, found = shared_variance(variance, np.full(20_000, 11.0))
    assert level == pytest.approx(0.3, rel=0.03)
    assert found == pytest.approx(dof, rel=0.2)


def test_ground_that_is_all_alike_lends_much_and_a_few_pixels_lend_nothing() -> None:
    variance = np.random.default_rng(5).chisquare(11, 20_000) / 11
    assert shared_variance(variance, np.full(20_000, 11.0))[1] > 100
    assert shared_variance(variance[:50], np.full(50, 11.0))[1] == 0


def test_the_scatter_of_speckle_is_speckle() -> None:
    scatter = fit_scatter(looks_of((20, 2, 80, 80), 5), speckle_variance(5))
    assert scatter.deviation() ** 2 == pytest.approx([speckle_variance(5)] * 2, rel=0.05)
    assert scatter.memory < 0.03
    assert scatter.dof > 100
    assert abs(scatter.whitening[1, 0] / scatter.whitening[1, 1]) < 0.05


def test_the_scatter_is_never_less_than_speckle() -> None:
    scatter = fit_scatter(looks_of((20, 2, 40, 40), 50), speckle_variance(5))
    assert scatter.deviation() ** 2 == pytest.approx([speckle_variance(5)] * 2, rel=0.01)


def test_bands_that_move_together_count_as_less_than_two() -> None:
    looks = looks_of((20, 2, 60, 60), 5)
    mixed = looks.mixed(np.array([[1, 0], [0.9, 0.436]], dtype=np.float32))
    scatter = fit_scatter(mixed, speckle_variance(50))
    white = mixed.mixed(scatter.whitening).means()
    correlation = np.corrcoef(white[:, 0].ravel(), white[:, 1].ravel())[0, 1]
    assert abs(correlation) < 0.05


def test_a_band_given_twice_counts_once() -> None:
    looks = looks_of((20, 1, 40, 40), 5)
    twice = Looks(np.repeat(looks.sums, 2, axis=1), looks.weights, looks.squares)
    scatter = fit_scatter(twice, speckle_variance(5))
    assert np.isfinite(scatter.whitening).all()


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4])
@pytest.mark.parametrize("step", [0.7, -0.7])
def test_the_common_level_does_not_follow_a_zone(share: float, step: float) -> None:
    draw = np.random.default_rng(6)
    values = draw.normal(0.5, 0.16, 4000).astype(np.float32)
    values[: int(share * 4000)] += np.float32(step)
    assert dense_level(values, 0.16) == pytest.approx(0.5, abs=0.025)
    if share == 0.4:
        assert abs(np.median(values) - 0.5) > 0.1


@settings(max_examples=30)
@given(st.floats(-3, 3), st.integers(0, 100))
def test_the_common_level_moves_with_the_ground(shift: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(0, 0.2, 500).astype(np.float32)
    moved = dense_level(values + np.float32(shift), 0.2)
    assert moved == pytest.approx(dense_level(values, 0.2) + shift, abs=1e-3)


def test_the_common_level_is_found_where_nothing_lies_near_it() -> None:
    assert dense_level(np.array([0, 0, 100, 100], dtype=np.float32), 1e-3) in (0, 50, 100)


def test_few_pixels_have_no_common_mode() -> None:
    looks = looks_of((10, 1, 9, 9), 5)
    sums = looks.sums + np.float32(3) * (np.arange(10) >= 7)[:, None, None] * looks.weights[:, None]
    common = common_mode(Looks(sums, looks.weights, looks.squares), leading(5, 10), 0.2, 1.0)
    assert not common.shift.any()
    assert not common.stands_out.any()


def test_the_baseline_itself_may_hold_a_wet_day() -> None:
    looks = looks_of((10, 1, 40, 40), 5)
    sums = looks.sums.copy()
    sums[2] += np.float32(0.5) * looks.weights[2]
    common = common_mode(Looks(sums, looks.weights, looks.squares), leading(6, 10), 0.2, 1.0)
    assert np.flatnonzero(common.stands_out).tolist() == [2]
    assert common.shift_db[2] == pytest.approx([0.5 * 4.343], abs=0.1)
    assert np.abs(np.delete(common.shift_db, 2)).max() < 0.2


def test_quiet_ground_that_moved_too_far_inflates() -> None:
    dof = np.full(20_000, 50.0)
    draw = np.random.default_rng(7)
    statistic = (draw.standard_normal((2, 20_000)) ** 2).sum(axis=0)
    statistic /= draw.chisquare(50, 20_000) / 50
    assert bulk_inflation(statistic, dof, 2, 0.25) == pytest.approx(1, abs=0.05)
    assert bulk_inflation(3 * statistic, dof, 2, 0.25) == pytest.approx(3, rel=0.05)
    assert bulk_inflation(0.2 * statistic, dof, 2, 0.25) == 1
    assert bulk_inflation(9 * statistic[:50], dof[:50], 2, 0.25) == 1
    statistic[:3000] += 200
    assert bulk_inflation(statistic, dof, 2, 0.25) < 1.25


@pytest.mark.parametrize("shape", [(300, 400), (60, 3000), (3000, 60), (5, 5), (1, 200)])
def test_a_sample_is_spread_over_the_ground_and_bounded(shape: tuple[int, int]) -> None:
    power = make_power((5, 1, *shape))
    clear, before = np.ones((5, *shape), dtype=bool), leading(3, 5)
    sample = survey(Series(power, clear, before, ~before), 5, 1.0).sample
    n_locations = sample.weights.shape[1]
    assert min(N_SAMPLE // 2, shape[0] * shape[1]) <= n_locations <= 2 * N_SAMPLE


def test_a_sample_is_of_stable_ground_only() -> None:
    power = make_power((6, 1, 50, 50))
    power[4:, :, :, 10:] *= np.float32(2)
    stable = np.zeros((50, 50), dtype=bool)
    stable[3:40, :8] = True
    clear, before = np.ones((6, 50, 50), dtype=bool), leading(4, 6)
    found = survey(Series(power, clear, before, ~before, stable), 5, 1.0)
    assert found.sample.weights.shape == (6, stable.sum())
    assert np.abs(found.common.shift_db).max() < 0.3


@pytest.mark.parametrize("dof", [8.0, 60.0])
@pytest.mark.parametrize("n_bands", [1, 2])
def test_a_single_split_detects_what_a_single_test_does(dof: float, n_bands: int) -> None:
    many = np.array([dof, 2 * dof, dof])
    found = SplitTail.over(np.array([10]), 20, n_bands).detectable(1e-4, 0.8, many)
    assert found == pytest.approx(detectable(1e-4, 0.8, n_bands, many), rel=1e-5)


def test_more_splits_and_more_power_ask_for_more() -> None:
    dof = np.array([20.0])
    few, many = (SplitTail.over(np.arange(10, stop), 60, 2) for stop in (12, 50))
    assert few.detectable(1e-4, 0.8, dof)[0] < many.detectable(1e-4, 0.8, dof)[0]
    assert many.detectable(1e-4, 0.8, dof)[0] < many.detectable(1e-4, 0.95, dof)[0]
    assert many.detectable(1e-4, 0.8, dof)[0] < many.detectable(1e-6, 0.8, dof)[0]
