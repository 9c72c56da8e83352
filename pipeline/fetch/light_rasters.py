"""Reading coarse GeoTIFFs: monthly DNB, annual DMSP-OLS and ECOSTRESS temperature.

Here belongs the walk from a file and its companions to layers. What the numbers mean belongs to
``sensors``, opening files to ``store``, which files are read to ``lights``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import CorruptAssetError
from pipeline.fetch.source_files import require_plain
from pipeline.model.coarse_chip import CoarseChip, RawLayer
from pipeline.model.degrees import DegreeGrid
from pipeline.sensors import ecostress, nightlights
from pipeline.store.georeference import any_grid_of
from pipeline.store.rasters import open_raster, read_window, tag_name

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.fetch.place import Place
    from pipeline.fetch.source_files import Hashes
    from pipeline.model.coarse import SourceFile
    from pipeline.model.grid import Grid
    from pipeline.sensors.coarse_names import CoarseName

SIMULATED = tag_name("zonewatch:simulated")


@dataclass(frozen=True)
class _Band:
    """The block of a one-band file over a place."""

    layer: RawLayer
    whole: DegreeGrid | Grid
    grid: DegreeGrid | Grid
    source: SourceFile
    is_simulated: bool


def read_light_raster(place: Place, path: Path, named: CoarseName, hashes: Hashes) -> CoarseChip:
    """One file of light or temperature over a place, with the companions that lie beside it.

    Raises:
        WrongPlaceError: if the file does not hold the place.
        CorruptAssetError: if it or a companion is damaged, lies on other pixels, or is no plain
            raster of one band.
        StoreError: if it cannot be read from the disk.
    """
    first = _read(place, path, hashes)
    if named.label.sensor in nightlights.STEP_DEG:
        _check_step(first, named.label.sensor)
    beside = {
        layer: _beside(place, path.with_name(name), first, hashes)
        for layer, name in named.companions
        if path.with_name(name).exists()
    }
    own = ecostress.LST if named.label.sensor == ecostress.SENSOR else nightlights.LIGHT
    bands = {own: first} | beside
    return CoarseChip(
        name=path.name,
        place=place.id,
        wanted=place.wanted,
        timezone=place.timezone,
        grid=first.grid,
        layers={name: band.layer for name, band in bands.items()},
        sources=tuple(band.source for band in bands.values()),
        is_simulated=place.is_simulated or first.is_simulated,
    )


def grid_of_raster(path: Path) -> DegreeGrid | Grid:
    """Where the pixels of a file lie; no pixel is read.

    Raises:
        AssetError: if it is no raster on a grid in degrees or metres.
    """
    require_plain(path)
    with open_raster(path) as dataset:
        return any_grid_of(dataset)


def _beside(place: Place, path: Path, first: _Band, hashes: Hashes) -> _Band:
    """A companion in the same folder, on the same pixels.

    Raises:
        CorruptAssetError: if it lies on other pixels, or is not as documented.
    """
    band = _read(place, path, hashes)
    if band.whole != first.whole:
        what = f"its pixels lie elsewhere than those of {first.source.name}"
        raise CorruptAssetError(what, where=path.name, remedy="deliver both files as published")
    return band


def _read(place: Place, path: Path, hashes: Hashes) -> _Band:
    """The block of a one-band file over a place.

    Raises:
        AssetError: if the file is no plain raster of one band that holds the place.
    """
    source = hashes.of(path)
    with open_raster(path) as dataset:
        is_plain = dataset.count == 1 and dataset.scales == (1.0,) and dataset.offsets == (0.0,)
        if not is_plain:
            what = "documented is one band without scale and offset"
            raise CorruptAssetError(what, where=path.name, remedy="deliver it as published")
        whole = any_grid_of(dataset)
        window = place.window(whole, path.name)
        pixels = read_window(dataset, window)[0]
        marked, nodata = SIMULATED in dataset.tags(), dataset.nodata
    numbers = {} if nodata is None else {nightlights.NODATA: float(nodata)}
    return _Band(RawLayer(pixels, path.name, numbers), whole, whole.sub(window), source, marked)


def _check_step(light: _Band, sensor: str) -> None:
    """Refuse a file that was resampled.

    Raises:
        CorruptAssetError: if its pixels do not have the documented size in degrees.
    """
    step, where = nightlights.STEP_DEG[sensor], light.source.name
    grid = light.whole
    if not isinstance(grid, DegreeGrid):
        raise CorruptAssetError("documented is a grid in degrees", where=where)
    if not np.allclose(
        (grid.step_x_deg, grid.step_y_deg), step, rtol=nightlights.STEP_TOLERANCE, atol=0
    ):
        what = f"its pixels measure {grid.step_x_deg:g} degrees, documented are {step:g}"
        raise CorruptAssetError(what, where=where, remedy="deliver the file as published")
