"""Search and fetch, and nothing after: bring in what a site needs before anything is judged.

Here belongs the tally of a fetch. Listing belongs to ``search``, pixels to ``fetch``, collections
and bands to ``selection``; the whole pass belongs to ``run``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.environment import close_environment
from pipeline.fetch.coarse import fetch_coarse, list_files
from pipeline.model.provenance import FetchRecord
from pipeline.run import EVER, Silence, gather, told
from pipeline.selection import DEFAULT_SENSOR, config_for
from pipeline.sites import load_site
from pipeline.store.coarse_chips import CoarseStore
from pipeline.store.layout import WorkFolder
from pipeline.store.records import write_fetch_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.fetch.coarse import FetchedFile
    from pipeline.model.change import Period
    from pipeline.model.coarse_chip import PlacedLook
    from pipeline.model.scene import AssetFailure, Chip, FetchedScene, Remark
    from pipeline.model.site import Site
    from pipeline.run import Listener, RunRequest


@dataclass(frozen=True)
class Harvest:
    """What a fetch came to.

    Attributes:
        site_id: the site.
        site_label: its name for people.
        source: the catalogue.
        sensor: id of the sensor.
        started: when it began, UTC.
        fetched: every listed scene.
        on_listing: what must be said of the listing as a whole.
    """

    site_id: str
    site_label: str
    source: str
    sensor: str
    started: datetime
    fetched: tuple[FetchedScene, ...]
    on_listing: tuple[Remark, ...] = ()

    @property
    def failures(self) -> tuple[AssetFailure, ...]:
        """Every asset that did not become data."""
        return tuple(failure for one in self.fetched for failure in one.failures)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is no failure and must be said."""
        return self.on_listing + tuple(r for one in self.fetched for r in one.remarks)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """Every chip that is held of the listed scenes."""
        return tuple(chip for one in self.fetched for chip in one.chips.values())

    @property
    def new_chips(self) -> tuple[Chip, ...]:
        """The chips that were read this time."""
        return tuple(chip for chip in self.chips if self._is_new(chip))

    @property
    def n_complete(self) -> int:
        """Scenes of which nothing failed."""
        return sum(not one.failures for one in self.fetched)

    @property
    def n_new(self) -> int:
        """Scenes of which something was read this time."""
        return sum(any(map(self._is_new, one.chips.values())) for one in self.fetched)

    @property
    def failed_scenes_by_kind(self) -> Mapping[str, int]:
        """How many scenes each kind of error kept from being complete, the most frequent first."""
        kinds = Counter(kind for one in self.fetched for kind in {f.kind for f in one.failures})
        return dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))

    def _is_new(self, chip: Chip) -> bool:
        """Whether a chip was read this time."""
        return chip.retrieved_at is not None and chip.retrieved_at >= self.started

    def record(self) -> FetchRecord:
        """What is kept of it for ``zonewatch scenes``."""
        finished, n_listed = datetime.now(UTC), len(self.fetched)
        tally = n_listed, self.n_complete, self.failures, self.remarks
        return FetchRecord(self.source, self.sensor, finished, *tally)


def harvest(
    request: RunRequest, listener: Listener | None = None, *, sensor: str = DEFAULT_SENSOR
) -> Harvest:
    """Bring in every scene of a site and period that is not held yet.

    It may be stopped at any moment: what has arrived stays, and the next call asks for the rest.

    Raises:
        InputError: if the sensor is not known.
        SearchError: if the catalogue cannot be listed in full, or holds nothing here.
        StoreError: if the work folder cannot be written.
    """
    close_environment()
    config = config_for(sensor, request.source, request.config)
    request = replace(request, sensor=sensor, config=config)
    started, site = datetime.now(UTC), load_site(request.site_folder)
    work = WorkFolder(request.work, site.id)
    with work.lock():
        inputs = gather(request, site, None, listener or Silence())
        what = site.id, site.label, inputs.source, sensor
        done = Harvest(*what, started, inputs.fetched, inputs.on_listing)
        write_fetch_record(work, done.record())
    return done


@dataclass(frozen=True)
class CoarseHarvest:
    """What the fetch of a folder of coarse files came to.

    Attributes:
        site: the site.
        source: name of the folder.
        sensor: id of the sensor.
        files: every file with numbers.
    """

    site: Site
    source: str
    sensor: str
    files: tuple[FetchedFile, ...]

    @property
    def failures(self) -> tuple[AssetFailure, ...]:
        """Every file that gave nothing."""
        return tuple(failure for one in self.files for failure in one.failures)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is no failure and must be said."""
        return tuple(remark for one in self.files for remark in one.remarks)

    @property
    def new_looks(self) -> tuple[PlacedLook, ...]:
        """What was read this time."""
        return tuple(look for one in self.files for look in one.looks)

    @property
    def n_held(self) -> int:
        """Files that are held, whenever they were read."""
        return sum(bool(one.held) for one in self.files)

    @property
    def n_new(self) -> int:
        """Files of which pixels were read this time."""
        return sum(one.is_new for one in self.files)

    def record(self) -> FetchRecord:
        """What is kept of it for ``zonewatch scenes``."""
        tally = len(self.files), self.n_held, self.failures, self.remarks
        return FetchRecord(self.source, self.sensor, datetime.now(UTC), *tally)


def harvest_folder(
    site_folder: Path,
    folder: Path,
    work_root: Path,
    *,
    sensor: str,
    period: Period = EVER,
    listener: Listener | None = None,
) -> CoarseHarvest:
    """Bring in every file of a coarse sensor from a folder that is not held yet.

    It may be stopped at any moment: what is kept stays, and the next call reads the rest.

    Args:
        site_folder: the AOI folder.
        folder: a folder of files on this machine.
        work_root: where chips and records go.
        sensor: one of ``sensors.coarse_names.COARSE_SENSORS``.
        period: files that were seen at other times are passed over.
        listener: hears how far it has come.

    Raises:
        InputError: if there is no such folder or sensor.
        EmptySearchError: if the folder holds no file of the sensor and period.
        StoreError: if the work folder cannot be written.
    """
    close_environment()
    heard, site = listener or Silence(), load_site(site_folder)
    work = WorkFolder(work_root, site.id)
    paths = list_files(folder, sensor, site.timezone, period)
    with work.lock():
        heard.stage("fetch", len(paths))
        files = fetch_coarse(site, paths, CoarseStore(work.coarse), heard.step)
        done = CoarseHarvest(site, told(str(folder)), sensor, files)
        write_fetch_record(work, done.record())
    return done
