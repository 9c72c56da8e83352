"""A simulated site as the cube that prepare would make of it, without a disk in between.

Here belongs the short way from the generator's scenes to a ``DateCube`` with its zones, for
benchmarks and tests that need many seeds. Nothing is made up here beside what the generator makes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.config import load_config
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.grid import Window
from pipeline.model.look import PixelKind
from pipeline.raster.masks import repeat_pixels
from pipeline.sensors.sentinel2 import BASELINE_04_OFFSET, QUANTIFICATION_SCALE, kinds_of
from pipeline.simulate.layout import ZONES
from pipeline.simulate.materials import BANDS
from pipeline.simulate.options import REHEARSAL, SimulateOptions
from pipeline.simulate.scenes import SimulatedScene, build_surface, frame_pixels, simulate_scenes
from pipeline.simulate.sensor import OFFSET_SINCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pipeline.simulate.surface import Surface


class SimulatedCube(NamedTuple):
    """A cube, its zones, and the ground that it shows."""

    cube: DateCube
    masks: tuple[ZoneMask, ...]
    surface: Surface


def simulated_cube(
    seed: int, options: SimulateOptions = REHEARSAL, *, with_changes: bool = True
) -> SimulatedCube:
    """The series of a seed; SIMULATED."""
    options = replace(options, with_changes=with_changes)
    surface = build_surface(seed, options)
    return SimulatedCube(
        cube_of_scenes(simulate_scenes(surface, options), options), masks_of(surface), surface
    )


def cube_of_scenes(scenes: Iterable[SimulatedScene], options: SimulateOptions) -> DateCube:
    """Scenes as reflectance with kinds; dates on which hardly anything is seen are no looks."""
    prepare = load_config().prepare
    days, values, kinds = [], [], []
    for scene in scenes:
        kind = kinds_of(repeat_pixels(scene.scl, 2), (0,), prepare)
        seen = (kind == PixelKind.CLEAR) | (kind == PixelKind.SNOW)
        if seen.mean() >= prepare.min_clear_share:
            days.append(scene.day)
            kinds.append(kind)
            values.append(np.where(seen, _reflectance(scene), np.float32(0)))
    stacked = np.stack(kinds)
    return DateCube(
        values=np.stack(values),
        clear=stacked == PixelKind.CLEAR,
        snow=stacked == PixelKind.SNOW,
        instants=tuple(datetime.combine(day, time(2, 16), UTC) for day in days),
        scene_ids=tuple(f"S2-{day:%Y%m%d}" for day in days),
        bands=BANDS,
        grid=options.grid,
        is_simulated=True,
        kinds=stacked,
        sensor="sentinel-2",
    )


def _reflectance(scene: SimulatedScene) -> NDArray[np.float32]:
    """All bands on 10 m, (band, y, x)."""
    offset = BASELINE_04_OFFSET if scene.day >= OFFSET_SINCE else 0.0
    layers = []
    for name in BANDS:
        numbers = scene.numbers[name]
        factor = scene.numbers["red"].shape[0] // numbers.shape[0]
        layers.append(repeat_pixels(numbers.astype(np.float32), factor))
    stacked = np.stack(layers) * np.float32(QUANTIFICATION_SCALE) + np.float32(offset)
    return np.asarray(stacked, dtype=np.float32)


def masks_of(surface: Surface) -> tuple[ZoneMask, ...]:
    """Every zone of the layout as shares of pixels."""
    masks = []
    for zone in ZONES:
        share = frame_pixels(surface.ground.cells.coverage(zone.rect)).astype(np.float32)
        rows, cols = np.flatnonzero(share.any(axis=1)), np.flatnonzero(share.any(axis=0))
        window = Window(int(rows[0]), int(cols[0]), int(np.ptp(rows)) + 1, int(np.ptp(cols)) + 1)
        fraction = share[window.slices]
        masks.append(ZoneMask(zone.id, window, fraction, zone.kind == "control"))
    return tuple(masks)
