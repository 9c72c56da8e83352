"""The detection limit as it was measured by planting: by zone, kind of change, contrast and area.

Here belong the results as plain values. Planting belongs to ``limit``, files to ``publish`` and
``store``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NOT_FOUND: Final = 1.0
"""What a map holds where no planted contrast was found: more than any ground can change by."""


class Basis(StrEnum):
    """What a limit rests on."""

    ESTIMATED = "estimated"
    """The least object, and threshold times noise: from where one look of one pixel departs."""
    PLANTED = "measured by planting"
    """Changes of that size and contrast were planted in the scenes and found often enough."""


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
        n_planted: plantings of that area; fewer than asked for where the zone has no more places,
            and 0 where it has too few for a share to mean anything.
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
        """The soundings of one kind for which the zone had enough to plant on."""
        return tuple(one for one in self.soundings if one.plant is plant and one.n_planted)

    def least(self, plant: Plant) -> Sounding | None:
        """The smallest change of a kind that is found; None if nothing was found, or planted.

        Its area is that of the strongest change, and its contrast the least from which on all
        stronger ones were found at that area or less: a lucky draw is not taken for a limit.
        """
        least: Sounding | None = None
        for one in reversed(self.of(plant)):
            area = one.n_pixels if least is None else least.n_pixels
            if one.n_pixels is None or area is None or one.n_pixels > area:
                break
            least = one if one.n_pixels == area else least
        return least


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
