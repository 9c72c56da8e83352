"""Open plots: whether they are grown or cleared, look by look and year by year.

Here belong the share of a plot that has turned bare for good, and the greenest that it becomes in
a year. What is grown there, and by whom, no satellite says.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.model.sign import Missing, Sign
from pipeline.signs.lasting_row import days_of, lasting_row
from pipeline.signs.persistence import LOOK_ALPHA, lasting
from pipeline.signs.surfaces import BARE_NDVI, ndvi, surfaces_of
from pipeline.signs.weighing import Question, series_of
from pipeline.signs.zone_rows import MIN_PIXELS, Row, apart, choose, controls_in, mean_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.sign import SignSeries
    from pipeline.signs.surfaces import Surfaces

    Flags = NDArray[np.bool_]

CLEARING_UNIT: Final = "share of the seen green ground that has turned bare for good"
CLEARING_NOTE: Final = "ploughing, drought and harvest clear ground, too; controls show those alike"
CULTIVATION_UNIT: Final = "greatest mean NDVI of a year"
CULTIVATION_NOTE: Final = (
    "the greatest of few looks lies low; controls are taken from the same looks of each year"
)
MIN_YEAR_LOOKS: Final = 3
"""Looks of a year below which its greatest is that of chance."""
NDVI_NOISE: Final = 0.02
"""Of one pixel: 0.005 in red and near infrared (the absolute part of the sensor's table), carried
through the index at their usual sum of about 0.35; factors common to both bands cancel."""
BARREN: Final = "hardly any of its ground was green in the baseline"


def plot_clearing(
    cube: DateCube,
    masks: Sequence[ZoneMask],
    in_baseline: Flags,
    *,
    surfaces: Surfaces | None = None,
) -> tuple[SignSeries, ...]:
    """The share of each zone's green ground that turned bare and stayed so, look by look.

    A pixel counts where its NDVI lies below its own seasonal baseline in three seen looks in a
    row, and below that of bare soil (0.2, Sobrino et al. 2004) in this one. The onset follows by
    ``onset_of``.

    Args:
        cube: reflectance with red and near infrared.
        masks: all zones of the grid; those that share no ground are peers.
        in_baseline: which dates are the normal state, bool, (time,).
        surfaces: kinds of ground; from the baseline if not given.

    Returns:
        One series a zone in the order of the masks, controls included.
    """
    green = (surfaces or surfaces_of(cube, in_baseline)).green
    layer, days = ndvi(cube), days_of(cube.instants)

    def row_of(mask: ZoneMask) -> Row:
        rows, cols = mask.window.slices
        inside, chosen = layer[:, rows, cols], choose(mask, green)

        def judge(seen: Flags) -> tuple[Flags, Flags]:
            found = lasting(inside, seen & (chosen.weight > 0), days, in_baseline)
            return found.below & (inside < BARE_NDVI), found.known

        return lasting_row(chosen, cube.clear[:, rows, cols], judge, too_few=BARREN)

    question = Question(
        Sign.PLOT_CLEARING,
        CLEARING_UNIT,
        cube.instants,
        in_baseline,
        note=CLEARING_NOTE,
        is_simulated=cube.is_simulated,
        step_pixels=MIN_PIXELS,
        least_step=LOOK_ALPHA,
        source=cube.sensor,
        trusted=controls_in(masks),
    )
    rows = {mask.zone_id: row_of(mask) for mask in masks}
    return series_of(question, rows, {mask.zone_id: apart(masks, mask) for mask in masks})


def cultivation(
    cube: DateCube, masks: Sequence[ZoneMask], in_baseline: Flags
) -> tuple[SignSeries, ...]:
    """The greatest mean NDVI of each zone in each year, as one look a year (1 July, UTC).

    Only looks in which both the zone and at least one control were seen count, and the controls
    are taken at the same looks, so that a cloudy summer lowers both. South of the equator the
    year should start in July; that is not done here.

    Companions: ``bare_share``, the share of the zone that is bare (NDVI below 0.2) in the
    greenest look of the year; ``n_looks`` of the year.

    Args:
        cube: reflectance with red and near infrared.
        masks: all zones of the grid; the controls that share no ground are peers.
        in_baseline: which dates are the normal state, bool, (time,); a year counts as baseline
            if all its dates do on which anything was seen.

    Returns:
        One series a zone in the order of the masks, controls included.
    """
    layer, everywhere = ndvi(cube), np.ones(cube.grid.shape, dtype=np.bool_)
    of_year = np.array([instant.year for instant in cube.instants])
    years, held = [int(year) for year in np.unique(of_year)], cube.clear.any(axis=(1, 2))
    means = {mask.zone_id: _mean(cube, layer, mask, everywhere) for mask in masks}
    bare = {
        mask.zone_id: _mean(cube, (layer < BARE_NDVI).astype(np.float32), mask, everywhere)
        for mask in masks
    }
    question = Question(
        Sign.CULTIVATION,
        CULTIVATION_UNIT,
        tuple(datetime(year, 7, 1, tzinfo=UTC) for year in years),
        np.array([bool(in_baseline[held & (of_year == year)].all()) for year in years]),
        note=CULTIVATION_NOTE,
        is_simulated=cube.is_simulated,
        step_pixels=0,
        noise=NDVI_NOISE,
        source=cube.sensor,
        trusted=controls_in(masks),
    )
    controls = {mask.zone_id for mask in masks if mask.is_control}
    rows: dict[str, Row] = {}
    peers: dict[str, list[str]] = {}
    for mask in masks:
        place, names = mask.zone_id, [one for one in apart(masks, mask) if one in controls]
        usable = np.isfinite(means[place].values) & _any_seen(means, names, len(of_year))
        looks = [np.flatnonzero(usable & (of_year == year)) for year in years]
        rows[place] = _yearly(means[place], bare[place], looks)
        beside = {f"{one} at the looks of {place}": one for one in names}
        rows |= {key: _yearly(means[one], bare[one], looks) for key, one in beside.items()}
        peers[place] = list(beside)
    return series_of(question, rows, peers)


def _mean(cube: DateCube, layer: NDArray[np.float32], mask: ZoneMask, everywhere: Flags) -> Row:
    """The mean of a layer over the seen part of a zone."""
    rows, cols = mask.window.slices
    seen, chosen = cube.clear[:, rows, cols], choose(mask, everywhere)
    return mean_row(chosen, layer[:, rows, cols], seen, too_few="it holds too few pixels")


def _any_seen(rows: dict[str, Row], places: Sequence[str], n_looks: int) -> Flags:
    """Looks that show at least one of the places."""
    seen = [np.isfinite(rows[place].values) for place in places]
    return np.any(seen, axis=0) if seen else np.zeros(n_looks, dtype=np.bool_)


def _yearly(means: Row, bare: Row, looks: Sequence[NDArray[np.intp]]) -> Row:
    """One number a year: the greatest of the looks of that year."""
    greatest, share = np.full(len(looks), np.nan), np.full(len(looks), np.nan)
    counts = np.zeros(len(looks))
    for year, chosen in enumerate(looks):
        seen = chosen[np.isfinite(means.values[chosen])]
        counts[year] = len(seen)
        if len(seen) >= MIN_YEAR_LOOKS:
            best = seen[np.argmax(means.values[seen])]
            greatest[year], share[year] = means.values[best], bare.values[best]
    reasons = tuple(None if known else Missing.FEW_LOOKS for known in np.isfinite(greatest))
    companions = {"bare_share": share, "n_looks": counts}
    return Row(means.place, greatest, reasons, means.n_pixels, means.not_observable, 0, companions)
