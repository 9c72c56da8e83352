"""HDF5 files that we write: read back by the door, small where nothing stands, the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.model.grid import Window
from pipeline.store.hdf5 import open_hdf5
from pipeline.store.hdf5_write import SparseField, write_hdf5

if TYPE_CHECKING:
    from pathlib import Path

GROUP = "HDFEOS/GRIDS/Some Grid/Data Fields"
SHAPE = (2400, 2400)


def field(origin: tuple[int, int] = (590, 1190), fill: float = 65535) -> SparseField:
    block = np.arange(24, dtype=np.uint16).reshape(4, 6)
    return SparseField(SHAPE, origin, block, fill, {"scale_factor": 0.1, "units": "nW"})


def test_what_is_written_is_read_back_by_the_door(tmp_path: Path) -> None:
    write_hdf5(tmp_path / "a.h5", GROUP, {"light": field()}, {"mark": "true"})
    with open_hdf5(tmp_path / "a.h5") as file:
        found = file.field(f"{GROUP}/light", SHAPE, Window(588, 1188, 8, 10))
        assert file.texts() == {"mark": "true"}
    assert found.numbers["scale_factor"] == pytest.approx(0.1)
    assert found.numbers["_FillValue"] == 65535
    assert found.texts == {"units": "nW"}
    wanted = np.full((8, 10), 65535, np.uint16)
    wanted[2:6, 2:8] = np.arange(24).reshape(4, 6)
    np.testing.assert_array_equal(found.pixels, wanted)


def test_what_is_fill_takes_no_room(tmp_path: Path) -> None:
    write_hdf5(tmp_path / "a.h5", GROUP, {"light": field()}, {})
    assert (tmp_path / "a.h5").stat().st_size < 20_000 < 2400 * 2400 * 2


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        write_hdf5(tmp_path / name, GROUP, {"light": field(), "more": field()}, {"x": "1"})
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_block_that_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="did not reach the disk"):
        write_hdf5(tmp_path / "a.h5", GROUP, {"light": field((2398, 0))}, {})
    assert not list(tmp_path.iterdir())
