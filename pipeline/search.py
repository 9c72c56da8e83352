"""Ask a catalogue for a site and a period, and keep one acquisition per overpass.

Here belongs the choice between items of one overpass, and what is said of scenes that were listed
before and are not any more. Listing belongs to ``catalogs``, the memory of it to ``store.listed``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import shapely

from pipeline.errors import EmptySearchError
from pipeline.model.grid import Bounds
from pipeline.model.scene import Remark
from pipeline.sensors.landsat import day_key
from pipeline.sensors.sentinel2 import parse_baseline

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import TypeAlias

    from pipeline.catalogs import Lister
    from pipeline.config import SearchOptions
    from pipeline.errors import SearchError
    from pipeline.model.change import Period
    from pipeline.model.provenance import ListedScene
    from pipeline.model.scene import Scene
    from pipeline.model.site import Site


MIN_ADDED_SHARE = 1e-4
"""Share of the site that a further tile must add: below that, outlines are rounded."""
MAX_NAMED = 3
"""So many ids stand in a message; the rest is counted."""


@dataclass(frozen=True)
class Listing:
    """What a catalogue listed, and what was kept of it.

    Attributes:
        scenes: one acquisition per overpass, by instant; the tiles of one stand together, the
            preferred one first.
        superseded: what gave way to another scene of its overpass, by instant and id.
        remarks: what must be said of the listing as a whole, such as that scenes are gone.
    """

    scenes: tuple[Scene, ...]
    superseded: tuple[Scene, ...]
    remarks: tuple[Remark, ...] = ()


def search(
    site: Site, catalog: Lister, period: Period, options: SearchOptions
) -> tuple[Scene, ...]:
    """The scenes of ``list_scenes`` that were kept.

    Raises:
        EmptySearchError: if there is none.
        SearchError: if the listing is not known to be complete.
    """
    return list_scenes(site, catalog, period, options).scenes


def list_scenes(
    site: Site,
    catalog: Lister,
    period: Period,
    options: SearchOptions,
    *,
    earlier: Sequence[ListedScene] = (),
) -> Listing:
    """List the scenes of a site, one acquisition per overpass.

    Args:
        site: the place.
        catalog: who is asked.
        period: both ends included.
        options: collections by preference, and the limits of a listing.
        earlier: what earlier listings of the same source and place named, at any time.

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
    named = named_before(earlier, period, options.collections)
    return Listing(scenes, _lost(listed, scenes), tuple(_remarks_on_gone(named, listed)))


def named_before(
    earlier: Iterable[ListedScene], period: Period, collections: Collection[str]
) -> tuple[ListedScene, ...]:
    """What earlier listings named within a period in any of the collections, each id once."""
    wanted = {"", *collections}
    named = {
        (one.collection, one.id): one
        for one in earlier
        if one.instant in period and one.collection in wanted
    }
    return tuple(named.values())


def _remarks_on_gone(named: Iterable[ListedScene], listed: Sequence[Scene]) -> Iterator[Remark]:
    """What to say of scenes that were named before and are not listed now, by collection."""
    now = {(scene.collection, scene.id) for scene in listed}
    missed = [one for one in named if (one.collection, one.id) not in now]
    answered = {scene.collection for scene in listed}
    for collection in dict.fromkeys(one.collection for one in missed):
        gone = [one for one in missed if one.collection == collection]
        ids = some_of([one.id for one in gone]) + _elsewhere(gone, listed)
        if collection in answered:
            what = (
                f"{_scenes(gone)} that an earlier listing of the same source, collection, site and"
                f" period named are not listed any more: {ids}"
            )
        else:
            what = (
                f"{_scenes(gone)} of collection {collection or 'without a name'} that an earlier"
                " listing of the same source, site and period named are not in this one, which is"
                f" of {', '.join(sorted(answered))}: {ids}"
            )
        yield Remark("", "", what)


def _elsewhere(gone: Sequence[ListedScene], listed: Iterable[Scene]) -> str:
    """How many of the overpasses are still listed, under another id; empty if none is."""
    keys = {scene.acquisition_key for scene in listed} - {""}
    n_other = sum(one.acquisition_key in keys for one in gone)
    return f" ({n_other} of them listed under another id of the same overpass)" if n_other else ""


def _scenes(found: Sequence[object]) -> str:
    """A number of scenes in words."""
    return f"{len(found)} scene{'' if len(found) == 1 else 's'}"


