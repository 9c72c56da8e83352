"""How much warmer the roofs of a zone are than those of zones like it, by Landsat.

Here belongs the contrast of surface temperature between zones of one kind. Machines and heating
warm a roof by little; its material, its coat of paint and the wind warm it by more, which is why a
zone is held against its neighbours on the same day and against its own season.

Temperatures are delivered at 30 m and were measured at 100 m (Landsat 8 and 9), 60 m (7) or 120 m
(4 and 5): neighbouring numbers are one measurement, a roof narrower than that is mixed with the
ground around it, and a hall of one hectare is a single pixel. ``effective_pixels`` counts native
ones. A tenant's name on such a pixel is an inference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from pipeline.model.look import PixelKind
from pipeline.model.sign import Missing, Sign
from pipeline.sensors.landsat import BANDS, TEMPERATURE_NATIVE_M
from pipeline.signs.weighing import Question, series_of
from pipeline.signs.zone_rows import (
    Row,
    apart,
    choose,
    controls_in,
    mean_row,
    silent_row,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.sign import SignSeries

    Flags = NDArray[np.bool_]

UNIT: Final = "kelvin, mean surface temperature of what was seen"
NOTE: Final = (
    "so roofs narrower than that are mixed with the ground around them; bare metal looks colder "
    "than it is"
)
MAX_ERROR_K: Final = 5.0
"""ST_QA up to which a number counts: a choice, not a standard. The contrasts that analysts read
from such scenes are a few kelvin; much of the uncertainty is common to a scene and cancels."""
NEAR_CLOUD_M: Final = 1000.0
"""Numbers nearer than this to a cloud or its shadow do not count: the first and worst class of
distance in Laraby and Schott 2018 (Remote Sensing of Environment 216, 472-481), whose method
gives ST_QA."""


@dataclass(frozen=True)
class _Heat:
    """Temperatures with three ever stricter masks, (time, y, x) each."""

    kelvin: NDArray[np.float32]
    seen: Flags
    sure: Flags
    far: Flags
    error_k: NDArray[np.float32] | None


def temperature_contrast(
    thermal: DateCube,
    masks: Sequence[ZoneMask],
    in_baseline: Flags,
    kinds: Mapping[str, str],
    *,
    roofs: Flags | None = None,
) -> tuple[SignSeries, ...]:
    """The surface temperature of each zone's roofs beside that of zones of the same kind.

    Companions: ``error_k``, mean ST_QA of the numbers that count.

    Args:
        thermal: the layer ``thermal`` of a prepared Landsat series: ``lwir11`` and, if held,
            ``st_qa``, in kelvin.
        masks: all zones on the grid of that series.
        in_baseline: which dates are the normal state, bool, (time,).
        kinds: the kind of each zone by id, or the type of its roofs where that is known; peers
            are the zones of the same word that share no ground. Zones that are not named are no
            peers and have no series.
        roofs: which pixels are roof, bool, (y, x); all ground of a zone if not given.

    Returns:
        One series a named zone in the order of the masks. Not observable: where the roofs are
        smaller than one native pixel, and without three zones of the same kind (or one control).
    """
    band, native_m = BANDS["lwir11"], native_pixel_m(thermal.scene_ids)
    measured = f"measured in pixels of {native_m:.0f} m, delivered in {thermal.grid.gsd_m:.0f} m"
    question = Question(
        Sign.TEMPERATURE_CONTRAST,
        UNIT,
        thermal.instants,
        in_baseline,
        n_harmonics=1,
        note=f"{measured}, {NOTE}",
        is_simulated=thermal.is_simulated,
        step_pixels=0,
        noise=band.noise.sigma(0) if band.noise else 0.0,
        source=thermal.sensor,
        trusted=controls_in(masks),
    )
    asked = [mask for mask in masks if mask.zone_id in kinds]
    heat = _heat(thermal)
    ground = np.ones(thermal.grid.shape, dtype=np.bool_) if roofs is None else roofs
    share = (thermal.grid.gsd_m / native_m) ** 2
    rows = {mask.zone_id: _row(heat, mask, ground, share) for mask in asked}
    peers = {
        mask.zone_id: tuple(one for one in apart(asked, mask) if kinds[one] == kinds[mask.zone_id])
        for mask in asked
    }
    return series_of(question, rows, peers)


def native_pixel_m(scene_ids: Sequence[str]) -> float:
    """Edge of the coarsest thermal pixel in a series, in metres, by the ids of its scenes.

    Example:
        >>> native_pixel_m(["LC08_L2SP_116034_20200101_02_T1", "LE07_L2SP_116034_20030101_02_T1"])
        100.0
    """
    found = [TEMPERATURE_NATIVE_M.get(scene_id[:4], 0.0) for scene_id in scene_ids]
    return max(found, default=0.0) or max(TEMPERATURE_NATIVE_M.values())


def _heat(thermal: DateCube) -> _Heat:
    """What of the temperatures counts."""
    kelvin = thermal.values[:, thermal.bands.index("lwir11")]
    seen = thermal.clear & (kelvin > 0)
    error_k = None
    sure = seen
    if "st_qa" in thermal.bands:
        error_k = thermal.values[:, thermal.bands.index("st_qa")]
        sure = seen & (error_k > 0) & (error_k <= MAX_ERROR_K)
    return _Heat(kelvin, seen, sure, sure & ~near_cloud(thermal), error_k)


def near_cloud(cube: DateCube) -> Flags:
    """Where a cloud or its shadow lies nearer than ``NEAR_CLOUD_M``, (time, y, x).

    Clouds beyond the edge of the cube are not known of; ST_QA knows them.
    """
    near = np.zeros(cube.clear.shape, dtype=np.bool_)
    if cube.kinds is None:
        return near
    for look, kinds in enumerate(cube.kinds):
        clouded = (kinds == PixelKind.CLOUD) | (kinds == PixelKind.SHADOW)
        if clouded.any():
            distance_m = ndimage.distance_transform_edt(~clouded) * cube.grid.gsd_m
            near[look] = distance_m < NEAR_CLOUD_M
    return near


def _row(heat: _Heat, mask: ZoneMask, ground: Flags, share: float) -> Row:
    """One zone; the share is that of a native pixel in one delivered pixel."""
    rows, cols = mask.window.slices
    chosen = choose(mask, ground)
    if chosen.n_pixels * share < 1:
        why = "its roofs are smaller than one pixel of the thermal sensor"
        return silent_row(mask.zone_id, len(heat.seen), chosen.n_pixels, why)
    few = "it holds hardly any roof"
    stages = [
        mean_row(chosen, heat.kelvin[:, rows, cols], seen[:, rows, cols], too_few=few)
        for seen in (heat.seen, heat.sure, heat.far)
    ]
    lost = [np.isfinite(a.values) & ~np.isfinite(b.values) for a, b in pairwise(stages)]
    row = without(without(stages[0], lost[0], Missing.UNCERTAIN), lost[1], Missing.NEAR_CLOUD)
    companions = {}
    if heat.error_k is not None:
        error = mean_row(chosen, heat.error_k[:, rows, cols], heat.far[:, rows, cols], too_few=few)
        companions = {"error_k": error.values}
    n_native = chosen.n_pixels * share
    # The strictest stage holds the numbers, the first ones say why others are missing.
    return replace(row, values=stages[-1].values, effective_pixels=n_native, companions=companions)
