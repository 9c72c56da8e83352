"""Built-up ground year by year: how much of a zone is built, and how it grew.

Here belong composites of a year, the split of an index into built and not, and the growth that
never falls. The index is calibrated on the site itself, for no threshold holds everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import optimize, special

from pipeline.errors import InputError
from pipeline.model.look import PixelKind
from pipeline.model.sign import Sign
from pipeline.raster.indices import normalised_difference
from pipeline.raster.null import winsorised_otsu
from pipeline.signs.surfaces import band, ndvi, ranked
from pipeline.signs.weighing import ALPHA, Question, series_of
from pipeline.signs.zone_rows import apart, choose, controls_in, share_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.sign import SignSeries

    Flags = NDArray[np.bool_]
    Floats = NDArray[np.float64]

UNIT: Final = "share of the seen ground that is built up"
NOTE: Final = (
    "bare soil and dry fields look built in some years; the controls carry that, and the interval"
)
MIN_LOOKS: Final = 2
"""Clear looks that a composite pixel rests on at least: one alone may be a missed cloud."""
TOP_SHARE: Final = 0.01
"""Share of largest values that is pulled in before the split, as for pairs of images."""


def annual_composites(cube: DateCube, min_looks: int = MIN_LOOKS) -> DateCube:
    """The median of the clear looks of each year, band by band, dated to 1 July.

    Args:
        cube: reflectance of one sensor.
        min_looks: clear looks that a pixel needs in a year to count as seen.

    Returns:
        One date a year that has any look.
    """
    of_year = np.array([instant.year for instant in cube.instants])
    years = [int(year) for year in np.unique(of_year)]
    values = np.zeros((len(years), *cube.values.shape[1:]), dtype=np.float32)
    clear = np.zeros((len(years), *cube.grid.shape), dtype=np.bool_)
    for index, year in enumerate(years):
        looks = of_year == year
        seen = cube.clear[looks]
        clear[index] = seen.sum(axis=0) >= min_looks
        for layer in range(len(cube.bands)):
            middle = ranked(cube.values[looks, layer], seen, 0.5)
            values[index, layer] = np.where(clear[index], middle, np.float32(0))
    return replace(
        cube,
        values=values,
        clear=clear,
        snow=np.zeros_like(clear),
        instants=tuple(datetime(year, 7, 1, tzinfo=UTC) for year in years),
        scene_ids=tuple(f"{cube.sensor or 'composite'} {year}" for year in years),
        kinds=np.where(clear, PixelKind.CLEAR, PixelKind.UNSEEN).astype(np.uint8),
    )


def built_up_index(cube: DateCube) -> NDArray[np.float32]:
    """NDBI less NDVI, (time, y, x): high where ground is bright far out and not green.

    Source: Zha, Gao and Ni 2003, International Journal of Remote Sensing 24, 583-594. A factor
    on all bands of a date leaves it as it is.
    """
    swir, nir = band(cube, "swir16"), band(cube, "nir")
    return np.asarray(normalised_difference(swir, nir) - ndvi(cube), dtype=np.float32)


def built_up_growth(
    composites: DateCube,
    masks: Sequence[ZoneMask],
    in_baseline: Flags,
    reference: int,
    *,
    built: Flags | None = None,
) -> tuple[SignSeries, ...]:
    """The share of each zone that is built up, year by year, beside the controls.

    The index of every year is moved so that the ground of the controls has the median that it has
    in the reference year; then it is split where the reference year says: half-way between the
    medians of built and other ground if a mask of that year is given, by Otsu's method over all
    seen ground otherwise.

    Args:
        composites: one date a year, with red, near and short-wave infrared; reflectance, or
            any numbers of which the controls are alike from year to year.
        masks: all zones of the grid, at least one control among them.
        in_baseline: the years before the growth that is asked, bool, (time,).
        reference: index of the year in which the split is found.
        built: which pixels were built in that year, bool, (y, x), if that is known.

    Returns:
        One series a zone in the order of the masks, controls included.

    Raises:
        InputError: if no control is among the masks, or the reference year shows nothing.
    """
    index = _levelled(built_up_index(composites), composites.clear, masks, reference)
    split = _split(index[reference], composites.clear[reference], built)
    controls = controls_in(masks)
    question = Question(
        Sign.BUILT_UP_GROWTH,
        UNIT,
        composites.instants,
        in_baseline,
        note=NOTE,
        is_simulated=composites.is_simulated,
        source=composites.sensor,
        trusted=controls,
    )
    everywhere, rows = np.ones(composites.grid.shape, dtype=np.bool_), {}
    for mask in masks:
        window = (slice(None), *mask.window.slices)
        flags, seen = index[window] > split, composites.clear[window]
        few = "it holds too few pixels"
        rows[mask.zone_id] = share_row(choose(mask, everywhere), flags, seen, too_few=few)
    peers = {mask.zone_id: [one for one in apart(masks, mask) if one in controls] for mask in masks}
    return series_of(question, rows, peers)


def _levelled(
    index: NDArray[np.float32], seen: Flags, masks: Sequence[ZoneMask], reference: int
) -> NDArray[np.float32]:
    """Every year moved to the level that the controls have in the reference year.

    Raises:
        InputError: if there is no control.
    """
    ground = np.zeros(index.shape[1:], dtype=np.bool_)
    for mask in (one for one in masks if one.is_control):
        ground[mask.window.slices] |= mask.fraction > 0.5  # noqa: PLR2004 - more in than out
    if not ground.any():
        what = "built-up ground is calibrated on controls, and the site has none on this grid"
        raise InputError(what, where="signs", remedy="name a control zone")
    moved = index.copy()
    for year in range(len(index)):
        both = ground & seen[year] & seen[reference]
        if both.any():
            moved[year] -= np.median(index[year][both] - index[reference][both])
    return moved


def _split(index: NDArray[np.float32], seen: Flags, built: Flags | None) -> float:
    """The value above which ground is built, from one year.

    Raises:
        InputError: if that year shows too little.
    """
    if built is None:
        if not seen.any():
            raise InputError("the reference year shows nothing", where="signs")
        return winsorised_otsu(index[seen], TOP_SHARE)
    inside, outside = index[seen & built], index[seen & ~built]
    if not inside.size or not outside.size:
        what = "the reference year shows no built ground, or nothing but built ground"
        raise InputError(what, where="signs", remedy="give another year or another mask")
    return float(np.median(inside) + np.median(outside)) / 2


@dataclass(frozen=True)
class MonotoneGrowth:
    """Growth that never falls, with its interval; (look,) over the usable looks of a series.

    Attributes:
        instants: the looks.
        growth: what fits the departures best among all that never fall, from the first year on.
        low: lower end of the 95 % interval of a single year.
        high: upper end.
    """

    instants: tuple[datetime, ...]
    growth: Floats
    low: Floats
    high: Floats


def monotone_growth(series: SignSeries) -> MonotoneGrowth:
    """The isotonic fit to the departures of a series, weighted by their errors.

    The interval is that of one year about the fit, from the series' own errors: a fit pools
    years, so it is on the wide side.

    Raises:
        InputError: if the series is not observable or holds no usable look.
    """
    usable = series.usable
    if series.baseline is None or not usable.any():
        why = series.not_observable or "no look gives a number"
        raise InputError(f"no growth can be told: {why}", where=series.place)
    errors = series.baseline.errors[usable]
    fit = optimize.isotonic_regression(series.departures[usable], weights=1 / errors**2)
    reach = float(special.ndtri(1 - ALPHA / 2)) * errors
    chosen = tuple(series.instants[k] for k in np.flatnonzero(usable))
    return MonotoneGrowth(chosen, np.asarray(fit.x), fit.x - reach, fit.x + reach)
