"""Where scenes are listed: live STAC APIs and catalogues of files, behind one protocol.

Here belongs the protocol and the choice of an implementation by the look of the source.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pipeline.catalogs.presets import PRESETS, Preset, preset_of
from pipeline.catalogs.stac_api import StacApiCatalog
from pipeline.catalogs.static import StaticCatalog
from pipeline.catalogs.web import WebCatalog
from pipeline.errors import FetchError, InputError
from pipeline.network.access import Access, without_query
from pipeline.network.signing import S3Signing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.config import SearchOptions
    from pipeline.model.change import Period
    from pipeline.model.grid import Bounds
    from pipeline.model.scene import Scene

__all__ = [
    "PRESETS",
    "Catalog",
    "Lister",
    "Preset",
    "StacApiCatalog",
    "StaticCatalog",
    "WebCatalog",
    "open_catalog",
    "preset_of",
]


class Lister(Protocol):
    """Lists scenes."""

    name: str
    """Path or address, without credentials, for records and messages."""

    def search(self, bounds: Bounds, period: Period, options: SearchOptions) -> tuple[Scene, ...]:
        """List the scenes that touch the bounds within the period, by instant and id.

        Args:
            bounds: longitude and latitude.
            period: both ends included.
            options: collections by preference, and the limits of a listing.

        Raises:
            SearchError: if the listing is not known to be complete.
        """
        ...


class Catalog(Lister, Protocol):
    """Lists scenes, and says how their assets may be asked for."""

    access: Access
    """What may be asked on its behalf; ``fetch`` takes it."""
    collections: Mapping[str, tuple[str, ...]]
    """Collections by preference, by sensor; empty if nothing is known of the catalogue."""


def open_catalog(source: str | Path) -> Catalog:
    """The catalogue behind a name, a URL or a path; nothing is read yet.

    A folder that is called like a preset is named with its path (``./cdse``). The address of a
    preset is the preset: its assets cannot be read without what is known of it.

    Raises:
        InputError: if the source is neither the name of a preset, nor a URL that may be asked, nor
            an existing path; or if the credentials of a preset are missing.
    """
    text = str(source)
    preset = preset_of(text)
    if preset is not None:
        return _preset(preset)
    scheme = urlsplit(text).scheme
    if scheme in ("http", "https"):
        return _by_url(text)
    path = Path(source)
    if scheme or not path.exists():
        remedy = f"name a folder, a catalog.json, the URL of a STAC API, or {', '.join(PRESETS)}"
        raise InputError("no such catalogue", where=without_query(text), remedy=remedy)
    return StaticCatalog(path)


def _preset(preset: Preset) -> Catalog:
    """A catalogue that is known by name.

    Raises:
        InputError: if its credentials are missing.
    """
    signing = preset.access.signing
    if isinstance(signing, S3Signing):
        signing.keys()
    return StacApiCatalog(preset.url, preset.access, preset.collections)


def _by_url(url: str) -> Catalog:
    """A catalogue by its address.

    Raises:
        InputError: if it may not be asked.
    """
    try:
        access = Access.of_source(url)
        access.check(url)
    except FetchError as error:
        remedy = "use https, or http to an address of this machine; no user name in it"
        raise InputError(error.what, where=without_query(url), remedy=remedy) from error
    is_file = urlsplit(url).path.endswith(".json")
    return WebCatalog(url) if is_file else StacApiCatalog(url, access)
