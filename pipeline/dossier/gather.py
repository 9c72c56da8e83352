"""From a work folder to the files that a dossier rests on.

Here belongs the bringing together of what a run left behind: its products as their bytes are, the
folders of site and claims if they are still those that it read, its chips by hash. What follows
from them belongs to ``derive``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from pipeline.assess.plan import METHOD
from pipeline.claims import load_sound_seeds
from pipeline.dossier.answer import link_faults, weigh_again
from pipeline.dossier.documents import windows_at
from pipeline.dossier.given import (
    ABOUT,
    CHIP_COLUMNS,
    CHIP_TABLE,
    EVIDENCE,
    FAILURES,
    FORMAT,
    RECORD,
    SCENES,
    SEEDS,
    SETTINGS,
    SITE_FILES,
    About,
    read_given,
)
from pipeline.dossier.pictures import show_places
from pipeline.errors import ClaimsError, StoreError
from pipeline.model.assessment import Modifier
from pipeline.publish.rows import Row, iso, named
from pipeline.publish.tables import to_csv
from pipeline.store.chips import ChipStore
from pipeline.store.files import canonical_json
from pipeline.store.proof import slug
from pipeline.store.records import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.dossier.answer import Answer
    from pipeline.dossier.given import Given
    from pipeline.model.provenance import RunRecord
    from pipeline.store.chips import HeldChip
    from pipeline.store.layout import WorkFolder

    Chips = Mapping[tuple[str, str], HeldChip]

PRODUCTS = {
    EVIDENCE: "evidence.json",
    SETTINGS: "settings.json",
    SCENES: "scenes.csv",
    FAILURES: "failures.csv",
}
"""Product of a run by the path that it has in a dossier."""
RUN_AGAIN = "run the site again: zonewatch run SITE"


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for.

    Attributes:
        site_folder: the AOI folder.
        seeds_folder: the claims folder.
        claim_id: the claim.
        work: the work folder of the site.
        with_chips: whether the pixels of the scenes in the windows are enclosed.
        run: the beginning of the id of a run; empty for the one whose products hold.
    """

    site_folder: Path
    seeds_folder: Path
    claim_id: str
    work: WorkFolder
    with_chips: bool = False
    run: str = ""


def gather(wanted: Wanted) -> Answer:
    """The files of a dossier with the claim weighed again, held against the run.

    Raises:
        StoreError: if there is no run, or its products are not whole, or not of this version.
        ClaimsError: if there is no such claim.
        PipelineError: if a folder cannot be read.
    """
    if all(one.id != wanted.claim_id for one in load_sound_seeds(wanted.seeds_folder)[0].claims):
        remedy = f"name one of `zonewatch claims list {wanted.seeds_folder}`"
        raise ClaimsError("there is no such claim", where=wanted.claim_id, remedy=remedy)
    record = _record(wanted.work, wanted.run)
    chips = _chips_of(record, ChipStore(wanted.work.chips))
    files = _taken_over(wanted, record)
    files[CHIP_TABLE] = _chip_table(record, chips, {})
    about = About(
        format=FORMAT,
        claim_id=wanted.claim_id,
        simulated=record.is_simulated,
        method=METHOD,
        post_hoc=_post_hoc(wanted.work, record),
        versions={**record.versions, "zonewatch": version("zonewatch")},
        pictures=(),
        unpictured=(),
        with_chips=wanted.with_chips,
    )
    answer = weigh_again(_given(files, about))
    return _checked(_illustrated(answer, record, chips))


def _record(work: WorkFolder, beginning: str) -> RunRecord:
    """The record of a run whose products hold: of the one that is named, or of the last.

    Raises:
        StoreError: if there is none, or a product was altered.
    """
    run_id = _named_run(work, beginning) if beginning else work.current()
    record = None if run_id is None else read_record(work, run_id)
    if record is None:
        what = "there is no run of this site whose products are whole"
        raise StoreError(what, where=str(work.folder), remedy=RUN_AGAIN)
    if not {"evidence.json", "settings.json"} <= {one.name for one in record.outputs}:
        what = "the last run left no evidence: it weighed no claims, or an older zonewatch made it"
        raise StoreError(what, where=record.run_id[:12], remedy=RUN_AGAIN)
    return record


def _named_run(work: WorkFolder, beginning: str) -> str:
    """The run whose id begins so.

    Raises:
        StoreError: if none does, or several do.
    """
    ids = [path.stem for path in sorted(work.runs.glob("*.json"))]
    found = [one for one in ids if one.startswith(beginning)]
    if len(found) != 1:
        what = f"{len(found)} runs of this site have an id that begins so"
        remedy = f"name one of {', '.join(one[:12] for one in ids) or 'none: run the site'}"
        raise StoreError(what, where=beginning, remedy=remedy)
    return found[0]


