"""What is held of a site: scenes with their bands and versions, and what failed the last time.

Here belongs the reading of a work folder for a person. Nothing is written, asked for or proven
here; proof belongs to ``store.chips``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.model.gaps import Gap, gaps
from pipeline.model.scene import AssetFailure
from pipeline.model.site import SITE_PLACE
from pipeline.sensors.coarse_names import name_of
from pipeline.store.chips import ChipStore
from pipeline.store.coarse_chips import CoarseStore, HeldCoarse
from pipeline.store.ledger import open_ledger
from pipeline.store.records import peek_record, read_fetch_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.model.scene import Remark
    from pipeline.store.chips import HeldChip
    from pipeline.store.layout import WorkFolder

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class HeldScene:
    """One scene in the store, its newest version.

    Attributes:
        id: the catalogue's id of it.
        collection: the catalogue's id of its collection.
        instant: when it was taken, UTC; None in stores that were written before it was noted.
        platform: the satellite; empty likewise.
        baseline: processing baseline.
        bands: by common name, in order.
        n_versions: how often upstream has published it, as far as it was met.
        clear_share: share of the site that was seen clearly, where the last run found out.
        nbytes: size of its chips on this disk, all versions.
        unverifiable: bands that no checksum of the catalogue was held against.
        is_simulated: whether it is marked so.
    """

    id: str
    collection: str
    instant: datetime | None
    platform: str
    baseline: str | None
    bands: tuple[str, ...]
    n_versions: int
    clear_share: float | None
    nbytes: int
    unverifiable: tuple[str, ...]
    is_simulated: bool

    def as_json(self) -> dict[str, object]:
        """The scene as a JSON object."""
        return vars(self) | {"instant": None if self.instant is None else self.instant.isoformat()}


@dataclass(frozen=True)
class HeldCoarseScene:
    """One acquisition of a coarse sensor in the store, its version that counts.

    Attributes:
        name: of the file that its numbers come from.
        sensor: id of the sensor.
        product: the product's short name, for DMSP the satellite.
        variant: layer or tile, where the file's name states one.
        collection: the upstream version.
        start: when it was seen first, UTC.
        end: when it was seen last, UTC.
        places: what it is held over: the site, and comparators.
        layers: by name, in the order of the file.
        n_versions: how many versions of it are held.
        seen_share: share of the site that was seen when it was kept, the most of its composites;
            None if it does not hold the site.
        retrieved_at: when it was read, UTC.
        sha256: hash of the file that the numbers come from, hex.
        nbytes: size of its chips on this disk, all versions.
        is_simulated: whether it is marked so.
    """

    name: str
    sensor: str
    product: str
    variant: str
    collection: str
    start: datetime
    end: datetime
    places: tuple[str, ...]
    layers: tuple[str, ...]
    n_versions: int
    seen_share: float | None
    retrieved_at: datetime
    sha256: str
    nbytes: int
    is_simulated: bool

    def as_json(self) -> dict[str, object]:
        """The scene as a JSON object."""
        times = {name: getattr(self, name).isoformat() for name in ("start", "end", "retrieved_at")}
        return vars(self) | times


@dataclass(frozen=True)
class HeldSeries:
    """The acquisitions of one product, and what lies missing between them.

    Attributes:
        sensor: id of the sensor.
        product: the product's short name, for DMSP the satellite.
        variant: layer or tile, where the file's name states one.
        cadence: how often the product comes: ``day``, ``month``, ``year`` or ``scene``.
        n_held: how many are held.
        first: when the first began, UTC.
        last: when the last began, UTC.
        gaps: what is not held in between.
    """

    sensor: str
    product: str
    variant: str
    cadence: str
    n_held: int
    first: datetime
    last: datetime
    gaps: tuple[Gap, ...]

    def as_json(self) -> dict[str, object]:
        """The series as a JSON object."""
        missing = [[str(gap.first), str(gap.last), gap.n] for gap in self.gaps]
        times = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return vars(self) | times | {"gaps": missing}


@dataclass(frozen=True)
class LastPass:
    """What the last run or fetch could not do.

    Attributes:
        name: ``run 0123456789ab`` or ``fetch``; empty if there was none.
        finished: when it ended, UTC.
        failures: every asset that did not become data.
        remarks: what is no failure and must be said.
    """

    name: str = ""
    finished: datetime = _LONG_AGO
    failures: tuple[AssetFailure, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Holdings:
    """What is held of a site.

    Attributes:
        site_id: the site.
        scenes: by instant and id; those without an instant first.
        last: what the last run or fetch could not do.
        coarse: night lights and coarse temperature, by series and time.
        series: of those, with their gaps.
        damaged: records of chips that cannot be read.
    """

    site_id: str
    scenes: tuple[HeldScene, ...]
    last: LastPass = field(default_factory=LastPass)
    coarse: tuple[HeldCoarseScene, ...] = ()
    series: tuple[HeldSeries, ...] = ()
    damaged: tuple[AssetFailure, ...] = ()

    def as_json(self) -> dict[str, object]:
        """All of it as a JSON object."""
        last = {
            "name": self.last.name,
            "finished": self.last.finished.isoformat() if self.last.name else None,
            "failures": [vars(failure) for failure in self.last.failures],
            "remarks": [vars(remark) for remark in self.last.remarks],
        }
        scenes = [scene.as_json() for scene in self.scenes]
        more: dict[str, object] = {
            "coarse": [one.as_json() for one in self.coarse],
            "series": [one.as_json() for one in self.series],
            "damaged": [vars(one) for one in self.damaged],
        }
        return {"site": self.site_id, "scenes": scenes, "last": last, **more}


def list_holdings(work: WorkFolder) -> Holdings:
    """What is held of a site, as its records say.

    Raises:
        StoreError: if the ledger is damaged.
    """
    groups: dict[tuple[str, str], list[HeldChip]] = {}
    for held in ChipStore(work.chips).holdings():
        groups.setdefault((held.record.collection, held.record.scene), []).append(held)
    shares = _clear_shares(work)
    scenes = (_scene(chips, shares) for chips in groups.values())
    ordered = sorted(scenes, key=lambda scene: (scene.instant or _LONG_AGO, scene.id))
    coarse, damaged = _coarse_scenes(CoarseStore(work.coarse))
    return Holdings(
        site_id=work.site_id,
        scenes=tuple(ordered),
        last=_last_pass(work),
        coarse=coarse,
        series=_series_of(coarse),
        damaged=damaged,
    )


def _scene(chips: Iterable[HeldChip], shares: Mapping[str, float]) -> HeldScene:
    """One scene from its chips."""
    ordered = sorted(chips, key=lambda one: one.record.order)
    newest = {one.record.band: one.record for one in ordered}
    last = ordered[-1].record
    instants = [one.record.instant for one in ordered if one.record.instant is not None]
    return HeldScene(
        id=last.scene,
        collection=last.collection,
        instant=max(instants, default=None),
        platform=last.platform,
        baseline=last.baseline,
        bands=tuple(sorted(newest)),
        n_versions=max(one.record.version for one in ordered),
        clear_share=shares.get(last.scene),
        nbytes=sum(max(0, one.record.file_nbytes) for one in ordered),
        unverifiable=tuple(sorted(band for band, one in newest.items() if one.unverifiable)),
        is_simulated=last.simulated,
    )


def _coarse_scenes(
    store: CoarseStore,
) -> tuple[tuple[HeldCoarseScene, ...], tuple[AssetFailure, ...]]:
    """The acquisitions of coarse sensors, and the records that cannot be read."""
    groups: dict[str, list[HeldCoarse]] = {}
    damaged = []
    for held in store.holdings():
        if isinstance(held, HeldCoarse):
            groups.setdefault(held.record.acquisition, []).append(held)
        else:
            words = f"{held.what} ({held.remedy})"
            damaged.append(AssetFailure(held.where, "", type(held).__name__, words))
    scenes = sorted(map(_coarse_scene, groups.values()), key=_coarse_order)
    return tuple(scenes), tuple(damaged)


def _coarse_scene(chips: Iterable[HeldCoarse]) -> HeldCoarseScene:
    """One acquisition from its chips over all places."""
    records = [one.record for one in sorted(chips, key=lambda one: one.record.order)]
    newest = {record.place: record for record in records}
    last, site = records[-1], newest.get(SITE_PLACE)
    named = name_of(last.name, last.timezone)
    return HeldCoarseScene(
        name=last.name,
        sensor=last.sensor,
        product=last.product,
        variant=named.label.variant,
        collection=last.collection,
        start=last.start,
        end=last.end,
        places=tuple(sorted(newest, key=lambda place: (place != SITE_PLACE, place))),
        layers=tuple(layer.name for layer in last.layers),
        n_versions=len({(one.name, one.sources[0].sha256) for one in records}),
        seen_share=None if site is None else max(site.seen.values(), default=None),
        retrieved_at=max(one.retrieved_at for one in newest.values()),
        sha256=last.sources[0].sha256,
        nbytes=sum(record.nbytes for record in records),
        is_simulated=last.simulated,
    )


def _coarse_order(scene: HeldCoarseScene) -> tuple[str, str, str, datetime, str]:
    """By series and time."""
    return scene.sensor, scene.product, scene.variant, scene.start, scene.name


def _series_of(scenes: Iterable[HeldCoarseScene]) -> tuple[HeldSeries, ...]:
    """The series that acquisitions belong to; scenes are in order."""
    found = []
    for key, group in groupby(scenes, key=lambda one: (one.sensor, one.product, one.variant)):
        held = tuple(group)
        cadence = name_of(held[0].name, "UTC").cadence
        missing = gaps(cadence, (one.start.date() for one in held))
        span = held[0].start, held[-1].start
        found.append(HeldSeries(*key, cadence, len(held), *span, missing))
    return tuple(found)


def _clear_shares(work: WorkFolder) -> dict[str, float]:
    """Clear share by scene id, from the table of the run whose products hold."""
    run_id = work.current()
    if run_id is None:
        return {}
    try:
        text = (work.products_of(run_id) / "scenes.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(text.splitlines()))
        return {row["id"]: float(row["clear_share"]) for row in rows if row["clear_share"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # not known, which is what the listing then says


def _last_pass(work: WorkFolder) -> LastPass:
    """The later one of the last run and the last fetch."""
    fetched, last = read_fetch_record(work), LastPass()
    if fetched is not None:
        last = LastPass("fetch", fetched.finished, fetched.failures, fetched.remarks)
    if not work.ledger_path.is_file():
        return last
    ledger = open_ledger(work.ledger_path)
    try:
        row = ledger.latest(work.site_id)
    finally:
        ledger.close()
    if row is None or row.finished < last.finished:
        return last
    record = peek_record(work, row.run_id)
    name = f"run {row.run_id[:12]}"
    if record is None:
        return LastPass(name, row.finished)
    return LastPass(name, row.finished, record.failures, record.remarks)
