"""Rasters that a person names on the command line: any CRS, GeoTIFF or ENVI.

Here belong reading one of them whole and writing a change map on its grid. Whether two of them
match belongs to ``pair``; rasters of our own making, on metric grids, belong to ``rasters``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.errors import RasterioError

from pipeline.errors import CorruptAssetError, RasterInputError, StoreError
from pipeline.store.files import publishing
from pipeline.store.rasters import created_raster, open_raster, read_window, tag_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import rasterio
    from numpy.typing import NDArray

    from pipeline.model.change import ChangeMap
    from pipeline.store.rasters import Driver

SIMULATED = "zonewatch:simulated"
CHANGE_BANDS = ("magnitude", "p_value", "changed")
MAX_SAMPLES = 400_000_000
"""Pixels times bands of one raster: 1.6 GB as float32, the most that is taken into memory."""

_MAX_SHIFT_PX = 0.01  # grids whose corners lie this close are the same grid
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True)
class Place:
    """Where the pixels of a raster lie, in whatever CRS it has.

    Attributes:
        crs: of rasterio; None if the file states none.
        transform: pixel corner to coordinates.
        shape: rows, columns.
    """

    crs: Any
    transform: rasterio.Affine
    shape: tuple[int, int]

    def is_at(self, other: Place) -> bool:
        """Whether every pixel lies where the other's does."""
        if self.shape != other.shape:
            return False
        across = ~self.transform * other.transform
        corners = ((0, 0), (0, self.shape[0]), (self.shape[1], 0))
        moved = (np.subtract(across * corner, corner) for corner in corners)
        return all(float(np.abs(shift).max()) <= _MAX_SHIFT_PX for shift in moved)


@dataclass(frozen=True)
class NamedRaster:
    """A raster of the user's, read.

    Attributes:
        path: the file.
        pixels: (band, y, x), float32, NaN where nothing was delivered.
        place: where they lie.
        is_simulated: whether the file says so.
    """

    path: Path
    pixels: NDArray[np.float32]
    place: Place
    is_simulated: bool


def read_named(path: Path) -> NamedRaster:
    """A raster of the user's.

    Raises:
        RasterInputError: if it is missing, is no raster, is damaged or is larger than the memory.
    """
    try:
        with open_raster(path, driver=_driver_of(path)) as dataset:
            _check_samples(dataset.shape, dataset.count, path)
            pixels = _as_float32(read_window(dataset), path)
            pixels[dataset.read_masks() == 0] = np.nan
            place = Place(dataset.crs, dataset.transform, dataset.shape)
            return NamedRaster(path, pixels, place, _says_simulated(dataset.tags()))
    except CorruptAssetError as error:
        raise RasterInputError(error.what, where=str(path), remedy=error.remedy) from error


def _as_float32(stored: NDArray[Any], path: Path) -> NDArray[np.float32]:
    """Numbers fit for arithmetic: differences of uint8 would wrap around.

    Raises:
        RasterInputError: if they are complex.
    """
    if stored.dtype.kind not in "buif":
        what = f"the pixels are of type {stored.dtype}"
        raise RasterInputError(what, where=str(path), remedy="give amplitude or intensity instead")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, so not seen
        return stored.astype(np.float32)


def _driver_of(path: Path) -> Driver:
    """The format, told from the first bytes and not from the name.

    Raises:
        RasterInputError: if there is no such file, or it is of neither format.
    """
    try:
        with path.open("rb") as stream:
            is_tiff = stream.read(4) in _TIFF_MAGIC
    except OSError as error:
        what = f"the raster cannot be opened ({error.strerror})"
        remedy = "check the path and the right to read it"
        raise RasterInputError(what, where=str(path), remedy=remedy) from error
    names = {f"{name}.hdr".lower() for name in (path.name, path.stem)}
    if not is_tiff and not names & {one.name.lower() for one in path.parent.iterdir()}:
        what = "the file is no GeoTIFF, and no ENVI header lies beside it"
        remedy = f"convert it to GeoTIFF, or put {path.name}.hdr beside it"
        raise RasterInputError(what, where=str(path), remedy=remedy)
    return "GTiff" if is_tiff else "ENVI"


def _check_samples(shape: tuple[int, int], n_bands: int, path: Path) -> None:
    """Refuse what does not fit into memory.

    Raises:
        RasterInputError: if it does not.
    """
    if shape[0] * shape[1] * n_bands > MAX_SAMPLES:
        what = f"{shape[0]} x {shape[1]} pixels in {n_bands} bands do not fit into memory"
        raise RasterInputError(what, where=str(path), remedy="cut both dates to a smaller window")


def _says_simulated(tags: Mapping[str, str]) -> bool:
    """Whether the tags of a file mark it as simulated, however the key came to be spelt.

    A key with a colon is cut there by GDAL: what follows it becomes part of the value.
    """
    stated = (tags.get(SIMULATED), tags.get(tag_name(SIMULATED)))
    cut = tags.get(SIMULATED.partition(":")[0], "").replace(" ", "").lower()
    is_stated = any((value or "").strip().lower() in ("true", "1", "yes") for value in stated)
    return is_stated or cut == "simulated=true"


def write_change_map(out: Path, changes: ChangeMap, place: Place, tags: Mapping[str, str]) -> None:
    """Publish the change map, whole or not at all.

    ``store.rasters.write_cog`` is not used: it holds metric north-up grids only, and the user's
    rasters may lie in degrees.
    """
    bands = (changes.magnitude, changes.p_value, changes.changed)
    pixels = np.stack([band.astype(np.float32) for band in bands])
    pixels[:, ~changes.seen] = np.nan
    try:
        with publishing(out) as part:
            _write_tiff(part, pixels, place, tags)
            _compare_back(part, pixels)
    except (RasterioError, CorruptAssetError) as error:
        remedy = "check the disk for space and faults, then run again"
        what = "the change map did not reach the disk as it should"
        raise StoreError(what, where=str(out), remedy=remedy) from error


def _write_tiff(
    part: Path, pixels: NDArray[np.float32], place: Place, tags: Mapping[str, str]
) -> None:
    """Write a tiled GeoTIFF."""
    layout = {"tiled": True, "blockxsize": 256, "blockysize": 256, "predictor": 3}
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "nodata": np.nan,
        "compress": "deflate",
        "crs": place.crs,
        "transform": place.transform,
        **dict(zip(("count", "height", "width"), pixels.shape, strict=True)),
    }
    with created_raster(part, profile | layout) as dataset:
        dataset.write(pixels)
        dataset.descriptions = CHANGE_BANDS
        dataset.update_tags(**{tag_name(key): tags[key] for key in sorted(tags)})


def _compare_back(part: Path, pixels: NDArray[np.float32]) -> None:
    """Read the file back.

    Raises:
        CorruptAssetError: if it does not hold what was written.
    """
    with open_raster(part) as dataset:
        if read_window(dataset).tobytes() != pixels.tobytes():
            raise CorruptAssetError("it reads back otherwise", where=str(part))
