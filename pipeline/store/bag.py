"""Bags (RFC 8493, BagIt 1.0): folders of files whose manifests tell every byte.

Here belong writing a bag whole or not at all, and reading one that a stranger may have made. What
lies in a bag belongs to ``dossier``.

The ``bagit`` library is not used: it changes the folder of the whole process while it writes,
stamps the day into every bag, and follows links while it reads. The tests hold it against every
bag that is written here.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.errors import DossierError, PipelineError, StoreError
from pipeline.store import strangers
from pipeline.store.files import force
from pipeline.store.strangers import files_of_stranger, is_safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
PAYLOAD: Final = "data/"

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9./_-]+)")
_PART = re.compile(r"\.(.+)\.(\d+)-[0-9a-f]{8}\.part")


@dataclass(frozen=True)
class Fault:
    """One file of a bag that is not as its manifest says.

    Attributes:
        path: inside the bag, with forward slashes.
        what: what is wrong with it.
        expected: hash that is stated for it, hex; empty where none is.
        found: hash that it has, hex; empty where there is no such file.
    """

    path: str
    what: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True)
class Bag:
    """A bag, read.

    Attributes:
        payload: bytes by path below ``data/``.
        tags: bytes of every other file, by path.
        faults: every file that is missing, extra or changed.
        seal: hash of the tag manifest, hex: it stands for every byte of the bag.
    """

    payload: Mapping[str, bytes]
    tags: Mapping[str, bytes]
    faults: tuple[Fault, ...]
    seal: str


def bag_tags(payload: Mapping[str, bytes], tags: Mapping[str, bytes]) -> dict[str, bytes]:
    """All files of a bag outside ``data/``: those given, the declaration and both manifests.

    Args:
        payload: bytes by path below ``data/``.
        tags: bytes of ``bag-info.txt`` and of whatever else stands beside it, by path.
    """
    listed = {f"{PAYLOAD}{name}": data for name, data in payload.items()}
    made = {**tags, "bagit.txt": DECLARATION, MANIFEST: _manifest(listed)}
    return {**made, TAG_MANIFEST: _manifest(made)}


def _manifest(files: Mapping[str, bytes]) -> bytes:
    """Hash and path of every file, by path; the form that ``sha256sum -c`` reads."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


def payload_oxum(payload: Mapping[str, bytes]) -> str:
    """Octets and files of a payload, as RFC 8493 section 2.2.2 writes them."""
    return f"{sum(map(len, payload.values()))}.{len(payload)}"


def write_bag(folder: Path, payload: Mapping[str, bytes], tags: Mapping[str, bytes]) -> str:
    """Write a bag whole or not at all, and never over another one.

    Args:
        folder: the bag; its parent is made if it is missing.
        payload: bytes by path below ``data/``.
        tags: bytes of the tag files but the declaration and the manifests, by path.

    Returns:
        The seal: hash of the tag manifest, hex.

    Raises:
        StoreError: if a file cannot be written, a name or size is one that would not be read
            back, or something else lies there already.
    """
    made = bag_tags(payload, tags)
    files = {**made, **{f"{PAYLOAD}{name}": data for name, data in payload.items()}}
    _check_writable(files, folder)
    seal = hashlib.sha256(made[TAG_MANIFEST]).hexdigest()
    if _lies_there(folder, made):
        return seal
    with _staging(folder) as stage:
        for name, data in files.items():
            _write(stage / name, data)
        _sync_folders(stage)
        stage.rename(folder)
        force(folder.parent)
    return seal


def _check_writable(files: Mapping[str, bytes], folder: Path) -> None:
    """Refuse what could not be read back.

    Raises:
        StoreError: naming the first such file.
    """
    total = sum(map(len, files.values()))
    large = [name for name, data in files.items() if len(data) > strangers.MAX_FILE_BYTES]
    most = (strangers.MAX_FILES, strangers.MAX_BYTES)
    odd = [name for name in files if not is_safe(name)]
    if odd or large or len(files) > most[0] or total > most[1]:
        what = f"{(odd or large or [f'{len(files)} files'])[0]} cannot stand in a bag"
        remedy = f"a bag holds {most[0]:,} files of {most[1]:,} bytes in all; leave chips out"
        raise StoreError(what, where=str(folder), remedy=remedy)


