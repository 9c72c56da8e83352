"""Built-up growth by the year: composites, calibration on the site, and growth that never falls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.grid import Grid, Window
from pipeline.signs import annual_composites, built_up_growth, monotone_growth
from pipeline.signs.built_up import built_up_index

BANDS = ("red", "nir08", "swir16")
FIELD, BUILT = (0.06, 0.30, 0.18), (0.18, 0.20, 0.26)
N_YEARS, SIDE = 12, 20
PLANTED = (0, 0, 0, 0, 0, 2, 5, 8, 12, 12, 12, 12)
"""Columns of the first zone that are built in each year."""


def town(seed: int = 1, looks_a_year: int = 6, planted: tuple[int, ...] = PLANTED) -> DateCube:
    """Four zones of half-built ground, the last a control; the first one grows."""
    draw = np.random.default_rng(seed)
    n = N_YEARS * looks_a_year
    shape = (n, len(BANDS), SIDE, 4 * SIDE)
    ground = np.broadcast_to(np.array(FIELD)[None, :, None, None], shape).copy()
    ground[:, :, 14:] = np.array(BUILT)[None, :, None, None]
    for look in range(n):
        ground[look, :, :, : planted[look // looks_a_year]] = np.array(BUILT)[:, None, None]
    ground *= 1 + 0.08 * draw.standard_normal(shape)
    ground *= 1 + 0.1 * draw.standard_normal((n, 1, 1, 1))
    clear = draw.random((n, SIDE, 4 * SIDE)) < 0.7
    start = datetime(2000, 2, 1, tzinfo=UTC)
    step = 300 / looks_a_year
    return DateCube(
        values=np.where(clear[:, None], ground, 0).astype(np.float32),
        clear=clear,
        snow=np.zeros_like(clear),
        instants=tuple(
            start.replace(year=2000 + k // looks_a_year) + timedelta(days=step * (k % looks_a_year))
            for k in range(n)
        ),
        scene_ids=tuple(f"LT05_{k}" for k in range(n)),
        bands=BANDS,
        grid=Grid("EPSG:32652", 300_000.0, 4_200_000.0, 30.0, SIDE, 4 * SIDE),
        is_simulated=True,
        sensor="landsat",
    )


MASKS = tuple(
    ZoneMask(f"z{k}", Window(0, k * SIDE, SIDE, SIDE), np.ones((SIDE, SIDE), np.float32), k == 3)
    for k in range(4)
)
EARLY = np.arange(N_YEARS) < 5
SHARES = np.array([0.3 + 0.7 * columns / SIDE for columns in PLANTED])


def test_a_composite_is_the_median_of_the_clear_looks_of_a_year() -> None:
    cube = town()
    yearly = annual_composites(cube)
    assert [one.year for one in yearly.instants] == list(range(2000, 2012))
    assert yearly.bands == cube.bands
    for year, y, x in ((0, 3, 4), (5, 17, 60), (11, 9, 33)):
        looks = [k for k in range(6 * year, 6 * year + 6) if cube.clear[k, y, x]]
        assert yearly.clear[year, y, x] == (len(looks) >= 2)
        for band in range(3):
            values = sorted(float(cube.values[k, band, y, x]) for k in looks)
            if len(looks) >= 2:
                middle = (
                    values[len(values) // 2] if len(values) % 2 else values[len(values) // 2 - 1]
                )
                found = float(yearly.values[year, band, y, x])
                assert found == pytest.approx(middle) or found == pytest.approx(
                    values[len(values) // 2]
                )
    assert not yearly.values[:, 0][~yearly.clear].any()


@pytest.mark.parametrize("is_given", [True, False])
def test_planted_growth_is_measured_year_by_year(*, is_given: bool) -> None:
    built = np.zeros((SIDE, 4 * SIDE), dtype=bool)
    built[14:] = True
    yearly = annual_composites(town())
    mask = built if is_given else None
    found = {one.place: one for one in built_up_growth(yearly, MASKS, EARLY, 0, built=mask)}
    assert found["z0"].values == pytest.approx(SHARES, abs=0.03)
    for place in ("z1", "z2", "z3"):
        assert np.ptp(found[place].values) < 0.05
    assert found["z0"].departures[-1] == pytest.approx(SHARES[-1] - SHARES[0], abs=0.03)
    assert "compare" in found["z3"].not_observable


def test_growth_never_falls_and_holds_the_truth() -> None:
    yearly = annual_composites(town(seed=3))
    first = built_up_growth(yearly, MASKS, EARLY, 0)[0]
    growth = monotone_growth(first)
    assert (np.diff(growth.growth) >= 0).all()
    truth = SHARES - SHARES[0]
    inside = (growth.low <= truth + 0.02) & (truth - 0.02 <= growth.high)
    assert inside.mean() > 0.8
    assert growth.instants == yearly.instants


def test_no_growth_is_within_its_interval_of_none() -> None:
    yearly = annual_composites(town(seed=4, planted=(0,) * N_YEARS))
    growth = monotone_growth(built_up_growth(yearly, MASKS, EARLY, 0)[0])
    assert (growth.low <= 0).all()
    assert (growth.growth <= 0.05).all()


def test_a_year_of_other_radiometry_is_moved_back_by_the_controls() -> None:
    yearly = annual_composites(town())
    values = yearly.values.copy()
    values[7, 1] *= 1.15
    plain = built_up_growth(yearly, MASKS, EARLY, 0)[0]
    other = built_up_growth(replace(yearly, values=values), MASKS, EARLY, 0)[0]
    assert other.values[7] == pytest.approx(plain.values[7], abs=0.03)


@given(factor=st.floats(0.5, 3))
def test_a_factor_on_a_year_leaves_the_index(factor: float) -> None:
    cube = annual_composites(town(seed=2, looks_a_year=2))
    scaled = replace(cube, values=(cube.values * np.float32(factor)))
    one, other = built_up_index(cube), built_up_index(scaled)
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_without_controls_or_a_reference_there_is_no_calibration() -> None:
    yearly = annual_composites(town())
    with pytest.raises(InputError, match="the site has none"):
        built_up_growth(yearly, MASKS[:3], EARLY, 0)
    whole = np.ones((SIDE, 4 * SIDE), dtype=bool)
    with pytest.raises(InputError, match="nothing but built"):
        built_up_growth(yearly, MASKS, EARLY, 0, built=whole)
    hidden = yearly.clear.copy()
    hidden[2] = False
    with pytest.raises(InputError, match="shows nothing"):
        built_up_growth(replace(yearly, clear=hidden), MASKS, EARLY, 2)


def test_growth_of_a_silent_series_is_refused() -> None:
    yearly = annual_composites(town())
    silent = built_up_growth(yearly, MASKS, np.zeros(N_YEARS, dtype=bool), 0)[0]
    with pytest.raises(InputError, match="no growth can be told"):
        monotone_growth(silent)
