"""What a place looked like before the asserted times and at them, from the pixels as delivered.

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
from pipeline.model.change import Period
from pipeline.model.grid import Grid, Window
from pipeline.model.time import civil_day_span_utc
from pipeline.report import drawing, wording
from pipeline.report.pictures import GAMMA, LEAST_RANGE, PERCENTILES, to_png
from pipeline.store.rasters import open_raster, read_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
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
MOST_TIMES: Final = 5
"""Asserted times of which a look is shown, in the order of the claim."""
RECENT: Final = 12
"""Looks before the first asserted time, of which the clearest is shown."""
CLEAR_ENOUGH: Final = 0.97
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
    """Pictures of each place of a claim.

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
        pair = tuple(_pair(answer, place, views))
        pictures += [picture for picture, _ in pair]
        files |= {picture.file: data for picture, data in pair}
    if len(places) > MOST_PLACES:
        why_not.append(f"{len(places) - MOST_PLACES} more places are not shown")
    return Shown(tuple(pictures), files, tuple(why_not))


@dataclass(frozen=True)
class View:
    """A place on one date, in the numbers of the sensor.

    Attributes:
        role: why this date.
        scene_id: the scene.
        instant: when it was taken, ISO 8601.
        bands: names.
        values: (band, y, x), NaN where nothing was delivered.
        grid: where they lie.
    """

    role: str
    scene_id: str
    instant: str
    bands: tuple[str, ...]
    values: NDArray[np.float64]
    grid: Grid


def _views(answer: Answer, place: str, chips: Chips) -> tuple[View, ...] | str:
    """A place on some dates; or why it cannot be shown."""
    zone = next((one for one in answer.given.site.zones if one.id == place), None)
    if zone is None or zone.geometry is None:
        return f"{place}: its place is not established inside the site"
    scenes = _scenes(answer, place)
    found = [_view(role, scene, zone.geometry, chips) for role, scene in scenes]
    views = tuple(one for one in found if one is not None)
    if not views:
        return f"{place}: no clear look of it is held"
    return views


@dataclass(frozen=True)
class _Scene:
    """A scene that saw a place.

    Attributes:
        id: the scene.
        instant: when it was taken.
        clear_share: share of the site that it saw clearly.
    """

    id: str
    instant: datetime
    clear_share: float


def _scenes(answer: Answer, place: str) -> list[tuple[str, _Scene]]:
    """A clear look at a place before all asserted times, and one at each of them.

    Where no asserted time holds a look, the first one after.
    """
    clear = _clear_instants(answer, place)
    used = [_scene(row) for row in answer.given.scenes if row["use"] == "used"]
    seen = sorted((one for one in used if one.instant in clear), key=lambda one: one.instant)
    spans = _asked_spans(answer)
    first = min(span.start for span in spans.values())
    before = [one for one in seen if one.instant < first]
    found = [("Before", _clearest(before[-RECENT:]))] if before else []
    for words, span in list(spans.items())[:MOST_TIMES]:
        inside = [one for one in seen if span.start <= one.instant <= span.end]
        if inside:
            found.append((f"At {words}", _clearest(inside)))
    after = [one for one in seen if one.instant >= first]
    if after and all(role == "Before" for role, _ in found):
        found.append(("After", after[0]))
    return found


def _scene(row: Mapping[str, str]) -> _Scene:
    """A scene from its row."""
    share = float(row["clear_share"] or 0.0)
    return _Scene(row["id"], datetime.fromisoformat(row["instant"]), share)


def _clearest(scenes: Sequence[_Scene]) -> _Scene:
    """The clearest scene; of several as clear as can be told, the last."""
    return max(scenes, key=lambda one: (round(min(one.clear_share, CLEAR_ENOUGH), 2), one.instant))


def _clear_instants(answer: Answer, place: str) -> set[datetime]:
    """When enough of a place was seen, to the second, as tables of scenes tell it."""
    mine = (one for one in answer.given.evidence.signals if one.place == place)
    return {
        when.replace(microsecond=0)
        for line in mine
        for when, value in zip(line.instants, line.values.tolist(), strict=True)
        if np.isfinite(value)
    }


def _asked_spans(answer: Answer) -> dict[str, Period]:
    """The days that are asked for each asserted time; without a window, those asserted."""
    spans = {
        wording.asserted(one.time): Period(
            datetime.fromisoformat(one.start_utc), datetime.fromisoformat(one.end_utc)
        )
        for one in answer.plan.windows
    }
    timezone = answer.given.site.timezone
    return spans or {
        wording.asserted(one): civil_day_span_utc(one.start, one.end, timezone)
        for one in dated(answer.given.claim)
    }


def _view(role: str, scene: _Scene, outline: BaseGeometry, chips: Chips) -> View | None:
    """A place on one date; None if its chips are not held."""
    name = scene.id
    bands: tuple[str, ...] = COLOURS
    if not all((name, band) in chips for band in COLOURS):
        bands = tuple(band for band in GREYS if (name, band) in chips)[:1]
    if not bands:
        return None
    grid = chips[name, bands[0]].record.grid
    window = _window(outline, grid)
    if window is None:
        return None
    held = [chips[name, band] for band in bands]
    values = np.stack([numbers(one.path, one.record.radiometry, window) for one in held])
    return View(role, name, scene.instant.isoformat(), bands, values, _cut(grid, window))


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


def numbers(path: Path, radiometry: str, window: Window) -> NDArray[np.float64]:
    """A window of a chip, (y, x), as reflectance where it is told how; NaN for nodata.

    Args:
        path: the file.
        radiometry: how its numbers are to be read, as its record says.
        window: the pixels.

    Raises:
        CorruptAssetError: if the file cannot be read, or ends before the window does.
    """
    with open_raster(path) as dataset:
        pixels: NDArray[Any] = read_window(dataset, window)[0]
        nodata = dataset.nodata
    values = pixels.astype(np.float64)
    if nodata is not None:
        values[pixels == nodata] = np.nan
    scaled = _SCALED.search(radiometry)
    return values * float(scaled[1]) + float(scaled[2]) if scaled else values


def _pair(answer: Answer, place: str, views: Sequence[View]) -> Iterator[tuple[Picture, bytes]]:
    """The pictures of one place, under one stretch."""
    low, high = stretch(views)
    for number, view in enumerate(views, start=1):
        picture = Picture(
            file=f"pictures/{place}-{number}.png",
            place=place,
            role=view.role,
            scene_id=view.scene_id,
            instant=view.instant,
            bands=view.bands,
            grid=view.grid,
        )
        yield picture, png(view, low, high, is_simulated=answer.given.is_simulated)


def stretch(views: Sequence[View]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is shown as black and as white, by band, the same for all dates."""
    n_bands = min(len(view.values) for view in views)
    both = [view.values[:n_bands].reshape(n_bands, -1) for view in views]
    table = np.concatenate(both, axis=1)
    kept = table[:, np.isfinite(table).all(axis=0)]
    if not kept.size:
        return np.zeros(n_bands), np.ones(n_bands)
    low, high = np.percentile(kept, PERCENTILES, axis=1)
    return low, np.maximum(high, low + LEAST_RANGE)


def png(
    view: View, low: NDArray[np.float64], high: NDArray[np.float64], *, is_simulated: bool
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
