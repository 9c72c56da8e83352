"""Simulate a site from end to end: scenes, catalogue, truth.

Here belongs the one verb of the package. Each step belongs to the module that it calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.simulate.archive import make_room, require_seed
from pipeline.simulate.catalogue import write_catalogue, write_scene
from pipeline.simulate.scenes import build_surface, simulate_scenes
from pipeline.simulate.truth import TruthEntry, truth_document, witnesses
from pipeline.store.files import canonical_json, publish_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.simulate.options import SimulateOptions


@dataclass(frozen=True)
class SimulatedSite:
    """What a simulation left behind.

    Attributes:
        n_items: passes in the catalogue.
        nbytes: bytes of all its files.
        truth: what was planted, and how it could be seen.
    """

    n_items: int
    nbytes: int
    truth: tuple[TruthEntry, ...]


def simulate_site(folder: Path, *, seed: int, options: SimulateOptions) -> SimulatedSite:
    """Write a SIMULATED Sentinel-2 catalogue of the invented site, with its truth.

    The same seed and options give the same pixels. One pass is held in memory at a time; the
    catalogue's first page is written last, so that an interrupted run leaves none.

    Args:
        folder: where ``catalog.json`` and everything below it go.
        seed: any whole number from 0.
        options: frame, days, and whether anything is planted.

    Raises:
        ConfigError: if the seed is negative, or the folder holds a catalogue of another kind.
        StoreError: if a file cannot be written.
    """
    require_seed(seed)
    make_room(folder)
    surface, names = build_surface(seed, options), []
    seen = witnesses(surface)
    for scene in simulate_scenes(surface, options):
        names.append(write_scene(folder, scene, options.grid))
        for witness in seen:
            witness.watch(scene)
    truth = tuple(witness.entry(surface) for witness in seen)
    publish_bytes(folder / "truth.json", canonical_json(truth_document(seed, truth)))
    write_catalogue(folder, names, options.days, options.grid)
    files = (path for path in folder.rglob("*") if path.is_file())
    return SimulatedSite(len(names), sum(path.stat().st_size for path in files), truth)
