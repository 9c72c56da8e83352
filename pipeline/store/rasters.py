"""Rasters on our own disk: the one door to GDAL, for reading and for writing.

Here belongs everything that opens a raster file. What its pixels mean belongs to ``sensors``,
bytes from a network belong to ``remote``.

GDAL can be talked into much by a file that somebody else wrote: a VRT named ``.tif`` reads any
file of this machine, a sidecar replaces pixels, a header of 170 bytes asks for gigabytes. The
door therefore takes existing local files only, names the driver, hides the neighbours of the
file, switches the network off, and looks at the sizes before anything is read.
"""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import MemoryFile
from rasterio.windows import Window as RasterWindow

from pipeline.environment import close_environment
from pipeline.errors import CorruptAssetError, StoreError
from pipeline.model.grid import Grid, Window
from pipeline.store.files import publish_bytes, publishing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pipeline.model.degrees import DegreeGrid

Driver: TypeAlias = Literal["GTiff", "ENVI", "JP2OpenJPEG"]
Dataset: TypeAlias = Any
"""An open rasterio dataset; rasterio carries no types."""

MAX_EDGE_PX = 200_000
"""No raster of ours is longer; a Sentinel-2 tile has 10,980 rows."""
MAX_BANDS = 1_000
MAX_BLOCK_SAMPLES = 64 * 1024 * 1024
"""One block is decoded as a whole, however small the window: 512 MB at eight bytes each."""

GDAL_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
}
"""In force whenever GDAL opens something here. Reads stay on one thread, since with several GDAL
has been seen to return zeros for bytes that never came."""

COG_OPTIONS = {
    "driver": "COG",
    "compress": "deflate",
    "predictor": "yes",
    "blocksize": 256,
    "overviews": "auto",
    "overview_resampling": "nearest",
    "num_threads": 1,
}

_OPENING = Lock()
"""Filters of warnings belong to the process, so only one thread at a time may change them."""


@contextmanager
def open_raster(path: Path, *, driver: Driver = "GTiff") -> Iterator[Dataset]:
    """Open a local raster for reading, within limits, without its sidecars.

    ENVI cannot do without its header, which is the one neighbour that is let in.

    Raises:
        CorruptAssetError: if the file is missing, is not of that format, or asks for more than
            the limits; also if it proves unreadable while it is open.
    """
    try:
        with _alone(path, driver) as entry, _opened(entry, driver) as dataset:
            _check_sizes(dataset, path)
            yield dataset
    except RasterioError as error:
        raise _unreadable(path, driver) from error


def _unreadable(path: Path, driver: Driver) -> CorruptAssetError:
    """What to say of a file that GDAL refuses."""
    what = f"the file cannot be read as {driver}"
    remedy = "deliver the file again; it is damaged, cut short or of another format"
    return CorruptAssetError(what, where=str(path), remedy=remedy)


@contextmanager
def _alone(path: Path, driver: Driver) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """The file without neighbours, and the options that keep it so.

    Raises:
        CorruptAssetError: if there is no such file.
    """
    if not path.is_file():
        raise CorruptAssetError("there is no such file", where=str(path), remedy="check the path")
    if driver != "ENVI":
        yield path.resolve(), {}
        return
    with tempfile.TemporaryDirectory(prefix="zonewatch-") as folder:
        image = Path(folder) / path.name
        image.symlink_to(path.resolve())
        image.with_name(f"{path.name}.hdr").symlink_to(_envi_header(path).resolve())
        # GDAL looks for the header only if it may look around: nothing else is here to be found.
        yield image, {"GDAL_DISABLE_READDIR_ON_OPEN": "TRUE"}


def _envi_header(path: Path) -> Path:
    """The header beside an ENVI image.

    Raises:
        CorruptAssetError: if there is none.
    """
    names = (f"{name}{ending}" for name in (path.name, path.stem) for ending in (".hdr", ".HDR"))
    for name in names:
        if path.with_name(name).is_file():
            return path.with_name(name)
    remedy = f"put {path.stem}.hdr beside it"
    raise CorruptAssetError("an ENVI image needs its header", where=str(path), remedy=remedy)


@contextmanager
def _opened(entry: tuple[Path, Mapping[str, str]], driver: Driver) -> Iterator[Dataset]:
    """The dataset; a missing georeference is for ``georeference`` to complain about."""
    path, options = entry
    close_environment()
    with rasterio.Env(**{**GDAL_OPTIONS, **options}):
        with _OPENING, warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            try:
                dataset = rasterio.open(path, driver=driver, sharing=False)
            except Exception as error:
                # Not all that GDAL raises is translated by rasterio.
                raise _unreadable(path, driver) from error
        with dataset:
            yield dataset


