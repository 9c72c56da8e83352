"""The words of a dossier that are no page: how to check it by hand, and what its bag says of it.

Here belong README.txt and bag-info.txt. What a reader sees in a browser belongs to ``page``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.store.bag import payload_oxum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.dossier.answer import Answer

RECOMPUTED: Final = (
    "the answers to all claims of the site, with every number and sentence",
    "the plan of the claim and its hash",
    "all tables, charts, the page, this text, and the manifests",
    "the hashes that the run recorded of its claims, site, settings, evidence and tables",
)
TAKEN: Final = (
    "the measured lines (data/evidence.json), which the run drew from the pixels",
    "which scenes the catalogue listed and which looks were clear (data/run)",
    "the pictures, and the hashes of the pixels (data/chips.csv)",
    "which plans were fixed before the data were looked at (data/dossier.json)",
)

_README = """\
{mark}EVIDENCE DOSSIER OF CLAIM {claim}
{rule}
{warning}
What this is
  One claim about {site}, what was measured by satellite, and what the
  measurements do to the claim. Verdict: {verdict}.
  Begin with data/index.html; it opens in any browser, without a network.

Check it by hand
  Every file is listed with its SHA-256. In this folder:
      sha256sum -c manifest-sha256.txt
      sha256sum -c tagmanifest-sha256.txt
  On a Mac: shasum -a 256 -c manifest-sha256.txt
  Each line must end in OK, and no file may lie here that is in neither list.
  The hash of tagmanifest-sha256.txt stands for the whole folder: compare it with
  the one that the maker of this dossier published.
  The plan's hash is the SHA-256 of the value under "plan" in data/plan.json,
  written with sorted keys and without spaces or a line end, in UTF-8.

Check it with zonewatch {version}
      zonewatch verify FOLDER
  It reads nothing but this folder, weighs all claims again and compares every
  byte.

What is recomputed
{recomputed}

What is taken over, and is believed as far as you believe who made this folder
{taken}
  Whoever holds the scenes can make these anew: data/chips.csv names each by
  scene, band, address and hash, data/settings.json every setting, and
  `zonewatch run` gives run {run}.

The claims are told in our own words. data/claim.json names the article, its
publisher, its date and the hash of the copy that was read.
"""


def readme(answer: Answer) -> bytes:
    """How to check a dossier, in plain words."""
    given = answer.given
    mark = "SIMULATED: " if given.is_simulated else ""
    title = f"{mark}EVIDENCE DOSSIER OF CLAIM {given.about.claim_id}"
    warning = ""
    if given.is_simulated:
        warning = "\nThe scenes are made up. This is a rehearsal and no evidence about any place.\n"
    return _README.format(
        mark=mark,
        claim=given.about.claim_id,
        rule="=" * len(title),
        warning=warning,
        site=given.site.label,
        verdict=answer.assessment.verdict.value.replace("_", " "),
        version=given.about.versions.get("zonewatch", ""),
        recomputed=_listed(RECOMPUTED),
        taken=_listed(TAKEN),
        run=given.record.run_id[:12],
    ).encode()


def _listed(items: tuple[str, ...]) -> str:
    """Items as lines."""
    return "\n".join(f"  - {item}" for item in items)


def bag_info(answer: Answer, payload: Mapping[str, bytes]) -> bytes:
    """What the bag says of itself; no day, so that the same run gives the same bytes."""
    given = answer.given
    mark = "SIMULATED: " if given.is_simulated else ""
    fields = (
        ("External-Description", f"{mark}zonewatch dossier of one claim about {given.site.id}"),
        ("External-Identifier", f"{given.site.id}/{given.about.claim_id}/{given.record.run_id}"),
        ("Payload-Oxum", payload_oxum(payload)),
        ("Bag-Software-Agent", f"zonewatch {given.about.versions.get('zonewatch', '')}".strip()),
        ("Zonewatch-Simulated", "SIMULATED" if given.is_simulated else "no"),
        ("Zonewatch-Verdict", answer.assessment.verdict.value),
    )
    return "".join(f"{name}: {value}\n" for name, value in fields).encode()
