"""A cube while it grows: one overpass after the other, its tiles put together on the pixels.

Here belong the merging of tiles and what keeps a date out. Reading one tile belongs to ``tile``;
which scenes are tried belongs to the stage itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import AssetError, CorruptAssetError, PipelineError, StoreError
from pipeline.model.cube import DateCube
from pipeline.model.look import Look, PixelKind
from pipeline.model.scene import AssetFailure
from pipeline.prepare.tile import ChipReader, TileReader
from pipeline.raster.masks import weighted_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pipeline.config import PrepareOptions
    from pipeline.model.grid import Grid
    from pipeline.model.scene import FetchedScene, Scene
    from pipeline.sensors import Sensor

__all__ = ["ChipReader", "CubeBuilder", "Plan", "Stack", "failure_of", "overpasses"]


@dataclass(frozen=True)
class Plan:
    """The axes of a cube, fixed before the first date.

    Attributes:
        sensor: whose numbers they are.
        grid: where its pixels lie.
        bands: along the band axis, all of one unit but where a layer holds its own uncertainty.
        n_dates: how many there may be at most.
        weight: share of each pixel inside the site, float32, (y, x).
        orbit: of a radar, in words.
        is_layer: whether it is a further cube beside the main one of its sensor.
    """

    sensor: Sensor
    grid: Grid
    bands: tuple[str, ...]
    n_dates: int
    weight: NDArray[np.float32]
    orbit: str = ""
    is_layer: bool = False


@dataclass
class Stack:
    """The dates that hold enough to see, still open to change.

    Attributes:
        values: in the unit of the bands, (time, band, y, x); 0 where nothing was seen.
        kinds: codes of ``PixelKind``, (time, y, x).
        looks: which of the looks each date is.
        offsets: what was added to the scaled numbers, (time, band).
        is_simulated: by date.
    """

    values: NDArray[np.float32]
    kinds: NDArray[np.uint8]
    looks: list[Look]
    offsets: NDArray[np.float64]
    is_simulated: list[bool]

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Where the ground was seen, (time, y, x)."""
        clear: NDArray[np.bool_] = self.kinds == PixelKind.CLEAR
        return clear

    def only(self, kept: Sequence[int]) -> Stack:
        """The stack with some of its dates."""
        if len(kept) == len(self.looks):
            return self
        return Stack(
            self.values[kept],
            self.kinds[kept],
            [self.looks[date] for date in kept],
            self.offsets[kept],
            [self.is_simulated[date] for date in kept],
        )

    def cube(self, plan: Plan) -> DateCube:
        """The finished cube."""
        return DateCube(
            values=self.values,
            clear=self.clear,
            snow=self.kinds == PixelKind.SNOW,
            instants=tuple(look.instant for look in self.looks),
            scene_ids=tuple(look.scene_id for look in self.looks),
            bands=plan.bands,
            grid=plan.grid,
            is_simulated=any(self.is_simulated),
            kinds=self.kinds,
            sensor=plan.sensor.id,
            unit=plan.sensor.bands[plan.bands[0]].unit,
            orbit=plan.orbit,
        )


def overpasses(fetched: Iterable[FetchedScene]) -> list[tuple[FetchedScene, ...]]:
    """What was fetched, by overpass and in order of time; tiles of one keep their given order.

    That order is the preference of the search. A scene without a key goes by its id.
    """
    groups: dict[str, list[FetchedScene]] = {}
    for one in fetched:
        groups.setdefault(one.scene.acquisition_key or one.scene.id, []).append(one)
    return sorted(
        map(tuple, groups.values()), key=lambda tiles: (tiles[0].scene.instant, tiles[0].scene.id)
    )


