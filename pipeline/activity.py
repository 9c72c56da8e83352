"""Which signs of activity a run can show: by sensor, by the kinds of the zones, by what is held.

Here belongs that choice, and the reason for every sign that is left out. How a sign is measured
belongs to ``signs``, how looks are prepared to ``prepare``; weighing claims to ``assess``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.model.activity import Activity, Unasked
from pipeline.model.cube import INSIDE_SHARE
from pipeline.model.sign import Sign
from pipeline.model.site import SITE_PLACE, ZoneKind
from pipeline.signs import (
    LightOptions,
    annual_composites,
    baseline_end_utc,
    built_up_growth,
    cultivation,
    depot_emptied,
    night_light_step,
    plot_clearing,
    roof_change,
    snow_cleared_share,
    surfaces_of,
    temperature_contrast,
)
from pipeline.signs.departures import RUN_ALPHA, read_series
from pipeline.signs.onset import ONSET_ALPHA
from pipeline.signs.persistence import N_LOOKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.model.coarse_chip import PlacedLook
    from pipeline.model.cube import DateCube, ZoneMask
    from pipeline.model.sign import SignSeries
    from pipeline.model.site import Site
    from pipeline.prepare import Prepared
    from pipeline.sensors import Sensor
    from pipeline.signs import Surfaces

    Flags = NDArray[np.bool_]

_NOWHERE: Final = frozenset[ZoneKind]()
_PLOTS: Final = frozenset({ZoneKind.PLOT, ZoneKind.EXTENSION, ZoneKind.CONTROL})
_WORKED: Final = frozenset({ZoneKind.PRODUCTION, ZoneKind.SUPPORT, ZoneKind.GATE, ZoneKind.DEPOT})
_ALL: Final = frozenset(ZoneKind) - {ZoneKind.CELL}
ASKED: Final[Mapping[Sign, frozenset[ZoneKind]]] = {
    Sign.SNOW_CLEARED_SHARE: _WORKED | {ZoneKind.ROAD, ZoneKind.CONTROL},
    Sign.TEMPERATURE_CONTRAST: _WORKED | {ZoneKind.CONTROL},
    Sign.PLOT_CLEARING: _PLOTS,
    Sign.CULTIVATION: _PLOTS,
    Sign.BUILT_UP_GROWTH: _ALL,
    Sign.DEPOT_EMPTIED: frozenset({ZoneKind.DEPOT}),
    Sign.ROOF_CHANGE: _WORKED | {ZoneKind.CONTROL},
    Sign.NIGHT_LIGHT_STEP: _NOWHERE,
}
"""The kinds of zones that a sign is about. Every other zone of the grid still serves as a peer.
Night light is about the whole site, and cells of the search grid are peers alone."""

OF_SENSOR: Final[Mapping[str, tuple[Sign, ...]]] = {
    "sentinel-2": (
        Sign.SNOW_CLEARED_SHARE,
        Sign.PLOT_CLEARING,
        Sign.CULTIVATION,
        Sign.DEPOT_EMPTIED,
        Sign.ROOF_CHANGE,
    ),
    "landsat": (
        Sign.TEMPERATURE_CONTRAST,
        Sign.PLOT_CLEARING,
        Sign.CULTIVATION,
        Sign.BUILT_UP_GROWTH,
    ),
}
"""What each sensor can show. Yards, vehicles and roofs are finer than 30 m, and ten years of
growth are older than Sentinel-2; a radar tells neither snow, colour, plants nor warmth."""
_NEEDS: Final[Mapping[Sign, str]] = {
    Sign.SNOW_CLEARED_SHARE: "yards and snow are told apart at 10 m: run --sensor sentinel-2",
    Sign.TEMPERATURE_CONTRAST: "it needs a thermal band: run --sensor landsat",
    Sign.PLOT_CLEARING: "it needs red and near infrared: run --sensor sentinel-2 or landsat",
    Sign.CULTIVATION: "it needs red and near infrared: run --sensor sentinel-2 or landsat",
    Sign.BUILT_UP_GROWTH: "it is read from many years: run --sensor landsat",
    Sign.DEPOT_EMPTIED: "vehicles are told at 10 m: run --sensor sentinel-2",
    Sign.ROOF_CHANGE: "roofs are told at 10 m: run --sensor sentinel-2",
}
NO_LIGHT: Final = (
    "no night-light files of the site are held: fetch --sensor black-marble, dnb-monthly or "
    "dmsp-ols brings them in"
)
NO_HEAT: Final = "no scene brought its thermal band"
NO_CONTROL: Final = "built-up ground is calibrated on a control zone, and none lies on this grid"
NO_YEAR: Final = "the series covers no whole year"
UNPLACED: Final = "position not established"
OUTSIDE: Final = "it lies outside the pixels that were read"
ROOFED: Final = "roofed"
OPEN: Final = "open"
EDGE_DAYS: Final = 120
"""A year counts as whole if the series reaches to within so many days of both its ends, so that a
composite is never that of one half of the year."""


@dataclass(frozen=True)
class _Shown:
    """What the signs of one run are made from.

    Attributes:
        site: the site.
        prepared: the series that the run judges.
        in_baseline: its dates before the end of the baseline, bool, (time,).
        end: the first instant after the baseline.
    """

    site: Site
    prepared: Prepared
    in_baseline: Flags
    end: datetime

    @cached_property
    def ground(self) -> Surfaces:
        """Kinds of ground, from the baseline."""
        return surfaces_of(self.cube, self.in_baseline)

    @property
    def cube(self) -> DateCube:
        """The reflectance."""
        return self.prepared.cube

    @property
    def masks(self) -> tuple[ZoneMask, ...]:
        """The zones on its grid."""
        return self.prepared.masks


def show_signs(
    site: Site, prepared: Prepared, lights: Sequence[PlacedLook], *, sensor: Sensor
) -> Activity:
    """Every sign that a run can show of its site.

    Args:
        site: for the kinds of the zones, the outlines of coarse places, the end of the baseline.
        prepared: the series that the run judges.
        lights: what is held of the site in coarse sensors; heat among it is passed over.
        sensor: of the series.

    Returns:
        A series for every placed zone of a kind that the sign is about. A zone without an outline
        has none.
    """
    end = baseline_end_utc(site)
    shown = _Shown(site, prepared, _before(prepared.cube, end), end)
    found: list[SignSeries] = []
    unasked: list[Unasked] = []
    for sign in Sign:
        made = _asked(sign, shown, lights, sensor)
        if isinstance(made, str):
            unasked.append(Unasked(sign, made))
        else:
            found += made
    readings = read_series(found, end)
    silent = tuple(_silent_zones(shown))
    return Activity(readings, tuple(unasked), silent, end, ONSET_ALPHA, N_LOOKS, RUN_ALPHA)


def _silent_zones(shown: _Shown) -> Iterator[tuple[str, str]]:
    """Named zones without pixels of their own, and why."""
    held = {mask.zone_id for mask in shown.masks}
    for zone in shown.site.zones:
        if zone.kind is ZoneKind.CELL or zone.id in held:
            continue
        if zone.outline_outside is not None:
            yield zone.id, "it lies outside the site, where coarse sensors alone look"
        else:
            yield zone.id, OUTSIDE if zone.is_placed else UNPLACED


def _before(cube: DateCube, end: datetime) -> Flags:
    """The dates of a cube before an instant, bool, (time,)."""
    return np.array([instant < end for instant in cube.instants], dtype=np.bool_)


def _asked(
    sign: Sign, shown: _Shown, lights: Sequence[PlacedLook], sensor: Sensor
) -> tuple[SignSeries, ...] | str:
    """One sign of the zones that it is about; or why this run cannot show it."""
    if sign is Sign.NIGHT_LIGHT_STEP:
        return _night_light(shown, lights) or NO_LIGHT
    if sign not in OF_SENSOR.get(sensor.id, ()):
        return _NEEDS[sign]
    made = _MAKERS[sign](shown)
    if isinstance(made, str):
        return made
    kind_of = {zone.id: zone.kind for zone in shown.site.zones}
    return tuple(one for one in made if kind_of[one.place] in ASKED[sign])


def _snow(shown: _Shown) -> tuple[SignSeries, ...]:
    """Yards free of snow."""
    return snow_cleared_share(shown.cube, shown.masks, shown.in_baseline, paved=shown.ground.paved)


def _clearing(shown: _Shown) -> tuple[SignSeries, ...]:
    """Plots that turned bare."""
    return plot_clearing(shown.cube, shown.masks, shown.in_baseline, surfaces=shown.ground)


def _growing(shown: _Shown) -> tuple[SignSeries, ...]:
    """Plots by year."""
    return cultivation(shown.cube, shown.masks, shown.in_baseline)


def _emptied(shown: _Shown) -> tuple[SignSeries, ...]:
    """Depots."""
    return depot_emptied(shown.cube, shown.masks, shown.in_baseline, surfaces=shown.ground)


def _roofs(shown: _Shown) -> tuple[SignSeries, ...]:
    """Roofs."""
    return roof_change(shown.cube, shown.masks, shown.in_baseline, surfaces=shown.ground)


def _temperature(shown: _Shown) -> tuple[SignSeries, ...] | str:
    """Zones with roofs against one another, and controls: each against its own season.

    A site has few zones of one kind, and three peers are the least.
    """
    thermal = shown.prepared.layers.get("thermal")
    if thermal is None:
        return NO_HEAT
    kinds = {
        mask.zone_id: OPEN if mask.is_control else ROOFED
        for mask in shown.masks
        if shown.site.zone(mask.zone_id).kind in ASKED[Sign.TEMPERATURE_CONTRAST]
    }
    return temperature_contrast(thermal, shown.masks, _before(thermal, shown.end), kinds)


def _built_up(shown: _Shown) -> tuple[SignSeries, ...] | str:
    """Growth by whole years; the split is that of the year that shows most ground."""
    controls = [mask for mask in shown.masks if mask.is_control]
    if not any((mask.fraction > INSIDE_SHARE).any() for mask in controls):
        return NO_CONTROL
    whole = whole_years(shown.cube.instants)
    if not whole:
        return NO_YEAR
    years = annual_composites(_of_years(shown.cube, whole))
    n_clear = years.clear.sum(axis=(1, 2))
    if not n_clear.any():
        return NO_YEAR
    late = {instant.year for instant in shown.cube.instants if instant >= shown.end}
    in_baseline = np.array([year not in late for year in whole], dtype=np.bool_)
    newest_first = n_clear[::-1]
    reference = int(len(n_clear) - 1 - np.argmax(newest_first))
    return built_up_growth(years, shown.masks, in_baseline, reference)


def whole_years(instants: Sequence[datetime]) -> tuple[int, ...]:
    """The years that a series covers from end to end.

    Example:
        >>> days = [datetime(2018, 3, 9, tzinfo=UTC), datetime(2019, 2, 1, tzinfo=UTC)]
        >>> whole_years([*days, datetime(2019, 12, 1, tzinfo=UTC)])
        (2019,)
    """
    edge = timedelta(days=EDGE_DAYS)
    held: dict[int, list[datetime]] = {}
    for instant in instants:
        held.setdefault(instant.year, []).append(instant)
    return tuple(
        year
        for year, looks in sorted(held.items())
        if min(looks) <= datetime(year, 1, 1, tzinfo=UTC) + edge
        and max(looks) >= datetime(year + 1, 1, 1, tzinfo=UTC) - edge
    )


def _of_years(cube: DateCube, years: Sequence[int]) -> DateCube:
    """The dates of a cube that lie in some years."""
    kept = [k for k, instant in enumerate(cube.instants) if instant.year in years]
    return replace(
        cube,
        values=cube.values[kept],
        clear=cube.clear[kept],
        snow=cube.snow[kept],
        instants=tuple(cube.instants[k] for k in kept),
        scene_ids=tuple(cube.scene_ids[k] for k in kept),
        kinds=None if cube.kinds is None else cube.kinds[kept],
    )


_MAKERS: Final[Mapping[Sign, Callable[[_Shown], tuple[SignSeries, ...] | str]]] = {
    Sign.SNOW_CLEARED_SHARE: _snow,
    Sign.TEMPERATURE_CONTRAST: _temperature,
    Sign.PLOT_CLEARING: _clearing,
    Sign.CULTIVATION: _growing,
    Sign.BUILT_UP_GROWTH: _built_up,
    Sign.DEPOT_EMPTIED: _emptied,
    Sign.ROOF_CHANGE: _roofs,
}


def _night_light(shown: _Shown, lights: Sequence[PlacedLook]) -> tuple[SignSeries, ...]:
    """The site as a whole beside its comparators; nothing without a look."""
    site = shown.site
    outlines = {place: site.outline_of(place) for place in site.places}
    others = [place for place in site.places if place != SITE_PLACE]
    return night_light_step(lights, outlines, others, LightOptions(shown.end))
