"""Pictures drawn again from pixels that a dossier encloses.

Here belongs the comparison of a picture with the chips it was cut from, pixel by pixel: the same
picture may be packed into other bytes by another library. Choice of dates and colours belong to
``pictures``.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from pipeline.dossier.pictures import View, numbers, png, stretch
from pipeline.errors import PipelineError
from pipeline.model.grid import Window
from pipeline.store.bag import Fault
from pipeline.store.georeference import grid_of
from pipeline.store.rasters import open_raster

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.dossier.given import Given, Picture

    Rows = Mapping[tuple[str, str], Mapping[str, str]]

MAX_PIXELS: Final = 4_000_000
"""A picture of a zone has some thousand."""


def picture_faults(given: Given) -> Iterator[Fault]:
    """Every picture that is not what the enclosed pixels show; none if no pixels are enclosed."""
    if not given.about.with_chips:
        return
    rows = {(row["scene_id"], row["band"]): row for row in given.chips if row["file"]}
    by_place: dict[str, list[Picture]] = {}
    for picture in given.about.pictures:
        by_place.setdefault(picture.place, []).append(picture)
    for pictures in by_place.values():
        yield from _faults_of(given, pictures, rows)


def _faults_of(given: Given, pictures: Sequence[Picture], rows: Rows) -> Iterator[Fault]:
    """The pictures of one place, which share a stretch."""
    try:
        views = [_view(given, picture, rows) for picture in pictures]
    except (PipelineError, KeyError) as error:
        why = error.what if isinstance(error, PipelineError) else "a chip of it is not enclosed"
        yield Fault(pictures[0].file, f"it cannot be drawn again: {why}")
        return
    low, high = stretch(views)
    for picture, view in zip(pictures, views, strict=True):
        made = _decoded(png(view, low, high, is_simulated=given.is_simulated), picture)
        held = _decoded(given.files.get(picture.file, b""), picture)
        if held is None or made is None or not np.array_equal(held, made):
            yield Fault(picture.file, "it is not what the enclosed pixels show")


def _view(given: Given, picture: Picture, rows: Rows) -> View:
    """The pixels of a picture.

    Raises:
        KeyError: if they are not enclosed.
        PipelineError: if they cannot be read.
    """
    values = []
    for band in picture.bands:
        row = rows[picture.scene_id, band]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "chip.tif"
            path.write_bytes(given.files[row["file"]])
            values.append(numbers(path, row["radiometry"], _window(path, picture)))
    bands, grid = picture.bands, picture.grid
    return View(picture.role, picture.scene_id, picture.instant, bands, np.stack(values), grid)


def _window(path: Path, picture: Picture) -> Window:
    """Where a picture lies in a chip."""
    with open_raster(path) as dataset:
        whole = grid_of(dataset)
    own = picture.grid
    row, col = (whole.top - own.top) / whole.gsd_m, (own.left - whole.left) / whole.gsd_m
    return Window(round(row), round(col), own.height, own.width)


def _decoded(data: bytes, picture: Picture) -> NDArray[np.uint8] | None:
    """The pixels of a PNG of the stated size, (y, x, 4); None for any other file."""
    size = (picture.grid.width, picture.grid.height)
    if size[0] * size[1] > MAX_PIXELS:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if image.size != size or image.mode != "RGBA":
                return None
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
