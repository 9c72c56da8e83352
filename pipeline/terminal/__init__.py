"""What a person sees in the terminal: a progress bar, then tables by zone and by claim.

Here belongs the look of the terminal. Numbers come ready from the findings; options and exit
codes belong to ``cli``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipeline.model.assessment import Modifier, Verdict
from pipeline.model.change import DECIBEL, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType
    from typing import Self

    from rich.console import Console, RenderableType
    from rich.progress import TaskID

    from pipeline.model.assessment import Assessment
    from pipeline.model.change import Bracket, Detection
    from pipeline.model.findings import DetectionLimit, Findings
    from pipeline.model.provenance import RunRecord
    from pipeline.model.site import Zone

VERDICT_STYLES = {
    Verdict.CORROBORATED: "bold green",
    Verdict.CONTRADICTED: "bold red",
    Verdict.NOT_CORROBORATED: "yellow",
    Verdict.NOT_OBSERVABLE: "dim",
}

REPORTED = (Status.CONFIRMED, Status.FINISHED)


class ProgressBars:
    """A run's listener that draws one bar a stage."""

    def __init__(self, console: Console) -> None:
        """Draw to that console."""
        columns = (
            TextColumn("{task.description:>8}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing, whatever happened."""
        self._progress.stop()

    def stage(self, name: str, n_steps: int) -> None:
        """A stage of so many steps begins."""
        self._task = self._progress.add_task(name, total=n_steps)

    def step(self) -> None:
        """One step of it is done."""
        if self._task is not None:
            self._progress.advance(self._task)


def simulated_banner() -> RenderableType:
    """What stands over everything made from simulated scenes."""
    return Panel(
        "[bold]SIMULATED[/bold]  These scenes are made up. What follows is a rehearsal, "
        "not evidence about any place or claim.",
        style="bold black on yellow",
    )


def zone_table(findings: Findings) -> Table:
    """A line for each named zone: looks, changes, onset, and what would have been seen."""
    table = plain_table(f"{findings.site.label}: change by zone{_of_orbit(findings)}")
    # 120 columns hold the kind or the step, and a zone's name says most of its kind.
    second = "kind" if findings.changes.steps is None else "step"
    for name in ("zone", second, "looks", "changes", "largest", "onset between", "seen from"):
        right = name in ("step", "looks", "changes", "largest", "seen from")
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for zone in findings.named_zones:
        table.add_row(*_zone_cells(zone, findings))
    table.caption, table.caption_justify = _seen_from(findings), "left"
    return table


def _seen_from(findings: Findings) -> str | None:
    """How the last column is known; a radar's is stated with its own unit."""
    if findings.changes.steps is not None:
        return None
    if findings.measured is None:
        return (
            "seen from: area and contrast (reflectance), estimated; "
            f"`zonewatch limit {findings.site.id}` measures them"
        )
    share = f"{100 * findings.measured.probability:.0f} %"
    return f"seen from: area and contrast (reflectance) found with {share}, measured by planting"


def _of_orbit(findings: Findings) -> str:
    """The series of a radar, in words; nothing for any other sensor."""
    cube = findings.cube
    return f", {cube.sensor} orbit {cube.orbit}" if cube.orbit else ""


def radar_lines(findings: Findings) -> list[str]:
    """What must be said of a radar's looks: dates left out, and orbits that are not judged."""
    steps = findings.changes.steps
    if steps is None:
        return []
    days = zip(findings.cube.instants, steps.common_level, steps.common_mode, strict=True)
    moved = [
        f"{instant:%Y-%m-%d}: all ground moved at once ({_steps(steps.bands, level)}), left out"
        for instant, level, is_out in days
        if is_out
    ]
    others = [
        f"orbit {one.orbit}: {one.n_looks} looks, not judged in this run"
        for one in findings.other_orbits
    ]
    return moved + others


def _steps(bands: Sequence[str], level: Iterable[float]) -> str:
    """Signed decibels by polarisation."""
    return ", ".join(
        f"{band.upper()} {value:+.1f} dB" for band, value in zip(bands, level, strict=True)
    )


def plain_table(title: str) -> Table:
    """A table without frames, one line a row."""
    return Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )


def _zone_cells(zone: Zone, findings: Findings) -> tuple[str, ...]:
    """The cells of one zone."""
    if not zone.is_placed or zone.id not in findings.series_of:
        is_far = zone.outline_outside is not None
        words = "outside the site" if is_far else "position not established"
        return zone.id, _second(findings, zone, None), "-", "-", words, "", ""
    looks = int(findings.looks_at(zone.id)[findings.changes.n_baseline :].sum())
    limit = findings.limit_of(zone.id)
    found = [one for one in findings.detections_in(zone.id) if one.status in REPORTED]
    largest = max(found, key=lambda one: one.area_m2, default=None)
    return (
        zone.id,
        _second(findings, zone, largest),
        str(looks),
        str(len(found)) if found else "none",
        "" if largest is None else _area(largest),
        "" if largest is None else span(largest.onset),
        limit_cell(limit),
    )


def _second(findings: Findings, zone: Zone, largest: Detection | None) -> str:
    """The kind of a zone or, where changes are steps, that of its largest object."""
    if findings.changes.steps is None:
        return zone.kind.value
    return "" if largest is None else f"{largest.magnitude:+.1f} dB"


def limit_cell(limit: DetectionLimit) -> str:
    """The smallest change that would have been reported."""
    if math.isinf(limit.contrast):
        return "nothing"
    return f"{limit.area_m2:,.0f} m2, {_contrast(limit)}"


def _contrast(limit: DetectionLimit) -> str:
    """The smallest contrast, with its unit unless it is a reflectance."""
    return f"{limit.contrast:.1f} dB" if limit.unit == DECIBEL else f"{limit.contrast:.2f}"


def _area(found: Detection) -> str:
    """Size with its uncertainty."""
    return f"{found.area_m2:,.0f} ± {found.area_error_m2:,.0f} m2"


def span(bracket: Bracket) -> str:
    """A bracket as two days."""
    start = "…" if bracket.last_without is None else f"{bracket.last_without:%Y-%m-%d}"
    return f"{start} - {bracket.first_with:%Y-%m-%d}"


def claim_table(assessments: Sequence[Assessment]) -> Table:
    """A line for each claim: verdict, why, and what must be read with it."""
    table = plain_table(f"Claims: {verdict_counts(assessments)}")
    table.expand = True  # only then do the ratios share what ids and verdicts leave
    longest = max((len(one.claim_id) for one in assessments), default=1)
    table.add_column("claim", no_wrap=True, width=longest)
    table.add_column("verdict", no_wrap=True, width=16)
    table.add_column("because", no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column("read with", no_wrap=True, overflow="ellipsis", ratio=2)
    for one in assessments:
        table.add_row(*_claim_cells(one))
    return table


def _claim_cells(one: Assessment) -> tuple[str, ...]:
    """The cells of one claim; that all of it is simulated stands over the whole table."""
    style = VERDICT_STYLES[one.verdict]
    label = one.verdict.value.replace("_", " ")
    shown = [m.value.replace("_", " ") for m in one.modifiers if m is not Modifier.SIMULATED]
    verdict = f"[{style}]{label}[/{style}]"
    return escape(one.claim_id), verdict, escape(one.reason), ", ".join(shown)


def verdict_counts(assessments: Sequence[Assessment]) -> str:
    """How many claims got which answer."""
    counts = dict.fromkeys(Verdict, 0)
    for one in assessments:
        counts[one.verdict] += 1
    return ", ".join(f"{n} {verdict.value.replace('_', ' ')}" for verdict, n in counts.items())


def failure_lines(record: RunRecord, most: int = 10) -> list[str]:
    """The assets that did not become data, the first few by name."""
    lines = [
        f"failed: {one.scene_id} {one.band}: {one.kind}: {one.reason}"
        for one in record.failures[:most]
    ]
    rest = len(record.failures) - most
    return [*lines, f"... and {rest} more, all in the run record"] if rest > 0 else lines
