"""The records of a seeds folder: what a source, a claim or an event may say, and how it is typed.

Here belong the shape of one record and the step from record to noun. The rules that hold
between records belong to ``claims``.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.model.claim import (
    Alternative,
    AssertedTime,
    Claim,
    Direction,
    Event,
    Observable,
    Prediction,
    Source,
    Testability,
)
from pipeline.model.time import OPEN_END, read_edtf

EARLIEST = date(1990, 1, 1)
"""A time before this is a slip of the pen: no sensor used here looks back further."""
LATEST = date(2100, 1, 1)
"""A time that begins after this is one as well; the future before it is accepted."""
FARTHEST_DAYS = 36_600
"""A window lies no farther than a century from what it belongs to."""
SHARES = frozenset({Observable.SURFACE_CHANGE, Observable.BUILT_UP, Observable.SNOW_CLEARED})
"""Observables that are shares of a place, so that no change of theirs is larger than 1."""
SIGNS = {Direction.INCREASE: 1, Direction.DECREASE: -1}
"""Directions that fix the sign of a size."""


def _civil(text: str) -> str:
    """An EDTF text that begins in the age of satellites.

    Raises:
        ValueError: if it does not, or is no EDTF.
    """
    days = read_edtf(text)
    if days.start < EARLIEST:
        raise ValueError(f"{text!r} begins before {EARLIEST}")
    if days.start > LATEST:
        raise ValueError(f"{text!r} begins after {LATEST}")
    if days.end > OPEN_END:
        raise ValueError(f"{text!r} ends beyond every calendar; '..' says that it is still open")
    return text


def _forwards(days: list[int]) -> list[int]:
    """A first and a last day.

    Raises:
        ValueError: if the last comes before the first.
    """
    if days[0] > days[1]:
        raise ValueError(f"the first day {days[0]} comes after the last day {days[1]}")
    return days


Text = Annotated[str, StringConstraints(pattern=r"\S", max_length=4000)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$")]
ZoneId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)]
Edtf = Annotated[str, AfterValidator(_civil)]
Grade = Annotated[Testability, Field(strict=False)]
Sensor = Literal["sentinel-2", "landsat", "sentinel-1", "viirs-dnb", "dmsp-ols", "sub-metre"]
Day = Annotated[int, Field(ge=-FARTHEST_DAYS, le=FARTHEST_DAYS)]
Days = Annotated[list[Day], Field(min_length=2, max_length=2), AfterValidator(_forwards)]
Size = Annotated[float, Field(allow_inf_nan=False)]
ExcludedBy = Literal["controls", "season"]
TimeKind = Literal["event", "image", "second-image", "planet-changes", "report"]


class _Record(BaseModel):
    """Base of everything that stands in a file: typed strictly, unknown keys refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class SourceRecord(_Record):
    """A ``[[sources]]`` record."""

    id: Id
    publisher: Text
    title: Text
    published: Edtf
    file: FileName
    sha256: Sha256
    note: str = ""

    def noun(self) -> Source:
        """The record as a noun."""
        return Source(**self.model_dump())


class TimeRecord(_Record):
    """A ``[[claims.times]]`` record."""

    edtf: Edtf
    kind: TimeKind
    asserted_by: list[Text] = Field(min_length=1)

    def noun(self) -> AssertedTime:
        """The record as a noun."""
        days = read_edtf(self.edtf)
        return AssertedTime(self.edtf, days.start, days.end, self.kind, tuple(self.asserted_by))


class PredictionRecord(_Record):
    """A ``[[claims.predictions]]`` record."""

    observable: Annotated[Observable, Field(strict=False)]
    sensors: list[Sensor]
    direction: Annotated[Direction, Field(strict=False)]
    basis: Text
    min_area_m2: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    expected: Size | None = None
    window_days: Days | None = None
    reference_days: Days | None = None

    @field_validator("expected")
    @classmethod
    def _sized(cls, size: float | None, info: ValidationInfo) -> float | None:
        """Refuse a size that its own direction or observable rules out."""
        if size is None:
            return None
        if size == 0:
            raise ValueError("a size of 0 is none; leave the key out if no size can be given")
        direction = info.data.get("direction")
        if direction in SIGNS and size * SIGNS[direction] < 0:
            raise ValueError(f"a size of {size} is no {direction}")
        if info.data.get("observable") in SHARES and abs(size) > 1:
            raise ValueError(f"a share cannot change by {size}, only by 1 at most")
        return size

    @field_validator("reference_days")
    @classmethod
    def _apart(cls, days: list[int] | None, info: ValidationInfo) -> list[int] | None:
        """Refuse days of comparison that hold days of the window, or have no window."""
        if days is None or "window_days" not in info.data:
            return days
        window = info.data["window_days"]
        if window is None:
            raise ValueError("days to compare with need a window_days beside them")
        if days[0] <= window[1] and window[0] <= days[1]:
            raise ValueError(f"{days} has days in common with window_days {window}")
        return days

    def noun(self) -> Prediction:
        """The record as a noun."""
        return Prediction(
            self.observable,
            tuple(self.sensors),
            self.direction,
            self.basis,
            min_area_m2=self.min_area_m2,
            expected=self.expected,
            window_days=_span(self.window_days),
            reference_days=_span(self.reference_days),
        )


