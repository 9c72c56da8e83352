"""One series of one sensor: which looks make it, and which detector reads it.

Here belongs the choice between the kinds of sensors: the orbit of a radar, the ground that stands
for all of it, the dates of its seasons. How looks are prepared and changes are found belongs to
``prepare`` and ``detect``, the order of the stages to ``run``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from pipeline.detect.monitor import HarmonicMonitor
from pipeline.detect.radar_onset import RadarSteps
from pipeline.detect.radar_record import recorded_steps
from pipeline.errors import NothingSeenError
from pipeline.model.cube import INSIDE_SHARE
from pipeline.model.findings import OtherOrbit
from pipeline.model.time import civil_day_span_utc
from pipeline.prepare import prepare, prepare_orbits
from pipeline.raster.common_mode import MIN_GROUND
from pipeline.raster.season import same_season

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions, RunConfig
    from pipeline.model.change import SeriesChanges
    from pipeline.model.cube import DateCube
    from pipeline.model.scene import AssetFailure, FetchedScene
    from pipeline.model.site import Site
    from pipeline.prepare import ChipReader, Prepared, PreparedOrbits
    from pipeline.sensors import Sensor


@dataclass(frozen=True)
class Judged:
    """The series that a run judges.

    Attributes:
        prepared: its cube, with the zones.
        failures: every asset that did not become data, whichever series it would have been of.
        other_orbits: of a radar, the series that are not judged.
    """

    prepared: Prepared
    failures: tuple[AssetFailure, ...]
    other_orbits: tuple[OtherOrbit, ...] = ()


def prepare_series(
    site: Site,
    fetched: Sequence[FetchedScene],
    chips: ChipReader,
    options: PrepareOptions,
    *,
    sensor: Sensor,
) -> Judged:
    """The series of a sensor; of a radar, that of the orbit with most looks.

    Raises:
        NothingSeenError: if no date is left, or no orbit has one before and one after the end of
            the baseline.
        PipelineError: as ``prepare`` raises it.
    """
    if not sensor.is_by_orbit:
        prepared = prepare(site, fetched, chips, options, sensor=sensor)
        return Judged(prepared, prepared.failures)
    orbits = prepare_orbits(site, fetched, chips, options, sensor=sensor)
    chosen = choose_orbit(site, orbits.by_orbit)
    others = (
        _other(orbit, prepared, fetched)
        for orbit, prepared in orbits.by_orbit.items()
        if orbit != chosen
    )
    return Judged(orbits.by_orbit[chosen], _failures(orbits), tuple(others))


def choose_orbit(site: Site, by_orbit: Mapping[str, Prepared]) -> str:
    """The orbit with most looks, of those that saw the site before and after the baseline's end.

    Of several with as many, the first by number of the track.

    Raises:
        NothingSeenError: if there is none.
    """
    n_looks = {orbit: len(one.cube.instants) for orbit, one in by_orbit.items()}
    longest_first = sorted(n_looks, key=lambda orbit: -n_looks[orbit])
    halved = [one for one in longest_first if _is_halved(site, by_orbit[one].cube)]
    chosen = (halved or longest_first)[0]
    count_baseline(site, by_orbit[chosen].cube)
    return chosen


def _other(orbit: str, prepared: Prepared, fetched: Sequence[FetchedScene]) -> OtherOrbit:
    """An orbit that is not judged, with every scene of it."""
    held = {name for look in prepared.looks for name in (look.scene_id, *look.scene_ids)}
    held |= {failure.scene_id for failure in prepared.failures}
    ids = tuple(one.scene.id for one in fetched if one.scene.id in held)
    return OtherOrbit(orbit, len(prepared.cube.instants), ids)


def _failures(orbits: PreparedOrbits) -> tuple[AssetFailure, ...]:
    """What did not become data in any orbit."""
    of_series = chain.from_iterable(one.failures for one in orbits.by_orbit.values())
    return tuple(dict.fromkeys((*orbits.failures, *of_series)))


def detect_changes(
    site: Site, prepared: Prepared, config: RunConfig, *, sensor: Sensor
) -> SeriesChanges:
    """What the detector of a sensor says of a series.

    Raises:
        NothingSeenError: if no date is left before or after the end of the baseline.
    """
    cube, n_baseline = prepared.cube, count_baseline(site, prepared.cube)
    if sensor.is_optical:
        # The detector knows no sensor: it asks for red and nir by their roles.
        named = replace(cube, bands=sensor.in_roles(cube.bands))
        return HarmonicMonitor(config.monitor).detect(named, n_baseline)
    options, n_looks = config.radar, sensor.equivalent_looks or 0.0
    kept = in_season(cube, n_baseline, options.season_days)
    held = replace(cube, clear=cube.clear & kept[:, None, None])
    onset = RadarSteps(options, n_looks, stable_ground(prepared)).date_steps(held, n_baseline)
    return recorded_steps(onset, held, options)


def in_season(cube: DateCube, n_baseline: int, season_days: float) -> NDArray[np.bool_]:
    """The monitored dates, and those of the baseline that lie in their months, bool, (time,)."""
    monitored = np.arange(len(cube.instants)) >= n_baseline
    return monitored | same_season(cube.instants, monitored, season_days)


def stable_ground(prepared: Prepared) -> NDArray[np.bool_] | None:
    """The controls, bool, (y, x); None where they are too few pixels to stand for all ground."""
    stable = np.zeros(prepared.cube.grid.shape, dtype=bool)
    for mask in prepared.masks:
        if mask.is_control:
            stable[mask.window.slices] |= mask.fraction > INSIDE_SHARE
    return stable if stable.sum() >= MIN_GROUND else None


def count_baseline(site: Site, cube: DateCube) -> int:
    """How many leading dates of a cube belong to the baseline.

    Raises:
        NothingSeenError: if no date is left before or after the end of the baseline.
    """
    n_baseline = _n_before(site, cube)
    if _is_halved(site, cube):
        return n_baseline
    side = "after" if n_baseline else "before"
    raise NothingSeenError(
        f"no usable date lies {side} the end of the baseline, {site.baseline_end.isoformat()}",
        where=site.id,
        remedy="search a longer period or move baseline_end in site.toml",
    )


def _n_before(site: Site, cube: DateCube) -> int:
    """Dates up to the end of the baseline, in civil days of the site."""
    end = civil_day_span_utc(site.baseline_end, site.baseline_end, site.timezone).end
    return sum(instant <= end for instant in cube.instants)


def _is_halved(site: Site, cube: DateCube) -> bool:
    """Whether dates lie on both sides of the end of the baseline."""
    return 0 < _n_before(site, cube) < len(cube.instants)
