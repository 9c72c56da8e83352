"""What a coarse sensor saw of a site at one time: light or heat on the sensor's own grid.

Here belong the nouns. What the numbers of a sensor mean belongs to ``sensors``, reading files to
``fetch``, sums over an outline to ``raster``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pipeline.model.change import Period
    from pipeline.model.degrees import DegreeGrid
    from pipeline.model.grid import Grid


class Quantity(StrEnum):
    """What the numbers of a look are, with their unit."""

    RADIANCE = "radiance_nw_cm2_sr"
    """Radiance in nanowatt per square centimetre and steradian."""
    DN = "dn"
    """Digital numbers of no stated unit, not comparable between satellites."""
    LST = "lst_k"
    """Land surface temperature in kelvin."""


class Layer(StrEnum):
    """What a look may hold beside its numbers; codes stay as the file has them."""

    QUALITY = "quality"
    CLOUD = "cloud"
    """Black Marble: class 0 (confident clear) to 3 (confident cloudy); ECOSTRESS: 1 is cloud."""
    SNOW = "snow"
    MOON = "lunar_irradiance_nw_cm2"
    AGE_DAYS = "latest_high_quality_days"
    N_LOOKS = "n_looks"
    """How many looks a composite is made of."""
    STD = "std"
    """Spread of the looks of a composite, in the unit of the numbers."""
    ERROR_K = "lst_err_k"
    WATER = "water"


class Noise(NamedTuple):
    """How far a number may be off when nothing changed.

    Attributes:
        sigma: one standard deviation, in the unit of the numbers.
        basis: where the figure comes from.
    """

    sigma: float
    basis: str


@dataclass(frozen=True)
class SourceFile:
    """The file that a look was read from.

    Attributes:
        name: its name, without a folder.
        sha256: hash of its bytes, hex.
    """

    name: str
    sha256: str


@dataclass(frozen=True)
class LookLabel:
    """What tells two series of looks apart: numbers under different labels are never mixed.

    Attributes:
        sensor: ``black-marble``, ``dnb-monthly``, ``dmsp-ols`` or ``ecostress``.
        product: the product's short name, for DMSP the satellite (``F10``).
        variant: which layer or configuration of the product; empty if there is one only.
        collection: the upstream version, as the name of the file states it.
    """

    sensor: str
    product: str
    variant: str = ""
    collection: str = ""


@dataclass(frozen=True, eq=False)
class CoarseLook:
    """The pixels over a site at one time, on the sensor's own grid.

    Attributes:
        label: which series it belongs to.
        quantity: what the numbers are.
        period: when; an overpass has the same start and end.
        values: float32, (y, x); NaN where the file holds no number.
        seen: whether a number counts as a measurement of that time, bool, (y, x).
        saturated: whether a number stands at the top of its range, bool, (y, x).
        layers: codes and companions, (y, x) each.
        grid: where the pixels lie.
        sources: the files, the one with the numbers first.
        noise: how far a number may be off.
        is_simulated: whether the site or the file is marked as made up.
    """

    label: LookLabel
    quantity: Quantity
    period: Period
    values: NDArray[np.float32]
    seen: NDArray[np.bool_]
    saturated: NDArray[np.bool_]
    grid: DegreeGrid | Grid
    sources: tuple[SourceFile, ...]
    noise: Noise
    layers: Mapping[Layer, NDArray[Any]] = field(default_factory=dict)
    is_simulated: bool = False

    def __post_init__(self) -> None:
        """Fix the arrays.

        Raises:
            ValueError: if an array does not have the shape of the grid, or a pixel counts as
                seen that holds no number.
        """
        for array in (self.values, self.seen, self.saturated, *self.layers.values()):
            if array.shape != self.grid.shape:
                raise ValueError(f"an array of {array.shape} on a grid of {self.grid.shape}")
            array.setflags(write=False)
        if not np.isfinite(self.values[self.seen]).all():
            raise ValueError("a pixel without a number cannot have been seen")


@dataclass(frozen=True)
class OutlineMean:
    """What a look says of one outline.

    Attributes:
        mean: mean over the seen part, weighted by the area of each pixel inside the outline, in
            the unit of the look; None if no part was seen.
        seen_sum: sum of number times covered share over the seen pixels; None if none was seen.
        seen_share: share of the area inside the outline that was seen, 0..1.
        saturated_share: share of the seen area that stands at the top of the range, 0..1.
        n_pixels: how many pixels the outline covers, in shares of pixels.
        area_m2: area of the outline on the grid.
    """

    mean: float | None
    seen_sum: float | None
    seen_share: float
    saturated_share: float
    n_pixels: float
    area_m2: float
