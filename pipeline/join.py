"""The claims of a site, weighed on all its sensors at once.

Here belongs the order: one pass a sensor, their evidence put together, the claims weighed on it,
both directions compared, the answer published under a name of its own. A pass belongs to ``run``,
weighing to ``assess``; what is drawn belongs to ``terminal``.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipeline.assess import assess, plans_of
from pipeline.assess.reverse import compare
from pipeline.claims import load_sound_seeds
from pipeline.environment import close_environment
from pipeline.errors import (
    EmptySearchError,
    InputError,
    NoCollectionError,
    NothingSeenError,
    StoreError,
)
from pipeline.identity import versions
from pipeline.inputs import Silence, told
from pipeline.model.joined import Joined, Passed
from pipeline.model.signal import Evidence
from pipeline.publish.joined import publish_joined
from pipeline.report import render_joined
from pipeline.run import run_site
from pipeline.sites import load_site
from pipeline.store.evidence import decode_evidence
from pipeline.store.files import canonical_json
from pipeline.store.layout import WorkFolder
from pipeline.store.plans import note_look, registered_plans

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pipeline.inputs import Listener, RunRequest
    from pipeline.model.claim import Seeds
    from pipeline.model.plan import Registration
    from pipeline.model.signal import Signal
    from pipeline.model.site import Site

SENSORS: Final = ("sentinel-2", "landsat", "sentinel-1")
"""Whose passes are joined, unless others are named. Night lights come with any of them."""
EVIDENCE: Final = "evidence.json"


def join_site(
    request: RunRequest, sensors: Sequence[str] = SENSORS, listener: Listener | None = None
) -> Joined:
    """Run every sensor, put their evidence together and weigh the claims on all of it.

    A sensor that the source does not list, or that saw too little, is told by name and reason; the
    others go on.

    Args:
        request: what to watch; its sensor is not read.
        sensors: ids of sensors.
        listener: hears how far it has come.

    Raises:
        InputError: if no claims come with the site.
        SearchError: if no sensor at all has anything to say; that of the first.
        PipelineError: whatever the stages raise; what was published before stays as it is.
    """
    close_environment()
    if request.seeds_folder is None:
        remedy = "name a folder of claims with --claims, or claims_folder in site.toml"
        raise InputError("no claims come with this site", where=request.site_folder.name,
                         remedy=remedy)  # fmt: skip
    site = load_site(request.site_folder)
    seeds, problems = load_sound_seeds(request.seeds_folder)
    work, options = WorkFolder(request.work, site.id), request.config.assess
    plans = plans_of(seeds, site, options)
    with work.lock():
        registered = registered_plans(work, plans)
    passed = tuple(_pass(replace(request, sensor=one), listener) for one in sensors)
    if not any(one.run_id for one in passed):
        raise _unheard(passed, request)
    evidence = together(_evidence(work, one) for one in passed if one.run_id)
    answers = assess(seeds, site, evidence, options, registered=registered)
    joined = Joined(
        assessment_id=_identity(site, seeds, request, (passed, registered)),
        source=told(request.source),
        settings_sha256=request.config.sha256,
        site=site,
        seeds=seeds,
        passed=passed,
        evidence=evidence,
        assessments=answers,
        comparison=compare(seeds, site, evidence, options),
        min_power=options.min_power,
        refused=tuple(str(one).replace(f"{request.seeds_folder}/", "") for one in problems),
    )
    with work.lock():
        # The last pass points to itself; the first sensor named is the one that people look at.
        work.point_to(next(one.run_id for one in passed if one.run_id))
        note_look(work, plans)
        pages = {"claims.html": render_joined(joined)}
        publish_joined(work.assessment_of(joined.assessment_id), joined, pages)
    return joined


def _pass(request: RunRequest, listener: Listener | None) -> Passed:
    """The pass of one sensor, or why there is none."""
    try:
        result = run_site(request, listener or Silence())
    except (EmptySearchError, NoCollectionError, NothingSeenError) as error:
        return Passed(request.sensor, "", str(error))
    return Passed(request.sensor, result.record.run_id, "", len(result.record.failures))


def _unheard(passed: Sequence[Passed], request: RunRequest) -> EmptySearchError:
    """The error if no sensor has anything to say."""
    told_by = "; ".join(f"{one.sensor}: {one.why}" for one in passed)
    remedy = "name another source with --source, or another period"
    return EmptySearchError(
        f"no sensor has anything to say: {told_by}", where=told(request.source), remedy=remedy
    )


def _evidence(work: WorkFolder, passed: Passed) -> Evidence:
    """What a pass left as evidence.

    Raises:
        StoreError: if it is damaged, or another run's.
    """
    path = work.products_of(passed.run_id) / EVIDENCE
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"the evidence of a run cannot be read ({error.strerror})"
        raise StoreError(what, where=str(path), remedy="run the site again") from error
    head, evidence = decode_evidence(data, str(path))
    if head.run_id != passed.run_id:
        what = f"the evidence is that of run {head.run_id[:12]}"
        raise StoreError(what, where=str(path), remedy="run the site again")
    return evidence


def together(parts: Iterable[Evidence]) -> Evidence:
    """The evidence of several passes as one.

    A line that several passes hold, such as the night light of the site, counts once.
    """
    held = tuple(parts)
    signals: dict[tuple[str, ...], Signal] = {}
    for part in held:
        for one in part.signals:
            key = (one.sensor, one.series, one.observable.value, one.place)
            signals.setdefault(key, one)
    changes = {(one.sensor, one.id): one for part in held for one in part.changes}
    return Evidence(
        tuple(signals[key] for key in sorted(signals)),
        tuple(changes[key] for key in sorted(changes)),
        any(part.is_simulated for part in held),
    )


def _identity(
    site: Site,
    seeds: Seeds,
    request: RunRequest,
    rests_on: tuple[Sequence[Passed], Mapping[str, Registration]],
) -> str:
    """What makes two assessments the same: runs, claims, site, levels, late plans, versions."""
    passed, registered = rests_on
    parts: Mapping[str, object] = {
        "runs": {one.sensor: one.run_id or one.why for one in passed},
        "seeds": seeds.sha256,
        "site": site.sha256,
        "levels": request.config.assess.model_dump(),
        "post_hoc": sorted(name for name, one in registered.items() if one.is_post_hoc),
        "versions": versions(),
    }
    return hashlib.sha256(canonical_json(parts)).hexdigest()


def folder_of(request: RunRequest, joined: Joined) -> Path:
    """Where the answer of a request lies."""
    return WorkFolder(request.work, joined.site.id).assessment_of(joined.assessment_id)
