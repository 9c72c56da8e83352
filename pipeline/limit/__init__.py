"""The detection limit, measured: plant changes of known size and contrast and see what is found.

Here belongs the experiment on arrays: which pixels are planted on, when, how often, and what
counts as found. The detector with its calibration, and the rule of objects, are handed in, so
that this stage knows no other. Files belong to ``publish``, the order of the steps to ``trial``.

Detection is a matter of each pixel alone once the calibration stands. A change is therefore
planted in all pixels at once, the detector is run, and then blobs of any size are cut out at drawn
places: what a blob would have given if it had been planted alone (the tests compare the two).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.stats import binomtest

from pipeline.limit.blobs import drawn, plots_of
from pipeline.limit.chart import Chart
from pipeline.limit.plants import Ground, planted
from pipeline.model.cube import INSIDE_SHARE
from pipeline.model.limit import Plant, Sounding, ZoneLimit
from pipeline.raster.touching import are_reported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.config import LimitOptions
    from pipeline.model.cube import DateCube, ZoneMask

    Mask = NDArray[np.bool_]
    Step = Callable[[], None]
    Watch = Callable[[DateCube, Sequence[int], Mask], Sequence["Watched"]]


@dataclass(frozen=True)
class Watched:
    """What the detector says of a cube, monitored dates only.

    Attributes:
        standing: whether a pixel stands changed or waits for the looks that would confirm it,
            bool, (time, y, x).
        confirmed: whether it stands confirmed, likewise.
    """

    standing: Mask
    confirmed: Mask


@dataclass(frozen=True)
class Field:
    """What is planted in.

    Attributes:
        cube: the scenes as they were taken, bands named by role.
        n_baseline: how many leading dates are the baseline.
        free: pixels that are monitored and lie away from what really changed, (y, x).
        monitored: pixels that are monitored, (y, x).
        masks: the zones.
        looks: clear looks in the monitored period, by zone id.
    """

    cube: DateCube
    n_baseline: int
    free: Mask
    monitored: Mask
    masks: tuple[ZoneMask, ...]
    looks: Mapping[str, int]


@dataclass(frozen=True)
class Measured:
    """What the experiment gave.

    Attributes:
        zones: one a mask, in their order.
        chart: by kind of change, the least contrast at which the smallest object is found in the
            neighbourhood of a pixel, float32, (y, x).
        onsets: indices of the dates on which changes were planted.
    """

    zones: tuple[ZoneLimit, ...]
    chart: Mapping[Plant, NDArray[np.float32]]
    onsets: tuple[int, ...]


def free_of(standing: Mask, monitored: Mask) -> Mask:
    """Monitored pixels that touch nothing that stood changed on any date, (y, x).

    What is planted there can only be found by itself.
    """
    ever = standing.any(axis=0)
    near: Mask = ndimage.binary_dilation(ever, structure=np.ones((3, 3), dtype=bool))
    return monitored & ~near


def measure_limits(
    field: Field,
    watch: Watch,
    options: LimitOptions,
    *,
    min_pixels: int,
    step: Step = lambda: None,
) -> Measured:
    """Plant every kind of change at every contrast and find the smallest area that is found.

    Args:
        field: what is planted in.
        watch: the detector, with the calibration of the cube as it was taken. It is given the
            monitored dates planted on every one, the onsets by their places among them, and the
            pixels that are asked about, and answers for each onset.
        options: contrasts, sizes, and how often.
        min_pixels: the minimum mapping unit.
        step: called after every contrast.

    Raises:
        InputError: if the cube lacks red or near infrared.
    """
    onsets = onsets_of(field, options)
    places = [date - field.n_baseline for date in onsets]
    ground, late = Ground.of(field.cube, field.n_baseline), dates_of(field)
    found: dict[str, list[Sounding]] = {mask.zone_id: [] for mask in field.masks}
    charts = {plant: Chart.blank(field.cube.grid.shape, options, min_pixels) for plant in Plant}
    for plant in Plant:
        for contrast in options.contrasts:
            free = field.free & ground.has_room(plant, contrast)
            scenes = planted(late, ground, plant, contrast, onset=0)
            trial = Trial(plant, contrast, tuple(watch(scenes, places, free)), min_pixels)
            charts[plant].add(contrast, free, [one.standing for one in trial.outcomes])
            for mask in field.masks:
                found[mask.zone_id].append(_sounding(trial, mask, free, options))
            step()
    zones = tuple(_zone(field, mask, found[mask.zone_id], min_pixels) for mask in field.masks)
    return Measured(zones, {plant: one.drawn() for plant, one in charts.items()}, onsets)


def dates_of(field: Field) -> DateCube:
    """The monitored dates of what is planted in."""
    cube, late = field.cube, slice(field.n_baseline, None)
    return replace(
        cube,
        values=cube.values[late],
        clear=cube.clear[late],
        snow=cube.snow[late],
        instants=cube.instants[late],
        scene_ids=cube.scene_ids[late],
        kinds=None,
    )


def n_steps(options: LimitOptions) -> int:
    """How often ``step`` will be called."""
    return len(Plant) * len(options.contrasts)


def onsets_of(field: Field, options: LimitOptions) -> tuple[int, ...]:
    """Dates on which changes are planted: one drawn from each part of the monitored period.

    The last dates are left out, so that every change has enough dates to be confirmed in; a period
    with no more dates than that has its first date for onset.
    """
    n_dates = len(field.cube.instants)
    end = max(n_dates - options.min_dates_after + 1, field.n_baseline + 1)
    edges = np.linspace(field.n_baseline, end, options.n_onsets + 1)
    rng = np.random.default_rng([options.seed, n_dates, field.n_baseline])
    dates = np.floor(edges[:-1] + rng.random(options.n_onsets) * np.diff(edges))
    return tuple(sorted({int(date) for date in dates}))


@dataclass(frozen=True)
class Trial:
    """One kind of change at one contrast, planted in all pixels.

    Attributes:
        plant: the kind.
        contrast: how strongly.
        outcomes: what the detector said, one an onset.
        min_pixels: the minimum mapping unit.
    """

    plant: Plant
    contrast: float
    outcomes: tuple[Watched, ...]
    min_pixels: int

    def within(self, mask: ZoneMask) -> Trial:
        """The same, cut to the window of a zone."""
        rows, cols = mask.window.slices
        cut = tuple(
            Watched(one.standing[:, rows, cols], one.confirmed[:, rows, cols])
            for one in self.outcomes
        )
        return Trial(self.plant, self.contrast, cut, self.min_pixels)

    def finds(self, free: Mask, n_pixels: int, n: int, rng: np.random.Generator) -> Mask:
        """Whether each of up to ``n`` drawn blobs of a size is reported, (planting,).

        Args:
            free: pixels that may be planted on, (y, x).
            n_pixels: size of the blobs.
            n: how many are wanted.
            rng: what they are drawn with.
        """
        groups = drawn(plots_of(free, n_pixels), len(self.outcomes), n, rng)
        found = [
            are_reported(
                plot.scenes(self.outcomes[onset].standing),
                plot.scenes(self.outcomes[onset].confirmed),
                self.min_pixels,
            )
            for onset, plot in groups
        ]
        return np.concatenate(found) if found else np.zeros(0, dtype=bool)


def _sounding(trial: Trial, mask: ZoneMask, free: Mask, options: LimitOptions) -> Sounding:
    """The smallest area that is found often enough in a zone."""
    rows, cols = mask.window.slices
    own = free[rows, cols] & (mask.fraction > INSIDE_SHARE)
    within, last = trial.within(mask), (0, np.zeros(0, dtype=bool))
    for n_pixels in _sizes(options.sizes_px, trial.min_pixels):
        # A zone draws the same whatever other zones there are.
        key = zlib.crc32(f"{mask.zone_id} {trial.plant} {trial.contrast} {n_pixels}".encode())
        rng = np.random.default_rng([options.seed, key])
        found = within.finds(own, n_pixels, options.n_plantings, rng)
        if len(found) < options.min_plantings:
            break
        last = n_pixels, found
        if found.mean() >= options.probability:
            return _counted(trial, *last, is_found=True)
    return _counted(trial, *last, is_found=False)


def _sizes(sizes_px: Sequence[int], min_pixels: int) -> Iterator[int]:
    """The sizes that can be reported, the smallest such first."""
    yield min_pixels
    yield from (size for size in sorted(sizes_px) if size > min_pixels)


def _counted(trial: Trial, n_pixels: int, found: Mask, *, is_found: bool) -> Sounding:
    """A sounding from the plantings of one size."""
    n_found, n_planted = int(np.count_nonzero(found)), len(found)
    low, high = wilson(n_found, n_planted)
    size = n_pixels if is_found else None
    return Sounding(
        trial.plant, trial.contrast, size, n_pixels, n_found, n_planted, round(low, 4),
        round(high, 4),
    )  # fmt: skip


def wilson(n: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; of nothing, all is possible.

    Example:
        >>> [round(one, 3) for one in wilson(8, 10)]
        [0.49, 0.943]
    """
    if not of:
        return 0.0, 1.0
    interval = binomtest(n, of).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def _zone(field: Field, mask: ZoneMask, found: Sequence[Sounding], min_pixels: int) -> ZoneLimit:
    """One zone, put together."""
    rows, cols = mask.window.slices
    inside = mask.fraction > INSIDE_SHARE
    n_pixels, n_free = (
        int(np.count_nonzero(flags[rows, cols] & inside)) for flags in (field.monitored, field.free)
    )
    looks = field.looks[mask.zone_id]
    return ZoneLimit(mask.zone_id, looks, n_pixels, n_free, min_pixels, tuple(found))
