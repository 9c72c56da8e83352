"""The detection limit as it was measured by planting: by zone, kind of change, contrast and area.

Here belong the results as plain values. Planting belongs to ``limit``, files to ``publish`` and
``store``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Plant(StrEnum):
    """What is planted; the contrast is a reflectance, and that of a pixel covered in full."""

    BRIGHTER = "brighter"
    """All bands rise by the contrast: goods, sheeting, bare concrete."""
    DARKER = "darker"
    """All bands are scaled by one factor, so that red and near infrared together lose twice the
    contrast in the baseline: a roof gone, wet or burnt ground, the colour kept."""
    GREEN_LOST = "vegetation lost"
    """Red rises and near infrared falls by the contrast, on no look further than to where the two
    are equal: what is bare in winter has nothing to lose then."""


@dataclass(frozen=True)
class Sounding:
    """One contrast in one zone: the smallest area that was found with the stated probability.

    Attributes:
        plant: what was planted.
        contrast: how strongly, in reflectance.
        n_pixels: the smallest area found often enough, in pixels; None if no area was for which
            the zone has room.
        tried_pixels: the area that the counts below speak of: the same, or the largest tried;
            0 if nothing could be planted.
        n_found: plantings of that area that were found.
        n_planted: plantings of that area; fewer than asked for where the zone has no more places.
        low: lower end of Wilson's 95 % interval of the share found, in 0..1.
        high: its upper end. Plantings share dates and, in a small zone, pixels: the interval counts
            plantings, not independent years.
    """

    plant: Plant
    contrast: float
    n_pixels: int | None
    tried_pixels: int
    n_found: int
    n_planted: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Share of the plantings that were found; 0 of none."""
        return self.n_found / self.n_planted if self.n_planted else 0.0


@dataclass(frozen=True)
class ZoneLimit:
    """What can be found in one zone.

    Attributes:
        zone_id: the zone.
        n_looks: clear looks at it in the monitored period.
        n_pixels: pixels of it that are monitored.
        n_free: of these the pixels that anything was planted on: away from what really changed.
        min_pixels: the smallest object that is reported.
        soundings: by kind, then by rising contrast.
    """

    zone_id: str
    n_looks: int
    n_pixels: int
    n_free: int
    min_pixels: int
    soundings: tuple[Sounding, ...]

    def of(self, plant: Plant) -> tuple[Sounding, ...]:
        """The soundings of one kind for which the zone had something to plant on."""
        return tuple(one for one in self.soundings if one.plant is plant and one.n_planted)

    def least(self, plant: Plant) -> Sounding | None:
        """The smallest change of a kind that is found: the least area first, then the contrast.

        It is the least contrast from which on all stronger ones were found as well, so that a
        lucky draw is not taken for a limit. None if nothing was found, or nothing planted.
        """
        strongest_first = self.of(plant)[::-1]
        areas = [one.n_pixels for one in strongest_first if one.n_pixels is not None]
        least: Sounding | None = None
        for one in strongest_first:
            if one.n_pixels is None or one.n_pixels > min(areas):
                break
            least = one
        return least or self._strongest(plant)

    def _strongest(self, plant: Plant) -> Sounding | None:
        """The strongest planted change, if it was found at any area."""
        found = [one for one in self.of(plant)[-1:] if one.n_pixels is not None]
        return found[0] if found else None


@dataclass(frozen=True)
class SiteLimits:
    """The detection limits of a site, and how they were measured.

    Attributes:
        cube_id: identity of the scenes, settings and versions that were planted in, hex.
        site_id: the site.
        is_simulated: whether the scenes are simulated.
        seed: of all that was drawn.
        probability: share of plantings that must be found.
        false_alarm_share: share of unchanged pixels that the detector may confirm, as calibrated.
        pixel_area_m2: area of one pixel.
        min_pixels: the smallest object that is reported.
        onsets: days on which changes were planted, ISO 8601, UTC; each lasts to the end.
        last_date: the last date of the series, ISO 8601, UTC.
        zones: every zone that was planted in.
    """

    cube_id: str
    site_id: str
    is_simulated: bool
    seed: int
    probability: float
    false_alarm_share: float
    pixel_area_m2: float
    min_pixels: int
    onsets: tuple[str, ...]
    last_date: str
    zones: tuple[ZoneLimit, ...]

    def of_zone(self, zone_id: str) -> ZoneLimit | None:
        """The limit of a zone; None if nothing was planted there."""
        return next((one for one in self.zones if one.zone_id == zone_id), None)
