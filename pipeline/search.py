"""Ask a catalogue for a site and a period, and keep one acquisition per overpass.

Here belongs the choice between items of one overpass. Listing belongs to ``catalogs``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import shapely

from pipeline.errors import EmptySearchError
from pipeline.model.grid import Bounds
from pipeline.sensors.sentinel2 import parse_baseline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from typing import TypeAlias

    from pipeline.catalogs import Catalog
    from pipeline.config import SearchOptions
    from pipeline.model.change import Period
    from pipeline.model.scene import Scene
    from pipeline.model.site import Site


MIN_ADDED_SHARE = 1e-4
"""Share of the site that a further tile must add: below that, outlines are rounded."""


@dataclass(frozen=True)
class Listing:
    """What a catalogue listed, and what was kept of it.

    Attributes:
        scenes: one acquisition per overpass, by instant; the tiles of one stand together, the
            preferred one first.
        superseded: what gave way to another scene of its overpass, by instant and id.
    """

    scenes: tuple[Scene, ...]
    superseded: tuple[Scene, ...]


def search(
    site: Site, catalog: Catalog, period: Period, options: SearchOptions
) -> tuple[Scene, ...]:
    """The scenes of ``list_scenes`` that were kept.

    Raises:
        EmptySearchError: if there is none.
        SearchError: if the listing is not known to be complete.
    """
    return list_scenes(site, catalog, period, options).scenes


def list_scenes(site: Site, catalog: Catalog, period: Period, options: SearchOptions) -> Listing:
    """List the scenes of a site, one acquisition per overpass.

    Raises:
        EmptySearchError: if there is none.
        SearchError: if the listing is not known to be complete.
    """
    bounds = Bounds(*site.boundary.bounds)
    listed = tuple(catalog.search(bounds, period, options))
    scenes = one_per_overpass(site, listed)
    if not scenes:
        span = f"{period.start:%Y-%m-%d} to {period.end:%Y-%m-%d}"
        what = f"no scene of site {site.id} from {span} in {', '.join(options.collections)}"
        remedy = "widen the period, check the boundary, or name another source"
        raise EmptySearchError(what, where=catalog.name, remedy=remedy)
    return Listing(scenes, _lost(listed, scenes))


def one_per_overpass(site: Site, scenes: Iterable[Scene]) -> tuple[Scene, ...]:
    """Keep one acquisition per overpass, by instant, whatever the order they come in.

    Of several items of one overpass (two tiles, two processings, two stations) the one is kept
    that covers the whole site; among such, the newest processing baseline; then the one that
    covers more of the site; then the last id, because sequence numbers and processing times
    stand at the end of ids. Where none covers the whole site, every tile stays that adds to what
    the preferred ones before it cover, in that order. Scenes with one instant are one overpass,
    too: no two satellites look at one place in one instant.
    """
    preference = _preference(site)
    groups = _grouped(scenes, lambda scene: scene.acquisition_key or scene.id)
    kept = [_tiles(site, sorted(group, key=preference, reverse=True)) for group in groups]
    firsts = [
        max(_grouped_at(kept, instant), key=lambda tiles: preference(tiles[0]))
        for instant in sorted({tiles[0].instant for tiles in kept})
    ]
    return tuple(scene for tiles in firsts for scene in tiles)


def _tiles(site: Site, ordered: list[Scene]) -> tuple[Scene, ...]:
    """The tiles of one overpass that are needed to cover the site, the preferred one first."""
    kept, rest = [ordered[0]], site.boundary.difference(ordered[0].footprint)
    for scene in ordered[1:]:
        smaller = rest.difference(scene.footprint)
        if (rest.area - smaller.area) / site.boundary.area >= MIN_ADDED_SHARE:
            kept.append(scene)
            rest = smaller
    return tuple(kept)


def _grouped_at(kept: Iterable[tuple[Scene, ...]], instant: datetime) -> list[tuple[Scene, ...]]:
    """The acquisitions whose preferred tile is of an instant."""
    return [tiles for tiles in kept if tiles[0].instant == instant]


def superseded(site: Site, scenes: Iterable[Scene]) -> tuple[Scene, ...]:
    """The scenes that gave way to another one of their overpass, by instant and id."""
    scenes = tuple(scenes)
    return _lost(scenes, one_per_overpass(site, scenes))


def _lost(scenes: Iterable[Scene], kept: Iterable[Scene]) -> tuple[Scene, ...]:
    """The scenes that are not among those that were kept."""
    held = set(map(id, kept))
    lost = (scene for scene in scenes if id(scene) not in held)
    return tuple(sorted(lost, key=lambda scene: (scene.instant, scene.id)))


Preference: TypeAlias = "tuple[bool, tuple[int, int], float, str, str, datetime]"


def _preference(site: Site) -> Callable[[Scene], Preference]:
    """What makes one scene of an overpass better than another; the highest is kept."""
    shapely.prepare(site.boundary)

    def preference(scene: Scene) -> Preference:
        whole = bool(scene.footprint.covers(site.boundary))
        part = site.boundary if whole else scene.footprint.intersection(site.boundary)
        baseline = parse_baseline(scene.processing_baseline) or (0, 0)
        # Six digits, because the overlay of two outlines is no more exact than that.
        share = round(part.area / site.boundary.area, 6)
        return whole, baseline, share, scene.id, scene.collection, scene.instant

    return preference


def _grouped(scenes: Iterable[Scene], key: Callable[[Scene], str]) -> list[list[Scene]]:
    """The scenes of each key."""
    return [list(group) for _, group in groupby(sorted(scenes, key=key), key)]
