"""The rehearsal tiles behind real servers: addresses made absolute, a few months of them.

Here belongs what every server test needs. The servers themselves are started beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from pipeline.catalogs import open_catalog
from pipeline.config import load_config
from pipeline.fetch import fetch
from pipeline.request import ROOT, period_between, request_for
from pipeline.run import run_site
from pipeline.search import search
from pipeline.sites import load_site
from pipeline.store.chips import ChipStore

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.range_server import Served

SITE = "kaesong-rehearsal"
TILES = ROOT / "sample_tiles" / SITE
DAYS = ("2020-02-01", "2020-09-30")
"""Some weeks on both sides of the end of the site's baseline."""
PERIOD = period_between(*DAYS)
CONFIG = load_config()
FEW_LOOKS = CONFIG.model_copy(
    update={"monitor": CONFIG.monitor.model_copy(update={"min_baseline_looks": 6})}
)
"""So short a baseline is too short to judge by; it is long enough to see the pixels through."""
BANDS = (*CONFIG.fetch.bands, *CONFIG.fetch.optional_bands)


def served_items(url: str) -> list[dict[str, Any]]:
    """The items of a year, more than the days that are searched; their files below an address."""
    names = sorted(path.name for path in TILES.glob("S2*_2020????_L2A"))
    return [_item(name, url) for name in names]


def _item(name: str, url: str) -> dict[str, Any]:
    """One item as an API would hold it."""
    item: dict[str, Any] = json.loads((TILES / name / f"{name}.json").read_text(encoding="utf-8"))
    item["links"] = []
    for asset in item["assets"].values():
        asset["href"] = f"{url}/{name}/{asset['href'].removeprefix('./')}"
    return item


def collection() -> dict[str, Any]:
    """Their collection, without links to files."""
    document: dict[str, Any] = json.loads((TILES / "collection.json").read_text(encoding="utf-8"))
    return document | {"links": []}


@dataclass(frozen=True)
class Expected:
    """What the same days give when read from the folder.

    Attributes:
        names: ids of the scenes, in order.
        hashes: of every chip, by the name under which a run record holds it.
    """

    names: tuple[str, ...]
    hashes: dict[str, str]


def expected(work: Path) -> Expected:
    """Read the days from the folder, with no server between."""
    site = load_site(ROOT / "aoi" / SITE)
    scenes = search(site, open_catalog(str(TILES / "catalog.json")), PERIOD, CONFIG.search)
    fetched = fetch(site, scenes, ChipStore(work), CONFIG.fetch)
    return Expected(
        tuple(scene.id for scene in scenes),
        {f"chip:{one.scene.id}/{b}": one.chips[b].sha256 for one in fetched for b in one.chips},
    )


def check_search(source: str, names: tuple[str, ...]) -> None:
    """The listing holds the scenes of the days, whole, in order, and no other."""
    site = load_site(ROOT / "aoi" / SITE)
    scenes = search(site, open_catalog(source), PERIOD, CONFIG.search)
    assert tuple(scene.id for scene in scenes) == names
    assert {tuple(sorted(scene.assets)) for scene in scenes} == {tuple(sorted(BANDS))}
    assert all(scene.is_simulated and scene.instant.tzinfo is UTC for scene in scenes)
    assert all(asset.sha256 for scene in scenes for asset in scene.assets.values())
    ever = period_between("", "")
    assert len(search(site, open_catalog(source), ever, CONFIG.search)) > len(names)


def check_run(source: str, work: Path, files: Served) -> None:
    """A whole run over the servers gives the chips of the folder; a second asks for no pixels."""
    right = expected(work / "folder")
    check_search(source, right.names)
    request = request_for(SITE, source, work / "served", period=DAYS)
    request = replace(request, config=FEW_LOOKS)
    first = run_site(request)
    assert (first.was_new, first.record.state, first.record.failures) == (True, "complete", ())
    got = {key: sha for key, sha in first.record.inputs.items() if key.startswith("chip:")}
    assert got == right.hashes
    assert len(got) == len(right.names) * len(BANDS)
    n_requests, _ = files.taken()
    assert n_requests >= len(got)
    again = run_site(request)
    assert not again.was_new
    assert again.record == first.record
    assert files.taken() == (0, 0)
    assert (first.folder / "report.html").is_file()
