"""From what a pass measured to lines that claims can be weighed on.

Here belongs which measurement speaks to which observable, and what a place is compared with: the
mean of the control zones at the same look, whatever the place. Measuring belongs to the stages
before, weighing to ``assess``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.model.claim import Observable
from pipeline.model.sign import Sign
from pipeline.model.signal import Evidence, Signal, StandingChange
from pipeline.model.site import SITE_PLACE, ZoneKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.model.change import ZoneSeries
    from pipeline.model.findings import Findings
    from pipeline.model.sign import SignSeries
    from pipeline.model.site import Site

OBSERVABLE_OF: Final[Mapping[Sign, Observable]] = {
    Sign.SNOW_CLEARED_SHARE: Observable.SNOW_CLEARED,
    Sign.TEMPERATURE_CONTRAST: Observable.SURFACE_TEMPERATURE,
    Sign.NIGHT_LIGHT_STEP: Observable.NIGHT_LIGHT,
    Sign.CULTIVATION: Observable.VEGETATION,
    Sign.BUILT_UP_GROWTH: Observable.BUILT_UP,
}
"""Signs that claims are weighed on. The others say of single pixels that they changed, which the
departing share says already."""

ANNUAL: Final = frozenset({Sign.CULTIVATION, Sign.BUILT_UP_GROWTH})
"""Signs with one value a year, behind which stand all clear looks of that year."""
CLAIMED_AS: Final = {"black-marble": "viirs-dnb", "dnb-monthly": "viirs-dnb"}
"""Names of coarse products under which claims know their sensor, where it is another one."""
THERMAL_M: Final = 100.0
LIGHT_M: Final = {"viirs-dnb": 742.0, "dmsp-ols": 2700.0}
"""Edge of what one native sample sees (Elvidge et al. 2013)."""


@dataclass(frozen=True)
class Heard:
    """How the sensor of a pass is named by claims, and what it says.

    Attributes:
        claimed_as: slug of the sensor.
        is_optical: whether a departing share is one of looks, not of lasting steps.
    """

    claimed_as: str
    is_optical: bool


def draw_signals(findings: Findings, heard: Heard) -> Evidence:
    """Everything of a pass that claims can be weighed on.

    Args:
        findings: the pass, before its claims are weighed.
        heard: the sensor of its cube.
    """
    signals = (*_shares(findings, heard), *_signs(findings, heard))
    changes = tuple(
        StandingChange(
            one.id, one.zone_id, one.onset, one.reversal, one.status, one.area_m2, heard.claimed_as
        )
        for one in findings.detections
    )
    return Evidence(signals, changes, findings.is_simulated)


def _listed(findings: Findings) -> tuple[datetime, ...]:
    """Every acquisition of the series that is judged, as it was listed."""
    elsewhere = {scene_id for orbit in findings.other_orbits for scene_id in orbit.scene_ids}
    kept = {scene.instant for scene in findings.scenes if scene.id not in elsewhere}
    return tuple(sorted(kept))


def _shares(findings: Findings, heard: Heard) -> Iterator[Signal]:
    """The departing share of every zone."""
    least = findings.min_zone_clear_share
    shares = {one.zone_id: _share(one, least) for one in findings.series}
    controls = {one.zone_id: shares[one.zone_id] for one in findings.series if one.is_control}
    grid, cube = findings.cube.grid, findings.cube
    observables = [Observable.SURFACE_CHANGE]
    unit = "share of pixels that depart from their own baseline"
    if not heard.is_optical:
        observables.append(Observable.BUILT_UP)
        unit = "share of pixels behind a lasting step of backscatter"
    for one in findings.series:
        for observable in observables:
            yield Signal(
                sensor=heard.claimed_as,
                series=cube.orbit or "",
                observable=observable,
                place=one.zone_id,
                unit=unit,
                instants=cube.instants,
                values=shares[one.zone_id],
                levels=_level(controls, one.zone_id, len(cube.instants)),
                listed=_listed(findings),
                resolution=1 / max(one.n_pixels, 1.0),
                native_m=grid.gsd_m,
                area_m2=one.n_pixels * grid.pixel_area_m2,
                n_behind=np.ones(len(cube.instants), dtype=np.int64),
                is_control=one.is_control,
                is_simulated=findings.is_simulated,
            )


def _share(one: ZoneSeries, least: float) -> NDArray[np.float64]:
    """Departing pixels over seen ones, (time,); NaN where too little of the zone was seen."""
    share = np.full(one.seen_px.shape, np.nan)
    enough = one.seen_px >= max(least * one.n_pixels, 1e-9)
    np.divide(one.departing_px, one.seen_px, out=share, where=enough)
    return share


def _level(
    controls: Mapping[str, NDArray[np.float64]], place: str, n_looks: int
) -> NDArray[np.float64]:
    """Mean of the controls but the place itself at each look, (look,); NaN where none was seen."""
    rows = [values for name, values in controls.items() if name != place]
    if not rows:
        return np.full(n_looks, np.nan)
    table = np.array(rows)
    counts = np.isfinite(table).sum(axis=0)
    level = np.full(n_looks, np.nan)
    np.divide(np.nansum(table, axis=0), counts, out=level, where=counts > 0)
    return level


def _signs(findings: Findings, heard: Heard) -> Iterator[Signal]:
    """The signs that speak to an observable, each place beside the controls."""
    activity = findings.activity
    if activity is None:
        return
    groups: dict[tuple[Sign, str], list[SignSeries]] = {}
    for reading in activity.readings:
        series = reading.series
        if series.sign in OBSERVABLE_OF:
            groups.setdefault((series.sign, series.source), []).append(series)
    for group in groups.values():
        yield from _of_sign(group, findings, heard)


def _of_sign(group: Sequence[SignSeries], findings: Findings, heard: Heard) -> Iterator[Signal]:
    """All places of one sign and source."""
    site = findings.site
    kinds = {zone.id: zone.kind for zone in site.zones}
    n_looks = len(group[0].instants)
    controls = {one.place: one.values for one in group if kinds.get(one.place) is ZoneKind.CONTROL}
    for one in group:
        level = _level(controls, one.place, n_looks)
        if not np.isfinite(level).any():
            level = one.controls
        signal = replace(_signal(one, findings, heard), levels=level)
        for place in _claimed_places(one.place, site):
            yield replace(signal, place=place)
    if group[0].sign is Sign.NIGHT_LIGHT_STEP:
        yield from _too_small(_signal(group[0], findings, heard), site)


def _signal(one: SignSeries, findings: Findings, heard: Heard) -> Signal:
    """A sign as a line, beside the peers that the sign itself is held against."""
    is_light = one.sign is Sign.NIGHT_LIGHT_STEP
    product = one.source.partition(" ")[0]
    sensor = CLAIMED_AS.get(product, product) if is_light else heard.claimed_as
    native = LIGHT_M.get(sensor, findings.cube.grid.gsd_m)
    if one.sign is Sign.TEMPERATURE_CONTRAST:
        native = THERMAL_M
    zones = {zone.id: zone for zone in findings.site.zones}
    is_control = one.place in zones and zones[one.place].kind is ZoneKind.CONTROL
    return Signal(
        sensor=sensor,
        series=one.source if is_light else "",
        observable=OBSERVABLE_OF[one.sign],
        place=one.place,
        unit=one.unit,
        instants=one.instants,
        values=one.values,
        levels=one.controls,
        listed=one.instants if is_light or one.sign in ANNUAL else _listed(findings),
        resolution=one.resolution,
        native_m=native,
        area_m2=one.effective_pixels * native**2,
        n_behind=_behind(one, findings),
        is_control=is_control,
        not_observable="" if np.isfinite(one.values).any() else one.not_observable,
        note=one.note,
        is_simulated=one.is_simulated or findings.is_simulated,
    )


def _behind(one: SignSeries, findings: Findings) -> NDArray[np.int64]:
    """Clear looks behind each value of a sign, int64, (look,)."""
    if one.sign not in ANNUAL:
        n_looks = one.companions.get("n_looks")
        if n_looks is None:
            return np.ones(len(one.instants), dtype=np.int64)
        return np.nan_to_num(n_looks).astype(np.int64)
    of_year = Counter(instant.year for instant in findings.cube.instants)
    return np.array([of_year[instant.year] for instant in one.instants], dtype=np.int64)


def _claimed_places(place: str, site: Site) -> tuple[str, ...]:
    """The zones that a measured place stands for: itself, or the one that means the site."""
    if place != SITE_PLACE:
        return (place,)
    return (site.whole_zone,) if site.whole_zone else ()


def _too_small(model: Signal, site: Site) -> Iterator[Signal]:
    """The placed zones inside a site that a sensor sees as one place, as lines that say so."""
    nothing = np.full(len(model.instants), np.nan)
    for zone in site.zones:
        if zone.kind is not ZoneKind.CELL and zone.is_placed and zone.id != site.whole_zone:
            why = f"a zone is smaller than what a pixel of {model.sensor} sees"
            yield replace(
                model, place=zone.id, values=nothing, levels=nothing, not_observable=why,
                is_control=zone.kind is ZoneKind.CONTROL,
            )  # fmt: skip