class CubeBuilder:
    """A cube while it grows, date by date, in arrays that are made once.

    Attributes:
        looks: every date looked at so far.
        failures: what did not become data so far.
    """

    def __init__(self, plan: Plan, options: PrepareOptions, chips: ChipReader) -> None:
        """Reserve the space; pages of dates that are never used cost nothing."""
        self._plan, self._options = plan, options
        self._reader = TileReader(plan.grid, plan.sensor, options, chips)
        self._masked_by = plan.sensor.mask or plan.bands[0]
        self._values = np.zeros((plan.n_dates, len(plan.bands), *plan.grid.shape), np.float32)
        self._kinds = np.zeros((plan.n_dates, *plan.grid.shape), np.uint8)
        self._offsets: list[tuple[float, ...]] = []
        self._simulated: list[bool] = []
        self.looks: list[Look] = []
        self.failures: list[AssetFailure] = []

    def add(self, tiles: Sequence[FetchedScene]) -> None:
        """Take in one overpass, or record why not: on each pixel the first tile with data wins.

        A tile that fails is recorded, and the others go on without it: what it alone would have
        shown is unseen.
        """
        fresh = [one for one in tiles if self._is_new(one.scene)]
        read = [(one, kinds) for one in fresh if (kinds := self._classify(one)) is not None]
        if not read:
            return
        merged = _first_with_data(kinds for _, kinds in read)
        if not self._is_look(merged):
            self._count([one for one, _ in read], merged)
            return
        index = len(self._offsets)
        used = [one for one, kinds in read if self._lay(one, kinds, index)]
        if used:
            self._keep(used, index)

    def stack(self) -> Stack:
        """The dates that hold enough to see."""
        n = len(self._offsets)
        looks = [look for look in self.looks if look.used]
        offsets = np.array(self._offsets, np.float64).reshape(n, len(self._plan.bands))
        return Stack(self._values[:n], self._kinds[:n], looks, offsets, list(self._simulated))

    @property
    def holds_any(self) -> bool:
        """Whether there is a date that holds enough to see."""
        return bool(self._offsets)

    def cube(self) -> DateCube:
        """The finished cube as it was read."""
        return self.stack().cube(self._plan)

    def _lay(self, one: FetchedScene, kinds: NDArray[np.uint8], index: int) -> bool:
        """Lay one tile under what is there already; whether it became data."""
        values, mine = self._values[index], self._kinds[index]
        is_first = not mine.any()
        target = values if is_first else np.empty_like(values)
        kinds = kinds.copy()
        if not self._read_bands(one, kinds, target):
            if is_first:
                values[...] = 0
            return False
        if is_first:
            mine[...] = kinds
        else:
            free = (mine == PixelKind.UNSEEN) & (kinds != PixelKind.UNSEEN)
            np.copyto(values, target, where=free)
            np.copyto(mine, kinds, where=free)
        return True

    def _read_bands(
        self, one: FetchedScene, kinds: NDArray[np.uint8], target: NDArray[np.float32]
    ) -> bool:
        """Write all bands of a tile; what lacks data in any of them is unseen."""
        band, seen = self._masked_by, _is_seen(kinds)
        try:
            for index, band in enumerate(self._plan.bands):
                has_data = self._reader.band(one, band, seen, target[index])
                kinds[~has_data] = PixelKind.UNSEEN
                seen &= has_data
        except (AssetError, StoreError) as error:
            self.failures.append(failure_of(one.scene.id, band, error))
            return False
        return True

    def _keep(self, used: list[FetchedScene], index: int) -> None:
        """Count the look, and if it is one, make its slot of the arrays final."""
        kinds = self._kinds[index]
        if self._count(used, kinds):
            np.copyto(self._values[index], 0, where=~_is_seen(kinds))
            self._offsets.append(self._common_offsets(used))
            self._simulated.append(any(one.scene.is_simulated for one in used))
        else:
            self._values[index] = 0
            kinds[...] = PixelKind.UNSEEN

    def _common_offsets(self, used: list[FetchedScene]) -> tuple[float, ...]:
        """The offsets of the tiles; NaN for a band that they were read apart in."""
        offsets = np.array([self._reader.offsets(one, self._plan.bands) for one in used])
        return tuple(np.where(np.ptp(offsets, axis=0) > 0, np.nan, offsets[0]).tolist())

    def _count(self, tiles: list[FetchedScene], kinds: NDArray[np.uint8]) -> bool:
        """Record the look; whether enough of the site was seen."""
        is_look = self._is_look(kinds)
        words = dict.fromkeys(self._words(one) for one in tiles)
        scene, share = tiles[0].scene, self._share
        self.looks.append(
            Look(
                scene.id,
                scene.instant,
                share(kinds, PixelKind.CLEAR),
                share(kinds, PixelKind.SNOW),
                is_look,
                share(kinds, PixelKind.CLOUD),
                share(kinds, PixelKind.SHADOW),
                tuple(one.scene.id for one in tiles),
                "; ".join(words),
            )
        )
        return is_look

    def _words(self, one: FetchedScene) -> str:
        """How a tile was read; a clouded one may be of unknown radiometry, since nobody asked."""
        try:
            return self._reader.told(one, self._plan.bands)
        except AssetError as error:
            return error.what

    def _share(self, kinds: NDArray[np.uint8], kind: PixelKind) -> float:
        """Share of the site of one kind."""
        return weighted_share(kinds == kind, self._plan.weight)

    def _is_look(self, kinds: NDArray[np.uint8]) -> bool:
        """Whether enough of the site was seen."""
        share = weighted_share(_is_seen(kinds), self._plan.weight)
        return share >= self._options.min_clear_share

    def _is_new(self, scene: Scene) -> bool:
        """Refuse a second date of one instant: the search should have chosen between them."""
        last = self.looks[-1] if self.looks else None
        if last is None or not last.used or last.instant != scene.instant:
            return True
        what = f"it was taken in the same instant as {last.scene_id}"
        error = CorruptAssetError(what, where=scene.id)
        self.failures.append(failure_of(scene.id, self._masked_by, error))
        return False

    def _classify(self, one: FetchedScene) -> NDArray[np.uint8] | None:
        """What a tile shows; None if that cannot be read."""
        try:
            return self._reader.kinds(one)
        except (AssetError, StoreError) as error:
            self.failures.append(failure_of(one.scene.id, self._masked_by, error))
            return None


def _is_seen(kinds: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the ground or the snow on it was seen."""
    seen: NDArray[np.bool_] = (kinds == PixelKind.CLEAR) | (kinds == PixelKind.SNOW)
    return seen


def _first_with_data(tiles: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """What each pixel shows in the first tile that holds data there."""
    return reduce(lambda first, kinds: np.where(first == PixelKind.UNSEEN, kinds, first), tiles)


def failure_of(scene_id: str, band: str, error: PipelineError) -> AssetFailure:
    """An error as a value."""
    return AssetFailure(scene_id, band, type(error).__name__, str(error))
