"""Products that a catalogue lists in two halves: searched together, and joined to one scene.

Here belongs the joining of Landsat's surface reflectance and surface temperature, which catalogues
after the way of the USGS keep as two collections with one item each. A half that is not listed is
not left out in silence: its bands are noted as missed, and the fetch records a failure for each.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.sensors.landsat import HALVES, has_temperature, product_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pipeline.model.scene import Scene


def groups_of(collections: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Collections by preference; halves of one product stand together, where the first one stood.

    Example:
        >>> groups_of(("landsat-c2-l2", "landsat-c2l2-sr", "landsat-c2l2-st"))
        (('landsat-c2-l2',), ('landsat-c2l2-sr', 'landsat-c2l2-st'))
    """
    wanted = tuple(collections)
    halves = tuple(name for name in HALVES if name in wanted)
    groups = (halves if name in halves else (name,) for name in wanted)
    return tuple(dict.fromkeys(groups))


def joined(scenes: Iterable[Scene], group: Collection[str]) -> tuple[Scene, ...]:
    """The scenes of a group, its halves put together by product.

    Args:
        scenes: of the group, in any order.
        group: what was wanted together; of a single collection nothing is joined or missed.
    """
    if len(group) < len(HALVES):
        return tuple(scenes)
    by_product: dict[str, list[Scene]] = {}
    others = []
    for scene in scenes:
        if scene.collection in HALVES:
            by_product.setdefault(product_of(scene.id), []).append(scene)
        else:
            others.append(scene)
    return (*others, *(one for it in by_product.items() for one in _whole(*it)))


def _whole(product: str, parts: Sequence[Scene]) -> tuple[Scene, ...]:
    """The halves of a product as one scene; as they are, if they contradict each other."""
    order = list(HALVES)
    halves = sorted(parts, key=lambda one: (order.index(one.collection), one.id))
    if len({(one.instant, one.platform, one.epsg) for one in halves}) > 1:
        why = "the other item of this product has another time, satellite or coordinate system"
        return tuple(_with_missed(one, product, (one,), why) for one in halves)
    # Of what both hold, the masks, that of the first stays.
    assets = {band: asset for one in reversed(halves) for band, asset in one.assets.items()}
    one = replace(halves[0], id=product, assets=dict(sorted(assets.items())))
    return (_with_missed(one, product, halves),)


def _with_missed(scene: Scene, product: str, halves: Sequence[Scene], why: str = "") -> Scene:
    """A scene with a note of the half that is not there, and why."""
    missed: dict[str, str] = {}
    for collection, (end, name, bands) in HALVES.items():
        is_there = collection in {half.collection for half in halves}
        if is_there or (end == "ST" and not has_temperature(product)):
            continue
        what = why or f"the catalogue lists no item of {name} ({collection}) for this product"
        missed |= dict.fromkeys((band for band in bands if band not in scene.assets), what)
    return replace(scene, missed=missed)
