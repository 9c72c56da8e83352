"""Write the claims of a site as they were weighed on all its sensors.

Here belongs the list of files and the rows of both directions. The rows of an assessment belong to
``rows``; how files become visible belongs to the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.publish import publish_folder, rows
from pipeline.publish.tables import to_csv
from pipeline.store.evidence import EvidenceHead, encode_evidence
from pipeline.store.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.model.claim import Event
    from pipeline.model.comparison import EventMatch, Unexplained
    from pipeline.model.joined import Joined
    from pipeline.model.provenance import Artifact
    from pipeline.publish.rows import Row

ALL_SENSORS = "all"
"""What stands for the sensor in evidence of several passes."""
POST_HOC = True
"""What is asked of a change without a claim was chosen after it had been found."""
UNEXPLAINED_COLUMNS = (
    "change_id", "zone_id", "sensor", "observable", "window_start", "window_end", "n_clear", "gap",
    "unit", "effect", "effect_low", "effect_high", "p_value", "n_shifts", "smallest_seen",
    "n_tested_together", "q_value", "post_hoc", "simulated",
)  # fmt: skip
EVENT_COLUMNS = (
    "event_id", "date_start", "date_end", "what", "observer", "outcome", "why", "change_ids",
    "onset_error_days", "bracket_days", "n_looks", "claim_ids", "simulated",
)  # fmt: skip


def publish_joined(
    folder: Path, joined: Joined, pages: Mapping[str, bytes] | None = None
) -> tuple[Artifact, ...]:
    """Write everything that was weighed into a folder: all files, or none.

    Raises:
        StoreError: if a file cannot be written.
    """
    return publish_folder(folder, {**_files(joined), **(pages or {})})


def _files(joined: Joined) -> dict[str, bytes]:
    """The files by name."""
    head = EvidenceHead(joined.assessment_id, joined.site.id, ALL_SENSORS, joined.settings_sha256)
    answers = rows.answer_rows(joined.assessments, is_simulated=joined.is_simulated)
    return {
        "assessments.csv": to_csv(answers, rows.ASSESSMENT_COLUMNS),
        "assessments.json": canonical_json(_document(joined)),
        "unexplained.csv": to_csv(unexplained_rows(joined), UNEXPLAINED_COLUMNS),
        "events.csv": to_csv(event_rows(joined), EVENT_COLUMNS),
        "evidence.json": encode_evidence(head, joined.evidence),
    }


def _document(joined: Joined) -> dict[str, object]:
    """All assessments with their tests, under a head that says what they rest on."""
    controls = joined.controls
    return {
        "simulated": joined.is_simulated,
        "site_id": joined.site.id,
        "assessment_id": joined.assessment_id,
        "source": joined.source,
        "settings_sha256": joined.settings_sha256,
        "seeds_sha256": joined.seeds.sha256,
        "passes": [vars(one) for one in joined.passed],
        "claims_left_out": list(joined.refused),
        "positive_controls": {name: list(one) for name, one in vars(controls).items()},
        "assessments": [
            rows.answer_document(one, is_simulated=joined.is_simulated)
            for one in joined.assessments
        ],
    }


def unexplained_rows(joined: Joined) -> list[Row]:
    """A row for every confirmed change that no claim speaks of."""
    return [_unexplained(one, joined) for one in joined.comparison.unexplained]


def _unexplained(one: Unexplained, joined: Joined) -> Row:
    """One change; its numbers in the unit of the line."""
    test = one.test
    effect = None if test is None else test.effect
    low, high = effect.interval if effect else (None, None)
    return rows.named(
        UNEXPLAINED_COLUMNS,
        one.change_id,
        one.zone_id,
        test.sensor if test else None,
        test.observable.value if test else None,
        test.start_utc if test else None,
        test.end_utc if test else None,
        test.coverage.n_clear if test else None,
        str(test.gap or "") if test else "no line holds it",
        test.unit if test else None,
        rows.significant(effect.difference) if effect else None,
        rows.significant(low),
        rows.significant(high),
        rows.rounded(effect.p_value, 6) if effect else None,
        effect.n_shifts if effect else None,
        rows.significant(effect.smallest_seen) if effect else None,
        one.n_like_it,
        rows.rounded(one.q_value, 6),
        POST_HOC,
        joined.is_simulated,
    )


def event_rows(joined: Joined) -> list[Row]:
    """A row for every reported event."""
    held = {event.id: event for event in joined.seeds.events}
    return [_event(one, held[one.event_id], joined) for one in joined.comparison.events]


def _event(one: EventMatch, event: Event, joined: Joined) -> Row:
    """One event beside the measurements."""
    return rows.named(
        EVENT_COLUMNS,
        one.event_id,
        event.start.isoformat(),
        event.end.isoformat(),
        event.what,
        event.observer,
        one.outcome.value,
        one.why,
        ";".join(one.change_ids),
        rows.rounded(one.onset_error_days, 2),
        rows.rounded(one.bracket_days, 2),
        one.n_looks,
        ";".join(one.claim_ids),
        joined.is_simulated,
    )
