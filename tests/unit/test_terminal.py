"""What the terminal says, read as plain text."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from shapely import box

from pipeline import terminal
from pipeline.model.assessment import Verdict
from pipeline.model.provenance import RunRecord
from pipeline.model.scene import AssetFailure
from pipeline.report import render_report
from pipeline.words import lint
from tests.unit.findings_factory import make_findings, told

if TYPE_CHECKING:
    from rich.console import RenderableType


def text_of(thing: RenderableType) -> str:
    console = Console(file=StringIO(), width=200)
    console.print(thing)
    stream = console.file
    assert isinstance(stream, StringIO)
    return stream.getvalue()


def test_every_named_zone_has_a_line_and_cells_have_none() -> None:
    findings = make_findings()
    text = text_of(terminal.zone_table(findings))
    for zone in findings.named_zones:
        assert zone.id in text
    assert "cell-r00" not in text


def test_a_zone_without_a_place_says_so() -> None:
    lines = text_of(terminal.zone_table(make_findings())).splitlines()
    (line,) = [line for line in lines if "electronics" in line]
    assert "position not established" in line


def test_a_comparator_outside_is_no_zone_of_the_pass() -> None:
    findings = make_findings()
    far = replace(findings.site.zone("electronics"), id="town", outline_outside=box(0, 0, 1, 1))
    zones = (*findings.site.zones, replace(far, search_cells=()))
    findings = replace(findings, site=replace(findings.site, zones=zones))
    lines = text_of(terminal.zone_table(findings)).splitlines()
    (line,) = [line for line in lines if line.strip().startswith("town")]
    assert "outside the site" in line
    assert "this comparator lies outside the site" in render_report(findings).decode()


def test_a_change_has_its_bracket_and_a_quiet_zone_its_limit() -> None:
    findings = make_findings()
    lines = text_of(terminal.zone_table(findings)).splitlines()
    (found,) = [line for line in lines if "north-vacant" in line]
    (quiet,) = [line for line in lines if "control-field" in line]
    onset = findings.detections_in("north-vacant")[0].onset
    assert f"{onset.first_with:%Y-%m-%d}" in found
    assert "none" in quiet
    assert "m2, 0." in quiet


def test_every_claim_has_its_verdict_in_words() -> None:
    findings = make_findings()
    text = text_of(terminal.claim_table(findings.assessments))
    for one in findings.assessments:
        assert one.claim_id in text
        assert one.verdict.value.replace("_", " ") in text


def test_a_narrow_terminal_still_has_one_line_a_claim() -> None:
    findings = make_findings()
    console = Console(file=StringIO(), width=60)
    console.print(terminal.claim_table(findings.assessments))
    stream = console.file
    assert isinstance(stream, StringIO)
    text = stream.getvalue()
    for one in findings.assessments:
        (line,) = [line for line in text.splitlines() if one.claim_id in line]
        assert one.verdict.value.replace("_", " ") in line
    assert all(len(line) <= 60 for line in text.splitlines())


def test_the_counts_name_all_four_verdicts() -> None:
    counts = terminal.verdict_counts(make_findings().assessments)
    for verdict in Verdict:
        assert verdict.value.replace("_", " ") in counts


def test_no_table_holds_a_banned_word() -> None:
    findings = make_findings()
    text = text_of(terminal.zone_table(findings)) + text_of(
        terminal.claim_table(findings.assessments)
    )
    assert not lint(text)


def test_markup_in_a_reason_is_text() -> None:
    findings = make_findings()
    (first, *rest) = findings.assessments
    evil = replace(first, why=told("[bold]x[/bold] [red"))
    text = text_of(terminal.claim_table((evil, *rest)))
    assert "[bold]x" in text


def test_the_banner_says_simulated_and_no_evidence() -> None:
    text = text_of(terminal.simulated_banner())
    assert "SIMULATED" in text
    assert "not evidence" in text


def test_failures_are_listed_up_to_a_few_and_then_counted() -> None:
    failures = tuple(AssetFailure(f"S{n}", "red", "FetchError", "cut") for n in range(13))
    record = RunRecord(
        "a" * 64, "x", "y", "partial", is_simulated=False,
        inputs={}, versions={}, outputs=(), failures=failures,
    )  # fmt: skip
    lines = terminal.failure_lines(record)
    assert len(lines) == 11
    assert "3 more" in lines[-1]
    assert not terminal.failure_lines(replace(record, failures=()))


def test_progress_counts_steps_of_the_last_stage() -> None:
    console = Console(file=StringIO(), width=100, force_terminal=True)
    with terminal.ProgressBars(console) as bars:
        bars.step()
        bars.stage("fetch", 2)
        bars.step()
        bars.step()
    stream = console.file
    assert isinstance(stream, StringIO)
    assert "2/2" in stream.getvalue()
