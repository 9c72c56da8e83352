"""What is said of any sensor, and the rule that most of them share.

Here belong the nouns ``Sensor``, ``Band`` and ``Noise``, and the decision between what an item
states and what is documented. The facts of one sensor belong to its own module; the table of
all sensors belongs to the package.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from pipeline.errors import RadiometryError
from pipeline.raster.radiometry import Radiometry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.scene import Asset, Scene

CLASSES: Final = "classes"
"""The unit of a band whose numbers are codes or bits; they are never scaled."""
REFLECTANCE: Final = "reflectance"
WHOLE_NUMBERS: Final = "ui"
"""Kinds of numpy types that an archive of whole numbers delivers."""


@dataclass(frozen=True)
class Noise:
    """How far a value of one pixel may be off: absolute, plus relative times the value.

    Attributes:
        absolute: one standard deviation, in the unit of the band.
        relative: one standard deviation, as a share of the value.
        basis: where the figures come from, and what they cover.
    """

    absolute: float
    relative: float
    basis: str

    def sigma(self, value: float) -> float:
        """One standard deviation of a single pixel, in the unit of the value.

        Example:
            >>> Noise(0.5, 0.25, "a specification").sigma(-2)
            1.0
        """
        return self.absolute + self.relative * abs(value)


@dataclass(frozen=True)
class Band:
    """One band as the archives deliver it.

    Attributes:
        name: the instrument's or the product's name of it.
        gsd_m: edge of a delivered pixel, in metres.
        centre_nm: centre wavelength, in nanometres; None for radar and masks.
        unit: what its scaled numbers count; ``CLASSES`` for codes and bits.
        polarisation: of a radar, sent and received; empty for all others.
        scale: documented factor from stored number to unit.
        offset: documented summand, in the unit.
        nodata: stored numbers that mean that nothing was seen.
        noise: how exact one pixel is; None for masks.
        keys: what catalogues call the asset, lower case, without ``.tif``.
        stored_as: kinds of numpy types that its numbers may come in.
    """

    name: str
    gsd_m: float
    centre_nm: float | None = None
    unit: str = REFLECTANCE
    polarisation: str = ""
    scale: float = 1.0
    offset: float = 0.0
    nodata: tuple[float, ...] = ()
    noise: Noise | None = None
    keys: tuple[str, ...] = ()
    stored_as: str = WHOLE_NUMBERS


class KindsOf(Protocol):
    """Tells what every pixel shows by the numbers of a mask."""

    def __call__(
        self, mask: NDArray[Any], nodata: tuple[float, ...], options: PrepareOptions, /
    ) -> NDArray[np.uint8]:
        """Codes of ``PixelKind``, the shape of the mask.

        Raises:
            RadiometryError: if the numbers are none that the mask can hold.
        """
        ...


@dataclass(frozen=True)
class Seeing:
    """How a sensor tells which pixels show the ground.

    Attributes:
        kinds_of: reads the mask; None for a sensor without one, whose every number is a look.
        is_signal: where a stored number is a measurement, beside its nodata; None if any is.
        flags: a further band of bits that spoil one band at a time; empty if there is none.
        is_spoilt: where such bits spoil a band: of the stored bits, the satellite and the band.
        note_of: what a reader must know of what a scene does not show; empty for most.
    """

    kinds_of: KindsOf | None = None
    is_signal: Callable[[NDArray[Any]], NDArray[np.bool_]] | None = None
    flags: str = ""
    is_spoilt: Callable[[NDArray[Any], str, str], NDArray[np.bool_]] | None = None
    note_of: Callable[[Scene], str] = lambda _scene: ""


@dataclass(frozen=True)
class Misreading:
    """What another documented reading of the same numbers makes of a true value.

    Attributes:
        factor: of the true value.
        summand: in the unit of the values.
        words: what the error is, after "all bands step by".
    """

    factor: float
    summand: float
    words: str


@dataclass(frozen=True)
class Watch:
    """How the level of a sensor's dates is watched.

    Attributes:
        misreadings: the documented errors of a date that was read with an offset.
        remedy: what can be done about one.
        in_decibel: whether steps multiply, so that they are watched as decibels.
        floor: smallest tolerance, in decibels or the unit of the values; None for that of the
            settings.
    """

    misreadings: Callable[[float], tuple[Misreading, ...]] = lambda _offset: ()
    remedy: str = ""
    in_decibel: bool = False
    floor: float | None = None


@dataclass(frozen=True)
class Sensor:
    """A sensor, or a family of sensors whose numbers mean the same.

    Attributes:
        id: short name, kebab-case.
        label: name for people.
        collections: ids of its collections over all catalogues, by preference.
        bands: by common name, masks among them.
        required: bands that every scene has and that are fetched, the mask among them.
        optional: bands that are fetched where a scene has them.
        mask: the band that tells clear from cloud or valid from shadow; None if there is none.
        gsd_m: edge of a pixel of its own grid, in metres.
        unit: what its main bands count.
        decide: how the numbers of an asset are to be read, with the reason.
        seeing: which pixels of a scene show the ground.
        watch: how the level of its dates is watched.
        roles: what stages that know no sensor call its bands, such as ``nir``, by that name.
        layers: bands of another unit that make a cube of their own, by the name of the cube.
        shift_bands: two bands of its own pixel size that show different things; a shift is
            measured on both. Empty where none is measured.
        is_by_orbit: whether looks of two orbits never stand in one series.
        equivalent_looks: of a radar, how many independent looks a pixel is worth.
        satellite: what claims call it where they name the satellite and not the product; empty
            where that is its id.
    """

    id: str
    label: str
    collections: tuple[str, ...]
    bands: Mapping[str, Band]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    mask: str | None
    gsd_m: float
    unit: str
    decide: Callable[[Scene, Asset], Radiometry]
    seeing: Seeing = field(default_factory=Seeing)
    watch: Watch = field(default_factory=Watch)
    roles: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shift_bands: tuple[str, ...] = ()
    is_by_orbit: bool = False
    equivalent_looks: float | None = None
    satellite: str = ""

    def __post_init__(self) -> None:
        """Refuse a table that contradicts itself.

        Raises:
            ValueError: if it names a band that it does not describe, or one asset for two bands.
        """
        named = {*self.required, *self.optional, *([self.mask] if self.mask else [])}
        named |= {*self.roles.values(), *self.shift_bands, *sum(self.layers.values(), ())}
        keys = [key for band in self.bands.values() for key in band.keys]
        if not named <= set(self.bands) or len(set(keys)) < len(keys):
            raise ValueError(f"the bands of {self.id} contradict each other")

    @property
    def main_bands(self) -> tuple[str, ...]:
        """The required bands that count what the sensor measures: all but masks and flags."""
        return tuple(band for band in self.required if self.bands[band].unit == self.unit)

    @property
    def further_bands(self) -> tuple[str, ...]:
        """The optional bands that count what the main ones do."""
        return tuple(band for band in self.optional if self.bands[band].unit == self.unit)

    @property
    def claimed_as(self) -> str:
        """The name by which claims ask for it."""
        return self.satellite or self.id

    @property
    def is_optical(self) -> bool:
        """Whether it measures reflected sunlight."""
        return self.unit == REFLECTANCE

    def in_roles(self, bands: tuple[str, ...]) -> tuple[str, ...]:
        """Names of bands as stages call them that know no sensor.

        A band keeps its common name unless the sensor gives its role to it.
        """
        role_of = {band: role for role, band in self.roles.items()}
        return tuple(role_of.get(band, band) for band in bands)

    def band_of_key(self, key: str) -> str | None:
        """The common name of the band that catalogues keep under a key; None if there is none."""
        wanted = key.lower().removesuffix(".tif")
        return next((name for name, band in self.bands.items() if wanted in band.keys), None)


def decide_documented(bands: Mapping[str, Band], scene: Scene, asset: Asset) -> Radiometry:
    """Scale and offset of an asset: the item's where it agrees with the documentation.

    Where the item states nothing, the documentation holds. Where it states something else, one
    of the two is wrong and nobody here can know which.

    Args:
        bands: the documentation, by common name.
        scene: the scene.
        asset: one asset of it.

    Raises:
        RadiometryError: if the band is not documented, holds codes instead of numbers, or the
            item contradicts the documentation.
    """
    where = f"{scene.id} {asset.band}"
    band = bands.get(asset.band)
    if band is None or band.unit == CLASSES:
        what = "no documentation says how its numbers are scaled"
        raise RadiometryError(what, where=where, remedy="use a band of pipeline/sensors")
    words = tuple(
        _decided(name, stated, documented, where)
        for name, stated, documented in (
            ("scale", asset.scale, band.scale),
            ("offset", asset.offset, band.offset),
        )
    )
    nodata = band.nodata if asset.nodata is None else (*band.nodata, asset.nodata)
    unique = tuple(dict.fromkeys(float(number) for number in nodata))
    return Radiometry(band.scale, band.offset, ", ".join(words), unique, band.unit)


def _decided(name: str, stated: float | None, documented: float, where: str) -> str:
    """Who says it, in words.

    Raises:
        RadiometryError: if item and documentation differ.
    """
    if stated is None:
        return f"{name} from the documentation, the item states none"
    if math.isclose(stated, documented, rel_tol=1e-6, abs_tol=1e-12):
        return f"{name} as the item states it and the documentation confirms"
    what = f"the item states a {name} of {stated:g}, the documentation {documented:g}"
    remedy = "check of which collection and processing the item is; search another catalogue"
    raise RadiometryError(what, where=where, remedy=remedy)
