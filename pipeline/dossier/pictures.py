"""What a place looked like before an asserted time and at it, from the pixels as delivered.

Here belongs the choice of dates and the colours. What is drawn over a picture is drawn by ``page``;
whether a look is clear was decided by the run, whose evidence is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.assess.plan import dated
from pipeline.dossier.documents import asked_places
from pipeline.dossier.given import Picture
from pipeline.model.grid import Grid, Window
from pipeline.model.time import civil_day_span_utc
from pipeline.report import drawing
from pipeline.report.pictures import GAMMA, LEAST_RANGE, PERCENTILES, to_png
from pipeline.store.rasters import open_raster, read_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from pipeline.dossier.answer import Answer
    from pipeline.store.chips import HeldChip

    Chips = Mapping[tuple[str, str], HeldChip]

COLOURS: Final = ("red", "green", "blue")
GREYS: Final = ("vv", "hh", "nir", "nir08")
"""Bands shown in grey where the colours are not held, the first of them."""
MARGIN_PX: Final = 8
LEAST_PX: Final = 40
MOST_PLACES: Final = 12
"""A claim of more places shows the first of them; a page of a hundred pictures is not read."""
_SCALED = re.compile(r"scale ([0-9.e+-]+), offset ([0-9.e+-]+)")


@dataclass(frozen=True)
class Shown:
    """Pictures of a claim's places.

    Attributes:
        pictures: what they show.
        files: their bytes, by path.
        why_not: why a place is not shown, a sentence each.
    """

    pictures: tuple[Picture, ...]
    files: Mapping[str, bytes]
    why_not: tuple[str, ...]


def show_places(answer: Answer, chips: Chips) -> Shown:
    """Pictures of each place of a claim, before and after.

    Args:
        answer: the claim, weighed; its dossier needs no pictures yet.
        chips: the chips of the run that lie there whole, by scene and band.
    """
    pictures: list[Picture] = []
    files: dict[str, bytes] = {}
    why_not: list[str] = []
    places = asked_places(answer)
    for place in places[:MOST_PLACES]:
        views = _views(answer, place, chips)
        if isinstance(views, str):
            why_not.append(views)
            continue
        pair = _pair(answer, place, views)
        pictures += [picture for picture, _ in pair]
        files |= {picture.file: data for picture, data in pair}
    if len(places) > MOST_PLACES:
        why_not.append(f"{len(places) - MOST_PLACES} more places are not shown")
    return Shown(tuple(pictures), files, tuple(why_not))


@dataclass(frozen=True)
class _View:
    """A place on one date, in the numbers of the sensor.

    Attributes:
        role: before or after.
        scene_id: the scene.
        instant: when it was taken.
        bands: names.
        values: (band, y, x), NaN where nothing was delivered.
        grid: where they lie.
    """

    role: str
    scene_id: str
    instant: datetime
    bands: tuple[str, ...]
    values: NDArray[np.float64]
    grid: Grid


def _views(answer: Answer, place: str, chips: Chips) -> tuple[_View, ...] | str:
    """A place before and after; or why it cannot be shown."""
    zone = next((one for one in answer.given.site.zones if one.id == place), None)
    if zone is None or zone.geometry is None:
        return f"{place}: its place is not established inside the site"
    scenes = _scenes(answer, place)
    found = [_view(role, scene, zone.geometry, chips) for role, scene in scenes]
    views = tuple(one for one in found if one is not None)
    if not views:
        return f"{place}: no clear look of it is held"
    return views


def _scenes(answer: Answer, place: str) -> list[tuple[str, tuple[str, datetime]]]:
    """The last clear look at a place before the first asserted time, and the first in or after."""
    clear = _clear_instants(answer, place)
    used = [
        (row["id"], datetime.fromisoformat(row["instant"]))
        for row in answer.given.scenes
        if row["use"] == "used"
    ]
    seen = sorted((scene for scene in used if scene[1] in clear), key=lambda scene: scene[1])
    first = _first_asked(answer)
    before = [("Before", scene) for scene in seen if scene[1] < first]
    after = [("After", scene) for scene in seen if scene[1] >= first]
    return before[-1:] + after[:1]


def _clear_instants(answer: Answer, place: str) -> set[datetime]:
    """When enough of a place was seen, to the second, as tables of scenes tell it."""
    mine = (one for one in answer.given.evidence.signals if one.place == place)
    return {
        when.replace(microsecond=0)
        for line in mine
        for when, value in zip(line.instants, line.values.tolist(), strict=True)
        if np.isfinite(value)
    }


def _first_asked(answer: Answer) -> datetime:
    """The first instant that a plan asks about; of a claim without windows, that is asserted."""
    starts = [datetime.fromisoformat(window.start_utc) for window in answer.plan.windows]
    if starts:
        return min(starts)
    timezone = answer.given.site.timezone
    days = [civil_day_span_utc(one.start, one.start, timezone) for one in dated(answer.given.claim)]
    return min(day.start for day in days)


def _view(
    role: str, scene: tuple[str, datetime], outline: BaseGeometry, chips: Chips
) -> _View | None:
    """A place on one date; None if its chips are not held."""
    name, instant = scene
    bands: tuple[str, ...] = COLOURS
    if not all((name, band) in chips for band in COLOURS):
        bands = tuple(band for band in GREYS if (name, band) in chips)[:1]
    if not bands:
        return None
    grid = chips[name, bands[0]].record.grid
    window = _window(outline, grid)
    if window is None:
        return None
    values = np.stack([_numbers(chips[name, band], window) for band in bands])
    return _View(role, name, instant, bands, values, _cut(grid, window))


def _window(outline: BaseGeometry, grid: Grid) -> Window | None:
    """The pixels around an outline; None if it lies outside."""
    left, top, right, bottom = drawing.to_pixels(outline, grid).bounds
    row, col = int(np.floor(top)), int(np.floor(left))
    height, width = int(np.ceil(bottom)) - row, int(np.ceil(right)) - col
    margin = max(MARGIN_PX, -(-(LEAST_PX - min(height, width)) // 2))
    cut = drawing.around(Window(row, col, height, width), margin, (grid.height, grid.width))
    return cut if cut.height > 0 and cut.width > 0 else None


def _cut(grid: Grid, window: Window) -> Grid:
    """The grid of a window."""
    left, top = grid.left + window.col * grid.gsd_m, grid.top - window.row * grid.gsd_m
    return Grid(grid.crs, left, top, grid.gsd_m, window.height, window.width)


def _numbers(chip: HeldChip, window: Window) -> NDArray[np.float64]:
    """A window of a chip as reflectance where its record tells how, (y, x); NaN for nodata."""
    with open_raster(chip.path) as dataset:
        pixels: NDArray[Any] = read_window(dataset, window)[0]
        nodata = dataset.nodata
    values = pixels.astype(np.float64)
    if nodata is not None:
        values[pixels == nodata] = np.nan
    scaled = _SCALED.search(chip.record.radiometry)
    return values * float(scaled[1]) + float(scaled[2]) if scaled else values


def _pair(answer: Answer, place: str, views: Sequence[_View]) -> Iterator[tuple[Picture, bytes]]:
    """The pictures of one place, under one stretch."""
    low, high = _stretch(views)
    for view in views:
        picture = Picture(
            file=f"pictures/{place}-{view.role.lower()}.png",
            place=place,
            role="Before" if view.role == "Before" else "After",
            scene_id=view.scene_id,
            instant=view.instant.isoformat(),
            bands=view.bands,
            grid=view.grid,
        )
        yield picture, _png(view, low, high, is_simulated=answer.given.is_simulated)


def _stretch(views: Sequence[_View]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is shown as black and as white, by band, the same for both dates."""
    n_bands = min(len(view.values) for view in views)
    both = [view.values[:n_bands].reshape(n_bands, -1) for view in views]
    table = np.concatenate(both, axis=1)
    kept = table[:, np.isfinite(table).all(axis=0)]
    if not kept.size:
        return np.zeros(n_bands), np.ones(n_bands)
    low, high = np.percentile(kept, PERCENTILES, axis=1)
    return low, np.maximum(high, low + LEAST_RANGE)


def _png(
    view: _View, low: NDArray[np.float64], high: NDArray[np.float64], *, is_simulated: bool
) -> bytes:
    """A view as a picture; transparent where nothing was delivered."""
    values = view.values[: len(low)]
    seen = np.isfinite(values).all(axis=0)
    level = (values - low[:, None, None]) / (high - low)[:, None, None]
    shown = np.nan_to_num(np.clip(level, 0.0, 1.0)) ** (1 / GAMMA)
    colours = np.broadcast_to(shown, (3, *seen.shape)) if len(shown) == 1 else shown
    rgb = np.round(colours * 255).astype(np.uint8) * seen
    alpha = np.where(seen, 255, 0).astype(np.uint8)
    return to_png(np.moveaxis(np.concatenate([rgb, alpha[None]]), 0, -1), is_simulated=is_simulated)
