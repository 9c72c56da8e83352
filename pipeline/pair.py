"""Two rasters that the user names in, one change map out.

Here belong the checks of such a pair, its alignment, the choice of the method by the number of
bands, and the output file. The methods belong to ``detect.fused`` and ``detect.ratio``, reading and
writing the files to ``store.named``. Files of a catalogue never come this way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rasterio.errors import RasterioError
from rasterio.warp import Resampling, reproject

from pipeline.detect.fused import FusedPair
from pipeline.detect.ratio import LogRatio
from pipeline.errors import InputError, RasterInputError
from pipeline.raster.registration import NONE, Offset
from pipeline.store.files import sha256_of
from pipeline.store.named import SIMULATED, NamedRaster, read_named, write_change_map

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.config import PairOptions
    from pipeline.model.change import ChangeMap
    from pipeline.store.named import Place

ALGORITHM_VERSION = "3"
"""Raised by hand when the same inputs and settings give other numbers."""


@dataclass(frozen=True)
class PairSummary:
    """What the comparison of two rasters came to.

    Attributes:
        n_seen: pixels seen on both dates.
        n_changed: of these, the ones called changed.
        threshold: the magnitude that makes a region changed.
        method: name of the detector, ``fused`` for several bands and ``ratio`` for one.
        offset: how far the second raster lay off the first on their common grid, and was moved.
        is_simulated: whether either raster is marked as simulated.
        p_bound: p-values up to this one are upper bounds; 0 for none.
    """

    n_seen: int
    n_changed: int
    threshold: float
    method: str
    offset: Offset
    is_simulated: bool
    p_bound: float = 0.0

    @property
    def share_changed(self) -> float:
        """Changed pixels over seen pixels."""
        return self.n_changed / self.n_seen


def compare_files(
    before: Path,
    after: Path,
    out: Path,
    *,
    mask: Path | None = None,
    align: bool = False,
    options: PairOptions,
) -> PairSummary:
    """Compare two rasters and write bands ``magnitude``, ``p_value`` and ``changed``.

    Args:
        before: the earlier raster, GeoTIFF or ENVI; one band is taken for radar or brightness.
        after: the later one, with the same bands in the same order.
        out: the GeoTIFF to write; float32, NaN where a pixel was not seen on both dates.
        mask: one band on the grid of the first: 0 or nodata leaves a pixel out.
        align: warp the second onto the grid of the first (bilinear).
        options: settings of the detectors.

    Raises:
        RasterInputError: if a raster cannot be used, or the two do not match.
        StoreError: if the output cannot be written; an older file then stays as it was.
    """
    _check_output(out, [path for path in (before, after, mask) if path])
    first, second = read_named(before), read_named(after)
    _check_bands(first, second)
    second = _placed(second, first, align=align)
    seen = _mask(mask, first) if mask else np.ones(first.place.shape, dtype=bool)
    changes, summary = _compare(first, second, seen, options)
    tags = _tags({"before": before, "after": after, "mask": mask}, options, summary, align=align)
    write_change_map(out, changes, first.place, tags)
    return summary


def _compare(
    first: NamedRaster, second: NamedRaster, seen: NDArray[np.bool_], options: PairOptions
) -> tuple[ChangeMap, PairSummary]:
    """Detect, and name the files in whatever the detector has to say against them."""
    try:
        method, changes, offset = _detect(first, second, seen, options)
    except InputError as error:
        where = ", ".join(part for part in (_names(first, second), error.where) if part)
        raise RasterInputError(error.what, where=where, remedy=error.remedy) from error
    summary = PairSummary(
        n_seen=int(changes.seen.sum()),
        n_changed=int(changes.changed.sum()),
        threshold=changes.threshold,
        method=method,
        offset=offset,
        is_simulated=first.is_simulated or second.is_simulated,
        p_bound=changes.p_bound,
    )
    return changes, summary


def _detect(
    first: NamedRaster, second: NamedRaster, seen: NDArray[np.bool_], options: PairOptions
) -> tuple[str, ChangeMap, Offset]:
    """The method that fits the number of bands, what it found, and how far it moved the second."""
    if len(first.pixels) == 1:
        return "ratio", LogRatio(options).compare(first.pixels, second.pixels, seen), NONE
    changes, fit = FusedPair(options).explain(first.pixels, second.pixels, seen)
    return "fused", changes, fit.offset


def _names(first: NamedRaster, second: NamedRaster) -> str:
    """Both files, for a message."""
    return f"{first.path} and {second.path}"


def _check_bands(first: NamedRaster, second: NamedRaster) -> None:
    """Refuse a pair whose bands do not match.

    Raises:
        RasterInputError: if there are not as many of them.
    """
    n_first, n_second = len(first.pixels), len(second.pixels)
    if n_first != n_second:
        what = f"{n_first} bands against {n_second}"
        remedy = "give both dates the same bands in the same order"
        raise RasterInputError(what, where=_names(first, second), remedy=remedy)


def _placed(image: NamedRaster, first: NamedRaster, *, align: bool) -> NamedRaster:
    """The image on the grid of the first.

    Raises:
        RasterInputError: if a CRS is missing, or the grids differ and may not be aligned.
    """
    for one in (first, image):
        if one.place.crs is None:
            remedy = "assign the CRS, for example with `rio edit-info --crs EPSG:nnnnn FILE`"
            raise RasterInputError("the raster has no CRS", where=str(one.path), remedy=remedy)
    if image.place.crs == first.place.crs and image.place.is_at(first.place):
        return image
    if align:
        return NamedRaster(image.path, _warped(image, first.place), first.place, image.is_simulated)
    what = _difference(first.place, image.place)
    remedy = "bring them to one grid, or use --align to warp the second onto the first"
    raise RasterInputError(what, where=_names(first, image), remedy=remedy)


def _difference(first: Place, second: Place) -> str:
    """In words, how two grids differ."""
    if first.crs != second.crs:
        return f"the CRSs differ: {first.crs.to_string()[:60]} and {second.crs.to_string()[:60]}"
    if first.shape != second.shape:
        return f"the grids differ: {first.shape} and {second.shape} rows and columns"
    across = ~first.transform * second.transform
    return f"the grids differ: shifted by {across.c:.2f} columns and {across.f:.2f} rows"


def _warped(image: NamedRaster, place: Place) -> NDArray[np.float32]:
    """The pixels brought to another grid by bilinear interpolation; NaN where there are none.

    Raises:
        RasterInputError: if GDAL knows no way from one CRS to the other.
    """
    warped = np.full((len(image.pixels), *place.shape), np.nan, dtype=np.float32)
    try:
        reproject(
            image.pixels,
            warped,
            src_transform=image.place.transform,
            src_crs=image.place.crs,
            src_nodata=np.nan,
            dst_transform=place.transform,
            dst_crs=place.crs,
            dst_nodata=np.nan,
            resampling=Resampling.bilinear,
        )
    except RasterioError as error:
        remedy = "warp it yourself, or check its CRS"
        what = "the raster cannot be put on the grid of the first"
        raise RasterInputError(what, where=str(image.path), remedy=remedy) from error
    return warped


def _mask(path: Path, first: NamedRaster) -> NDArray[np.bool_]:
    """Pixels that the mask keeps, (y, x).

    Raises:
        RasterInputError: if it has more than one band, lies elsewhere or keeps nothing.
    """
    image = read_named(path)
    where = f"mask {path}"
    if len(image.pixels) != 1:
        what = f"the mask has {len(image.pixels)} bands"
        raise RasterInputError(what, where=where, remedy="give a raster of one band")
    is_elsewhere = image.place.crs is not None and (
        image.place.crs != first.place.crs or not image.place.is_at(first.place)
    )
    if image.place.shape != first.place.shape or is_elsewhere:
        what = f"the mask does not lie on the grid of {first.path}"
        remedy = f"give it {first.place.shape[0]} rows, {first.place.shape[1]} columns and its CRS"
        raise RasterInputError(what, where=where, remedy=remedy)
    kept: NDArray[np.bool_] = np.nan_to_num(image.pixels[0], nan=0) != 0
    if not kept.any():
        remedy = "0 leaves a pixel out, every other value keeps it: check the coding"
        raise RasterInputError("the mask leaves no pixel", where=where, remedy=remedy)
    return kept


def _check_output(out: Path, inputs: list[Path]) -> None:
    """Refuse an output that is a folder or one of the inputs.

    Raises:
        RasterInputError: if it is.
    """
    if out.is_dir():
        raise RasterInputError("the output is a folder", where=str(out), remedy="name a file")
    if any(out.resolve() == path.resolve() for path in inputs):
        what = "the output would overwrite an input"
        raise RasterInputError(what, where=str(out), remedy="name another file after --out")


def _tags(
    paths: Mapping[str, Path | None], options: PairOptions, summary: PairSummary, *, align: bool
) -> dict[str, str]:
    """What the output says of how it came about."""
    settings = hashlib.sha256(options.model_dump_json().encode()).hexdigest()
    tags = {
        "zonewatch:software": "zonewatch",
        "zonewatch:algorithm": f"{summary.method} {ALGORITHM_VERSION}",
        "zonewatch:settings_sha256": settings,
        "zonewatch:threshold": f"{summary.threshold:.6g}",
        "zonewatch:p_value_bound": f"{summary.p_bound:.4g}",
        "zonewatch:aligned": str(align).lower(),
        "zonewatch:moved_south_px": f"{-summary.offset.south_px:.2f}",
        "zonewatch:moved_east_px": f"{-summary.offset.east_px:.2f}",
    }
    for role, path in paths.items():
        if path is not None:
            tags[f"zonewatch:{role}_sha256"] = sha256_of(path)
    if summary.is_simulated:
        tags[SIMULATED] = "true"
    return tags
