"""Which scenes make one series, with which bands, and on which grid.

Here belongs the choice among what was fetched, before a pixel is read. Reading a tile belongs to
``tile``; which orbits may stand together, and which bands a sensor must have, to ``sensors``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.errors import AssetError, InputError, MissingBandError
from pipeline.prepare.cube import failure_of
from pipeline.sensors import sensor_of
from pipeline.sensors.sentinel1 import by_orbit, one_orbit, orbit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.model.grid import Grid
    from pipeline.model.scene import AssetFailure, FetchedScene
    from pipeline.sensors import Sensor


def refuse_others(fetched: Iterable[FetchedScene], sensor: Sensor) -> None:
    """Refuse scenes of another sensor: their numbers mean something else.

    Raises:
        InputError: if there are any. A scene of an unknown collection goes by its bands.
    """
    for one in fetched:
        other = sensor_of(one.scene.collection)
        if other is not None and other is not sensor and other.id != sensor.id:
            what = f"it is of {other.label}, and the series of {sensor.label}"
            raise InputError(what, where=one.scene.id, remedy="make one series of each sensor")


def orbit_in(fetched: Sequence[FetchedScene], sensor: Sensor) -> str:
    """The one orbit of a radar's scenes, in words; empty for all other sensors.

    Raises:
        InputError: if they are of several orbits.
        AssetError: if one does not state its orbit.
    """
    if not sensor.is_by_orbit:
        return ""
    return str(one_orbit([one.scene for one in fetched]) or "")


def split_by_orbit(
    fetched: Sequence[FetchedScene],
) -> tuple[dict[str, list[FetchedScene]], list[AssetFailure]]:
    """The scenes of each orbit, by number of the track, and a failure for each that states none."""
    failures: list[AssetFailure] = []
    known: list[FetchedScene] = []
    for one in fetched:
        try:
            orbit_of(one.scene)
            known.append(one)
        except AssetError as error:
            failures.append(failure_of(one.scene.id, "", error))
    orbits = by_orbit([one.scene for one in known])
    return {
        str(orbit): [one for one in known if orbit_of(one.scene) == orbit] for orbit in orbits
    }, failures


def missing(one: FetchedScene, bands: Iterable[str], sensor: Sensor) -> tuple[str, ...]:
    """Which of some bands did not arrive, and the mask if the item lists one that did not.

    A mask that exists and did not come would leave clouds or layover among the clear pixels.
    """
    mask = sensor.mask
    listed = (mask,) if mask is not None and mask in one.scene.assets else ()
    return tuple(band for band in dict.fromkeys((*bands, *listed)) if band not in one.chips)


def is_whole(one: FetchedScene, sensor: Sensor) -> bool:
    """Whether everything that a scene must have arrived."""
    return not missing(one, sensor.required, sensor)


def unrecorded(one: FetchedScene, sensor: Sensor) -> Iterable[AssetFailure]:
    """A failure for each missing band for which the fetch recorded none."""
    recorded = {failure.band for failure in one.failures}
    if "" in recorded:
        return
    for band in missing(one, sensor.required, sensor):
        if band not in recorded:
            error = MissingBandError(f"the scene has no band {band}", where=one.scene.id)
            yield failure_of(one.scene.id, band, error)


def choose_bands(scenes: Sequence[FetchedScene], sensor: Sensor) -> tuple[str, ...]:
    """The main bands, and those further ones that every scene has."""
    further = (band for band in sensor.further_bands if all(band in one.chips for one in scenes))
    return (*sensor.main_bands, *further)


def choose_grid(scenes: Sequence[FetchedScene], sensor: Sensor, crs: str) -> Grid:
    """The grid that most scenes share, those in the CRS of the site before all others."""
    counts = Counter(one.chips[sensor.main_bands[0]].grid for one in scenes)
    return max(counts, key=lambda grid: (grid.crs == crs, counts[grid]))
