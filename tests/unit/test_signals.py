"""From a pass to lines: what is compared with what, and which place stands for which zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.model.activity import Activity
from pipeline.model.claim import Observable
from pipeline.model.findings import Findings, OtherOrbit
from pipeline.model.sign import Sign, SignSeries
from pipeline.model.site import SITE_PLACE, ZoneKind
from pipeline.signals import Heard, draw_signals
from pipeline.signs.departures import read_series
from tests.unit.findings_factory import make_findings

if TYPE_CHECKING:
    from pipeline.model.signal import Evidence, Signal

OPTICAL, RADAR = Heard("sentinel-2", is_optical=True), Heard("sentinel-1", is_optical=False)
MONTHS = tuple(datetime(2019 + n // 12, n % 12 + 1, 15, tzinfo=UTC) for n in range(36))


def lines(evidence: Evidence, observable: Observable) -> dict[str, Signal]:
    """By place."""
    return {one.place: one for one in evidence.signals if one.observable is observable}


def sign(kind: Sign, place: str, value: float, *, source: str = "") -> SignSeries:
    """A sign of one value in every month, which says nothing of its own baseline."""
    values = np.full(len(MONTHS), value)
    return SignSeries(
        kind, place, "unit", MONTHS, values, np.zeros(len(MONTHS)), (None,) * len(MONTHS), 0.01,
        20.0, not_observable="no baseline", source=source, is_simulated=True,
    )  # fmt: skip


def shown(*series: SignSeries) -> Findings:
    """Findings with these signs."""
    end = datetime(2020, 8, 1, tzinfo=UTC)
    activity = Activity(read_series(list(series), end), (), (), end, 0.01, 3, 0.05)
    return replace(make_findings(), activity=activity)


def test_a_share_is_that_of_the_zone_less_the_mean_of_the_controls() -> None:
    findings = make_findings()
    evidence = draw_signals(findings, OPTICAL)
    own = lines(evidence, Observable.SURFACE_CHANGE)
    controls = [one for one in findings.series if one.is_control]
    for series in findings.series:
        line = own[series.zone_id]
        others = [one for one in controls if one.zone_id != series.zone_id]
        for date in range(len(findings.cube.instants)):
            seen = series.seen_px[date] >= findings.min_zone_clear_share * series.n_pixels
            expected = series.departing_px[date] / series.seen_px[date] if seen else np.nan
            assert line.values[date] == pytest.approx(expected, nan_ok=True)
            shares = [
                one.departing_px[date] / one.seen_px[date]
                for one in others
                if one.seen_px[date] >= findings.min_zone_clear_share * one.n_pixels
            ]
            level = sum(shares) / len(shares) if shares else np.nan
            assert line.levels[date] == pytest.approx(level, nan_ok=True)
    assert {place for place, one in own.items() if one.is_control} == {
        one.zone_id for one in controls
    }
    assert evidence.is_simulated
    assert all(one.is_simulated for one in evidence.signals)


def test_what_was_listed_counts_usable_or_not_and_another_orbit_does_not() -> None:
    findings = make_findings()
    listed = draw_signals(findings, OPTICAL).signals[0].listed
    assert listed == tuple(sorted({scene.instant for scene in findings.scenes}))
    away = findings.scenes[0]
    other = replace(findings, other_orbits=(OtherOrbit("61 descending", 1, (away.id,)),))
    assert away.instant not in draw_signals(other, RADAR).signals[0].listed


def test_radar_speaks_of_surface_and_of_what_is_built() -> None:
    radar = draw_signals(make_findings(), RADAR)
    assert {one.observable for one in radar.signals} == {
        Observable.SURFACE_CHANGE,
        Observable.BUILT_UP,
    }
    optical = draw_signals(make_findings(), OPTICAL)
    assert {one.observable for one in optical.signals} == {Observable.SURFACE_CHANGE}


def test_every_object_goes_along() -> None:
    findings = make_findings()
    evidence = draw_signals(findings, OPTICAL)
    assert [one.id for one in evidence.changes] == [one.id for one in findings.detections]
    assert {one.sensor for one in evidence.changes} <= {"sentinel-2"}


def test_a_sign_is_held_against_the_controls_where_there_are_any() -> None:
    site = make_findings().site
    control = next(zone.id for zone in site.zones if zone.kind is ZoneKind.CONTROL)
    zone = next(one.id for one in site.zones if one.kind is ZoneKind.PRODUCTION)
    both = shown(
        sign(Sign.TEMPERATURE_CONTRAST, zone, 300.0),
        sign(Sign.TEMPERATURE_CONTRAST, control, 290.0),
    )
    heat = lines(
        draw_signals(both, Heard("landsat", is_optical=True)), Observable.SURFACE_TEMPERATURE
    )
    assert heat[zone].differences == pytest.approx(np.full(len(MONTHS), 10.0))
    assert heat[zone].sensor == "landsat"
    assert heat[zone].native_m == 100.0
    assert heat[control].is_control
    alone = shown(sign(Sign.TEMPERATURE_CONTRAST, zone, 300.0))
    peers = lines(draw_signals(alone, OPTICAL), Observable.SURFACE_TEMPERATURE)[zone]
    assert (peers.levels == 0).all()


def test_light_of_the_site_is_that_of_the_zone_that_is_the_site() -> None:
    product = "dnb-monthly vcm"
    lit = shown(sign(Sign.NIGHT_LIGHT_STEP, SITE_PLACE, 1.0, source=product))
    light = lines(draw_signals(lit, OPTICAL), Observable.NIGHT_LIGHT)
    assert all(one.sensor == "viirs-dnb" for one in light.values())
    assert all(one.series == product for one in light.values())
    whole = [place for place, one in light.items() if not one.not_observable]
    assert set(whole) <= {"whole-complex"}
    assert all(
        "smaller" in one.not_observable for place, one in light.items() if place not in whole
    )
    assert SITE_PLACE not in light


def test_the_zone_that_means_the_site_bears_its_light() -> None:
    findings = shown(sign(Sign.NIGHT_LIGHT_STEP, SITE_PLACE, 1.0, source="dmsp-ols F18"))
    site = findings.site
    whole = replace(findings, site=replace(site, whole_zone="whole-complex"))
    light = lines(draw_signals(whole, OPTICAL), Observable.NIGHT_LIGHT)
    assert not light["whole-complex"].not_observable
    assert light["whole-complex"].sensor == "dmsp-ols"
    assert light["north-vacant"].not_observable
    assert not np.isfinite(light["north-vacant"].values).any()


def test_a_year_counts_the_looks_behind_it() -> None:
    findings = make_findings()
    zone = findings.series[0].zone_id
    year = findings.cube.instants[0].year
    instants = (datetime(year, 7, 1, tzinfo=UTC), datetime(year + 30, 7, 1, tzinfo=UTC))
    annual = replace(
        sign(Sign.BUILT_UP_GROWTH, zone, 0.2),
        instants=instants, values=np.array([0.2, 0.3]), controls=np.zeros(2),
        missing=(None, None),
    )  # fmt: skip
    line = lines(draw_signals(shown(annual), OPTICAL), Observable.BUILT_UP)[zone]
    n_looks = sum(instant.year == year for instant in findings.cube.instants)
    assert line.n_behind.tolist() == [n_looks, 0]


def test_a_sign_that_says_of_pixels_that_they_changed_is_no_line() -> None:
    roofs = shown(sign(Sign.ROOF_CHANGE, "north-vacant", 0.1))
    assert {one.observable for one in draw_signals(roofs, OPTICAL).signals} == {
        Observable.SURFACE_CHANGE
    }
