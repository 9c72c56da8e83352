"""Evidence at rest: the lines that claims are weighed on, as text that gives back the same numbers.

Here belongs the one document in which a run leaves its evidence and from which anybody can weigh
the claims again. What the lines mean belongs to ``model.signal``; drawing them to ``signals``,
weighing them to ``assess``.

The text is canonical JSON. A float is written in the shortest form that reads back to the same
number, NaN as null, an infinity as a word. Arrays and time axes that several lines share stand
once and are named by their position. A text that is not byte for byte what this module would write
is refused, so that one evidence has one hash.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import StoreError
from pipeline.model.change import Bracket, Status
from pipeline.model.claim import Observable  # noqa: TC001 - pydantic reads the type when it runs
from pipeline.model.signal import Evidence, Signal, StandingChange
from pipeline.store.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FORMAT: Final = 1
"""Raised by hand when the document changes its shape."""
MAX_BYTES: Final = 64_000_000
"""More than ten years of two hundred places in all observables; a larger file is an attack."""
REMEDY: Final = "take an undamaged copy, or run the site again"

Number = float | None | Literal["inf", "-inf"]
Place = Annotated[int, Field(ge=0)]


class _Record(BaseModel):
    """Base of everything in the document: typed strictly, unknown keys refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _SignalRecord(_Record):
    """A line; axes and columns by their position."""

    sensor: str
    series: str
    observable: Annotated[Observable, Field(strict=False)]
    place: str
    unit: str
    instants: Place
    values: Place
    levels: Place
    listed: Place
    resolution: Number
    native_m: Number
    area_m2: Number
    n_behind: Place
    is_control: bool
    not_observable: str
    note: str
    is_simulated: bool


class _BracketRecord(_Record):
    """When something appeared or went back."""

    last_without: str | None
    first_with: str


class _ChangeRecord(_Record):
    """A confirmed object."""

    id: str
    zone_id: str
    onset: _BracketRecord
    reversal: _BracketRecord | None
    status: Annotated[Status, Field(strict=False)]
    area_m2: Number
    sensor: str


class _Document(_Record):
    """The whole file."""

    format: Literal[1]
    simulated: bool
    run_id: str
    site_id: str
    sensor: str
    settings_sha256: str
    axes: list[list[str]]
    columns: list[list[Number]]
    counts: list[list[int]]
    signals: list[_SignalRecord]
    changes: list[_ChangeRecord]


@dataclass(frozen=True)
class EvidenceHead:
    """What a file of evidence says of itself.

    Attributes:
        run_id: the run that measured it.
        site_id: the site.
        sensor: id of the sensor that the run judged.
        settings_sha256: hash of the settings as they took effect, hex.
    """

    run_id: str
    site_id: str
    sensor: str
    settings_sha256: str


@dataclass
class _Shelf:
    """Rows that are kept once, by position."""

    rows: list[list[Any]] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def put(self, row: list[Any]) -> int:
        """The position of a row, added if it is new."""
        # Equal rows may still be written differently: 0.0 and -0.0, 1 and 1.0.
        key = repr(row)
        if key not in self.places:
            self.places[key] = len(self.rows)
            self.rows.append(row)
        return self.places[key]


def encode_evidence(head: EvidenceHead, evidence: Evidence) -> bytes:
    """The one text of a run's evidence.

    Raises:
        StoreError: if it would be larger than what is read back, or holds what JSON has not.
    """
    axes, columns, counts = _Shelf(), _Shelf(), _Shelf()
    signals = [_encoded(one, axes, columns, counts) for one in evidence.signals]
    data = canonical_json(
        {
            "format": FORMAT,
            "simulated": evidence.is_simulated,
            **vars(head),
            "axes": axes.rows,
            "columns": columns.rows,
            "counts": counts.rows,
            "signals": signals,
            "changes": [_encoded_change(one) for one in evidence.changes],
        }
    )
    if len(data) > MAX_BYTES:
        what = f"the evidence takes {len(data):,} bytes, {MAX_BYTES:,} are allowed"
        raise StoreError(what, where=head.site_id, remedy="watch fewer places or a shorter period")
    return data


def _encoded(one: Signal, axes: _Shelf, columns: _Shelf, counts: _Shelf) -> dict[str, object]:
    """A line with its arrays put on the shelves."""
    return {
        **vars(one),
        "instants": axes.put([_text(when) for when in one.instants]),
        "listed": axes.put([_text(when) for when in one.listed]),
        "values": columns.put([_number(value) for value in one.values.tolist()]),
        "levels": columns.put([_number(value) for value in one.levels.tolist()]),
        "n_behind": counts.put(one.n_behind.tolist()),
        "resolution": _number(one.resolution),
        "native_m": _number(one.native_m),
        "area_m2": _number(one.area_m2),
    }


