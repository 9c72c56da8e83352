"""Where scenes are listed: live STAC APIs and folders of files, behind one protocol.

Here belongs the protocol and the choice of an implementation by the look of the source.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pipeline.catalogs.stac_api import StacApiCatalog, without_query
from pipeline.catalogs.static import StaticCatalog
from pipeline.errors import InputError

if TYPE_CHECKING:
    from pipeline.config import SearchOptions
    from pipeline.model.change import Period
    from pipeline.model.grid import Bounds
    from pipeline.model.scene import Scene

__all__ = ["Catalog", "StacApiCatalog", "StaticCatalog", "open_catalog"]


class Catalog(Protocol):
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


def open_catalog(source: str | Path) -> Catalog:
    """The catalogue behind a URL or a path; nothing is read yet.

    Raises:
        InputError: if the source is neither the URL of a STAC API nor an existing path.
    """
    text = str(source)
    scheme = urlsplit(text).scheme
    if scheme in ("http", "https"):
        if urlsplit(text).path.endswith(".json"):
            remedy = "save the catalogue into a folder and name that"
            what = "a static catalogue is read from a folder, not over the network"
            raise InputError(what, where=without_query(text), remedy=remedy)
        return StacApiCatalog(text)
    path = Path(source)
    if scheme or not path.exists():
        remedy = "name a folder, a catalog.json or the URL of a STAC API"
        raise InputError("no such catalogue", where=text, remedy=remedy)
    return StaticCatalog(path)
