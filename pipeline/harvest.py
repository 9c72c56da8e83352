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
from pipeline.model.provenance import FetchRecord
from pipeline.run import Silence, gather
from pipeline.selection import DEFAULT_SENSOR, config_for
from pipeline.sites import load_site
from pipeline.store.layout import WorkFolder
from pipeline.store.records import write_fetch_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.model.scene import AssetFailure, Chip, FetchedScene, Remark
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
    """

    site_id: str
    site_label: str
    source: str
    sensor: str
    started: datetime
    fetched: tuple[FetchedScene, ...]

    @property
    def failures(self) -> tuple[AssetFailure, ...]:
        """Every asset that did not become data."""
        return tuple(failure for one in self.fetched for failure in one.failures)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is no failure and must be said."""
        return tuple(remark for one in self.fetched for remark in one.remarks)

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
        done = Harvest(site.id, site.label, inputs.source, sensor, started, inputs.fetched)
        write_fetch_record(work, done.record())
    return done
