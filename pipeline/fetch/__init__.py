"""Bring in the pixels over a site: every asset ends as a chip or as a failure with its reason.

Here belongs which assets are brought in, how many at a time, and what becomes of an error. How
a chip is cut belongs to ``window``, ``local``, ``remote`` and ``whole``; how bytes come to
``network``; how a chip is kept to ``store.chips``.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import repeat
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from pipeline.errors import AssetError, FetchError, MissingBandError
from pipeline.fetch.local import read_local, version_of
from pipeline.fetch.remote import read_remote
from pipeline.fetch.versions import mixed_with, radiometry_words, remarks_on
from pipeline.fetch.whole import is_read_whole, read_whole
from pipeline.fetch.window import wanted_grid
from pipeline.model.grid import Grid
from pipeline.model.scene import AssetFailure, Chip, FetchedScene
from pipeline.network.access import PUBLIC, Access
from pipeline.network.door import Door

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from pipeline.config import FetchOptions
    from pipeline.fetch.local import Delivered
    from pipeline.model.scene import Asset, Scene
    from pipeline.model.site import Site
    from pipeline.store.chips import ChipStore

    OnDone = Callable[[FetchedScene], None]

N_WRITERS = 16
"""Chips that are written at once: most of that time is spent waiting for the disk to hold them."""

Known: TypeAlias = "Chip | AssetFailure | Grid"
T = TypeVar("T")


def fetch(  # noqa: PLR0917 - the four nouns of the stage, and a listener that may be left out
    site: Site,
    scenes: Sequence[Scene],
    chips: ChipStore,
    options: FetchOptions,
    on_done: OnDone | None = None,
    *,
    access: Access = PUBLIC,
) -> tuple[FetchedScene, ...]:
    """Bring in the pixels of many scenes, several assets at a time.

    What lies in the chip store already is not asked for again.

    Args:
        site: the place.
        scenes: what to bring in.
        chips: where to keep it.
        options: bands, concurrency, time and attempts.
        on_done: is told of every scene as soon as its last asset is settled.
        access: which hosts may be asked, and how: that of the catalogue.

    Returns:
        One result a scene, in the order of the scenes.

    Raises:
        StoreError: if a chip cannot be written: that is no fault of an asset.
    """
    return asyncio.run(_Fetcher(site, chips, options, access).scenes(scenes, on_done))


def fetch_scene(
    site: Site,
    scene: Scene,
    chips: ChipStore,
    options: FetchOptions,
    *,
    access: Access = PUBLIC,
) -> FetchedScene:
    """Bring in the pixels of one scene.

    Raises:
        StoreError: if a chip cannot be written.
    """
    return fetch(site, (scene,), chips, options, access=access)[0]


async def _together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all at once; the first error ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


@dataclass
class _Fetcher:
    """What all assets of one fetch share.

    Attributes:
        site: the place.
        chips: where chips are kept.
        options: bands, concurrency, time and attempts.
        room: bounds the assets whose pixels are in memory: on their way, or waiting for the disk.
        slots: bounds the assets on their way.
        access: which hosts may be asked.
        door: opened for the first remote one.
        started: when the fetch began, UTC.
    """

    site: Site
    chips: ChipStore
    options: FetchOptions
    access: Access
    room: asyncio.Semaphore = field(init=False)
    slots: asyncio.Semaphore = field(init=False)
    door: Door | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        """Bound what is in memory and what is on its way."""
        self.room = asyncio.Semaphore(2 * self.options.concurrency)
        self.slots = asyncio.Semaphore(self.options.concurrency)

    async def scenes(
        self, scenes: Sequence[Scene], on_done: OnDone | None
    ) -> tuple[FetchedScene, ...]:
        """All scenes at once."""
        with ThreadPoolExecutor(N_WRITERS) as writers:
            asyncio.get_running_loop().set_default_executor(writers)
            try:
                return tuple(await _together(self.settled(scene, on_done) for scene in scenes))
            finally:
                if self.door is not None:
                    await self.door.aclose()

    async def settled(self, scene: Scene, on_done: OnDone | None) -> FetchedScene:
        """One scene, and the news of it."""
        done = await self.scene(scene)
        if on_done is not None:
            on_done(done)
        return done

    async def scene(self, scene: Scene) -> FetchedScene:
        """All bands of a scene; an optional band is missed only if the scene should have it."""
        had = {*scene.assets, *scene.missed}
        optional = tuple(band for band in self.options.optional_bands if band in had)
        bands = tuple(dict.fromkeys(self.options.bands + optional))
        # One trip to a thread for all bands: it takes as long as to look for one of them.
        known = await asyncio.to_thread(lambda: [self._look(scene, band) for band in bands])
        arrived = await _together(map(self.asset, repeat(scene), bands, known))
        ends = dict(zip(bands, arrived, strict=True))
        doubted = mixed_with(scene, ends, self.started)
        again = await _together(self.anew(scene, band) for band in doubted)
        ends |= dict(zip(doubted, again, strict=True))
        chips = {band: end for band, end in ends.items() if isinstance(end, Chip)}
        failures = tuple(end for end in ends.values() if isinstance(end, AssetFailure))
        return FetchedScene(scene, chips, failures, remarks_on(scene, chips))

    async def anew(self, scene: Scene, band: str) -> Chip | AssetFailure:
        """One band of a scene from its source, whatever the store holds."""
        try:
            wanted = wanted_grid(self.site, scene, scene.assets[band])
        except AssetError as error:
            return failure_of(scene, band, error)
        return await self.asset(scene, band, wanted)

    def _look(self, scene: Scene, band: str) -> Known:
        """The chip of a band if it is kept, or why it cannot be had, or the grid to ask for."""
        try:
            asset = scene.assets.get(band)
            if asset is None:
                what = scene.missed.get(band, "the scene does not have this band")
                raise MissingBandError(what)
            wanted = wanted_grid(self.site, scene, asset)
        except AssetError as error:
            return failure_of(scene, band, error)
        return self._kept(scene, asset, wanted) or wanted

    async def asset(self, scene: Scene, band: str, known: Known) -> Chip | AssetFailure:
        """One band of a scene, from its source unless it is settled already."""
        if not isinstance(known, Grid):
            return known
        try:
            async with self.room:
                return await self._chip(scene, band, known)
        except AssetError as error:
            return failure_of(scene, band, error)

    async def _chip(self, scene: Scene, band: str, wanted: Grid) -> Chip:
        """The chip of a band, read and kept.

        Raises:
            AssetError: if it cannot be had.
        """
        asset = scene.assets[band]
        # The next asset may set out while this one is being written.
        async with self.slots:
            got = await self._read(asset, wanted)
        delivery = replace(got.delivery, radiometry=radiometry_words(scene, asset))
        return await asyncio.to_thread(
            self.chips.save, scene, asset.band, got.pixels, got.grid, delivery=delivery
        )

    def _kept(self, scene: Scene, asset: Asset, wanted: Grid) -> Chip | None:
        """The chip in the store, unless its local source is another one by now."""
        chip = self.chips.find(scene, asset.band, wanted)
        version = "" if _scheme(asset) else version_of(asset)
        return None if chip is not None and version not in ("", chip.source_etag) else chip

    async def _read(self, asset: Asset, wanted: Grid) -> Delivered:
        """The pixels from where they lie.

        Raises:
            AssetError: if they cannot be had from there.
        """
        scheme = _scheme(asset)
        if not scheme:
            return await asyncio.to_thread(read_local, asset, wanted)
        if not self.access.has_scheme(scheme):
            what = f"assets at {scheme} addresses cannot be read from this catalogue"
            raise FetchError(what, remedy=self.access.remedy)
        if self.door is None:
            self.door = self._opened()
        read = read_whole if is_read_whole(asset) else read_remote
        return await read(self.door, asset, wanted, self.options)

    def _opened(self) -> Door:
        """The pool that all assets share."""
        # All attempts and the pauses between them fit into the time of the asset.
        silence_s = self.options.timeout_s / (self.options.attempts + 1)
        return Door(self.access, n_connections=self.options.concurrency, silence_s=silence_s)


def _scheme(asset: Asset) -> str:
    """The scheme of an address; empty for a path."""
    head, colon, _ = asset.href.partition("://")
    return head.lower() if colon else ""


def failure_of(scene: Scene, band: str, error: AssetError) -> AssetFailure:
    """An error as a value; it names the file, and neither a folder of ours nor a query."""
    asset = scene.assets.get(band)
    name = "" if asset is None else PurePosixPath(urlsplit(asset.href).path).name
    words = f"{name}: {error.what}" if name else error.what
    cure = f" ({error.remedy})" if error.remedy else ""
    return AssetFailure(scene.id, band, type(error).__name__, " ".join(f"{words}{cure}".split()))
