"""The work folder: paths that stay inside, one writer at a time, a pointer that holds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import BusyError, StoreError
from pipeline.store.layout import WorkFolder

ROOT = Path(__file__).resolve().parents[2]
RUN = "0123456789abcdef" * 4
HOLDER = """
import sys, time
from pathlib import Path
from pipeline.store.layout import WorkFolder
with WorkFolder(Path(sys.argv[1]), "kaesong").lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_everything_lies_below_the_root(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, "kaesong")
    paths = [work.chips, work.products, work.runs, work.products_of(RUN)]
    assert all(path.is_relative_to(tmp_path / "kaesong") for path in paths)
    assert len(set(paths)) == 4
    assert work.ledger_path.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("site", ["", "..", "a/b", "A", "-a", "a" * 64, "a\n", "개성", "/etc"])
def test_a_site_id_that_is_no_slug_is_refused(tmp_path: Path, site: str) -> None:
    with pytest.raises(StoreError, match="slug"):
        WorkFolder(tmp_path, site)


@pytest.mark.parametrize("run", ["", "..", "../x", "xyz", "ABCDEF0123", "0123456789abcdef\n"])
def test_a_run_id_that_is_no_hash_is_refused(tmp_path: Path, run: str) -> None:
    with pytest.raises(StoreError, match="hash"):
        WorkFolder(tmp_path, "kaesong").products_of(run)


def test_two_runs_share_no_folder(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, "kaesong")
    assert work.products_of("a" * 64) != work.products_of("a" * 15 + "b" * 49)


def test_the_lock_keeps_the_same_process_out_too(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, "kaesong")
    with work.lock(), pytest.raises(BusyError, match="kaesong: another run"), work.lock():
        pass
    with work.lock():
        pass


def test_another_site_is_free(tmp_path: Path) -> None:
    with WorkFolder(tmp_path, "a").lock(), WorkFolder(tmp_path, "b").lock():
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, "kaesong")
    with pytest.raises(ZeroDivisionError), work.lock():
        raise ZeroDivisionError
    with work.lock():
        pass


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, "kaesong")
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:  # noqa: S603 - ourselves
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match="wait until it has ended"), work.lock():
            pass
        orphan = work.folder / f".map.tif.{child.pid}-0123abcd.part"
        orphan.write_bytes(b"half")
        child.send_signal(signal.SIGKILL)
    with work.lock():
        assert not orphan.exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(StoreError, match="cannot be used"),
        WorkFolder(tmp_path / "file", "kaesong").lock(),
    ):
        pass


def test_the_pointer_says_which_products_hold(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, "kaesong")
    assert work.current() is None
    work.point_to(RUN)
    assert work.current() == RUN
    work.point_to("f" * 64)
    assert work.current() == "f" * 64


def test_pointing_again_writes_nothing(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, "kaesong")
    work.point_to(RUN)
    pointer = work.folder / "current.json"
    before = pointer.stat()
    os.utime(pointer, ns=(1, 1))
    work.point_to(RUN)
    assert (pointer.stat().st_ino, pointer.stat().st_mtime_ns) == (before.st_ino, 1)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"run_id": 3}', '{"run_id": "../x"}'])
def test_a_damaged_pointer_points_nowhere(tmp_path: Path, text: str) -> None:
    work = WorkFolder(tmp_path, "kaesong")
    work.folder.mkdir()
    (work.folder / "current.json").write_text(text)
    assert work.current() is None
    work.point_to(RUN)
    assert work.current() == RUN
