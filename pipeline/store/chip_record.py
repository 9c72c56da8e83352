"""What is written down beside the pixels of a chip, and what tells two versions apart.

Here belong the record as a typed document and the comparison of two of them. Where records lie
and when they are believed belongs to ``chips``.

A record is no product: it tells when the pixels were read, and how the file lies on this disk.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict

from pipeline.model.grid import Grid  # noqa: TC001 - pydantic reads the types when it runs
from pipeline.model.scene import Chip
from pipeline.store.files import canonical_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

UPSTREAM_CHANGED = "changed because upstream changed"
"""How the remark about a new version of a scene begins."""

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_SHOWN_CHARS = 12


class ChipRecord(BaseModel):
    """The record of one chip; fields with a value here are missing in records of older stores.

    Attributes:
        scene, collection, band: what the pixels are of, in the catalogue's words.
        baseline: processing baseline that the item stated.
        simulated: whether the item was marked so.
        href: address of the asset without query, or the name of the local file.
        grid: where the pixels lie.
        dtype: type of the numbers.
        sha256: hash of the file, hex.
        source_sha256: checksum of the whole asset that the catalogue stated; None if it did not.
        etag: version of the asset that the server or the local disk stated; may be empty.
        nbytes: bytes read for the pixels.
        covered_share: share of the chip that the asset covers.
        pixels_sha256: hash of the decoded numbers (``pixels_sha256``), hex.
        unverifiable: whether nothing proves that the numbers are those that were published: the
            catalogue stated no checksum, or only a window of the asset was read.
        radiometry: offset used and how it was decided, in words; empty if not known when saved.
        retrieved_at: when the pixels were read, UTC.
        instant, platform: when and by what the scene was taken.
        version: 1 for the first, one more for each that came beside it.
        upstream_change: what is not the same any more since the version before, in words.
        file_nbytes, file_mtime_ns: size and time of the file when its hash was last proven.
    """

    model_config = ConfigDict(frozen=True)

    scene: str
    collection: str
    band: str
    baseline: str | None
    simulated: bool
    href: str | None
    grid: Grid
    dtype: str
    sha256: str
    source_sha256: str | None
    etag: str
    nbytes: int
    covered_share: float
    pixels_sha256: str = ""
    unverifiable: bool = True
    radiometry: str = ""
    retrieved_at: AwareDatetime | None = None
    instant: AwareDatetime | None = None
    platform: str = ""
    version: int = 1
    upstream_change: str = ""
    file_nbytes: int = -1
    file_mtime_ns: int = -1

    @property
    def order(self) -> tuple[int, datetime]:
        """What is greater in the newer of two versions."""
        return self.version, self.retrieved_at or _LONG_AGO

    def as_bytes(self) -> bytes:
        """The record as it is written.

        Raises:
            StoreError: if a text in it cannot be written.
        """
        fields = self.model_dump()
        times = {name: _text(fields[name]) for name in ("retrieved_at", "instant")}
        return canonical_json(fields | times)

    def chip(self, path: Path) -> Chip:
        """The chip that this is the record of."""
        return Chip(
            scene_id=self.scene,
            band=self.band,
            path=path,
            grid=self.grid,
            sha256=self.sha256,
            source_etag=self.etag,
            source_nbytes=self.nbytes,
            pixels_sha256=self.pixels_sha256,
            upstream_change=self.upstream_change,
            retrieved_at=self.retrieved_at,
        )


def _text(instant: datetime | None) -> str | None:
    """An instant as ISO text."""
    return None if instant is None else instant.isoformat()


def pixels_sha256(pixels: NDArray[Any]) -> str:
    """Hash over type, shape and numbers of an array, hex; the same on every machine.

    Example:
        >>> import numpy as np
        >>> zeros = np.zeros((2, 3), "<u2")
        >>> pixels_sha256(zeros) == pixels_sha256(zeros.astype(">u2"))
        True
        >>> pixels_sha256(zeros) == pixels_sha256(zeros.reshape(3, 2))
        False
    """
    little = pixels.astype(pixels.dtype.newbyteorder("<"), order="C", copy=False)
    digest = hashlib.sha256(f"{little.dtype.str} {little.shape} ".encode())
    digest.update(little.tobytes())
    return digest.hexdigest()


def with_one_zero(pixels: NDArray[Any]) -> NDArray[Any]:
    """The numbers with one zero and one NaN, as GDAL writes them.

    A block of nothing but -0.0, or of NaN with other bits in them, comes back as 0.0 and the usual
    NaN: equal numbers, and other bytes than those that were hashed.

    Example:
        >>> import numpy as np
        >>> str(with_one_zero(np.array([-0.0, 1.0])))
        '[0. 1.]'
    """
    if pixels.dtype.kind != "f":
        return pixels
    number = pixels.dtype.type
    settled: NDArray[Any] = np.where(np.isnan(pixels), number(np.nan), pixels + number(0))
    return settled


def version_key(baseline: str | None, source: tuple[str | None, ...], *, simulated: bool) -> str:
    """Short name of a version: the same for what upstream calls the same.

    Args:
        baseline: processing baseline.
        source: address, ETag and checksum of the asset.
        simulated: whether the item is marked so.
    """
    return hashlib.sha256(canonical_json([baseline, *source, simulated])).hexdigest()[:8]


def change_between(old: ChipRecord, new: ChipRecord) -> str:
    """What upstream changed between two versions, in words; empty if their numbers say the same.

    Numbers that are equal may still mean something else under another baseline.
    """
    # Records of older stores hold the hash of the file only.
    proof = "pixels_sha256" if old.pixels_sha256 else "sha256"
    same = getattr(old, proof) == getattr(new, proof)
    if same and old.baseline == new.baseline:
        return ""
    stated = {
        "baseline": (old.baseline, new.baseline),
        "checksum": (old.source_sha256, new.source_sha256),
        "ETag": (old.etag, new.etag),
        "address": (old.href, new.href),
    }
    words = [f"{name} {_shown(a)} -> {_shown(b)}" for name, (a, b) in stated.items() if a != b]
    return f"{UPSTREAM_CHANGED}: {', '.join(words) or 'other numbers under the same name'}"


def _shown(value: str | None) -> str:
    """A value in a few characters, its end where it is long: addresses differ there."""
    text = value or "none"
    return text if len(text) <= 2 * _SHOWN_CHARS else f"…{text[-_SHOWN_CHARS:]}"