def some_of(ids: Sequence[str]) -> str:
    """The first few of some ids, and how many more there are.

    Example:
        >>> some_of(["a", "b", "c", "d", "e"])
        'a, b, c and 2 more'
    """
    rest = len(ids) - MAX_NAMED
    return ", ".join(ids[:MAX_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def said_of_before(
    error: SearchError, named: Sequence[ListedScene], held: Sequence[str]
) -> SearchError:
    """An empty listing, with what is known of the place and time all the same.

    Args:
        error: that the catalogue holds nothing, or none of the collections.
        named: what earlier listings named of the same source, collections, place and period.
        held: ids of the scenes of which chips are held, of those collections and that period.
    """
    known = []
    if named:
        ids = some_of([one.id for one in named])
        known.append(
            f"an earlier listing of the same source, collection, site and period named"
            f" {_scenes(named)} ({ids})"
        )
    if held:
        known.append(f"chips of {_scenes(held)} are held from before ({some_of(held)}) and stay")
    if not known:
        return error
    what = f"{error.what}; yet {', and '.join(known)}"
    remedy = f"see whether the catalogue renamed a collection or moved; {error.remedy}"
    return type(error)(what, where=error.where, remedy=remedy)


def one_per_overpass(site: Site, scenes: Iterable[Scene]) -> tuple[Scene, ...]:
    """Keep one acquisition per overpass, by instant, whatever the order they come in.

    Of several items of one overpass (two tiles, two processings, two stations) the one is kept
    that covers the whole site; among such, the newest processing baseline; then the one that
    covers more of the site; then the last id, because sequence numbers and processing times
    stand at the end of ids. Where none covers the whole site, every tile stays that adds to what
    the preferred ones before it cover, in that order. Scenes with one instant are one overpass,
    too: no two satellites look at one place in one instant. Where Landsat 5 and 7 both look on one
    day, Landsat 5 is kept, unless Landsat 7 alone covers the whole site: it has gaps since 2003.
    """
    preference = _preference(site)
    groups = _grouped(scenes, lambda scene: scene.acquisition_key or scene.id)
    kept = [_tiles(site, sorted(group, key=preference, reverse=True)) for group in groups]
    for shared in (lambda one: one.instant.isoformat(), _day_or_self):
        kept = _first_of_each(kept, shared, preference)
    return tuple(scene for tiles in sorted(kept, key=_time_and_id) for scene in tiles)


def _day_or_self(scene: Scene) -> str:
    """What Landsat scenes of one path and day share; every other scene stands alone."""
    return day_key(scene) or f"{scene.instant} {scene.id}"


def _time_and_id(tiles: Tiles) -> tuple[datetime, str]:
    """The order of acquisitions."""
    return tiles[0].instant, tiles[0].id


def _first_of_each(
    kept: Iterable[Tiles],
    shared: Callable[[Scene], str],
    preference: Callable[[Scene], Preference],
) -> list[Tiles]:
    """The preferred acquisition of those whose first tiles share a key."""
    ordered = sorted(kept, key=lambda tiles: shared(tiles[0]))
    return [
        max(group, key=lambda tiles: preference(tiles[0]))
        for _, group in groupby(ordered, lambda tiles: shared(tiles[0]))
    ]


def _tiles(site: Site, ordered: list[Scene]) -> tuple[Scene, ...]:
    """The tiles of one overpass that are needed to cover the site, the preferred one first."""
    kept, rest = [ordered[0]], site.boundary.difference(ordered[0].footprint)
    for scene in ordered[1:]:
        smaller = rest.difference(scene.footprint)
        if (rest.area - smaller.area) / site.boundary.area >= MIN_ADDED_SHARE:
            kept.append(scene)
            rest = smaller
    return tuple(kept)


def superseded(site: Site, scenes: Iterable[Scene]) -> tuple[Scene, ...]:
    """The scenes that gave way to another one of their overpass, by instant and id."""
    scenes = tuple(scenes)
    return _lost(scenes, one_per_overpass(site, scenes))


def _lost(scenes: Iterable[Scene], kept: Iterable[Scene]) -> tuple[Scene, ...]:
    """The scenes that are not among those that were kept."""
    held = set(map(id, kept))
    lost = (scene for scene in scenes if id(scene) not in held)
    return tuple(sorted(lost, key=lambda scene: (scene.instant, scene.id)))


Tiles: TypeAlias = "tuple[Scene, ...]"
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


def _grouped(scenes: Iterable[Scene], key: Callable[[Scene], str]) -> list[list[Scene]]:
    """The scenes of each key."""
    return [list(group) for _, group in groupby(sorted(scenes, key=key), key)]
