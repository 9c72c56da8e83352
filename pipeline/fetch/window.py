"""Which pixels of an asset lie over the site, and where they go in the chip.

Here belongs arithmetic on grids only. Reading pixels belongs to ``local`` and ``remote``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer
from pyproj.exceptions import ProjError

from pipeline.errors import CorruptAssetError
from pipeline.model.grid import Bounds, Grid, Window
from pipeline.store.chips import lattice_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.model.scene import Asset, Scene
    from pipeline.model.site import Site

EDGE_TOLERANCE_M = 0.5
"""An edge that oversteps a line of the lattice by less is taken to lie on it: written-out
coordinates are rounded, and a straight edge in longitude and latitude bends in a projection."""
MAX_CHIP_PX = 100_000_000
"""No chip is larger; a whole Sentinel-2 tile has 120 million pixels."""

_STEP_DEG = 0.01
_SAME_PLACE_PX = 0.01


@dataclass(frozen=True)
class Cut:
    """How a chip is cut out of a raster.

    Attributes:
        grid: where the pixels of the chip lie, on the lattice of the raster.
        source: the pixels of the raster that are over the site.
        target: where they go in the chip.
    """

    grid: Grid
    source: Window
    target: Window

    @property
    def covered_share(self) -> float:
        """Share of the chip that the raster covers."""
        return self.target.height * self.target.width / (self.grid.height * self.grid.width)

    def place(self, block: NDArray[Any], nodata: float | None) -> NDArray[Any]:
        """The chip, (y, x): a block of the raster, and nodata (0 if none is stated) around it."""
        fill = 0 if nodata is None else nodata
        if block.dtype.kind in "iu":
            limits = np.iinfo(block.dtype)
            fill = int(fill) if limits.min <= fill <= limits.max else 0
        chip = np.full(self.grid.shape, fill, dtype=block.dtype)
        chip[self.target.slices] = block
        return chip


def wanted_grid(site: Site, scene: Scene, asset: Asset) -> Grid:
    """The grid of a chip as far as it is known before the asset is opened.

    Raises:
        CorruptAssetError: if the scene states a CRS or a pixel size that cannot be.
    """
    gsd_m, where = float(asset.gsd_m), f"{scene.id} {asset.band}"
    if not 0.01 <= gsd_m <= 10_000:  # noqa: PLR2004 - from drones to weather satellites
        raise CorruptAssetError(f"a pixel size of {gsd_m:g} m cannot be", where=where)
    step = lattice_of(gsd_m)
    outer = Grid.around(_projected_bounds(site.boundary, scene.epsg), step, f"EPSG:{scene.epsg}")
    n = round(step / gsd_m)
    if outer.height * outer.width * n * n > MAX_CHIP_PX:
        raise CorruptAssetError(
            f"at {gsd_m:g} m the site is beyond {MAX_CHIP_PX} pixels", where=where
        )
    return Grid(outer.crs, outer.left, outer.top, gsd_m, outer.height * n, outer.width * n)


@lru_cache(maxsize=64)
def _projected_bounds(boundary: BaseGeometry, epsg: int) -> Bounds:
    """The box around the site in a CRS, less the tolerance of its edges.

    Raises:
        CorruptAssetError: if there is no such CRS, or the site does not lie in it.
    """
    remedy = "report the item to whoever runs the catalogue"
    try:
        to_crs = Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)
    except ProjError as error:
        raise CorruptAssetError(f"there is no EPSG:{epsg}", remedy=remedy) from error
    if to_crs.target_crs is None or not to_crs.target_crs.is_projected:
        raise CorruptAssetError(f"EPSG:{epsg} does not count in metres", remedy=remedy)
    # Long edges get points between their ends, since they bend in the projection.
    points = shapely.get_coordinates(shapely.segmentize(boundary, _STEP_DEG))
    x, y = to_crs.transform(points[:, 0], points[:, 1])
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise CorruptAssetError(f"the site does not lie in EPSG:{epsg}", remedy=remedy)
    left, bottom, right, top = (float(edge) for edge in (min(x), min(y), max(x), max(y)))
    slack = min(EDGE_TOLERANCE_M, (right - left) / 4, (top - bottom) / 4)
    return Bounds(left + slack, bottom + slack, right - slack, top - slack)


def cut_out(raster: Grid, wanted: Grid) -> Cut:
    """How to cut a chip out of a raster.

    The chip takes the raster's own lattice: no pixel is moved. Where that lattice is not the one
    of the wanted grid, the chip lies beside it by less than half a step.

    Raises:
        CorruptAssetError: if the raster has another CRS or pixel size than the catalogue says,
            or lies elsewhere.
    """
    _check_promise(raster, wanted)
    left = _on_lattice(wanted.left, raster.left, wanted.gsd_m)
    top = _on_lattice(wanted.top, raster.top, wanted.gsd_m)
    grid = Grid(wanted.crs, left, top, wanted.gsd_m, wanted.height, wanted.width)
    row = round((raster.top - top) / wanted.gsd_m)
    col = round((left - raster.left) / wanted.gsd_m)
    rows = max(row, 0), min(row + grid.height, raster.height)
    cols = max(col, 0), min(col + grid.width, raster.width)
    height, width = rows[1] - rows[0], cols[1] - cols[0]
    if min(height, width) < 1:
        raise CorruptAssetError("the raster does not reach the site", remedy="search again")
    source = Window(rows[0], cols[0], height, width)
    return Cut(grid, source, Window(rows[0] - row, cols[0] - col, height, width))


def check_stated(raster: Grid, asset: Asset) -> None:
    """Refuse a file whose size or place is not what its item states; the file never wins.

    Args:
        raster: the whole file as it says of itself.
        asset: what the item says of it.

    Raises:
        CorruptAssetError: if they differ, a corner by more than a hundredth of a pixel.
    """
    if asset.shape is not None and tuple(asset.shape) != raster.shape:
        raise _mismatch(f"{_by(asset.shape)} pixels", f"the raster has {_by(raster.shape)}")
    if asset.transform is None:
        return
    stated = tuple(float(number) for number in asset.transform[:6])
    slack = _SAME_PLACE_PX * raster.gsd_m
    # Over the whole file, so that a pixel that is a little too wide is noticed, too.
    along = (raster.width, raster.height, 1.0) * 2
    off = [abs(one - own) * n for one, own, n in zip(stated, raster.transform, along, strict=False)]
    if len(off) < len(along) or not max(off) <= slack:
        promised = " ".join(f"{number:g}" for number in stated)
        own = " ".join(f"{number:g}" for number in raster.transform)
        raise _mismatch(f"the transform {promised}", f"the raster has {own}")


def check_numbers(dtype: np.dtype[Any]) -> None:
    """Refuse numbers that no sensor of ours delivers, before one is read.

    Raises:
        CorruptAssetError: if they are neither whole nor floating.
    """
    if dtype.kind not in "iuf":
        what = f"the pixels are of type {dtype}"
        raise CorruptAssetError(what, remedy="report the item to whoever runs the catalogue")


def _by(shape: Sequence[int]) -> str:
    """A shape in words."""
    return " x ".join(map(str, shape))


def _mismatch(promised: str, found: str) -> CorruptAssetError:
    """The error for an item and a file that contradict each other."""
    what = f"metadata mismatch: the catalogue promises {promised}, {found}"
    return CorruptAssetError(what, remedy="report the item to whoever runs the catalogue")


def _check_promise(raster: Grid, wanted: Grid) -> None:
    """Refuse a raster that is not what the catalogue says.

    Raises:
        CorruptAssetError: if CRS or pixel size differ.
    """
    if raster.crs != wanted.crs or not math.isclose(raster.gsd_m, wanted.gsd_m, rel_tol=1e-6):
        promised = f"{wanted.crs} at {wanted.gsd_m:g} m"
        raise _mismatch(promised, f"the raster is in {raster.crs} at {raster.gsd_m:g} m")


def _on_lattice(edge: float, origin: float, gsd_m: float) -> float:
    """The line nearest to an edge at which pixels of a raster with that origin begin.

    Example:
        >>> _on_lattice(100.0, 7.5, 10.0), _on_lattice(100.0, 110.0, 10.0)
        (107.5, 100.0)
    """
    off = (origin - edge) % gsd_m / gsd_m
    if min(off, 1 - off) < _SAME_PLACE_PX:
        return edge
    step = lattice_of(gsd_m)
    shift = (origin - edge) % step
    return edge + (shift if shift < step / 2 else shift - step)
