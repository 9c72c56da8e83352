"""Reading coarse GeoTIFFs: monthly DNB, annual DMSP-OLS and ECOSTRESS temperature.

Here belongs the walk from a file and its companions to a look. What the numbers mean belongs to
``sensors``, opening files to ``store``, which files are read to ``lights``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import CorruptAssetError, FetchError
from pipeline.model.change import Period
from pipeline.model.coarse import CoarseLook, Layer, Quantity, SourceFile
from pipeline.model.degrees import DegreeGrid
from pipeline.sensors import ecostress, nightlights
from pipeline.store.files import sha256_of
from pipeline.store.geographic import any_grid_of
from pipeline.store.rasters import open_raster, read_window, tag_name

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.fetch.place import Place
    from pipeline.model.grid import Grid
    from pipeline.sensors.nightlights import NightFile

SIMULATED = tag_name("zonewatch:simulated")


@dataclass(frozen=True)
class _Band:
    """The block of a one-band file over the site."""

    pixels: NDArray[Any]
    whole: DegreeGrid | Grid
    grid: DegreeGrid | Grid
    nodata: float | None
    source: SourceFile
    is_simulated: bool


def read_night_lights(place: Place, path: Path, named: NightFile) -> CoarseLook:
    """One month or one year of light, with the count of looks if it lies beside.

    Raises:
        WrongPlaceError: if the file does not hold the site.
        CorruptAssetError: if it is damaged or not as documented.
        StoreError: if it cannot be read from the disk.
    """
    sensor = named.label.sensor
    light = _read(place, path)
    _check_step(light, sensor)
    count = _beside(place, path, named.count_name, light) if named.count_name else None
    values = nightlights.light_values(light.pixels, sensor, light.nodata, where=path.name)
    n_looks = None if count is None else count.pixels
    return CoarseLook(
        label=named.label,
        quantity=Quantity.DN if sensor == nightlights.DMSP_OLS else Quantity.RADIANCE,
        period=named.period,
        values=values,
        seen=nightlights.light_seen(values, sensor, n_looks),
        saturated=nightlights.is_saturated(values, sensor),
        grid=light.grid,
        sources=tuple(band.source for band in (light, count) if band is not None),
        noise=nightlights.NOISE[sensor],
        layers={} if n_looks is None else {Layer.N_LOOKS: n_looks},
        is_simulated=place.site.is_simulated or light.is_simulated,
    )


def read_temperature(place: Place, path: Path, named: ecostress.Granule) -> CoarseLook:
    """One scene of surface temperature, with the layers that lie beside it.

    Raises:
        WrongPlaceError: if the file does not hold the site.
        CorruptAssetError: if it or a companion is damaged or not as documented.
        StoreError: if it cannot be read from the disk.
    """
    heat = _read(place, path)
    found = {
        layer: _beside(place, path, ecostress.companion(path.name, name), heat)
        for name, layer in ecostress.LAYERS.items()
    }
    beside = {layer: band for layer, band in found.items() if band is not None}
    layers = {layer: band.pixels for layer, band in beside.items()}
    values = ecostress.check_kelvin(heat.pixels, where=path.name)
    return CoarseLook(
        label=named.label,
        quantity=Quantity.LST,
        period=Period(named.instant, named.instant),
        values=values,
        seen=ecostress.heat_seen(values, layers.get(Layer.QUALITY), layers.get(Layer.CLOUD)),
        saturated=np.zeros(values.shape, dtype=np.bool_),
        grid=heat.grid,
        sources=(heat.source, *(band.source for band in beside.values())),
        noise=ecostress.NOISE,
        layers=layers,
        is_simulated=place.site.is_simulated or heat.is_simulated,
    )


def _beside(place: Place, path: Path, name: str, first: _Band) -> _Band | None:
    """A companion in the same folder, on the same pixels; None if there is none.

    Raises:
        CorruptAssetError: if it lies on other pixels, or is not as documented.
    """
    other = path.with_name(name)
    if not other.exists():
        return None
    band = _read(place, other)
    if band.whole != first.whole:
        what = f"its pixels lie elsewhere than those of {path.name}"
        raise CorruptAssetError(what, where=name, remedy="deliver both files as published")
    return band


def _read(place: Place, path: Path) -> _Band:
    """The block of a one-band file over the site.

    Raises:
        AssetError: if the file is no plain raster of one band that holds the site.
    """
    if path.is_symlink() or not path.is_file():
        raise FetchError("it is no plain file", where=path.name, remedy="put the file itself here")
    source = SourceFile(path.name, sha256_of(path))
    with open_raster(path) as dataset:
        is_plain = dataset.count == 1 and dataset.scales == (1.0,) and dataset.offsets == (0.0,)
        if not is_plain:
            what = "documented is one band without scale and offset"
            raise CorruptAssetError(what, where=path.name, remedy="deliver it as published")
        whole = any_grid_of(dataset)
        window = place.window(whole, path.name)
        pixels = read_window(dataset, window)[0]
        marked, nodata = SIMULATED in dataset.tags(), dataset.nodata
    return _Band(pixels, whole, whole.sub(window), nodata, source, marked)


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
