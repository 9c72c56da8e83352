"""Signs of activity: what a place shows when it is used, each held against places like it.

Here belong one module a sign, each a function from pixels and zones (or coarse looks) to
``SignSeries``, and what departs in such series. Which signs a run asks for belongs to
``activity``, reading files to ``prepare``; whether a claim's window departs belongs to ``assess``;
objects with an outline to ``detect`` and ``history``. No sign knows another; they share
``zone_rows`` (pixels to numbers), ``weighing`` (numbers to series with controls and baseline),
``surfaces`` and ``persistence``.

"Not observable" is an answer: a series then says why, and has no baseline.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

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
    from datetime import datetime

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
    "snow_cleared_share",
    "surfaces_of",
    "temperature_contrast",
]


def baseline_end_utc(site: Site) -> datetime:
    """The first instant after the last civil day of a site's baseline, UTC."""
    span = civil_day_span_utc(site.baseline_end, site.baseline_end, site.timezone)
    return span.end + timedelta(microseconds=1)
