"""Cutting a chip out of an object that has to be fetched as a whole first.

Here belong objects in buckets and JPEG 2000, which no reader of ours reads in part. Moving the
bytes belongs to ``network``, reading the file to ``local``.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.errors import FetchRetryError
from pipeline.fetch.local import read_local
from pipeline.network.access import without_query
from pipeline.network.downloads import Downloaded, download
from pipeline.network.retries import insist

if TYPE_CHECKING:
    from pipeline.config import FetchOptions
    from pipeline.fetch.local import Delivered
    from pipeline.model.grid import Grid
    from pipeline.model.scene import Asset
    from pipeline.network.door import Door

JP2_SUFFIXES = (".jp2", ".j2k")


def is_read_whole(asset: Asset) -> bool:
    """Whether an asset is fetched as a whole: it lies in a bucket, or is JPEG 2000."""
    return asset.href.startswith("s3:") or _suffix(asset) in JP2_SUFFIXES


def _suffix(asset: Asset) -> str:
    """The end of the name, in lower case; that of a TIFF if there is none."""
    suffix = PurePosixPath(urlsplit(asset.href).path).suffix.lower()
    return suffix if suffix in JP2_SUFFIXES else ".tif"


async def read_whole(door: Door, asset: Asset, wanted: Grid, options: FetchOptions) -> Delivered:
    """Fetch an object into a temporary file, cut the chip out of it, and delete it.

    Raises:
        FetchError: if the bytes do not arrive in the time and the attempts that are given.
        CorruptAssetError: if they are not what the catalogue promised.
    """
    with TemporaryDirectory(prefix="zonewatch-") as folder:
        path = Path(folder) / f"asset{_suffix(asset)}"
        got = await _fetched(door, asset, path, options)
        local = replace(asset, href=str(path))
        delivered = await asyncio.to_thread(read_local, local, wanted)
    came = replace(delivered.delivery, etag=got.etag, nbytes=got.nbytes)
    return replace(delivered, delivery=came)


async def _fetched(door: Door, asset: Asset, path: Path, options: FetchOptions) -> Downloaded:
    """The object in a file, within the time of an asset."""
    try:
        with path.open("wb") as sink:
            async with asyncio.timeout(options.timeout_s):
                return await insist(lambda: download(door, asset.href, sink), options.attempts)
    except TimeoutError as error:
        what = f"the asset did not arrive within {options.timeout_s:g} s"
        where = without_query(asset.href)
        raise FetchRetryError(what, where=where, remedy="run again later") from error
