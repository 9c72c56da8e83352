"""What stands on the page of claims weighed on all sensors.

Here belong the nouns of that page. What goes into them belongs to ``joined``, those that it shares
with the report to ``content``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.report.content import Chip, SourceGroup, VerdictCount


@dataclass(frozen=True)
class EventRow:
    """A reported event beside the measurements, in words."""

    id: str
    when: str
    what: str
    observer: str
    outcome: str
    why: str
    onset: str
    claims: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LooseRow:
    """A change that no claim speaks of, in words."""

    zone: str
    change: str
    when: str
    effect: str
    interval: str
    chance: str


@dataclass(frozen=True)
class AnswersContent:
    """The page of claims weighed on all sensors.

    Attributes:
        is_simulated: whether anything behind it is made up.
        site: its name.
        summary: sentences for the top.
        facts: name and value of what is counted.
        passes: sensor, lines, run or reason.
        controls: label, ids and meaning of each outcome of the known changes.
        verdicts: how many claims got which answer.
        sources: the claims by article.
        refused: claims that were left out, and why.
        korean: the sentence in Korean by anchor of a claim.
        loose: changes that no claim speaks of.
        events: reported events.
        modifiers: those that occur.
        provenance: name and value.
        share_name: heading of what was measured.
    """

    is_simulated: bool
    site: str
    summary: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    passes: tuple[tuple[str, str, str], ...]
    controls: tuple[tuple[str, str, str], ...]
    verdicts: tuple[VerdictCount, ...]
    sources: tuple[SourceGroup, ...]
    refused: tuple[str, ...]
    korean: dict[str, str]
    loose: tuple[LooseRow, ...]
    events: tuple[EventRow, ...]
    modifiers: tuple[Chip, ...]
    provenance: tuple[tuple[str, str], ...]
    share_name: str = "Measured"
