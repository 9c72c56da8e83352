"""What was measured beside what others reported: changes without a claim, events with and without.

Here belong the nouns. Which detection goes with which report is decided in ``assess.reverse``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.model.assessment import WindowTest


@dataclass(frozen=True)
class Unexplained:
    """A confirmed change that no claim speaks of.

    Attributes:
        change_id: the detection.
        zone_id: the zone that holds it.
        test: the looks after its onset, asked as a claim would be; None if they could not be. It
            was chosen after a look at the data, so its p-value is no evidence by itself.
        n_like_it: how many such changes were tested together.
        q_value: false discovery rate among them; None without a test.
    """

    change_id: str
    zone_id: str
    test: WindowTest | None
    n_like_it: int
    q_value: float | None


class Outcome(StrEnum):
    """What the measurements do to a reported event."""

    AGREES = "agrees"
    """A confirmed change appeared in one of its zones at its time."""
    MISSED = "missed"
    """Its zones were watched at its time, and no change was confirmed there."""
    NOT_OBSERVABLE = "not_observable"
    """Nothing that was measured could have shown it, or too little was seen."""


@dataclass(frozen=True)
class EventMatch:
    """A reported event beside the measurements.

    Attributes:
        event_id: the event.
        outcome: what the measurements do to it.
        why: the reason in a few words.
        change_ids: confirmed changes that appeared at its time in one of its zones.
        onset_error_days: days by which the nearest onset bracket misses the reported days: 0 if
            they overlap, below 0 if the change was there before; None without a change.
        bracket_days: width of that bracket; None without a change.
        n_looks: clear looks at its zones within the margin around its time.
        claim_ids: claims that speak of one of its zones at its time.
    """

    event_id: str
    outcome: Outcome
    why: str
    change_ids: tuple[str, ...] = ()
    onset_error_days: float | None = None
    bracket_days: float | None = None
    n_looks: int = 0
    claim_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Both directions.

    Attributes:
        unexplained: confirmed changes that no claim speaks of, by zone.
        events: every reported event, in the order of the seeds.
    """

    unexplained: tuple[Unexplained, ...]
    events: tuple[EventMatch, ...]
