"""Named arrays on the disk: they come back as they were, or not at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import StoreError
from pipeline.store.arrays import HASH_BYTES, publish_arrays, read_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HELD: dict[str, NDArray[Any]] = {
    "numbers": np.array([[1.5, np.nan], [np.inf, -0.0]], dtype=np.float32),
    "words": np.array(["Kaesŏng", ""]),
    "flags": np.zeros((0, 3), dtype=bool),
    "one": np.array(7),
}


def test_arrays_come_back_with_type_and_shape(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "held.state"
    publish_arrays(path, HELD)
    back = read_arrays(path)
    assert back is not None
    assert set(back) == set(HELD)
    for name, array in HELD.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_the_same_arrays_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        publish_arrays(tmp_path / name, HELD)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_arrays(tmp_path / "nothing") is None


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_flipped_bit_or_lost_tail_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("store") / "held"
    publish_arrays(path, HELD)
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(whole)
    else:
        path.write_bytes(whole[:place])
    with pytest.raises(StoreError, match="not what was written"):
        read_arrays(path)


def test_a_proven_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    body = b"no archive"
    (tmp_path / "forged").write_bytes(hashlib.sha256(body).digest() + body)
    with pytest.raises(StoreError, match="not what was written"):
        read_arrays(tmp_path / "forged")
    assert len(hashlib.sha256(body).digest()) == HASH_BYTES


def test_objects_are_never_written_and_never_read(tmp_path: Path) -> None:
    path = tmp_path / "held"
    publish_arrays(path, HELD)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="objects cannot be kept: thing"):
        publish_arrays(path, {"thing": np.array([{}], dtype=object)})
    assert path.read_bytes() == before


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        read_arrays(tmp_path)
