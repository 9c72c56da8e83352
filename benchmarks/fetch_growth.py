"""A catalogue of 1,500 scenes of which one is new: what the second run asks for.

Here belongs the growth case of ``fetch``. The catalogue is a real STAC API server; its requests
are counted where our search sends them, the requests for pixels where they arrive.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

from benchmarks.fetch_data import (
    BANDS,
    CRS,
    SITE_BOUNDS,
    Layout,
    contest_site,
    write_files,
    write_items,
)
from benchmarks.range_server import serve_folder
from benchmarks.stac_server import serve_items
from pipeline.catalogs import open_catalog
from pipeline.config import load_config
from pipeline.fetch import fetch
from pipeline.model.change import Period
from pipeline.model.grid import Grid
from pipeline.network.door import Door
from pipeline.search import search
from pipeline.store.chips import ChipStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from benchmarks.range_server import Served
    from pipeline.network.door import Call
    from pipeline.store.chips import ChipStore as Chips

N_SCENES = 1_500
EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SMALL = Grid(CRS, SITE_BOUNDS.left, SITE_BOUNDS.top, 10.0, 256, 256)


@contextmanager
def counted_searches() -> Iterator[Counter[str]]:
    """Count what passes the door without asking for a range, by the last part of the path."""
    counts: Counter[str] = Counter()
    plain = Door.answer

    def answer(self: Door, call: Call) -> AbstractAsyncContextManager[httpx.Response]:
        if "range" not in call.headers:
            counts[httpx.URL(call.url).path.rstrip("/").rpartition("/")[2] or "landing page"] += 1
        return plain(self, call)

    Door.answer = answer  # type: ignore[assignment, method-assign]
    try:
        yield counts
    finally:
        Door.answer = plain  # type: ignore[method-assign]


def print_growth(folder: Path, n_scenes: int = N_SCENES) -> None:
    """Bring in all scenes but one, then let the catalogue list one more."""
    files, chips = folder / "files", ChipStore(folder / "chips")
    write_files(files, Layout(1, SMALL, 1))
    print(f"catalogue of {n_scenes} scenes of which 1 is new, rustac serve")
    with serve_folder(files) as served:
        for name, listed in (("first run", n_scenes - 1), ("second run", n_scenes)):
            items = write_items(folder / f"{name}.json", served.url, Layout(listed, SMALL, 1))
            with serve_items(items) as source, counted_searches() as sent:
                print_run(name, source, chips, served)
            print(f"    sent to the catalogue: {dict(sent)}")


def print_run(name: str, source: str, chips: Chips, served: Served) -> None:
    """Search and fetch once; print seconds and requests."""
    config, site = load_config(), contest_site()
    options = config.fetch.model_copy(update={"bands": BANDS, "optional_bands": ()})
    served.taken()
    started = time.perf_counter()
    catalog = open_catalog(source)
    scenes = search(site, catalog, EVER, config.search)
    searched = time.perf_counter()
    fetched = fetch(site, scenes, chips, options, access=catalog.access)
    ended = time.perf_counter()
    n_failures = sum(len(one.failures) for one in fetched)
    n_requests, nbytes = served.taken()
    print(
        f"  {name:<11}{len(scenes)} scenes, search {searched - started:.2f} s, "
        f"fetch {ended - searched:.2f} s, {n_requests} requests for pixels, {nbytes / 1e6:.1f} MB, "
        f"{n_failures} failures"
    )
