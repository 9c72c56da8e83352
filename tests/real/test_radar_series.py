"""Radar on real series: a burst without known change, and a pixel of forest felled in 2016."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np
import pytest
from scipy import ndimage

from pipeline.config import load_config
from pipeline.detect.radar import RadarPair
from pipeline.detect.radar_onset import RadarSteps
from pipeline.model.cube import DateCube
from pipeline.model.grid import Grid
from pipeline.sensors.opera import EQUIVALENT_LOOKS, granule_of
from tests.real.folder_of_items import pixels_at
from tests.unit.item_factory import REAL
from tests.unit.radar_factory import make_cube

pytestmark = pytest.mark.real
OPTIONS = load_config().radar
BURST = REAL / "opera_rtc_s1_series" / "T137-292319-IW2"
PIXEL = REAL / "pixel_series" / "bayts_s1vv_db.csv"
WET = 11
"""The date on which all ground is 1.8 dB brighter, 2023-01-01."""


@lru_cache(maxsize=1)
def burst() -> DateCube:
    if not BURST.is_dir():
        pytest.skip(f"no recorded series at {BURST}; set ZONEWATCH_REAL")
    paths = sorted(BURST.glob("*_VV.tif"))
    granules = [granule_of(path.stem.removesuffix("_VV")) for path in paths]
    pairs = [(path, path.with_name(path.name.replace("_VV", "_VH"))) for path in paths]
    power = np.stack([[pixels_at(path) for path in pair] for pair in pairs])
    return DateCube(
        values=power.astype(np.float32),
        clear=np.isfinite(power).all(axis=1),
        snow=np.zeros((22, 100, 100), dtype=bool),
        instants=tuple(granule.instant for granule in granules if granule is not None),
        scene_ids=tuple(path.stem for path in paths),
        bands=("vv", "vh"),
        grid=Grid("EPSG:32611", 244920.0, 3816660.0, 30.0, 100, 100),
    )


def planted(first: int, decibel: float) -> DateCube:
    """The burst with one of sixteen zones raised from a date on."""
    power = burst().values.copy()
    power[first:, :, 25:50, 50:75] *= np.float32(10 ** (decibel / 10))
    return make_cube(power, instants=burst().instants)


@pytest.mark.parametrize(
    ("before", "after"),
    [(range(12), range(12, 20)), (range(6, 12), range(15, 20)), (range(6), range(6, 12))],
)
def test_seasons_without_known_change_are_called_about_as_often_as_stated(
    before: range, after: range
) -> None:
    dates = np.arange(22)
    found = RadarPair(OPTIONS, EQUIVALENT_LOOKS).compare_dates(
        burst(), np.isin(dates, before), np.isin(dates, after)
    )
    assert found.seen.all()
    for nominal, slack in ((0.05, 1.5), (0.01, 2.5)):
        assert nominal / slack < float((found.p_value <= nominal).mean()) < nominal * slack
    assert found.inflation > 1.3


@pytest.mark.parametrize("n_baseline", [8, 11])
def test_steps_of_a_burst_without_known_change_are_called_about_as_often_as_stated(
    n_baseline: int,
) -> None:
    # The law alone calls 7 and 32 times too many at the two rarest.
    found = RadarSteps(OPTIONS, EQUIVALENT_LOOKS).date_steps(burst(), n_baseline)
    for nominal, slack in ((0.05, 2), (0.01, 2), (0.001, 2.5), (0.0001, 6)):
        assert float((found.p_value <= nominal).mean()) <= nominal * slack
    assert float((found.p_value <= 0.01).mean()) >= 0.005
    assert 1e-4 < found.least_share < 3e-3
    objects, _ = ndimage.label(found.changed, np.ones((3, 3)))
    assert np.bincount(objects.ravel())[1:].max(initial=0) < 4


def test_one_winter_vouches_for_no_other() -> None:
    found = RadarSteps(OPTIONS, EQUIVALENT_LOOKS).date_steps(burst(), 6)
    assert found.least_share == 1


def test_the_wet_day_alone_is_common_to_all_and_raises_no_zone() -> None:
    found = RadarSteps(OPTIONS, EQUIVALENT_LOOKS).date_steps(burst(), 8)
    assert np.flatnonzero(found.common_mode).tolist() == [WET]
    assert found.common_db[WET, 0] == pytest.approx(1.8, abs=0.2)
    assert not (found.first_with == WET).any()
    assert not (found.last_without == WET).any()
    objects, n_objects = ndimage.label(found.changed, np.ones((3, 3)))
    sizes = ndimage.sum_labels(found.changed, objects, range(1, n_objects + 1))
    assert max(sizes) <= 5


def test_the_wet_day_held_against_the_history_is_not_judged() -> None:
    dates = np.arange(22)
    found = RadarPair(OPTIONS, EQUIVALENT_LOOKS).compare_dates(burst(), dates < WET, dates == WET)
    assert not found.seen.any()
    assert not found.changed.any()
    assert found.common_mode[WET]


@pytest.mark.parametrize("first", [9, WET, 15])
def test_a_change_of_one_zone_stays_whether_or_not_it_came_on_the_wet_day(first: int) -> None:
    found = RadarSteps(OPTIONS, EQUIVALENT_LOOKS).date_steps(planted(first, 4.0), 8)
    assert np.flatnonzero(found.common_mode).tolist() == [WET]
    zone = np.zeros((100, 100), dtype=bool)
    zone[25:50, 50:75] = True
    assert found.changed[zone].mean() > 0.8
    assert found.changed[~zone].mean() < 0.01
    last, onset = found.last_without[zone & found.changed], found.first_with[zone & found.changed]
    assert ((last < first) & (onset >= first)).mean() >= 0.9


def test_the_felling_of_2016_is_dated_within_its_weeks() -> None:
    if not PIXEL.is_file():
        pytest.skip(f"no recorded pixel at {PIXEL}; set ZONEWATCH_REAL")
    with PIXEL.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    instants = [datetime.fromisoformat(row["date"]).replace(tzinfo=UTC) for row in rows]
    decibel = np.array([float(row["s1_vv_db"] or "nan") for row in rows], dtype=np.float32)
    power = np.asarray(10 ** (decibel / 10), dtype=np.float32).reshape(-1, 1, 1, 1)
    cube = make_cube(power, np.isfinite(power)[:, 0], instants)
    found = RadarSteps(OPTIONS, 20).date_steps(cube, 40)
    assert found.changed.all()
    assert found.p_value[0, 0] < 1e-10
    assert found.magnitude_db[0, 0, 0] == pytest.approx(-3.1, abs=0.3)
    last, first = (instants[index[0, 0]].date() for index in (found.last_without, found.first_with))
    assert date(2015, 12, 1) <= last < first <= date(2016, 1, 31)
