"""Whole passes: the same from the same seed, and changed only where something was planted."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy import ndimage

from pipeline.simulate.changes import planted_changes
from pipeline.simulate.layout import ZONES, zone_rect
from pipeline.simulate.materials import BANDS
from pipeline.simulate.options import REHEARSAL
from pipeline.simulate.scenes import build_surface, frame_pixels, simulate_scenes
from pipeline.simulate.scl import SNOW_OR_ICE
from tests.unit.simulate_factory import FRESH_SEED, options_for, passes, scenes_of, surface_of

AUTUMN = passes(date(2020, 10, 24), 4)
SPRING = passes(date(2020, 3, 2), 2)
QUIET = {"inzi", "kaesong-city", "daeseong-dong", "control-farmland", "control-forest"}


def near_planted(seed: int, day: date) -> np.ndarray:
    """Pixels within reach of a change that stands, or that the point spread may touch."""
    mask = np.zeros(REHEARSAL.grid.shape, dtype=bool)
    for planted in surface_of(seed).planted:
        if planted.change.stands(day):
            mask |= frame_pixels(planted.share) > 0
    return np.asarray(ndimage.binary_dilation(mask, iterations=8))


def test_delivered_bands_have_their_shapes_types_and_no_nodata() -> None:
    for scene in scenes_of(FRESH_SEED, AUTUMN):
        assert set(scene.numbers) == set(BANDS)
        for band, numbers in scene.numbers.items():
            assert numbers.dtype == np.uint16
            assert numbers.shape == ((100, 100) if band == "swir16" else (200, 200))
            assert numbers.min() > 0
        assert scene.scl.dtype == np.uint8
        assert scene.scl.shape == (100, 100)
        assert set(np.unique(scene.scl)) <= set(range(3, 12))


def test_the_same_seed_gives_the_same_pixels() -> None:
    again = simulate_scenes(build_surface(FRESH_SEED, options_for(*AUTUMN)), options_for(*AUTUMN))
    for one, other in zip(scenes_of(FRESH_SEED, AUTUMN), again, strict=True):
        assert np.array_equal(one.scl, other.scl)
        for band in BANDS:
            assert np.array_equal(one.numbers[band], other.numbers[band])


def test_another_seed_gives_other_pixels() -> None:
    one, other = scenes_of(FRESH_SEED, AUTUMN)[0], scenes_of(FRESH_SEED + 1, AUTUMN)[0]
    assert not np.array_equal(one.numbers["red"], other.numbers["red"])


def test_later_days_do_not_change_earlier_ones() -> None:
    short = scenes_of(FRESH_SEED, AUTUMN[:2])
    for one, other in zip(short, scenes_of(FRESH_SEED, AUTUMN), strict=False):
        assert np.array_equal(one.numbers["nir"], other.numbers["nir"])


def test_without_changes_all_else_stays_the_same() -> None:
    planted = scenes_of(FRESH_SEED, AUTUMN)
    empty = scenes_of(FRESH_SEED, AUTUMN, with_changes=False)
    for one, other in zip(planted, empty, strict=True):
        differs = one.numbers["red"] != other.numbers["red"]
        assert not (differs & ~near_planted(FRESH_SEED, one.day)).any()
        assert np.array_equal(one.is_open, other.is_open)


def test_nothing_is_planted_in_the_baseline() -> None:
    planted = scenes_of(FRESH_SEED, SPRING)
    for one, other in zip(planted, scenes_of(FRESH_SEED, SPRING, with_changes=False), strict=True):
        for band in BANDS:
            assert np.array_equal(one.numbers[band], other.numbers[band])


@pytest.mark.parametrize("seed", [20201008, FRESH_SEED, FRESH_SEED + 1])
def test_the_list_of_changes_is_as_it_was_asked_for(seed: int) -> None:
    changes = planted_changes(seed)
    assert len({change.id for change in changes}) == len(changes)
    assert min(change.first_day for change in changes) > date(2020, 7, 31)
    assert {change.zone_id for change in changes} <= {zone.id for zone in ZONES} - QUIET
    kinds = {change.kind for change in changes}
    assert kinds >= {"goods_rows", "cleared_plot", "removed_roof", "new_roof", "small_object"}
    for change in changes:
        assert change.last_day is None or change.first_day < change.last_day
        assert change.stands(change.first_day)
        assert not change.stands(date(2020, 7, 31))


def test_days_move_by_two_at_most_from_seed_to_seed() -> None:
    first = {change.id: change.first_day for change in planted_changes(1)}
    for seed in range(2, 12):
        for change in planted_changes(seed):
            assert abs((change.first_day - first[change.id]).days) <= 4


def test_planted_changes_stand_out_from_what_was_there() -> None:
    """On the very pixels, by at least 0.05 in two bands, between the two simulations."""
    planted = scenes_of(20201008, AUTUMN)
    empty = scenes_of(20201008, AUTUMN, with_changes=False)
    for item in surface_of(20201008).planted:
        mask = frame_pixels(item.share) >= 0.9
        if item.change.kind == "snow_cleared" or not mask.any():
            continue
        steps = []
        for one, other in zip(planted, empty, strict=True):
            if item.change.stands(one.day) and one.is_open[mask].all():
                gap = [one.numbers[b][mask].astype(int) - other.numbers[b][mask] for b in BANDS[:4]]
                steps.append([abs(float(np.mean(band))) / 10_000 for band in gap])
        for step in steps:
            assert sorted(step)[-2] > 0.05, item.change.id


def test_swept_yards_are_dark_in_a_white_scene() -> None:
    days = passes(date(2020, 12, 13), 5)
    swept = [p for p in surface_of(20201008).planted if p.change.kind == "snow_cleared"]
    belt = surface_of(20201008).ground.cells.inside(zone_rect("south-belt"))
    zone = frame_pixels(belt.astype(float)) > 0.5
    n_white = 0
    for scene in scenes_of(20201008, days):
        label = scene.scl.repeat(2, 0).repeat(2, 1)
        if (label[zone] == SNOW_OR_ICE).mean() > 0.6:
            n_white += 1
            for planted in swept:
                inner = frame_pixels(planted.share) >= 1
                rows, cols = np.nonzero(inner)
                core = np.zeros_like(inner)
                core[rows[len(rows) // 2], cols[len(cols) // 2]] = True
                if scene.is_open[core].all():
                    assert scene.snow[core].mean() < 0.3
                    assert scene.numbers["red"][core].mean() < 4500
    assert n_white >= 2


def test_the_noise_zone_is_the_noisiest_and_its_noise_lasts() -> None:
    days = passes(date(2019, 9, 20), 12)
    scenes = [s for s in scenes_of(20201008, days, with_changes=False) if s.is_open.mean() > 0.7]
    looks = np.array([np.where(s.is_open, s.numbers["red"].astype(float), np.nan) for s in scenes])
    with np.errstate(all="ignore"):
        unrest = np.nanstd(looks, axis=0) / np.nanmean(looks, axis=0)
    cells = surface_of(20201008).ground.cells
    inside, beside = (
        frame_pixels(cells.inside(zone_rect(zone)).astype(float)) > 0.9
        for zone in ("inzi", "centre-factory")
    )
    assert np.nanmedian(unrest[inside]) > 1.15 * np.nanmedian(unrest[beside])


def test_the_season_shows_in_the_vegetation_index() -> None:
    def greenness(day: date) -> float:
        scene = scenes_of(1, (day,))[0]
        red, nir = (scene.numbers[band].astype(float) for band in ("red", "nir"))
        forest = surface_of(1).ground.cells.inside(zone_rect("control-forest"))
        mask = (frame_pixels(forest.astype(float)) > 0.9) & scene.is_open
        return float(((nir - red) / (nir + red))[mask].mean()) if mask.any() else float("nan")

    summer = [greenness(day) for day in passes(date(2020, 6, 10), 5)]
    spring = [greenness(day) for day in passes(date(2020, 3, 10), 4)]
    assert np.nanmedian(summer) > np.nanmedian(spring) + 0.15
