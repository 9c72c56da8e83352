"""Simulated Sentinel-1: speckle as stated, steps as planted, items as catalogues give them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import special

from pipeline.catalogs import open_catalog
from pipeline.config import load_config
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from pipeline.sensors.sentinel1 import EQUIVALENT_LOOKS, SENSOR, orbit_of
from pipeline.simulate.archive import simulate_archive
from pipeline.simulate.eras import Past
from pipeline.simulate.options import ArchiveOptions
from pipeline.simulate.outcome import truth_of
from pipeline.simulate.radar import EPOCH, LAST, ORBIT, _stored, radar_days, simulate_radar
from pipeline.simulate.scenes import frame_pixels
from tests.unit.archive_factory import SEEDS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SEED = SEEDS[0]
EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


@cache
def past(*outcomes: str, variant: str = "rehearsal") -> Past:
    return Past(SEED, truth_of(variant).asked(*outcomes))


@cache
def decibels(
    first: date, last: date, *outcomes: str, variant: str = "rehearsal"
) -> NDArray[np.float64]:
    """Looks of a span in one polarisation, (look, y, x) in decibels."""
    days = radar_days(first, last)
    looks = simulate_radar(past(*outcomes, variant=variant), days)
    return np.array([10 * np.log10(look.power["vv"].astype(np.float64)) for look in looks])


def test_days_lie_on_the_calendar_of_the_orbit() -> None:
    days = radar_days()
    assert all((day - EPOCH).days % 12 == 0 for day in days)
    assert days[0] == EPOCH
    assert (LAST - days[-1]).days < 36
    assert {(b - a).days for a, b in pairwise(days)} == {36, 48}
    assert radar_days(date(2019, 1, 1), date(2019, 12, 31)) == tuple(
        day for day in days if day.year == 2019
    )


def test_speckle_has_the_stated_variance_and_no_bias() -> None:
    rng = np.random.default_rng(4)
    for level in (0.003, 0.02, 0.11, 0.7):
        power = _stored(level * rng.gamma(5.1, 1 / 5.1, 400_000))
        wanted = float(special.polygamma(1, EQUIVALENT_LOOKS))
        assert np.log(power).var() == pytest.approx(wanted, rel=0.03)
        assert power.mean() == pytest.approx(level, rel=0.02)


def test_rounding_keeps_small_steps() -> None:
    """A step of 0.5 dB moves the mean of logarithms by that, wherever it starts."""
    speckle = np.random.default_rng(5).gamma(5.1, 1 / 5.1, 400_000)
    for level in np.geomspace(0.05, 0.1, 7):
        low, high = (
            10 * np.log10(_stored(one * speckle)).mean() for one in (level, level * 10**0.05)
        )
        assert high - low == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize(
    ("change_id", "least_db", "most_db"),
    [
        ("north-vacant-cleared", -5, -0.8),
        ("west-gate-removed", -9, -3),
        ("dongwon-new-hall", 3, 8),
    ],
)
def test_planted_changes_step_where_they_stand(
    change_id: str, least_db: float, most_db: float
) -> None:
    (planted,) = [one for one in past().surface.planted if one.change.id == change_id]
    ground = frame_pixels(planted.share) > 0.9
    before = decibels(date(2019, 8, 1), date(2020, 6, 30))[:, ground].mean()
    after = decibels(date(2021, 8, 1), date(2022, 6, 30))[:, ground].mean()
    assert least_db < after - before < most_db


def test_a_hall_in_the_city_is_there_only_if_it_happened() -> None:
    (hall,) = [
        one for one in past("K000-13=happened").surface.planted if "new-hall" in one.change.id
        and one.change.zone_id == "kaesong-city"
    ]  # fmt: skip
    ground = frame_pixels(hall.share) > 0.9
    span = date(2021, 6, 1), date(2021, 12, 31)
    happened = decibels(*span, "K000-13=happened")[:, ground].mean()
    assert happened - decibels(*span)[:, ground].mean() > 2


def test_the_common_step_brightens_everything() -> None:
    span = date(2016, 3, 1), date(2016, 6, 1)
    gap = decibels(*span, variant="stepped") - decibels(*span, variant="absent")
    assert gap.mean() == pytest.approx(10 * np.log10(np.exp(0.1)), abs=0.05)


def test_the_same_seed_gives_the_same_look() -> None:
    days = radar_days(date(2019, 1, 1), date(2019, 2, 28))
    one, other = (
        [look.power for look in simulate_radar(Past(SEED, truth_of("rehearsal")), days)]
        for _ in range(2)
    )
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first["vv"], second["vv"])
        assert (first["vh"] < first["vv"]).mean() > 0.8


def test_our_own_reader_reads_the_collection(tmp_path: Path) -> None:
    options = ArchiveOptions(years=(2015, 2015))
    made = simulate_archive(tmp_path, "sentinel-1", seed=SEED, options=options)
    search = load_config().search.model_copy(update={"collections": SENSOR.collections})
    found = open_catalog(tmp_path).search(Bounds(125.4, 36.9, 125.6, 37.1), EVER, search)
    assert len(found) == made.n_items == 8
    for scene in found:
        assert scene.is_simulated
        assert set(scene.assets) == {"vv", "vh"}
        assert orbit_of(scene).relative == ORBIT
