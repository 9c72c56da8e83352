"""Bring in a folder of coarse files: every file ends as chips in the store, or as a failure.

Here belongs which files still have to be read, over which places, and what becomes of an error.
Reading a file belongs to ``lights``, keeping it to ``store.coarse_chips``.

A file is not opened again while a chip of it is held over every place, and name, size and time of
it and of its companions are those that were hashed; if only the time differs, it is hashed again
and not read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.errors import AssetError, StoreError, WrongPlaceError
from pipeline.fetch.light_rasters import grid_of_raster
from pipeline.fetch.lights import failure_of, files_of, main_file, no_file_of, read_chip
from pipeline.fetch.place import places_of
from pipeline.fetch.source_files import Hashes, require_plain
from pipeline.model.coarse_chip import PlacedLook
from pipeline.model.scene import Remark
from pipeline.raster.outline_mean import outline_mean
from pipeline.sensors import blackmarble
from pipeline.sensors.coarse_looks import looks_of, reading_words
from pipeline.store.coarse_chips import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.fetch.place import Place
    from pipeline.model.change import Period
    from pipeline.model.coarse import CoarseLook
    from pipeline.model.coarse_chip import CoarseChip
    from pipeline.model.degrees import DegreeGrid
    from pipeline.model.grid import Grid
    from pipeline.model.scene import AssetFailure
    from pipeline.model.site import Site
    from pipeline.sensors.coarse_names import CoarseName
    from pipeline.store.coarse_chips import CoarseStore, HeldCoarse
    from pipeline.store.coarse_record import CoarseRecord
    from pipeline.store.proof import Stamp


@dataclass(frozen=True)
class FetchedFile:
    """What came of one file.

    Attributes:
        name: of the file with the numbers.
        held: its chips, one for each place that it holds.
        looks: what was read this time; empty if all was held.
        failures: why it gave nothing; empty if it did.
        remarks: what is no failure and must be said.
    """

    name: str
    held: tuple[HeldCoarse, ...] = ()
    looks: tuple[PlacedLook, ...] = ()
    failures: tuple[AssetFailure, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether pixels of it were read this time."""
        return bool(self.looks)


def fetch_coarse(
    site: Site, paths: Sequence[Path], store: CoarseStore, on_done: Callable[[], None] | None = None
) -> tuple[FetchedFile, ...]:
    """Bring in files of coarse sensors, over the site and each of its comparators.

    It may be stopped at any moment: what is kept stays, and the next call reads the rest.

    Args:
        site: the place.
        paths: the files, as ``list_files`` gives them.
        store: where to keep what they hold.
        on_done: is told after every file.

    Returns:
        One result a file, in their order.

    Raises:
        StoreError: if a chip cannot be written: that is no fault of a file.
    """
    places = places_of(site)
    found = []
    for path in paths:
        found.append(_settled(site, places, path, store))
        if on_done is not None:
            on_done()
    return tuple(_with_versions(found, store))


def list_files(folder: Path, sensor: str, timezone: str, period: Period) -> tuple[Path, ...]:
    """The files of a folder that hold the numbers of a sensor in a period, by name.

    Files that cannot be told are listed too, so that they end as failures; files that are read
    along with another are not.

    Raises:
        InputError: if there is no such folder or sensor.
        EmptySearchError: if there is none.
    """
    found = tuple(
        path for path in files_of(folder, sensor) if _is_wanted(path, sensor, timezone, period)
    )
    if not found:
        raise no_file_of(sensor, folder)
    return found


def _is_wanted(path: Path, sensor: str, timezone: str, period: Period) -> bool:
    """Whether a file is of a sensor and a period, as far as that can be told."""
    try:
        named = main_file(path, timezone, sensor)
    except AssetError:
        return True
    if named is None:
        return False
    return named.period.start <= period.end and period.start <= named.period.end


def _settled(site: Site, places: tuple[Place, ...], path: Path, store: CoarseStore) -> FetchedFile:
    """What came of one file: chips that are held, chips that are new, or why there are none."""
    try:
        named = main_file(path, site.timezone, None)
        if named is None:
            words = "read along with the file of the numbers"
            return FetchedFile(path.name, remarks=(Remark(path.name, "", words),))
        reading = _Reading.of(path, named)
        held = {place.id: reading.held_over(place, store) for place in places}
        absent = tuple(place for place in places if held[place.id] is None)
        inside, remarks = reading.parted(absent, is_found=len(absent) < len(places))
        fresh = [reading.read(site, place) for place in inside]
        stamps = reading.hashes.stamps()
    except (AssetError, StoreError) as error:
        return FetchedFile(path.name, failures=(failure_of(path.name, error),))
    # From here on an error is one of our disk, and ends the fetch.
    kept = [store.save(one.chip, one.account(named, stamps)) for one in fresh]
    chips = (*(one for one in held.values() if one is not None), *kept)
    looks = (PlacedLook(one.chip.place, look) for one in fresh for look in one.looks)
    return FetchedFile(path.name, chips, tuple(looks), remarks=remarks)


