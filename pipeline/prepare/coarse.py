"""From held coarse chips to looks: night lights and temperature without the folder they came from.

Here belongs the choice of the version that counts, the proof on reading, and what becomes of a
chip that fails it. What the numbers mean belongs to ``sensors``; bringing files in to ``fetch``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from pipeline.errors import AssetError, StoreError, WrongPlaceError
from pipeline.model.coarse_chip import PlacedLook
from pipeline.model.scene import AssetFailure, Remark
from pipeline.model.site import SITE_PLACE
from pipeline.sensors.coarse_looks import looks_of
from pipeline.store.coarse_chips import HeldCoarse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.errors import CorruptAssetError
    from pipeline.model.site import Site
    from pipeline.store.coarse_chips import CoarseStore


@dataclass(frozen=True)
class CoarseLooks:
    """What is held of a site in coarse sensors.

    Attributes:
        looks: by series, time and place; one version of each.
        failures: every chip that did not become a look, and every record that cannot be read.
        remarks: versions that gave way to a later one.
    """

    looks: tuple[PlacedLook, ...]
    failures: tuple[AssetFailure, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def of(self, place: str) -> tuple[PlacedLook, ...]:
        """The looks of one place."""
        return tuple(one for one in self.looks if one.place == place)


def prepare_coarse(site: Site, store: CoarseStore, sensor: str | None = None) -> CoarseLooks:
    """Read what is held over a site and its comparators, every number proven by its hash.

    Of the versions of one acquisition over one place the one whose name sorts last counts. If it
    fails the proof, that is a failure, and no older one takes its place. Where a record cannot be
    read nobody knows which version counts, so its whole acquisition is left out and told.

    Args:
        site: the place.
        store: where the chips lie.
        sensor: one of ``sensors.coarse_names.COARSE_SENSORS``; None for all.
    """
    places = {*site.places}
    looks: list[PlacedLook] = []
    failures: list[AssetFailure] = []
    remarks: list[Remark] = []
    for versions in _groups(store, failures):
        newest = versions[-1]
        if newest.record.place not in places or sensor not in (None, newest.record.sensor):
            continue
        words = f"{newest.record.name} is a later version, and counts"
        remarks += [Remark(one.record.name, "", words) for one in versions[:-1]]
        try:
            looks += _proven(site, store, newest)
        except (AssetError, StoreError) as error:
            failures.append(_failure(newest.record.name, newest.record.place, error))
    ordered = sorted(looks, key=_order)
    return CoarseLooks(tuple(ordered), tuple(failures), tuple(remarks))


def _groups(store: CoarseStore, failures: list[AssetFailure]) -> Iterable[Sequence[HeldCoarse]]:
    """The versions of each acquisition over each place, the one that counts last."""
    groups: dict[tuple[str, str], list[HeldCoarse]] = {}
    broken: dict[str, CorruptAssetError] = {}
    for held in store.holdings():
        if isinstance(held, HeldCoarse):
            groups.setdefault((held.path.parent.name, held.record.place), []).append(held)
        else:
            broken[held.where.partition("/")[0]] = held
            failures.append(_failure(held.where, "", held))
    for (folder, _), versions in groups.items():
        if folder not in broken:
            yield sorted(versions, key=lambda one: one.record.order)


def _proven(site: Site, store: CoarseStore, held: HeldCoarse) -> list[PlacedLook]:
    """The looks of one chip.

    Raises:
        WrongPlaceError: if the outline has grown beyond the pixels since they were read.
        AssetError: if it was altered.
        StoreError: if a file of it cannot be read.
    """
    record = held.record
    outline = site.outline_of(record.place)
    if not shapely.box(*record.wanted).covers(shapely.box(*outline.bounds)):
        what = f"the outline of {record.place} has grown beyond the pixels that are held"
        raise WrongPlaceError(what, where=record.name, remedy="fetch the file again")
    return [PlacedLook(record.place, look) for look in looks_of(store.read(held))]


def _order(placed: PlacedLook) -> tuple[object, ...]:
    """By series, time and place, the site first."""
    label, period = placed.look.label, placed.look.period
    series = label.sensor, label.product, label.variant
    return *series, period.start, period.end, placed.place != SITE_PLACE, placed.place


def _failure(name: str, place: str, error: AssetError | StoreError) -> AssetFailure:
    """An error as a value; it names no folder of this machine."""
    cure = f" ({error.remedy})" if error.remedy else ""
    return AssetFailure(name, place, type(error).__name__, " ".join(f"{error.what}{cure}".split()))