def _check_sizes(dataset: Dataset, path: Path) -> None:
    """Refuse what would fill the memory.

    Raises:
        CorruptAssetError: if the raster or one of its blocks is larger than the limits.
    """
    count = dataset.count
    chunky = dataset.interleaving is not None and dataset.interleaving.value == "PIXEL"
    block = max((rows * cols for rows, cols in dataset.block_shapes), default=0)
    too_long = max(dataset.shape) > MAX_EDGE_PX or not 1 <= count <= MAX_BANDS
    if too_long or block * (count if chunky else 1) > MAX_BLOCK_SAMPLES:
        what = (
            f"{dataset.height} x {dataset.width} pixels in {count} bands, "
            f"in blocks of {block} pixels, is beyond the limits"
        )
        remedy = f"deliver it tiled, with edges of at most {MAX_EDGE_PX} pixels"
        raise CorruptAssetError(what, where=str(path), remedy=remedy)
    # GDAL reads zeros beyond the end of a raw file.
    offset = int(dataset.tags(ns="ENVI").get("header_offset", 0))
    itemsize = np.dtype(dataset.dtypes[0]).itemsize
    nbytes = offset + dataset.height * dataset.width * count * itemsize
    if dataset.driver == "ENVI" and path.stat().st_size < nbytes:
        what = "the image is shorter than its header says"
        raise CorruptAssetError(what, where=str(path), remedy="deliver the file again")


@cache
def _close_environment_once() -> None:
    """Close it before GDAL sets up its drivers; after that no variable changes what is written."""
    close_environment()


@lru_cache(maxsize=64)
def _crs(name: str) -> rasterio.CRS:
    """A CRS by name; to look it up takes as long as to write a chip."""
    return rasterio.CRS.from_string(name)


def read_window(dataset: Dataset, window: Window | None = None) -> NDArray[Any]:
    """The numbers of a window as they are stored, (band, y, x); the whole raster without one.

    Raises:
        CorruptAssetError: if the window reaches beyond the raster, or a block cannot be decoded.
    """
    where = Path(dataset.name).name
    window = window or Window(0, 0, dataset.height, dataset.width)
    row, col, height, width = window
    inside = row + height <= dataset.height and col + width <= dataset.width
    if not inside or min(row, col) < 0 or min(height, width) < 1:
        raise CorruptAssetError("the window reaches beyond the raster", where=where)
    try:
        pixels: NDArray[Any] = dataset.read(window=RasterWindow(col, row, width, height))
    except Exception as error:
        what = "a block of the raster is damaged or missing"
        raise CorruptAssetError(what, where=where, remedy="deliver the file again") from error
    return pixels


@contextmanager
def created_raster(path: Path, profile: Mapping[str, Any]) -> Iterator[Dataset]:
    """A new raster file, open for writing; whoever calls publishes it.

    Args:
        path: a temporary file.
        profile: driver, sizes and place, in rasterio's words.

    Raises:
        RasterioError: as GDAL raises it, also when the file is closed.
    """
    close_environment()
    with rasterio.Env(**GDAL_OPTIONS), rasterio.open(path, "w", **profile) as dataset:
        yield dataset


@dataclass(frozen=True)
class _Content:
    """What a raster file is to hold.

    Attributes:
        names: description by band.
        pixels: (band, y, x).
        grid: where they lie.
        nodata: the number that means "nothing here".
        tags: what the file says of itself.
    """

    names: tuple[str, ...]
    pixels: NDArray[Any]
    grid: Grid | DegreeGrid
    nodata: float | None
    tags: Mapping[str, str]

    @property
    def profile(self) -> dict[str, Any]:
        """Sizes and place, in rasterio's words."""
        return {
            **dict(zip(("count", "height", "width"), self.pixels.shape, strict=True)),
            "dtype": self.pixels.dtype,
            "crs": _crs(self.grid.crs),
            "transform": rasterio.Affine(*self.grid.transform),
            "nodata": self.nodata,
        }

    def write(self, part: Path, packing: Mapping[str, Any]) -> None:
        """Write the temporary file."""
        with created_raster(part, COG_OPTIONS | dict(packing) | self.profile) as dataset:
            self._fill(dataset)

    def as_plain_bytes(self) -> bytes:
        """A file with all rows in one strip.

        Raises:
            ValueError: if the numbers do not stand in it.
        """
        _close_environment_once()
        layout = {"driver": "GTiff", "blockysize": self.grid.height}
        with rasterio.Env(**GDAL_OPTIONS), MemoryFile() as memory:
            with memory.open(**layout, **self.profile) as dataset:
                self._fill(dataset)
            data = bytes(memory.getbuffer())
        if self.pixels.tobytes() not in data:
            raise ValueError("the numbers do not stand in the file")
        return data

    def _fill(self, dataset: Dataset) -> None:
        """Put everything into a new raster."""
        dataset.write(self.pixels)
        dataset.descriptions = self.names
        dataset.update_tags(**{tag_name(key): self.tags[key] for key in sorted(self.tags)})

    def compare(self, part: Path) -> None:
        """Read a file back.

        Raises:
            CorruptAssetError: if it does not hold what was written.
        """
        with open_raster(part) as dataset:
            same = dataset.descriptions == self.names and self._lies_right(dataset)
            if not same or read_window(dataset).tobytes() != self.pixels.tobytes():
                raise CorruptAssetError("it reads back otherwise", where=str(part))

    def _lies_right(self, dataset: Dataset) -> bool:
        """Whether a file says that it lies where it should."""
        same = dataset.transform == rasterio.Affine(*self.grid.transform)
        return bool(same and dataset.crs == _crs(self.grid.crs))


