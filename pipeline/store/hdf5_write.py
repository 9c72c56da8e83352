"""Writing HDF5 files of plain fields: the other half of the door to h5py.

Here belongs laying out a file that ``hdf5`` reads back. What its fields mean belongs to whoever
made them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from pipeline.errors import StoreError
from pipeline.store.files import publishing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

CHUNK_PX: Final = 600


@dataclass(frozen=True)
class SparseField:
    """A field that is fill everywhere but in one block; what is fill takes no room on disk.

    Attributes:
        shape: of the whole field.
        origin: row and column of the block's first pixel.
        block: its pixels.
        fill: what stands everywhere else.
        attributes: what the file says of it.
    """

    shape: tuple[int, int]
    origin: tuple[int, int]
    block: NDArray[Any]
    fill: float
    attributes: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Where the block lies."""
        rows, cols = self.block.shape
        row, col = self.origin
        return slice(row, row + rows), slice(col, col + cols)


def write_hdf5(
    path: Path, group: str, fields: Mapping[str, SparseField], texts: Mapping[str, str]
) -> None:
    """Publish a file; the same content gives the same bytes.

    Args:
        path: the file.
        group: the group that holds the fields, its names parted by strokes.
        fields: by name.
        texts: what the file says of itself.

    Raises:
        StoreError: if it cannot be written.
    """
    with publishing(path) as part:
        try:
            with h5py.File(part, "w", libver="latest") as file:
                for key in sorted(texts):
                    file.attrs[key] = np.bytes_(texts[key])
                folder = file.create_group(group)
                for name, one in fields.items():
                    _write_field(folder, name, one)
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            remedy = "check the disk for space and faults, then run again"
            what = "the HDF5 file did not reach the disk as it should"
            raise StoreError(what, where=str(path), remedy=remedy) from error


def _write_field(folder: h5py.Group, name: str, one: SparseField) -> None:
    """Put one field into an open file; it notes no time, so that bytes do not depend on it."""
    chunks = tuple(min(CHUNK_PX, size) for size in one.shape)
    made = folder.create_dataset(
        name,
        one.shape,
        one.block.dtype,
        chunks=chunks,
        compression="gzip",
        compression_opts=9,
        shuffle=True,
        fillvalue=one.fill,
        track_times=False,
    )
    made[one.slices] = one.block
    made.attrs["_FillValue"] = np.array([one.fill], one.block.dtype)
    for key, value in one.attributes.items():
        made.attrs[key] = np.bytes_(value) if isinstance(value, str) else value
