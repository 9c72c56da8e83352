"""What is written down beside the layers of a coarse chip, sealed so that no bit of it can change.

Here belong the record as a typed document, its seal, and the comparison of two of them. Where
records lie and when they are believed belongs to ``coarse_chips``.

The record says how the layers are read, so a flipped bit in it is as bad as one in the pixels: it
is written as one canonical text together with the hash over it, and only that very text is read.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Annotated, Any, NamedTuple, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from pipeline.model.degrees import DegreeGrid  # noqa: TC001 - pydantic reads the types when it runs
from pipeline.model.grid import Bounds, Grid  # noqa: TC001 - likewise
from pipeline.store.chip_record import UPSTREAM_CHANGED
from pipeline.store.files import canonical_json

FileName: TypeAlias = Annotated[str, Field(pattern=r"^[^/\\\x00]+$")]
"""A name that leads into no other folder."""


class FileFact(BaseModel):
    """A file: of ours with pixels, or of upstream that pixels were cut from.

    Attributes:
        name: without its folder.
        sha256: hash of its bytes, hex.
        nbytes, mtime_ns: size and time when the hash was last proven.
    """

    model_config = ConfigDict(frozen=True)

    name: FileName
    sha256: str
    nbytes: int
    mtime_ns: int


class LayerFact(BaseModel):
    """A layer: where it lies and what the file that it came from said of it.

    Attributes:
        name: by which the product knows it.
        file: name of our file that holds it.
        dtype: type of the numbers.
        pixels_sha256: hash of the decoded numbers, hex.
        source: name of the file that it was cut from.
        numbers: what that file stated in numbers; texts stand for what is not finite.
        units: the unit it stated.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    file: FileName
    dtype: str
    pixels_sha256: str
    source: str
    numbers: dict[str, float]
    units: str


class CoarseRecord(BaseModel):
    """The record of one coarse chip.

    Attributes:
        sensor, product, collection: the series, in the words of the file's name.
        acquisition: what two versions of it share, in words.
        name: of the file with the numbers.
        place: id of the place.
        wanted: box in longitude and latitude that was asked for.
        timezone: in which the site's nights are counted.
        start, end: when it was seen, UTC.
        grid: where the pixels lie.
        layers: in the order of the file.
        files: our files of pixels.
        sources: the files of upstream, the one with the numbers first.
        simulated: whether site or file are marked so.
        reading: how the stored numbers are read, in words.
        seen: share of the place that was seen, by composite, as judged when it was kept.
        retrieved_at: when the pixels were read, UTC.
        version: 1 for the first, one more for each that came beside it.
        upstream_change: what is not the same any more since the version before, in words.
    """

    model_config = ConfigDict(frozen=True)

    sensor: str
    product: str
    collection: str
    acquisition: str
    name: str
    place: str
    wanted: Bounds
    timezone: str
    start: AwareDatetime
    end: AwareDatetime
    grid: DegreeGrid | Grid
    layers: tuple[LayerFact, ...]
    files: tuple[FileFact, ...]
    sources: tuple[FileFact, ...]
    simulated: bool
    reading: str
    seen: dict[str, float]
    retrieved_at: AwareDatetime
    version: int = 1
    upstream_change: str = ""

    @property
    def order(self) -> tuple[str, int]:
        """What is greater in the version that counts: names end in collection and production."""
        return self.name, self.version

    @property
    def nbytes(self) -> int:
        """Size of our files."""
        return sum(file.nbytes for file in self.files)

    def substance(self) -> list[object]:
        """What decides the looks of it: place, time, grid, numbers, and how they are read."""
        fields = self.model_dump(mode="json", exclude={"files", "sources", "retrieved_at"})
        for layer in fields["layers"]:
            layer["numbers"] = {key: str(one) for key, one in layer["numbers"].items()}
        upstream = [[one.name, one.sha256] for one in self.sources]
        return [fields, upstream]

    def as_bytes(self) -> bytes:
        """The record as it is written, under its seal.

        Raises:
            StoreError: if a text in it cannot be written.
        """
        fields = self.model_dump()
        for name in ("start", "end", "retrieved_at"):
            fields[name] = fields[name].isoformat()
        for layer in fields["layers"]:
            layer["numbers"] = {key: _plain(one) for key, one in layer["numbers"].items()}
        return canonical_json({"record": fields, "seal": _seal(fields)})


def unsealed(data: bytes) -> CoarseRecord:
    """The record of a text.

    Raises:
        ValueError: if it is no record, or not the very text that was written.
    """
    try:
        tree = json.loads(data)
        if not isinstance(tree, dict) or tree.get("seal") != _seal(tree.get("record")):
            raise ValueError("the seal is broken")
        if canonical_json(tree) != data:
            raise ValueError("it is not the text that was written")
        return CoarseRecord.model_validate(tree["record"])
    except (OSError, RecursionError) as error:
        raise ValueError("it cannot be read as JSON") from error


def _seal(fields: object) -> str:
    """Hash over the fields of a record, hex."""
    return hashlib.sha256(canonical_json(fields)).hexdigest()


def _plain(number: float) -> float | str:
    """A number as JSON can hold it."""
    return number if math.isfinite(number) else str(number)


class ChipVersion(NamedTuple):
    """What names a version: the same files over the same box give the same name."""

    sources: tuple[tuple[str, str], ...]
    wanted: Bounds
    simulated: bool

    @property
    def key(self) -> str:
        """Short name, hex."""
        return hashlib.sha256(canonical_json([*self])).hexdigest()[:8]


def change_between(old: CoarseRecord, new: CoarseRecord) -> str:
    """What upstream changed between two versions, in words; empty if their numbers are the same."""
    same = [_numbers(one) for one in (old, new)]
    if old.collection == new.collection and (old.grid != new.grid or same[0] == same[1]):
        return ""
    stated = {
        "collection": (old.collection, new.collection),
        "checksum": (old.sources[0].sha256[:12], new.sources[0].sha256[:12]),
    }
    words = [f"{name} {a or 'none'} -> {b or 'none'}" for name, (a, b) in stated.items() if a != b]
    words += [f"held before as {old.name}"] if old.name != new.name else []
    return f"{UPSTREAM_CHANGED}: {', '.join(words) or 'another companion'}"


def _numbers(record: CoarseRecord) -> dict[str, Any]:
    """Hash of the numbers by layer."""
    return {layer.name: layer.pixels_sha256 for layer in record.layers}
