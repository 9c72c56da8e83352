"""Is this machine fit: libraries, coordinates, environment, disk, credentials, network.

Here belong the checks, each a function that gives findings, and what to do about each. Nothing is
changed and no value of a variable is shown, since it may be a secret. The look of the findings
belongs to ``terminal``.

Red is what a run on local imagery cannot do without; everything else is yellow at worst.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import numpy as np

from pipeline.catalogs.presets import PRESETS
from pipeline.environment import closed_names
from pipeline.errors import FetchError, PipelineError
from pipeline.model.grid import Grid
from pipeline.network.access import Access
from pipeline.network.documents import Patience, Reader
from pipeline.network.door import Call
from pipeline.network.signing import S3Signing
from pipeline.store.rasters import open_raster, read_window, write_cog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

API_HOSTS: Final = {name: preset.url for name, preset in PRESETS.items()}
"""Landing page by name of a source."""
SERVER_ERROR: Final = 500
CREDENTIALS: Final = {
    name: preset.access.signing
    for name, preset in PRESETS.items()
    if isinstance(preset.access.signing, S3Signing)
}
"""The sources that need keys, with the names of their variables."""
LIBRARIES: Final = {
    "numpy": "numpy", "scipy": "scipy", "rasterio": "rasterio", "pyproj": "pyproj",
    "shapely": "shapely", "geopandas": "geopandas", "scikit-image": "skimage",
    "pystac-client": "pystac_client", "async-geotiff": "async_geotiff", "httpx": "httpx",
    "SQLAlchemy": "sqlalchemy", "pydantic": "pydantic",
}  # fmt: skip
"""Module by distribution: what a run imports."""
DATA_FOLDERS: Final = ("PROJ_DATA", "PROJ_LIB", "GDAL_DATA")
PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
MIN_FREE_BYTES: Final = 200_000_000
"""Less than this does not hold the chips and products of one site."""
AMPLE_FREE_BYTES: Final = 5_000_000_000
KNOWN_POINT: Final = (129.0, 0.0, 500_000.0, 0.0)
"""Longitude, latitude, and easting and northing in UTM zone 52 north: on its central meridian, at
the equator, where the projection is defined to give exactly these."""


class Light(StrEnum):
    """How a finding is to be taken."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        group: heading.
        name: what was looked at.
        light: green, yellow or red.
        what: what was found, in a few words.
        remedy: what to do about it; empty if nothing.
    """

    group: str
    name: str
    light: Light
    what: str
    remedy: str = ""


def examine(work: Path, *, timeout_s: float, hosts: Mapping[str, str] = API_HOSTS) -> list[Finding]:
    """Look at everything.

    Args:
        work: the work folder, which need not exist yet.
        timeout_s: longest wait for a host.
        hosts: address by name of a source; none to leave the network alone.
    """
    coordinates = list(check_coordinates())
    return [
        *check_libraries(),
        *coordinates,
        # A file cannot be written in a CRS that is not found: one cause, one line.
        *(check_rasters() if is_fit(coordinates) else ()),
        *check_environment(os.environ),
        *check_disk(work),
        *check_credentials(os.environ),
        *check_network(hosts, timeout_s),
    ]


def is_fit(findings: list[Finding]) -> bool:
    """Whether all is well that a run on local imagery needs."""
    return all(finding.light is not Light.RED for finding in findings)


def check_libraries() -> Iterator[Finding]:
    """Whether every library loads, and of which version it is."""
    group, loaded = "libraries", []
    for name, module in LIBRARIES.items():
        try:
            import_module(module)
            loaded.append(f"{name} {version(name)}")
        except (ImportError, OSError, PackageNotFoundError) as error:
            what = f"does not load ({type(error).__name__})"
            yield Finding(group, name, Light.RED, what, "install zonewatch anew: ./dev run")
    yield Finding(group, f"Python {sys.version.split()[0]}", Light.GREEN, ", ".join(loaded))


def check_coordinates() -> Iterator[Finding]:
    """Whether both libraries that hold PROJ find its tables, and place a known point right."""
    for name, place in (("pyproj", _by_pyproj), ("rasterio", _by_rasterio)):
        x, y = place()
        right = math.hypot(x - KNOWN_POINT[2], y - KNOWN_POINT[3]) < 0.01  # noqa: PLR2004 - a centimetre
        if right:
            yield Finding("coordinates", f"PROJ in {name}", Light.GREEN, "places a known point")
        else:
            named = [one for one in DATA_FOLDERS if one in os.environ]
            remedy = f"unset {', '.join(named)}" if named else f"install {name} anew"
            what = "does not find its tables, or places a known point wrong"
            yield Finding("coordinates", f"PROJ in {name}", Light.RED, what, remedy)


def _by_pyproj() -> tuple[float, float]:
    """The known point, placed by pyproj; NaN if it cannot."""
    from pyproj import Transformer  # noqa: PLC0415 - only loaded once it is known to load
    from pyproj.exceptions import ProjError  # noqa: PLC0415

    try:
        transformer = Transformer.from_crs("EPSG:4326", "EPSG:32652", always_xy=True)
        x, y = transformer.transform(*KNOWN_POINT[:2])
    except ProjError:
        return math.nan, math.nan
    return float(x), float(y)


def _by_rasterio() -> tuple[float, float]:
    """The known point, placed by rasterio; NaN if it cannot."""
    from rasterio.errors import RasterioError  # noqa: PLC0415 - as above
    from rasterio.warp import transform  # noqa: PLC0415

    try:
        x, y = transform("EPSG:4326", "EPSG:32652", [KNOWN_POINT[0]], [KNOWN_POINT[1]])
    except (RasterioError, ValueError):
        return math.nan, math.nan
    return float(x[0]), float(y[0])


def check_rasters() -> Iterator[Finding]:
    """Whether a GeoTIFF can be written and comes back as it was."""
    import rasterio  # noqa: PLC0415 - as above

    name = f"GeoTIFF through GDAL {rasterio.__gdal_version__}"
    grid = Grid("EPSG:32652", 500_000.0, 4_000_000.0, 10.0, 64, 64)
    pixels = np.arange(64 * 64, dtype=np.uint16).reshape(grid.shape)
    try:
        with tempfile.TemporaryDirectory(prefix="zonewatch-") as folder:
            path = Path(folder) / "a.tif"
            write_cog(path, {"a": pixels}, grid, nodata=None, tags={})
            with open_raster(path) as dataset:
                same = np.array_equal(read_window(dataset)[0], pixels)
    except (PipelineError, OSError) as error:
        remedy = "free space in the folder for temporary files, or install rasterio anew"
        what = f"cannot be written and read back ({getattr(error, 'what', type(error).__name__)})"
        yield Finding("coordinates", name, Light.RED, what, remedy)
        return
    what = "written and read back" if same else "does not come back as it was written"
    light = Light.GREEN if same else Light.RED
    yield Finding("coordinates", name, light, what, "" if same else "install rasterio anew")


def check_environment(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Variables that could lead GDAL, PROJ or a connection astray; names only."""
    group, quiet = "environment", True
    for name in closed_names():
        quiet = False
        what = "was set and is ignored by zonewatch"
        yield Finding(group, name, Light.YELLOW, what, f"unset {name}; other programs obey it")
    for name in sorted(environ):
        if name.lower() in PROXIES:
            quiet = False
            what = "is set and ignored: zonewatch connects directly"
            remedy = "allow direct https to the hosts below, or fetch on another machine"
            yield Finding(group, name, Light.YELLOW, what, remedy)
        if name in DATA_FOLDERS and not Path(environ[name]).is_dir():
            quiet = False
            yield Finding(group, name, Light.YELLOW, "names no folder", f"unset {name}")
    if quiet:
        yield Finding(group, "GDAL, PROJ, proxies", Light.GREEN, "nothing leads astray")


