"""The claims of a site on all its sensors, in the terminal.

Here belongs the look of that answer. Its numbers come ready from ``join``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.markup import escape

from pipeline.model.comparison import Outcome
from pipeline.terminal import claim_table, plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.model.joined import Joined


def control_lines(joined: Joined) -> list[str]:
    """What became of the known changes, which must be read before any verdict."""
    state = joined.controls
    lines = []
    if state.missed:
        names = ", ".join(state.missed)
        lines.append(
            f"[bold red]Known changes not recovered: {escape(names)}.[/bold red] "
            "All other verdicts are withheld."
        )
    if state.found:
        lines.append(f"Known changes recovered: {escape(', '.join(state.found))}.")
    if state.untested:
        names = escape(", ".join(state.untested))
        lines.append(
            f"Known changes that could not be tested: {names}. "
            "Whether the method would recover them here is not known."
        )
    if not (state.found or state.missed or state.untested):
        lines.append("The claims name no known change by which the method could be tested.")
    return lines


def passes_table(joined: Joined) -> Table:
    """Which sensors took part, and why the others did not."""
    title = f"{joined.site.label}: what was measured"
    table = plain_table(title)
    table.min_width = len(title)  # or the title breaks
    table.add_column("sensor", no_wrap=True)
    table.add_column("lines", justify="right")
    table.add_column("run, or why there is none", overflow="ellipsis", no_wrap=True)
    lines = Counter(one.sensor for one in joined.evidence.signals)
    for one in joined.passed:
        what = f"run {one.run_id[:12]}" if one.run_id else one.why
        if one.n_failures:
            what += f", {one.n_failures} assets failed"
        table.add_row(escape(one.sensor), str(lines.pop(one.sensor, 0)), escape(what))
    for sensor, n_lines in sorted(lines.items()):
        table.add_row(escape(sensor), str(n_lines), "held with the site")
    return table


def verdict_table(joined: Joined) -> Table:
    """A line for each claim."""
    return claim_table(joined.assessments)


def other_way_lines(joined: Joined) -> list[str]:
    """Changes that no claim speaks of, by zone, and reported events beside the measurements."""
    loose = Counter(one.zone_id for one in joined.comparison.unexplained)
    named = ", ".join(f"{zone} {n}" for zone, n in sorted(loose.items()) if "cell-" not in zone)
    outcomes = Counter(one.outcome for one in joined.comparison.events)
    errors = sorted(
        abs(one.onset_error_days)
        for one in joined.comparison.events
        if one.onset_error_days is not None
    )
    told = ", ".join(f"{outcomes[one]} {one.value.replace('_', ' ')}" for one in Outcome)
    lines = [f"Confirmed changes that no testable claim speaks of: {escape(named) or 'none'}."]
    if joined.comparison.events:
        lines.append(f"Events that others reported: {told}.")
    if errors:
        middle = errors[len(errors) // 2]
        lines.append(
            f"Onset beside the reported day: {middle:.0f} days off in the middle one of "
            f"{len(errors)}, {errors[-1]:.0f} at most."
        )
    return lines
