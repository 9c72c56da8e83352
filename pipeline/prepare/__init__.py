"""Turn what was fetched of one sensor into cubes, and burn the zones onto their grid once.

Here belongs the way from stored numbers to values with masks: no resampling but the nearest
neighbour for a tile in another coordinate system, only exact repetition of coarser pixels on the
finer grid. What a class, a bit or an offset means belongs to ``sensors``; what a series of values
means belongs to ``detect``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from pipeline.errors import NothingSeenError
from pipeline.model.look import Look
from pipeline.prepare.burn import Burner
from pipeline.prepare.coregister import coregister
from pipeline.prepare.cube import CubeBuilder, Plan, failure_of, overpasses
from pipeline.prepare.series import (
    choose_bands,
    choose_grid,
    is_whole,
    missing,
    orbit_in,
    refuse_others,
    split_by_orbit,
    unrecorded,
)
from pipeline.prepare.suspects import keep_sound
from pipeline.prepare.tile import ChipReader
from pipeline.sensors.sentinel2 import SENSOR as SENTINEL_2

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pipeline.config import PrepareOptions
    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.scene import AssetFailure, FetchedScene
    from pipeline.model.site import Site
    from pipeline.sensors import Sensor

__all__ = ["ChipReader", "Look", "Prepared", "PreparedOrbits", "prepare", "prepare_orbits"]


@dataclass(frozen=True)
class Prepared:
    """The cube of one sensor and, of a radar, one orbit; its zones, and how values were decided.

    Attributes:
        cube: the dates on which enough was seen.
        masks: one per zone whose place is known, in the order of the site.
        radiometry: by scene id of the cube, how numbers became values, in words.
        failures: every asset that did not become data, whether in the fetch or here.
        looks: every date that was looked at, in order of time.
        layers: further cubes on the same grid in another unit, by name, each with the dates that
            it was seen on: ``thermal`` of Landsat holds ``lwir11`` (surface temperature) and
            ``st_qa`` (its uncertainty), both in kelvin. Thermal pixels are delivered at 30 m, and
            were measured at 100 m (Landsat 8, 9), 60 m (7) or 120 m (4, 5): a roof narrower than
            that is mixed with the ground around it, and neighbours are not independent.
    """

    cube: DateCube
    masks: tuple[ZoneMask, ...]
    radiometry: Mapping[str, str]
    failures: tuple[AssetFailure, ...]
    looks: tuple[Look, ...]
    layers: Mapping[str, DateCube] = field(default_factory=dict)


@dataclass(frozen=True)
class PreparedOrbits:
    """The series of a radar, one for every orbit.

    Attributes:
        by_orbit: by ground track and direction in words, by number of the track.
        failures: of the scenes that are in no series.
    """

    by_orbit: Mapping[str, Prepared]
    failures: tuple[AssetFailure, ...]


def prepare(
    site: Site,
    fetched: Sequence[FetchedScene],
    chips: ChipReader,
    options: PrepareOptions,
    *,
    sensor: Sensor = SENTINEL_2,
    with_extras: bool = True,
) -> Prepared:
    """Build the cube of one series and burn the zones.

    What stays out is recorded: scenes that lack a required band or a listed mask or lie on another
    grid, dates with too little clear ground, and dates off by a documented misreading.

    Args:
        site: the place.
        fetched: scenes of one sensor and, of a radar, of one orbit; of one overpass the tile to
            prefer comes first.
        chips: where the pixels lie.
        options: the settings.
        sensor: what the numbers mean.
        with_extras: whether what the cube does not need is made too: the record of shifts that
            are not applied, and ``layers``.

    Raises:
        NothingSeenError: if no date is left.
        SiteError: if the boundary or a zone lies outside the pixels.
        InputError: if scenes of another sensor or of several orbits are among them.
        AssetError: if a scene of a radar does not state its orbit.
    """
    refuse_others(fetched, sensor)
    orbit, given = orbit_in(fetched, sensor), overpasses(fetched)
    whole = [one for tiles in given for one in tiles if is_whole(one, sensor)]
    if not whole:
        raise _nothing_seen(site, len(fetched), len(fetched))
    grid = choose_grid(whole, sensor, site.crs)
    burner = Burner(grid)
    bands = choose_bands(whole, sensor)
    plan = Plan(sensor, grid, bands, len(given), burner.boundary(site), orbit)
    builder = _built(plan, given, options, chips)
    stack, suspects = keep_sound(builder.stack(), plan, options)
    if not stack.looks:
        raise _nothing_seen(site, len(fetched), len(fetched) - len(builder.looks))
    if with_extras or options.apply_shifts:
        coregister(stack, _end_of(site), options, [bands.index(one) for one in sensor.shift_bands])
    further = _without(given, suspects.scene_ids) if with_extras else []
    layers = _layers(plan, further, options, chips)
    built = [builder.failures, suspects.failures, *(one.failures for one in layers.values())]
    final = {look.scene_id: look for look in (*stack.looks, *suspects.looks)}
    return Prepared(
        cube=stack.cube(plan),
        masks=burner.zones(site),
        radiometry={look.scene_id: look.radiometry for look in stack.looks},
        failures=tuple(dict.fromkeys((*_fetch_failures(given, sensor), *chain(*built)))),
        looks=tuple(final.get(look.scene_id, look) for look in builder.looks),
        layers={name: layer.cube() for name, layer in layers.items() if layer.holds_any},
    )


def prepare_orbits(
    site: Site,
    fetched: Sequence[FetchedScene],
    chips: ChipReader,
    options: PrepareOptions,
    *,
    sensor: Sensor,
) -> PreparedOrbits:
    """The series of every orbit of a radar; a scene of an unknown orbit is in none, and recorded.

    Raises:
        NothingSeenError: if no orbit holds a date.
        SiteError, InputError: as ``prepare`` raises them.
    """
    series, failures = split_by_orbit(fetched)
    found: dict[str, Prepared] = {}
    for orbit, members in series.items():
        try:
            found[orbit] = prepare(site, members, chips, options, sensor=sensor)
        except NothingSeenError as error:
            failures += [failure_of(one.scene.id, "", error) for one in members]
    if not found:
        raise _nothing_seen(site, len(fetched), len(fetched))
    return PreparedOrbits(found, tuple(failures))


def _built(
    plan: Plan,
    given: Sequence[Sequence[FetchedScene]],
    options: PrepareOptions,
    chips: ChipReader,
) -> CubeBuilder:
    """The dates of a plan: every overpass of which something arrived whole."""
    builder = CubeBuilder(plan, options, chips)
    needed = plan.bands if plan.is_layer else plan.sensor.required
    for tiles in given:
        builder.add([one for one in tiles if not missing(one, needed, plan.sensor)])
    return builder


def _layers(
    plan: Plan,
    given: Sequence[Sequence[FetchedScene]],
    options: PrepareOptions,
    chips: ChipReader,
) -> dict[str, CubeBuilder]:
    """The dates of the further cubes of a sensor, by name."""
    plans = {
        name: replace(plan, bands=bands, is_layer=True)
        for name, bands in plan.sensor.layers.items()
    }
    return {name: _built(layer, given, options, chips) for name, layer in plans.items()}


def _without(
    given: Sequence[Sequence[FetchedScene]], scene_ids: Collection[str]
) -> list[list[FetchedScene]]:
    """The overpasses without some scenes."""
    return [[one for one in tiles if one.scene.id not in scene_ids] for tiles in given]


def _fetch_failures(
    given: Sequence[Sequence[FetchedScene]], sensor: Sensor
) -> Iterator[AssetFailure]:
    """What failed in the fetch, and what is missing without a word."""
    ordered = [one for tiles in given for one in tiles]
    yield from (failure for one in ordered for failure in one.failures)
    yield from (failure for one in ordered for failure in unrecorded(one, sensor))


def _end_of(site: Site) -> datetime:
    """A moment after the last day of the baseline, wherever the site lies."""
    return datetime.combine(site.baseline_end, time(), UTC) + timedelta(days=1)


def _nothing_seen(site: Site, n_scenes: int, n_failed: int) -> NothingSeenError:
    """The error for a series without a single look."""
    what = f"not one clear look at the site in {n_scenes} scenes, {n_failed} of them unreadable"
    remedy = "widen the period, lower prepare.min_clear_share, or run again if fetching failed"
    return NothingSeenError(what, where=site.id, remedy=remedy)
