"""What a person sees of claims before anything is measured: a table of all, a page on one.

Here belongs the look only. Claims come from ``claims``, plans from ``assess``; what was measured is
drawn by the tables of a run.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.model.claim import Direction, Observable, Testability
from pipeline.model.time import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rich.console import RenderableType

    from pipeline.model.claim import Alternative, Claim, Prediction, Seeds
    from pipeline.model.plan import Plan, PlannedWindow
    from pipeline.model.site import Site

GRADES: Final = {
    Testability.STRONG: "open data can test it",
    Testability.WEAK: "open data can test it in part",
    Testability.SUB_METRE: "only imagery finer than a metre can test it",
    Testability.NONE: "it predicts nothing that a satellite could see",
}
STYLES: Final = {
    Testability.STRONG: "bold green",
    Testability.WEAK: "green",
    Testability.SUB_METRE: "yellow",
    Testability.NONE: "dim",
}
WAYS: Final = {
    Direction.INCREASE: "up",
    Direction.DECREASE: "down",
    Direction.CHANGE: "changed",
    Direction.NO_CHANGE: "no change",
}
UNITS: Final = {Observable.SURFACE_TEMPERATURE: "K", Observable.VEGETATION: "NDVI"}
"""Units of sizes. Night light is a natural logarithm, all others are shares of a place."""
CLOSED: Final = frozenset({"sub-metre"})
"""Sensors whose images are not open."""
EXCLUDERS: Final = {
    "controls": "ruled out by the controls: it would move them too",
    "season": "ruled out by other years: it would come in each of them",
}


def plain(text: str) -> str:
    r"""A text of strangers as a terminal may show it: what is not printable is spelled out.

    Example:
        >>> plain("a\x1b[2Jb")
        'a\\x1b[2Jb'
    """
    return "".join(
        one if one.isprintable() or one == "\n" else one.encode("unicode_escape").decode()
        for one in text
    )


def claims_table(
    seeds: Seeds, *, only_testable: bool = False, placed: Collection[str] | None = None
) -> Table:
    """A line for each claim.

    Args:
        seeds: the claims.
        only_testable: whether to leave out those that open imagery cannot test.
        placed: zones of the site whose place is established; None if no site is meant.
    """
    asked = (Testability.STRONG, Testability.WEAK)
    shown = [one for one in seeds.claims if not only_testable or one.testability in asked]
    table = Table(title=_counts(seeds, len(shown)), title_justify="left", title_style="bold")
    table.box, table.pad_edge, table.expand = SIMPLE_HEAD, False, True
    table.add_column("claim", no_wrap=True)
    table.add_column("test", no_wrap=True)
    table.add_column("asserted times", ratio=5)
    table.add_column("predicts first", ratio=8)
    table.add_column("zones", ratio=4)
    for claim in shown:
        table.add_row(*_cells(claim, placed))
    table.caption_justify, table.caption = "left", _legend(shown, placed)
    return table


def _counts(seeds: Seeds, n_shown: int) -> str:
    """The head of the table."""
    grades = [claim.testability for claim in seeds.claims]
    parts = ", ".join(f"{grades.count(grade)} {grade.value}" for grade in GRADES)
    part = "" if n_shown == len(grades) else f"{n_shown} of "
    return f"{part}{len(grades)} claims of {len(seeds.sources)} sources ({parts})"


def _legend(shown: Sequence[Claim], placed: Collection[str] | None) -> str:
    """What the short signs mean, of those that occur."""
    held = {claim.testability for claim in shown}
    lines = [f"{grade.value}: {words}" for grade, words in GRADES.items() if grade in held]
    if any(claim.is_positive_control for claim in shown):
        lines.append("●: positive control, which must be found before other claims are judged")
    if any(claim.is_date_disputed for claim in shown):
        lines.append("≠: sources disagree on the date; every one is tested")
    if placed is not None:
        lines.append("?: no source places the zone; cells are searched for it, if any hold it")
    return "\n".join(lines)


def _cells(claim: Claim, placed: Collection[str] | None) -> tuple[str, ...]:
    """The cells of one claim."""
    style = STYLES[claim.testability]
    mark = " ●" if claim.is_positive_control else ""
    predicted = _briefly(claim.predictions[0]) if claim.predictions else "nothing to be seen"
    zones = (zone if placed is None or zone in placed else f"{zone}?" for zone in claim.zone_ids)
    return (
        f"[bold]{escape(claim.id)}[/bold]",
        f"[{style}]{claim.testability.value}[/{style}]{mark}",
        escape(_times(claim)),
        escape(predicted) if claim.predictions else f"[dim]{predicted}[/dim]",
        escape(", ".join(zones)) or "[dim]none[/dim]",
    )


def _times(claim: Claim) -> str:
    """The asserted times in short: the only one, those in dispute, or the span of many."""
    if len(claim.times) == 1:
        return claim.times[0].edtf
    by_kind: dict[str, list[str]] = {}
    for time in claim.times:
        by_kind.setdefault(time.kind, []).append(time.edtf)
    disputed = next((held for held in by_kind.values() if len(held) > 1), None)
    if disputed is None:
        first, last = min(one.start for one in claim.times), max(one.end for one in claim.times)
        return f"{len(claim.times)} times, {_day(first)} to {_day(last)}"
    rest = len(claim.times) - len(disputed)
    return " ≠ ".join(disputed) + (f", +{rest}" if rest else "")


def _briefly(prediction: Prediction) -> str:
    """A prediction in one line: what, which way, how much, by which sensor."""
    what = f"{prediction.observable.value.replace('-', ' ')}: {WAYS[prediction.direction]}"
    size = _size(prediction)
    join = " beyond " if prediction.direction is Direction.NO_CHANGE else " "
    sensors = " or ".join(prediction.sensors) or "no sensor"
    return f"{what}{join}{size}, {sensors}" if size else f"{what}, {sensors}"


def _size(prediction: Prediction) -> str:
    """The size that is predicted, or whose absence is asked; empty if none is stated."""
    if prediction.expected is None:
        area = prediction.min_area_m2
        return "" if area is None else f"{area:,.0f} m2"
    size, unit = abs(prediction.expected), UNITS.get(prediction.observable)
    if unit is not None:
        return f"{size:g} {unit}"
    if prediction.observable is Observable.NIGHT_LIGHT:
        return f"{100 * abs(math.expm1(prediction.expected)):.0f} %"
    return f"{100 * size:g} % of the place"


def claim_page(claim: Claim, seeds: Seeds, site: Site, plan: Plan) -> RenderableType:
    """Everything about one claim.

    Args:
        claim: the claim.
        seeds: the folder that it stands in.
        site: whose zones and civil days are meant.
        plan: what will be asked of the data.
    """
    title = Text.assemble((plain(claim.id), "bold"), f"   {claim.testability.value}: ")
    title.append(GRADES[claim.testability], STYLES[claim.testability])
    if claim.is_positive_control:
        title.append("   ● positive control", "bold green")
    return Group(
        title,
        Padding(Text(plain(claim.statement), "italic"), (1, 2)),
        _pairs(_about(claim, seeds, site)),
        *_section("Asserted times, all of equal standing", [_times_table(claim)]),
        *_section("Predictions, fixed before a look at the data", _predictions(claim, plan, site)),
        *_section("Other explanations", [_pairs(map(_rival, claim.alternatives))]
                  if claim.alternatives else []),
        *_section("Dependence", [_pairs(_dependence(claim, seeds))]),
        *_section("Plan", [_pairs(_plan_lines(plan, site))]),
    )  # fmt: skip


def _section(title: str, content: Sequence[RenderableType]) -> Iterator[RenderableType]:
    """A heading with what stands below it; nothing if nothing does."""
    if content:
        yield Text(f"\n{title}", "bold")
        yield from (Padding(one, (0, 0, 0, 2)) for one in content)


def _pairs(rows: Iterator[tuple[str, str]] | map[tuple[str, str]]) -> Table:
    """Names and texts side by side; a row without a text is left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, text in rows:
        if text:
            table.add_row(escape(plain(name)), escape(plain(text)))
    return table


