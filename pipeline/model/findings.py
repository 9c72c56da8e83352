"""What a finished pass knows, bundled for those who write it down.

Here belongs the one noun that ``run`` builds and that ``publish`` and ``report`` read, with
look-ups among its own fields. Files belong to ``publish``, words and pictures to ``report``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.model.change import DECIBEL
from pipeline.model.limit import Basis, Plant
from pipeline.model.site import ZoneKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.model.activity import Activity
    from pipeline.model.assessment import Assessment
    from pipeline.model.change import Detection, Period, SeriesChanges, ZoneSeries
    from pipeline.model.claim import Seeds
    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.limit import SiteLimits, ZoneLimit
    from pipeline.model.look import Look
    from pipeline.model.scene import AssetFailure, Scene
    from pipeline.model.site import Site, Zone


class LookUse(StrEnum):
    """What became of one acquisition that the catalogue listed."""

    USED = "used"
    """It is a date of the cube."""
    CLOUDED = "clouded"
    """It arrived whole, and too little of the site was clear."""
    FAILED = "failed"
    """An asset that it needs did not become data."""
    SUSPECT = "radiometry_suspect"
    """Its level steps by a processing offset."""
    SUPERSEDED = "superseded"
    """Another scene of its overpass was taken."""
    COMMON_MODE = "common_mode"
    """It moved all ground at once, so that it says more of the weather; it took no part."""
    OTHER_SEASON = "other_season"
    """It lies in other months than those monitored, and took no part."""
    OTHER_ORBIT = "other_orbit"
    """It is of an orbit that this run does not judge."""


@dataclass(frozen=True)
class OtherOrbit:
    """A series of a radar that a run does not judge.

    Attributes:
        orbit: ground track and direction, in words.
        n_looks: dates on which it saw the site.
        scene_ids: all scenes of it.
    """

    orbit: str
    n_looks: int
    scene_ids: tuple[str, ...]


@dataclass(frozen=True)
class DetectionLimit:
    """The smallest change that would have been reported in a zone.

    Attributes:
        zone_id: the zone.
        n_pixels: smallest object, in pixels.
        area_m2: the same, in square metres.
        contrast: departure from the baseline from which a look counts, or the smallest lasting
            step that is found, in the unit beside it; NaN where no pixel of the zone is monitored.
        n_looks: clear looks that the rule asks for: in a row, or after a step.
        unit: of the contrast.
        power: the chance of being found that a step or a planted change is stated for; None for
            a look's departure.
        basis: what the limit rests on. The contrast of planted changes is that at which whatever
            kind was planted is found; infinite where none was.
        unseen: kinds of change of which the strongest that could be planted was not found, with
            its contrast in reflectance.
    """

    zone_id: str
    n_pixels: int
    area_m2: float
    contrast: float
    n_looks: int
    unit: str = "reflectance"
    power: float | None = None
    basis: Basis = Basis.ESTIMATED
    unseen: tuple[tuple[Plant, float], ...] = ()


@dataclass(frozen=True)
class Findings:
    """Everything one pass over one site found, ready to be written down.

    Attributes:
        run_id: hash of inputs, parameters and algorithm versions, hex.
        source: name of the catalogue, free of machine paths and credentials.
        settings_sha256: hash of the settings as they took effect, hex.
        site: the site.
        seeds: what has been said about it; None if nothing was loaded.
        period: the time that was searched.
        scenes: every scene the search kept, one acquisition per overpass.
        cube: the dates that could be used.
        masks: the zones on the grid of the cube; a zone of unknown place has none.
        changes: what the detector says of every pixel and date.
        series: the zones date by date, on the time axis of the cube.
        detections: the objects that were found.
        assessments: the claims, weighed; empty without seeds.
        failures: every asset that did not become data.
        min_pixels: the minimum mapping unit.
        min_zone_clear_share: share of a zone that must be seen for a date to be a look at it.
        looks: every date that was looked at, used or not.
        superseded: scenes that gave way to another one of their overpass.
        mask_excess: by zone id, share under cloud and shadow classes less that of the controls.
        on_listing: what must be said of the listing of scenes as a whole, a line each.
        other_orbits: of a radar, the series that are not judged.
        measured: detection limits that were measured by planting; None to estimate them.
        activity: the signs of activity that this run shows; None if none were asked.
    """

    run_id: str
    source: str
    settings_sha256: str
    site: Site
    seeds: Seeds | None
    period: Period
    scenes: tuple[Scene, ...]
    cube: DateCube
    masks: tuple[ZoneMask, ...]
    changes: SeriesChanges
    series: tuple[ZoneSeries, ...]
    detections: tuple[Detection, ...]
    assessments: tuple[Assessment, ...]
    failures: tuple[AssetFailure, ...]
    min_pixels: int
    min_zone_clear_share: float
    looks: tuple[Look, ...] = ()
    superseded: tuple[Scene, ...] = ()
    mask_excess: Mapping[str, float] = field(default_factory=dict)
    on_listing: tuple[str, ...] = ()
    other_orbits: tuple[OtherOrbit, ...] = ()
    measured: SiteLimits | None = None
    activity: Activity | None = None

    @property
    def is_simulated(self) -> bool:
        """Whether any input is made up, which taints everything made from it."""
        scenes = any(scene.is_simulated for scene in self.scenes)
        signs = self.activity is not None and self.activity.is_simulated
        return scenes or signs or self.site.is_simulated or self.cube.is_simulated

    @property
    def named_zones(self) -> tuple[Zone, ...]:
        """The zones that bear a name: all but the cells of the search grid."""
        return tuple(zone for zone in self.site.zones if zone.kind is not ZoneKind.CELL)

    @property
    def mask_of(self) -> dict[str, ZoneMask]:
        """Masks by zone id."""
        return {mask.zone_id: mask for mask in self.masks}

    @property
    def series_of(self) -> dict[str, ZoneSeries]:
        """Series by zone id."""
        return {series.zone_id: series for series in self.series}

    def use_of(self, scene: Scene) -> LookUse:
        """What became of a scene."""
        date = self.date_of(scene)
        if date is not None:
            return self._use_on(date)
        if scene in self.superseded:
            return LookUse.SUPERSEDED
        if any(scene.id in orbit.scene_ids for orbit in self.other_orbits):
            return LookUse.OTHER_ORBIT
        look = self.look_of(scene)
        if look is not None and look.is_suspect:
            return LookUse.SUSPECT
        failed = {failure.scene_id for failure in self.failures}
        return LookUse.FAILED if scene.id in failed else LookUse.CLOUDED

    def _use_on(self, date: int) -> LookUse:
        """What became of a date of the cube."""
        steps = self.changes.steps
        if steps is not None and steps.common_mode[date]:
            return LookUse.COMMON_MODE
        if steps is not None and steps.off_season[date]:
            return LookUse.OTHER_SEASON
        return LookUse.USED

    def look_of(self, scene: Scene) -> Look | None:
        """The look that a scene is a tile of; None if it never became one."""
        mine = (look for look in self.looks if scene.id in (look.scene_id, *look.scene_ids))
        return next(mine, None)

    def date_of(self, scene: Scene) -> int | None:
        """Where on the time axis of the cube a scene lies, as its date or as one of its tiles."""
        look, ids = self.look_of(scene), self.cube.scene_ids
        name = scene.id if look is None else look.scene_id
        is_there = name in ids and scene not in self.superseded
        return ids.index(name) if is_there else None

    def looks_at(self, zone_id: str) -> NDArray[np.bool_]:
        """On which dates of the cube enough of a zone was seen, bool, (time,).

        Raises:
            KeyError: if the zone has no series.
        """
        series = self.series_of[zone_id]
        return series.seen_px >= self.min_zone_clear_share * series.n_pixels

    def detections_in(self, zone_id: str) -> tuple[Detection, ...]:
        """The objects of a zone, in their own order."""
        return tuple(found for found in self.detections if found.zone_id == zone_id)

    def limit_of(self, zone_id: str) -> DetectionLimit:
        """The smallest change that would have been reported in a zone.

        As it was measured by planting, if it was. Otherwise it is estimated: contrast is threshold
        times noise, the distance in reflectance from which one look departs.
        A lasting step is found at its full size where a whole window lies inside the change, so
        its smallest object is as wide as one of so many pixels with a pixel of edge around it.

        Raises:
            KeyError: if the zone has no series.
        """
        planted = self.measured and self.measured.of_zone(zone_id)
        if self.measured and planted:
            return _planted(self.measured, planted, self.changes.n_looks)
        series, n_looks, steps = self.series_of[zone_id], self.changes.n_looks, self.changes.steps
        pixel_m2, n_pixels = self.cube.grid.pixel_area_m2, self.min_pixels
        if steps is None:
            contrast = self.changes.threshold * series.noise
            return DetectionLimit(zone_id, n_pixels, n_pixels * pixel_m2, contrast, n_looks)
        n_pixels = (math.ceil(math.sqrt(n_pixels)) + 2) ** 2
        limit, area = series.step_limit, n_pixels * pixel_m2
        power = steps.limit_power
        return DetectionLimit(zone_id, n_pixels, area, limit, n_looks, DECIBEL, power)


def _planted(site: SiteLimits, zone: ZoneLimit, n_looks: int) -> DetectionLimit:
    """The limit of a zone over all kinds of change: that of the kind which is hardest to find."""
    least = {plant: zone.least(plant) for plant in Plant if zone.of(plant)}
    found = [one for one in least.values() if one is not None]
    n_pixels = max((one.tried_pixels for one in found), default=zone.min_pixels)
    nothing = math.inf if zone.n_pixels else math.nan
    return DetectionLimit(
        zone_id=zone.zone_id,
        n_pixels=n_pixels,
        area_m2=n_pixels * site.pixel_area_m2,
        contrast=max((one.contrast for one in found), default=nothing),
        n_looks=n_looks,
        power=site.probability,
        basis=Basis.PLANTED,
        unseen=tuple(
            (plant, zone.of(plant)[-1].contrast) for plant, one in least.items() if one is None
        ),
    )