@dataclass(frozen=True)
class _Fresh:
    """A chip that was read this time.

    Attributes:
        chip: its layers.
        looks: what they show.
        seen: share of the place that was seen, by composite.
    """

    chip: CoarseChip
    looks: tuple[CoarseLook, ...]
    seen: Mapping[str, float]

    def account(self, named: CoarseName, stamps: Mapping[str, Stamp]) -> Account:
        """What is said of it at rest."""
        label = named.label
        return Account(
            series=(label.sensor, label.product, label.collection),
            acquisition=named.acquisition,
            span=(named.period.start, named.period.end),
            reading=reading_words(self.looks[0]),
            seen=self.seen,
            stamps=stamps,
        )


@dataclass(frozen=True)
class _Reading:
    """One file that is being settled.

    Attributes:
        path: the file.
        named: what its name says.
        present: it and the companions that lie beside it, by name, with size and time.
        hashes: of these files, as far as they were needed.
    """

    path: Path
    named: CoarseName
    present: Mapping[str, Stamp]
    hashes: Hashes

    @classmethod
    def of(cls, path: Path, named: CoarseName) -> _Reading:
        """Look at a file and what lies beside it.

        Raises:
            FetchError: if one is no plain file.
        """
        beside = (path.with_name(name) for _, name in named.companions)
        files = (path, *(one for one in beside if one.exists() or one.is_symlink()))
        return cls(path, named, {one.name: require_plain(one) for one in files}, Hashes())

    def held_over(self, place: Place, store: CoarseStore) -> HeldCoarse | None:
        """The chip of these very files over a place; None if there is none that is whole.

        Raises:
            StoreError: if a file has to be hashed and cannot be read.
        """
        versions = store.versions(self.named.acquisition, place.id)
        for one in reversed(versions):
            if _is_over(one.record, place) and self._is_of(one) and one.is_whole:
                return one
        return None

    def _is_of(self, held: HeldCoarse) -> bool:
        """Whether a chip was cut from the files that lie here now."""
        sources = {source.name: source for source in held.record.sources}
        if held.record.name != self.path.name or sources.keys() != self.present.keys():
            return False
        if any(sources[name].nbytes != found[0] for name, found in self.present.items()):
            return False
        touched = [n for n, found in self.present.items() if sources[n].mtime_ns != found[1]]
        hashes = {name: self.hashes.of(self.path.with_name(name)).sha256 for name in touched}
        if any(sources[name].sha256 != digest for name, digest in hashes.items()):
            return False
        if touched:
            held.restamp(self.present)
        return True

    def parted(
        self, absent: Sequence[Place], *, is_found: bool
    ) -> tuple[list[Place], tuple[Remark, ...]]:
        """The places that have to be read, and what to say of those that the file does not hold.

        Args:
            absent: places over which no chip is held.
            is_found: whether one is held over another place.

        Raises:
            WrongPlaceError: if the file holds no place at all.
            AssetError: if it cannot be told where its pixels lie.
        """
        if not absent:
            return [], ()
        inside, outside, grid = [], [], self._grid()
        for place in absent:
            try:
                place.window(grid, self.path.name)
                inside.append(place)
            except WrongPlaceError as error:
                outside.append(error)
        if outside and not inside and not is_found:
            raise outside[0]
        return inside, tuple(Remark(self.path.name, "", error.what) for error in outside)

    def _grid(self) -> DegreeGrid | Grid:
        """Where the pixels of the file lie."""
        if self.named.label.sensor == blackmarble.SENSOR:
            return blackmarble.parse_name(self.path.name).grid
        return grid_of_raster(self.path)

    def read(self, site: Site, place: Place) -> _Fresh:
        """Read the file over a place, and judge what was read.

        Raises:
            AssetError: if it cannot be used.
            StoreError: if it cannot be read from the disk.
        """
        chip = read_chip(place, self.path, self.named, self.hashes)
        looks, outline = looks_of(chip), site.outline_of(place.id)
        seen = {one.label.variant: outline_mean(one, outline).seen_share for one in looks}
        return _Fresh(chip, looks, seen)


def _is_over(record: CoarseRecord, place: Place) -> bool:
    """Whether a chip was cut for a place as it is now."""
    same = record.wanted == place.wanted and record.timezone == place.timezone
    return same and (record.simulated or not place.is_simulated)


def _with_versions(files: Sequence[FetchedFile], store: CoarseStore) -> Iterator[FetchedFile]:
    """The files, with a remark on each that changed upstream or gave way to a later version."""
    for file in files:
        told = {one.record.place: _version_words(one, store) for one in file.held}
        words = dict.fromkeys(word for word in told.values() if word)
        remarks = tuple(Remark(file.name, "", word) for word in words)
        yield replace(file, remarks=(*file.remarks, *remarks)) if remarks else file


def _version_words(held: HeldCoarse, store: CoarseStore) -> str:
    """What must be said of a chip beside its other versions; empty if nothing."""
    newest = store.versions(held.record.acquisition, held.record.place)[-1].record
    if newest.order <= held.record.order:
        return held.record.upstream_change
    day = f"{newest.retrieved_at:%Y-%m-%d}"
    return f"{newest.name}, read on {day}, is a later version, and counts"
