"""The radiometric guard and the common mode on real series: caught where planted, silent else.

A date has enough snow-free clear pixels where at least ``guard_min_share`` of the site is clear
and no nearer than ``guard_margin_px`` to anything that is not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache

import numpy as np
import pytest
import rasterio

from benchmarks.romania_site import Series, data_folder, read_series
from pipeline.config import load_config
from pipeline.prepare.guard import Watched, away_from_masks, choose_pixels, watch_levels
from pipeline.raster.steps import StepRule, common_steps, to_decibel
from pipeline.sensors.sentinel2 import WATCH
from tests.unit.item_factory import REAL

pytestmark = pytest.mark.real

OPTIONS = load_config().prepare
BANDS = ("blue", "green", "red", "nir")
RADAR = REAL / "opera_rtc_s1_series" / "T137-292319-IW2"
DECIBEL_RULE = StepRule(
    n_neighbours=8, n_history=20, min_looks=8, min_pixels=1000, floor=0.5, n_deviations=5.0,
    common_share=0.7,
)  # fmt: skip


@cache
def romania() -> Watched:
    if not data_folder().is_dir():
        pytest.skip(f"no Romanian series in {data_folder()}; set ZONEWATCH_REAL")
    series: Series = read_series(data_folder())
    values = np.stack([series.bands[band] for band in BANDS], axis=1).astype(np.float32) * 1e-4
    clear = np.isin(series.bands["scl"], OPTIONS.clear_classes) & (values > 0).all(axis=1)
    pixels = choose_pixels(np.ones(clear.shape[1:], np.float32))
    seen = np.stack(
        [away_from_masks(one, OPTIONS.guard_margin_px).ravel()[pixels] for one in clear]
    )
    flat = values.reshape(*values.shape[:2], -1)[:, :, pixels]
    days = tuple(instant.toordinal() for instant in series.instants)
    return Watched(flat, seen, days, np.zeros((len(days), len(BANDS))), WATCH)


def thinned(watched: Watched) -> Watched:
    """Every fourth pixel: what is planted many times over should cost little."""
    values, seen = watched.values[:, :, ::4], watched.seen[:, ::4]
    return Watched(values, seen, watched.days, watched.offsets, WATCH)


def test_no_real_date_is_taken_for_a_wrong_offset() -> None:
    watched = romania()
    for offset in (0.0, -0.1):
        told = replace(watched, offsets=np.full((140, 4), offset))
        steps, suspects = watch_levels(told, OPTIONS)
        assert not suspects
        assert sum(step is not None for step in steps) >= 70


@pytest.mark.parametrize("offset_dn", [1000, -1000])
def test_a_planted_offset_is_caught_on_nearly_every_date(offset_dn: int) -> None:
    watched = thinned(romania())
    steps, _ = watch_levels(watched, OPTIONS)
    judged = [date for date, step in enumerate(steps) if step is not None]
    caught = 0
    for date in judged:
        # No later date has a say once the opening is over, so they need not be looked at.
        end = max(date + 1, 90)
        values, offsets = watched.values[:end].copy(), watched.offsets[:end].copy()
        values[date] += offset_dn * 1e-4
        # Numbers without the offset, read with it, stand too low; and the other way about.
        offsets[date] = -0.1 if offset_dn < 0 else 0.0
        planted = Watched(values, watched.seen[:end], watched.days[:end], offsets, WATCH)
        caught += watch_levels(planted, OPTIONS)[1] == {date}
    assert caught >= 0.95 * len(judged), f"{caught} of {len(judged)}"


def decibel(polarisation: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    files = sorted(RADAR.glob(f"*_{polarisation}.tif"), key=lambda path: path.name.split("_")[4])
    if not files:
        pytest.skip(f"no radar series in {RADAR}; set ZONEWATCH_REAL")
    layers = []
    for path in files:
        with rasterio.open(path) as dataset:
            layers.append(to_decibel(dataset.read(1)))
    flat = np.stack(layers).reshape(len(files), 1, -1)
    return [path.name.split("_")[4][:8] for path in files], flat, np.isfinite(flat[:, 0])


@pytest.mark.parametrize("polarisation", ["VV", "VH"])
def test_the_jump_of_new_year_2023_is_common_and_no_other_date_is(polarisation: str) -> None:
    dates, values, seen = decibel(polarisation)
    days = [datetime.strptime(f"{one}+0000", "%Y%m%d%z").toordinal() for one in dates]
    steps = common_steps(np.where(seen[:, None], values, 0), seen, days, DECIBEL_RULE)
    assert [date for date, step in zip(dates, steps, strict=True) if step and step.is_common] == [
        "20230101"
    ]
