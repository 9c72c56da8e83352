"""One tile on the grid of the series: what its pixels show, and their reflectance.

Here belongs the way from the chips of one scene to arrays on the series' grid, by exact repetition
of coarser pixels or, for a scene in another coordinate system, by nearest neighbour. Putting
tiles together belongs to ``cube``; what a class or an offset means belongs to ``sensors``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject

from pipeline.errors import CorruptAssetError
from pipeline.model.look import PixelKind
from pipeline.raster.masks import has_class, repeat_pixels
from pipeline.sensors.sentinel2 import SCL, decide_radiometry, to_reflectance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.grid import Grid
    from pipeline.model.scene import Chip, FetchedScene


class ChipReader(Protocol):
    """Gives the pixels of a chip; ``store.chips.ChipStore`` is one."""

    def read(self, chip: Chip) -> NDArray[Any]:
        """The pixels, (y, x), verified.

        Raises:
            AssetError: if they are not what was delivered.
            StoreError: if the file is missing or altered.
        """
        ...


@dataclass(frozen=True)
class TileReader:
    """Reads tiles onto one grid.

    Attributes:
        grid: that of the series.
        options: which class means what.
        chips: where the pixels lie.
    """

    grid: Grid
    options: PrepareOptions
    chips: ChipReader

    def kinds(self, one: FetchedScene) -> NDArray[np.uint8]:
        """What every pixel shows by the scene classification, codes of ``PixelKind``, (y, x).

        Raises:
            AssetError, StoreError: if it cannot be read.
        """
        classes, options = self._pixels(one, SCL), self.options
        nodata = {0, int(one.scene.assets[SCL].nodata or 0)}
        kinds = np.full(self.grid.shape, PixelKind.OTHER, np.uint8)
        # The last one that claims a class has it: clear goes before snow, and no data before all.
        for wanted, kind in (
            (options.shadow_classes, PixelKind.SHADOW),
            (options.cloud_classes, PixelKind.CLOUD),
            (options.snow_classes, PixelKind.SNOW),
            (options.clear_classes, PixelKind.CLEAR),
            (nodata, PixelKind.UNSEEN),
        ):
            kinds[has_class(classes, wanted)] = kind
        return kinds

    def band(
        self, one: FetchedScene, band: str, seen: NDArray[np.bool_], out: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Write one band as reflectance; tell where it holds data, (y, x).

        Raises:
            CorruptAssetError: if it holds none where the classification says that there is some.
            AssetError, StoreError: if it cannot be read.
        """
        dn, asset = self._pixels(one, band), one.scene.assets[band]
        has_data: NDArray[np.bool_] = dn != 0
        if asset.nodata:
            has_data &= dn != asset.nodata
        if seen.any() and not (has_data & seen).any():
            what = "no pixel holds data where the scene classification says that the ground is seen"
            raise CorruptAssetError(what, where=f"{one.scene.id} {band}")
        out[...] = to_reflectance(dn, decide_radiometry(one.scene, asset))
        return has_data

    def offsets(self, one: FetchedScene, bands: tuple[str, ...]) -> tuple[float, ...]:
        """What was added to the scaled numbers of each band, in reflectance."""
        assets = (one.scene.assets[band] for band in bands)
        return tuple(decide_radiometry(one.scene, asset).offset for asset in assets)

    def told(self, one: FetchedScene, bands: tuple[str, ...]) -> str:
        """How the numbers of a scene became reflectance on this grid, in words."""
        words = {b: str(decide_radiometry(one.scene, one.scene.assets[b])) for b in bands}
        same = len(set(words.values())) == 1
        told = (
            words[bands[0]]
            if same
            else "; ".join(f"{band}: {text}" for band, text in words.items())
        )
        crs = one.chips[SCL].grid.crs
        warped = f"; warped from {crs} to {self.grid.crs} by nearest neighbour"
        return told if crs == self.grid.crs else told + warped

    def _pixels(self, one: FetchedScene, band: str) -> NDArray[Any]:
        """One band on the grid of the series, (y, x).

        Raises:
            CorruptAssetError: if its grid does not nest in that of the series.
        """
        chip, where = one.chips[band], f"{one.scene.id} {band}"
        factor = _nesting(chip.grid, self.grid)
        if factor is None and chip.grid.crs == self.grid.crs:
            raise _elsewhere(chip.grid, self.grid, where)
        pixels = self.chips.read(chip)
        if pixels.shape != chip.grid.shape or pixels.dtype.kind not in "ui":
            what = f"{pixels.dtype} pixels of shape {pixels.shape} are not what was asked for"
            raise CorruptAssetError(what, where=where)
        if factor is not None:
            return repeat_pixels(pixels, factor)
        warped = warp_nearest(pixels, chip.grid, self.grid)
        if pixels.any() and not warped.any():
            raise _elsewhere(chip.grid, self.grid, where)
        return warped


def warp_nearest(pixels: NDArray[Any], source: Grid, target: Grid) -> NDArray[Any]:
    """Pixels on a grid of another coordinate system, each the nearest one; 0 where there is none.

    Nothing is averaged: class codes have no mean, and a reflectance stays one that was delivered.
    """
    warped = np.zeros(target.shape, pixels.dtype)
    reproject(
        pixels,
        warped,
        src_transform=Affine(*source.transform),
        src_crs=source.crs,
        dst_transform=Affine(*target.transform),
        dst_crs=target.crs,
        resampling=Resampling.nearest,
    )
    return warped


def _nesting(inner: Grid, outer: Grid) -> int | None:
    """How many pixels of the outer grid lie along one of the inner; None if they do not nest."""
    factor = round(inner.gsd_m / outer.gsd_m)
    same_place = (inner.crs, inner.left, inner.top) == (outer.crs, outer.left, outer.top)
    same_size = (inner.height * factor, inner.width * factor) == outer.shape
    return factor if same_place and same_size and factor * outer.gsd_m == inner.gsd_m else None


def _elsewhere(grid: Grid, series: Grid, where: str) -> CorruptAssetError:
    """The error for a tile that cannot be put on the grid of the series."""
    what = f"its grid {_words(grid)} is not that of the series {_words(series)}"
    return CorruptAssetError(what, where=where)


def _words(grid: Grid) -> str:
    """A grid in few words."""
    return (
        f"({grid.crs} {grid.left:g} {grid.top:g}, {grid.height} x {grid.width} at {grid.gsd_m:g} m)"
    )