def check_disk(work: Path) -> Iterator[Finding]:
    """Whether the work folder can be written, and how much room there is."""
    place = next(one for one in (work, *work.absolute().parents) if one.exists())
    if not place.is_dir():
        what = "cannot be made: a file is in its way"
        yield Finding("disk", "work folder", Light.RED, what, "choose another with --work")
        return
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".zonewatch-"):
            pass
    except OSError as error:
        remedy = "choose another with --work, or give this user the right to write there"
        what = f"cannot be written ({error.strerror})"
        yield Finding("disk", "work folder", Light.RED, what, remedy)
        return
    there = "can be written" if place == work else "does not exist yet and can be made"
    yield Finding("disk", "work folder", Light.GREEN, there)
    free = shutil.disk_usage(place).free
    light = Light.GREEN if free >= AMPLE_FREE_BYTES else Light.YELLOW
    light = Light.RED if free < MIN_FREE_BYTES else light
    what, remedy = f"{free / 1e9:,.1f} GB", ""
    if light is not Light.GREEN:
        least = MIN_FREE_BYTES if light is Light.RED else AMPLE_FREE_BYTES
        need = "a site needs" if light is Light.RED else "is ample for a site"
        what = f"{free / 1e6:,.0f} MB; {least / 1e6:,.0f} MB {need}"
        remedy = "free space, or choose another disk with --work"
    yield Finding("disk", "free space", light, what, remedy)


def check_credentials(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the variables that a source needs are set; never what they hold."""
    for source, signing in CREDENTIALS.items():
        found = [name for name in signing.variables if environ.get(name, "").strip()]
        missing = [name for name in signing.variables if name not in found]
        if not missing:
            yield Finding("credentials", source, Light.GREEN, f"{', '.join(found)} set")
            continue
        what = f"{' and '.join(missing)} not set, which only --source {source} needs"
        if found:
            what = f"half set: {', '.join(found)} is, {', '.join(missing)} is not"
        remedy = f"{signing.remedy}, or use another source"
        yield Finding("credentials", source, Light.YELLOW, what, remedy)


def check_network(hosts: Mapping[str, str], timeout_s: float) -> Iterator[Finding]:
    """Whether each source answers at all, asked side by side."""
    if not hosts:
        return
    with ThreadPoolExecutor(max_workers=len(hosts)) as pool:
        answers = pool.map(lambda url: reach(url, timeout_s), hosts.values())
        for (name, url), trouble in zip(hosts.items(), answers, strict=True):
            host = urlsplit(url).hostname or url
            if not trouble:
                yield Finding("network", name, Light.GREEN, f"{host} answers")
                continue
            remedy = "go online, or use a folder of items as --source"
            yield Finding("network", name, Light.YELLOW, f"{host}: {trouble}", remedy)


def reach(url: str, timeout_s: float) -> str:
    """Why a server cannot be reached, in a few words; empty if it answers anything below 500."""
    patience = Patience(timeout_s, attempts=1)
    try:
        with Reader(Access.of_source(url), patience) as reader:
            status = reader.ask(Call(url)).status
    except FetchError as error:
        return error.what
    return f"answers {status}" if status >= SERVER_ERROR else ""
