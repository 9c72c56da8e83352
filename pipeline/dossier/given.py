"""What a dossier rests on: the files that are taken over from a run, and the nouns in them.

Here belong the names of these files and their reading, the same for whoever writes a dossier and
for whoever checks one that a stranger made. Bringing them together belongs to ``gather``, what
follows from them to ``derive``.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.claims import FILES as SEED_FILES
from pipeline.claims import load_sound_seeds
from pipeline.config import RunConfig
from pipeline.errors import DossierError, PipelineError
from pipeline.model.grid import Grid  # noqa: TC001 - pydantic reads the type when it runs
from pipeline.model.plan import Registration
from pipeline.publish.rows import FAILURE_COLUMNS, SCENE_COLUMNS
from pipeline.sites import load_site
from pipeline.store.evidence import EvidenceHead, decode_evidence
from pipeline.store.files import canonical_json
from pipeline.store.seeds import EARLIEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.model.claim import Claim, Seeds, Source
    from pipeline.model.signal import Evidence
    from pipeline.model.site import Site

FORMAT: Final = 1
"""Raised by hand when a dossier changes its shape."""
ABOUT: Final = "dossier.json"
EVIDENCE: Final = "evidence.json"
CHIP_TABLE: Final = "chips.csv"
SETTINGS: Final = "settings.json"
RECORD: Final = "run/record.json"
SCENES: Final = "run/scenes.csv"
FAILURES: Final = "run/failures.csv"
SITE_FILES: Final = ("aoi/site.toml", "aoi/boundary.geojson", "aoi/zones.geojson")
SEEDS: Final = tuple(f"seeds/{name}" for name in SEED_FILES)
STATED: Final = (ABOUT, EVIDENCE, CHIP_TABLE, SETTINGS, RECORD, SCENES, FAILURES)
NEEDED: Final = (*STATED, *SITE_FILES, *SEEDS)
TAKEN_OVER: Final = ("pictures/", "chips/")
"""Folders whose files are taken over as they are."""
MARK: Final = "SIMULATED-"
VERBATIM: Final = ("aoi/", "seeds/", "run/", "chips/", SETTINGS)
"""What is copied as it is, so that only its name can say that it stands in a rehearsal."""
CHIP_COLUMNS: Final = (
    "scene_id", "band", "collection", "baseline", "instant", "platform", "address", "etag",
    "source_sha256", "sha256", "pixels_sha256", "radiometry", "file", "simulated",
)  # fmt: skip
LATEST_YEAR: Final = 2100
MAX_CELL: Final = 1_000_000
"""Characters of a field of a table; the longest reason of a failure has some hundred."""

Hash = Field(pattern=r"^[0-9a-f]{64}$")
AnyDocument = TypeVar("AnyDocument", bound=BaseModel)


class _Document(BaseModel):
    """Base of the documents: typed, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Picture(_Document):
    """A picture of a place on one date, and where its pixels lie.

    Attributes:
        file: path in the dossier.
        place: id of the zone.
        role: why this date: before all asserted times, at one of them, or after.
        scene_id: the scene.
        instant: when it was taken, ISO 8601.
        bands: shown as red, green and blue, or one in grey.
        grid: of the picture.
    """

    file: str = Field(pattern=r"^pictures/[a-z0-9-]+\.png$")
    place: str
    role: str
    scene_id: str
    instant: str
    bands: tuple[str, ...]
    grid: Grid


class About(_Document):
    """What a dossier says of itself.

    Attributes:
        format: number of its shape.
        claim_id: the claim that it is about.
        simulated: whether any of it rests on made-up scenes.
        method: number of the method by which claims were weighed.
        post_hoc: claims whose plan was changed after a look at the data.
        versions: version by stage and library.
        pictures: what is shown.
        unpictured: why a place is not shown, a sentence each.
        with_chips: whether pixels are enclosed.
    """

    format: Literal[1]
    claim_id: str
    simulated: bool
    method: str
    post_hoc: tuple[str, ...]
    versions: dict[str, str]
    pictures: tuple[Picture, ...]
    unpictured: tuple[str, ...]
    with_chips: bool


class Output(_Document):
    """A product of the run."""

    name: str
    sha256: str = Hash
    nbytes: int


class Record(BaseModel):
    """What a dossier needs of a run record."""

    model_config = ConfigDict(frozen=True)

    run_id: str = Hash
    site_id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    source: str
    state: str
    is_simulated: bool
    inputs: dict[str, str]
    versions: dict[str, str]
    outputs: tuple[Output, ...]

    @property
    def output_hashes(self) -> dict[str, str]:
        """Hash by name of the products."""
        return {one.name: one.sha256 for one in self.outputs}


@dataclass(frozen=True)
class Given:
    """Everything that a dossier rests on.

    Attributes:
        about: what it says of itself.
        record: the run.
        head: what the evidence says of itself.
        evidence: the lines.
        config: the settings as they took effect.
        seeds: all claims, since they are weighed together.
        site: the site.
        scenes: rows of the run's table of scenes.
        failures: rows of its table of failures.
        chips: rows of the table of chips.
        files: bytes of all of it, by path.
    """

    about: About
    record: Record
    head: EvidenceHead
    evidence: Evidence
    config: RunConfig
    seeds: Seeds
    site: Site
    scenes: tuple[Mapping[str, str], ...]
    failures: tuple[Mapping[str, str], ...]
    chips: tuple[Mapping[str, str], ...]
    files: Mapping[str, bytes]

    @property
    def is_simulated(self) -> bool:
        """Whether any of it is made up."""
        return self.evidence.is_simulated or self.site.is_simulated

    @property
    def claim(self) -> Claim:
        """The claim that the dossier is about."""
        return next(one for one in self.seeds.claims if one.id == self.about.claim_id)

    @property
    def source(self) -> Source:
        """The article that makes it."""
        return next(one for one in self.seeds.sources if one.id == self.claim.source_id)

    @property
    def registered(self) -> dict[str, Registration]:
        """The plans that were changed after a look at the data."""
        return {claim_id: Registration("", is_post_hoc=True) for claim_id in self.about.post_hoc}


