"""Cutting a chip out of a cloud-optimised GeoTIFF behind a URL.

Here belong the reading of header and blocks, and the retries. Moving bytes belongs to
``network``, local files belong to ``local``.

The TIFF is understood by async-geotiff, which reads only the header and the blocks over the site;
GDAL never sees remote bytes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
from async_geotiff import GeoTIFF
from async_geotiff import Window as TiffWindow
from async_tiff import TIFF

from pipeline.errors import CorruptAssetError, FetchRetryError, PipelineError
from pipeline.fetch.header import check_header
from pipeline.fetch.local import Delivered
from pipeline.fetch.window import check_numbers, check_stated, cut_out
from pipeline.model.grid import Grid
from pipeline.network.ranges import HEADER_STEP, RemoteObject
from pipeline.network.retries import insist
from pipeline.store.chips import Delivery
from pipeline.store.rasters import MAX_BLOCK_SAMPLES, MAX_EDGE_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import FetchOptions
    from pipeline.fetch.window import Cut
    from pipeline.model.scene import Asset
    from pipeline.network.door import Door


_PROJECTED, _USER_DEFINED = 1, 32767
"""GeoTIFF 1.1, section 7.4: a model in metres; a CRS that no register holds."""


async def read_remote(door: Door, asset: Asset, wanted: Grid, options: FetchOptions) -> Delivered:
    """Cut a chip out of a remote raster, trying again for reasons that may pass.

    Raises:
        FetchError: if the bytes do not arrive in the time and the attempts that are given.
        CorruptAssetError: if they are not what the catalogue promised.
    """
    source = RemoteObject(door, asset.href)
    try:
        async with asyncio.timeout(options.timeout_s):
            return await insist(lambda: _read(source, asset, wanted), options.attempts)
    except TimeoutError as error:
        last = f" ({source.error.what})" if source.error else ""
        what = f"the asset did not arrive within {options.timeout_s:g} s{last}"
        raise FetchRetryError(what, where=source.shown, remedy="run again later") from error


async def _read(source: RemoteObject, asset: Asset, wanted: Grid) -> Delivered:
    """Read header and blocks once.

    Raises:
        FetchError, CorruptAssetError: what went wrong underneath, not what the parser made of it.
    """
    source.restart()
    await check_header(source)
    try:
        tiff = await TIFF.open("", store=source, prefetch=HEADER_STEP)
        geotiff = _checked(tiff)
        raster = _grid(geotiff, _epsg(tiff, geotiff))
        check_stated(raster, asset)
        cut = cut_out(raster, wanted)
        block = await _block(geotiff, cut)
    except PipelineError:
        raise
    except Exception as error:
        what, remedy = "the bytes are not a readable GeoTIFF", "report it to the catalogue"
        raise source.error or CorruptAssetError(what, where=source.shown, remedy=remedy) from error
    # A checksum is of the whole object, and only a window of it was read.
    delivery = Delivery(source.etag, source.nbytes, cut.covered_share, unverifiable=True)
    return Delivered(cut.place(block, asset.nodata), cut.grid, delivery)


def _checked(tiff: TIFF) -> GeoTIFF:
    """The image, once its header asks for nothing unreasonable.

    Raises:
        CorruptAssetError: if it is beyond the limits, not tiled, or has several bands.
    """
    first = tiff.ifds[0]
    if any(ifd.strip_offsets is not None for ifd in tiff.ifds):
        raise CorruptAssetError("the raster is not tiled", remedy="deliver it as a COG")
    if first.samples_per_pixel != 1:
        raise CorruptAssetError(f"{first.samples_per_pixel} bands where one is promised")
    block = (first.tile_width or 0) * (first.tile_height or 0)
    edge = max(first.image_width, first.image_height)
    if not 0 < block <= MAX_BLOCK_SAMPLES or edge > MAX_EDGE_PX:
        raise CorruptAssetError("the raster is beyond the limits", remedy="deliver it as a COG")
    geotiff = GeoTIFF(tiff)
    check_numbers(np.dtype(geotiff.dtype))
    return geotiff


def _epsg(tiff: TIFF, geotiff: GeoTIFF) -> int | None:
    """The number of its CRS in the EPSG register; None if it has none there.

    A header that states a number is taken at its word: to look the CRS up takes longer than all
    the rest of the header, and the number is held against the catalogue's.
    """
    keys = tiff.ifds[0].geo_key_directory
    stated = None if keys is None or keys.model_type != _PROJECTED else keys.projected_type
    if stated not in (None, _USER_DEFINED):
        return int(stated)
    number: int | None = geotiff.crs.to_epsg()
    return number


def _grid(geotiff: GeoTIFF, epsg: int | None) -> Grid:
    """Where its pixels lie.

    Raises:
        CorruptAssetError: if it is rotated, has no square pixels, or no CRS of the EPSG register.
    """
    transform = geotiff.transform
    square = abs(transform.a + transform.e) <= 1e-6 * transform.a
    if not square or transform.b or transform.d or epsg is None:
        what = "the raster is not a north-up grid of square pixels in a CRS of the EPSG register"
        raise CorruptAssetError(what, remedy="report it to the catalogue")
    left, top, gsd_m = float(transform.c), float(transform.f), float(transform.a)
    return Grid(f"EPSG:{epsg}", left, top, gsd_m, geotiff.height, geotiff.width)


async def _block(geotiff: GeoTIFF, cut: Cut) -> NDArray[Any]:
    """The pixels over the site, (y, x)."""
    row, col, height, width = cut.source
    window = TiffWindow(col_off=col, row_off=row, width=width, height=height)
    block: NDArray[Any] = (await geotiff.read(window=window)).data[0]
    return block
