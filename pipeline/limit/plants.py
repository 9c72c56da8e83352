"""What is planted: steps in reflectance, and the ground that has room for them.

Here belongs the arithmetic of one planting in all pixels at once. Where in a zone a change lies
belongs to ``blobs``; whether it is found, to the stage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.errors import InputError
from pipeline.model.limit import Plant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube

MOST_SCALED: Final = 0.9
"""No ground loses more of its light than this: the darkest surfaces keep a few per cent."""
READ: Final = ("red", "nir")
"""The bands by which ground is known: their mean is its brightness, their difference its green."""


@dataclass(frozen=True)
class Ground:
    """What the ground was like before: the mean of the clear looks of the baseline.

    Attributes:
        red: reflectance, float32, (y, x); NaN where never seen.
        nir: likewise.
    """

    red: NDArray[np.float32]
    nir: NDArray[np.float32]

    @classmethod
    def of(cls, cube: DateCube, n_baseline: int) -> Ground:
        """The ground of a cube.

        Raises:
            InputError: if the cube lacks red or near infrared.
        """
        places = [_place(cube, band) for band in READ]
        seen = cube.clear[:n_baseline]
        number = np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
        red, nir = (
            (cube.values[:n_baseline, place].sum(axis=0, where=seen) / number).astype(np.float32)
            for place in places
        )
        return cls(red, nir)

    def has_room(self, plant: Plant, contrast: float) -> NDArray[np.bool_]:
        """Where a change of that contrast is possible, bool, (y, x)."""
        if plant is Plant.DARKER:
            return self.brightness * MOST_SCALED >= contrast
        if plant is Plant.GREEN_LOST:
            return (self.nir - self.red) / 2 >= contrast
        return np.isfinite(self.brightness)

    @property
    def brightness(self) -> NDArray[np.float32]:
        """Mean of red and near infrared, (y, x)."""
        mean: NDArray[np.float32] = (self.red + self.nir) * np.float32(0.5)
        return mean


def planted(
    cube: DateCube, ground: Ground, plant: Plant, contrast: float, *, onset: int
) -> DateCube:
    """The cube with a change in every pixel from a date on; the noise of the looks stays theirs.

    Args:
        cube: the scenes as they were taken.
        ground: what the ground was like before.
        plant: what is planted.
        contrast: how strongly, in reflectance.
        onset: index of the first date with the change; it lasts to the end.
    """
    values = cube.values.copy()
    late = values[onset:]
    if plant is Plant.BRIGHTER:
        late += np.float32(contrast)
    elif plant is Plant.DARKER:
        late *= _factor(ground, contrast)
    else:
        red, nir = (late[:, _place(cube, band)] for band in READ)
        step = np.clip((nir - red) / 2, 0, np.float32(contrast))
        red += step
        nir -= step
    return replace(cube, values=values)


def _factor(ground: Ground, contrast: float) -> NDArray[np.float32]:
    """What is left of the light of each pixel, (y, x)."""
    brightness = np.maximum(np.nan_to_num(ground.brightness), np.float32(1e-6))
    left: NDArray[np.float32] = np.maximum(1 - contrast / brightness, 1 - MOST_SCALED)
    return left.astype(np.float32)


def _place(cube: DateCube, band: str) -> int:
    """Where a band lies on the band axis.

    Raises:
        InputError: if the cube does not hold it.
    """
    if band not in cube.bands:
        what = f"changes cannot be planted in a cube without {band}"
        remedy = "take a sensor that measures red and near infrared"
        raise InputError(what, where=", ".join(cube.bands), remedy=remedy)
    return cube.bands.index(band)
