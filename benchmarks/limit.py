"""The detection limit of the rehearsal: by zone, what it costs, and whether the shortcut holds.

Here belong the run, its time, and single blobs planted one by one and sent through the unchanged
pass, against what planting everywhere at once says of the same blobs. SIMULATED scenes.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from scipy.stats import binomtest

from pipeline import trial
from pipeline.detect.monitor import HarmonicMonitor
from pipeline.futures import Futures
from pipeline.history import replay
from pipeline.inputs import Silence
from pipeline.judge import count_baseline
from pipeline.limit import Trial, dates_of, onsets_of
from pipeline.limit.blobs import drawn, plots_of
from pipeline.limit.plants import Ground, planted
from pipeline.model.change import Status
from pipeline.model.cube import INSIDE_SHARE
from pipeline.model.limit import Plant
from pipeline.prepare import prepare
from pipeline.request import request_for
from pipeline.run import gather
from pipeline.selection import judged_sensor
from pipeline.sites import load_site
from pipeline.store.chips import ChipStore
from pipeline.store.layout import WorkFolder
from pipeline.terminal.limits import limit_notes, limit_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import RunConfig
    from pipeline.detect.calibration import Calibration
    from pipeline.inputs import RunRequest
    from pipeline.limit import Field
    from pipeline.model.cube import DateCube, ZoneMask

SITE, ZONE = "kaesong-rehearsal", "centre-factory"
CASES = (
    (Plant.BRIGHTER, 0.06, 9),
    (Plant.BRIGHTER, 0.08, 4),
    (Plant.BRIGHTER, 0.1, 4),
    (Plant.DARKER, 0.08, 6),
)
"""Near the limit, where the two could differ."""
N_BLOBS = 30


def main() -> None:
    """Print limits, seconds, and the check of the shortcut."""
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as folder:
        request = request_for(SITE, "", Path(folder))
        trial.find_limits(request_without_planting(request))  # chips are at hand from here on
        started = time.perf_counter()
        done = trial.find_limits(request)
        seconds = time.perf_counter() - started
        console.print(limit_table(done.site.label, done.held.limits))
        for line in limit_notes(done.held.limits):
            console.print(line)
        print(f"\nSIMULATED. prepare, plant and write, chips at hand: {seconds:.1f} s")
        check_shortcut(Shortcut.of(request))


def request_without_planting(request: RunRequest) -> RunRequest:
    """The same with the least that can be planted."""
    least = {"contrasts": (0.5,), "n_onsets": 1}
    limit = request.config.limit.model_copy(update=least)
    return replace(request, config=request.config.model_copy(update={"limit": limit}))


class Shortcut:
    """One zone of the rehearsal, planted both ways."""

    def __init__(self, cube: DateCube, mask: ZoneMask, n_baseline: int, config: RunConfig) -> None:
        """Calibrate on the scenes as they are."""
        self.cube, self.mask, self.n_baseline, self.config = cube, mask, n_baseline, config
        self.monitor = HarmonicMonitor(config.monitor)
        self.learnt = self.monitor.learn(cube, n_baseline)
        self.futures = Futures.of(cube, n_baseline, config.monitor, self.learnt)
        changes = self.monitor.detect(cube, n_baseline, self.learnt)
        self.field: Field = trial.field_of(cube, changes, (mask,), config)
        self.ground = Ground.of(cube, n_baseline)

    @classmethod
    def of(cls, request: RunRequest) -> Shortcut:
        """The zone of a request."""
        site, sensor = load_site(request.site_folder), judged_sensor(request.sensor)
        chips = ChipStore(WorkFolder(request.work, site.id).chips)
        fetched = gather(request, site, None, Silence()).fetched
        made = prepare(site, fetched, chips, request.config.prepare, sensor=sensor)
        cube = replace(made.cube, bands=sensor.in_roles(made.cube.bands))
        cube = trial.needed(cube, request.config)
        mask = next(mask for mask in made.masks if mask.zone_id == ZONE)
        return cls(cube, mask, count_baseline(site, cube), request.config)

    def scenes(self, plant: Plant, contrast: float, onset: int) -> DateCube:
        """The scenes planted everywhere."""
        return planted(self.cube, self.ground, plant, contrast, onset=onset)

    def both(self, plant: Plant, contrast: float, n_pixels: int) -> NDArray[np.bool_]:
        """Whether each blob is found: by the shortcut, alone, alone with its own calibration."""
        onsets = onsets_of(self.field, self.config.limit)
        everywhere = {one: self.scenes(plant, contrast, one) for one in onsets}
        rows, cols = self.mask.window.slices
        free = self.field.free & self.ground.has_room(plant, contrast)
        late = planted(dates_of(self.field), self.ground, plant, contrast, onset=0)
        outcomes = self.futures.watch(late, [one - self.n_baseline for one in onsets], free)
        free = free[rows, cols] & (self.mask.fraction > INSIDE_SHARE)
        made = Trial(plant, contrast, outcomes, self.config.objects.min_pixels).within(self.mask)
        found = made.finds(free, n_pixels, N_BLOBS, np.random.default_rng(1))
        groups = drawn(plots_of(free, n_pixels), len(onsets), N_BLOBS, np.random.default_rng(1))
        alone = []
        for number, plot in groups:
            for row, col in zip(plot.rows, plot.cols, strict=True):
                blob = np.zeros(self.cube.grid.shape, dtype=bool)
                height, width = plot.blob.shape
                blob[rows, cols][row : row + height, col : col + width] = plot.blob
                values = np.where(blob, everywhere[onsets[number]].values, self.cube.values)
                scenes = replace(self.cube, values=values)
                alone.append([self.reports(scenes, one, blob) for one in (self.learnt, None)])
        return np.column_stack([found, np.array(alone)])

    def reports(
        self, scenes: DateCube, learnt: Calibration | None, blob: NDArray[np.bool_]
    ) -> bool:
        """Whether the pass reports an object on a blob."""
        changes = self.monitor.detect(scenes, self.n_baseline, learnt)
        return any(
            one.status in (Status.CONFIRMED, Status.FINISHED)
            and (blob[one.window.slices] & one.mask).any()
            for one in replay(changes, scenes, (self.mask,), self.config.objects)
        )


def check_shortcut(zone: Shortcut) -> None:
    """Print what is found both ways, blob by blob."""
    print(f"\nthe shortcut against single blobs in {ZONE}, {N_BLOBS} blobs each")
    print(f"{'planted':<30}{'shortcut':>10}{'alone':>8}{'differ':>8}{'calibrated anew':>22}")
    for plant, contrast, n_pixels in CASES:
        shortcut, alone, anew = zone.both(plant, contrast, n_pixels).T
        differ = int(np.count_nonzero(shortcut != alone))
        interval = binomtest(int(anew.sum()), len(anew)).proportion_ci(method="wilson")
        said = f"{anew.sum()} ({interval.low:.2f}-{interval.high:.2f})"
        what = f"{plant.value} {contrast}, {n_pixels} px"
        print(f"{what:<30}{shortcut.sum():>10}{alone.sum():>8}{differ:>8}{said:>22}")
