"""What the page needs, and nothing else: frozen nouns, every word and coordinate decided.

Here belongs the shape of the page. Deciding what stands in it belongs to ``compose`` and its
neighbours, drawing it to the templates. Lengths inside a figure are in the units of its own view
box; pictures are PNG bytes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """An instant in words.

    Attributes:
        day: civil day at the site, ``2020-10-09``.
        utc: ``2020-10-09 02:14 UTC``.
        local: ``11:14 local``, with the day where it differs from that in UTC.
    """

    day: str
    utc: str
    local: str


@dataclass(frozen=True)
class ScaleBar:
    """A known distance on a figure.

    Attributes:
        length: in view-box units.
        label: the distance in words.
    """

    length: float
    label: str


@dataclass(frozen=True)
class Shape:
    """Something drawn on a figure.

    Attributes:
        path: SVG path data.
        css: class that says what it is.
        title: what a pointer at rest on it is told.
        fill: colour where it carries a value; empty where the class decides.
    """

    path: str
    css: str
    title: str
    fill: str = ""


@dataclass(frozen=True)
class Label:
    """A number on the map, with the name where there is room for it.

    Attributes:
        number: as in the key.
        name: the zone's name; empty where it would cover another.
        x: of the centre.
        y: of the centre.
        target: anchor of the zone's section.
    """

    number: int
    name: str
    x: float
    y: float
    target: str


@dataclass(frozen=True)
class LegendStop:
    """A colour and what it stands for."""

    color: str
    label: str


@dataclass(frozen=True)
class Figure:
    """A picture of the ground with what is drawn on it.

    Attributes:
        png: the picture, one pixel of it a pixel of the sensor; empty where the picture of the
            site map is drawn again.
        width: of the view box, in pixels of the sensor.
        height: of the view box.
        shapes: drawn in this order.
        labels: drawn last.
        scale: the scale bar.
        legend: colours that carry values.
        alt: the figure in words.
        unit: edge of the text, in view-box units.
    """

    png: bytes
    width: int
    height: int
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    scale: ScaleBar
    legend: tuple[LegendStop, ...]
    alt: str
    unit: float


@dataclass(frozen=True)
class Crop:
    """A zone on one date.

    Attributes:
        role: ``Before`` or ``After``.
        moment: when.
        scene_id: which scene.
        unseen_pct: share of the zone that was not seen, in words.
        figure: the picture.
    """

    role: str
    moment: Moment
    scene_id: str
    unseen_pct: str
    figure: Figure


@dataclass(frozen=True)
class Tick:
    """An acquisition on the time line of looks.

    Attributes:
        x: place.
        length: height; longer the more of the site was clear.
        css: ``used``, ``clouded`` or ``failed``.
        title: date, scene and clear share.
    """

    x: float
    length: float
    css: str
    title: str


@dataclass(frozen=True)
class YearRow:
    """One year of the time line.

    Attributes:
        year: in digits.
        y: base line.
        ticks: by date.
        baseline: x and width of the baseline period; None where the year holds none of it.
        n_used: usable looks in this year.
    """

    year: str
    y: float
    ticks: tuple[Tick, ...]
    baseline: tuple[float, float] | None
    n_used: int


@dataclass(frozen=True)
class Timeline:
    """All acquisitions, a row a year.

    Attributes:
        width: of the view box.
        height: of the view box.
        rows: by year.
        months: x and name of the months.
        alt: the figure in words.
    """

    width: int
    height: int
    rows: tuple[YearRow, ...]
    months: tuple[tuple[float, str], ...]
    alt: str


@dataclass(frozen=True)
class Dot:
    """One look on a chart."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Span:
    """A stretch of time on a chart."""

    x: float
    width: float
    title: str


@dataclass(frozen=True)
class Chart:
    """Departing share of a zone through time.

    Attributes:
        width: of the view box.
        height: of the view box.
        left: x where the plot begins.
        right: x where it ends.
        top: y of the highest share.
        floor: y of zero.
        dots: one a look.
        line: path through the looks, broken where they lie far apart.
        standing: path of the share in confirmed change.
        control: path of the band of the controls; empty without controls.
        unseen: x of the dates on which too little of the zone was seen.
        onsets: brackets of the detections.
        baseline: the baseline period.
        x_ticks: x and label.
        y_ticks: y and label.
        alt: the chart in words.
    """

    width: int
    height: int
    left: float
    right: float
    top: float
    floor: float
    dots: tuple[Dot, ...]
    line: str
    standing: str
    control: str
    unseen: tuple[float, ...]
    onsets: tuple[Span, ...]
    baseline: Span
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    alt: str


@dataclass(frozen=True)
class DetectionRow:
    """A detection in words."""

    id: str
    onset: str
    reversal: str
    status: str
    area: str
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
        detections: by onset.
        reports: what others reported.
        cells: cells of the search area with a change: id and number of changes.
        claims: ids and anchors of the claims that speak of it.
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
    detections: tuple[DetectionRow, ...]
    reports: tuple[Report, ...]
    cells: tuple[tuple[str, int], ...]
    claims: tuple[tuple[str, str], ...]


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
    """The claims of one article."""

    publisher: str
    title: str
    published: str
    note: str
    sha256: str
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
        modifiers: every modifier in use, explained.
        rule: the numbers that the method is explained with.
        provenance: name and value.
        credit: whose data these are.
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
    modifiers: tuple[Chip, ...]
    rule: Rule
    provenance: tuple[tuple[str, str], ...]
    credit: str
