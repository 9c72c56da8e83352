"""Roofs that go or change: pixels that were roof in the baseline and look otherwise for good.

Here belongs the share of a zone's roofs that turned brighter, darker or green and stayed so. A new
roof on open ground is a change of ground that was no roof: the objects of the series detector
hold it, and ``roof_change`` tells it where a mask of that ground is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.model.sign import Sign
from pipeline.raster.indices import normalised_difference
from pipeline.signs.lasting_row import days_of, lasting_row, log_brightness, relative
from pipeline.signs.persistence import LOOK_ALPHA, lasting
from pipeline.signs.surfaces import Surfaces, band, has_bands, ndvi, surfaces_of
from pipeline.signs.weighing import Question, series_of
from pipeline.signs.zone_rows import MIN_PIXELS, Row, apart, choose, controls_in, share_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.sign import SignSeries

    Flags = NDArray[np.bool_]

UNIT: Final = "share of the seen roofs that has changed for good"
NOTE: Final = (
    "without a mask of roofs only blue metal is taken for one; goods on a roof, rust and a new "
    "coat of paint are changes, too"
)
TOO_FEW: Final = "hardly any of its ground is told from paving as a roof"


@dataclass(frozen=True)
class _Layers:
    """What is judged, and where, on the whole grid."""

    light: NDArray[np.float32]
    blue: NDArray[np.float32]
    green: NDArray[np.float32]
    days: NDArray[np.float64]
    in_baseline: Flags


def roof_change(
    cube: DateCube,
    masks: Sequence[ZoneMask],
    in_baseline: Flags,
    *,
    surfaces: Surfaces | None = None,
    roofs: Flags | None = None,
) -> tuple[SignSeries, ...]:
    """The share of each zone's roofs that left its baseline and stayed away, look by look.

    A pixel counts where its brightness or its colour (blue against red; both less what all roofs
    and paving do that day) or its greenness lies off its own seasonal baseline in three seen
    looks in a row. A look that was not confirmed yet, as the last two of a series, does not.

    Companions: ``brighter``, ``darker``, ``bluer``, ``redder`` and ``greener``, each a share of
    the same pixels: bare ground where a blue roof was is redder.

    Args:
        cube: reflectance with red and near infrared, blue if roofs are to be found.
        masks: all zones of the grid; those that share no ground are peers.
        in_baseline: which dates are the normal state, bool, (time,).
        surfaces: kinds of ground; from the baseline if not given.
        roofs: which pixels are roof, or any other ground that is asked, bool, (y, x); those that
            the baseline tells for certain if not given.

    Returns:
        One series a zone in the order of the masks, controls included.
    """
    ground = surfaces or surfaces_of(cube, in_baseline)
    wanted = ground.roofs if roofs is None else roofs
    hard = ground.paved | ground.roofs | wanted
    layers = _Layers(
        relative(log_brightness(cube), cube.clear, hard, in_baseline),
        relative(_blueness(cube), cube.clear, hard, in_baseline),
        ndvi(cube),
        days_of(cube.instants),
        in_baseline,
    )
    question = Question(
        Sign.ROOF_CHANGE,
        UNIT,
        cube.instants,
        in_baseline,
        note=NOTE,
        is_simulated=cube.is_simulated,
        step_pixels=MIN_PIXELS,
        least_step=LOOK_ALPHA,
        source=cube.sensor,
        trusted=controls_in(masks),
    )
    rows = {mask.zone_id: _row(cube, mask, wanted, layers) for mask in masks}
    return series_of(question, rows, {mask.zone_id: apart(masks, mask) for mask in masks})


def _blueness(cube: DateCube) -> NDArray[np.float32]:
    """Normalised difference of blue and red, (time, y, x); 0 without blue."""
    if not has_bands(cube, ("blue",)):
        return np.zeros(cube.clear.shape, dtype=np.float32)
    return normalised_difference(band(cube, "blue"), band(cube, "red"))


def _row(cube: DateCube, mask: ZoneMask, wanted: Flags, layers: _Layers) -> Row:
    """One zone."""
    rows, cols = mask.window.slices
    chosen = choose(mask, wanted)
    found: dict[str, Flags] = {}

    def judge(seen: Flags) -> tuple[Flags, Flags]:
        inside = seen & (chosen.weight > 0)
        light, blue, green = (
            lasting(layer[:, rows, cols], inside, layers.days, layers.in_baseline)
            for layer in (layers.light, layers.blue, layers.green)
        )
        found.update(brighter=light.above, darker=light.below, bluer=blue.above)
        found.update(redder=blue.below, greener=green.above)
        return np.any(list(found.values()), axis=0), light.known

    seen = cube.clear[:, rows, cols]
    row = lasting_row(chosen, seen, judge, too_few=TOO_FEW)
    companions: Mapping[str, NDArray[np.float64]] = {
        name: share_row(chosen, flags, seen, too_few="").values for name, flags in found.items()
    }
    return Row(row.place, row.values, row.missing, row.n_pixels, row.not_observable, 0, companions)
