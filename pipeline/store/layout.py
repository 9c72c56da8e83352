"""The work folder of a site: where chips, products, run records and the ledger lie.

Here belong paths, the lock, and the pointer to the products of the latest run. What is written
there belongs to the modules beside this one and to ``publish``.

    WORK/SITE/chips/        pixels as delivered
    WORK/SITE/coarse/       night lights and coarse temperature as delivered
    WORK/SITE/products/     one folder a run, named by the run
    WORK/SITE/runs/         one record a run
    WORK/SITE/limits/       measured detection limits, one folder for every cube
    WORK/SITE/fetch.json    what the last `zonewatch fetch` came to
    WORK/SITE/dossiers/     one folder a claim and run, made by `zonewatch dossier`
    WORK/SITE/listed/       what each source has listed so far, one file a source and outline
    WORK/SITE/plans.jsonl   which plan of each claim was fixed when, and looked under when
    WORK/SITE/current.json  which run's products hold
    WORK/SITE/lock          held while a run writes
    WORK/ledger.sqlite      one row a run, of all sites
"""

from __future__ import annotations

import fcntl
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import BusyError, StoreError
from pipeline.store.files import canonical_json, publish_bytes, sweep_parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_RUN_ID = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True)
class WorkFolder:
    """Where everything about one site lies.

    Attributes:
        root: the folder of all sites.
        site_id: the site.
    """

    root: Path
    site_id: str

    def __post_init__(self) -> None:
        """Refuse an id that would lead out of the folder.

        Raises:
            StoreError: if the site's id is no kebab slug.
        """
        if not _SLUG.fullmatch(self.site_id):
            raise StoreError("a site's id must be a lower-case slug", where=repr(self.site_id))

    @property
    def folder(self) -> Path:
        """The folder of this site."""
        return self.root / self.site_id

    @property
    def chips(self) -> Path:
        """Pixels as delivered."""
        return self.folder / "chips"

    @property
    def coarse(self) -> Path:
        """Night lights and coarse temperature as delivered."""
        return self.folder / "coarse"

    @property
    def products(self) -> Path:
        """The folders of products."""
        return self.folder / "products"

    @property
    def runs(self) -> Path:
        """The run records."""
        return self.folder / "runs"

    @property
    def fetch_record(self) -> Path:
        """What the last fetch came to."""
        return self.folder / "fetch.json"

    @property
    def plans(self) -> Path:
        """Which plans were registered, and when data were looked at under them."""
        return self.folder / "plans.jsonl"

    @property
    def listed(self) -> Path:
        """What each source has listed so far."""
        return self.folder / "listed"

    @property
    def dossiers(self) -> Path:
        """The dossiers of claims."""
        return self.folder / "dossiers"

    @property
    def ledger_path(self) -> Path:
        """The ledger, which all sites share."""
        return self.root / "ledger.sqlite"

    def products_of(self, run_id: str) -> Path:
        """The folder of a run's products.

        Raises:
            StoreError: if the id is not a hash.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise StoreError("a run's id must be a hash in hex", where=repr(run_id))
        return self.products / run_id[:16]

    def limits_of(self, cube_id: str) -> Path:
        """The folder of the detection limits that were measured in a cube.

        Raises:
            StoreError: if the id is not a hash.
        """
        if not _RUN_ID.fullmatch(cube_id):
            raise StoreError("a cube's id must be a hash in hex", where=repr(cube_id))
        return self.folder / "limits" / cube_id[:16]

    def assessment_of(self, assessment_id: str) -> Path:
        """The folder of claims weighed on all sensors.

        Raises:
            StoreError: if the id is not a hash.
        """
        if not _RUN_ID.fullmatch(assessment_id):
            raise StoreError("an assessment's id must be a hash in hex", where=repr(assessment_id))
        return self.folder / "assessments" / assessment_id[:16]

    def point_to(self, run_id: str) -> None:
        """Say that the products of this run hold; writes nothing if that is said already.

        Raises:
            StoreError: if it cannot be written.
        """
        if self.current() != run_id:
            pointer = {"run_id": run_id, "products": f"products/{self.products_of(run_id).name}"}
            publish_bytes(self._pointer, canonical_json(pointer))

    def current(self) -> str | None:
        """The run whose products hold; None before the first, or if the pointer is damaged."""
        try:
            run_id = json.loads(self._pointer.read_bytes())["run_id"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return run_id if isinstance(run_id, str) and _RUN_ID.fullmatch(run_id) else None

    @property
    def _pointer(self) -> Path:
        """The file that names the current run."""
        return self.folder / "current.json"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs of this site out; a lock dies with its process.

        What killed writers left behind is swept on entering.

        Raises:
            BusyError: if another run holds it.
            StoreError: if the folder cannot be written.
        """
        path = self.folder / "lock"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            stream = path.open("ab")
        except OSError as error:
            remedy = "choose a work folder that this user may write to"
            what = f"the work folder cannot be used ({error.strerror})"
            raise StoreError(what, where=str(self.folder), remedy=remedy) from error
        with stream:
            _take(stream.fileno(), self.site_id)
            sweep_parts(self.folder)
            yield


def _take(handle: int, site_id: str) -> None:
    """Take the lock on an open file, without waiting.

    Raises:
        BusyError: if another process holds it.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        remedy = "wait until it has ended, or choose another work folder"
        raise BusyError("another run holds this site", where=site_id, remedy=remedy) from error
