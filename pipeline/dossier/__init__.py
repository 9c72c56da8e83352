"""Dossiers: one claim in one folder that a third party can check.

Here belong writing a dossier and verifying one. What it rests on is read in ``given`` and brought
together in ``gather``; everything else in it follows from that by ``derive``, which the writer and
the verifier share: what cannot be derived again is not true of the dossier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.dossier.derive import bag_of
from pipeline.dossier.gather import Wanted, gather
from pipeline.dossier.verify import Verification, verify_dossier
from pipeline.store.bag import write_bag

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.model.assessment import Assessment

__all__ = ["Verification", "Wanted", "Written", "verify_dossier", "write_dossier"]


@dataclass(frozen=True)
class Written:
    """A dossier that was written.

    Attributes:
        folder: where it lies.
        seal: hash that stands for all of it, hex.
        assessment: its answer.
        nbytes: size of its payload.
        is_simulated: whether it is a rehearsal.
    """

    folder: Path
    seal: str
    assessment: Assessment
    nbytes: int
    is_simulated: bool


def write_dossier(wanted: Wanted, folder: Path | None = None) -> Written:
    """Write the dossier of a claim from the last run of its site.

    Args:
        wanted: the claim, and where the run lies.
        folder: where the dossier goes; None for a folder of its own below the work folder.

    Raises:
        StoreError: if there is no whole run, or its answers cannot be made again here, or the
            folder cannot be written.
        ClaimsError: if there is no such claim.
        PipelineError: if the site or the claims cannot be read.
    """
    answer = gather(wanted)
    bag = bag_of(answer)
    mark = "SIMULATED-" if answer.given.is_simulated else ""
    name = f"{mark}{wanted.claim_id}-{answer.given.record.run_id[:12]}"
    place = folder or wanted.work.dossiers / name
    seal = write_bag(place, bag.payload, bag.tags)
    nbytes = sum(map(len, bag.payload.values()))
    return Written(place, seal, answer.assessment, nbytes, answer.given.is_simulated)
