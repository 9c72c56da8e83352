"""One asset of a STAC item: which band it is, how its numbers are stated, where it lies.

Here belong the spellings of an asset and what may stand as its address. What holds for the
whole item belongs to ``items``; what a band means belongs to ``sensors``.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urljoin, urlsplit

from pipeline.errors import SearchError
from pipeline.model.scene import Asset

if TYPE_CHECKING:
    from pipeline.sensors import Band, Sensor

Document: TypeAlias = Mapping[str, Any]
Transform: TypeAlias = tuple[float, float, float, float, float, float]

REMOTE_SCHEMES = ("http", "https", "s3")
_SCL_KEY = re.compile(r"scl([_-]\d+m)?(-jp2)?", re.IGNORECASE)
_PICTURE_TYPES = ("image/png", "image/jpeg", "image/jpg")
_SHA256_MULTIHASH = re.compile(r"1220([0-9a-f]{64})", re.IGNORECASE)
_TRANSFORM_LENGTHS = (6, 9)


def number_in(value: object) -> float | None:
    """A finite number, whether it came as a number or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def first_number(*values: object) -> float | None:
    """The first of the values that is a number."""
    return next((number for number in map(number_in, values) if number is not None), None)


def mappings_in(value: object) -> tuple[Document, ...]:
    """The documents in a list; nothing if it is no list."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(entry for entry in value if isinstance(entry, Mapping))
    return ()


def sha256_from_multihash(checksum: object) -> str | None:
    """The SHA-256 in a ``file:checksum``, hex; None if it is no valid SHA-256 multihash.

    Example:
        >>> sha256_from_multihash("1220" + "ab" * 32) == "ab" * 32
        True
        >>> sha256_from_multihash("not a hash") is None
        True
    """
    match = _SHA256_MULTIHASH.fullmatch(checksum) if isinstance(checksum, str) else None
    return match.group(1).lower() if match else None


def absolute_href(href: str, base: str) -> str:
    """The address as an absolute URL or path.

    Raises:
        SearchError: if it bears a scheme other than http, https or s3: a listing has no business
            with ``file:`` or with a program's own prefixes.
    """
    is_remote = urlsplit(href).scheme in REMOTE_SCHEMES
    has_prefix = ":" in href.split("/", 1)[0] or href.startswith(("/vsi", "//"))
    if not href.isprintable() or not href or (has_prefix and not is_remote):
        what = "an asset has an address that is not followed"
        remedy = "only http, https, s3 and relative addresses are followed"
        raise SearchError(what, where=href.split("?", 1)[0], remedy=remedy)
    if is_remote:
        return href
    if urlsplit(base).scheme in ("http", "https"):
        return urljoin(base, href)
    return os.path.normpath(os.path.join(os.path.dirname(base), href))  # noqa: PTH118, PTH120 - not Path, whose resolve() would follow links


def _is_index(value: object, n: int) -> bool:
    """Whether a value numbers one of n things."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < n


def _six_numbers(value: object) -> Transform | None:
    """An affine transform, whether it is stated with its last row or without; None if neither."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    numbers = [number for number in map(number_in, value[:6]) if number is not None]
    if len(value) not in _TRANSFORM_LENGTHS or len(numbers) < min(_TRANSFORM_LENGTHS):
        return None
    a, b, c, d, e, f = numbers
    return a, b, c, d, e, f


def _two_counts(value: object) -> tuple[int, int] | None:
    """Rows and columns; None for anything else."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:  # noqa: PLR2004 - (y, x)
        return None
    rows, cols = (number_in(count) for count in value)
    if rows is None or cols is None or rows < 1 or cols < 1 or rows % 1 or cols % 1:
        return None
    return int(rows), int(cols)


def _is_remote(href: str) -> bool:
    """Whether an address is one of a network that is followed, and printable."""
    try:
        return href.isprintable() and urlsplit(href).scheme in REMOTE_SCHEMES
    except ValueError:
        return False


