"""HDF5 files on our own disk: the one door to h5py.

Here belongs everything that opens an HDF5 file. What its fields mean belongs to ``sensors``.

An HDF5 file can name other files: by a link, by storage outside itself, by a virtual data set. It
can ask for a filter that is a library somewhere on the machine, and declare sizes that fill the
memory. The door reads plain fields of the shape that was asked for, and refuses the rest.
"""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from pipeline.errors import AssetError, CorruptAssetError, MissingBandError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.grid import Window

_SHUFFLE, _DEFLATE = h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE
PACKINGS = ((), (_SHUFFLE,), (_DEFLATE,), (_SHUFFLE, _DEFLATE))
"""How fields may be packed, in order. Other filters may be libraries found by a path."""
MAX_CHUNK_BYTES = 64 * 1024 * 1024
MAX_TEXT_CHARS = 1_000

_READING = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, zlib.error)
"""What h5py raises when a file is damaged."""


@dataclass(frozen=True)
class Field:
    """One field of a file: a block of its pixels and what it says of them.

    Attributes:
        name: without its group.
        pixels: as stored, (y, x).
        numbers: attributes that are one number.
        texts: attributes that are one text.
    """

    name: str
    pixels: NDArray[Any]
    numbers: dict[str, float]
    texts: dict[str, str]


class Hdf5:
    """An open file, of which plain fields may be read."""

    def __init__(self, file: Any, name: str) -> None:  # noqa: ANN401 - h5py carries no types
        """Take the open file and its name."""
        self._file, self._name = file, name

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return self._name

    def first_group(self, paths: tuple[str, ...]) -> str:
        """The first of several groups that the file has.

        Raises:
            MissingBandError: if it has none of them.
            CorruptAssetError: if a link on the way leads elsewhere.
        """
        for path in paths:
            if self._find(path) is not None:
                return path
        remedy = "deliver the file as published"
        raise MissingBandError(f"the file has no group {paths[0]}", where=self._name, remedy=remedy)

    def has(self, path: str) -> bool:
        """Whether there is such a field.

        Raises:
            CorruptAssetError: if a link on the way leads elsewhere.
        """
        return self._find(path) is not None

    def numbers(self) -> dict[str, float]:
        """The attributes of the file itself that are one number."""
        return dict(_numbers(self._file))

    def texts(self) -> dict[str, str]:
        """The attributes of the file itself that are one text."""
        return dict(_texts(self._file))

    def vector(self, path: str, length: int) -> NDArray[np.float64]:
        """A whole field of one dimension.

        Raises:
            AssetError: as ``field`` does.
        """
        dataset = self._dataset(path, (length,), (slice(0, length),))
        return np.asarray(dataset[...], dtype=np.float64)

    def field(self, path: str, shape: tuple[int, int], window: Window) -> Field:
        """A block of a field.

        Args:
            path: its groups and name, parted by strokes.
            shape: what the whole field must have.
            window: the block.

        Raises:
            MissingBandError: if the file does not have it.
            CorruptAssetError: if it is not a plain field of that shape, or cannot be read.
        """
        dataset = self._dataset(path, shape, window.slices)
        pixels = np.asarray(dataset[window.slices])
        name = path.rpartition("/")[2]
        return Field(name, pixels, dict(_numbers(dataset)), dict(_texts(dataset)))

    def _dataset(self, path: str, shape: tuple[int, ...], block: tuple[slice, ...]) -> Any:  # noqa: ANN401 - h5py carries no types
        """A plain field of which a block may be read.

        Raises:
            AssetError: as ``field`` does.
        """
        dataset, name = self._find(path), path.rpartition("/")[2]
        if dataset is None:
            remedy = "deliver the file as published, with all its fields"
            raise MissingBandError(f"the field {name} is missing", where=self._name, remedy=remedy)
        fault = _fault(dataset, shape) or _unpacking_fault(dataset, block)
        if fault:
            remedy = "deliver the file as published"
            raise CorruptAssetError(f"the field {name} {fault}", where=self._name, remedy=remedy)
        return dataset

    def _find(self, path: str) -> Any:  # noqa: ANN401 - h5py carries no types
        """The object at a path, or None; every step must be a hard link inside this file.

        Raises:
            CorruptAssetError: if a step leads elsewhere.
        """
        here = self._file
        for step in path.split("/"):
            # The low level asks about the link itself; the high level would follow it first.
            links = here.id.links if isinstance(here, h5py.Group) else None
            if links is None or not links.exists(step.encode()):
                return None
            if links.get_info(step.encode()).type != h5py.h5l.TYPE_HARD:
                what = f"{step} is a link that leads elsewhere, and links are not followed"
                raise CorruptAssetError(what, where=self._name, remedy="deliver it as published")
            here = here[step]
        return here


