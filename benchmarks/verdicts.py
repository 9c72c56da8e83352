"""Are verdicts right in worlds of which the truth is known? SIMULATED night light, many seeds.

Here belongs the tally of verdicts by claim and world. The worlds come from the generator, which
knows nothing of the detectors; light is read off the monthly composites over the site and the towns
around it, without a file in between, and the claims are those of the seeds folder.
"""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assess import assess
from pipeline.claims import load_seeds
from pipeline.config import load_config
from pipeline.model.assessment import Verdict
from pipeline.model.claim import Direction, Observable
from pipeline.model.signal import Evidence, Signal
from pipeline.simulate.lamps import light_grid
from pipeline.simulate.lights import NightSky
from pipeline.simulate.outcome import truth_of
from pipeline.simulate.places import SITE_LAT_DEG, SITE_LON_DEG, TOWNS
from pipeline.sites import load_site

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.claim import Claim, Seeds

ROOT = Path(__file__).resolve().parents[1]
SITE, SENSOR, UNIT = "kaesong-rehearsal", "viirs-dnb", "natural logarithm of mean nW/cm2/sr"
WORLDS = ("rehearsal", "absent", "elsewhere", "clouded", "wrong-month", "stepped", "refuted")
N_SEEDS = 200
N_PROCESSES = 2
SPAN = date(2012, 4, 1), date(2024, 12, 1)
PER_DEGREE = 240
FLOOR = 0.05
"""Radiance in nW/cm2/sr below which a logarithm is held."""
HALF_PX = 1
SITE_AREA_M2, NATIVE_M = 4e6, 742.0


def main() -> None:
    """Print how often each claim about light got each verdict, world by world."""
    n_seeds = int(sys.argv[2]) if len(sys.argv) > 2 else N_SEEDS  # noqa: PLR2004 - one option
    seeds = light_claims()
    print(f"SIMULATED night light, {n_seeds} seeds a world; claims about the whole site")
    with ProcessPoolExecutor(N_PROCESSES) as pool:
        for world in WORLDS:
            found = pool.map(partial(verdicts, world), range(1, n_seeds + 1), chunksize=5)
            print_world(world, seeds, list(found))


def light_claims() -> Seeds:
    """The claims that monthly light can speak to, without their other predictions."""
    seeds = load_seeds(ROOT / "seeds" / "kaesong")
    kept = tuple(one for one in map(_about_light, seeds.claims) if one is not None)
    return replace(seeds, claims=kept, events=())


def _about_light(claim: Claim) -> Claim | None:
    """A claim with its predictions of light alone; None if it has none."""
    kept = tuple(
        one
        for one in claim.predictions
        if one.observable is Observable.NIGHT_LIGHT and SENSOR in one.sensors
    )
    return replace(claim, predictions=kept) if kept else None


def verdicts(world: str, seed: int) -> dict[str, Verdict]:
    """The verdict of each claim in one world."""
    seeds, options = light_claims(), load_config().assess
    site = load_site(ROOT / "aoi" / SITE)
    found = assess(seeds, site, sky(world, seed), options)
    return {one.claim_id: one.verdict for one in found}


def sky(world: str, seed: int) -> Evidence:
    """The monthly light of the site and of the towns as lines."""
    months = [one for one in NightSky(seed, truth_of(world)).months(*SPAN) if one.n_looks.any()]
    instants = tuple(datetime(one.first.year, one.first.month, 15, tzinfo=UTC) for one in months)
    places = {"whole-complex": (SITE_LON_DEG, SITE_LAT_DEG)}
    places |= {town.id: (town.lon_deg, town.lat_deg) for town in TOWNS}
    light = {
        name: np.array([_light(one.radiance, one.n_looks, at) for one in months])
        for name, at in places.items()
    }
    towns = [town.id for town in TOWNS]
    signals = tuple(
        Signal(
            SENSOR, "monthly", Observable.NIGHT_LIGHT, name, UNIT, instants, values,
            _level(light, [town for town in towns if town != name]), instants, 0.01, NATIVE_M,
            SITE_AREA_M2, np.ones(len(instants), dtype=np.int64), name in towns,
            is_simulated=True,
        )
        for name, values in light.items()
    )  # fmt: skip
    return Evidence(signals, is_simulated=True)


def _light(
    radiance: NDArray[np.float32], n_looks: NDArray[np.uint8], at: tuple[float, float]
) -> float:
    """Logarithm of the mean light around a point; NaN where it was not seen."""
    grid = light_grid(1 / PER_DEGREE)
    col = int((at[0] - grid.left_deg) * PER_DEGREE)
    row = int((grid.top_deg - at[1]) * PER_DEGREE)
    block = (
        slice(row - HALF_PX, row + HALF_PX + 1),
        slice(col - HALF_PX, col + HALF_PX + 1),
    )
    if not n_looks[block].all():
        return float("nan")
    return float(np.log(max(float(radiance[block].mean()), FLOOR)))


def _level(light: dict[str, NDArray[np.float64]], towns: list[str]) -> NDArray[np.float64]:
    """Mean of the towns by month."""
    return np.asarray(np.mean([light[town] for town in towns], axis=0))


def print_world(world: str, seeds: Seeds, found: list[dict[str, Verdict]]) -> None:
    """One world: how often each claim got each verdict."""
    print(f"\n{world}")
    print(f"{'claim':9}{'predicts':11}" + "".join(f"{one.value:>18}" for one in Verdict))
    for claim in seeds.claims:
        counts = Counter(one[claim.id] for one in found)
        predicts = claim.predictions[0].direction
        word = "nothing" if predicts is Direction.NO_CHANGE else predicts.value
        row = "".join(f"{counts[one] / len(found):>18.3f}" for one in Verdict)
        print(f"{claim.id:9}{word:11}{row}")


if __name__ == "__main__":
    main()
