"""Everything in a dossier that follows from what it rests on.

Here belongs the list of derived files, and where each file lies in the bag. The writer and the
verifier both call it: two zonewatch of one version give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.dossier.documents import documents
from pipeline.dossier.given import NEEDED, TAKEN_OVER, name_in_bag
from pipeline.dossier.page import pages
from pipeline.dossier.words import bag_info, readme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.dossier.answer import Answer

MARKED = (
    b"SIMULATED: the scenes are made up. A rehearsal, and no evidence about any place or claim.\n"
)


@dataclass(frozen=True)
class Contents:
    """The files of a dossier.

    Attributes:
        payload: bytes by path below ``data/``.
        tags: bytes of the tag files that are ours, by path.
    """

    payload: Mapping[str, bytes]
    tags: Mapping[str, bytes]


def bag_of(answer: Answer) -> Contents:
    """All files of the dossier of a claim that was weighed again."""
    simulated = answer.given.is_simulated
    derived = {**documents(answer), **pages(answer)}
    enclosed = {row["file"] for row in answer.given.chips}
    shown = {picture.file for picture in answer.given.about.pictures}
    taken = {
        name: data
        for name, data in answer.given.files.items()
        if name in NEEDED or (name.startswith(TAKEN_OVER) and name in enclosed | shown)
    }
    files = {**taken, **derived}
    payload = {name_in_bag(name, simulated=simulated): files[name] for name in sorted(files)}
    tags = {"bag-info.txt": bag_info(answer, payload), "README.txt": readme(answer)}
    if simulated:
        # The manifest of the tag files, too, then tells it, by this name.
        tags["SIMULATED.txt"] = MARKED
    return Contents(payload, tags)
