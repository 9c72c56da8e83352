"""A cube while it grows: one date after the other, from digital numbers to reflectance.

Here belong the checks that keep a date out (another grid, no data under a clear sky) and the
masks of what was seen. Which scenes are tried belongs to the stage itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pipeline.errors import AssetError, CorruptAssetError, PipelineError, StoreError
from pipeline.model.cube import DateCube
from pipeline.model.scene import AssetFailure
from pipeline.raster.masks import has_class, repeat_pixels, weighted_share
from pipeline.sensors.sentinel2 import SCL, decide_radiometry, to_reflectance

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.grid import Grid
    from pipeline.model.scene import Asset, Chip, FetchedScene, Scene


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
class Look:
    """One date on which the site was looked at, whether or not anything was seen.

    Attributes:
        scene_id: the scene.
        instant: UTC.
        clear_share: share of the site that was seen clearly.
        snow_share: share of the site that was seen and is snow.
        used: whether the date is in the cube.
    """

    scene_id: str
    instant: datetime
    clear_share: float
    snow_share: float
    used: bool


@dataclass(frozen=True)
class Plan:
    """The axes of a cube, fixed before the first date.

    Attributes:
        grid: where its pixels lie.
        bands: along the band axis.
        n_dates: how many there may be at most.
        weight: share of each pixel inside the site, float32, (y, x).
    """

    grid: Grid
    bands: tuple[str, ...]
    n_dates: int
    weight: NDArray[np.float32]


class CubeBuilder:
    """A cube while it grows, date by date, in arrays that are made once.

    Attributes:
        used: the scenes in the cube so far.
        looks: every date looked at so far.
        failures: what did not become data so far.
        radiometry: by id of a used scene, how its numbers became reflectance.
    """

    def __init__(self, plan: Plan, options: PrepareOptions, chips: ChipReader) -> None:
        """Reserve the space; pages of dates that are never used cost nothing."""
        self._plan, self._options, self._chips = plan, options, chips
        shape = plan.grid.shape
        self._values = np.zeros((plan.n_dates, len(plan.bands), *shape), np.float32)
        self._clear = np.zeros((plan.n_dates, *shape), np.bool_)
        self._snow = np.zeros_like(self._clear)
        self.used: list[Scene] = []
        self.looks: list[Look] = []
        self.failures: list[AssetFailure] = []
        self.radiometry: dict[str, str] = {}

    def add(self, one: FetchedScene) -> None:
        """Take in one date, or record why not."""
        band = SCL
        try:
            self._check_instant(one.scene)
            clear, snow = self._classify(one)
            if self._is_look(clear | snow):
                for index, band in enumerate(self._plan.bands):
                    seen = self._fill(one, band, index, clear | snow)
                    clear &= seen
                    snow &= seen
        except (AssetError, StoreError) as error:
            self.failures.append(failure_of(one.scene, band, error))
        else:
            self._keep(one, clear, snow)

    def cube(self) -> DateCube:
        """The cube of the dates that were used."""
        n = len(self.used)
        return DateCube(
            values=self._values[:n],
            clear=self._clear[:n],
            snow=self._snow[:n],
            instants=tuple(scene.instant for scene in self.used),
            scene_ids=tuple(scene.id for scene in self.used),
            bands=self._plan.bands,
            grid=self._plan.grid,
            is_simulated=any(scene.is_simulated for scene in self.used),
        )

    def _keep(self, one: FetchedScene, clear: NDArray[np.bool_], snow: NDArray[np.bool_]) -> None:
        """Count the look, and if it is one, make its slot of the arrays final."""
        seen, index = clear | snow, len(self.used)
        shares = weighted_share(clear, self._plan.weight), weighted_share(snow, self._plan.weight)
        is_look = self._is_look(seen)
        self.looks.append(Look(one.scene.id, one.scene.instant, *shares, is_look))
        if is_look:
            np.copyto(self._values[index], 0, where=~seen)
            self._clear[index], self._snow[index] = clear, snow
            self.radiometry[one.scene.id] = self._radiometry(one)
            self.used.append(one.scene)

    def _is_look(self, seen: NDArray[np.bool_]) -> bool:
        """Whether enough of the site was seen."""
        return weighted_share(seen, self._plan.weight) >= self._options.min_clear_share

    def _check_instant(self, scene: Scene) -> None:
        """Refuse a second scene of one instant: the search should have chosen between them."""
        if self.used and self.used[-1].instant == scene.instant:
            what = f"it was taken in the same instant as {self.used[-1].id}"
            raise CorruptAssetError(what, where=scene.id)

    def _classify(self, one: FetchedScene) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Clear and snow by the scene classification, (y, x) each."""
        classes = self._pixels(one, SCL)
        clear = has_class(classes, self._options.clear_classes)
        return clear, has_class(classes, self._options.snow_classes) & ~clear

    def _fill(
        self, one: FetchedScene, band: str, index: int, seen: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Write one band of the next date; tell where it holds data.

        Raises:
            CorruptAssetError: if it holds none where the classification says that there is some.
        """
        dn, asset = self._pixels(one, band), one.scene.assets[band]
        has_data: NDArray[np.bool_] = dn != 0
        if asset.nodata:
            has_data &= dn != asset.nodata
        if seen.any() and not (has_data & seen).any():
            what = "no pixel holds data where the scene classification says that the ground is seen"
            raise CorruptAssetError(what, where=f"{one.scene.id} {band}")
        radiometry = decide_radiometry(one.scene, asset)
        self._values[len(self.used), index] = to_reflectance(dn, radiometry)
        return has_data

    def _pixels(self, one: FetchedScene, band: str) -> NDArray[Any]:
        """One band on the grid of the cube, (y, x).

        Raises:
            CorruptAssetError: if its grid does not nest in that of the cube.
        """
        chip = one.chips[band]
        factor = _nesting(chip.grid, self._plan.grid)
        if factor is None:
            what = (
                f"its grid {_words(chip.grid)} is not that of the series {_words(self._plan.grid)}"
            )
            raise CorruptAssetError(what, where=f"{one.scene.id} {band}")
        pixels = self._chips.read(chip)
        if pixels.shape != chip.grid.shape or pixels.dtype.kind not in "ui":
            what = f"{pixels.dtype} pixels of shape {pixels.shape} are not what was asked for"
            raise CorruptAssetError(what, where=f"{one.scene.id} {band}")
        return repeat_pixels(pixels, factor)

    def _radiometry(self, one: FetchedScene) -> str:
        """How the numbers of a scene became reflectance; once if all bands agree."""
        assets: dict[str, Asset] = {band: one.scene.assets[band] for band in self._plan.bands}
        words = {band: str(decide_radiometry(one.scene, asset)) for band, asset in assets.items()}
        if len(set(words.values())) == 1:
            return words[self._plan.bands[0]]
        return "; ".join(f"{band}: {text}" for band, text in words.items())


def _nesting(inner: Grid, outer: Grid) -> int | None:
    """How many pixels of the outer grid lie along one of the inner; None if they do not nest."""
    factor = round(inner.gsd_m / outer.gsd_m)
    same_place = (inner.crs, inner.left, inner.top) == (outer.crs, outer.left, outer.top)
    same_size = (inner.height * factor, inner.width * factor) == outer.shape
    return factor if same_place and same_size and factor * outer.gsd_m == inner.gsd_m else None


def _words(grid: Grid) -> str:
    """A grid in few words."""
    return (
        f"({grid.crs} {grid.left:g} {grid.top:g}, {grid.height} x {grid.width} at {grid.gsd_m:g} m)"
    )


def failure_of(scene: Scene, band: str, error: PipelineError) -> AssetFailure:
    """An error as a value."""
    return AssetFailure(scene.id, band, type(error).__name__, str(error))