def _about(claim: Claim, seeds: Seeds, site: Site) -> Iterator[tuple[str, str]]:
    """Who says it, and of which place."""
    source = next(one for one in seeds.sources if one.id == claim.source_id)
    steps = {0: "saw it himself", 1: "one step from the event"}
    yield "source", f"{source.publisher}, {source.published}: {source.title}"
    yield "", f"{source.id}, {source.file}, SHA-256 {source.sha256[:12]}"
    yield "", source.note
    yield "speaker", claim.speaker
    yield "remove", steps.get(claim.remove, f"{claim.remove} steps from the event")
    yield "reliability", f"{claim.reliability} of R1 (best) to R6"
    yield "place", claim.place
    for number, zone_id in enumerate(claim.zone_ids):
        yield "zones" if number == 0 else "", _zone_words(zone_id, site)
    if claim.is_from_imagery:
        yield "imagery", "read off satellite images itself: measuring it again is a repetition"
    yield "note", claim.note


def _zone_words(zone_id: str, site: Site) -> str:
    """A zone with how far its place is known."""
    zone = next((one for one in site.zones if one.id == zone_id), None)
    if zone is None:
        return f"{zone_id}: not a zone of {site.id}"
    if zone.is_placed:
        return f"{zone_id}: has an outline in {site.id}"
    if zone.outline_outside is not None:
        return f"{zone_id}: lies outside the outline of {site.id}"
    return f"{zone_id}: not placed by any source, {len(zone.search_cells)} cells are searched"


