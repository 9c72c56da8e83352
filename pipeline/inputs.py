"""What a run is asked, what it rests on, and what came of it.

Here belong the nouns that ``run`` hands from stage to stage, with the hashes of what they hold.
What makes two runs the same belongs to ``identity``; words of a command line to ``request``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline.model.change import Period
from pipeline.selection import DEFAULT_SENSOR
from pipeline.store.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.config import RunConfig
    from pipeline.model.claim import Seeds
    from pipeline.model.findings import Findings
    from pipeline.model.plan import Registration
    from pipeline.model.provenance import RunRecord
    from pipeline.model.scene import FetchedScene, Remark, Scene
    from pipeline.model.site import Site
    from pipeline.store.limits import HeldLimits

EVER = Period(datetime(1984, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""From the first Landsat 5 year on, open to the future."""


class Listener(Protocol):
    """Hears how far a run has come."""

    def stage(self, name: str, n_steps: int) -> None:
        """A stage of so many steps begins."""
        ...

    def step(self) -> None:
        """One step of it is done."""
        ...


class Silence:
    """A listener for runs that nobody watches."""

    def stage(self, name: str, n_steps: int) -> None:
        """Nothing."""

    def step(self) -> None:
        """Nothing."""


@dataclass(frozen=True)
class RunRequest:
    """What to watch, from where, and where to put it.

    Attributes:
        site_folder: the AOI folder.
        seeds_folder: the claims folder; None to weigh no claims.
        source: preset, folder or address of the catalogue.
        work: where chips, products and records go.
        config: the settings.
        period: the time to search.
        sensor: id of the sensor whose scenes are judged.
    """

    site_folder: Path
    seeds_folder: Path | None
    source: str
    work: Path
    config: RunConfig
    period: Period = EVER
    sensor: str = DEFAULT_SENSOR


@dataclass(frozen=True)
class RunResult:
    """What came of a run.

    Attributes:
        record: inputs, outputs and failures.
        folder: where the products lie.
        findings: what was found; None if nothing was new and the products of before still hold.
        refused: claims that were left out, a line each; the others were weighed.
    """

    record: RunRecord
    folder: Path
    findings: Findings | None
    refused: tuple[str, ...] = ()

    @property
    def was_new(self) -> bool:
        """Whether anything had to be computed."""
        return self.findings is not None


@dataclass(frozen=True)
class Inputs:
    """Everything a run rests on, frozen before the first pixel is judged.

    Attributes:
        site: the site.
        seeds: what has been said about it; None if no claims are weighed.
        source: where the scenes were listed.
        scenes: the frozen list.
        fetched: what arrived.
        superseded: scenes that gave way to another one of their overpass.
        on_listing: what must be said of the listing as a whole.
        sensor: whose scenes they are.
        held: detection limits that were measured in these scenes; None if none were.
        coarse: hash of what is held of the site in coarse sensors, hex; empty for nothing.
        registered: which plan of each claim was fixed before a look at the data, by claim.
        refused: claims of the folder that are left out, each with file, line and reason.
    """

    site: Site
    seeds: Seeds | None
    source: str
    scenes: tuple[Scene, ...]
    fetched: tuple[FetchedScene, ...]
    superseded: tuple[Scene, ...] = ()
    on_listing: tuple[Remark, ...] = ()
    sensor: str = DEFAULT_SENSOR
    held: HeldLimits | None = None
    coarse: str = ""
    registered: Mapping[str, Registration] = field(default_factory=dict)
    refused: tuple[Remark, ...] = ()

    @property
    def post_hoc(self) -> tuple[str, ...]:
        """Ids of the claims whose plan was made after a look at the data."""
        return tuple(sorted(name for name, one in self.registered.items() if one.is_post_hoc))

    def hashes(self, config: RunConfig) -> dict[str, str]:
        """Hash by name of every input."""
        chips = {
            f"chip:{one.scene.id}/{band}": chip.sha256
            for one in self.fetched
            for band, chip in one.chips.items()
        }
        seeds = {} if self.seeds is None else {"seeds": self.seeds.sha256}
        stated = hashlib.sha256(canonical_json([_stated(scene) for scene in self.scenes]))
        own = {"site": self.site.sha256, "settings": config.sha256, "items": stated.hexdigest()}
        own["sensor"] = hashlib.sha256(self.sensor.encode()).hexdigest()
        # Products list what gave way, so a listing with other losers is another run.
        lost = canonical_json([scene.id for scene in self.superseded])
        gone = {"superseded": hashlib.sha256(lost).hexdigest()} if self.superseded else {}
        # They stand in the report, too.
        words = canonical_json([remark.words for remark in self.on_listing])
        said = {"listing": hashlib.sha256(words).hexdigest()} if self.on_listing else {}
        limits = {} if self.held is None else {"limits": self.held.sha256}
        lights = {"coarse": self.coarse} if self.coarse else {}
        # A plan that came after a look is shown as such: with it the products are others.
        late = canonical_json(self.post_hoc)
        after = {"post-hoc": hashlib.sha256(late).hexdigest()} if self.post_hoc else {}
        return {**own, **seeds, **gone, **said, **limits, **lights, **after, **chips}

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What must be said of the scenes and is no failure."""
        beside = self.on_listing + self.refused
        return beside + tuple(r for one in self.fetched for r in one.remarks)


def _stated(scene: Scene) -> list[object]:
    """What an item says that gives the same numbers another meaning."""
    numbers = [[band, a.scale, a.offset, a.nodata] for band, a in sorted(scene.assets.items())]
    flags = [scene.boa_offset_applied, scene.processing_baseline, scene.is_simulated]
    return [scene.id, scene.instant.isoformat(), *flags, numbers]


def told(source: str) -> str:
    """A source as products name it: an address without its query, a path by its last folder.

    Example:
        >>> told("https://example.org/v1?key=secret"), told("/data/tiles/catalog.json")
        ('https://example.org/v1', 'tiles')
    """
    if "://" in source:
        return source.partition("?")[0]
    path = Path(source).absolute()
    return path.parent.name if path.suffix else path.name
