"""Ask a catalogue for a site and a period, and keep one scene per overpass.

Here belongs the choice between items of one overpass. Listing belongs to ``catalogs``.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import shapely

from pipeline.errors import EmptySearchError
from pipeline.model.grid import Bounds
from pipeline.sensors.landsat import day_key
from pipeline.sensors.sentinel2 import parse_baseline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from typing import TypeAlias

    from pipeline.catalogs import Lister
    from pipeline.config import SearchOptions
    from pipeline.model.change import Period
    from pipeline.model.scene import Scene
    from pipeline.model.site import Site


def search(
    site: Site, catalog: Lister, period: Period, options: SearchOptions
) -> tuple[Scene, ...]:
    """List the scenes of a site, one per overpass, by instant and id.

    Raises:
        EmptySearchError: if there is none.
        SearchError: if the listing is not known to be complete.
    """
    bounds = Bounds(*site.boundary.bounds)
    scenes = one_per_overpass(site, catalog.search(bounds, period, options))
    if not scenes:
        span = f"{period.start:%Y-%m-%d} to {period.end:%Y-%m-%d}"
        what = f"no scene of site {site.id} from {span} in {', '.join(options.collections)}"
        remedy = "widen the period, check the boundary, or name another source"
        raise EmptySearchError(what, where=catalog.name, remedy=remedy)
    return scenes


def one_per_overpass(site: Site, scenes: Iterable[Scene]) -> tuple[Scene, ...]:
    """Keep one scene per overpass, by instant and id, whatever the order they come in.

    Of several items of one overpass (two tiles, two processings, two stations) the one is kept
    that covers the whole site; among such, the newest processing baseline; then the one that
    covers more of the site; then the last id, because sequence numbers and processing times
    stand at the end of ids. Scenes with one instant are one overpass, too: no two satellites
    look at one place in one instant. Where Landsat 5 and 7 both look on one day, Landsat 5 is
    kept, unless Landsat 7 alone covers the whole site: it has gaps since 2003.
    """
    preference = _preference(site)
    kept = _best(scenes, lambda scene: scene.acquisition_key or scene.id, preference)
    kept = _best(kept, lambda scene: scene.instant.isoformat(), preference)
    kept = _best(kept, lambda scene: day_key(scene) or f"{scene.instant} {scene.id}", preference)
    return tuple(sorted(kept, key=lambda scene: (scene.instant, scene.id)))


def superseded(site: Site, scenes: Iterable[Scene]) -> tuple[Scene, ...]:
    """The scenes that gave way to another one of their overpass, by instant and id."""
    scenes = tuple(scenes)
    kept = set(map(id, one_per_overpass(site, scenes)))
    lost = (scene for scene in scenes if id(scene) not in kept)
    return tuple(sorted(lost, key=lambda scene: (scene.instant, scene.id)))


Preference: TypeAlias = "tuple[bool, bool, tuple[int, int], float, str, str, datetime]"


def _preference(site: Site) -> Callable[[Scene], Preference]:
    """What makes one scene of an overpass better than another; the highest is kept."""
    shapely.prepare(site.boundary)

    def preference(scene: Scene) -> Preference:
        whole = bool(scene.footprint.covers(site.boundary))
        part = site.boundary if whole else scene.footprint.intersection(site.boundary)
        baseline = parse_baseline(scene.processing_baseline) or (0, 0)
        # Six digits, because the overlay of two outlines is no more exact than that.
        share = round(part.area / site.boundary.area, 6)
        return (
            whole,
            scene.platform != "landsat-7",
            baseline,
            share,
            scene.id,
            scene.collection,
            scene.instant,
        )

    return preference


def _best(
    scenes: Iterable[Scene],
    key: Callable[[Scene], str],
    preference: Callable[[Scene], Preference],
) -> tuple[Scene, ...]:
    """The most preferred scene of each group."""
    ordered = sorted(scenes, key=key)
    return tuple(max(group, key=preference) for _, group in groupby(ordered, key))