def _times_table(claim: Claim) -> Table:
    """A line for each asserted time."""
    table = Table.grid(padding=(0, 3))
    for _ in range(4):
        table.add_column(no_wrap=True)
    table.columns[3].no_wrap = False
    for time in claim.times:
        span = _span_words(time.start, time.end)
        edtf = "" if time.edtf == span else span
        said = ", ".join(time.asserted_by)
        table.add_row(time.kind, f"[bold]{escape(time.edtf)}[/bold]", edtf, escape(plain(said)))
    return table


def _predictions(claim: Claim, plan: Plan, site: Site) -> list[RenderableType]:
    """Each prediction with its windows as civil days, an empty line between them."""
    drawn: list[RenderableType] = []
    for number, prediction in enumerate(claim.predictions):
        drawn += [Text("")] if drawn else []
        drawn.append(_pairs(_prediction_lines(number, prediction, plan, site)))
    return drawn or [Text("none")]


def _prediction_lines(
    number: int, prediction: Prediction, plan: Plan, site: Site
) -> Iterator[tuple[str, str]]:
    """One prediction: what, by which sensor, why, when."""
    yield "primary" if number == 0 else f"further {number}", _briefly(prediction)
    yield "basis", prediction.basis
    yield "size", _exactly(prediction)
    windows = [one for one in plan.windows if one.prediction == number]
    if not windows or set(prediction.sensors) <= CLOSED:
        yield "window", "none: no open sensor is asked"
    else:
        for place, window in enumerate(windows):
            yield "window" if place == 0 else "", _window_words(window, site)


def _exactly(prediction: Prediction) -> str:
    """The size as the plan holds it."""
    if prediction.expected is not None:
        is_light = prediction.observable is Observable.NIGHT_LIGHT
        unit = UNITS.get(prediction.observable, "of its natural logarithm" if is_light else "share")
        return f"{prediction.expected:+g} {unit}"
    if prediction.min_area_m2 is not None:
        return f"{prediction.min_area_m2:,.0f} m2, a share by the area of each place"
    return "none stated: neither support nor opposition can come of it"


def _window_words(window: PlannedWindow, site: Site) -> str:
    """The days asked, and what they are compared with, in civil days of the site."""
    asked = _civil_span(window.start_utc, window.end_utc, site)
    against = "all other looks"
    if window.reference_start_utc:
        against = _civil_span(window.reference_start_utc, window.reference_end_utc, site)
    return f"{asked}, against {against} ({window.time.kind} {window.time.edtf})"


def _civil_span(start_utc: str, end_utc: str, site: Site) -> str:
    """Two instants as the civil days that they begin and end."""
    zone = ZoneInfo(site.timezone)
    last = datetime.fromisoformat(end_utc) - timedelta(microseconds=1)
    start = datetime.fromisoformat(start_utc).astimezone(zone).date()
    return _span_words(start, last.astimezone(zone).date())


def _span_words(start: date, end: date) -> str:
    """A first and a last day."""
    return _day(start) if start == end else f"{_day(start)} to {_day(end)}"


def _day(day: date) -> str:
    """A day, or that a time is still open."""
    return "now" if day >= OPEN_END else day.isoformat()


def _rival(one: Alternative) -> tuple[str, str]:
    """Another explanation, who raised it, and whether it stays open."""
    raised = f" Raised by {one.raised_by}." if one.raised_by else ""
    size = "" if one.expected is None else f"; expected size {one.expected:+g}"
    ends = EXCLUDERS.get(one.excluded_by, "open: the method does not rule it out")
    return one.id, f"{one.predicts}.{raised} [{ends}{size}]"


def _dependence(claim: Claim, seeds: Seeds) -> Iterator[tuple[str, str]]:
    """What the claim rests on, and which claims rest on it."""
    known = {one.id: one for one in seeds.claims}
    children = [one.id for one in seeds.claims if claim.id in one.derived_from]
    for words, ids in (("rests on", claim.derived_from), ("is repeated by", children)):
        if not ids:
            yield words, "no claim of the folder"
        for place, name in enumerate(ids):
            text = known[name].statement if name in known else "left out of the folder"
            yield words if place == 0 else "", f"{name}  {text}"


def _plan_lines(plan: Plan, site: Site) -> Iterator[tuple[str, str]]:
    """The plan by its hash."""
    yield "SHA-256", plan.sha256
    yield "site", f"{site.id}, {len(plan.places)} places are asked, method {plan.method}"
    levels = (f"{name} {value:g}" for name, value in plan.levels)
    yield "levels", ", ".join(levels)
