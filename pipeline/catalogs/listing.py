"""What every catalogue does with its answer: pick the collection, cut to place and period.

Here belongs what a listing of scenes means, whoever gave it. Where the items come from belongs
to the catalogues; which of two items of one overpass is kept belongs to ``search``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely
from shapely.geometry import box

from pipeline.catalogs.halves import groups_of, joined
from pipeline.errors import NoCollectionError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pipeline.model.change import Period
    from pipeline.model.grid import Bounds
    from pipeline.model.scene import Scene


def available(wanted: Iterable[str], held: Collection[str], where: str) -> tuple[str, ...]:
    """The wanted collections that a catalogue holds, in the order in which they are wanted.

    Args:
        wanted: ids by preference.
        held: ids that the catalogue holds.
        where: the catalogue, for the message.

    Raises:
        NoCollectionError: if it holds none of them.
    """
    wanted = tuple(wanted)
    found = tuple(name for name in wanted if name in held)
    if not found:
        holds = ", ".join(sorted(held)[:20]) or "no collection at all"
        what = f"the catalogue has none of the collections {', '.join(wanted)}"
        remedy = f"set search.collections in the settings; it has {holds}"
        raise NoCollectionError(what, where=where, remedy=remedy)
    return found


def first_held(
    scenes: Collection[Scene],
    held: Collection[str],
    span: tuple[Bounds, Period],
    *,
    wanted: Iterable[str],
    where: str,
) -> tuple[Scene, ...]:
    """The scenes of the first wanted collection that holds any; those of none belong to every one.

    Halves of one product are one collection in this.

    Args:
        scenes: all that were found.
        held: ids of the collections that were met.
        span: place and time.
        wanted: ids by preference.
        where: the catalogue, for the message.

    Raises:
        NoCollectionError: if there are collections and none is wanted.
    """
    if not held:
        return inside(scenes, *span)
    wanted = tuple(wanted)
    found_in = available(wanted, held, where)
    for group in groups_of(wanted):
        names = {"", *group}.intersection(("", *found_in))
        found = inside((s for s in scenes if s.collection in names), *span)
        if found and names != {""}:
            return inside(joined(found, group), *span)
    return ()


def inside(scenes: Iterable[Scene], bounds: Bounds, period: Period) -> tuple[Scene, ...]:
    """The scenes that touch the bounds within the period, by instant and id, each id once.

    Args:
        scenes: in any order.
        bounds: longitude and latitude.
        period: both ends included.
    """
    place = box(bounds.left, bounds.bottom, bounds.right, bounds.top)
    shapely.prepare(place)
    kept = {
        (scene.instant, scene.collection, scene.id): scene
        for scene in scenes
        if scene.instant in period and place.intersects(scene.footprint)
    }
    return tuple(kept[key] for key in sorted(kept))
