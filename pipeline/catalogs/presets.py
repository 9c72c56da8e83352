"""The catalogues that are known by name.

Here belongs what is known of a public catalogue beside its address: the hosts of its assets, the
collections of each sensor by preference, how its addresses are signed, and what it cannot give.
Talking to it belongs to ``stac_api``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipeline.network.access import Access
from pipeline.network.signing import S3Signing, SasSigning

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Preset:
    """A catalogue by name.

    Attributes:
        name: what ``--source`` calls it.
        url: landing page of the API.
        access: which hosts may be asked, and how.
        collections: ids by preference, by sensor.
        gives: what it can be used for, in one line.
        unread: sensors that it lists and whose pixels cannot be read from it, with the reason.
    """

    name: str
    url: str
    access: Access
    collections: Mapping[str, tuple[str, ...]]
    gives: str
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def sensors(self) -> tuple[str, ...]:
        """The sensors whose pixels can be read from it."""
        return tuple(sensor for sensor in self.collections if sensor not in self.unread)


EARTH_SEARCH = Preset(
    name="earth-search",
    url="https://earth-search.aws.element84.com/v1",
    access=Access(
        hosts=(
            "earth-search.aws.element84.com",
            "e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com",
            "sentinel-cogs.s3.us-west-2.amazonaws.com",
        ),
        remedy=(
            "this catalogue gives Sentinel-2; its Landsat lies in s3://usgs-landsat, whose reader"
            " pays: use --source planetary-computer for it"
        ),
    ),
    collections=MappingProxyType(
        {
            "sentinel-2": ("sentinel-2-c1-l2a", "sentinel-2-l2a"),
            "landsat": ("landsat-c2-l2",),
        }
    ),
    gives="Sentinel-2 L2A without an account; lists Landsat, but its pixels are not read",
    unread=MappingProxyType(
        {
            "landsat": (
                "lists Landsat, but its pixels lie behind a login at landsatlook.usgs.gov or in"
                " s3://usgs-landsat, whose reader pays"
            ),
        }
    ),
)
"""Source: earth-search.aws.element84.com/v1 and its recorded items; Landsat assets stand at
landsatlook.usgs.gov behind a login, or in a bucket whose reader pays."""

PLANETARY_COMPUTER = Preset(
    name="planetary-computer",
    url="https://planetarycomputer.microsoft.com/api/stac/v1",
    access=Access(
        hosts=("planetarycomputer.microsoft.com", ".blob.core.windows.net"),
        signing=SasSigning("https://planetarycomputer.microsoft.com/api/sas/v1/token"),
        remedy="this catalogue gives what lies in the storage of the Planetary Computer",
    ),
    collections=MappingProxyType(
        {
            "sentinel-2": ("sentinel-2-l2a",),
            "landsat": ("landsat-c2-l2",),
            "sentinel-1": ("sentinel-1-rtc",),
        }
    ),
    gives="Sentinel-2 L2A, Landsat C2 L2 and Sentinel-1 RTC without an account",
)
"""Source: planetarycomputer.microsoft.com/docs/concepts/sas and its recorded items."""

CDSE = Preset(
    name="cdse",
    url="https://stac.dataspace.copernicus.eu/v1",
    access=Access(
        hosts=("stac.dataspace.copernicus.eu", "eodata.dataspace.copernicus.eu"),
        signing=S3Signing(
            bucket="eodata",
            endpoint="https://eodata.dataspace.copernicus.eu",
            region="default",
            variables=("CDSE_S3_ACCESS_KEY", "CDSE_S3_SECRET_KEY"),
            remedy="make S3 keys in your account at dataspace.copernicus.eu and set both",
        ),
        max_connections=4,
        remedy="this catalogue gives what lies in its bucket eodata",
    ),
    collections=MappingProxyType({"sentinel-2": ("sentinel-2-l2a",)}),
    gives="Sentinel-2 L2A as whole JPEG 2000 files, with S3 keys of a free account",
)
"""Source: documentation.dataspace.copernicus.eu, APIs/S3 and Quotas (four connections)."""

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {preset.name: preset for preset in (EARTH_SEARCH, PLANETARY_COMPUTER, CDSE)}
)
"""By name."""


def preset_of(source: str) -> Preset | None:
    """The catalogue that a name or its very address stands for; None for any other source.

    Example:
        >>> preset_of("https://stac.dataspace.copernicus.eu/v1/") is CDSE
        True
    """
    by_url = {preset.url: preset for preset in PRESETS.values()}
    return PRESETS.get(source) or by_url.get(source.rstrip("/"))
