"""The radiometric guard: a wrong offset is caught, weather is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipeline.config import load_config
from pipeline.errors import AssetError, NothingSeenError, RadiometryStepError
from pipeline.model.grid import Grid
from pipeline.model.look import LevelStep
from pipeline.prepare import Prepared, prepare
from pipeline.prepare.guard import (
    MAX_PIXELS,
    away_from_masks,
    choose_pixels,
    margin_px,
    misreading_of,
    radiometry_error,
)
from pipeline.raster.steps import StepRule, common_steps, to_decibel
from pipeline.sensors import SENSORS
from pipeline.sensors.sentinel2 import WATCH
from tests.unit.gridded_factory import GRID_30, landsat_bands, landsat_scene, to_dn
from tests.unit.gridded_factory import LEVELS as LANDSAT_LEVELS
from tests.unit.scene_factory import BANDS, CRS, MemoryChips, make_bands, make_scene, make_site

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.scene import FetchedScene
    from pipeline.sensors import Misreading

OPTIONS = load_config().prepare
GRID = Grid(CRS, 190_000.0, 4_100_000.0, 10.0, 40, 40)
N_DATES, GAP_DAYS = 60, 20
LEVELS = {"blue": 0.06, "green": 0.09, "red": 0.10, "nir": 0.24}


def season(day: int) -> float:
    """Growth through the year, -1 to 1."""
    return float(np.sin(2 * np.pi * day / 365))


def true_reflectance(rng: np.random.Generator, band: str, day: int) -> NDArray[np.float64]:
    """Ground of its own pattern, with the season in the near infrared, weather and noise."""
    pattern = np.random.default_rng(sorted(LEVELS).index(band)).normal(1, 0.25, GRID.shape)
    grown = 0.04 * season(day) if band == "nir" else -0.01 * season(day)
    weather = rng.normal(0, 0.004)
    return np.clip(LEVELS[band] * pattern + grown + weather, 0.005, 1) + rng.normal(
        0, 0.004, GRID.shape
    )


class Series:
    """Scenes every twenty days; what is stored and what is stated may be told apart by date."""

    def __init__(self) -> None:
        """Begin with no scene."""
        self.chips = MemoryChips()
        self.fetched: list[FetchedScene] = []
        self.rng = np.random.default_rng(8)

    def put(self, number: int, *, holds_offset: bool, add: float = 0.0, **stated: Any) -> None:  # noqa: ANN401
        """A scene whose numbers hold the 1000 of baseline 04.00 or not."""
        day, bands = GAP_DAYS * number, make_bands(grid=GRID)
        for band in BANDS:
            truth = true_reflectance(self.rng, band, day) + add
            dn = np.rint(truth * 1e4) + 1000 * holds_offset
            bands[band] = np.clip(dn, 1, 65535).astype(np.uint16)
        self.fetched.append(
            self.chips.put(make_scene(f"s{number:02d}", day, **stated), bands, GRID)
        )

    def sound(self, numbers: range | list[int]) -> None:
        """Scenes that are what they say."""
        for number in numbers:
            self.put(number, holds_offset=False, processing_baseline="02.14")

    def prepare(self) -> Prepared:
        """Run the stage."""
        site = make_site(bounds=GRID.bounds)
        ordered = sorted(self.fetched, key=lambda one: one.scene.instant)
        return prepare(site, ordered, self.chips, OPTIONS)


COMBINATIONS = [
    # numbers hold the offset, the flag says applied, whether that fits
    (True, False, True),
    (True, True, False),
    (False, True, True),
    (False, False, False),
]


@pytest.mark.parametrize(("holds_offset", "flag", "is_right"), COMBINATIONS)
@pytest.mark.parametrize("number", [2, 17, 33, 59])
def test_four_combinations_of_numbers_and_flag(
    number: int, *, holds_offset: bool, flag: bool, is_right: bool
) -> None:
    series = Series()
    series.sound([n for n in range(N_DATES) if n != number])
    series.put(number, holds_offset=holds_offset, processing_baseline="04.00",
               boa_offset_applied=flag)  # fmt: skip
    prepared = series.prepare()
    name = f"s{number:02d}"
    look = next(look for look in prepared.looks if look.scene_id == name)
    assert look.is_suspect is not is_right
    assert (name in prepared.cube.scene_ids) is is_right
    assert [look.scene_id for look in prepared.looks if look.is_suspect] == (
        [] if is_right else [name]
    )
    if not is_right:
        (failure,) = prepared.failures
        assert (failure.scene_id, failure.kind) == (name, "RadiometryStepError")
        for word in ("radiometry_suspect", "nir", "+/-", "Remedy", "boa_offset_applied"):
            assert word in failure.reason
        assert not look.used
        assert not look.is_common_mode


def test_a_whole_era_of_wrong_offsets_is_kept_out() -> None:
    series = Series()
    series.sound(range(40))
    for number in range(40, 75):
        series.put(number, holds_offset=True, processing_baseline="04.00", boa_offset_applied=True)
    prepared = series.prepare()
    assert len(prepared.cube.scene_ids) == 40
    assert len(prepared.failures) == 35


def test_later_dates_do_not_change_an_earlier_verdict() -> None:
    series = Series()
    series.sound(range(61))
    first = {look.scene_id: look.step for look in series.prepare().looks}
    series.sound(range(61, 75))
    second = {look.scene_id: look.step for look in series.prepare().looks}
    assert all(first[name] == second[name] for name in first)


def test_a_series_too_short_to_judge_is_not_judged() -> None:
    series = Series()
    series.sound(range(OPTIONS.guard_min_looks - 2))
    series.put(OPTIONS.guard_min_looks - 2, holds_offset=True, processing_baseline="04.00",
               boa_offset_applied=True)  # fmt: skip
    prepared = series.prepare()
    assert all(look.step is None for look in prepared.looks)
    assert prepared.failures == ()


@pytest.mark.parametrize("step", [0.055, -0.05, 0.16, 0.2])
def test_a_step_of_another_size_is_kept_and_marked(step: float) -> None:
    series = Series()
    series.sound([n for n in range(N_DATES) if n != 33])
    series.put(33, holds_offset=False, add=step, processing_baseline="02.14")
    prepared = series.prepare()
    assert "s33" in prepared.cube.scene_ids
    assert [look.scene_id for look in prepared.looks if look.is_common_mode] == ["s33"]
    assert prepared.failures == ()


def test_a_bright_step_of_a_scene_read_with_the_offset_is_weather() -> None:
    """Numbers of 2000 too many are not documented; haze over modern scenes is no suspect."""
    series = Series()
    series.sound([n for n in range(N_DATES) if n != 33])
    series.put(33, holds_offset=True, add=0.1, processing_baseline="05.11")
    prepared = series.prepare()
    assert "s33" in prepared.cube.scene_ids
    assert [look.scene_id for look in prepared.looks if look.is_common_mode] == ["s33"]


def test_snow_everywhere_is_a_look_in_common_mode() -> None:
    series = Series()
    series.sound(range(12))
    bands = make_bands(dn=7000, scl=11, grid=GRID)
    series.fetched.append(series.chips.put(make_scene("snow", 2000), bands, GRID))
    prepared = series.prepare()
    look = prepared.looks[-1]
    assert (look.scene_id, look.used, look.is_common_mode) == ("snow", True, True)
    assert look.step is None
    assert prepared.cube.snow[-1].all()


def test_if_nothing_is_left_it_is_an_error() -> None:
    series = Series()
    series.fetched = []
    with pytest.raises(NothingSeenError):
        series.prepare()


def step_of(by_band: tuple[float, ...], **changes: Any) -> LevelStep:  # noqa: ANN401
    n = len(by_band)
    made = LevelStep(by_band, (0.04,) * n, (1.0,) * n, (1.0,) * n, 900, is_common=True)
    return replace(made, **changes)


ZERO, MINUS = np.zeros(4), np.full(4, -0.1)


@pytest.mark.parametrize(
    ("step", "offsets", "expected"),
    [
        (step_of((0.1, 0.1, 0.1, 0.1)), ZERO, True),
        (step_of((-0.1, -0.1, -0.1, -0.1)), MINUS, True),
        (step_of((-0.1, -0.1, -0.1, -0.1)), ZERO, False),
        (step_of((0.1, 0.1, 0.1, 0.1)), MINUS, False),
        (step_of((0.1, 0.1, 0.1, 0.05)), ZERO, False),  # not in all bands
        (step_of((0.139, 0.061, 0.1, 0.1)), ZERO, True),
        (step_of((0.141, 0.1, 0.1, 0.1)), ZERO, False),
        (step_of((0.1,) * 4, spread_ratio=(2.8, 1.4, 1.6, 0.6)), ZERO, False),  # a veil
        (step_of((-0.1,) * 4, spread_ratio=(2.8, 1.4, 1.6, 0.6)), MINUS, True),
        (step_of((0.1,) * 4, spread_ratio=(float("nan"),) * 4), ZERO, True),
        (step_of((0.1,) * 4, tolerance=(0.04, 0.04, 0.04, 0.2)), ZERO, True),
        (step_of((0.1,) * 4, tolerance=(0.04, 0.2, 0.2, 0.2)), ZERO, False),  # cannot tell
        (step_of((0.1,) * 4), np.array([0, 0, 0, -0.1]), False),
        (step_of((0.1,) * 4), np.full(4, np.nan), False),
    ],
)
def test_what_a_processing_step_is(
    step: LevelStep, offsets: NDArray[np.float64], *, expected: bool
) -> None:
    assert (misreading_of(step, offsets, WATCH) is not None) is expected


def test_other_offsets_have_no_documented_step() -> None:
    assert WATCH.misreadings(0.2) == ()
    assert [one.summand for one in WATCH.misreadings(0.0)] == [0.1]
    assert [one.summand for one in WATCH.misreadings(-0.1)] == [-0.1]


LANDSAT = SENSORS["landsat"].watch
TWICE, COLLECTION_1 = LANDSAT.misreadings(-0.2)
LEFT_OUT = LANDSAT.misreadings(0.0)[0]
DARK = (0.05, 0.08, 0.1, 0.3)


def misread(one: Misreading, level: float) -> float:
    """The step that a misreading makes of a true level, by hand."""
    return one.factor * level + one.summand - level


@pytest.mark.parametrize("one", [TWICE, COLLECTION_1])
def test_a_landsat_misreading_is_recognised_in_all_bands(one: Misreading) -> None:
    steps = tuple(misread(one, level) for level in DARK)
    read = np.full(4, -0.2)
    assert misreading_of(step_of(steps, history=DARK), read, LANDSAT) == one
    off = (*steps[:3], steps[3] + 0.06)
    assert misreading_of(step_of(off, history=DARK), read, LANDSAT) is None
    rough = step_of(steps, history=DARK, tolerance=(0.04, 0.25, 0.25, 0.25))
    assert misreading_of(rough, read, LANDSAT) is None


def test_what_collection_1_does_to_a_number() -> None:
    """A reflectance of 0.3 was stored as 3000, which Collection 2 reads as -0.1175."""
    assert COLLECTION_1.factor * 0.3 + COLLECTION_1.summand == pytest.approx(3000 * 2.75e-5 - 0.2)
    assert TWICE.summand == -0.2
    assert LEFT_OUT.summand == 0.2


def test_a_bright_landsat_date_that_was_read_with_the_offset_is_weather() -> None:
    step = step_of((0.2,) * 4, history=DARK)
    assert misreading_of(step, np.full(4, -0.2), LANDSAT) is None
    assert misreading_of(step, np.zeros(4), LANDSAT) == LEFT_OUT
    veil = replace(step, spread_ratio=(2.8, 1.4, 1.6, 0.6))
    assert misreading_of(veil, np.zeros(4), LANDSAT) is None


@pytest.mark.parametrize("sensor", ["sentinel-1", "opera-rtc"])
@pytest.mark.parametrize("offset", [0.0, -0.1, -0.2, 30.0])
def test_nothing_is_documented_that_keeps_a_radar_date_out(sensor: str, offset: float) -> None:
    watch = SENSORS[sensor].watch
    assert watch.misreadings(offset) == ()
    assert watch.in_decibel
    assert watch.floor == 0.5


@pytest.mark.parametrize(("gsd_m", "margin"), [(10.0, 3), (20.0, 2), (30.0, 1), (100.0, 1)])
def test_the_margin_is_as_wide_on_the_ground_whatever_the_pixel(gsd_m: float, margin: int) -> None:
    grid = replace(GRID, gsd_m=gsd_m)
    assert OPTIONS.guard_margin_px == 3
    assert margin_px(OPTIONS, grid, LANDSAT) == margin
    assert margin_px(OPTIONS, grid, SENSORS["sentinel-1"].watch) == 0


class LandsatSeries:
    """Scenes every sixteen days with season, weather and noise; one may be stored otherwise."""

    def __init__(self) -> None:
        """Begin with no scene."""
        self.chips = MemoryChips()
        self.fetched: list[FetchedScene] = []
        self.rng = np.random.default_rng(21)

    def put(self, number: int, stored: str = "collection 2") -> None:
        """A scene whose numbers are scaled as they should be, or in another documented way."""
        day, bands = 16 * number, landsat_bands()
        for index, (band, level) in enumerate(LANDSAT_LEVELS.items()):
            pattern = np.random.default_rng(index).normal(1, 0.25, GRID_30.shape)
            grown = 0.04 * season(day) if band == "nir08" else -0.01 * season(day)
            noise = self.rng.normal(0, 0.004, GRID_30.shape) + self.rng.normal(0, 0.004)
            truth = np.clip(level * pattern, 0.02, 1) + grown + noise
            bands[band] = {
                "collection 2": to_dn(truth),
                "offset twice": to_dn(truth - 0.2),
                "collection 1": np.clip(np.rint(truth * 1e4), 1, 65535).astype(np.uint16),
                "bright": to_dn(truth + 0.2),
            }[stored]
        self.fetched.append(self.chips.put(landsat_scene(f"s{number:02d}", day), bands, GRID_30))

    def prepare(self) -> Prepared:
        """Run the stage."""
        site = make_site(bounds=GRID_30.bounds)
        return prepare(site, self.fetched, self.chips, OPTIONS, sensor=SENSORS["landsat"])


@pytest.mark.parametrize("number", [2, 33])
@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ("collection 2", ""),
        ("offset twice", "taken twice"),
        ("collection 1", "put on Collection 1"),
        ("bright", ""),
    ],
)
def test_landsat_numbers_that_are_scaled_otherwise_are_kept_out(
    number: int, stored: str, words: str
) -> None:
    series = LandsatSeries()
    for one in range(36):
        series.put(one, stored if one == number else "collection 2")
    prepared = series.prepare()
    name = f"s{number:02d}"
    is_suspect = bool(words)
    assert [look.scene_id for look in prepared.looks if look.is_suspect] == [name] * is_suspect
    assert (name in prepared.cube.scene_ids) is not is_suspect
    assert (name in prepared.layers["thermal"].scene_ids) is not is_suspect
    assert [failure.kind for failure in prepared.failures] == ["RadiometryStepError"] * is_suspect
    assert all(words in failure.reason for failure in prepared.failures)
    common = [look.scene_id for look in prepared.looks if look.is_common_mode]
    assert common == [name] * (stored == "bright")


def test_the_error_says_step_tolerance_and_remedy() -> None:
    step, (cause,) = step_of((0.101, 0.099, 0.1, 0.12)), WATCH.misreadings(0)
    error = radiometry_error("S2A", BANDS, step, cause=cause, remedy=WATCH.remedy)
    assert isinstance(error, RadiometryStepError)
    assert isinstance(error, AssetError)
    for word in ("S2A", "blue +0.101 (+/-0.040)", "nir +0.120", "900", "Remedy"):
        assert word in str(error)


def test_pixels_near_a_mask_are_not_watched() -> None:
    clear = np.ones((9, 9), np.bool_)
    clear[4, 4] = False
    assert away_from_masks(clear, 0) is clear
    away = away_from_masks(clear, 2)
    for row, col in np.ndindex(9, 9):
        assert away[row, col] == (abs(row - 4) + abs(col - 4) > 2)


def test_few_pixels_are_watched_and_all_lie_inside() -> None:
    weight = np.zeros((300, 300), np.float32)
    weight[:, :200] = 1
    pixels = choose_pixels(weight)
    assert 0.5 * MAX_PIXELS <= pixels.size <= MAX_PIXELS
    assert (weight.ravel()[pixels] == 1).all()
    assert np.ptp(pixels // 300) > 290


RULE = StepRule(6, 8, 6, 20, 0.5, 4.0, 0.7)
DAYS = [date(2020, 1, 5).toordinal() + 12 * n for n in range(24)]


def radar(step_db: float, share: float = 1.0) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Speckled power of 24 dates in decibel; on the 15th some pixels step."""
    rng = np.random.default_rng(6)
    power = rng.gamma(10, 0.1, (24, 1, 400)) * rng.gamma(4, 0.02, 400)
    moved = power.astype(np.float32)
    moved[15, :, : int(share * 400)] *= np.float32(10 ** (step_db / 10))
    return to_decibel(moved), np.ones((24, 400), np.bool_)


