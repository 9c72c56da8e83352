"""Signs of activity: what a place shows when it is used, each held against places like it.

Here belong one module a sign, each a function from pixels and zones (or coarse looks) to
``SignSeries``, and the call for all signs of a Sentinel-2 series. Reading files belongs to
``prepare``; whether a claim's window departs belongs to ``assess``; objects with an outline to
``detect`` and ``history``. No sign knows another; they share ``zone_rows`` (pixels to numbers),
``weighing`` (numbers to series with controls and baseline), ``surfaces`` and ``persistence``.

"Not observable" is an answer: a series then says why, and has no baseline.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.model.site import ZoneKind
from pipeline.model.time import civil_day_span_utc
from pipeline.signs.built_up import annual_composites, built_up_growth, monotone_growth
from pipeline.signs.depot import depot_emptied
from pipeline.signs.night_light import LightOptions, Scale, night_light_step
from pipeline.signs.onset import onset_of
from pipeline.signs.plots import cultivation, plot_clearing
from pipeline.signs.roofs import roof_change
from pipeline.signs.snow_cleared import snow_cleared_share
from pipeline.signs.surfaces import Surfaces, surfaces_of
from pipeline.signs.temperature import temperature_contrast

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.sign import SignSeries
    from pipeline.model.site import Site

__all__ = [
    "LightOptions",
    "Scale",
    "Surfaces",
    "annual_composites",
    "baseline_end_utc",
    "built_up_growth",
    "cultivation",
    "depot_emptied",
    "monotone_growth",
    "night_light_step",
    "onset_of",
    "plot_clearing",
    "roof_change",
    "signs_of",
    "snow_cleared_share",
    "surfaces_of",
    "temperature_contrast",
]

_PLOTS: Final = frozenset({ZoneKind.PLOT, ZoneKind.EXTENSION, ZoneKind.CONTROL})
_ROOFED: Final = frozenset(ZoneKind) - {ZoneKind.PLOT, ZoneKind.EXTENSION, ZoneKind.ROAD}
_DEPOTS: Final = frozenset({ZoneKind.DEPOT})


def baseline_end_utc(site: Site) -> datetime:
    """The first instant after the last civil day of a site's baseline, UTC."""
    span = civil_day_span_utc(site.baseline_end, site.baseline_end, site.timezone)
    return span.end + timedelta(microseconds=1)


def signs_of(cube: DateCube, masks: Sequence[ZoneMask], site: Site) -> tuple[SignSeries, ...]:
    """All signs that one optical series at 10 m can speak to, each for the zones it is about.

    Snow for every zone; clearing and cultivation for plots, extensions and controls; emptying for
    depots; roofs for all but plots, extensions and roads. Every zone serves as a peer, asked or
    not. A zone without the ground that a sign is about is answered "not observable".

    Args:
        cube: the prepared series.
        masks: its zones.
        site: for the kinds of the zones and the end of the baseline.

    Returns:
        By sign, then in the order of the masks.

    Raises:
        InputError: if the cube lacks red or near infrared.
    """
    end = baseline_end_utc(site)
    in_baseline: NDArray[np.bool_] = np.array([instant < end for instant in cube.instants])
    ground = surfaces_of(cube, in_baseline)
    kinds = {mask.zone_id: site.zone(mask.zone_id).kind for mask in masks}
    asked = (
        (snow_cleared_share(cube, masks, in_baseline, paved=ground.paved), frozenset(ZoneKind)),
        (plot_clearing(cube, masks, in_baseline, surfaces=ground), _PLOTS),
        (cultivation(cube, masks, in_baseline), _PLOTS),
        (depot_emptied(cube, masks, in_baseline, surfaces=ground), _DEPOTS),
        (roof_change(cube, masks, in_baseline, surfaces=ground), _ROOFED),
    )
    return tuple(
        series for found, wanted in asked for series in found if kinds[series.place] in wanted
    )