def name_in_bag(path: str, *, simulated: bool) -> str:
    """What a file is called in the bag: copies of a rehearsal bear its mark in their name.

    Example:
        >>> name_in_bag("aoi/site.toml", simulated=True), name_in_bag("index.html", simulated=True)
        ('aoi/SIMULATED-site.toml', 'index.html')
    """
    if not simulated or not path.startswith(VERBATIM):
        return path
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{MARK}{name}"


def name_outside(name: str) -> str:
    """The path of a file whose name in the bag may bear the mark.

    Example:
        >>> name_outside("aoi/SIMULATED-site.toml")
        'aoi/site.toml'
    """
    folder, slash, base = name.rpartition("/")
    return f"{folder}{slash}{base.removeprefix(MARK)}"


def read_given(files: Mapping[str, bytes]) -> Given:
    """The nouns in the files that a dossier rests on.

    Args:
        files: bytes by path, without the mark in their names.

    Raises:
        DossierError: if one is missing, cannot be read, or they do not belong together.
    """
    missing = [name for name in NEEDED if name not in files]
    if missing:
        raise DossierError(f"{missing[0]} is missing, and nothing can be recomputed without it")
    about = _document(About, files, ABOUT)
    record = _document(Record, files, RECORD)
    head, evidence = _evidence(files[EVIDENCE])
    given = Given(
        about=about,
        record=record,
        head=head,
        evidence=evidence,
        config=_document(RunConfig, files, SETTINGS),
        seeds=_seeds(files),
        site=_site(files, record.site_id),
        scenes=_table(files, SCENES, SCENE_COLUMNS),
        failures=_table(files, FAILURES, FAILURE_COLUMNS),
        chips=_table(files, CHIP_TABLE, CHIP_COLUMNS),
        files=files,
    )
    if all(one.id != about.claim_id for one in given.seeds.claims):
        raise DossierError(f"its claims hold no {about.claim_id!r}", where=ABOUT)
    return given


def _document(kind: type[AnyDocument], files: Mapping[str, bytes], name: str) -> AnyDocument:
    """A document from canonical JSON: one value has one text, so no key can stand twice.

    Raises:
        DossierError: if it is none.
    """
    try:
        values: Any = json.loads(files[name])
        is_own = canonical_json(values) == files[name]
        document = kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DossierError(f"{key}: {first['msg']}", where=name) from error
    except (ValueError, RecursionError, OSError) as error:
        raise DossierError(f"no JSON of ours: {error}", where=name) from error
    if not is_own:
        raise DossierError("not in the form in which zonewatch writes JSON", where=name)
    return document


def _evidence(data: bytes) -> tuple[EvidenceHead, Evidence]:
    """The evidence.

    Raises:
        DossierError: if it cannot be read.
    """
    try:
        head, evidence = decode_evidence(data, EVIDENCE)
    except PipelineError as error:
        raise DossierError(error.what, where=EVIDENCE) from error
    years = {when.year for one in evidence.signals for when in (*one.instants, *one.listed)}
    if years - set(range(EARLIEST.year, LATEST_YEAR)):
        # Windows are moved over all years, so that made-up ages would take as long as ages.
        raise DossierError("it tells of years without satellites", where=EVIDENCE)
    return head, evidence


def _seeds(files: Mapping[str, bytes]) -> Seeds:
    """The claims that nothing is wrong with, read by the rules of any claims folder.

    Raises:
        DossierError: if they break one.
    """
    with tempfile.TemporaryDirectory() as folder:
        _unpack(files, SEEDS, Path(folder))
        try:
            return load_sound_seeds(Path(folder))[0]
        except PipelineError as error:
            raise DossierError(error.what, where="seeds") from error


def _site(files: Mapping[str, bytes], site_id: str) -> Site:
    """The site, read by the rules of any AOI folder, which bears the site's id.

    Raises:
        DossierError: if it breaks one.
    """
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / site_id
        folder.mkdir()
        _unpack(files, SITE_FILES, folder)
        try:
            return load_site(folder)
        except PipelineError as error:
            raise DossierError(error.what, where="aoi") from error


def _unpack(files: Mapping[str, bytes], names: Sequence[str], folder: Path) -> None:
    """Put files of known names into a folder of our own."""
    for name in names:
        (folder / name.rpartition("/")[2]).write_bytes(files[name])


def _table(
    files: Mapping[str, bytes], name: str, columns: Sequence[str]
) -> tuple[Mapping[str, str], ...]:
    """The rows of a CSV file that has these columns.

    Raises:
        DossierError: if it is none.
    """
    csv.field_size_limit(MAX_CELL)
    try:
        text = files[name].decode("utf-8")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = tuple(reader)
    except (ValueError, csv.Error) as error:
        raise DossierError(f"no table: {error}", where=name) from error
    if tuple(reader.fieldnames or ()) != tuple(columns):
        raise DossierError("its columns are other ones", where=name)
    # A row of another length than the head holds None as a key or as a value.
    if any(None in row or None in row.values() for row in rows):
        raise DossierError("a row is longer or shorter than the head", where=name)
    return rows


def sha256_hex(data: bytes) -> str:
    """Hash of some bytes, hex."""
    return hashlib.sha256(data).hexdigest()
