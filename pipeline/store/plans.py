"""When each plan was fixed, at rest: a chain that grows at its end, one line an entry.

Here belong registering plans, noting that data were looked at under them, and telling a plan that
was changed after such a look. What a plan says belongs to ``model.plan``, what is made of it to
``assess``. The chain holds times and is no product.

An entry is a plan as it was registered, or a look: the plans under which findings were about to be
published. Each bears the hash of the line before it, so that an entry that is altered or taken out
of the middle is noticed. The plan that counts as fixed is the last one that was registered before
the first look under any plan of the claim; every other one is post hoc from then on.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pipeline.errors import StoreError
from pipeline.model.plan import Registration
from pipeline.store.files import canonical_json, publish_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.model.plan import Plan
    from pipeline.store.layout import WorkFolder

START: Final = "0" * 64
"""What stands for the line before the first one."""
REMEDY: Final = (
    "restore it from a copy; without it nobody can tell which plans were fixed before a look, so "
    "begin a new work folder rather than delete it"
)


def registered_plans(work: WorkFolder, plans: Sequence[Plan]) -> Mapping[str, Registration]:
    """Register the plans that are new, and say of each whether it came after a look at the data.

    Nothing is written if all are known.

    Args:
        work: the work folder of the site.
        plans: one a claim.

    Returns:
        By claim id: the plan that counts as fixed, and whether the plan at hand is another one.

    Raises:
        StoreError: if what was registered is damaged, or cannot be written.
    """
    chain = _read(work)
    fresh = [plan for plan in plans if plan.sha256 not in chain.known.get(plan.claim_id, ())]
    chain.extend({"plan": plan.document, "sha256": plan.sha256} for plan in fresh)
    _write(work, chain)
    return {plan.claim_id: chain.registration(plan) for plan in plans}


def note_look(work: WorkFolder, plans: Sequence[Plan]) -> None:
    """Note that findings are about to be published under these plans.

    Nothing is written if that was noted before.

    Raises:
        StoreError: if what was registered is damaged, or cannot be written.
    """
    chain = _read(work)
    looked = {plan.claim_id: plan.sha256 for plan in plans}
    new = {name: one for name, one in looked.items() if one not in chain.looked.get(name, ())}
    if new:
        chain.extend([{"look": new}])
    _write(work, chain)


@dataclass
class _Chain:
    """The entries, and what they say of each claim.

    Attributes:
        lines: as they stand in the file.
        known: hashes of the plans of a claim, in the order of their registration.
        looked: hashes of the plans under which data were looked at.
        fixed: the plan that counts as fixed.
        n_read: lines that stood in the file already.
    """

    lines: list[bytes] = field(default_factory=list)
    known: dict[str, list[str]] = field(default_factory=dict)
    looked: dict[str, set[str]] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    n_read: int = 0

    @property
    def end(self) -> str:
        """Hash of the last line."""
        return hashlib.sha256(self.lines[-1]).hexdigest() if self.lines else START

    def extend(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Add entries at the end, with the time."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        for entry in entries:
            self.take(canonical_json({**entry, "at": at, "before": self.end}))

    def take(self, line: bytes) -> None:
        """Take in one line.

        Raises:
            ValueError: if it does not follow on the line before, or its plan has another hash.
            KeyError: if it lacks what an entry has.
        """
        entry = json.loads(line)
        if entry["before"] != self.end:
            raise ValueError("a line does not follow on the one before it")
        datetime.fromisoformat(entry["at"])
        if "plan" in entry:
            self._take_plan(entry["plan"], entry["sha256"])
        else:
            for claim_id, sha256 in entry["look"].items():
                self.looked.setdefault(claim_id, set()).add(sha256)
        self.lines.append(line)

    def _take_plan(self, document: Mapping[str, Any], sha256: str) -> None:
        """Take in a plan; it counts as fixed unless data were looked at before."""
        if hash_of(document) != sha256:
            raise ValueError("a plan has another hash than the one beside it")
        claim_id = document["claim_id"]
        self.known.setdefault(claim_id, []).append(sha256)
        if claim_id not in self.looked:
            self.fixed[claim_id] = sha256

    def registration(self, plan: Plan) -> Registration:
        """What is to be said of a plan that is known."""
        fixed = self.fixed[plan.claim_id]
        return Registration(fixed, is_post_hoc=plan.sha256 != fixed)


def hash_of(document: Mapping[str, Any]) -> str:
    """Hash over a plan's document, as ``Plan.sha256`` has it."""
    return hashlib.sha256(canonical_json(document).rstrip(b"\n")).hexdigest()


def _read(work: WorkFolder) -> _Chain:
    """The chain of a site; an empty one if there is none.

    Raises:
        StoreError: if it is damaged.
    """
    chain, path = _Chain(), work.plans
    try:
        content = path.read_bytes()
        for number, line in enumerate(content.splitlines(keepends=True), start=1):
            chain.take(line)
    except FileNotFoundError:
        return chain
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = "the plans that were registered are damaged"
        raise StoreError(what, where=f"{path}:{number}", remedy=REMEDY) from error
    except OSError as error:
        what = f"the plans that were registered cannot be read ({error.strerror})"
        raise StoreError(what, where=str(path), remedy=REMEDY) from error
    if content and not content.endswith(b"\n"):
        what = "the plans that were registered are cut short"
        raise StoreError(what, where=str(path), remedy=REMEDY)
    chain.n_read = len(chain.lines)
    return chain


def _write(work: WorkFolder, chain: _Chain) -> None:
    """Put a chain in place, if it has grown.

    Raises:
        StoreError: if it cannot be written.
    """
    if len(chain.lines) > chain.n_read:
        publish_bytes(work.plans, b"".join(chain.lines))
