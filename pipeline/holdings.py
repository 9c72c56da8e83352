"""What is held of a site: scenes with their bands and versions, and what failed the last time.

Here belongs the reading of a work folder for a person. Nothing is written, asked for or proven
here; proof belongs to ``store.chips``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.store.chips import ChipStore
from pipeline.store.ledger import open_ledger
from pipeline.store.records import peek_record, read_fetch_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.model.scene import AssetFailure, Remark
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
    """

    site_id: str
    scenes: tuple[HeldScene, ...]
    last: LastPass = field(default_factory=LastPass)

    def as_json(self) -> dict[str, object]:
        """All of it as a JSON object."""
        last = {
            "name": self.last.name,
            "finished": self.last.finished.isoformat() if self.last.name else None,
            "failures": [vars(failure) for failure in self.last.failures],
            "remarks": [vars(remark) for remark in self.last.remarks],
        }
        scenes = [scene.as_json() for scene in self.scenes]
        return {"site": self.site_id, "scenes": scenes, "last": last}


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
    return Holdings(work.site_id, tuple(ordered), _last_pass(work))


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
