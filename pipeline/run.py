"""The straight pass: it wires the stages together and decides nothing.

Here belongs the order of the stages, the identity of a run and its record. What a stage does
belongs to the stage; progress bars and exit codes belong to ``cli``; schedules to ``flows``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline.assess import Evidence, assess
from pipeline.catalogs import open_catalog
from pipeline.claims import load_seeds
from pipeline.detect.monitor import HarmonicMonitor
from pipeline.environment import close_environment
from pipeline.errors import EmptySearchError, NoCollectionError, NothingSeenError
from pipeline.fetch import fetch
from pipeline.history import replay
from pipeline.model.change import Period
from pipeline.model.findings import Findings
from pipeline.model.grid import Bounds
from pipeline.model.provenance import RunRecord
from pipeline.model.time import civil_day_span_utc
from pipeline.prepare import prepare
from pipeline.publish import publish_products
from pipeline.report import render_report
from pipeline.search import list_scenes, named_before, said_of_before
from pipeline.selection import DEFAULT_SENSOR, config_for, judged_sensor
from pipeline.sites import load_site
from pipeline.store.chips import ChipStore
from pipeline.store.files import canonical_json
from pipeline.store.layout import WorkFolder
from pipeline.store.ledger import open_ledger
from pipeline.store.limits import read_limits
from pipeline.store.listed import ListedBefore, scenes_held
from pipeline.store.records import read_record, write_record
from pipeline.zones import mask_excess, measure_zones

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.catalogs import Catalog
    from pipeline.config import RunConfig
    from pipeline.model.change import Detection, ZoneSeries
    from pipeline.model.claim import Seeds
    from pipeline.model.cube import DateCube
    from pipeline.model.provenance import Artifact
    from pipeline.model.scene import FetchedScene, Remark, Scene
    from pipeline.model.site import Site
    from pipeline.search import Listing
    from pipeline.store.limits import HeldLimits

ALGORITHM_VERSIONS = {
    "fetch": "1",
    "prepare": "3",
    "detect": "1",
    "zones": "1",
    "history": "1",
    "limit": "1",
    "assess": "1",
    "publish": "3",
    "report": "2",
}
"""Raised by hand when the results of a stage change, so that old products are made anew."""

LIBRARIES = ("numpy", "scipy", "scikit-image", "rasterio", "shapely", "pyproj", "geopandas")
"""Their versions belong to the identity of a run: another version may round otherwise."""

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
    """

    record: RunRecord
    folder: Path
    findings: Findings | None

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
        return {**own, **seeds, **gone, **said, **limits, **chips}

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What must be said of the scenes and is no failure."""
        return self.on_listing + tuple(r for one in self.fetched for r in one.remarks)


def _stated(scene: Scene) -> list[object]:
    """What an item says that gives the same numbers another meaning."""
    numbers = [[band, a.scale, a.offset, a.nodata] for band, a in sorted(scene.assets.items())]
    flags = [scene.boa_offset_applied, scene.processing_baseline, scene.is_simulated]
    return [scene.id, scene.instant.isoformat(), *flags, numbers]


def run_site(request: RunRequest, listener: Listener | None = None) -> RunResult:
    """Run the whole pass over one site.

    Products appear in a folder named by the run; a run whose inputs, settings and versions are
    those of an earlier one finds that folder, checks every byte of it and computes nothing.

    Raises:
        NotJudgedError: if no detector reads what the sensor measures; nothing is asked for then.
        PipelineError: whatever the stages raise; what was published before stays as it is.
    """
    close_environment()
    judged_sensor(request.sensor)
    config = config_for(request.sensor, request.source, request.config)
    request, heard = replace(request, config=config), listener or Silence()
    started = datetime.now(UTC)
    site = load_site(request.site_folder)
    seeds = None if request.seeds_folder is None else load_seeds(request.seeds_folder)
    work = WorkFolder(request.work, site.id)
    with work.lock():
        inputs = gather(request, site, seeds, heard)
        inputs = replace(inputs, held=read_limits(work, cube_identity(inputs.hashes(config))))
        run_id = identity(inputs.hashes(request.config))
        record, findings = read_record(work, run_id), None
        if record is None:
            findings = find(request, inputs, run_id, heard)
            pages = {"report.html": render_report(findings)}
            outputs = publish_products(work.products_of(run_id), findings, pages)
            record = record_of(inputs, findings, outputs, request.config)
            write_record(work, record)
        work.point_to(run_id)
        open_ledger(work.ledger_path).append(record, started, datetime.now(UTC))
    return RunResult(record, work.products_of(run_id), findings)


def gather(request: RunRequest, site: Site, seeds: Seeds | None, heard: Listener) -> Inputs:
    """Search and fetch: freeze what the run rests on."""
    catalog = open_catalog(request.source)
    heard.stage("search", 1)
    listing = _listed(request, site, catalog)
    scenes = listing.scenes
    heard.step()
    heard.stage("fetch", len(scenes))
    chips = ChipStore(WorkFolder(request.work, site.id).chips)
    options, hear = request.config.fetch, (lambda _: heard.step())
    fetched = fetch(site, scenes, chips, options, hear, access=catalog.access)
    source, beside = told(request.source), (listing.superseded, listing.remarks)
    return Inputs(site, seeds, source, scenes, fetched, *beside, sensor=request.sensor)


def _listed(request: RunRequest, site: Site, catalog: Catalog) -> Listing:
    """The listing, held against what the same source listed before.

    Raises:
        SearchError: if it is not whole, or empty; then with what is known from before.
    """
    work, options = WorkFolder(request.work, site.id), request.config.search
    before = ListedBefore(work, request.source, Bounds(*site.boundary.bounds))
    earlier = before.read()
    try:
        listing = list_scenes(site, catalog, request.period, options, earlier=earlier)
    except (EmptySearchError, NoCollectionError) as error:
        named = named_before(earlier, request.period, options.collections)
        held = scenes_held(work, request.period, options.collections)
        raise said_of_before(error, named, held) from error
    before.add(earlier, (*listing.scenes, *listing.superseded))
    return listing


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


def find(request: RunRequest, inputs: Inputs, run_id: str, heard: Listener) -> Findings:
    """Prepare, detect, measure, replay, assess.

    Raises:
        NothingSeenError: if no date is left before or after the end of the baseline.
    """
    config, site, sensor = request.config, inputs.site, judged_sensor(request.sensor)
    heard.stage("analyse", 4)
    chips = ChipStore(WorkFolder(request.work, site.id).chips)
    prepared = prepare(site, inputs.fetched, chips, config.prepare, sensor=sensor)
    cube, masks = prepared.cube, prepared.masks
    heard.step()
    # The detector knows no sensor: it asks for red and nir by their roles.
    named = replace(cube, bands=sensor.in_roles(cube.bands))
    changes = HarmonicMonitor(config.monitor).detect(named, count_baseline(site, cube))
    heard.step()
    series = measure_zones(changes, cube, masks)
    detections = replay(changes, cube, masks, config.objects)
    heard.step()
    seeds, evidence = inputs.seeds, evidence_of(inputs, cube, series, detections)
    assessments = () if seeds is None else assess(seeds, site, evidence, config.assess)
    heard.step()
    return Findings(
        run_id=run_id,
        source=inputs.source,
        settings_sha256=config.sha256,
        site=site,
        seeds=seeds,
        period=request.period,
        scenes=inputs.scenes,
        cube=cube,
        masks=masks,
        changes=changes,
        series=series,
        detections=detections,
        assessments=assessments,
        failures=prepared.failures,
        min_pixels=config.objects.min_pixels,
        min_zone_clear_share=config.assess.min_zone_clear_share,
        looks=prepared.looks,
        superseded=inputs.superseded,
        mask_excess=mask_excess(cube, masks),
        on_listing=tuple(remark.words for remark in inputs.on_listing),
        measured=None if inputs.held is None else inputs.held.limits,
    )


def count_baseline(site: Site, cube: DateCube) -> int:
    """How many leading dates of a cube belong to the baseline.

    Raises:
        NothingSeenError: if no date is left before or after the end of the baseline.
    """
    end = civil_day_span_utc(site.baseline_end, site.baseline_end, site.timezone).end
    n_baseline = sum(instant <= end for instant in cube.instants)
    if 0 < n_baseline < len(cube.instants):
        return n_baseline
    side = "after" if n_baseline else "before"
    raise NothingSeenError(
        f"no usable date lies {side} the end of the baseline, {site.baseline_end.isoformat()}",
        where=site.id,
        remedy="search a longer period or move baseline_end in site.toml",
    )


def evidence_of(
    inputs: Inputs,
    cube: DateCube,
    series: Sequence[ZoneSeries],
    detections: tuple[Detection, ...],
) -> Evidence:
    """What the claims are weighed against."""
    return Evidence(
        sensor=inputs.sensor,
        instants=cube.instants,
        listed=tuple(scene.instant for scene in inputs.scenes),
        series={one.zone_id: one for one in series},
        detections=detections,
        gsd_m=cube.grid.gsd_m,
        is_simulated=cube.is_simulated or inputs.site.is_simulated,
    )


def identity(hashes: Mapping[str, str]) -> str:
    """Hash over inputs, algorithm versions and library versions: the same for the same work."""
    return hashlib.sha256(canonical_json({"inputs": hashes, "versions": versions()})).hexdigest()


def cube_identity(hashes: Mapping[str, str]) -> str:
    """Identity of the scenes and how they are judged, whatever is said about them."""
    beside = ("seeds", "superseded", "listing", "limits")
    return identity({name: one for name, one in hashes.items() if name not in beside})


def versions() -> dict[str, str]:
    """Version by stage and by library."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {**{f"stage:{name}": number for name, number in ALGORITHM_VERSIONS.items()}, **libraries}


def record_of(
    inputs: Inputs, findings: Findings, outputs: tuple[Artifact, ...], config: RunConfig
) -> RunRecord:
    """What the run did, without times: those stand in the ledger."""
    return RunRecord(
        run_id=findings.run_id,
        site_id=inputs.site.id,
        source=inputs.source,
        state="partial" if findings.failures else "complete",
        is_simulated=findings.is_simulated,
        inputs=inputs.hashes(config),
        versions=versions(),
        outputs=outputs,
        failures=findings.failures,
        superseded=tuple(scene.id for scene in inputs.superseded),
        remarks=inputs.remarks,
    )
