"""Files appear whole or not at all, and hashes and JSON texts are the one there is."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import CorruptAssetError, StoreError
from pipeline.store.files import canonical_json, publish_bytes, publishing, sha256_of, sweep_parts

ROOT = Path(__file__).resolve().parents[2]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


def dead_pid() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


@given(VALUES)
def test_json_reads_back_and_has_one_form(value: Any) -> None:  # noqa: ANN401 - any JSON value
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text
    assert text.endswith(b"\n")
    assert text.count(b"\n") == 1


def test_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": {"d": 2, "c": 3}}) == b'{"a":{"c":3,"d":2},"b":1}\n'
    assert canonical_json({"a": {"c": 3, "d": 2}, "b": 1}) == b'{"a":{"c":3,"d":2},"b":1}\n'


def test_json_keeps_letters_of_all_scripts_and_all_digits_of_a_float() -> None:
    assert canonical_json(["개성", 0.1, 1e-7]) == '["개성",0.1,1e-07]\n'.encode()


@pytest.mark.parametrize(
    "value", [math.nan, {"a": math.inf}, [-math.inf], {"a": {1, 2}}, object(), "\ud800", b"bytes"]
)
def test_json_refuses_what_others_could_not_read(value: object) -> None:
    with pytest.raises(StoreError, match="JSON"):
        canonical_json(value)


@given(st.binary(max_size=200_000))
def test_hash_is_that_of_the_bytes(data: bytes) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"zonewatch-hash-{os.getpid()}"  # noqa: S108
    path.write_bytes(data)
    try:
        assert sha256_of(path) == hashlib.sha256(data).hexdigest()
    finally:
        path.unlink()


def test_hash_of_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        sha256_of(tmp_path / "none")


def test_a_published_file_is_alone_in_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.bin"
    publish_bytes(path, b"one")
    publish_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def fail_halfway(path: Path, error: BaseException) -> NoReturn:
    with publishing(path) as part:
        part.write_bytes(b"half")
        part.with_name(f"{part.name}.ovr.tmp").write_bytes(b"beside")
        raise error


def test_the_name_shows_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    publish_bytes(path, b"old")
    with publishing(path) as part:
        part.write_bytes(b"half")
        assert part.parent == path.parent
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"half"


@pytest.mark.parametrize(
    "error", [RuntimeError("no"), CorruptAssetError("no"), KeyboardInterrupt()]
)
def test_a_failing_writer_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "a.bin"
    publish_bytes(path, b"old")
    with pytest.raises(type(error)):
        fail_halfway(path, error)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_wrote_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"), publishing(tmp_path / "a"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "free space"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "right to write"),
        (errno.EROFS, "can be written"),
        (errno.EIO, "check the disk"),
        (errno.EBUSY, "then run again"),
    ],
)
def test_the_remedy_fits_the_fault(tmp_path: Path, code: int, remedy: str) -> None:
    with pytest.raises(StoreError, match=remedy) as caught, publishing(tmp_path / "a.bin"):
        raise OSError(code, os.strerror(code))
    assert "a.bin" in caught.value.where
    assert list(tmp_path.iterdir()) == []


def test_a_failing_fsync_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    publish_bytes(path, b"old")

    def fail(_: int) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="check the disk"):
        publish_bytes(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_file_before_name_before_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a power cut may drop is what was not forced to the disk before the next step."""
    steps: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(handle: int) -> None:
        steps.append(Path(f"/proc/self/fd/{handle}").readlink().name.split(".")[-1])
        real_sync(handle)

    def replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    publish_bytes(tmp_path / "a.bin", b"new")
    assert steps == ["part", "rename", tmp_path.name]


def test_a_link_in_place_of_the_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "a.bin"
    victim.write_bytes(b"precious")
    path.symlink_to(victim)
    publish_bytes(path, b"new")
    assert victim.read_bytes() == b"precious"
    assert not path.is_symlink()


def test_the_sweep_takes_parts_of_the_dead_and_nothing_else(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    dead = f".x.tif.{dead_pid()}-0123abcd.part"
    gone = [deep / dead, tmp_path / f"{dead}.ovr.tmp"]
    kept = [
        deep / f".x.tif.{os.getpid()}-0123abcd.part",
        deep / ".x.part",
        tmp_path / "x.part",
        tmp_path / "result.tif",
    ]
    for path in gone + kept:
        path.write_bytes(b"x")
    assert sweep_parts(tmp_path) == 2
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(kept)
    assert sweep_parts(tmp_path) == 0


WRITER = """
import itertools, sys
from pathlib import Path
from pipeline.store.files import publish_bytes, publishing
path = Path(sys.argv[1])
for n in itertools.count():
    with publishing(path) as part, part.open("wb") as stream:
        for _ in range(64):
            stream.write(bytes([n % 256]) * 4096)
            stream.flush()
    print(n, flush=True)
"""


def test_a_killed_writer_leaves_a_whole_file_under_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for n_files in (1, 2, 3, 5):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:  # noqa: S603 - ourselves
            assert child.stdout is not None
            for _ in range(n_files):
                assert child.stdout.readline()
            child.send_signal(signal.SIGKILL)
        data = path.read_bytes()
        assert data == data[:1] * (64 * 4096)
    sweep_parts(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
