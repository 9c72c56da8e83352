"""Labelled pairs of real dates: Landsat at Taizhou, six cities of OSCD, radar at the Yellow River.

Here belong reading them and bringing a city onto one grid. Labels are scored against and given
to no detector; those of OSCD are non-commercial and stay out of this repository.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.warp import Resampling, reproject

from benchmarks.romania_site import data_folder as romania_folder
from benchmarks.romania_site import read_series

if TYPE_CHECKING:
    from numpy.typing import NDArray

CITIES = ("abudhabi", "bordeaux", "hongkong", "paris", "pisa", "rennes")
BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
RADAR = ("A", "B")
FOREST_BANDS = ("blue", "green", "red", "nir")
CLEAR_CLASSES, CLEAR_SHARE = (4, 5, 6, 7), 0.97
NEIGHBOURS = timedelta(days=15)
UNLABELLED, UNCHANGED, CHANGED = 0, 1, 2


@dataclass(frozen=True)
class LabelledPair:
    """Two dates on one grid, and what people saw.

    Attributes:
        name: the place.
        before: float32, (band, y, x), NaN where there is nothing.
        after: as before.
        labels: 0 unlabelled, 1 unchanged, 2 changed, uint8, (y, x).
    """

    name: str
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    labels: NDArray[np.uint8]


def data_folder() -> Path:
    """Where the real data lies: ZONEWATCH_REAL, or beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "real"
    return Path(os.environ.get("ZONEWATCH_REAL", beside))


def taizhou() -> LabelledPair:
    """Landsat-7, 2000 and 2003, six bands of 30 m; most pixels are unlabelled.

    Raises:
        OSError: if it is not there.
    """
    folder = data_folder() / "landsat_taizhou"
    labels = np.zeros((400, 400), dtype=np.uint8)
    for name, label in (("unchanged", UNCHANGED), ("change", CHANGED)):
        labels[_pixels(folder / f"{name}.bmp")[0] > 0] = label
    dates = [_pixels(folder / name).astype(np.float32) for name in ("2000TM", "2003TM")]
    return LabelledPair("taizhou", dates[0], dates[1], labels)


def oscd(city: str) -> LabelledPair:
    """Sentinel-2 L1C, both dates and all bands on the 10 m grid of the first date.

    Raises:
        OSError: if it is not there.
    """
    folder = data_folder() / "oscd" / city
    labels = _pixels(folder / f"{city}-cm.tif")[0]
    with rasterio.open(_band_file(folder / "imgs_1", BANDS[0])) as first:
        dates = [_on_grid(folder / name, first) for name in ("imgs_1", "imgs_2")]
    return LabelledPair(city, dates[0], dates[1], labels)


def yellow_river(letter: str) -> LabelledPair:
    """Radar amplitude in eight bits, one band; every pixel is labelled.

    Raises:
        OSError: if it is not there.
    """
    stem = data_folder() / "sar_pairs_bmp" / "yellow_river"
    dates = [_pixels(stem / f"yellow_{letter}_{nth}.bmp")[:1] for nth in (1, 2)]
    is_changed = _pixels(stem / f"yellow_{letter}_gt.bmp")[0] > 127  # noqa: PLR2004 - by its source
    labels = np.where(is_changed, CHANGED, UNCHANGED).astype(np.uint8)
    before, after = (date.astype(np.float32) for date in dates)
    return LabelledPair(f"yellow {letter}", before, after, labels)


def neighbouring_dates() -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Two clear looks at a Romanian forest a few days apart, each (band, y, x).

    Nothing but weather lies between most of them; NaN where the classification is not clear on
    both, which misses some clouds.

    Raises:
        OSError: if they are not there.
    """
    series = read_series(romania_folder())
    clear = np.isin(series.bands["scl"], CLEAR_CLASSES)
    good = np.flatnonzero(clear.mean(axis=(1, 2)) > CLEAR_SHARE)
    found = []
    for nth, later in pairwise(good.tolist()):
        if series.instants[later] - series.instants[nth] > NEIGHBOURS:
            continue
        dates = []
        for at in (nth, later):
            date = np.stack([series.bands[band][at] for band in FOREST_BANDS]).astype(np.float32)
            date[:, ~(clear[nth] & clear[later])] = np.nan
            dates.append(date)
        found.append((dates[0], dates[1]))
    return found


def _pixels(path: Path) -> NDArray[np.uint8]:
    """All bands of a raster, whether or not it knows where it lies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            with rasterio.open(path) as dataset:
                return np.asarray(dataset.read())
        except rasterio.RasterioIOError as error:
            raise OSError(str(error)) from error


def _band_file(folder: Path, band: str) -> Path:
    """The file of one band."""
    return next(folder.glob(f"*_{band}.tif"), folder / f"{band}.tif")


def _on_grid(folder: Path, grid: rasterio.DatasetReader) -> NDArray[np.float32]:
    """The bands of a date, bilinear on the grid of an open raster, (band, y, x)."""
    date = np.full((len(BANDS), *grid.shape), np.nan, dtype=np.float32)
    for row, band in enumerate(BANDS):
        with rasterio.open(_band_file(folder, band)) as source:
            reproject(
                source.read(1).astype(np.float32),
                date[row],
                src_transform=source.transform,
                src_crs=source.crs,
                dst_transform=grid.transform,
                dst_crs=grid.crs,
                dst_nodata=np.nan,
                resampling=Resampling.bilinear,
            )
    return date
