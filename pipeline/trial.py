"""Measure the detection limit of a site: the pass up to the detector, then planting.

Here belongs the order of the steps. Planting belongs to ``limit``, search and fetch to ``run``,
files to ``publish`` and ``store``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detect.monitor import HarmonicMonitor
from pipeline.environment import close_environment
from pipeline.errors import NotJudgedError
from pipeline.futures import Futures
from pipeline.history import standing_pixels
from pipeline.identity import cube_identity, versions
from pipeline.inputs import Silence
from pipeline.judge import count_baseline
from pipeline.limit import Field, Watched, free_of, measure_limits, n_steps
from pipeline.limit.plants import READ
from pipeline.model.limit import SiteLimits
from pipeline.model.site import ZoneKind
from pipeline.prepare import prepare
from pipeline.publish.limits import publish_limits
from pipeline.run import gather
from pipeline.selection import config_for, judged_sensor
from pipeline.sites import load_site
from pipeline.store.chips import ChipStore
from pipeline.store.layout import WorkFolder
from pipeline.store.limits import read_limits, write_limits
from pipeline.zones import measure_zones

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.config import RunConfig
    from pipeline.inputs import Inputs, Listener, RunRequest
    from pipeline.limit import Measured
    from pipeline.model.change import SeriesChanges
    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.scene import AssetFailure
    from pipeline.model.site import Site
    from pipeline.store.limits import HeldLimits


@dataclass(frozen=True)
class LimitTrial:
    """What came of measuring the limit of a site.

    Attributes:
        site: the site.
        held: the limits, and where they lie.
        was_new: whether anything had to be planted.
        failures: every asset that did not become data.
    """

    site: Site
    held: HeldLimits
    was_new: bool
    failures: tuple[AssetFailure, ...]


def find_limits(request: RunRequest, listener: Listener | None = None) -> LimitTrial:
    """Plant changes in the scenes of a site and say which are found.

    Limits that were measured in the very same scenes, with the same settings and versions, are
    read back; nothing is planted then.

    Raises:
        NotJudgedError: if the sensor measures no reflectance to plant in.
        NothingSeenError: if no date is left before or after the end of the baseline.
        PipelineError: whatever the stages raise.
    """
    close_environment()
    if not judged_sensor(request.sensor).is_optical:
        what = "changes are planted in reflectance, which a radar does not measure"
        remedy = "take an optical sensor; a run of radar estimates its limit in decibels"
        raise NotJudgedError(what, where=request.sensor, remedy=remedy)
    config = config_for(request.sensor, request.source, request.config)
    request, heard = replace(request, config=config), listener or Silence()
    site = load_site(request.site_folder)
    work = WorkFolder(request.work, site.id)
    with work.lock():
        inputs = gather(request, site, None, heard)
        cube_id = cube_identity(inputs.hashes(config))
        held = read_limits(work, cube_id)
        was_new = held is None
        held = held or _measured(work, inputs, config, cube_id, heard=heard)
    failures = tuple(failure for one in inputs.fetched for failure in one.failures)
    return LimitTrial(site, held, was_new, failures)


def _measured(
    work: WorkFolder, inputs: Inputs, config: RunConfig, cube_id: str, *, heard: Listener
) -> HeldLimits:
    """Prepare, detect, plant, publish."""
    heard.stage("prepare", 1)
    site, sensor = inputs.site, judged_sensor(inputs.sensor)
    chips = ChipStore(work.chips)
    prepared = prepare(
        site, inputs.fetched, chips, config.prepare, sensor=sensor, with_extras=False
    )
    cube = replace(prepared.cube, bands=sensor.in_roles(prepared.cube.bands))
    heard.step()
    heard.stage("plant", n_steps(config.limit))
    cells = {zone.id for zone in site.zones if zone.kind is ZoneKind.CELL}
    masks = tuple(mask for mask in prepared.masks if mask.zone_id not in cells)
    measured = plant(cube, masks, count_baseline(site, cube), config, step=heard.step)
    limits = _limits(cube_id, inputs, cube, measured, config=config)
    files = publish_limits(work.limits_of(cube_id), limits, measured.chart, cube.grid, masks=masks)
    return write_limits(work, limits, files, versions())


def plant(
    cube: DateCube,
    masks: tuple[ZoneMask, ...],
    n_baseline: int,
    config: RunConfig,
    *,
    step: Callable[[], None] = lambda: None,
) -> Measured:
    """Measure the limits in a cube whose bands are named by role.

    The detector keeps the calibration of the scenes as they were taken.
    """
    cube = needed(cube, config)
    monitor = HarmonicMonitor(config.monitor)
    learnt = monitor.learn(cube, n_baseline)
    changes = monitor.detect(cube, n_baseline, learnt)
    field = field_of(cube, changes, masks, config)
    futures = Futures.of(cube, n_baseline, config.monitor, learnt)
    min_pixels = config.objects.min_pixels
    return measure_limits(field, futures.watch, config.limit, min_pixels=min_pixels, step=step)


def needed(cube: DateCube, config: RunConfig) -> DateCube:
    """The cube with the bands that are planted or read by the detector, and no more."""
    wanted = {*READ, *config.monitor.bands}
    kept = [place for place, band in enumerate(cube.bands) if band in wanted]
    names = tuple(cube.bands[place] for place in kept)
    return replace(cube, values=cube.values[:, kept], bands=names)


def watched(changes: SeriesChanges) -> Watched:
    """What is known of the monitored dates."""
    monitored = slice(changes.n_baseline, None)
    return Watched(standing_pixels(changes)[monitored], changes.changed[monitored])


def field_of(
    cube: DateCube, changes: SeriesChanges, masks: tuple[ZoneMask, ...], config: RunConfig
) -> Field:
    """What is planted in, with what really changed there left out."""
    free = free_of(watched(changes).standing, changes.monitored)
    share = config.assess.min_zone_clear_share
    looks = {
        one.zone_id: int(
            np.count_nonzero(one.seen_px[changes.n_baseline :] >= share * one.n_pixels)
        )
        for one in measure_zones(changes, cube, masks)
    }
    return Field(cube, changes.n_baseline, free, changes.monitored, masks, looks)


def _limits(
    cube_id: str, inputs: Inputs, cube: DateCube, measured: Measured, *, config: RunConfig
) -> SiteLimits:
    """The limits of the site with how they were measured."""
    return SiteLimits(
        cube_id=cube_id,
        site_id=inputs.site.id,
        is_simulated=any(scene.is_simulated for scene in inputs.scenes) or inputs.site.is_simulated,
        seed=config.limit.seed,
        probability=config.limit.probability,
        false_alarm_share=config.monitor.false_alarm_share,
        pixel_area_m2=cube.grid.pixel_area_m2,
        min_pixels=config.objects.min_pixels,
        onsets=tuple(f"{cube.instants[date]:%Y-%m-%d}" for date in measured.onsets),
        last_date=f"{cube.instants[-1]:%Y-%m-%d}",
        zones=measured.zones,
    )
