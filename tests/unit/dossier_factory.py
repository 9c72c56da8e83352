"""A work folder as a run leaves it, small enough to make a dossier of in a second.

Here belongs what more than one test module of the dossier needs. Claims and site are real folders,
the lines are drawn by hand, and a few chips lie in the store.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assess import assess
from pipeline.claims import load_seeds
from pipeline.config import load_config
from pipeline.dossier import Wanted
from pipeline.dossier.answer import weigh_again
from pipeline.dossier.derive import bag_of
from pipeline.dossier.given import name_outside, read_given
from pipeline.identity import identity, versions
from pipeline.model.change import Bracket, Status
from pipeline.model.claim import Observable
from pipeline.model.grid import Grid
from pipeline.model.provenance import Artifact, RunRecord
from pipeline.model.signal import Evidence, Signal, StandingChange
from pipeline.publish.rows import FAILURE_COLUMNS, SCENE_COLUMNS, Row, answer_document, iso
from pipeline.publish.tables import to_csv
from pipeline.sites import load_site
from pipeline.store.bag import bag_tags, read_bag, write_bag
from pipeline.store.chips import ChipStore, Delivery
from pipeline.store.evidence import EvidenceHead, encode_evidence
from pipeline.store.files import canonical_json, sha256_of
from pipeline.store.layout import WorkFolder
from pipeline.store.records import write_record
from tests.unit.scene_factory import make_scene
from tests.unit.seeds_factory import CLAIMS, spoil, write_seeds
from tests.unit.sites_factory import BOUNDARY, collection, feature, rectangle
from tests.unit.sites_factory import write as write_site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.site import Site

START = datetime(2019, 1, 3, 2, 10, tzinfo=UTC)
N_LOOKS = 150
CLAIM, UNSEEN, SILENT = "A001-01", "plain-id", "A001-02"
"""A claim that is tested, one that needs another sensor, and one that predicts nothing."""
GRID = Grid("EPSG:32652", 288_960.0, 4_200_660.0, 10.0, 130, 190)
"""The boundary of the site with a little around it."""
CONFIG = load_config()


def instants() -> tuple[datetime, ...]:
    """One look every five days."""
    return tuple(START + timedelta(days=5 * look) for look in range(N_LOOKS))


def line(place: str, values: NDArray[np.float64], *, simulated: bool) -> Signal:
    """The departing share of a place."""
    rng = np.random.default_rng(7)
    when = instants()
    return Signal(
        sensor="sentinel-2",
        series="",
        observable=Observable.SURFACE_CHANGE,
        place=place,
        unit="share of pixels that depart from their own baseline",
        instants=when,
        values=values,
        levels=np.where(np.isfinite(values), rng.uniform(0, 0.02, N_LOOKS), np.nan),
        listed=when,
        resolution=1 / 300,
        native_m=10.0,
        area_m2=30_000.0,
        n_behind=np.ones(N_LOOKS, dtype=np.int64),
        is_control=place in ("fence", "wood"),
        is_simulated=simulated,
    )


def make_evidence(*, simulated: bool = True, height: float = 0.2) -> Evidence:
    """Two yards of which one changes in autumn 2020, and two controls."""
    rng = np.random.default_rng(11)
    signals = []
    for place in ("yard", "depot", "fence", "wood"):
        values = rng.uniform(0.0, 0.03, N_LOOKS)
        values[rng.random(N_LOOKS) < 0.2] = np.nan
        if place == "yard":
            values[128:138] += height
        signals.append(line(place, values, simulated=simulated))
    onset = Bracket(START, START + timedelta(days=640))
    change = StandingChange("d1", "yard", onset, None, Status.CONFIRMED, 1234.5, "sentinel-2")
    return Evidence(tuple(signals), (change,), simulated)


def _site_folder(root: Path, words: str, *, simulated: bool) -> Path:
    """Two yards and two controls inside the boundary of the factory of sites."""
    zones = collection(
        feature("yard", rectangle(126.605, 37.922, 126.608, 37.924), label=f"Yard{words}"),
        feature("depot", rectangle(126.612, 37.922, 126.615, 37.924)),
        feature("fence", rectangle(126.605, 37.926, 126.608, 37.928), kind="control"),
        feature("wood", rectangle(126.612, 37.926, 126.615, 37.928), kind="control"),
    )
    flags: dict[str, str | None] = {
        "simulated": str(simulated).lower(),
        "baseline_end": "2019-12-31",
    }
    return write_site(
        root, zones=zones, boundary=collection(feature("b", BOUNDARY)), settings=flags
    )


def _scene_id(look: int) -> str:
    """The scene of a look."""
    return f"S2A_TEST_{instants()[look]:%Y%m%d}"


def _chips(work: WorkFolder, *, simulated: bool) -> dict[str, str]:
    """Chips of the looks about the asserted times, as inputs of a run."""
    store, rng = ChipStore(work.chips), np.random.default_rng(3)
    inputs = {}
    for look in range(125, 141):
        scene = make_scene(_scene_id(look), instant=instants()[look], is_simulated=simulated)
        for band in ("red", "green", "blue"):
            pixels = rng.integers(300, 2500, GRID.shape, dtype=np.uint16)
            told = Delivery('"v1"', 10, radiometry="scale 0.0001, offset 0")
            chip = store.save(scene, band, pixels, GRID, delivery=told)
            inputs[f"chip:{scene.id}/{band}"] = chip.sha256
    return inputs


def _scene_table(*, simulated: bool) -> bytes:
    """Every look as a scene; every seventh was clouded and one failed."""
    rows = []
    for look, when in enumerate(instants()):
        use = "clouded" if look % 7 == 0 else "failed" if look == 131 else "used"
        row: Row = dict.fromkeys(SCENE_COLUMNS)
        row |= {"id": _scene_id(look), "instant": iso(when), "use": use, "simulated": simulated}
        rows.append(row | {"clear_share": 0.9, "platform": "sentinel-2a"})
    return to_csv(rows, SCENE_COLUMNS)


@dataclass(frozen=True)
class Made:
    """What the factory made.

    Attributes:
        root: the folder of everything.
        work: the work folder.
        run_id: the run.
    """

    root: Path
    work: WorkFolder
    run_id: str

    def wanted(self, claim: str = CLAIM, *, with_chips: bool = False) -> Wanted:
        """A claim of it."""
        seeds, site = self.root / "seeds", self.root / "demo"
        return Wanted(site, seeds, claim, self.work, with_chips=with_chips)


def make_run(root: Path, *, simulated: bool = True, words: str = "") -> Made:
    """A work folder with one run, beside the folders of its site and claims.

    Args:
        root: where all of it goes.
        simulated: whether it is a rehearsal.
        words: added to what the folders say of a zone and of a claim.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder = _site_folder(root, words, simulated=simulated)
    told = json.dumps(f"goods stood in rows{words}")
    claims = spoil(CLAIMS, '"goods stood in rows"', told)
    seeds_folder = write_seeds(root, claims=claims)
    site, seeds = load_site(folder), load_seeds(seeds_folder)
    work = WorkFolder(root / "work", site.id)
    inputs = {"settings": CONFIG.sha256, "seeds": seeds.sha256, "site": site.sha256}
    inputs |= _chips(work, simulated=simulated)
    run_id = identity(inputs)
    evidence = make_evidence(simulated=simulated)
    answers = assess(seeds, site, evidence, CONFIG.assess)
    failure: Row = dict.fromkeys(FAILURE_COLUMNS, "=x")
    failure |= {"scene_id": _scene_id(131), "reason": "the bytes did not arrive"}
    document = {
        **_head(site, run_id, seeds.sha256, simulated=simulated),
        "assessments": [answer_document(one, is_simulated=simulated) for one in answers],
    }
    head = EvidenceHead(run_id, site.id, "sentinel-2", CONFIG.sha256)
    _publish(
        work,
        RunRecord(run_id, site.id, "tiles", "complete", simulated, inputs, versions(), (), ()),
        {
            "evidence.json": encode_evidence(head, evidence),
            "settings.json": canonical_json(CONFIG.model_dump(mode="json")),
            "scenes.csv": _scene_table(simulated=simulated),
            "failures.csv": to_csv([failure], FAILURE_COLUMNS),
            "assessments.json": canonical_json(document),
        },
    )
    return Made(root, work, run_id)