def _lies_there(folder: Path, made: Mapping[str, bytes]) -> bool:
    """Whether this very bag is there already.

    Raises:
        StoreError: if anything else is.
    """
    if not os.path.lexists(folder):
        return False
    try:
        held = read_bag(folder)
        is_same = held.tags == made and not held.faults
    except DossierError:
        is_same = False
    if not is_same:
        remedy = "name another folder with --out, or move that one away"
        raise StoreError("something else lies there already", where=str(folder), remedy=remedy)
    return True


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder beside the target, gone afterwards whatever happens.

    Raises:
        StoreError: if it cannot be used.
    """
    stage = folder.with_name(f".{folder.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        stage.mkdir()
        yield stage
    except OSError as error:
        if isinstance(error, PipelineError):
            raise
        reason = error.strerror or type(error).__name__
        raise StoreError(f"the dossier cannot be written ({reason})", where=str(folder)) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what killed writers of this bag left behind."""
    for left in folder.parent.glob(f".{folder.name}.*.part"):
        match = _PART.fullmatch(left.name)
        if match and match[1] == folder.name and _is_gone(int(match[2])):
            shutil.rmtree(left, ignore_errors=True)


def _is_gone(process: int) -> bool:
    """Whether no process of this number lives."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _write(path: Path, data: bytes) -> None:
    """A file that the disk holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    force(path)


def _sync_folders(stage: Path) -> None:
    """Make the names in every folder last."""
    for folder, _, _ in os.walk(stage, topdown=False):
        force(Path(folder))


def read_bag(folder: Path) -> Bag:
    """Every file of a bag, held against its manifests.

    Nothing outside the folder is opened: links and whatever is no regular file are refused, and so
    are names that could lead elsewhere and sizes beyond the limits. No file is unpacked.

    Raises:
        DossierError: if the folder is no bag that may be read.
    """
    _check_is_bag(folder)
    files = files_of_stranger(folder)
    payload = {n.removeprefix(PAYLOAD): d for n, d in files.items() if n.startswith(PAYLOAD)}
    tags = {name: data for name, data in files.items() if not name.startswith(PAYLOAD)}
    faults = (*_tag_faults(tags), *_payload_faults(files, tags))
    seal = hashlib.sha256(tags.get(TAG_MANIFEST, b"")).hexdigest()
    return Bag(payload, tags, faults, seal)


def _check_is_bag(folder: Path) -> None:
    """Refuse a folder that does not even look like a bag, before all of it is read.

    Raises:
        DossierError: if it is none.
    """
    if not folder.is_dir():
        raise DossierError("there is no such folder", where=str(folder), remedy="name a dossier")
    if not any(os.path.lexists(folder / name) for name in ("bagit.txt", MANIFEST, TAG_MANIFEST)):
        remedy = "name the folder that holds bagit.txt"
        raise DossierError("it is no dossier", where=str(folder), remedy=remedy)


def _tag_faults(tags: Mapping[str, bytes]) -> Iterator[Fault]:
    """What is wrong beside the payload."""
    if TAG_MANIFEST not in tags:
        yield Fault(TAG_MANIFEST, "it is missing")
        return
    stated, lines = _stated(tags[TAG_MANIFEST], TAG_MANIFEST)
    yield from lines
    held = {name: data for name, data in tags.items() if name != TAG_MANIFEST}
    yield from _compared(held, stated, TAG_MANIFEST)
    if held.get("bagit.txt", DECLARATION) != DECLARATION:
        yield Fault("bagit.txt", "it is not the declaration of BagIt 1.0")


def _payload_faults(files: Mapping[str, bytes], tags: Mapping[str, bytes]) -> Iterator[Fault]:
    """What is wrong with the payload."""
    if MANIFEST not in tags:
        yield Fault(MANIFEST, "it is missing")
        return
    stated, lines = _stated(tags[MANIFEST], MANIFEST)
    yield from lines
    held = {name: data for name, data in files.items() if name.startswith(PAYLOAD)}
    yield from _compared(held, stated, MANIFEST)


def _stated(manifest: bytes, name: str) -> tuple[dict[str, str], list[Fault]]:
    """Hash by path, and every line that is none."""
    stated: dict[str, str] = {}
    faults = []
    text = manifest.decode("ascii", errors="replace")
    if not text.endswith("\n"):
        faults.append(Fault(name, "its last line has no end"))
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        match = _LINE.fullmatch(line)
        if match is None or not is_safe(match[2]) or match[2] in stated:
            faults.append(Fault(name, f"line {number} is not hash, two spaces and a path"))
        else:
            stated[match[2]] = match[1]
    if list(stated) != sorted(stated):
        faults.append(Fault(name, "its lines are not in order"))
    return stated, faults


def _compared(
    held: Mapping[str, bytes], stated: Mapping[str, str], manifest: str
) -> Iterator[Fault]:
    """Files against the hashes that a manifest states."""
    for path in sorted(held.keys() | stated.keys()):
        if path not in held:
            yield Fault(path, f"it is missing, {manifest} lists it", stated[path])
            continue
        found = hashlib.sha256(held[path]).hexdigest()
        if path not in stated:
            yield Fault(path, f"it is extra, {manifest} does not list it", found=found)
        elif stated[path] != found:
            yield Fault(path, f"it was changed, or its line in {manifest}", stated[path], found)
