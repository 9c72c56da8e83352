"""Placebo dates and placebo zones on real series: how often does nothing pass for something?

Here belongs the reading of real series without a known change, and random windows on them. The
noise is that of the data and not a model of ours: if the statistics held only for the noise that
they assume, it would show here.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import rasterio

from benchmarks.evidence_lines import Asked, Source, bench_for, weighed
from benchmarks.monitor import romania_changes, stable_in_between
from benchmarks.romania_site import data_folder, read_series
from benchmarks.romania_truth import CLEAR_CLASSES, truth_by
from pipeline.assess.plan import day_of
from pipeline.config import load_config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.romania_site import Series

BLOCK_PX = 20
MIN_STABLE = 0.5
"""A block is a placebo zone if so much of it did not change."""
MIN_CLEAR = load_config().assess.min_zone_clear_share
WIDTHS_DAYS = (15.0, 120.0)
LASTING = (-365.0, -31.0)
N_CONTROLS = 4
MIN_OUTSIDE = 15
"""Looks outside a window: the radar series has but 22, of which three lie in the window."""
PIXELS = {
    "1_hls_sc.csv": date(2024, 1, 1),
    "2_mpb_co_landsat.csv": date(2007, 1, 1),
    "7_logging_hls_w0.csv": date(2024, 1, 1),
}
"""Single pixels, and the day before which nothing is known to have happened to them."""
COLUMNS = {"red": 3, "nir": 4, "swir1": 5}


def real_folder() -> Path:
    """Where the real series lie."""
    return data_folder().parent


def sources() -> dict[str, list[Source]]:
    """All real series that are there, by name; each list is one site."""
    found: dict[str, list[Source]] = {}
    folder = real_folder()
    if data_folder().is_dir():
        found |= _romania(read_series(data_folder()))
        found |= _second_cube(data_folder() / "sentinel2_subset.nc")
    if (folder / "opera_rtc_s1_series").is_dir():
        found |= _opera(folder / "opera_rtc_s1_series" / "T137-292319-IW2")
    if (folder / "pixel_series").is_dir():
        found |= _pixels(folder / "pixel_series")
    return found


def blocks(stable: NDArray[np.bool_], size: int) -> dict[str, tuple[slice, slice]]:
    """Square blocks most of which did not change, by name."""
    n_rows, n_cols = stable.shape[0] // size, stable.shape[1] // size
    found = {
        f"r{row}c{col}": (slice(row * size, (row + 1) * size), slice(col * size, (col + 1) * size))
        for row in range(n_rows)
        for col in range(n_cols)
    }
    return {name: at for name, at in found.items() if stable[at].mean() >= MIN_STABLE}


def block_means(
    values: NDArray[np.float64], stable: NDArray[np.bool_], size: int
) -> dict[str, NDArray[np.float64]]:
    """Mean of the stable pixels of each block, by date; NaN where too few were seen.

    Args:
        values: (time, y, x), NaN where not seen.
        stable: (y, x).
        size: edge of a block in pixels.
    """
    found = {}
    for name, at in blocks(stable, size).items():
        pixels = values[:, *at][:, stable[at]]
        seen = np.isfinite(pixels)
        total = np.where(seen, pixels, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        found[name] = np.where(seen.mean(axis=1) >= MIN_CLEAR, total, np.nan)
    return found


def source_of(sensor: str, days: NDArray[np.float64], means: Mapping[str, Any]) -> Source:
    """Some blocks, every so many of which is a control."""
    names = sorted(means)
    stride = max(1, len(names) // N_CONTROLS)
    return Source(sensor, days, means, frozenset(names[stride // 2 :: stride][:N_CONTROLS]))


def _romania(series: Series) -> dict[str, list[Source]]:
    """Bands, the vegetation index, and the share that departs for the real detector."""
    days = np.array([day_of(instant) for instant in series.instants])
    stable = stable_in_between(series, truth_by(series, np.nanmedian))
    clear = np.isin(series.bands["scl"], CLEAR_CLASSES)
    red, nir = (np.where(clear, series.bands[band] / 1e4, np.nan) for band in ("red", "nir"))
    found = {"red": red, "nir": nir, "ndvi": (nir - red) / (nir + red)}
    changes = romania_changes(series)
    departs = np.where(changes.seen, changes.departs, np.nan)
    made = {
        f"romania {name}": [source_of(name, days, block_means(values, stable, BLOCK_PX))]
        for name, values in found.items()
    }
    late = changes.n_baseline
    for name, part in (("departing", slice(late, None)), ("departing, history too", slice(None))):
        means = block_means(departs[part], stable, BLOCK_PX)
        made[f"romania {name}"] = [source_of("departing", days[part], means)]
    return made


def _second_cube(path: Path) -> dict[str, list[Source]]:
    """A small cube of fields and trees in France, 20 m."""
    with h5py.File(path) as file:
        offsets = file["time"][:].astype(float)
        red, nir, scl = (file[name][:] for name in ("B4", "B8A", "SCL"))
    days = offsets - offsets[0] + day_of(datetime(2017, 2, 19, tzinfo=UTC))
    clear = np.isin(scl, CLEAR_CLASSES)
    ndvi = np.where(clear, (nir - red) / np.maximum(nir + red, 1e-9), np.nan)
    means = block_means(ndvi, np.ones(ndvi.shape[1:], dtype=bool), 3)
    return {"france ndvi": [source_of("ndvi", days, means)]}


def _opera(folder: Path) -> dict[str, list[Source]]:
    """Backscatter of one track."""
    found = {}
    for polarisation in ("VV", "VH"):
        paths = sorted(folder.glob(f"*_{polarisation}.tif"))
        images, instants = [], []
        for path in paths:
            with rasterio.open(path) as raster:
                power = raster.read(1).astype(float)
            images.append(10 * np.log10(np.where(power > 0, power, np.nan)))
            stamp = next(part for part in path.stem.split("_") if part[:2] == "20")
            instants.append(datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
        values = np.array(images)
        means = block_means(values, np.ones(values.shape[1:], dtype=bool), BLOCK_PX)
        days = np.array([day_of(instant) for instant in instants])
        found[f"opera {polarisation}"] = [source_of("sentinel-1", days, means)]
    return found


def _pixels(folder: Path) -> dict[str, list[Source]]:
    """Single pixels before their event, without any control."""
    found: dict[str, list[Source]] = {"pixels ndvi": [], "pixels nir": [], "pixels swir1": []}
    for name, end in PIXELS.items():
        with (folder / name).open(encoding="utf-8") as file:
            rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
        clear = np.isin(rows[:, 8], (0, 1)) & (rows[:, 0] < end.toordinal())
        rows = rows[clear]
        rows = rows[np.append(True, np.diff(rows[:, 0]) > 0)]
        red, nir, swir = (rows[:, COLUMNS[band]] / 1e4 for band in ("red", "nir", "swir1"))
        days = rows[:, 0] - date(2000, 1, 1).toordinal()
        for band, values in (("ndvi", (nir - red) / (nir + red)), ("nir", nir), ("swir1", swir)):
            source = Source(band, days, {name: values}, frozenset(), has_levels=False)
            found[f"pixels {band}"].append(source)
    return found


@dataclass(frozen=True)
class Placebo:
    """What came of one placebo window."""

    p_value: float
    z: float
    is_lasting: bool


def placebos(source: Source, n: int, seed: int) -> list[Placebo]:
    """Random windows on every place of a source; those that cannot be judged are left out."""
    rng = np.random.default_rng(seed)
    bench = bench_for([source], MIN_OUTSIDE)
    span = source.days[0], source.days[-1]
    found: list[Placebo] = []
    for number in range(n):
        width = float(rng.uniform(*WIDTHS_DAYS))
        start = float(rng.uniform(span[0], max(span[0] + 1, span[1] - width)))
        place = str(rng.choice(sorted(source.values)))
        reference = LASTING if number % 2 else None
        asked = Asked((start,), width, (place,), (source.sensor,), reference)
        for test in weighed(asked, bench).tests:
            if test.effect is not None:
                effect = test.effect
                found.append(
                    Placebo(effect.p_value, effect.difference / effect.error, bool(reference))
                )
    return found