def _head(site: Site, run_id: str, seeds_sha256: str, *, simulated: bool) -> dict[str, object]:
    """The head of the answers of a run."""
    return {
        "simulated": simulated,
        "site_id": site.id,
        "run_id": run_id,
        "source": "tiles",
        "settings_sha256": CONFIG.sha256,
        "seeds_sha256": seeds_sha256,
    }


def _publish(work: WorkFolder, record: RunRecord, products: Mapping[str, bytes]) -> None:
    """Products, their record, and the pointer to them."""
    folder = work.products_of(record.run_id)
    folder.mkdir(parents=True)
    for name, data in products.items():
        (folder / name).write_bytes(data)
    outputs = tuple(
        Artifact(path.name, sha256_of(path), path.stat().st_size)
        for path in sorted(folder.iterdir())
    )
    write_record(work, replace(record, outputs=outputs))
    work.point_to(record.run_id)


def resealed(bag: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Alter the payload of a dossier and write manifests that fit it: a forger's work.

    Args:
        bag: the dossier.
        change: what is done to the payload, bytes by path below ``data/``.
    """
    held = read_bag(bag)
    payload = dict(held.payload)
    change(payload)
    kept = {name: held.tags[name] for name in held.tags if "manifest" not in name}
    del kept["bagit.txt"]
    for name in held.payload.keys() - payload.keys():
        (bag / "data" / name).unlink()
    for name, data in payload.items():
        (bag / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (bag / "data" / name).write_bytes(data)
    for name, data in bag_tags(payload, kept).items():
        (bag / name).write_bytes(data)


def remade(bag: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Alter what a dossier rests on, and make all else anew from it: a diligent forger's work."""
    files = {name_outside(name): data for name, data in read_bag(bag).payload.items()}
    change(files)
    made = bag_of(weigh_again(read_given(files)))
    shutil.rmtree(bag)
    write_bag(bag, made.payload, made.tags)
