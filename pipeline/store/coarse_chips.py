"""Coarse chips: all layers of one file over one place, kept as they were delivered.

Here belong the names of coarse chips, their versions, and the proof that they are still what was
saved. What a record holds belongs to ``coarse_record``; reading files of upstream belongs to
``fetch``; what the numbers mean to ``sensors``. Chips of one band on a grid in metres belong to
``chips``.

A chip is one GeoTIFF for each type of number, and then one record that makes all of them count at
once: a look without its quality layer is none. A folder holds the versions of one acquisition,
named by a hash, so that nothing an outsider writes becomes a path. What was processed anew lies
beside what was held before.

Proof is in two steps, as for other chips: size and time to find, hashes to read. A record that
does not bear its seal is an error to whoever reads, never a chip that is not there.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipeline.errors import CorruptAssetError, StoreError
from pipeline.model.coarse import SourceFile
from pipeline.model.coarse_chip import CoarseChip, RawLayer
from pipeline.store.chip_record import pixels_sha256, with_one_zero
from pipeline.store.coarse_record import (
    ChipVersion,
    CoarseRecord,
    FileFact,
    LayerFact,
    change_between,
    unsealed,
)
from pipeline.store.files import canonical_json, publish_bytes, sha256_of
from pipeline.store.proof import slug, stamp
from pipeline.store.rasters import open_raster, read_window, write_cog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.store.proof import Stamp

_REMEDY = "run the fetch again to read it anew"


@dataclass(frozen=True)
class Account:
    """What is said of a chip when it is kept, beside what it holds.

    Attributes:
        series: sensor, product and collection.
        acquisition: what two versions share, in words.
        span: when it was seen, UTC.
        reading: how the stored numbers are read, in words.
        seen: share of the place that was seen, by composite.
        stamps: size and time of the files of upstream, by name.
    """

    series: tuple[str, str, str]
    acquisition: str
    span: tuple[datetime, datetime]
    reading: str
    seen: Mapping[str, float]
    stamps: Mapping[str, Stamp]


@dataclass(frozen=True)
class HeldCoarse:
    """A coarse chip in the store, by its record; only ``CoarseStore.read`` proves the pixels.

    Attributes:
        path: the record.
        record: what it says.
    """

    path: Path
    record: CoarseRecord

    @property
    def is_whole(self) -> bool:
        """Whether every file lies there as it did when its hash was last proven."""
        return all(_proven(self.path.with_name(one.name), one) for one in self.record.files)

    def restamp(self, stamps: Mapping[str, Stamp]) -> None:
        """Write down other sizes and times of files; a store that is read-only does without."""
        facts = {
            field: tuple(_stamped(one, stamps.get(one.name)) for one in getattr(self.record, field))
            for field in ("files", "sources")
        }
        with suppress(StoreError):
            publish_bytes(self.path, self.record.model_copy(update=facts).as_bytes())


class CoarseStore:
    """The coarse chips of one site, below one folder."""

    def __init__(self, root: Path) -> None:
        """Remember the folder; nothing is made before the first chip."""
        self.root = root

    def versions(self, acquisition: str, place: str) -> tuple[HeldCoarse, ...]:
        """Every version of an acquisition over a place, the one that counts last.

        Records that cannot be read are left out: what they held is to be fetched anew.
        """
        found = _held_in(self._folder(acquisition), _stem(place))
        held = [one for one in found if isinstance(one, HeldCoarse)]
        return tuple(sorted(held, key=lambda one: one.record.order))

    def holdings(self) -> Iterator[HeldCoarse | CorruptAssetError]:
        """Every chip of the store, and an error for every record that cannot be read."""
        if self.root.is_dir():
            for folder in sorted(self.root.iterdir()):
                yield from _held_in(folder)

    def digest(self) -> str:
        """Hash over the numbers of every chip and what they are of, hex; empty for no chip.

        When a chip was brought in does not count, nor do stamps of files of upstream. A record
        that cannot be read counts by its name.
        """
        found = [
            one.record.substance() if isinstance(one, HeldCoarse) else [one.where, one.what]
            for one in self.holdings()
        ]
        return hashlib.sha256(canonical_json(found)).hexdigest() if found else ""

    def save(self, chip: CoarseChip, account: Account) -> HeldCoarse:
        """Keep a chip, beside other versions of it.

        Raises:
            StoreError: if it cannot be written.
        """
        hashes = tuple((one.name, one.sha256) for one in chip.sources)
        version = ChipVersion(hashes, chip.wanted, chip.is_simulated)
        stem = _stem(chip.place)
        path = self._folder(account.acquisition) / f"{stem}-{version.key}.json"
        files = _written(path, chip)
        held = self.versions(account.acquisition, chip.place)
        record = _following(held, _record(chip, account, files), path)
        publish_bytes(path, record.as_bytes())
        return HeldCoarse(path, record)

    def read(self, held: HeldCoarse) -> CoarseChip:
        """The layers of a chip, proven to be those that were saved.

        A chip that fails the proof is not found any more until it is whole again.

        Raises:
            StoreError: if a file is missing or cannot be read.
            CorruptAssetError: if one was altered.
        """
        record = held.record
        pixels: dict[tuple[str, str], NDArray[Any]] = {}
        for fact in record.files:
            path = held.path.with_name(fact.name)
            if sha256_of(path) != fact.sha256:
                raise _altered(held)
            with open_raster(path) as dataset:
                bands = zip(dataset.descriptions, read_window(dataset), strict=True)
                pixels |= {(fact.name, str(name)): band for name, band in bands}
        layers = {fact.name: _layer(held, fact, pixels) for fact in record.layers}
        return CoarseChip(
            name=record.name,
            place=record.place,
            wanted=record.wanted,
            timezone=record.timezone,
            grid=record.grid,
            layers=layers,
            sources=tuple(SourceFile(one.name, one.sha256) for one in record.sources),
            is_simulated=record.simulated,
        )

    def _folder(self, acquisition: str) -> Path:
        """Where the versions of an acquisition lie."""
        return self.root / slug(acquisition, canonical_json(acquisition))


def _layer(
    held: HeldCoarse, fact: LayerFact, pixels: Mapping[tuple[str, str], NDArray[Any]]
) -> RawLayer:
    """A layer, proven by the hash of its numbers.

    Raises:
        CorruptAssetError: if it was altered.
    """
    found = pixels.get((fact.file, fact.name))
    if found is None or pixels_sha256(found) != fact.pixels_sha256:
        raise _altered(held)
    return RawLayer(found, fact.source, fact.numbers, fact.units)


def _altered(held: HeldCoarse) -> CorruptAssetError:
    """The error for a chip that is not what was saved; its time stamps count no more."""
    held.restamp({one.name: (-1, -1) for one in held.record.files})
    what = f"the chip of {held.record.name} over {held.record.place} was altered after it was saved"
    return CorruptAssetError(what, where=held.path.name, remedy=_REMEDY)


def _written(path: Path, chip: CoarseChip) -> dict[str, FileFact]:
    """The files of a chip, one for each type of number, by name of the type."""
    groups: dict[str, dict[str, NDArray[Any]]] = {}
    for name, layer in chip.layers.items():
        dtype = layer.pixels.dtype.newbyteorder("=")
        settled = with_one_zero(layer.pixels.astype(dtype, copy=False))
        groups.setdefault(dtype.str[1:], {})[name] = settled
    tags = {
        "zonewatch:source": chip.name,
        "zonewatch:place": chip.place,
        "zonewatch:simulated": str(chip.is_simulated).lower(),
    }
    facts = {}
    for kind, bands in groups.items():
        file = path.with_name(f"{path.stem}-{kind}.tif")
        write_cog(file, bands, chip.grid, nodata=None, tags=tags)
        nbytes, mtime_ns = stamp(file) or (-1, -1)
        digest = sha256_of(file)
        facts[kind] = FileFact(name=file.name, sha256=digest, nbytes=nbytes, mtime_ns=mtime_ns)
    return facts


def _record(chip: CoarseChip, account: Account, files: Mapping[str, FileFact]) -> CoarseRecord:
    """The record of a chip whose files are written."""
    sensor, product, collection = account.series
    start, end = account.span
    layers = tuple(
        LayerFact(
            name=name,
            file=files[layer.pixels.dtype.str[1:]].name,
            dtype=str(layer.pixels.dtype.newbyteorder("=")),
            pixels_sha256=pixels_sha256(with_one_zero(layer.pixels)),
            source=layer.source,
            numbers=dict(layer.numbers),
            units=layer.units,
        )
        for name, layer in chip.layers.items()
    )
    sources = (
        FileFact(name=one.name, sha256=one.sha256, nbytes=-1, mtime_ns=-1) for one in chip.sources
    )
    return CoarseRecord(
        sensor=sensor,
        product=product,
        collection=collection,
        acquisition=account.acquisition,
        name=chip.name,
        place=chip.place,
        wanted=chip.wanted,
        timezone=chip.timezone,
        start=start,
        end=end,
        grid=chip.grid,
        layers=layers,
        files=tuple(files.values()),
        sources=tuple(_stamped(one, account.stamps.get(one.name)) for one in sources),
        simulated=chip.is_simulated,
        reading=account.reading,
        seen=dict(account.seen),
        retrieved_at=datetime.now(UTC),
    )


def _following(held: Sequence[HeldCoarse], record: CoarseRecord, path: Path) -> CoarseRecord:
    """The record with its place among the versions that are held already.

    A version that was damaged and is read anew keeps the place that it had. One that is older by
    its name and arrives late changes nothing of the newer one.
    """
    own = [one.record for one in held if one.path == path]
    earlier = [one.record for one in held if one.path != path]
    if own or not earlier:
        facts = ("version", "upstream_change") if own else ()
        return record.model_copy(update={name: getattr(own[0], name) for name in facts})
    version = 1 + max(one.version for one in earlier)
    record = record.model_copy(update={"version": version})
    before = [one for one in earlier if one.order < record.order]
    change = change_between(before[-1], record) if before else ""
    return record.model_copy(update={"upstream_change": change})


def _stamped(fact: FileFact, found: Stamp | None) -> FileFact:
    """A file with another size and time, if they are known."""
    if found is None:
        return fact
    return fact.model_copy(update={"nbytes": found[0], "mtime_ns": found[1]})


def _proven(path: Path, fact: FileFact) -> bool:
    """Whether a file is the one that was hashed; one that was copied or touched is hashed anew."""
    found = stamp(path)
    if found is None:
        return False
    return found == (fact.nbytes, fact.mtime_ns) or sha256_of(path) == fact.sha256


def _held_in(folder: Path, name: str = "") -> Iterator[HeldCoarse | CorruptAssetError]:
    """The chips in a folder whose names begin so."""
    for path in sorted(folder.glob(f"{name}*.json")):
        if not path.name.startswith("."):
            yield _held_at(path)


def _held_at(path: Path) -> HeldCoarse | CorruptAssetError:
    """The chip of a record; the error if it cannot be read, or lies under the name of another."""
    where = f"{path.parent.name}/{path.name}"
    try:
        record = unsealed(path.read_bytes())
    except (OSError, ValueError):
        what = "the record of a chip cannot be read, or was altered after it was saved"
        return CorruptAssetError(what, where=where, remedy=_REMEDY)
    names = slug(record.acquisition, canonical_json(record.acquisition)), _stem(record.place)
    if path.parent.name != names[0] or not path.name.startswith(names[1]):
        what = "the record of a chip lies under the name of another"
        return CorruptAssetError(what, where=where, remedy="delete it and run the fetch again")
    return HeldCoarse(path, record)


def _stem(place: str) -> str:
    """How the names of the chips over a place begin."""
    return slug(place, place.encode())