def tag_name(key: str) -> str:
    """The name of a tag inside a file: GDAL takes what follows a colon for the value.

    Example:
        >>> tag_name("zonewatch:simulated")
        'zonewatch_simulated'
    """
    return key.replace(":", "_").replace("=", "_")


def write_cog(
    path: Path,
    bands: Mapping[str, NDArray[Any]],
    grid: Grid | DegreeGrid,
    *,
    nodata: float | None,
    tags: Mapping[str, str],
    packing: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Publish a cloud-optimised GeoTIFF; the same pixels and tags give the same bytes.

    Bands of several types are widened to the one type that holds them all; truth values become
    0 and 1. The file is read back and compared before its name appears.

    Args:
        path: the file.
        bands: pixels, (y, x), by description, in the order of the file.
        grid: where they lie.
        nodata: the number that means "nothing here".
        tags: what the file says of itself; ``tag_name`` says how a key is spelt in the file.
        packing: options of GDAL's COG driver that are to differ from ``COG_OPTIONS``; they change
            the size of the file and nothing that is read.

    Raises:
        StoreError: if it cannot be written, or reads back otherwise.
        ValueError: if there is no band, or one does not have the shape of the grid.
    """
    content = _Content(tuple(bands), _stacked(bands, grid), grid, nodata, tags)
    with publishing(path) as part:
        try:
            content.write(part, packing)
            content.compare(part)
        except Exception as error:
            # GDAL's own errors are not all translated by rasterio; a full disk is one of them.
            remedy = "check the disk for space and faults, then run again"
            what = "the raster did not reach the disk as it should"
            raise StoreError(what, where=str(path), remedy=remedy) from error


def write_plain(
    path: Path,
    band: tuple[str, NDArray[Any]],
    grid: Grid,
    *,
    nodata: float | None,
    tags: Mapping[str, str],
) -> str:
    """Publish one band as a plain GeoTIFF: a header, and the numbers as they are, in one strip.

    Without compression the file takes half as much disk again, and a fifth of the time; and that it
    holds the numbers is seen in its bytes before they leave the memory. The same pixels and tags
    give the same bytes.

    Args:
        path: the file.
        band: description and pixels, (y, x).
        grid: where they lie.
        nodata: the number that means "nothing here".
        tags: what the file says of itself; ``tag_name`` says how a key is spelt in the file.

    Returns:
        Hash of the file, hex.

    Raises:
        StoreError: if it cannot be written.
        ValueError: if the band does not have the shape of the grid.
    """
    content = _Content((band[0],), _stacked(dict([band]), grid), grid, nodata, tags)
    try:
        data = content.as_plain_bytes()
    except Exception as error:
        what, remedy = "the raster cannot be put together", "check the memory, then run again"
        raise StoreError(what, where=str(path), remedy=remedy) from error
    publish_bytes(path, data)
    return hashlib.sha256(data).hexdigest()


def _stacked(bands: Mapping[str, NDArray[Any]], grid: Grid | DegreeGrid) -> NDArray[Any]:
    """The bands in one array, (band, y, x).

    Raises:
        ValueError: if there is none, or one does not have the shape of the grid.
    """
    for name, band in bands.items():
        if band.shape != grid.shape:
            raise ValueError(f"band {name} has shape {band.shape}, its grid {grid.shape}")
    pixels = np.stack(tuple(bands.values()))
    return pixels.astype(np.uint8) if pixels.dtype == np.bool_ else pixels
