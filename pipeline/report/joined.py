"""The page of claims weighed on all sensors: what stands on it.

Here belongs the choice and the order of its parts. The claims' own rows belong to ``answers``, the
words of a sentence to ``words``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.model.assessment import Verdict
from pipeline.model.comparison import Outcome
from pipeline.report import answers, wording
from pipeline.report.answers_content import AnswersContent, EventRow, LooseRow

if TYPE_CHECKING:
    from pipeline.model.claim import Event
    from pipeline.model.comparison import EventMatch, Unexplained
    from pipeline.model.joined import Joined

Triples = tuple[tuple[str, str, str], ...]
OUTCOMES = {
    Outcome.AGREES: "A change at its time",
    Outcome.MISSED: "No change at its time",
    Outcome.NOT_OBSERVABLE: "Not observable",
}
DIGITS = 12


def compose_joined(joined: Joined) -> AnswersContent:
    """Decide every word and number of the page."""
    return AnswersContent(
        is_simulated=joined.is_simulated,
        site=joined.site.label,
        summary=_summary(joined),
        facts=_facts(joined),
        passes=_passes(joined),
        controls=_controls(joined),
        verdicts=answers.counts(joined.assessments),
        sources=answers.by_source(joined.seeds, joined.assessments, {}),
        refused=joined.refused,
        korean={f"claim-{one.claim_id}": one.sentence_ko for one in joined.assessments},
        loose=tuple(_loose(one, joined) for one in joined.comparison.unexplained),
        events=_events(joined),
        modifiers=tuple(
            wording.modifier(one)
            for one in sorted({mark for answer in joined.assessments for mark in answer.modifiers})
        ),
        provenance=_provenance(joined),
    )


def _summary(joined: Joined) -> tuple[str, ...]:
    """What was weighed, and what came of it."""
    told = ", ".join(
        f"{n} {verdict.value.replace('_', ' ')}" for verdict, n in joined.counts.items() if n
    )
    n_open = sum(one.verdict is not Verdict.NOT_OBSERVABLE for one in joined.assessments)
    n_tests = sum(one.n_tests for one in joined.assessments)
    seen = f"{wording.count(n_open, 'claim')} could be tested at all, in "
    return (
        f"{wording.count(len(joined.assessments), 'claim')} were weighed: {told}.",
        f"{seen}{wording.count(n_tests, 'window')} of time, place and sensor.",
    )


def _facts(joined: Joined) -> tuple[tuple[str, str], ...]:
    """What is counted at the top."""
    instants = [one for signal in joined.evidence.signals for one in signal.instants]
    span = f"{min(instants):%Y-%m-%d} to {max(instants):%Y-%m-%d}" if instants else "nothing seen"
    sensors = sorted({signal.sensor for signal in joined.evidence.signals})
    return (
        ("Measured", span),
        ("Sensors", ", ".join(sensors) or "none"),
        ("Lines", f"{len(joined.evidence.signals):,}"),
        ("Assessment", joined.assessment_id[:DIGITS]),
    )


def _passes(joined: Joined) -> Triples:
    """Each sensor with its lines and its run, or why there is none."""
    lines = Counter(one.sensor for one in joined.evidence.signals)
    rows = [
        (one.sensor, str(lines.pop(one.sensor, 0)), one.why or f"run {one.run_id[:DIGITS]}")
        for one in joined.passed
    ]
    rows += [(sensor, str(n), "held with the site") for sensor, n in sorted(lines.items())]
    return tuple(rows)


def _controls(joined: Joined) -> Triples:
    """What became of the known changes by which the method is tested."""
    state = joined.controls
    rows = (
        ("Recovered", state.found, "The method finds what is known to have happened."),
        (
            "Not recovered",
            state.missed,
            "It could be tested and was not found: all other verdicts are withheld.",
        ),
        (
            "Not tested",
            state.untested,
            "Too little was seen: whether the method would find it here is not known.",
        ),
    )
    return tuple((label, ", ".join(ids), meaning) for label, ids, meaning in rows if ids)


def _loose(one: Unexplained, joined: Joined) -> LooseRow:
    """A change that no claim speaks of."""
    labels = {zone.id: zone.label for zone in joined.site.zones}
    found = {change.id: change for change in joined.evidence.changes}[one.change_id]
    when = wording.onset(found.onset, joined.site.timezone)
    effect = None if one.test is None else one.test.effect
    zone = labels.get(one.zone_id, one.zone_id)
    if one.test is None or effect is None:
        return LooseRow(zone, wording.area(found.area_m2), when, "not measured", "", "")
    low, high = (wording.amount(end, one.test.unit) for end in effect.interval)
    moved = wording.amount(effect.difference, one.test.unit)
    chance = wording.chance(effect.p_value, effect.n_shifts)
    return LooseRow(zone, wording.area(found.area_m2), when, moved, f"{low} to {high}", chance)


def _events(joined: Joined) -> tuple[EventRow, ...]:
    """Reported events: those that could be seen first, each group in the order of the seeds."""
    held = {event.id: event for event in joined.seeds.events}
    order = list(Outcome)
    ranked = sorted(joined.comparison.events, key=lambda one: order.index(one.outcome))
    return tuple(_event(one, held[one.event_id]) for one in ranked)


def _event(one: EventMatch, event: Event) -> EventRow:
    """One reported event beside the measurements."""
    days = event.start.isoformat()
    if event.end != event.start:
        days += f" {wording.TO} {event.end.isoformat()}"
    onset = ""
    if one.onset_error_days is not None and one.bracket_days is not None:
        onset = f"{one.onset_error_days:+.0f} d (bracket of {one.bracket_days:.0f} d)"
    return EventRow(
        event.id,
        days,
        event.what,
        event.observer,
        OUTCOMES[one.outcome],
        one.why,
        onset,
        tuple((claim, f"claim-{claim}") for claim in one.claim_ids),
    )


def _provenance(joined: Joined) -> tuple[tuple[str, str], ...]:
    """Everything by which the answer can be made again."""
    runs = tuple((f"run of {one.sensor}", one.run_id or one.why) for one in joined.passed)
    return (
        ("assessment", joined.assessment_id),
        *runs,
        ("source", joined.source),
        ("claims", joined.seeds.sha256),
        ("site", joined.site.sha256),
        ("settings", joined.settings_sha256),
    )