def _encoded_change(one: StandingChange) -> dict[str, object]:
    """An object with its instants as text."""
    back = one.reversal
    return {
        **vars(one),
        "onset": _bracket(one.onset),
        "reversal": None if back is None else _bracket(back),
        "area_m2": _number(one.area_m2),
    }


def _bracket(one: Bracket) -> dict[str, str | None]:
    """A bracket with its instants as text."""
    before = one.last_without
    return {
        "last_without": None if before is None else _text(before),
        "first_with": _text(one.first_with),
    }


def _number(value: float) -> Number:
    """A float as JSON can hold it."""
    number = float(value)
    if math.isfinite(number):
        return number
    return None if math.isnan(number) else "inf" if number > 0 else "-inf"


def _text(instant: datetime) -> str:
    """An instant as ISO text in UTC, to the microsecond."""
    return instant.astimezone(UTC).isoformat()


def decode_evidence(data: bytes, where: str) -> tuple[EvidenceHead, Evidence]:
    """The evidence in a text.

    Args:
        data: the text.
        where: the file, for errors.

    Raises:
        StoreError: if it is too large, damaged, truncated, of another format, or not the text
            that ``encode_evidence`` gives for what it says.
    """
    document = _document(data, where)
    try:
        head = EvidenceHead(
            document.run_id, document.site_id, document.sensor, document.settings_sha256
        )
        evidence = _evidence(document)
        is_own = encode_evidence(head, evidence) == data
    except (ValueError, IndexError, OverflowError) as error:
        raise _damaged(str(error), where) from error
    if not is_own:
        raise _damaged("it is not in the form in which evidence is written", where)
    return head, evidence


def _document(data: bytes, where: str) -> _Document:
    """The document in a text."""
    if len(data) > MAX_BYTES:
        raise _damaged(f"it takes {len(data):,} bytes, {MAX_BYTES:,} are allowed", where)
    try:
        return _Document.model_validate(json.loads(data))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise _damaged(f"{key}: {first['msg']}", where) from error
    except RecursionError as error:
        raise _damaged("it is nested too deeply", where) from error
    except ValueError as error:
        raise _damaged(f"it is no JSON: {error}", where) from error


def _damaged(what: str, where: str) -> StoreError:
    """The error for a file of evidence that cannot be used."""
    return StoreError(f"the evidence cannot be read: {what}", where=where, remedy=REMEDY)


def _evidence(document: _Document) -> Evidence:
    """The nouns of a document."""
    axes = [tuple(map(_instant, row)) for row in document.axes]
    columns = [np.array([_float(one) for one in row], float) for row in document.columns]
    counts = [np.array(row, np.int64) for row in document.counts]
    return Evidence(
        signals=tuple(_signal(one, axes, columns, counts) for one in document.signals),
        changes=tuple(_change(one) for one in document.changes),
        is_simulated=document.simulated,
    )


def _signal(
    one: _SignalRecord,
    axes: Sequence[tuple[datetime, ...]],
    columns: Sequence[NDArray[np.float64]],
    counts: Sequence[NDArray[np.int64]],
) -> Signal:
    """A line with its arrays taken off the shelves."""
    return Signal(
        **{
            **dict(one),
            "instants": axes[one.instants],
            "listed": axes[one.listed],
            "values": columns[one.values],
            "levels": columns[one.levels],
            "n_behind": counts[one.n_behind],
            "resolution": _float(one.resolution),
            "native_m": _float(one.native_m),
            "area_m2": _float(one.area_m2),
        }
    )


def _change(one: _ChangeRecord) -> StandingChange:
    """An object."""
    back = one.reversal
    return StandingChange(
        id=one.id,
        zone_id=one.zone_id,
        onset=_read_bracket(one.onset),
        reversal=None if back is None else _read_bracket(back),
        status=one.status,
        area_m2=_float(one.area_m2),
        sensor=one.sensor,
    )


def _read_bracket(one: _BracketRecord) -> Bracket:
    """A bracket."""
    before = one.last_without
    return Bracket(None if before is None else _instant(before), _instant(one.first_with))


def _float(number: Number) -> float:
    """A number as it was before it was written."""
    return math.nan if number is None else float(number)


def _instant(text: str) -> datetime:
    """An instant from its text; a time without a zone is refused.

    Raises:
        ValueError: if it is none.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return instant.astimezone(UTC)
