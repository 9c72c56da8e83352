"""What the ground of a site is, from its baseline: never green, paved, roofed with blue metal.

Here belong masks of pixels, drawn from the looks of the baseline alone, and the indices that they
need. An analyst who knows better gives masks of their own; what happens on them belongs to the
signs.

At 10 m the spectrum tells a roof from paving only where it is painted or plain metal: minerals
(concrete, asphalt, gravel, brick, soil) reflect more red than blue, because iron absorbs the
short end (Herold et al. 2004, Remote Sensing of Environment 91, 304-319), and blue metal does
not. ``roofs`` therefore holds the roofs that are certain, and ``paved`` everything else that is
never green, red and grey roofs among it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.errors import InputError
from pipeline.raster.indices import normalised_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube

BARE_NDVI: Final = 0.2
FULL_NDVI: Final = 0.5
"""Below the first the ground is bare, above the second it is fully covered: Sobrino et al. 2004,
Remote Sensing of Environment 90, 434-440."""
GREEN_NDVI: Final = (BARE_NDVI + FULL_NDVI) / 2
"""Half-way: about half of the pixel is green."""
GREEN_RANK: Final = 0.1
"""The share of looks above the one that stands for the greenest: its maximum is too often a
missed shadow."""
MIN_LOOKS: Final = 12
"""Baseline looks below which a pixel is of no known kind; the series detector asks as many."""
_STANDS_FOR: Final = {"nir": ("nir", "nir08"), "nir08": ("nir08", "nir")}


@dataclass(frozen=True)
class Surfaces:
    """Kinds of ground, bool, (y, x) each.

    Attributes:
        known: where the baseline holds enough looks to tell.
        paved: never green, no water, no certain roof.
        roofs: never green, and at least as blue as red.
        green: half green or more at some time of the year.
    """

    known: NDArray[np.bool_]
    paved: NDArray[np.bool_]
    roofs: NDArray[np.bool_]
    green: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in vars(self).values():
            array.setflags(write=False)


def has_bands(cube: DateCube, names: Sequence[str]) -> bool:
    """Whether a cube holds bands, the near infrared under either of its names."""
    return all(set(_STANDS_FOR.get(name, (name,))) & set(cube.bands) for name in names)


def band(cube: DateCube, name: str) -> NDArray[np.float32]:
    """One band of a cube, (time, y, x).

    Raises:
        InputError: if the cube lacks it.
    """
    for one in _STANDS_FOR.get(name, (name,)):
        if one in cube.bands:
            return cube.values[:, cube.bands.index(one)]
    what = f"the cube holds no band {name}"
    raise InputError(what, where="signs", remedy=f"bring it in beside {', '.join(cube.bands)}")


def ndvi(cube: DateCube) -> NDArray[np.float32]:
    """Greenness, (time, y, x)."""
    return normalised_difference(band(cube, "nir"), band(cube, "red"))


def brightness(cube: DateCube) -> NDArray[np.float32]:
    """Mean reflectance of the visible bands and the near infrared, (time, y, x)."""
    names = [name for name in ("blue", "green", "red") if name in cube.bands]
    total = band(cube, "nir") + sum(band(cube, name) for name in names)
    return np.asarray(total / np.float32(len(names) + 1), dtype=np.float32)


def ranked(
    layer: NDArray[np.float32], seen: NDArray[np.bool_], share_above: float
) -> NDArray[np.float32]:
    """The value of each pixel that a share of its seen looks exceeds, (y, x); NaN if unseen.

    Args:
        layer: (time, y, x).
        seen: which of it counts, likewise.
        share_above: 0.5 is the median (of an even count the upper middle), 0 the maximum.
    """
    if not len(layer):
        return np.full(layer.shape[1:], np.nan, dtype=np.float32)
    ordered = np.sort(np.where(seen, layer, -np.inf).astype(np.float32), axis=0)
    n_seen = seen.sum(axis=0)
    rank = len(layer) - 1 - np.floor(share_above * n_seen).astype(np.int64)
    found = np.take_along_axis(ordered, np.maximum(rank, 0)[None], axis=0)[0]
    return np.where(n_seen > 0, found, np.float32(np.nan)).astype(np.float32)


def surfaces_of(cube: DateCube, in_baseline: NDArray[np.bool_]) -> Surfaces:
    """The kinds of ground of a site.

    Args:
        cube: with red and near infrared; blue tells roofs, green tells water where they are held.
        in_baseline: which dates are the normal state, bool, (time,).

    Raises:
        InputError: if the cube lacks red or near infrared.
    """
    clear = cube.clear[in_baseline]
    known = clear.sum(axis=0) >= MIN_LOOKS
    greenest = ranked(ndvi(cube)[in_baseline], clear, GREEN_RANK)
    green = known & (greenest >= GREEN_NDVI)
    hard = known & ~green & ~_water(cube, in_baseline)
    roofs = hard & _is_blue(cube, in_baseline)
    return Surfaces(known, hard & ~roofs, roofs, green)


def _usual(cube: DateCube, name: str, in_baseline: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The median of a band over the baseline, (y, x)."""
    return ranked(band(cube, name)[in_baseline], cube.clear[in_baseline], 0.5)


def _water(cube: DateCube, in_baseline: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where green light exceeds near infrared (NDWI above 0, McFeeters 1996), (y, x)."""
    if not has_bands(cube, ("green", "nir")):
        return np.zeros(cube.grid.shape, dtype=np.bool_)
    green, nir = (_usual(cube, name, in_baseline) for name in ("green", "nir"))
    return np.asarray(green > nir)


def _is_blue(cube: DateCube, in_baseline: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where blue light is no weaker than red, (y, x)."""
    if not has_bands(cube, ("blue", "red")):
        return np.zeros(cube.grid.shape, dtype=np.bool_)
    blue, red = (_usual(cube, name, in_baseline) for name in ("blue", "red"))
    return np.asarray(blue >= red)
