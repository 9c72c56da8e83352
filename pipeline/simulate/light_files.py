"""Night lights as files under the archives' own names, each marked as simulated.

Here belong names, layouts and the laying out of a folder. Pixels belong to ``lights``.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from pipeline.sensors import blackmarble as bm
from pipeline.simulate.lamps import light_grid
from pipeline.simulate.lights import COARSE_STEP_DEG, FINE_STEP_DEG, NightSky
from pipeline.store.hdf5_write import SparseField, write_hdf5
from pipeline.store.rasters import write_cog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    _Layer: TypeAlias = tuple[NDArray[Any], str, float, dict[str, float | str]]

    from pipeline.simulate.eras import Past
    from pipeline.simulate.lights import LightMonth, LightNight, LightYear
    from pipeline.simulate.options import ArchiveOptions

MARK: Final = "zonewatch:simulated"
NOTE: Final = "SIMULATED, made by zonewatch simulate"
TAGS: Final = {MARK: "true", "zonewatch:note": NOTE}
TILE: Final = (30, 5)
"""Column and row of the Black Marble tile that holds the invented site."""
FIRST_MONTH, LAST_MONTH = date(2012, 4, 1), date(2024, 12, 1)
FIRST_NIGHT, LAST_NIGHT = date(2012, 2, 1), date(2024, 12, 31)
_CLEAR, _CLOUDY = 0b0000_0010, 0b1100_0010
"""QF_Cloud_Mask: night over land, confidently clear or confidently cloudy."""
_NIGHTS = (
    (date(2012, 2, 1), 15),
    (date(2013, 4, 1), 11),
    (date(2014, 1, 1), 150),
    (date(2015, 12, 1), 11),
    (date(2016, 5, 1), 180),
)
"""From each day on, one night is kept in so many: more around the positive controls."""


def light_nights() -> tuple[date, ...]:
    """The nights of the archive, by the civil day into which the overpass falls."""
    days: list[date] = []
    for (start, step), (end, _) in pairwise((*_NIGHTS, (LAST_NIGHT, 0))):
        days += [start + timedelta(days=step * k) for k in range(-(-(end - start).days // step))]
    return tuple(days)


def write_months(folder: Path, past: Past, options: ArchiveOptions) -> int:
    """Write the monthly composites of 2012 to 2024; give back how many.

    Raises:
        StoreError: if a file cannot be written.
    """
    first, last = options.span(FIRST_MONTH, LAST_MONTH)
    months = NightSky(past.seed, past.truth).months(FIRST_MONTH, LAST_MONTH)
    kept = [month for month in months if first <= month.first <= last]
    for month in kept:
        _write_month(folder, month)
    return len(kept)


def _write_month(folder: Path, month: LightMonth) -> None:
    """Write the light and the count of looks of one month."""
    after = (month.first + timedelta(days=31)).replace(day=1)
    span = f"{month.first:%Y%m%d}-{after - timedelta(days=1):%Y%m%d}"
    stem = f"SVDNB_npp_{span}_75N060E_vcmcfg_v10_c{after:%Y%m%d}0000"
    _write(folder / f"{stem}.avg_rade9h.tif", month.radiance, FINE_STEP_DEG)
    _write(folder / f"{stem}.cf_cvg.tif", month.n_looks, FINE_STEP_DEG)


def write_years(folder: Path, past: Past, options: ArchiveOptions) -> int:
    """Write the annual DMSP-OLS composites of 2003 to 2013; give back how many.

    Raises:
        StoreError: if a file cannot be written.
    """
    first, last = options.years
    years = NightSky(past.seed, past.truth).years()
    kept = [one for one in years if first <= one.year <= last]
    for year in kept:
        _write_year(folder, year)
    return len(kept)


def _write_year(folder: Path, year: LightYear) -> None:
    """Write the light and the count of looks of one year."""
    stem = f"{year.satellite}{year.year}.v4d_web"
    _write(folder / f"{stem}.stable_lights.avg_vis.tif", year.numbers, COARSE_STEP_DEG)
    _write(folder / f"{stem}.cf_cvg.tif", year.n_looks, COARSE_STEP_DEG)


def _write(path: Path, pixels: NDArray[Any], step_deg: float) -> None:
    """Write one band on the window of the light files."""
    name = path.name.split(".")[-2]
    write_cog(path, {name: pixels}, light_grid(step_deg), nodata=None, tags=TAGS)


def write_nights(folder: Path, past: Past, options: ArchiveOptions) -> int:
    """Write the daily Black Marble files; give back how many.

    Raises:
        StoreError: if a file cannot be written.
    """
    # All nights are drawn, whatever is kept, because noise remembers the night before.
    first, last = options.span(FIRST_NIGHT, LAST_NIGHT)
    nights = NightSky(past.seed, past.truth).nights(light_nights())
    kept = [one for one in nights if first <= one.night <= last]
    for night in kept:
        # The overpass at 01:30 belongs to the UTC day before.
        day = night.night - timedelta(days=1)
        name = f"VNP46A2.A{day:%Y%j}.h{TILE[0]:02d}v{TILE[1]:02d}.001.{day:%Y%j}000000.h5"
        write_hdf5(folder / name, bm.GROUPS[0], dict(_fields(night)), {MARK: "true"})
    return len(kept)


def _fields(night: LightNight) -> Iterator[tuple[str, SparseField]]:
    """The fields of one night, as collection 1 stores them."""
    grid, tile = light_grid(FINE_STEP_DEG), bm.tile_grid(*TILE)
    origin = (
        round((tile.top_deg - grid.top_deg) / FINE_STEP_DEG),
        round((grid.left_deg - tile.left_deg) / FINE_STEP_DEG),
    )
    scale: dict[str, float | str] = {"scale_factor": bm.INTEGER.scale, "offset": 0.0}
    light, moon = scale | {"units": "nWatts/(cm^2 sr)"}, scale | {"units": "nWatts/cm^2"}
    seen = np.isfinite(night.radiance)
    stored = np.where(seen, np.rint(np.nan_to_num(night.radiance) / bm.INTEGER.scale), 65535)
    layers: dict[str, _Layer] = {
        bm.RADIANCE: (stored, "u2", 65535, light),
        bm.MOON: (np.full(seen.shape, round(night.moon / bm.INTEGER.scale)), "u2", 65535, moon),
        bm.LATEST: (np.where(seen, 0, 3), "u1", bm.FLAG_FILL, {}),
        bm.QUALITY: (np.where(seen, 0, bm.FLAG_FILL), "u1", bm.FLAG_FILL, {}),
        bm.CLOUD: (np.where(night.is_cloudy, _CLOUDY, _CLEAR), "u2", bm.COUNT_FILL, {}),
        bm.SNOW: (np.full(seen.shape, int(night.has_snow)), "u1", bm.FLAG_FILL, {}),
    }
    for name, (pixels, dtype, fill, attributes) in layers.items():
        shape = (bm.TILE_PX, bm.TILE_PX)
        yield name, SparseField(shape, origin, pixels.astype(dtype), fill, attributes)
