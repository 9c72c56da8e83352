"""A dossier that a stranger may have made, checked: every byte, then every number.

Here belongs the order of the checks and what each came to. First the manifests, which name every
file that is not as it was; then the claim is weighed again from what the dossier rests on, and all
that follows is compared, which finds what was altered together with the manifests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.dossier.answer import link_faults, method_faults, other_libraries, weigh_again
from pipeline.dossier.derive import bag_of
from pipeline.dossier.given import name_in_bag, name_outside, read_given, sha256_hex
from pipeline.dossier.redraw import picture_faults
from pipeline.errors import DossierError, PipelineError
from pipeline.store.bag import PAYLOAD, Fault, bag_tags, read_bag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pipeline.dossier.answer import Answer
    from pipeline.dossier.given import Given
    from pipeline.store.bag import Bag

WEIGHING_FAILS = (ValueError, ArithmeticError, LookupError, TypeError, RecursionError)
"""What weighing raises on lines that no run draws; our own errors are among them."""


@dataclass(frozen=True)
class Check:
    """One check of a dossier.

    Attributes:
        name: what was checked.
        outcome: what it came to, in words.
        faults: everything that does not agree.
    """

    name: str
    outcome: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Verification:
    """What verifying a dossier came to.

    Attributes:
        checks: in their order; later ones are left out where an earlier one makes them void.
        seal: hash that stands for every byte, hex.
        answer: the claim, weighed again; None if it did not come to that.
        libraries: libraries of another version than where the dossier was made.
        other_method: whether another zonewatch is needed to tell.
        made_by: version of the zonewatch that made it; empty if it did not come to that.
    """

    checks: tuple[Check, ...]
    seal: str
    answer: Answer | None = None
    libraries: tuple[str, ...] = ()
    other_method: bool = False
    made_by: str = ""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that does not agree."""
        return tuple(fault for check in self.checks for fault in check.faults)

    @property
    def is_good(self) -> bool:
        """Whether all agrees."""
        return not self.faults and self.answer is not None


def verify_dossier(folder: Path) -> Verification:
    """Check a dossier; nothing but the folder is read, and nothing in it is believed.

    Raises:
        DossierError: if it is none, or holds what no dossier may hold.
    """
    bag = read_bag(folder)
    n_files = len(bag.payload) + len(bag.tags)
    told = f"{n_files - len({f.path for f in bag.faults})} of {n_files} files agree"
    bytes_check = Check("Bytes against the manifests", told, bag.faults)
    if bag.faults:
        return Verification((bytes_check,), bag.seal)
    given = read_given({name_outside(name): data for name, data in bag.payload.items()})
    other = method_faults(given)
    method = Check("Method", f"number {given.about.method}", other)
    if other:
        made_by = given.about.versions.get("zonewatch", "")
        return Verification((bytes_check, method), bag.seal, other_method=True, made_by=made_by)
    try:
        answer = weigh_again(given)
        links = tuple(_located(fault, given) for fault in link_faults(answer))
        differing = tuple(_differing(bag, answer))
        drawn = tuple(_located(fault, given) for fault in picture_faults(given))
    except PipelineError:
        raise
    except WEIGHING_FAILS as error:
        what = f"its evidence cannot be weighed: {type(error).__name__}"
        raise DossierError(what, where=folder.name) from error
    checks = (
        bytes_check,
        method,
        Check("Belongs to one run", given.record.run_id[:12], links),
        Check("Weighed again", answer.assessment.verdict.value, differing),
        Check("Pictures drawn again", _drawn(given), drawn),
    )
    return Verification(checks, bag.seal, answer, other_libraries(given))


def _located(fault: Fault, given: Given) -> Fault:
    """A fault of a file by its path in the bag."""
    return replace(fault, path=f"{PAYLOAD}{name_in_bag(fault.path, simulated=given.is_simulated)}")


def _drawn(given: Given) -> str:
    """How many pictures were drawn again."""
    n_pictures = len(given.about.pictures)
    if not given.about.with_chips:
        return f"no pixels enclosed; {n_pictures} taken over"
    return f"{n_pictures} from the pixels enclosed"


def _differing(bag: Bag, answer: Answer) -> Iterator[Fault]:
    """Every file that is not what follows from what the dossier rests on."""
    made = bag_of(answer)
    yield from _compared(made.payload, bag.payload, PAYLOAD)
    yield from _compared(bag_tags(made.payload, made.tags), bag.tags, "")


def _compared(
    expected: Mapping[str, bytes], found: Mapping[str, bytes], folder: str
) -> Iterator[Fault]:
    """Files that were made again against those that lie there."""
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) == found.get(name):
            continue
        hashes = [sha256_hex(files[name]) if name in files else "" for files in (expected, found)]
        what = "it is not what follows from the evidence"
        if name not in expected:
            what = "nothing in the dossier accounts for it"
        elif name not in found:
            what = "it is missing, and follows from the evidence"
        yield Fault(f"{folder}{name}", what, *hashes)
