"""Ground, zones and measured limits whose numbers are known, for the tests of the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import load_config
from pipeline.model.cube import ZoneMask
from pipeline.model.grid import Window
from pipeline.model.limit import Plant, SiteLimits, Sounding, ZoneLimit
from tests.unit.series_factory import Land, cube_of

if TYPE_CHECKING:
    from pipeline.model.cube import DateCube

CONFIG = load_config()
N_BASELINE = 60
CUBE_ID = "ab" * 32


def ground_cube(seed: int = 3, noise: float = 0.01, size: int = 30) -> DateCube:
    """Green and grey ground of blue, green, red and near infrared with seasons, noise and gaps."""
    lands = [Land(size, size, 90, noise=noise, gaps=0.0, seed=seed + place) for place in range(4)]
    values = np.stack([land.values() * (0.4, 0.4, 0.4, 0.8)[k] for k, land in enumerate(lands)], 1)
    hidden = np.random.default_rng(seed).random((90, size, size)) < 0.2
    values[np.broadcast_to(hidden[:, None], values.shape)] = np.nan
    return cube_of(values.astype(np.float32), Land(n_dates=90, seed=seed).dates)


def zone(zone_id: str = "yard", window: Window | None = None) -> ZoneMask:
    """A zone whose pixels all lie inside."""
    window = window or Window(2, 3, 24, 20)
    return ZoneMask(zone_id, window, np.ones((window.height, window.width), dtype=np.float32))


def sounding(
    contrast: float, n_pixels: int | None, plant: Plant = Plant.BRIGHTER, n_planted: int = 200
) -> Sounding:
    """A sounding of which nine in ten were found, or one in ten."""
    n_found = n_planted * 9 // 10 if n_pixels else n_planted // 10
    return Sounding(plant, contrast, n_pixels, n_pixels or 64, n_found, n_planted, 0.85, 0.93)


def zone_limit(*soundings: Sounding, zone_id: str = "north-vacant") -> ZoneLimit:
    return ZoneLimit(zone_id, 20, 400, 300, 4, soundings)


def site_limits(*zones: ZoneLimit) -> SiteLimits:
    """Limits of a simulated site."""
    days = ("2020-10-01", "2020-12-01")
    return SiteLimits(
        CUBE_ID, "test-yard", is_simulated=True, seed=7, probability=0.8, false_alarm_share=5e-4,
        pixel_area_m2=100.0, min_pixels=4, onsets=days, last_date="2021-02-01", zones=zones,
    )  # fmt: skip


GOOD = zone_limit(
    sounding(0.04, None),
    sounding(0.08, 9),
    sounding(0.1, 4),
    sounding(0.16, 4),
    sounding(0.08, 4, Plant.DARKER),
    sounding(0.12, 4, Plant.DARKER),
    sounding(0.03, None, Plant.GREEN_LOST),
    sounding(0.08, None, Plant.GREEN_LOST, n_planted=0),
)
