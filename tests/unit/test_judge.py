"""Which looks make the series of a run: the orbit, the season, the ground that stands for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.errors import NothingSeenError
from pipeline.judge import (
    choose_orbit,
    count_baseline,
    detect_changes,
    in_season,
    prepare_series,
    stable_ground,
)
from pipeline.model.cube import ZoneMask
from pipeline.model.grid import Window
from pipeline.prepare import Prepared
from pipeline.sensors import SENSORS
from tests.unit.gridded_factory import radar_scene, speckled
from tests.unit.radar_factory import make_cube, make_power
from tests.unit.scene_factory import GRID, MemoryChips, make_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model.cube import DateCube
    from pipeline.model.scene import FetchedScene
    from pipeline.model.site import Site

CONFIG = load_config()
RTC = SENSORS["sentinel-1"]
FIRST = datetime(2019, 1, 4, 9, tzinfo=UTC)
END = date(2019, 12, 31)


def site() -> Site:
    return replace(make_site(), baseline_end=END)


def series(days: Sequence[int]) -> Prepared:
    """A cube of looks so many days after the first of 2019."""
    power = make_power((len(days), 2, 20, 20))
    cube = make_cube(power, instants=[FIRST + timedelta(days=day) for day in days])
    return Prepared(cube, (), {}, (), ())


def test_the_orbit_with_most_looks_is_judged() -> None:
    orbits = {
        "32 descending": series(range(0, 700, 24)),
        "127 ascending": series(range(0, 700, 12)),
    }
    assert choose_orbit(site(), orbits) == "127 ascending"
    assert choose_orbit(site(), dict(reversed(orbits.items()))) == "127 ascending"


def test_of_two_with_as_many_the_first_by_number_is_judged() -> None:
    orbits = {
        "32 descending": series(range(0, 700, 12)),
        "127 ascending": series(range(0, 700, 12)),
    }
    assert choose_orbit(site(), orbits) == "32 descending"


def test_an_orbit_without_a_baseline_is_no_series_however_long() -> None:
    orbits = {
        "32 descending": series(range(400, 900, 6)),
        "127 ascending": series(range(0, 700, 24)),
    }
    assert choose_orbit(site(), orbits) == "127 ascending"


@pytest.mark.parametrize(
    ("days", "side"), [(range(0, 300, 12), "after"), (range(500, 600), "before")]
)
def test_no_orbit_with_both_sides_of_the_end_is_an_error(days: range, side: str) -> None:
    with pytest.raises(NothingSeenError, match=f"no usable date lies {side}") as caught:
        choose_orbit(site(), {"32 descending": series(days)})
    assert "baseline_end" in caught.value.remedy


@given(lengths=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_the_chosen_orbit_has_both_sides_and_no_longer_one_has(
    lengths: list[tuple[int, int]],
) -> None:
    made = {
        f"{number} ascending": series([*range(before), *range(400, 400 + after)])
        for number, (before, after) in enumerate(lengths, start=1)
    }
    usable = {orbit: sum(n) for (orbit, n) in zip(made, lengths, strict=True) if n[1]}
    if not usable:
        with pytest.raises(NothingSeenError):
            choose_orbit(site(), made)
        return
    chosen = choose_orbit(site(), made)
    assert usable[chosen] == max(usable.values())


def test_the_baseline_counts_in_civil_days_of_the_site() -> None:
    last = datetime(2019, 12, 31, 23, 59, tzinfo=UTC)
    cube = make_cube(make_power((2, 1, 4, 4)), instants=[last - timedelta(days=1), last])
    assert (
        count_baseline(replace(site(), timezone="UTC", baseline_end=date(2019, 12, 30)), cube) == 1
    )
    with pytest.raises(NothingSeenError, match="after"):
        count_baseline(replace(site(), timezone="UTC"), cube)
    # It is the first of January already where the clocks are nine hours ahead.
    assert count_baseline(replace(site(), timezone="Asia/Seoul"), cube) == 1


def cube_of(instants: Sequence[datetime]) -> DateCube:
    return make_cube(make_power((len(instants), 1, 12, 12)), instants=instants)


def test_baseline_dates_of_other_months_take_no_part() -> None:
    instants = [datetime(2019, month, 10, tzinfo=UTC) for month in range(1, 13)]
    instants += [datetime(2020, month, 10, tzinfo=UTC) for month in (2, 3)]
    kept = in_season(cube_of(instants), 12, 31)
    assert [instants[at].month for at in np.flatnonzero(kept)] == [1, 2, 3, 4, 2, 3]


def test_a_whole_year_of_monitoring_leaves_nothing_out() -> None:
    instants = [FIRST + timedelta(days=15 * number) for number in range(48)]
    assert in_season(cube_of(instants), 24, 31).all()


def controls(*windows: tuple[Window, bool]) -> Prepared:
    masks = tuple(
        ZoneMask(f"z{number}", window, np.full((window.height, window.width), 0.8, np.float32), one)
        for number, (window, one) in enumerate(windows)
    )
    return replace(series(range(0, 120, 12)), masks=masks)


def test_the_controls_stand_for_all_ground() -> None:
    found = stable_ground(
        controls(
            (Window(0, 0, 10, 8), True), (Window(5, 5, 10, 8), True), (Window(0, 12, 9, 8), False)
        )
    )
    assert found is not None
    expected = np.zeros((20, 20), dtype=bool)
    expected[:10, :8] = True
    expected[5:15, 5:13] = True
    assert np.array_equal(found, expected)


def test_too_small_controls_do_not() -> None:
    assert stable_ground(controls((Window(0, 0, 9, 11), True))) is None
    assert stable_ground(controls((Window(0, 0, 20, 20), False))) is None


class Stage:
    """Radar scenes of two orbits with chips in memory."""

    def __init__(self) -> None:
        """Two years of one orbit, and half as many looks of another."""
        self.chips = MemoryChips()
        self.fetched: list[FetchedScene] = []
        rng = np.random.default_rng(5)
        for number in range(60):
            orbit = (127, "ascending") if number % 3 else (32, "descending")
            scene = radar_scene(f"s{number:02d}", 12 * number, orbit=orbit)
            bands = {band: speckled(rng, GRID.shape) for band in ("vv", "vh")}
            self.fetched.append(self.chips.put(scene, bands, GRID))
        first = self.fetched[0].scene.instant.date()
        self.site = replace(make_site(), baseline_end=first + timedelta(days=500))


def test_a_series_holds_one_orbit_and_names_the_other() -> None:
    stage = Stage()
    judged = prepare_series(stage.site, stage.fetched, stage.chips, CONFIG.prepare, sensor=RTC)
    (other,) = judged.other_orbits
    mine = set(judged.prepared.cube.scene_ids)
    assert (judged.prepared.cube.orbit, other.orbit) == ("127 ascending", "32 descending")
    assert (len(mine), other.n_looks, len(other.scene_ids)) == (40, 20, 20)
    assert not mine & set(other.scene_ids)
    assert mine | set(other.scene_ids) == {one.scene.id for one in stage.fetched}
    assert judged.failures == ()


def test_a_scene_without_an_orbit_is_a_failure_of_the_run() -> None:
    stage = Stage()
    bare = replace(stage.fetched[1].scene, relative_orbit=None)
    stage.fetched[1] = replace(stage.fetched[1], scene=bare)
    judged = prepare_series(stage.site, stage.fetched, stage.chips, CONFIG.prepare, sensor=RTC)
    assert [one.scene_id for one in judged.failures] == [bare.id]


def test_the_detector_of_radar_is_asked_in_season_and_with_its_own_looks() -> None:
    stage = Stage()
    judged = prepare_series(stage.site, stage.fetched, stage.chips, CONFIG.prepare, sensor=RTC)
    found = detect_changes(stage.site, judged.prepared, CONFIG, sensor=RTC)
    cube = judged.prepared.cube
    assert found.steps is not None
    assert found.steps.bands == ("vv", "vh")
    kept = in_season(cube, found.n_baseline, CONFIG.radar.season_days)
    assert np.array_equal(found.steps.off_season, ~kept)
    more = replace(RTC, equivalent_looks=44.0)
    finer = detect_changes(stage.site, judged.prepared, CONFIG, sensor=more)
    assert finer.steps is not None
    assert np.median(finer.noise) <= np.median(found.noise)
