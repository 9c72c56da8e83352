"""A claim weighed again from what a dossier rests on.

Here belong the second weighing and what in it must agree with the run. How it is written down
belongs to ``documents``, ``charts`` and ``page``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.assess import assess, plans_of
from pipeline.assess.plan import METHOD
from pipeline.dossier.given import (
    CHIP_TABLE,
    EVIDENCE,
    FAILURES,
    RECORD,
    SCENES,
    SETTINGS,
    sha256_hex,
)
from pipeline.identity import ALGORITHM_VERSIONS, versions
from pipeline.publish.rows import answer_document
from pipeline.store.bag import Fault
from pipeline.store.claim_table import FORMULA_STARTS
from pipeline.store.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.dossier.given import Given
    from pipeline.model.assessment import Assessment
    from pipeline.model.plan import Plan

ANSWERS = "answers.json"
"""The answers to all claims: the false discovery rate of one rests on the others."""
OWN_STAGES = ("stage:assess", "stage:publish", "stage:report")
"""Stages that take part in a dossier; all others made the evidence, which is taken over."""


@dataclass(frozen=True)
class Answer:
    """A claim, weighed again.

    Attributes:
        given: what it rests on.
        plan: what was asked.
        assessment: what came of it.
        all_answers: the assessments of all claims, in the order of the seeds.
    """

    given: Given
    plan: Plan
    assessment: Assessment
    all_answers: tuple[Assessment, ...]

    @property
    def document(self) -> dict[str, object]:
        """All answers as the run writes them."""
        given = self.given
        return {
            "simulated": given.evidence.is_simulated,
            "site_id": given.site.id,
            "run_id": given.head.run_id,
            "source": given.record.source,
            "settings_sha256": given.head.settings_sha256,
            "seeds_sha256": given.seeds.sha256,
            "assessments": [
                answer_document(one, is_simulated=given.evidence.is_simulated)
                for one in self.all_answers
            ],
        }


def weigh_again(given: Given) -> Answer:
    """All claims, weighed on the evidence of a dossier."""
    options = given.config.assess
    found = assess(given.seeds, given.site, given.evidence, options, registered=given.registered)
    name = given.about.claim_id
    return Answer(
        given=given,
        plan=next(
            one for one in plans_of(given.seeds, given.site, options) if one.claim_id == name
        ),
        assessment=next(one for one in found if one.claim_id == name),
        all_answers=found,
    )


def method_faults(given: Given) -> tuple[Fault, ...]:
    """What tells that another zonewatch made a dossier, one whose bytes this one does not make."""
    stated = given.about.versions
    now = {"method": METHOD, **{f"stage:{name}": one for name, one in ALGORITHM_VERSIONS.items()}}
    asked = {"method": given.about.method, **{name: stated.get(name, "") for name in OWN_STAGES}}
    return tuple(
        Fault("dossier.json", f"it was made by another method: {name} {one}, here {now[name]}")
        for name, one in asked.items()
        if one != now[name]
    )


def other_libraries(given: Given) -> tuple[str, ...]:
    """Libraries that stand here in another version than where the dossier was made."""
    stated, here = given.about.versions, versions()
    names = sorted(name for name in here if not name.startswith("stage:"))
    return tuple(
        f"{name} {stated.get(name, 'none')} there, {here[name]} here"
        for name in names
        if stated.get(name) != here[name]
    )


def link_faults(answer: Answer) -> Iterator[Fault]:
    """Where the files of a dossier do not belong to one another."""
    yield from _identity_faults(answer.given)
    yield from _product_faults(answer)
    yield from _chip_faults(answer.given)
    for picture in answer.given.about.pictures:
        if picture.file not in answer.given.files:
            yield Fault(picture.file, "it is missing, and shown on the page")


def _identity_faults(given: Given) -> Iterator[Fault]:
    """Inputs against the run that names them."""
    record, head = given.record, given.head
    text = canonical_json({"inputs": record.inputs, "versions": record.versions})
    pairs = (
        (RECORD, "the id of the run", record.run_id, hashlib.sha256(text).hexdigest()),
        (EVIDENCE, "the run that it names", record.run_id, head.run_id),
        (EVIDENCE, "the site that it names", record.site_id, head.site_id),
        (EVIDENCE, "the settings that it names", head.settings_sha256, given.config.sha256),
        (SETTINGS, "their hash", record.inputs.get("settings", ""), given.config.sha256),
        ("seeds", "their hash", record.inputs.get("seeds", ""), given.seeds.sha256),
        ("aoi", "its hash", record.inputs.get("site", ""), given.site.sha256),
    )
    for path, what, expected, found in pairs:
        if expected != found:
            yield Fault(path, f"{what} is not that of the run", expected, found)
    marks = {given.about.simulated, record.is_simulated, given.is_simulated}
    if len(marks) > 1:
        yield Fault("dossier.json", "files disagree on whether it is simulated")


def _product_faults(answer: Answer) -> Iterator[Fault]:
    """Products of the run, taken over or made again, against the hashes that it recorded."""
    given, stated = answer.given, answer.given.record.output_hashes
    held = {
        "evidence.json": (EVIDENCE, given.files[EVIDENCE]),
        "settings.json": (SETTINGS, given.files[SETTINGS]),
        "scenes.csv": (SCENES, given.files[SCENES]),
        "failures.csv": (FAILURES, given.files[FAILURES]),
        "assessments.json": (ANSWERS, canonical_json(answer.document)),
    }
    for product, (path, data) in held.items():
        found = sha256_hex(data)
        if stated.get(product) != found:
            what = f"it is not the {product} that the run recorded"
            yield Fault(path, what, stated.get(product, ""), found)


def bare(text: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def _chip_faults(given: Given) -> Iterator[Fault]:
    """The table of chips against the inputs of the run, and enclosed pixels against the table."""
    stated = {n: one for n, one in given.record.inputs.items() if n.startswith("chip:")}
    listed = {f"chip:{bare(row['scene_id'])}/{row['band']}": row["sha256"] for row in given.chips}
    if stated != listed:
        yield Fault(CHIP_TABLE, "it does not list the chips that the run rests on")
    for row in given.chips:
        path = row["file"]
        if path and sha256_hex(given.files.get(path, b"")) != row["sha256"]:
            found = sha256_hex(given.files[path]) if path in given.files else ""
            yield Fault(path, f"it is not the chip that {CHIP_TABLE} lists", row["sha256"], found)
