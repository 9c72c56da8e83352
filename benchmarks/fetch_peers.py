"""The contestants of ``fetch``: one reader a process, so that each has its own peak of memory.

Here belongs how each library is used at its best. Every one gets the same items and the same
number of requests on their way, and gives the pixels of all dates and bands; what is timed is
the call alone, without imports. Only zonewatch also puts every chip on the disk, for good.

    python -m benchmarks.fetch_peers NAME ITEMS FOLDER
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import numpy as np

from benchmarks.fetch_data import BANDS, CRS, SITE_BOUNDS, TILE, contest_site, grid_of_band

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pipeline.model.scene import FetchedScene

Pixels: TypeAlias = "list[NDArray[Any]]"
Href: TypeAlias = tuple[str, str]

N_AT_ONCE = 32
"""Requests on their way, for every contestant but zonewatch, which has it in its settings."""

GDAL_TUNING = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_USE_HEAD": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
    "CPL_VSIL_CURL_CACHE_SIZE": 200_000_000,
    "GDAL_INGESTED_BYTES_AT_OPEN": 32_768,
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_CACHEMAX": 256,
    "VSI_CACHE": "YES",
    "VSI_CACHE_SIZE": 5_000_000,
}
_HWM = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True)
class Contestant:
    """A reader that is ready to go.

    Attributes:
        read: the timed call.
        pixels: what it brought, (y, x) an asset, date by date; not timed.
    """

    read: Callable[[], Any]
    pixels: Callable[[Any], Pixels] = list


def items_of(path: Path) -> list[dict[str, Any]]:
    """The items of a collection."""
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def hrefs_of(path: Path) -> list[Href]:
    """Band and address of every asset, date by date."""
    return [(band, item["assets"][band]["href"]) for item in items_of(path) for band in BANDS]


def in_threads(read: Callable[[Href], NDArray[Any]], hrefs: list[Href]) -> Pixels:
    """Read all assets, several at a time."""
    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        return list(pool.map(read, hrefs))


def zonewatch(items: Path, folder: Path) -> Contestant:
    """Our own stage, into a chip store."""
    from pipeline.catalogs.items import scene_from_item
    from pipeline.config import load_config
    from pipeline.fetch import fetch
    from pipeline.network.access import Access
    from pipeline.store.chips import ChipStore

    loopback = Access.of_source("http://127.0.0.1")
    options = load_config().fetch.model_copy(update={"bands": BANDS, "optional_bands": ()})
    scenes = [scene_from_item(item, base="") for item in items_of(items)]
    site, chips = contest_site(), ChipStore(folder)

    def pixels(fetched: tuple[FetchedScene, ...]) -> Pixels:
        return [chips.read(one.chips[band]) for one in fetched for band in BANDS]

    return Contestant(lambda: fetch(site, scenes, chips, options, access=loopback), pixels)


def async_geotiff(items: Path, folder: Path) -> Contestant:
    """The TIFF reader that we use, bare, over obstore's store."""
    from async_geotiff import GeoTIFF, Window
    from obstore.store import HTTPStore

    del folder
    hrefs = hrefs_of(items)
    parts = urlsplit(hrefs[0][1])

    async def read(slots: asyncio.Semaphore, store: Any, one: Href) -> NDArray[Any]:  # noqa: ANN401 - obstore's
        row, col, height, width = grid_of_band(TILE, one[0]).window(SITE_BOUNDS)
        window = Window(col_off=col, row_off=row, width=width, height=height)
        async with slots:
            geotiff = await GeoTIFF.open(urlsplit(one[1]).path.lstrip("/"), store=store)
            return np.asarray((await geotiff.read(window=window)).data[0])

    async def everything() -> Pixels:
        slots = asyncio.Semaphore(N_AT_ONCE)
        options = {"allow_http": True}
        store = HTTPStore(f"{parts.scheme}://{parts.netloc}", client_options=options)
        return list(await asyncio.gather(*(read(slots, store, one) for one in hrefs)))

    return Contestant(lambda: asyncio.run(everything()))


def odc_stac(items: Path, folder: Path) -> Contestant:
    """A cube of all dates at 10 m; the 20 m band is repeated, which the check undoes."""
    import odc.stac
    import pystac
    from odc.geo.geobox import GeoBox

    del folder
    # Both would be undone by cloud defaults that are set later.
    odc.stac.configure_rio(cloud_defaults=True, **GDAL_TUNING)
    stac = [pystac.Item.from_dict(item) for item in items_of(items)]
    frame = GeoBox.from_bbox(tuple(SITE_BOUNDS), crs=CRS, resolution=10)

    def read() -> Any:  # noqa: ANN401 - an xarray dataset
        return odc.stac.load(stac, bands=list(BANDS), geobox=frame, groupby="id", pool=N_AT_ONCE)

    def pixels(cube: Any) -> Pixels:  # noqa: ANN401 - an xarray dataset
        step = {"scl": 2}
        return [
            cube[band].values[index, :: step.get(band, 1), :: step.get(band, 1)]
            for index in range(len(stac))
            for band in BANDS
        ]

    return Contestant(read, pixels)


def rasterio_windows(items: Path, folder: Path) -> Contestant:
    """Windows of GDAL in threads, tuned by the book."""
    import rasterio
    from rasterio.windows import Window

    del folder
    hrefs = hrefs_of(items)

    def read(one: Href) -> NDArray[Any]:
        row, col, height, width = grid_of_band(TILE, one[0]).window(SITE_BOUNDS)
        # The environment belongs to a thread.
        with rasterio.Env(**GDAL_TUNING), rasterio.open(one[1]) as dataset:
            pixels: NDArray[Any] = dataset.read(1, window=Window(col, row, width, height))
        return pixels

    return Contestant(lambda: in_threads(read, hrefs))


def rio_tiler(items: Path, folder: Path) -> Contestant:
    """Parts of rio-tiler's reader in threads, with the same tuning."""
    import rasterio
    from rio_tiler.io import Reader

    del folder
    hrefs, crs = hrefs_of(items), rasterio.CRS.from_string(CRS)

    def read(one: Href) -> NDArray[Any]:
        with rasterio.Env(**GDAL_TUNING), Reader(one[1]) as reader:
            part = reader.part(tuple(SITE_BOUNDS), dst_crs=crs, bounds_crs=crs)
        return np.asarray(part.array.data[0])

    return Contestant(lambda: in_threads(read, hrefs))


CONTESTANTS: dict[str, Callable[[Path, Path], Contestant]] = {
    "zonewatch": zonewatch,
    "async-geotiff": async_geotiff,
    "odc-stac": odc_stac,
    "rasterio": rasterio_windows,
    "rio-tiler": rio_tiler,
}


def peak_mb() -> float:
    """Most resident memory of this program; getrusage would count its parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    match = _HWM.search(status)
    if match is None:
        raise RuntimeError("this system does not tell peak memory")
    return int(match[1]) / 1024


def digest(pixels: Pixels) -> str:
    """Hash over all pixels, their types and shapes."""
    sha = hashlib.sha256()
    for one in pixels:
        sha.update(f"{one.dtype} {one.shape}".encode() + np.ascontiguousarray(one).tobytes())
    return sha.hexdigest()


def main(name: str, items: Path, folder: Path) -> None:
    """Run one contestant and print its figures as JSON."""
    contestant = CONTESTANTS[name](items, folder)
    idle_mb, cpu, started = peak_mb(), time.process_time(), time.perf_counter()
    found = contestant.read()
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    figures = {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": peak_mb(), "idle_mb": idle_mb}
    print(json.dumps(figures | {"digest": digest(contestant.pixels(found))}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
