"""The pass as a Prefect flow: one task a scene, ids between tasks, everything else on disk.

Here belongs the order in which Prefect calls the pipeline; what is called belongs to
``pipeline``. ``python -m flows.monitor SITE [SOURCE [WORK]] [--sensor ID]`` runs it once, with
Prefect's temporary server if no other is named. Results are not persisted: the chip store and the
run records are the memory, so a rerun of a killed flow finds what it had.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, replace
from pathlib import Path

from prefect import flow, task, unmapped
from prefect.task_runners import ThreadPoolTaskRunner

from pipeline.catalogs import open_catalog
from pipeline.fetch import fetch_scene
from pipeline.request import request_for
from pipeline.run import RunRequest, run_site
from pipeline.search import search
from pipeline.selection import DEFAULT_SENSOR, config_for
from pipeline.sites import load_site
from pipeline.store.chips import ChipStore
from pipeline.store.layout import WorkFolder
from pipeline.store.listing import freeze_listing, thaw_listing

SCENES_AT_ONCE = 4
"""Size of the thread pool; it bounds the load on a catalogue instead of a concurrency limit."""


@dataclass(frozen=True)
class Job:
    """What every task is told: words and ids, never arrays.

    Attributes:
        site: name or path of the AOI folder.
        source: preset, address or folder of the catalogue; empty for the sample tiles.
        work: the work folder.
        sensor: id of the sensor whose scenes are judged.
    """

    site: str
    source: str
    work: str
    sensor: str = DEFAULT_SENSOR

    def request(self) -> RunRequest:
        """The same as a request to the pipeline, with the collections and bands of the sensor.

        Raises:
            InputError: if the sensor is not known, or the source does not give it.
        """
        asked = request_for(self.site, self.source, Path(self.work), sensor=self.sensor)
        return replace(asked, config=config_for(self.sensor, asked.source, asked.config))


@task
def freeze_scenes(job: Job) -> tuple[str, list[str]]:
    """Search once; the id of the frozen list and the ids of its scenes."""
    request = job.request()
    site = load_site(request.site_folder)
    catalog = open_catalog(request.source)
    scenes = search(site, catalog, request.period, request.config.search)
    listing = freeze_listing(WorkFolder(request.work, site.id).runs, scenes)
    return listing, [scene.id for scene in scenes]


@task(task_run_name="{scene_id}")
def bring_scene(job: Job, listing: str, scene_id: str) -> int:
    """Fetch one scene into the chip store; how many of its assets failed."""
    request = job.request()
    site = load_site(request.site_folder)
    folders = WorkFolder(request.work, site.id)
    scene = next(one for one in thaw_listing(folders.runs, listing) if one.id == scene_id)
    access = open_catalog(request.source).access
    chips = ChipStore(folders.chips)
    got = fetch_scene(site, scene, chips, request.config.fetch, access=access)
    return len(got.failures)


@task
def analyse(job: Job) -> str:
    """Run the rest of the pass on what the store now holds; the id of the run."""
    return run_site(job.request()).record.run_id


# Prefect types a runner by its own kind of future, and asks for the general kind.
@flow(
    name="monitor",
    task_runner=ThreadPoolTaskRunner(max_workers=SCENES_AT_ONCE),  # type: ignore[arg-type]
)
def monitor(
    site: str = "kaesong-rehearsal",
    source: str = "",
    work: str = "work",
    sensor: str = DEFAULT_SENSOR,
) -> str:
    """Watch a site once; the id of the run.

    Args:
        site: name or path of the AOI folder.
        source: preset, address or folder of the catalogue; empty for the sample tiles.
        work: where chips, products and records go.
        sensor: id of the sensor whose scenes are judged.
    """
    job = Job(site, source, work, sensor)
    listing, scene_ids = freeze_scenes(job)
    brought = bring_scene.map(unmapped(job), unmapped(listing), scene_ids)
    return analyse(job, wait_for=brought)


def words() -> Namespace:
    """The words of the command line."""
    parser = ArgumentParser(prog="python -m flows.monitor", description="Watch a site once.")
    parser.add_argument("site", nargs="?", default="kaesong-rehearsal", help="name or AOI folder")
    parser.add_argument("source", nargs="?", default="", help="preset, address or folder")
    parser.add_argument("work", nargs="?", default="work", help="where everything goes")
    parser.add_argument("--sensor", default=DEFAULT_SENSOR, help="whose scenes are judged")
    return parser.parse_args()


if __name__ == "__main__":
    print(monitor(**vars(words())))
