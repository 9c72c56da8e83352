"""The signs of a Sentinel-2 series on a small made-up town: planted truth and what cannot be."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from pipeline.errors import InputError
from pipeline.model.look import PixelKind
from pipeline.model.sign import Missing
from pipeline.model.site import GeometryStatus, Site, Zone, ZoneKind
from pipeline.raster.indices import normalised_difference
from pipeline.signs import (
    baseline_end_utc,
    cultivation,
    depot_emptied,
    onset_of,
    plot_clearing,
    roof_change,
    snow_cleared_share,
    surfaces_of,
)
from pipeline.signs.snow_cleared import is_snow
from tests.unit.signs_factory import (
    BLUE_ROOF,
    CONCRETE,
    SIDE,
    SNOW,
    SOIL,
    Town,
    changed,
    scaled,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.model.sign import SignSeries

SIGNS = (snow_cleared_share, roof_change, plot_clearing, cultivation, depot_emptied)
YARD_2, ROOF_2, GRASS_2 = (slice(2 * SIDE + a, 2 * SIDE + b) for a, b in ((0, 4), (4, 7), (7, 10)))
SNOWY = (3, 4, 34, 35, 63, 64, 65, 66)
"""Dates of snow: four in the baseline, four after it."""


def snowed(**parts: object) -> Town:
    """A town under snow on some dates."""
    town = Town(**parts)  # type: ignore[arg-type]  # fields of the town
    for look in SNOWY:
        town.paint(slice(look, look + 1), slice(None), SNOW, PixelKind.SNOW)
    return town


def by_place(found: tuple[SignSeries, ...]) -> dict[str, SignSeries]:
    return {one.place: one for one in found}


def test_kinds_of_ground_are_what_was_laid() -> None:
    town = Town()
    ground = surfaces_of(town.cube(), town.in_baseline)
    assert ground.known.all()
    for zone in range(town.n_zones):
        at = zone * SIDE
        assert ground.paved[:, at : at + 4].all()
        assert ground.roofs[:, at + 4 : at + 7].all()
        assert ground.green[:, at + 7 : at + 10].all()
    assert not (ground.paved & ground.roofs).any()


def test_water_and_unknown_ground_are_neither_paved_nor_roof() -> None:
    town = Town()
    town.paint(slice(None), slice(0, 2), (0.05, 0.06, 0.04, 0.02, 0.01))
    town.kinds[11:60, :, 2:4] = PixelKind.CLOUD
    town.kinds[:11, :, 2:4] = PixelKind.CLEAR
    ground = surfaces_of(town.cube(), town.in_baseline)
    assert not (ground.paved | ground.roofs | ground.green)[:, :4].any()
    assert not ground.known[:, 2:4].any()


def test_a_cube_without_near_infrared_says_so() -> None:
    cube = Town().cube()
    bare = changed(cube, values=cube.values[:, :3].copy(), bands=cube.bands[:3])
    with pytest.raises(InputError, match="no band nir"):
        surfaces_of(bare, Town().in_baseline)


def test_swept_yards_stand_out_in_the_snow() -> None:
    town = snowed()
    town.paint(slice(63, 67), YARD_2, CONCRETE, PixelKind.CLEAR)
    found = by_place(snow_cleared_share(town.cube(), town.masks, town.in_baseline))
    swept, other = found["z2"], found["z0"]
    assert np.flatnonzero(swept.usable).tolist() == list(SNOWY)
    assert swept.values[63:67] == pytest.approx(1.0)
    assert (swept.scores[63:67] > 5).all()
    assert np.nanmax(np.abs(other.scores)) < 2
    assert swept.n_missing[Missing.NO_SNOW] > 70
    assert onset_of(swept, 1) is not None
    assert onset_of(swept, -1) is None
    assert onset_of(other, 1) is None


def test_the_bracket_of_the_snowfall() -> None:
    town = snowed(gaps=0.0)
    town.hide(slice(62, 63))
    one = by_place(snow_cleared_share(town.cube(), town.masks, town.in_baseline))["z0"]
    least, most = (one.companions[f"days_since_snowfall_{end}"] for end in ("min", "max"))
    assert least[63:67].tolist() == [0, 12, 24, 36]
    assert most[63:67].tolist() == [24, 36, 48, 60]
    assert np.isnan(least[:3]).all()
    assert one.companions["snow_share_of_controls"][63] == pytest.approx(1)
    assert one.companions["scl_snow_share"][63] == pytest.approx(1)


def test_the_classifier_alone_makes_no_snow() -> None:
    """What the classification calls snow and the spectrum does not is ground that was seen."""
    town = snowed()
    town.paint(slice(63, 67), YARD_2, CONCRETE, PixelKind.SNOW)
    one = by_place(snow_cleared_share(town.cube(), town.masks, town.in_baseline))["z2"]
    assert one.values[63:67] == pytest.approx(1.0)
    assert one.companions["scl_snow_share"][63] == pytest.approx(1.0)


def test_snow_has_no_answer_without_short_wave_infrared_or_a_snowy_baseline() -> None:
    town = snowed()
    cube = town.cube()
    short = changed(cube, values=cube.values[:, :4].copy(), bands=cube.bands[:4])
    for one in snow_cleared_share(short, town.masks, town.in_baseline):
        assert "short-wave infrared" in one.not_observable
    early = np.arange(town.n_dates) < 3
    paved = np.ones(cube.grid.shape, dtype=bool)
    for one in snow_cleared_share(cube, town.masks, early, paved=paved):
        assert "not one look" in one.not_observable
    for one in snow_cleared_share(cube, town.masks, town.in_baseline, paved=~paved):
        assert "hardly any" in one.not_observable


def test_snow_by_the_numbers_of_its_sources() -> None:
    town = snowed()
    cube, snow = town.cube(), is_snow(town.cube())
    for look, y, x in ((3, 0, 0), (5, 0, 0), (63, 4, 25), (40, 9, 79)):
        blue, green, red, nir, swir = cube.values[look, :, y, x].tolist()
        del blue, red
        expected = (green - swir) / max(green + swir, 1e-3) >= 0.4 and nir > 0.11 and green > 0.10
        assert snow[look, y, x] == expected


def test_a_roof_that_goes_is_found_in_its_zone_and_dated() -> None:
    town = Town().paint(slice(70, None), ROOF_2, SOIL)
    found = by_place(roof_change(town.cube(), town.masks, town.in_baseline))
    gone = found["z2"]
    assert gone.values[75] > 0.9
    assert gone.companions["redder"][75] > 0.9
    assert gone.companions["greener"][75] < 0.1
    onset = onset_of(gone, 1)
    assert onset is not None
    assert onset.last_without is not None
    assert onset.last_without < town.instants[70] <= onset.first_with
    for place, one in found.items():
        assert place == "z2" or onset_of(one, 1) is None
        assert onset_of(one, -1) is None


def test_a_roof_painted_over_at_the_same_brightness_is_seen_by_its_colour() -> None:
    usual = np.mean(BLUE_ROOF[:4]) / np.mean(CONCRETE[:4])
    town = Town().paint(slice(70, None), ROOF_2, [usual * one for one in CONCRETE])
    one = by_place(roof_change(town.cube(), town.masks, town.in_baseline))["z2"]
    assert one.values[75] > 0.9
    assert one.companions["redder"][75] > 0.9


def test_other_ground_can_be_asked_for_roofs_that_come() -> None:
    town = Town().paint(slice(70, None), YARD_2, (0.29, 0.31, 0.32, 0.33, 0.29))
    cube = town.cube()
    paved = surfaces_of(cube, town.in_baseline).paved
    found = by_place(roof_change(cube, town.masks, town.in_baseline, roofs=paved))
    assert found["z2"].companions["brighter"][75] > 0.9
    assert onset_of(found["z1"], 1) is None


def test_zones_without_a_certain_roof_are_not_observable() -> None:
    town = Town().paint(slice(None), ROOF_2, CONCRETE)
    one = by_place(roof_change(town.cube(), town.masks, town.in_baseline))["z2"]
    assert "told from paving" in one.not_observable


def test_a_cleared_plot_is_found_in_its_zone_and_dated() -> None:
    town = Town().paint(slice(70, None), GRASS_2, SOIL)
    found = by_place(plot_clearing(town.cube(), town.masks, town.in_baseline))
    cleared = found["z2"]
    onset = onset_of(cleared, 1)
    assert onset is not None
    assert onset.first_with >= town.instants[70]
    # Dormant grass looks nearly bare: what is cleared in winter shows in spring.
    assert (onset.first_with - town.instants[70]).days < 120
    summer = np.array([one.month in (6, 7, 8) for one in town.instants]) & ~town.in_baseline
    summer &= (np.arange(90) >= 70) & cleared.usable
    assert (cleared.values[summer] > 0.9).all()
    assert all(onset_of(one, 1) is None for place, one in found.items() if place != "z2")


def test_a_plot_that_is_not_sown_has_no_green_summer() -> None:
    town = Town(n_dates=240, n_baseline=160)
    town.paint(slice(160, None), GRASS_2, SOIL)
    found = by_place(cultivation(town.cube(), town.masks, town.in_baseline))
    fallow, other = found["z2"], found["z1"]
    years = [one.year for one in fallow.instants]
    late = years.index(2024)
    assert fallow.baseline is not None
    assert fallow.departures[late] < -2 * fallow.baseline.smallest_changes[late]
    assert abs(other.scores[late]) < 4
    assert fallow.companions["bare_share"][late] > other.companions["bare_share"][late]
    assert fallow.companions["n_looks"][late] >= 20
    assert 0.25 < other.values[late] < 0.5


def test_a_year_of_few_looks_has_no_greatest() -> None:
    town = Town(n_dates=240, n_baseline=160)
    in_2021 = np.flatnonzero([one.year == 2021 for one in town.instants])
    town.hide(slice(int(in_2021[2]), int(in_2021[-1]) + 1))
    one = by_place(cultivation(town.cube(), town.masks, town.in_baseline))["z2"]
    year = [at.year for at in one.instants].index(2021)
    assert one.missing[year] is Missing.FEW_LOOKS
    assert np.isnan(one.values[year])


def parked(town: Town, dates: slice, cols: slice) -> Town:
    """Fill a yard with vehicles: each pixel another part of roofs and shadow."""
    block = town.values[dates, :, :, cols]
    fill = np.random.default_rng(9).choice([0.5, 0.8, 1.3, 1.9], block.shape[2:])
    block *= fill.astype(np.float32)
    return town


def test_a_depot_that_empties_becomes_even() -> None:
    town = parked(Town(), slice(0, 70), YARD_2)
    found = by_place(depot_emptied(town.cube(), town.masks, town.in_baseline))
    depot = found["z2"]
    assert np.nanmean(depot.values[:60]) > 3 * np.nanmean(depot.values[72:])
    onset = onset_of(depot, -1)
    assert onset is not None
    assert onset.last_without is not None
    assert onset.last_without < town.instants[70] <= onset.first_with
    assert onset_of(depot, 1) is None
    assert all(onset_of(one, -1) is None for place, one in found.items() if place != "z2")
    before, after = (
        depot.companions["brightness_ratio"][:60],
        depot.companions["brightness_ratio"][72:],
    )
    assert np.nanmean(before) > np.nanmean(after) + 0.02


def test_the_unevenness_agrees_with_plain_loops() -> None:
    town = Town(seed=4)
    cube = town.cube()
    paved = surfaces_of(cube, town.in_baseline).paved
    one = by_place(depot_emptied(cube, town.masks, town.in_baseline))["z1"]
    for look in (0, 30, 80):
        lights = [
            float(cube.values[look, :4, y, x].mean())
            for y in range(SIDE)
            for x in range(SIDE, 2 * SIDE)
            if paved[y, x] and cube.clear[look, y, x]
        ]
        assert one.values[look] == pytest.approx(np.std(lights) / np.mean(lights), rel=1e-4)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_factor_on_all_numbers_changes_no_sign(
    sign: Callable[..., tuple[SignSeries, ...]],
) -> None:
    town = snowed(seed=6)
    cube = town.cube()
    for one, other in zip(
        sign(cube, town.masks, town.in_baseline),
        sign(scaled(cube, 1.25), town.masks, town.in_baseline),
        strict=True,
    ):
        assert one.missing == other.missing
        np.testing.assert_allclose(one.departures, other.departures, atol=2e-2)


@pytest.mark.parametrize("sign", SIGNS)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_masked_pixels_never_count(sign: Callable[..., tuple[SignSeries, ...]], seed: int) -> None:
    town = snowed(seed=seed % 7, gaps=0.3)
    cube = town.cube()
    seen = (cube.clear | cube.snow)[:, None]
    noise = np.random.default_rng(seed).random(cube.values.shape).astype(np.float32)
    spoilt = changed(cube, values=np.where(seen, cube.values, noise))
    for one, other in zip(
        sign(cube, town.masks, town.in_baseline),
        sign(spoilt, town.masks, town.in_baseline),
        strict=True,
    ):
        np.testing.assert_allclose(one.departures, other.departures, atol=1e-6)
        assert one.missing == other.missing


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("where", [1, 33, 60, 89])
def test_dates_of_cloud_change_nothing(
    sign: Callable[..., tuple[SignSeries, ...]], where: int
) -> None:
    town = snowed(seed=2)
    cube = town.cube()
    keep = np.arange(town.n_dates) != where
    hidden = snowed(seed=2).hide(slice(where, where + 1))
    fewer = changed(
        cube,
        values=cube.values[keep],
        clear=cube.clear[keep],
        snow=cube.snow[keep],
        kinds=cube.kinds[keep] if cube.kinds is not None else None,
        instants=tuple(np.array(cube.instants, dtype=object)[keep]),
        scene_ids=tuple(np.array(cube.scene_ids)[keep]),
    )
    whole = sign(hidden.cube(), town.masks, town.in_baseline)
    less = sign(fewer, town.masks, town.in_baseline[keep])
    for one, other in zip(whole, less, strict=True):
        rest = keep if len(one.instants) == len(keep) else np.ones(len(one.instants), dtype=bool)
        np.testing.assert_allclose(one.departures[rest], other.departures, atol=1e-5)
        if len(one.instants) == len(keep):
            assert (
                one.missing[where] is Missing.UNSEEN
                or one.not_observable
                or (one.missing[where] is Missing.NO_SNOW)
            )


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("seed", [11, 12])
def test_nothing_happens_and_nothing_lasts(
    sign: Callable[..., tuple[SignSeries, ...]], seed: int
) -> None:
    town = snowed(seed=seed)
    for one in sign(town.cube(), town.masks, town.in_baseline):
        late = np.array([at >= town.instants[town.n_baseline] for at in one.instants])
        assert onset_of(one, 1) is None
        assert onset_of(one, -1) is None
        scores = one.scores[late & one.usable]
        assert not scores.size or np.mean(np.abs(scores) > 1.96) < 0.2


KINDS = (
    ZoneKind.PRODUCTION,
    ZoneKind.DEPOT,
    ZoneKind.PLOT,
    ZoneKind.ROAD,
    ZoneKind.GATE,
    ZoneKind.EXTENSION,
    ZoneKind.CONTROL,
    ZoneKind.CONTROL,
)


def site_of(town: Town) -> Site:
    zones = tuple(
        Zone(f"z{k}", f"z{k}", kind, GeometryStatus.INVENTED, box(0, 0, 1, 1))
        for k, kind in enumerate(KINDS)
    )
    last = town.instants[town.n_baseline - 1].date()
    return Site("s", "S", "Asia/Pyongyang", "EPSG:32652", box(0, 0, 1, 1), last, zones)


def test_the_baseline_ends_with_its_civil_day() -> None:
    site = site_of(Town())
    end = baseline_end_utc(site)
    assert end.isoformat().endswith("15:00:00+00:00")
    assert end.date() == site.baseline_end
    assert site.baseline_end > date(2018, 1, 1)


@given(
    first=st.floats(-0.125, 2, width=32),
    second=st.floats(-0.125, 2, width=32),
    gain=st.floats(0.5, 2),
)
def test_an_index_is_bounded_and_free_of_gain(first: float, second: float, gain: float) -> None:
    one, two = np.array([first], np.float32), np.array([second], np.float32)
    index = float(normalised_difference(one, two)[0])
    assert -1 <= index <= 1
    if max(first, 0) + max(second, 0) > 0.01:
        other = normalised_difference(one * np.float32(gain), two * np.float32(gain))
        assert float(other[0]) == pytest.approx(index, abs=1e-5)
