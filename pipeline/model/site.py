"""What is watched: a site, its zones, and how well each zone's place is known.

Here belong the nouns of an AOI folder. Reading and checking the folder belongs to ``sites``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from shapely.geometry.base import BaseGeometry

SITE_PLACE: Final = "the site"
"""The id of the place that is the site itself; ids of zones hold no space."""


class ZoneKind(StrEnum):
    """What a zone is for."""

    PRODUCTION = "production"
    SUPPORT = "support"
    GATE = "gate"
    DEPOT = "depot"
    PLOT = "plot"
    EXTENSION = "extension"
    ROAD = "road"
    CONTROL = "control"
    CELL = "cell"


class GeometryStatus(StrEnum):
    """Where a zone's outline comes from."""

    DIGITISED = "digitised"
    """Drawn by an analyst from a named image."""
    SOURCED = "sourced"
    """Built from coordinates, sizes or distances that a source states."""
    COMPUTED = "computed"
    """A grid cell or another shape that follows from arithmetic."""
    INVENTED = "invented"
    """Made up for a simulated site."""
    UNKNOWN = "unknown"
    """No source gives the place; only a search area of cells is known."""


@dataclass(frozen=True)
class Zone:
    """A named part of a site.

    Attributes:
        id: lower-case kebab slug, unique in the site.
        label: the name as the sources write it.
        kind: what the zone is for.
        status: where the outline comes from.
        geometry: outline in longitude and latitude (WGS 84), or None while it is unknown.
        search_cells: ids of the cells that hold a zone whose place is unknown.
        position_evidence: who puts it there, in words.
        position_accuracy_m: how far the outline may be off, in metres; None while unknown.
        outline_outside: outline of a comparator outside the site, which coarse sensors alone
            measure; None for every zone inside, and while it is unknown.
    """

    id: str
    label: str
    kind: ZoneKind
    status: GeometryStatus
    geometry: BaseGeometry | None
    search_cells: tuple[str, ...] = ()
    position_evidence: str = ""
    position_accuracy_m: float | None = None
    outline_outside: BaseGeometry | None = None

    @property
    def is_placed(self) -> bool:
        """Whether it has an outline inside the site."""
        return self.geometry is not None


@dataclass(frozen=True)
class Site:
    """A place that is watched.

    Attributes:
        id: lower-case kebab slug; the name of its folder.
        label: its name in words.
        timezone: IANA name of the zone in which its civil days are counted.
        crs: the metric CRS (``EPSG:nnnn``) of its grids and areas.
        boundary: outline in longitude and latitude.
        baseline_end: last civil day of the period that counts as the site's normal state.
        zones: all zones, cells and controls, in the order of the file.
        claims_folder: name of the folder of seeds that speaks of this site; empty if none.
        is_simulated: whether the layout is made up.
        whole_zone: id of the zone that means the site as a whole, for sensors that see it as one
            place; empty if there is none.
        sha256: hash over the files of the AOI folder.
    """

    id: str
    label: str
    timezone: str
    crs: str
    boundary: BaseGeometry
    baseline_end: date
    zones: tuple[Zone, ...]
    claims_folder: str = ""
    is_simulated: bool = False
    sha256: str = ""
    whole_zone: str = ""

    def zone(self, zone_id: str) -> Zone:
        """The zone of that id.

        Raises:
            KeyError: if the site has none.
        """
        for zone in self.zones:
            if zone.id == zone_id:
                return zone
        raise KeyError(zone_id)

    @property
    def controls(self) -> tuple[Zone, ...]:
        """The zones in which nothing of interest is expected to happen."""
        return tuple(zone for zone in self.zones if zone.kind is ZoneKind.CONTROL)

    @property
    def comparators(self) -> tuple[Zone, ...]:
        """The controls outside the site whose outline is known."""
        return tuple(zone for zone in self.controls if zone.outline_outside is not None)

    @property
    def places(self) -> tuple[str, ...]:
        """What coarse sensors measure: the site as a whole, and its comparators."""
        return (SITE_PLACE, *(zone.id for zone in self.comparators))

    def outline_of(self, place: str) -> BaseGeometry:
        """The outline of a place that coarse sensors measure.

        Args:
            place: ``SITE_PLACE`` or the id of a comparator.

        Raises:
            KeyError: if there is no such place.
        """
        outline = self.boundary if place == SITE_PLACE else self.zone(place).outline_outside
        if outline is None:
            raise KeyError(place)
        return outline
