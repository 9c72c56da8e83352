"""Simulated Landsat: its calendar, its bits, its gaps, and the park that grows under it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.catalogs import open_catalog
from pipeline.config import load_config
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from pipeline.sensors.landsat import SENSOR, decide_radiometry, is_slc_off
from pipeline.sensors.landsat_bits import LandClass, classes_of
from pipeline.simulate.archive import simulate_archive
from pipeline.simulate.eras import Past
from pipeline.simulate.landsat import (
    GRID,
    LANDSAT_BANDS,
    SLC_OFF,
    LandsatScene,
    landsat_days,
    passes_of,
    simulate_landsat,
)
from pipeline.simulate.materials import Material
from pipeline.simulate.options import ArchiveOptions
from pipeline.simulate.outcome import truth_of
from pipeline.simulate.sky import cirrus_mean, make_sky
from pipeline.simulate.thermal import Thermometer, to_blocks
from pipeline.simulate.weather import simulate_climate
from tests.unit.archive_factory import SEEDS, masks

if TYPE_CHECKING:
    from pathlib import Path

EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
SEED = SEEDS[0]


@cache
def past(*outcomes: str, variant: str = "rehearsal") -> Past:
    return Past(SEED, truth_of(variant).asked(*outcomes))


@cache
def scenes(
    days: tuple[tuple[date, str], ...], *outcomes: str, variant: str = "rehearsal"
) -> tuple[LandsatScene, ...]:
    return tuple(simulate_landsat(past(*outcomes, variant=variant), days))


OLD = ((date(2004, 5, 2), "LT05"), (date(2012, 10, 7), "LE07"))
FINE = ((date(2013, 5, 11), "LC08"), (date(2016, 5, 3), "LC08"))


def reflectance(scene: LandsatScene, band: str) -> np.ndarray:
    return np.asarray(scene.numbers[band] * 2.75e-5 - 0.2)


def test_satellites_pass_on_the_days_that_are_known() -> None:
    assert date(2023, 2, 24) in passes_of("LC09", date(2023, 1, 1), date(2023, 12, 31))
    assert date(2024, 6, 26) in passes_of("LC08", date(2024, 1, 1), date(2024, 12, 31))
    for craft in ("LT05", "LE07", "LC08", "LC09"):
        days = passes_of(craft, date(2000, 1, 1), date(2030, 1, 1))
        assert {(b - a).days for a, b in pairwise(days)} == {16}
    assert not passes_of("LT05", date(2012, 1, 1), date(2012, 12, 31))
    assert not passes_of("LC08", date(2012, 1, 1), date(2012, 12, 31))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_record_holds_some_scenes_of_every_year(seed: int) -> None:
    days = landsat_days(seed)
    assert list(days) == sorted(set(days))
    per_year = {year: sum(day.year == year for day, _ in days) for year in range(2000, 2025)}
    assert min(per_year.values()) >= 2
    assert max(per_year.values()) <= 20
    assert 130 <= len(days) <= 165
    assert {craft for _, craft in days} == {"LT05", "LE07", "LC08", "LC09"}
    assert all(day in passes_of(craft, day, day) for day, craft in days)
    assert landsat_days(seed, 2013, 2014) == tuple(
        one for one in days if one[0].year in (2013, 2014)
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_windows_of_the_positive_controls_hold_clear_scenes(seed: int) -> None:
    climate = simulate_climate(seed)
    clear = [day for day, _ in landsat_days(seed) if climate[day].cloud_cover < 0.01]
    for first, last in (
        (date(2013, 4, 9), date(2013, 9, 12)),
        (date(2013, 9, 16), date(2013, 12, 31)),
        (date(2016, 2, 12), date(2016, 6, 30)),
        (date(2017, 4, 1), date(2017, 10, 6)),
    ):
        assert sum(first <= day <= last for day in clear) >= 3


def test_what_is_kept_does_not_depend_on_the_truth() -> None:
    days = landsat_days(SEED, 2013, 2013)
    hidden = scenes(days, "K003-02=clouded")
    assert [scene.day for scene in hidden] == [day for day, _ in days]
    for scene in hidden:
        if date(2013, 4, 1) <= scene.day <= date(2013, 8, 31):
            assert scene.cloud_cover_pct == 100
            assert not np.isin(classes_of(scene.qa), (LandClass.CLEAR, LandClass.SNOW)).any()


def test_numbers_are_reflectance_and_kelvin() -> None:
    for scene in scenes(FINE):
        clear = classes_of(scene.qa) == LandClass.CLEAR
        assert clear.mean() > 0.9
        for band in LANDSAT_BANDS:
            assert scene.numbers[band].dtype == np.uint16
            assert scene.numbers[band].shape == GRID.shape == (67, 67)
            values = reflectance(scene, band)[clear]
            assert -0.05 < np.quantile(values, 0.01) < np.quantile(values, 0.99) < 0.6
        assert 280 < np.nanmedian(scene.kelvin) < 320
        assert 1 < np.nanmin(scene.error_k) < 5


def test_old_and_new_craft_set_the_bits_of_their_own() -> None:
    old, new = scenes(OLD)[0], scenes(FINE)[0]
    assert not (old.qa >> 14).any()
    assert ((new.qa >> 14) & 1).all()


def test_gaps_lie_only_where_the_corrector_had_failed() -> None:
    first, gappy = scenes(((date(2003, 2, 1), "LE07"), OLD[1]))
    assert not (first.qa == 1).any()
    lost = gappy.qa == 1
    assert 0.05 < lost.mean() < 0.3
    assert all((gappy.numbers[band][lost] == 0).all() for band in LANDSAT_BANDS)
    assert all((gappy.numbers[band][~lost] > 0).all() for band in LANDSAT_BANDS)
    assert np.isnan(gappy.kelvin[lost]).all()
    # Stripes, not blobs: every column is cut.
    assert lost.any(axis=0).all()
    assert gappy.day > SLC_OFF


def test_cirrus_is_told_before_the_sky_is_made() -> None:
    climate = simulate_climate(SEED)
    found = 0
    for offset in range(12):
        day = date(2013, 5, 1) + timedelta(days=offset)
        mean = cirrus_mean(SEED, day)
        sky = make_sky(SEED, climate[day], (30, 30))
        assert sky.cirrus.any() == (mean > 0)
        found += mean > 0
    assert found


def test_blocks_are_means_of_six_by_six_cells() -> None:
    layer = np.random.default_rng(1).random((424, 424))
    found = to_blocks(layer, (1, -2))
    assert found.shape == (67, 67)
    row, col = 5, 9
    cells = layer[10 + 1 + 6 * row : 16 + 1 + 6 * row, 10 - 2 + 6 * col : 16 - 2 + 6 * col]
    assert found[row, col] == pytest.approx(cells.mean())


def material_share(day: date, *outcomes: str, variant: str = "rehearsal") -> dict[Material, float]:
    one = past(*outcomes, variant=variant)
    inside = one.number_of_block > 0
    ground = one.ground(day).material[inside]
    return {material: float((ground == material).mean()) for material in Material}


def roofs(share: dict[Material, float]) -> float:
    return sum(value for material, value in share.items() if material.name.startswith("ROOF"))


def test_the_park_grows_as_the_captions_say() -> None:
    before, april = material_share(date(2003, 6, 1)), material_share(date(2004, 4, 15))
    assert before[Material.SOIL] == 0
    assert roofs(before) == 0
    assert april[Material.SOIL] == 1
    first, january, last = (
        roofs(material_share(day))
        for day in (date(2004, 12, 1), date(2006, 1, 15), date(2009, 9, 15))
    )
    assert 0 < first < january < 0.3 * last
    assert last == roofs(material_share(date(2020, 1, 1)))


def test_without_the_launch_the_country_stays() -> None:
    assert material_share(date(2004, 4, 15), variant="absent")[Material.SOIL] == 0
    assert roofs(material_share(date(2009, 9, 15), variant="absent")) == 0
    assert roofs(material_share(date(2013, 9, 15), variant="absent")) > 0.1


def test_elsewhere_other_ground_is_bared() -> None:
    one, day = past("K002-01=elsewhere"), date(2004, 4, 15)
    assert one.is_bared(day).any()
    assert not (one.is_bared(day) & (one.number_of_block > 0)).any()


def test_from_2009_on_the_ground_is_that_of_sentinel_2() -> None:
    assert past().ground(date(2012, 1, 1)) is past().final
    assert past().ground(date(2019, 1, 3)) is past().final


def test_vegetation_is_lost_in_2004_as_seen_from_above() -> None:
    days = tuple((day, "LT05") for day in passes_of("LT05", date(2003, 5, 15), date(2003, 9, 30)))
    later = tuple((day, "LT05") for day in passes_of("LT05", date(2004, 5, 15), date(2004, 9, 30)))
    park = {mask.zone_id: mask for mask in masks()}["whole-complex"]
    greens = []
    for chosen in (days, later):
        seen = []
        for scene in scenes(chosen):
            clear = classes_of(scene.qa) == LandClass.CLEAR
            inside = clear[park.window.slices] & (park.fraction > 0.5)
            if inside.sum() > 300:
                red = reflectance(scene, "red")[park.window.slices][inside]
                nir = reflectance(scene, "nir08")[park.window.slices][inside]
                seen.append(float(np.median((nir - red) / (nir + red))))
        greens.append(max(seen))
    assert greens[0] > greens[1] + 0.25


def roof_heat(day: date, *outcomes: str) -> float:
    """How much warmer the roofs of the park are for their work, as seen at 100 m."""
    one = past(*outcomes)
    thermometer, weather = Thermometer(one), simulate_climate(SEED)[day]
    look = one.surface_on(day).look(weather, 1)
    heat = one.heat(day)
    warm, cold = (
        thermometer.native(thermometer.fine(weather, look, level), "LC08")
        for level in (heat, np.zeros_like(heat))
    )
    roof = to_blocks(one.is_roof.astype(float), (0, 0)) > 0.6
    return float((warm - cold)[roof].mean())


def test_roofs_that_work_are_a_kelvin_or_two_warmer() -> None:
    assert 1 < roof_heat(date(2013, 3, 20)) < 4
    assert roof_heat(date(2013, 6, 4)) < 0.4
    assert 1 < roof_heat(date(2013, 6, 4), "K003-02=absent") < 4
    assert roof_heat(date(2016, 5, 3)) < 0.2


def test_planting_leaves_the_noise_untouched() -> None:
    day = ((date(2013, 6, 4), "LC08"),)
    happened, absent = scenes(day)[0], scenes(day, "K003-02=absent")[0]
    np.testing.assert_array_equal(happened.qa, absent.qa)
    for band in LANDSAT_BANDS:
        np.testing.assert_array_equal(happened.numbers[band], absent.numbers[band])
    gap = absent.kelvin - happened.kelvin
    outside = to_blocks((past().number_of_block > 0).astype(float), (0, 0)) == 0
    assert gap.min() > -1e-9
    assert np.median(gap[outside]) < 0.05
    assert gap.max() > 1


def test_the_common_step_adds_a_tenth_everywhere() -> None:
    day = ((date(2016, 5, 3), "LC08"),)
    plain, stepped = scenes(day, variant="absent")[0], scenes(day, variant="stepped")[0]
    for band in LANDSAT_BANDS:
        added = reflectance(stepped, band) - reflectance(plain, band)
        assert np.median(added) == pytest.approx(0.1, abs=0.008)
        assert np.abs(added - 0.1).max() < 0.03


def test_yards_of_working_plants_are_swept() -> None:
    one, idle = past(), past("K001-09=absent")
    assert one.in_use(date(2013, 1, 15)).sum() > 0
    assert not one.in_use(date(2013, 6, 15)).any()
    assert not one.in_use(date(2017, 1, 15)).any()
    assert idle.in_use(date(2017, 1, 15)).sum() > 0


def test_our_own_reader_reads_the_collection(tmp_path: Path) -> None:
    options = ArchiveOptions(years=(2003, 2003))
    made = simulate_archive(tmp_path, "landsat", seed=SEED, options=options)
    search = load_config().search.model_copy(update={"collections": SENSOR.collections})
    found = open_catalog(tmp_path).search(Bounds(125.4, 36.9, 125.6, 37.1), EVER, search)
    assert len(found) == made.n_items == len(landsat_days(SEED, 2003, 2003))
    for scene in found:
        assert scene.is_simulated
        assert scene.epsg == 32652
        assert set(scene.assets) == {*SENSOR.required, "lwir11", "st_qa"}
        has_failed = scene.platform == "landsat-7" and scene.instant.date() > SLC_OFF
        assert is_slc_off(scene) == has_failed
        assert decide_radiometry(scene, scene.assets["red"]).offset == -0.2
        assert decide_radiometry(scene, scene.assets["lwir11"]).offset == 149
