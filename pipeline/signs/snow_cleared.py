"""Yards and roads that are free of snow while the ground around lies under it.

Here belongs the share of a zone's paved ground that shows no snow on days on which the controls
are mostly snow. Sweeping and driving clear it, but so do dark ground, thin snow and the wind:
the same zone in the snow of its baseline and the other zones of the day tell them apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.model.sign import Missing, Sign
from pipeline.raster.indices import normalised_difference
from pipeline.signs.surfaces import band, has_bands, surfaces_of
from pipeline.signs.weighing import Question, series_of
from pipeline.signs.zone_rows import (
    Chosen,
    Row,
    apart,
    choose,
    controls_in,
    share_row,
    silent_row,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.sign import SignSeries

SNOW_NDSI: Final = 0.4
SNOW_NIR: Final = 0.11
SNOW_GREEN: Final = 0.10
"""Snow is at least this: Hall, Riggs and Salomonson 1995, Remote Sensing of Environment 54,
127-140, and the theoretical basis of the MODIS snow products (2001)."""
SNOWY_SHARE: Final = 0.5
"""Controls are mostly under snow from this share on, as where claims are weighed."""
BANDS: Final = ("red", "green", "nir", "swir16")
UNIT: Final = "share of the seen paved ground that is not snow"
NOTE: Final = (
    "roofs that the spectrum does not tell from paving are among it; they shed snow in their own "
    "time, in every snowfall alike"
)


def snow_cleared_share(
    cube: DateCube,
    masks: Sequence[ZoneMask],
    in_baseline: NDArray[np.bool_],
    *,
    paved: NDArray[np.bool_] | None = None,
) -> tuple[SignSeries, ...]:
    """The share of each zone's paved ground that is free of snow in a snowy look.

    A pixel is snow by the normalised difference of green and short-wave infrared and by its
    brightness. The classification has no say in that; it only opens the pixel to be looked at,
    and its own snow share goes along as a companion.

    Companions: ``snow_share_of_controls``; ``scl_snow_share`` of the same pixels;
    ``days_since_snowfall_min`` and ``_max``, between which the snow fell: since the first look of
    this spell of snow, and since the last look without it (NaN before there is one).

    Args:
        cube: reflectance with red, green, near and short-wave infrared.
        masks: all zones of the grid; the controls say when snow lies, and every zone that shares
            no ground with another is its peer.
        in_baseline: which dates are the normal state, bool, (time,).
        paved: ground to look at, bool, (y, x); from the baseline if not given.

    Returns:
        One series a zone in the order of the masks, controls included. Not observable: without
        short-wave infrared, without paved ground, without a snowy look in the baseline.
    """
    question = Question(
        Sign.SNOW_CLEARED_SHARE,
        UNIT,
        cube.instants,
        in_baseline,
        note=NOTE,
        is_simulated=cube.is_simulated,
        source=cube.sensor,
        trusted=controls_in(masks),
    )
    peers = {mask.zone_id: apart(masks, mask) for mask in masks}
    return series_of(question, _rows(cube, masks, in_baseline, paved), peers)


def is_snow(cube: DateCube) -> NDArray[np.bool_]:
    """Where a pixel is snow by its spectrum, (time, y, x); read it only where it was seen."""
    green, nir = band(cube, "green"), band(cube, "nir")
    ndsi = normalised_difference(green, band(cube, "swir16"))
    return np.asarray((ndsi >= SNOW_NDSI) & (nir > SNOW_NIR) & (green > SNOW_GREEN))


def _rows(
    cube: DateCube,
    masks: Sequence[ZoneMask],
    in_baseline: NDArray[np.bool_],
    paved: NDArray[np.bool_] | None,
) -> dict[str, Row]:
    """The share of every zone in snowy looks."""
    if not has_bands(cube, BANDS):
        why = "snow is not told from pale ground without green, red, near and short-wave infrared"
        return {mask.zone_id: silent_row(mask.zone_id, len(cube.clear), 0, why) for mask in masks}
    ground = surfaces_of(cube, in_baseline).paved if paved is None else paved
    snow, seen = is_snow(cube), cube.clear | cube.snow
    level = snow_of_controls(snow, seen, masks)
    spell = _spell(cube.instants, level) | {"snow_share_of_controls": level}
    return {mask.zone_id: _row(cube, choose(mask, ground), snow, spell) for mask in masks}


def _row(
    cube: DateCube,
    chosen: Chosen,
    snow: NDArray[np.bool_],
    spell: Mapping[str, NDArray[np.float64]],
) -> Row:
    """One zone."""
    rows, cols = chosen.mask.window.slices
    called = cube.snow[:, rows, cols]
    seen = cube.clear[:, rows, cols] | called
    row = share_row(
        chosen, ~snow[:, rows, cols], seen, too_few="it holds hardly any ground that is paved"
    )
    scl = share_row(chosen, called, seen, too_few="").values
    row = replace(row, companions={**spell, "scl_snow_share": scl})
    snowless = np.nan_to_num(spell["snow_share_of_controls"], nan=0.0) < SNOWY_SHARE
    return without(row, snowless, Missing.NO_SNOW)


def snow_of_controls(
    snow: NDArray[np.bool_], seen: NDArray[np.bool_], masks: Sequence[ZoneMask]
) -> NDArray[np.float64]:
    """Mean snow share of the controls that were seen, float64, (time,); NaN where none was."""
    everywhere = np.ones(snow.shape[1:], dtype=np.bool_)
    table = [np.full(len(seen), np.nan)]
    for mask in (one for one in masks if one.is_control):
        rows, cols = mask.window.slices
        chosen = choose(mask, everywhere)
        row = share_row(chosen, snow[:, rows, cols], seen[:, rows, cols], too_few="")
        table.append(row.values)
    shares = np.array(table)
    known = np.isfinite(shares)
    level = np.full(len(seen), np.nan)
    total = np.where(known, shares, 0).sum(axis=0)
    np.divide(total, known.sum(axis=0), out=level, where=known.any(axis=0))
    return level


def _spell(
    instants: Sequence[datetime], level: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Days since the snow fell, at least and at most, at every snowy look; NaN at all others."""
    least, most = np.full(len(level), np.nan), np.full(len(level), np.nan)
    first: datetime | None = None
    bare: datetime | None = None
    for look, (instant, share) in enumerate(zip(instants, level.tolist(), strict=True)):
        if not np.isfinite(share):
            continue
        if share < SNOWY_SHARE:
            first, bare = None, instant
            continue
        first = first or instant
        least[look] = (instant - first).total_seconds() / 86_400
        if bare is not None:
            most[look] = (instant - bare).total_seconds() / 86_400
    return {"days_since_snowfall_min": least, "days_since_snowfall_max": most}