def _taken_over(wanted: Wanted, record: RunRecord) -> dict[str, bytes]:
    """Products, record and folders as their bytes are."""
    products = wanted.work.products_of(record.run_id)
    paths = {name: products / product for name, product in PRODUCTS.items()}
    paths |= {name: wanted.site_folder / name.partition("/")[2] for name in SITE_FILES}
    paths |= {name: wanted.seeds_folder / name.partition("/")[2] for name in SEEDS}
    try:
        files = {name: path.read_bytes() for name, path in paths.items()}
    except OSError as error:
        what = f"a file that the run rests on cannot be read ({error.strerror})"
        raise StoreError(what, where=str(error.filename), remedy=RUN_AGAIN) from error
    return {**files, RECORD: canonical_json(asdict(record))}


def _given(files: Mapping[str, bytes], about: About) -> Given:
    """The files with what they say of themselves.

    Raises:
        DossierError: if one of them cannot be read.
    """
    return read_given({**files, ABOUT: canonical_json(about.model_dump(mode="json"))})


def _chips_of(record: RunRecord, store: ChipStore) -> Chips:
    """The chips that a run rests on, by scene and band, as far as they are held."""
    wanted = {n.removeprefix("chip:"): one for n, one in record.inputs.items() if "chip:" in n}
    found = {}
    for held in store.holdings():
        name = f"{held.record.scene}/{held.record.band}"
        if wanted.get(name) == held.record.sha256:
            found[held.record.scene, held.record.band] = held
    return found


def _chip_table(record: RunRecord, chips: Chips, enclosed: Mapping[tuple[str, str], str]) -> bytes:
    """Every chip of the run with what proves it; no time of reading, which is not of the run."""
    rows = [
        _chip_row(name.removeprefix("chip:"), sha256, chips, enclosed)
        for name, sha256 in sorted(record.inputs.items())
        if name.startswith("chip:")
    ]
    marked: list[Row] = [{**row, "simulated": record.is_simulated} for row in rows]
    return to_csv(marked, CHIP_COLUMNS)


def _chip_row(name: str, sha256: str, chips: Chips, enclosed: Mapping[tuple[str, str], str]) -> Row:
    """One chip; one that is not held any more is known by its hash alone."""
    scene, _, band = name.rpartition("/")
    held = chips.get((scene, band))
    if held is None:
        empty: Row = dict.fromkeys(CHIP_COLUMNS)
        return {**empty, "scene_id": scene, "band": band, "sha256": sha256}
    one = held.record
    return named(
        CHIP_COLUMNS,
        scene,
        band,
        one.collection,
        one.baseline,
        iso(one.instant),
        one.platform,
        one.href,
        one.etag,
        one.source_sha256,
        sha256,
        one.pixels_sha256,
        one.radiometry,
        enclosed.get((scene, band)),
        one.simulated,
    )


def _post_hoc(work: WorkFolder, record: RunRecord) -> tuple[str, ...]:
    """Claims whose plan was changed after a look at the data, by the answers of the run."""
    path = work.products_of(record.run_id) / "assessments.json"
    held = json.loads(path.read_bytes())["assessments"]
    return tuple(one["claim_id"] for one in held if Modifier.POST_HOC in one["modifiers"])


def _illustrated(answer: Answer, record: RunRecord, chips: Chips) -> Answer:
    """The answer with pictures, and with pixels if they are wanted."""
    whole = {key: one for key, one in chips.items() if one.is_whole}
    shown = show_places(answer, whole)
    told = {"pictures": shown.pictures, "unpictured": shown.why_not}
    about = answer.given.about.model_copy(update=told)
    enclosed = _enclosed(answer, about, whole) if about.with_chips else {}
    files = {
        **answer.given.files,
        **shown.files,
        **{path: whole[key].path.read_bytes() for key, path in enclosed.items()},
        CHIP_TABLE: _chip_table(record, chips, enclosed),
    }
    return replace(answer, given=_given(files, about))


def _enclosed(answer: Answer, about: About, chips: Chips) -> dict[tuple[str, str], str]:
    """Where the chips of the scenes in the windows, and of the pictures, lie in the dossier."""
    shown = {picture.scene_id for picture in about.pictures}
    return {
        key: f"chips/{slug('-'.join(key), canonical_json(key))}.tif"
        for key, held in sorted(chips.items())
        if key[0] in shown or _is_asked(answer, held)
    }


def _is_asked(answer: Answer, held: HeldChip) -> bool:
    """Whether a chip was taken inside a window."""
    return held.record.instant is not None and bool(windows_at(answer, held.record.instant))


def _checked(answer: Answer) -> Answer:
    """An answer that is the run's own.

    Raises:
        StoreError: if the claims, the site or the method are not those of the run any more.
    """
    faults = tuple(link_faults(answer))
    if faults:
        what = f"{faults[0].path}: {faults[0].what}; what the run answered cannot be made again"
        raise StoreError(what, where=answer.given.record.run_id[:12], remedy=RUN_AGAIN)
    return answer
