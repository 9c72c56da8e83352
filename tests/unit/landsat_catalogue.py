"""A made-up static catalogue of Landsat over the rehearsal site, SIMULATED, with one change.

Here belongs what the tests of a Landsat run need. The ground has no parcels and no weather to
speak of: this proves that the pass goes through, not how well it finds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from pipeline.prepare.burn import burn
from tests.unit.gridded_factory import CLEAR_QA, CLOUD_QA, LEVELS, SNOW_QA, landsat_bands, to_dn
from tests.unit.static_catalogue import (
    SITE,
    ZONE,
    grid_around,
    projected,
    properties,
    site,
    write_item,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.grid import Grid

__all__ = ["SITE", "ZONE", "site"]

N_SCENES, GAP_DAYS = 76, 16
START = datetime(2018, 3, 1, 2, 5, tzinfo=UTC)
WARM_ZONE = "south-belt"
"""Warmer than its like by so many kelvin from the same scene on."""
WARMER_K = 6.0
CHANGED_FROM = 62
"""The scene from which the zone is built over, half a year behind the baseline."""
SNOWY = 20


def grid() -> Grid:
    return grid_around(200, 30.0)


def built_over() -> NDArray[np.bool_]:
    """The pixels of the zone that is built over."""
    return pixels_of(ZONE)


@cache
def pixels_of(zone: str) -> NDArray[np.bool_]:
    """The pixels of a zone."""
    outline = site().zone(zone).geometry
    assert outline is not None
    share: NDArray[np.bool_] = burn(projected(outline), grid()) > 0.5
    return share


def when(number: int) -> datetime:
    return START + timedelta(days=GAP_DAYS * number)


def numbers_of(number: int) -> dict[str, NDArray[Any]]:
    """All bands of one scene."""
    rng, shape = np.random.default_rng(1000 + number), grid().shape
    bands = landsat_bands(grid=grid())
    year = 2 * np.pi * when(number).timetuple().tm_yday / 365
    for index, (band, level) in enumerate(LEVELS.items()):
        pattern = np.random.default_rng(index).normal(1, 0.15, shape)
        grown = (0.05 if band == "nir08" else -0.01) * -np.cos(year)
        truth = level * pattern + grown + rng.normal(0, 0.003) + rng.normal(0, 0.004, shape)
        if number >= CHANGED_FROM:
            truth[built_over()] = 0.3 + rng.normal(0, 0.01, int(built_over().sum()))
        bands[band] = to_dn(truth)
    bands["lwir11"] = _heat(number, np.random.default_rng(5000 + number))
    field = ndimage.gaussian_filter(rng.normal(size=shape), 6)
    cover = rng.choice([0.0, 0.0, 0.2, 0.5])
    bands["qa_pixel"][:] = SNOW_QA if number == SNOWY else CLEAR_QA
    bands["qa_pixel"][field < np.quantile(field, cover)] = CLOUD_QA
    return bands


def _heat(number: int, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Temperatures as they are stored: a season, a level of the day, and noise of each pixel."""
    year = 2 * np.pi * when(number).timetuple().tm_yday / 365
    kelvin = 288 - 14 * np.cos(year) + rng.normal(0, 3) + rng.normal(0, 0.4, grid().shape)
    if number >= CHANGED_FROM:
        kelvin[pixels_of(WARM_ZONE)] += WARMER_K
    return np.asarray(np.rint((kelvin - 149) / 0.00341802), np.uint16)


def write_catalogue(folder: Path) -> Path:
    """The whole catalogue; what ``--source`` names."""
    for number in range(N_SCENES):
        write_item(folder / f"scene-{number:02d}", numbers_of(number), grid(), _document(number))
    return folder


def _document(number: int) -> dict[str, Any]:
    """What one scene says of itself, as the Planetary Computer spells it."""
    path = {"landsat:wrs_path": "116", "landsat:wrs_row": "033", "landsat:wrs_type": "2"}
    return {
        "id": f"LC08_L2SP_116033_{when(number):%Y%m%d}_02_T1",
        "collection": "landsat-c2-l2",
        "properties": properties(when(number), platform="landsat-8", gsd=30, **path),
    }
