"""Signs of activity: how often unchanged series step, and what planted changes show.

Here belong the runs and their print-out. Scenes come from the generator (SIMULATED); light and
heat, which it does not make, from the small models below. A placebo is plain: three usable looks
in a row after the baseline, in each of which the sign lies more than 1.96 of its errors off, to
the same side; every start counts. Seeds are fixed and named.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from shapely import box

from benchmarks.simulated_cube import SimulatedCube, simulated_cube
from pipeline.activity import show_signs
from pipeline.model.change import Period
from pipeline.model.coarse import CoarseLook, LookLabel, Noise, Quantity, SourceFile
from pipeline.model.coarse_chip import PlacedLook
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.degrees import DegreeGrid
from pipeline.model.grid import Grid, Window
from pipeline.model.site import SITE_PLACE
from pipeline.prepare import Prepared
from pipeline.request import ROOT
from pipeline.sensors import SENSORS
from pipeline.signs import (
    LightOptions,
    built_up_growth,
    cultivation,
    depot_emptied,
    night_light_step,
    onset_of,
    plot_clearing,
    roof_change,
    snow_cleared_share,
    temperature_contrast,
)
from pipeline.simulate.options import REHEARSAL, every_pass
from pipeline.sites import load_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipeline.model.sign import SignSeries

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

SEEDS: Final = (11, 12, 13)
LONG_SEED: Final = 21
PLANTED_SEED: Final = 20201008
BASELINE_END: Final = datetime(2020, 7, 31, 15, tzinfo=UTC)
LONG_BASELINE_END: Final = datetime(2021, 1, 1, tzinfo=UTC)
BEYOND: Final = 1.96
N_LOOKS: Final = 3
SIGNS: Final[dict[str, Callable[..., tuple[SignSeries, ...]]]] = {
    "snow-cleared-share": snow_cleared_share,
    "plot-clearing": plot_clearing,
    "cultivation": cultivation,
    "depot-emptied": depot_emptied,
    "roof-change": roof_change,
}


class Count(NamedTuple):
    """What unchanged series showed.

    Attributes:
        series: series that are observable.
        silent: series that are not.
        looks: usable looks after the baseline.
        beyond: those beyond 1.96 errors.
        windows: three looks in a row.
        steps: those that all lie beyond to the same side.
        onsets: series in which ``onset_of`` finds one, up or down.
    """

    series: int = 0
    silent: int = 0
    looks: int = 0
    beyond: int = 0
    windows: int = 0
    steps: int = 0
    onsets: int = 0

    def plus(self, other: Count) -> Count:
        """Both together."""
        return Count(*(a + b for a, b in zip(self, other, strict=True)))


def main() -> None:
    """Print the false steps of every sign, then what is planted."""
    print("SIMULATED. Unchanged series: a window is three usable looks in a row after the baseline")
    head = f"{'sign':22} {'series':>7} {'silent':>7} {'looks':>7} {'beyond':>8} {'windows':>8}"
    print(f"{head} {'false steps':>12} {'onsets':>7}")
    for seeds, made, end in (
        (SEEDS, sparse, BASELINE_END),
        ((LONG_SEED,), dense, LONG_BASELINE_END),
    ):
        cubes = [made(seed) for seed in seeds]
        n_dates = [len(one.cube.instants) for one in cubes]
        print(f"generator, seeds {seeds}, {n_dates} dates, baseline to {end:%Y-%m-%d}")
        for name, sign in SIGNS.items():
            print_count(name, [s for one in cubes for s in ask(sign, one, end)], end)
    print_calls()
    print_models()
    print_planted()


def sparse(seed: int) -> SimulatedCube:
    """The dates of the rehearsal without anything planted."""
    return simulated_cube(seed, with_changes=False)


def dense(seed: int) -> SimulatedCube:
    """Every pass of four years without anything planted."""
    return simulated_cube(seed, replace(REHEARSAL, days=every_pass()), with_changes=False)


def ask(
    sign: Callable[..., tuple[SignSeries, ...]], one: SimulatedCube, end: datetime
) -> tuple[SignSeries, ...]:
    """One sign of one cube."""
    in_baseline = np.array([instant < end for instant in one.cube.instants])
    return sign(one.cube, one.masks, in_baseline)


def count_of(one: SignSeries, end: datetime) -> Count:
    """What one unchanged series shows."""
    if one.not_observable:
        return Count(silent=1)
    late = np.array([instant >= end for instant in one.instants])
    scores = one.scores[late & one.usable]
    sides = np.where(np.abs(scores) > BEYOND, np.sign(scores), 0)
    runs = [sides[k : k + N_LOOKS] for k in range(len(sides) - N_LOOKS + 1)]
    steps = sum(bool(abs(run.sum()) == N_LOOKS) for run in runs)
    onsets = sum(onset_of(one, side) is not None for side in (1, -1))
    return Count(1, 0, len(scores), int((sides != 0).sum()), len(runs), steps, onsets)


def print_count(name: str, found: Iterable[SignSeries], end: datetime) -> None:
    """One line of the table."""
    total = Count()
    for one in found:
        total = total.plus(count_of(one, end))
    beyond = total.beyond / max(total.looks, 1)
    steps = total.steps / max(total.windows, 1)
    print(
        f"  {name:20} {total.series:7} {total.silent:7} {total.looks:7} {beyond:8.4f} "
        f"{total.windows:8} {steps:12.4f} {total.onsets:7}"
    )


def print_calls() -> None:
    """What the signs of a whole run call on unchanged scenes, by the rules that it publishes."""
    print("runs on unchanged scenes: series, with a lasting departure, with a single look")
    site = load_site(ROOT / "aoi" / "kaesong-rehearsal")
    for seed, made, end in (
        *((seed, sparse, BASELINE_END) for seed in SEEDS),
        (LONG_SEED, dense, LONG_BASELINE_END),
    ):
        one = made(seed)
        watched = replace(site, baseline_end=(end - timedelta(days=1)).date(), timezone="UTC")
        ready = Prepared(one.cube, one.masks, {}, (), ())
        found = show_signs(watched, ready, (), sensor=SENSORS["sentinel-2"])
        shown = [one for one in found.readings if one.is_observable]
        lasting = [one for one in shown if one.lasting]
        single = [one for one in shown if one.single.any()]
        names = ", ".join(f"{r.series.place} {r.series.sign}" for r in (*lasting, *single))
        print(f"  seed {seed}: {len(shown)}, {len(lasting)}, {len(single)} {names}")


def print_models() -> None:
    """Light, heat and built-up ground, from small models, a hundred draws each."""
    print("small models: 100 sites each, noise with a memory of 0.5 from look to look")
    end = datetime(2017, 1, 1, tzinfo=UTC)
    print_count("night-light-step", (s for k in range(100) for s in unchanged_light(k)), end)
    print_count("temperature-contrast", (s for k in range(100) for s in unchanged_heat(k)), end)
    end = datetime(2006, 1, 1, tzinfo=UTC)
    print_count("built-up-growth", (s for k in range(100) for s in unchanged_town(k)), end)


def remembering(draw: np.random.Generator, n: int, *more: int) -> Floats:
    """Noise of unit variance whose looks remember the one before by half, (n, ...)."""
    noise = draw.standard_normal((n, *more))
    for look in range(1, n):
        noise[look] = 0.5 * noise[look - 1] + 0.75**0.5 * noise[look]
    return noise


def unchanged_light(seed: int) -> tuple[SignSeries, ...]:
    """Six years of months over a site and three towns; weather is shared, spread is not."""
    draw = np.random.default_rng(seed)
    places = {SITE_PLACE: 5.0, "a": 2.0, "b": 3.0, "c": 8.0}
    outlines = {place: box(k * 0.05, 0.01, k * 0.05 + 0.04, 0.04) for k, place in enumerate(places)}
    shared = 0.2 * remembering(draw, 72) + 0.2 * np.cos(np.arange(72) * np.pi / 6)
    own = 0.08 * remembering(draw, 72, len(places))
    looks = [
        PlacedLook(place, month_of(month, level * float(np.exp(shared[month] + own[month, k]))))
        for month in range(72)
        for k, (place, level) in enumerate(places.items())
    ]
    options = LightOptions(datetime(2017, 1, 1, tzinfo=UTC))
    return night_light_step(looks, outlines, [*places][1:], options)


def month_of(month: int, radiance: float) -> CoarseLook:
    """A month of even light, from January 2014 on."""
    start, shape = datetime(2014 + month // 12, month % 12 + 1, 1, tzinfo=UTC), (12, 60)
    return CoarseLook(
        label=LookLabel("dnb-monthly", "npp", "vcmcfg", "v10"),
        quantity=Quantity.RADIANCE,
        period=Period(start, start + timedelta(days=27)),
        values=np.full(shape, radiance, np.float32),
        seen=np.ones(shape, dtype=np.bool_),
        saturated=np.zeros(shape, dtype=np.bool_),
        grid=DegreeGrid(0.0, 0.05, 1 / 240, 1 / 240, *shape),
        sources=(SourceFile("made up", ""),),
        noise=Noise(0.06, "made up"),
        is_simulated=True,
    )


def row_of_zones(n_zones: int, side: int, n_controls: int) -> tuple[ZoneMask, ...]:
    """Square zones beside one another, the last ones controls."""
    share = np.ones((side, side), np.float32)
    return tuple(
        ZoneMask(f"z{k}", Window(0, k * side, side, side), share, k >= n_zones - n_controls)
        for k in range(n_zones)
    )


def row_cube(values: NDArray[np.float32], instants: tuple[datetime, ...], bands: str) -> DateCube:
    """A cube of clear looks at 30 m."""
    clear = np.ones((len(values), *values.shape[2:]), dtype=np.bool_)
    ids = tuple(f"LC08_{k:04d}" for k in range(len(values)))
    grid = Grid("EPSG:32652", 300_000.0, 4_200_000.0, 30.0, *values.shape[2:])
    names, snow = tuple(bands.split()), np.zeros_like(clear)
    return DateCube(values, clear, snow, instants, ids, names, grid, is_simulated=True)


def unchanged_heat(seed: int) -> tuple[SignSeries, ...]:
    """Six years of a look every 16 days over six zones of one kind."""
    draw, n, side = np.random.default_rng(seed), 135, 8
    instants = tuple(datetime(2014, 1, 3, tzinfo=UTC) + timedelta(days=16 * k) for k in range(n))
    season = -15 * np.cos(2 * np.pi * np.arange(n) * 16 / 365.2425) + 4 * draw.standard_normal(n)
    by_zone = draw.normal(0, 2, 6) + 0.8 * remembering(draw, n, 6)
    kelvin = 290 + season[:, None] + by_zone + season[:, None] * draw.normal(0, 0.05, 6)
    layers = np.repeat(kelvin, side, axis=1)[:, None, None] + np.zeros((n, 1, side, 1))
    layers = layers + 0.4 * draw.standard_normal(layers.shape)
    cube = row_cube(layers.astype(np.float32), instants, "lwir11")
    in_baseline = np.array([one < datetime(2017, 1, 1, tzinfo=UTC) for one in instants])
    masks = row_of_zones(6, side, 0)
    return temperature_contrast(cube, masks, in_baseline, {one.zone_id: "roof" for one in masks})


def unchanged_town(seed: int) -> tuple[SignSeries, ...]:
    """Twelve yearly composites of four zones, some fields of which lie bare in some years."""
    draw, n, side = np.random.default_rng(seed), 12, 20
    field, built = np.array([0.06, 0.30, 0.18]), np.array([0.18, 0.20, 0.26])
    ground = np.broadcast_to(field[None, :, None, None], (n, 3, side, 4 * side)).copy()
    ground[:, :, 14:] = built[:, None, None]
    bare = draw.random((n, 4)) * 3
    for year, zone in np.ndindex(n, 4):
        at = zone * side
        ground[year, :, : int(bare[year, zone]), at : at + side] = built[:, None, None]
    ground *= np.exp(0.08 * draw.standard_normal(ground.shape))
    ground *= np.exp(0.05 * draw.standard_normal((n, 3, 1, 1)))
    instants = tuple(datetime(2000 + k, 7, 1, tzinfo=UTC) for k in range(n))
    cube = row_cube(ground.astype(np.float32), instants, "red nir08 swir16")
    return built_up_growth(cube, row_of_zones(4, side, 2), np.arange(n) < n // 2, 0)


def print_planted() -> None:
    """What the signs say of the changes of the rehearsal's seed."""
    one = simulated_cube(PLANTED_SEED)
    print(f"planted (seed {PLANTED_SEED}): onsets found up or down, and seconds of all zones")
    for name, sign in SIGNS.items():
        started = time.perf_counter()
        found = ask(sign, one, BASELINE_END)
        seconds = time.perf_counter() - started
        told = [f"{s.place} {words(s, side)}" for s in found for side in (1, -1) if words(s, side)]
        print(f"  {name:20} {seconds:5.2f} s  {'; '.join(told) or 'none'}; {strongest(found)}")


def strongest(found: Iterable[SignSeries]) -> str:
    """The largest score after the baseline, where and when."""
    best, where = 0.0, "no score"
    for one in found:
        for instant, score in zip(one.instants, one.scores.tolist(), strict=True):
            if instant >= BASELINE_END and abs(score) > abs(best):
                best, where = score, f"strongest {one.place} {score:+.1f} on {instant:%Y-%m-%d}"
    return where


def words(one: SignSeries, side: int) -> str:
    """The onset of one series in words; empty if there is none."""
    onset = onset_of(one, side)
    if onset is None:
        return ""
    before = "-" if onset.last_without is None else f"{onset.last_without:%Y-%m-%d}"
    way = "up" if side > 0 else "down"
    return f"{way} between {before} and {onset.first_with:%Y-%m-%d}"


if __name__ == "__main__":
    main()
