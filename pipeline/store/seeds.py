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
from pipeline.model.time import read_edtf

EARLIEST = date(1990, 1, 1)
"""A time before this is a slip of the pen: no sensor used here looks back further."""


def _civil(text: str) -> str:
    """An EDTF text that begins in the age of satellites.

    Raises:
        ValueError: if it does not, or is no EDTF.
    """
    if read_edtf(text).start < EARLIEST:
        raise ValueError(f"{text!r} begins before {EARLIEST}")
    return text


Text = Annotated[str, StringConstraints(pattern=r"\S", max_length=4000)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$")]
ZoneId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)]
Edtf = Annotated[str, AfterValidator(_civil)]
Grade = Annotated[Testability, Field(strict=False)]
Sensor = Literal["sentinel-2", "landsat", "sentinel-1", "viirs-dnb", "dmsp-ols", "sub-metre"]
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

    def noun(self) -> Prediction:
        """The record as a noun."""
        sensors = tuple(self.sensors)
        return Prediction(self.observable, sensors, self.direction, self.basis, self.min_area_m2)


class AlternativeRecord(_Record):
    """A ``[[claims.alternatives]]`` record."""

    id: Id
    predicts: Text
    raised_by: str = ""

    def noun(self) -> Alternative:
        """The record as a noun."""
        return Alternative(self.id, self.predicts, self.raised_by)


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
    times: list[TimeRecord] = Field(min_length=1)
    predictions: list[PredictionRecord] = []
    alternatives: list[AlternativeRecord] = []

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse a record whose parts do not go together."""
        if bool(self.predictions) is (self.testability is Testability.NONE):
            raise ValueError("a claim of testability T0 has no predictions, any other has some")
        _refuse_repeated("zone", self.zones)
        _refuse_repeated("time", [f"{time.kind} {time.edtf}" for time in self.times])
        _refuse_repeated("alternative", [alternative.id for alternative in self.alternatives])
        return self

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
