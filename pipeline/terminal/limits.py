"""What a person sees of the detection limit: a table by zone, and how to read it.

Here belongs the look of ``zonewatch limit``. Numbers come ready from ``model.limit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from pipeline.model.limit import Plant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.model.limit import SiteLimits, ZoneLimit

MEANINGS = {
    Plant.BRIGHTER: "all bands rise by the contrast, as under goods, sheeting or fresh concrete",
    Plant.DARKER: "all bands are scaled down, by the contrast in the mean of red and near infrared",
    Plant.GREEN_LOST: "red rises and near infrared falls by the contrast, at most till they meet",
}


def limit_table(label: str, limits: SiteLimits) -> Table:
    """A line for each zone: looks, where was planted, and the least of every kind that is found."""
    share = f"{100 * limits.probability:.0f} %"
    table = _table(f"{label}: change found with {share}, measured by planting")
    for name in ("looks", "free", *(plant.value for plant in Plant)):
        table.add_column(name, justify="right", no_wrap=True)
    for zone in limits.zones:
        free = f"{100 * zone.n_free / zone.n_pixels:.0f} %" if zone.n_pixels else "none"
        cells = (_cell(zone, plant, limits) for plant in Plant)
        table.add_row(zone.zone_id, str(zone.n_looks), free, *cells)
    return table


def _table(title: str) -> Table:
    """A table without frames whose first column are the zones."""
    table = Table(
        title=escape(title),
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("zone", no_wrap=True)
    return table


def _cell(zone: ZoneLimit, plant: Plant, limits: SiteLimits) -> str:
    """The least change of a kind, with the interval of the share found."""
    tried, least = zone.of(plant), zone.least(plant)
    if not tried:
        return "[dim]no room[/]"
    if least is None:
        return f"[yellow]none up to {tried[-1].contrast:.2f}[/]"
    area = f"{least.tried_pixels * limits.pixel_area_m2:,.0f} m2"
    return f"{area}, {least.contrast:.2f} [dim]({100 * least.low:.0f}-{100 * least.high:.0f} %)[/]"


def limit_notes(limits: SiteLimits) -> Iterator[str]:
    """How the table came about and how it must be read, a line each."""
    yield (
        "Area and contrast in reflectance from which on all stronger changes are found, and the "
        "95 % interval of the share found. What is larger is found at less contrast: areas.csv."
    )
    yield (
        "free: share of the monitored pixels that was planted on, away from what really changed. "
        "no room: too few pixels have so much to lose, or lie together."
    )
    for plant, meaning in MEANINGS.items():
        yield f"[bold]{plant.value}[/]: {meaning}."
    yield (
        "The contrast is that of a pixel covered in full; at its edge a change is mixed with the "
        "ground around it, so that what is drawn on a map must be a little larger."
    )
    yield (
        f"Changes begin on one of {len(limits.onsets)} dates from {limits.onsets[0]} to "
        f"{limits.onsets[-1]} and last to {limits.last_date}. Objects of {limits.min_pixels} px and"
        " more are reported. Calibrated to confirm "
        f"{100 * limits.false_alarm_share:.2g} % of unchanged pixels. Seed {limits.seed}."
    )
