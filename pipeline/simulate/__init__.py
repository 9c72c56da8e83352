"""Simulated imagery of an invented site, from a seed: what the tests and the rehearsal run on.

Here belongs the generator. It knows nothing of detection, zones, history or assessment and does
not share their model of the world: its seasons are no sines, its noise is not Gaussian and
remembers where and when it was. What is measured on its scenes is never called accuracy.
"""

from pipeline.simulate.archive import ARCHIVES, SimulatedArchive, simulate_archive
from pipeline.simulate.options import (
    DEFAULT_SEED,
    FULL,
    REHEARSAL,
    ArchiveOptions,
    SimulateOptions,
)
from pipeline.simulate.outcome import VARIANTS, Outcome, Truth, truth_of
from pipeline.simulate.site import SimulatedSite, simulate_site

__all__ = [
    "ARCHIVES",
    "DEFAULT_SEED",
    "FULL",
    "REHEARSAL",
    "VARIANTS",
    "ArchiveOptions",
    "Outcome",
    "SimulateOptions",
    "SimulatedArchive",
    "SimulatedSite",
    "Truth",
    "simulate_archive",
    "simulate_site",
    "truth_of",
]
