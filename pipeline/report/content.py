"""What the page needs, and nothing else: frozen nouns, every word and coordinate decided.

Here belongs the shape of the page. Deciding what stands in it belongs to ``compose`` and its
neighbours, drawing it to the templates; what is drawn stands in ``canvas``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.report.canvas import Chart, Crop, Figure, SignChart, Timeline


@dataclass(frozen=True)
class DetectionRow:
    """A detection in words."""

    id: str
    onset: str
    reversal: str
    status: str
    area: str
    shape: str
    place: str
    n_pixels: int
    magnitude: str
    n_looks: int
    color: str


@dataclass(frozen=True)
class Report:
    """What another analyst reported of a zone, kept apart from the claims."""

    id: str
    when: str
    what: str
    observer: str


@dataclass(frozen=True)
class SignPanel:
    """One sign of one place.

    Attributes:
        name: of the sign; of the product, too, where one sign has several.
        says: what departs, or that nothing does, in a sentence or two.
        reach: what would have been seen, and on how much it rests.
        departs: whether anything stands out.
        chart: the sign beside its controls.
    """

    name: str
    says: str
    reach: str
    departs: bool
    chart: SignChart


@dataclass(frozen=True)
class SignLine:
    """One sign in the overview.

    Attributes:
        name: of the sign.
        counts: what its values count.
        note: what else moves it.
        shown: in how many zones it says something.
        why: why it says nothing anywhere; empty where it does somewhere.
        lasting: label and anchor of the zones in which it departs for several looks.
        single: likewise for single looks alone.
    """

    name: str
    counts: str
    note: str
    shown: str
    why: str
    lasting: tuple[tuple[str, str], ...]
    single: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SignOverview:
    """The signs of the whole run.

    Attributes:
        lines: one a sign that was asked.
        unasked: name of each other sign, and why not.
        whole_site: panels of the site as a whole.
        whole_blind: signs of the site as a whole that say nothing, and why.
        rule: what counts as a departure, and how often chance makes one, in sentences.
    """

    lines: tuple[SignLine, ...]
    unasked: tuple[tuple[str, str], ...]
    whole_site: tuple[SignPanel, ...]
    whole_blind: tuple[tuple[str, str], ...]
    rule: str


@dataclass(frozen=True)
class ZoneSection:
    """One zone.

    Attributes:
        id: the zone.
        anchor: fragment of its section.
        number: as on the map; 0 for one that is not on it.
        label: its name.
        kind: what it is for.
        place: how well its place is known, in words.
        group: ``changed``, ``quiet``, ``unplaced`` or ``control``.
        headline: what was measured, in one sentence.
        limit: the smallest change that would have been reported, in one sentence.
        crops: before and after; empty where there is nothing to show.
        chart: None for a zone without a place.
        n_changes: changes that the rule accepts.
        detections: those first, by onset, then what awaits further looks.
        n_unlisted: smaller detections that are left to the data files.
        reports: what others reported.
        search: the search area; None for a zone whose place is known.
        claims: ids and anchors of the claims that speak of it.
        signs: those that say something here, first those that depart.
        blind: names of the others that are about such zones, and why they say nothing.
    """

    id: str
    anchor: str
    number: int
    label: str
    kind: str
    place: str
    group: str
    headline: str
    limit: str
    crops: tuple[Crop, ...]
    chart: Chart | None
    n_changes: int
    detections: tuple[DetectionRow, ...]
    n_unlisted: int
    reports: tuple[Report, ...]
    search: Figure | None
    claims: tuple[tuple[str, str], ...]
    signs: tuple[SignPanel, ...] = ()
    blind: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ZoneGroup:
    """Zones of one outcome under one heading."""

    key: str
    title: str
    zones: tuple[ZoneSection, ...]


@dataclass(frozen=True)
class Chip:
    """A verdict or modifier: a mark, a word, a meaning."""

    key: str
    glyph: str
    label: str
    meaning: str


@dataclass(frozen=True)
class VerdictCount:
    """How many claims got a verdict."""

    chip: Chip
    count: int


@dataclass(frozen=True)
class TestRow:
    """One claim in one zone at one asserted time, in words."""

    __test__ = False  # pytest: not a test

    zone: str
    target: str
    when: str
    coverage: str
    effect: str
    interval: str
    chance: str
    limit: str


@dataclass(frozen=True)
class ClaimRow:
    """One claim with its answer.

    Attributes:
        id: as in the claims table.
        anchor: fragment of its row.
        statement: what is claimed.
        speaker: who says it, at which remove.
        place: where, in the words of the source.
        chip: the verdict.
        modifiers: what must be read with it.
        sentence: the whole answer.
        reason: why.
        times: each asserted time and who asserts it.
        coverage: looks, in short.
        effect: what was measured, or what would have been, in short.
        tests: every zone and time.
        n_tests: size of the family.
        alternatives: other explanations.
        note: what agrees and disagrees.
    """

    id: str
    anchor: str
    statement: str
    speaker: str
    place: str
    chip: Chip
    modifiers: tuple[Chip, ...]
    sentence: str
    reason: str
    times: tuple[tuple[str, str], ...]
    coverage: str
    effect: str
    tests: tuple[TestRow, ...]
    n_tests: int
    alternatives: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class SourceGroup:
    """The claims of one article.

    Attributes:
        publisher: who published it.
        title: its headline.
        published: when, EDTF.
        note: what a reader must know about its date or text.
        sha256: beginning of the hash of the stored article.
        is_open: whether it stands unfolded: some claim of it could be decided.
        counts: verdicts that occur.
        claims: in the order of the seeds folder.
    """

    publisher: str
    title: str
    published: str
    note: str
    sha256: str
    is_open: bool
    counts: tuple[VerdictCount, ...]
    claims: tuple[ClaimRow, ...]


@dataclass(frozen=True)
class Failure:
    """An asset that did not become data."""

    scene_id: str
    band: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Rule:
    """The numbers that the method is explained with.

    Attributes:
        gsd: edge of a pixel.
        threshold: in noise standard deviations.
        n_looks: clear looks in a row.
        min_pixels: smallest object.
        min_share: share of a zone that makes a look.
    """

    gsd: str
    threshold: str
    n_looks: int
    min_pixels: int
    min_share: str


@dataclass(frozen=True)
class RadarFacts:
    """What a page of radar says beside or instead of one of sunlight.

    Attributes:
        orbit: the ground track and direction that is judged.
        shown: the polarisation of the pictures.
        rate: share of unchanged pixels that may be called.
        vouched: how far the baseline bears that share out, in a sentence.
        common_mode: dates that were left out, each with the level of all ground.
        others: orbits that are not judged, a sentence each.
    """

    orbit: str
    shown: str
    rate: str
    vouched: str
    common_mode: tuple[tuple[str, str], ...]
    others: tuple[str, ...]


@dataclass(frozen=True)
class ReportContent:
    """The whole page.

    Attributes:
        is_simulated: whether the banner stands.
        site: name of the site.
        summary: the page in a few sentences.
        facts: the head table, name and value.
        verdicts: how many claims got which.
        site_map: the site with zones and changes.
        map_caption: what it is a picture of.
        grid_map: the search grid; None for a site without cells.
        timeline: every acquisition.
        sources: the claims by article.
        groups: the zones by outcome.
        failures: what did not become data.
        notes: what must be said of the listing of scenes, a line each.
        modifiers: every modifier in use, explained.
        rule: the numbers that the method is explained with.
        provenance: name and value.
        credit: whose data these are.
        share_name: what the charts of the zones draw.
        radar: what is particular to radar; None for a page of sunlight.
        signs: the signs of activity; None where none were asked.
    """

    is_simulated: bool
    site: str
    summary: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    verdicts: tuple[VerdictCount, ...]
    site_map: Figure
    map_caption: str
    grid_map: Figure | None
    timeline: Timeline
    sources: tuple[SourceGroup, ...]
    groups: tuple[ZoneGroup, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    modifiers: tuple[Chip, ...]
    rule: Rule
    provenance: tuple[tuple[str, str], ...]
    credit: str
    share_name: str
    radar: RadarFacts | None
    signs: SignOverview | None = None
