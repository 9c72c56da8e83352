"""Small simulations for tests: few days, the smallest frame that the generator takes."""

from __future__ import annotations

import os
import secrets
import zlib
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from pipeline.simulate.options import ORBIT_EPOCH, REHEARSAL, SimulateOptions
from pipeline.simulate.scenes import SimulatedScene, build_surface, simulate_scenes

if TYPE_CHECKING:
    from pipeline.simulate.surface import Surface

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(16)
"""What the workers of one run share; they must collect the same tests."""

FRESH_SEED = zlib.crc32(RUN.encode())
"""Drawn anew at each run; it stands in the names of tests, so that a failure can be repeated."""


def passes(first: date, n: int) -> tuple[date, ...]:
    """The first n days of the orbit calendar from a day on."""
    start = first + timedelta(days=(ORBIT_EPOCH - first).days % 5)
    return tuple(start + timedelta(days=5 * step) for step in range(n))


def options_for(*days: date, with_changes: bool = True) -> SimulateOptions:
    """The rehearsal's frame with other days."""
    return replace(REHEARSAL, days=days, with_changes=with_changes)


@cache
def surface_of(seed: int, *, with_changes: bool = True) -> Surface:
    """The ground of a seed."""
    return build_surface(seed, replace(REHEARSAL, with_changes=with_changes))


@cache
def scenes_of(
    seed: int, days: tuple[date, ...], *, with_changes: bool = True
) -> tuple[SimulatedScene, ...]:
    """The passes of a seed on some days."""
    surface = surface_of(seed, with_changes=with_changes)
    return tuple(simulate_scenes(surface, options_for(*days, with_changes=with_changes)))
