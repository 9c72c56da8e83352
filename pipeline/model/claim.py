"""What has been said about a site: sources, claims, predictions, and reference events.

Here belongs the content of a seeds folder as typed values. Reading and checking the folder
belongs to ``claims``; weighing a claim belongs to ``assess``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


class Testability(StrEnum):
    """How far open imagery can speak to a claim."""

    STRONG = "T1"
    """Open data can test it."""
    WEAK = "T2"
    """Open data can test it in part, or with an ambiguous sign."""
    SUB_METRE = "T3"
    """Only imagery finer than one metre can test it."""
    NONE = "T0"
    """It predicts nothing that a satellite could see."""


class Direction(StrEnum):
    """Which way an observable is predicted to move."""

    INCREASE = "increase"
    DECREASE = "decrease"
    CHANGE = "change"
    """It moves; the sign is open."""
    NO_CHANGE = "no-change"
    """The claim itself predicts that nothing is to be seen."""


class Observable(StrEnum):
    """What a sensor can measure."""

    SURFACE_CHANGE = "surface-change"
    """Share of pixels that depart from their own baseline."""
    BUILT_UP = "built-up"
    VEGETATION = "vegetation"
    SNOW_CLEARED = "snow-cleared"
    NIGHT_LIGHT = "night-light"
    SURFACE_TEMPERATURE = "surface-temperature"
    VEHICLES = "vehicles"
    """People, single vehicles or single goods: below every open sensor."""


@dataclass(frozen=True)
class Source:
    """An article that makes claims.

    Attributes:
        id: slug.
        publisher: who published it.
        title: its headline.
        published: date of publication, EDTF.
        file: name of the stored article.
        sha256: hash of that file, hex.
        note: what a reader must know about its date or text.
    """

    id: str
    publisher: str
    title: str
    published: str
    file: str
    sha256: str
    note: str = ""


@dataclass(frozen=True)
class AssertedTime:
    """A time that somebody asserts; several of them may disagree and stand equal.

    Attributes:
        edtf: the time as EDTF, civil days of the site's time zone.
        start: first civil day.
        end: last civil day.
        kind: what is dated (``event``, ``image``, ``report``).
        asserted_by: who says it.
    """

    edtf: str
    start: date
    end: date
    kind: str
    asserted_by: tuple[str, ...]


@dataclass(frozen=True)
class Prediction:
    """What should be measured if a claim is true.

    Attributes:
        observable: the quantity.
        sensors: slugs of the sensors that measure it, best first; empty if none does.
        direction: the sign.
        basis: why, in one sentence.
        min_area_m2: smallest area that must change for it to be seen; None if not stated.
        expected: size of the effect in the unit of the observable, signed; None if no size can be
            given, and then no verdict but ``not_observable`` and ``not_corroborated`` is reached.
            Where nothing is predicted it is the size whose absence would have to be shown.
        window_days: first and last day that are asked, counted from the first asserted day; None
            for the asserted days themselves with a margin.
        reference_days: the days that they are compared with, likewise; None for all other looks.
    """

    observable: Observable
    sensors: tuple[str, ...]
    direction: Direction
    basis: str
    min_area_m2: float | None = None
    expected: float | None = None
    window_days: tuple[int, int] | None = None
    reference_days: tuple[int, int] | None = None


@dataclass(frozen=True)
class Alternative:
    """Another explanation that would look alike.

    Attributes:
        id: slug.
        predicts: what it would show, in words.
        raised_by: who raised it.
        expected: size of what it would show in the primary observable; None if not known.
        is_alike: whether it would show the very size that the claim predicts.
        excluded_by: what of the method rules it out (``controls``: it would move them too;
            ``season``: it would come every year); empty if nothing does.
    """

    id: str
    predicts: str
    raised_by: str = ""
    expected: float | None = None
    excluded_by: str = ""
    is_alike: bool = False


@dataclass(frozen=True)
class Claim:
    """One dated statement about the site, in our own words.

    Attributes:
        id: the id of the claims table (``K000-10``).
        source_id: the article.
        statement: what is claimed, in our words.
        speaker: who asserts it.
        remove: how many steps stand between the speaker and the event (0: saw it himself).
        reliability: grade of the speaker (``R1`` best).
        times: all asserted times, none preferred.
        zone_ids: the zones it speaks of; empty for none.
        place: the place in words.
        testability: how far open imagery can speak to it.
        predictions: what should be measured, the primary one first; empty for none.
        alternatives: other explanations that would look alike.
        note: what agrees with it and what contradicts it, with who says so.
        is_from_imagery: whether the claim itself rests on satellite imagery.
        derived_from: ids of claims that it repeats or rests on.
        is_positive_control: whether the event is beyond doubt and large, so that a method that
            does not find it may not judge other claims.
    """

    id: str
    source_id: str
    statement: str
    speaker: str
    remove: int
    reliability: str
    times: tuple[AssertedTime, ...]
    zone_ids: tuple[str, ...]
    place: str
    testability: Testability
    predictions: tuple[Prediction, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    note: str = ""
    is_from_imagery: bool = False
    derived_from: tuple[str, ...] = ()
    is_positive_control: bool = False

    @property
    def is_date_disputed(self) -> bool:
        """Whether sources assert different times for the same thing."""
        by_kind: dict[str, set[str]] = {}
        for time in self.times:
            by_kind.setdefault(time.kind, set()).add(time.edtf)
        return any(len(times) > 1 for times in by_kind.values())


@dataclass(frozen=True)
class Event:
    """Something other analysts reported, kept apart from the claims, for comparison.

    Attributes:
        id: the id of the events table (``E20``).
        start: first civil day.
        end: last civil day.
        precision: how exact the date is (``day``, ``month``, ``range`` ...).
        place: the place in words.
        zone_ids: our zones that hold it; empty if none does.
        what: what was reported, in our words.
        size: its size as reported.
        observer: who reported it.
        basis: imagery or other ground of the report.
        signature: what open data should show.
        sensors: sensors that should show it, in words.
        grade: testability, as for claims.
        urls: where it was reported.
        note: what a reader must know.
    """

    id: str
    start: date
    end: date
    precision: str
    place: str
    zone_ids: tuple[str, ...]
    what: str
    size: str
    observer: str
    basis: str
    signature: str
    sensors: str
    grade: Testability
    urls: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Seeds:
    """A seeds folder, read.

    Attributes:
        sources: by order of the file.
        claims: by order of the file.
        events: by order of the file.
        sha256: hash over the files of the folder.
    """

    sources: tuple[Source, ...]
    claims: tuple[Claim, ...]
    events: tuple[Event, ...]
    sha256: str
