"""The page of a dossier: a claim, what was measured, the verdict, and how to check it.

Here belongs what stands on the page, every word and coordinate decided. Its look belongs to the
template and to the style of ``report``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from pipeline.dossier.charts import TEMPLATES, line_charts, to_svg
from pipeline.dossier.documents import REJECTED, asked_places, windows_at
from pipeline.dossier.words import RECOMPUTED, TAKEN
from pipeline.model.grid import Window
from pipeline.model.site import ZoneKind
from pipeline.report import drawing, wording
from pipeline.report.answers import claim_row
from pipeline.report.canvas import Figure, Shape
from pipeline.report.page import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.dossier.answer import Answer
    from pipeline.dossier.given import Picture
    from pipeline.model.claim import Claim
    from pipeline.model.site import Zone
    from pipeline.report.canvas import Moment
    from pipeline.report.content import ClaimRow

MOST_CHARTS: Final = 12
"""Charts on the page; all of them lie in the folder."""
MOST_SCENES: Final = 40
DIGITS: Final = 16


@dataclass(frozen=True)
class PictureView:
    """A picture with what is drawn over it."""

    role: str
    moment: Moment
    scene_id: str
    bands: str
    figure: Figure


@dataclass(frozen=True)
class PlaceView:
    """A place of the claim: how well it is known, and what it looked like."""

    id: str
    label: str
    place: str
    pictures: tuple[PictureView, ...]


@dataclass(frozen=True)
class Asked:
    """One prediction in words."""

    role: str
    what: str
    sensors: str
    basis: str


@dataclass(frozen=True)
class TestLine:
    """One window of one line in words."""

    __test__ = False  # pytest: not a test

    place: str
    target: str
    line: str
    when: str
    coverage: str
    effect: str
    interval: str
    chance: str
    limit: str
    gap: str


@dataclass(frozen=True)
class SceneLine:
    """A scene inside a window."""

    id: str
    when: str
    windows: str
    outcome: str


@dataclass(frozen=True)
class DossierPage:
    """Everything on the page.

    Attributes:
        is_simulated: whether the banner stands.
        site: its name.
        row: the claim with its answer, as in the report.
        speaker: who says it, in words.
        tests: every window, the strongest first.
        source: publisher, title, date, note and hash of the article.
        rests_on: claims that it repeats, id and statement.
        repeated_by: ids of the claims that repeat it.
        asked: predictions.
        plan_sha256: hash of the plan.
        is_post_hoc: whether the plan was changed after a look at the data.
        controls: names of the zones that it is compared with.
        numbers: the figures that the verdict rests on, name and value.
        places: the places of the claim.
        unpictured: why places are not shown.
        charts: the measured lines, drawn.
        n_charts: how many there are in the folder.
        uses: how many scenes ended how.
        scenes: those inside the windows.
        n_scenes: how many these are, if not all are listed.
        recomputed: what verify makes again.
        taken: what it believes.
        provenance: name and value.
        claim_id: the claim.
        version: of zonewatch.
    """

    is_simulated: bool
    site: str
    row: ClaimRow
    speaker: str
    tests: tuple[TestLine, ...]
    source: tuple[tuple[str, str], ...]
    rests_on: tuple[tuple[str, str], ...]
    repeated_by: tuple[str, ...]
    asked: tuple[Asked, ...]
    plan_sha256: str
    is_post_hoc: bool
    controls: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]
    places: tuple[PlaceView, ...]
    unpictured: tuple[str, ...]
    charts: tuple[Markup, ...]
    n_charts: int
    uses: tuple[tuple[str, str], ...]
    scenes: tuple[SceneLine, ...]
    n_scenes: int
    recomputed: tuple[str, ...]
    taken: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]
    claim_id: str
    version: str


def pages(answer: Answer) -> dict[str, bytes]:
    """The page and the charts as files, by path."""
    charts = line_charts(answer)
    drawn = {chart.file: to_svg(chart) for chart in charts}
    page = compose(answer, [Markup(svg.decode()) for svg in drawn.values()])  # noqa: S704 - escaped
    text = environment(TEMPLATES).get_template("dossier.html.j2").render(page=page)
    return {**drawn, "index.html": text.encode("utf-8", errors="replace")}


def compose(answer: Answer, charts: list[Markup]) -> DossierPage:
    """Decide every word of the page."""
    given, one = answer.given, answer.assessment
    claims = given.seeds.claims
    places = tuple(_places(answer))
    labels = {place.id: place.label for place in places}
    scenes = tuple(_scenes(answer))
    return DossierPage(
        is_simulated=given.is_simulated,
        site=given.site.label,
        row=claim_row(given.claim, one, labels),
        speaker=_speaker(given.claim),
        tests=tuple(_tests(answer, labels)),
        source=_source(answer),
        rests_on=tuple((c.id, c.statement) for c in claims if c.id in given.claim.derived_from),
        repeated_by=tuple(c.id for c in claims if given.claim.id in c.derived_from),
        asked=tuple(_asked(answer)),
        plan_sha256=answer.plan.sha256,
        is_post_hoc=given.claim.id in given.about.post_hoc,
        controls=tuple(zone.label for zone in given.site.controls),
        numbers=_numbers(answer),
        places=places,
        unpictured=given.about.unpictured,
        charts=tuple(charts[:MOST_CHARTS]),
        n_charts=len(charts),
        uses=tuple(_uses(answer)),
        scenes=scenes[:MOST_SCENES],
        n_scenes=len(scenes),
        recomputed=RECOMPUTED,
        taken=TAKEN,
        provenance=_provenance(answer),
        claim_id=given.claim.id,
        version=given.about.versions.get("zonewatch", ""),
    )


def _speaker(claim: Claim) -> str:
    """Who says it, and how far that is from the event."""
    far = "who says to have seen it" if not claim.remove else wording.count(claim.remove, "step")
    away = far if not claim.remove else f"{far} away from who saw it"
    return f"{claim.speaker}, {away} (grade {claim.reliability}; R1 is the most reliable)"


def _tests(answer: Answer, labels: Mapping[str, str]) -> Iterator[TestLine]:
    """Every window of the claim, those that were judged first."""
    for test in sorted(answer.assessment.tests, key=lambda one: one.effect is None):
        cover, effect = test.coverage, test.effect
        words = ("", "", "", "")
        if effect is not None:
            low, high = (wording.amount(end, test.unit) for end in effect.interval)
            words = (
                wording.amount(effect.difference, test.unit),
                f"{low} to {high}",
                wording.chance(effect.p_value, effect.n_shifts),
                wording.amount(effect.smallest_seen, test.unit),
            )
        observed = " ".join(filter(None, (test.observable.value, "by", test.sensor, test.series)))
        yield TestLine(
            labels.get(test.zone_id, test.zone_id),
            f"zone-{test.zone_id}" if test.zone_id in labels else "",
            observed.replace("-", " ", 1),
            wording.asserted(test.time),
            f"{cover.n_clear} of {cover.n_scenes}, needs {cover.n_needed}",
            *words,
            gap=test.gap,
        )


def _source(answer: Answer) -> tuple[tuple[str, str], ...]:
    """The article, in facts."""
    source = answer.given.source
    facts = (
        ("Published by", source.publisher),
        ("Title", source.title),
        ("Published", source.published),
        ("Copy that was read", f"SHA-256 {source.sha256}"),
        ("Note", source.note),
    )
    return tuple((name, value) for name, value in facts if value)


def _asked(answer: Answer) -> Iterator[Asked]:
    """The predictions, the primary one first."""
    for number, one in enumerate(answer.plan.predictions):
        yield Asked(
            role="Primary" if not number else "Secondary",
            what=f"{one.observable.value.replace('-', ' ')}: {one.direction.value}",
            sensors=", ".join(one.sensors) or "no open sensor",
            basis=one.basis,
        )


def _numbers(answer: Answer) -> tuple[tuple[str, str], ...]:
    """What the verdict rests on beside the table of tests."""
    one, options = answer.assessment, answer.given.config.assess
    family = "no window could be judged" if one.family_p is None else f"{one.family_p:.4f}"
    quoted = (
        wording.TO if one.q_value is None else f"{one.q_value:.4f} (at most {options.max_q_value})"
    )
    return (
        ("Windows judged", f"{one.n_tests} of {len(one.tests)}"),
        ("Chance of so strong a window anywhere (p)", family),
        ("Expected share of false calls among claims (q)", quoted),
        ("Clear looks needed in a window", str(options.min_window_looks)),
    )


def _places(answer: Answer) -> Iterator[PlaceView]:
    """The places that are asked, and those that the claim names without being asked."""
    given = answer.given
    names = dict.fromkeys((*asked_places(answer), *given.claim.zone_ids))
    for zone in given.site.zones:
        if zone.id in names and zone.kind is not ZoneKind.CELL:
            mine = [one for one in given.about.pictures if one.place == zone.id]
            in_time = sorted(mine, key=lambda one: datetime.fromisoformat(one.instant))
            views = tuple(_picture(answer, zone, one) for one in in_time)
            yield PlaceView(zone.id, zone.label, wording.place(zone), views)


def _picture(answer: Answer, zone: Zone, one: Picture) -> PictureView:
    """A picture with the outline of its place."""
    given, grid = answer.given, one.grid
    when = wording.moment(datetime.fromisoformat(one.instant), given.site.timezone)
    outline = ""
    if zone.geometry is not None:
        window = Window(0, 0, grid.height, grid.width)
        outline = drawing.outline_path(drawing.to_pixels(zone.geometry, grid), window)
    colours = "true colour" if len(one.bands) > 1 else f"{one.bands[0].upper()} in grey"
    figure = Figure(
        png=given.files.get(one.file, b""),
        width=grid.width,
        height=grid.height,
        shapes=(Shape(outline, "zone", zone.label),),
        labels=(),
        scale=drawing.scale_bar(grid.width, grid.gsd_m),
        legend=(),
        alt=f"{zone.label} on {when.utc}, {colours}",
        unit=max(grid.width, grid.height) / 30,
        is_crop=True,
    )
    return PictureView(one.role, when, one.scene_id, colours, figure)


def _uses(answer: Answer) -> Iterator[tuple[str, str]]:
    """How many scenes ended how, and what that means."""
    counted = Counter(row["use"] for row in answer.given.scenes)
    for use, number in sorted(counted.items(), key=lambda one: (one[0] != "used", one[0])):
        meaning = "" if use == "used" else f": {REJECTED.get(use, 'an asset did not arrive')}"
        yield f"{number:,}", f"{use.replace('_', ' ')}{meaning}"


def _scenes(answer: Answer) -> Iterator[SceneLine]:
    """The scenes inside the windows."""
    timezone = answer.given.site.timezone
    for row in answer.given.scenes:
        instant = datetime.fromisoformat(row["instant"])
        windows = windows_at(answer, instant)
        if windows:
            why = REJECTED.get(row["use"], "an asset did not arrive")
            outcome = "used" if row["use"] == "used" else f"not used: {why}"
            when = wording.moment(instant, timezone).utc
            yield SceneLine(row["id"], when, windows.replace(";", ", "), outcome)


def _provenance(answer: Answer) -> tuple[tuple[str, str], ...]:
    """Hashes and versions."""
    given = answer.given
    libraries = {n: v for n, v in given.about.versions.items() if not n.startswith("stage:")}
    stages = {
        n.removeprefix("stage:"): v
        for n, v in given.about.versions.items()
        if n.startswith("stage:")
    }
    return (
        ("Run", given.record.run_id),
        ("Scenes listed by", given.record.source),
        ("Plan", answer.plan.sha256),
        ("Claims folder", given.seeds.sha256),
        ("Site folder", given.site.sha256),
        ("Settings", given.config.sha256),
        ("Method", f"{given.about.method}; {_named(stages)}"),
        ("Software", _named(libraries)),
    )


def _named(versions: dict[str, str]) -> str:
    """Names with their versions."""
    return ", ".join(f"{name} {one}" for name, one in sorted(versions.items()))