@pytest.mark.parametrize("step_db", [1.8, -2.0])
def test_a_step_of_power_is_common_on_the_logarithmic_scale(step_db: float) -> None:
    steps = common_steps(*radar(step_db), DAYS, RULE)
    assert [n for n, step in enumerate(steps) if step and step.is_common] == [15]
    assert steps[15] is not None
    assert steps[15].by_band[0] == pytest.approx(step_db, abs=0.3)


@pytest.mark.parametrize(("step_db", "share"), [(0.0, 1.0), (0.3, 1.0), (6.0, 0.25)])
def test_what_moves_a_part_only_or_a_little_is_not_common(step_db: float, share: float) -> None:
    steps = common_steps(*radar(step_db, share), DAYS, RULE)
    assert not any(step and step.is_common for step in steps)


def test_the_median_of_history_against_numpy() -> None:
    rng = np.random.default_rng(9)
    values = rng.normal(0, 1, (24, 2, 50)).astype(np.float32)
    seen = rng.random((24, 50)) < 0.8
    rule = replace(RULE, n_history=100, n_neighbours=100, min_pixels=10)
    steps = common_steps(values, seen, DAYS, rule)
    for at, step in enumerate(steps):
        assert step is not None
        others = [n for n in range(24) if n != at]
        held = np.where(seen[others][:, None], values[others], np.nan)
        expected = np.median((values[at] - np.nanmedian(held, axis=0))[:, seen[at]], axis=1)
        assert step.by_band == pytest.approx(expected, abs=1e-5)
        assert step.n_pixels == seen[at].sum()
    assert DAYS[1] - DAYS[0] == timedelta(days=12).days
