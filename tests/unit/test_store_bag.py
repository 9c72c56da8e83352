"""A bag tells every byte: what is missing, extra, changed, hostile or half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import bagit
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import DossierError, StoreError
from pipeline.store import strangers as module
from pipeline.store.bag import MANIFEST, TAG_MANIFEST, Bag, read_bag, write_bag

ROOT = Path(__file__).resolve().parents[2]
PAYLOAD = {"a.txt": b"one\n", "deep/b.json": b"{}\n", "deep/c.bin": bytes(range(256))}
TAGS = {"bag-info.txt": b"Zonewatch-Simulated: no\n", "README.txt": b"read\n"}


def made(tmp_path: Path) -> Path:
    folder = tmp_path / "bag"
    write_bag(folder, PAYLOAD, TAGS)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    held = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in held}


def named(bag: Bag) -> set[str]:
    return {fault.path for fault in bag.faults}


def told(bag: Bag) -> str:
    return " ".join(f"{fault.path} {fault.what}" for fault in bag.faults)


def test_the_library_finds_it_valid(tmp_path: Path) -> None:
    bag = bagit.Bag(str(made(tmp_path)))
    assert bag.validate()
    assert bag.version_info == (1, 0)
    assert bag.info["Zonewatch-Simulated"] == "no"


def test_a_folder_named_from_here_is_written_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seal = write_bag(Path("work") / "bag", {"a/b/c.txt": b"c"}, {"aside/d.txt": b"d"})
    assert len(seal) == 64
    held = read_bag(Path("work") / "bag")
    assert held.payload == {"a/b/c.txt": b"c"}
    assert not held.faults


def test_it_is_read_back_whole(tmp_path: Path) -> None:
    folder = made(tmp_path)
    bag = read_bag(folder)
    assert bag.payload == PAYLOAD
    assert not bag.faults
    assert TAGS.items() <= bag.tags.items()
    assert len(bag.seal) == 64


@pytest.mark.parametrize("name", ["sha256sum"])
def test_the_tools_of_the_system_read_the_manifests(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path)
    for manifest in (MANIFEST, TAG_MANIFEST):
        done = subprocess.run(  # noqa: S603 - a tool by name
            [name, "--strict", "-c", manifest], cwd=folder, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_same_files_give_the_same_bytes_and_nothing_tells_the_day(tmp_path: Path) -> None:
    one, two = made(tmp_path / "x"), made(tmp_path / "y")
    assert files(one) == files(two)
    assert not list(tmp_path.rglob(".*"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found_and_its_file_named(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "bag"
    write_bag(folder, PAYLOAD, TAGS)
    before = files(folder)
    name = data.draw(st.sampled_from(sorted(before)))
    place = data.draw(st.integers(0, len(before[name]) - 1))
    damaged = bytearray(before[name])
    damaged[place] ^= data.draw(st.integers(1, 255))
    (folder / name).write_bytes(damaged)
    bag = read_bag(folder)
    (folder / name).write_bytes(before[name])
    assert bag.faults
    assert name in told(bag)


@pytest.mark.parametrize("name", ["data/a.txt", "bag-info.txt", "data/deep/c.bin", "bagit.txt"])
def test_what_is_missing_is_named(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path)
    (folder / name).unlink()
    fault = read_bag(folder).faults[0]
    assert fault.path == name
    assert (len(fault.expected), fault.found) == (64, "")


@pytest.mark.parametrize("name", [MANIFEST, TAG_MANIFEST])
def test_a_missing_manifest_is_named(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path)
    (folder / name).unlink()
    assert name in named(read_bag(folder))


@pytest.mark.parametrize("name", ["data/extra.txt", "extra.txt", "data/new/x"])
def test_what_is_extra_is_named(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    fault = read_bag(folder).faults[0]
    assert fault.path == name
    assert (fault.expected, len(fault.found)) == ("", 64)


@pytest.mark.parametrize(
    "line",
    [
        "0" * 64 + "  ../../outside\n",
        "0" * 64 + "  /etc/passwd\n",
        "0" * 64 + "  data/../../x\n",
        "0" * 64 + "  data//x\n",
        "0" * 64 + " data/x\n",
        "0" * 63 + "  data/x\n",
        "0" * 64 + "  data/x%0A\n",
        "no line at all",
    ],
)
def test_manifest_lines_that_lead_elsewhere_are_faults(tmp_path: Path, line: str) -> None:
    folder = made(tmp_path)
    with (folder / MANIFEST).open("a") as stream:
        stream.write(line)
    assert MANIFEST in named(read_bag(folder))


def test_a_path_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    folder = made(tmp_path)
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text + text.splitlines()[-1] + "\n")
    assert any("line 4" in fault.what for fault in read_bag(folder).faults)


def test_links_are_refused_wherever_they_lead(tmp_path: Path) -> None:
    for number, target in enumerate(("/etc/passwd", "data/a.txt", "nowhere", ".")):
        folder = tmp_path / f"bag{number}"
        write_bag(folder, PAYLOAD, TAGS)
        (folder / "data" / "link").symlink_to(target)
        with pytest.raises(DossierError, match="link"):
            read_bag(folder)


def test_a_file_that_became_a_link_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path)
    (tmp_path / "same").write_bytes(PAYLOAD["a.txt"])
    (folder / "data" / "a.txt").unlink()
    (folder / "data" / "a.txt").symlink_to(tmp_path / "same")
    with pytest.raises(DossierError, match="link"):
        read_bag(folder)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    folder = made(tmp_path)
    os.mkfifo(folder / "data" / "pipe")
    with pytest.raises(DossierError, match="no regular file"):
        read_bag(folder)


@pytest.mark.parametrize("name", [".hidden", "-rf", "a b", "x\ny", "Ä", "a;b", "x" * 240])
def test_odd_names_are_refused(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path)
    (folder / "data" / name).write_bytes(b"x")
    with pytest.raises(DossierError, match="name"):
        read_bag(folder)
    with pytest.raises(StoreError, match="cannot stand in a bag"):
        write_bag(tmp_path / "other", {name: b"x"}, {})


def test_deep_folders_are_refused(tmp_path: Path) -> None:
    folder = made(tmp_path)
    deep = folder / "data" / "a" / "b" / "c" / "d" / "e" / "f"
    deep.mkdir(parents=True)
    with pytest.raises(DossierError, match="name"):
        read_bag(folder)


def test_twins_are_refused(tmp_path: Path) -> None:
    folder = made(tmp_path)
    (folder / "data" / "A.TXT").write_bytes(b"x")
    with pytest.raises(DossierError, match="one file on some systems"):
        read_bag(folder)


def test_large_files_are_refused_unread(tmp_path: Path) -> None:
    folder = made(tmp_path)
    with (folder / "data" / "hole").open("wb") as stream:
        stream.truncate(module.MAX_FILE_BYTES + 1)
    with pytest.raises(DossierError, match="are allowed"):
        read_bag(folder)


@pytest.mark.parametrize("limit", ["MAX_FILES", "MAX_BYTES"])
def test_amounts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    folder = made(tmp_path)
    monkeypatch.setattr(module, limit, 3)
    with pytest.raises(DossierError, match="holds more than"):
        read_bag(folder)
    with pytest.raises(StoreError, match="Remedy"):
        write_bag(tmp_path / "other", PAYLOAD, TAGS)


def test_no_dossier_at_all(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(DossierError, match="no dossier"):
        read_bag(tmp_path)
    with pytest.raises(DossierError, match="no such folder"):
        read_bag(tmp_path / "x")


def test_the_same_bag_may_be_written_again_and_no_other(tmp_path: Path) -> None:
    folder = made(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert write_bag(folder, PAYLOAD, TAGS) == read_bag(folder).seal
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == times
    with pytest.raises(StoreError, match=r"something else lies there.*--out"):
        write_bag(folder, PAYLOAD | {"a.txt": b"two"}, TAGS)
    assert read_bag(folder).payload == PAYLOAD
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(StoreError, match="something else"):
        write_bag(tmp_path / "file", PAYLOAD, TAGS)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(StoreError, match="cannot be written"):
        write_bag(tmp_path / "file" / "bag", PAYLOAD, TAGS)


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.store import bag
real, left = bag._write, [int(sys.argv[2])]
def write(path, data):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    real(path, data)
bag._write = write
payload = {f"f{n}": b"x" * 1000 for n in range(8)}
bag.write_bag(Path(sys.argv[1]), payload, {"bag-info.txt": b"A: b"})
"""


@pytest.mark.parametrize("n_files", [0, 1, 6, 11])
def test_a_killed_writer_leaves_no_bag_and_the_next_one_sweeps(
    tmp_path: Path, n_files: int
) -> None:
    script = textwrap.dedent(KILLED)
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, str(tmp_path / "bag"), str(n_files)],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (tmp_path / "bag").exists()
    assert list(tmp_path.glob(".bag.*.part"))
    made(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["bag"]
    assert not read_bag(tmp_path / "bag").faults