@contextmanager
def open_hdf5(path: Path) -> Iterator[Hdf5]:
    """Open a local HDF5 file for reading.

    Raises:
        CorruptAssetError: if it is not such a file, is cut short or proves damaged while it is
            open.
    """
    try:
        with h5py.File(path, "r") as file:
            yield Hdf5(file, path.name)
    except AssetError:
        raise
    except _READING as error:
        what = "the file cannot be read as HDF5; it is damaged, cut short or of another format"
        raise CorruptAssetError(what, where=path.name, remedy="deliver the file again") from error


def _fault(dataset: Any, shape: tuple[int, ...]) -> str:  # noqa: ANN401 - h5py carries no types
    """What is wrong with a field; empty if nothing is."""
    if not isinstance(dataset, h5py.Dataset):
        return "is no field"
    # The shape comes first: nothing else of a field of unknown size is worth asking.
    if dataset.shape != shape:
        return f"has the shape {dataset.shape}, not {shape}"
    if dataset.dtype.kind not in "iuf":
        return f"holds {dataset.dtype}, which is no plain number"
    if dataset.external or dataset.is_virtual:
        return "keeps its numbers in other files, which are not opened"
    return _packing_fault(dataset)


def _packing_fault(dataset: Any) -> str:  # noqa: ANN401 - h5py carries no types
    """What is wrong with how a field is packed; empty if nothing is."""
    plist = dataset.id.get_create_plist()
    filters = tuple(plist.get_filter(number)[0] for number in range(plist.get_nfilters()))
    if filters not in PACKINGS:
        return "is packed with a filter that is not built in"
    chunk = _chunk_bytes(dataset)
    if chunk > MAX_CHUNK_BYTES:
        return f"is packed in chunks of {chunk} bytes, beyond the limit of {MAX_CHUNK_BYTES}"
    return ""


def _chunk_bytes(dataset: Any) -> int:  # noqa: ANN401 - h5py carries no types
    """Size of a chunk once unpacked, in bytes."""
    return int(np.prod(dataset.chunks or (1,))) * int(dataset.dtype.itemsize)


def _unpacking_fault(dataset: Any, block: tuple[slice, ...]) -> str:  # noqa: ANN401 - h5py carries no types
    """What is wrong with the packed chunks of a block; empty if nothing is.

    HDF5 unpacks a chunk whatever comes out: 1.5 MB that inflate to 1.5 GB were read without a
    word. So each chunk is inflated here first, up to the size that it declares.
    """
    if dataset.chunks is None:
        return ""
    limit = _chunk_bytes(dataset)
    starts = (
        range(part.start // size * size, part.stop, size)
        for part, size in zip(block, dataset.chunks, strict=True)
    )
    sizes = (_unpacked(dataset, origin, limit) for origin in product(*starts))
    return "" if all(size == limit for size in sizes) else "does not unpack to the size it declares"


def _unpacked(dataset: Any, origin: tuple[int, ...], limit: int) -> int:  # noqa: ANN401 - h5py carries no types
    """How many bytes a chunk unpacks to, counted no further than one beyond the limit.

    A chunk that was never written has none and stands for fill; it counts as sound.
    """
    info = dataset.id.get_chunk_info_by_coord(origin)
    if info.byte_offset is None:
        return limit
    if dataset.compression is None:
        return int(info.size)
    if info.size > MAX_CHUNK_BYTES or info.filter_mask:
        return -1
    packed = dataset.id.read_direct_chunk(origin)[1]
    return len(zlib.decompressobj().decompress(packed, limit + 1))


def _one(owner: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - h5py carries no types
    """The attributes of an object that hold one value; larger ones are not read."""
    for key in owner.attrs:
        if owner.attrs.get_id(key).shape in ((), (1,)):
            yield key, owner.attrs.get_id(key).dtype


def _numbers(owner: Any) -> Iterator[tuple[str, float]]:  # noqa: ANN401 - h5py carries no types
    """The attributes that are one number."""
    for key, dtype in _one(owner):
        if dtype.kind in "iuf":
            yield key, float(np.ravel(owner.attrs[key])[0])


def _texts(owner: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - h5py carries no types
    """The attributes that are one text, cut to a length."""
    for key, dtype in _one(owner):
        if dtype.kind == "S" or h5py.check_string_dtype(dtype) is not None:
            value = np.ravel(owner.attrs[key])[0]
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            yield key, text[:MAX_TEXT_CHARS].strip("\x00 ")
