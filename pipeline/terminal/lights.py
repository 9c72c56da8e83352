"""What a person sees of night lights and coarse temperature: tallies, looks, series and gaps.

Here belongs the look of ``zonewatch fetch`` and ``zonewatch scenes`` for coarse sensors. Numbers
come ready from ``harvest`` and ``holdings``, means over an outline from ``raster.outline_mean``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from pipeline.model.coarse import Quantity
from pipeline.model.gaps import Cadence
from pipeline.model.site import SITE_PLACE
from pipeline.raster.outline_mean import outline_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from shapely.geometry.base import BaseGeometry

    from pipeline.harvest import CoarseHarvest
    from pipeline.holdings import HeldCoarseScene, HeldSeries, Holdings
    from pipeline.model.coarse import CoarseLook, LookLabel
    from pipeline.model.coarse_chip import PlacedLook
    from pipeline.model.gaps import Gap
    from pipeline.model.site import Site

_UNITS = {Quantity.RADIANCE: "nW/cm2/sr", Quantity.DN: "DN", Quantity.LST: "K"}
_DECIMALS = {Quantity.RADIANCE: 2, Quantity.DN: 1, Quantity.LST: 1}
MOST_GAPS = 3


def tally_lines(done: CoarseHarvest) -> Iterator[str]:
    """What a fetch came to, in a sentence or two, as markup."""
    head = f"[bold]{escape(done.site.label)}[/]: {done.sensor} from {escape(done.source)}"
    n_failed = len(done.failures)
    failed = f", [bold red]{n_failed} failed[/]" if n_failed else ""
    n_files = len(done.files)
    yield f"{head}: {n_files} file{'' if n_files == 1 else 's'}, {done.n_held} held{failed}"
    if done.n_new:
        yield f"{done.n_new} read this time, {done.n_held - done.n_new} held before and not read."
    elif done.n_held:
        yield "Nothing new: no pixel was read."


def look_table(site: Site, placed: Sequence[PlacedLook]) -> Table:
    """A line for each look of the site: when, how much was seen, and means beside comparators."""
    title = f"[bold]{escape(site.label)}[/]: the whole site, since zones are finer than the pixels"
    table = _table(title)
    quantities = {one.look.quantity for one in placed}
    unit = f", {_UNITS[quantities.pop()]}" if len(quantities) == 1 else ""
    table.add_column("seen at (UTC)", no_wrap=True)
    table.add_column("product", overflow="fold", max_width=41)
    table.add_column("seen", justify="right", no_wrap=True)
    table.add_column(f"mean{unit}", justify="right", no_wrap=True)
    inside = _controls(site)
    names = [zone.id for zone in site.comparators]
    for name in (["controls inside"] if inside is not None else []) + names:
        table.add_column(escape(name), justify="right", no_wrap=True)
    beside = {(_key(one.look), one.place): one.look for one in placed}
    for one in placed:
        if one.place == SITE_PLACE:
            others = [beside.get((_key(one.look), name)) for name in names]
            table.add_row(*_cells(site, one.look, inside), *_far_cells(site, names, others))
    return table


def _cells(site: Site, look: CoarseLook, inside: BaseGeometry | None) -> tuple[str, ...]:
    """The cells of one look of the site."""
    found = outline_mean(look, site.boundary)
    noise = f" ± {look.noise.sigma:.2g}" if found.mean is not None else ""
    label = " ".join(filter(None, (look.label.product, look.label.variant)))
    own = (
        when(look.period.start, look.period.end),
        escape(label),
        f"{100 * found.seen_share:.0f} %",
        _mean(look, site.boundary) + noise,
    )
    return own if inside is None else (*own, _mean(look, inside))


def _far_cells(
    site: Site, names: Sequence[str], looks: Sequence[CoarseLook | None]
) -> Iterator[str]:
    """The means of the comparators outside."""
    for name, look in zip(names, looks, strict=True):
        yield "not held" if look is None else _mean(look, site.outline_of(name))


def _mean(look: CoarseLook, outline: BaseGeometry) -> str:
    """The mean over what was seen of an outline."""
    found = outline_mean(look, outline)
    return "not seen" if found.mean is None else f"{found.mean:.{_DECIMALS[look.quantity]}f}"


def _controls(site: Site) -> BaseGeometry | None:
    """All controls inside the site as one outline: each alone is finer than a pixel."""
    outlines = [zone.geometry for zone in site.controls if zone.geometry is not None]
    return shapely.union_all(outlines) if outlines else None


def _key(look: CoarseLook) -> tuple[LookLabel, datetime, str]:
    """What the looks of one layer of one file share."""
    return look.label, look.period.start, look.sources[0].name


def when(start: datetime, end: datetime) -> str:
    """A time, or the month or year that a composite is of.

    Example:
        >>> from datetime import UTC, datetime
        >>> when(datetime(2016, 2, 1, tzinfo=UTC), datetime(2016, 2, 29, 23, tzinfo=UTC))
        '2016-02'
    """
    if start == end:
        return f"{start:%Y-%m-%d %H:%M}"
    return f"{start:%Y}" if (start.month, end.month) == (1, 12) else f"{start:%Y-%m}"


def coarse_table(scenes: Sequence[HeldCoarseScene]) -> Table:
    """A line for each acquisition that is held."""
    table = _table("[bold]Night lights and coarse temperature[/]")
    for name in ("seen at (UTC)", "product", "version"):
        table.add_column(name, no_wrap=True)
    for name in ("seen", "layers"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("over", no_wrap=True)
    table.add_column("file", overflow="fold")
    for scene in scenes:
        table.add_row(*_held_cells(scene))
    return table


def _held_cells(scene: HeldCoarseScene) -> tuple[str, ...]:
    """The cells of one acquisition."""
    several = f" [bold yellow]({scene.n_versions} held)[/]" if scene.n_versions > 1 else ""
    return (
        when(scene.start, scene.end),
        escape(" ".join(filter(None, (scene.product, scene.variant)))),
        escape(scene.collection or "-") + several,
        "-" if scene.seen_share is None else f"{100 * scene.seen_share:.0f} %",
        str(len(scene.layers)),
        escape(_over(scene.places)),
        escape(scene.name),
    )


def _over(places: Sequence[str]) -> str:
    """What an acquisition is held over, in a few characters.

    Example:
        >>> _over(["the site", "kaesong-city"]), _over(["kaesong-city"])
        ('site + 1', '1 comparator')
    """
    n_far = sum(place != SITE_PLACE for place in places)
    if SITE_PLACE in places:
        return f"site + {n_far}" if n_far else "site"
    return f"{n_far} comparator{'' if n_far == 1 else 's'}"


def series_lines(holdings: Holdings) -> Iterator[str]:
    """A line for each series, with what is missing in it, as markup."""
    for series in holdings.series:
        name = " ".join(filter(None, (series.product, series.variant)))
        ends = dict.fromkeys(_day(series, day) for day in (series.first, series.last))
        span = " to ".join(ends)
        n, unit = series.n_held, f"{series.cadence}{'' if series.n_held == 1 else 's'}"
        yield f"[bold]{escape(name)}[/]: {n} {unit} held, {span}{_gap_words(series)}"


def _gap_words(series: HeldSeries) -> str:
    """What is missing in a series."""
    if series.cadence == Cadence.IRREGULAR:
        return ""
    if not series.gaps:
        return ", no gap"
    n_missing = sum(gap.n for gap in series.gaps)
    shown = ", ".join(_gap(series, gap) for gap in series.gaps[:MOST_GAPS])
    more = len(series.gaps) - MOST_GAPS
    tail = f" and {more} more gaps" if more > 0 else ""
    return f", [yellow]{n_missing} missing[/]: {shown}{tail}"


def _gap(series: HeldSeries, gap: Gap) -> str:
    """One gap as one or two dates."""
    first, last = (_day(series, day) for day in (gap.first, gap.last))
    return first if gap.n == 1 else f"{first} to {last}"


def _day(series: HeldSeries, day: datetime | date) -> str:
    """A date to the length of a series' step."""
    shown = {Cadence.MONTHLY: "%Y-%m", Cadence.YEARLY: "%Y"}.get(Cadence(series.cadence))
    return day.strftime(shown or "%Y-%m-%d")


def _table(title: str) -> Table:
    """A table without frames."""
    return Table(title=title, title_justify="left", title_style="", box=SIMPLE_HEAD, pad_edge=False)
