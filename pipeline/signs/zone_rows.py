"""Numbers by zone and look: shares and means of a zone's chosen pixels, and who its peers are.

Here belongs the way from pixels to one row of numbers a zone. What the row is compared with
belongs to ``weighing``; which pixels are chosen to the sign itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.model.sign import Missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import ZoneMask

SEEN_SHARE: Final = 0.5
"""A look counts for a zone once this share of its chosen pixels was seen: the rule by which
objects and claims count their looks, too."""

MIN_PIXELS: Final = 4.0
"""A zone with fewer chosen pixels has no row: the minimum mapping unit of objects (400 m2)."""


@dataclass(frozen=True)
class Row:
    """One zone's numbers.

    Attributes:
        place: the zone.
        values: float64, (look,); NaN where a look gives none.
        missing: why not, by look.
        n_pixels: how many pixels they rest on.
        not_observable: why the zone has no numbers at all; empty where it may have.
        effective_pixels: how many of the pixels are independent; 0 stands for all of them.
        companions: further numbers by look.
    """

    place: str
    values: NDArray[np.float64]
    missing: tuple[Missing | None, ...]
    n_pixels: float
    not_observable: str = ""
    effective_pixels: float = 0.0
    companions: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True)
class Chosen:
    """The pixels of a zone that a sign looks at.

    Attributes:
        mask: the zone.
        weight: share of each pixel of its window that counts, float32, (height, width).
    """

    mask: ZoneMask
    weight: NDArray[np.float32]

    @property
    def n_pixels(self) -> float:
        """How many they are."""
        return float(self.weight.sum(dtype=np.float64))


def choose(mask: ZoneMask, pixels: NDArray[np.bool_]) -> Chosen:
    """The part of a zone that lies on some pixels of the grid, bool, (y, x)."""
    rows, cols = mask.window.slices
    return Chosen(mask, mask.fraction * pixels[rows, cols])


def weighed(flags: NDArray[Any], weight: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum of layers times weights, by look: (time, y, x) and (y, x) to float64, (time,)."""
    flat = weight.reshape(-1).astype(np.float64)
    held = np.flatnonzero(flat)
    return np.asarray(flags.reshape(len(flags), -1)[:, held] @ flat[held], dtype=np.float64)


def share_row(
    chosen: Chosen, flags: NDArray[np.bool_], seen: NDArray[np.bool_], *, too_few: str
) -> Row:
    """The share of the seen chosen pixels that bear a flag.

    Args:
        chosen: the pixels.
        flags: on the zone's window, bool, (time, height, width); read only where seen.
        seen: which were seen, likewise.
        too_few: what to say of a zone that holds hardly any such pixel.
    """
    return _row(chosen, weighed(flags & seen, chosen.weight), seen, too_few)


def mean_row(
    chosen: Chosen, layer: NDArray[np.float32], seen: NDArray[np.bool_], *, too_few: str
) -> Row:
    """The mean of a layer over the seen chosen pixels; the arguments are those of a share."""
    return _row(chosen, weighed(np.where(seen, layer, np.float32(0)), chosen.weight), seen, too_few)


def _row(chosen: Chosen, sums: NDArray[np.float64], seen: NDArray[np.bool_], too_few: str) -> Row:
    """Sums over what was seen of the chosen pixels."""
    n_pixels, n_seen = chosen.n_pixels, weighed(seen, chosen.weight)
    if n_pixels < MIN_PIXELS:
        return silent_row(chosen.mask.zone_id, len(seen), n_pixels, too_few)
    values = np.full(len(seen), np.nan)
    np.divide(sums, n_seen, out=values, where=n_seen >= SEEN_SHARE * n_pixels)
    reasons = tuple(None if known else Missing.UNSEEN for known in np.isfinite(values))
    return Row(chosen.mask.zone_id, values, reasons, n_pixels)


def silent_row(place: str, n_looks: int, n_pixels: float, why: str) -> Row:
    """A row without numbers."""
    return Row(place, np.full(n_looks, np.nan), (Missing.UNSEEN,) * n_looks, n_pixels, why)


def without(row: Row, looks: NDArray[np.bool_], reason: Missing) -> Row:
    """The row less some of its looks, bool, (look,); what is missing already keeps its reason."""
    named = tuple(reason if looks[k] and old is None else old for k, old in enumerate(row.missing))
    return replace(row, values=np.where(looks, np.nan, row.values), missing=named)


def apart(masks: Sequence[ZoneMask], one: ZoneMask) -> tuple[str, ...]:
    """Ids of the zones that share no ground with one of them, in their order."""
    return tuple(other.zone_id for other in masks if other is not one and not _touch(other, one))


def controls_in(masks: Sequence[ZoneMask]) -> frozenset[str]:
    """Ids of the zones that are controls."""
    return frozenset(mask.zone_id for mask in masks if mask.is_control)


def _touch(one: ZoneMask, other: ZoneMask) -> bool:
    """Whether two zones share more than the pixels along a border."""
    (rows, cols), (other_rows, other_cols) = one.window.slices, other.window.slices
    top, bottom = max(rows.start, other_rows.start), min(rows.stop, other_rows.stop)
    left, right = max(cols.start, other_cols.start), min(cols.stop, other_cols.stop)
    if bottom <= top or right <= left:
        return False
    parts = [
        mask.fraction[top - mask.window.row : bottom - mask.window.row][
            :, left - mask.window.col : right - mask.window.col
        ]
        for mask in (one, other)
    ]
    # Two halves of a pixel on a border are no common ground.
    return bool((parts[0] + parts[1] > 1 + 1e-6).any())
