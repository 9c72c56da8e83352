"""The straight pass: it wires the stages together and decides nothing.

Here belongs the order of the stages. What a stage does belongs to the stage, the choice of
detector to ``judge``; what a run rests on to ``inputs``, what makes two runs the same to
``identity``; progress bars and exit codes belong to ``cli``, schedules to ``flows``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

from pipeline.activity import show_signs
from pipeline.assess import assess
from pipeline.catalogs import open_catalog
from pipeline.claims import load_seeds
from pipeline.environment import close_environment
from pipeline.errors import EmptySearchError, NoCollectionError
from pipeline.fetch import fetch
from pipeline.history import replay
from pipeline.identity import (
    ALGORITHM_VERSIONS,
    cube_identity,
    identity,
    record_of,
    versions,
)
from pipeline.inputs import EVER, Inputs, Listener, RunRequest, RunResult, Silence, told
from pipeline.judge import count_baseline, detect_changes, prepare_series
from pipeline.model.findings import Findings
from pipeline.model.grid import Bounds
from pipeline.prepare.coarse import prepare_coarse
from pipeline.publish import publish_products
from pipeline.report import render_report
from pipeline.search import list_scenes, named_before, said_of_before
from pipeline.selection import config_for, judged_sensor
from pipeline.signals import Heard, draw_signals
from pipeline.sites import load_site
from pipeline.store.chips import ChipStore
from pipeline.store.coarse_chips import CoarseStore
from pipeline.store.layout import WorkFolder
from pipeline.store.ledger import open_ledger
from pipeline.store.limits import read_limits
from pipeline.store.listed import ListedBefore, scenes_held
from pipeline.store.records import read_record, write_record
from pipeline.zones import mask_excess, measure_zones

if TYPE_CHECKING:
    from pipeline.catalogs import Catalog
    from pipeline.config import RunConfig
    from pipeline.model.claim import Seeds
    from pipeline.model.limit import SiteLimits
    from pipeline.model.scene import Scene
    from pipeline.model.site import Site
    from pipeline.search import Listing

__all__ = [
    "ALGORITHM_VERSIONS",
    "EVER",
    "Inputs",
    "Listener",
    "RunRequest",
    "RunResult",
    "Silence",
    "count_baseline",
    "find",
    "gather",
    "identity",
    "record_of",
    "run_site",
    "told",
    "versions",
    "weighed",
]


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
        inputs = replace(inputs, coarse=CoarseStore(work.coarse).digest())
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
    fetched = fetch(
        site,
        scenes,
        chips,
        request.config.fetch,
        lambda _: heard.step(),
        access=catalog.access,
    )
    return Inputs(
        site,
        seeds,
        told(request.source),
        scenes,
        fetched,
        superseded=listing.superseded,
        on_listing=listing.remarks,
        sensor=request.sensor,
    )


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


def find(request: RunRequest, inputs: Inputs, run_id: str, heard: Listener) -> Findings:
    """Prepare, detect, measure, replay, show signs, assess.

    Raises:
        NothingSeenError: if no date is left before or after the end of the baseline.
    """
    config, site, sensor = request.config, inputs.site, judged_sensor(request.sensor)
    heard.stage("analyse", 5)
    chips = ChipStore(WorkFolder(request.work, site.id).chips)
    judged = prepare_series(site, inputs.fetched, chips, config.prepare, sensor=sensor)
    cube, masks = judged.prepared.cube, judged.prepared.masks
    heard.step()
    changes = detect_changes(site, judged.prepared, config, sensor=sensor)
    heard.step()
    series = measure_zones(changes, cube, masks)
    detections = replay(changes, cube, masks, config.objects)
    heard.step()
    coarse = prepare_coarse(site, CoarseStore(WorkFolder(request.work, site.id).coarse))
    activity = show_signs(site, judged.prepared, coarse.looks, sensor=sensor)
    heard.step()
    found = Findings(
        **_listed_in(inputs),
        run_id=run_id,
        settings_sha256=config.sha256,
        site=site,
        seeds=inputs.seeds,
        period=request.period,
        cube=cube,
        masks=masks,
        changes=changes,
        series=series,
        detections=detections,
        failures=(*judged.failures, *coarse.failures),
        min_pixels=config.objects.min_pixels,
        min_zone_clear_share=config.assess.min_zone_clear_share,
        looks=judged.prepared.looks,
        mask_excess=mask_excess(cube, masks),
        other_orbits=judged.other_orbits,
        activity=activity,
    )
    found = replace(
        found, evidence=draw_signals(found, Heard(sensor.claimed_as, sensor.is_optical))
    )
    heard.step()
    return weighed(found, config)


def weighed(found: Findings, config: RunConfig) -> Findings:
    """The findings with the claims weighed, if there are any."""
    if found.seeds is None or found.evidence is None:
        return found
    answers = assess(found.seeds, found.site, found.evidence, config.assess)
    return replace(found, assessments=answers)


class _Listed(TypedDict):
    """What findings take over from the inputs as it is."""

    source: str
    scenes: tuple[Scene, ...]
    superseded: tuple[Scene, ...]
    on_listing: tuple[str, ...]
    measured: SiteLimits | None


def _listed_in(inputs: Inputs) -> _Listed:
    """The scenes, what the listing says beside them, and limits that were measured before."""
    return {
        "source": inputs.source,
        "scenes": inputs.scenes,
        "superseded": inputs.superseded,
        "on_listing": tuple(remark.words for remark in inputs.on_listing),
        "measured": None if inputs.held is None else inputs.held.limits,
    }
