"""One tile on the grid of the series: what its pixels show, and their values.

Here belongs the way from the chips of one scene to arrays on the series' grid, by exact repetition
of coarser pixels or, for a scene in another coordinate system, by nearest neighbour. Putting
tiles together belongs to ``cube``; what a class, a bit or an offset means belongs to ``sensors``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject

from pipeline.errors import CorruptAssetError
from pipeline.model.look import PixelKind
from pipeline.raster.masks import repeat_pixels
from pipeline.raster.radiometry import has_numbers, to_physical
from pipeline.sensors.sensor import WHOLE_NUMBERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.grid import Grid
    from pipeline.model.scene import Chip, FetchedScene
    from pipeline.sensors import Band, Sensor


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
        sensor: what its numbers mean.
        options: which class means what.
        chips: where the pixels lie.
    """

    grid: Grid
    sensor: Sensor
    options: PrepareOptions
    chips: ChipReader

    def kinds(self, one: FetchedScene) -> NDArray[np.uint8]:
        """What every pixel shows by the mask of the sensor, codes of ``PixelKind``, (y, x).

        Without a mask every pixel counts as clear until its own numbers say otherwise.

        Raises:
            AssetError, StoreError: if it cannot be read.
        """
        mask, kinds_of = self.mask_of(one), self.sensor.seeing.kinds_of
        if not mask or kinds_of is None:
            return np.full(self.grid.shape, PixelKind.CLEAR, np.uint8)
        return kinds_of(self._pixels(one, mask), self._nodata(one, mask), self.options)

    def mask_of(self, one: FetchedScene) -> str:
        """The band that masks a scene; empty if none came with it."""
        mask = self.sensor.mask or ""
        return mask if mask in one.chips else ""

    def band(
        self, one: FetchedScene, band: str, seen: NDArray[np.bool_], out: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Write one band in its unit; tell where it holds a measurement, (y, x).

        Raises:
            CorruptAssetError: if it holds none where the mask says that the ground is seen.
            AssetError, StoreError: if it cannot be read.
        """
        stored, asset = self._pixels(one, band), one.scene.assets[band]
        has_data = has_numbers(stored, self._nodata(one, band))
        if self.sensor.seeing.is_signal is not None:
            has_data &= self.sensor.seeing.is_signal(stored)
        if seen.any() and not (has_data & seen).any():
            what = f"no pixel holds data where {self._ground(one)}"
            raise CorruptAssetError(what, where=f"{one.scene.id} {band}")
        out[...] = to_physical(stored, self.sensor.decide(one.scene, asset))
        return has_data & ~self._spoilt(one, band)

    def _ground(self, one: FetchedScene) -> str:
        """Where a scene has to hold data, in words."""
        if not self.mask_of(one):
            return "the site lies"
        whose = "the scene classification" if self.sensor.is_optical else "its mask"
        return f"{whose} says that the ground is seen"

    def _spoilt(self, one: FetchedScene, band: str) -> NDArray[np.bool_]:
        """Where the flags of a scene spoil one of its bands, (y, x)."""
        seeing, platform = self.sensor.seeing, one.scene.platform
        if seeing.is_spoilt is None or seeing.flags not in one.chips:
            return np.zeros(self.grid.shape, np.bool_)
        return seeing.is_spoilt(self._pixels(one, seeing.flags), platform, band)

    def _nodata(self, one: FetchedScene, band: str) -> tuple[float, ...]:
        """The stored numbers that mean nothing, as documented and as the item states."""
        stated, documented = one.scene.assets[band].nodata, self.sensor.bands[band].nodata
        return documented if stated is None else (*documented, stated)

    def offsets(self, one: FetchedScene, bands: tuple[str, ...]) -> tuple[float, ...]:
        """What was added to the scaled numbers of each band, in its unit."""
        assets = (one.scene.assets[band] for band in bands)
        return tuple(self.sensor.decide(one.scene, asset).offset for asset in assets)

    def told(self, one: FetchedScene, bands: tuple[str, ...]) -> str:
        """How the numbers of a scene became values on this grid, in words."""
        words = {b: str(self.sensor.decide(one.scene, one.scene.assets[b])) for b in bands}
        same = len(set(words.values())) == 1
        told = (
            words[bands[0]]
            if same
            else "; ".join(f"{band}: {text}" for band, text in words.items())
        )
        crs, note = one.chips[bands[0]].grid.crs, self.sensor.seeing.note_of(one.scene)
        warped = f"warped from {crs} to {self.grid.crs} by nearest neighbour"
        return "; ".join(filter(None, (told, "" if crs == self.grid.crs else warped, note)))

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
        documented = self.sensor.bands[band]
        if pixels.shape != chip.grid.shape or pixels.dtype.kind not in documented.stored_as:
            what = f"{pixels.dtype} pixels of shape {pixels.shape} are not what was asked for"
            raise CorruptAssetError(what, where=where)
        if factor is not None:
            return repeat_pixels(pixels, factor)
        warped = warp_nearest(pixels, chip.grid, self.grid, fill=_fill(documented))
        if _holds_any(pixels, documented) and not _holds_any(warped, documented):
            raise _elsewhere(chip.grid, self.grid, where)
        return warped


def warp_nearest(
    pixels: NDArray[Any], source: Grid, target: Grid, *, fill: float = 0
) -> NDArray[Any]:
    """Pixels on a grid of another coordinate system, each the nearest one.

    Nothing is averaged: class codes have no mean, and a value stays one that was delivered.

    Args:
        pixels: (y, x).
        source: where they lie.
        target: where they are wanted.
        fill: what stands where there is none.
    """
    warped = np.full(target.shape, fill, pixels.dtype)
    reproject(
        pixels,
        warped,
        src_transform=Affine(*source.transform),
        src_crs=source.crs,
        dst_transform=Affine(*target.transform),
        dst_crs=target.crs,
        resampling=Resampling.nearest,
        init_dest_nodata=False,
    )
    return warped


def _fill(band: Band) -> float:
    """The number of a band that means nothing: as documented, or the one that its type has."""
    unstated = 0.0 if band.stored_as == WHOLE_NUMBERS else float("nan")
    return next(iter(band.nodata), unstated)


def _holds_any(pixels: NDArray[Any], band: Band) -> bool:
    """Whether any number among them means something."""
    return bool(has_numbers(pixels, (*band.nodata, _fill(band))).any())


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
