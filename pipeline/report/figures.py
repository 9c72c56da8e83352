"""The pictures of the page: the site map, the search grid, and a zone before and after.

Here belongs the choice of dates and of what is drawn. Colour belongs to ``pictures``, plane
geometry to ``drawing``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.grid import Window
from pipeline.model.site import ZoneKind
from pipeline.report import drawing, wording
from pipeline.report.canvas import Crop, Figure, Label, LegendStop, Shape
from pipeline.report.pictures import is_radar, picture, stretch_of, to_png

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.model.change import Detection
    from pipeline.model.cube import ZoneMask
    from pipeline.model.findings import Findings
    from pipeline.model.site import Zone
    from pipeline.report.pictures import Stretch

CLEAR_ENOUGH = 0.97
"""Share of a block that must be seen for a date to be a good picture of it."""
CROP_MARGIN_PX = 8
MIN_CROP_PX = 40
ONSET_COLORS = ("#ffe945", "#f9a242", "#e0605f", "#a2307f", "#5b1a8c")
"""From early to late; told apart by lightness alone, so by colour-blind eyes as well."""
SHARE_COLORS = ("#fde79a", "#f9a242", "#e0605f", "#8d1d6f")
SHARE_STEPS = (0.01, 0.05, 0.2)
"""Lower ends of the classes above the first, as shares of a cell."""


@dataclass(frozen=True)
class Painter:
    """Findings with what all their pictures have in common.

    Attributes:
        findings: what the pass found.
    """

    findings: Findings

    @cached_property
    def map_date(self) -> int:
        """The latest date on which nearly all of the site was seen, or the best one."""
        share = self.findings.cube.clear.mean(axis=(1, 2))
        return _latest_clear(np.where(self.findings.changes.left_out, 0, share))

    @cached_property
    def stretch(self) -> Stretch:
        """One stretch for all pictures of the page."""
        return stretch_of(self.findings.cube, self.map_date)

    def png(self, date: int, window: Window) -> bytes:
        """A block of one date as a picture."""
        pixels = picture(self.findings.cube, date, window, self.stretch)
        return to_png(pixels, is_simulated=self.findings.is_simulated)

    @cached_property
    def colouring(self) -> str:
        """What the pictures show, in words."""
        cube = self.findings.cube
        return f"{cube.bands[0].upper()} backscatter" if is_radar(cube) else "true colour"

    @cached_property
    def everything(self) -> Window:
        """The whole grid."""
        return Window(0, 0, *self.findings.cube.grid.shape)

    @cached_property
    def onset_days(self) -> tuple[tuple[str, ...], ...]:
        """The days on which changes were first seen, early to late, in as many groups as colours.

        Groups hold about as many days each, so that colours tell changes apart that came within
        weeks of one another in a period of years.
        """
        held = wording.accepted(self.findings.detections)
        days = sorted({self._onset_day(found) for found in held})
        n_groups = min(len(ONSET_COLORS), len(days))
        return tuple(tuple(group) for group in np.array_split(days, n_groups)) if days else ()

    def onset_color(self, found: Detection) -> str:
        """The colour of the group that holds an onset; what awaits looks has that of the last."""
        day = self._onset_day(found)
        places = (n for n, group in enumerate(self.onset_days) if day <= group[-1])
        return self.onset_colors[next(places, -1)]

    @cached_property
    def onset_colors(self) -> tuple[str, ...]:
        """A colour for each group, spread over the whole scale."""
        last = len(ONSET_COLORS) - 1
        n_groups = max(1, len(self.onset_days))
        places = np.linspace(0 if n_groups > 1 else 1, last, n_groups).round().astype(int)
        return tuple(ONSET_COLORS[place] for place in places.tolist())

    def _onset_day(self, found: Detection) -> str:
        """The civil day of the first look with a change."""
        return wording.moment(found.onset.first_with, self.findings.site.timezone).day


def _latest_clear(share: NDArray[np.float64]) -> int:
    """The last date with enough in sight, or the one with most."""
    good = np.flatnonzero(share >= CLEAR_ENOUGH)
    return int(good[-1]) if good.size else int(share.argmax())


def site_map(painter: Painter, numbers: dict[str, int]) -> Figure:
    """The site on a clear date, its zones and what changed in them.

    Args:
        painter: the findings.
        numbers: number by zone id, in the order of the key.
    """
    grid, window = painter.findings.cube.grid, painter.everything
    unit = max(grid.shape) / 58
    zones = [zone for zone in painter.findings.named_zones if zone.geometry is not None]
    outlines = tuple(_zone_shape(painter, zone, window) for zone in zones)
    labels = [
        _label(zone, drawing.to_pixels(zone.geometry, grid), numbers[zone.id])
        for zone in zones
        if zone.geometry is not None
    ]
    changes = site_changes(painter)
    return Figure(
        png=painter.png(painter.map_date, window),
        width=grid.width,
        height=grid.height,
        shapes=outlines + tuple(s for one in changes for s in _change_shapes(painter, one, window)),
        labels=drawing.place_labels(labels, unit, grid.width),
        scale=drawing.scale_bar(grid.width, grid.gsd_m),
        legend=onset_legend(painter),
        alt=f"Map of the site with {len(zones)} zones and {len(changes)} changes, listed below",
        unit=unit,
    )


def site_changes(painter: Painter) -> tuple[Detection, ...]:
    """Every change of the site once, though several zones may hold it.

    The largest piece in a named zone stands for it, or the largest in a cell if there is none.
    Pieces of one change share the block of the grid that the whole change fills, and a time.
    """
    named = {zone.id for zone in painter.findings.named_zones}
    largest_first = sorted(
        painter.findings.detections, key=lambda one: (one.zone_id not in named, -one.n_pixels)
    )
    kept: dict[Window, list[Detection]] = {}
    for found in largest_first:
        same_place = kept.setdefault(found.window, [])
        if not any(_share_time(found, other) for other in same_place):
            same_place.append(found)
    changes = [found for group in kept.values() for found in group]
    return tuple(sorted(changes, key=lambda one: (one.onset.first_with, one.id)))


def _share_time(a: Detection, b: Detection) -> bool:
    """Whether two changes stood at once."""
    a_ends_first = a.reversal is not None and a.reversal.first_with <= b.onset.first_with
    b_ends_first = b.reversal is not None and b.reversal.first_with <= a.onset.first_with
    return not a_ends_first and not b_ends_first


def onset_legend(painter: Painter) -> tuple[LegendStop, ...]:
    """What the colours of onsets stand for: days on which a change was first seen."""
    return tuple(
        LegendStop(color, days[0] if len(days) == 1 else f"{days[0]} {wording.TO} {days[-1]}")
        for color, days in zip(painter.onset_colors, painter.onset_days, strict=False)
    )


def _zone_shape(painter: Painter, zone: Zone, window: Window) -> Shape:
    """The outline of a placed zone."""
    kind = "control" if zone.kind is ZoneKind.CONTROL else "zone"
    if zone.geometry is None:
        return Shape("", kind, zone.label)
    pixels = drawing.to_pixels(zone.geometry, painter.findings.cube.grid)
    return Shape(drawing.outline_path(pixels, window), kind, zone.label)


def _label(zone: Zone, pixels: BaseGeometry, number: int) -> Label:
    """The number of a zone, at a point that is surely inside."""
    point = pixels.representative_point()
    return Label(number, zone.label, round(point.x, 1), round(point.y, 1), f"zone-{zone.id}")


def _change_shapes(painter: Painter, found: Detection, window: Window) -> tuple[Shape, ...]:
    """A detection in the colour of its onset, with a rim; a rim alone while it awaits looks."""
    dated = wording.onset(found.onset, painter.findings.site.timezone)
    title = f"{found.n_pixels} px, onset {dated}, {wording.STATUS[found.status]}"
    fill = drawing.fill_path(found.mask, found.window, window)
    rim = drawing.mask_path(found.mask, found.window, window)
    if found.status not in wording.STANDING:
        return (Shape(rim, "waiting", title),)
    return Shape(fill, "change", title, painter.onset_color(found)), Shape(rim, "rim", title)


def grid_map(painter: Painter) -> Figure | None:
    """All cells of the search grid; None for a site without them."""
    cells = [zone for zone in painter.findings.site.zones if zone.kind is ZoneKind.CELL]
    return _cells_figure(painter, cells, "Search grid") if cells else None


def search_map(painter: Painter, zone: Zone) -> Figure | None:
    """The cells that stand in for a zone of unknown place; None if there are none."""
    cells = [cell for cell in painter.findings.site.zones if cell.id in zone.search_cells]
    if not cells:
        return None
    figure = _cells_figure(painter, cells, f"Search area of {zone.label}")
    return replace(figure, unit=max(figure.width, figure.height) / 30, is_crop=True)


def _cells_figure(painter: Painter, cells: Sequence[Zone], what: str) -> Figure:
    """Cells by the largest share of each that ever stood changed, over the site."""
    grid = painter.findings.cube.grid
    shapes = tuple(_cell_shape(painter, cell, painter.everything) for cell in cells)
    moved = sum(shape.css == "cell" for shape in shapes)
    return Figure(
        png=b"",
        width=grid.width,
        height=grid.height,
        shapes=shapes,
        labels=(),
        scale=drawing.scale_bar(grid.width, grid.gsd_m),
        legend=_share_legend(),
        alt=f"{what}, {len(cells)} cells, change in {moved} of them",
        unit=max(grid.shape) / 58,
    )


def _cell_shape(painter: Painter, cell: Zone, window: Window) -> Shape:
    """A cell in the colour of its largest changed share."""
    outline = _zone_shape(painter, cell, window)
    findings = painter.findings
    series = findings.series_of.get(cell.id)
    if series is None or not series.n_pixels:
        return Shape(outline.path, "calm", f"{cell.id}: not measured")
    if not wording.accepted(findings.detections_in(cell.id)):
        return Shape(outline.path, "calm", f"{cell.id}: no change above the limit")
    peak = float(series.changed_px[findings.changes.n_baseline :].max() / series.n_pixels)
    title = f"{cell.id}: at most {wording.percent(peak)} changed"
    return Shape(outline.path, "cell", title, SHARE_COLORS[_share_class(peak)])


def _share_class(share: float) -> int:
    """Index of the class of a changed share."""
    return sum(share > step for step in SHARE_STEPS)


def _share_legend() -> tuple[LegendStop, ...]:
    """What the colours of the search grid stand for."""
    ends = [f"{100 * step:.0f}" for step in SHARE_STEPS]
    between = [f"{low} {wording.TO} {high} %" for low, high in pairwise(ends)]
    words = [f"up to {ends[0]} %", *between, f"above {ends[-1]} %"]
    return tuple(LegendStop(*pair) for pair in zip(SHARE_COLORS, words, strict=True))


def crops(painter: Painter, zone: Zone) -> tuple[Crop, ...]:
    """A zone before and after: around its largest change, or over the whole monitoring period."""
    mask = painter.findings.mask_of.get(zone.id)
    if mask is None:
        return ()
    held = wording.accepted(painter.findings.detections_in(zone.id))
    found = max(held, key=lambda one: one.n_pixels, default=None)
    seen = _seen_share(painter, mask)
    before, after = _dates(painter, seen, found)
    views = (_View("Before", before, seen[before]), _View("After", after, seen[after]))
    return tuple(_crop(painter, zone, mask, view) for view in views)


@dataclass(frozen=True)
class _View:
    """A date chosen for a picture.

    Attributes:
        role: ``Before`` or ``After``.
        date: index on the time axis.
        seen: share of the zone that was seen.
    """

    role: str
    date: int
    seen: float


def _seen_share(painter: Painter, mask: ZoneMask) -> NDArray[np.float64]:
    """Share of a zone that was seen, bare or under snow, (time,)."""
    cube, (rows, cols) = painter.findings.cube, mask.window.slices
    inside = mask.fraction > 0
    seen = (cube.clear[:, rows, cols] | cube.snow[:, rows, cols])[:, inside]
    share: NDArray[np.float64] = seen.mean(axis=1)
    return np.where(painter.findings.changes.left_out, 0, share)


def _dates(painter: Painter, seen: NDArray[np.float64], found: Detection | None) -> tuple[int, int]:
    """A date without the change and one with it, as near to the onset as a clear view allows."""
    instants, first = painter.findings.cube.instants, painter.findings.changes.n_baseline
    if found is None:
        return _last_good(seen, 0, first), _last_good(seen, first, len(seen))
    start = instants.index(found.onset.first_with)
    stop = len(seen)
    if found.reversal is not None and found.reversal.last_without is not None:
        stop = instants.index(found.reversal.last_without) + 1
    return _last_good(seen, 0, start), _first_good(seen, start, stop)


def _last_good(seen: NDArray[np.float64], start: int, stop: int) -> int:
    """The last date of a span with a clear view, or the best one."""
    return start + _latest_clear(seen[start:stop])


def _first_good(seen: NDArray[np.float64], start: int, stop: int) -> int:
    """The first date of a span with a clear view, or the best one."""
    span = seen[start:stop]
    good = np.flatnonzero(span >= CLEAR_ENOUGH)
    return start + int(good[0] if good.size else span.argmax())


def _crop_window(painter: Painter, mask: ZoneMask) -> Window:
    """A zone with enough around it to know the place."""
    short = MIN_CROP_PX - min(mask.window.height, mask.window.width)
    margin = max(CROP_MARGIN_PX, -(-short // 2))
    return drawing.around(mask.window, margin, painter.findings.cube.grid.shape)


def _crop(painter: Painter, zone: Zone, mask: ZoneMask, view: _View) -> Crop:
    """A zone on one date."""
    findings, window = painter.findings, _crop_window(painter, mask)
    instant = findings.cube.instants[view.date]
    when = wording.moment(instant, findings.site.timezone)
    standing = _standing(findings, zone.id, instant)
    edges = tuple(_edge(painter, one, window) for one in standing)
    figure = Figure(
        png=painter.png(view.date, window),
        width=window.width,
        height=window.height,
        shapes=(_zone_shape(painter, zone, window), *edges),
        labels=(),
        scale=drawing.scale_bar(window.width, findings.cube.grid.gsd_m),
        legend=(),
        alt=f"{zone.label} on {when.utc}, {painter.colouring}, {len(edges)} changes outlined",
        unit=max(window.width, window.height) / 30,
        is_crop=True,
    )
    scene, unseen = findings.cube.scene_ids[view.date], wording.percent(1 - view.seen, 0)
    return Crop(view.role, when, scene, unseen, figure)


def _standing(findings: Findings, zone_id: str, instant: datetime) -> list[Detection]:
    """The changes of a zone that stand at an instant."""
    return [
        found
        for found in wording.accepted(findings.detections_in(zone_id))
        if found.onset.first_with <= instant
        and (found.reversal is None or instant < found.reversal.first_with)
    ]


def _edge(painter: Painter, found: Detection, window: Window) -> Shape:
    """The edge of a detection, so that what it encloses stays in sight."""
    path = drawing.mask_path(found.mask, found.window, window)
    return Shape(path, "edge", f"{found.n_pixels} px", painter.onset_color(found))
