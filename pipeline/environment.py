"""What the environment of the process may not decide: where GDAL and PROJ look and listen.

Here belong the variables that would let a stranger's library, configuration file, proxy or web
service into a run, and their closing. What else is right or wrong with a machine belongs to
``doctor``.

GDAL and PROJ read these when they are first used, so they are closed before that. Folders of data
(``GDAL_DATA``, ``PROJ_DATA``) stay as they are: some installations cannot do without.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import MutableMapping

CLOSED: Final = {
    "GDAL_DRIVER_PATH": "disable",
    "GDAL_PYTHON_DRIVER_PATH": "disable",
    "GDAL_CONFIG_FILE": os.devnull,
    "PROJ_NETWORK": "OFF",
}
"""Variables that get a value of ours: libraries of drivers, options from files, grids by web."""
REMOVED: Final = (
    "GDAL_SKIP", "OGR_SKIP", "OGR_DRIVER_PATH", "GDAL_NUM_THREADS", "GDAL_CACHEMAX",
    "GTIFF_SRS_SOURCE", "GTIFF_POINT_GEO_IGNORE", "OSR_DEFAULT_AXIS_MAPPING_STRATEGY",
    "PROJ_NETWORK_ENDPOINT", "PROJ_UNSAFE_SSL", "GDAL_VRT_ENABLE_PYTHON",
)  # fmt: skip
"""Variables that would change what is read, or whom it is read from."""
REMOVED_PREFIXES: Final = ("CPL_VSIL_", "CPL_CURL_", "GDAL_HTTP_", "VSI_", "VSICRED_")

_found: set[str] = set()


def is_dangerous(name: str, value: str) -> bool:
    """Whether a variable is one that is closed, and is not closed already.

    Example:
        >>> is_dangerous("PROJ_NETWORK", "ON"), is_dangerous("PROJ_NETWORK", "OFF")
        (True, False)
        >>> is_dangerous("GDAL_HTTP_UNSAFESSL", "YES"), is_dangerous("HOME", "/root")
        (True, False)
    """
    if name in CLOSED:
        return value != CLOSED[name]
    return name in REMOVED or name.startswith(REMOVED_PREFIXES)


def close_environment(environ: MutableMapping[str, str] | None = None) -> None:
    """Close what is dangerous in the environment of this process; costs nothing when repeated."""
    environ = os.environ if environ is None else environ
    dangerous = [name for name, value in environ.items() if is_dangerous(name, value)]
    for name in dangerous:
        _found.add(name)
        del environ[name]
    for name, value in CLOSED.items():
        environ.setdefault(name, value)


def closed_names() -> tuple[str, ...]:
    """Names of the variables that had to be closed in this process, in order."""
    return tuple(sorted(_found))
