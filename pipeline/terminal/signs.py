"""The signs of activity in the terminal: a line a place, a column a sign, and what is not shown.

Here belongs the look of that table. Numbers come ready from the findings; reasons and limits by
zone stand in the products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipeline.model.site import SITE_PLACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model.activity import Activity, LastingDeparture, SignReading
    from pipeline.model.findings import Findings

CAPTION = (
    "a day: lasting, first look above (+) or below (-) what was to be expected; looks: single "
    "ones; blind: not observable, signs.csv says why"
)
BLIND, QUIET = "blind", "none"


def sign_table(findings: Findings) -> Table | None:
    """What departs, by place and sign; None if no sign was asked."""
    activity = findings.activity
    if activity is None or not activity.readings:
        return None
    table = Table(
        title="Signs of activity", title_justify="left", title_style="bold",
        box=SIMPLE_HEAD, pad_edge=False, caption=CAPTION, caption_justify="left",
    )  # fmt: skip
    table.add_column("place", no_wrap=True)
    for sign in activity.signs:
        table.add_column(sign.value.replace("-", " "))
    for place in _seen_places(findings):
        table.add_row(place, *_cells(activity, place))
    return table


def sign_lines(findings: Findings) -> list[str]:
    """Places and signs of which nothing is shown, one line a reason."""
    activity = findings.activity
    if activity is None:
        return []
    seen = _seen_places(findings)
    dark = [one.series.place for one in activity.readings if one.series.place not in seen]
    groups: dict[str, list[str]] = {"no sign is observable": list(dict.fromkeys(dark))}
    for zone, why in activity.silent_zones:
        if not activity.of(zone):
            groups.setdefault(why, []).append(zone)
    lines = [f"no sign, {why}: {', '.join(places)}" for why, places in groups.items() if places]
    return lines + [
        f"not shown, {one.sign.value.replace('-', ' ')}: {one.reason}" for one in activity.unasked
    ]


def _seen_places(findings: Findings) -> tuple[str, ...]:
    """Places of which some sign is observable: the whole site, then zones in their order."""
    readings = findings.activity.readings if findings.activity else ()
    seen = {one.series.place for one in readings if one.is_observable}
    zones = (zone.id for zone in findings.site.zones)
    return tuple(place for place in (SITE_PLACE, *zones) if place in seen)


def _cells(activity: Activity, place: str) -> list[str]:
    """A cell for every sign; of several products of one sign the one that says most."""
    readings = activity.of(place)
    return [_cell([one for one in readings if one.series.sign is sign]) for sign in activity.signs]


def _cell(readings: Sequence[SignReading]) -> str:
    """What departs in a sign of a place; nothing where the sign is not about such places."""
    shown = [one for one in readings if one.is_observable]
    if not shown:
        return f"[dim]{BLIND}[/dim]" if readings else ""
    lasting = sorted((run for one in shown for run in one.lasting), key=_first)
    if lasting:
        way = "+" if lasting[0].direction > 0 else "-"
        return f"[bold]{way} {_first(lasting[0])}[/bold]"
    n_single = sum(int(one.single.sum()) for one in shown)
    if n_single:
        return f"{n_single} look{'s' if n_single > 1 else ''}"
    return QUIET


def _first(run: LastingDeparture) -> str:
    """The day of the first look with it, UTC."""
    return f"{run.onset.first_with:%Y-%m-%d}"