def _span(days: list[int] | None) -> tuple[int, int] | None:
    """A first and a last day as a noun holds them."""
    return None if days is None else (days[0], days[1])


class AlternativeRecord(_Record):
    """A ``[[claims.alternatives]]`` record."""

    id: Id
    predicts: Text
    raised_by: str = ""
    expected: Size | None = None
    excluded_by: ExcludedBy | None = None
    alike: bool = False

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        """Refuse two sizes for one account."""
        if self.alike and self.expected is not None:
            raise ValueError("an alternative is alike or has an expected size, not both")
        return self

    def noun(self) -> Alternative:
        """The record as a noun."""
        return Alternative(
            self.id,
            self.predicts,
            self.raised_by,
            self.expected,
            self.excluded_by or "",
            is_alike=self.alike,
        )


class ClaimRecord(_Record):
    """A ``[[claims]]`` record."""

    id: Id
    source: Id
    statement: Text
    speaker: Text
    remove: int = Field(ge=0, le=9)
    reliability: Annotated[str, StringConstraints(pattern=r"^R[1-6]$")]
    place: Text
    zones: list[ZoneId]
    testability: Grade
    note: str = ""
    from_imagery: bool = False
    derived_from: list[Id] = []
    positive_control: bool = False
    times: list[TimeRecord] = Field(min_length=1)
    predictions: list[PredictionRecord] = []
    alternatives: list[AlternativeRecord] = []

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse a record whose parts do not go together."""
        if bool(self.predictions) is (self.testability is Testability.NONE):
            raise ValueError("a claim of testability T0 has no predictions, any other has some")
        if self.positive_control and not self._is_fit_as_control():
            raise ValueError(
                "a positive control is of testability T1 and first predicts a change of stated size"
            )
        _refuse_repeated("zone", self.zones)
        _refuse_repeated("time", [f"{time.kind} {time.edtf}" for time in self.times])
        _refuse_repeated("alternative", [alternative.id for alternative in self.alternatives])
        return self

    def _is_fit_as_control(self) -> bool:
        """Whether the event can be missed by a method that fails."""
        first = self.predictions[0]
        is_change = first.direction is not Direction.NO_CHANGE
        return self.testability is Testability.STRONG and is_change and first.expected is not None

    def noun(self) -> Claim:
        """The record as a noun."""
        return Claim(
            id=self.id,
            source_id=self.source,
            statement=self.statement,
            speaker=self.speaker,
            remove=self.remove,
            reliability=self.reliability,
            times=tuple(time.noun() for time in self.times),
            zone_ids=tuple(self.zones),
            place=self.place,
            testability=self.testability,
            predictions=tuple(prediction.noun() for prediction in self.predictions),
            alternatives=tuple(alternative.noun() for alternative in self.alternatives),
            note=self.note,
            is_from_imagery=self.from_imagery,
            derived_from=tuple(self.derived_from),
            is_positive_control=self.positive_control,
        )


class EventRecord(_Record):
    """An ``[[events]]`` record."""

    id: Id
    edtf: Edtf
    precision: Text
    place: Text
    zones: list[ZoneId]
    what: Text
    size: str = ""
    observer: Text
    basis: Text
    signature: Text
    sensors: Text
    grade: Grade
    urls: list[Url] = Field(min_length=1)
    note: str = ""

    def noun(self) -> Event:
        """The record as a noun."""
        days = read_edtf(self.edtf)
        held = self.model_dump(exclude={"edtf", "zones", "urls"})
        return Event(
            **held,
            start=days.start,
            end=days.end,
            zone_ids=tuple(self.zones),
            urls=tuple(self.urls),
        )


def _refuse_repeated(noun: str, values: list[str]) -> None:
    """Refuse a list that names the same thing twice.

    Raises:
        ValueError: naming what is repeated.
    """
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ValueError(f"the {noun} {repeated[0]!r} stands twice")
