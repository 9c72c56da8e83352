"""The frame and the calendar of a simulation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.simulate import FULL, REHEARSAL, SimulateOptions
from pipeline.simulate.options import platform_of


def test_the_rehearsal_frame_is_two_kilometres_at_its_place_in_the_sea() -> None:
    grid = REHEARSAL.grid
    assert (grid.left, grid.top, grid.gsd_m, grid.shape) == (190_000, 4_100_000, 10, (200, 200))
    assert grid.crs == "EPSG:32652"
    assert tuple(grid.bounds) == (190_000, 4_098_000, 192_000, 4_100_000)


def test_the_full_frame_is_large_and_holds_the_core() -> None:
    outer, inner = FULL.grid.bounds, REHEARSAL.grid.bounds
    assert FULL.grid.shape == (400, 440)
    assert outer.left < inner.left < inner.right < outer.right
    assert outer.bottom < inner.bottom < inner.top < outer.top


def test_the_rehearsal_is_dense_in_autumn_2020_and_has_a_baseline() -> None:
    days = REHEARSAL.days
    autumn = [day for day in days if date(2020, 7, 31) <= day <= date(2020, 12, 31)]
    assert len(days) >= 70
    assert len(autumn) >= 31 - 1
    assert {(b - a).days for a, b in pairwise(autumn)} == {5}
    assert sum(day <= date(2020, 7, 31) for day in days) >= 48
    assert days[-1].year == 2022


def test_the_full_calendar_misses_no_pass() -> None:
    gaps = {(b - a).days for a, b in pairwise(FULL.days)}
    assert gaps == {5}
    assert (FULL.days[0].year, FULL.days[-1].year) == (2019, 2022)


def test_the_two_satellites_take_turns_as_the_real_forecast_has_them() -> None:
    assert platform_of(date(2020, 10, 24)) == "sentinel-2a"
    assert platform_of(date(2020, 10, 29)) == "sentinel-2b"
    assert platform_of(date(2020, 8, 5)) == "sentinel-2a"
    assert platform_of(date(2020, 11, 28)) == "sentinel-2b"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"size_m": (2_010, 2_000)}, "size_m"),
        ({"offset_m": (10, 0)}, "size_m"),
        ({"size_m": (1_980, 2_000)}, "size_m"),
        ({"offset_m": (20, 0)}, "size_m"),
        ({"offset_m": (0, -20), "size_m": (2_000, 2_000)}, "size_m"),
        ({"days": ()}, "days"),
        ({"days": (date(2020, 10, 25),)}, "days"),
        ({"days": (date(2020, 10, 29), date(2020, 10, 24))}, "days"),
        ({"days": (date(2020, 10, 24), date(2020, 10, 24))}, "days"),
        ({"days": (date(2018, 12, 29),)}, "days"),
        ({"days": (date(2023, 1, 2),)}, "days"),
    ],
)
def test_impossible_options_are_refused_by_name(changed: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        replace(REHEARSAL, **changed)  # type: ignore[arg-type]
    assert caught.value.exit_code == 2


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_any_frame_around_the_core_nests_20_m_pixels(w: int, n: int, e: int, s: int) -> None:
    size = (2_000 + 20 * (w + e), 2_000 + 20 * (n + s))
    grid = SimulateOptions(size_m=size, offset_m=(20 * w, 20 * n)).grid
    assert grid.left % 20 == grid.top % 20 == grid.height % 2 == grid.width % 2 == 0
    assert grid.bounds.right == 192_000 + 20 * e
    assert grid.bounds.bottom == 4_098_000 - 20 * s


@given(st.dates(date(2019, 1, 1), date(2022, 12, 27)))
def test_one_day_in_five_has_a_pass(day: date) -> None:
    def is_accepted(one: date) -> bool:
        try:
            SimulateOptions(days=(one,))
        except ConfigError:
            return False
        return True

    assert sum(is_accepted(day + timedelta(days=n)) for n in range(5)) == 1
