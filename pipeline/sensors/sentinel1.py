"""Sentinel-1, terrain-corrected backscatter: power, speckle, and the orbits that never mix.

Here belongs what is said about gamma0 products of any maker; the product of OPERA has its own
module for its names and its mask. Sources, in words: the description of the collection
sentinel-1-rtc of the Planetary Computer for the unit (gamma0, linear power, float32) and for
the fill of -32768, which its recorded items state; ESA's product definition for the equivalent
number of looks of IW GRDH, 4.4, which the same items state, and for the noise floor of -22 dB.

A hill, a wall or a roof looks different from every orbit, so a series is one orbit: relative
orbit and direction. Numbers stay linear power; decibels are for the eye only, because the mean
of decibels is not the decibel of the mean.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.errors import AssetError, InputError
from pipeline.sensors.sensor import Band, Noise, Seeing, Sensor, Watch, decide_documented

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pipeline.model.scene import Asset, Scene
    from pipeline.raster.radiometry import Radiometry

GSD_M: Final = 10.0
N_ORBITS: Final = 175
"""Ground tracks of one cycle of twelve days."""
EQUIVALENT_LOOKS: Final = 4.4
UNIT: Final = "gamma0, linear power"

NOISE: Final = Noise(
    10 ** (-22 / 10),
    1 / math.sqrt(EQUIVALENT_LOOKS),
    "speckle at 4.4 equivalent looks, as the items state them, and ESA's noise floor of -22 dB; "
    "neighbouring pixels share looks (10 m pixels, about 20 m resolution), so the mean of n "
    "pixels is less exact than the square root of n says",
)


def power_band(polarisation: str, gsd_m: float, nodata: tuple[float, ...], noise: Noise) -> Band:
    """A band of gamma0 in linear power, at 5.405 GHz (5.5 cm)."""
    return Band(
        f"gamma0 {polarisation}",
        gsd_m,
        unit=UNIT,
        polarisation=polarisation,
        nodata=nodata,
        noise=noise,
        keys=(polarisation.lower(),),
        stored_as="f",
    )


BANDS: Final = MappingProxyType(
    {name: power_band(name.upper(), GSD_M, (-32768,), NOISE) for name in ("vv", "vh", "hh", "hv")}
)


def decide_radiometry(scene: Scene, asset: Asset) -> Radiometry:
    """Scale 1 and offset 0, unless the item contradicts that; with its nodata.

    Raises:
        RadiometryError: if the item states a scale or an offset.
    """
    return decide_documented(BANDS, scene, asset)


def has_echo(power: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a power is a measurement, bool, the shape of the input: finite and above zero."""
    with np.errstate(invalid="ignore"):
        found: NDArray[np.bool_] = np.isfinite(power) & (power > 0)
    return found


def to_decibel(power: NDArray[Any]) -> NDArray[np.float32]:
    """Decibels for display, float32, the shape of the input; NaN where there is no echo."""
    found = has_echo(power)
    return np.where(found, 10 * np.log10(np.where(found, power, 1)), np.nan).astype(np.float32)


@dataclass(frozen=True, order=True)
class Orbit:
    """The geometry of a look.

    Attributes:
        relative: number of the ground track, 1 to 175.
        state: ``ascending`` or ``descending``; empty if only the track is known.
    """

    relative: int
    state: str = ""

    def __str__(self) -> str:
        """Number and direction."""
        return f"{self.relative} {self.state}".rstrip()


def orbit_of(scene: Scene) -> Orbit:
    """The orbit of a scene.

    Raises:
        AssetError: if the item does not state it, or states one that cannot be.
    """
    number = scene.relative_orbit
    if number is None or not 1 <= number <= N_ORBITS:
        what = f"its relative orbit is {'not stated' if number is None else number}"
        remedy = "use a catalogue that states sat:relative_orbit (1 to 175)"
        raise AssetError(what, where=scene.id, remedy=remedy)
    return Orbit(number, scene.orbit_state or "")


def by_orbit(scenes: Iterable[Scene]) -> dict[Orbit, tuple[Scene, ...]]:
    """The scenes of each orbit, in the order given; orbits by number.

    Raises:
        AssetError: if a scene does not state its orbit: it belongs to no series.
    """
    found: dict[Orbit, tuple[Scene, ...]] = {}
    for scene in scenes:
        orbit = orbit_of(scene)
        found[orbit] = (*found.get(orbit, ()), scene)
    return dict(sorted(found.items()))


def one_orbit(scenes: Sequence[Scene]) -> Orbit | None:
    """The orbit that all scenes share; None if there are none.

    Raises:
        AssetError: if a scene does not state its orbit.
        InputError: if they are of several orbits.
    """
    counts = Counter(map(orbit_of, scenes))
    if len(counts) > 1:
        listed = ", ".join(f"{orbit} ({n} scenes)" for orbit, n in sorted(counts.items()))
        remedy = f"make one series of each: {listed}"
        raise InputError("looks from several orbits are no series", remedy=remedy)
    return next(iter(counts), None)


WATCH: Final = Watch(in_decibel=True, floor=0.5)
"""ESA specifies the radiometric stability of the instrument to 0.5 dB (three standard deviations),
so a smaller step says nothing. The steps of calibration that are documented, updates of the
antenna pattern, are smaller than that, so none keeps a date out: a larger step common to all
pixels may be wet ground or frost as well as calibration, and nobody can tell from the pixels."""

SENSOR: Final = Sensor(
    id="sentinel-1",
    label="Sentinel-1, radiometrically terrain-corrected gamma0",
    collections=("sentinel-1-rtc",),
    bands=BANDS,
    required=("vv",),
    optional=("vh",),
    mask=None,
    gsd_m=GSD_M,
    unit=UNIT,
    decide=decide_radiometry,
    seeing=Seeing(is_signal=has_echo),
    watch=WATCH,
    is_by_orbit=True,
    equivalent_looks=EQUIVALENT_LOOKS,
)
