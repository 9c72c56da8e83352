"""The simulated archives in memory: cubes, looks and outlines for tests, without files of scenes.

Here belongs what turns scenes of the generator into the nouns that signs read. The files are read
by the real readers in the tests of the committed tiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import load_config
from pipeline.fetch.lights import read_light_folder
from pipeline.model.coarse_chip import PlacedLook
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.look import PixelKind
from pipeline.prepare.burn import Burner
from pipeline.request import ROOT
from pipeline.sensors.landsat_bits import kinds_of
from pipeline.simulate.archive import simulate_archive
from pipeline.simulate.eras import Past
from pipeline.simulate.landsat import GRID, LANDSAT_BANDS, landsat_days, simulate_landsat
from pipeline.simulate.options import ArchiveOptions
from pipeline.simulate.outcome import Truth, truth_of
from pipeline.sites import load_site

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.model.site import Site

SITE_FOLDER = ROOT / "aoi" / "kaesong-rehearsal"
SEEDS = (20201008, 3, 71)


@cache
def site() -> Site:
    return load_site(SITE_FOLDER)


@cache
def masks() -> tuple[ZoneMask, ...]:
    """The zones on Landsat's grid, cells left out."""
    burnt = Burner(GRID).zones(site())
    return tuple(mask for mask in burnt if not mask.zone_id.startswith("cell-"))


def truth(variant: str = "rehearsal", *outcomes: str) -> Truth:
    return truth_of(variant).asked(*outcomes)


@dataclass(frozen=True)
class LandsatCubes:
    """Reflectance and temperature of the same scenes."""

    light: DateCube
    thermal: DateCube


def landsat_cubes(seed: int, told: Truth, first: int, last: int) -> LandsatCubes:
    """The scenes of some years, both included."""
    scenes = list(simulate_landsat(Past(seed, told), landsat_days(seed, first, last)))
    options = load_config().prepare
    kinds = np.array([kinds_of(scene.qa, (1,), options) for scene in scenes], dtype=np.uint8)
    clear, snow = kinds == PixelKind.CLEAR, kinds == PixelKind.SNOW
    light = np.array(
        [[scene.numbers[band] * 2.75e-5 - 0.2 for band in LANDSAT_BANDS] for scene in scenes]
    )
    heat = np.array([[scene.kelvin, scene.error_k] for scene in scenes])
    instants = tuple(datetime.combine(scene.day, time(2, 8), UTC) for scene in scenes)
    names = tuple(f"{scene.craft}_{scene.day}" for scene in scenes)
    bands = tuple(band.replace("nir08", "nir") for band in LANDSAT_BANDS)

    def cube(values: NDArray[np.float64], bands: tuple[str, ...], unit: str) -> DateCube:
        shown = np.where(clear[:, None], np.nan_to_num(values), 0).astype(np.float32)
        return DateCube(
            shown, clear.copy(), snow.copy(), instants, names, bands, GRID, is_simulated=True,
            kinds=kinds.copy(), sensor="landsat", unit=unit,
        )  # fmt: skip

    return LandsatCubes(
        cube(light, bands, "reflectance"), cube(heat, ("lwir11", "st_qa"), "kelvin")
    )


def outlines() -> dict[str, BaseGeometry]:
    return {place: site().outline_of(place) for place in site().places}


def light_looks(
    seed: int, told: Truth, sensor: str, years: tuple[int, int]
) -> tuple[PlacedLook, ...]:
    """What the reader makes of the files of some years, over the site and its comparators."""
    with TemporaryDirectory() as folder:
        simulate_archive(Path(folder), sensor, seed=seed, options=ArchiveOptions(told, years))
        return looks_in(Path(folder), sensor)


def looks_in(folder: Path, sensor: str) -> tuple[PlacedLook, ...]:
    """What the reader makes of a folder."""
    found = outlines()
    looks, failures = read_light_folder(site(), folder, sensor, also=list(found.values())[1:])
    assert not failures
    return tuple(PlacedLook(place, look) for look in looks for place in found)


def utc(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