@dataclass(frozen=True)
class AssetReader:
    """One asset of one item, read under its various spellings."""

    key: str
    document: Document
    properties: Document
    sensor: Sensor | None = None

    @property
    def bands(self) -> tuple[Document, ...]:
        """The bands, in either spelling; old items number the bands of the item instead."""
        own = self.document.get("eo:bands") or self.document.get("bands")
        if not isinstance(own, Sequence) or isinstance(own, str):
            return ()
        shared = mappings_in(self.properties.get("eo:bands"))
        picked = (shared[n] if _is_index(n, len(shared)) else n for n in own)
        return mappings_in(tuple(picked))

    @property
    def raster(self) -> Document:
        """What is said of the numbers of the first band."""
        first = mappings_in(self.document.get("raster:bands"))[:1]
        return first[0] if first else {}

    @property
    def is_picture(self) -> bool:
        """Whether it is for looking at only."""
        return str(self.document.get("type", "")).split(";")[0] in _PICTURE_TYPES

    @property
    def band(self) -> str | None:
        """Its common name: by the sensor's table of keys, else of its one band; None if neither."""
        if self.is_picture:
            return None
        by_key = self.sensor.band_of_key(self.key) if self.sensor else None
        if by_key or _SCL_KEY.fullmatch(self.key):
            return by_key or "scl"
        if len(self.bands) != 1:
            return None
        name = self.bands[0].get("common_name") or self.bands[0].get("eo:common_name")
        return str(name).lower() if name else None

    @property
    def gsd_m(self) -> float:
        """Edge of a pixel, in metres.

        Raises:
            ValueError: if neither the item nor the documentation of its sensor says it.
        """
        raster, document, documented = self.raster, self.document, self._documented
        own = _six_numbers(document.get("proj:transform"))
        band = self.bands[0] if self.bands else {}
        gsd_m = first_number(
            raster.get("spatial_resolution"),
            document.get("raster:spatial_resolution"),
            own[0] if own else None,
            document.get("gsd"),
            self.properties.get("gsd"),
            band.get("gsd"),
            documented.gsd_m if documented else None,
        )
        if gsd_m is None or gsd_m <= 0:
            raise ValueError(f"asset {self.key} does not state its pixel size")
        return gsd_m

    @property
    def _documented(self) -> Band | None:
        """What the documentation of its sensor says of its band."""
        return self.sensor.bands.get(self.band or "") if self.sensor else None

    @property
    def nodata(self) -> float | None:
        """The number that means nothing, as stated, else as documented; None if neither."""
        stated, documented = self.number("nodata"), self._documented
        return stated if stated is not None or not documented else first_number(*documented.nodata)

    @property
    def transform(self) -> Transform | None:
        """Where the pixels of the file lie: stated for the asset, or for the item if it fits.

        What an item states for all its assets is true of those of its own pixel size only.
        """
        own = _six_numbers(self.document.get("proj:transform"))
        shared = _six_numbers(self.properties.get("proj:transform"))
        return own or (shared if shared and shared[0] == self.gsd_m else None)

    @property
    def shape(self) -> tuple[int, int] | None:
        """Rows and columns of the file, stated for the asset, or for the item if it fits."""
        own = _two_counts(self.document.get("proj:shape"))
        shared = _six_numbers(self.properties.get("proj:transform"))
        fits = shared is not None and shared[0] == self.gsd_m
        return own or (_two_counts(self.properties.get("proj:shape")) if fits else None)

    @property
    def alternates(self) -> tuple[str, ...]:
        """Other addresses of the same file, those that are followed; none twice."""
        listed = self.document.get("alternate")
        entries = listed.values() if isinstance(listed, Mapping) else ()
        hrefs = (entry.get("href") for entry in entries if isinstance(entry, Mapping))
        kept = (h for h in hrefs if isinstance(h, str) and _is_remote(h))
        return tuple(h for h in dict.fromkeys(kept) if h != self.document.get("href"))

    def number(self, name: str) -> float | None:
        """Scale, offset or nodata, in any of its spellings; None if it is not stated."""
        band = self.bands[0] if self.bands else {}
        spellings = (f"raster:{name}", name)
        places = (self.raster, self.document, band)
        return first_number(*(place.get(key) for place in places for key in spellings))

    @property
    def rank(self) -> tuple[bool, float, str]:
        """Order of preference among assets of one band: no JPEG 2000, finest, first key."""
        is_jp2 = "jp2" in str(self.document.get("type", "")) or self.key.endswith("-jp2")
        return is_jp2, self.gsd_m, self.key

    def asset(self, band: str, base: str) -> Asset:
        """The asset as the pass uses it."""
        return Asset(
            key=self.key,
            href=absolute_href(str(self.document["href"]), base),
            band=band,
            gsd_m=self.gsd_m,
            scale=self.number("scale"),
            offset=self.number("offset"),
            nodata=self.nodata,
            sha256=sha256_from_multihash(self.document.get("file:checksum")),
            alternates=self.alternates,
            shape=self.shape,
            transform=self.transform,
        )
